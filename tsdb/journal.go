package tsdb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// Bounds of the journal.
const (
	segmentBytes  = 64 << 20
	segmentAge    = 30 * time.Second // bounds what is replayed after a crash
	maxGroup      = 8 << 20          // bytes that may wait for one write
	maxAppend     = 20_000           // readings in one Append
	retryInterval = 500 * time.Millisecond
	syncInterval  = time.Second
)

// group is the readings that are committed by one write. It is the tonypi.Commit of every Append in it.
type group struct {
	buf     []byte // headerSize bytes, then the payload
	lastMs  int64
	epoch   uint64 // the segment that the definitions in buf belong to
	samples int
	err     error // valid once done is closed
	done    chan struct{}
}

// Wait implements tonypi.Commit.
func (g *group) Wait(ctx context.Context) error {
	select {
	case <-g.done:
		return g.err
	default:
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		return fmt.Errorf("wait for the journal: %w", ctx.Err())
	}
}

func (g *group) empty() bool { return len(g.buf) == headerSize }

// journal keeps readings in segments on disk until the backend has surely stored them.
type journal struct {
	dir      string
	disk     disk
	sync     Sync
	maxBytes int64
	minFree  int64
	maxAge   time.Duration // of a segment that is written to
	maxSize  int64
	log      *slog.Logger

	mu     sync.Mutex
	group  *group
	spare  []byte        // buffer of the group before, for the next
	epoch  uint64        // sequence number of the segment that the current group goes to
	refs   uint32        // series defined in it
	broken *tonypi.Error // why nothing can be written; nil when all is well
	closed bool

	segMu    sync.Mutex
	segments []*segment // oldest first; the last may be the active one

	active *segment // owned by the writer

	wake      chan struct{} // something to write
	committed chan struct{} // something to feed
	samples   atomic.Uint64
	dropped   atomic.Uint64
	corrupt   atomic.Uint64
}

// append queues readings whose series are resolved; nil ones are left out.
func (j *journal) append(resolved []*series, readings []tonypi.Reading) (*group, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	g, err := j.openGroup(len(readings) * 16)
	if err != nil {
		return nil, err
	}
	buf, lastMs, samples := g.buf, g.lastMs, 0
	for i, s := range resolved {
		if s == nil {
			continue
		}
		ms := readings[i].Time.UnixMilli()
		buf = j.appendRef(buf, s)
		buf = appendSample(buf, ms-lastMs, readings[i].Value)
		lastMs = ms
		samples++
	}
	g.buf, g.lastMs = buf, lastMs
	g.samples += samples
	j.signal()
	return g, nil
}

// appendRef begins the operation for one sample of s, with the definition of s when the segment has none yet.
func (j *journal) appendRef(buf []byte, s *series) []byte {
	if s.epoch == j.epoch {
		return binary.AppendUvarint(buf, uint64(s.ref)<<1)
	}
	j.refs++
	s.epoch, s.ref = j.epoch, j.refs
	buf = binary.AppendUvarint(buf, uint64(s.ref)<<1|1)
	return appendDefinition(buf, s.key)
}

// removeAwaited queues the deletion of a robot's history and registers with f for its end.
func (j *journal) removeAwaited(robot tonypi.RobotID, f *feeder) (*group, <-chan error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	g, err := j.openGroup(maxOperation)
	if err != nil {
		return nil, nil, err
	}
	g.buf = appendTombstone(g.buf, robot)
	deleted := f.await(robot, g.epoch)
	j.signal()
	return g, deleted, nil
}

// openGroup returns the current group when it may take some more bytes.
func (j *journal) openGroup(bytes int) (*group, error) {
	switch {
	case j.closed:
		return nil, tonypi.Errorf(tonypi.Unavailable, "the store of readings is shutting down")
	case j.broken != nil:
		return nil, j.broken
	case len(j.group.buf)+bytes > maxGroup:
		return nil, tonypi.Errorf(tonypi.Unavailable, "the disk does not keep up with the readings")
	}
	return j.group, nil
}

func (j *journal) signal() {
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

func (j *journal) newGroup() *group {
	buf := j.spare
	j.spare = nil
	if buf == nil {
		buf = make([]byte, headerSize, 64<<10)
	}
	return &group{buf: buf[:headerSize], epoch: j.epoch, done: make(chan struct{})}
}

// groupWindow is the shortest time between two commits. Where every commit waits for the disk, that is window enough.
const groupWindow = 2 * time.Millisecond

// run writes groups until ctx ends, then writes what is left and refuses more.
func (j *journal) run(ctx context.Context) error {
	retry := time.NewTicker(retryInterval)
	defer retry.Stop()
	var synced sync.WaitGroup
	synced.Go(func() { j.runSync(ctx) })
	var last time.Time
	for {
		select {
		case <-j.wake:
			// The first after a pause goes at once; in a stream, those that wait share one write and one wake-up.
			if gap := groupWindow - time.Since(last); gap > 0 && j.sync != SyncAlways {
				time.Sleep(gap)
			}
			j.commit()
			last = time.Now()
		case <-retry.C:
			j.attend()
		case <-ctx.Done():
			j.close()
			synced.Wait()
			return j.finish()
		}
	}
}

// close makes every later append fail, and writes what is queued.
func (j *journal) close() {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	j.commit()
}

// finish seals the active segment and makes everything durable.
func (j *journal) finish() error {
	if j.active != nil {
		j.active.seal()
		j.active = nil
	}
	return j.syncDirty()
}

// commit writes the current group, as one record, and releases those who wait for it.
func (j *journal) commit() {
	j.mu.Lock()
	g := j.group
	if g.empty() {
		j.mu.Unlock()
		return
	}
	if j.active != nil && g.epoch == j.active.sequence && j.due(j.active, len(g.buf)) {
		j.epoch++ // the group after this one begins the next segment
		j.refs = 0
	}
	j.group = j.newGroup()
	j.mu.Unlock()

	if err := j.write(g); err != nil {
		j.fail(g, err)
		return
	}
	j.samples.Add(uint64(g.samples))
	j.release(g)
}

// due reports whether seg should end with the next record, of size bytes.
func (j *journal) due(seg *segment, size int) bool {
	return seg.written+int64(size) >= j.maxSize || time.Since(seg.created) >= j.maxAge
}

// release ends a group; its buffer serves again.
func (j *journal) release(g *group) {
	buf := g.buf
	g.buf = nil
	close(g.done)
	select {
	case j.committed <- struct{}{}:
	default:
	}
	if cap(buf) > 1<<20 {
		return // a burst must not keep its memory
	}
	j.mu.Lock()
	j.spare = buf
	j.mu.Unlock()
}

// write puts g at the end of its segment.
func (j *journal) write(g *group) error {
	if j.active != nil && j.active.sequence != g.epoch {
		j.active.seal()
		j.active = nil
	}
	if j.active == nil {
		seg, err := j.createSegment(g.epoch)
		if err != nil {
			return err
		}
		j.active = seg
	}
	seg := j.active
	sealRecord(g.buf)
	if _, err := seg.file.Write(g.buf); err != nil {
		return err
	}
	if j.sync == SyncAlways {
		if err := seg.file.Sync(); err != nil {
			return err
		}
	}
	seg.written += int64(len(g.buf))
	seg.samples.Add(int64(g.samples))
	seg.dirty.Store(j.sync != SyncAlways)
	seg.committed.Store(seg.written)
	return nil
}

// fail refuses g and everything queued behind it, whose definitions of series g may hold, and stops the journal.
func (j *journal) fail(g *group, cause error) {
	err := diskError(cause)
	j.log.Error("journal cannot be written; readings are refused until it can", "err", cause)
	if j.active != nil {
		j.active.cut()
		j.active.seal()
		j.active = nil
	}
	j.mu.Lock()
	next := j.group
	j.broken = err
	j.epoch++
	j.refs = 0
	j.group = j.newGroup()
	j.mu.Unlock()
	g.err, next.err = err, err
	close(g.done)
	close(next.done)
}

// diskError says for a person why the journal cannot be written.
func diskError(cause error) *tonypi.Error {
	if isDiskFull(cause) {
		return tonypi.Wrap(tonypi.Unavailable, cause, "the disk is full; readings are refused until there is space again")
	}
	return tonypi.Wrap(tonypi.Unavailable, cause, "the journal of readings cannot be written")
}

// attend looks after what no commit triggers: too little space, recovery from a failure, an old segment.
func (j *journal) attend() {
	j.mu.Lock()
	broken := j.broken
	j.mu.Unlock()
	err := j.space()
	switch {
	case broken == nil && err != nil:
		j.refuse(err)
	case broken != nil && err == nil:
		if err := j.probe(); err == nil {
			j.recoverFrom(broken)
		}
	case broken == nil && j.active != nil && j.due(j.active, 0):
		j.rotate()
	}
}

// space returns an error when the disk has less room than is left for others.
func (j *journal) space() error {
	free, err := j.disk.free(j.dir)
	if err != nil || free >= j.minFree {
		return nil //nolint:nilerr // a disk that cannot tell is judged by its writes
	}
	return fmt.Errorf("%d bytes are free, %d are kept: %w", free, j.minFree, errDiskFull)
}

var errDiskFull = errors.New("disk is full")

func isDiskFull(err error) bool { return errors.Is(err, errDiskFull) || isNoSpace(err) }

// refuse stops the journal after it has committed what is queued.
func (j *journal) refuse(cause error) {
	j.mu.Lock()
	j.broken = diskError(cause)
	j.mu.Unlock()
	j.log.Error("too little disk space; readings are refused until there is more", "err", cause)
	j.commit()
}

// probe reports whether the disk takes a megabyte again.
func (j *journal) probe() error {
	path := j.path(0) + ".probe"
	_ = os.Remove(path)
	f, err := j.disk.create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 1<<20))
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close(), os.Remove(path))
}

func (j *journal) recoverFrom(err error) {
	j.mu.Lock()
	j.broken = nil
	j.mu.Unlock()
	j.log.Info("journal is written again", "after", err)
	j.signal()
}

// rotate ends the active segment although nothing new has come.
func (j *journal) rotate() {
	j.mu.Lock()
	idle := j.group.empty()
	if idle {
		j.epoch++
		j.refs = 0
		j.group.epoch = j.epoch
	}
	j.mu.Unlock()
	if idle {
		j.active.seal()
		j.active = nil
	}
}

// runSync makes written segments durable once a second, beside the writer, and closes those that are sealed.
func (j *journal) runSync(ctx context.Context) {
	tick := time.NewTicker(syncInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := j.syncDirty(); err != nil {
				j.log.Error("journal cannot be synced; a power cut may lose readings", "err", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (j *journal) syncDirty() error {
	var errs []error
	for _, seg := range j.list() {
		errs = append(errs, seg.flush())
	}
	return errors.Join(errs...)
}

// list returns the segments, oldest first.
func (j *journal) list() []*segment {
	j.segMu.Lock()
	defer j.segMu.Unlock()
	return append([]*segment(nil), j.segments...)
}

func newJournal(dir string, d disk, c Config) *journal {
	return &journal{
		dir: dir, disk: d, sync: c.Sync, maxBytes: c.MaxJournalBytes, minFree: c.MinFreeBytes / 2,
		maxAge: segmentAge, maxSize: min(segmentBytes, max(c.MaxJournalBytes/8, 1<<20)), log: c.Log,
		wake: make(chan struct{}, 1), committed: make(chan struct{}, 1),
	}
}

// state returns why readings are refused, or nil.
func (j *journal) state() *tonypi.Error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.broken
}
