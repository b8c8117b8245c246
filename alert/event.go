package alert

import (
	"slices"
	"time"

	"tonypi"
)

// Raise opens the alert of something that happened: Robot, Type, Source, Severity, Title, Message, Value and Threshold of a
// are taken over. While one of the same robot, type and source is open it is brought to that state instead, and a rising
// severity takes its acknowledgement back. It does nothing when a rule of that type is disabled, for the robot or for all.
// What a person resolved opens again with the next Raise. It does not block on stores.
func (e *Engine) Raise(now time.Time, a tonypi.Alert) {
	r := e.robot(a.Robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.gone || e.rulesOf(r).off[a.Type] {
		return
	}
	c := r.condition(conditionKey{a.Type, a.Source})
	open := c.alert
	switch {
	case open == nil:
		c.muted = tonypi.Calm
		open = &tonypi.Alert{ID: e.lastID.Add(1), Robot: a.Robot, Type: a.Type, Source: a.Source, CreatedAt: now.UTC()}
		c.alert = open
	case open.Severity == a.Severity && open.Title == a.Title && open.Message == a.Message:
		return
	case a.Severity.Rank() > open.Severity.Rank():
		open.Acknowledged, open.AcknowledgedBy, open.AcknowledgedAt = false, "", time.Time{}
	}
	open.Severity, open.Title, open.Message = a.Severity, a.Title, a.Message
	open.Metric, open.Value, open.Threshold = a.Metric, a.Value, a.Threshold
	e.publish(open, now)
}

// Clear resolves the open alert of a robot, type and source, if there is one; by says who or what ended it, empty stands for
// "itself". It does not block on stores.
func (e *Engine) Clear(robot tonypi.RobotID, kind, source, by string, now time.Time) {
	if by == "" {
		by = byItself
	}
	r := e.robot(robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	key := conditionKey{kind, source}
	c := r.conditions[key]
	if c == nil || c.alert == nil {
		return
	}
	e.close(c.alert, by, now)
	c.alert = nil
	if c.idle() {
		delete(r.conditions, key)
	}
}

// happens reports whether alerts of a type are about something that happened and not about a metric.
func happens(kind string) bool { return slices.Contains(tonypi.EventAlerts, kind) }
