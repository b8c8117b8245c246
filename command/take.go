package command

import (
	"context"
	"time"

	"tonypi"
	"tonypi/outbox"
)

const (
	maxLookups   = 256 // answers to commands that are not in memory
	lookupWithin = 5 * time.Second
)

// Take takes what a robot answers, and what it says about being stopped and configured. It does not block. The Commit tells
// when the outcome is stored; it is nil when nothing is to be stored. An answer that comes twice counts once, and a robot
// cannot answer for another.
func (d *Dispatcher) Take(u *tonypi.Update) tonypi.Commit {
	if d.cfg.Configs != nil {
		d.cfg.Configs.Take(u)
	}
	switch p := u.Presence; {
	case u.Ack != nil:
		return d.acknowledge(u)
	case p != nil && p.Stopped:
		return d.presence(u)
	}
	return nil
}

func (d *Dispatcher) acknowledge(u *tonypi.Update) tonypi.Commit {
	answer := parked{robot: u.Robot, ack: *u.Ack, at: u.At, sent: u.Sent}
	if len(answer.ack.Data) > maxAnswer {
		answer.ack.Data = nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.answered(u.Robot, u.Ack.CommandID)
	switch {
	case e == nil:
		return d.unknown(answer)
	case e.c.Robot != u.Robot:
		d.cfg.Log.Warn("a robot answers a command that another one got", "robot", u.Robot, "command", e.c.ID, "sent_to", e.c.Robot)
		return nil
	}
	d.answer(e, answer)
	return d.stored(e.c.ID)
}

// answered returns the command that an answer is about; mu is held.
func (d *Dispatcher) answered(robot tonypi.RobotID, id string) *entry {
	if e := d.byBatch[member{robot, id}]; e != nil && id != "" {
		return e
	}
	return d.byID[id]
}

// answer settles a command by the robot's answer; mu is held.
func (d *Dispatcher) answer(e *entry, p parked) {
	if e.c.Type == tonypi.StopCommand {
		d.answerStop(e, p)
		return
	}
	o := outcome{status: tonypi.CommandFailed, message: p.ack.Message, answer: p.ack.Data, at: p.at, robotAt: p.sent}
	if p.ack.Success {
		o.status = tonypi.CommandDone
	}
	d.settle(e, o)
}

// unknown takes an answer to a command that is not in memory: one that ended long ago, one whose stop is being taken in just
// now, or one that somebody else sent; mu is held.
func (d *Dispatcher) unknown(p parked) tonypi.Commit {
	if p.ack.Type == tonypi.StopCommand {
		d.early.park(p)
		if p.ack.Success {
			o := outcome{status: tonypi.CommandDone, message: p.ack.Message, at: p.at, robotAt: p.sent, stopMS: p.ack.StopMS}
			if ids := d.confirmBy(p.robot, o, 0); p.ack.CommandID == "" && len(ids) > 0 {
				return d.stored(ids[len(ids)-1])
			}
		}
	}
	if p.ack.CommandID == "" {
		return nil
	}
	l := &lookup{d: d, answer: p, done: make(chan struct{})}
	select {
	case d.lookups <- l:
		return l
	default:
		return failed{}
	}
}

// presence takes a robot's word that it is stopped.
func (d *Dispatcher) presence(u *tonypi.Update) tonypi.Commit {
	if !u.Sent.IsZero() && !u.Naive && u.At.Sub(u.Sent) > presenceFresh {
		return nil // it waited on the way: it may be older than the stop
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	o := outcome{status: tonypi.CommandDone, message: "The robot says that it is stopped", at: u.At, robotAt: u.Sent}
	ids := d.confirmBy(u.Robot, o, presenceAfter)
	if len(ids) == 0 {
		return nil
	}
	return d.stored(ids[len(ids)-1])
}

// failed is the promise for an answer that there is no room for.
type failed struct{}

// Wait implements tonypi.Commit.
func (failed) Wait(context.Context) error {
	return tonypi.Errorf(tonypi.Unavailable, "too many answers wait to be stored")
}

// lookup is an answer to a command that may be in the store.
type lookup struct {
	d      *Dispatcher
	answer parked
	done   chan struct{}
	err    error
	commit tonypi.Commit
}

// Wait implements tonypi.Commit.
func (l *lookup) Wait(ctx context.Context) error {
	timeout := time.NewTimer(outbox.CommitWithin)
	defer timeout.Stop()
	select {
	case <-l.done:
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return tonypi.Errorf(tonypi.Unavailable, "the answer could not be stored in time")
	}
	if l.err != nil {
		return tonypi.Wrap(tonypi.Unavailable, l.err, "the answer's command could not be looked up")
	}
	if l.commit == nil {
		return nil
	}
	return l.commit.Wait(ctx)
}

// lookUp finds commands in the store that robots answer late.
func (d *Dispatcher) lookUp(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case l := <-d.lookups:
			l.run(ctx)
		}
	}
}

func (l *lookup) run(ctx context.Context) {
	defer close(l.done)
	ctx, cancel := context.WithTimeout(ctx, lookupWithin)
	defer cancel()
	d, id := l.d, l.answer.ack.CommandID
	c, err := d.cfg.Store.Command(ctx, id)
	if tonypi.KindOf(err) == tonypi.NotFound {
		var list []tonypi.Command
		list, err = d.cfg.Store.Commands(ctx, tonypi.CommandFilter{Batch: id, Robot: l.answer.robot, Limit: 1})
		if err == nil && len(list) == 0 {
			return // somebody else's command
		}
		if len(list) > 0 {
			c = list[0]
		}
	}
	if err != nil {
		l.err = err
		return
	}
	if c.Robot != l.answer.robot || c.Ended() && c.Status != tonypi.CommandExpired {
		return
	}
	e := d.remember(c, time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer(e, l.answer)
	l.commit = d.stored(e.c.ID)
}
