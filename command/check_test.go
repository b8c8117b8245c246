package command

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"tonypi"
)

func TestCheck(t *testing.T) {
	type params = map[string]any
	tests := []struct {
		kind   string
		params params
		bad    string // what the error says; empty: fine
	}{
		{"move", nil, ""},
		{"move", params{"direction": "backward", "distance": 10.0, "speed": 1}, ""},
		{"move", params{"direction": "kick_left"}, ""}, // the original clients' words
		{"move", params{"direction": "up"}, "direction must be one of forward"},
		{"move", params{"direction": 1.0}, "direction must be text"},
		{"move", params{"distance": 10.1}, "distance must lie between 0 and 10"},
		{"move", params{"distance": -0.1}, "distance"}, {"move", params{"speed": 1.01}, "speed"},
		{"move", params{"speed": "1"}, "speed must be a number"}, {"move", params{"speed": math.NaN()}, "JSON"},
		{"move", params{"gait": "slow"}, ""}, // a robot may know more
		{"turn", params{"angle": -180.0}, ""}, {"turn", params{"angle": 181.0}, "angle"}, {"turn", nil, "angle is missing"},
		{"action", params{"name": "wave", "steps": 3.0}, ""}, {"action", params{"name": "fly"}, ""}, {"action", params{"name": strings.Repeat("x", 51)}, "name"}, {"action", nil, "name is missing"},
		{"action", params{"name": "wave", "steps": 1.5}, "steps must be a whole number"},
		{"head", params{"pan": 30.0, "tilt": -10.0}, ""}, {"head", params{"pan": 91.0}, "pan"},
		{"set_servo", params{"servo_id": 18.0, "position": 90.0, "duration_ms": 20.0}, ""},
		{"set_servo", params{"servo_id": 0.0, "position": 0.0}, "servo_id"}, {"set_servo", params{"servo_id": 1.0}, "position is missing"},
		{"set_servo", params{"servo_id": 1.0, "position": 91.0}, "position"},
		{"speak", params{"text": strings.Repeat("é", 200)}, ""}, {"speak", params{"text": strings.Repeat("é", 201)}, "at most 200 characters"},
		{"speak", params{"text": " "}, "text is empty"}, {"speak", nil, "text is missing"},
		{"led", params{"on": true, "color": "#Ff8000"}, ""}, {"led", params{"color": "red"}, "colour"}, {"led", params{"on": "yes"}, "true or false"},
		{"buzzer", params{"frequency": 1900.0, "duration_ms": 5000.0, "repeat": 20.0}, ""}, {"buzzer", params{"repeat": 0.0}, "repeat"},
		{"start_job", params{"task_name": "count", "items_total": 10000.0}, ""}, {"start_job", params{"items_total": 0.0}, "items_total"},
		{"stand", nil, ""}, {"stand_up", nil, ""}, {"photo", nil, ""}, {"find", nil, ""}, {"stop", nil, ""}, {"stop_job", nil, ""},
		{"dance.v2", nil, ""}, // only the robot knows it
		{"", nil, "type"}, {"do it", nil, "type"}, {"näh", nil, "type"}, {strings.Repeat("x", 65), nil, "type"}, {"1st", nil, "type"},
		{"Shutdown", nil, `written "shutdown"`}, {"EMERGENCY_STOP", nil, `written "emergency_stop"`},
		{"shutdown", nil, "must be confirmed"}, {"reboot", nil, "must be confirmed"},
		{"dance", params{"command_id": "x"}, "parameter's name"}, {"dance", params{"reason": "x"}, "parameter's name"},
		{"dance", params{"": 1.0}, "parameter's name"}, {"dance", params{strings.Repeat("x", 65): 1.0}, "parameter's name"},
		{"dance", params{"x": strings.Repeat("x", 65<<10)}, "at most 65536 bytes"}, {"dance", params{"x": math.Inf(1)}, "JSON"},
		{"dance", params{"x": func() {}}, "JSON"},
	}
	for _, test := range tests {
		_, err := check(tonypi.Order{Type: test.kind, Parameters: test.params})
		if test.bad == "" {
			if err != nil {
				t.Errorf("%s %v: %v", test.kind, test.params, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), test.bad) || tonypi.KindOf(err) != tonypi.Invalid && tonypi.KindOf(err) != tonypi.TooLarge {
			t.Errorf("%s %.40v: %v", test.kind, test.params, err)
		}
	}
	many := params{}
	for i := range 65 {
		many[fmt.Sprint("p", i)] = 1.0
	}
	for name, o := range map[string]tonypi.Order{
		"too many parameters": {Type: "dance", Parameters: many},
		"long ID":             {Type: "stand", ID: strings.Repeat("x", 101)},
		"strange ID":          {Type: "stand", ID: "a\nb"},
		"long reason":         {Type: "stand", Reason: strings.Repeat("x", 501)},
		"broken reason":       {Type: "stand", Reason: "\xff"},
	} {
		if _, err := check(o); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := check(tonypi.Order{Type: "reboot", Confirmed: true}); err != nil {
		t.Error(err)
	}
}

// The catalogue must make sense by itself: pages build their buttons from it.
func TestCatalogue(t *testing.T) {
	groups := " move posture action head servo sound light camera job status system "
	seen := map[string]bool{}
	for _, s := range New(Config{}).Catalogue() {
		if seen[s.Type] || s.Title == "" || !strings.Contains(groups, " "+s.Group+" ") || s.Timeout <= 0 || s.Params == nil {
			t.Errorf("%+v", s)
		}
		seen[s.Type] = true
		given := map[string]any{}
		for _, p := range s.Params {
			if p.Default != nil {
				given[p.Name] = p.Default
			}
			if p.Title == "" || p.Kind == "choice" && len(p.Choices) == 0 || p.Min != nil && *p.Min >= *p.Max {
				t.Errorf("%s: %+v", s.Type, p)
			}
			if err := checkParam(p, given); err != nil && !p.Required {
				t.Errorf("%s: the default is refused: %v", s.Type, err)
			}
		}
		if s.Confirm != (s.Group == "system") {
			t.Errorf("%s: confirmed %v", s.Type, s.Confirm)
		}
	}
	for _, kind := range strings.Fields("move turn stop action stand stand_up head head_nod head_shake set_servo speak led buzzer photo status_request battery_request start_job stop_job find shutdown reboot") {
		if !seen[kind] {
			t.Errorf("%s is missing", kind)
		}
	}
}
