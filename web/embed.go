// Package web serves the page: the built React application, embedded in the binary.
package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

// dist holds what `npm run build` made. In a fresh clone it has only .keep, so that `go build` works without Node.
//
//go:embed all:dist
var dist embed.FS

// policy lets the page load nothing from anywhere else. Inline styles are allowed because positions are written as such.
const policy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"

// Handler serves the page. A path without a file answers with index.html, so that every view of the page has a URL of its
// own, except where only a file can be meant: below assets/ and for a top-level name with a dot. Files below assets/ have a
// hash in their name and may be cached for ever; all others are asked for each time. GET and HEAD only; else 405.
func Handler() http.Handler {
	root, err := fs.Sub(dist, "dist")
	if err != nil { // cannot happen: the directory is embedded
		return http.NotFoundHandler()
	}
	return handler(root)
}

func handler(root fs.FS) http.Handler {
	s := &site{root: root, files: make(map[string]*file)}
	return http.HandlerFunc(s.serve)
}

type site struct {
	root  fs.FS
	mu    sync.Mutex
	files map[string]*file // by path; only files that exist, so its size is bounded by the build
}

// file is one embedded file, compressed at its first use.
type file struct {
	body, gzipped []byte // gzipped is nil when compression does not pay
	kind          string
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method Not Allowed", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	f := s.open(name)
	if f == nil && meansFile(name) {
		http.NotFound(w, r)
		return
	}
	if f == nil {
		name = "index.html"
		f = s.open(name)
	}
	if f == nil {
		notBuilt(w)
		return
	}
	send(w, r, name, f)
}

// meansFile reports whether name can only be a file. A robot's ID may have a dot, so views below the top are never files.
func meansFile(name string) bool {
	return strings.HasPrefix(name, "assets/") || !strings.Contains(name, "/") && strings.Contains(name, ".")
}

func (s *site) open(name string) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.files[name]; ok {
		return f
	}
	if name == "" || name == ".keep" {
		return nil
	}
	body, err := fs.ReadFile(s.root, name)
	if err != nil {
		return nil
	}
	f := &file{body: body, kind: kind(name, body)}
	if z := compress(body); len(z) < len(body)*9/10 {
		f.gzipped = z
	}
	s.files[name] = f
	return f
}

func kind(name string, body []byte) string {
	switch path.Ext(name) { // Windows' registry may say something else about these
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return http.DetectContentType(body)
}

func compress(body []byte) []byte {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil { // cannot happen: the level is valid
		return body
	}
	_, _ = z.Write(body) // a bytes.Buffer does not fail
	_ = z.Close()
	return b.Bytes()
}

func send(w http.ResponseWriter, r *http.Request, name string, f *file) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	body := f.body
	if f.gzipped != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) //nolint:gosec // the page is ours, built into the binary; the reader is gone: nobody is left to tell
	}
}

func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if coding != "gzip" && coding != "*" {
			continue
		}
		q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		if !ok {
			return true
		}
		v, err := strconv.ParseFloat(q, 64)
		return err == nil && v > 0
	}
	return false
}

func notBuilt(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte(notBuiltPage))
}

const notBuiltPage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>TonyPi: the page was not built</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:40rem;margin:4rem auto;padding:0 1rem}code{background:#8882;padding:.1em .3em}</style>
<h1>The server runs, but this binary was built without its page</h1>
<p>The API works: <a href="/docs">its documentation</a>, <a href="/api/v1/health">its health</a>.</p>
<p>To get the page, build it before the binary (Node 20.19 or newer):</p>
<pre><code>cd web &amp;&amp; npm ci &amp;&amp; npm run build
cd .. &amp;&amp; go build ./cmd/tonypi</code></pre></html>
`
