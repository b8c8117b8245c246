package storetest

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// Logs implements tonypi.LogStore.
func (m *Memory) Logs(ctx context.Context, f tonypi.LogFilter) ([]tonypi.LogEntry, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	if f.Offset < 0 || f.Offset > 100_000 {
		return nil, tonypi.Errorf(tonypi.Invalid, "offset must lie between 0 and 100,000")
	}
	if len(tonypi.Words(f.Search)) > 32 {
		return nil, tonypi.Errorf(tonypi.Invalid, "search must have at most 32 words")
	}
	found, err := find(ctx, m, m.logs, limit+f.Offset, func(e tonypi.LogEntry) bool { return f.Match(e) && (f.Before == 0 || e.ID < f.Before) },
		func(a, b tonypi.LogEntry) int { return cmp.Compare(b.ID, a.ID) })
	return found[min(len(found), f.Offset):], err
}

// LogStats implements tonypi.LogStore.
func (m *Memory) LogStats(ctx context.Context, robot tonypi.RobotID, since time.Time) (tonypi.LogStats, error) {
	n := tonypi.LogStats{ByCategory: map[string]int{}}
	lines, err := find(ctx, m, m.logs, math.MaxInt, tonypi.LogFilter{Robot: robot, Since: since}.Match, func(_, _ tonypi.LogEntry) int { return 0 })
	for _, e := range lines {
		n.Total++
		n.ByCategory[e.Category]++
		if level, ok := map[string]*int{"DEBUG": &n.Debug, "INFO": &n.Info, "WARNING": &n.Warning, "ERROR": &n.Error, "CRITICAL": &n.Critical}[e.Level]; ok {
			*level++
		}
	}
	return n, err
}

// AppendLogs implements tonypi.LogStore.
func (m *Memory) AppendLogs(ctx context.Context, entries []tonypi.LogEntry) error {
	for _, e := range entries {
		if e.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a log line needs an ID above 0")
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := m.logs[e.ID]; ok {
			continue
		}
		cut(&e.Level, &e.Category, &e.Source, (*string)(&e.Robot))
		if characters := []rune(clean(e.Message)); len(characters) > 4000 {
			e.Message = string(characters[:4000])
		} else {
			e.Message = string(characters)
		}
		e.Time, e.Details = orNow(e.Time), kept(e.Details)
		m.logs[e.ID] = e
	}
	return nil
}

// PurgeLogs implements tonypi.LogStore.
func (m *Memory) PurgeLogs(ctx context.Context, before time.Time, levels []string) (int, error) {
	return purge(ctx, m, m.logs, func(e tonypi.LogEntry) bool {
		return e.Time.Before(millis(before)) && (len(levels) == 0 || slices.Contains(levels, e.Level))
	})
}

// LastLogID implements tonypi.LogStore.
func (m *Memory) LastLogID(ctx context.Context) (int64, error) { return last(ctx, m, m.logs) }

// Audit implements tonypi.AuditStore.
func (m *Memory) Audit(ctx context.Context, f tonypi.AuditFilter) ([]tonypi.AuditEntry, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	return find(ctx, m, m.audit, limit, func(e tonypi.AuditEntry) bool {
		return (f.User == "" || e.User == f.User) && (f.Robot == "" || e.Robot == f.Robot) &&
			(f.Action == "" || e.Action == f.Action || strings.HasPrefix(e.Action, f.Action+".")) &&
			!e.Time.Before(millis(f.Since)) && (f.Until.IsZero() || e.Time.Before(millis(f.Until))) && (f.Before == 0 || e.ID < f.Before)
	}, func(a, b tonypi.AuditEntry) int { return cmp.Compare(b.ID, a.ID) })
}

// AppendAudit implements tonypi.AuditStore.
func (m *Memory) AppendAudit(ctx context.Context, entries []tonypi.AuditEntry) error {
	for _, e := range entries {
		if e.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "an audit entry needs an ID above 0")
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, e := range entries {
		if _, ok := m.audit[e.ID]; ok {
			continue
		}
		cut(&e.User, &e.Action, (*string)(&e.Robot))
		tidy((*string)(&e.Role), &e.Address, &e.Target, &e.Message)
		e.Time, e.Details = orNow(e.Time), kept(e.Details)
		m.audit[e.ID] = e
	}
	return nil
}

// LastAuditID implements tonypi.AuditStore.
func (m *Memory) LastAuditID(ctx context.Context) (int64, error) { return last(ctx, m, m.audit) }
