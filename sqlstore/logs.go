package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"tonypi"
)

const logColumns = "id, logged_at, level, category, source, message, robot_id, details"

// maxMessage is the longest log message in characters; the rest is cut off.
const maxMessage = 4000

func scanLog(row scanner) (e tonypi.LogEntry, err error) {
	err = row.Scan(&e.ID, stamp{&e.Time}, &e.Level, &e.Category, &e.Source, &e.Message, &e.Robot, document{&e.Details})
	return e, err
}

// line is a log line for the statements in AppendLogs.
type line struct {
	ID       int64  `json:"id"`
	Time     any    `json:"time"`
	Level    string `json:"level"`
	Category string `json:"category"`
	Source   string `json:"source"`
	Message  string `json:"message"`
	Robot    string `json:"robot"`
	Details  string `json:"details"`
	at       time.Time
}

func (s *Store) line(e tonypi.LogEntry) line {
	at := orNow(e.Time)
	message := clean(e.Message)
	if len(message) > maxMessage {
		if characters := []rune(message); len(characters) > maxMessage {
			message = string(characters[:maxMessage])
		}
	}
	return line{
		ID: e.ID, Time: s.dialect.at(at), Level: cut(e.Level), Category: cut(e.Category), Source: cut(e.Source),
		Message: message, Robot: cut(e.Robot), Details: keep(e.Details), at: at,
	}
}

// AppendLogs implements tonypi.LogStore. IDs are above 0; Time is now when it is zero. A message is cut at 4,000
// characters; level, category, source and robot at 255 bytes.
func (s *Store) AppendLogs(ctx context.Context, entries []tonypi.LogEntry) error {
	lines := make(map[int64]line, len(entries))
	rows := make([]line, 0, len(entries))
	for _, e := range entries {
		if e.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a log line needs an ID above 0")
		}
		if _, twice := lines[e.ID]; !twice {
			lines[e.ID] = s.line(e)
			rows = append(rows, lines[e.ID])
		}
	}
	if len(rows) == 0 {
		return nil
	}
	batch, err := json.Marshal(inOrder(rows, func(l line) int64 { return l.ID }))
	if err != nil {
		return fmt.Errorf("write log lines: %w", err)
	}
	// A whole batch as one parameter: one round trip, one plan, no bound on the number of rows.
	insertLines := `INSERT INTO logs (` + logColumns + `)
		SELECT CAST(value->>'id' AS BIGINT), CAST(value->>'time' AS ` + s.dialect.stamp + `), value->>'level',
			value->>'category', value->>'source', value->>'message', value->>'robot', value->>'details'
		FROM ` + s.dialect.rows + ` WHERE TRUE ON CONFLICT (id) DO NOTHING RETURNING id`
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := rowsOf(ctx, tx, scanID, insertLines, string(batch))
		if err != nil || len(fresh) == 0 {
			return err
		}
		if err := s.indexLines(ctx, tx, lines, fresh); err != nil {
			return err
		}
		var changes tally
		for _, id := range fresh {
			changes.add(lines[id], 1)
		}
		return s.tally(ctx, tx, changes)
	})
}

// PurgeLogs implements tonypi.LogStore. Lines go in batches, each with its words and counts, so that nobody waits long.
func (s *Store) PurgeLogs(ctx context.Context, before time.Time, levels []string) (int, error) {
	// IDs mostly grow with time, so the last ID of the time keeps the search from reading what is newer.
	last, err := one(ctx, s, nil, scanID, "SELECT COALESCE(MAX(last_id), 0) FROM log_spans WHERE bucket < $1", s.dialect.at(before))
	if err != nil {
		return 0, err
	}
	if len(levels) > 0 {
		total := 0
		for _, level := range levels {
			gone, err := s.purgeLogs(ctx, last, "level = $4 AND ", s.dialect.at(before), clean(level))
			total += gone
			if err != nil {
				return total, err
			}
		}
		return total, nil
	}
	total, err := s.purgeLogs(ctx, last, "", s.dialect.at(before))
	if err != nil {
		return total, err
	}
	_, err = s.exec(ctx, "DELETE FROM log_spans WHERE bucket < $1", s.dialect.at(before.Truncate(bucket)))
	return total, err
}

// purgeLogs deletes the lines of the condition, whose arguments are from $3, that are not above the last ID.
func (s *Store) purgeLogs(ctx context.Context, last int64, condition string, args ...any) (int, error) {
	// SQL is told the column that is in the index it shall walk; the other one is out of its sight.
	query := fmt.Sprintf(`SELECT id FROM logs
		WHERE %sid > $1 AND id <= $2 AND COALESCE(logged_at, logged_at) < $3 ORDER BY id LIMIT %d`, condition, purgeBatch)
	for total, done := 0, int64(0); ; {
		ids, err := all(ctx, s, scanID, query, append([]any{done, last}, args...)...)
		if err != nil || len(ids) == 0 {
			return total, err
		}
		gone, err := s.deleteLogs(ctx, ids)
		total += gone
		if err != nil || len(ids) < purgeBatch {
			return total, err
		}
		done = ids[len(ids)-1]
	}
}

// deleteLogs deletes lines by their IDs, in one transaction, and returns how many there were.
func (s *Store) deleteLogs(ctx context.Context, ids []int64) (int, error) {
	batch, err := json.Marshal(ids)
	if err != nil {
		return 0, fmt.Errorf("write IDs: %w", err)
	}
	listed := " IN (SELECT CAST(value AS BIGINT) FROM " + s.dialect.rows + ")"
	gone := 0
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lines, err := rowsOf(ctx, tx, scanLog, "DELETE FROM logs WHERE id"+listed+" RETURNING "+logColumns, string(batch))
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM log_index WHERE rowid"+listed, string(batch)); err != nil { //nolint:gosec // the words are ours
			return err
		}
		var changes tally
		for _, e := range lines {
			changes.add(line{ID: e.ID, Level: e.Level, Category: e.Category, Robot: string(e.Robot), at: e.Time}, -1)
		}
		gone = len(lines)
		return s.tally(ctx, tx, changes)
	})
	if err != nil {
		return 0, err
	}
	s.purged.Add(int64(gone))
	return gone, nil
}

// LastLogID implements tonypi.LogStore.
func (s *Store) LastLogID(ctx context.Context) (int64, error) { return s.lastID(ctx, "logs") }
