package logbook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tonypi"
)

const (
	queueLimit    = 20_000 // lines, and audit entries, that wait for the store
	batchSize     = 1000   // per transaction
	writeWithin   = 5 * time.Second
	retryFirst    = 500 * time.Millisecond
	retryMost     = 30 * time.Second
	lastTry       = 5 * time.Second
	commitWithin  = 5 * time.Second        // how long a robot's message waits for the store
	commitFailing = 100 * time.Millisecond // and while the store is known to fail: the message must not hold up others
)

// queue holds what is to be written, in order. When it is full what comes is dropped.
type queue[T any] struct {
	name  string // in log lines
	store func(context.Context, []T) error
	log   *slog.Logger
	wake  chan struct{} // of one
	// writing is the right to write, of one: a channel, because whoever waits for it has a context.
	writing chan struct{}

	mu       sync.Mutex
	waiting  []T
	last     uint64        // number of the newest that was queued
	written  uint64        // number of the newest that is stored
	progress chan struct{} // closed when written grows
	dropped  uint64
	failing  bool
}

func newQueue[T any](name string, log *slog.Logger, store func(context.Context, []T) error) *queue[T] {
	return &queue[T]{
		name: name, store: store, log: log, wake: make(chan struct{}, 1), writing: make(chan struct{}, 1),
		progress: make(chan struct{}),
	}
}

// put queues all of the list or, when there is no room, nothing. number makes each entry's ID, in the queue's order.
func (q *queue[T]) put(list []T, number func(*T)) bool {
	q.mu.Lock()
	if len(q.waiting)+len(list) > queueLimit {
		first := q.dropped == 0
		q.dropped += uint64(len(list))
		q.mu.Unlock()
		if first {
			q.log.Error("too much waits for the store, what comes is dropped", "what", q.name)
		}
		return false
	}
	for i := range list {
		number(&list[i])
	}
	q.waiting = append(q.waiting, list...)
	q.last += uint64(len(list))
	q.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// commit is the promise that everything queued so far is stored.
func (q *queue[T]) commit() tonypi.Commit {
	q.mu.Lock()
	defer q.mu.Unlock()
	return promise[T]{q, q.last}
}

type promise[T any] struct {
	queue *queue[T]
	upTo  uint64
}

// Wait returns nil once the entries are stored. The error is Unavailable when that takes too long; they still wait.
func (p promise[T]) Wait(ctx context.Context) error {
	limit := time.NewTimer(commitWithin)
	defer limit.Stop()
	for first := true; ; first = false {
		p.queue.mu.Lock()
		written, failing, progress := p.queue.written, p.queue.failing, p.queue.progress
		p.queue.mu.Unlock()
		if written >= p.upTo {
			return nil
		}
		if first && failing {
			limit.Reset(commitFailing)
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return tonypi.Errorf(tonypi.Unavailable, "the %s cannot be stored now", p.queue.name)
		}
	}
}

func (q *queue[T]) state() (waiting int, dropped uint64, failing bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting), q.dropped, q.failing
}

// run writes until ctx ends, with growing pauses while the store fails, and then once more.
func (q *queue[T]) run(ctx context.Context) {
	pause := retryFirst
	for {
		var retry <-chan time.Time
		wake := q.wake
		if waiting, _, failing := q.state(); waiting > 0 && failing {
			retry = time.After(pause)
			pause = min(2*pause, retryMost)
			wake = nil // another line does not make a store that is down come back
		}
		select {
		case <-ctx.Done():
			q.finish(ctx)
			return
		case <-wake:
		case <-retry:
		}
		if q.flush(ctx) == nil {
			pause = retryFirst
		}
	}
}

func (q *queue[T]) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	if err := q.flush(ctx); err != nil {
		waiting, _, _ := q.state()
		q.log.Error("not everything was stored before the end", "what", q.name, "count", waiting, "err", err)
	}
}

// flush writes what waits.
func (q *queue[T]) flush(ctx context.Context) error {
	select {
	case q.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-q.writing }()
	for {
		q.mu.Lock()
		batch := q.waiting[:min(len(q.waiting), batchSize)]
		q.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := q.write(ctx, batch); err != nil {
			return err
		}
	}
}

// write stores a batch. An entry that the store will never take must not hold up the others.
func (q *queue[T]) write(ctx context.Context, batch []T) error {
	err := q.save(ctx, batch)
	if refused(err) {
		for i := range batch {
			if err = q.save(ctx, batch[i:i+1]); refused(err) {
				q.log.Error("the store refuses an entry", "what", q.name, "err", err)
				err = nil
			}
			if err != nil {
				batch = batch[:i] // those before it are stored or refused
				break
			}
		}
		if err != nil {
			q.done(len(batch))
			batch = nil
		}
	}
	if err == nil {
		q.done(len(batch))
	}
	q.mark(err)
	return err
}

func (q *queue[T]) save(ctx context.Context, batch []T) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	return q.store(ctx, batch)
}

// done takes the oldest n out.
func (q *queue[T]) done(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = q.waiting[n:]
	if len(q.waiting) == 0 {
		q.waiting = nil // lets go of the array
	}
	q.written += uint64(n)
	close(q.progress)
	q.progress = make(chan struct{})
}

// mark logs when the store begins or ceases to fail.
func (q *queue[T]) mark(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	failed := err != nil
	if failed == q.failing {
		return
	}
	q.failing = failed
	if failed {
		q.log.Warn("entries cannot be stored, they wait in memory", "what", q.name, "err", err)
	} else {
		q.log.Info("entries are stored again", "what", q.name, "dropped", q.dropped)
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
