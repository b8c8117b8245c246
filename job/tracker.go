package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tonypi"
	"tonypi/outbox"
	"tonypi/wire"
)

// Bounds of what waits for the store.
const (
	outboxLimit = 20_000 // jobs, and scans
	batchSize   = 500    // per transaction
	writeWithin = 5 * time.Second
	retryFirst  = 500 * time.Millisecond
	retryMost   = 30 * time.Second
)

// Alerts takes what happened to jobs. alert.Engine is one. It does not block.
type Alerts interface {
	Raise(now time.Time, a tonypi.Alert)
	Clear(robot tonypi.RobotID, kind, source, by string, now time.Time)
}

// Config is what a Tracker works with. All fields are needed but those that say otherwise.
type Config struct {
	Jobs   tonypi.JobStore
	Items  tonypi.ItemStore
	Bus    wire.Bus // carries answers to scans
	Show   tonypi.Shower
	Alerts Alerts
	Record tonypi.Recorder
	Log    *slog.Logger

	KeepJobs  time.Duration // ended ones; 0: DefaultKeepJobs
	KeepScans time.Duration // 0: DefaultKeepScans
}

// Tracker knows what every robot works on. Memory is the truth: each robot's active job and the one before it live in the
// Tracker, every change is shown at once and written behind to the store. It is safe for concurrent use; messages of one
// robot must come in order.
type Tracker struct {
	config  Config
	items   *items
	jobs    *outbox.Outbox[int64, tonypi.Job]
	scans   *outbox.Outbox[int64, tonypi.ScanRecord]
	answers chan answer

	mu       sync.Mutex
	robots   map[tonypi.RobotID]*robot
	lastJob  int64
	lastScan int64
}

// robot is what the tracker remembers of one robot.
type robot struct {
	id     tonypi.RobotID
	active *tonypi.Job // nil: it does nothing
	last   *tonypi.Job // the newest ended one
	starts []time.Time // the robot's own stamps of the starts of ended jobs, at most maxStarts, oldest first
	begun  time.Time   // the robot's own stamp of the message that started the active job
	told   time.Time   // the robot's own stamp of its last message that gave a count
	naive  bool        // told was written without an offset
	read   []reading   // the newest scans, at most maxRead, oldest first
}

// New makes a Tracker without jobs. Call Load before use; nothing runs before Run.
func New(c Config) *Tracker {
	c.KeepJobs, c.KeepScans = cmp.Or(c.KeepJobs, DefaultKeepJobs), cmp.Or(c.KeepScans, DefaultKeepScans)
	return &Tracker{
		config: c,
		items:  newItems(c.Items),
		jobs: newOutbox("jobs", c.Log, func(j tonypi.Job) (int64, tonypi.RobotID) { return j.ID, j.Robot },
			c.Jobs.SaveJobs),
		scans: newOutbox("scans", c.Log, func(s tonypi.ScanRecord) (int64, tonypi.RobotID) { return s.ID, s.Robot },
			c.Items.SaveScans),
		answers: make(chan answer, maxAnswers),
		robots:  make(map[tonypi.RobotID]*robot),
	}
}

func newOutbox[T any](
	name string, log *slog.Logger, of func(T) (int64, tonypi.RobotID), store func(context.Context, []T) error,
) *outbox.Outbox[int64, T] {
	return outbox.New(outbox.Config[int64, T]{
		Name: name, Of: of, Store: store, Log: log,
		Limit: outboxLimit, Batch: batchSize, WriteWithin: writeWithin, RetryFirst: retryFirst, RetryMost: retryMost,
	})
}

// Load reads the robots' active and last jobs, the newest scans and the table of items. A store that never had a job, a scan
// or an item gets the items of the original system's catalogue.
func (t *Tracker) Load(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	if t.lastJob, err = t.config.Jobs.LastJobID(ctx); err != nil {
		return fmt.Errorf("load last job ID: %w", err)
	}
	if t.lastScan, err = t.config.Items.LastScanID(ctx); err != nil {
		return fmt.Errorf("load last scan ID: %w", err)
	}
	if err := t.loadJobs(ctx); err != nil {
		return fmt.Errorf("load jobs: %w", err)
	}
	recent, err := t.config.Items.Scans(ctx, tonypi.ScanFilter{Limit: 500})
	if err != nil {
		return fmt.Errorf("load scans: %w", err)
	}
	for i := len(recent) - 1; i >= 0; i-- {
		s := recent[i]
		t.robot(s.Robot).remember(reading{id: s.ID, code: s.Code, placed: s.Time})
	}
	if err := t.items.load(ctx); err != nil {
		return fmt.Errorf("load items: %w", err)
	}
	if t.lastJob == 0 && t.lastScan == 0 && t.items.empty() {
		if err := t.items.seed(ctx, time.Now()); err != nil {
			return fmt.Errorf("store the first items: %w", err)
		}
	}
	return nil
}

// loadJobs puts jobs back into memory; mu is held. Of several active jobs of a robot the newest stays active.
func (t *Tracker) loadJobs(ctx context.Context) error {
	active, err := t.config.Jobs.ActiveJobs(ctx)
	if err != nil {
		return err
	}
	last, err := t.config.Jobs.LastJobs(ctx)
	if err != nil {
		return err
	}
	for _, j := range last {
		if r := t.robot(j.Robot); j.Status != tonypi.JobActive {
			r.ended(&j)
		}
	}
	for _, j := range active {
		r := t.robot(j.Robot)
		older := &j
		if r.active == nil || r.active.ID < j.ID {
			older, r.active = r.active, &j
		}
		if older != nil {
			t.supersede(older, time.Now())
		}
	}
	for _, r := range t.robots {
		if r.active == nil || r.last != nil {
			continue
		}
		before, err := t.config.Jobs.Jobs(ctx, tonypi.JobFilter{Robot: r.id, Before: r.active.ID, Limit: 1})
		if err != nil {
			return err
		}
		if len(before) > 0 && before[0].Status != tonypi.JobActive {
			r.ended(&before[0])
		}
	}
	return nil
}

// Run writes jobs and scans behind, answers scans and deletes old ones every hour, until ctx ends. Before it returns it tries for five seconds to write
// what is left.
func (t *Tracker) Run(ctx context.Context) error {
	var working sync.WaitGroup
	working.Go(func() { t.jobs.Run(ctx) })
	working.Go(func() { t.scans.Run(ctx) })
	working.Go(func() { t.answer(ctx) })
	working.Go(func() { t.purge(ctx) })
	working.Wait()
	return nil
}

// Take takes the job and the scans of a message and returns the promise that they are stored, or nil when there is nothing to
// store. A message that was taken before changes nothing; its promise is that of the first time. It does not block on stores.
func (t *Tracker) Take(u *tonypi.Update) tonypi.Commit {
	if u.Job == nil && len(u.Scans) == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.robot(u.Robot)
	var promises []outbox.Promise
	for _, s := range u.Scans {
		promises = append(promises, t.scan(r, s, u)...)
	}
	if u.Job != nil {
		promises = append(promises, t.progress(r, u)...)
	}
	return outbox.All(promises)
}

// Active returns the active jobs with their ETA, in no order.
func (t *Tracker) Active() []tonypi.Job {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]tonypi.Job, 0, len(t.robots))
	for _, r := range t.robots {
		if r.active != nil {
			list = append(list, t.Fill(*r.active))
		}
	}
	return list
}

// Forget drops everything about a robot, unwritten changes too. Call it when the robot's messages are refused already and
// before its rows are deleted.
func (t *Tracker) Forget(id tonypi.RobotID) {
	t.mu.Lock()
	delete(t.robots, id)
	t.mu.Unlock()
	t.jobs.Forget(func(j tonypi.Job) bool { return j.Robot == id })
	t.scans.Forget(func(s tonypi.ScanRecord) bool { return s.Robot == id })
}

// Trigger makes a robot scan a code by hand, as the original system's trigger-scan does: the scan is published as if the robot
// had told it, counted and answered. Errors are Invalid, or Unavailable when the broker does not take it.
func (t *Tracker) Trigger(ctx context.Context, id tonypi.RobotID, code string) error {
	if code == "" || len(code) > wire.MaxCode {
		return tonypi.Errorf(tonypi.Invalid, "a code must have 1 to %d bytes", wire.MaxCode)
	}
	// A broker that is not our own hands the message back to us: the stamp makes both of them one scan.
	now := time.Now().UTC().Truncate(time.Millisecond)
	scan := tonypi.Scan{Time: now, Code: code}
	payload, err := wire.EncodeScan(id, now, scan)
	if err != nil {
		return err
	}
	if err := t.config.Bus.Publish(ctx, wire.Message{Topic: wire.ScanTopic(id), Payload: payload, QoS: 1}); err != nil {
		return fmt.Errorf("publish scan: %w", err)
	}
	t.Take(&tonypi.Update{Robot: id, At: now, Sent: now, Scans: []tonypi.Scan{scan}})
	return nil
}

// Changed tells that the table of items was changed. The next scan is answered by the new table.
func (t *Tracker) Changed() { t.items.changed() }

// Items returns the store of items for whoever edits them: the tracker notices every change.
func (t *Tracker) Items() tonypi.ItemStore { return watched{t.config.Items, t.items} }

// Stats tells how the tracker keeps up.
type Stats struct {
	Pending    int    // jobs and scans that the store does not have yet
	Dropped    uint64 // jobs and scans that it will never get, since the start
	Unanswered uint64 // scans that got no answer, because the broker was down or too many waited
}

// Stats returns the counters.
func (t *Tracker) Stats() Stats {
	return Stats{
		Pending: t.jobs.Pending() + t.scans.Pending(), Dropped: t.jobs.Dropped() + t.scans.Dropped(),
		Unanswered: t.items.unanswered.Load(),
	}
}

// robot returns the memory of a robot, made at first use; mu is held.
func (t *Tracker) robot(id tonypi.RobotID) *robot {
	r := t.robots[id]
	if r == nil {
		r = &robot{id: id}
		t.robots[id] = r
	}
	return r
}

var errCrowded = errors.New("too many scans wait for an answer")
