// Package agent is the program on the robot: it reads the body on a tick, sends what it read until the server has it,
// obeys commands, and stops the robot at once when told to.
package agent

import (
	"context"
	"time"

	"tonypi"
)

// Body is what every robot must be able to do: be stopped. Whatever else it can do, it shows by also being one of the
// abilities below; the agent sends only what the body can tell.
//
// All methods are safe for concurrent use and none waits for the network. Readings that a body appends carry the time
// that it was asked for; a body that can tell nothing now appends nothing.
type Body interface {
	// Stop holds the pose and ends what runs, within one frame of the servo bus. It may be called again while stopped.
	Stop(reason string) error
	// Resume lets the body move again. It does not make it move.
	Resume() error
}

// Abilities of a body.
type (
	// Sensing bodies have sensors: inertial unit, distance, light, touch.
	Sensing interface {
		Sensors(at time.Time, dst []tonypi.Reading) []tonypi.Reading
	}
	// Jointed bodies know position, target, temperature, voltage, torque and read errors of their servos; the source of
	// a reading is servo_1, servo_2, …
	Jointed interface {
		Servos(at time.Time, dst []tonypi.Reading) []tonypi.Reading
	}
	// Powered bodies know their battery.
	Powered interface {
		Battery(at time.Time, dst []tonypi.Reading) []tonypi.Reading
	}
	// Located bodies know where they are, in metres.
	Located interface {
		Location(at time.Time, dst []tonypi.Reading) []tonypi.Reading
	}
	// Hosted bodies know how their computer is.
	Hosted interface {
		Health(at time.Time, dst []tonypi.Reading) []tonypi.Reading
	}
	// Postured bodies know how they stand, in the words of tonypi.Robot.Posture.
	Postured interface {
		Posture(at time.Time) string
	}
	// Eventful bodies have things to tell: Events adds logs, scans, what the camera saw and at most one job message since
	// the last call.
	Eventful interface {
		Events(at time.Time, u *tonypi.Update)
	}
	// Linked bodies know whether their network is there at all. Without it the agent does not try to send. A simulated
	// body loses it by itself.
	Linked interface {
		Reaches() bool
	}
	// Obeyer bodies carry out commands. Do returns, when the command is done, a sentence about it; it ends early with an
	// error when ctx ends or Stop is called. params holds JSON values.
	Obeyer interface {
		Do(ctx context.Context, kind string, params map[string]any) (string, error)
	}
	// Driver bodies can be driven. Drive moves the body from now on until the next Drive or Halt and returns at once:
	// forward, turn (1 is left) and strafe (1 is left) lie between −1 and 1, speed between 0 and 1 of what it can. It is a
	// Conflict after Stop until Resume, while an action runs, and for a body that lies on the floor. Halt stands still
	// within one frame of the servo bus.
	Driver interface {
		Drive(forward, turn, strafe, speed float64) error
		Halt()
	}
	// Profiled bodies can do something else than hold their pose when they are stopped: one of StopProfiles.
	Profiled interface {
		SetStopProfile(profile string) error
	}
	// Filming bodies have a camera that can be set: whether it runs at all, frames per second, JPEG quality in percent.
	Filming interface {
		Film(enabled bool, fps, quality int)
	}
	// Photographer bodies take a still picture of at most most bytes of JPEG.
	Photographer interface {
		Photo(at time.Time, most int) (jpeg []byte, err error)
	}
)
