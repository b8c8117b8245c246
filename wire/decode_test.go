package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

func reasons(err error) string {
	var words []string
	for _, p := range ProblemsOf(err) {
		words = append(words, string(p.Reason))
	}
	return strings.Join(words, " ")
}

func TestDecodeIdentity(t *testing.T) {
	robot := Sender{ClientID: "r1", Robot: "r1"}
	tests := []struct {
		name    string
		topic   string
		sender  Sender
		payload string
		robot   tonypi.RobotID // empty: no Update
		reasons string
	}{
		{"topic alone", BatteryTopic("r1"), Sender{}, `{"percent":50}`, "r1", ""},
		{"topic and payload agree", BatteryTopic("r1"), robot, `{"robot_id":"r1","percent":50}`, "r1", ""},
		{"topic wins over payload", BatteryTopic("r1"), Sender{}, `{"robot_id":"r2","percent":50}`, "r1", "wrong_robot"},
		{"topic wins over connection", BatteryTopic("r2"), robot, `{"percent":50}`, "r2", ""},
		{"escaped robot is the same", BatteryTopic("é"), Sender{}, `{"robot_id":"\u00e9","percent":50}`, "é", ""},
		{"connection alone", SharedBattery, robot, `{"percent":50}`, "r1", ""},
		{"connection and payload agree", SharedBattery, robot, `{"robot_id":"r1","percent":50}`, "r1", ""},
		{"connection against payload", SharedBattery, robot, `{"robot_id":"r2","percent":50}`, "", "wrong_robot"},
		{"answer against connection", CommandResponse, robot, `{"robot_id":"r2","success":true}`, "", "wrong_robot"},
		{"payload alone", SharedLocation, Sender{}, `{"robot_id":"r2","x":1}`, "r2", ""},
		{"payload of a person", SharedLocation, Sender{User: "u"}, `{"robot_id":"r2","x":1}`, "r2", ""},
		{"nobody", SharedLocation, Sender{}, `{"x":1}`, "", "no_robot"},
		{"number", SharedLocation, Sender{}, `{"robot_id":7,"x":1}`, "", "no_robot"},
		{"reserved", SharedLocation, Sender{}, `{"robot_id":"broadcast","x":1}`, "", "no_robot"},
		{"wildcard", SharedLocation, Sender{}, `{"robot_id":"+","x":1}`, "", "no_robot"},
		{"long name", SharedLocation, Sender{}, `{"robot_id":"` + strings.Repeat("r", 100) + `","x":1}`, tonypi.RobotID(strings.Repeat("r", 100)), ""},
		{"too long name", SharedLocation, Sender{}, `{"robot_id":"` + strings.Repeat("r", 101) + `","x":1}`, "", "no_robot"},
		{"null payload robot", SharedLocation, robot, `{"robot_id":null,"x":1}`, "r1", ""},
		{"down topic", CommandTopic("r1"), robot, `{}`, "", "unknown_topic"},
		{"foreign topic", "zigbee/x", robot, `{}`, "", "unknown_topic"},
	}
	for _, tt := range tests {
		u, err := Decode(Message{Topic: tt.topic, Payload: []byte(tt.payload), Sender: tt.sender, At: testNow})
		got := tonypi.RobotID("")
		if u != nil {
			got = u.Robot
			if !u.At.Equal(testNow) {
				t.Errorf("%s: At is %v", tt.name, u.At)
			}
		}
		if got != tt.robot || reasons(err) != tt.reasons {
			t.Errorf("%s: robot %q, problems %v; want %q, %q", tt.name, got, err, tt.robot, tt.reasons)
		}
	}
}

func repeat(n int, one string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + "]"
}

func TestDecodeBounds(t *testing.T) {
	servos := make([]string, MaxServos+1)
	for i := range servos {
		servos[i] = fmt.Sprintf(`{"id":%d,"position":1}`, i)
	}
	deep := func(n int) string {
		return `{"success":true,"data":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + "}"
	}
	tests := []struct {
		name, topic, payload string
		count                int // -1: no Update
		reasons              string
	}{
		{"largest payload", LogTopic("r1"), `{"message":"a"}` + strings.Repeat(" ", MaxPayload-15), 1, ""},
		{"too large a payload", LogTopic("r1"), `{"message":"a"}` + strings.Repeat(" ", MaxPayload-14), -1, "too_large"},
		{"most readings", SensorTopic("r1"), repeat(MaxReadings, `{"sensor_type":"a","value":1}`), MaxReadings, ""},
		{"too many readings", SensorTopic("r1"), repeat(MaxReadings+3, `{"sensor_type":"a","value":1}`), MaxReadings, "too_many"},
		{"most servos", ServoTopic("r1"), "[" + strings.Join(servos[:MaxServos], ",") + "]", MaxServos, ""},
		{"too many servos", ServoTopic("r1"), "[" + strings.Join(servos, ",") + "]", MaxServos, "too_many"},
		{"most logs", LogTopic("r1"), repeat(MaxLogs, `{"message":"a"}`), MaxLogs, ""},
		{"too many logs", LogTopic("r1"), repeat(MaxLogs+1, `{"message":"a"}`), MaxLogs, "too_many"},
		{"most detections", VisionTopic("r1"), repeat(MaxDetections, `{"label":"a"}`), MaxDetections, ""},
		{"too many detections", VisionTopic("r1"), repeat(MaxDetections+1, `{"label":"a"}`), MaxDetections, "too_many"},
		{"deepest", CommandResponse, deep(MaxDepth), 1, ""},
		{"too deep", CommandResponse, deep(MaxDepth + 1), -1, "too_deep"},
		{"far too deep", CommandResponse, strings.Repeat("[", 100000), -1, "bad_json"},
		{"too many values", SensorTopic("r1"), repeat(maxNodes, "1"), -1, "too_deep"},
		{"too few values to refuse", SensorTopic("r1"), repeat(maxNodes-1, "1"), 0, "bad_shape"},
		{"nothing", SensorTopic("r1"), "", -1, "bad_json"},
	}
	for _, tt := range tests {
		u, err := Decode(Message{Topic: tt.topic, Payload: []byte(tt.payload), Sender: Sender{Robot: "r1"}, At: testNow})
		got := -1
		if u != nil {
			got = len(u.Readings) + len(u.Logs) + len(u.Detections)
			if u.Ack != nil {
				got++
			}
			checkSound(t, u)
		}
		if got != tt.count || reasons(err) != tt.reasons {
			t.Errorf("%s: %d, %q; want %d, %q", tt.name, got, reasons(err), tt.count, tt.reasons)
		}
	}
}

func TestProblems(t *testing.T) {
	_, err := Decode(Message{Topic: SensorTopic("r1"), Payload: make([]byte, MaxPayload+1)})
	if k := tonypi.KindOf(err); k != tonypi.TooLarge {
		t.Errorf("kind %v", k)
	}
	u, err := Decode(Message{Topic: SensorTopic("r1"), Payload: []byte(`{"sensor_type"`)})
	if u != nil || tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("%v, %v", u, err)
	}
	_, err = Decode(Message{Topic: SensorTopic("r1"), Payload: []byte(repeat(1000, `{"sensor_type":"a","value":"x"}`))})
	want := Problems{{BadNumber, `the value of "a" is not a finite number`, 1000}}
	if diff := cmp.Diff(want, ProblemsOf(fmt.Errorf("decode: %w", err))); diff != "" {
		t.Error(diff)
	}
	if ProblemsOf(nil) != nil {
		t.Error("problems of no error")
	}
}

// Texts are cut at their sizes, and only between runes.
func TestDecodeCutsTexts(t *testing.T) {
	long := strings.Repeat("ä", 4000)
	payload := fmt.Sprintf(`{"message":%q,"source":%q,"level":%q}`, long, long, long)
	u, err := Decode(Message{Topic: LogTopic("r1"), Payload: []byte(payload)})
	if err != nil {
		t.Fatal(err)
	}
	want := tonypi.LogEntry{Robot: "r1", Level: "INFO", Message: long[:MaxLogLine], Source: long[:MaxName]}
	if diff := cmp.Diff([]tonypi.LogEntry{want}, u.Logs); diff != "" {
		t.Error(diff)
	}
	if got := clean([]byte("a€"), 2); got != "a" {
		t.Errorf("cut inside a rune: %q", got)
	}
	if got := clean([]byte("a\x00b\x1b\u0085c\n\t\x7f"), 20); got != "a b  c\n\t " {
		t.Errorf("%q", got)
	}
}

func TestParseStamp(t *testing.T) {
	good := []string{
		"2026-11-23T18:04:42Z", "2026-11-23T18:04:42.1Z", "2026-11-23T18:04:42.123456789Z", "2026-11-23T18:04:42+01:00",
		"2026-11-23T18:04:42.000001-11:45", "1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2024-12-31T23:59:59+23:59",
		"9999-12-31T23:59:59Z", "2100-03-01T00:00:00Z", "1999-01-31T12:00:00Z",
	}
	for _, s := range good {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		got, naive, ok := parseStamp([]byte(s))
		if !ok || naive || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: %v, naive %v, ok %v", s, got, naive, ok)
		}
	}
	for day := range 200_000 { // every day until 2517
		want := time.Unix(int64(day)*86400+4242, 0).UTC()
		if got, naive, ok := parseStamp(want.AppendFormat(nil, "2006-01-02T15:04:05")); !ok || !naive || !got.Equal(want) {
			t.Fatalf("%v: %v", want, got)
		}
	}
	bad := []string{
		"", "x", "2026-11-23", "2026-11-23T18:04", "2026-11-23T18:04:4x", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "1969-12-31T23:59:59Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00+1", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+01-00",
		"2026-01-01T00:00:00 UTC", "2026/01/01T00:00:00Z", "2026-01-01T00.00.00Z", "2026-01-01T00:00:00+:1:00",
	}
	for _, s := range bad {
		if got, _, ok := parseStamp([]byte(s)); ok {
			t.Errorf("%q is read as %v", s, got)
		}
	}
}

func TestStampForms(t *testing.T) {
	want := time.Date(2026, 11, 23, 18, 4, 42, 250_000_000, time.UTC)
	for _, s := range []string{
		`"2026-11-23T18:04:42.250000"`, `"2026-11-23 18:04:42.25Z"`, `"2026-11-23T19:04:42,25+0100"`,
		fmt.Sprintf("%d.25", want.Unix()), fmt.Sprint(want.UnixMilli()), fmt.Sprint(want.UnixMicro()), fmt.Sprint(want.UnixNano()),
		fmt.Sprintf("%d.25e0", want.Unix()),
	} {
		u, err := Decode(Message{Topic: SensorTopic("r1"), Payload: []byte(`{"touch":1,"timestamp":` + s + `}`)})
		if err != nil || !u.Sent.Equal(want) || !u.Readings[0].Time.Equal(want) {
			t.Errorf("%s: %v, %v", s, u.Sent, err)
		}
		if naive := s[1:] == `2026-11-23T18:04:42.250000"`; u.Naive != naive {
			t.Errorf("%s: naive %v", s, u.Naive)
		}
	}
	for _, s := range []string{`0`, `-5`, `true`, `""`, `[]`, `1e300`, `NaN`, `"\u0032026-11-23T18:04:42Z"`} {
		u, err := Decode(Message{Topic: SensorTopic("r1"), Payload: []byte(`{"touch":1,"timestamp":` + s + `}`)})
		if reasons(err) != "bad_time" || !u.Sent.IsZero() || len(u.Readings) != 1 || !u.Readings[0].Time.IsZero() {
			t.Errorf("%s: %+v, %v", s, u, err)
		}
	}
}

// An Update must stay as it was when the payload's buffer is used again, and a released one must carry nothing over.
func TestDecodeKeepsNothing(t *testing.T) {
	for _, file := range goldenFiles(t) {
		m := goldenMessage(t, file)
		u, _ := Decode(m)
		before, err := json.Marshal(u)
		if err != nil {
			t.Fatal(err)
		}
		clear(m.Payload)
		if after, _ := json.Marshal(u); string(after) != string(before) {
			t.Errorf("%s: the update changed with the buffer", file)
		}
	}
	for range 100 {
		u, _ := Decode(Message{Topic: StatusTopic("r1"), Payload: []byte(`{"status":"online","cpu":1,"timestamp":"2026-01-01T00:00:00"}`)})
		Release(u)
		got, err := Decode(Message{Topic: ScanTopic("r2"), Payload: []byte(`{"qr":"x"}`), At: testNow})
		want := &tonypi.Update{Robot: "r2", At: testNow, Scans: []tonypi.Scan{{Code: "x"}}}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Fatalf("%v %s", err, diff)
		}
		Release(got)
	}
	Release(nil)
}

func TestNameTable(t *testing.T) {
	names := make([]string, 20_000) // far more than the table holds
	for i := range names {
		names[i] = fmt.Sprintf("sensor_%d_x", i)
	}
	done := make(chan bool)
	for range 4 {
		go func() {
			defer func() { done <- true }()
			for _, name := range names {
				n, ok := sensorNames.find([]byte(name))
				if !ok || n.source != name || n.metric != tonypi.Sensor {
					t.Errorf("%s: %+v", name, n)
					return
				}
			}
		}()
	}
	for range 4 {
		<-done
	}
}

func TestSensorMetrics(t *testing.T) {
	for name, want := range map[string]tonypi.Metric{
		"accelerometer_x": tonypi.Acceleration, "gyroscope_z": tonypi.AngularRate, "roll": tonypi.Orientation,
		"pitch": tonypi.Orientation, "yaw": tonypi.Orientation, "ultrasonic_distance": tonypi.Distance,
		"light_sensor_dark": tonypi.LightDark, "light_level": tonypi.LightLevel, "touch": tonypi.Touch, "touch_head": tonypi.Touch,
		"cpu_temperature": tonypi.Sensor, "system_cpu_percent": tonypi.Sensor, "system_uptime": tonypi.Sensor, "accelerometer": tonypi.Sensor,
	} {
		if got := sensorMetric(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
