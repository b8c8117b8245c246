package job

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
	outboxLimit = 20_000 // jobs, and scans, that wait for the store
	batchSize   = 500    // per transaction
	writeWithin = 5 * time.Second
	retryFirst  = 500 * time.Millisecond
	retryMost   = 30 * time.Second
	lastTry     = 5 * time.Second
)

// outbox holds what changed since it was stored: the newest state of each ID. When it is full the oldest are dropped.
type outbox[T any] struct {
	name  string // in log lines: jobs, scans
	of    func(T) (id int64, robot tonypi.RobotID)
	store func(context.Context, []T) error
	log   *slog.Logger
	wake  chan struct{} // of one
	// writing is the right to write, of one: a channel, because whoever waits for it has a context.
	writing chan struct{}

	mu      sync.Mutex
	waiting map[int64]*draft[T]
	changes uint64
	dropped uint64
	failing bool
}

// draft is a state that is to be stored; change tells states of one ID apart. done is closed once this state, or a newer
// one, is stored.
type draft[T any] struct {
	id     int64
	value  T
	change uint64
	done   chan struct{}
}

func newOutbox[T any](
	name string, log *slog.Logger, of func(T) (int64, tonypi.RobotID), store func(context.Context, []T) error,
) *outbox[T] {
	return &outbox[T]{
		name: name, of: of, store: store, log: log, waiting: make(map[int64]*draft[T]),
		wake: make(chan struct{}, 1), writing: make(chan struct{}, 1),
	}
}

// put queues a state and returns at once.
func (o *outbox[T]) put(v T) promise {
	id, _ := o.of(v)
	o.mu.Lock()
	if o.waiting[id] == nil && len(o.waiting) >= outboxLimit {
		o.makeRoom()
	}
	o.changes++
	d := &draft[T]{id: id, value: v, change: o.changes}
	if old := o.waiting[id]; old != nil {
		d.done = old.done
	} else {
		d.done = make(chan struct{})
	}
	o.waiting[id] = d
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return promise{d.done, o.state}
}

// pending returns the promise of an ID whose newest state is not stored yet.
func (o *outbox[T]) pending(id int64) (promise, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.waiting[id]
	if d == nil {
		return promise{}, false
	}
	return promise{d.done, o.state}, true
}

// makeRoom drops the oldest tenth; mu is held. It is for a store that is down for very long.
func (o *outbox[T]) makeRoom() {
	list := o.sorted()
	for _, d := range list[:len(list)/10] {
		delete(o.waiting, d.id)
		o.dropped++
	}
	o.log.Error("too much waits for the store, the oldest was dropped", "what", o.name, "dropped", len(list)/10)
}

func (o *outbox[T]) sorted() []*draft[T] {
	list := make([]*draft[T], 0, len(o.waiting))
	for _, d := range o.waiting {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b *draft[T]) int { return cmp.Compare(a.id, b.id) })
	return list
}

func (o *outbox[T]) state() (waiting int, failing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting), o.failing
}

// run writes until ctx ends, with growing pauses while the store fails, and then once more.
func (o *outbox[T]) run(ctx context.Context) {
	pause := retryFirst
	for {
		var retry <-chan time.Time
		wake := o.wake
		if waiting, failing := o.state(); waiting > 0 && failing {
			retry = time.After(pause)
			pause = min(2*pause, retryMost)
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

func (o *outbox[T]) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	if err := o.flush(ctx); err != nil {
		waiting, _ := o.state()
		o.log.Error("not everything was stored before the end", "what", o.name, "count", waiting, "err", err)
	}
}

// flush writes what waits.
func (o *outbox[T]) flush(ctx context.Context) error {
	select {
	case o.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-o.writing }()
	for {
		o.mu.Lock()
		batch := o.sorted()
		o.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := o.write(ctx, batch[:min(len(batch), batchSize)]); err != nil {
			return err
		}
	}
}

func (o *outbox[T]) write(ctx context.Context, batch []*draft[T]) error {
	err := o.save(ctx, batch)
	if refused(err) {
		// One that the store will never take must not hold up the others.
		for _, d := range batch {
			err = o.save(ctx, []*draft[T]{d})
			if refused(err) {
				_, robot := o.of(d.value)
				o.log.Error("the store refuses a row", "what", o.name, "id", d.id, "robot", robot, "err", err)
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
			o.log.Warn("rows cannot be stored, they wait in memory", "what", o.name, "err", err)
		} else {
			o.log.Info("rows are stored again", "what", o.name)
		}
	}
	return err
}

func (o *outbox[T]) save(ctx context.Context, batch []*draft[T]) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	values := make([]T, len(batch))
	for i, d := range batch {
		values[i] = d.value
	}
	if err := o.store(ctx, values); err != nil {
		return err
	}
	o.done(batch...)
	return nil
}

// done takes states out that have not changed since they were copied.
func (o *outbox[T]) done(batch ...*draft[T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range batch {
		if now := o.waiting[d.id]; now != nil && now.change == d.change {
			delete(o.waiting, d.id)
			close(d.done)
		}
	}
}

// forget takes out everything of a robot, after a write that runs has ended.
func (o *outbox[T]) forget(robot tonypi.RobotID) {
	o.writing <- struct{}{}
	defer func() { <-o.writing }()
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, d := range o.waiting {
		if _, of := o.of(d.value); of == robot {
			delete(o.waiting, id)
			close(d.done)
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
