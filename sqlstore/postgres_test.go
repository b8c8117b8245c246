//go:build unix

package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/storetest"
)

func TestOpenRefuses(t *testing.T) {
	for _, dsn := range []string{
		"mysql://u:s3cret@h/db", "postgres://u:s3cret@h:port/db", "postgres://u:s3cret@[::1/db", "postgres://u:s3cret%@h/db",
		"host=h password=s3cret", "s3cret", "postgres://u:s3cret@h/db?sslmode=perhaps", "postgres://u:s3cret@h/db?connect_timeout=x",
	} {
		_, err := Open(t.Context(), dsn, t.TempDir(), slog.New(slog.DiscardHandler))
		if tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("%q: error is %v, want invalid", dsn, err)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, err), "s3cret") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestPostgresRefusesTheSignIn(t *testing.T) {
	good, err := url.Parse(storetest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(u *url.URL){
		"password": func(u *url.URL) { u.User = url.UserPassword("tonypi", "s3cret") },
		"user":     func(u *url.URL) { u.User = url.UserPassword("nobody", "s3cret") },
		"database": func(u *url.URL) { u.Path = "/nothing" },
	} {
		t.Run(name, func(t *testing.T) {
			bad := *good
			spoil(&bad)
			start := time.Now()
			_, err := Open(t.Context(), bad.String(), "", slog.New(slog.DiscardHandler))
			wantUnavailable(t, name, err)
			password, _ := bad.User.Password()
			if strings.Contains(fmt.Sprint(err), password) {
				t.Errorf("the error shows the password: %v", err)
			}
			// There is nothing to wait for.
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestPostgresStartsLate(t *testing.T) {
	server := storetest.NewPostgres(t)
	dsn := server.Database(t)
	server.Stop(t)

	brief, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := Open(brief, dsn, "", slog.New(slog.DiscardHandler))
	wantUnavailable(t, "a server that is away", err)

	var log bytes.Buffer
	opened := make(chan error)
	go func() {
		s, err := Open(t.Context(), dsn, "", slog.New(slog.NewTextHandler(&log, nil)))
		if err == nil {
			err = errors.Join(s.Ping(t.Context()), s.Close())
		}
		opened <- err
	}()
	time.Sleep(time.Second)
	server.Start(t)
	if err := <-opened; err != nil {
		t.Error(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	if strings.Count(log.String(), "waiting for the database") != 1 || strings.Contains(log.String(), password) {
		t.Errorf("log:\n%s", &log)
	}
}

// TestPostgresGoesAwayAndComesBack restarts the server under a busy store.
func TestPostgresGoesAwayAndComesBack(t *testing.T) {
	ctx := t.Context()
	server := storetest.NewPostgres(t)
	s := openDSN(t, server.Database(t))
	defer closed(t, s)
	if err := s.CreateRobot(ctx, tonypi.Robot{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	busy(t, s, 3*postgresConns) // fill the pool with connections that are about to break
	server.Stop(t)

	start := time.Now()
	wantUnavailable(t, "SaveSetting", s.SaveSetting(ctx, "a", "1"))
	wantUnavailable(t, "SaveAlerts", s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1}}))
	wantUnavailable(t, "Seen", s.Seen(ctx, []tonypi.Sighting{{Robot: "r", LastSeen: time.Now()}}))
	_, err := s.Robot(ctx, "r")
	wantUnavailable(t, "Robot", err)
	_, err = s.SaveRule(ctx, tonypi.Rule{Type: "cpu"})
	wantUnavailable(t, "SaveRule", err)
	wantUnavailable(t, "Ping", s.Ping(ctx))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("six calls took %v to fail", took)
	}

	server.Start(t)
	if _, err := s.Robot(ctx, "r"); err != nil {
		t.Errorf("first read after the restart: %v", err)
	}
	if err := s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1}}); err != nil {
		t.Errorf("first write after the restart: %v", err)
	}
	if _, err := s.Setting(ctx, "a"); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("a write that failed is there: %v", err)
	}
	busy(t, s, 3*postgresConns)
}

// busy reads and writes with many connections at once, and none may fail.
func busy(t *testing.T, s *Store, calls int) {
	t.Helper()
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			if _, err := s.Robot(t.Context(), "r"); err != nil {
				t.Error(err)
			}
			if err := s.SaveSetting(t.Context(), fmt.Sprint("busy", i), "1"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestPostgresBrokenConnections breaks every pooled connection, and nobody may notice: reads at once, writes
// once a connection was idle for long enough to be looked at.
func TestPostgresBrokenConnections(t *testing.T) {
	ctx := t.Context()
	server := storetest.NewPostgres(t)
	dsn := server.Database(t)
	s := openDSN(t, dsn)
	defer closed(t, s)
	if err := s.CreateRobot(ctx, tonypi.Robot{ID: "r"}); err != nil {
		t.Fatal(err)
	}
	terminate := func() {
		busy(t, s, postgresConns)
		server.Query(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tonypi'")
	}
	for range 3 {
		terminate()
		var group sync.WaitGroup
		for range postgresConns {
			group.Go(func() {
				if _, err := s.Robot(ctx, "r"); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()

		terminate()
		time.Sleep(200 * time.Millisecond)
		busy(t, s, postgresConns)
	}
	// A transaction that cannot begin has not happened, so it is tried again.
	terminate()
	if err := s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1}}); err != nil {
		t.Error(err)
	}
}

func TestPostgresDeadlockIsTriedAgain(t *testing.T) {
	s := openDSN(t, storetest.Postgres(t))
	defer closed(t, s)
	ctx := t.Context()
	if err := s.SaveAlerts(ctx, []tonypi.Alert{{ID: 1}, {ID: 2}}); err != nil {
		t.Fatal(err)
	}
	// Two transactions that take two rows in opposite order, each after the other has its first one.
	tries := make([]int, 2)
	met := make(chan struct{})
	var group sync.WaitGroup
	for i := range 2 {
		group.Go(func() {
			err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
				tries[i]++
				for n, id := range []int{1 + i, 2 - i} {
					if n == 1 && tries[i] == 1 {
						select {
						case met <- struct{}{}:
						case <-met:
						}
					}
					if _, err := tx.ExecContext(ctx, "UPDATE alerts SET rule_id = rule_id + 1 WHERE id = $1", id); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if tries[0]+tries[1] < 3 {
		t.Errorf("tries %v: there was no deadlock", tries)
	}
	for id := range int64(2) {
		if a, err := s.Alert(ctx, id+1); err != nil || a.RuleID != 2 {
			t.Errorf("alert %d was counted to %d, %v", id+1, a.RuleID, err)
		}
	}
}

func TestPostgresSize(t *testing.T) {
	s := openDSN(t, storetest.Postgres(t))
	defer closed(t, s)
	if size, err := s.Size(t.Context()); err != nil || size < 1<<20 {
		t.Errorf("size is %d, %v", size, err)
	}
}
