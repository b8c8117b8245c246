package alert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func loaded(t testing.TB, store *memory, show tonypi.Shower) *Engine {
	t.Helper()
	if store.alerts == nil {
		store.alerts = make(map[int64]tonypi.Alert)
	}
	e := New(Config{Store: store, Rules: store, Show: show, Log: slog.New(slog.DiscardHandler)})
	if err := e.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func read(robot tonypi.RobotID, metric tonypi.Metric, value float64) []tonypi.Reading {
	return []tonypi.Reading{{Robot: robot, Metric: metric, Value: value}}
}

func TestLoadStoresDefaultRules(t *testing.T) {
	store := &memory{}
	e := loaded(t, store, &shown{})
	ignore := cmpopts.IgnoreFields(tonypi.Rule{}, "ID", "CreatedAt", "UpdatedAt")
	byType := cmpopts.SortSlices(func(a, b tonypi.Rule) bool { return a.Type < b.Type })
	if d := cmp.Diff(tonypi.DefaultRules(), store.rules, ignore, byType); d != "" {
		t.Error("stored rules (-want +got):\n", d)
	}
	if d := cmp.Diff(store.rules, e.Rules(), byType); d != "" {
		t.Error("rules in memory (-want +got):\n", d)
	}
	var cpu int64
	for _, r := range e.Rules() {
		if r.ID == 0 || r.CreatedAt.IsZero() {
			t.Errorf("rule %s has ID %d, created %v", r.Type, r.ID, r.CreatedAt)
		}
		if r.Type == "cpu" {
			cpu = r.ID
		}
	}
	if err := e.DeleteRule(t.Context(), cpu); err != nil {
		t.Fatal(err)
	}
	if n, err := e.RestoreDefaults(t.Context()); n != 1 || err != nil {
		t.Errorf("RestoreDefaults = %d, %v; want 1", n, err)
	}
}

func TestLoadFails(t *testing.T) {
	store := &memory{down: errors.New("disk is gone")}
	e := New(Config{Store: store, Rules: store, Show: &shown{}, Log: slog.New(slog.DiscardHandler)})
	if err := e.Load(t.Context()); err == nil {
		t.Error("Load says nothing")
	}
}

func TestLoadKeepsOneOfTwo(t *testing.T) {
	for _, newestFirst := range []bool{true, false} {
		store := &ordered{memory: memory{alerts: make(map[int64]tonypi.Alert)}, newestFirst: newestFirst}
		store.rules = []tonypi.Rule{{ID: 1, Type: "cpu", Metric: tonypi.CPUPercent, Warning: 70, Critical: 90, Enabled: true}}
		for id := int64(7); id <= 8; id++ {
			store.alerts[id] = tonypi.Alert{ID: id, Robot: "r1", Type: "cpu", Metric: tonypi.CPUPercent, RuleID: 1, Severity: tonypi.Warning}
		}
		e := New(Config{Store: store, Rules: store, Show: &shown{}, Log: slog.New(slog.DiscardHandler)})
		if err := e.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		open := e.Open()
		if len(open) != 1 || open[0].ID != 8 {
			t.Errorf("newest first %v: open: %+v", newestFirst, open)
		}
		e.Evaluate(time.Now(), read("r1", tonypi.CPUPercent, 95))
		e.Evaluate(time.Now(), read("r2", tonypi.CPUPercent, 95))
		if open = e.Open(); len(open) != 2 || open[1].ID != 8 || open[1].Severity != tonypi.Critical || open[0].ID != 9 {
			t.Errorf("newest first %v: open after data: %+v", newestFirst, open)
		}
		if n, worst := e.OpenCounts("r1"); n != 1 || worst != tonypi.Critical {
			t.Errorf("OpenCounts = %d, %q", n, worst)
		}
	}
}

type ordered struct {
	memory
	newestFirst bool
}

func (o *ordered) OpenAlerts(ctx context.Context) ([]tonypi.Alert, error) {
	open, err := o.memory.OpenAlerts(ctx)
	if !o.newestFirst {
		for i, j := 0, len(open)-1; i < j; i, j = i+1, j-1 {
			open[i], open[j] = open[j], open[i]
		}
	}
	return open, err
}

func TestSaveRuleErrors(t *testing.T) {
	e := loaded(t, &memory{}, &shown{})
	own, err := e.SaveRule(t.Context(), tonypi.Rule{Type: "cpu", Robot: "r1", Metric: tonypi.CPUPercent, Warning: 1, Critical: 2})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		rule tonypi.Rule
		want tonypi.Kind
	}{
		{"unknown metric", tonypi.Rule{Type: "x", Metric: "x"}, tonypi.Invalid},
		{"thresholds the wrong way round", tonypi.Rule{Type: "x", Metric: tonypi.CPUPercent, Warning: 90, Critical: 70}, tonypi.Invalid},
		{"silence of a metric", tonypi.Rule{Type: tonypi.SilenceRule, Metric: tonypi.CPUPercent, Warning: 1, Critical: 2}, tonypi.Invalid},
		{"unknown ID", tonypi.Rule{ID: 999, Type: "x", Metric: tonypi.CPUPercent}, tonypi.NotFound},
		{"in the place of another", tonypi.Rule{ID: own.ID, Type: "cpu", Metric: tonypi.CPUPercent}, tonypi.Conflict},
	}
	before := len(e.Rules())
	for _, test := range tests {
		if _, err := e.SaveRule(t.Context(), test.rule); err == nil || tonypi.KindOf(err) != test.want {
			t.Errorf("%s: %v, want kind %v", test.name, err, test.want)
		}
	}
	if err := e.DeleteRule(t.Context(), 999); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("DeleteRule: %v", err)
	}
	if got := len(e.Rules()); got != before {
		t.Errorf("%d rules, want %d", got, before)
	}
	again, err := e.SaveRule(t.Context(), tonypi.Rule{Type: "cpu", Robot: "r1", Metric: tonypi.CPUPercent, Warning: 3, Critical: 4})
	if err != nil || again.ID != own.ID || !again.CreatedAt.Equal(own.CreatedAt) || len(e.Rules()) != before {
		t.Errorf("same robot and type: %+v, %v", again, err)
	}
}

func TestPeopleErrors(t *testing.T) {
	store := &memory{}
	e := loaded(t, store, &shown{})
	if _, err := e.Acknowledge(t.Context(), 5, "ann", ""); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("Acknowledge: %v", err)
	}
	if _, err := e.Resolve(t.Context(), 5, "ann"); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("Resolve: %v", err)
	}
	if err := e.Delete(t.Context(), 5); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("Delete: %v", err)
	}
	if _, err := e.Acknowledge(t.Context(), 5, "ann", string(make([]byte, 3000))); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("long note: %v", err)
	}
	store.set(tonypi.Errorf(tonypi.Unavailable, "down"))
	if _, err := e.Resolve(t.Context(), 5, "ann"); tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("Resolve without store: %v", err)
	}
}

// Who and when is kept, and an alert that was resolved long ago can still be acknowledged.
func TestAcknowledgeResolved(t *testing.T) {
	store := &memory{}
	e := loaded(t, store, &shown{})
	store.rules = nil
	e.Evaluate(time.Now(), read("r1", tonypi.DiskPercent, 96))
	id := e.Open()[0].ID
	if a, err := e.Resolve(t.Context(), id, "bob"); err != nil || !a.Resolved || a.ResolvedBy != "bob" || a.ResolvedAt.IsZero() {
		t.Fatalf("Resolve: %+v, %v", a, err)
	}
	if n := e.Pending(); n != 0 {
		t.Fatalf("%d alerts wait although the store works", n)
	}
	a, err := e.Acknowledge(t.Context(), id, "ann", "was me")
	if err != nil || !a.Acknowledged || a.AcknowledgedBy != "ann" || a.Note != "was me" || a.ResolvedBy != "bob" {
		t.Errorf("Acknowledge: %+v, %v", a, err)
	}
	if d := cmp.Diff(a, store.alerts[id]); d != "" {
		t.Error("stored (-want +got):\n", d)
	}
	again, err := e.Resolve(t.Context(), id, "eve")
	if err != nil || again.ResolvedBy != "bob" {
		t.Errorf("second Resolve: %+v, %v", again, err)
	}
}

func TestAcknowledgeAll(t *testing.T) {
	e := loaded(t, &memory{}, &shown{})
	now := time.Now()
	for i := range 4 {
		e.Evaluate(now, read(tonypi.RobotID(fmt.Sprintf("r%d", i%2)), tonypi.DiskPercent, 96))
		e.Evaluate(now, read(tonypi.RobotID(fmt.Sprintf("r%d", i%2)), tonypi.BatteryPercent, 10))
	}
	first := e.Open()[0]
	steps := []struct {
		robot tonypi.RobotID
		ids   []int64
		want  int
	}{
		{"", []int64{first.ID, 999}, 1},
		{first.Robot, nil, 1},
		{"", nil, 2},
		{"", nil, 0},
	}
	for i, s := range steps {
		if n, err := e.AcknowledgeAll(t.Context(), s.robot, s.ids, "ann"); n != s.want || err != nil {
			t.Errorf("step %d: %d, %v; want %d", i, n, err, s.want)
		}
	}
}

func TestConditionsAreBounded(t *testing.T) {
	e := loaded(t, &memory{}, &shown{})
	for i := range 2 * maxConditions {
		e.Evaluate(time.Now(), []tonypi.Reading{{Robot: "r1", Metric: tonypi.DiskPercent, Source: fmt.Sprint(i), Value: 99}})
	}
	if n := len(e.Open()); n != maxConditions {
		t.Errorf("%d open alerts, want %d", n, maxConditions)
	}
}

func TestOutboxIsBounded(t *testing.T) {
	o := newOutbox(&memory{}, slog.New(slog.DiscardHandler))
	o.Put(tonypi.Alert{ID: 1})
	for id := int64(2); id <= outboxLimit+1; id++ {
		o.Put(tonypi.Alert{ID: id, Resolved: true})
	}
	if o.Pending() > outboxLimit || o.Dropped() != outboxLimit/10 {
		t.Errorf("%d wait, %d dropped", o.Pending(), o.Dropped())
	}
	if _, ok := o.Get(1); !ok {
		t.Error("an open alert was dropped before resolved ones")
	}
	if _, ok := o.Get(outboxLimit + 1); !ok {
		t.Error("the newest alert was dropped")
	}
}

// An alert that the store refuses does not hold up the others.
func TestRefusedAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		e := loaded(t, store, &shown{})
		for _, robot := range []tonypi.RobotID{"r1", "refused", "r2"} {
			e.Evaluate(time.Now(), read(robot, tonypi.DiskPercent, 99))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = e.Run(ctx) })
		synctest.Wait()
		if e.Pending() != 0 || len(store.alerts) != 2 {
			t.Errorf("%d wait, %d stored", e.Pending(), len(store.alerts))
		}
		cancel()
		running.Wait()
	})
}

// What is not stored when the server ends is written by the last try.
func TestRunWritesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &memory{}
		e := loaded(t, store, &shown{})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = e.Run(ctx) })
		store.set(errors.New("down"))
		e.Evaluate(time.Now(), read("r1", tonypi.DiskPercent, 99))
		synctest.Wait()
		if e.Pending() != 1 {
			t.Fatalf("%d wait", e.Pending())
		}
		store.set(nil)
		cancel()
		running.Wait()
		if e.Pending() != 0 || len(store.alerts) != 1 {
			t.Errorf("%d wait, %d stored", e.Pending(), len(store.alerts))
		}
	})
}

// Everything at once, for the race detector; in the end memory and store agree.
func TestConcurrent(t *testing.T) {
	store := &memory{}
	e := loaded(t, store, &shown{})
	ctx, cancel := context.WithCancel(t.Context())
	var running, working sync.WaitGroup
	running.Go(func() { _ = e.Run(ctx) })
	for i := range 50 {
		id := tonypi.RobotID(fmt.Sprintf("r%d", i))
		working.Go(func() {
			for round := range 40 {
				now := time.Now()
				e.Seen(id, now)
				e.Evaluate(now, []tonypi.Reading{
					{Robot: id, Metric: tonypi.DiskPercent, Value: 50 + 25*float64(round%3)},
					{Robot: id, Metric: tonypi.ServoPosition, Source: "servo_1", Value: 1},
				})
				e.OpenCounts(id)
				if round%10 == 9 {
					e.Lost(id, now)
				}
			}
		})
	}
	working.Go(func() {
		for i := range 50 {
			for _, a := range e.Open() {
				_, _ = e.Acknowledge(ctx, a.ID, "ann", "")
				if a.ID%7 == 0 {
					_, _ = e.Resolve(ctx, a.ID, "ann")
				}
			}
			_, err := e.SaveRule(ctx, tonypi.Rule{Type: "disk", Robot: "r1", Metric: tonypi.DiskPercent, Warning: float64(60 + i%20), Critical: 95, Enabled: i%3 > 0})
			if err != nil {
				t.Error(err)
			}
		}
	})
	working.Wait()
	cancel()
	running.Wait()
	open, err := store.OpenAlerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(e.Open(), open, cmpopts.EquateEmpty()); d != "" {
		t.Error("memory and store differ (-memory +store):\n", d)
	}
	seen := make(map[string]bool)
	for _, a := range open {
		key := fmt.Sprint(a.Robot, a.Type, a.Source)
		if seen[key] {
			t.Errorf("two open alerts for %s", key)
		}
		seen[key] = true
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	e := loaded(t, &memory{}, &shown{})
	readings := message(18)
	now := time.Now()
	e.Evaluate(now, readings)
	if n := testing.AllocsPerRun(100, func() { e.Seen("r1", now); e.Evaluate(now, readings) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	readings[1].Value = math.MaxFloat64
	e.Evaluate(now.Add(time.Minute), readings)
	e.Evaluate(now.Add(2*time.Minute), readings)
	if len(e.Open()) == 0 {
		t.Fatal("nothing is open")
	}
	if n := testing.AllocsPerRun(100, func() { e.Evaluate(now.Add(3*time.Minute), readings) }); n != 0 {
		t.Errorf("%v allocations with an open alert", n)
	}
}

// message is what a robot with n joints tells: half of the readings have a rule.
func message(n int) []tonypi.Reading {
	var list []tonypi.Reading
	for i := range n {
		source := fmt.Sprintf("servo_%d", i+1)
		list = append(list,
			tonypi.Reading{Robot: "r1", Metric: tonypi.ServoPosition, Source: source, Value: 500},
			tonypi.Reading{Robot: "r1", Metric: tonypi.ServoTemperature, Source: source, Value: 40},
			tonypi.Reading{Robot: "r1", Metric: tonypi.ServoVoltage, Source: source, Value: 11.5},
			tonypi.Reading{Robot: "r1", Metric: tonypi.ServoTorque, Source: source, Value: 1})
	}
	return list
}

func BenchmarkEvaluate(b *testing.B) {
	now := time.Now()
	for _, bench := range []struct {
		name string
		open bool
	}{{"calm", false}, {"open", true}} {
		b.Run(bench.name, func(b *testing.B) {
			e := loaded(b, &memory{}, &shown{})
			readings := message(18)
			if bench.open {
				readings[1].Value = 80
				e.Evaluate(now.Add(-time.Minute), readings)
			}
			e.Evaluate(now, readings)
			b.ReportAllocs()
			for b.Loop() {
				e.Evaluate(now, readings)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(readings)), "ns/reading")
		})
	}
}
