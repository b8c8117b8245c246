package command

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tonypi"
)

const (
	outboxLimit = 20_000   // changed commands that wait for the store
	outboxBytes = 64 << 20 // of them
	batchSize   = 500      // commands per transaction
	writeWithin = 10 * time.Second
	retryFirst  = 250 * time.Millisecond
	retryMost   = 10 * time.Second
	lastTry     = 5 * time.Second
)

// outbox holds the commands that changed since they were stored: the newest state of each. When it is full the oldest
// ordinary ones are dropped, stops last.
type outbox struct {
	store   tonypi.CommandStore
	log     *slog.Logger
	wake    chan struct{} // of one
	writing chan struct{} // the right to write, of one

	mu      sync.Mutex
	waiting map[string]*draft
	bytes   int
	changes uint64
	dropped uint64
	failing bool
	stored  chan struct{} // closed and replaced whenever something was stored or given up
}

// draft is a command that is to be stored. change tells its states apart; saved is the newest one that the store has.
type draft struct {
	command       tonypi.Command
	change, saved uint64
	size          int
}

func newOutbox(store tonypi.CommandStore, log *slog.Logger) *outbox {
	return &outbox{
		store: store, log: log, waiting: make(map[string]*draft),
		wake: make(chan struct{}, 1), writing: make(chan struct{}, 1), stored: make(chan struct{}),
	}
}

// put queues a command and returns at once.
func (o *outbox) put(c tonypi.Command) {
	size := 512 + len(c.Answer)
	if b, err := json.Marshal(c.Parameters); err == nil {
		size += len(b)
	}
	o.mu.Lock()
	old := o.waiting[c.ID]
	o.changes++
	next := &draft{command: c, change: o.changes, size: size}
	if old != nil {
		next.saved = old.saved
		o.bytes -= old.size
	}
	o.waiting[c.ID] = next
	if o.bytes += size; len(o.waiting) > outboxLimit || o.bytes > outboxBytes {
		o.makeRoom()
	}
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// makeRoom drops a tenth; mu is held. It is for a store that is down for very long.
func (o *outbox) makeRoom() {
	list := o.sorted(func(a, b *draft) int {
		if stop := a.command.Type == tonypi.StopCommand; stop != (b.command.Type == tonypi.StopCommand) {
			if stop {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.change, b.change)
	})
	n := (len(list) + 9) / 10
	for _, d := range list[:n] {
		o.remove(d.command.ID)
		o.dropped++
	}
	o.log.Error("too many commands wait for the store, the oldest were dropped", "dropped", n)
}

// remove takes a command out; mu is held.
func (o *outbox) remove(id string) {
	if d := o.waiting[id]; d != nil {
		o.bytes -= d.size
		delete(o.waiting, id)
	}
}

func (o *outbox) sorted(order func(a, b *draft) int) []*draft {
	list := make([]*draft, 0, len(o.waiting))
	for _, d := range o.waiting {
		list = append(list, d)
	}
	slices.SortFunc(list, order)
	return list
}

func byChange(a, b *draft) int { return cmp.Compare(a.change, b.change) }

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

func (o *outbox) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTry)
	defer cancel()
	if err := o.flush(ctx); err != nil {
		waiting, _ := o.state()
		o.log.Error("commands were not stored before the end", "commands", waiting, "err", err)
	}
}

// flush writes what waits.
func (o *outbox) flush(ctx context.Context) error {
	select {
	case o.writing <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-o.writing }()
	for {
		o.mu.Lock()
		batch := o.sorted(byChange)
		o.mu.Unlock()
		if len(batch) == 0 {
			return nil
		}
		if err := o.write(ctx, batch[:min(len(batch), batchSize)]); err != nil {
			return err
		}
	}
}

func (o *outbox) write(ctx context.Context, batch []*draft) error {
	err := o.save(ctx, batch)
	if refused(err) {
		// One command that the store will never take must not hold up the others.
		for _, d := range batch {
			if err = o.save(ctx, []*draft{d}); refused(err) {
				o.log.Error("the store refuses a command", "command", d.command.ID, "robot", d.command.Robot, "err", err)
				o.done([]*draft{d})
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
			o.log.Warn("commands cannot be stored, they wait in memory", "err", err)
		} else {
			o.log.Info("commands are stored again")
		}
	}
	return err
}

func (o *outbox) save(ctx context.Context, batch []*draft) error {
	ctx, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	commands := make([]tonypi.Command, len(batch))
	for i, d := range batch {
		commands[i] = d.command
	}
	if err := o.store.SaveCommands(ctx, commands); err != nil {
		return err
	}
	o.done(batch)
	return nil
}

// done notes what was written and takes out what has not changed since.
func (o *outbox) done(batch []*draft) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range batch {
		now := o.waiting[d.command.ID]
		switch {
		case now == nil:
		case now.change == d.change:
			o.remove(d.command.ID)
		default:
			now.saved = d.change
		}
	}
	close(o.stored)
	o.stored = make(chan struct{})
}

// forget takes out everything of a robot, after a write that runs has ended.
func (o *outbox) forget(robot tonypi.RobotID) {
	o.writing <- struct{}{}
	defer func() { <-o.writing }()
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, d := range o.waiting {
		if d.command.Robot == robot {
			o.remove(id)
		}
	}
	close(o.stored)
	o.stored = make(chan struct{})
}

// commit is the promise that a command's present state is stored.
type commit struct {
	out    *outbox
	id     string
	change uint64
}

// commit returns the promise for what waits of a command, or nil when the store has it all.
func (o *outbox) commit(id string) tonypi.Commit {
	o.mu.Lock()
	defer o.mu.Unlock()
	if d := o.waiting[id]; d != nil {
		return commit{o, id, d.change}
	}
	return nil
}

// Wait implements tonypi.Commit. It returns Unavailable when the store did not take it within five seconds.
func (c commit) Wait(ctx context.Context) error {
	timeout := time.NewTimer(storedWithin)
	defer timeout.Stop()
	for {
		c.out.mu.Lock()
		d, stored := c.out.waiting[c.id], c.out.stored
		has := d == nil || d.saved >= c.change
		c.out.mu.Unlock()
		if has {
			return nil
		}
		select {
		case <-stored:
		case <-ctx.Done():
			return ctx.Err()
		case <-timeout.C:
			return tonypi.Errorf(tonypi.Unavailable, "the answer could not be stored in time")
		}
	}
}

// refused reports whether trying again would not help.
func refused(err error) bool {
	if err == nil {
		return false
	}
	switch tonypi.KindOf(err) {
	case tonypi.Invalid, tonypi.NotFound, tonypi.Conflict, tonypi.TooLarge:
		return true
	}
	return false
}

// Pending returns how many changed commands the store does not have yet; Dropped how many it will never get.
func (d *Dispatcher) Pending() int {
	waiting, _ := d.out.state()
	return waiting
}

// Dropped returns how many changed commands were given up since the start because the store was down for too long.
func (d *Dispatcher) Dropped() uint64 {
	d.out.mu.Lock()
	defer d.out.mu.Unlock()
	return d.out.dropped
}
