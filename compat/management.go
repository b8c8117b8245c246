package compat

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"tonypi"
)

// Status is how the server and its parts are.
type Status struct {
	Uptime      time.Duration
	Healthy     bool
	Services    map[string]string // mqtt_broker, influxdb, postgres, grafana: running, or what is wrong
	CPU         float64           // percent of the server's machine
	Memory      float64           // percent
	Disk        float64           // percent
	Connections int
}

// envelope are the members of a command's body that are no parameters.
var envelope = []string{"type", "command", "id", "command_id", "robot_id", "parameters", "timestamp", "reason", "confirmed"}

// robotDataCommand answers POST /robot-data/command: any object with a type goes to one robot, or to all.
func (s *Server) robotDataCommand(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body map[string]any
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if body == nil {
		return nil, &invalid{"body", "body", "dict_type", "Input should be a valid dictionary", nil}
	}
	order, err := orderOf(r.Context(), body)
	if err != nil {
		return nil, err
	}
	topic := "tonypi/commands/broadcast"
	if !order.All {
		topic = "tonypi/commands/" + string(order.Robots[0])
	}
	commands, err := s.send(r.Context(), order)
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		return nil, err
	}
	answer := outcome(commands, err, "Command sent to robot")
	answer["topic"], answer["command"] = topic, body
	return answer, nil
}

func orderOf(ctx context.Context, body map[string]any) (tonypi.Order, error) {
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := body[name].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	o := tonypi.Order{ID: text("id", "command_id"), Type: text("type", "command"), Reason: text("reason"), By: tonypi.CallerOf(ctx)}
	if o.Type == "" {
		return o, &invalid{"body", "type", "missing", "Field required", nil}
	}
	if len(o.ID) > 100 {
		return o, &invalid{"body", "id", "string_too_long", "String should have at most 100 characters", nil}
	}
	if o.ID != "" {
		// Two people may use the same name for two different commands.
		o.ID = "c:" + o.By.Name + ":" + o.ID
	}
	o.Confirmed = body["confirmed"] != false // whoever calls the original's path has no way to confirm
	if robot := text("robot_id"); robot != "" {
		o.Robots = []tonypi.RobotID{tonypi.RobotID(robot)}
	} else {
		o.All = true
	}
	o.Parameters = maps.Clone(body)
	for _, name := range envelope {
		delete(o.Parameters, name)
	}
	if nested, ok := body["parameters"].(map[string]any); ok {
		maps.Copy(o.Parameters, nested)
	}
	return o, nil
}

// send takes an order the way its type needs.
func (s *Server) send(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	switch o.Type {
	case tonypi.StopCommand:
		return s.cfg.Commands.Stop(ctx, o)
	case tonypi.ResumeCommand:
		return s.cfg.Commands.Resume(ctx, o)
	}
	return s.cfg.Commands.Send(ctx, o)
}

// outcome says whether the commands were sent. A command that was refused is told as such: the original said success to it.
func outcome(commands []tonypi.Command, err error, said string) map[string]any {
	answer := map[string]any{"success": err == nil, "message": said}
	if err != nil {
		answer["message"] = tonypi.MessageOf(err)
		return answer
	}
	sent, why := 0, ""
	ids := []string{}
	for _, c := range commands {
		ids = append(ids, c.ID)
		if c.Status == tonypi.CommandRefused {
			why = c.Message
			continue
		}
		sent++
	}
	answer["command_ids"] = ids
	if len(ids) > 0 {
		answer["command_id"] = ids[0]
	}
	if len(commands) > 0 && commands[0].Batch != "" {
		answer["command_id"] = commands[0].Batch
	}
	if sent == 0 {
		answer["success"] = false
		if answer["message"] = why; why == "" {
			answer["message"] = "There is no robot"
		}
	}
	return answer
}

// managementCommand answers POST /management/command.
func (s *Server) managementCommand(_ http.ResponseWriter, r *http.Request) (any, error) {
	body := struct {
		Command    string         `json:"command"`
		Parameters map[string]any `json:"parameters"`
		Robot      string         `json:"robot_id"`
	}{Robot: "tonypi_01"}
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"command", body.Command}); err != nil {
		return nil, err
	}
	commands, err := s.send(r.Context(), tonypi.Order{
		Robots: []tonypi.RobotID{tonypi.RobotID(body.Robot)}, Type: body.Command, Parameters: body.Parameters,
		Confirmed: true, By: tonypi.CallerOf(r.Context()),
	})
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		return nil, tonypi.Wrap(tonypi.KindOf(err), err, "Failed to send command: %s", tonypi.MessageOf(err))
	}
	return outcome(commands, err, "Command sent successfully"), nil
}

// triggerScan answers POST /robot-data/trigger-scan.
func (s *Server) triggerScan(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Robot string `json:"robot_id"`
		Code  string `json:"qr"`
	}
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"robot_id", body.Robot}, [2]string{"qr", body.Code}); err != nil {
		return nil, err
	}
	robot := tonypi.RobotID(body.Robot)
	if _, err := s.cfg.Fleet.Summary(robot); err != nil {
		return nil, err
	}
	if err := s.cfg.Jobs.Trigger(r.Context(), robot, body.Code); err != nil {
		return nil, err
	}
	s.record(r, "scan.trigger", robot, body.Code, "Triggered a scan")
	return map[string]any{
		"success": true, "topic": "tonypi/scan/" + body.Robot,
		"payload": map[string]any{"robot_id": body.Robot, "qr": body.Code, "timestamp": moment(time.Now())},
	}, nil
}

// managementRobots answers GET /management/robots.
func (s *Server) managementRobots(_ http.ResponseWriter, r *http.Request) (any, error) {
	list := []any{}
	for _, robot := range s.cfg.Fleet.Summaries() {
		capabilities := []string{"movement"}
		if robot.CameraURL != "" {
			capabilities = append(capabilities, "camera")
		}
		list = append(list, map[string]any{
			"robot_id": robot.ID, "name": robot.Name, "type": "HiWonder TonyPi", "status": statusOf(robot),
			"last_seen": moment(robot.LastSeen), "capabilities": capabilities, "battery_level": robot.Battery,
		})
	}
	return list, nil
}

// getConfig answers GET /management/robots/{robot_id}/config with what was really set.
func (s *Server) getConfig(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	if _, err := s.cfg.Fleet.Summary(id); err != nil {
		return nil, err
	}
	config, err := s.cfg.Configs.Config(r.Context(), id)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{}
	if len(config.Settings) > 0 {
		if err := json.Unmarshal(config.Settings, &answer); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{"navigation", "sensors", "behavior"} {
		if _, set := answer[name]; !set {
			answer[name] = map[string]any{}
		}
	}
	answer["robot_id"], answer["version"], answer["applied_version"] = id, config.Version, config.AppliedVersion
	return answer, nil
}

// putConfig answers PUT /management/robots/{robot_id}/config.
func (s *Server) putConfig(_ http.ResponseWriter, r *http.Request) (any, error) {
	var body struct {
		Type string          `json:"config_type"`
		Data json.RawMessage `json:"config_data"`
	}
	if err := readBody(r, &body, false); err != nil {
		return nil, err
	}
	if err := missing([2]string{"config_type", body.Type}, [2]string{"config_data", string(body.Data)}); err != nil {
		return nil, err
	}
	if !strings.HasPrefix(strings.TrimSpace(string(body.Data)), "{") {
		return nil, &invalid{"body", "config_data", "dict_type", "Input should be a valid dictionary", nil}
	}
	config, err := s.cfg.Configs.MergeConfig(r.Context(), robotOf(r), body.Type, body.Data, tonypi.CallerOf(r.Context()))
	if err != nil {
		return nil, err
	}
	return map[string]any{"message": "Configuration updated successfully", "version": config.Version}, nil
}

type stopBody struct {
	Reason    string `json:"reason"`
	Broadcast bool   `json:"broadcast"`
}

// emergencyStop answers POST /management/robots/{robot_id}/emergency-stop.
func (s *Server) emergencyStop(_ http.ResponseWriter, r *http.Request) (any, error) {
	body := stopBody{Reason: "User triggered emergency stop"}
	broken := readBody(r, &body, true) // a stop that is badly written is a stop all the same
	id := robotOf(r)
	if id == "broadcast" || body.Broadcast {
		return s.stop(r, tonypi.Order{All: true, Reason: body.Reason}, "Emergency stop sent to all robots", broken)
	}
	return s.stop(r, tonypi.Order{Robots: []tonypi.RobotID{id}, Reason: body.Reason}, "Emergency stop sent to "+string(id), broken)
}

// emergencyStopAll answers POST /management/emergency-stop/broadcast.
func (s *Server) emergencyStopAll(_ http.ResponseWriter, r *http.Request) (any, error) {
	body := stopBody{Reason: "Broadcast emergency stop"}
	broken := readBody(r, &body, true)
	return s.stop(r, tonypi.Order{All: true, Reason: body.Reason}, "Emergency stop sent to all robots", broken)
}

func (s *Server) stop(r *http.Request, o tonypi.Order, said string, broken error) (any, error) {
	o.Type, o.By = tonypi.StopCommand, tonypi.CallerOf(r.Context())
	commands, err := s.cfg.Commands.Stop(r.Context(), o)
	if err != nil {
		return nil, err
	}
	answer := outcome(commands, nil, said)
	if broken != nil {
		answer["note"] = "The body of the request could not be read and was ignored"
	}
	return answer, nil
}

// resume answers POST /management/robots/{robot_id}/resume.
func (s *Server) resume(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	commands, err := s.cfg.Commands.Resume(r.Context(), tonypi.Order{
		Robots: []tonypi.RobotID{id}, Type: tonypi.ResumeCommand, Confirmed: true, By: tonypi.CallerOf(r.Context()),
	})
	if err != nil {
		return nil, err
	}
	return outcome(commands, nil, "Resume command sent to "+string(id)), nil
}

// systemStatus answers GET /management/system/status.
func (s *Server) systemStatus(_ http.ResponseWriter, r *http.Request) (any, error) {
	status := s.cfg.Status(r.Context())
	active := 0
	for _, robot := range s.cfg.Fleet.Summaries() {
		if robot.Online {
			active++
		}
	}
	today := midnight(time.Now())
	commands, err := s.cfg.CommandLog.Commands(r.Context(), tonypi.CommandFilter{Since: today, Limit: 10000})
	if err != nil {
		return nil, err
	}
	health := "degraded"
	if status.Healthy {
		health = "healthy"
	}
	return map[string]any{
		"system_uptime": status.Uptime.Truncate(time.Second).String(), "active_robots": active, "total_commands_today": len(commands),
		"system_health": health, "services": status.Services,
		"resource_usage": map[string]float64{
			"cpu_percent": status.CPU, "memory_percent": status.Memory, "disk_usage_percent": status.Disk,
		},
	}, nil
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Local().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.Local)
}

// record writes down what a person did.
func (s *Server) record(r *http.Request, action string, robot tonypi.RobotID, target, message string) {
	by := tonypi.CallerOf(r.Context())
	s.cfg.Record.Record(tonypi.AuditEntry{
		User: by.Name, Role: by.Role, Address: by.Address, Action: action, Robot: robot, Target: target, OK: true, Message: message,
	})
}
