package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi"
)

func openFile(t testing.TB, file string) *Store {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+file, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func wantUnavailable(t *testing.T, what string, err error) {
	t.Helper()
	if tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("%s: error is %v, want unavailable", what, err)
	}
}

func TestSQLiteFilesAreTheOwnersOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, before := range []os.FileMode{0, 0o644} {
		if before != 0 {
			if err := os.Chmod(filepath.Join(dir, "tonypi.db"), before); err != nil {
				t.Fatal(err)
			}
		}
		s, err := Open(t.Context(), "sqlite", dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SaveSetting(t.Context(), "a", "b"); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{"tonypi.db", "tonypi.db-wal", "tonypi.db-shm"} {
			info, err := os.Stat(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", file, info.Mode())
			}
		}
		if size, err := s.Size(t.Context()); err != nil || size < 4096 {
			t.Errorf("size is %d, %v", size, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		// A closed database is one file.
		if _, err := os.Stat(filepath.Join(dir, "tonypi.db-wal")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the log is still there: %v", err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("directory: %v, %v", info.Mode(), err)
	}
}

func TestSQLiteThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "letter.txt")
	letter := bytes.Repeat([]byte("Dear Ann, this is not a database. "), 100)
	if err := os.WriteFile(file, letter, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), "sqlite:"+file, "", slog.New(slog.DiscardHandler)); err == nil {
		t.Error("opened", s.Close())
	}
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, letter) {
		t.Errorf("the file changed: %v", err)
	}
	_, err := Open(t.Context(), "sqlite:"+filepath.Join(file, "under.db"), "", slog.New(slog.DiscardHandler))
	wantUnavailable(t, "a path below a file", err)
}

func TestSQLiteFull(t *testing.T) {
	ctx := t.Context()
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	var pages int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if _, err := s.writer.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages)
	big := strings.Repeat("x", 100_000)
	wantUnavailable(t, "SaveSetting", s.SaveSetting(ctx, "big", big))
	wantUnavailable(t, "SaveAlerts", s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1, Message: "small"}, {ID: 2, Message: big}}))
	if alerts, err := s.Alerts(ctx, tonypi.AlertFilter{}); err != nil || len(alerts) != 0 {
		t.Errorf("half a batch stayed: %v, %v", alerts, err)
	}
	if err := s.Ping(ctx); err != nil {
		t.Errorf("reading: %v", err)
	}
	limit(1 << 20)
	if err := s.SaveSetting(ctx, "big", big); err != nil {
		t.Errorf("after there was room again: %v", err)
	}
}

func TestSQLiteLockedByAnotherProgram(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	file := filepath.Join(t.TempDir(), "a.db")
	s, other := openFile(t, file), openFile(t, file)
	if err := s.CreateRobot(ctx, tonypi.Robot{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	tx, err := other.writer.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := s.SaveSetting(short, "a", "1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller in a hurry got %v", err)
	}
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("a caller in a hurry waited %v", took)
	}
	if _, err := s.Robot(ctx, "r"); err != nil {
		t.Errorf("reading: %v", err)
	}
	wantUnavailable(t, "SaveSetting", s.SaveSetting(ctx, "a", "1"))
	wantUnavailable(t, "SaveAlerts", s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1}}))
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.SaveSetting(ctx, "a", "1"); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

// TestSQLiteSurvivesACrash opens what was on disk at one moment, while the program ran.
func TestSQLiteSurvivesACrash(t *testing.T) {
	ctx := t.Context()
	live, crashed := filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")
	s := openFile(t, live)
	for i := range 50 {
		if err := s.SaveAlerts(ctx, []tonypi.Alert{{ID: int64(i + 1), Title: "t"}}); err != nil {
			t.Fatal(err)
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(live + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if last, err := openFile(t, crashed).LastAlertID(ctx); last != 50 || err != nil {
		t.Errorf("last alert is %d, %v", last, err)
	}
}

func TestSQLiteSettings(t *testing.T) {
	ctx := t.Context()
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	seen := []tonypi.Sighting{{Robot: "r", LastSeen: time.Now()}}
	if err := s.Seen(ctx, seen); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := s.Seen(cancelled, seen); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000"} {
		for name, db := range map[string]*sql.DB{"writer": s.writer, "reader": s.reader} {
			var is string
			if err := db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(&is); err != nil || is != want {
				t.Errorf("%s of %s is %q, %v; want %q", pragma, name, is, err, want)
			}
		}
	}
	if _, err := s.reader.ExecContext(ctx, "DELETE FROM settings"); err == nil {
		t.Error("a reader may write")
	}
}

func TestSQLiteLogIsFolded(t *testing.T) {
	ctx := t.Context()
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	// A reader that holds its snapshot keeps the log from being reused, until it ends.
	reader, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reader.QueryRowContext(ctx, "SELECT COUNT(*) FROM settings").Scan(&n); err != nil {
		t.Fatal(err)
	}
	for i := 0; s.fileSize() < walLimit+walLimit/4; i++ {
		if err := s.SaveSetting(ctx, fmt.Sprint(i%4), strings.Repeat(fmt.Sprint(i%10), 4<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := s.checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.file + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("log: %v, %v", info.Size(), err)
	}
}

func TestUpkeep(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	ctx, cancel := context.WithCancel(t.Context())
	if err := s.CreateUser(ctx, tonypi.User{ID: "u", Username: "u"}); err != nil {
		t.Fatal(err)
	}
	for id, expires := range map[string]time.Time{
		"over": time.Now().Add(-2 * time.Hour), "just over": time.Now().Add(-time.Minute), "never": {}, "later": time.Now().Add(time.Hour),
	} {
		if err := s.SaveSession(ctx, tonypi.Session{ID: id, UserID: "u", ExpiresAt: expires}); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		sessions, err := s.Sessions(ctx, "u")
		if err != nil {
			t.Fatal(err)
		}
		if len(sessions) == 3 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d sessions left", len(sessions))
		}
	}
	if _, err := s.Session(ctx, "over"); tonypi.KindOf(err) != tonypi.NotFound {
		t.Error("the session that is over is still there")
	}
	if err := s.optimize(ctx); err != nil {
		t.Error(err)
	}
	cancel()
	group.Wait()
}

// TestPlans keeps the busy queries from reading whole tables.
func TestPlans(t *testing.T) {
	s := openFile(t, filepath.Join(t.TempDir(), "a.db"))
	for query, want := range map[string]string{
		"SELECT * FROM alerts WHERE NOT resolved ORDER BY id DESC":                                     "alerts_open",
		"SELECT * FROM alerts WHERE NOT acknowledged ORDER BY id DESC LIMIT 100":                       "alerts_unacknowledged",
		"SELECT * FROM alerts WHERE robot_id = 'r' AND id < 9 ORDER BY id DESC LIMIT 100":              "alerts_robot",
		"SELECT * FROM alerts WHERE alert_type = 'cpu' AND id < 9 ORDER BY id DESC LIMIT 100":          "alerts_type",
		"SELECT COUNT(*) FILTER (WHERE NOT resolved) FROM alerts WHERE created_at >= 1":                "COVERING INDEX alerts_created",
		"SELECT * FROM sessions WHERE user_id = 'u' ORDER BY created_at DESC, id DESC":                 "sessions_user",
		"SELECT * FROM credentials WHERE secret_hash = x'00'":                                          "sqlite_autoindex_credentials",
		"SELECT * FROM users WHERE username_key = 'u'":                                                 "sqlite_autoindex_users",
		"UPDATE robots SET name = news.value FROM json_each('[]') AS news WHERE robot_id = news.value": "sqlite_autoindex_robots",
	} {
		rows, err := s.writer.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var a, b, c int
			var line string
			if err := rows.Scan(&a, &b, &c, &line); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, line)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(plan, "\n"), want) {
			t.Errorf("%s\ndoes not use %s: %q", query, want, plan)
		}
	}
}
