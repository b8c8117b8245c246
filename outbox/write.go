package outbox

import (
	"context"
	"slices"
	"time"

	"tonypi"
)

// Run writes until ctx ends, with growing pauses while the store fails, and then tries for LastTry to write the rest.
func (o *Outbox[K, T]) Run(ctx context.Context) {
	pause := o.c.RetryFirst
	for {
		var retry <-chan time.Time
		wake := o.wake
		if o.Failing() && o.Pending() > 0 {
			retry = time.After(pause)
			pause = min(2*pause, o.c.RetryMost)
			wake = nil // a change does not make a store that is down come back
		}
		select {
		case <-ctx.Done():
			o.finish(ctx)
			return
		case <-wake:
		case <-retry:
		}
		if o.Flush(ctx) == nil {
			pause = o.c.RetryFirst
		}
	}
}

func (o *Outbox[K, T]) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), LastTry)
	defer cancel()
	if err := o.Flush(ctx); err != nil {
		o.c.Log.Error("not everything was stored before the end", "what", o.c.Name, "count", o.Pending(), "err", err)
	}
}

// Flush writes until nothing waits. The error is that of ctx or of the store; the outbox has logged it and keeps what it could
// not write.
func (o *Outbox[K, T]) Flush(ctx context.Context) error {
	release, err := o.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	for {
		o.mu.Lock()
		rows := o.sorted()
		o.mu.Unlock()
		if len(rows) == 0 {
			return nil
		}
		for group := range slices.Chunk(rows, o.c.Batch) {
			if err := o.write(ctx, o.drafts(group)); err != nil {
				return err
			}
		}
	}
}

// drafts copies the present states of rows that still wait.
func (o *Outbox[K, T]) drafts(rows []*row[K, T]) []draft[K, T] {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := make([]draft[K, T], 0, len(rows))
	for _, r := range rows {
		if o.waiting[r.key] == r {
			list = append(list, draft[K, T]{r, r.value, r.change})
		}
	}
	return list
}

func (o *Outbox[K, T]) write(ctx context.Context, batch []draft[K, T]) error {
	if len(batch) == 0 {
		return nil
	}
	err := o.save(ctx, batch)
	if Refused(err) {
		err = o.writeEach(ctx, batch)
	}
	o.mark(err)
	return err
}

// writeEach stores rows one by one: one that the store will never take must not hold up the others.
func (o *Outbox[K, T]) writeEach(ctx context.Context, batch []draft[K, T]) error {
	for i := range batch {
		one := batch[i : i+1]
		err := o.save(ctx, one)
		if Refused(err) {
			key, robot := o.c.Of(one[0].value)
			o.c.Log.Error("the store refuses a row", "what", o.c.Name, "id", key, "robot", robot, "err", err)
			o.done(one)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (o *Outbox[K, T]) save(ctx context.Context, batch []draft[K, T]) error {
	ctx, cancel := context.WithTimeout(ctx, o.c.WriteWithin)
	defer cancel()
	values := make([]T, len(batch))
	for i, d := range batch {
		values[i] = d.value
	}
	if err := o.c.Store(ctx, values); err != nil {
		return err
	}
	o.done(batch)
	return nil
}

// done notes what was written and takes rows out that have not changed since they were copied.
func (o *Outbox[K, T]) done(batch []draft[K, T]) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, d := range batch {
		if d.row.saved = d.change; d.row.change == d.change {
			o.remove(d.row)
		}
	}
	o.settle()
}

// mark logs when the store begins or ceases to fail.
func (o *Outbox[K, T]) mark(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	failed := err != nil
	if failed == o.failing {
		return
	}
	o.failing = failed
	if failed {
		o.c.Log.Warn("rows cannot be stored, they wait in memory", "what", o.c.Name, "err", err)
	} else {
		o.c.Log.Info("rows are stored again", "what", o.c.Name)
	}
}

// Refused reports whether a store said no for a reason that stays, so that trying again would not help.
func Refused(err error) bool {
	if err == nil {
		return false
	}
	switch tonypi.KindOf(err) {
	case tonypi.Invalid, tonypi.NotFound, tonypi.Conflict, tonypi.TooLarge:
		return true
	}
	return false
}
