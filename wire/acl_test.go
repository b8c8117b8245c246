package wire

import (
	"slices"
	"strings"
	"testing"

	"tonypi"
)

// Who may come: every kind of MQTT client.
var people = map[string]Sender{
	"robot":     {ClientID: "r1", Robot: "r1"},
	"stopper":   {ClientID: "r1.stop", Robot: "r1"}, // the robot's second session, for stops
	"other":     {ClientID: "r2", Robot: "r2"},
	"pending":   {ClientID: "r1", Robot: "r1", Pending: true},
	"viewer":    {ClientID: "v", User: "u1", Role: tonypi.Viewer},
	"operator":  {ClientID: "o", User: "u2", Role: tonypi.Operator},
	"admin":     {ClientID: "a", User: "u3", Role: tonypi.Admin},
	"anonymous": {ClientID: "n"},
	"guest":     {ClientID: "g", Role: tonypi.Role("guest")},
}

const (
	none     = ""
	own      = "robot stopper pending"
	robots   = own + " other"
	staff    = "operator admin"
	humans   = "viewer operator admin"
	everyone = robots + " " + humans
)

// rights is every topic there is, with who may do what. What is about one robot is about r1.
var rights = []struct{ topic, publish, subscribe string }{
	// from the robot
	{"tonypi/sensors/r1", own, humans},
	{"tonypi/servos/r1", own, humans},
	{"tonypi/status/r1", own, humans},
	{"tonypi/logs/r1", own, humans},
	{"tonypi/job/r1", own, humans},
	{"tonypi/scan/r1", own + " " + staff, humans},
	{"tonypi/vision/r1", own, humans},
	{"tonypi/battery/r1", own, humans},
	{"tonypi/location/r1", own, humans},
	{"tonypi/battery", robots, humans},
	{"tonypi/location", robots, humans},
	{"tonypi/commands/response", robots, humans},
	{"tonypi/emergency_stop/response", robots, humans},
	// to the robot
	{"tonypi/commands/r1", staff, own + " " + humans},
	{"tonypi/commands/broadcast", staff, everyone},
	{"tonypi/emergency_stop/r1", staff, own + " " + humans},
	{"tonypi/emergency_stop/broadcast", staff, everyone},
	{"tonypi/config/r1", "admin", own + " " + humans},
	{"tonypi/items/r1", "admin", own + " " + humans},
	{"tonypi/drive/r1", none, own + " " + humans}, // the server's own bus alone
}

// Every topic × everybody, both ways.
func TestRights(t *testing.T) {
	told := map[topicKind]bool{}
	publish, subscribe := map[string]string{}, map[string]string{}
	for _, r := range rights {
		k, _ := parseTopic(r.topic)
		told[k] = true
		publish[r.topic], subscribe[r.topic] = r.publish, r.subscribe
	}
	checkTable(t, publish, MayPublish)
	checkTable(t, subscribe, MaySubscribe)
	for k := notOurs + 1; int(k) < len(topicNames); k++ {
		if !told[k] {
			t.Errorf("nobody says who may use %s", topicNames[k])
		}
	}
}

func TestMayPublishNothingElse(t *testing.T) {
	table := map[string]string{}
	for _, topic := range []string{
		"",
		"tonypi",
		"tonypi/",
		"tonypi/sensors",
		"tonypi/sensors/",
		"tonypi/sensors/r1/",
		"tonypi/sensors/r1/x",
		"tonypi/sensors/+",
		"tonypi/sensors/#",
		"tonypi/sensors/broadcast",
		"tonypi/sensors/response",
		"tonypi/config/broadcast",
		"tonypi/commands",
		"tonypi/commands/",
		"tonypi/commands/+",
		"tonypi/drive",
		"tonypi/drive/broadcast",
		"tonypi/drive/+",
		"tonypi/commands/$x",
		"tonypi/commands/broadcast/x",
		"tonypi/battery/",
		"tonypi/unknown/r1",
		"tonypi/camera/r1",
		"/tonypi/sensors/r1",
		"TONYPI/sensors/r1",
		"$SYS/broker/uptime",
		"$share/g/tonypi/sensors/r1",
		"other/sensors/r1",
		"tonypi/sensors/r1\x00",
		"tonypi/sensors/" + strings.Repeat("r", tonypi.MaxRobotID+1),
	} {
		table[topic] = none
	}
	checkTable(t, table, MayPublish)
}

func TestMaySubscribeFilters(t *testing.T) {
	table := map[string]string{
		"tonypi/#":                  humans,
		"tonypi/+/r1":               humans,
		"tonypi/sensors/+":          humans,
		"tonypi/commands/+":         humans,
		"tonypi/commands/#":         humans,
		"$share/g/tonypi/sensors/+": humans,
		"$share/g/tonypi/#":         humans,

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
		{"tonypi/drive/r1", "r1", "drive"},
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
