package sim

import (
	"context"
	"fmt"
	"math"
	"time"

	"tonypi"
)

// maxOrder is how long one command may keep the body busy: an agent breaks it off a little later.
const maxOrder = 110 * time.Second

// actions are the gestures that can be asked for by name. stand and the walking names are made in order.
var actions = map[string][]frame{
	"wave": waveFrames, "bow": bowFrames, "squat": squatFrames, "twist": twistFrames, "sit": sitFrames, "dance": danceFrames,
	"left_kick": leftKick, "kick_left": leftKick, "right_kick": rightKick, "kick_right": rightKick,
	"head_nod": nodFrames, "head_shake": shakeFrames,
}

// Do carries out a command and returns, when it is done, a sentence about it. It ends early with an error when ctx ends or
// Stop is called. Kinds and their parameters are those of docs/protocol.md; an action's name is a kind as well. What it
// does not know or what lies outside its limits is an Invalid error, what it cannot do now a Conflict.
func (b *Body) Do(ctx context.Context, kind string, params map[string]any) (string, error) {
	b.mu.Lock()
	b.catchUp()
	said, busy, err := b.order(kind, params)
	halt := b.halt
	b.mu.Unlock()
	if err != nil || busy <= 0 {
		return said, err
	}
	t := time.NewTimer(min(busy, maxOrder))
	defer t.Stop()
	select {
	case <-t.C:
		return said, nil
	case <-halt:
		return "", tonypi.Errorf(tonypi.Conflict, "%s was interrupted", kind)
	case <-ctx.Done():
		b.mu.Lock()
		defer b.mu.Unlock()
		b.breakOff()
		return "", tonypi.Wrap(tonypi.Unavailable, ctx.Err(), "%s was broken off", kind)
	}
}

// order begins a command and says how long it will take.
func (b *Body) order(kind string, params map[string]any) (said string, busy time.Duration, err error) {
	if kind == "action" {
		if kind = text(params, "name", ""); kind == "" {
			return "", 0, tonypi.Errorf(tonypi.Invalid, "action needs a name")
		}
	}
	if f, ok := quietOrders[kind]; ok {
		if b.plot.off {
			return "", 0, errOff()
		}
		return f(b, params)
	}
	if err := b.able(kind); err != nil {
		return "", 0, err
	}
	f, ok := motionOrders[kind]
	if !ok {
		frames, ok := actions[kind]
		if !ok {
			return "", 0, tonypi.Errorf(tonypi.Invalid, "Unknown action %q", kind)
		}
		f = func(b *Body, params map[string]any) (string, time.Duration, error) {
			return b.orderAction(kind, frames, number(params, "steps", 1))
		}
	}
	if said, busy, err = f(b, params); err == nil && busy > 0 && kind != "head" && kind != "start_job" {
		b.busy, b.busyTil = kind, b.now+busy.Seconds()
	}
	return said, busy, err
}

// an order begins a command; it is called with the lock held.
type order func(b *Body, params map[string]any) (said string, busy time.Duration, err error)

// quietOrders move nothing, or end a motion: they are carried out in any state but without power.
var quietOrders map[string]order

// motionOrders move the robot; it must be able to.
var motionOrders map[string]order

func init() { // the orders call each other by name
	quietOrders = map[string]order{
		"stop": (*Body).orderHalt, "stop_job": (*Body).orderStopJob, "stand_up": (*Body).orderStandUp,
		"speak": (*Body).orderSpeak, "led": (*Body).orderLED, "buzzer": (*Body).orderBuzzer, "find": (*Body).orderFind,
		"reboot": (*Body).orderReboot,
	}
	motionOrders = map[string]order{
		"stand": (*Body).orderStand, "move": (*Body).orderMove, "turn": (*Body).orderTurn, "head": (*Body).orderHead, "set_servo": (*Body).orderServo,
		"start_job": (*Body).orderJob,
	}
}

func errOff() error { return tonypi.Errorf(tonypi.Unavailable, "The robot has no power") }

// able reports why the body cannot move now, or nil. The head may move while somebody drives.
func (b *Body) able(kind string) error {
	switch {
	case b.plot.off:
		return errOff()
	case b.stopped:
		return tonypi.Errorf(tonypi.Conflict, "The robot is stopped")
	case b.balance.stage != upright:
		return tonypi.Errorf(tonypi.Conflict, "The robot has fallen")
	case b.battery.charging:
		return tonypi.Errorf(tonypi.Conflict, "The robot is charging")
	case b.act.driven && kind != "head" && kind != "start_job":
		return tonypi.Errorf(tonypi.Conflict, "Somebody drives the robot")
	}
	return nil
}

// orderAction plays a motion so many times.
func (b *Body) orderAction(name string, frames []frame, times float64) (string, time.Duration, error) {
	if !(times >= 1 && times <= maxTimes) || times != math.Trunc(times) {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "steps must be a whole number from 1 to %d", maxTimes)
	}
	if name == "sit" {
		times = 1
	}
	took := seconds(length(frames)*times + 0.2)
	if took > maxOrder {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "%s %.0f times would take more than %v", name, times, maxOrder)
	}
	b.interrupt()
	b.gesture(name, frames)
	b.act.ordered, b.act.until = true, took.Seconds()
	if name == "sit" {
		b.act.kind, b.act.until = sitting, 60
	}
	return fmt.Sprintf("Action %s completed", name), took, nil
}

// maxTimes is how often an action is repeated at most.
const maxTimes = 20

// orderStand ends what the body does and lets it stand.
func (b *Body) orderStand(map[string]any) (string, time.Duration, error) {
	b.breakOff()
	b.change(act{kind: standing, until: 3, ordered: true})
	return "Standing", 0, nil
}

// orderHalt is the plain stop of the original clients: it may come in any state.
func (b *Body) orderHalt(map[string]any) (string, time.Duration, error) {
	if b.breakOff(); !b.stopped {
		b.change(act{kind: standing, until: 3, ordered: true})
	}
	return "Robot stopped successfully", 0, nil
}

func (b *Body) orderStopJob(map[string]any) (string, time.Duration, error) {
	if !b.end("stopped by command") {
		return "", 0, tonypi.Errorf(tonypi.Conflict, "No job is running")
	}
	return "Job stopped", 0, nil
}

func (b *Body) orderMove(params map[string]any) (string, time.Duration, error) {
	direction := text(params, "direction", "forward")
	distance := number(params, "distance", 1)
	speed := number(params, "speed", 0.5)
	if distance < 0 || distance > 100 || speed < 0 || speed > 1 {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "distance must lie between 0 and 100 and speed between 0 and 1")
	}
	a := act{kind: walking, name: direction, ordered: true, until: min(max(distance*3/max(speed, 0.1)/2, 1), 20)}
	switch direction {
	case "forward":
		a.stride = 0.6 + 0.4*speed
	case "backward", "back":
		a.stride = -0.7
	case "left":
		a.sideways = 1
	case "right":
		a.sideways = -1
	case "turn_left":
		a.kind, a.turn = turning, turnSpeed
	case "turn_right":
		a.kind, a.turn = turning, -turnSpeed
	default:
		if _, ok := actions[direction]; ok || direction == "stop" || direction == "stand" {
			return b.order(direction, params)
		}
		return "", 0, tonypi.Errorf(tonypi.Invalid, "Unknown direction %q", direction)
	}
	b.interrupt()
	b.change(a)
	return fmt.Sprintf("Moved %s for %g units", direction, distance), seconds(a.until), nil
}

func (b *Body) orderHead(params map[string]any) (string, time.Duration, error) {
	tilt := joints[headTilt].clamp(number(params, "tilt", 0))
	pan := joints[headPan].clamp(number(params, "pan", 0))
	b.head, b.headAt = [2]float64{tilt, pan}, b.now+8
	return fmt.Sprintf("Head at tilt %.0f°, pan %.0f°", tilt, pan), 300 * time.Millisecond, nil
}

func (b *Body) orderServo(params map[string]any) (string, time.Duration, error) {
	n := int(number(params, "servo_id", 1))
	if n < 1 || n > Joints {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "servo_id must lie between 1 and %d", Joints)
	}
	angle := joints[n-1].clamp(number(params, "position", 0))
	took := number(params, "duration_ms", 400) / 1000
	if !(took >= 0.02 && took <= 30) {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "duration_ms must lie between 20 and 30000")
	}
	b.interrupt()
	if !b.act.posed {
		b.change(act{kind: standing, posed: true, ordered: true})
	}
	b.act.until = b.act.since + took + 10
	b.ramp = ramp{joint: n - 1, from: b.servos.target[n-1], to: angle, begun: b.now, took: took}
	return fmt.Sprintf("Servo %d set to %.1f", n, angle), seconds(took), nil
}

func (b *Body) orderJob(params map[string]any) (string, time.Duration, error) {
	items := int(number(params, "items_total", 10))
	if items < 1 || items > 10000 {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "items_total must lie between 1 and 10000")
	}
	b.end("replaced by a new job")
	b.begin(text(params, "task_name", "inventory_scan"), items)
	return "Job started", 0, nil
}

// Stop holds the pose of this moment until Resume, or does what the stop profile says; it ends the running command and
// cancels the job. It does not wait.
func (b *Body) Stop(reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.catchUp()
	b.interrupt()
	if !b.stopped {
		b.hold()
	}
	b.stopped = true
	b.end("emergency stop: " + reason)
	return nil
}

// hold ends whatever the body does, in the way of the stop profile. One that lies on the floor stays as it is.
func (b *Body) hold() {
	if b.balance.stage == upright && b.act.kind != sitting {
		switch b.profile {
		case "sit":
			b.change(act{kind: sitting, frames: sitFrames, until: never})
			return
		case "limp":
			b.change(act{kind: sitting, frames: slumpFrames, until: never})
			return
		}
	}
	b.servos.target, b.servos.settled = b.servos.angle, false
	b.act = act{kind: standing, posed: true, until: never}
}

// SetStopProfile says what Stop does: hold the pose, sit down, or go limp.
func (b *Body) SetStopProfile(profile string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.profile = profile
	return nil
}

// Resume lets the body move again.
func (b *Body) Resume() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		b.stopped = false
		b.change(act{kind: standing, until: 2})
	}
	return nil
}

// interrupt ends the command that is running.
func (b *Body) interrupt() {
	b.busyTil = 0
	close(b.halt)
	b.halt = make(chan struct{})
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// number returns a numeric parameter, or what it is when nobody says.
func number(params map[string]any, key string, otherwise float64) float64 {
	if v, ok := params[key].(float64); ok {
		return v
	}
	return otherwise
}

func text(params map[string]any, key, otherwise string) string {
	if v, ok := params[key].(string); ok && v != "" {
		return v
	}
	return otherwise
}
