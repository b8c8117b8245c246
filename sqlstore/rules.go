package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tonypi"
)

const ruleColumns = `robot_id, metric_type, metric, warning_threshold, critical_threshold, below, for_seconds,
	clear_for_seconds, hysteresis, enabled, created_at, updated_at`

func scanRule(row scanner) (r tonypi.Rule, err error) {
	err = row.Scan(&r.ID, &r.Robot, &r.Type, &r.Metric, &r.Warning, &r.Critical, &r.Below, &r.For, &r.ClearFor,
		&r.Hysteresis, &r.Enabled, stamp{&r.CreatedAt}, stamp{&r.UpdatedAt})
	return r, err
}

func errNoRule(id int64) *tonypi.Error {
	return tonypi.Errorf(tonypi.NotFound, "Threshold %d not found", id)
}

// Rules implements tonypi.RuleStore; oldest first.
func (s *Store) Rules(ctx context.Context) ([]tonypi.Rule, error) {
	return all(ctx, s, scanRule, "SELECT id, "+ruleColumns+" FROM alert_thresholds ORDER BY id")
}

// SaveRule implements tonypi.RuleStore. It returns the rule as it is stored now; CreatedAt and UpdatedAt of r do not count.
// An unknown ID is NotFound; an ID whose new robot and type belong to another rule is a Conflict.
func (s *Store) SaveRule(ctx context.Context, r tonypi.Rule) (tonypi.Rule, error) {
	if err := checkRule(r); err != nil {
		return tonypi.Rule{}, err
	}
	query, key := `INSERT INTO alert_thresholds (`+ruleColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
		ON CONFLICT (robot_id, metric_type) DO UPDATE SET metric = excluded.metric,
			warning_threshold = excluded.warning_threshold, critical_threshold = excluded.critical_threshold,
			below = excluded.below, for_seconds = excluded.for_seconds, clear_for_seconds = excluded.clear_for_seconds,
			hysteresis = excluded.hysteresis, enabled = excluded.enabled, updated_at = excluded.updated_at
		RETURNING id, `+ruleColumns, []any(nil)
	if r.ID != 0 {
		query, key = `UPDATE alert_thresholds SET robot_id = $1, metric_type = $2, metric = $3, warning_threshold = $4,
			critical_threshold = $5, below = $6, for_seconds = $7, clear_for_seconds = $8, hysteresis = $9, enabled = $10,
			updated_at = $11
		WHERE id = $12 RETURNING id, `+ruleColumns, []any{r.ID}
	}
	args := append([]any{r.Robot, r.Type, r.Metric, r.Warning, r.Critical, r.Below, float64(r.For), float64(r.ClearFor),
		r.Hysteresis, r.Enabled, s.dialect.at(time.Now())}, key...)
	var saved tonypi.Rule
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		saved, err = scanRule(tx.QueryRowContext(ctx, query, args...))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = errNoRule(r.ID)
	}
	if err != nil {
		return tonypi.Rule{}, s.violated(err, duplicateFault, tonypi.Errorf(tonypi.Conflict, "A threshold of this type exists already"))
	}
	return saved, nil
}

func checkRule(r tonypi.Rule) error {
	if err := checkKey("metric_type", r.Type); err != nil {
		return err
	}
	if clean(r.Metric) != string(r.Metric) || r.Robot != "" && !sound(r.Robot) {
		return tonypi.Errorf(tonypi.Invalid, "metric and robot ID must be plain text")
	}
	return checkFinite(r.Warning, r.Critical, float64(r.For), float64(r.ClearFor), r.Hysteresis)
}

// DeleteRule implements tonypi.RuleStore.
func (s *Store) DeleteRule(ctx context.Context, id int64) error {
	return s.execOne(ctx, errNoRule(id), "DELETE FROM alert_thresholds WHERE id = $1", id)
}
