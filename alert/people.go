package alert

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"tonypi"
)

const (
	maxNote    = 2000            // characters
	shownAfter = 3 * time.Second // how long a person waits for the store
)

// Acknowledge notes that a person knows of an alert, open or not. It may be repeated; the newest note and name stay. While
// the store is down it works for open alerts and is stored later. Errors: Invalid, NotFound, and those of the store.
func (e *Engine) Acknowledge(ctx context.Context, id int64, user, note string) (tonypi.Alert, error) {
	if utf8.RuneCountInString(note) > maxNote {
		return tonypi.Alert{}, tonypi.Errorf(tonypi.Invalid, "note is longer than %d characters", maxNote)
	}
	a, err := e.change(ctx, id, func(a *tonypi.Alert, _ *condition, now time.Time) bool {
		a.Acknowledged, a.AcknowledgedBy, a.AcknowledgedAt, a.Note = true, user, now.UTC(), note
		return true
	})
	e.stored(ctx)
	return a, err
}

// AcknowledgeAll acknowledges open alerts: those with the given IDs, or all of a robot, or without both all there are. It
// returns how many were not acknowledged before; IDs that are not open do not count.
func (e *Engine) AcknowledgeAll(ctx context.Context, robot tonypi.RobotID, ids []int64, user string) (int, error) {
	wanted := make(map[int64]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	count := 0
	for _, a := range e.Open() {
		if a.Acknowledged || len(ids) > 0 && !wanted[a.ID] || robot != "" && a.Robot != robot {
			continue
		}
		_, err := e.change(ctx, a.ID, func(a *tonypi.Alert, _ *condition, now time.Time) bool {
			if a.Acknowledged || a.Resolved {
				return false
			}
			a.Acknowledged, a.AcknowledgedBy, a.AcknowledgedAt = true, user, now.UTC()
			count++
			return true
		})
		if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			return count, err
		}
	}
	e.stored(ctx)
	return count, nil
}

// Resolve closes an alert by hand. If what it told is still true, it opens again when it gets worse, after the value was
// back, or after five minutes (after a restart of the server at once); an alert about silence only after the robot was
// heard again, one about something that happened when it happens again. Resolving a resolved alert changes nothing.
func (e *Engine) Resolve(ctx context.Context, id int64, user string) (tonypi.Alert, error) {
	a, err := e.change(ctx, id, func(a *tonypi.Alert, c *condition, now time.Time) bool {
		if a.Resolved {
			return false
		}
		a.Resolved, a.ResolvedBy, a.ResolvedAt = true, user, now.UTC()
		if c != nil {
			c.mute(now)
		}
		return true
	})
	e.stored(ctx)
	return a, err
}

// mute takes the alert off and keeps it from opening again at once.
func (c *condition) mute(now time.Time) {
	c.muted, c.mutedUntil = c.alert.Severity, now.Add(muteFor)
	switch {
	case c.alert.Type == tonypi.SilenceRule:
		c.muted = tonypi.Critical
	case happens(c.alert.Type):
		c.muted = tonypi.Calm // it happened; if it happens again that is another alert
	}
	c.alert = nil
}

// Delete removes an alert for good; an open one is resolved by it. Errors: NotFound, and those of the store.
func (e *Engine) Delete(ctx context.Context, id int64) error {
	release, err := e.out.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	waiting, unsaved := e.out.Get(id)
	err = e.store.DeleteAlert(ctx, id)
	if err != nil && (!unsaved || tonypi.KindOf(err) != tonypi.NotFound) {
		return err
	}
	a, open := e.open.get(id)
	if !open {
		if !unsaved {
			return nil
		}
		a = waiting
	}
	r := e.robot(a.Robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if c := r.holder(a); c != nil {
		c.mute(now)
	}
	e.open.remove(id)
	e.out.Remove(id)
	if open {
		a.Resolved, a.ResolvedAt, a.UpdatedAt = true, now.UTC(), now.UTC()
		e.show.Show(tonypi.Event{Kind: tonypi.AlertChanged, Robot: a.Robot, Time: a.UpdatedAt, Alert: &a})
	}
	return nil
}

// change applies f to the newest state of an alert and makes it known if f says so. The condition is nil when the alert is
// not open.
func (e *Engine) change(ctx context.Context, id int64, f func(*tonypi.Alert, *condition, time.Time) bool) (tonypi.Alert, error) {
	for {
		a, open, err := e.find(ctx, id)
		if err != nil {
			return tonypi.Alert{}, err
		}
		if changed, ok := e.changeFound(a, open, f); ok {
			return changed, nil
		}
		// It resolved itself between find and the robot's lock: find has the newer state now.
	}
}

func (e *Engine) changeFound(a tonypi.Alert, open bool, f func(*tonypi.Alert, *condition, time.Time) bool) (tonypi.Alert, bool) {
	r := e.robot(a.Robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	target, c := &a, r.holder(a)
	if c != nil {
		target = c.alert
	} else if open {
		return a, false
	} else if newer, ok := e.out.Get(a.ID); ok {
		a = newer
	}
	if now := time.Now(); f(target, c, now) {
		e.publish(target, now)
	}
	return *target, true
}

// find returns an alert from memory, or from the store when it is long resolved.
func (e *Engine) find(ctx context.Context, id int64) (a tonypi.Alert, open bool, err error) {
	if a, ok := e.open.get(id); ok {
		return a, true, nil
	}
	if a, ok := e.out.Get(id); ok {
		return a, false, nil
	}
	a, err = e.store.Alert(ctx, id)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return a, false, tonypi.Errorf(tonypi.NotFound, "Alert %d not found", id)
	}
	if err != nil {
		return a, false, fmt.Errorf("load alert: %w", err)
	}
	return a, false, nil
}

// holder returns the condition that holds the open alert a, or nil; the robot's lock is held.
func (r *robot) holder(a tonypi.Alert) *condition {
	c := &r.silence
	if a.Type != tonypi.SilenceRule {
		c = r.conditions[conditionKey{a.Type, a.Source}]
	}
	if c == nil || c.alert == nil || c.alert.ID != a.ID {
		return nil
	}
	return c
}

// stored waits a little for the store, so that a person who asks it next sees what they did. A store that is down is no
// error here: the outbox tries on.
func (e *Engine) stored(ctx context.Context) {
	if e.out.Failing() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, shownAfter)
	defer cancel()
	// The outbox has logged why it failed and keeps what it could not write.
	_ = e.out.Flush(ctx)
}
