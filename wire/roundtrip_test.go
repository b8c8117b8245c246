package wire

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

func ptr[T any](v T) *T { return &v }

var (
	stampA = time.Date(2026, 11, 23, 18, 4, 42, 123_456_789, time.UTC)
	stampB = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)
)

// What the agent writes is what the server reads.
func TestRobotToServer(t *testing.T) {
	const id = "r 1 é\"x"
	reading := func(m tonypi.Metric, source string, v float64) tonypi.Reading {
		return tonypi.Reading{Robot: id, Metric: m, Source: source, Value: v, Time: stampA}
	}
	presence := tonypi.Presence{Status: "emergency_stopped", Address: "192.0.2.7", CameraURL: "https://192.0.2.7:8081/?action=stream",
		Platform: "linux/arm64", Agent: "tonypi 1.0", Posture: "held", Stopped: true, StopReason: "button <&> \u2028", Config: 7}
	job := tonypi.JobProgress{Task: "t", Status: "active", Phase: "scanning", ItemsDone: 0, ItemsTotal: 3, Percent: 0, Reason: "r",
		StartTime: stampB, EndTime: stampA, Elapsed: 2.5, Estimated: 10, Action: 2, Started: true, LastItem: []byte(`{"sku":"a"}`), Success: ptr(false),
		HasItemsDone: true, HasItemsTotal: true, HasPercent: true}
	seen := tonypi.DetectionEvent{Time: stampB, Label: "ball", Confidence: ptr(0.5), Box: &[4]float64{1, 2, 3, 4}, CenterX: ptr(2.0),
		FrameWidth: 640, State: "ACTING", Locked: true, Command: "LOCKED", Error: ptr(-0.5), Detected: ptr(true)}
	tests := []struct {
		name    string
		topic   string
		payload func() ([]byte, error)
		want    tonypi.Update
	}{
		{"sensors", SensorTopic(id), func() ([]byte, error) {
			return EncodeSensors(id, stampA, []Sample{
				{"accelerometer_x", -0.1, "m/s^2", time.Time{}}, {"ultrasonic_distance", 20, "cm", stampB}, {"voc", 0, "", time.Time{}}})
		}, tonypi.Update{Readings: []tonypi.Reading{
			reading(tonypi.Acceleration, "accelerometer_x", -0.1),
			{Robot: id, Metric: tonypi.Distance, Source: "ultrasonic_distance", Value: 20, Time: stampB},
			reading(tonypi.Sensor, "voc", 0),
		}}},
		{"servos", ServoTopic(id), func() ([]byte, error) {
			return EncodeServos(id, stampA, []Servo{
				{ID: 1, Name: "Left Hip", Position: ptr(0.0), Target: ptr(1.0), Temperature: ptr(40.0), Voltage: ptr(11.1), Torque: ptr(false), Errors: ptr(7)},
				{ID: 253, Voltage: ptr(0.0)}})
		}, tonypi.Update{Readings: []tonypi.Reading{
			reading(tonypi.ServoPosition, "servo_1", 0), reading(tonypi.ServoTarget, "servo_1", 1), reading(tonypi.ServoTemperature, "servo_1", 40),
			reading(tonypi.ServoVoltage, "servo_1", 11.1), reading(tonypi.ServoTorque, "servo_1", 0), reading(tonypi.ServoErrors, "servo_1", 7),
			reading(tonypi.ServoVoltage, ServoSource(253), 0),
		}}},
		{"status", StatusTopic(id), func() ([]byte, error) {
			return EncodeStatus(id, stampA, Status{Presence: presence, Hardware: true, CPU: ptr(1.0), Memory: ptr(2.0), Disk: ptr(3.0),
				Temperature: ptr(4.0), Uptime: ptr(5.0), Throttled: ptr(6.0), WifiSignal: ptr(-7.0), NetworkRTT: ptr(8.0), DriveLimit: ptr(45.0)})
		}, tonypi.Update{Presence: &presence, Readings: []tonypi.Reading{
			reading(tonypi.CPUPercent, "", 1), reading(tonypi.MemoryPercent, "", 2), reading(tonypi.DiskPercent, "", 3), reading(tonypi.CPUTemperature, "", 4),
			reading(tonypi.Uptime, "", 5), reading(tonypi.Throttled, "", 6), reading(tonypi.WifiSignal, "", -7), reading(tonypi.NetworkRTT, "", 8), reading(tonypi.DriveLimit, "", 45),
		}}},
		{"bare status", StatusTopic(id), func() ([]byte, error) {
			return EncodeStatus(id, stampA, Status{Presence: tonypi.Presence{Status: "online"}})
		}, tonypi.Update{Presence: &tonypi.Presence{Status: "online"}}},
		{"battery", BatteryTopic(id), func() ([]byte, error) {
			return EncodeBattery(id, stampA, Battery{ptr(0.0), ptr(11.0), ptr(true), ptr(12.5)})
		}, tonypi.Update{Readings: []tonypi.Reading{
			reading(tonypi.BatteryPercent, "", 0), reading(tonypi.BatteryVoltage, "", 11), reading(tonypi.BatteryCharging, "", 1), reading(tonypi.BatteryMinutes, "", 12.5),
		}}},
		{"battery of which only the voltage is known", SharedBattery, func() ([]byte, error) {
			return EncodeBattery(id, stampA, Battery{Voltage: ptr(11.0)})
		}, tonypi.Update{Readings: []tonypi.Reading{reading(tonypi.BatteryVoltage, "", 11)}}},
		{"location", LocationTopic(id), func() ([]byte, error) { return EncodeLocation(id, stampA, 1, -2.5, 0) },
			tonypi.Update{Readings: []tonypi.Reading{
				reading(tonypi.Location, "x", 1), reading(tonypi.Location, "y", -2.5), reading(tonypi.Location, "z", 0)}}},
		{"logs", LogTopic(id), func() ([]byte, error) {
			return EncodeLogs(id, stampA, []tonypi.LogEntry{{Time: stampB, Level: "ERROR", Source: "board", Message: "no\nreply 🤖"}, {Level: "INFO", Message: "x"}})
		}, tonypi.Update{Logs: []tonypi.LogEntry{
			{Robot: id, Time: stampB, Level: "ERROR", Source: "board", Message: "no\nreply 🤖"}, {Robot: id, Time: stampA, Level: "INFO", Message: "x"}}}},
		{"job", JobTopic(id), func() ([]byte, error) { return EncodeJob(id, stampA, job) }, tonypi.Update{Job: &job}},
		{"job that says little", JobTopic(id), func() ([]byte, error) { return EncodeJob(id, stampA, tonypi.JobProgress{Status: "failed"}) },
			tonypi.Update{Job: &tonypi.JobProgress{Status: "failed"}}},
		{"scan", ScanTopic(id), func() ([]byte, error) {
			return EncodeScan(id, stampA, tonypi.Scan{Code: "QR1", Station: "s", Action: "a"})
		},
			tonypi.Update{Scans: []tonypi.Scan{{Time: stampA, Code: "QR1", Station: "s", Action: "a"}}}},
		{"vision", VisionTopic(id), func() ([]byte, error) {
			return EncodeDetections(id, stampA, []tonypi.DetectionEvent{seen, {State: "SEARCHING"}})
		}, tonypi.Update{
			Detections: []tonypi.DetectionEvent{seen, {Time: stampA, State: "SEARCHING"}},
			Readings:   []tonypi.Reading{{Robot: id, Metric: tonypi.Detection, Source: "ball", Value: 0.5, Time: stampB}},
		}},
		{"ack", CommandResponse, func() ([]byte, error) {
			return EncodeAck(id, stampA, tonypi.Ack{CommandID: "c1", Success: true, Message: "done", Data: []byte(`{"battery_level":50}`)})
		}, tonypi.Update{Ack: &tonypi.Ack{CommandID: "c1", Success: true, Message: "done",
			Data: []byte(`{"battery_level":50,"command_id":"c1","message":"done","robot_id":"r 1 é\"x","success":true,"timestamp":"2026-11-23T18:04:42.123456789Z"}`)}}},
		{"configuration ack", CommandResponse, func() ([]byte, error) {
			return EncodeAck(id, stampA, tonypi.Ack{Config: 12, Message: "no"})
		}, tonypi.Update{Ack: &tonypi.Ack{Config: 12, Message: "no",
			Data: []byte(`{"config_version":12,"message":"no","robot_id":"r 1 é\"x","success":false,"timestamp":"2026-11-23T18:04:42.123456789Z"}`)}}},
		{"stop ack", StopResponse, func() ([]byte, error) {
			return EncodeAck(id, stampA, tonypi.Ack{CommandID: "e1", Type: EmergencyStop, Success: true, Reason: "why", StopMS: ptr(1.25), Data: []byte(`{"state":{"emergency_stopped":true}}`)})
		}, tonypi.Update{
			Presence: &tonypi.Presence{Status: "emergency_stopped", Stopped: true, StopReason: "why"},
			Ack: &tonypi.Ack{CommandID: "e1", Type: EmergencyStop, Success: true, Reason: "why", StopMS: ptr(1.25),
				Data: []byte(`{"command_id":"e1","message":"","reason":"why","robot_id":"r 1 é\"x","state":{"emergency_stopped":true},"stop_ms":1.25,"success":true,"timestamp":"2026-11-23T18:04:42.123456789Z","type":"emergency_stop"}`)}}},
	}
	for _, tt := range tests {
		payload, err := tt.payload()
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got, err := Decode(Message{Topic: tt.topic, Payload: payload, At: testNow, Sender: Sender{Robot: id}})
		if err != nil {
			t.Errorf("%s: %s: %v", tt.name, payload, err)
		}
		tt.want.Robot, tt.want.At, tt.want.Sent = id, testNow, stampA
		if diff := cmp.Diff(&tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s\n%s", tt.name, payload, diff)
		}
	}
}

// The agent's own bounds are the server's, and what is no number does not leave the robot.
func TestEncodeRefuses(t *testing.T) {
	nan := math.NaN()
	tests := map[string]func() ([]byte, error){
		"readings":     func() ([]byte, error) { return EncodeSensors("r", stampA, make([]Sample, MaxReadings+1)) },
		"NaN reading":  func() ([]byte, error) { return EncodeSensors("r", stampA, []Sample{{Type: "a", Value: nan}}) },
		"servos":       func() ([]byte, error) { return EncodeServos("r", stampA, make([]Servo, MaxServos+1)) },
		"servo 254":    func() ([]byte, error) { return EncodeServos("r", stampA, []Servo{{ID: 254}}) },
		"NaN servo":    func() ([]byte, error) { return EncodeServos("r", stampA, []Servo{{ID: 1, Voltage: &nan}}) },
		"NaN status":   func() ([]byte, error) { return EncodeStatus("r", stampA, Status{CPU: &nan}) },
		"NaN battery":  func() ([]byte, error) { return EncodeBattery("r", stampA, Battery{Percent: &nan}) },
		"NaN location": func() ([]byte, error) { return EncodeLocation("r", stampA, 0, math.Inf(1), 0) },
		"NaN job": func() ([]byte, error) {
			return EncodeJob("r", stampA, tonypi.JobProgress{Percent: nan, HasPercent: true})
		},
		"logs": func() ([]byte, error) { return EncodeLogs("r", stampA, make([]tonypi.LogEntry, MaxLogs+1)) },
		"detections": func() ([]byte, error) {
			return EncodeDetections("r", stampA, make([]tonypi.DetectionEvent, MaxDetections+1))
		},
		"large log": func() ([]byte, error) {
			return EncodeLogs("r", stampA, []tonypi.LogEntry{{Message: strings.Repeat("x", MaxPayload)}})
		},
		"ack data":     func() ([]byte, error) { return EncodeAck("r", stampA, tonypi.Ack{Data: []byte(`[1]`)}) },
		"command type": func() ([]byte, error) { return EncodeCommand(Command{ID: "1"}) },
		"command ID":   func() ([]byte, error) { return EncodeCommand(Command{Type: "move"}) },
		"long ID":      func() ([]byte, error) { return EncodeCommand(Command{Type: "move", ID: strings.Repeat("i", MaxID+1)}) },
		"long reason":  func() ([]byte, error) { return EncodeStop("i", strings.Repeat("r", MaxLine+1), stampA) },
		"envelope": func() ([]byte, error) {
			return EncodeCommand(Command{Type: "move", ID: "1", Parameters: map[string]any{"type": "stop"}})
		},
		"NaN parameter": func() ([]byte, error) {
			return EncodeCommand(Command{Type: "move", ID: "1", Parameters: map[string]any{"x": nan}})
		},
		"large command": func() ([]byte, error) {
			return EncodeCommand(Command{Type: "move", ID: "1", Parameters: map[string]any{"x": strings.Repeat("x", MaxCommand)}})
		},
		"config type": func() ([]byte, error) { return EncodeConfig(Config{Data: json.RawMessage(`{}`)}) },
		"config data": func() ([]byte, error) { return EncodeConfig(Config{Type: "a", Data: json.RawMessage(`[]`)}) },
		"config version": func() ([]byte, error) {
			return EncodeConfig(Config{Type: "a", Data: json.RawMessage(`{}`), Version: -1})
		},
		"fast beat":      func() ([]byte, error) { return EncodeDrive(tonypi.Drive{Forward: 1.01}) },
		"NaN beat":       func() ([]byte, error) { return EncodeDrive(tonypi.Drive{Turn: nan}) },
		"backward speed": func() ([]byte, error) { return EncodeDrive(tonypi.Drive{Speed: -0.1}) },
		"broken config":  func() ([]byte, error) { return EncodeConfig(Config{Type: "a", Data: json.RawMessage(`{`)}) },
	}
	for name, encode := range tests {
		b, err := encode()
		if k := tonypi.KindOf(err); k != tonypi.Invalid && k != tonypi.TooLarge {
			t.Errorf("%s: %.100s, %v", name, b, err)
		}
	}
	many := map[string]any{}
	for i := range MaxParameters + 1 {
		many[strings.Repeat("p", i+1)] = i
	}
	if _, err := EncodeCommand(Command{Type: "move", ID: "1", Parameters: many}); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("many parameters: %v", err)
	}
}

// What the server writes is what our agent reads.
func TestServerToRobot(t *testing.T) {
	for _, c := range []Command{
		{ID: "c1", Type: "move", Parameters: map[string]any{"direction": "forward", "distance": 1.5, "fast": true, "deep": map[string]any{"a": []any{1.0}}}, Time: stampA},
		{ID: "c2", Type: "resume", Parameters: map[string]any{}},
		{ID: "c3", Type: "shutdown", Reason: "night", Parameters: map[string]any{}, Time: stampB},
	} {
		b, err := EncodeCommand(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range []string{CommandTopic("r1"), CommandBroadcast} {
			got, err := DecodeCommand(topic, b)
			if diff := cmp.Diff(c, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
	}
	b, err := EncodeStop("e1", "", stampA)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeCommand(StopTopic("r1"), b)
	want := Command{ID: "e1", Type: EmergencyStop, Reason: DefaultStopReason, Parameters: map[string]any{}, Time: stampA}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	config := Config{Type: "navigation", Data: json.RawMessage(`{"speed":1}`), Time: stampA, Version: 41}
	if b, err = EncodeConfig(config); err != nil {
		t.Fatal(err)
	}
	gotConfig, err := DecodeConfig(b)
	if diff := cmp.Diff(config, gotConfig); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	for _, a := range []ItemAnswer{
		{Robot: "r1", Code: "QR1", Found: true, Item: map[string]any{"sku": "ITEM-001", "weight_kg": 0.55}, Time: stampA},
		{Robot: "r1", Code: "QR2", Message: "Item not found", Time: stampA},
	} {
		if b, err = EncodeItem(a); err != nil {
			t.Fatal(err)
		}
		got, err := DecodeItem(b)
		if diff := cmp.Diff(a, got); diff != "" || err != nil {
			t.Errorf("%v %s", err, diff)
		}
	}
}

// A beat is read as it was written, and one that is not sound does not move a robot.
func TestDrive(t *testing.T) {
	for _, d := range []tonypi.Drive{
		{Robot: "r1", Forward: 1, Turn: -0.5, Strafe: 0.25, Speed: 0.75, Seq: 7, Sent: 1795457082500},
		{Robot: "Bücher 1", Seq: math.MaxUint64},
	} {
		b, err := EncodeDrive(d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeDrive(DriveTopic(d.Robot), b)
		if diff := cmp.Diff(d, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", b, err, diff)
		}
	}
	for _, tt := range []struct{ topic, payload string }{
		{DriveTopic("r1"), ``}, {DriveTopic("r1"), `null`}, {DriveTopic("r1"), `[]`}, {DriveTopic("r1"), `{"forward":2}`},
		{DriveTopic("r1"), `{"forward":"1"}`}, {DriveTopic("r1"), `{"turn":NaN}`}, {DriveTopic("r1"), `{"speed":-1}`},
		{DriveTopic("r1"), `{"speed":1.5}`}, {DriveTopic("r1"), `{"seq":-1}`}, {DriveTopic("r1"), `{"strafe":-1e9}`},
		{DriveTopic("r1"), `{"x":"` + strings.Repeat("x", MaxDrive) + `"}`}, {CommandTopic("r1"), `{}`}, {"tonypi/drive", `{}`},
	} {
		if d, err := DecodeDrive(tt.topic, []byte(tt.payload)); err == nil {
			t.Errorf("%s %.40q is read as %+v", tt.topic, tt.payload, d)
		}
	}
}

// The original clients read type, id and parameters at the top; the original server also wrote the other spelling.
func TestCommandSpellings(t *testing.T) {
	b, err := EncodeCommand(Command{ID: "c1", Type: "move", Parameters: map[string]any{"direction": "left"}, Time: stampB})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"command":"move","command_id":"c1","direction":"left","id":"c1","parameters":{"direction":"left"},"timestamp":"2026-11-23T17:00:00Z","type":"move"}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	move := Command{ID: "c1", Type: "move", Parameters: map[string]any{"direction": "left"}}
	tests := []struct {
		topic, payload string
		want           Command
		fails          bool
	}{
		{CommandTopic("r1"), `{"type":"move","direction":"left","id":"c1"}`, move, false},
		{CommandTopic("r1"), `{"command":"move","parameters":{"direction":"left"},"timestamp":"x","command_id":"c1"}`, move, false},
		{CommandTopic("r1"), `{"command":"move","direction":"right","parameters":{"direction":"left"},"command_id":"c1"}`, move, false},
		{CommandTopic("r1"), `{"type":"move","id":7}`, Command{ID: "7", Type: "move", Parameters: map[string]any{}}, false},
		{CommandTopic("r1"), `{"type":"move"}`, Command{Type: "move", Parameters: map[string]any{}}, false},
		{CommandTopic("r1"), `{"id":"c1"}`, Command{ID: "c1", Parameters: map[string]any{}}, true},
		{CommandTopic("r1"), `{"type":null,"command":"stop"}`, Command{Type: "stop", Parameters: map[string]any{}}, false},
		{CommandTopic("r1"), `not json`, Command{}, true},
		{CommandTopic("r1"), `[]`, Command{}, true},
		{CommandTopic("r1"), `{"type":"move","x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, Command{}, true},
		{CommandTopic("r1"), `{"type":"` + strings.Repeat("x", MaxCommand) + `"}`, Command{}, true},
		{SensorTopic("r1"), `{"type":"move"}`, Command{}, true},
		{CommandResponse, `{"type":"move"}`, Command{}, true},
		{StopTopic("r1"), `{"reason":"fire","id":"e"}`, Command{ID: "e", Type: EmergencyStop, Reason: "fire", Parameters: map[string]any{}}, false},
		{StopBroadcast, `{"type":"resume"}`, Command{Type: EmergencyStop, Reason: DefaultStopReason, Parameters: map[string]any{}}, false},
		{StopBroadcast, `garbage`, Command{Type: EmergencyStop, Reason: DefaultStopReason, Parameters: map[string]any{}}, false},
		{StopBroadcast, ``, Command{Type: EmergencyStop, Reason: DefaultStopReason, Parameters: map[string]any{}}, false},
	}
	for _, tt := range tests {
		got, err := DecodeCommand(tt.topic, []byte(tt.payload))
		if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.fails {
			t.Errorf("%s %.100s: %v %s", tt.topic, tt.payload, err, diff)
		}
	}
	c := Command{Parameters: map[string]any{"n": 1.5, "i": 2, "s": "x"}}
	if c.Number("n", 0) != 1.5 || c.Number("i", 0) != 2 || c.Number("s", 7) != 7 || c.Text("s", "") != "x" || c.Text("n", "y") != "y" {
		t.Error("parameters are read wrongly")
	}
}

// Every command of the recordings is read as the original client read it.
func TestDecodeCommandCaptures(t *testing.T) {
	read, refused := 0, 0
	for _, c := range captures(t) {
		k, _ := parseTopic(c.Topic)
		switch k {
		case commandTopic, commandBroadcast, stopTopic, stopBroadcast:
			if _, err := DecodeCommand(c.Topic, []byte(c.Payload)); err != nil {
				refused++
				if c.Payload != "not json" {
					t.Errorf("%s: %v", c.Payload, err)
				}
			}
		case itemsTopic:
			if a, err := DecodeItem([]byte(c.Payload)); err != nil || a.Code == "" {
				t.Errorf("%s: %+v, %v", c.Payload, a, err)
			}
		case configTopic:
			if a, err := DecodeConfig([]byte(c.Payload)); err != nil || a.Type == "" {
				t.Errorf("%s: %+v, %v", c.Payload, a, err)
			}
		default:
			continue
		}
		read++
	}
	if read != 24 || refused != 1 {
		t.Errorf("%d messages to robots, %d refused; want 24 and 1", read, refused)
	}
}
