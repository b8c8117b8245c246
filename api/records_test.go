package api

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
)

func (f *fixture) logs(n int) {
	f.t.Helper()
	var all []tonypi.LogEntry
	for i := range n {
		all = append(all, tonypi.LogEntry{
			ID: int64(i + 1), Time: time.Now().UTC().Add(time.Duration(i-n) * time.Second), Level: tonypi.LogLevels[i%5],
			Category: tonypi.LogCategories[i%14], Message: fmt.Sprintf("line %d", i), Robot: "r1", Details: json.RawMessage(`{"n":1}`),
		})
	}
	f.must(f.store.AppendLogs(f.t.Context(), all))
}

func TestListLogs(t *testing.T) {
	f := newFixture(t)
	viewer := f.tokens[tonypi.Viewer]
	f.logs(70)
	f.must(f.store.AppendLogs(t.Context(), []tonypi.LogEntry{{ID: 1000, Time: time.Now().UTC().Add(-48 * time.Hour), Level: "INFO", Category: "system", Message: "old"}}))
	for query, want := range map[string]int{
		"": 70, "?time_range=all": 71, "?time_range=nonsense": 70, "?level=error": 14, "?levels=error&levels=critical": 28, "?levels=ERROR,critical": 28,
		"?category=MQTT": 5, "?robot_id=r1": 70, "?robot_id=r2": 0, "?limit=10": 10, "?limit=10&offset=65": 5, "?before=11": 10, "?search=LINE": 70, "?level=nothing": 0,
		"?since=2100-01-01T00:00:00Z": 0, "?since=2020-01-01T00:00:00Z": 71, "?since=2020-01-01T00:00:00Z&until=2021-01-01T00:00:00Z": 0,
	} {
		if got := read[[]tonypi.LogEntry](f.do("GET", "/logs"+query, viewer, "").want(200)); len(got) != want || got == nil {
			t.Errorf("%s: %d lines, want %d", query, len(got), want)
		}
	}
	a := f.do("GET", "/logs?limit=60", viewer, "").want(200)
	next := a.header.Get("X-Next-Before")
	b := f.do("GET", "/logs?limit=60&before="+next, viewer, "").want(200)
	if n := len(read[[]tonypi.LogEntry](b)); n != 10 || b.header.Get("X-Next-Before") != "" {
		t.Errorf("next %s: %d lines, then %q", next, n, b.header.Get("X-Next-Before"))
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?offset=-1", "?since=yesterday", "?offset=100001"} {
		if a := f.do("GET", "/logs"+query, viewer, ""); a.status != 422 && a.status != 400 || !strings.Contains(a.body, `"detail"`) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	if got := read[[]tonypi.LogEntry](f.do("GET", "/logs/errors?limit=200", viewer, "").want(200)); len(got) != 28 {
		t.Errorf("%d errors", len(got))
	}
	if got := read[[]tonypi.LogEntry](f.do("GET", "/logs/commands", viewer, "").want(200)); len(got) != 5 {
		t.Errorf("%d about commands", len(got))
	}
	stats := read[tonypi.LogStats](f.do("GET", "/logs/stats", viewer, "").want(200))
	if stats.Total != 70 || stats.Error != 14 || len(stats.ByCategory) != 14 || stats.ByCategory["mqtt"] != 5 {
		t.Errorf("%+v", stats)
	}
	if got := read[[]string](f.do("GET", "/logs/categories", viewer, "").want(200)); len(got) != 14 {
		t.Errorf("%q", got)
	}
	if got := read[map[string]LevelInfo](f.do("GET", "/logs/levels", viewer, "").want(200)); got["CRITICAL"] != (LevelInfo{"purple", 4}) {
		t.Errorf("%v", got)
	}
}

func TestWriteAndClearLogs(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	got := read[tonypi.LogEntry](f.do("POST", "/logs", operator, `{"level":"info","category":"Robot","message":"hello","robot_id":"r1","details":{"a":1}}`).want(200))
	if got.ID != 1 || got.Level != "INFO" || got.Category != "robot" || got.Source != "operator" || string(got.Details) != `{"a":1}` || got.Time.IsZero() {
		t.Errorf("%+v", got)
	}
	f.do("POST", "/logs", operator, `{"level":"WARNING","category":"x","message":"y","robot_id":null,"details":null}`).want(200)
	f.do("POST", "/logs", operator, `{"level":"loud","category":"x","message":"y"}`).detail(400, "level must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
	f.do("POST", "/logs", operator, `{"level":"INFO","category":"x"}`).want(422)
	f.do("POST", "/logs", operator, `{"level":"INFO","category":"x","message":"y","robot_id":"a/b"}`).want(400)
	f.do("POST", "/logs", operator, `{"level":"INFO","category":"x","message":"y","details":"`+strings.Repeat("x", maxDetails)+`"}`).want(413)
	if n := len(f.book.lines); n != 2 {
		t.Errorf("%d lines", n)
	}
	cleared := read[Cleared](f.do("DELETE", "/logs/clear", f.tokens[tonypi.Admin], "").want(200))
	if cleared.Message != "Deleted 3 logs older than 30 days" || f.book.days != 30 {
		t.Errorf("%+v", cleared)
	}
	f.do("DELETE", "/logs/clear?days=366", f.tokens[tonypi.Admin], "").want(422)
}

func TestExportLogs(t *testing.T) {
	f := newFixture(t)
	viewer := f.tokens[tonypi.Viewer]
	f.do("GET", "/logs/export/csv", viewer, "").detail(404, "No logs found")
	if a := f.do("GET", "/logs/export/json", viewer, "").want(200); a.body != "[]\n" {
		t.Errorf("%q", a.body)
	}
	const n = 2*exportPage + 7
	f.logs(n)
	evil := []string{`=cmd|'/c calc'!A1`, "+1", "-1", "@x", "\tx", `a "quoted", one`, "two\r\nlines"}
	for i, message := range evil {
		f.must(f.store.AppendLogs(t.Context(), []tonypi.LogEntry{{ID: int64(9000 + i), Time: time.Now().UTC(), Level: "INFO", Category: "system", Message: message}}))
	}
	a := f.do("GET", "/logs/export/csv", viewer, "").want(200)
	if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="system_logs_2`) {
		t.Errorf("%v", a.header)
	}
	if !strings.HasPrefix(a.body, "ID,Timestamp,Level,Category,Robot ID,Message,Details\r\n") {
		t.Errorf("%.80q", a.body)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	f.must(err)
	if len(rows) != 1+n+len(evil) {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows[1:] {
		for _, cell := range row {
			if strings.ContainsAny(cell[:min(1, len(cell))], formulaStarts) {
				t.Errorf("%q is a formula", cell)
			}
		}
	}
	if rows[len(evil)][5] != "'"+evil[0] || rows[len(evil)+1][6] != `{"n":1}` {
		t.Errorf("%q %q", rows[len(evil)], rows[len(evil)+1])
	}
	a = f.do("GET", "/logs/export/json?level=error&robot_id=r1", viewer, "").want(200)
	if a.header.Get("Content-Type") != "application/json" || !strings.HasPrefix(a.body, "[\n  {\n    \"id\": ") {
		t.Errorf("%v %.60q", a.header, a.body)
	}
	if got := read[[]tonypi.LogEntry](a); len(got) != n/5 {
		t.Errorf("%d lines", len(got))
	}
	f.do("GET", "/logs/export/csv?since=yesterday", viewer, "").want(400)
	f.do("GET", "/logs/export/json?search="+strings.Repeat("x", 300), viewer, "").want(400)
}

// endless is a log with so many lines that are made as they are read.
type endless struct {
	tonypi.LogStore
	lines int64
	after int64 // how many lines go well
	heap  uint64
}

func (e *endless) Logs(_ context.Context, f tonypi.LogFilter) ([]tonypi.LogEntry, error) {
	first := e.lines
	if f.Before > 0 {
		first = f.Before - 1
	}
	if e.lines-first >= e.after {
		return nil, errors.New("disk I/O error")
	}
	var m runtime.MemStats
	if (e.lines-first)%100_000 == 0 {
		runtime.GC()
		runtime.ReadMemStats(&m)
		e.heap = max(e.heap, m.HeapAlloc)
	}
	n := min(int64(f.Limit), first)
	out := make([]tonypi.LogEntry, 0, n)
	for i := range n {
		out = append(out, tonypi.LogEntry{ID: first - i, Level: "INFO", Category: "system", Message: "a line of the usual length, which is about so"})
	}
	return out, nil
}

func TestExportsDoNotFillTheMemory(t *testing.T) {
	lines := int64(1_000_000)
	if testing.Short() {
		lines = 200_000
	}
	for _, kind := range []string{"csv", "json"} {
		store := &endless{lines: lines, after: lines + 1}
		f := newFixture(t, func(c *Config) { c.LogStore = store })
		r := httptest.NewRequest(http.MethodGet, "/api/v1/logs/export/"+kind+"?time_range=all", nil)
		r.Header.Set("Authorization", "Bearer "+f.tokens[tonypi.Viewer])
		w := &counter{header: http.Header{}}
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		f.server.Handler().ServeHTTP(w, r)
		rows := w.lines
		if kind == "json" {
			rows = w.braces
		}
		if w.status != 200 || rows < lines {
			t.Errorf("%s: %d, %d rows", kind, w.status, rows)
		}
		if grown := int64(store.heap) - int64(before.HeapAlloc); grown > 16<<20 {
			t.Errorf("%s: the heap grew by %d MiB", kind, grown>>20)
		}
		t.Logf("%s: %d rows, %d MiB in %s", kind, rows, w.bytes>>20, time.Since(start).Round(time.Millisecond))
	}
}

// counter is a client that keeps nothing.
type counter struct {
	header               http.Header
	status               int
	bytes, lines, braces int64
}

func (c *counter) Header() http.Header    { return c.header }
func (c *counter) WriteHeader(status int) { c.status = status }
func (c *counter) Write(b []byte) (int, error) {
	c.bytes += int64(len(b))
	c.lines += int64(bytes.Count(b, []byte("\n")))
	c.braces += int64(bytes.Count(b, []byte("{")))
	return len(b), nil
}

// Half a file must not look like a whole one.
func TestExportThatBreaks(t *testing.T) {
	for after, wantStatus := range map[int64]int{0: 500, 5000: 0} {
		f := newFixture(t, func(c *Config) { c.LogStore = &endless{lines: 10_000, after: after} })
		server := httptest.NewServer(f.server.Handler())
		defer server.Close()
		r, err := http.NewRequest(http.MethodGet, server.URL+"/api/v1/logs/export/csv", nil)
		f.must(err)
		r.Header.Set("Authorization", "Bearer "+f.tokens[tonypi.Viewer])
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			continue // broken before the header: as good
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if wantStatus != 0 && (res.StatusCode != wantStatus || !strings.Contains(string(body), "Internal error, request")) {
			t.Errorf("%d %s", res.StatusCode, body)
		}
		if wantStatus == 0 && err == nil {
			t.Errorf("%d bytes look like a whole file", len(body))
		}
	}
}

func TestAudit(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	var all []tonypi.AuditEntry
	for i := range 30 {
		all = append(all, tonypi.AuditEntry{ID: int64(i + 1), Time: time.Now().UTC(), User: "operator", Role: tonypi.Operator, Action: "command.send", Robot: "r1", OK: true, Message: "=1+1"})
	}
	all[7].User, all[7].Action, all[7].Robot = "admin", "user.update", ""
	f.must(f.store.AppendAudit(t.Context(), all))
	for query, want := range map[string]int{
		"": 30, "?user=admin": 1, "?action=user": 1, "?action=user.update": 1, "?robot_id=r1": 29, "?limit=7": 7, "?since=2100-01-01T00:00:00Z": 0, "?cursor=11": 10,
	} {
		page := read[AuditPage](f.do("GET", "/audit"+query, admin, "").want(200))
		if len(page.Entries) != want || page.Entries == nil || (page.Next != "") != (query == "?limit=7") {
			t.Errorf("%s: %d entries, next %q", query, len(page.Entries), page.Next)
		}
	}
	f.do("GET", "/audit?cursor=x", admin, "").want(400)
	f.do("GET", "/audit?until=x", admin, "").want(400)
	if got := read[ActionList](f.do("GET", "/audit/actions", admin, "").want(200)); !slices.Equal(got.Actions, tonypi.AuditActions) {
		t.Errorf("%q", got.Actions)
	}
	rows, err := csv.NewReader(strings.NewReader(f.do("GET", "/audit/export", admin, "").want(200).body)).ReadAll()
	if err != nil || len(rows) != 31 || rows[1][9] != "'=1+1" {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if got := read[[]tonypi.AuditEntry](f.do("GET", "/audit/export?format=json&user=admin", admin, "").want(200)); len(got) != 1 {
		t.Errorf("%d entries", len(got))
	}
	f.do("GET", "/audit/export?format=xml", admin, "").detail(400, "format must be csv or json")
}
