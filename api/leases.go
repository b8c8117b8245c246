package api

import (
	"context"
	"encoding/json"

	"tonypi"
)

// TakeLease asks for control over a robot.
type TakeLease struct {
	Force bool `json:"force,omitempty" doc:"Take it from whoever has it; needs the right break_lease"`
}

// HandOver names who gets control.
type HandOver struct {
	To string `json:"to" minLength:"1" maxLength:"100" doc:"Name of a user who asked for control"`
}

// RobotSettings are a robot's settings, and whether it obeys them.
type RobotSettings struct {
	tonypi.RobotConfig
	Drift bool `json:"drift" doc:"The robot has not said that it obeys this version"`
}

// NewSettings replace all settings of a robot.
type NewSettings struct {
	Settings json.RawMessage `json:"settings" doc:"Object of objects by config_type, 64 KiB in all; safety, reporting and camera are known to our agent"`
	Version  int64           `json:"version" doc:"The version that these were made from; the answer is 409 when there is a newer one, -1 skips that check"`
}

type (
	takeLeaseIn struct {
		RobotPath
		Body *TakeLease
	}
	handOverIn struct {
		RobotPath
		Body HandOver
	}
	setConfigIn struct {
		RobotPath
		Body NewSettings
	}
	leaseOut  struct{ Body tonypi.Lease }
	configOut struct{ Body RobotSettings }
)

func (s *Server) registerLeases(r *routes) {
	undo := r.needs(s.cfg.Leases != nil, tonypi.Errorf(tonypi.Unavailable, "This server knows no exclusive control"))
	add(r, may(tonypi.View), op("get-lease", "GET /robots/{robot_id}/lease", "control", "Who has control over a robot"), s.getLease)
	add(r, may(tonypi.SendCommands), engineAudits("lease.take", op("take-lease", "POST /robots/{robot_id}/lease", "control", "Take or keep control over a robot; 409 names who has it")), s.takeLease)
	add(r, may(tonypi.SendCommands), engineAudits("lease.release", op("release-lease", "DELETE /robots/{robot_id}/lease", "control", "Give up control over a robot")), s.releaseLease)
	add(r, may(tonypi.SendCommands), engineAudits("lease.hand_over", op("hand-over-lease", "POST /robots/{robot_id}/lease/hand-over", "control", "Give control to somebody who asked for it")), s.handOver)
	undo()
	defer r.needs(s.cfg.Configs != nil, tonypi.Errorf(tonypi.Unavailable, "This server keeps no settings of robots"))()
	add(r, may(tonypi.View), op("get-config", "GET /robots/{robot_id}/config", "control", "A robot's settings, and whether it obeys them"), s.getConfig)
	add(r, may(tonypi.Configure), engineAudits("robot.config", op("set-config", "PUT /robots/{robot_id}/config", "control", "Replace a robot's settings and tell the robot")), s.setConfig)
}

func (s *Server) getLease(ctx context.Context, in *RobotPath) (*leaseOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	return &leaseOut{s.cfg.Leases.Lease(in.Robot, tonypi.CallerOf(ctx))}, nil
}

func (s *Server) takeLease(ctx context.Context, in *takeLeaseIn) (*leaseOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	by, force := tonypi.CallerOf(ctx), in.Body != nil && in.Body.Force
	if force && !by.Role.May(tonypi.BreakLease) {
		return nil, tonypi.Errorf(tonypi.Forbidden, "Only an admin may take control from somebody; ask for a hand-over")
	}
	if s.cfg.Leases.Lease(in.Robot, by).Mine {
		l, err := s.cfg.Leases.Renew(in.Robot, by)
		return &leaseOut{l}, err
	}
	l, err := s.cfg.Leases.Take(in.Robot, by, force)
	return &leaseOut{l}, err
}

func (s *Server) releaseLease(ctx context.Context, in *RobotPath) (*none, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	return nil, s.cfg.Leases.Release(in.Robot, tonypi.CallerOf(ctx))
}

func (s *Server) handOver(ctx context.Context, in *handOverIn) (*leaseOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	l, err := s.cfg.Leases.HandOver(in.Robot, tonypi.CallerOf(ctx), in.Body.To)
	return &leaseOut{l}, err
}

func (s *Server) getConfig(ctx context.Context, in *RobotPath) (*configOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	c, err := s.cfg.Configs.Config(ctx, in.Robot)
	return &configOut{settingsOf(c)}, err
}

func (s *Server) setConfig(ctx context.Context, in *setConfigIn) (*configOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	c, err := s.cfg.Configs.SetConfig(ctx, in.Robot, in.Body.Settings, in.Body.Version, tonypi.CallerOf(ctx))
	return &configOut{settingsOf(c)}, err
}

func settingsOf(c tonypi.RobotConfig) RobotSettings {
	if len(c.Settings) == 0 {
		c.Settings = json.RawMessage("{}")
	}
	return RobotSettings{c, c.Version != c.AppliedVersion}
}
