package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tonypi"
)

func TestTerminalRoutes(t *testing.T) {
	f := newFixture(t)
	operator, admin := f.tokens[tonypi.Operator], f.tokens[tonypi.Admin]
	got := read[TerminalTicket](f.do("POST", "/robots/r1/terminal", operator, "{}").want(200))
	if got.Ticket.Ticket == "" || got.Expires != 30 {
		t.Errorf("%+v", got)
	}
	// The socket itself is open to everybody, and learns who was proven.
	for token, want := range map[string]string{operator: "by operator", "": "by ", "nonsense": "by "} {
		if a := f.do("GET", "/ssh/connect/r1", token, "").want(200); a.body != want {
			t.Errorf("%q, want %q", a.body, want)
		}
	}
	if got := read[SSHTest](f.do("POST", "/ssh/test/r1", operator, `{"ssh_username":"pi","ssh_password":"raspberry"}`).want(200)); !got.Success || got.Message != "SSH connection successful: hello" || got.Address != "10.0.0.1" {
		t.Errorf("%+v", got)
	}
	if got := read[SSHTest](f.do("POST", "/ssh/test/r1", operator, `{"ssh_username":"pi","ssh_password":"x"}`).want(200)); got.Success || got.Error != "The robot refused the password" {
		t.Errorf("%+v", got)
	}
	f.do("GET", "/ssh/test/r1?ssh_username=pi&ssh_password=raspberry", operator, "").detail(403, "Passwords do not belong into URLs; use POST")
	legacy := newFixture(t, func(c *Config) { c.Terminal.LegacyTest = true })
	legacy.do("GET", "/ssh/test/r1?ssh_username=pi&ssh_password=raspberry", legacy.tokens[tonypi.Operator], "").want(200)
	legacy.do("GET", "/ssh/test/r1?ssh_username=pi", legacy.tokens[tonypi.Operator], "").want(422)

	if got := read[SSHState](f.do("GET", "/robots/r1/ssh", operator, "").want(200)); got.HostKey == nil || got.Access.Username != "pi" {
		t.Errorf("%+v", got)
	}
	f.do("GET", "/robots/nobody/ssh", operator, "").want(404)
	a := f.do("PUT", "/robots/r1/ssh", admin, `{"username":"pi","port":2222,"generate_key":true}`).want(200)
	if !strings.Contains(a.body, `"public_key":"ssh-ed25519 AAAA"`) || !strings.Contains(a.body, `"port":2222`) || strings.Contains(a.body, "sealed") {
		t.Errorf("%s", a.body)
	}
	f.do("PUT", "/robots/r1/ssh", admin, `{"username":"pi","port":70000}`).want(422)
	f.do("DELETE", "/robots/r1/ssh", admin, "").want(204)
	f.do("DELETE", "/robots/r1/ssh/host-key", admin, "").want(204)
}

func TestRecordings(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	f.crew.dir = t.TempDir()
	cast := bytes.Repeat([]byte("[1.5, \"o\", \"hello\"]\n"), 100_000)
	f.must(os.WriteFile(filepath.Join(f.crew.dir, "x"), cast, 0o600))
	if got := read[RecordingList](f.do("GET", "/recordings?robot_id=r1", admin, "").want(200)); len(got.Recordings) != 1 {
		t.Errorf("%+v", got)
	}
	a := f.do("GET", "/recordings/x", admin, "").want(200)
	if a.body != string(cast) || a.header.Get("Content-Type") != "application/x-asciicast" || !strings.Contains(a.header.Get("Content-Disposition"), ".cast") {
		t.Errorf("%d bytes, %v", len(a.body), a.header)
	}
	f.do("GET", "/recordings/y", admin, "").detail(404, "Recording not found")
	f.do("DELETE", "/recordings/x", admin, "").want(204)
}

func TestCameraTickets(t *testing.T) {
	f := newFixture(t)
	viewer := f.tokens[tonypi.Viewer]
	f.do("GET", "/robots/r1/camera", viewer, "").want(200)
	f.do("GET", "/robots/r1/camera/snapshot", viewer, "").want(200)
	f.do("GET", "/robots/r1/camera/stream", viewer, "").want(200)
	f.do("GET", "/robots/r1/camera/stream", "", "").want(401)
	ticket := func() string {
		return read[Ticket](f.do("POST", "/robots/r1/camera/ticket", viewer, "").want(200)).Ticket
	}
	one := ticket()
	if a := f.do("GET", "/robots/r1/camera/stream?ticket="+one, "", "").want(200); a.body != "frames" {
		t.Errorf("%q", a.body)
	}
	f.do("GET", "/robots/r1/camera/stream?ticket="+one, "", "").want(401) // was used
	f.do("GET", "/robots/r2/camera/stream?ticket="+ticket(), "", "").want(401)
	f.do("GET", "/robots/r1/camera/stream?ticket=nonsense", viewer, "").want(401)
	f.do("GET", "/robots/r1/camera/snapshot?ticket="+ticket(), "", "").want(401) // only streams
	f.do("POST", "/robots/nobody/camera/ticket", viewer, "").want(404)
	if strings.Contains(f.log.String(), one) {
		t.Error("a ticket is in the log")
	}
}

func TestExtraRoutes(t *testing.T) {
	var by tonypi.Caller
	f := newFixture(t, func(c *Config) {
		c.Extra = []Route{
			{Pattern: "GET /api/v1/mine/{id}", Action: tonypi.View, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { by = tonypi.CallerOf(r.Context()) })},
			{Pattern: "GET /{$}", Action: Public, Handler: echo("root")},
			{Pattern: "POST /api/v1/alerts", Action: tonypi.HandleAlerts, Handler: echo("made")},
		}
	})
	f.do("GET", "/mine/x", f.tokens[tonypi.Viewer], "").want(200)
	if want := (tonypi.Caller{Name: "viewer", Role: tonypi.Viewer, Address: "192.0.2.1", Session: f.session[tonypi.Viewer]}); by != want {
		t.Errorf("%+v", by)
	}
	if a := f.send("GET", "", "", "").want(200); a.body != "root" {
		t.Errorf("%s", a.body)
	}
	f.do("POST", "/alerts", f.tokens[tonypi.Viewer], "").want(403)
	f.do("POST", "/alerts", f.tokens[tonypi.Operator], "").want(200)
	if strings.Contains(f.do("GET", "/openapi.json", "", "").body, "/mine") {
		t.Error("an extra route is in the document")
	}
	for name, e := range map[string]Route{
		"taken":      {Pattern: "GET /api/v1/robots", Action: tonypi.View, Handler: echo("")},
		"overlaps":   {Pattern: "GET /api/v1/{thing}/pending", Action: tonypi.View, Handler: echo("")},
		"same path":  {Pattern: "GET /api/v1/robots/{id}", Action: tonypi.View, Handler: echo("")},
		"no method":  {Pattern: "/api/v1/x", Action: tonypi.View, Handler: echo("")},
		"no path":    {Pattern: "GET", Action: tonypi.View, Handler: echo("")},
		"no action":  {Pattern: "GET /api/v1/x", Handler: echo("")},
		"misspelt":   {Pattern: "GET /api/v1/x", Action: "veiw", Handler: echo("")},
		"no handler": {Pattern: "GET /api/v1/x", Action: tonypi.View},
	} {
		cfg := f.server.cfg
		cfg.Extra = []Route{e}
		if _, err := New(t.Context(), cfg); err == nil {
			t.Errorf("%s: the server starts", name)
		}
	}
}

// A stream outlives the time of an ordinary request; a client that does not read is dropped; an ordinary handler ends.
func TestStreamsAreNotCutOff(t *testing.T) {
	was, wasStreaming := usual, streaming
	usual, streaming = pace{150 * time.Millisecond, 200 * time.Millisecond}, pace{0, 300 * time.Millisecond}
	defer func() { usual, streaming = was, wasStreaming }()
	broken := make(chan error, 1)
	f := newFixture(t, func(c *Config) {
		c.Camera.Stream = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=b")
			for i := range 10 {
				if _, err := fmt.Fprintf(w, "part %d\n", i); err != nil || r.Context().Err() != nil {
					t.Errorf("part %d: %v %v", i, err, r.Context().Err())
					return
				}
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Error(err)
				}
				time.Sleep(100 * time.Millisecond)
			}
		})
		c.Extra = []Route{
			{Pattern: "GET /slow", Action: Public, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				<-r.Context().Done()
				w.WriteHeader(http.StatusServiceUnavailable)
			})},
			{Pattern: "GET /flood", Action: Public, Stream: true, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "image/jpeg")
				block := make([]byte, 1<<20)
				for {
					if _, err := w.Write(block); err != nil {
						broken <- err
						return
					}
				}
			})},
		}
	})
	server := httptest.NewServer(f.server.Handler())
	defer server.Close()
	get := func(path string) *http.Response {
		r, err := http.NewRequest(http.MethodGet, server.URL+path, nil)
		f.must(err)
		r.Header.Set("Authorization", "Bearer "+f.tokens[tonypi.Viewer])
		res, err := http.DefaultClient.Do(r)
		f.must(err)
		return res
	}
	res := get("/api/v1/robots/r1/camera/stream")
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || strings.Count(string(body), "part") != 10 {
		t.Errorf("%q %v", body, err)
	}
	start := time.Now()
	if res := get("/slow"); res.StatusCode != 503 || time.Since(start) > 3*time.Second {
		t.Errorf("%d after %s", res.StatusCode, time.Since(start))
	}
	idle := get("/flood")
	defer idle.Body.Close()
	select {
	case <-broken:
	case <-time.After(10 * time.Second):
		t.Error("a client that reads nothing holds the stream")
	}
}

func TestCORSForTheApi(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Origins = []string{"https://lab.example.org"} })
	const origin = "https://lab.example.org"
	for name, a := range map[string]answered{
		"fine":       f.do("GET", "/server", "", "", "Origin", origin),
		"401":        f.do("GET", "/robots", "", "", "Origin", origin),
		"404":        f.do("GET", "/nothing", "", "", "Origin", origin),
		"405":        f.do("OPTIONS", "/robots", "", "", "Origin", origin),
		"422":        f.do("POST", "/auth/login", "", "{}", "Origin", origin),
		"413":        f.do("POST", "/auth/login", "", strings.Repeat("x", maxBody+2), "Origin", origin),
		"stop":       f.do("POST", "/emergency-stop", f.tokens[tonypi.Operator], "", "Origin", origin),
		"export":     f.do("GET", "/logs/export/csv", f.tokens[tonypi.Viewer], "", "Origin", origin),
		"the socket": f.do("GET", "/ssh/connect/r1", "", "", "Origin", origin),
		"extra":      f.do("GET", "/original/public", "", "", "Origin", origin),
	} {
		if a.header.Get("Access-Control-Allow-Origin") != origin || a.header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		for _, header := range []string{"X-Request-ID", "Retry-After", "X-Next-Before", "Content-Disposition"} {
			if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), header) {
				t.Errorf("%s: %s is not exposed", name, header)
			}
		}
	}
	a := f.do("OPTIONS", "/robots/r1/command", "", "", "Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "idempotency-key").want(200)
	for _, header := range []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} {
		if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), header) {
			t.Errorf("%s is not allowed: %v", header, a.header)
		}
	}
	if a := f.do("GET", "/server", "", "", "Origin", "http://localhost:3000"); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("an origin that is not configured is allowed")
	}
}

// Every error of every route says in words what is wrong.
func TestEveryErrorHasADetail(t *testing.T) {
	f := newFixture(t)
	for pattern := range f.server.routes.access {
		method, path, ok := strings.Cut(pattern, " ")
		if !ok || !strings.HasPrefix(path, prefix) {
			continue
		}
		path = strings.NewReplacer("{robot_id}", "r9", "{id}", "77", "{command_id}", "c9", "{code}", "nothing").Replace(strings.TrimPrefix(path, "/"))
		for _, token := range []string{"", f.tokens[tonypi.Viewer], f.tokens[tonypi.Operator]} {
			a := f.send(method, path, token, `{"no_such_field":1`)
			if a.status >= 400 && !strings.Contains(a.body, `"detail":"`) {
				t.Errorf("%s: %d %s", pattern, a.status, a.body)
			}
		}
	}
}
