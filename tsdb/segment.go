package tsdb

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

const segmentSuffix = ".journal"

// segment is one file of the journal.
type segment struct {
	sequence uint64
	path     string
	created  time.Time
	replay   bool  // from before the start
	written  int64 // owned by the writer

	committed atomic.Int64 // bytes that may be read
	samples   atomic.Int64
	fed       atomic.Int64 // bytes that the backend has taken
	fedCount  atomic.Int64 // samples that the backend has taken
	fedAt     atomic.Int64 // when it had taken all, Unix milliseconds; 0 before
	sealed    atomic.Bool  // nothing more will be written
	gone      atomic.Bool  // dropped because the journal was full
	dirty     atomic.Bool  // written since the last sync

	mu   sync.Mutex
	file file // nil when closed
}

func (j *journal) path(sequence uint64) string {
	return filepath.Join(j.dir, fmt.Sprintf("%016d%s", sequence, segmentSuffix))
}

func (j *journal) createSegment(sequence uint64) (*segment, error) {
	seg := &segment{sequence: sequence, path: j.path(sequence), created: time.Now()}
	f, err := j.disk.create(seg.path)
	if err != nil {
		return nil, err
	}
	seg.file = f
	j.segMu.Lock()
	j.segments = append(j.segments, seg)
	j.segMu.Unlock()
	return seg, nil
}

// seal says that nothing more will be written; the next flush closes the file.
func (s *segment) seal() { s.sealed.Store(true) }

// cut removes what a failed write may have left behind the last committed record.
func (s *segment) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return
	}
	// An error leaves a torn tail, which the reader stops at.
	_ = s.file.Truncate(s.written)
	_, _ = s.file.Seek(s.written, io.SeekStart)
}

// flush makes what was written durable and closes a sealed segment.
func (s *segment) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil {
		return nil
	}
	sealed := s.sealed.Load()
	var err error
	if s.dirty.Swap(false) {
		err = s.file.Sync()
	}
	if sealed {
		err = errors.Join(err, s.file.Close())
		s.file = nil
	}
	return err
}

// openJournal finds the segments of earlier runs in dir.
func (j *journal) open() error {
	if err := os.MkdirAll(j.dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, isSegment := strings.CutSuffix(e.Name(), segmentSuffix)
		sequence, err := strconv.ParseUint(name, 10, 64)
		if !isSegment || err != nil {
			continue
		}
		seg := &segment{sequence: sequence, path: filepath.Join(j.dir, e.Name()), created: time.Now(), replay: true}
		if err := seg.inspect(); err != nil {
			return err
		}
		j.segments = append(j.segments, seg)
	}
	sort.Slice(j.segments, func(a, b int) bool { return j.segments[a].sequence < j.segments[b].sequence })
	j.epoch = 1
	if n := len(j.segments); n > 0 {
		j.epoch = j.segments[n-1].sequence + 1
	}
	j.group = j.newGroup()
	return nil
}

// inspect takes the size of a segment of an earlier run. Its records are checked when they are fed.
func (s *segment) inspect() error {
	info, err := os.Stat(s.path)
	if err != nil {
		return err
	}
	s.committed.Store(info.Size())
	s.seal()
	return nil
}

// house drops segments that the backend has had for margin, and the oldest ones while the journal is too large.
func (j *journal) house(now time.Time, margin time.Duration) {
	segments := j.list()
	var total int64
	for _, seg := range segments {
		total += seg.committed.Load()
	}
	for _, seg := range segments {
		if !seg.sealed.Load() {
			return
		}
		fedAt := seg.fedAt.Load()
		settled := fedAt > 0 && now.UnixMilli()-fedAt >= margin.Milliseconds()
		if !settled && total <= j.maxBytes {
			return
		}
		if !j.drop(seg) {
			return
		}
		total -= seg.committed.Load()
	}
}

// drop removes the oldest segment and counts what the backend has not taken of it.
func (j *journal) drop(seg *segment) bool {
	if err := seg.flush(); err != nil {
		j.log.Warn("journal segment cannot be closed", "path", seg.path, "err", err)
	}
	if !seg.gone.Swap(true) && seg.fedAt.Load() == 0 {
		lost := seg.unfed()
		j.dropped.Add(lost)
		j.log.Error("journal is full; the oldest readings are dropped", "samples", lost, "path", seg.path)
	}
	if err := os.Remove(seg.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		j.log.Warn("journal segment cannot be removed", "path", seg.path, "err", err)
		return false
	}
	j.segMu.Lock()
	j.segments = j.segments[1:]
	j.segMu.Unlock()
	return true
}

// unfed returns how many samples of s the backend has not taken.
func (s *segment) unfed() uint64 {
	if s.replay && s.samples.Load() == 0 {
		s.samples.Store(countSamples(s.path, s.committed.Load()))
	}
	return uint64(max(s.samples.Load()-s.fedCount.Load(), 0))
}

// countSamples reads a segment of an earlier run only to count what is in it, as far as it can be read.
func countSamples(path string, size int64) (n int64) {
	reader, err := openSegment(path)
	if err != nil {
		return 0
	}
	defer reader.close()
	d := decoder{
		resolve: func(tonypi.SeriesKey) *series { return &series{} },
		sample:  func(*series, int64, float64) error { n++; return nil },
		delete:  func(tonypi.RobotID) error { return nil },
	}
	for {
		payload, _, err := reader.next(size)
		if err != nil || payload == nil {
			return n
		}
		_ = d.decode(payload) // what is corrupt is not counted
	}
}

// queued returns the bytes that the backend has not taken yet, and all bytes of the journal.
func (j *journal) queued() (pending, total int64) {
	for _, seg := range j.list() {
		committed := seg.committed.Load()
		total += committed
		pending += max(committed-seg.fed.Load(), 0)
	}
	return pending, total
}
