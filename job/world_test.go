package job

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/storetest"
	"tonypi/wire"
)

// world is everything around a Tracker, in memory.
type world struct {
	*testing.T
	store   *store
	bus     *bus
	shown   *shown
	alerts  *alerts
	record  *record
	tracker *Tracker
	stop    func()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		T: t, store: &store{Memory: storetest.NewStores()}, bus: &bus{}, shown: &shown{}, alerts: &alerts{}, record: &record{},
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

// start makes a new Tracker on the same store and runs it.
func (w *world) start() {
	w.Helper()
	w.tracker = New(Config{
		Jobs: w.store, Items: w.store, Bus: w.bus, Show: w.shown, Alerts: w.alerts, Record: w.record,
		Log: slog.New(slog.DiscardHandler),
	})
	if err := w.tracker.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := w.tracker.Run(ctx); err != nil {
			w.Error(err)
		}
	})
	w.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
}

func (w *world) restart() {
	w.Helper()
	w.stop()
	w.start()
}

// say decodes a message and has it taken.
func (w *world) say(topic, payload string) tonypi.Commit {
	w.Helper()
	return w.sayAt(topic, payload, time.Now())
}

func (w *world) sayAt(topic, payload string, at time.Time) tonypi.Commit {
	w.Helper()
	u, err := wire.Decode(wire.Message{Topic: topic, Payload: []byte(payload), At: at})
	if u == nil {
		w.Fatalf("%s %s: %v", topic, payload, err)
	}
	return w.tracker.Take(u)
}

// job says something about r1's job.
func (w *world) job(payload string) tonypi.Commit {
	w.Helper()
	return w.say("tonypi/job/r1", payload)
}

func (w *world) scan(payload string) tonypi.Commit {
	w.Helper()
	return w.say("tonypi/scan/r1", payload)
}

// stored waits until everything is written and returns a robot's jobs, the oldest first.
func (w *world) stored(robot tonypi.RobotID) []tonypi.Job {
	w.Helper()
	if err := w.tracker.jobs.Flush(w.Context()); err != nil {
		w.Fatal(err)
	}
	list, err := w.store.Memory.Jobs(w.Context(), tonypi.JobFilter{Robot: robot})
	if err != nil {
		w.Fatal(err)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// brief writes jobs so that a test can read them: "t1 completed 2/2 100%".
func brief(jobs []tonypi.Job) []string {
	var list []string
	for _, j := range jobs {
		s := fmt.Sprintf("%s %s %d/%d %v%%", j.Task, j.Status, j.ItemsDone, j.ItemsTotal, j.Percent)
		if j.Reason != "" {
			s += ": " + j.Reason
		}
		list = append(list, s)
	}
	return list
}

// store can be switched off, and can hang.
type store struct {
	*storetest.Memory
	mu     sync.Mutex
	down   error
	hangs  bool
	refuse tonypi.RobotID
}

func (s *store) set(down error, hangs bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down, s.hangs = down, hangs
}

func (s *store) gate(ctx context.Context) error {
	s.mu.Lock()
	down, hangs := s.down, s.hangs
	s.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return down
}

func (s *store) SaveJobs(ctx context.Context, jobs []tonypi.Job) error {
	if err := s.gate(ctx); err != nil {
		return err
	}
	for _, j := range jobs {
		if j.Robot == s.refuse {
			return tonypi.Errorf(tonypi.Invalid, "no such robot")
		}
	}
	return s.Memory.SaveJobs(ctx, jobs)
}

func (s *store) SaveScans(ctx context.Context, scans []tonypi.ScanRecord) error {
	if err := s.gate(ctx); err != nil {
		return err
	}
	return s.Memory.SaveScans(ctx, scans)
}

func (s *store) Item(ctx context.Context, code string) (tonypi.Item, error) {
	if err := s.gate(ctx); err != nil {
		return tonypi.Item{}, err
	}
	return s.Memory.Item(ctx, code)
}

func (s *store) Items(ctx context.Context, search, after string, limit int) ([]tonypi.Item, error) {
	if err := s.gate(ctx); err != nil {
		return nil, err
	}
	return s.Memory.Items(ctx, search, after, limit)
}

// bus remembers what was published.
type bus struct {
	mu   sync.Mutex
	sent []wire.Message
	fail int // so many times
}

func (b *bus) Publish(_ context.Context, m wire.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail > 0 {
		b.fail--
		return tonypi.Errorf(tonypi.Unavailable, "the broker is away")
	}
	b.sent = append(b.sent, m)
	return nil
}

func (b *bus) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// answers returns what robots were told of their scans.
func (b *bus) answers(t *testing.T) []wire.ItemAnswer {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []wire.ItemAnswer
	for _, m := range b.sent {
		if wire.TopicName(m.Topic) != "items" {
			continue
		}
		a, err := wire.DecodeItem(m.Payload)
		if err != nil || m.Topic != wire.ItemTopic(a.Robot) {
			t.Errorf("%s %s: %v", m.Topic, m.Payload, err)
		}
		list = append(list, a)
	}
	return list
}

type shown struct {
	mu     sync.Mutex
	events []tonypi.Event
}

func (s *shown) Show(e tonypi.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *shown) of(kind tonypi.EventKind) []tonypi.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []tonypi.Event
	for _, e := range s.events {
		if e.Kind == kind {
			list = append(list, e)
		}
	}
	return list
}

type alerts struct {
	mu  sync.Mutex
	log []string
}

func (a *alerts) Raise(_ time.Time, alert tonypi.Alert) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log = append(a.log, fmt.Sprintf("%s %s %s: %s", alert.Type, alert.Severity, alert.Title, alert.Message))
}

func (a *alerts) Clear(robot tonypi.RobotID, kind, source, _ string, _ time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.log = append(a.log, fmt.Sprintf("clear %s %s/%s", robot, kind, source))
}

// record remembers log lines.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) Record(tonypi.AuditEntry) {}

func (r *record) Log(e tonypi.LogEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, e.Level+" "+e.Category+" "+e.Message)
}

func (r *record) taken() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}
