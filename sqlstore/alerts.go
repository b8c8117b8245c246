package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"tonypi"
)

const alertColumns = `id, robot_id, alert_type, metric, source, severity, title, message, value, threshold, rule_id,
	acknowledged, acknowledged_by, acknowledged_at, note, resolved, resolved_by, resolved_at, created_at, updated_at`

func scanAlert(row scanner) (a tonypi.Alert, err error) {
	err = row.Scan(&a.ID, &a.Robot, &a.Type, &a.Metric, &a.Source, &a.Severity, &a.Title, &a.Message, &a.Value, &a.Threshold,
		&a.RuleID, &a.Acknowledged, &a.AcknowledgedBy, stamp{&a.AcknowledgedAt}, &a.Note, &a.Resolved, &a.ResolvedBy,
		stamp{&a.ResolvedAt}, stamp{&a.CreatedAt}, stamp{&a.UpdatedAt})
	return a, err
}

func errNoAlert(id int64) *tonypi.Error {
	return tonypi.Errorf(tonypi.NotFound, "Alert %d not found", id)
}

// conditions collects the parts of a WHERE and what they compare with.
type conditions struct {
	parts []string
	args  []any
}

// add takes a condition with a %[1]d for the number of its argument.
func (c *conditions) add(part string, arg any) {
	c.args = append(c.args, arg)
	c.parts = append(c.parts, fmt.Sprintf(part, len(c.args)))
}

// either adds one of two conditions. They are words, not arguments: that is what lets a partial index serve.
func (c *conditions) either(choice *bool, yes, no string) {
	switch {
	case choice == nil:
	case *choice:
		c.parts = append(c.parts, yes)
	default:
		c.parts = append(c.parts, no)
	}
}

func (c *conditions) String() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}

// Alerts implements tonypi.AlertStore. A limit above 500 is Invalid.
func (s *Store) Alerts(ctx context.Context, f tonypi.AlertFilter) ([]tonypi.Alert, error) {
	const most, usual = 500, 100
	if f.Limit < 0 || f.Limit > most {
		return nil, tonypi.Errorf(tonypi.Invalid, "limit must lie between 1 and %d", most)
	}
	if f.Limit == 0 {
		f.Limit = usual
	}
	c := s.filter(f)
	c.args = append(c.args, f.Limit)
	query := fmt.Sprintf("SELECT %s FROM alerts%s ORDER BY id DESC LIMIT $%d", alertColumns, c, len(c.args))
	return all(ctx, s, scanAlert, query, c.args...)
}

// filter writes the conditions so that either planner reads an index in the order of the IDs and stops at the limit.
// A column inside of COALESCE is one whose own index would be the worse choice.
func (s *Store) filter(f tonypi.AlertFilter) *conditions {
	var c conditions
	kind, severity := "alert_type = $%[1]d", "severity = $%[1]d"
	if f.Robot != "" {
		c.add("robot_id = $%[1]d", clean(f.Robot))
		kind, severity = "COALESCE(alert_type, '') = $%[1]d", "COALESCE(severity, '') = $%[1]d"
	}
	if f.Type != "" {
		c.add(kind, clean(f.Type))
		severity = "COALESCE(severity, '') = $%[1]d"
	}
	if f.Severity != tonypi.Calm {
		c.add(severity, clean(f.Severity))
	}
	c.either(f.Acknowledged, "acknowledged", "NOT acknowledged")
	c.either(f.Resolved, "resolved", "NOT resolved")
	if !f.Since.IsZero() {
		c.add("COALESCE(created_at, created_at) >= $%[1]d", s.dialect.at(f.Since))
	}
	if !f.Since.IsZero() && f.Robot == "" {
		// IDs mostly grow with time, so the oldest ID of the time keeps a short one from reading the whole table. The + 0
		// keeps PostgreSQL from looking for that ID by reading the whole table.
		c.add("id >= (SELECT MIN(id + 0) FROM alerts WHERE created_at >= $%[1]d)", s.dialect.at(f.Since))
	}
	if f.Before != 0 {
		c.add("id < $%[1]d", f.Before)
	}
	return &c
}

// OpenAlerts implements tonypi.AlertStore; newest first.
func (s *Store) OpenAlerts(ctx context.Context) ([]tonypi.Alert, error) {
	return all(ctx, s, scanAlert, "SELECT "+alertColumns+" FROM alerts WHERE NOT resolved ORDER BY id DESC")
}

// Alert implements tonypi.AlertStore.
func (s *Store) Alert(ctx context.Context, id int64) (tonypi.Alert, error) {
	return one(ctx, s, errNoAlert(id), scanAlert, "SELECT "+alertColumns+" FROM alerts WHERE id = $1", id)
}

// AlertStats implements tonypi.AlertStore. A zero since counts all.
func (s *Store) AlertStats(ctx context.Context, robot tonypi.RobotID, since time.Time) (tonypi.AlertStats, error) {
	var c conditions
	if robot != "" {
		c.add("robot_id = $%[1]d", clean(robot))
	}
	if !since.IsZero() {
		c.add("created_at >= $%[1]d", s.dialect.at(since))
	}
	return one(ctx, s, nil, scanStats, `SELECT COUNT(*), COUNT(*) FILTER (WHERE severity = 'critical'),
			COUNT(*) FILTER (WHERE severity = 'warning'), COUNT(*) FILTER (WHERE severity = 'info'),
			COUNT(*) FILTER (WHERE NOT acknowledged), COUNT(*) FILTER (WHERE NOT resolved)
		FROM alerts`+c.String(), c.args...)
}

func scanStats(row scanner) (n tonypi.AlertStats, err error) {
	err = row.Scan(&n.Total, &n.Critical, &n.Warning, &n.Info, &n.Unacknowledged, &n.Unresolved)
	return n, err
}

// The robot of an alert may change too: the row is whatever the engine says it is.
const saveAlert = "INSERT INTO alerts (" + alertColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
	ON CONFLICT (id) DO UPDATE SET robot_id = excluded.robot_id, alert_type = excluded.alert_type, metric = excluded.metric,
		source = excluded.source, severity = excluded.severity, title = excluded.title, message = excluded.message,
		value = excluded.value, threshold = excluded.threshold, rule_id = excluded.rule_id,
		acknowledged = excluded.acknowledged, acknowledged_by = excluded.acknowledged_by,
		acknowledged_at = excluded.acknowledged_at, note = excluded.note, resolved = excluded.resolved,
		resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at, created_at = excluded.created_at,
		updated_at = excluded.updated_at`

// SaveAlerts implements tonypi.AlertStore. IDs are above 0; CreatedAt and UpdatedAt are now when they are zero.
func (s *Store) SaveAlerts(ctx context.Context, alerts []tonypi.Alert) error {
	for _, a := range alerts {
		if a.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "an alert needs an ID above 0")
		}
		if err := checkFinite(a.Value, a.Threshold); err != nil {
			return err
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	// Everybody locks rows in the same order, so nobody waits for each other. Of equal IDs the last one still wins.
	alerts = slices.SortedStableFunc(slices.Values(alerts), func(a, b tonypi.Alert) int { return cmp.Compare(a.ID, b.ID) })
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		save, err := tx.PrepareContext(ctx, saveAlert)
		if err != nil {
			return err
		}
		defer save.Close()
		for _, a := range alerts {
			if _, err := save.ExecContext(ctx, s.alertRow(a)...); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) alertRow(a tonypi.Alert) []any {
	return []any{
		a.ID, clean(a.Robot), clean(a.Type), clean(a.Metric), clean(a.Source), clean(a.Severity), clean(a.Title),
		clean(a.Message), a.Value, a.Threshold, a.RuleID, a.Acknowledged, clean(a.AcknowledgedBy),
		s.dialect.when(a.AcknowledgedAt), clean(a.Note), a.Resolved, clean(a.ResolvedBy), s.dialect.when(a.ResolvedAt),
		s.dialect.at(orNow(a.CreatedAt)), s.dialect.at(orNow(a.UpdatedAt)),
	}
}

// DeleteAlert implements tonypi.AlertStore.
func (s *Store) DeleteAlert(ctx context.Context, id int64) error {
	return s.execOne(ctx, errNoAlert(id), "DELETE FROM alerts WHERE id = $1", id)
}

// LastAlertID implements tonypi.AlertStore; 0 without alerts.
func (s *Store) LastAlertID(ctx context.Context) (int64, error) {
	return s.lastID(ctx, "alerts")
}
