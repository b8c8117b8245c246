package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tonypi"
)

type history map[tonypi.RobotID][]tonypi.Reading

func (h history) Latest(_ context.Context, id tonypi.RobotID) ([]tonypi.Reading, error) {
	return h[id], nil
}

// stage is a hub behind a real HTTP server.
type stage struct {
	hub *Hub
	url string
	mu  sync.Mutex
	bad bool // every token is refused from now on

	control control
}

func newStage(t *testing.T, old history) *stage {
	t.Helper()
	s := &stage{}
	s.hub = New(Config{
		History: old,
		Control: &s.control,
		Log:     slog.New(slog.DiscardHandler),
		Version: "test",
		Pending: func() int { return 3 },
		Authorize: func(_ context.Context, token string) (tonypi.Caller, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.bad || token == "wrong" {
				return tonypi.Caller{}, tonypi.Errorf(tonypi.Unauthenticated, "no")
			}
			if token == "nobody" {
				return tonypi.Caller{Role: tonypi.NoRole}, nil
			}
			if token == "proxied" {
				return tonypi.Caller{Name: "olga", Role: tonypi.Operator, Address: "203.0.113.7"}, nil
			}
			if token == "operator" {
				return tonypi.Caller{Name: "olga", Role: tonypi.Operator, Session: "s1"}, nil
			}
			return tonypi.Caller{Name: "ada", Role: tonypi.Viewer}, nil
		},
	})
	server := httptest.NewServer(s.hub)
	t.Cleanup(server.Close)
	s.url = "ws" + strings.TrimPrefix(server.URL, "http")
	return s
}

func (s *stage) adopt(id tonypi.RobotID) {
	s.hub.Show(tonypi.Event{Kind: tonypi.RobotChanged, Robot: id, RobotState: &tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Adopted}})
}

func (s *stage) readings(id tonypi.RobotID, at time.Time, values ...float64) {
	list := make([]tonypi.Reading, len(values))
	for i, v := range values {
		list[i] = tonypi.Reading{Robot: id, Metric: tonypi.ServoTemperature, Source: fmt.Sprintf("servo_%d", i+1), Value: v, Time: at}
	}
	s.hub.Show(tonypi.Event{Kind: tonypi.ReadingsArrived, Robot: id, Time: at, Readings: list})
}

// browser is a watching page.
type browser struct {
	t    *testing.T
	conn *websocket.Conn
}

func (s *stage) browser(t *testing.T, token string) *browser {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 24)
	t.Cleanup(func() { _ = conn.CloseNow() })
	b := &browser{t, conn}
	b.send(map[string]any{"type": "auth", "token": token})
	return b
}

func (b *browser) send(v any) {
	b.t.Helper()
	if err := b.conn.Write(b.t.Context(), websocket.MessageText, marshal(v)); err != nil {
		b.t.Fatal(err)
	}
}

type message struct {
	Type    string           `json:"type"`
	ID      int64            `json:"id"`
	Fleet   []tonypi.Summary `json:"fleet"`
	Removed []string         `json:"removed"`
	Alerts  []tonypi.Alert   `json:"alerts"`
	Pending *int             `json:"pending"`
	Robots  map[string]struct {
		Summary  *tonypi.Summary `json:"summary"`
		Readings [][]any         `json:"readings"`
		Events   []struct {
			Kind string          `json:"kind"`
			Data json.RawMessage `json:"data"`
		} `json:"events"`
	} `json:"robots"`
}

// next returns the next frame that meets want.
func (b *browser) next(what string, want func(message) bool) message {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer cancel()
	for {
		_, raw, err := b.conn.Read(ctx)
		if err != nil {
			b.t.Fatalf("waiting for %s: %v", what, err)
		}
		var m message
		if err := json.Unmarshal(raw, &m); err != nil {
			b.t.Fatalf("frame %s: %v", raw, err)
		}
		if want(m) {
			return m
		}
	}
}

func TestWatcherGetsStateThenChanges(t *testing.T) {
	old := history{"r1": {{Robot: "r1", Metric: tonypi.BatteryPercent, Value: 81, Time: time.Now()}}}
	s := newStage(t, old)
	s.adopt("r1")
	s.adopt("r2")
	s.hub.Show(tonypi.Event{Kind: tonypi.AlertChanged, Robot: "r1", Alert: &tonypi.Alert{ID: 7, Robot: "r1", Severity: tonypi.Warning}})
	b := s.browser(t, "good")
	b.send(map[string]any{"type": "watch", "id": 5, "fleet": true, "alerts": true, "pending": true, "robots": map[string][]string{"r1": {"*"}}})

	m := b.next("the state", func(m message) bool { return m.Type == "state" })
	if m.ID != 5 || len(m.Fleet) != 2 || len(m.Alerts) != 1 || m.Pending == nil || *m.Pending != 3 {
		t.Fatalf("state = %+v", m)
	}
	if m.Fleet[0].OpenAlerts != 1 || m.Fleet[0].WorstSeverity != tonypi.Warning {
		t.Errorf("summary of r1 = %+v", m.Fleet[0])
	}
	if got := m.Robots["r1"].Readings; len(got) != 1 || got[0][2] != 81.0 {
		t.Errorf("readings from history = %v", got)
	}

	s.readings("r1", time.Now(), 41, 42.5)
	m = b.next("readings", func(m message) bool { return len(m.Robots["r1"].Readings) == 2 })
	if r := m.Robots["r1"].Readings[1]; r[0] != "servo_temperature" || r[1] != "servo_2" || r[2] != 42.5 {
		t.Errorf("reading = %v", r)
	}
	s.hub.Show(tonypi.Event{Kind: tonypi.AlertChanged, Robot: "r1", Alert: &tonypi.Alert{ID: 7, Robot: "r1", Resolved: true}})
	b.next("the resolved alert", func(m message) bool { return len(m.Alerts) == 1 && m.Alerts[0].Resolved })
	s.hub.Show(tonypi.Event{Kind: tonypi.LogWritten, Robot: "r1", Log: &tonypi.LogEntry{Message: "hello"}})
	b.next("the log line", func(m message) bool {
		return len(m.Robots["r1"].Events) == 1 && m.Robots["r1"].Events[0].Kind == "log"
	})
	s.hub.Show(tonypi.Event{Kind: tonypi.RobotRemoved, Robot: "r2"})
	b.next("the removal", func(m message) bool { return len(m.Removed) == 1 && m.Removed[0] == "r2" })
}

func TestSeriesAreConflatedAndTheNewestWins(t *testing.T) {
	s := newStage(t, nil)
	s.adopt("r1")
	b := s.browser(t, "good")
	b.send(map[string]any{"type": "watch", "id": 1, "robots": map[string][]string{"r1": {"servo_temperature"}}})
	b.next("the state", func(m message) bool { return m.Type == "state" })
	start := time.Now()
	for i := range 500 {
		s.readings("r1", time.Now(), float64(i))
		time.Sleep(time.Millisecond)
	}
	frames := 0
	b.next("the last value", func(m message) bool {
		if len(m.Robots["r1"].Readings) > 0 {
			frames++
			return m.Robots["r1"].Readings[0][2] == 499.0
		}
		return false
	})
	if limit := int(time.Since(start)/seriesGap) + 2; frames > limit || frames < 3 {
		t.Errorf("%d frames in %v, want 3 to %d", frames, time.Since(start), limit)
	}
}

func TestLateReadingDoesNotReplaceANewerOne(t *testing.T) {
	s := newStage(t, nil)
	s.adopt("r1")
	now := time.Now()
	s.readings("r1", now, 50)
	s.readings("r1", now.Add(-time.Minute), 20)
	got, err := s.hub.Summary("r1")
	if err != nil || got.Hottest == nil || got.Hottest.Value != 50 {
		t.Errorf("summary = %+v, %v", got.Hottest, err)
	}
}

func TestLastValuesOfALostRobotStay(t *testing.T) {
	r := newRobot("r1")
	now := time.Now()
	r.change(tonypi.Event{RobotState: &tonypi.Robot{ID: "r1", LastSeen: now, Adoption: tonypi.Adopted}})
	r.take(tonypi.Event{Kind: tonypi.ReadingsArrived, Time: now, Readings: []tonypi.Reading{
		{Metric: tonypi.BatteryPercent, Value: 40, Time: now}, {Metric: tonypi.CPUPercent, Value: 9, Time: now.Add(-2 * freshFor)},
	}})
	for _, after := range []time.Duration{0, time.Hour} {
		s := r.summary(now.Add(after))
		if s.Battery == nil || *s.Battery != 40 || s.CPU != nil {
			t.Errorf("after %v: battery %v, CPU %v", after, s.Battery, s.CPU)
		}
	}
}

func TestOnlineEndsWithoutAnEvent(t *testing.T) {
	r := newRobot("r1")
	now := time.Now()
	r.change(tonypi.Event{RobotState: &tonypi.Robot{ID: "r1", LastSeen: now, Adoption: tonypi.Adopted}})
	_, sent := r.summaryIfDue(now, fleetSent{}, true)
	if again, _ := r.summaryIfDue(now.Add(time.Second), sent, false); again != nil {
		t.Errorf("nothing changed, yet %s", again)
	}
	later, _ := r.summaryIfDue(now.Add(tonypi.OnlineFor+time.Second), sent, false)
	if !strings.Contains(string(later), `"online":false`) {
		t.Errorf("after silence: %s", later)
	}
}

func TestSocketRefusals(t *testing.T) {
	s := newStage(t, nil)
	many := map[string][]string{}
	for i := range maxLooks + 1 {
		many[fmt.Sprint(i)] = nil
	}
	for _, c := range []struct {
		name, token string
		then        any
		code        websocket.StatusCode
	}{
		{"wrong token", "wrong", nil, closeExpired},
		{"no role", "nobody", nil, closeForbiden},
		{"too many robots", "good", map[string]any{"type": "watch", "robots": many}, websocket.StatusPolicyViolation},
		{"unknown frame", "good", map[string]any{"type": "dance"}, websocket.StatusPolicyViolation},
	} {
		b := s.browser(t, c.token)
		if c.then != nil {
			b.send(c.then)
		}
		var err error
		for err == nil {
			_, _, err = b.conn.Read(t.Context())
		}
		if got := websocket.CloseStatus(err); got != c.code {
			t.Errorf("%s: closed with %v (%v), want %v", c.name, got, err, c.code)
		}
	}
}

func TestSlowWatcherCostsOnlyFrames(t *testing.T) {
	s := newStage(t, nil)
	s.adopt("r1")
	stuck := s.browser(t, "good") // never reads
	stuck.send(map[string]any{"type": "watch", "id": 1, "fleet": true, "robots": map[string][]string{"r1": {"*"}}})
	quick := s.browser(t, "good")
	quick.send(map[string]any{"type": "watch", "id": 1, "robots": map[string][]string{"r1": {"*"}}})
	quick.next("the state", func(m message) bool { return m.Type == "state" })
	values := make([]float64, 200)
	for i := range 300 {
		values[0] = float64(i)
		s.readings("r1", time.Now(), values...)
	}
	quick.next("the last value", func(m message) bool {
		r := m.Robots["r1"].Readings
		return len(r) > 0 && r[0][2] == 299.0
	})
}

func BenchmarkShow(b *testing.B) {
	h := New(Config{Log: slog.New(slog.DiscardHandler)})
	h.Show(tonypi.Event{Kind: tonypi.RobotChanged, Robot: "r1", RobotState: &tonypi.Robot{ID: "r1", Adoption: tonypi.Adopted}})
	list := make([]tonypi.Reading, 10)
	now := time.Now()
	for i := range list {
		list[i] = tonypi.Reading{Robot: "r1", Metric: tonypi.ServoPosition, Source: fmt.Sprintf("servo_%d", i), Value: 1, Time: now}
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Show(tonypi.Event{Kind: tonypi.ReadingsArrived, Robot: "r1", Time: now, Readings: list})
	}
}
