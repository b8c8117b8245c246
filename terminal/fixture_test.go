package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tonypi"
)

var (
	viewer   = tonypi.Caller{Name: "vera", Role: tonypi.Viewer, Address: "192.0.2.1"}
	operator = tonypi.Caller{Name: "otto", Role: tonypi.Operator, Address: "192.0.2.2"}
	admin    = tonypi.Caller{Name: "ada", Role: tonypi.Admin, Address: "192.0.2.3"}
)

// memory keeps everything that a server stores and writes down.
type memory struct {
	mu         sync.Mutex
	robots     map[tonypi.RobotID]tonypi.Robot
	keys       map[tonypi.RobotID]tonypi.HostKey
	access     map[tonypi.RobotID]tonypi.SSHAccess
	recordings map[string]tonypi.Recording
	audit      []tonypi.AuditEntry
}

func newMemory() *memory {
	return &memory{
		robots: map[tonypi.RobotID]tonypi.Robot{
			"r1": {ID: "r1", Adoption: tonypi.Adopted, Address: "127.0.0.1"},
			"r2": {ID: "r2", Adoption: tonypi.Adopted, Address: "127.0.0.1"},
		},
		keys: map[tonypi.RobotID]tonypi.HostKey{}, access: map[tonypi.RobotID]tonypi.SSHAccess{}, recordings: map[string]tonypi.Recording{},
	}
}

func find[K comparable, V any](m *memory, from map[K]V, key K) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := from[key]
	if !ok {
		return v, tonypi.Errorf(tonypi.NotFound, "not found")
	}
	return v, nil
}

func put[K comparable, V any](m *memory, to map[K]V, key K, v V) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	to[key] = v
	return nil
}

func drop[K comparable, V any](m *memory, from map[K]V, key K) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(from, key)
	return nil
}

func (m *memory) Robot(_ context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	return find(m, m.robots, id)
}

func (m *memory) HostKey(_ context.Context, id tonypi.RobotID) (tonypi.HostKey, error) {
	return find(m, m.keys, id)
}

func (m *memory) SaveHostKey(_ context.Context, k tonypi.HostKey) error {
	return put(m, m.keys, k.Robot, k)
}

func (m *memory) DeleteHostKey(_ context.Context, id tonypi.RobotID) error {
	return drop(m, m.keys, id)
}

func (m *memory) SSHAccess(_ context.Context, id tonypi.RobotID) (tonypi.SSHAccess, error) {
	return find(m, m.access, id)
}

func (m *memory) SaveSSHAccess(_ context.Context, a tonypi.SSHAccess) error {
	return put(m, m.access, a.Robot, a)
}

func (m *memory) DeleteSSHAccess(_ context.Context, id tonypi.RobotID) error {
	return drop(m, m.access, id)
}

func (m *memory) Recordings(_ context.Context, id tonypi.RobotID, limit int) ([]tonypi.Recording, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []tonypi.Recording
	for _, r := range m.recordings {
		if id == "" || r.Robot == id {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b tonypi.Recording) int { return b.StartedAt.Compare(a.StartedAt) })
	return list[:min(limit, len(list))], nil
}

func (m *memory) Recording(_ context.Context, id string) (tonypi.Recording, error) {
	return find(m, m.recordings, id)
}

func (m *memory) SaveRecording(_ context.Context, r tonypi.Recording) error {
	return put(m, m.recordings, r.ID, r)
}

func (m *memory) DeleteRecording(_ context.Context, id string) error {
	return drop(m, m.recordings, id)
}

func (m *memory) Record(e tonypi.AuditEntry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.audit = append(m.audit, e)
}

func (m *memory) Log(tonypi.LogEntry) {}

// written reports whether an audit entry of the action and outcome holds the words.
func (m *memory) written(action string, ok bool, words string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.audit, func(e tonypi.AuditEntry) bool {
		return e.Action == action && e.OK == ok && strings.Contains(e.Message, words)
	})
}

// fixture is a terminal server behind real HTTP.
type fixture struct {
	*testing.T
	*memory
	server *Server
	url    string
	before int // goroutines
}

func newFixture(t *testing.T, change func(*Config)) *fixture {
	t.Helper()
	f := &fixture{T: t, memory: newMemory(), before: runtime.NumGoroutine()}
	cfg := Config{
		Store: f.memory, Robots: f.memory, Record: f.memory, Log: slog.New(slog.DiscardHandler),
		Dir: t.TempDir() + "/recordings", SealKey: t.TempDir() + "/keys/seal", AllowLoopback: true,
	}
	if change != nil {
		change(&cfg)
	}
	f.server = New(cfg)
	mux := http.NewServeMux()
	mux.Handle("GET /api/v1/ssh/connect/{robot_id}", f.server)
	web := httptest.NewServer(mux)
	f.url = web.URL
	t.Cleanup(func() {
		f.noLeaks()
		web.Close()
	})
	return f
}

// noLeaks waits until every session and goroutine is gone.
func (f *fixture) noLeaks() {
	f.Helper()
	late := time.Now().Add(10 * time.Second)
	for f.server.sockets.Load() > 0 || f.server.open > 0 {
		if time.Now().After(late) {
			f.Fatalf("%d sockets and %d terminals are still open", f.server.sockets.Load(), f.server.open)
		}
		time.Sleep(5 * time.Millisecond)
	}
	http.DefaultClient.CloseIdleConnections()
	for runtime.NumGoroutine() > f.before+4 { // the test's own HTTP server has some
		if time.Now().After(late) {
			buf := make([]byte, 1<<20)
			f.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), f.before, buf[:runtime.Stack(buf, true)])
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// got is a frame from the server, of any type.
type got struct {
	Type, Data, Message, Fingerprint, Previous, Recording string
	Known, Changed, Waiting                               bool
	Code                                                  int
}

// browser is a page's socket.
type browser struct {
	*fixture
	conn *websocket.Conn
	ctx  context.Context //nolint:containedctx // the test's own
	seen strings.Builder // all output
}

func (f *fixture) dial(path string, headers http.Header) (*browser, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	conn, res, err := websocket.Dial(ctx, f.url+"/api/v1/ssh/connect/"+path, &websocket.DialOptions{HTTPHeader: headers})
	if err != nil {
		cancel()
		return nil, res, err
	}
	conn.SetReadLimit(1 << 20)
	f.Cleanup(func() {
		_ = conn.CloseNow()
		cancel()
	})
	return &browser{fixture: f, conn: conn, ctx: ctx}, res, nil
}

// open opens a socket.
func (f *fixture) open(path string) *browser {
	f.Helper()
	b, res, err := f.dial(path, nil)
	if err != nil {
		f.Fatal(err)
	}
	if res.Body != nil {
		res.Body.Close()
	}
	return b
}

// terminal opens a socket with a fresh ticket; more goes into the auth frame.
func (f *fixture) terminal(by tonypi.Caller, robot tonypi.RobotID, more map[string]any) *browser {
	f.Helper()
	ticket, err := f.server.Ticket(f.Context(), by, robot)
	if err != nil {
		f.Fatal(err)
	}
	b := f.open(string(robot))
	auth := map[string]any{"type": "auth", "ticket": ticket.Ticket, "cols": 100, "rows": 40}
	for k, v := range more {
		auth[k] = v
	}
	b.send(auth)
	return b
}

func (b *browser) send(frame any) {
	b.Helper()
	raw, err := json.Marshal(frame)
	if err != nil {
		b.Fatal(err)
	}
	if err := b.conn.Write(b.ctx, websocket.MessageText, raw); err != nil {
		b.Fatal(err)
	}
}

func (b *browser) keys(text string) {
	b.Helper()
	b.send(map[string]any{"type": "input", "data": text})
}

func (b *browser) next() (got, error) {
	_, raw, err := b.conn.Read(b.ctx)
	if err != nil {
		return got{}, err
	}
	var g got
	if err := json.Unmarshal(raw, &g); err != nil {
		b.Fatalf("frame %q: %v", raw, err)
	}
	if n := len([]rune(g.Data)); n > maxOutput {
		b.Errorf("an output frame has %d characters", n)
	}
	b.seen.WriteString(g.Data)
	return g, nil
}

// want reads until a frame of the type comes.
func (b *browser) want(kind string) got {
	b.Helper()
	for {
		g, err := b.next()
		if err != nil {
			b.Fatalf("no %s frame: %v\noutput: %q", kind, err, b.seen.String())
		}
		if g.Type == kind {
			return g
		}
		if g.Type == "error" || g.Type == "closed" {
			b.Fatalf("no %s frame but %+v", kind, g)
		}
	}
}

// output reads until the output holds the text.
func (b *browser) output(text string) {
	b.Helper()
	for !strings.Contains(b.seen.String(), text) {
		g, err := b.next()
		if err != nil || g.Type == "error" || g.Type == "closed" {
			b.Fatalf("no %q: %+v, %v\noutput: %q", text, g, err, b.seen.String())
		}
	}
}

// end reads to the end and holds the way of closing against what is wanted.
func (b *browser) end(code websocket.StatusCode, words string) got {
	b.Helper()
	var last got
	for {
		g, err := b.next()
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			if closed.Code != code || !strings.Contains(last.Message, words) {
				b.Errorf("closed with %d after %+v; want %d and %q", closed.Code, last, code, words)
			}
			return last
		}
		if err != nil {
			b.Fatalf("not closed: %v", err)
		}
		last = g
	}
}
