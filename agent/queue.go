package agent

import (
	"sync"
	"time"
)

// Lane says in which order an entry is sent.
type Lane uint8

// Lanes, the most urgent first.
const (
	Answers Lane = iota // to commands and stops: oldest first
	Events              // logs, scans, jobs: oldest first, one at a time, because their order tells the story
	Samples             // readings: newest first, because the present matters more than the past
	lanes
)

// Entry is one message that waits until the server has it.
type Entry struct {
	Lane    Lane
	Seq     uint64 // rises with every push; the queue sets it
	Topic   string
	Payload []byte
	Pushed  time.Time
}

// Queue keeps messages until the server has them. It is safe for concurrent use and its methods do not wait.
type Queue interface {
	// Push takes an entry and returns how many old ones it had to drop for it.
	Push(e Entry) (dropped int)
	// Take hands out the next entry of the lanes up to last that was pushed at or after since; ok is false when there is
	// none. Until Done the entry belongs to the caller, and no second Answer or Event is handed out before the first is done.
	Take(since time.Time, last Lane) (e Entry, ok bool)
	// Done ends a Take: the entry is forgotten when it was sent, or waits again in its old place.
	Done(e Entry, sent bool)
	// Len returns how many entries wait, those that are taken included.
	Len() int
}

// Bounds of a Memory.
const (
	MemoryAge   = 15 * time.Minute
	MemoryBytes = 16 << 20
)

// Memory is a Queue that forgets at the end of the process. When it is full it drops the oldest samples first, then the
// oldest events, then the oldest answers.
type Memory struct {
	mu    sync.Mutex
	age   time.Duration
	most  int
	bytes int
	seq   uint64
	taken int
	lane  [lanes]deque
}

// NewMemory makes a queue for entries up to that age and for that many bytes of payload; zero means MemoryAge and
// MemoryBytes.
func NewMemory(age time.Duration, bytes int) *Memory {
	if age <= 0 {
		age = MemoryAge
	}
	if bytes <= 0 {
		bytes = MemoryBytes
	}
	return &Memory{age: age, most: bytes}
}

// entryCost is what an entry takes beside its payload.
const entryCost = 96

// Push takes an entry.
func (m *Memory) Push(e Entry) (dropped int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	e.Seq = m.seq
	m.lane[e.Lane].push(e)
	m.bytes += len(e.Payload) + entryCost
	for l := range m.lane {
		for m.lane[l].len() > 0 && e.Pushed.Sub(m.lane[l].at(0).Pushed) > m.age {
			m.drop(Lane(l))
			dropped++
		}
	}
	for l := int(Samples); l >= 0 && m.bytes > m.most; {
		if m.lane[l].len() == 0 {
			l--
			continue
		}
		m.drop(Lane(l))
		dropped++
	}
	return dropped
}

func (m *Memory) drop(l Lane) {
	e := m.lane[l].popFront()
	m.bytes -= len(e.Payload) + entryCost
}

// Take hands out the next entry.
func (m *Memory) Take(since time.Time, last Lane) (Entry, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for l := range min(Samples, last+1) {
		d := &m.lane[l]
		if d.len() > 0 && !d.busy && !d.at(0).Pushed.Before(since) {
			d.busy = true
			return m.hand(d.popFront()), true
		}
	}
	d := &m.lane[Samples]
	if last >= Samples && d.len() > 0 && !d.at(d.len()-1).Pushed.Before(since) {
		return m.hand(d.popBack()), true
	}
	return Entry{}, false
}

func (m *Memory) hand(e Entry) Entry {
	m.taken++
	m.bytes -= len(e.Payload) + entryCost
	return e
}

// Done ends a Take.
func (m *Memory) Done(e Entry, sent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.taken--
	d := &m.lane[e.Lane]
	d.busy = false
	if !sent {
		d.insert(e)
		m.bytes += len(e.Payload) + entryCost
	}
}

// Len returns how many entries wait.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.taken
	for l := range m.lane {
		n += m.lane[l].len()
	}
	return n
}

// deque is a ring of entries in the order of their Seq.
type deque struct {
	ring  []Entry
	first int
	count int
	busy  bool
}

func (d *deque) len() int { return d.count }

func (d *deque) at(i int) *Entry { return &d.ring[(d.first+i)%len(d.ring)] }

func (d *deque) push(e Entry) {
	if d.count == len(d.ring) {
		ring := make([]Entry, max(8, 2*d.count))
		for i := range d.count {
			ring[i] = *d.at(i)
		}
		d.ring, d.first = ring, 0
	}
	d.count++
	*d.at(d.count - 1) = e
}

func (d *deque) popFront() Entry {
	e := *d.at(0)
	*d.at(0) = Entry{}
	d.first = (d.first + 1) % len(d.ring)
	d.count--
	d.shrink()
	return e
}

func (d *deque) popBack() Entry {
	e := *d.at(d.count - 1)
	*d.at(d.count - 1) = Entry{}
	d.count--
	d.shrink()
	return e
}

// shrink gives a long ring back once it is empty: a thousand robots must not remember a night without a server.
func (d *deque) shrink() {
	if d.count == 0 && len(d.ring) > 256 {
		d.ring, d.first = nil, 0
	}
}

// insert puts an entry back where its Seq belongs, which is near one of the ends.
func (d *deque) insert(e Entry) {
	d.push(e)
	for i := d.count - 1; i > 0 && d.at(i-1).Seq > d.at(i).Seq; i-- {
		*d.at(i), *d.at(i - 1) = *d.at(i - 1), *d.at(i)
	}
}
