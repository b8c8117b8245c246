package alert

import (
	"context"
	"fmt"
	"time"

	"tonypi"
)

// Seen tells that a robot was heard of at now. It is called for every message before its readings are judged, and ends an
// alert about silence (after the rule's ClearFor).
func (e *Engine) Seen(id tonypi.RobotID, now time.Time) {
	r := e.robot(id)
	r.lastSeen.Store(now.UnixNano())
	if !r.silent.Load() {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost, r.goodbye, r.silence.muted = false, false, tonypi.Calm
	e.tickSilence(r, now)
	if r.silence.alert == nil {
		r.silent.Store(false)
	}
}

// Lost tells that a robot's connection broke without a goodbye: the alert opens at once.
func (e *Engine) Lost(id tonypi.RobotID, now time.Time) {
	r := e.robot(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = true
	r.silent.Store(true)
	e.tickSilence(r, now)
}

// Goodbye tells that a robot announced that it goes offline: the alert opens at once as a warning and stays one.
func (e *Engine) Goodbye(id tonypi.RobotID, now time.Time) {
	r := e.robot(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.goodbye = true
	r.silent.Store(true)
	e.tickSilence(r, now)
}

// Expect tells at the start which robots belong to the fleet: those that do not report from now on fall silent like any
// other. A robot that had said goodbye, or whose silence a person has already resolved, is not missed again.
func (e *Engine) Expect(ctx context.Context, robots []tonypi.Robot, now time.Time) error {
	for _, known := range robots {
		if known.Adoption != tonypi.Adopted || known.LastSeen.IsZero() {
			continue
		}
		resolved, err := e.silenceResolved(ctx, known)
		if err != nil {
			return fmt.Errorf("look up the last silence of a robot: %w", err)
		}
		r := e.robot(known.ID)
		r.mu.Lock()
		r.goodbye = known.Status == tonypi.StatusOffline
		if resolved || r.goodbye && r.silence.alert == nil {
			r.silence.muted = tonypi.Critical
		}
		r.silent.Store(r.goodbye || resolved || r.silence.alert != nil)
		r.lastSeen.CompareAndSwap(0, now.UnixNano())
		r.mu.Unlock()
	}
	return nil
}

// silenceResolved reports whether a person resolved the alert about the silence that the robot is still in.
func (e *Engine) silenceResolved(ctx context.Context, known tonypi.Robot) (bool, error) {
	last, err := e.store.Alerts(ctx, tonypi.AlertFilter{Robot: known.ID, Type: tonypi.SilenceRule, Limit: 1})
	if err != nil || len(last) == 0 {
		return false, err
	}
	a := last[0]
	return a.Resolved && a.ResolvedBy != byItself && a.ResolvedBy != byRuleChange && a.ResolvedAt.After(known.LastSeen), nil
}

// tickSilence judges how long the robot has been silent; its lock is held.
func (e *Engine) tickSilence(r *robot, now time.Time) {
	rule := e.rulesOf(r).silence
	if rule == nil {
		return
	}
	c := &r.silence
	c.rule = rule
	due := r.silentFor(rule, now)
	mark(&c.back, due == tonypi.Calm, now)
	if due == tonypi.Calm && !held(c.back, now, rule.ClearFor.Duration()) {
		due = c.level()
	}
	// Only data ends a silence, so it never eases from critical to warning by itself.
	if due != tonypi.Calm && due.Rank() < c.level().Rank() || due.Rank() <= c.muted.Rank() && c.alert == nil {
		return
	}
	c.value = 0
	if last := r.lastSeen.Load(); last != 0 {
		c.value = now.Sub(time.Unix(0, last)).Seconds()
	}
	e.bring(r, conditionKey{kind: tonypi.SilenceRule}, c, due, now)
	if c.alert != nil {
		r.silent.Store(true)
	}
}

// silentFor returns how bad the robot's silence is.
func (r *robot) silentFor(rule *rule, now time.Time) tonypi.Severity {
	last := r.lastSeen.Load()
	silence := now.Sub(time.Unix(0, last)).Seconds()
	switch {
	case r.goodbye:
		return tonypi.Warning
	case last != 0 && silence >= rule.Critical:
		return tonypi.Critical
	case r.lost, last != 0 && silence >= rule.Warning:
		return tonypi.Warning
	}
	return tonypi.Calm
}

// stale reports whether the robot has been silent for so long that its last values prove nothing.
func (e *Engine) stale(r *robot, now time.Time) bool {
	limit := staleAfter
	if rule := e.rulesOf(r).silence; rule != nil {
		limit = tonypi.Seconds(rule.Warning).Duration()
	}
	return now.Sub(time.Unix(0, r.lastSeen.Load())) >= limit
}
