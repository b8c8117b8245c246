package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"tonypi"
)

func TestUnknownPathsAndMethods(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		method, path string
		status       int
		detail       string
		allow        string
	}{
		{"GET", "/api/v1/nothing", 404, "Not Found", ""},
		{"POST", "/api/nothing", 404, "Not Found", ""},
		{"GET", "/api/v1/alerts/thresholds/nothing/at/all", 404, "Not Found", ""},
		{"PATCH", "/api/v1/robots", 405, "Method Not Allowed", "GET, HEAD, POST"},
		{"POST", "/api/v1/robots/r1", 405, "Method Not Allowed", "GET, HEAD, PUT, DELETE"},
		{"DELETE", "/api/v1/alerts/thresholds", 405, "Method Not Allowed", "GET, HEAD, POST"},
		{"GET", "/api/v1/alerts/2/ack", 405, "Method Not Allowed", "PUT"},
		{"POST", "/some/page", 405, "Method Not Allowed", "GET, HEAD"},
	} {
		a := f.send(c.method, strings.TrimPrefix(c.path, "/"), "", "")
		a.detail(c.status, c.detail)
		if got := a.header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: Allow %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

func TestOtherHandlers(t *testing.T) {
	f := newFixture(t)
	for path, want := range map[string]string{
		"": "<html>page", "robots/r1": "<html>page", "api/v1/live": "live", "mqtt": "mqtt", "api": `"current_version":"v1"`,
		"docs": "<!doctype html>", "api/v1/docs": "<!doctype html>",
	} {
		if a := f.send("GET", path, "", "").want(200); !strings.Contains(a.body, want) {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	if a := f.send("GET", "metrics", f.tokens[tonypi.Viewer], "").want(200); a.body != "tonypi_up 1\n" || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain") {
		t.Errorf("metrics %s", a.body)
	}
	if got := read[SystemInfo](f.do("GET", "/system", f.tokens[tonypi.Admin], "").want(200)); got.DecodeFailures == nil {
		t.Error("an empty list is null")
	}
	bare := newFixture(t, func(c *Config) { c.System, c.Metrics, c.Web, c.Live, c.MQTT = nil, nil, nil, nil, nil })
	bare.do("GET", "/system", bare.tokens[tonypi.Admin], "").want(503)
	bare.send("GET", "metrics", bare.tokens[tonypi.Admin], "").want(503)
	bare.send("GET", "", "", "").want(404)
	bare.do("GET", "/live", "", "").want(404)
}

func TestSecurityHeaders(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"", "api/v1/health", "api/v1/nothing", "docs"} {
		a := f.send("GET", path, "", "")
		for name, part := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if !strings.Contains(a.header.Get(name), part) {
				t.Errorf("/%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("/%s: no request ID", path)
		}
	}
	if got := f.do("GET", "/server", "", "").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
}

func TestCORS(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		name, method, origin, ask string
		status                    int
		allow                     string
	}{
		{"allowed", "GET", "http://localhost:3000", "", 200, "http://localhost:3000"},
		{"foreign", "GET", "http://evil.test", "", 200, ""},
		{"none", "GET", "", "", 200, ""},
		{"preflight", "OPTIONS", "http://localhost:3001", "PUT", 200, "http://localhost:3001"},
		{"foreign preflight", "OPTIONS", "http://evil.test", "PUT", 400, ""},
		{"no preflight", "OPTIONS", "http://frontend:3000", "", 405, "http://frontend:3000"},
		{"preflight of null", "OPTIONS", "null", "GET", 400, ""},
	} {
		headers := []string{"X-Nothing", ""}
		if c.origin != "" {
			headers = append(headers, "Origin", c.origin)
		}
		if c.ask != "" {
			headers = append(headers, "Access-Control-Request-Method", c.ask)
		}
		a := f.do(c.method, "/server", "", "", headers...)
		if a.status != c.status || a.header.Get("Access-Control-Allow-Origin") != c.allow {
			t.Errorf("%s: %d %q", c.name, a.status, a.header.Get("Access-Control-Allow-Origin"))
		}
		if c.origin != "" && a.header.Get("Vary") != "Origin" {
			t.Errorf("%s: Vary %q", c.name, a.header.Get("Vary"))
		}
	}
	none := newFixture(t, func(c *Config) { c.Origins = []string{} })
	if got := none.do("GET", "/server", "", "", "Origin", "http://localhost:3000").header.Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("no origin is allowed, but %q", got)
	}
	if _, err := New(t.Context(), Config{Origins: []string{"nonsense"}}); err == nil {
		t.Error("a broken origin was accepted")
	}
}

func TestCompression(t *testing.T) {
	f := newFixture(t)
	plain := f.do("GET", "/metrics-catalog", f.tokens[tonypi.Viewer], "").want(200)
	if plain.header.Get("Content-Encoding") != "" || !strings.Contains(plain.header.Get("Vary"), "Accept-Encoding") {
		t.Errorf("plain headers %v", plain.header)
	}
	for _, c := range []struct{ accept, want string }{
		{"gzip", "gzip"}, {"gzip, deflate, br, zstd", "zstd"}, {"zstd;q=0, gzip;q=0.5", "gzip"}, {"br", ""}, {"gzip;q=0", ""}, {"GZIP", "gzip"}, {"gzip;q=x", ""},
	} {
		a := f.do("GET", "/metrics-catalog", f.tokens[tonypi.Viewer], "", "Accept-Encoding", c.accept).want(200)
		if got := a.header.Get("Content-Encoding"); got != c.want {
			t.Errorf("%s: %q, want %q", c.accept, got, c.want)
			continue
		}
		if got := decompress(t, c.want, a.body); got != plain.body {
			t.Errorf("%s: %d bytes became %d", c.accept, len(plain.body), len(got))
		}
		if c.want != "" && len(a.body) > len(plain.body)/2 {
			t.Errorf("%s: %d of %d bytes", c.accept, len(a.body), len(plain.body))
		}
	}
	if got := f.do("GET", "/server", "", "", "Accept-Encoding", "gzip").header.Get("Content-Encoding"); got != "" {
		t.Errorf("a short answer is compressed with %s", got)
	}
	f.do("HEAD", "/metrics-catalog", f.tokens[tonypi.Viewer], "", "Accept-Encoding", "gzip").want(200)
}

func decompress(t *testing.T, encoding, body string) string {
	t.Helper()
	var r io.Reader = strings.NewReader(body)
	switch encoding {
	case "gzip":
		g, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = g
	case "zstd":
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPageIsCompressedButNotTwice(t *testing.T) {
	long := strings.Repeat("a long script ", 500)
	f := newFixture(t, func(c *Config) {
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", r.URL.Query().Get("kind"))
			w.Header().Set("ETag", `"1"`)
			if r.URL.Path == "/packed" {
				w.Header().Set("Content-Encoding", "br")
			}
			_, _ = io.WriteString(w, long)
		})
	})
	for _, c := range []struct{ path, want, tag string }{
		{"x?kind=text/javascript", "gzip", `W/"1"`}, {"packed?kind=text/javascript", "br", `"1"`}, {"x?kind=image/png", "", `"1"`},
	} {
		a := f.send("GET", c.path, "", "", "Accept-Encoding", "gzip").want(200)
		if a.header.Get("Content-Encoding") != c.want || a.header.Get("ETag") != c.tag {
			t.Errorf("%s: %v", c.path, a.header)
		}
	}
}

func TestHugeBodies(t *testing.T) {
	f := newFixture(t)
	huge := `{"username":"` + strings.Repeat("x", maxBody) + `"}`
	f.do("POST", "/auth/login", "", huge).detail(413, "The request is larger than 1048576 bytes")
	f.do("POST", "/users", f.tokens[tonypi.Admin], huge, idempotencyHeader, "k").want(413)

	// Without a length, as a stream.
	for _, header := range []string{"", "key"} {
		r := httptest.NewRequest(http.MethodPost, "http://tonypi.local/api/v1/users", io.MultiReader(strings.NewReader(huge)))
		r.ContentLength = -1
		r.Header.Set("Authorization", "Bearer "+f.tokens[tonypi.Admin])
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(idempotencyHeader, header)
		w := httptest.NewRecorder()
		f.server.Handler().ServeHTTP(w, r)
		if w.Code != 413 {
			t.Errorf("%q: %d %s", header, w.Code, w.Body)
		}
	}
	f.do("POST", "/auth/login", "", `{"username":"admin","password":"`+strings.Repeat("x", 3000)+`"}`).want(422)
	f.do("POST", "/users", f.tokens[tonypi.Admin], "x", "Content-Type", "text/xml").want(415)
}

func TestPanics(t *testing.T) {
	for name, web := range map[string]http.HandlerFunc{
		"before the answer": func(http.ResponseWriter, *http.Request) { panic("boom") },
		"after a little": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "half")
			panic(errors.New("boom"))
		},
	} {
		f := newFixture(t, func(c *Config) { c.Web = web })
		a := f.send("GET", "", "", "")
		a.detail(500, "Internal error, request "+a.header.Get("X-Request-Id"))
		if strings.Contains(a.body, "boom") || strings.Contains(a.body, "half") || strings.Count(f.log.String(), "boom") != 1 {
			t.Errorf("%s: body %s log %s", name, a.body, f.log)
		}
	}
	// Once half of a long answer is out, the client must notice.
	f := newFixture(t, func(c *Config) {
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 10000))
			panic("boom")
		})
	})
	server := httptest.NewServer(f.server.Handler())
	defer server.Close()
	res, err := http.Get(server.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks whole")
	}
}

func TestInternalErrors(t *testing.T) {
	f := newFixture(t)
	f.history.err = errors.New("secret path /var/lib/x")
	a := f.do("GET", "/robots/r1/series", f.tokens[tonypi.Viewer], "")
	a.detail(500, "Internal error, request "+a.header.Get("X-Request-Id"))
	if !strings.Contains(f.log.String(), "secret path") {
		t.Error("the cause is not in the log")
	}
	f.history.err = tonypi.Wrap(tonypi.Unavailable, errors.New("secret path"), "The store is down")
	f.do("GET", "/robots/r1/series", f.tokens[tonypi.Viewer], "").detail(503, "The store is down")
	f.history.err = context.DeadlineExceeded
	f.do("GET", "/robots/r1/series", f.tokens[tonypi.Viewer], "").detail(503, "The answer took too long; try again later")
}

func TestEveryKindHasAStatus(t *testing.T) {
	for k := tonypi.Internal; k <= tonypi.Unavailable; k++ {
		if statuses[k] == 0 {
			t.Errorf("kind %s has no status", k)
		}
	}
	if len(statuses) != int(tonypi.Unavailable)+1 {
		t.Errorf("%d statuses", len(statuses))
	}
}

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	for _, c := range []struct {
		name    string
		proxies []netip.Prefix
		remote  string
		forward []string
		want    string
	}{
		{"direct", proxies, "192.0.2.1:5", nil, "192.0.2.1"},
		{"direct, header ignored", proxies, "192.0.2.1:5", []string{"1.2.3.4"}, "192.0.2.1"},
		{"nobody is trusted", nil, "10.0.0.1:5", []string{"1.2.3.4"}, "10.0.0.1"},
		{"one proxy", proxies, "10.0.0.1:5", []string{"1.2.3.4"}, "1.2.3.4"},
		{"lie in front", proxies, "10.0.0.1:5", []string{"9.9.9.9, 1.2.3.4"}, "1.2.3.4"},
		{"two proxies", proxies, "10.0.0.1:5", []string{"9.9.9.9, 1.2.3.4", "10.0.0.2"}, "1.2.3.4"},
		{"nonsense", proxies, "10.0.0.1:5", []string{"<script>"}, "10.0.0.1"},
		{"nonsense in front", proxies, "10.0.0.1:5", []string{"x, 10.0.0.3"}, "10.0.0.3"},
		{"IPv6", proxies, "[::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		{"mapped", proxies, "[::ffff:10.0.0.1]:5", []string{"1.2.3.4"}, "1.2.3.4"},
	} {
		s := &Server{cfg: Config{TrustedProxies: c.proxies}}
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forward}}
		if got, _ := s.client(r); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// A socket must get at the connection through the middleware.
func TestSocketsAreHijacked(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.MQTT = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, ok := r.Context().Deadline(); ok {
				t.Error("a socket has a deadline")
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"))
			_ = conn.Close()
		})
	})
	server := httptest.NewServer(f.server.Handler())
	defer server.Close()
	conn, err := net.DialTimeout("tcp", server.Listener.Addr().String(), time.Second)
	f.must(err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"))
	f.must(err)
	got, err := io.ReadAll(conn)
	if err != nil || !strings.HasSuffix(string(got), "hello") {
		t.Errorf("%q %v", got, err)
	}
}

func TestFlush(t *testing.T) {
	next := make(chan struct{})
	f := newFixture(t, func(c *Config) {
		c.Web = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "first ")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			<-next
			_, _ = io.WriteString(w, "second")
		})
	})
	server := httptest.NewServer(f.server.Handler())
	defer server.Close()
	res, err := http.Get(server.URL) // asks for gzip and undoes it
	f.must(err)
	defer res.Body.Close()
	b := make([]byte, 6)
	_, err = io.ReadFull(res.Body, b)
	close(next)
	if err != nil || string(b) != "first " {
		t.Fatalf("%q %v", b, err)
	}
	rest, err := io.ReadAll(res.Body)
	if err != nil || string(rest) != "second" {
		t.Errorf("%q %v", rest, err)
	}
}

func TestHealth(t *testing.T) {
	sick := errors.New("cannot open /var/lib/secret")
	for _, c := range []struct {
		name     string
		checks   map[string]error
		status   int
		overall  string
		services map[string]ServiceHealth
	}{
		{"well", map[string]error{"database": nil, "mqtt": nil}, 200, "healthy",
			map[string]ServiceHealth{"api": {Status: "healthy"}, "database": {Status: "healthy"}, "mqtt": {Status: "healthy"}}},
		{"degraded", map[string]error{"database": nil, "series": sick}, 200, "degraded",
			map[string]ServiceHealth{"api": {Status: "healthy"}, "database": {Status: "healthy"}, "series": {"unhealthy", "not working"}}},
		{"unhealthy", map[string]error{"database": tonypi.Errorf(tonypi.Unavailable, "locked"), "mqtt": sick}, 503, "unhealthy",
			map[string]ServiceHealth{"api": {Status: "healthy"}, "database": {"unhealthy", "locked"}, "mqtt": {"unhealthy", "not working"}}},
	} {
		f := newFixture(t, func(cfg *Config) {
			cfg.Checks = map[string]Check{}
			for name, err := range c.checks {
				cfg.Checks[name] = func(context.Context) error { return err }
			}
		})
		a := f.do("GET", "/health", "", "").want(c.status)
		got := read[Health](a)
		if got.Status != c.overall || got.Version != "test" || len(got.Details) != len(c.services) || strings.Contains(a.body, "secret") {
			t.Errorf("%s: %+v", c.name, got)
		}
		for name, want := range c.services {
			if got.Details[name] != want || got.Services[name] != want.Status {
				t.Errorf("%s: %s is %+v", c.name, name, got.Details[name])
			}
		}
	}
}

func TestHealthDoesNotWaitForAStuckCheck(t *testing.T) {
	stuck := make(chan struct{})
	defer close(stuck)
	f := newFixture(t, func(c *Config) {
		c.Checks = map[string]Check{"series": func(context.Context) error { <-stuck; return nil }}
	})
	start := time.Now()
	got := read[Health](f.do("GET", "/health", "", "").want(200))
	if got.Details["series"] != (ServiceHealth{"unhealthy", "does not answer"}) || time.Since(start) > checkTimeout+2*time.Second {
		t.Errorf("%+v after %s", got, time.Since(start))
	}
}

func TestDocument(t *testing.T) {
	f := newFixture(t)
	var document struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	a := f.do("GET", "/openapi.json", "", "").want(200)
	f.must(json.Unmarshal([]byte(a.body), &document))
	if document.OpenAPI != "3.1.0" || document.Paths["/api/v1/robots"]["get"] == nil {
		t.Errorf("document %.200s", a.body)
	}
	if y := f.do("GET", "/openapi.yaml", "", "").want(200); !strings.Contains(y.body, "operationId: list-robots") {
		t.Errorf("document %.200s", y.body)
	}
	// The page may load nothing from elsewhere.
	for _, path := range []string{"docs", "docs/docs.js", "docs/docs.css"} {
		body := f.send("GET", path, "", "").want(200).body
		for _, word := range []string{"https://", "http://", "@import", "eval(", "onclick=", "style=\""} {
			if strings.Contains(body, word) {
				t.Errorf("/%s holds %s", path, word)
			}
		}
	}
}

// A client that sends or reads too slowly must not hold a connection for ever; a socket may.
func TestDeadlines(t *testing.T) {
	f := newFixture(t)
	for _, socket := range []bool{false, true} {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		r := httptest.NewRequest(http.MethodGet, "/mqtt", nil)
		if socket {
			r.Header.Set("Upgrade", "websocket")
		}
		f.server.Handler().ServeHTTP(w, r)
		if got := !w.read.IsZero() && !w.write.IsZero(); got == socket {
			t.Errorf("socket %v: read by %s, write by %s", socket, w.read, w.write)
		}
	}
	for path, item := range f.server.routes.api.OpenAPI().Paths {
		if o := item.Post; o != nil && o.RequestBody != nil && o.BodyReadTimeout < requestTimeout {
			t.Errorf("%s is cancelled after %s", path, o.BodyReadTimeout)
		}
	}
}

type deadlines struct {
	http.ResponseWriter
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = t; return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = t; return nil }
