package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"tonypi"
)

const (
	// maxSought is how many words a search may have.
	maxSought = 32
	// stride is how many IDs are looked at one by one before PostgreSQL's index, which has no order, is asked.
	stride = 50_000
	// few is how many lines of that index are worth sorting.
	few = 10_000
	// indexedStart is how many characters of a word's beginning SQLite keeps lists of, see the migration.
	indexedStart = 3
	// candidates is how many lines with such a beginning are read before the longer one is looked for in the index.
	candidates = 2000
)

// Robot, level and category of a line are words of it too, so that the index serves every mixture of conditions. The sign
// keeps them apart from what stands in messages.
func robotWord(robot string) string       { return "§r" + hex.EncodeToString([]byte(robot)) }
func levelWord(level string) string       { return "§l" + hex.EncodeToString([]byte(level)) }
func categoryWord(category string) string { return "§c" + hex.EncodeToString([]byte(category)) }

// indexWords returns everything that a line is found by, separated by spaces.
func indexWords(l line) string {
	words := append(tonypi.Words(l.Message), robotWord(l.Robot), levelWord(l.Level), categoryWord(l.Category))
	if strings.HasPrefix(l.Category, "robot_") {
		words = append(words, categoryWord("robot"))
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// indexLines adds the fresh ones of the lines to the index.
func (s *Store) indexLines(ctx context.Context, tx *sql.Tx, lines map[int64]line, fresh []int64) error {
	type entry struct {
		ID    int64  `json:"id"`
		Words string `json:"words"`
	}
	entries := make([]entry, 0, len(fresh))
	for _, id := range fresh {
		entries = append(entries, entry{id, indexWords(lines[id])})
	}
	return s.execJSON(ctx, tx, entries, `INSERT INTO log_index (rowid, words)
		SELECT CAST(value->>'id' AS BIGINT), `+s.dialect.seek.insert+` FROM `+s.dialect.rows)
}

// Logs implements tonypi.LogStore. A limit above 1,000, an offset above 100,000 and more than 32 words are Invalid. A search
// without any letter or digit selects everything.
func (s *Store) Logs(ctx context.Context, f tonypi.LogFilter) ([]tonypi.LogEntry, error) {
	limit, err := bound(f.Limit, 1000)
	if err != nil {
		return nil, err
	}
	if f.Offset < 0 || f.Offset > 100_000 {
		return nil, tonypi.Errorf(tonypi.Invalid, "offset must lie between 0 and 100,000")
	}
	words := tonypi.Words(f.Search)
	if len(words) > maxSought {
		return nil, tonypi.Errorf(tonypi.Invalid, "search must have at most %d words", maxSought)
	}
	f.Limit = limit
	span, err := s.logSpan(ctx, f)
	if err != nil || span.first > span.last {
		return nil, err
	}
	if len(words) == 0 && f.Category == "" && len(f.Levels) <= 1 && (f.Robot == "" || len(f.Levels) == 0) {
		return s.listLogs(ctx, f, span)
	}
	ids, err := s.searchLogs(ctx, f, words, span)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	batch, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("write IDs: %w", err)
	}
	return all(ctx, s, scanLog, "SELECT "+logColumns+` FROM logs
		WHERE id IN (SELECT CAST(value AS BIGINT) FROM `+s.dialect.rows+`) ORDER BY id DESC`, string(batch))
}

// idSpan is a range of IDs, both ends included.
type idSpan struct{ first, last int64 }

// logSpan returns the IDs that the lines of a filter can have.
func (s *Store) logSpan(ctx context.Context, f tonypi.LogFilter) (idSpan, error) {
	var c conditions
	if !f.Since.IsZero() {
		c.add("bucket >= $%[1]d", s.dialect.at(f.Since.Truncate(bucket)))
	}
	if !f.Until.IsZero() {
		c.add("bucket < $%[1]d", s.dialect.at(f.Until))
	}
	span, err := one(ctx, s, nil, func(row scanner) (span idSpan, err error) {
		err = row.Scan(&span.first, &span.last)
		return span, err
	}, "SELECT COALESCE(MIN(first_id), 1), COALESCE(MAX(last_id), 0) FROM log_spans"+c.String(), c.args...)
	if f.Before > 0 {
		span.last = min(span.last, f.Before-1)
	}
	if f.Before < 0 {
		span.last = math.MinInt64
	}
	return span, err
}

// listLogs reads an index in the order of the IDs. Comparing pairs makes it the index of robot or level, even where the
// planner thinks that a walk over all lines would soon meet enough of them.
func (s *Store) listLogs(ctx context.Context, f tonypi.LogFilter, span idSpan) ([]tonypi.LogEntry, error) {
	c, order := conditions{args: []any{span.first, span.last}}, "id DESC"
	column, value := "robot_id", clean(f.Robot)
	if len(f.Levels) == 1 {
		column, value = "level", clean(f.Levels[0])
	}
	if f.Robot == "" && len(f.Levels) == 0 {
		c.parts = []string{"id >= $1", "id <= $2"}
	} else {
		c.add("("+column+", id) >= ($%[1]d, $1)", value)
		c.parts = append(c.parts, "("+column+", id) <= ($3, $2)")
		order = column + " DESC, id DESC"
	}
	if !f.Since.IsZero() {
		c.add("COALESCE(logged_at, logged_at) >= $%[1]d", s.dialect.at(f.Since))
	}
	if !f.Until.IsZero() {
		c.add("COALESCE(logged_at, logged_at) < $%[1]d", s.dialect.at(f.Until))
	}
	query, args := c.list(logColumns, "logs", order, f.Limit)
	if f.Offset > 0 {
		args = append(args, f.Offset)
		query += fmt.Sprintf(" OFFSET $%d", len(args))
	}
	return all(ctx, s, scanLog, query, args...)
}

// sought writes what the index is asked: for all words, the last of which may be the beginning of one. Words hold only
// letters, digits and marks, so nothing of them is syntax.
func (s *Store) sought(f tonypi.LogFilter, words []string) string {
	seek := s.dialect.seek
	var terms []string
	exact := func(word string) string { return fmt.Sprintf(seek.word, word) }
	for i, word := range words {
		if i == len(words)-1 {
			terms = append(terms, fmt.Sprintf(seek.start, word))
			break
		}
		terms = append(terms, exact(word))
	}
	if f.Robot != "" {
		terms = append(terms, exact(robotWord(clean(f.Robot))))
	}
	if f.Category != "" {
		terms = append(terms, exact(categoryWord(clean(f.Category))))
	}
	var levels []string
	for _, level := range f.Levels {
		levels = append(levels, exact(levelWord(clean(level))))
	}
	if len(levels) > 0 {
		terms = append(terms, "("+strings.Join(levels, seek.or)+")")
	}
	return strings.Join(terms, seek.and)
}

// searchLogs returns the IDs of the page, newest first.
func (s *Store) searchLogs(ctx context.Context, f tonypi.LogFilter, words []string, span idSpan) ([]int64, error) {
	var ids []int64
	err := s.read(ctx, func(ctx context.Context) (err error) {
		ids, err = s.dialect.seek.find(ctx, s, f, words, span)
		return err
	})
	return ids[min(len(ids), f.Offset):], err
}

// seekConditions are those of both databases; id names the column of the ID.
func (s *Store) seekConditions(f tonypi.LogFilter, sought string, span idSpan, id string) *conditions {
	var c conditions
	c.add(s.dialect.seek.match, sought)
	c.add(id+" >= $%[1]d", span.first)
	c.add(id+" <= $%[1]d", span.last)
	// As a subquery, a line is looked up only when its words are right.
	if !f.Since.IsZero() {
		c.add("(SELECT logged_at FROM logs WHERE id = log_index.rowid) >= $%[1]d", s.dialect.at(f.Since))
	}
	if !f.Until.IsZero() {
		c.add("(SELECT logged_at FROM logs WHERE id = log_index.rowid) < $%[1]d", s.dialect.at(f.Until))
	}
	return &c
}

// findSQLite walks the lists of the words from their newest end. Only short beginnings of words have lists; for a longer one
// SQLite would first collect all lines that it is in, so a few lines with its short beginning are looked at before.
func findSQLite(ctx context.Context, s *Store, f tonypi.LogFilter, words []string, span idSpan) ([]int64, error) {
	want := f.Limit + f.Offset
	if len(words) > 0 && want <= candidates {
		ids, complete, err := s.findNear(ctx, f, words, span)
		if err != nil || complete {
			return ids, err
		}
	}
	query, args := s.seekConditions(f, s.sought(f, words), span, "rowid").list("rowid", "log_index", "rowid DESC", want)
	return rowsOf(ctx, s.reader, scanID, query, args...)
}

// findNear looks at the newest candidates. It reports whether they are enough, or all that there are.
func (s *Store) findNear(ctx context.Context, f tonypi.LogFilter, words []string, span idSpan) (ids []int64, complete bool, err error) {
	start := []rune(words[len(words)-1])
	if len(start) <= indexedStart {
		return nil, false, nil
	}
	short := append(slices.Clone(words[:len(words)-1]), string(start[:indexedStart]))
	query, args := s.seekConditions(f, s.sought(f, short), span, "rowid").list(
		"rowid, (SELECT message FROM logs WHERE id = log_index.rowid)", "log_index", "rowid DESC", candidates)
	rows, err := s.reader.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	last := tonypi.LogFilter{Search: string(start)}
	looked := 0
	for ; len(ids) < f.Limit+f.Offset && rows.Next(); looked++ {
		var id int64
		var message sql.NullString
		if err := rows.Scan(&id, &message); err != nil {
			return nil, false, err
		}
		if last.Match(tonypi.LogEntry{Message: message.String}) {
			ids = append(ids, id)
		}
	}
	return ids, looked < candidates || len(ids) == f.Limit+f.Offset, rows.Err()
}

// findPostgres looks at the newest lines one by one, which is all that frequent words need. Then it asks the index, which has
// no order, for all lines; if they are too many to sort, it goes on looking one by one, because they cannot be rare.
func findPostgres(ctx context.Context, s *Store, f tonypi.LogFilter, words []string, span idSpan) ([]int64, error) {
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	// The planner's guess about several words at once is often wrong by far, and compiling takes longer than running.
	if _, err := tx.ExecContext(ctx, "SET LOCAL enable_seqscan = off; SET LOCAL jit = off"); err != nil {
		return nil, err
	}
	want, sought := f.Limit+f.Offset, s.sought(f, words)
	near := idSpan{max(span.first, span.last-stride), span.last}
	ids, err := s.walk(ctx, tx, f, sought, near, want)
	if err != nil || len(ids) == want || near.first == span.first {
		return ids, err
	}
	far := idSpan{span.first, near.first - 1}
	c := s.seekConditions(f, sought, far, "rowid + 0")
	all, err := rowsOf(ctx, tx, scanID, fmt.Sprintf("SELECT rowid FROM log_index%s LIMIT %d", c, few+1), c.args...)
	if err != nil {
		return nil, err
	}
	if len(all) > few {
		all, err = s.walk(ctx, tx, f, sought, far, want-len(ids))
	}
	slices.SortFunc(all, func(a, b int64) int { return cmp.Compare(b, a) })
	return append(ids, all[:min(len(all), want-len(ids))]...), err
}

// walk looks at the lines of a span one by one, from the newest, until there are enough. OFFSET 0 keeps the index of words out
// of it.
func (s *Store) walk(ctx context.Context, tx *sql.Tx, f tonypi.LogFilter, sought string, span idSpan, want int) ([]int64, error) {
	lines := fmt.Sprintf("(SELECT * FROM log_index WHERE rowid BETWEEN %d AND %d ORDER BY rowid DESC OFFSET 0) AS log_index", span.first, span.last)
	query, args := s.seekConditions(f, sought, span, "rowid").list("rowid", lines, "rowid DESC", want)
	return rowsOf(ctx, tx, scanID, query, args...)
}
