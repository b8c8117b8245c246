package compat

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// check is one result of a validation.
type check struct {
	Valid     bool      `json:"valid"`
	Source    string    `json:"source"`
	Message   string    `json:"message"`
	Sample    any       `json:"data_sample"`
	Timestamp time.Time `json:"timestamp"`
	Issues    []string  `json:"issues"`
}

// bounds are what values of a robot's newest sample must lie between.
var bounds = map[tonypi.Metric][2]float64{
	tonypi.CPUPercent: {0, 100}, tonypi.MemoryPercent: {0, 100}, tonypi.CPUTemperature: {-10, 100}, tonypi.BatteryPercent: {0, 100},
}

// validateRobot answers GET /validate/robot/{robot_id}.
func (s *Server) validateRobot(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	_, period, err := timeRange(r, "1h")
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	robot, missing := s.cfg.Fleet.Summary(id)
	registered := check{Valid: missing == nil, Source: "PostgreSQL", Message: "Robot is registered", Timestamp: now, Issues: []string{}}
	if missing != nil {
		registered.Message, registered.Issues = "Robot is not registered", []string{"Robot not found"}
	} else {
		registered.Sample = s.robotObject(robot)
	}
	measured, err := s.measured(r, id, period, now)
	if err != nil {
		return nil, err
	}
	active := check{Valid: missing == nil && now.Sub(robot.LastSeen) < activeFor, Source: "Activity Check", Message: "Robot was active within 5 minutes", Timestamp: now, Issues: []string{}}
	if !active.Valid {
		active.Message, active.Issues = "Robot was not active within 5 minutes", []string{"No recent message"}
	}
	checks := []check{registered, measured, active}
	return map[string]any{
		"robot_id": id, "is_registered": registered.Valid, "has_recent_data": measured.Valid, "last_seen": moment(robot.LastSeen),
		"data_sources":       map[string]bool{"postgresql": registered.Valid, "influxdb": measured.Valid, "recent_activity": active.Valid},
		"validation_results": checks, "overall_status": verdict(checks),
	}, nil
}

// verdict sums up checks.
func verdict(checks []check) string {
	good, issues := 0, 0
	for _, c := range checks {
		if c.Valid {
			good++
		}
		issues += len(c.Issues)
	}
	switch {
	case good == len(checks) && issues == 0:
		return "HEALTHY"
	case good > 0:
		return "PARTIAL"
	}
	return "NO_DATA"
}

// measured checks the newest values of a robot.
func (s *Server) measured(r *http.Request, id tonypi.RobotID, period time.Duration, now time.Time) (check, error) {
	c := check{Source: "InfluxDB", Message: "No data in the period", Timestamp: now, Issues: []string{}}
	readings, err := s.cfg.History.Latest(r.Context(), id)
	if err != nil {
		return c, err
	}
	sample := map[string]any{}
	for _, reading := range readings {
		if now.Sub(reading.Time) > period {
			continue
		}
		info, _ := reading.Metric.Info()
		name := info.Field
		if reading.Source != "" {
			name = reading.Source + "." + name
		}
		sample[name] = reading.Value
		if b, ok := bounds[reading.Metric]; ok && (reading.Value < b[0] || reading.Value > b[1]) {
			c.Issues = append(c.Issues, info.Title+" is out of range")
		}
	}
	if len(sample) > 0 {
		c.Valid, c.Message, c.Sample = true, "There is data in the period", sample
	}
	slices.Sort(c.Issues)
	return c, nil
}

// validateAll answers GET /validate/all-robots.
func (s *Server) validateAll(http.ResponseWriter, *http.Request) (any, error) {
	robots := s.cfg.Fleet.Summaries()
	if len(robots) == 0 {
		return map[string]any{"total_robots": 0, "message": "No robots registered", "robots": []any{}}, nil
	}
	list, healthy := []any{}, 0
	for _, robot := range robots {
		hasData := robot.Battery != nil || robot.CPU != nil || robot.Hottest != nil
		health := "INACTIVE"
		if active := time.Since(robot.LastSeen) < activeFor; active && hasData {
			health = "HEALTHY"
			healthy++
		} else if active {
			health = "PARTIAL"
		}
		list = append(list, map[string]any{
			"robot_id": robot.ID, "name": robot.Name, "status": statusOf(robot), "last_seen": moment(robot.LastSeen),
			"has_influx_data": hasData, "is_active": health != "INACTIVE", "health": health,
		})
	}
	return map[string]any{"total_robots": len(robots), "healthy": healthy, "robots": list}, nil
}

// dataSample answers GET /validate/data-sample/{robot_id}: the newest samples of one measurement within an hour.
func (s *Server) dataSample(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	limit, err := count(r, 10, 1000)
	if err != nil {
		return nil, err
	}
	name := r.URL.Query().Get("measurement")
	if name == "" {
		name = "robot_status"
	}
	if real, ok := measurements[name]; ok {
		name = real
	}
	empty := map[string]any{"robot_id": id, "measurement": name, "samples": []any{}, "message": "No data found"}
	var metrics []tonypi.Metric
	for _, m := range tonypi.Metrics {
		if m.Measurement == name {
			metrics = append(metrics, m.Metric)
		}
	}
	if metrics == nil {
		return empty, nil
	}
	now := time.Now()
	series, err := s.cfg.History.Range(r.Context(), tonypi.SeriesQuery{Robot: id, Metrics: metrics, From: now.Add(-time.Hour), To: now, Step: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	type sample struct {
		Time  time.Time `json:"time"`
		Field string    `json:"field"`
		Tag   string    `json:"source"`
		Value float64   `json:"value"`
	}
	var samples []sample
	for _, one := range series {
		info, _ := one.Key.Metric.Info()
		for _, b := range one.Buckets {
			samples = append(samples, sample{b.Time.UTC(), info.Field, one.Key.Source, b.Last})
		}
	}
	if len(samples) == 0 {
		return empty, nil
	}
	slices.SortStableFunc(samples, func(a, b sample) int { return b.Time.Compare(a.Time) })
	return map[string]any{
		"robot_id": id, "measurement": name, "total_points": len(samples), "samples": samples[:min(limit, len(samples))], "message": "Data found",
	}, nil
}

// expectedFormat answers GET /validate/expected-format.
func expectedFormat(http.ResponseWriter, *http.Request) (any, error) {
	job := func(status string, more map[string]any) map[string]any {
		event := map[string]any{"robot_id": "tonypi_01", "status": status, "timestamp": "2026-11-23T12:00:00"}
		for name, v := range more {
			event[name] = v
		}
		return event
	}
	topics := map[string]string{}
	for _, name := range strings.Fields("sensors servos status logs job scan vision") {
		topics[name] = "tonypi/" + name + "/{robot_id}"
	}
	topics["battery"], topics["location"] = "tonypi/battery", "tonypi/location"
	return map[string]any{
		"mqtt_topics":        topics,
		"sensor_data_format": map[string]any{"robot_id": "tonypi_01", "sensor_type": "accelerometer_x", "value": 0.12, "unit": "m/s^2", "timestamp": "2026-11-23T12:00:00"},
		"status_data_format": map[string]any{
			"robot_id": "tonypi_01", "status": "online", "timestamp": "2026-11-23T12:00:00", "ip_address": "192.168.1.50",
			"camera_url":  "http://192.168.1.50:8081/?action=stream",
			"system_info": map[string]any{"cpu_percent": 25.0, "memory_percent": 40.0, "disk_usage": 35.0, "cpu_temperature": 48.5, "uptime": 3600},
		},
		"job_data_format":      job("working", map[string]any{"items_total": 10, "items_done": 4, "percent": 40.0, "task_name": "inventory_scan"}),
		"example_mqtt_publish": map[string]any{"topic": "tonypi/battery", "payload": map[string]any{"robot_id": "tonypi_01", "percentage": 81.5, "voltage": 11.9, "charging": false}},
		"example_job_events": []any{
			job("started", map[string]any{"task_name": "inventory_scan", "items_total": 10}), job("working", map[string]any{"items_done": 4}),
			job("completed", map[string]any{"items_done": 10, "success": true}), job("cancelled", map[string]any{"reason": "stopped by command"}),
		},
		"notes": []string{
			"The robot in the topic counts, not the one in the payload.", "Times without an offset are taken as the robot's local time.",
			"docs/protocol.md of the program describes every topic and field.",
		},
	}, nil
}
