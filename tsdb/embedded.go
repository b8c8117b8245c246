package tsdb

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/fs"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/logger"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/prompb"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"tonypi"
)

// Names of the labels that a series has in the store, beside __name__.
const (
	robotLabel  = "robot"
	sourceLabel = "source"
)

// maxLanes bounds the processors that one add uses.
const maxLanes = 4

// revealEvery bounds how long copies of rows are kept. The library shows them after two seconds by itself, but does not
// say so.
const revealEvery = 3 * time.Second

// embedded is the backend on VictoriaMetrics' storage library. The library keeps part of its settings, its caches and
// its logger in package variables, so that one process can have one only.
type embedded struct {
	storage *storage.Storage
	free    func() (int64, error)
	lanes   []lane
	names   map[string]tonypi.Metric // by Prometheus name

	recent   recent
	revealMu sync.Mutex
}

var (
	embeddedOpen  atomic.Bool
	configureOnce sync.Once
)

var errSecondStore = errors.New("a series store is open already, and a process can have one only")

// openEmbedded opens the store in dir. The memory bound of the first call holds for the life of the process.
func openEmbedded(dir string, c Config) (e *embedded, err error) {
	if !embeddedOpen.CompareAndSwap(false, true) {
		return nil, errSecondStore
	}
	defer func() {
		if err != nil {
			embeddedOpen.Store(false)
		}
	}()
	configureOnce.Do(func() { err = configure(c.MemoryBytes) })
	if err != nil {
		return nil, err
	}
	storage.SetFreeDiskSpaceLimit(c.MinFreeBytes)
	e = &embedded{
		names: make(map[string]tonypi.Metric, len(tonypi.Metrics)),
		lanes: make([]lane, min(runtime.GOMAXPROCS(0), maxLanes)),
	}
	for _, m := range tonypi.Metrics {
		e.names[m.Prometheus] = m.Metric
	}
	e.free = func() (int64, error) { return freeSpace(dir) }
	err = guard(func() {
		e.storage = storage.MustOpenStorage(dir, storage.OpenOptions{Retention: c.Retention})
	})
	return e, err
}

// configure sets what the library keeps in flags and package variables.
func configure(memoryBytes int64) error {
	if !flag.Parsed() {
		// The library panics otherwise. Programs here do not use the global flags.
		if err := flag.CommandLine.Parse(nil); err != nil {
			return err
		}
	}
	for name, value := range map[string]string{
		"memory.allowedBytes":     strconv.FormatInt(memoryBytes, 10),
		"loggerLevel":             "WARN",
		"loggerDisableTimestamps": "true",
	} {
		if err := flag.Set(name, value); err != nil {
			return fmt.Errorf("set %s of the series store: %w", name, err)
		}
	}
	logger.SetOutputForTests(vmLogWriter{})
	storage.SetDedupInterval(time.Millisecond)
	// The cache from filters to series is cleared only every ten seconds, and would hide new series for so long.
	storage.SetTagFiltersCacheSize(1)
	return nil
}

// guard turns a panic of the library in this goroutine into an error. In its own goroutines nobody can; there the
// process ends, and the next one replays the journal.
func guard(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errBroken, p)
		}
	}()
	f()
	return nil
}

// close makes everything durable.
func (e *embedded) close() error {
	defer embeddedOpen.Store(false)
	return guard(e.storage.MustClose)
}

func (e *embedded) ready() error {
	if e.storage.IsReadOnly() {
		return tonypi.Errorf(tonypi.Unavailable, "the disk is nearly full; the series store takes nothing more")
	}
	return nil
}

func (e *embedded) add(rows []row) error {
	for i := range rows {
		r := &rows[i]
		if r.series.raw == nil {
			r.series.raw = rawName(r.series.key)
		}
		lane := &e.lanes[r.series.lane%uint32(len(e.lanes))]
		lane.rows = append(lane.rows, storage.MetricRow{MetricNameRaw: r.series.raw, Timestamp: r.ms, Value: r.value})
	}
	if err := e.addLanes(); err != nil {
		return err
	}
	// Not before: reveal takes for shown what is kept when it begins.
	if e.recent.keep(newBatch(rows)) > maxRecent {
		return e.reveal()
	}
	return nil
}

// runReveal bounds the copies until ctx ends.
func (e *embedded) runReveal(ctx context.Context) error {
	tick := time.NewTicker(revealEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := e.reveal(); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// lane is the rows of some of the series. A series is always in the same lane: two processors that meet a new series at
// the same time would give it two identities.
type lane struct {
	rows []storage.MetricRow
	err  error
}

func (e *embedded) addLanes() error {
	var adding sync.WaitGroup
	for i := range e.lanes {
		l := &e.lanes[i]
		adding.Go(func() {
			l.err = guard(func() { e.storage.AddRows(l.rows, 64) })
			clear(l.rows)
			l.rows = l.rows[:0]
		})
	}
	adding.Wait()
	var errs []error
	for i := range e.lanes {
		errs = append(errs, e.lanes[i].err)
	}
	return errors.Join(errs...)
}

func rawName(key tonypi.SeriesKey) []byte {
	return storage.MarshalMetricNameRaw(nil, []prompb.Label{
		{Name: "__name__", Value: prometheusName(key.Metric)},
		{Name: robotLabel, Value: string(key.Robot)},
		{Name: sourceLabel, Value: key.Source},
	})
}

func prometheusName(m tonypi.Metric) string {
	if info, ok := m.Info(); ok && info.Prometheus != "" {
		return info.Prometheus
	}
	return string(m)
}

// reveal makes the library show what it has taken, and forgets the copies that stood in for it.
func (e *embedded) reveal() error {
	e.revealMu.Lock()
	defer e.revealMu.Unlock()
	n := e.recent.count()
	if n == 0 {
		return nil
	}
	if err := guard(e.storage.DebugFlush); err != nil {
		return err
	}
	e.recent.drop(n)
	return nil
}

func (e *embedded) remove(robot tonypi.RobotID) error {
	filters, err := tagFilters(selection{robot: robot})
	if err != nil {
		return err
	}
	var failure error
	// What is not shown cannot be found, and so not be deleted.
	if err := e.reveal(); err != nil {
		return err
	}
	err = guard(func() { _, failure = e.storage.DeleteSeries(nil, filters, math.MaxInt32) })
	return errors.Join(err, failure)
}

// diskBytes returns the size of the store on disk.
func (e *embedded) diskBytes() int64 {
	var m storage.Metrics
	e.storage.UpdateMetrics(&m)
	t := &m.TableMetrics
	return int64(t.SmallSizeBytes + t.BigSizeBytes + t.IndexDBMetrics.FileSizeBytes)
}

// freeSpace returns the bytes that are free on the disk of dir.
func freeSpace(dir string) (free int64, err error) {
	err = guard(func() { free = int64(fs.MustGetFreeSpace(dir)) })
	return free, err
}

// lockDir keeps other processes out of dir until it is closed, or the process ends.
func lockDir(dir string) (lock io.Closer, err error) {
	err = guard(func() { lock = fs.MustCreateFlockFile(dir) })
	return lock, err
}

// deadline turns that of ctx into the library's, in whole seconds.
func deadline(ctx context.Context) uint64 {
	at, ok := ctx.Deadline()
	if limit := time.Now().Add(queryTimeout); !ok || at.After(limit) {
		at = limit
	}
	return uint64(at.Unix()) + 1
}

// vmLog is where the library's messages go.
var vmLog atomic.Pointer[slog.Logger]

type vmLogWriter struct{}
