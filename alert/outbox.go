package alert

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tonypi"
)

const (
	outboxLimit = 50_000 // changed alerts that wait for the store
	batchSize   = 500    // alerts per transaction
	writeWithin = 10 * time.Second
	retryFirst  = 500 * time.Millisecond
	retryMost   = 30 * time.Second
	lastTry     = 5 * time.Second
)

// outbox holds the alerts that changed since they were stored: the newest state of each, so its size is bounded by the
// number of alerts and not of changes. When it is full the oldest resolved ones are dropped.
type outbox struct {
	store tonypi.AlertStore
	log   *slog.Logger
	wake  chan struct{} // of one
	// writing is the right to write, of one: a channel, because whoever waits for it has a context.
	writing chan struct{}

	mu      sync.Mutex
	waiting map[int64]draft
	changes uint64
	dropped uint64
	failing bool
}

// draft is an alert that is to be stored; change tells its states apart.
type draft struct {
	alert  tonypi.Alert
	change uint64
}

func newOutbox(store tonypi.AlertStore, log *slog.Logger) *outbox {
	return &outbox{
		store: store, log: log, waiting: make(map[int64]draft),
		wake: make(chan struct{}, 1), writing: make(chan struct{}, 1),
	}
}

// put queues an alert and returns at once.
func (o *outbox) put(a tonypi.Alert) {
	o.mu.Lock()
	if _, known := o.waiting[a.ID]; !known && len(o.waiting) >= outboxLimit {
		o.makeRoom()
	}
	o.changes++
	o.waiting[a.ID] = draft{a, o.changes}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// makeRoom drops a tenth: the oldest, resolved ones first; mu is held. It is for a store that is down for very long.
func (o *outbox) makeRoom() {
	list := o.sorted(func(a, b draft) int {
		if a.alert.Resolved != b.alert.Resolved {
			if a.alert.Resolved {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.alert.ID, b.alert.ID)
	})
	for _, d := range list[:len(list)/10] {
		delete(o.waiting, d.alert.ID)
		o.dropped++
	}
	o.log.Error("too many alerts wait for the store, the oldest were dropped", "dropped", len(list)/10)
}

func (o *outbox) sorted(order func(a, b draft) int) []draft {
	list := make([]draft, 0, len(o.waiting))
	for _, d := range o.waiting {
		list = append(list, d)
	}
	slices.SortFunc(list, order)
	return list
}

// get returns the waiting state of an alert.
func (o *outbox) get(id int64) (tonypi.Alert, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d, ok := o.waiting[id]
	return d.alert, ok
}

func (o *outbox) state() (waiting int, failing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting), o.failing
}

// run writes until ctx ends, with growing pauses while the store fails, and then once more.
func (o *outbox) run(ctx context.Context) {
	pause := retryFirst
	for {
		var retry <-chan time.Time
		if waiting, failing := o.state(); waiting > 0 && failing {
			retry = time.After(pause)
			pause = min(2*pause, retryMost)
		}
		wake := o.wake
		if retry != nil {
			wake = nil // a change does not make a store that is down come back
		}
		select {
		case <-ctx.Done():
			o.finish(ctx)
			return
		case <-wake:
		case <-retry:
		}
		if o.flush(ctx) == nil {
			pause = retryFirst
		}
	}
}

func (o *outbox) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	if err := o.flush(ctx); err != nil {
		waiting, _ := o.state()
		o.log.Error("alerts were not stored before the end", "alerts", waiting, "err", err)
	}
}

// flush writes what waits.
func (o *outbox) flush(ctx context.Context) error {
	if err := o.lock(ctx); err != nil {
		return err
	}
	defer o.unlock()
	for {
		o.mu.Lock()
		batch := o.sorted(func(a, b draft) int { return cmp.Compare(a.alert.ID, b.alert.ID) })
		o.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := o.write(ctx, batch[:min(len(batch), batchSize)]); err != nil {
			return err
		}
	}
}

// lock takes the right to write.
func (o *outbox) lock(ctx context.Context) error {
	select {
	case o.writing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (o *outbox) unlock() { <-o.writing }

func (o *outbox) write(ctx context.Context, batch []draft) error {
	err := o.save(ctx, batch)
	if refused(err) {
		// One alert that the store will never take must not hold up the others.
		for _, d := range batch {
			err = o.save(ctx, []draft{d})
			if refused(err) {
				o.log.Error("the store refuses an alert", "alert", d.alert.ID, "robot", d.alert.Robot, "err", err)
				o.done(d)
				err = nil
			}
			if err != nil {
				break
			}
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if failed := err != nil; failed != o.failing {
		o.failing = failed
		if failed {
			o.log.Warn("alerts cannot be stored, they wait in memory", "err", err)
		} else {
			o.log.Info("alerts are stored again")
		}
	}
	return err
}

func (o *outbox) save(ctx context.Context, batch []draft) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	alerts := make([]tonypi.Alert, len(batch))
	for i, d := range batch {
		alerts[i] = d.alert
	}
	if err := o.store.SaveAlerts(ctx, alerts); err != nil {
		return err
	}
	o.done(batch...)
	return nil
}

// done takes alerts out that have not changed since they were copied.
func (o *outbox) done(batch ...draft) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range batch {
		if o.waiting[d.alert.ID].change == d.change {
			delete(o.waiting, d.alert.ID)
		}
	}
}

// forget takes out everything of a robot, after a write that runs has ended.
func (o *outbox) forget(robot tonypi.RobotID) {
	o.writing <- struct{}{}
	defer o.unlock()
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, d := range o.waiting {
		if d.alert.Robot == robot {
			delete(o.waiting, id)
		}
	}
}

// refused reports whether trying again would not help.
func refused(err error) bool {
	if err == nil {
		return false
	}
	switch tonypi.KindOf(err) {
	case tonypi.Invalid, tonypi.NotFound, tonypi.Conflict:
		return true
	}
	return false
}

// Pending returns how many changed alerts the store does not have yet; Dropped how many it will never get.
func (e *Engine) Pending() int {
	waiting, _ := e.out.state()
	return waiting
}

// Dropped returns how many changed alerts were given up since the start because the store was down for too long.
func (e *Engine) Dropped() uint64 {
	e.out.mu.Lock()
	defer e.out.mu.Unlock()
	return e.out.dropped
}
