package live

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"tonypi"
)

// freshFor is how long a value counts as current in a Summary while its robot is online.
const freshFor = time.Minute

// keptEvents is how many of a robot's last events a new watcher is told.
const keptEvents = 30

// value is the newest reading of one series.
type value struct {
	metric  tonypi.Metric
	source  string
	value   float64
	time    int64  // Unix milliseconds of the reading
	version uint64 // counts the robot's messages; larger is newer
}

// event is one thing that happened to a robot, ready to be sent.
type event struct {
	seq  uint64
	json json.RawMessage
}

// robot is what the hub knows of one robot.
type robot struct {
	id tonypi.RobotID

	mu        sync.Mutex
	row       tonypi.Robot
	connected bool
	open      int
	worst     tonypi.Severity
	values    []value
	index     map[tonypi.SeriesKey]int
	hint      int // where the next reading of a message that repeats the last one's order stands
	version   uint64
	urgent    uint64 // version of the last change that fleet watchers see at once
	recalled  bool
	events    []event
	eventSeq  uint64
	watchers  []*look

	cached        json.RawMessage // the Summary as JSON
	cachedVersion uint64
	cachedAt      time.Time
}

func newRobot(id tonypi.RobotID) *robot {
	return &robot{id: id, index: map[tonypi.SeriesKey]int{}}
}

// change takes a new row; what the hub knows better (when the robot was last heard of) stays.
func (r *robot) change(e tonypi.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.row.LastSeen
	r.row = *e.RobotState
	if r.row.LastSeen.Before(seen) {
		r.row.LastSeen = seen
	}
	r.touch(true)
}

// take takes readings and happenings.
func (r *robot) take(e tonypi.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Kind {
	case tonypi.ReadingsArrived:
		if r.row.LastSeen.Before(e.Time) {
			r.row.LastSeen = e.Time
		}
		r.version++
		for i := range e.Readings {
			r.put(&e.Readings[i])
		}
		for _, l := range r.watchers {
			l.w.wake()
		}
		return
	case tonypi.ConnectionChanged:
		r.connected = e.Connected
		r.happen("connection", e.Time, map[string]bool{"connected": e.Connected})
	case tonypi.LogWritten:
		r.happen("log", e.Time, e.Log)
	case tonypi.JobChanged:
		r.happen("job", e.Time, e.Job)
	case tonypi.DetectionsArrived:
		r.happen("detections", e.Time, e.Detections)
	}
	r.touch(e.Kind == tonypi.ConnectionChanged)
}

// touch marks the robot as changed and wakes its watchers.
func (r *robot) touch(urgent bool) {
	r.version++
	if urgent {
		r.urgent = r.version
	}
	for _, l := range r.watchers {
		l.w.wake()
	}
}

func (r *robot) put(reading *tonypi.Reading) {
	at := reading.Time.UnixMilli()
	i := r.find(reading)
	v := &r.values[i]
	if v.version != 0 && at < v.time {
		return // late data is history, not the present
	}
	v.value, v.time, v.version = reading.Value, at, r.version
}

// find returns the place of a reading's series, making it if need be. Robots repeat themselves: most readings stand where
// the hint says, which is several times cheaper than the map.
func (r *robot) find(reading *tonypi.Reading) int {
	i := r.hint
	if i >= len(r.values) || r.values[i].metric != reading.Metric || r.values[i].source != reading.Source {
		key := tonypi.SeriesKey{Metric: reading.Metric, Source: reading.Source}
		var known bool
		if i, known = r.index[key]; !known {
			i = len(r.values)
			r.values = append(r.values, value{metric: reading.Metric, source: reading.Source})
			r.index[key] = i
		}
	}
	r.hint = i + 1
	return i
}

func (r *robot) happen(kind string, at time.Time, data any) {
	r.eventSeq++
	r.events = append(r.events, event{r.eventSeq, marshal(struct {
		Kind string `json:"kind"`
		Time int64  `json:"time"`
		Data any    `json:"data"`
	}{kind, at.UnixMilli(), data})})
	if len(r.events) > keptEvents {
		r.events = slices.Delete(r.events, 0, len(r.events)-keptEvents)
	}
}

func (r *robot) alerted(open int, worst tonypi.Severity) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open, r.worst = open, worst
	r.touch(true)
}

// claimMemory reports whether the caller is the first to ask for history.
func (r *robot) claimMemory() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.recalled
	r.recalled = true
	return first
}

// recall takes readings from history for series that have not spoken yet.
func (r *robot) recall(old []tonypi.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version++
	for i := range old {
		r.put(&old[i])
	}
}

// summary is what the fleet view shows.
func (r *robot) summary(now time.Time) tonypi.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.summaryLocked(now)
}

func (r *robot) summaryLocked(now time.Time) tonypi.Summary {
	s := tonypi.Summary{Robot: r.row, Online: r.row.Online(now), Connected: r.connected, OpenAlerts: r.open, WorstSeverity: r.worst}
	// Of a robot that went away the last values stay; the page greys them.
	current := now
	if !s.Online && r.row.LastSeen.Before(now) {
		current = r.row.LastSeen
	}
	oldest := current.Add(-freshFor).UnixMilli()
	for i := range r.values {
		v := &r.values[i]
		if v.version == 0 || v.time < oldest {
			continue
		}
		switch v.metric {
		case tonypi.BatteryPercent:
			s.Battery = number(v.value)
		case tonypi.BatteryVoltage:
			s.BatteryVoltage = number(v.value)
		case tonypi.BatteryMinutes:
			s.BatteryMinutes = number(v.value)
		case tonypi.BatteryCharging:
			charging := v.value != 0
			s.Charging = &charging
		case tonypi.CPUPercent:
			s.CPU = number(v.value)
		case tonypi.MemoryPercent:
			s.Memory = number(v.value)
		case tonypi.CPUTemperature:
			s.CPUTemperature = number(v.value)
		case tonypi.WifiSignal:
			s.WifiSignal = number(v.value)
		case tonypi.NetworkRTT:
			s.NetworkRTT = number(v.value)
		case tonypi.ServoTemperature:
			if s.Hottest == nil || v.value > s.Hottest.Value {
				s.Hottest = &tonypi.JointValue{Source: v.source, Value: v.value}
			}
		}
	}
	return s
}

func number(v float64) *float64 { return &v }

// summaryJSON returns the Summary as JSON, made at most once per version and second for all watchers.
func (r *robot) summaryJSON(now time.Time) json.RawMessage {
	if r.cached == nil || r.cachedVersion != r.version || now.Sub(r.cachedAt) >= time.Second {
		r.cached, r.cachedVersion, r.cachedAt = marshal(r.summaryLocked(now)), r.version, now
	}
	return r.cached
}

func (r *robot) attach(l *look) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers = append(r.watchers, l)
}

func (r *robot) detach(l *look) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.watchers, l); i >= 0 {
		r.watchers = slices.Delete(r.watchers, i, i+1)
	}
}

func (r *robot) detachAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.watchers {
		l.w.wake()
	}
	r.watchers = nil
}
