package command

import (
	"slices"

	"tonypi"
)

// Catalogue returns the commands that pages make buttons from, stop and resume aside. A robot may know more.
func (d *Dispatcher) Catalogue() []tonypi.CommandSpec {
	list := slices.Clone(catalogue)
	for i := range list {
		if list[i].Params == nil {
			list[i].Params = []tonypi.ParamSpec{}
		}
	}
	return list
}

// Limits of parameters that more than one command has.
const (
	maxServo = 18
	maxText  = 200 // characters of speech
)

// How long answers may take. A command waits at the robot until those before it are done.
const (
	quick = 10  // it is answered at once
	brief = 30  // seconds
	long  = 120 // motion, which an agent breaks off after two minutes
)

var catalogue = []tonypi.CommandSpec{
	{Type: "move", Title: "Walk", Group: "move", Motion: true, Original: true, Timeout: long, Params: []tonypi.ParamSpec{
		choice("direction", "Direction", "forward", "forward", "backward", "left", "right"),
		number("distance", "Distance", "", 0, 10, 0.1, 1),
		number("speed", "Speed", "", 0, 1, 0.05, 0.5),
	}},
	{Type: "turn", Title: "Turn", Group: "move", Motion: true, Timeout: long, Params: []tonypi.ParamSpec{
		required(number("angle", "Angle, left is positive", "°", -180, 180, 5, nil)),
	}},
	{Type: "stop", Title: "Stop walking", Group: "move", Original: true, Timeout: brief},
	{Type: "stand", Title: "Stand", Group: "posture", Motion: true, Timeout: long},
	{Type: "stand_up", Title: "Get up", Group: "posture", Motion: true, Timeout: long},
	{Type: "action", Title: "Action", Group: "action", Motion: true, Timeout: long, Params: []tonypi.ParamSpec{
		// A robot may know more actions than these: it has a folder of them.
		required(tonypi.ParamSpec{Name: "name", Title: "Action", Kind: "text", MaxLength: 50, Choices: []string{
			"wave", "bow", "squat", "twist", "dance", "sit", "left_kick", "right_kick", "stand", "head_nod", "head_shake",
		}}),
		integer("steps", "Times", "", 1, 20, 1),
	}},
	{Type: "head", Title: "Head", Group: "head", Motion: true, Timeout: brief, Params: []tonypi.ParamSpec{
		number("pan", "Pan, left is positive", "°", -90, 90, 1, 0),
		number("tilt", "Tilt, up is positive", "°", -45, 45, 1, 0),
	}},
	{Type: "head_nod", Title: "Nod", Group: "head", Motion: true, Original: true, Timeout: brief},
	{Type: "head_shake", Title: "Shake head", Group: "head", Motion: true, Original: true, Timeout: brief},
	{Type: "set_servo", Title: "Set a servo", Group: "servo", Motion: true, Original: true, Timeout: brief, Params: []tonypi.ParamSpec{
		required(integer("servo_id", "Servo", "", 1, maxServo, nil)),
		required(number("position", "Position", "°", -90, 90, 1, nil)),
		integer("duration_ms", "Time for it", "ms", 20, 30_000, 500),
	}},
	{Type: "speak", Title: "Speak", Group: "sound", Timeout: long, Params: []tonypi.ParamSpec{
		{Name: "text", Title: "Text", Kind: "text", MaxLength: maxText, Required: true},
	}},
	{Type: "buzzer", Title: "Buzzer", Group: "sound", Timeout: brief, Params: []tonypi.ParamSpec{
		integer("frequency", "Frequency", "Hz", 10, 20_000, 1900),
		integer("duration_ms", "Duration", "ms", 10, 5000, 200),
		integer("repeat", "Times", "", 1, 20, 1),
	}},
	{Type: "led", Title: "LED", Group: "light", Timeout: brief, Params: []tonypi.ParamSpec{
		{Name: "on", Title: "On", Kind: "boolean", Default: true},
		{Name: "color", Title: "Colour", Kind: "color", Default: "#ffffff"},
	}},
	{Type: "photo", Title: "Take a photo", Group: "camera", Timeout: brief},
	{Type: "start_job", Title: "Start a job", Group: "job", Motion: true, Original: true, Timeout: brief, Params: []tonypi.ParamSpec{
		{Name: "task_name", Title: "Task", Kind: "text", MaxLength: 100, Default: "inventory_scan"},
		integer("items_total", "Items", "", 1, 10_000, 10),
	}},
	{Type: "stop_job", Title: "Cancel the job", Group: "job", Original: true, Timeout: brief},
	{Type: "status_request", Title: "Ask for its status", Group: "status", Original: true, Timeout: quick},
	{Type: "battery_request", Title: "Ask for its battery", Group: "status", Original: true, Timeout: quick},
	{Type: "find", Title: "Find it: beep, blink, nod", Group: "status", Motion: true, Timeout: brief},
	{Type: "shutdown", Title: "Shut down", Group: "system", Confirm: true, Original: true, Timeout: brief},
	{Type: "reboot", Title: "Restart", Group: "system", Confirm: true, Timeout: brief},
}

// resumeSpec is not in the catalogue: it has a route and a button of its own.
var resumeSpec = tonypi.CommandSpec{Type: tonypi.ResumeCommand, Title: "Resume", Group: "system", Confirm: true, Original: true, Timeout: brief}

// alsoTaken are values that original clients take for a choice besides those that pages offer.
var alsoTaken = map[string][]string{
	"direction": {"stop", "stand", "squat", "wave", "kick_left", "kick_right", "bow", "back", "turn_left", "turn_right"},
}

func number(name, title, unit string, least, most, step float64, preset any) tonypi.ParamSpec {
	return tonypi.ParamSpec{Name: name, Title: title, Kind: "number", Unit: unit, Min: &least, Max: &most, Step: &step, Default: preset}
}

func integer(name, title, unit string, least, most float64, preset any) tonypi.ParamSpec {
	p := number(name, title, unit, least, most, 1, preset)
	p.Kind = "integer"
	return p
}

func choice(name, title string, preset any, choices ...string) tonypi.ParamSpec {
	return tonypi.ParamSpec{Name: name, Title: title, Kind: "choice", Choices: choices, Default: preset}
}

func required(p tonypi.ParamSpec) tonypi.ParamSpec {
	p.Required = true
	return p
}
