// Package tsdb keeps readings over time: a journal on disk, which is what "stored" means, and behind it the embedded
// series store, which is what history is read from.
package tsdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// Sync says when a reading counts as stored.
type Sync int

const (
	// SyncEverySecond means that a reading is stored when it is written to the operating system. The death of the process loses
	// nothing of it; a power cut or the death of the operating system loses what was written in the last second or so.
	SyncEverySecond Sync = iota
	// SyncAlways means that a reading is stored when the disk says so. A power cut loses nothing, if the disk tells the truth.
	SyncAlways
)

// Config says how a Store is kept. Zero values mean the defaults.
type Config struct {
	Dir             string        // holds the folders journal and series; made when missing
	Retention       time.Duration // how long history is kept; default 30 days, at least 1 day. The store deletes whole months
	Sync            Sync
	MaxJournalBytes int64 // most bytes that wait for the series store; older readings are dropped. Default 2 GiB
	MemoryBytes     int64 // most memory for the caches of the series store; default 128 MiB. The first Open of a process decides
	MinFreeBytes    int64 // below it the series store takes nothing more, and below half of it the journal. Default 256 MiB
	Log             *slog.Logger
}

// flushMargin is how long the journal keeps what the series store has taken. The store flushes within 8 to 12 seconds.
const flushMargin = 60 * time.Second

func (c Config) complete() (Config, error) {
	setDefault(&c.Retention, 30*24*time.Hour)
	setDefault(&c.MaxJournalBytes, 2<<30)
	setDefault(&c.MemoryBytes, 128<<20)
	setDefault(&c.MinFreeBytes, 256<<20)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch {
	case c.Dir == "":
		return c, tonypi.Errorf(tonypi.Invalid, "the store of readings needs a directory")
	case c.Retention < 24*time.Hour || c.Retention > 100*365*24*time.Hour:
		return c, tonypi.Errorf(tonypi.Invalid, "retention %s is not between 1 day and 100 years", c.Retention)
	case c.MaxJournalBytes < 1<<20:
		return c, tonypi.Errorf(tonypi.Invalid, "the journal needs at least 1 MiB, not %d bytes", c.MaxJournalBytes)
	case c.MemoryBytes < 16<<20:
		return c, tonypi.Errorf(tonypi.Invalid, "the series store needs at least 16 MiB of memory, not %d bytes", c.MemoryBytes)
	case c.MinFreeBytes < 0:
		return c, tonypi.Errorf(tonypi.Invalid, "the least free disk space must not be negative")
	}
	return c, nil
}

func setDefault[T int64 | time.Duration](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// Store is the tonypi.SeriesStore on the embedded engine. A process can have one open at a time.
//
// Of equal stamps in one series the largest value survives. Values keep about 15 significant digits. Buckets are aligned
// to multiples of their step since 1970.
type Store struct {
	config  Config
	journal *journal
	index   *index
	series  *embedded
	feeder  *feeder
	scratch sync.Pool // *[]*series, for Append

	lock  io.Closer // keeps other processes away
	moved string    // where a series store that could not be opened was put; empty mostly

	running   atomic.Bool
	ended     chan struct{} // closed when Run returns
	closeOnce sync.Once
	failure   atomic.Pointer[error]
	diskBytes atomic.Int64
}

var _ tonypi.SeriesStore = (*Store)(nil)

// Open opens the store in c.Dir, which no other process may have open. Readings may be appended at once; they are committed
// while Run runs. What the last process had not handed over is read from the journal in the background.
//
// A series store that cannot be opened three times in a row is moved aside, to series.broken-<Unix seconds>, and Open
// begins with an empty history: a server that watches robots must come up again.
func Open(c Config) (*Store, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "the folder of the readings cannot be made")
	}
	vmLog.Store(c.Log)
	lock, err := lockDir(c.Dir)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Conflict, err, "another process has the store of readings in %s open", c.Dir)
	}
	s, err := openLocked(c)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	return s, nil
}

func openLocked(c Config) (*Store, error) {
	x := newIndex()
	j := newJournal(filepath.Join(c.Dir, "journal"), realDisk{}, c)
	if err := j.open(); err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if embeddedOpen.Load() {
		return nil, errSecondStore
	}
	a := attempts{dir: c.Dir}
	moved, err := a.begin(c.Log)
	if err != nil {
		return nil, err
	}
	e, err := openEmbedded(filepath.Join(c.Dir, seriesDir), c)
	if err != nil {
		return nil, fmt.Errorf("open the series store: %w", err)
	}
	if err := a.succeed(); err != nil {
		return nil, errors.Join(err, e.close())
	}
	s := &Store{config: c, journal: j, index: x, series: e, moved: moved, ended: make(chan struct{})}
	s.feeder = newFeeder(j, e, x, c.Log)
	s.scratch.New = func() any { return new([]*series) }
	s.measure()
	return s, nil
}

// Run writes, feeds and cleans until ctx ends; then it commits what is queued and returns nil. Append fails from then on.
// An error means that the series store is broken: end the process, the next one replays the journal.
func (s *Store) Run(ctx context.Context) error {
	if !s.running.CompareAndSwap(false, true) {
		return errors.New("the store of readings runs already")
	}
	defer close(s.ended)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var journalErr, feedErr, revealErr error
	var parts sync.WaitGroup
	parts.Go(func() { journalErr = s.journal.run(ctx) })
	parts.Go(func() {
		defer cancel()
		feedErr = s.feeder.run(ctx)
	})
	parts.Go(func() {
		defer cancel()
		revealErr = s.series.runReveal(ctx)
	})
	parts.Go(func() { s.keepHouse(ctx) })
	parts.Wait()
	if feedErr == nil && revealErr == nil {
		feedErr = s.feeder.finish()
	}
	err := errors.Join(feedErr, revealErr, journalErr)
	if err != nil {
		s.failure.Store(&err)
	}
	return err
}

// keepHouse does what is due now and then.
func (s *Store) keepHouse(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	quarter := time.NewTicker(15 * time.Second)
	defer quarter.Stop()
	for {
		select {
		case now := <-second.C:
			s.journal.house(now, flushMargin)
		case now := <-quarter.C:
			s.measure()
			s.index.sweep(now.Add(-latestAge).UnixMilli())
		case <-ctx.Done():
			return
		}
	}
}

func (s *Store) measure() { s.diskBytes.Store(s.series.diskBytes()) }

// Close makes everything durable and releases the directory. Run must have returned, or never been called.
func (s *Store) Close() error {
	err := errors.New("the store of readings is closed already")
	s.closeOnce.Do(func() { err = errors.Join(s.close(), s.lock.Close()) })
	return err
}

func (s *Store) close() error {
	if s.running.CompareAndSwap(false, true) {
		close(s.ended)
	}
	<-s.ended
	s.journal.close()
	err := s.journal.finish()
	if failed := s.failure.Load(); failed != nil && errors.Is(*failed, errBroken) {
		return err // closing a broken store would panic or hang; the journal has it all
	}
	err = errors.Join(err, s.series.close())
	if err == nil {
		// The store has flushed all it was fed, so that there is nothing to replay.
		s.journal.house(time.Now(), 0)
	}
	return err
}

// Append implements tonypi.SeriesStore. At most 20,000 readings are taken at once. A reading whose value is not a
// number, whose metric is unknown or whose names are too long is Invalid, and then none of them is stored.
func (s *Store) Append(readings []tonypi.Reading) (tonypi.Commit, error) {
	if len(readings) > maxAppend {
		return nil, tonypi.Errorf(tonypi.TooLarge, "%d readings at once are more than %d", len(readings), maxAppend)
	}
	for i := range readings {
		if v := readings[i].Value; math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, tonypi.Errorf(tonypi.Invalid, "the value of %s is not a finite number", readings[i].Metric)
		}
	}
	scratch := s.scratch.Get().(*[]*series)
	defer func() {
		clear(*scratch)
		*scratch = (*scratch)[:0]
		s.scratch.Put(scratch)
	}()
	oldest := time.Now().Add(-s.config.Retention).UnixMilli()
	resolved, err := s.index.resolveAll(*scratch, readings, oldest)
	if err != nil {
		return nil, err
	}
	*scratch = resolved
	if !slices.ContainsFunc(resolved, func(s *series) bool { return s != nil }) {
		return nothing{}, nil
	}
	g, err := s.journal.append(resolved, readings)
	if err != nil {
		return nil, err
	}
	observe(resolved, readings)
	return g, nil
}

// nothing is the commit of no readings.
type nothing struct{}

func (nothing) Wait(context.Context) error { return nil }

// Latest implements tonypi.SeriesStore. A reading that was appended but could not be committed may be among the answer.
func (s *Store) Latest(ctx context.Context, robot tonypi.RobotID) ([]tonypi.Reading, error) {
	now := time.Now()
	oldest := now.Add(-latestAge).UnixMilli()
	if s.index.needsFill(robot) {
		found, err := s.history(ctx, robot, oldest, now.Add(latestAge).UnixMilli())
		if err != nil {
			return nil, err
		}
		s.index.fill(robot, found)
	}
	return s.index.newest(robot, oldest), nil
}

func (s *Store) history(ctx context.Context, robot tonypi.RobotID, fromMs, toMs int64) ([]tonypi.Reading, error) {
	// What is still in the journal finds its way into the index by itself, so there is no need to wait for all of it.
	patience, cancel := context.WithTimeout(ctx, latestPatience)
	_ = s.settled(patience)
	cancel()
	found, err := s.series.latest(ctx, selection{robot: robot, fromMs: fromMs, toMs: toMs})
	if err != nil {
		return nil, fmt.Errorf("read the newest readings: %w", err)
	}
	return found, nil
}

// latestPatience is how long Latest waits for the journal after a restart.
const latestPatience = time.Second

// settled waits until history holds what the contract of Range promises.
func (s *Store) settled(ctx context.Context) error {
	poll := time.NewTicker(readyRetry)
	defer poll.Stop()
	for s.feeder.stalled.Load() == nil {
		select {
		case <-s.feeder.replayed:
			return nil
		case <-poll.C:
		case <-ctx.Done():
			return tonypi.Wrap(tonypi.Unavailable, ctx.Err(), "history is still being read after a restart; try again soon")
		}
	}
	return nil
}

// Range implements tonypi.SeriesStore. Step is a whole number of milliseconds; at most 5,000 series are answered, and
// Limit is at most 5,000,000. While the series store takes nothing (see Health), the newest readings are missing.
func (s *Store) Range(ctx context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error) {
	q, err := checkQuery(q)
	if err != nil {
		return nil, err
	}
	oldest := time.Now().Add(-s.config.Retention).UnixMilli()
	sel := selection{
		robot: q.Robot, metrics: q.Metrics, sources: q.Sources,
		fromMs: max(ceilMs(q.From), oldest), toMs: ceilMs(q.To) - 1,
	}
	if sel.fromMs > sel.toMs {
		return nil, nil
	}
	if err := s.settled(ctx); err != nil {
		return nil, err
	}
	var answer []tonypi.Series
	scan := scans.Get().(*scan)
	defer scans.Put(scan)
	err = s.series.search(ctx, sel, func(key tonypi.SeriesKey, h history) error {
		b := newBucketer(q.Step.Milliseconds(), q.Limit, min(h.samples(), maxPrepared), sel)
		if err := scan.samples(ctx, h, sel, b.add); err != nil {
			return err
		}
		if b.close(); len(b.buckets) > 0 {
			answer = append(answer, tonypi.Series{Key: key, Buckets: b.buckets})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	return answer, nil
}

// ceilMs returns the first millisecond at or after t.
func ceilMs(t time.Time) int64 {
	ms := t.UnixMilli()
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	return ms
}

func checkQuery(q tonypi.SeriesQuery) (tonypi.SeriesQuery, error) {
	if q.Limit == 0 {
		q.Limit = defaultLimit
	}
	switch {
	case q.Robot == "":
		return q, tonypi.Errorf(tonypi.Invalid, "which robot's history?")
	case !q.From.Before(q.To):
		return q, tonypi.Errorf(tonypi.Invalid, "the end of the time asked for must lie after its beginning")
	case q.Step < 0 || q.Step%time.Millisecond != 0:
		return q, tonypi.Errorf(tonypi.Invalid, "step %s is not a whole number of milliseconds", q.Step)
	case q.Limit < 0 || q.Limit > maxLimit:
		return q, tonypi.Errorf(tonypi.Invalid, "limit %d is not between 1 and %d", q.Limit, maxLimit)
	}
	return q, nil
}

// DeleteRobot implements tonypi.SeriesStore. It returns when the history is gone; what is appended meanwhile or later
// stays. When ctx ends before, the deletion still happens.
func (s *Store) DeleteRobot(ctx context.Context, robot tonypi.RobotID) error {
	if err := s.series.ready(); err != nil {
		return err
	}
	if robot == "" || len(robot) > maxStringLen {
		return nil // no such robot has a history
	}
	done := s.index.remove(robot)
	defer done()
	g, deleted, err := s.journal.removeAwaited(robot, s.feeder)
	if err != nil {
		return err
	}
	if err := g.Wait(ctx); err != nil {
		return err
	}
	select {
	case err := <-deleted:
		if err != nil {
			return fmt.Errorf("delete history: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the deletion: %w", ctx.Err())
	}
}

// Health implements tonypi.SeriesStore.
func (s *Store) Health(context.Context) tonypi.StoreHealth {
	pending, total := s.journal.queued()
	free, err := s.series.free()
	h := tonypi.StoreHealth{
		OK:          true,
		Samples:     s.journal.samples.Load(),
		Dropped:     s.journal.dropped.Load(),
		QueueBytes:  pending,
		DiskBytes:   total + s.diskBytes.Load(),
		DiskFree:    free,
		ReadOnly:    s.series.ready() != nil,
		ActiveCount: int(s.index.count.Load()),
	}
	h.OK, h.Message = s.judge(h, err)
	return h
}

// judge says for a person whether anything is wrong, the worst first.
func (s *Store) judge(h tonypi.StoreHealth, freeErr error) (ok bool, message string) {
	switch {
	case s.failure.Load() != nil:
		return false, "The series store is broken; restart the server."
	case s.journal.state() != nil:
		return false, "Readings are refused: " + s.journal.state().Message + "."
	case h.ReadOnly:
		return false, "The disk is nearly full: readings wait in the journal and history stands still."
	case h.QueueBytes > s.config.MaxJournalBytes/2:
		return false, "The series store does not keep up: history is behind, and the journal fills up."
	case h.Dropped > 0:
		return true, fmt.Sprintf("The journal was full: %d readings were dropped since the start.", h.Dropped)
	case s.journal.corrupt.Load() > 0:
		return true, fmt.Sprintf("The journal was damaged in %d places, which were skipped.", s.journal.corrupt.Load())
	case s.moved != "":
		return true, fmt.Sprintf("History could not be opened and was put aside as %s.", s.moved)
	case freeErr != nil:
		return true, "The free disk space is not known."
	}
	return true, ""
}
