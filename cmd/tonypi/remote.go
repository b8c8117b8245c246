package main

import (
	"context"
	"net/http"

	"tonypi"
	"tonypi/api"
)

// terminalRoutes are terminals as the API takes them.
func (s *server) terminalRoutes() api.Terminal {
	t := s.terminals
	return api.Terminal{
		Connect: t, SSH: t, Recordings: t, LegacyTest: s.cfg.LegacySSH,
		Ticket: func(ctx context.Context, by tonypi.Caller, robot tonypi.RobotID) (any, error) {
			return t.Ticket(ctx, by, robot)
		},
		Test: func(ctx context.Context, robot tonypi.RobotID, username, password string) (address, output string, err error) {
			tested, err := t.Test(ctx, robot, username, password)
			return tested.Address, tested.Output, err
		},
	}
}

// cameraRoutes are cameras as the API takes them.
func (s *server) cameraRoutes() api.Camera {
	c := s.cameras
	return api.Camera{
		State:  func(ctx context.Context, robot tonypi.RobotID) (any, error) { return c.State(ctx, robot) },
		Ticket: c.Ticket, Redeem: c.Redeem, Stream: http.HandlerFunc(c.Stream), Snapshot: http.HandlerFunc(c.Snapshot),
	}
}

// robotRow finds robots for the ways to them.
type robotRow struct{ s *server }

// Robot returns an adopted robot, or a NotFound error.
func (f robotRow) Robot(_ context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	return f.s.robots.Robot(id)
}
