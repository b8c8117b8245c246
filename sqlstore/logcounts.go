package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tonypi"
)

// bucket is the time whose lines are counted together.
const bucket = 10 * time.Minute

// everyRobot stands for all lines in log_counts. It cannot be a robot's ID.
const everyRobot = "#"

// kind is what lines are counted by.
type kind struct {
	robot, level, category string
	bucket                 int64 // Unix milliseconds
}

// tally is how many lines of each kind come (or go, when negative), and which IDs a bucket gets.
type tally struct {
	counts map[kind]int
	spans  map[int64][2]int64
}

func (t *tally) add(l line, n int) {
	if t.counts == nil {
		t.counts, t.spans = map[kind]int{}, map[int64][2]int64{}
	}
	at := l.at.UTC().Truncate(bucket).UnixMilli()
	t.counts[kind{everyRobot, l.Level, l.Category, at}] += n
	if l.Robot != "" && l.Robot != everyRobot {
		t.counts[kind{l.Robot, l.Level, l.Category, at}] += n
	}
	if n < 0 {
		return
	}
	span, ok := t.spans[at]
	if !ok {
		span = [2]int64{l.ID, l.ID}
	}
	t.spans[at] = [2]int64{min(span[0], l.ID), max(span[1], l.ID)}
}

// tally writes the changes of counts and spans.
func (s *Store) tally(ctx context.Context, tx *sql.Tx, changes tally) error {
	counts := make([]map[string]any, 0, len(changes.counts))
	for _, k := range inOrderOf(changes.counts, compareKinds) {
		counts = append(counts, map[string]any{
			"robot": k.robot, "bucket": s.dialect.at(time.UnixMilli(k.bucket)), "level": k.level, "category": k.category, "n": changes.counts[k],
		})
	}
	err := s.execJSON(ctx, tx, counts, `INSERT INTO log_counts (robot_id, bucket, level, category, entries)
		SELECT value->>'robot', CAST(value->>'bucket' AS `+s.dialect.stamp+`), value->>'level', value->>'category',
			CAST(value->>'n' AS BIGINT)
		FROM `+s.dialect.rows+` WHERE TRUE
		ON CONFLICT (robot_id, bucket, level, category) DO UPDATE SET entries = log_counts.entries + excluded.entries`)
	if err != nil {
		return err
	}
	if len(changes.spans) == 0 {
		return s.execJSON(ctx, tx, counts, `DELETE FROM log_counts WHERE entries <= 0
			AND (robot_id, bucket) IN (SELECT value->>'robot', CAST(value->>'bucket' AS `+s.dialect.stamp+`) FROM `+s.dialect.rows+`)`)
	}
	spans := make([]map[string]any, 0, len(changes.spans))
	for _, at := range inOrderOf(changes.spans, cmp.Compare[int64]) {
		span := changes.spans[at]
		spans = append(spans, map[string]any{"bucket": s.dialect.at(time.UnixMilli(at)), "first": span[0], "last": span[1]})
	}
	return s.execJSON(ctx, tx, spans, `INSERT INTO log_spans (bucket, first_id, last_id)
		SELECT CAST(value->>'bucket' AS `+s.dialect.stamp+`), CAST(value->>'first' AS BIGINT), CAST(value->>'last' AS BIGINT)
		FROM `+s.dialect.rows+` WHERE TRUE
		ON CONFLICT (bucket) DO UPDATE SET
			first_id = CASE WHEN excluded.first_id < log_spans.first_id THEN excluded.first_id ELSE log_spans.first_id END,
			last_id = CASE WHEN excluded.last_id > log_spans.last_id THEN excluded.last_id ELSE log_spans.last_id END`)
}

// inOrderOf returns the keys of a map in the order in which everybody locks their rows.
func inOrderOf[K comparable, V any](m map[K]V, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compare)
	return keys
}

func compareKinds(a, b kind) int {
	return cmp.Or(cmp.Compare(a.robot, b.robot), cmp.Compare(a.bucket, b.bucket), cmp.Compare(a.level, b.level), cmp.Compare(a.category, b.category))
}

// execJSON runs a statement whose $1 is the rows as JSON.
func (s *Store) execJSON(ctx context.Context, tx *sql.Tx, rows any, statement string) error {
	batch, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	_, err = tx.ExecContext(ctx, statement, string(batch))
	return err
}

// LogStats implements tonypi.LogStore. A zero since counts all. Whole buckets are counted already; only the lines of the one
// that since cuts are counted anew.
func (s *Store) LogStats(ctx context.Context, robot tonypi.RobotID, since time.Time) (tonypi.LogStats, error) {
	stats := tonypi.LogStats{ByCategory: map[string]int{}}
	who := clean(robot)
	switch who {
	case everyRobot:
		return stats, nil
	case "":
		who = everyRobot
	}
	whole := since.Truncate(bucket)
	if whole.Before(since) {
		whole = whole.Add(bucket)
	}
	query := `SELECT level, category, entries FROM log_counts WHERE robot_id = $1 AND bucket >= $2`
	args := []any{who, s.dialect.at(whole)}
	if since.Before(whole) {
		args = append(args, s.dialect.at(since))
		query += ` UNION ALL SELECT level, category, COUNT(*) FROM logs
			WHERE logged_at >= $3 AND logged_at < $2 AND (robot_id = $1 OR $1 = '` + everyRobot + `') GROUP BY level, category`
	}
	type count struct {
		level, category string
		n               int
	}
	counts, err := all(ctx, s, func(row scanner) (c count, err error) {
		err = row.Scan(&c.level, &c.category, &c.n)
		return c, err
	}, "SELECT level, category, CAST(SUM(entries) AS BIGINT) FROM ("+query+") AS parts GROUP BY level, category", args...)
	for _, c := range counts {
		stats.Total += c.n
		stats.ByCategory[c.category] += c.n
		switch c.level {
		case "DEBUG":
			stats.Debug += c.n
		case "INFO":
			stats.Info += c.n
		case "WARNING":
			stats.Warning += c.n
		case "ERROR":
			stats.Error += c.n
		case "CRITICAL":
			stats.Critical += c.n
		}
	}
	return stats, err
}
