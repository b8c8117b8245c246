// Package outbox writes behind: it holds what changed until a store has it, for engines whose truth is in memory.
//
// What an Outbox does:
//   - rows have keys; of each key only the newest state waits, so what waits is bounded by rows and not by changes;
//   - it writes in groups, in the order in which keys began to wait, and writes again what changed meanwhile;
//   - a Promise tells when a state, or a newer one of its key, is stored. Waiting for it ends after five seconds with
//     Unavailable, and after 100 ms while the store is known to fail; the state still waits and is written later;
//   - while the store fails it tries again, with growing pauses, until the store is back;
//   - a row that the store will never take (see Refused) is logged and left out, it holds up no other; its promise is kept;
//   - when it is full the tenth that waits longest is dropped, counted and logged; promises about it are never kept;
//   - when the context of Run ends it tries for five seconds to write the rest.
package outbox

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tonypi"
)

// LastTry bounds the last writing, after the context of Run has ended.
const LastTry = 5 * time.Second

// Config is what an Outbox works with. All fields are needed but those that say otherwise.
type Config[K comparable, T any] struct {
	Name  string // of the rows, in log lines and errors: "jobs"
	Of    func(T) (K, tonypi.RobotID)
	Store func(context.Context, []T) error // all or nothing; rows of one call have different keys
	Log   *slog.Logger

	Limit       int           // rows that wait
	Batch       int           // rows per call of Store
	WriteWithin time.Duration // for one call of Store
	RetryFirst  time.Duration // pause after the store failed, doubled up to RetryMost
	RetryMost   time.Duration

	Size    func(T) int  // bytes of a row, roughly; nil: only Limit bounds what waits
	Bytes   int          // of all rows that wait; 0: only Limit bounds what waits
	Last    func(T) bool // rows that are dropped only after all others; nil: none
	Patient bool         // promises are waited for in full while the store is known to fail, too
}

// Outbox holds what is to be written. It is safe for concurrent use; nothing is written before Run or Flush.
type Outbox[K comparable, T any] struct {
	c    Config[K, T]
	wake chan struct{} // of one
	// writing is the right to write, of one: a channel, because whoever waits for it has a context.
	writing chan struct{}

	mu      sync.Mutex
	waiting map[K]*row[K, T]
	bytes   int
	changes uint64
	dropped uint64
	failing bool
	stored  chan struct{} // closed and replaced whenever rows were stored or given up
}

// row is a key that waits. change numbers its newest state; since is the change that it waits since.
type row[K comparable, T any] struct {
	key           K
	value         T
	size          int
	since, change uint64
	progress
}

// draft is a state of a row on its way to the store.
type draft[K comparable, T any] struct {
	row    *row[K, T]
	value  T
	change uint64
}

// New makes an empty Outbox.
func New[K comparable, T any](c Config[K, T]) *Outbox[K, T] {
	return &Outbox[K, T]{
		c: c, waiting: make(map[K]*row[K, T]),
		wake: make(chan struct{}, 1), writing: make(chan struct{}, 1), stored: make(chan struct{}),
	}
}

// Put queues a state and returns at once.
func (o *Outbox[K, T]) Put(v T) Promise {
	key, _ := o.c.Of(v)
	size := 0
	if o.c.Size != nil {
		size = o.c.Size(v)
	}
	o.mu.Lock()
	for o.full(key, size) {
		o.makeRoom()
	}
	o.changes++
	r := o.waiting[key]
	if r == nil {
		r = &row[K, T]{key: key, since: o.changes}
		o.waiting[key] = r
	}
	o.bytes += size - r.size
	r.value, r.size, r.change = v, size, o.changes
	p := Promise{o, &r.progress, r.change}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
	return p
}

// full reports whether a state needs room; mu is held. One that is larger than the bound is taken when nothing else waits.
func (o *Outbox[K, T]) full(key K, size int) bool {
	rows, bytes := len(o.waiting)+1, o.bytes+size
	if r := o.waiting[key]; r != nil {
		rows, bytes = rows-1, bytes-r.size
	}
	return len(o.waiting) > 0 && (rows > o.c.Limit || o.c.Bytes > 0 && bytes > o.c.Bytes)
}

// makeRoom drops a tenth; mu is held. It is for a store that is down for very long.
func (o *Outbox[K, T]) makeRoom() {
	list := o.sorted()
	if o.c.Last != nil {
		slices.SortStableFunc(list, func(a, b *row[K, T]) int {
			last := o.c.Last(a.value)
			switch {
			case last == o.c.Last(b.value):
				return 0
			case last:
				return 1
			}
			return -1
		})
	}
	n := (len(list) + 9) / 10
	for _, r := range list[:n] {
		o.remove(r)
	}
	o.dropped += uint64(n)
	o.c.Log.Error("too much waits for the store, the oldest was dropped", "what", o.c.Name, "dropped", n)
}

// sorted returns the rows, the one that waits longest first; mu is held.
func (o *Outbox[K, T]) sorted() []*row[K, T] {
	list := make([]*row[K, T], 0, len(o.waiting))
	for _, r := range o.waiting {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *row[K, T]) int { return cmp.Compare(a.since, b.since) })
	return list
}

// remove takes a row out, unless that happened before; mu is held.
func (o *Outbox[K, T]) remove(r *row[K, T]) {
	if o.waiting[r.key] == r {
		o.bytes -= r.size
		delete(o.waiting, r.key)
	}
}

// settle tells whoever waits that there may be news; mu is held.
func (o *Outbox[K, T]) settle() {
	close(o.stored)
	o.stored = make(chan struct{})
}

// Get returns the state of a key that waits.
func (o *Outbox[K, T]) Get(key K) (T, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.waiting[key]; r != nil {
		return r.value, true
	}
	var none T
	return none, false
}

// Promise returns the promise of a key's newest state, and false when the key does not wait.
func (o *Outbox[K, T]) Promise(key K) (Promise, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.waiting[key]; r != nil {
		return Promise{o, &r.progress, r.change}, true
	}
	return Promise{}, false
}

// Forget takes out all rows that match, after a write that runs has ended. Their promises are kept: nobody needs them now.
func (o *Outbox[K, T]) Forget(match func(T) bool) {
	o.writing <- struct{}{}
	defer o.release()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, r := range o.waiting {
		if match(r.value) {
			r.saved = r.change
			o.remove(r)
		}
	}
	o.settle()
}

// Hold keeps the outbox from writing until release is called, for whoever deletes a row from the store. The error is that of
// ctx.
func (o *Outbox[K, T]) Hold(ctx context.Context) (release func(), err error) {
	select {
	case o.writing <- struct{}{}:
		return o.release, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (o *Outbox[K, T]) release() { <-o.writing }

// Remove takes one key out. Call it under Hold, or a write that runs may store it still.
func (o *Outbox[K, T]) Remove(key K) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r := o.waiting[key]; r != nil {
		r.saved = r.change
		o.remove(r)
		o.settle()
	}
}

// Pending returns how many rows the store does not have yet.
func (o *Outbox[K, T]) Pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting)
}

// Dropped returns how many rows were given up since the start because the store was down for too long.
func (o *Outbox[K, T]) Dropped() uint64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped
}

// Failing reports whether the store failed the last time.
func (o *Outbox[K, T]) Failing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failing
}
