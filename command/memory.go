package command

import (
	"encoding/json"
	"time"

	"tonypi"
)

// Bounds of what is remembered of ended commands.
const (
	maxPast      = 10_000
	maxPastBytes = 32 << 20
	maxEarly     = 4096 // stop answers that came before the stop was in memory
	maxEarlyData = 4096 // bytes of each
	earlyFor     = 10 * time.Second
)

func newEntry(c tonypi.Command) *entry {
	e := &entry{c: c, ended: make(chan struct{}), size: sizeOf(c)}
	if c.Ended() {
		close(e.ended)
	}
	return e
}

// insert takes a command into memory; mu is held.
func (d *Dispatcher) insert(e *entry) {
	d.byID[e.c.ID] = e
	if e.c.Type == tonypi.StopCommand && e.c.Batch != "" {
		d.byBatch[member{e.c.Robot, e.c.Batch}] = e
	}
	if e.c.Ended() {
		d.retire(e)
		return
	}
	d.count(e, 1)
}

// count keeps the number of open commands; mu is held.
func (d *Dispatcher) count(e *entry, n int) {
	if e.c.Type == tonypi.StopCommand {
		return
	}
	d.opened += n
	if d.open[e.c.Robot] += n; d.open[e.c.Robot] == 0 {
		delete(d.open, e.c.Robot)
	}
}

// show tells whoever watches; mu is held, so that nobody sees an older state last.
func (d *Dispatcher) show(e *entry) {
	c := e.c
	d.cfg.Show.Show(tonypi.Event{Kind: tonypi.CommandChanged, Robot: c.Robot, Time: time.Now(), Command: &c})
}

// changed shows a command and writes it behind; mu is held.
func (d *Dispatcher) changed(e *entry) {
	d.show(e)
	d.out.Put(e.c)
}

// forget takes a command out of memory; mu is held.
func (d *Dispatcher) forget(id string, e *entry) {
	delete(d.byID, id)
	if key := (member{e.c.Robot, e.c.Batch}); d.byBatch[key] == e {
		delete(d.byBatch, key)
	}
	if !e.c.Ended() {
		d.count(e, -1)
		close(e.ended)
	}
}

// past are the ended commands in memory, oldest first.
type past struct {
	list  []*entry
	bytes int
}

// retire keeps an ended command for answers that come twice or late, and lets go of the oldest ones; mu is held.
func (d *Dispatcher) retire(e *entry) {
	p := &d.past
	p.list, p.bytes = append(p.list, e), p.bytes+e.size
	for len(p.list) > maxPast || p.bytes > maxPastBytes && len(p.list) > 1 {
		old := p.list[0]
		p.list[0] = nil
		p.list, p.bytes = p.list[1:], p.bytes-old.size
		if d.byID[old.c.ID] == old {
			d.forget(old.c.ID, old)
		}
	}
}

// outcome is how a command ends.
type outcome struct {
	status  tonypi.CommandStatus
	message string
	answer  []byte
	at      time.Time
	robotAt time.Time
	stopMS  *float64
}

// settle ends a command, once; an answer may also come after it expired. mu is held.
func (d *Dispatcher) settle(e *entry, o outcome) {
	late := e.c.Status == tonypi.CommandExpired && o.status != tonypi.CommandExpired
	if e.c.Ended() && !late {
		return
	}
	e.c.Status, e.c.Message, e.c.EndedAt = o.status, o.message, stamp(o.at)
	if !o.robotAt.IsZero() {
		e.c.RobotAt = stamp(o.robotAt)
	}
	if json.Valid(o.answer) {
		e.c.Answer = append(json.RawMessage(nil), o.answer...)
	}
	if e.c.Type == tonypi.StopCommand {
		d.measure(e, o)
	}
	if late {
		d.past.bytes += len(e.c.Answer)
		e.size += len(e.c.Answer)
	} else {
		d.count(e, -1)
		e.size += len(e.c.Answer)
		d.retire(e)
		close(e.ended)
	}
	d.changed(e)
	d.logOutcome(e.c)
}

// early are answers to stops that came before the stop was in memory: a stop is published before anything else.
type early []parked

type parked struct {
	robot tonypi.RobotID
	ack   tonypi.Ack
	at    time.Time
	sent  time.Time
}

// park keeps an answer for a moment.
func (l *early) park(p parked) {
	if len(p.ack.Data) > maxEarlyData {
		p.ack.Data = nil
	}
	if len(*l) >= maxEarly {
		*l = (*l)[1:]
	}
	*l = append(*l, p)
}

// tidy drops what nobody asked for.
func (l *early) tidy(now time.Time) {
	n := 0
	for n < len(*l) && now.Sub((*l)[n].at) > earlyFor {
		n++
	}
	if *l = (*l)[n:]; len(*l) == 0 {
		*l = nil
	}
}

// takeFor returns the answer to a stop, if it came.
func (l *early) takeFor(c *tonypi.Command) (parked, bool) {
	for _, p := range *l {
		if p.robot == c.Robot && (p.ack.CommandID == c.ID || p.ack.CommandID == c.Batch && c.Batch != "") {
			return p, true
		}
	}
	return parked{}, false
}
