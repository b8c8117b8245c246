package api

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// request is what the middleware knows of a request.
type request struct {
	id      string
	address string // IP address of the client, without port
	agent   string
	secure  bool // the client speaks TLS, to us or to a trusted proxy
	person  person
	trail   trail
	http    *http.Request
}

type requestKey struct{}

// requestOf returns the facts of the request that ctx belongs to; empty ones outside of a request.
func requestOf(ctx context.Context) *request {
	if rq, ok := ctx.Value(requestKey{}).(*request); ok {
		return rq
	}
	return &request{http: &http.Request{}}
}

func requestID(ctx context.Context) string { return requestOf(ctx).id }
func personOf(ctx context.Context) person  { return requestOf(ctx).person }

// middleware is what every request passes, from the outside in.
func (s *Server) middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rq := s.describe(r)
		ctx := context.WithValue(r.Context(), requestKey{}, rq)
		socket := r.Header.Get("Upgrade") != ""
		r = r.WithContext(ctx)
		rq.http = r
		out := newResponse(w, r, socket)
		s.header(out.Header(), rq)
		s.answer(out, r, next)
		out.finish()
		s.log.Debug("request", "request", rq.id, "method", r.Method, "path", r.URL.Path, "status", out.status,
			"bytes", out.bytes, "took", time.Since(start), "address", rq.address, "user", rq.person.User.Username)
	})
}

// timed bounds how long a request may take. Sockets are not bounded here.
func (s *Server) timed(p pace, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			next.ServeHTTP(w, r)
			return
		}
		// Errors mean that the connection has no deadlines, as in a test.
		deadlines, now := http.NewResponseController(w), time.Now()
		_ = deadlines.SetWriteDeadline(now.Add(p.write))
		if p.work == 0 {
			// net/http cancels the request of a connection whose read deadline passes, also when there is nothing to read.
			_ = deadlines.SetReadDeadline(time.Time{})
			next.ServeHTTP(&rolling{w, deadlines, p.write}, r)
			return
		}
		_ = deadlines.SetReadDeadline(now.Add(p.work))
		ctx, cancel := context.WithTimeout(r.Context(), p.work)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// answer runs the handler, and turns its panic into an error.
func (s *Server) answer(w *response, r *http.Request, next http.Handler) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && (errors.Is(err, http.ErrAbortHandler) || w.err != nil) {
			w.abort() // the client is gone, or the handler wants it to notice that the answer is broken
			return
		}
		s.log.Error("request panicked", "request", requestID(r.Context()), "method", r.Method, "pattern", r.Pattern,
			"err", v, "stack", string(debug.Stack()))
		if !w.reset() {
			w.abort()
			return
		}
		model := plainModel(http.StatusInternalServerError)
		model.Detail = internalDetail(r.Context())
		writeModel(w, model)
	}()
	if s.cors(w, r) {
		return
	}
	if r.ContentLength > maxBody {
		s.writeProblem(w, r, tonypi.Errorf(tonypi.TooLarge, "The request is larger than %d bytes", maxBody))
		return
	}
	// One byte more than huma reads, so that huma's own error is the one that is told.
	r.Body = http.MaxBytesReader(w, r.Body, maxBody+1)
	next.ServeHTTP(w, r)
}

func (s *Server) describe(r *http.Request) *request {
	address, proxied := s.client(r)
	return &request{
		id: strings.ToLower(rand.Text()[:16]), address: address, agent: r.UserAgent(),
		secure: r.TLS != nil || proxied && r.Header.Get("X-Forwarded-Proto") == "https",
	}
}

// client returns the client's address: that of the connection, or when a trusted proxy made it the last address in
// X-Forwarded-For that is not a trusted proxy's.
func (s *Server) client(r *http.Request) (address string, proxied bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if !s.trusted(host) {
		return host, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		if _, err := netip.ParseAddr(hop); err != nil {
			break
		}
		if host = hop; !s.trusted(hop) {
			break
		}
	}
	return host, true
}

func (s *Server) trusted(address string) bool {
	a, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(s.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) })
}

// policy lets the page load what the server itself serves, and nobody put it into a frame. Styles may be inline: the
// page's components set them.
const policy = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"font-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; " +
	"form-action 'self'; frame-ancestors 'none'"

func (s *Server) header(h http.Header, rq *request) {
	h.Set("X-Request-ID", rq.id)
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if strings.HasPrefix(rq.http.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store")
	}
}

// cors answers preflights and marks the answers that other origins' pages may read. It reports whether it has answered.
func (s *Server) cors(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	allowed := slices.Contains(s.cfg.Origins, origin)
	if allowed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "X-Request-ID, Retry-After, X-Next-Cursor, X-Next-Before, Idempotency-Replayed, Content-Disposition, ETag")
	}
	method := r.Header.Get("Access-Control-Request-Method")
	if r.Method != http.MethodOptions || method == "" {
		return false
	}
	if !allowed {
		http.Error(w, "Disallowed CORS origin", http.StatusBadRequest)
		return true
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match, "+idempotencyHeader)
	h.Set("Access-Control-Max-Age", "600")
	_, _ = fmt.Fprint(w, "OK") // the client may be gone
	return true
}

// guarded says who may use a route.
type guarded struct {
	access
	urgent  bool   // people who were known not long ago pass too when the database does not answer
	refusal string // the action of the audit log for who is not allowed; empty: not written down
}

// guard lets a request pass if whoever makes it may use the route, and tells the handler who that is.
func (s *Server) guard(g guarded, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rq := requestOf(r.Context())
		rq.trail.begin(r)
		if g.access == public {
			next.ServeHTTP(w, r)
			return
		}
		p, err := s.caller(r, g.urgent)
		if ticket := r.URL.Query().Get("ticket"); g.access == seeStream && ticket != "" {
			p, err = s.redeem(ticket, r)
		}
		if err == nil {
			rq.person = p
			if err = g.allows(p); err != nil && g.refusal != "" {
				s.audit(r.Context(), g.refusal, err)
			}
		}
		if err != nil && g.access != asked {
			s.writeProblem(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(tonypi.WithCaller(r.Context(), p.caller(rq.address))))
	})
}

// redeem returns whose ticket for a camera's stream it is. Without a camera anybody is nobody.
func (s *Server) redeem(ticket string, r *http.Request) (person, error) {
	if s.cfg.Camera.Redeem == nil {
		return person{}, errAbsent
	}
	by, err := s.cfg.Camera.Redeem(ticket, tonypi.RobotID(r.PathValue("robot_id")))
	return person{User: tonypi.User{Username: by.Name, Role: by.Role, Active: true}, Session: by.Session}, err
}

// caller returns who makes the request.
func (s *Server) caller(r *http.Request, urgent bool) (person, error) {
	if header := r.Header.Get("Authorization"); header != "" && bearer(r) == "" {
		return person{}, tonypi.Errorf(tonypi.Unauthenticated, "Invalid authorization header; use Bearer and a token")
	}
	if bearer(r) == "" && s.auth.anonymous != tonypi.NoRole {
		if err := s.strangersPage(r); err != nil {
			return person{}, err
		}
	}
	if urgent {
		return s.auth.personNow(r.Context(), bearer(r))
	}
	return s.auth.person(r.Context(), bearer(r))
}

// strangersPage refuses what a page of another site could make a browser in this network do with the anonymous role, which
// asks for no token: change something across origins, or reach the server under a name of its own (DNS rebinding).
func (s *Server) strangersPage(r *http.Request) error {
	if err := s.sameOrigin(r); err != nil {
		return err
	}
	if s.auth.anonymous == tonypi.Viewer || s.localName(r.Host) {
		return nil
	}
	return tonypi.Errorf(tonypi.Unauthenticated, "Not authenticated; without signing in the server must be reached by its address or a local name")
}

// localSuffixes end names that no stranger can register.
var localSuffixes = []string{".localhost", ".local", ".lan", ".home", ".internal", ".home.arpa", ".localdomain"}

// localName reports whether the Host header is an address, a name that only this network knows, or one of an allowed origin.
func (s *Server) localName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if _, err := netip.ParseAddr(name); err == nil || !strings.Contains(name, ".") {
		return true
	}
	if slices.ContainsFunc(localSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) }) {
		return true
	}
	return slices.ContainsFunc(s.cfg.Origins, func(origin string) bool {
		u, err := url.Parse(origin)
		return err == nil && u.Hostname() == name
	})
}

// allows returns nil or why not.
func (a access) allows(p person) error {
	switch {
	case a == anyone, a == asked:
		return nil
	case a == seeStream:
		return may(tonypi.SeeCamera).allows(p) // or whose ticket it is
	case a == personal && p.Session == "":
		return tonypi.Errorf(tonypi.Forbidden, "Only a person who signed in with a password may do this")
	case a == personal, p.User.Role.May(tonypi.Action(a)):
		return nil
	case !tonypi.Operator.May(tonypi.Action(a)):
		return tonypi.Errorf(tonypi.Forbidden, "Admin access required")
	}
	return tonypi.Errorf(tonypi.Forbidden, "The role %s does not allow this", p.User.Role)
}

// bearer returns the token of the Authorization header, or "".
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Caller is Person for what must work without the database: the live socket, over which people stop robots. Address is that
// of the request that ctx belongs to.
func (s *Server) Caller(ctx context.Context, token string) (tonypi.Caller, error) {
	if token == "" && s.auth.anonymous != tonypi.NoRole {
		if err := s.strangersPage(requestOf(ctx).http); err != nil {
			return tonypi.Caller{}, err
		}
	}
	p, err := s.auth.personNow(ctx, token)
	if err != nil {
		return tonypi.Caller{}, err
	}
	return p.caller(requestOf(ctx).address), nil
}

// Person returns the name and role of whoever a token belongs to: an access token, an API token, or "" for the anonymous
// role. It is cheap; call it again to learn whether the token still holds, which it shows within 5 seconds. Errors:
// Unauthenticated, or what the store says.
func (s *Server) Person(ctx context.Context, token string) (user string, role tonypi.Role, err error) {
	p, err := s.auth.person(ctx, token)
	return p.User.Username, p.User.Role, err
}
