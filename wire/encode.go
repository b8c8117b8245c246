package wire

import (
	"encoding/json"
	"strconv"
	"time"

	"tonypi"
)

// What an agent publishes. All timestamps are written in UTC with a Z. A number that is NaN or infinite is an Invalid
// error: an agent leaves out what it could not measure.

// Sample is one sensor's reading for EncodeSensors.
type Sample struct {
	Type  string    // the sensor's name: accelerometer_x, ultrasonic_distance, …
	Value float64   // in Unit
	Unit  string    // "" where the metric has only one
	Time  time.Time // zero: the message's; set for a backlog
}

type sampleJSON struct {
	Type  string  `json:"sensor_type"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	Time  string  `json:"timestamp,omitempty"`
}

type head struct {
	Robot tonypi.RobotID `json:"robot_id"`
	Time  string         `json:"timestamp,omitempty"`
}

func newHead(id tonypi.RobotID, at time.Time) head { return head{id, optionalStamp(at)} }

func optionalStamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stampText(t)
}

// EncodeSensors writes at most MaxReadings readings for SensorTopic.
func EncodeSensors(id tonypi.RobotID, at time.Time, samples []Sample) ([]byte, error) {
	if len(samples) > MaxReadings {
		return nil, tonypi.Errorf(tonypi.TooLarge, "a message holds at most %d readings", MaxReadings)
	}
	readings := make([]sampleJSON, len(samples))
	for i, s := range samples {
		readings[i] = sampleJSON{s.Type, s.Value, s.Unit, optionalStamp(s.Time)}
	}
	return bounded(struct {
		head
		Readings []sampleJSON `json:"readings"`
	}{newHead(id, at), readings})
}

// Servo is one joint for EncodeServos; nil is what could not be read.
type Servo struct {
	ID          int      `json:"id"` // 0 to 253
	Name        string   `json:"name,omitempty"`
	Position    *float64 `json:"position,omitempty"`        // °
	Target      *float64 `json:"target_position,omitempty"` // °
	Temperature *float64 `json:"temperature,omitempty"`     // °C
	Voltage     *float64 `json:"voltage,omitempty"`         // V
	Torque      *bool    `json:"torque_enabled,omitempty"`
	Errors      *int     `json:"read_errors,omitempty"` // since the agent's start
}

// EncodeServos writes at most MaxServos joints for ServoTopic.
func EncodeServos(id tonypi.RobotID, at time.Time, servos []Servo) ([]byte, error) {
	if len(servos) > MaxServos {
		return nil, tonypi.Errorf(tonypi.TooLarge, "a message holds at most %d servos", MaxServos)
	}
	joints := make(map[string]Servo, len(servos))
	for _, s := range servos {
		if s.ID < 0 || s.ID >= len(servoSources) {
			return nil, tonypi.Errorf(tonypi.Invalid, "servo %d does not exist", s.ID)
		}
		joints[servoSources[s.ID]] = s
	}
	return bounded(struct {
		head
		Servos map[string]Servo `json:"servos"`
		Count  int              `json:"servo_count"`
	}{newHead(id, at), joints, len(joints)})
}

// ServoSource is the Source of a joint's readings: "servo_7". IDs are 0 to 253.
func ServoSource(id int) string { return "servo_" + strconv.Itoa(id) }

// Status is what a robot says about itself and its computer; nil is what it does not know.
type Status struct {
	tonypi.Presence
	Hardware    bool     // the robot has its body; false in simulation
	StopSources []string // who holds the robot stopped: server, button, kept
	CPU         *float64
	Memory      *float64
	Disk        *float64
	Temperature *float64 // CPU, °C
	Uptime      *float64 // s
	Throttled   *float64 // flags as the Raspberry Pi gives them
	WifiSignal  *float64 // dBm
	NetworkRTT  *float64 // ms
	DriveLimit  *float64 // % of what the robot can: the speed that driving is limited to now
}

// EncodeStatus writes a status for StatusTopic, in the original clients' form with our own fields besides.
func EncodeStatus(id tonypi.RobotID, at time.Time, s Status) ([]byte, error) {
	type host struct {
		Platform    string   `json:"platform,omitempty"`
		CPU         *float64 `json:"cpu_percent,omitempty"`
		Memory      *float64 `json:"memory_percent,omitempty"`
		Disk        *float64 `json:"disk_usage,omitempty"`
		Temperature *float64 `json:"cpu_temperature,omitempty"`
		Uptime      *float64 `json:"uptime,omitempty"`
		Throttled   *float64 `json:"throttled,omitempty"`
		WifiSignal  *float64 `json:"wifi_signal,omitempty"`
		NetworkRTT  *float64 `json:"network_rtt,omitempty"`
		DriveLimit  *float64 `json:"drive_limit,omitempty"`
	}
	return bounded(struct {
		head
		Status    string   `json:"status,omitempty"`
		Host      host     `json:"system_info"`
		Hardware  bool     `json:"hardware_available"`
		Address   string   `json:"ip_address,omitempty"`
		CameraURL string   `json:"camera_url,omitempty"`
		Agent     string   `json:"agent,omitempty"`
		Posture   string   `json:"posture,omitempty"`
		Stopped   bool     `json:"emergency_stopped"`
		Reason    string   `json:"emergency_reason,omitempty"`
		Sources   []string `json:"emergency_sources,omitempty"`
		Config    int64    `json:"config_version,omitempty"`
	}{
		newHead(id, at), s.Status,
		host{s.Platform, s.CPU, s.Memory, s.Disk, s.Temperature, s.Uptime, s.Throttled, s.WifiSignal, s.NetworkRTT, s.DriveLimit},
		s.Hardware, s.Address, s.CameraURL, s.Agent, s.Posture, s.Stopped, s.StopReason, s.StopSources, s.Config,
	})
}

// Battery is the battery's state; nil is what the robot does not know.
type Battery struct {
	Percent     *float64 `json:"percentage,omitempty"`
	Voltage     *float64 `json:"voltage,omitempty"`
	Charging    *bool    `json:"charging,omitempty"`
	MinutesLeft *float64 `json:"minutes_left,omitempty"`
}

// EncodeBattery writes a battery state for BatteryTopic.
func EncodeBattery(id tonypi.RobotID, at time.Time, b Battery) ([]byte, error) {
	return bounded(struct {
		head
		Battery
	}{newHead(id, at), b})
}

// EncodeLocation writes a position for LocationTopic.
func EncodeLocation(id tonypi.RobotID, at time.Time, x, y, z float64) ([]byte, error) {
	return bounded(struct {
		head
		X float64 `json:"x"`
		Y float64 `json:"y"`
		Z float64 `json:"z"`
	}{newHead(id, at), x, y, z})
}

// EncodeLogs writes at most MaxLogs lines for LogTopic; Robot of the entries is ignored.
func EncodeLogs(id tonypi.RobotID, at time.Time, entries []tonypi.LogEntry) ([]byte, error) {
	if len(entries) > MaxLogs {
		return nil, tonypi.Errorf(tonypi.TooLarge, "a message holds at most %d log lines", MaxLogs)
	}
	type line struct {
		Time    string `json:"timestamp,omitempty"`
		Level   string `json:"level"`
		Source  string `json:"source"`
		Message string `json:"message"`
	}
	lines := make([]line, len(entries))
	for i, e := range entries {
		lines[i] = line{optionalStamp(e.Time), e.Level, e.Source, e.Message}
	}
	return bounded(struct {
		head
		Logs []line `json:"logs"`
	}{newHead(id, at), lines})
}

// EncodeJob writes a job's progress for JobTopic.
func EncodeJob(id tonypi.RobotID, at time.Time, j tonypi.JobProgress) ([]byte, error) {
	body := map[string]any{"robot_id": id}
	put := func(name string, v any, there bool) {
		if there {
			body[name] = v
		}
	}
	put("timestamp", optionalStamp(at), !at.IsZero())
	put("task_name", j.Task, j.Task != "")
	if j.Started {
		j.Status = "started"
	}
	put("status", j.Status, j.Status != "")
	put("phase", j.Phase, j.Phase != "")
	put("items_done", j.ItemsDone, j.HasItemsDone)
	put("items_total", j.ItemsTotal, j.HasItemsTotal)
	put("percent", j.Percent, j.HasPercent)
	put("reason", j.Reason, j.Reason != "")
	put("start_time", optionalStamp(j.StartTime), !j.StartTime.IsZero())
	put("end_time", optionalStamp(j.EndTime), !j.EndTime.IsZero())
	put("elapsed_time", float64(j.Elapsed), j.Elapsed != 0)
	put("estimated_duration", float64(j.Estimated), j.Estimated != 0)
	put("action_duration", float64(j.Action), j.Action != 0)
	put("last_item", json.RawMessage(j.LastItem), len(j.LastItem) > 0)
	put("success", j.Success, j.Success != nil)
	return bounded(body)
}

// EncodeScan writes a scanned code for ScanTopic.
func EncodeScan(id tonypi.RobotID, at time.Time, s tonypi.Scan) ([]byte, error) {
	return bounded(struct {
		head
		Code    string `json:"qr"`
		Station string `json:"station_name,omitempty"`
		Action  string `json:"action,omitempty"`
	}{newHead(id, at), s.Code, s.Station, s.Action})
}

// EncodeDetections writes at most MaxDetections sightings for VisionTopic.
func EncodeDetections(id tonypi.RobotID, at time.Time, seen []tonypi.DetectionEvent) ([]byte, error) {
	if len(seen) > MaxDetections {
		return nil, tonypi.Errorf(tonypi.TooLarge, "a message holds at most %d detections", MaxDetections)
	}
	type sighting struct {
		tonypi.DetectionEvent
		Time string `json:"timestamp,omitempty"` // hides the embedded one: zero is left out
	}
	list := make([]sighting, len(seen))
	for i, e := range seen {
		list[i] = sighting{e, optionalStamp(e.Time)}
	}
	return bounded(struct {
		head
		Detections []sighting `json:"detections"`
	}{newHead(id, at), list})
}

// EncodeAck writes an answer for CommandResponse or StopResponse. a.Data, if any, must be a JSON object; its members
// come along beside the answer's own, which win.
func EncodeAck(id tonypi.RobotID, at time.Time, a tonypi.Ack) ([]byte, error) {
	body := map[string]any{}
	if len(a.Data) > 0 {
		var extra map[string]json.RawMessage
		if err := json.Unmarshal(a.Data, &extra); err != nil {
			return nil, tonypi.Wrap(tonypi.Invalid, err, "an answer's data must be a JSON object")
		}
		for name, v := range extra {
			body[name] = v
		}
	}
	body["robot_id"], body["success"], body["message"] = id, a.Success, a.Message
	if !at.IsZero() {
		body["timestamp"] = stampText(at)
	}
	if a.StopMS != nil {
		body["stop_ms"] = *a.StopMS
	}
	if a.Config != 0 {
		body["config_version"] = a.Config
	}
	for name, s := range map[string]string{"command_id": a.CommandID, "type": a.Type, "reason": a.Reason} {
		if s != "" {
			body[name] = s
		}
	}
	return bounded(body)
}

// bounded is marshal for what a robot sends.
func bounded(v any) ([]byte, error) {
	b, err := marshal(v)
	if err != nil {
		return nil, err
	}
	if len(b) > MaxPayload {
		return nil, tonypi.Errorf(tonypi.TooLarge, "the message is over %d bytes", MaxPayload)
	}
	return b, nil
}
