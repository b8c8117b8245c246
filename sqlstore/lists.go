package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"tonypi"
)

// purgeBatch is how many rows one transaction of a purge deletes, so that nobody waits long for it.
const purgeBatch = 1000

// bound returns the limit of a list: usual when it is 0, Invalid when it is not within 1 and most.
func bound(limit, most int) (int, error) {
	const usual = 100
	switch {
	case limit == 0:
		return usual, nil
	case limit < 0 || limit > most:
		return 0, tonypi.Errorf(tonypi.Invalid, "limit must lie between 1 and %d", most)
	}
	return limit, nil
}

// list writes a SELECT with the conditions, the order and the limit, and its arguments.
func (c *conditions) list(columns, table, order string, limit int) (string, []any) {
	args := append(slices.Clone(c.args), limit)
	return fmt.Sprintf("SELECT %s FROM %s%s ORDER BY %s LIMIT $%d", columns, table, c, order, len(args)), args
}

// purge deletes the rows of a table that the condition selects, in batches, and returns how many.
func (s *Store) purge(ctx context.Context, table, condition string, args ...any) (int, error) {
	query := fmt.Sprintf("DELETE FROM %[1]s WHERE id IN (SELECT id FROM %[1]s WHERE %[2]s LIMIT %[3]d)", table, condition, purgeBatch)
	for total := 0; ; {
		gone, err := s.exec(ctx, query, args...)
		total += int(gone)
		if err != nil || gone < purgeBatch {
			return total, err
		}
	}
}

// saveAll runs one statement for each row, in one transaction.
func saveAll[T any](ctx context.Context, s *Store, statement string, rows []T, args func(T) []any) error {
	if len(rows) == 0 {
		return nil
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		save, err := tx.PrepareContext(ctx, statement)
		if err != nil {
			return err
		}
		defer save.Close()
		for _, row := range rows {
			if _, err := save.ExecContext(ctx, args(row)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// inOrder sorts rows by their key, so that everybody locks rows in the same order and nobody waits for each other. Of equal
// keys the last one still wins.
func inOrder[T any, K cmp.Ordered](rows []T, key func(T) K) []T {
	return slices.SortedStableFunc(slices.Values(rows), func(a, b T) int { return cmp.Compare(key(a), key(b)) })
}

func scanID(row scanner) (id int64, err error) {
	err = row.Scan(&id)
	return id, err
}

// lastID returns the highest ID of a table, 0 when it is empty.
func (s *Store) lastID(ctx context.Context, table string) (int64, error) {
	return one(ctx, s, nil, scanID, "SELECT COALESCE(MAX(id), 0) FROM "+table)
}

// document reads JSON as it is kept: empty text when there is none.
type document struct{ raw *json.RawMessage }

// Scan implements sql.Scanner.
func (d document) Scan(src any) error {
	var text sql.NullString
	if err := text.Scan(src); err != nil {
		return err
	}
	*d.raw = nil
	if text.String != "" {
		*d.raw = json.RawMessage(text.String)
	}
	return nil
}

// keep makes text of JSON. What is none becomes a JSON string, so that nothing is lost and every answer stays valid.
func keep(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	text := clean(string(raw))
	if json.Valid([]byte(text)) {
		return text
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return "" // a string can always be written
	}
	return string(quoted)
}

// cut is clean for text that an index holds.
func cut[S ~string](s S) string { return shorten(clean(s), maxKey) }

// shorten cuts text after at most so many bytes, between two characters.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := 0
	for i := range s {
		if i > most {
			break
		}
		end = i
	}
	return s[:end]
}
