package live

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tonypi"
)

// control notes what sockets ask for.
type control struct {
	mu     sync.Mutex
	drives []tonypi.Drive
	stops  []tonypi.Order
	gone   []string // sessions that let go
}

func (c *control) Drive(_ context.Context, _ tonypi.Caller, d tonypi.Drive) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.Robot == "held" {
		return tonypi.Errorf(tonypi.Conflict, "bob has control")
	}
	c.drives = append(c.drives, d)
	return nil
}

func (c *control) LetGo(by tonypi.Caller) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gone = append(c.gone, by.Session)
}

func (c *control) Stop(_ context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stops = append(c.stops, o)
	return []tonypi.Command{{ID: o.ID, Type: o.Type, Status: tonypi.CommandSent}}, nil
}

func (c *control) look(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// raw returns the next frame of a type.
func (b *browser) raw(kind string) map[string]any {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Second)
	defer cancel()
	for {
		_, text, err := b.conn.Read(ctx)
		if err != nil {
			b.t.Fatalf("waiting for %s: %v", kind, err)
		}
		var m map[string]any
		if err := json.Unmarshal(text, &m); err != nil {
			b.t.Fatal(err)
		}
		if m["type"] == kind {
			return m
		}
	}
}

func TestDrivingThroughTheSocket(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser(t, "operator")
	b.send(map[string]any{"type": "drive", "robot": "r1", "forward": 0.5, "turn": -1, "speed": 0.7, "seq": 1, "sent": 1234})
	if m := b.raw("driven"); m["ok"] != true || m["seq"] != 1.0 || m["robot"] != "r1" {
		t.Errorf("answer is %v", m)
	}
	b.send(map[string]any{"type": "drive", "robot": "held", "seq": 2})
	if m := b.raw("driven"); m["ok"] != false || m["detail"] != "bob has control" {
		t.Errorf("answer is %v", m)
	}
	s.control.look(func() {
		want := []tonypi.Drive{{Robot: "r1", Forward: 0.5, Turn: -1, Speed: 0.7, Seq: 1, Sent: 1234}}
		if !slices.Equal(s.control.drives, want) {
			t.Errorf("drives are %v, want %v", s.control.drives, want)
		}
	})
	_ = b.conn.CloseNow()
	for range 200 {
		var gone []string
		s.control.look(func() { gone = slices.Clone(s.control.gone) })
		if len(gone) > 0 {
			if gone[0] != "s1" {
				t.Errorf("%v let go, want s1", gone)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("a closed socket did not let go of the robot")
}

func TestViewerMayNotControl(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser(t, "viewer")
	b.send(map[string]any{"type": "drive", "robot": "r1", "seq": 1})
	if m := b.raw("driven"); m["ok"] != false {
		t.Errorf("answer is %v", m)
	}
	b.send(map[string]any{"type": "stop", "id": "a"})
	if m := b.raw("stopped"); m["ok"] != false {
		t.Errorf("answer is %v", m)
	}
	s.control.look(func() {
		if len(s.control.drives)+len(s.control.stops) > 0 {
			t.Errorf("drives %v, stops %v", s.control.drives, s.control.stops)
		}
	})
}

func TestStoppingThroughTheSocket(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser(t, "operator")
	clicked := time.Now().UnixMilli()
	b.send(map[string]any{"type": "stop", "id": "x", "reason": "test", "clicked": clicked})
	if m := b.raw("stopped"); m["ok"] != true || m["id"] != "x" {
		t.Errorf("answer is %v", m)
	}
	b.send(map[string]any{"type": "stop", "id": "y", "robot": "r1"})
	b.raw("stopped")
	s.control.look(func() {
		all, one := s.control.stops[0], s.control.stops[1]
		if !all.All || all.ID != "x" || all.Reason != "test" || all.By.Name != "olga" || all.ClickedAt.UnixMilli() != clicked {
			t.Errorf("stop of all is %+v", all)
		}
		if one.All || !slices.Equal(one.Robots, []tonypi.RobotID{"r1"}) || !one.ClickedAt.IsZero() {
			t.Errorf("stop of one is %+v", one)
		}
	})
}

func TestWhereAStopCameFrom(t *testing.T) {
	s := newStage(t, nil)
	for i, token := range []string{"operator", "proxied"} {
		b := s.browser(t, token)
		b.send(map[string]any{"type": "stop"})
		b.raw("stopped")
		want := []string{"127.0.0.1", "203.0.113.7"}[i]
		s.control.look(func() {
			if got := s.control.stops[i].By.Address; got != want {
				t.Errorf("%s is at %s, want %s", token, got, want)
			}
		})
	}
}

func TestStopsThatAreBadlyWritten(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser(t, "operator")
	for _, frame := range []map[string]any{
		{"type": "stop", "id": 7, "robot": "r1", "reason": []int{1}, "clicked": 1700000000000.25},
		{"type": "stop", "robot": 5, "clicked": "now"},
	} {
		b.send(frame)
		if m := b.raw("stopped"); m["ok"] != true {
			t.Errorf("answer to %v is %v", frame, m)
		}
	}
	s.control.look(func() {
		one, all := s.control.stops[0], s.control.stops[1]
		if one.All || !slices.Equal(one.Robots, []tonypi.RobotID{"r1"}) || one.ClickedAt.UnixMilli() != 1700000000000 {
			t.Errorf("stop of one is %+v", one)
		}
		if !all.All || !all.ClickedAt.IsZero() {
			t.Errorf("stop of a robot that cannot be read is %+v", all)
		}
	})
}

// A browser that asks for very many stops and reads no answer gets no goroutine for each.
func TestStopsOfOneBrowserAreBounded(t *testing.T) {
	write := make(chan []byte)
	d := &deeds{hub: New(Config{}), write: func(b []byte) error { write <- b; return nil }, stops: make(chan struct{}, maxStops)}
	for range maxStops {
		d.stop(t.Context(), stopRequest{})
	}
	more := make(chan struct{})
	go func() { d.stop(t.Context(), stopRequest{}); close(more) }()
	select {
	case <-more:
		t.Error("one more was taken")
	case <-time.After(50 * time.Millisecond):
	}
	for range maxStops + 1 {
		<-write
	}
	<-more
}

func TestLongSearchesAreRefused(t *testing.T) {
	s := newStage(t, nil)
	b := s.browser(t, "viewer")
	b.send(map[string]any{"type": "watch", "id": 1, "logs": map[string]any{"search": strings.Repeat("a ", 150)}})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		if _, _, err := b.conn.Read(ctx); err != nil {
			if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
				t.Error(err)
			}
			return
		}
	}
}

func TestNewsReachWhoWantsThem(t *testing.T) {
	s := newStage(t, nil)
	s.adopt("r1")
	for i := range keptCommands + 1 {
		s.hub.Show(tonypi.Event{Kind: tonypi.CommandChanged, Robot: "r1", Command: &tonypi.Command{ID: fmt.Sprint(i), Robot: "r1"}})
	}
	s.hub.Show(tonypi.Event{Kind: tonypi.LeaseChanged, Robot: "r1", Lease: &tonypi.Lease{Robot: "r1", Holder: "olga", Session: "s1"}})
	s.hub.Show(tonypi.Event{Kind: tonypi.JobChanged, Robot: "r1", Job: &tonypi.Job{ID: 1, Robot: "r1", Status: tonypi.JobActive}})
	s.hub.Show(tonypi.Event{Kind: tonypi.JobChanged, Robot: "r1", Job: &tonypi.Job{ID: 2, Robot: "r1", Status: tonypi.JobCompleted}})
	b := s.browser(t, "operator")
	b.send(map[string]any{"type": "watch", "id": 1, "commands": true, "leases": true, "jobs": true, "logs": map[string]any{"levels": []string{"ERROR"}, "search": "motor hot"}})
	state := b.raw("state")
	if n := len(state["commands"].([]any)); n != keptCommands {
		t.Errorf("%d commands, want %d", n, keptCommands)
	}
	if lease := state["leases"].([]any)[0].(map[string]any); lease["mine"] != true || lease["Session"] != nil {
		t.Errorf("lease is %v", lease)
	}
	if jobs := state["jobs"].([]any); len(jobs) != 1 || jobs[0].(map[string]any)["id"] != 1.0 {
		t.Errorf("jobs are %v", jobs)
	}
	if logs, ok := state["logs"].([]any); !ok || len(logs) != 0 {
		t.Errorf("logs are %v", state["logs"])
	}
	for i, l := range []tonypi.LogEntry{
		{Level: "INFO", Message: "Motor is hot"}, {Level: "ERROR", Message: "Motor is cold"}, {Level: "ERROR", Robot: "r1", Message: "HOT motor"},
	} {
		l.ID = int64(i + 1)
		s.hub.Show(tonypi.Event{Kind: tonypi.LogWritten, Robot: l.Robot, Log: &l})
	}
	frame := b.raw("frame")
	if logs := frame["logs"].([]any); len(logs) != 1 || logs[0].(map[string]any)["id"] != 3.0 {
		t.Errorf("logs are %v", logs)
	}
}

func TestSlowTailLosesTheOldestLines(t *testing.T) {
	w := newWatcher(New(Config{}), tonypi.Caller{})
	w.restart(topics{logs: &logWatch{}}, news{})
	for i := range heldLogs + 10 {
		w.hear(tonypi.Event{Kind: tonypi.LogWritten, Log: &tonypi.LogEntry{ID: int64(i)}}, nil)
	}
	if n := len(w.held.logs); n != heldLogs || w.held.skipped != 10 || w.held.logs[0].ID != 10 {
		t.Errorf("%d lines from %d, %d skipped", n, w.held.logs[0].ID, w.held.skipped)
	}
}
