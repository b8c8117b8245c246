package command

import (
	"context"
	"fmt"
	"time"

	"tonypi"
	"tonypi/wire"

	"golang.org/x/sync/errgroup"
)

// answerStop takes a robot's answer to a stop; mu is held. An answer that the body did not stop leaves the stop open: it is
// tried again, and people are told at once.
func (d *Dispatcher) answerStop(e *entry, p parked) {
	if !p.ack.Success {
		e.c.Message = p.ack.Message
		if !e.c.Ended() {
			d.changed(e)
			d.shout(e.c.Robot, p.at)
		}
		return
	}
	robot := e.c.Robot
	d.confirm(e, outcome{
		status: tonypi.CommandDone, message: p.ack.Message, answer: p.ack.Data, at: p.at, robotAt: p.sent, stopMS: p.ack.StopMS,
	})
	// The latch that it tells of holds for every stop before it.
	if w := d.pending[robot]; w != nil {
		for _, older := range append([]*entry(nil), w.stops...) {
			if !older.c.CreatedAt.After(e.c.CreatedAt) {
				d.confirm(older, outcome{status: tonypi.CommandDone, message: "Confirmed by a newer answer", at: p.at, robotAt: p.sent})
			}
		}
	}
}

// confirm ends a stop; mu is held.
func (d *Dispatcher) confirm(e *entry, o outcome) {
	robot := e.c.Robot
	d.settle(e, o)
	p := d.pending[robot]
	if p == nil {
		return
	}
	for i, s := range p.stops {
		if s == e {
			p.stops = append(p.stops[:i:i], p.stops[i+1:]...)
			break
		}
	}
	if len(p.stops) > 0 {
		return
	}
	delete(d.pending, robot)
	d.errands.add(func() { d.cfg.Alerts.Clear(robot, tonypi.StopUnconfirmedAlert, "", "itself", o.at) })
}

// confirmBy ends every stop of a robot that it says to be stopped; mu is held. What it says right after a stop may be older
// than the stop.
func (d *Dispatcher) confirmBy(robot tonypi.RobotID, o outcome, after time.Duration) (ids []string) {
	p := d.pending[robot]
	if p == nil {
		return nil
	}
	for _, e := range append([]*entry(nil), p.stops...) {
		if o.at.Sub(e.c.CreatedAt) >= after {
			ids = append(ids, e.c.ID)
			d.confirm(e, o)
		}
	}
	return ids
}

// measure notes how long a stop took and adds it to the history; mu is held.
func (d *Dispatcher) measure(e *entry, o outcome) {
	if o.status != tonypi.CommandDone {
		return
	}
	e.c.StopMS = o.stopMS
	from := e.c.CreatedAt
	if !e.c.ClickedAt.IsZero() {
		from = e.c.ClickedAt
	}
	took := o.at.Sub(from)
	if took < 0 {
		took = 0 // the server's clock was set back
	}
	if took > latencyWithin {
		e.c.Message = fmt.Sprintf("%s (confirmed %s after the stop)", e.c.Message, took.Round(time.Second))
		return
	}
	ms := float64(took.Microseconds()) / 1000
	e.c.LatencyMS = &ms
	reading := tonypi.Reading{Robot: e.c.Robot, Metric: tonypi.StopLatency, Value: ms, Time: stamp(o.at)}
	d.errands.add(func() {
		if _, err := d.cfg.Series.Append([]tonypi.Reading{reading}); err != nil {
			d.cfg.Log.Warn("stop latency not stored", "robot", reading.Robot, "err", err)
		}
	})
}

// shout tells people that a robot has not confirmed its stop, once; mu is held.
func (d *Dispatcher) shout(robot tonypi.RobotID, now time.Time) {
	p := d.pending[robot]
	if p == nil || p.shouted {
		return
	}
	p.shouted = true
	c := p.stops[0].c
	d.errands.add(func() { d.raise(c, now) })
}

// raise opens the alert about a stop. A robot that said goodbye cannot answer; it is stopped when it comes back.
func (d *Dispatcher) raise(c tonypi.Command, now time.Time) {
	name, a := string(c.Robot), tonypi.Alert{
		Robot: c.Robot, Type: tonypi.StopUnconfirmedAlert, Severity: tonypi.Critical, Title: "Stop not confirmed", CreatedAt: stamp(now),
	}
	r, err := d.cfg.Robots.Robot(c.Robot)
	if err == nil && r.Name != "" {
		name = r.Name
	}
	a.Message = fmt.Sprintf("%s has not confirmed the stop of %s. Reason: %s", name, c.CreatedAt.Format("15:04:05 UTC"), c.Reason)
	if err == nil && r.Status == tonypi.StatusOffline && !d.reachable(r, now) {
		a.Severity = tonypi.Warning
		a.Message += ". It signed off before and will be stopped when it comes back"
	}
	d.cfg.Alerts.Raise(now, a)
	d.cfg.Log.Error("a robot has not confirmed its stop", "robot", c.Robot, "command", c.ID)
	d.log("CRITICAL", c, a.Message)
}

const noAnswer = "The robot did not answer in time"

// tick expires commands and shouts about stops.
func (d *Dispatcher) tick(now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.early.tidy(now)
	for robot, p := range d.pending {
		for _, e := range append([]*entry(nil), p.stops...) {
			if now.After(e.c.Deadline) {
				d.drop(e)
				d.settle(e, outcome{status: tonypi.CommandExpired, message: noAnswer, at: now})
			}
		}
		if len(p.stops) > 0 && now.Sub(p.stops[0].c.CreatedAt) >= confirmWithin {
			d.shout(robot, now)
		}
	}
	if d.opened == 0 {
		return
	}
	for _, e := range d.byID {
		if !e.c.Ended() && e.c.Type != tonypi.StopCommand && now.After(e.c.Deadline) {
			d.settle(e, outcome{status: tonypi.CommandExpired, message: noAnswer, at: now})
		}
	}
}

// drop takes a stop out of those that wait for a confirmation; mu is held.
func (d *Dispatcher) drop(e *entry) {
	p := d.pending[e.c.Robot]
	for i, s := range p.stops {
		if s == e {
			p.stops = append(p.stops[:i:i], p.stops[i+1:]...)
			break
		}
	}
	if len(p.stops) == 0 {
		delete(d.pending, e.c.Robot)
	}
}

// repeat publishes stops again that were not confirmed, of robots that can be reached.
func (d *Dispatcher) repeat(ctx context.Context) {
	ticker := time.NewTicker(repeatTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-d.urge:
		}
		d.republish(ctx, d.due(time.Now()))
	}
}

// due returns the newest stop of each robot whose stop is to be published now.
func (d *Dispatcher) due(now time.Time) []*entry {
	d.mu.Lock()
	var waiting []*entry
	for _, p := range d.pending {
		if !now.Before(p.next) {
			waiting = append(waiting, p.stops[len(p.stops)-1])
		}
	}
	d.mu.Unlock()
	var list []*entry
	for _, e := range waiting {
		c := d.copyOf(e)
		r, err := d.cfg.Robots.Robot(c.Robot)
		if c.SentAt.IsZero() || err == nil && d.reachable(r, now) {
			list = append(list, e)
		}
	}
	return list
}

func (d *Dispatcher) republish(ctx context.Context, stops []*entry) {
	if len(stops) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(publishers)
	for _, e := range stops {
		group.Go(func() error {
			c := d.copyOf(e)
			payload, err := wire.EncodeStop(c.ID, c.Reason, c.CreatedAt)
			if err == nil {
				err = d.cfg.Bus.Publish(ctx, wire.Message{Topic: wire.StopTopic(c.Robot), Payload: payload, QoS: 1})
			}
			d.repeated(e, err)
			return nil
		})
	}
	_ = group.Wait() // each error is kept for its robot
}

// repeated plans the next time.
func (d *Dispatcher) repeated(e *entry, err error) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && e.c.SentAt.IsZero() {
		e.c.SentAt = stamp(now)
		d.changed(e)
	}
	if p := d.pending[e.c.Robot]; p != nil {
		p.tries++
		pause := repeatEvery
		if p.tries > repeatFast {
			pause = repeatSlowly
		}
		p.next = now.Add(pause)
	}
}
