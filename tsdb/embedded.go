package tsdb

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
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

// visibleAfter is how long added rows may stay unseen by queries.
const visibleAfter = time.Second

// embedded is the backend on VictoriaMetrics' storage library. The library keeps part of its settings, its caches and
// its logger in package variables, so that one process can have one only.
type embedded struct {
	storage *storage.Storage
	free    func() (int64, error)
	rows    []storage.MetricRow
	names   map[string]tonypi.Metric // by Prometheus name

	// Rows that were added since the last flush; they cannot be seen yet.
	pendingMu sync.Mutex
	pending   time.Time // when the first was added; zero when there is none
	pendingMs int64     // the oldest stamp among them
	flushMu   sync.Mutex
}

var (
	embeddedOpen  atomic.Bool
	configureOnce sync.Once
)

// openEmbedded opens the store in dir. The memory bound of the first call holds for the life of the process.
func openEmbedded(dir string, c Config) (e *embedded, err error) {
	if !embeddedOpen.CompareAndSwap(false, true) {
		return nil, errors.New("the embedded series store is open already, and a process can have one only")
	}
	defer func() {
		if err != nil {
			embeddedOpen.Store(false)
		}
	}()
	vmLog.Store(c.Log)
	configureOnce.Do(func() { err = configure(c.MemoryBytes) })
	if err != nil {
		return nil, err
	}
	storage.SetFreeDiskSpaceLimit(c.MinFreeBytes)
	e = &embedded{names: make(map[string]tonypi.Metric, len(tonypi.Metrics))}
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
	e.rows = e.rows[:0]
	oldest := int64(math.MaxInt64)
	for i := range rows {
		r := &rows[i]
		if r.series.raw == nil {
			r.series.raw = rawName(r.series.key)
		}
		e.rows = append(e.rows, storage.MetricRow{MetricNameRaw: r.series.raw, Timestamp: r.ms, Value: r.value})
		oldest = min(oldest, r.ms)
	}
	err := guard(func() { e.storage.AddRows(e.rows, 64) })
	e.notePending(oldest)
	clear(e.rows)
	return err
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

func (e *embedded) notePending(oldest int64) {
	e.pendingMu.Lock()
	defer e.pendingMu.Unlock()
	if e.pending.IsZero() {
		e.pending, e.pendingMs = time.Now(), oldest
	}
	e.pendingMs = min(e.pendingMs, oldest)
}

// show makes rows before toMs that were added visibleAfter ago or earlier visible to queries, which the library does by
// itself only after two seconds. At most one flush a second is made, whatever the number of queries.
func (e *embedded) show(toMs int64) error {
	e.flushMu.Lock()
	defer e.flushMu.Unlock()
	e.pendingMu.Lock()
	due := !e.pending.IsZero() && time.Since(e.pending) >= visibleAfter && e.pendingMs < toMs
	if due {
		e.pending = time.Time{}
	}
	e.pendingMu.Unlock()
	if !due {
		return nil
	}
	return guard(e.storage.DebugFlush)
}

func (e *embedded) remove(robot tonypi.RobotID) error {
	filters, err := tagFilters(selection{robot: robot})
	if err != nil {
		return err
	}
	var failure error
	err = guard(func() {
		// What is not flushed cannot be found, and so not be deleted.
		e.storage.DebugFlush()
		_, failure = e.storage.DeleteSeries(nil, filters, math.MaxInt32)
	})
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
