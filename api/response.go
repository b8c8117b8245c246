package api

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// smallest is the least number of bytes worth compressing; as many are held back before the header is sent.
const smallest = 1024

// response holds back the beginning of an answer, so that it can be compressed when it turns out long, and replaced
// when the handler fails half-way. A socket's is passed through.
type response struct {
	http.ResponseWriter
	request *http.Request
	plain   bool // never touch the body
	status  int
	bytes   int   // of the body, before compression
	err     error // why the client could not be written to
	held    []byte
	sent    bool // the header is out
	encoder encoder
}

// encoder is a compressor that can be used again.
type encoder interface {
	io.WriteCloser
	Reset(w io.Writer)
	Flush() error
}

func newResponse(w http.ResponseWriter, r *http.Request, socket bool) *response {
	return &response{ResponseWriter: w, request: r, plain: socket || r.Method == http.MethodHead}
}

// WriteHeader notes the status. It goes out with the body's beginning.
func (w *response) WriteHeader(status int) {
	if status >= 100 && status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	if w.status == 0 {
		w.status = status
	}
	if w.plain {
		w.send(false)
	}
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.bytes += len(b)
	if w.sent {
		return w.pass(b)
	}
	if w.plain {
		w.send(false)
		return w.pass(b)
	}
	if len(w.held)+len(b) < smallest {
		w.held = append(w.held, b...)
		return len(b), nil
	}
	w.send(true)
	if _, err := w.pass(w.held); err != nil {
		return 0, err
	}
	w.held = nil
	return w.pass(b)
}

// pass writes to the client or the compressor.
func (w *response) pass(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	to := io.Writer(w.ResponseWriter)
	if w.encoder != nil {
		to = w.encoder
	}
	n, err := to.Write(b)
	if err != nil {
		w.err = err
	}
	return n, err
}

// send sends the header, and begins to compress when the body is long and the client can read it.
func (w *response) send(long bool) {
	if w.sent {
		return
	}
	w.sent = true
	if h := w.Header(); long && compressible(w.status, h) {
		h.Add("Vary", "Accept-Encoding")
		if pool, name := chooseEncoding(w.request.Header.Get("Accept-Encoding")); pool != nil {
			h.Set("Content-Encoding", name)
			h.Del("Content-Length")
			if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
				h.Set("ETag", "W/"+tag)
			}
			w.encoder = pool.Get().(encoder)
			w.encoder.Reset(w.ResponseWriter)
		}
	}
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// finish sends what is held back and ends the compression.
func (w *response) finish() {
	if w.status == 0 && !w.plain {
		w.status = http.StatusOK
	}
	if !w.sent && (w.status != 0 || len(w.held) > 0) {
		w.send(false)
		_, _ = w.pass(w.held) // noted in w.err
	}
	if w.encoder != nil {
		_ = w.encoder.Close() // the client may be gone
		putEncoder(w.encoder)
		w.encoder = nil
	}
}

// reset forgets the answer so far, and reports whether that was still possible.
func (w *response) reset() bool {
	if w.sent {
		return false
	}
	w.held, w.status, w.bytes = nil, 0, 0
	for _, name := range []string{"Content-Type", "Content-Length", "Set-Cookie"} {
		w.Header().Del(name)
	}
	return true
}

// abort breaks the connection, so that the client cannot take half an answer for a whole one.
func (w *response) abort() {
	w.held = nil
	if w.encoder != nil {
		putEncoder(w.encoder)
		w.encoder = nil
	}
	panic(http.ErrAbortHandler)
}

// Flush sends everything so far.
func (w *response) Flush() {
	if !w.sent {
		w.send(true)
		_, _ = w.pass(w.held) // noted in w.err
		w.held = nil
	}
	if w.encoder != nil {
		_ = w.encoder.Flush() // the client may be gone
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Hijack gives the connection away; gorilla's upgrader asks for the method itself.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.sent = true
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// compressible reports whether the body is text that is not compressed yet.
func compressible(status int, h http.Header) bool {
	if status != http.StatusOK && status < 400 && status != http.StatusCreated || h.Get("Content-Encoding") != "" {
		return false
	}
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "json") || strings.HasSuffix(kind, "javascript") ||
		strings.HasSuffix(kind, "yaml") || strings.HasSuffix(kind, "xml") || kind == "application/wasm"
}

var (
	gzips = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // a level that exists
		return w
	}}
	// A small window keeps an encoder under a megabyte; answers are seldom longer.
	zstds = sync.Pool{New: func() any {
		w, _ := zstd.NewWriter(io.Discard, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10), // options that exist
			zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true))
		return w
	}}
)

func putEncoder(e encoder) {
	e.Reset(io.Discard)
	if _, ok := e.(*gzip.Writer); ok {
		gzips.Put(e)
		return
	}
	zstds.Put(e)
}

// chooseEncoding returns the better of the encodings that the client reads.
func chooseEncoding(accept string) (pool *sync.Pool, name string) {
	for part := range strings.SplitSeq(accept, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if refused(params) {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "zstd":
			return &zstds, "zstd"
		case "gzip":
			pool, name = &gzips, "gzip"
		}
	}
	return pool, name
}

// refused reports whether the parameters of a coding say q=0.
func refused(params string) bool {
	name, value, _ := strings.Cut(strings.TrimSpace(params), "=")
	if !strings.EqualFold(strings.TrimSpace(name), "q") {
		return false
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	return err != nil || q <= 0
}
