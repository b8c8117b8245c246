package sqlstore

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tonypi"
)

// TestCompact deletes most lines: the index shrinks, and what is left is still found.
func TestCompact(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	const lines, left = 20_000, 1_000
	for first := 1; first <= lines; first += 1000 {
		batch := make([]tonypi.LogEntry, 1000)
		for i := range batch {
			id := first + i
			batch[i] = tonypi.LogEntry{ID: int64(id), Time: start.Add(time.Duration(id) * time.Second), Level: "INFO", Message: fmt.Sprintf("robot walks, step %d of %x", id, id*7919)}
		}
		if err := s.AppendLogs(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.PurgeLogs(t.Context(), start.Add((lines-left)*time.Second+time.Millisecond), nil); err != nil {
		t.Fatal(err)
	}
	if n := s.purged.Load(); n != lines-left {
		t.Errorf("%d lines were purged", n)
	}
	size := func() (bytes int) {
		t.Helper()
		if err := s.reader.QueryRow("SELECT SUM(LENGTH(block)) FROM log_index_data").Scan(&bytes); err != nil {
			t.Fatal(err)
		}
		return bytes
	}
	if err := s.compact(t.Context()); err != nil || s.purged.Load() == 0 {
		t.Errorf("too early: %v", err)
	}
	before := size()
	s.purged.Store(compactAfter)
	if err := s.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := size(); after > before/5 {
		t.Errorf("the index takes %d bytes, took %d", after, before)
	}
	for search, want := range map[string]int{"walks": 1000, "step 19500": 1, "step 500": 0} {
		if found, err := s.Logs(t.Context(), tonypi.LogFilter{Search: search, Limit: 1000}); err != nil || len(found) != want {
			t.Errorf("%s: %d lines, want %d; %v", search, len(found), want, err)
		}
	}
}
