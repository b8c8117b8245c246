package tsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

// shelf is a backend in memory.
type shelf struct {
	mu    sync.Mutex
	rows  map[tonypi.SeriesKey]map[int64]float64
	err   error // of ready
	added int
}

func (b *shelf) add(rows []row) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range rows {
		if b.rows == nil {
			b.rows = make(map[tonypi.SeriesKey]map[int64]float64)
		}
		if b.rows[r.series.key] == nil {
			b.rows[r.series.key] = make(map[int64]float64)
		}
		b.rows[r.series.key][r.ms] = r.value
		b.added++
	}
	return nil
}

func (b *shelf) remove(robot tonypi.RobotID) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key := range b.rows {
		if key.Robot == robot {
			delete(b.rows, key)
		}
	}
	return nil
}

func (b *shelf) reveal() error { return nil }

func (b *shelf) ready() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *shelf) become(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *shelf) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, samples := range b.rows {
		n += len(samples)
	}
	return n
}

// fussyDisk is a disk that fills up and breaks.
type fussyDisk struct {
	room  atomic.Int64 // bytes that may still be written
	avail atomic.Int64 // what free says
}

func newFussyDisk() *fussyDisk {
	d := &fussyDisk{}
	d.room.Store(1 << 40)
	d.avail.Store(1 << 40)
	return d
}

func (d *fussyDisk) create(path string) (file, error) {
	if d.room.Load() <= 0 {
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.ENOSPC}
	}
	f, err := realDisk{}.create(path)
	return &fussyFile{file: f, disk: d}, err
}

func (d *fussyDisk) free(string) (int64, error) { return d.avail.Load(), nil }

type fussyFile struct {
	file
	disk *fussyDisk
}

// Write writes what there is room for, as a full disk does.
func (f *fussyFile) Write(p []byte) (int, error) {
	room := f.disk.room.Add(-int64(len(p)))
	if room >= 0 {
		return f.file.Write(p)
	}
	n, _ := f.file.Write(p[:max(int64(len(p))+room, 0)])
	return n, syscall.ENOSPC
}

// bench is a journal with its feeder, without the series store.
type bench struct {
	*journal
	index   *index
	feeder  *feeder
	backend *shelf
	stop    func()
}

func openBench(t testing.TB, dir string, c Config, d disk) *bench {
	t.Helper()
	c.Dir = dir
	c, err := c.complete()
	if err != nil {
		t.Fatal(err)
	}
	c.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := &bench{journal: newJournal(dir, d, c), index: newIndex(), backend: &shelf{}}
	if err := b.journal.open(); err != nil {
		t.Fatal(err)
	}
	b.feeder = newFeeder(b.journal, b.backend, b.index, c.Log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.journal.run(ctx) })
	running.Go(func() { _ = b.feeder.run(ctx) })
	b.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		_ = b.feeder.finish()
	})
	t.Cleanup(b.stop)
	return b
}

func (b *bench) put(readings ...tonypi.Reading) error {
	resolved, err := b.index.resolveAll(nil, readings, 0)
	if err != nil {
		return err
	}
	g, err := b.append(resolved, readings)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return g.Wait(ctx)
}

func (b *bench) mustPut(t testing.TB, readings ...tonypi.Reading) {
	t.Helper()
	if err := b.put(readings...); err != nil {
		t.Fatalf("append: %v", err)
	}
}

func numbered(robot tonypi.RobotID, i int) tonypi.Reading {
	return tonypi.Reading{Robot: robot, Metric: tonypi.Distance, Source: fmt.Sprint(i % 7), Value: float64(i), Time: time.UnixMilli(1e12 + int64(i))}
}

func within(t testing.TB, d time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(d); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", d, what)
		}
	}
}

func segmentPaths(t testing.TB, dir string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*"+segmentSuffix))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// writeJournal leaves a journal with one segment of n records, unfed, in dir.
func writeJournal(t testing.TB, dir string, n int) string {
	t.Helper()
	b := openBench(t, dir, Config{}, realDisk{})
	b.backend.become(errors.New("not now"))
	for i := range n {
		b.mustPut(t, numbered("r", i))
	}
	b.stop()
	paths := segmentPaths(t, dir)
	if len(paths) != 1 {
		t.Fatalf("%d segments", len(paths))
	}
	return paths[0]
}

func TestReplayAfterDamage(t *testing.T) {
	const n = 200
	tests := []struct {
		name    string
		damage  func([]byte) []byte
		least   int // samples that survive
		most    int
		corrupt bool
	}{
		{"Untouched", func(b []byte) []byte { return b }, n, n, false},
		{"TornByOneByte", func(b []byte) []byte { return b[:len(b)-1] }, n - 1, n - 1, true},
		{"TornInHeader", func(b []byte) []byte { return b[:len(b)-25] }, n - 1, n - 1, true},
		{"ZerosAtTheEnd", func(b []byte) []byte { return append(b, make([]byte, 5000)...) }, n, n, true},
		{"GarbageAtTheEnd", func(b []byte) []byte { return append(b, "TPJ1TPJ1\xff\xff"...) }, n, n, true},
		{"FlippedBitInTheMiddle", func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, n - 1, n - 1, true},
		// The first record defines series 0: its other samples are unknown then, and not given to another.
		{"FlippedBitInADefinition", func(b []byte) []byte { b[headerSize+6] ^= 4; return b }, n - 1 - n/7, n - 1, true},
		{"HoleOfZeros", func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+100]); return b }, n - 8, n - 1, true},
		{"WrongLength", func(b []byte) []byte { b[5] = 0x10; return b }, n - 1 - n/7, n - 1, true},
		{"Empty", func([]byte) []byte { return nil }, 0, 0, false},
		{"OnlyGarbage", func([]byte) []byte { return []byte("what is this?") }, 0, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := writeJournal(t, dir, n)
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, test.damage(data), 0o600); err != nil {
				t.Fatal(err)
			}
			b := openBench(t, dir, Config{}, realDisk{})
			<-b.feeder.replayed
			if got := b.backend.count(); got < test.least || got > test.most {
				t.Errorf("%d samples survive; want %d to %d", got, test.least, test.most)
			}
			for key, samples := range b.backend.rows {
				for ms, v := range samples {
					if want := numbered("r", int(ms-1e12)); want.Value != v || want.Key() != key {
						t.Errorf("%+v at %d = %g; want %+v", key, ms, v, want)
					}
				}
			}
			if corrupt := b.corrupt.Load() > 0; corrupt != test.corrupt {
				t.Errorf("damage counted: %v", corrupt)
			}
			b.mustPut(t, numbered("r", n)) // and it goes on
			within(t, 3*time.Second, "new sample is fed", func() bool { return b.backend.count() > test.least })
		})
	}
}

func TestFullDisk(t *testing.T) {
	for _, mode := range []Sync{SyncEverySecond, SyncAlways} {
		t.Run(fmt.Sprint(mode), func(t *testing.T) {
			dir, d := t.TempDir(), newFussyDisk()
			b := openBench(t, dir, Config{Sync: mode}, d)
			b.mustPut(t, numbered("r", 0), numbered("r", 1))
			d.room.Store(20) // the next record is torn
			if err := b.put(numbered("r", 2)); tonypi.KindOf(err) != tonypi.Unavailable {
				t.Fatalf("append on a full disk: %v; want Unavailable", err)
			}
			if err := b.put(numbered("r", 3)); tonypi.KindOf(err) != tonypi.Unavailable {
				t.Fatalf("second append on a full disk: %v; want Unavailable", err)
			}
			if b.state() == nil {
				t.Error("the journal does not say that it refuses")
			}
			time.Sleep(3 * retryInterval)
			if err := b.put(numbered("r", 3)); err == nil {
				t.Error("the journal went on although the disk is full")
			}
			d.room.Store(1 << 40)
			within(t, 5*time.Second, "appends work again", func() bool { return b.put(numbered("r", 2), numbered("r", 4)) == nil })
			within(t, 3*time.Second, "all is fed", func() bool { return b.backend.count() == 4 })
			b.stop()

			again := openBench(t, dir, Config{}, realDisk{})
			<-again.feeder.replayed
			if got := again.backend.count(); got != 4 || again.corrupt.Load() != 0 {
				t.Errorf("%d samples and %d damages after a restart; want 4 and 0", got, again.corrupt.Load())
			}
		})
	}
}

// Everything that waits while the disk breaks is told so: what was being written and what was queued behind it.
func TestFullDiskFailsAllWhoWait(t *testing.T) {
	d := newFussyDisk()
	b := openBench(t, t.TempDir(), Config{}, d)
	b.mustPut(t, numbered("r", 0))
	d.room.Store(2000)
	var wg sync.WaitGroup
	var stored, refused atomic.Int64
	for i := range 400 {
		wg.Go(func() {
			switch err := b.put(numbered("r", i)); {
			case err == nil:
				stored.Add(1)
			case tonypi.KindOf(err) == tonypi.Unavailable:
				refused.Add(1)
			default:
				t.Errorf("append: %v", err)
			}
		})
	}
	wg.Wait()
	if refused.Load() == 0 || stored.Load()+refused.Load() != 400 {
		t.Errorf("%d stored, %d refused of 400", stored.Load(), refused.Load())
	}
}

func TestLittleSpaceStopsTheJournal(t *testing.T) {
	d := newFussyDisk()
	b := openBench(t, t.TempDir(), Config{MinFreeBytes: 1000}, d)
	b.mustPut(t, numbered("r", 0))
	d.avail.Store(499)
	within(t, 3*time.Second, "readings are refused", func() bool {
		return tonypi.KindOf(b.put(numbered("r", 1))) == tonypi.Unavailable
	})
	d.avail.Store(500)
	within(t, 3*time.Second, "readings are taken", func() bool { return b.put(numbered("r", 1)) == nil })
}

func TestFullJournalDropsTheOldest(t *testing.T) {
	b := openBench(t, t.TempDir(), Config{MaxJournalBytes: 1 << 20}, realDisk{})
	b.journal.maxSize = 64 << 10
	b.backend.become(errors.New("not now"))
	const appends, each = 600, 200
	for i := range appends {
		batch := make([]tonypi.Reading, each)
		for n := range batch {
			batch[n] = numbered("r", i*each+n)
		}
		b.mustPut(t, batch...)
		b.house(time.Now(), flushMargin)
	}
	pending, total := b.queued()
	if total > 1<<20+64<<10 || pending == 0 {
		t.Errorf("the journal holds %d bytes, %d to be fed", total, pending)
	}
	dropped := b.dropped.Load()
	if dropped == 0 || dropped >= appends*each {
		t.Errorf("%d samples are counted as dropped", dropped)
	}
	b.backend.become(nil)
	want := appends*each - int(dropped)
	within(t, 5*time.Second, "the rest is fed", func() bool { return b.backend.count() == want })
	newest := numbered("r", appends*each-1)
	if v, ok := b.backend.rows[newest.Key()][newest.Time.UnixMilli()]; !ok || v != newest.Value {
		t.Error("the newest sample was dropped")
	}
}

func TestFedSegmentsAreDroppedAfterTheMargin(t *testing.T) {
	dir := t.TempDir()
	b := openBench(t, dir, Config{}, realDisk{})
	b.journal.maxAge = 0 // every second record ends its segment
	for i := range 5 {
		b.mustPut(t, numbered("r", i))
	}
	within(t, 3*time.Second, "all is fed", func() bool { pending, _ := b.queued(); return pending == 0 && b.backend.count() == 5 })
	b.house(time.Now(), flushMargin)
	if n := len(segmentPaths(t, dir)); n < 3 {
		t.Errorf("%d segments are left within the margin", n)
	}
	within(t, 3*time.Second, "segments are gone", func() bool {
		b.house(time.Now().Add(flushMargin+time.Second), flushMargin)
		return len(segmentPaths(t, dir)) == 0
	})
	if b.dropped.Load() != 0 {
		t.Errorf("%d samples count as dropped", b.dropped.Load())
	}
}

// What comes before a tombstone is deleted on replay, whatever the store had kept; what comes after it stays.
func TestReplayObeysTombstones(t *testing.T) {
	dir := t.TempDir()
	b := openBench(t, dir, Config{}, realDisk{})
	b.backend.become(errors.New("not now"))
	b.mustPut(t, numbered("gone", 1), numbered("stays", 1))
	g, _, err := b.removeAwaited("gone", b.feeder)
	if err != nil || g.Wait(t.Context()) != nil {
		t.Fatal("remove")
	}
	b.mustPut(t, numbered("gone", 8), numbered("stays", 2))
	b.stop()

	again := openBench(t, dir, Config{}, realDisk{})
	<-again.feeder.replayed
	want := map[tonypi.SeriesKey]map[int64]float64{
		numbered("gone", 8).Key():  {1e12 + 8: 8},
		numbered("stays", 1).Key(): {1e12 + 1: 1},
		numbered("stays", 2).Key(): {1e12 + 2: 2},
	}
	if diff := cmp.Diff(want, again.backend.rows); diff != "" {
		t.Errorf("replay (-want +got):\n%s", diff)
	}
	if newest := again.index.newest("gone", 0); len(newest) != 1 || newest[0].Value != 8 {
		t.Errorf("newest of the deleted robot = %v", newest)
	}
}

func TestClosedJournalRefuses(t *testing.T) {
	b := openBench(t, t.TempDir(), Config{}, realDisk{})
	b.mustPut(t, numbered("r", 0))
	b.stop()
	if err := b.put(numbered("r", 1)); tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("append after the end: %v; want Unavailable", err)
	}
}

func FuzzDecode(f *testing.F) {
	x := newIndex()
	j := &journal{epoch: 1, wake: make(chan struct{}, 1)}
	j.group = j.newGroup()
	readings := []tonypi.Reading{numbered("r", 1), numbered("r", 8), numbered("s", 3)}
	resolved, err := x.resolveAll(nil, readings, 0)
	if err != nil {
		f.Fatal(err)
	}
	g, err := j.append(resolved, readings)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(appendTombstone(g.buf, "r")[headerSize:])
	f.Fuzz(func(t *testing.T, payload []byte) {
		d := decoder{
			resolve: func(key tonypi.SeriesKey) *series { return &series{key: key} },
			sample:  func(*series, int64, float64) error { return nil },
			delete:  func(tonypi.RobotID) error { return nil },
		}
		if err := d.decode(payload); err != nil && !errors.Is(err, errCorrupt) {
			t.Errorf("decode: %v", err)
		}
	})
}
