package logbook

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tonypi"
	"tonypi/outbox"
)

// Bounds of what waits for the store.
const (
	queueLimit  = 20_000 // lines, and audit entries
	batchSize   = 1000   // per transaction
	writeWithin = 5 * time.Second
	retryFirst  = 500 * time.Millisecond
	retryMost   = 30 * time.Second
)

// queue numbers what is to be written and gives it to an outbox, in order. Unlike there, when it is full what comes is
// dropped and not the oldest: a line that has an ID and was shown is stored, and a robot that is told no sends it again.
type queue[T any] struct {
	*outbox.Outbox[int64, T]
	name string // in log lines
	log  *slog.Logger

	mu      sync.Mutex
	newest  outbox.Promise
	dropped uint64
}

func newQueue[T any](
	name string, log *slog.Logger, of func(T) (int64, tonypi.RobotID), store func(context.Context, []T) error,
) *queue[T] {
	return &queue[T]{name: name, log: log, Outbox: outbox.New(outbox.Config[int64, T]{
		Name: name, Of: of, Store: store, Log: log,
		Limit: queueLimit, Batch: batchSize, WriteWithin: writeWithin, RetryFirst: retryFirst, RetryMost: retryMost,
	})}
}

// put queues all of the list or, when there is no room, nothing. number makes each entry's ID, in the queue's order.
func (q *queue[T]) put(list []T, number func(*T)) bool {
	q.mu.Lock()
	if q.Pending()+len(list) > queueLimit {
		first := q.dropped == 0
		q.dropped += uint64(len(list))
		q.mu.Unlock()
		if first {
			q.log.Error("too much waits for the store, what comes is dropped", "what", q.name)
		}
		return false
	}
	defer q.mu.Unlock()
	for i := range list {
		number(&list[i])
		q.newest = q.Put(list[i])
	}
	return true
}

// commit is the promise that everything queued so far is stored: that of the newest entry, for they are written in order.
func (q *queue[T]) commit() tonypi.Commit {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.newest
}

// Dropped returns how many entries found no room since the start.
func (q *queue[T]) Dropped() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}
