package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"tonypi"
)

// Alerts implements tonypi.AlertStore.
func (m *Memory) Alerts(ctx context.Context, f tonypi.AlertFilter) ([]tonypi.Alert, error) {
	if f.Limit < 0 || f.Limit > 500 {
		return nil, tonypi.Errorf(tonypi.Invalid, "limit must lie between 1 and 500")
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	found := m.pick(func(a tonypi.Alert) bool {
		return (f.Robot == "" || a.Robot == f.Robot) && (f.Type == "" || a.Type == f.Type) &&
			(f.Severity == tonypi.Calm || a.Severity == f.Severity) &&
			(f.Acknowledged == nil || a.Acknowledged == *f.Acknowledged) &&
			(f.Resolved == nil || a.Resolved == *f.Resolved) &&
			!a.CreatedAt.Before(millis(f.Since)) && (f.Before == 0 || a.ID < f.Before)
	})
	return found[:min(len(found), f.Limit)], ctx.Err()
}

// OpenAlerts implements tonypi.AlertStore.
func (m *Memory) OpenAlerts(ctx context.Context) ([]tonypi.Alert, error) {
	return m.pick(func(a tonypi.Alert) bool { return !a.Resolved }), ctx.Err()
}

// pick returns the matching alerts, newest first.
func (m *Memory) pick(match func(tonypi.Alert) bool) []tonypi.Alert {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tonypi.Alert
	for _, a := range m.alerts {
		if match(a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b tonypi.Alert) int { return cmp.Compare(b.ID, a.ID) })
	return found
}

// Alert implements tonypi.AlertStore.
func (m *Memory) Alert(ctx context.Context, id int64) (tonypi.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.alerts[id]
	if !ok {
		return a, tonypi.Errorf(tonypi.NotFound, "Alert %d not found", id)
	}
	return a, ctx.Err()
}

// AlertStats implements tonypi.AlertStore.
func (m *Memory) AlertStats(ctx context.Context, robot tonypi.RobotID, since time.Time) (tonypi.AlertStats, error) {
	var s tonypi.AlertStats
	for _, a := range m.pick(func(a tonypi.Alert) bool {
		return (robot == "" || a.Robot == robot) && !a.CreatedAt.Before(millis(since))
	}) {
		s.Total++
		switch a.Severity {
		case tonypi.Critical:
			s.Critical++
		case tonypi.Warning:
			s.Warning++
		case tonypi.Info:
			s.Info++
		}
		if !a.Acknowledged {
			s.Unacknowledged++
		}
		if !a.Resolved {
			s.Unresolved++
		}
	}
	return s, ctx.Err()
}

// SaveAlerts implements tonypi.AlertStore.
func (m *Memory) SaveAlerts(ctx context.Context, alerts []tonypi.Alert) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range alerts {
		if a.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "an alert needs an ID above 0")
		}
		if err := checkFinite(a.Value, a.Threshold); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, a := range alerts {
		for _, s := range []*string{(*string)(&a.Robot), &a.Type, (*string)(&a.Metric), &a.Source, (*string)(&a.Severity),
			&a.Title, &a.Message, &a.AcknowledgedBy, &a.Note, &a.ResolvedBy} {
			*s = clean(*s)
		}
		a.AcknowledgedAt, a.ResolvedAt = millis(a.AcknowledgedAt), millis(a.ResolvedAt)
		a.CreatedAt, a.UpdatedAt = orNow(a.CreatedAt), orNow(a.UpdatedAt)
		m.alerts[a.ID] = a
	}
	return nil
}

// DeleteAlert implements tonypi.AlertStore.
func (m *Memory) DeleteAlert(ctx context.Context, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.alerts[id]; !ok {
		return tonypi.Errorf(tonypi.NotFound, "Alert %d not found", id)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.alerts, id)
	return nil
}

// LastAlertID implements tonypi.AlertStore.
func (m *Memory) LastAlertID(ctx context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var last int64
	for id := range m.alerts {
		last = max(last, id)
	}
	return last, ctx.Err()
}

// Rules implements tonypi.RuleStore.
func (m *Memory) Rules(ctx context.Context) ([]tonypi.Rule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rules := slices.SortedFunc(maps.Values(m.rules), func(a, b tonypi.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules, ctx.Err()
}

// SaveRule implements tonypi.RuleStore.
func (m *Memory) SaveRule(ctx context.Context, r tonypi.Rule) (tonypi.Rule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkRule(r); err != nil {
		return tonypi.Rule{}, err
	}
	if err := ctx.Err(); err != nil {
		return tonypi.Rule{}, err
	}
	for _, old := range m.rules {
		if old.Robot != r.Robot || old.Type != r.Type {
			continue
		}
		if r.ID == 0 {
			r.ID = old.ID
		}
		if r.ID != old.ID {
			return tonypi.Rule{}, tonypi.Errorf(tonypi.Conflict, "A threshold of this type exists already")
		}
	}
	r.UpdatedAt = millis(time.Now())
	switch old, ok := m.rules[r.ID]; {
	case ok:
		r.CreatedAt = old.CreatedAt
	case r.ID != 0:
		return tonypi.Rule{}, tonypi.Errorf(tonypi.NotFound, "Threshold %d not found", r.ID)
	default:
		m.lastRule++
		r.ID, r.CreatedAt = m.lastRule, r.UpdatedAt
	}
	m.rules[r.ID] = r
	return r, nil
}

func checkRule(r tonypi.Rule) error {
	if err := checkKey("metric_type", r.Type); err != nil {
		return err
	}
	if clean(string(r.Metric)) != string(r.Metric) || r.Robot != "" && !sound(string(r.Robot)) {
		return tonypi.Errorf(tonypi.Invalid, "metric and robot ID must be plain text")
	}
	return checkFinite(r.Warning, r.Critical, float64(r.For), float64(r.ClearFor), r.Hysteresis)
}

// DeleteRule implements tonypi.RuleStore.
func (m *Memory) DeleteRule(ctx context.Context, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.rules[id]; !ok {
		return tonypi.Errorf(tonypi.NotFound, "Threshold %d not found", id)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.rules, id)
	return nil
}
