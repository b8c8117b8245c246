package tsdb

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// maxSeries bounds the series of the last 24 hours, and with them the memory of the index (some 400 bytes each).
const maxSeries = 1_000_000

// latestAge is how long after its newest sample a series is forgotten by Latest.
const latestAge = 24 * time.Hour

// series is one series that was written or asked for lately.
type series struct {
	key   tonypi.SeriesKey
	owner *robotSeries
	lane  uint32 // spreads series over processors
	raw   []byte // the key as the backend's raw metric name; set by the feeder on first use

	// Which place the series has in which batch; only the feeder touches them.
	batch uint64
	slot  int

	// Which number the series has in which segment; guarded by journal.mu.
	epoch uint64
	ref   uint32

	// The newest sample; guarded by owner.mu. lastMs is noSample before the first.
	lastMs    int64
	lastValue float64
}

const noSample = math.MinInt64

type seriesName struct {
	metric tonypi.Metric
	source string
}

// robotSeries holds the series of one robot.
type robotSeries struct {
	id     tonypi.RobotID
	mu     sync.Mutex
	series map[seriesName]*series
	filled bool // the newest samples from before the start are in
}

// index knows the series of the last 24 hours and their newest samples.
type index struct {
	mu       sync.RWMutex
	robots   map[tonypi.RobotID]*robotSeries
	deleting map[tonypi.RobotID]int // deletions under way
	count    atomic.Int64
	made     atomic.Uint64 // series ever made
}

func newIndex() *index {
	return &index{robots: make(map[tonypi.RobotID]*robotSeries), deleting: make(map[tonypi.RobotID]int)}
}

func (x *index) robot(id tonypi.RobotID) *robotSeries {
	x.mu.RLock()
	r := x.robots[id]
	x.mu.RUnlock()
	if r != nil {
		return r
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if r = x.robots[id]; r == nil {
		id = tonypi.RobotID(strings.Clone(string(id)))
		r = &robotSeries{id: id, series: make(map[seriesName]*series)}
		x.robots[id] = r
	}
	return r
}

// resolve returns the series of key, which it makes when it is new.
func (x *index) resolve(key tonypi.SeriesKey) *series {
	r := x.robot(key.Robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	return x.resolveLocked(r, key)
}

func (x *index) resolveLocked(r *robotSeries, key tonypi.SeriesKey) *series {
	if s := r.series[seriesName{key.Metric, key.Source}]; s != nil {
		return s
	}
	// The names may be parts of a whole message, which must not be kept for them.
	key.Robot, key.Source = r.id, strings.Clone(key.Source)
	if info, ok := key.Metric.Info(); ok {
		key.Metric = info.Metric
	}
	s := &series{key: key, owner: r, lane: uint32(x.made.Add(1)), lastMs: noSample}
	r.series[seriesName{key.Metric, key.Source}] = s
	x.count.Add(1)
	return s
}

// resolveAll appends the series of readings to dst, with nil for those before oldestMs.
func (x *index) resolveAll(dst []*series, readings []tonypi.Reading, oldestMs int64) ([]*series, error) {
	for len(readings) > 0 {
		n := 1
		for n < len(readings) && readings[n].Robot == readings[0].Robot {
			n++
		}
		var err error
		if dst, err = x.resolveRun(dst, readings[:n], oldestMs); err != nil {
			return nil, err
		}
		readings = readings[n:]
	}
	return dst, nil
}

// resolveRun is resolveAll for readings of one robot.
func (x *index) resolveRun(dst []*series, readings []tonypi.Reading, oldestMs int64) ([]*series, error) {
	r := x.robot(readings[0].Robot)
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range readings {
		reading := &readings[i]
		if ms := reading.Time.UnixMilli(); ms < oldestMs {
			dst = append(dst, nil)
			continue
		}
		s := r.series[seriesName{reading.Metric, reading.Source}]
		if s == nil {
			if err := x.admit(reading); err != nil {
				return nil, err
			}
			s = x.resolveLocked(r, reading.Key())
		}
		dst = append(dst, s)
	}
	return dst, nil
}

// admit says why a new series cannot be made for reading.
func (x *index) admit(reading *tonypi.Reading) error {
	if _, ok := reading.Metric.Info(); !ok {
		return tonypi.Errorf(tonypi.Invalid, "unknown metric %q", reading.Metric)
	}
	if reading.Robot == "" || len(reading.Robot) > maxStringLen {
		return tonypi.Errorf(tonypi.Invalid, "robot ID must have 1 to %d bytes", maxStringLen)
	}
	if len(reading.Source) > maxStringLen {
		return tonypi.Errorf(tonypi.Invalid, "source of %s is longer than %d bytes", reading.Metric, maxStringLen)
	}
	if x.count.Load() >= maxSeries {
		return tonypi.Errorf(tonypi.TooMany, "more than %d series within 24 hours", maxSeries)
	}
	return nil
}

// observe notes the samples of one Append as newest where they are; resolved is what resolveAll returned for readings.
func observe(resolved []*series, readings []tonypi.Reading) {
	var owner *robotSeries
	for i, s := range resolved {
		if s == nil {
			continue
		}
		if s.owner != owner {
			if owner != nil {
				owner.mu.Unlock()
			}
			owner = s.owner
			owner.mu.Lock()
		}
		s.observe(readings[i].Time.UnixMilli(), readings[i].Value)
	}
	if owner != nil {
		owner.mu.Unlock()
	}
}

func (s *series) observe(ms int64, value float64) {
	if ms >= s.lastMs {
		s.lastMs, s.lastValue = ms, value
	}
}

// newest returns the newest samples of a robot since oldestMs.
func (x *index) newest(id tonypi.RobotID, oldestMs int64) []tonypi.Reading {
	r := x.find(id)
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	readings := make([]tonypi.Reading, 0, len(r.series))
	for _, s := range r.series {
		if s.lastMs >= oldestMs {
			readings = append(readings, tonypi.Reading{
				Robot: id, Metric: s.key.Metric, Source: s.key.Source,
				Value: s.lastValue, Time: time.UnixMilli(s.lastMs).UTC(),
			})
		}
	}
	return readings
}

func (x *index) find(id tonypi.RobotID) *robotSeries {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.robots[id]
}

// needsFill reports whether the newest samples of a robot from before the start are still missing.
func (x *index) needsFill(id tonypi.RobotID) bool {
	x.mu.RLock()
	r, deleting := x.robots[id], x.deleting[id] > 0
	x.mu.RUnlock()
	if r == nil || deleting {
		return !deleting
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.filled
}

// fill adds what was found in history, unless the robot is being deleted meanwhile.
func (x *index) fill(id tonypi.RobotID, found []tonypi.Reading) {
	if len(found) == 0 && x.find(id) == nil {
		return // asking for robots that do not exist must not fill the memory
	}
	r := x.robot(id)
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.deleting[id] > 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range found {
		s := x.resolveLocked(r, found[i].Key())
		if ms := found[i].Time.UnixMilli(); ms > s.lastMs {
			s.lastMs, s.lastValue = ms, found[i].Value
		}
	}
	r.filled = true
}

// remove forgets a robot, and keeps fill away from it until done is called.
func (x *index) remove(id tonypi.RobotID) (done func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forgetLocked(id)
	x.deleting[id]++
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		if x.deleting[id]--; x.deleting[id] == 0 {
			delete(x.deleting, id)
		}
	}
}

// forget forgets a robot.
func (x *index) forget(id tonypi.RobotID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.forgetLocked(id)
}

func (x *index) forgetLocked(id tonypi.RobotID) {
	if r := x.robots[id]; r != nil {
		r.mu.Lock()
		x.count.Add(-int64(len(r.series)))
		r.mu.Unlock()
		delete(x.robots, id)
	}
}

// sweep forgets the series without a sample since oldestMs.
func (x *index) sweep(oldestMs int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, r := range x.robots {
		r.mu.Lock()
		for name, s := range r.series {
			if s.lastMs < oldestMs {
				delete(r.series, name)
				x.count.Add(-1)
			}
		}
		empty := len(r.series) == 0
		r.mu.Unlock()
		if empty {
			delete(x.robots, id)
		}
	}
}
