package compat

import (
	"cmp"
	"context"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// thresholds are the original's columns for a robot's limits, with the rule and the threshold that each stands for.
var thresholds = map[string]struct {
	rule     string
	critical bool
}{
	"battery_threshold_low": {"battery", false}, "battery_threshold_critical": {"battery", true},
	"temp_threshold_warning": {"temperature", false}, "temp_threshold_critical": {"temperature", true},
}

// number makes a whole number of a name, for clients that expect one. It is the same at every call.
func number(id tonypi.RobotID) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return int64(h.Sum32() >> 1)
}

// robotObject is a robot as the original told it.
func (s *Server) robotObject(r tonypi.Summary) map[string]any {
	object := map[string]any{
		"id": number(r.ID), "robot_id": r.ID, "name": r.Name, "description": orNull(r.Description), "location": orNull(r.Location),
		"status": statusOf(r), "ip_address": orNull(r.Address), "camera_url": orNull(r.CameraURL), "settings": nil,
		"last_seen": moment(r.LastSeen), "created_at": moment(r.CreatedAt), "updated_at": moment(r.UpdatedAt), "is_active": true,
	}
	for name, t := range thresholds {
		if rule, ok := s.rule(r.ID, t.rule); ok {
			object[name] = rule.Warning
			if t.critical {
				object[name] = rule.Critical
			}
		}
	}
	return object
}

func (s *Server) listRobots(http.ResponseWriter, *http.Request) (any, error) {
	list := []any{}
	for _, r := range s.cfg.Fleet.Summaries() {
		list = append(list, s.robotObject(r))
	}
	return list, nil
}

func (s *Server) getRobot(_ http.ResponseWriter, r *http.Request) (any, error) {
	robot, err := s.cfg.Fleet.Summary(robotOf(r))
	if err != nil {
		return nil, err
	}
	return s.robotObject(robot), nil
}

// robotBody is what the original took of a robot; nil is "not given". Location is any JSON there, text here.
type robotBody struct {
	Robot       string  `json:"robot_id"`
	Name        *string `json:"name"`
	Description *string `json:"description"`
	Location    any     `json:"location"`
	limits
}

type limits struct {
	BatteryLow      *float64 `json:"battery_threshold_low"`
	BatteryCritical *float64 `json:"battery_threshold_critical"`
	TempWarning     *float64 `json:"temp_threshold_warning"`
	TempCritical    *float64 `json:"temp_threshold_critical"`
}

// apply writes what the body gives into the robot, and returns the names of the fields that it gave.
func (b *robotBody) apply(robot *tonypi.Robot) (changed []string, err error) {
	if b.Name != nil {
		robot.Name, changed = *b.Name, append(changed, "name")
	}
	if b.Description != nil {
		robot.Description, changed = *b.Description, append(changed, "description")
	}
	switch place := b.Location.(type) {
	case nil:
	case string:
		robot.Location, changed = place, append(changed, "location")
	default:
		return nil, &invalid{"body", "location", "string_type", "Input should be a valid string", place}
	}
	return changed, nil
}

func (s *Server) createRobot(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body robotBody
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"robot_id", body.Robot}); err != nil {
		return nil, err
	}
	robot := tonypi.Robot{ID: tonypi.RobotID(body.Robot), Name: body.Robot}
	if _, err := body.apply(&robot); err != nil {
		return nil, err
	}
	password, err := s.cfg.Robots.Create(r.Context(), robot)
	if tonypi.KindOf(err) == tonypi.Conflict && err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "Robot already exists")
	}
	if err != nil {
		return nil, err
	}
	s.record(r, "robot.create", robot.ID, "", "Created the robot")
	s.logAPI("Robot created: "+body.Robot, robot.ID)
	if _, err := s.setLimits(r.Context(), robot.ID, body.limits); err != nil {
		return nil, err
	}
	created, err := s.cfg.Fleet.Summary(robot.ID)
	if err != nil {
		return nil, err
	}
	object := s.robotObject(created)
	object["mqtt_password"] = password // shown once
	return object, nil
}

func (s *Server) updateRobot(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body robotBody
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	robot, err := s.cfg.Fleet.Summary(robotOf(r))
	if err != nil {
		return nil, err
	}
	changed, err := body.apply(&robot.Robot)
	if err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		if err := s.cfg.Robots.Update(r.Context(), robot.Robot); err != nil {
			return nil, err
		}
	}
	ruled, err := s.setLimits(r.Context(), robot.ID, body.limits)
	if err != nil {
		return nil, err
	}
	if changed = append(changed, ruled...); len(changed) > 0 {
		what := strings.Join(changed, ", ")
		s.record(r, "robot.update", robot.ID, "", "Changed "+what)
		s.logAPI("Robot updated: "+string(robot.ID)+" ("+what+")", robot.ID)
	}
	if robot, err = s.cfg.Fleet.Summary(robot.ID); err != nil {
		return nil, err
	}
	return s.robotObject(robot), nil
}

// setLimits makes rules of the robot's own from the original's columns.
func (s *Server) setLimits(ctx context.Context, id tonypi.RobotID, l limits) (changed []string, err error) {
	given := map[string]*float64{
		"battery_threshold_low": l.BatteryLow, "battery_threshold_critical": l.BatteryCritical,
		"temp_threshold_warning": l.TempWarning, "temp_threshold_critical": l.TempCritical,
	}
	rules := map[string]tonypi.Rule{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, t := given[name], thresholds[name]
		if value == nil {
			continue
		}
		rule, ok := rules[t.rule]
		if !ok {
			if rule, ok = s.rule(id, t.rule); !ok {
				return nil, tonypi.Errorf(tonypi.NotFound, "There is no rule about %s", t.rule)
			}
		}
		if rule.Robot != id {
			rule.ID, rule.Robot = 0, id
		}
		if t.critical {
			rule.Critical = *value
		} else {
			rule.Warning = *value
		}
		rules[t.rule] = rule
		changed = append(changed, name)
	}
	for _, rule := range rules {
		if err := rule.Validate(); err != nil {
			return nil, err
		}
		if _, err := s.cfg.Rules.SaveRule(ctx, rule); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func (s *Server) deleteRobot(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	if err := s.cfg.Robots.Remove(r.Context(), id); err != nil {
		return nil, err
	}
	s.record(r, "robot.remove", id, "", "Removed the robot")
	s.logAPI("Robot deleted: "+string(id), id)
	return map[string]string{"message": "Robot deleted successfully"}, nil
}

func (s *Server) logAPI(message string, robot tonypi.RobotID) {
	s.cfg.Record.Log(tonypi.LogEntry{Level: "INFO", Category: "api", Source: "api", Message: message, Robot: robot})
}

func (s *Server) robotLogs(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := count(r, 100, 1000)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	f := tonypi.LogFilter{Robot: tonypi.RobotID(q.Get("robot_id")), Category: q.Get("category"), Limit: limit}
	if level := q.Get("level"); level != "" {
		f.Levels = []string{strings.ToUpper(level)}
	}
	logs, err := s.cfg.LogStore.Logs(r.Context(), f)
	if err != nil {
		return nil, err
	}
	return emptyList(logs), nil
}

// emptyList is an empty list instead of null.
func emptyList[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// stats answers GET /robots-db/stats.
func (s *Server) stats(_ http.ResponseWriter, r *http.Request) (any, error) {
	totals, err := s.cfg.JobStore.JobTotals(r.Context(), "", midnight(time.Now()))
	if err != nil {
		return nil, err
	}
	robots := s.cfg.Fleet.Summaries()
	online := 0
	for _, robot := range robots {
		if robot.Online {
			online++
		}
	}
	return map[string]int{
		"total_robots": len(robots), "online_robots": online, "offline_robots": len(robots) - online,
		"total_jobs": totals.Total, "active_jobs": totals.Active, "completed_jobs_today": totals.CompletedToday,
	}, nil
}

// createAlert answers POST /alerts.
func (s *Server) createAlert(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Type      string   `json:"alert_type"`
		Severity  string   `json:"severity"`
		Title     string   `json:"title"`
		Message   string   `json:"message"`
		Robot     string   `json:"robot_id"`
		Source    string   `json:"source"`
		Value     *float64 `json:"value"`
		Threshold *float64 `json:"threshold"`
	}
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"alert_type", body.Type}, [2]string{"severity", body.Severity}, [2]string{"title", body.Title}, [2]string{"message", body.Message}); err != nil {
		return nil, err
	}
	severity := tonypi.Severity(strings.ToLower(body.Severity))
	if severity.Rank() == 0 {
		return nil, &invalid{"body", "severity", "enum", "Input should be info, warning or critical", body.Severity}
	}
	if len(body.Type) > 50 || len(body.Title) > 300 || len(body.Message) > 4000 || len(body.Source) > 200 {
		return nil, &invalid{"body", "alert_type", "string_too_long", "alert_type has at most 50, source 200, title 300 and message 4000 bytes", nil}
	}
	if id := tonypi.RobotID(body.Robot); id != "" && id.Validate() != nil {
		return nil, &invalid{"body", "robot_id", "value_error", "Input should be a robot's ID", nil}
	}
	a := tonypi.Alert{Robot: tonypi.RobotID(body.Robot), Type: body.Type, Source: body.Source, Severity: severity, Title: body.Title, Message: body.Message}
	if body.Value != nil {
		a.Value = *body.Value
	}
	if body.Threshold != nil {
		a.Threshold = *body.Threshold
	}
	if err := s.mayRaise(r.Context(), a); err != nil {
		return nil, err
	}
	s.cfg.Raise.Raise(time.Now(), a)
	s.record(r, "alert.create", a.Robot, a.Type, a.Title)
	return s.raised(r.Context(), a)
}

// maxOwnAlerts is how many alerts that no rule raised may be open.
const maxOwnAlerts = 1000

// mayRaise reports TooMany when too many alerts are open that no rule raised, unless this one is among them.
func (s *Server) mayRaise(ctx context.Context, a tonypi.Alert) error {
	open, err := s.cfg.Alerts.OpenAlerts(ctx)
	if err != nil {
		return err
	}
	own := 0
	for _, b := range open {
		switch {
		case b.Robot == a.Robot && b.Type == a.Type && b.Source == a.Source:
			return nil
		case b.RuleID == 0 && !slices.Contains(tonypi.EventAlerts, b.Type):
			own++
		}
	}
	if own >= maxOwnAlerts {
		return tonypi.Errorf(tonypi.TooMany, "%d alerts that no rule raised are open; resolve some first", own)
	}
	return nil
}

// raised finds the alert that was just raised. It is written behind, so the store may need a moment.
func (s *Server) raised(ctx context.Context, a tonypi.Alert) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		open, err := s.cfg.Alerts.OpenAlerts(ctx)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(open, func(b tonypi.Alert) bool {
			return b.Robot == a.Robot && b.Type == a.Type && b.Source == a.Source && b.Title == a.Title
		})
		if i >= 0 {
			return open[i], nil
		}
		select {
		case <-ctx.Done():
			return nil, tonypi.Errorf(tonypi.Unavailable, "The alert is open, but it is not stored yet, or a rule disables its type")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// perfRow is one value of a robot's computer as the original told it.
type perfRow struct {
	Time        time.Time `json:"time"`
	Measurement string    `json:"measurement"`
	Field       string    `json:"field"`
	Value       any       `json:"value"`
	Robot       string    `json:"robot_id"`
	StatusType  string    `json:"status_type"`
}

// perf answers GET /pi/perf/{host}: the newest rows in the order of their times, of this robot only.
func (s *Server) perf(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := tonypi.RobotID(r.PathValue("host"))
	_, period, err := timeRange(r, "5m")
	if err != nil {
		return nil, err
	}
	rows, err := s.statusRows(r.Context(), id, period)
	if err != nil {
		return nil, err
	}
	const most = 5000
	return rows[max(0, len(rows)-most):], nil
}

// statusRows reads what robot_status held in the original, oldest first.
func (s *Server) statusRows(ctx context.Context, id tonypi.RobotID, period time.Duration) ([]perfRow, error) {
	var metrics []tonypi.Metric
	for _, m := range tonypi.Metrics {
		if m.Measurement == "robot_status" && strings.HasPrefix(m.Field, "system_") {
			metrics = append(metrics, m.Metric)
		}
	}
	now := time.Now()
	step := max(time.Second, (period / 1000).Truncate(time.Second))
	series, err := s.cfg.History.Range(ctx, tonypi.SeriesQuery{Robot: id, Metrics: metrics, From: now.Add(-period), To: now, Step: step})
	if err != nil {
		return nil, err
	}
	rows := []perfRow{}
	for _, one := range series {
		info, _ := one.Key.Metric.Info()
		for _, b := range one.Buckets {
			rows = append(rows, perfRow{b.Time.UTC(), "robot_status", info.Field, plain(tonypi.Reading{Metric: one.Key.Metric, Value: b.Last}), string(id), string(id)})
			if one.Key.Metric == tonypi.CPUTemperature {
				rows = append(rows, perfRow{b.Time.UTC(), "robot_status", "system_temperature", b.Last, string(id), string(id)})
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b perfRow) int { return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Field, b.Field)) })
	return rows, nil
}
