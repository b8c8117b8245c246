package ingest

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"tonypi"
	"tonypi/wire"
)

// Stats counts what came in since the start.
type Stats struct {
	Messages  uint64 // all, whatever became of them
	Readings  uint64 // of adopted robots
	Late      uint64 // readings older than a minute: stored, neither judged nor shown
	NotStored uint64 // messages whose readings the store did not take
	Refused   uint64 // messages of robots that may not speak
	Pending   uint64 // messages of robots that want to join
	Jobs      uint64
	Logs      uint64
	Scans     uint64
	Acks      uint64
	// Detections counts what cameras saw.
	Detections uint64
	Failures   []Failure // by topic, then reason
}

// Failure counts messages of which something could not be read.
type Failure struct {
	Topic  string // wire.TopicName
	Reason string // wire.Reason
	Count  uint64
}

type counts struct {
	messages, readings, late, notStored, refused, pending atomic.Uint64
	jobs, logs, scans, acks, detections                   atomic.Uint64

	mu       sync.Mutex
	failures map[Failure]uint64 // without Count
	logged   map[complaint]struct{}
}

// complaint is what is logged once.
type complaint struct {
	robot  tonypi.RobotID
	reason wire.Reason
}

// maxComplaints bounds what is remembered as logged; after that failures are only counted.
const maxComplaints = 10_000

func newCounts() counts {
	return counts{failures: make(map[Failure]uint64), logged: make(map[complaint]struct{})}
}

// Stats returns the counters.
func (p *Pipeline) Stats() Stats {
	c := &p.counts
	s := Stats{
		Messages: c.messages.Load(), Readings: c.readings.Load(), Late: c.late.Load(), NotStored: c.notStored.Load(),
		Refused: c.refused.Load(), Pending: c.pending.Load(), Jobs: c.jobs.Load(), Logs: c.logs.Load(), Scans: c.scans.Load(),
		Acks: c.acks.Load(), Detections: c.detections.Load(),
	}
	c.mu.Lock()
	for f, n := range c.failures {
		f.Count = n
		s.Failures = append(s.Failures, f)
	}
	c.mu.Unlock()
	slices.SortFunc(s.Failures, func(a, b Failure) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Reason, b.Reason))
	})
	return s
}

func (p *Pipeline) count(u *tonypi.Update, late int) {
	c := &p.counts
	c.readings.Add(uint64(len(u.Readings)))
	c.late.Add(uint64(late))
	if u.Job != nil {
		c.jobs.Add(1)
	}
	if u.Ack != nil {
		c.acks.Add(1)
	}
	c.logs.Add(uint64(len(u.Logs)))
	c.scans.Add(uint64(len(u.Scans)))
	c.detections.Add(uint64(len(u.Detections)))
}

// unreadable counts what could not be read, and logs each reason once per robot.
func (p *Pipeline) unreadable(m wire.Message, err error) {
	robot := m.Sender.Robot
	if id, ok := wire.TopicRobot(m.Topic); ok && robot == "" {
		robot = id
	}
	topic := wire.TopicName(m.Topic)
	c := &p.counts
	for _, problem := range wire.ProblemsOf(err) {
		key := complaint{robot, problem.Reason}
		c.mu.Lock()
		c.failures[Failure{Topic: topic, Reason: string(problem.Reason)}] += uint64(problem.Count)
		_, known := c.logged[key]
		news := !known && len(c.logged) < maxComplaints
		if news {
			c.logged[key] = struct{}{}
		}
		c.mu.Unlock()
		if news {
			p.config.Log.Warn("message cannot be read", "robot", robot, "topic", m.Topic, "reason", problem.Reason, "detail", problem.Detail)
		}
	}
}
