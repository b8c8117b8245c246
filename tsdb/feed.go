package tsdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// row is one sample on its way from the journal to the backend.
type row struct {
	series *series
	ms     int64
	value  float64
}

// backend is where the journal's readings end up. Its methods are called by one goroutine.
type backend interface {
	// add takes rows over, and keeps the slice. An error is final: the process cannot go on with this backend.
	add(rows []row) error
	// remove deletes everything about a robot that was added before. Only errBroken is final.
	remove(robot tonypi.RobotID) error
	// reveal makes what was added visible to queries at once.
	reveal() error
	// ready says why the backend takes nothing now, or nil.
	ready() error
}

// errBroken says that a backend cannot be used any more in this process.
var errBroken = errors.New("series store is broken")

// Bounds of the feeder.
const (
	feedDelay  = 500 * time.Millisecond // how long samples gather before they are fed
	feedBatch  = 100_000                // samples in one add
	readyRetry = 500 * time.Millisecond
	drainLimit = 5 * time.Second // at shutdown; the rest is replayed at the next start
)

// feeder moves committed readings from the journal's segments to the backend. It reads them back from the file: they
// come from the page cache, which costs less than keeping a second copy, and makes no difference between now and later.
type feeder struct {
	journal *journal
	backend backend
	index   *index
	log     *slog.Logger

	segment *segment // the one being fed
	reader  *segmentReader
	decoder decoder
	rows    []row
	batch   uint64 // counts the calls of bySeries
	starts  []int  // scratch of bySeries
	done    uint64 // sequence of the last segment that was fed

	replayed chan struct{} // closed when everything from before the start is fed
	stalled  atomic.Pointer[error]

	mu       sync.Mutex
	removals []*removal
}

// removal is somebody who waits for a deletion.
type removal struct {
	robot tonypi.RobotID
	epoch uint64 // the segment that the tombstone is in
	done  chan error
}

func newFeeder(j *journal, b backend, x *index, log *slog.Logger) *feeder {
	f := &feeder{journal: j, backend: b, index: x, log: log, replayed: make(chan struct{})}
	if len(j.list()) == 0 {
		close(f.replayed)
	}
	return f
}

// run feeds until ctx ends, or the backend fails for good.
func (f *feeder) run(ctx context.Context) error {
	tick := time.NewTicker(readyRetry)
	defer tick.Stop()
	for {
		if err := f.drain(ctx); err != nil {
			return fmt.Errorf("feed the series store: %w", err)
		}
		select {
		case <-f.journal.committed:
			// Many small commits make one large batch.
			select {
			case <-time.After(feedDelay):
			case <-ctx.Done():
				return nil
			}
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// drain feeds all that is committed, as long as the backend is ready.
func (f *feeder) drain(ctx context.Context) error {
	for ctx.Err() == nil {
		err := f.backend.ready()
		if f.stall(err); err != nil {
			return nil //nolint:nilerr // stall has noted it; the records wait in the journal
		}
		seg := f.next()
		if seg == nil {
			return nil
		}
		ended, err := f.feed(ctx, seg)
		if err != nil || !ended {
			return err
		}
	}
	return nil
}

// stall notes why nothing is fed, and logs when that changes.
func (f *feeder) stall(err error) {
	before := f.stalled.Load()
	switch {
	case err != nil && before == nil:
		f.log.Warn("series store takes nothing; readings stay in the journal", "err", err)
		f.stalled.Store(&err)
	case err == nil && before != nil:
		f.log.Info("series store takes readings again")
		f.stalled.Store(nil)
	}
}

// next returns the oldest segment that is not fed entirely.
func (f *feeder) next() *segment {
	if f.segment != nil {
		return f.segment
	}
	for _, seg := range f.journal.list() {
		if seg.sequence > f.done {
			return seg
		}
	}
	return nil
}

// feed moves what is committed of seg. It reports whether seg is at its end.
func (f *feeder) feed(ctx context.Context, seg *segment) (ended bool, err error) {
	if seg.gone.Load() {
		return true, f.skip(seg)
	}
	if f.segment == nil {
		if err := f.begin(seg); err != nil {
			return true, f.abandon(seg, err)
		}
	}
	sealed := seg.sealed.Load() // before committed: what is sealed does not grow
	limit := seg.committed.Load()
	for ctx.Err() == nil && !seg.gone.Load() {
		payload, skipped, err := f.reader.next(limit)
		f.noteSkipped(seg, skipped)
		if err != nil {
			return true, f.abandon(seg, err)
		}
		if payload == nil {
			if err := f.flush(seg); err != nil {
				return false, err
			}
			if sealed {
				return true, f.end(seg)
			}
			return false, nil
		}
		if err := f.take(seg, payload); err != nil {
			return false, err
		}
	}
	return false, f.flush(seg)
}

func (f *feeder) begin(seg *segment) error {
	reader, err := openSegment(seg.path)
	if err != nil {
		return err
	}
	f.segment, f.reader = seg, reader
	f.decoder = decoder{
		resolve: f.index.resolve,
		sample:  func(s *series, ms int64, value float64) error { return f.sample(seg, s, ms, value) },
		delete:  func(robot tonypi.RobotID) error { return f.remove(seg, robot) },
	}
	return nil
}

// take decodes one record and feeds it when enough has gathered. Only the backend's errors are returned.
func (f *feeder) take(seg *segment, payload []byte) error {
	err := f.decoder.decode(payload)
	if errors.Is(err, errCorrupt) {
		f.noteSkipped(seg, int64(len(payload)))
		err = nil
	}
	if err == nil && len(f.rows) >= feedBatch {
		err = f.flush(seg)
	}
	return err
}

func (f *feeder) sample(seg *segment, s *series, ms int64, value float64) error {
	if seg.replay {
		s.owner.mu.Lock()
		s.observe(ms, value)
		s.owner.mu.Unlock()
	}
	f.rows = append(f.rows, row{s, ms, value})
	return nil
}

// flush hands the gathered rows to the backend.
func (f *feeder) flush(seg *segment) error {
	if len(f.rows) > 0 {
		if err := f.backend.add(f.bySeries()); err != nil {
			return err
		}
		seg.fedCount.Add(int64(len(f.rows)))
		f.rows = f.rows[:0]
		if cap(f.rows) > 2*feedBatch {
			f.rows = nil // a burst must not keep its memory
		}
	}
	seg.fed.Store(f.reader.position())
	return nil
}

// bySeries returns the gathered rows with those of one series behind each other, in their order: the backend then looks
// each series up once and not once a sample.
func (f *feeder) bySeries() []row {
	f.batch++
	starts := f.starts[:0] // by slot: first the count, then where the next row goes
	for i := range f.rows {
		s := f.rows[i].series
		if s.batch != f.batch {
			s.batch, s.slot = f.batch, len(starts)
			starts = append(starts, 0)
		}
		starts[s.slot]++
	}
	f.starts = starts
	next := 0
	for i, n := range starts {
		starts[i], next = next, next+n
	}
	ordered := make([]row, len(f.rows))
	for _, r := range f.rows {
		ordered[starts[r.series.slot]] = r
		starts[r.series.slot]++
	}
	return ordered
}

// remove obeys a tombstone: what came before it is deleted, what comes after stays.
func (f *feeder) remove(seg *segment, robot tonypi.RobotID) error {
	if err := f.flush(seg); err != nil {
		return err
	}
	if seg.replay {
		f.index.forget(robot)
		for i, s := range f.decoder.refs {
			if s != nil && s.key.Robot == robot {
				f.decoder.refs[i] = f.index.resolve(s.key)
			}
		}
	}
	return f.obey(seg, robot)
}

// obey deletes a robot's history and tells those who wait for it. Only an error that ends the backend is returned.
func (f *feeder) obey(seg *segment, robot tonypi.RobotID) error {
	err := f.backend.remove(robot)
	f.settle(func(r *removal) bool { return r.robot == robot && r.epoch <= seg.sequence }, err)
	if err == nil || errors.Is(err, errBroken) {
		return err
	}
	f.log.Error("history of a robot could not be deleted", "robot", robot, "err", err)
	return nil
}

// settle tells those who wait for a deletion how it went.
func (f *feeder) settle(concerned func(*removal) bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	waiting := f.removals[:0]
	for _, r := range f.removals {
		if concerned(r) {
			r.done <- err
		} else {
			waiting = append(waiting, r)
		}
	}
	f.removals = waiting
}

// await returns a channel that tells the end of the deletion whose tombstone is in segment epoch.
func (f *feeder) await(robot tonypi.RobotID, epoch uint64) <-chan error {
	r := &removal{robot: robot, epoch: epoch, done: make(chan error, 1)}
	f.mu.Lock()
	f.removals = append(f.removals, r)
	f.mu.Unlock()
	return r.done
}

// skip leaves a segment that was dropped, but obeys the tombstones in it that somebody waits for.
func (f *feeder) skip(seg *segment) error {
	var robots []tonypi.RobotID
	f.mu.Lock()
	for _, r := range f.removals {
		if r.epoch <= seg.sequence {
			robots = append(robots, r.robot)
		}
	}
	f.mu.Unlock()
	for _, robot := range robots {
		if err := f.obey(seg, robot); err != nil {
			return err
		}
	}
	return f.end(seg)
}

// abandon gives a segment up that cannot be read. Its samples are lost, and counted.
func (f *feeder) abandon(seg *segment, cause error) error {
	if !seg.gone.Swap(true) {
		lost := seg.unfed()
		f.journal.dropped.Add(lost)
		f.log.Error("journal segment cannot be read and is given up", "path", seg.path, "samples", lost, "err", cause)
	}
	return f.skip(seg)
}

// end closes the segment that was fed.
func (f *feeder) end(seg *segment) error {
	if f.decoder.unknown > 0 {
		f.journal.corrupt.Add(uint64(f.decoder.unknown))
		f.log.Warn("journal has samples of series whose names are lost", "path", seg.path, "samples", f.decoder.unknown)
	}
	if f.reader != nil {
		f.reader.close()
	}
	f.segment, f.reader, f.decoder, f.done = nil, nil, decoder{}, seg.sequence
	seg.fed.Store(seg.committed.Load())
	seg.fedAt.Store(time.Now().UnixMilli())
	return f.noteReplayed()
}

func (f *feeder) noteSkipped(seg *segment, bytes int64) {
	if bytes > 0 {
		f.journal.corrupt.Add(1)
		f.log.Warn("journal has bytes that are no record; they are skipped", "path", seg.path, "bytes", bytes)
	}
}

// noteReplayed closes replayed once no segment from before the start is left.
func (f *feeder) noteReplayed() error {
	select {
	case <-f.replayed:
		return nil
	default:
	}
	for _, seg := range f.journal.list() {
		if seg.replay && seg.sequence > f.done {
			return nil
		}
	}
	if err := f.backend.reveal(); err != nil {
		return err
	}
	f.log.Info("journal is replayed")
	close(f.replayed)
	return nil
}

// finish feeds what is left when the process ends.
func (f *feeder) finish() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainLimit)
	defer cancel()
	err := f.drain(ctx)
	if f.reader != nil {
		f.reader.close()
		f.reader = nil
	}
	f.settle(func(*removal) bool { return true }, tonypi.Errorf(tonypi.Unavailable, "the server is shutting down"))
	return err
}
