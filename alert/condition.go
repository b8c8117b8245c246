package alert

import (
	"time"

	"tonypi"
)

// conditionKey names a condition within its robot.
type conditionKey struct {
	kind   string // the rule's Type
	source string
}

// condition is one (robot, type, source) that is not simply calm: over a threshold, open, on its way back or muted.
type condition struct {
	rule  *rule
	alert *tonypi.Alert // the open one, or nil
	value float64       // newest

	// Since when each is true without a break; zero: it is not.
	overWarning, overCritical time.Time
	offCritical, back         time.Time

	// A person resolved the alert at severity muted although it was still true.
	muted      tonypi.Severity
	mutedUntil time.Time
}

func (c *condition) level() tonypi.Severity {
	if c.alert == nil {
		return tonypi.Calm
	}
	return c.alert.Severity
}

// observe takes in a value. good overrides the thresholds: the value is no reason for an alert whatever it is.
func (c *condition) observe(rule *rule, value float64, good bool, now time.Time) {
	c.rule, c.value = rule, value
	severity := tonypi.Calm
	if !good {
		severity = rule.Judge(value)
	}
	mark(&c.overWarning, severity != tonypi.Calm, now)
	mark(&c.overCritical, severity == tonypi.Critical, now)
	mark(&c.offCritical, good || rule.offCritical(value), now)
	mark(&c.back, good || rule.Back(value), now)
}

// due returns the severity that the alert should have now.
func (c *condition) due(now time.Time) tonypi.Severity {
	wait, clearing := c.rule.For.Duration(), c.rule.ClearFor.Duration()
	up := tonypi.Calm
	switch {
	case held(c.overCritical, now, wait):
		up = tonypi.Critical
	case held(c.overWarning, now, wait):
		up = tonypi.Warning
	}
	level := c.level()
	switch {
	case up.Rank() > level.Rank():
		return up
	case held(c.back, now, clearing):
		return tonypi.Calm
	case level == tonypi.Critical && c.back.IsZero() && held(c.offCritical, now, clearing):
		// Not while it is coming back altogether: "25 %, threshold 70 %" would be no warning that a person understands.
		return tonypi.Warning
	}
	return level
}

// mutes reports whether an alert of severity s must not open because a person resolved it a moment ago.
func (c *condition) mutes(s tonypi.Severity, now time.Time) bool {
	if c.muted == tonypi.Calm {
		return false
	}
	if held(c.back, now, c.rule.ClearFor.Duration()) || !now.Before(c.mutedUntil) {
		c.muted = tonypi.Calm
		return false
	}
	return s.Rank() <= c.muted.Rank()
}

// idle reports whether nothing is worth remembering.
func (c *condition) idle() bool {
	return c.alert == nil && c.muted == tonypi.Calm && c.overWarning.IsZero()
}

// stop forgets how long anything was true.
func (c *condition) stop() {
	c.overWarning, c.overCritical = time.Time{}, time.Time{}
	c.offCritical, c.back = time.Time{}, time.Time{}
}

// freeze stops all timers: the robot is silent.
func (r *robot) freeze() {
	for key, c := range r.conditions {
		c.stop()
		if c.idle() {
			delete(r.conditions, key)
		}
	}
}

// condition returns the condition of a key, made at first use.
func (r *robot) condition(key conditionKey) *condition {
	if key.kind == tonypi.SilenceRule {
		return &r.silence
	}
	c := r.conditions[key]
	if c == nil {
		c = &condition{}
		r.conditions[key] = c
	}
	return c
}

// mark starts or clears a "since".
func mark(since *time.Time, on bool, now time.Time) {
	switch {
	case !on:
		*since = time.Time{}
	case since.IsZero():
		*since = now
	}
}

// held reports whether something has been true for d.
func held(since, now time.Time, d time.Duration) bool {
	return !since.IsZero() && now.Sub(since) >= d
}
