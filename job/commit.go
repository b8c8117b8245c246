package job

import (
	"context"
	"time"

	"tonypi"
)

const (
	commitWithin  = 5 * time.Second        // how long a robot's message waits for the store
	commitFailing = 100 * time.Millisecond // and while the store is known to fail: the message must not hold up others
)

// promise is one row that is to be stored.
type promise struct {
	done  <-chan struct{}
	state func() (waiting int, failing bool)
}

// commit is everything that one message changed.
type commit []promise

// Wait returns nil once all of it is stored. The error is Unavailable when that takes too long, and then the message may be
// taken again: it counts once.
func (c commit) Wait(ctx context.Context) error {
	limit := time.NewTimer(commitWithin)
	defer limit.Stop()
	for _, p := range c {
		if _, failing := p.state(); failing {
			limit.Reset(commitFailing)
		}
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit.C:
			return tonypi.Errorf(tonypi.Unavailable, "jobs cannot be stored now")
		}
	}
	return nil
}

// asCommit returns nil when there is nothing to wait for.
func asCommit(promises []promise) tonypi.Commit {
	if len(promises) == 0 {
		return nil
	}
	return commit(promises)
}
