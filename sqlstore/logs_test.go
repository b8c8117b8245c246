package sqlstore

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tonypi"
)

// TestAuditRefusesChange goes around the store: the database itself keeps the audit log as it was written.
func TestAuditRefusesChange(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			s := openDSN(t, dsn(t))
			defer closed(t, s)
			if err := s.AppendAudit(t.Context(), []tonypi.AuditEntry{{ID: 1, User: "ann", Action: "stop"}}); err != nil {
				t.Fatal(err)
			}
			for _, change := range []string{
				"UPDATE audit_log SET username = 'mallory'", "DELETE FROM audit_log WHERE id = 1",
				"INSERT INTO audit_log SELECT * FROM audit_log WHERE TRUE ON CONFLICT (id) DO UPDATE SET ok = TRUE",
			} {
				_, err := s.writer.Exec(change)
				if err == nil || !strings.Contains(err.Error(), "the audit log is never changed") {
					t.Errorf("%s: error is %v", change, err)
				}
			}
			entries, err := s.Audit(t.Context(), tonypi.AuditFilter{})
			if err != nil || len(entries) != 1 || entries[0].User != "ann" || entries[0].OK {
				t.Errorf("%v, %v", entries, err)
			}
		})
	}
}

// TestPurgeLogsLeavesNothing looks at the tables behind the lines.
func TestPurgeLogsLeavesNothing(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			s := openDSN(t, dsn(t))
			defer closed(t, s)
			start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
			var lines []tonypi.LogEntry
			for i := range 2500 {
				lines = append(lines, tonypi.LogEntry{ID: int64(i + 1), Time: start.Add(time.Duration(i) * time.Minute), Robot: "r", Level: "INFO", Message: fmt.Sprint("line ", i)})
			}
			if err := s.AppendLogs(t.Context(), lines); err != nil {
				t.Fatal(err)
			}
			if n, err := s.PurgeLogs(t.Context(), start.Add(2500*time.Minute), nil); n != 2500 || err != nil {
				t.Errorf("purged %d, %v", n, err)
			}
			for _, table := range []string{"logs", "log_index", "log_counts", "log_spans"} {
				var left int
				if err := s.reader.QueryRow("SELECT COUNT(*) FROM " + table).Scan(&left); err != nil || left != 0 {
					t.Errorf("%d rows left in %s, %v", left, table, err)
				}
			}
		})
	}
}
