package tsdb

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/storetest"
)

// start opens a store in dir and runs it; the returned function stops and closes it.
func start(t testing.TB, c Config) (*Store, func()) {
	t.Helper()
	if c.MinFreeBytes == 0 {
		c.MinFreeBytes = 1 << 20
	}
	s, err := Open(c)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	t.Cleanup(stop)
	return s, stop
}

func TestStore(t *testing.T) {
	storetest.Series(t, func(t *testing.T) tonypi.SeriesStore {
		s, _ := start(t, Config{Dir: t.TempDir()})
		return s
	})
}

func TestStoreSyncAlways(t *testing.T) {
	s, _ := start(t, Config{Dir: t.TempDir(), Sync: SyncAlways})
	at := time.Now().Add(-time.Minute)
	for i := range 20 {
		commit, err := s.Append([]tonypi.Reading{{Robot: "r", Metric: tonypi.Distance, Value: float64(i), Time: at.Add(time.Duration(i) * time.Second)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := commit.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if dirty := s.journal.list()[0].dirty.Load(); dirty {
			t.Fatal("a committed record is not synced")
		}
	}
}

func put(t testing.TB, s *Store, readings ...tonypi.Reading) {
	t.Helper()
	commit, err := s.Append(readings)
	if err == nil {
		err = commit.Wait(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRestart(t *testing.T) {
	dir, at := t.TempDir(), time.Now().Add(-time.Hour).Truncate(time.Second).UTC()
	newest := tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Source: "a", Value: 12.5, Time: at.Add(time.Second)}
	older := tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Source: "a", Value: 3, Time: at}
	s, stop := start(t, Config{Dir: dir})
	put(t, s, newest, older)
	stop()
	if n := len(segmentPaths(t, dir+"/journal")); n != 0 {
		t.Errorf("%d segments are left after a clean end", n)
	}
	s, stop = start(t, Config{Dir: dir})
	got, err := s.Latest(t.Context(), "r")
	if diff := cmp.Diff([]tonypi.Reading{newest}, got); err != nil || diff != "" {
		t.Errorf("Latest after a restart: %v (-want +got):\n%s", err, diff)
	}
	if err := s.DeleteRobot(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	stop()
	s, _ = start(t, Config{Dir: dir})
	if got, err := s.Latest(t.Context(), "r"); err != nil || len(got) != 0 {
		t.Errorf("Latest of a deleted robot after a restart = %v, %v", got, err)
	}
	found, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: "r", From: at.Add(-time.Hour), To: at.Add(time.Hour)})
	if err != nil || len(found) != 0 {
		t.Errorf("Range of a deleted robot after a restart = %v, %v", found, err)
	}
}

func TestRetention(t *testing.T) {
	s, _ := start(t, Config{Dir: t.TempDir(), Retention: 48 * time.Hour})
	now := time.Now()
	inside := tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 1, Time: now.Add(-47 * time.Hour)}
	outside := tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 2, Time: now.Add(-49 * time.Hour)}
	put(t, s, outside)
	put(t, s, inside, outside)
	within(t, 2*time.Second, "the sample within the retention, and only that", func() bool {
		got, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: "r", From: now.Add(-1000 * time.Hour), To: now})
		return err == nil && len(got) == 1 && len(got[0].Buckets) == 1 && got[0].Buckets[0].Last == 1
	})
}

func TestOneStoreAtATime(t *testing.T) {
	dir := t.TempDir()
	s, stop := start(t, Config{Dir: dir})
	if _, err := Open(Config{Dir: dir}); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("opening the same directory twice: %v; want Conflict", err)
	}
	if _, err := Open(Config{Dir: t.TempDir()}); err == nil {
		t.Error("a second store is open in one process")
	}
	put(t, s, tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 1, Time: time.Now()})
	stop()
	if err := s.Close(); err == nil {
		t.Error("the second Close says nothing")
	}
	if _, err := s.Append([]tonypi.Reading{{Robot: "r", Metric: tonypi.Distance, Time: time.Now()}}); tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("Append after Close: %v; want Unavailable", err)
	}
	start(t, Config{Dir: dir})
}

func TestBadConfig(t *testing.T) {
	for _, c := range []Config{
		{},
		{Dir: "x", Retention: time.Hour},
		{Dir: "x", Retention: -time.Hour},
		{Dir: "x", MaxJournalBytes: 1000},
		{Dir: "x", MemoryBytes: 1000},
		{Dir: "x", MinFreeBytes: -1},
	} {
		if _, err := Open(c); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("Open(%+v): %v; want Invalid", c, err)
		}
	}
}

// A store whose files are damaged does not keep the server from coming up for ever, and is not thrown away.
func TestDamagedStoreIsMovedAside(t *testing.T) {
	dir := t.TempDir()
	s, stop := start(t, Config{Dir: dir})
	put(t, s, tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 1, Time: time.Now()})
	stop()
	parts, err := filepath.Glob(filepath.Join(dir, seriesDir, "data", "small", "*", "parts.json"))
	if err != nil || len(parts) == 0 {
		t.Fatalf("no parts: %v", err)
	}
	for _, path := range parts {
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxAttempts {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), crashDirEnv+"="+dir, crashDirEnv+"_ROUND=x")
		if out, err := child.CombinedOutput(); err == nil {
			t.Fatalf("attempt %d opened a damaged store: %s", i, out)
		}
	}
	s, _ = start(t, Config{Dir: dir})
	put(t, s, tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 2, Time: time.Now()})
	if h := s.Health(t.Context()); !h.OK || h.Message == "" {
		t.Errorf("Health does not tell that history is gone: %+v", h)
	}
	if aside, _ := filepath.Glob(filepath.Join(dir, seriesDir+".broken-*")); len(aside) != 1 {
		t.Errorf("moved aside: %v", aside)
	}
}

func TestReadOnlyStoreKeepsReadingsInTheJournal(t *testing.T) {
	dir := t.TempDir()
	free, err := freeSpace(dir)
	if err != nil {
		t.Fatal(err)
	}
	// Between the store's limit and the journal's, which is half of it.
	s, stop := start(t, Config{Dir: dir, MinFreeBytes: free + free/2})
	at := time.Now().Add(-time.Minute)
	put(t, s, tonypi.Reading{Robot: "r", Metric: tonypi.Distance, Value: 1, Time: at})
	within(t, 3*time.Second, "Health tells that the disk is nearly full", func() bool {
		h := s.Health(t.Context())
		return !h.OK && h.ReadOnly && h.QueueBytes > 0 && h.Message != ""
	})
	if err := s.DeleteRobot(t.Context(), "r"); tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("DeleteRobot: %v; want Unavailable", err)
	}
	stop()
	s, _ = start(t, Config{Dir: dir})
	got, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: "r", From: at.Add(-time.Second), To: at.Add(time.Second)})
	if err != nil || len(got) != 1 {
		t.Errorf("Range when there is space again = %v, %v", got, err)
	}
}
