package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"tonypi"
)

// Bounds of what is remembered for requests that are repeated.
const (
	idempotencyHeader = "Idempotency-Key"
	maxIdempotencyKey = 100
	repeatFor         = 24 * time.Hour
	maxRepeats        = 1000
	maxRepeatBody     = 64 << 10
)

type repeatKey [sha256.Size]byte

// repeat is the answer to a request that may come again. It is kept in memory only: some hold a secret.
type repeat struct {
	request [sha256.Size]byte // of the body
	done    bool
	made    time.Time
	status  int
	kind    string // content type
	answer  []byte
}

// repeats remembers answers by who asked for what under which key.
type repeats struct {
	mu    sync.Mutex
	all   map[repeatKey]*repeat
	order []repeatKey // oldest first
}

// idempotent answers a request that comes again with the same Idempotency-Key as it did the first time.
func (s *Server) idempotent(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Header.Get(idempotencyHeader)
		if name == "" {
			next.ServeHTTP(w, r)
			return
		}
		if len(name) > maxIdempotencyKey {
			s.writeProblem(w, r, tonypi.Errorf(tonypi.Invalid, "%s is longer than %d bytes", idempotencyHeader, maxIdempotencyKey))
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			s.writeProblem(w, r, readError(err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		user := personOf(r.Context()).User.ID
		key := repeatKey(sha256.Sum256([]byte(user + "\x00" + r.Method + " " + r.URL.Path + "\x00" + name)))
		first, err := s.repeats.begin(key, sha256.Sum256(body), time.Now())
		switch {
		case err != nil:
			s.writeProblem(w, r, err)
		case first != nil:
			w.Header().Set("Content-Type", first.kind)
			w.Header().Set("Idempotency-Replayed", "true")
			w.WriteHeader(first.status)
			_, _ = w.Write(first.answer) // the client may be gone
		default:
			out := &tee{ResponseWriter: w}
			// Also when the handler panics: the key must not stay in use for ever.
			defer func() { s.repeats.end(key, out) }()
			next.ServeHTTP(out, r)
		}
	})
}

func readError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tonypi.Errorf(tonypi.TooLarge, "The request is larger than %d bytes", maxBody)
	}
	return tonypi.Wrap(tonypi.Invalid, err, "The request could not be read")
}

// begin returns the first answer if there is one, nil if this is the first request, or an error.
func (p *repeats) begin(key repeatKey, request [sha256.Size]byte, now time.Time) (*repeat, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.order) > 0 {
		oldest := p.all[p.order[0]]
		if oldest != nil && now.Sub(oldest.made) < repeatFor && len(p.order) < maxRepeats {
			break
		}
		delete(p.all, p.order[0])
		p.order = p.order[1:]
	}
	if r, ok := p.all[key]; ok {
		switch {
		case r.request != request:
			return nil, tonypi.Errorf(tonypi.Invalid, "This %s was used for another request", idempotencyHeader)
		case !r.done:
			return nil, tonypi.Errorf(tonypi.Conflict, "The first request with this %s is still running", idempotencyHeader)
		}
		return r, nil
	}
	if p.all == nil {
		p.all = map[repeatKey]*repeat{}
	}
	p.all[key] = &repeat{request: request, made: now}
	p.order = append(p.order, key)
	return nil, nil
}

// end remembers a successful answer, and forgets a failure: it may be tried again.
func (p *repeats) end(key repeatKey, out *tee) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r, ok := p.all[key]
	if !ok {
		return
	}
	if out.status < 200 || out.status > 299 || out.body.Len() > maxRepeatBody {
		delete(p.all, key)
		for i, k := range p.order {
			if k == key {
				p.order = append(p.order[:i], p.order[i+1:]...)
				break
			}
		}
		return
	}
	r.done, r.status, r.answer, r.kind = true, out.status, out.body.Bytes(), out.Header().Get("Content-Type")
}

// tee keeps a copy of an answer.
type tee struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (t *tee) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *tee) Write(b []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	if t.body.Len() <= maxRepeatBody {
		t.body.Write(b)
	}
	return t.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (t *tee) Unwrap() http.ResponseWriter { return t.ResponseWriter }
