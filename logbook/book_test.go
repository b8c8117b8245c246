package logbook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/outbox"
	"tonypi/storetest"
)

// world is everything around a Book, in memory.
type world struct {
	*testing.T
	store *store
	shown *shown
	book  *Book
	stop  func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: &store{Memory: storetest.NewStores()}, shown: &shown{}}
	w.start(nil)
	t.Cleanup(func() { w.stop() })
	return w
}

// start makes a new Book on the same store and runs it.
func (w *world) start(retention map[string]time.Duration) {
	w.Helper()
	w.book = New(Config{Logs: w.store, Audit: w.store, Show: w.shown, Retention: retention, Log: slog.New(slog.DiscardHandler)})
	if err := w.book.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.book.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	w.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
}

// lines returns what is stored, the oldest first.
func (w *world) lines() []tonypi.LogEntry {
	w.Helper()
	var all []tonypi.LogEntry
	for before := int64(0); ; {
		page, err := w.store.Memory.Logs(w.Context(), tonypi.LogFilter{Before: before, Limit: 1000})
		if err != nil {
			w.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		all, before = append(all, page...), page[len(page)-1].ID
	}
	for i, j := 0, len(all)-1; i < j; i, j = i+1, j-1 {
		all[i], all[j] = all[j], all[i]
	}
	return all
}

func (w *world) texts() []string {
	w.Helper()
	var list []string
	for _, l := range w.lines() {
		list = append(list, fmt.Sprintf("%s %s/%s %s%s", l.Level, l.Category, l.Source, l.Robot, ": "+l.Message))
	}
	return list
}

// store can be switched off, and can hang.
type store struct {
	*storetest.Memory
	mu     sync.Mutex
	down   error
	hangs  bool
	purges [][]string // levels
	writes int
}

func (s *store) set(down error, hangs bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down, s.hangs = down, hangs
}

func (s *store) gate(ctx context.Context) error {
	s.mu.Lock()
	down, hangs := s.down, s.hangs
	s.writes++
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return down
}

func (s *store) AppendLogs(ctx context.Context, list []tonypi.LogEntry) error {
	if err := s.gate(ctx); err != nil {
		return err
	}
	for _, l := range list {
		if strings.Contains(l.Message, "refuse me") {
			return tonypi.Errorf(tonypi.Invalid, "a line that no store takes")
		}
	}
	return s.Memory.AppendLogs(ctx, list)
}

func (s *store) AppendAudit(ctx context.Context, list []tonypi.AuditEntry) error {
	if err := s.gate(ctx); err != nil {
		return err
	}
	return s.Memory.AppendAudit(ctx, list)
}

func (s *store) PurgeLogs(ctx context.Context, before time.Time, levels []string) (int, error) {
	s.mu.Lock()
	s.purges = append(s.purges, levels)
	down := s.down
	s.mu.Unlock()
	if down != nil {
		return 0, down
	}
	return s.Memory.PurgeLogs(ctx, before, levels)
}

// taken returns the levels of all purges.
func (s *store) taken() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.purges
}

type shown struct {
	mu    sync.Mutex
	lines []tonypi.LogEntry
}

func (s *shown) Show(e tonypi.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, *e.Log)
}

func (s *shown) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// said is a message of a robot with log lines.
func said(sent time.Time, messages ...string) *tonypi.Update {
	u := &tonypi.Update{Robot: "r1", At: time.Now(), Sent: sent}
	for _, m := range messages {
		u.Logs = append(u.Logs, tonypi.LogEntry{Robot: "r1", Level: "INFO", Source: "main", Message: m, Time: sent})
	}
	return u
}

func TestTake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		u := said(time.Now(), "Robot started", "Emergency stop", "no source", strings.Repeat("ü", 4001))
		u.Logs[1].Source, u.Logs[1].Level, u.Logs[2].Source, u.Logs[3].Source = "emergency", "WARNING", "", "Servo"
		u.Logs[2].Time = time.Time{}
		if err := w.book.Take(u).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"INFO robot_main/main r1: Robot started", "WARNING emergency/emergency r1: Emergency stop", "INFO robot/ r1: no source",
			"INFO robot_servo/Servo r1: " + strings.Repeat("ü", 4000),
		}
		if d := cmp.Diff(want, w.texts()); d != "" {
			t.Error(d)
		}
		for i, l := range w.lines() {
			if l.ID != int64(i+1) || l.Time.IsZero() {
				t.Errorf("line %d: ID %d, time %v", i, l.ID, l.Time)
			}
		}
		if d := cmp.Diff(w.lines(), w.shown.lines); d != "" {
			t.Error("shown is not what is stored:", d)
		}
		if c := w.book.Take(&tonypi.Update{Robot: "r1"}); c != nil {
			t.Error("no lines promise something")
		}
	})
}

// A message that comes again, because nobody acknowledged it, is written down once.
func TestTakeTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		sent := time.Now()
		w.store.set(errors.New("down"), false)
		if err := w.book.Take(said(sent, "a", "b")).Wait(t.Context()); tonypi.KindOf(err) != tonypi.Unavailable {
			t.Errorf("store down: %v", err)
		}
		began := time.Now()
		if err := w.book.Take(said(sent, "a", "b")).Wait(t.Context()); tonypi.KindOf(err) != tonypi.Unavailable {
			t.Errorf("store down: %v", err)
		}
		if d := time.Since(began); d > outbox.CommitFailing {
			t.Errorf("waited %v for a store that is known to fail", d)
		}
		w.store.set(nil, false)
		if err := w.book.Take(said(sent, "a", "b")).Wait(t.Context()); err != nil && tonypi.KindOf(err) != tonypi.Unavailable {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if err := w.book.Take(said(sent, "a", "b")).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		// The same words at another time, other words at the same time, another robot, and no stamp at all are other messages.
		other := said(sent, "a", "b")
		other.Robot = "r2"
		for _, u := range []*tonypi.Update{
			said(sent.Add(time.Millisecond), "a", "b"), said(sent, "a"), said(sent, "ab", ""), other, said(time.Time{}, "a"), said(time.Time{}, "a"),
		} {
			if err := w.book.Take(u).Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := len(w.lines()); n != 2+2+1+2+2+1+1 || w.shown.count() != n {
			t.Errorf("%d lines stored, %d shown", n, w.shown.count())
		}
	})
}

func TestLoudRobotIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		say := func(robot tonypi.RobotID, n int) {
			for i := range n {
				u := said(time.Time{}, fmt.Sprint("line ", i))
				u.Robot = robot
				w.book.Take(u)
			}
		}
		say("loud", robotBurst+500)
		say("quiet", 10)
		time.Sleep(2 * sayEvery)
		say("loud", 1)
		synctest.Wait()
		count := map[tonypi.RobotID]int{}
		var about []string
		for _, l := range w.lines() {
			count[l.Robot]++
			if l.Source == "logbook" {
				about = append(about, string(l.Robot)+" "+l.Level+" "+l.Message)
			}
		}
		if d := cmp.Diff(map[tonypi.RobotID]int{"loud": robotBurst + 2, "quiet": 10}, count); d != "" {
			t.Error(d)
		}
		if d := cmp.Diff([]string{"loud WARNING 500 log lines of this robot were dropped: more than 50 a second"}, about); d != "" {
			t.Error(d)
		}
		if s := w.book.Stats(); s.Limited != 500 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
		// 50 a second go on for ever.
		before := len(w.lines())
		for range 100 {
			time.Sleep(time.Second)
			say("loud", 60)
		}
		synctest.Wait()
		if n := len(w.lines()) - before; n < 100*50 || n > 100*50+robotBurst+20 {
			t.Errorf("%d of 6000 lines in 100 s", n)
		}
		w.book.Forget("loud")
		if n := w.book.robots.allow("loud", 5000, time.Now()); n != robotBurst {
			t.Errorf("forgotten robot may write %d", n)
		}
	})
}

// A robot that makes an engine write line after line is bounded too, and does not silence the lines about others.
func TestLoudEngineIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for range robotBurst + 20 {
			w.book.Log(tonypi.LogEntry{Robot: "r1", Category: "job", Message: "Job started: x"})
		}
		w.book.Log(tonypi.LogEntry{Robot: "r2", Category: "job", Message: "Job started: x"})
		w.book.Take(said(time.Now(), "the robot itself"))
		time.Sleep(2 * sayEvery)
		synctest.Wait()
		texts := w.texts()
		if d := cmp.Diff([]string{
			"INFO job/ r2: Job started: x", "INFO robot_main/main r1: the robot itself",
			"WARNING robot/logbook r1: 20 log lines about this robot were dropped: more than 50 a second",
		}, texts[robotBurst:]); d != "" {
			t.Error(d)
		}
	})
}

func TestLogAndRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		moment := time.Now().Add(-time.Hour)
		w.book.Log(tonypi.LogEntry{Message: "plain"})
		w.book.Log(tonypi.LogEntry{Level: "error", Category: "command", Source: "s", Message: "bad", Time: moment, Details: []byte(`{"a":1}`)})
		w.book.Log(tonypi.LogEntry{Level: "odd", Message: "x", Details: []byte(`{"a":`)})
		e, err := w.book.Write(tonypi.LogEntry{Message: "y", Details: []byte(`"` + strings.Repeat("x", maxDetails) + `"`)})
		if err != nil || e.ID != 4 || e.Details != nil || e.Time.IsZero() {
			t.Errorf("%+v, %v", e, err)
		}
		w.book.Record(tonypi.AuditEntry{User: "ann", Action: "stop", OK: true, Message: strings.Repeat("x", 2000), Details: []byte(`{"b":2}`)})
		w.book.Record(tonypi.AuditEntry{User: "bob", Action: "user.delete", Time: moment})
		synctest.Wait()
		if d := cmp.Diff([]string{
			"INFO system/ : plain", "ERROR command/s : bad", "INFO system/ : x", "INFO system/ : y",
		}, w.texts()); d != "" {
			t.Error(d)
		}
		lines := w.lines()
		if !lines[1].Time.Equal(moment) || string(lines[1].Details) != `{"a":1}` || lines[2].Details != nil {
			t.Errorf("%+v", lines)
		}
		deeds, err := w.store.Memory.Audit(t.Context(), tonypi.AuditFilter{})
		if err != nil || len(deeds) != 2 || deeds[1].ID != 1 || deeds[1].User != "ann" || len(deeds[1].Message) != maxSay ||
			deeds[1].Time.IsZero() || !deeds[0].Time.Equal(moment) {
			t.Errorf("%+v, %v", deeds, err)
		}
		// IDs go on after a restart.
		w.stop()
		w.start(nil)
		w.book.Log(tonypi.LogEntry{Message: "later"})
		w.book.Record(tonypi.AuditEntry{User: "ann", Action: "stop"})
		synctest.Wait()
		lines = w.lines()
		deeds, _ = w.store.Memory.Audit(t.Context(), tonypi.AuditFilter{})
		if lines[4].ID != 5 || deeds[0].ID != 3 {
			t.Errorf("IDs %d and %d", lines[4].ID, deeds[0].ID)
		}
	})
}

// Nothing blocks and nothing is lost but what is over the bound, and that is counted.
func TestStoreDown(t *testing.T) {
	for _, hangs := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			w.store.set(errors.New("down"), hangs)
			began := time.Now()
			for i := range queueLimit + 5 {
				w.book.Log(tonypi.LogEntry{Message: fmt.Sprint("line ", i)})
			}
			for range queueLimit + 3 {
				w.book.Record(tonypi.AuditEntry{Action: "stop"})
			}
			if d := time.Since(began); d != 0 {
				t.Errorf("it took %v", d)
			}
			if d := cmp.Diff(Stats{Pending: queueLimit, Dropped: 5, AuditPending: queueLimit, AuditDropped: 3}, w.book.Stats()); d != "" {
				t.Error(d)
			}
			if err := w.book.Take(said(time.Now(), "one more")).Wait(t.Context()); tonypi.KindOf(err) != tonypi.Unavailable {
				t.Errorf("no room: %v", err)
			}
			if _, err := w.book.Write(tonypi.LogEntry{Message: "x"}); tonypi.KindOf(err) != tonypi.Unavailable {
				t.Errorf("no room: %v", err)
			}
			if n := w.shown.count(); n != queueLimit {
				t.Errorf("%d shown, %d kept", n, queueLimit)
			}
			w.store.set(nil, false)
			time.Sleep(2 * retryMost)
			lines := w.lines()
			if len(lines) != queueLimit || lines[0].Message != "line 0" || lines[len(lines)-1].ID != queueLimit {
				t.Errorf("%d lines stored", len(lines))
			}
			if s := w.book.Stats(); s.Pending != 0 || s.AuditPending != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// A line that no store takes is left out, those around it are kept, in order.
func TestRefusedLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		for _, m := range []string{"a", "refuse me", "b", "refuse me", "c"} {
			w.book.Log(tonypi.LogEntry{Message: m})
		}
		time.Sleep(time.Second)
		w.store.set(nil, false)
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"INFO system/ : a", "INFO system/ : b", "INFO system/ : c"}, w.texts()); d != "" {
			t.Error(d)
		}
		if s := w.book.Stats(); s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Lines that come together are written together.
func TestGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		for i := range 3000 {
			w.book.Log(tonypi.LogEntry{Message: fmt.Sprint(i)})
		}
		synctest.Wait()
		w.store.mu.Lock()
		w.store.down, w.store.writes = nil, 0
		w.store.mu.Unlock()
		time.Sleep(retryFirst)
		synctest.Wait()
		if n := len(w.lines()); n != 3000 {
			t.Errorf("%d lines", n)
		}
		w.store.mu.Lock()
		defer w.store.mu.Unlock()
		if w.store.writes != 3000/batchSize {
			t.Errorf("%d transactions for 3000 lines", w.store.writes)
		}
	})
}

func TestRunWritesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		w.book.Log(tonypi.LogEntry{Message: "last words"})
		time.Sleep(time.Second)
		w.store.set(nil, false)
		slog.New(w.book.Handler(slog.DiscardHandler)).Info("stopped")
		w.stop()
		if d := cmp.Diff([]string{"INFO system/ : last words", "INFO system/ : stopped"}, w.texts()); d != "" {
			t.Error(d)
		}
		w.start(nil)
		w.store.set(nil, true)
		w.book.Log(tonypi.LogEntry{Message: "x"})
		began := time.Now()
		w.stop()
		if d := time.Since(began); d > outbox.LastTry+writeWithin {
			t.Errorf("the end took %v", d)
		}
	})
}

func TestLoadFails(t *testing.T) {
	for _, fails := range []string{"log", "audit"} {
		b := New(Config{Logs: last{fails == "log"}, Audit: last{fails == "audit"}, Log: slog.New(slog.DiscardHandler)})
		if err := b.Load(t.Context()); err == nil {
			t.Errorf("%s: Load says nothing", fails)
		}
	}
}

// last is a store that may not know its last ID.
type last struct{ down bool }

func (l last) err() error {
	if l.down {
		return errors.New("down")
	}
	return nil
}
func (l last) Logs(context.Context, tonypi.LogFilter) ([]tonypi.LogEntry, error) { return nil, nil }
func (l last) LogStats(context.Context, tonypi.RobotID, time.Time) (tonypi.LogStats, error) {
	return tonypi.LogStats{}, nil
}
func (l last) AppendLogs(context.Context, []tonypi.LogEntry) error         { return nil }
func (l last) PurgeLogs(context.Context, time.Time, []string) (int, error) { return 0, nil }
func (l last) LastLogID(context.Context) (int64, error)                    { return 0, l.err() }
func (l last) Audit(context.Context, tonypi.AuditFilter) ([]tonypi.AuditEntry, error) {
	return nil, nil
}
func (l last) AppendAudit(context.Context, []tonypi.AuditEntry) error { return nil }
func (l last) LastAuditID(context.Context) (int64, error)             { return 0, l.err() }
