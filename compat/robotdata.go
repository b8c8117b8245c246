package compat

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tonypi"
)

const (
	maxRows   = 20000           // of one list of samples; the newest ones
	activeFor = 5 * time.Minute // how recent the original's "recent" is
)

// measurements maps the original's other names of measurements to the real ones.
var measurements = map[string]string{
	"sensors": "sensor_data", "servos": "servo_data", "battery": "battery_status", "location": "robot_location", "status": "robot_status",
}

// units are the original's spellings of units.
var units = map[string]string{"m/s²": "m/s^2", "°/s": "deg/s", "°": "deg", "°C": "C"}

// row is one sample as the original told it.
type row struct {
	Timestamp   time.Time `json:"timestamp"`
	Measurement string    `json:"measurement"`
	Field       string    `json:"field"`
	Value       float64   `json:"value"`
	Robot       string    `json:"robot_id"`
	Sensor      string    `json:"sensor_type"`
	Unit        string    `json:"unit"`
}

// sensors answers GET /robot-data/sensors.
func (s *Server) sensors(_ http.ResponseWriter, r *http.Request) (any, error) {
	name := r.URL.Query().Get("measurement")
	if name == "" {
		return nil, &invalid{"query", "measurement", "missing", "Field required", nil}
	}
	name = cmp.Or(measurements[name], name)
	_, period, err := timeRange(r, "1h")
	if err != nil {
		return nil, err
	}
	rows := []row{}
	if name != "sensor_data" {
		return rows, nil // only sensors have a sensor_type, and the original told nothing else
	}
	robots := s.robots(r.URL.Query().Get("robot_id"))
	for _, robot := range robots {
		more, err := s.sensorRows(r.Context(), robot, period)
		if err != nil {
			return nil, err
		}
		if rows = append(rows, more...); len(rows) > 4*maxRows { // a large fleet must not fill the memory
			rows = newest(rows)
		}
	}
	return newest(rows), nil
}

// newest orders rows as the original did and leaves the first maxRows.
func newest(rows []row) []row {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(b.Timestamp.Compare(a.Timestamp), strings.Compare(a.Sensor, b.Sensor), strings.Compare(a.Robot, b.Robot))
	})
	return rows[:min(len(rows), maxRows)]
}

// sensorRows reads one robot's sensors, one row a second and sensor at most.
func (s *Server) sensorRows(ctx context.Context, robot tonypi.RobotID, period time.Duration) ([]row, error) {
	var metrics []tonypi.Metric
	for _, m := range tonypi.Metrics {
		if m.Measurement == "sensor_data" {
			metrics = append(metrics, m.Metric)
		}
	}
	metrics = append(metrics, tonypi.CPUTemperature)
	now := time.Now()
	step := max(time.Second, (period / 1000).Truncate(time.Second))
	series, err := s.cfg.History.Range(ctx, tonypi.SeriesQuery{Robot: robot, Metrics: metrics, From: now.Add(-period), To: now, Step: step})
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, one := range series {
		sensor := sensorName(one.Key)
		for _, b := range one.Buckets {
			rows = append(rows, row{b.Time.UTC(), "sensor_data", "value", b.Last, string(robot), sensor, unitOf(one.Key.Metric)})
		}
	}
	return rows, nil
}

// sensorName is the original's sensor_type of a series.
func sensorName(k tonypi.SeriesKey) string {
	if k.Source != "" {
		return k.Source
	}
	return string(k.Metric)
}

func unitOf(m tonypi.Metric) string {
	if m == tonypi.LightDark || m == tonypi.Touch {
		return "bool"
	}
	info, _ := m.Info()
	return cmp.Or(units[info.Unit], info.Unit)
}

// robots returns the robot that is asked for, or all.
func (s *Server) robots(id string) []tonypi.RobotID {
	if id != "" {
		return []tonypi.RobotID{tonypi.RobotID(id)}
	}
	var ids []tonypi.RobotID
	for _, r := range s.cfg.Fleet.Summaries() {
		ids = append(ids, r.ID)
	}
	return ids
}

// robotStatus answers GET /robot-data/status. A robot that fell silent is offline, not gone.
func (s *Server) robotStatus(_ http.ResponseWriter, r *http.Request) (any, error) {
	list := []any{}
	for _, robot := range s.cfg.Fleet.Summaries() {
		location, err := s.location(r.Context(), robot.ID)
		if err != nil {
			return nil, err
		}
		list = append(list, map[string]any{
			"robot_id": robot.ID, "name": robot.Name, "status": statusOf(robot), "last_seen": moment(robot.LastSeen),
			"battery_percentage": robot.Battery, "location": location,
			"ip_address": orNull(robot.Address), "camera_url": orNull(robot.CameraURL),
		})
	}
	return list, nil
}

// statusOf is the word of a robot's state: what it said last, unless it is not there any more.
func statusOf(r tonypi.Summary) string {
	switch {
	case !r.Online:
		return "offline"
	case r.Stopped:
		return "emergency_stopped"
	}
	return cmp.Or(r.Status, "online")
}

func (s *Server) location(ctx context.Context, robot tonypi.RobotID) (any, error) {
	readings, err := s.cfg.History.Latest(ctx, robot)
	if err != nil {
		return nil, err
	}
	point := map[string]float64{}
	for _, r := range readings {
		if r.Metric == tonypi.Location && time.Since(r.Time) < activeFor {
			point[r.Source] = r.Value
		}
	}
	if len(point) == 0 {
		return nil, nil
	}
	return point, nil
}

// latest answers GET /robot-data/latest/{robot_id}: every sensor by its type, not only the one that came last.
func (s *Server) latest(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	sensors, battery, location, status := map[string]any{}, map[string]any{}, map[string]any{}, map[string]any{}
	readings, err := s.cfg.History.Latest(r.Context(), id)
	if err != nil {
		return nil, err
	}
	var newest time.Time
	for _, reading := range readings {
		info, _ := reading.Metric.Info()
		switch info.Measurement {
		case "sensor_data":
			sensors[reading.Source] = map[string]any{"value": reading.Value, "unit": unitOf(reading.Metric)}
			if reading.Time.After(newest) {
				newest = reading.Time
				sensors["value"], sensors["unit"] = reading.Value, unitOf(reading.Metric)
			}
		case "battery_status":
			battery[info.Field] = plain(reading)
		case "robot_location":
			location[reading.Source] = reading.Value
		case "robot_status":
			status[info.Field] = plain(reading)
		}
	}
	if robot, err := s.cfg.Fleet.Summary(id); err == nil {
		status["status"], status["ip_address"], status["camera_url"] = statusOf(robot), robot.Address, robot.CameraURL
		status["system_platform"] = robot.Platform
	}
	return map[string]any{"robot_id": id, "sensors": sensors, "battery": battery, "location": location, "status": status}, nil
}

// plain gives truth values back their type.
func plain(r tonypi.Reading) any {
	switch r.Metric {
	case tonypi.BatteryCharging, tonypi.ServoTorque, tonypi.Throttled:
		return r.Value != 0
	}
	return r.Value
}

// servoNames are the original's names of its six servos.
var servoNames = []string{"Left Hip", "Left Knee", "Right Hip", "Right Knee", "Head Pan", "Head Tilt"}

// servos answers GET /robot-data/servos/{robot_id}.
func (s *Server) servos(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	_, period, err := timeRange(r, "5m")
	if err != nil {
		return nil, err
	}
	readings, err := s.cfg.History.Latest(r.Context(), id)
	if err != nil {
		return nil, err
	}
	byServo := map[string]map[string]any{}
	for _, reading := range readings {
		info, _ := reading.Metric.Info()
		if info.Measurement != "servo_data" || time.Since(reading.Time) > period {
			continue
		}
		servo := byServo[reading.Source]
		if servo == nil {
			number, _ := strconv.Atoi(strings.TrimPrefix(reading.Source, "servo_"))
			servo = map[string]any{"id": number, "name": s.servoName(id, reading.Source, number), "robot_id": id, "alert_level": "normal"}
			byServo[reading.Source] = servo
		}
		servo[info.Field] = plain(reading)
		if reading.Metric == tonypi.ServoTemperature {
			servo["alert_level"] = s.servoLevel(id, reading.Value)
		}
	}
	named := map[string]any{}
	for _, servo := range byServo {
		named[servo["name"].(string)] = servo
	}
	answer := map[string]any{"robot_id": id, "servos": named, "servo_count": len(named), "timestamp": moment(time.Now())}
	if len(named) == 0 {
		answer["message"] = "No servo data found"
	}
	return answer, nil
}

// servoName is the original's name of one of its own six servos; a robot with our agent has eighteen, which go by their source.
func (s *Server) servoName(id tonypi.RobotID, source string, number int) string {
	robot, err := s.cfg.Fleet.Summary(id)
	if err != nil || robot.Agent != "" || number < 1 || number > len(servoNames) {
		return source
	}
	return servoNames[number-1]
}

// servoLevel judges a temperature by the robot's own rule, or else the global one.
func (s *Server) servoLevel(id tonypi.RobotID, celsius float64) string {
	rule, ok := s.rule(id, "servo_temp")
	if !ok {
		return "normal"
	}
	if severity := rule.Judge(celsius); severity != tonypi.Calm {
		return string(severity)
	}
	return "normal"
}

// rule returns the rule of a type that counts for a robot.
func (s *Server) rule(id tonypi.RobotID, kind string) (found tonypi.Rule, ok bool) {
	for _, rule := range s.cfg.Rules.Rules() {
		if rule.Type == kind && (rule.Robot == id || rule.Robot == "" && !ok) {
			found, ok = rule, true
		}
	}
	return found, ok
}
