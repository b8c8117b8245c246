package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		".keep":                {},
		"index.html":           {Data: []byte("<!doctype html><title>page</title>" + strings.Repeat(" ", 500))},
		"assets/main-AbC1.js":  {Data: []byte(strings.Repeat("let a = 1;", 200))},
		"manifest.webmanifest": {Data: []byte("{}")},
	}
}

func TestHandler(t *testing.T) {
	tests := []struct {
		name, method, path, accept string
		status                     int
		kind, cache, encoding      string
	}{
		{"root", "GET", "/", "", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"view", "GET", "/robots/tonypi_01/servos", "", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"robot with a dot", "GET", "/robots/lab.7", "", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"asset", "GET", "/assets/main-AbC1.js", "", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", ""},
		{"asset, gzip", "GET", "/assets/main-AbC1.js", "br, gzip", 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "gzip"},
		{"gzip refused", "GET", "/", "gzip;q=0", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"too small for gzip", "GET", "/manifest.webmanifest", "gzip", 200, "application/manifest+json", "no-cache", ""},
		{"head", "HEAD", "/", "gzip", 200, "text/html; charset=utf-8", "no-cache", "gzip"},
		{"missing asset", "GET", "/assets/gone.js", "", 404, "text/plain; charset=utf-8", "", ""},
		{"keep file", "GET", "/.keep", "", 404, "text/plain; charset=utf-8", "", ""},
		{"climbing out", "GET", "/../embed.go", "", 404, "text/plain; charset=utf-8", "", ""},
		{"post", "POST", "/", "", 405, "text/plain; charset=utf-8", "", ""},
	}
	h := handler(built())
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(tt.method, "http://robot.test/", nil)
			r.URL.Path = tt.path
			r.Header.Set("Accept-Encoding", tt.accept)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != tt.status {
				t.Errorf("status %d, want %d", w.Code, tt.status)
			}
			for key, want := range map[string]string{"Content-Type": tt.kind, "Cache-Control": tt.cache, "Content-Encoding": tt.encoding} {
				if got := w.Header().Get(key); got != want {
					t.Errorf("%s %q, want %q", key, got, want)
				}
			}
			if tt.method == "HEAD" && w.Body.Len() > 0 {
				t.Errorf("HEAD has a body of %d bytes", w.Body.Len())
			}
		})
	}
}

func TestHandlerCompressesWithoutLoss(t *testing.T) {
	files := built()
	h := handler(files)
	for range 2 { // the second answer comes from memory
		r := httptest.NewRequest("GET", "/assets/main-AbC1.js", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if want := files["assets/main-AbC1.js"].Data; string(got) != string(want) {
			t.Errorf("got %d bytes, want %d", len(got), len(want))
		}
	}
}

func TestHandlerForbidsForeignContent(t *testing.T) {
	w := httptest.NewRecorder()
	handler(built()).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{"default-src 'self'", "script-src 'self'", "frame-ancestors 'none'"} {
		if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, want) {
			t.Errorf("policy %q lacks %q", got, want)
		}
	}
}

func TestHandlerWithoutPage(t *testing.T) {
	w := httptest.NewRecorder()
	handler(fstest.MapFS{".keep": {}}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "npm run build") {
		t.Errorf("%d %q, want a page that tells how to build it", w.Code, w.Body)
	}
}
