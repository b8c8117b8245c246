package outbox

import (
	"context"
	"time"

	"tonypi"
)

// How long a promise is waited for.
const (
	CommitWithin  = 5 * time.Second
	CommitFailing = 100 * time.Millisecond // while the store is known to fail: a robot's message must not hold up others
)

// Promise is the promise that a state, or a newer one of its key, is stored. It is a tonypi.Commit; the zero Promise is kept.
type Promise struct {
	box    box
	of     *progress
	change uint64
}

// box is an Outbox of any rows.
type box interface {
	look(p *progress, change uint64) (stored, hurry bool, news <-chan struct{})
	name() string
}

// progress is the newest state of a row that the store has; the outbox's mu guards it.
type progress struct{ saved uint64 }

func (o *Outbox[K, T]) look(p *progress, change uint64) (stored, hurry bool, news <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return p.saved >= change, o.failing && !o.c.Patient, o.stored
}

func (o *Outbox[K, T]) name() string { return o.c.Name }

// Wait implements tonypi.Commit: it returns nil once the state is stored, Unavailable when that takes longer than
// CommitWithin, or than CommitFailing while the store is known to fail.
func (p Promise) Wait(ctx context.Context) error { return promises{p}.Wait(ctx) }

// All makes one Commit of several promises, of any outboxes. It is nil when there is nothing to wait for.
func All(list []Promise) tonypi.Commit {
	if len(list) == 0 {
		return nil
	}
	return promises(list)
}

// promises are waited for together: the bounds are of all of them.
type promises []Promise

func (list promises) Wait(ctx context.Context) error {
	limit := time.NewTimer(CommitWithin)
	defer limit.Stop()
	for _, p := range list {
		if err := p.wait(ctx, limit); err != nil {
			return err
		}
	}
	return nil
}

func (p Promise) wait(ctx context.Context, limit *time.Timer) error {
	if p.box == nil {
		return nil
	}
	for first := true; ; first = false {
		stored, hurry, news := p.box.look(p.of, p.change)
		if stored {
			return nil
		}
		if first && hurry {
			limit.Reset(CommitFailing)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return tonypi.Errorf(tonypi.Unavailable, "the %s cannot be stored now", p.box.name())
		}
	}
}
