package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tonypi"
	"tonypi/storetest"
)

const password = "correct horse"

// fleet is a registry and its live picture without a broker.
type fleet struct {
	mu      sync.Mutex
	robots  map[tonypi.RobotID]tonypi.Summary
	pending map[tonypi.RobotID]tonypi.PendingRobot
}

func (f *fleet) Summaries() []tonypi.Summary {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []tonypi.Summary
	for _, id := range slices.Sorted(maps.Keys(f.robots)) {
		list = append(list, f.robots[id])
	}
	return list
}

func (f *fleet) Summary(id tonypi.RobotID) (tonypi.Summary, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.robots[id]
	if !ok {
		return r, tonypi.Errorf(tonypi.NotFound, "no such robot")
	}
	return r, nil
}

func (f *fleet) Create(_ context.Context, r tonypi.Robot) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.robots[r.ID]; ok {
		return "", tonypi.Errorf(tonypi.Conflict, "Robot %q exists already", r.ID)
	}
	r.Adoption = tonypi.Adopted
	f.robots[r.ID] = tonypi.Summary{Robot: r}
	return fmt.Sprintf("secret-%d", len(f.robots)), nil
}

func (f *fleet) Update(_ context.Context, r tonypi.Robot) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.robots[r.ID] = tonypi.Summary{Robot: r}
	return nil
}

func (f *fleet) Remove(_ context.Context, id tonypi.RobotID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.robots[id]; !ok {
		return tonypi.Errorf(tonypi.NotFound, "Robot not found")
	}
	delete(f.robots, id)
	return nil
}

func (f *fleet) Pending() []tonypi.PendingRobot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.pending))
}

func (f *fleet) Adopt(ctx context.Context, id tonypi.RobotID) error {
	if err := f.Reject(ctx, id); err != nil {
		return err
	}
	_, err := f.Create(ctx, tonypi.Robot{ID: id, Name: string(id)})
	return err
}

func (f *fleet) Reject(_ context.Context, id tonypi.RobotID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.pending[id]; !ok {
		return tonypi.Errorf(tonypi.NotFound, "Robot not found")
	}
	delete(f.pending, id)
	return nil
}

func (f *fleet) Enroll(ctx context.Context, e tonypi.Enrolment) (string, error) {
	if e.Token != "tj_good" {
		return "", tonypi.Errorf(tonypi.Unauthenticated, "The join token is wrong or too old")
	}
	return f.Create(ctx, tonypi.Robot{ID: e.Robot, Name: e.Name})
}

// engine acts on the alerts and rules of a store.
type engine struct {
	*storetest.Memory
}

func (e engine) Acknowledge(ctx context.Context, id int64, by, note string) (tonypi.Alert, error) {
	return e.change(ctx, id, func(a *tonypi.Alert) { a.Acknowledged, a.AcknowledgedBy, a.Note = true, by, note })
}

func (e engine) Resolve(ctx context.Context, id int64, by string) (tonypi.Alert, error) {
	return e.change(ctx, id, func(a *tonypi.Alert) { a.Resolved, a.ResolvedBy = true, by })
}

func (e engine) change(ctx context.Context, id int64, f func(*tonypi.Alert)) (tonypi.Alert, error) {
	a, err := e.Alert(ctx, id)
	if err != nil {
		return a, err
	}
	f(&a)
	return a, e.SaveAlerts(ctx, []tonypi.Alert{a})
}

func (e engine) AcknowledgeAll(ctx context.Context, robot tonypi.RobotID, ids []int64, by string) (int, error) {
	open, err := e.OpenAlerts(ctx)
	n := 0
	for _, a := range open {
		if a.Acknowledged || robot != "" && a.Robot != robot || len(ids) > 0 && !slices.Contains(ids, a.ID) {
			continue
		}
		if _, err := e.Acknowledge(ctx, a.ID, by, ""); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

func (e engine) Delete(ctx context.Context, id int64) error { return e.DeleteAlert(ctx, id) }

func (e engine) Rules() []tonypi.Rule {
	rules, err := e.Memory.Rules(context.Background())
	if err != nil {
		panic(err) // the memory store does not fail
	}
	return rules
}

func (e engine) RestoreDefaults(ctx context.Context) (int, error) {
	n := 0
	for _, r := range tonypi.DefaultRules() {
		if slices.ContainsFunc(e.Rules(), func(have tonypi.Rule) bool { return have.Robot == "" && have.Type == r.Type }) {
			continue
		}
		if _, err := e.SaveRule(ctx, r); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// history answers with what it is given, and keeps the query.
type history struct {
	latest []tonypi.Reading
	series []tonypi.Series
	err    error
	query  tonypi.SeriesQuery
}

func (h *history) Latest(context.Context, tonypi.RobotID) ([]tonypi.Reading, error) {
	return h.latest, h.err
}

func (h *history) Range(_ context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error) {
	h.query = q
	return h.series, h.err
}

// fixture is a server on stores in memory, with one user of each role.
type fixture struct {
	t       *testing.T
	server  *Server
	store   *storetest.Memory
	fleet   *fleet
	history *history
	log     *bytes.Buffer
	crew    *crew
	book    *book
	tokens  map[tonypi.Role]string // access tokens
	session map[tonypi.Role]string // IDs of their sessions
	cookies map[string]string
	address string
}

// empty makes a server without users.
func empty(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{
		t: t, store: storetest.NewStores(), history: &history{}, log: &bytes.Buffer{},
		fleet: &fleet{
			robots:  map[tonypi.RobotID]tonypi.Summary{"r1": {Robot: tonypi.Robot{ID: "r1", Name: "One", Adoption: tonypi.Adopted}, Online: true}},
			pending: map[tonypi.RobotID]tonypi.PendingRobot{"new": {ID: "new", Address: "10.0.0.9", Messages: 3}},
		},
		tokens: map[tonypi.Role]string{}, session: map[tonypi.Role]string{}, cookies: map[string]string{}, address: "192.0.2.1:4000",
	}
	e := engine{f.store}
	f.crew, f.book = newCrew(f.store), &book{}
	cfg := Config{
		Log: slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Version: "test",
		Users: f.store, Sessions: f.store, Credentials: f.store, Settings: f.store, AlertStore: f.store, Series: f.history,
		Fleet: f.fleet, Robots: f.fleet, Joining: f.fleet, Alerts: e, Rules: e,
		System:  func() SystemInfo { return SystemInfo{Version: "test"} },
		Metrics: func(w io.Writer) { _, _ = io.WriteString(w, "tonypi_up 1\n") },
		Live:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "live") }),
		MQTT:    http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "mqtt") }),
		Web:     http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>page") }),
		Adopt:   "ask", MQTTPort: 1883,
		Commands: f.crew, CommandStore: f.store, Leases: f.crew, Configs: f.crew, Jobs: f.crew, JobStore: f.store, ItemStore: f.store,
		LogStore: f.store, LogBook: f.book, AuditStore: f.store, Record: f.book, Terminal: f.crew.terminal(), Camera: f.crew.camera(),
		Extra: []Route{
			{Pattern: "GET /api/v1/original/public", Action: Public, Handler: echo("original")},
			{Pattern: "GET /api/v1/original/known", Action: AnyRole, Handler: echo("original")},
			{Pattern: "POST /api/v1/original/command", Action: tonypi.SendCommands, Handler: echo("original")},
			{Pattern: "POST /api/v1/original/stop", Action: tonypi.SendCommands, Stop: true, Handler: echo("original")},
			{Pattern: "GET /api/v1/original/report", Action: tonypi.ReadReports, Stream: true, Handler: echo("original")},
			{Pattern: "DELETE /api/v1/original/{id}", Action: tonypi.ManageSystem, Handler: echo("original")},
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if f.server, err = New(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	f.server.auth.cost = bcrypt.MinCost
	t.Cleanup(func() { f.book.check(t) })
	return f
}

func newFixture(t *testing.T, change ...func(*Config)) *fixture {
	t.Helper()
	store := storetest.NewStores()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	created := time.Now().UTC().Add(-time.Hour)
	for _, role := range []tonypi.Role{tonypi.Admin, tonypi.Operator, tonypi.Viewer} {
		u := tonypi.User{
			ID: "id-" + string(role), Username: string(role), Email: string(role) + "@example.org", PasswordHash: string(hash),
			Role: role, Active: true, CreatedAt: created, UpdatedAt: created,
		}
		created = created.Add(time.Minute)
		if err := store.CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	f := empty(t, append([]func(*Config){func(c *Config) {
		c.Users, c.Sessions, c.Credentials, c.Settings, c.AlertStore = store, store, store, store, store
		c.Alerts, c.Rules = engine{store}, engine{store}
		c.CommandStore, c.JobStore, c.ItemStore, c.LogStore, c.AuditStore = store, store, store, store, store
		c.Commands.(*crew).store = store // changes of a test come later
	}}, change...)...)
	f.store = store
	for _, role := range []tonypi.Role{tonypi.Admin, tonypi.Operator, tonypi.Viewer} {
		f.tokens[role], f.session[role] = f.signIn(string(role))
	}
	return f
}

// signIn begins a session without a password.
func (f *fixture) signIn(username string) (token, session string) {
	f.t.Helper()
	u, err := f.store.UserByName(f.t.Context(), username)
	if err != nil {
		f.t.Fatal(err)
	}
	s, _, err := f.server.auth.begin(f.t.Context(), u, "192.0.2.200", "test")
	if err != nil {
		f.t.Fatal(err)
	}
	if token, err = f.server.auth.accessToken(s); err != nil {
		f.t.Fatal(err)
	}
	return token, s.ID
}

// answered is what came back.
type answered struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

// do sends a request; token "" sends none. Cookies are kept.
func (f *fixture) do(method, path, token, body string, headers ...string) answered {
	f.t.Helper()
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/api") && !strings.HasPrefix(path, "//") {
		path = prefix + path
	}
	return f.send(method, strings.TrimPrefix(path, "/"), token, body, headers...)
}

// send is do with a path that is taken as it is; it has no leading slash.
func (f *fixture) send(method, path, token, body string, headers ...string) answered {
	f.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "http://tonypi.local/"+path, reader)
	r.RemoteAddr = f.address
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range f.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(f.cookies, c.Name)
			continue
		}
		f.cookies[c.Name] = c.Value
	}
	return answered{f.t, w.Code, res.Header, w.Body.String()}
}

// want checks the status.
func (a answered) want(status int) answered {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// detail checks a problem's text.
func (a answered) detail(status int, detail string) answered {
	a.t.Helper()
	a.want(status)
	var p struct {
		Detail string
		Status int
	}
	if err := json.Unmarshal([]byte(a.body), &p); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	if p.Detail != detail || p.Status != status {
		a.t.Errorf("problem %d %q, want %d %q", p.Status, p.Detail, status, detail)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		a.t.Errorf("content type %q", kind)
	}
	return a
}

// read decodes the body into a value of type T; unknown fields are an error.
func read[T any](a answered) T {
	a.t.Helper()
	var v T
	d := json.NewDecoder(strings.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	return v
}
