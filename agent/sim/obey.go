package sim

import (
	"context"
	"fmt"
	"time"

	"tonypi"
)

// maxOrder is how long one command may keep the body busy.
const maxOrder = 30 * time.Second

// actions are the gestures that can be asked for by name. stand and the walking names are made in order.
var actions = map[string][]frame{
	"wave": waveFrames, "bow": bowFrames, "squat": squatFrames, "twist": twistFrames, "sit": sitFrames,
	"left_kick": leftKick, "kick_left": leftKick, "right_kick": rightKick, "kick_right": rightKick,
	"head_nod": nodFrames, "head_shake": shakeFrames,
}

// Do carries out a command and returns, when it is done, a sentence about it. It ends early with an error when ctx ends or
// Stop is called. Kinds and their parameters: move {direction, distance, speed}, action {name}, head {tilt, pan},
// head_nod, head_shake, set_servo {servo_id, position}, stop, stand, start_job {items_total, task_name}, stop_job; an
// action's name is a kind as well. What it does not know or cannot do is an Invalid or Conflict error.
func (b *Body) Do(ctx context.Context, kind string, params map[string]any) (string, error) {
	b.mu.Lock()
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
	switch kind {
	case "stop", "stand":
		b.breakOff()
		b.change(act{kind: standing, until: 3, ordered: true})
		return "Robot stopped successfully", 0, nil
	case "stop_job":
		if !b.end("stopped by command") {
			return "", 0, tonypi.Errorf(tonypi.Conflict, "No job is running")
		}
		return "Job stopped", 0, nil
	}
	if err := b.able(); err != nil {
		return "", 0, err
	}
	switch kind {
	case "move":
		return b.orderMove(params)
	case "head":
		return b.orderHead(params)
	case "set_servo":
		return b.orderServo(params)
	case "start_job":
		return b.orderJob(params)
	}
	frames, ok := actions[kind]
	if !ok {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "Unknown action %q", kind)
	}
	b.interrupt()
	b.gesture(kind, frames)
	b.act.ordered = true
	if kind == "sit" {
		b.act.kind, b.act.until = sitting, 60
	}
	return fmt.Sprintf("Action %s completed", kind), seconds(length(frames) + 0.2), nil
}

// able reports why the body cannot move now, or nil.
func (b *Body) able() error {
	switch {
	case b.plot.off:
		return tonypi.Errorf(tonypi.Unavailable, "The robot has no power")
	case b.stopped:
		return tonypi.Errorf(tonypi.Conflict, "The robot is stopped")
	case b.balance.stage != upright:
		return tonypi.Errorf(tonypi.Conflict, "The robot has fallen")
	case b.battery.charging:
		return tonypi.Errorf(tonypi.Conflict, "The robot is charging")
	}
	return nil
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
	b.interrupt()
	if !b.act.posed {
		b.change(act{kind: standing, posed: true, ordered: true})
	}
	b.act.until = b.act.since + 10
	b.servos.target[n-1], b.servos.settled = angle, false
	return fmt.Sprintf("Servo %d set to %.1f", n, angle), 400 * time.Millisecond, nil
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

// Stop holds the pose of this moment until Resume, ends the running command and cancels the job. It does not wait.
func (b *Body) Stop(reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.interrupt()
	if !b.stopped {
		b.servos.target, b.servos.settled = b.servos.angle, false
		b.act = act{kind: standing, posed: true, until: never}
	}
	b.stopped = true
	b.end("emergency stop: " + reason)
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
