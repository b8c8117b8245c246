package api

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"tonypi"
)

// StopRequest says why robots are to stop. Nothing of it is needed, and nothing that is wrong with it keeps a robot from
// stopping: what cannot be read is left out.
type StopRequest struct {
	Reason    string    `json:"reason,omitempty" maxLength:"500"`
	ClickedAt time.Time `json:"clicked_at,omitzero" doc:"When the person clicked, by the browser's clock set to the server's"`
	CommandID string    `json:"command_id,omitempty" maxLength:"100" doc:"The caller's own name for the stop: sent again, also over the live socket, it counts once"`
}

// ResumeRequest lets a robot move again.
type ResumeRequest struct {
	Confirmed bool      `json:"confirmed" doc:"The person looked at the robot and means it; must be true"`
	Reason    string    `json:"reason,omitempty" maxLength:"500"`
	ClickedAt time.Time `json:"clicked_at,omitzero"`
}

// ResumeBatch lets several robots move again, or all.
type ResumeBatch struct {
	ResumeRequest
	Robots []tonypi.RobotID `json:"robots,omitempty" maxItems:"1000" nullable:"false"`
	All    bool             `json:"all,omitempty" doc:"Every adopted robot, instead of robots"`
}

// LatencyList tells how fast stops were.
type LatencyList struct {
	Robots []tonypi.StopLatencies `json:"robots" nullable:"false" doc:"One robot with its points, or all: first the overall one"`
}

type (
	resumeIn struct {
		RobotPath
		WaitParam
		Body ResumeRequest
	}
	resumeAllIn struct {
		WaitParam
		Body ResumeBatch
	}
	latencyIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Since string         `query:"time_range" enum:"1h,6h,24h,7d,30d,all" default:"24h"`
	}
	latencyOut struct{ Body LatencyList }
)

// Bounds of what a stop may say about itself, in bytes.
const (
	maxReason    = 500
	maxCommandID = 100
)

func (s *Server) registerStops(r *routes) {
	defer r.needs(s.cfg.Commands != nil, tonypi.Errorf(tonypi.Unavailable, "This server sends no commands"))()
	const waitDoc = "Seconds to wait for the outcome, 0 to 60; the answer is then 200 if it is known"
	stop := func(id, route, summary string) (o operation) {
		return engineAudits("stop", urgent(waits(takes[StopRequest](r, number(op(id, route, "stops", summary), "wait", waitDoc)))))
	}
	one := stop("emergency-stop", "POST /robots/{robot_id}/emergency-stop", "Stop a robot at once")
	raw(r, may(tonypi.SendCommands), answers[tonypi.Command](r, answers[tonypi.Command](r, one, 202), 200), s.stop)
	all := stop("emergency-stop-all", "POST /emergency-stop", "Stop all robots at once")
	raw(r, may(tonypi.SendCommands), answers[CommandList](r, answers[CommandList](r, all, 202), 200), s.stopAll)
	add(r, may(tonypi.SendCommands), engineAudits("resume", urgent(waits(answers[tonypi.Command](r, accepted(
		op("resume", "POST /robots/{robot_id}/resume", "stops", "Let a stopped robot move again")), 200)))), s.resume)
	add(r, may(tonypi.SendCommands), engineAudits("resume", urgent(waits(answers[CommandList](r, accepted(
		op("resume-all", "POST /resume", "stops", "Let several stopped robots move again, or all")), 200)))), s.resumeAll)
	add(r, may(tonypi.View), op("stop-latency", "GET /stops/latency", "stops", "How fast stops were, from click to stopped body"), s.stopLatency)
}

func (s *Server) stop(w http.ResponseWriter, r *http.Request) error {
	o, wait := stopOrder(r)
	o.Robots = []tonypi.RobotID{tonypi.RobotID(r.PathValue("robot_id"))}
	all, ended, err := s.send(r.Context(), o, wait)
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return tonypi.Errorf(tonypi.Internal, "a stop of one robot made no command")
	case all[0].Status == tonypi.CommandRefused:
		return s.refused(all[0])
	}
	writeJSON(w, statusOf(ended), all[0])
	return nil
}

func (s *Server) stopAll(w http.ResponseWriter, r *http.Request) error {
	o, wait := stopOrder(r)
	o.All = true
	all, ended, err := s.send(r.Context(), o, wait)
	if err != nil {
		return err
	}
	writeJSON(w, statusOf(ended), CommandList{all})
	return nil
}

// stopOrder reads what there is to read: a stop must not fail because its request is badly written.
func stopOrder(r *http.Request) (o tonypi.Order, wait float64) {
	o = tonypi.Order{Type: tonypi.StopCommand, Confirmed: true, By: tonypi.CallerOf(r.Context())}
	var members map[string]json.RawMessage
	if body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10)); err == nil && json.Unmarshal(body, &members) == nil {
		_ = json.Unmarshal(members["reason"], &o.Reason)
		_ = json.Unmarshal(members["clicked_at"], &o.ClickedAt)
		_ = json.Unmarshal(members["command_id"], &o.ID)
		_ = json.Unmarshal(members["command_id"], &o.ID)
	}
	if len(o.ID) > maxCommandID {
		o.ID = ""
	}
	o.Reason = shorten(o.Reason, maxReason)
	wait, err := strconv.ParseFloat(r.URL.Query().Get("wait"), 64)
	if err != nil || math.IsNaN(wait) {
		wait = 0
	}
	return o, min(max(wait, 0), maxWait.Seconds())
}

func (s *Server) resume(ctx context.Context, in *resumeIn) (*commandOut, error) {
	o, err := resumeOrder(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	o.Robots = []tonypi.RobotID{in.Robot}
	return s.order(ctx, o, in.Wait)
}

func (s *Server) resumeAll(ctx context.Context, in *resumeAllIn) (*commandsOut, error) {
	if in.Body.All == (len(in.Body.Robots) > 0) {
		return nil, tonypi.Errorf(tonypi.Invalid, "give either robots or all: true")
	}
	o, err := resumeOrder(ctx, in.Body.ResumeRequest)
	if err != nil {
		return nil, err
	}
	o.Robots, o.All = in.Body.Robots, in.Body.All
	all, ended, err := s.send(ctx, o, in.Wait)
	return &commandsOut{statusOf(ended), CommandList{all}}, err
}

func resumeOrder(ctx context.Context, in ResumeRequest) (tonypi.Order, error) {
	o := tonypi.Order{
		Type: tonypi.ResumeCommand, Reason: in.Reason, Confirmed: in.Confirmed, ClickedAt: in.ClickedAt, By: tonypi.CallerOf(ctx),
	}
	if !in.Confirmed {
		return o, tonypi.Errorf(tonypi.Invalid, "A resume needs confirmed: true")
	}
	return o, nil
}

func (s *Server) stopLatency(ctx context.Context, in *latencyIn) (*latencyOut, error) {
	if in.Robot != "" {
		if _, err := s.robot(in.Robot); err != nil {
			return nil, err
		}
	}
	all, err := s.cfg.Commands.StopLatencies(ctx, in.Robot, since(in.Since))
	all = filled(all)
	for i := range all {
		all[i].Points = filled(all[i].Points)
	}
	return &latencyOut{LatencyList{all}}, err
}
