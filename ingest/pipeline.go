// Package ingest is the only door for what robots say: Pipeline takes every message from decode to browser, Registry knows
// the robots and decides who may speak.
package ingest

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Series keeps readings. Every tonypi.SeriesStore is one.
type Series interface {
	// Append queues readings and returns at once; Commit.Wait waits until they are stored.
	Append(readings []tonypi.Reading) (tonypi.Commit, error)
}

// Judge turns what robots say, and that they say nothing, into alerts. It does not block.
type Judge interface {
	// Seen tells of a robot's message, before Evaluate gets the fresh readings in it.
	Seen(robot tonypi.RobotID, now time.Time)
	Goodbye(robot tonypi.RobotID, now time.Time)
	Lost(robot tonypi.RobotID, now time.Time)
	Evaluate(now time.Time, readings []tonypi.Reading)
}

// Taker takes a part of what a message told: job.Tracker jobs and scans, logbook.Book log lines, command.Dispatcher answers
// to commands. The commit is the promise that it is stored, or nil when there is nothing to store. Take does not block on
// stores, keeps nothing of u but what it points to, and counts once what is taken twice.
type Taker interface {
	Take(u *tonypi.Update) tonypi.Commit
}

// Events takes what happens to robots: stops and falls. alert.Engine is one. It does not block.
type Events interface {
	Raise(now time.Time, a tonypi.Alert)
	Clear(robot tonypi.RobotID, kind, source, by string, now time.Time)
}

// PipelineConfig is what a Pipeline works with. All fields are needed but those that say otherwise.
type PipelineConfig struct {
	Robots  *Registry
	Series  Series
	Alerts  Judge
	Events  Events // nil: stops and falls raise no alert
	Jobs    Taker  // nil: jobs and scans are only counted
	Logs    Taker  // nil: log lines are only counted
	Answers Taker  // nil: answers to commands are only counted
	Show    tonypi.Shower
	Log     *slog.Logger
}

// Pipeline takes messages in. It is safe for concurrent use; messages of one robot are carried one after the other.
type Pipeline struct {
	config PipelineConfig
	counts counts
}

// NewPipeline makes a Pipeline.
func NewPipeline(c PipelineConfig) *Pipeline {
	return &Pipeline{config: c, counts: newCounts()}
}

// Handle carries one message from decode to browser. It is a wire.Handler.
//
// For QoS 1 and 2 it returns when all that the message told is stored; its error is Unavailable when it could not be, and then
// the message is to be sent again. What cannot be read is counted and not an error: sending it again would not help. Messages of
// robots that may not speak are Forbidden.
func (p *Pipeline) Handle(ctx context.Context, m wire.Message) error {
	if m.At.IsZero() {
		m.At = time.Now()
	}
	p.counts.messages.Add(1)
	u, err := wire.Decode(m)
	if err != nil {
		p.unreadable(m, err)
	}
	if u == nil {
		return nil
	}
	defer wire.Release(u)
	e, err := p.config.Robots.speaker(ctx, m, u.Robot)
	if err != nil {
		p.counts.refused.Add(1)
		return err
	}
	if e == nil {
		p.counts.pending.Add(1)
		return nil
	}
	if u.Presence != nil {
		p.config.Robots.reached(u.Presence, m.Sender.Address)
	}
	commits, err := p.carry(e, u)
	// The next message of the robot need not wait for the disk.
	for _, c := range commits {
		if m.QoS > 0 && c != nil && err == nil {
			err = notStored(c.Wait(ctx))
		}
	}
	if err != nil {
		p.counts.notStored.Add(1)
	}
	return err
}

// promises are those of the series store, the answers, the jobs and the log; nil where nothing is to be stored.
type promises [4]tonypi.Commit

// carry takes a message of an adopted robot through every step, in the robot's turn. A step that fails stops no other: a
// store that is down must not silence an alert.
func (p *Pipeline) carry(e *entry, u *tonypi.Update) (commits promises, err error) {
	e.order.Lock()
	defer e.order.Unlock()
	change, ok := p.config.Robots.seen(e, u)
	if !ok {
		return commits, nil // removed a moment ago
	}
	late := e.clock.place(u)
	p.count(u, late)

	p.hear(u)
	p.happen(u, change)
	if len(u.Readings) > 0 {
		if commits[0], err = p.config.Series.Append(u.Readings); err != nil {
			commits[0], err = nil, notStored(err)
		}
	}
	fresh := u.Readings
	if late > 0 {
		// What is late belongs into the history only: it says nothing about now.
		fresh = slices.DeleteFunc(fresh, func(r tonypi.Reading) bool { return isLate(u.At, r.Time) })
	}
	if len(fresh) > 0 {
		p.config.Alerts.Evaluate(u.At, fresh)
	}
	p.settle(u, &commits)
	p.show(u, fresh, change.robot)
	return commits, err
}

// settle gives answers, jobs, scans and log lines to whom they concern.
func (p *Pipeline) settle(u *tonypi.Update, commits *promises) {
	c := &p.config
	if c.Answers != nil && (u.Ack != nil || u.Presence != nil && (u.Presence.Stopped || u.Presence.Config != 0)) {
		commits[1] = c.Answers.Take(u)
	}
	if c.Jobs != nil && (u.Job != nil || len(u.Scans) > 0) {
		commits[2] = c.Jobs.Take(u)
	}
	if c.Logs != nil && len(u.Logs) > 0 {
		commits[3] = c.Logs.Take(u)
	}
}

// lost reports whether an update is a robot's last will: then the broker speaks, not the robot.
func lost(u *tonypi.Update) bool { return u.Presence != nil && u.Presence.Status == tonypi.StatusLost }

// hear tells the judge that a robot spoke, said goodbye, or was lost.
func (p *Pipeline) hear(u *tonypi.Update) {
	if lost(u) {
		p.config.Alerts.Lost(u.Robot, u.At)
		return
	}
	p.config.Alerts.Seen(u.Robot, u.At)
	if u.Presence != nil && u.Presence.Status == tonypi.StatusOffline {
		p.config.Alerts.Goodbye(u.Robot, u.At)
	}
}

// notStored gives a store's failure the kind that makes the sender send again.
func notStored(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return tonypi.Wrap(tonypi.Unavailable, err, "the message was not stored")
}

// show tells whoever watches. Readings are shown even when there are none: the robot was heard of.
func (p *Pipeline) show(u *tonypi.Update, fresh []tonypi.Reading, changed *tonypi.Robot) {
	event := tonypi.Event{Robot: u.Robot, Time: u.At}
	if changed != nil {
		p.config.Show.Show(tonypi.Event{Kind: tonypi.RobotChanged, Robot: u.Robot, Time: u.At, RobotState: changed})
	}
	if !lost(u) {
		event.Kind, event.Readings = tonypi.ReadingsArrived, fresh
		p.config.Show.Show(event)
		event.Readings = nil
	}
	if len(u.Detections) > 0 {
		event.Kind, event.Detections = tonypi.DetectionsArrived, u.Detections
		p.config.Show.Show(event)
	}
}
