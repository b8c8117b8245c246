package command

import (
	"context"
	"math"
	"sync"
	"time"

	"tonypi"
	"tonypi/wire"
)

const (
	staleBeat   = 300 * time.Millisecond // an older beat says nothing about what the person wants now
	futureBeat  = time.Second            // how far a page's clock may be ahead
	beatRate    = 50.0                   // per second and robot
	beatBurst   = 10.0
	beatWithin  = 250 * time.Millisecond // for the broker to take a beat
	letGoWithin = time.Second
)

// driver is who drives: one person in one place.
type driver struct{ name, session string }

// driving is what everybody drives.
type driving struct {
	mu     sync.Mutex
	robots map[driver]map[tonypi.RobotID]*wheel
}

// wheel is one person's driving of one robot.
type wheel struct {
	seq    uint64
	tokens float64
	at     time.Time
}

// Drive passes one beat on to a robot and takes or renews control of it. Errors: Forbidden for a role that may not send
// commands, Invalid for a beat that makes no sense, NotFound, Unavailable for a robot that is offline and for a beat that is
// over 300 ms old, Conflict while somebody else has control, when the robot is stopped and when its program cannot be driven,
// TooMany over 50 beats per second.
func (d *Dispatcher) Drive(ctx context.Context, by tonypi.Caller, beat tonypi.Drive) error {
	now := time.Now()
	if !by.Role.May(tonypi.SendCommands) {
		return tonypi.Errorf(tonypi.Forbidden, "Your role may not control robots")
	}
	if err := checkBeat(beat, now); err != nil {
		return err
	}
	if err := d.drivable(beat.Robot, now); err != nil {
		return err
	}
	if !d.driving.admit(by, beat, now) {
		return tonypi.Errorf(tonypi.TooMany, "More than %g beats per second", beatRate)
	}
	if err := d.cfg.Leases.drive(beat.Robot, by); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	return d.publishBeat(ctx, beat)
}

func (d *Dispatcher) publishBeat(ctx context.Context, beat tonypi.Drive) error {
	payload, err := wire.EncodeDrive(beat)
	if err != nil {
		return err
	}
	if err := d.cfg.Bus.Publish(ctx, wire.Message{Topic: wire.DriveTopic(beat.Robot), Payload: payload}); err != nil {
		return tonypi.Wrap(tonypi.Unavailable, err, "The MQTT broker does not take the beat")
	}
	return nil
}

func checkBeat(b tonypi.Drive, now time.Time) error {
	for _, v := range [...]float64{b.Forward, b.Turn, b.Strafe} {
		if !(math.Abs(v) <= 1) { // nor NaN
			return tonypi.Errorf(tonypi.Invalid, "forward, turn and strafe must lie between -1 and 1")
		}
	}
	if !(b.Speed >= 0 && b.Speed <= 1) {
		return tonypi.Errorf(tonypi.Invalid, "speed must lie between 0 and 1")
	}
	switch age := now.Sub(time.UnixMilli(b.Sent)); {
	case b.Sent <= 0 || age < -futureBeat:
		return tonypi.Errorf(tonypi.Invalid, "sent must be the server's time in milliseconds")
	case age > staleBeat:
		return tonypi.Errorf(tonypi.Unavailable, "The connection is too slow to drive: a beat took %s", age.Round(time.Millisecond))
	}
	return nil
}

// drivable reports why a robot cannot be driven now, or nil.
func (d *Dispatcher) drivable(id tonypi.RobotID, now time.Time) error {
	r, err := d.cfg.Robots.Robot(id)
	if err != nil {
		return err
	}
	if !d.reachable(r, now) {
		return tonypi.Errorf(tonypi.Unavailable, "The robot is offline")
	}
	if stopped, reason := d.stopped(r); stopped {
		return tonypi.Errorf(tonypi.Conflict, "The robot is emergency stopped, resume it first. Reason: %s", reason)
	}
	if r.Agent == "" {
		return tonypi.Errorf(tonypi.Conflict, "The original clients cannot be driven by pad; use the move buttons")
	}
	return nil
}

// admit counts a beat against the rate and notes what is driven.
func (w *driving) admit(by tonypi.Caller, beat tonypi.Drive, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := driver{by.Name, by.Session}
	if w.robots[key] == nil {
		w.robots[key] = make(map[tonypi.RobotID]*wheel)
	}
	h := w.robots[key][beat.Robot]
	if h == nil {
		h = &wheel{tokens: beatBurst, at: now}
		w.robots[key][beat.Robot] = h
	}
	h.tokens = min(beatBurst, h.tokens+beatRate*now.Sub(h.at).Seconds())
	h.at, h.seq = now, max(h.seq, beat.Seq)
	if h.tokens < 1 {
		return false
	}
	h.tokens--
	return true
}

// take returns what somebody drives, for the last time.
func (w *driving) take(by tonypi.Caller) map[tonypi.RobotID]*wheel {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := driver{by.Name, by.Session}
	robots := w.robots[key]
	delete(w.robots, key)
	return robots
}

// LetGo ends what somebody drives: each robot gets one beat of standstill, and control of it is free. The robot stops by
// itself as well when no beats come.
func (d *Dispatcher) LetGo(by tonypi.Caller) {
	ctx, cancel := context.WithTimeout(context.Background(), letGoWithin)
	defer cancel()
	for robot, w := range d.driving.take(by) {
		if d.cfg.Leases.Lease(robot, by).Mine { // or somebody else drives by now
			beat := tonypi.Drive{Robot: robot, Seq: w.seq + 1, Sent: time.Now().UnixMilli()}
			if err := d.publishBeat(ctx, beat); err != nil {
				d.cfg.Log.Warn("the last beat was not published", "robot", robot, "err", err)
			}
			_ = d.cfg.Leases.Release(robot, by) // it is the caller's, or ended a moment ago
		}
	}
}
