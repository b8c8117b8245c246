package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tonypi"
	"tonypi/wire"

	"golang.org/x/sync/errgroup"
)

const (
	confirmWithin  = time.Second         // after which an unconfirmed stop is an alert
	keepStopping   = 30 * 24 * time.Hour // how long a robot that is away is stopped when it comes back
	repeatedWithin = 15 * time.Minute    // in which a stop's ID is known after a restart
	presenceAfter  = 500 * time.Millisecond
	presenceFresh  = 10 * time.Second
	maxPending     = 16          // unconfirmed stops of one robot; older ones are given up for newer ones
	repeatEvery    = time.Second // for a robot that is there and does not confirm
	repeatSlowly   = 10 * time.Second
	repeatFast     = 10 // times, before slowly
	repeatTick     = 200 * time.Millisecond
	latencyWithin  = time.Minute // a later confirmation says nothing about how fast a stop is
)

// pending are the stops that a robot has not confirmed, oldest first; mu of the Dispatcher guards it.
type pending struct {
	stops   []*entry
	next    time.Time // when to publish again
	tries   int
	shouted bool
}

// Stop stops robots. The order is on its way before anything else is done, needs neither store nor lease, and is repeated
// until each robot has confirmed it or is resumed, also after a restart of either side. A reason that is too long is cut; an
// ID that came before stops again and adds nothing to the history.
//
// Errors: NotFound when no robot of the order is of the fleet, Invalid when it names none, Unavailable when the broker took
// nothing (it is tried again, and the commands are returned as well).
func (d *Dispatcher) Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	now := time.Now()
	o.Type, o.Parameters = tonypi.StopCommand, nil
	o.Reason = reasonBy(o.Reason, o.By)
	if o.ID == "" || len(o.ID) > maxOrderID || !printable(o.ID) {
		o.ID = newID()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishWithin)
	defer cancel()
	w := &wave{d: d, ctx: ctx, taken: make(map[tonypi.RobotID]time.Time)}
	w.group.SetLimit(publishers)
	var robots []tonypi.Robot
	if o.All {
		// The broadcast needs not even the list of robots.
		w.publish("", wire.StopBroadcast, o.ID, o.Reason, now)
		robots = d.cfg.Robots.Fleet()
		w.feed.Go(func() {
			for _, r := range robots {
				if d.reachable(r, now) {
					w.publish(r.ID, wire.StopTopic(r.ID), memberID(o, o.ID, r.ID), o.Reason, now)
				}
			}
		})
	} else {
		robots = d.stopNamed(w, o, now)
	}
	commands, err := d.stopTracked(w, o, robots, now)
	d.audit(o, "stop", commands)
	return commands, err
}

// stopNamed publishes to the robots of an order, also to those that are not of the fleet (a robot that wants to join may be
// moving), and returns those that are.
func (d *Dispatcher) stopNamed(w *wave, o tonypi.Order, now time.Time) []tonypi.Robot {
	batch := ""
	if several(o) {
		batch = o.ID
	}
	w.feed.Go(func() {
		for _, id := range o.Robots {
			if id.Validate() == nil {
				w.publish(id, wire.StopTopic(id), memberID(o, batch, id), o.Reason, now)
			}
		}
	})
	var robots []tonypi.Robot
	for _, id := range o.Robots {
		named := func(r tonypi.Robot) bool { return r.ID == id }
		if r, err := d.cfg.Robots.Robot(id); err == nil && !slices.ContainsFunc(robots, named) {
			robots = append(robots, r)
		}
	}
	return robots
}

// stopTracked takes a stop that is on its way into memory, and waits for the broker.
func (d *Dispatcher) stopTracked(w *wave, o tonypi.Order, robots []tonypi.Robot, now time.Time) ([]tonypi.Command, error) {
	entries := make([]*entry, 0, len(robots))
	batch := ""
	if several(o) {
		batch = o.ID
	}
	d.mu.Lock()
	for _, r := range robots {
		d.halted[r.ID] = now
		c := blank(o, r.ID, now)
		c.ID, c.Batch, c.Reason, c.Deadline = memberID(o, batch, r.ID), batch, o.Reason, stamp(now.Add(keepStopping))
		entries = append(entries, d.trackStop(c, now))
	}
	d.mu.Unlock()
	err := w.wait()
	d.mu.Lock()
	for _, e := range entries {
		if at, ok := w.at(e.c.Robot); ok && e.c.SentAt.IsZero() {
			e.c.SentAt = stamp(at)
			d.changed(e)
		}
	}
	d.mu.Unlock()
	switch {
	case len(robots) > 0 || o.All:
	case len(o.Robots) == 0:
		return nil, tonypi.Errorf(tonypi.Invalid, "A stop needs a robot")
	default:
		return nil, tonypi.Errorf(tonypi.NotFound, "Robot %q not found", o.Robots[0])
	}
	return d.copies(entries), err
}

// trackStop takes one robot's stop into memory, or returns the one with its ID; mu is held.
func (d *Dispatcher) trackStop(c tonypi.Command, now time.Time) *entry {
	if e, known := d.byID[c.ID]; known {
		if e.c.Robot == c.Robot && e.c.Type == c.Type {
			return e
		}
		c.ID = newID() // another command's ID must not keep a stop from being watched
	}
	e := newEntry(c)
	d.insert(e)
	d.await(e, now)
	d.changed(e)
	if p, ok := d.early.takeFor(&e.c); ok {
		d.answerStop(e, p)
	}
	return e
}

// await notes a stop that is not confirmed; mu is held.
func (d *Dispatcher) await(e *entry, now time.Time) {
	p := d.pending[e.c.Robot]
	if p == nil {
		p = &pending{}
		d.pending[e.c.Robot] = p
	}
	p.stops = append(p.stops, e)
	slices.SortStableFunc(p.stops, func(a, b *entry) int { return a.c.CreatedAt.Compare(b.c.CreatedAt) })
	p.next, p.tries = now.Add(repeatEvery), 0
	if len(p.stops) > maxPending {
		old := p.stops[0]
		p.stops = slices.Clone(p.stops[1:])
		d.settle(old, outcome{status: tonypi.CommandExpired, message: "A newer stop took its place", at: now})
	}
}

// reasonBy is the reason that robots and people are told.
func reasonBy(reason string, by tonypi.Caller) string {
	reason = strings.TrimSpace(strings.ToValidUTF8(reason, ""))
	if reason == "" {
		return wire.DefaultStopReason
	}
	who := fmt.Sprintf(" (by %s)", cut(by.Name, 100))
	return cut(reason, maxReason-len(who)) + who
}

// cut shortens a text to n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// wave is the publishing of one stop, to all of its robots at once.
type wave struct {
	d     *Dispatcher
	ctx   context.Context
	feed  sync.WaitGroup // who publishes
	group errgroup.Group

	mu    sync.Mutex
	tried int
	errs  []error
	taken map[tonypi.RobotID]time.Time // empty: the broadcast
}

// publish sends a stop on its way.
func (w *wave) publish(robot tonypi.RobotID, topic, id, reason string, now time.Time) {
	payload, err := wire.EncodeStop(id, reason, now)
	if err != nil { // cannot be; whatever comes on a stop topic stops
		payload = []byte("{}")
	}
	w.mu.Lock()
	w.tried++
	w.mu.Unlock()
	w.group.Go(func() error {
		err := w.d.cfg.Bus.Publish(w.ctx, wire.Message{Topic: topic, Payload: payload, QoS: 1})
		at := time.Now()
		w.mu.Lock()
		defer w.mu.Unlock()
		if err != nil {
			w.errs = append(w.errs, fmt.Errorf("%s: %w", topic, err))
			return nil
		}
		w.taken[robot] = at
		return nil
	})
}

// wait returns when the broker has everything, or an Unavailable error when it took nothing.
func (w *wave) wait() error {
	w.feed.Wait()
	_ = w.group.Wait() // errors are in errs
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.errs) == 0 {
		return nil
	}
	err := errors.Join(w.errs...)
	if len(w.errs) == w.tried {
		return tonypi.Wrap(tonypi.Unavailable, err, "The MQTT broker does not take the stop; it is tried again")
	}
	w.d.cfg.Log.Error("a stop was not published to every robot", "failed", len(w.errs), "tried", w.tried, "err", err)
	return nil
}

// at returns when the broker had the robot's stop.
func (w *wave) at(robot tonypi.RobotID) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.taken[robot]; ok {
		return at, true
	}
	at, ok := w.taken[""]
	return at, ok
}

// Resume lets robots move again. It needs Order.Confirmed and ends the repeating of stops that were not confirmed. Otherwise
// it is a command like others; see Send.
func (d *Dispatcher) Resume(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	o.Type, o.Parameters = tonypi.ResumeCommand, nil
	if err := checkOrder(o, resumeSpec); err != nil {
		return nil, err
	}
	return d.send(ctx, o, resumeSpec)
}

// withdraw ends the repeating of stops. Where somebody stopped the robot while the store took the resume, the stop wins:
// whoever wants the robot to move again has not seen it.
func (d *Dispatcher) withdraw(o tonypi.Order, resumes []*entry) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, resume := range resumes {
		robot := resume.c.Robot
		if d.halted[robot].After(resume.c.CreatedAt) {
			d.settle(resume, outcome{status: tonypi.CommandRefused, message: "The robot was stopped again meanwhile", at: now})
			continue
		}
		if p := d.pending[robot]; p != nil {
			delete(d.pending, robot)
			for _, e := range p.stops {
				d.settle(e, outcome{status: tonypi.CommandExpired, message: "Withdrawn: " + o.By.Name + " resumed the robot", at: now})
			}
		}
		d.errands.add(func() { d.cfg.Alerts.Clear(robot, tonypi.StopUnconfirmedAlert, "", o.By.Name, now) })
	}
}
