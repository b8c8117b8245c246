package wire

import (
	"slices"
	"strings"
	"testing"

	"tonypi"
)

// The table's columns.
var people = map[string]Sender{
	"robot":    {ClientID: "r1", Robot: "r1"},
	"other":    {ClientID: "r2", Robot: "r2"},
	"pending":  {ClientID: "r1", Robot: "r1", Pending: true},
	"viewer":   {ClientID: "v", User: "u1", Role: tonypi.Viewer},
	"operator": {ClientID: "o", User: "u2", Role: tonypi.Operator},
	"admin":    {ClientID: "a", User: "u3", Role: tonypi.Admin},
	"nobody":   {ClientID: "n"},
}

const (
	own      = "robot pending"
	robots   = "robot other pending"
	staff    = "operator admin"
	humans   = "viewer operator admin"
	everyone = "robot other pending viewer operator admin"
)

func TestMayPublish(t *testing.T) {
	table := map[string]string{ // topic → who may
		"tonypi/sensors/r1":               own,
		"tonypi/servos/r1":                own,
		"tonypi/status/r1":                own,
		"tonypi/logs/r1":                  own,
		"tonypi/job/r1":                   own,
		"tonypi/scan/r1":                  own + " " + staff,
		"tonypi/vision/r1":                own,
		"tonypi/battery/r1":               own,
		"tonypi/location/r1":              own,
		"tonypi/battery":                  robots,
		"tonypi/location":                 robots,
		"tonypi/commands/response":        robots,
		"tonypi/emergency_stop/response":  robots,
		"tonypi/commands/r1":              staff,
		"tonypi/commands/broadcast":       staff,
		"tonypi/emergency_stop/r1":        staff,
		"tonypi/emergency_stop/broadcast": staff,
		"tonypi/config/r1":                "admin",
		"tonypi/items/r1":                 "admin",

		// What nobody may.
		"":                            "",
		"tonypi":                      "",
		"tonypi/":                     "",
		"tonypi/sensors":              "",
		"tonypi/sensors/":             "",
		"tonypi/sensors/r1/":          "",
		"tonypi/sensors/r1/x":         "",
		"tonypi/sensors/+":            "",
		"tonypi/sensors/#":            "",
		"tonypi/sensors/broadcast":    "",
		"tonypi/sensors/response":     "",
		"tonypi/config/broadcast":     "",
		"tonypi/commands":             "",
		"tonypi/commands/":            "",
		"tonypi/commands/+":           "",
		"tonypi/commands/$x":          "",
		"tonypi/commands/broadcast/x": "",
		"tonypi/battery/":             "",
		"tonypi/unknown/r1":           "",
		"tonypi/camera/r1":            "",
		"/tonypi/sensors/r1":          "",
		"TONYPI/sensors/r1":           "",
		"$SYS/broker/uptime":          "",
		"$share/g/tonypi/sensors/r1":  "",
		"other/sensors/r1":            "",
		"tonypi/sensors/r1\x00":       "",
		"tonypi/sensors/" + strings.Repeat("r", tonypi.MaxRobotID+1): "",
	}
	checkTable(t, table, MayPublish)
}

func TestMaySubscribe(t *testing.T) {
	table := map[string]string{
		"tonypi/commands/r1":              own + " " + humans,
		"tonypi/commands/broadcast":       everyone,
		"tonypi/emergency_stop/r1":        own + " " + humans,
		"tonypi/emergency_stop/broadcast": everyone,
		"tonypi/config/r1":                own + " " + humans,
		"tonypi/items/r1":                 own + " " + humans,

		"tonypi/sensors/r1":              humans,
		"tonypi/servos/r1":               humans,
		"tonypi/status/r1":               humans,
		"tonypi/logs/r1":                 humans,
		"tonypi/job/r1":                  humans,
		"tonypi/scan/r1":                 humans,
		"tonypi/vision/r1":               humans,
		"tonypi/battery/r1":              humans,
		"tonypi/location/r1":             humans,
		"tonypi/battery":                 humans,
		"tonypi/location":                humans,
		"tonypi/commands/response":       humans,
		"tonypi/emergency_stop/response": humans,
		"tonypi/#":                       humans,
		"tonypi/+/r1":                    humans,
		"tonypi/sensors/+":               humans,
		"tonypi/commands/+":              humans,
		"tonypi/commands/#":              humans,
		"$share/g/tonypi/sensors/+":      humans,
		"$share/g/tonypi/#":              humans,

		"":                              "",
		"#":                             "",
		"+":                             "",
		"+/#":                           "",
		"+/commands/r1":                 "",
		"tonypi":                        "",
		"$SYS/#":                        "",
		"$SYS/broker/clients":           "",
		"$share/g/#":                    "",
		"$share/g/+/commands/r1":        "",
		"$share/g/$SYS/#":               "",
		"$share//tonypi/#":              "",
		"$share/+/tonypi/#":             "",
		"$share/g":                      "",
		"$share/g/$share/h/tonypi/#":    "",
		"$queue/tonypi/#":               "",
		"tonypi/#/x":                    "",
		"tonypi/a#":                     "",
		"tonypi/a+/b":                   "",
		"tonypi/\x00":                   "",
		"tonypix/#":                     "",
		"other/r1":                      "",
		"$share/g/tonypi/commands/r1#x": "",
	}
	checkTable(t, table, MaySubscribe)
}

func checkTable(t *testing.T, table map[string]string, may func(Sender, string) bool) {
	t.Helper()
	for topic, allowed := range table {
		for name, sender := range people {
			want := slices.Contains(strings.Fields(allowed), name)
			if got := may(sender, topic); got != want {
				t.Errorf("%q by %s: got %v, want %v", topic, name, got, want)
			}
		}
	}
}

// A robot whose name is a wildcard or a reserved word gains nothing by it.
func TestHostileRobotNames(t *testing.T) {
	for _, id := range []tonypi.RobotID{"+", "#", "response", "broadcast", "$SYS", "a/b"} {
		s := Sender{ClientID: string(id), Robot: id}
		for _, topic := range []string{SensorTopic(id), "tonypi/sensors/r1"} {
			if MayPublish(s, topic) {
				t.Errorf("robot %q may publish %q", id, topic)
			}
		}
		for _, filter := range []string{CommandTopic(id), ConfigTopic(id), "tonypi/commands/r1"} {
			if MaySubscribe(s, filter) && filter != CommandBroadcast {
				t.Errorf("robot %q may subscribe %q", id, filter)
			}
		}
	}
}

func TestFiltersAgreeWithACL(t *testing.T) {
	for _, f := range RobotFilters("r1") {
		if !MaySubscribe(people["robot"], f) {
			t.Errorf("robot may not subscribe %q", f)
		}
		if FromRobot(f) {
			t.Errorf("%q counts as a robot's topic", f)
		}
	}
	for _, f := range ServerFilters() {
		topic := strings.ReplaceAll(f, "+", "r1")
		if !FromRobot(topic) || !MayPublish(people["robot"], topic) {
			t.Errorf("the server listens to %q, which robots may not publish", topic)
		}
	}
}

func TestTopicRobot(t *testing.T) {
	tests := []struct {
		topic string
		robot tonypi.RobotID
		name  string
	}{
		{"tonypi/sensors/r1", "r1", "sensors"},
		{"tonypi/battery/r1", "r1", "battery"},
		{"tonypi/battery", "", "battery"},
		{"tonypi/location", "", "location"},
		{"tonypi/commands/r1", "r1", "commands"},
		{"tonypi/commands/response", "", "commands/response"},
		{"tonypi/commands/broadcast", "", "commands/broadcast"},
		{"tonypi/emergency_stop/r1", "r1", "emergency_stop"},
		{"tonypi/emergency_stop/response", "", "emergency_stop/response"},
		{"tonypi/emergency_stop/broadcast", "", "emergency_stop/broadcast"},
		{"tonypi/config/r1", "r1", "config"},
		{"tonypi/items/r1", "r1", "items"},
		{"tonypi/sensors/Bücher 1", "Bücher 1", "sensors"},
		{"tonypi/sensors/a/b", "", "other"},
		{"x/sensors/r1", "", "other"},
	}
	for _, tt := range tests {
		id, ok := TopicRobot(tt.topic)
		if id != tt.robot || ok != (tt.robot != "") || TopicName(tt.topic) != tt.name {
			t.Errorf("%q: robot %q (%v), name %q; want %q, %q", tt.topic, id, ok, TopicName(tt.topic), tt.robot, tt.name)
		}
	}
}

func TestACLAllocatesNothing(t *testing.T) {
	s := people["robot"]
	n := testing.AllocsPerRun(100, func() {
		if !MayPublish(s, "tonypi/sensors/r1") || !MaySubscribe(s, "tonypi/commands/r1") {
			t.Error("refused")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
