package storetest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"tonypi"
)

// bound returns the limit of a list.
func bound(limit, most int) (int, error) {
	const usual = 100
	if limit < 0 || limit > most {
		return 0, tonypi.Errorf(tonypi.Invalid, "limit must lie between 1 and %d", most)
	}
	if limit == 0 {
		return usual, nil
	}
	return limit, nil
}

// find returns copies of the matching rows of a table in the given order, at most limit of them.
func find[K comparable, V any](ctx context.Context, m *Memory, table map[K]V, limit int, match func(V) bool, compare func(a, b V) int) ([]V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := slices.DeleteFunc(slices.Collect(maps.Values(table)), func(v V) bool { return !match(v) })
	slices.SortFunc(found, compare)
	found = found[:min(len(found), limit)]
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return found, nil
}

// get returns the row of a key, or missing.
func get[K comparable, V any](ctx context.Context, m *Memory, table map[K]V, key K, missing error) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := table[key]
	if !ok {
		return v, missing
	}
	return v, ctx.Err()
}

// put stores rows, all or none.
func put[K comparable, V any](ctx context.Context, m *Memory, table map[K]V, rows []V, key func(V) K) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, row := range rows {
		table[key(row)] = row
	}
	return nil
}

// remove deletes a row, or returns missing when there is none.
func remove[K comparable, V any](ctx context.Context, m *Memory, table map[K]V, key K, missing error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, ok := table[key]; !ok {
		return missing
	}
	delete(table, key)
	return nil
}

// purge deletes the matching rows and returns how many.
func purge[K comparable, V any](ctx context.Context, m *Memory, table map[K]V, match func(V) bool) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	before := len(table)
	maps.DeleteFunc(table, func(_ K, v V) bool { return match(v) })
	return before - len(table), nil
}

// last returns the highest key of a table, 0 when it is empty.
func last[V any](ctx context.Context, m *Memory, table map[int64]V) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var id int64
	for key := range table {
		id = max(id, key)
	}
	return id, ctx.Err()
}

// each makes rows as a store keeps them.
func each[T any](rows []T, keep func(T) T) []T {
	kept := make([]T, len(rows))
	for i, row := range rows {
		kept[i] = keep(row)
	}
	return kept
}

// tidy cleans texts in place; those that an index holds are also cut.
func tidy(texts ...*string) {
	for _, s := range texts {
		*s = clean(*s)
	}
}

func cut(texts ...*string) {
	tidy(texts...)
	for _, s := range texts {
		for len(*s) > maxKey {
			r := []rune(*s)
			*s = string(r[:len(r)-1])
		}
	}
}

func keepTimes(times ...*time.Time) {
	for _, t := range times {
		*t = millis(*t)
	}
}

// kept is JSON as a store keeps it: what is none becomes a string.
func kept(raw json.RawMessage) json.RawMessage {
	switch text := clean(string(raw)); {
	case text == "":
		return nil
	case json.Valid([]byte(text)):
		return json.RawMessage(text)
	default:
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // a string can always be written
		}
		return quoted
	}
}

func object(what string, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return json.RawMessage("{}"), nil
	}
	if clean(string(raw)) != string(raw) || !json.Valid(raw) {
		return nil, tonypi.Errorf(tonypi.Invalid, "%s must be valid JSON", what)
	}
	return slices.Clone(raw), nil
}
