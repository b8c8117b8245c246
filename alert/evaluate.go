package alert

import (
	"time"

	"tonypi"
)

// minServoSupply is the lowest servo voltage that tells something about a battery of three LiPo cells, in volts.
const minServoSupply = 7.0

// Evaluate judges fresh readings; now is when they arrived. It does not block on stores and keeps no reference to the
// slice. Readings without a rule, and those that change nothing, cost no allocation.
func (e *Engine) Evaluate(now time.Time, readings []tonypi.Reading) {
	for len(readings) > 0 {
		n := 1
		for n < len(readings) && readings[n].Robot == readings[0].Robot {
			n++
		}
		e.evaluate(e.robot(readings[0].Robot), now, readings[:n])
		readings = readings[n:]
	}
}

func (e *Engine) evaluate(r *robot, now time.Time, readings []tonypi.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rules := e.rulesOf(r)
	for i := range readings {
		reading := &readings[i]
		if reading.Metric == tonypi.BatteryCharging {
			r.charging = reading.Value != 0
		}
		for _, rule := range rules.byMetric[reading.Metric] {
			// The way of nearly every reading: nothing is wrong and nothing was.
			if len(r.conditions) == 0 && rule.calm(reading.Value) {
				continue
			}
			if rule.credible(reading.Value) {
				good := rule.battery && charges(r.charging, readings[i+1:])
				e.judge(r, rule, reading, good, now)
			}
		}
	}
}

func (e *Engine) judge(r *robot, rule *rule, reading *tonypi.Reading, good bool, now time.Time) {
	key := conditionKey{rule.Type, reading.Source}
	c := r.conditions[key]
	if c == nil {
		if good || rule.calm(reading.Value) {
			return
		}
		if len(r.conditions) >= maxConditions {
			e.crowded(r)
			return
		}
		c = r.condition(key)
	}
	c.observe(rule, reading.Value, good, now)
	e.settle(r, key, c, now)
}

// charges looks ahead in a message, which may tell the level before it tells whether the charger is on.
func charges(before bool, rest []tonypi.Reading) bool {
	for i := range rest {
		if rest[i].Metric == tonypi.BatteryCharging {
			return rest[i].Value != 0
		}
	}
	return before
}

func (e *Engine) crowded(r *robot) {
	if !r.crowded {
		r.crowded = true
		e.log.Warn("too many conditions, new sources are not judged", "robot", r.id, "limit", maxConditions)
	}
}

// settle brings the alert to the severity that is due, and forgets a condition that is over.
func (e *Engine) settle(r *robot, key conditionKey, c *condition, now time.Time) {
	e.bring(r, key, c, c.due(now), now)
	if c.idle() {
		delete(r.conditions, key)
	}
}

// bring opens, changes or resolves the alert of a condition.
func (e *Engine) bring(r *robot, key conditionKey, c *condition, due tonypi.Severity, now time.Time) {
	level := c.level()
	if due == level && level != tonypi.Calm {
		return
	}
	switch {
	case c.alert == nil:
		if c.mutes(due, now) || due == tonypi.Calm {
			return
		}
		c.muted = tonypi.Calm
		c.alert = &tonypi.Alert{
			ID: e.lastID.Add(1), Robot: r.id, Type: key.kind, Source: key.source, CreatedAt: now.UTC(),
		}
	case due == tonypi.Calm:
		e.close(c.alert, byItself, now)
		c.alert = nil
		return
	case due.Rank() > level.Rank():
		a := c.alert
		a.Acknowledged, a.AcknowledgedBy, a.AcknowledgedAt = false, "", time.Time{}
	}
	a := c.alert
	a.Metric, a.RuleID = c.rule.Metric, c.rule.ID
	a.Severity, a.Value, a.Threshold = due, c.value, c.rule.Threshold(due)
	describe(a, c.rule, r)
	e.publish(a, now)
}

// close resolves an alert.
func (e *Engine) close(a *tonypi.Alert, by string, now time.Time) {
	a.Resolved, a.ResolvedBy, a.ResolvedAt = true, by, now.UTC()
	e.publish(a, now)
}

// publish makes a change known: to the list of open alerts, to the store and to whoever watches.
func (e *Engine) publish(a *tonypi.Alert, now time.Time) {
	a.UpdatedAt = now.UTC()
	changed := *a
	e.open.set(changed)
	e.out.Put(changed)
	e.show.Show(tonypi.Event{Kind: tonypi.AlertChanged, Robot: a.Robot, Time: a.UpdatedAt, Alert: &changed})
}
