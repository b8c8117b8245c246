package tsdb

import (
	"context"
	"testing"
	"time"

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
