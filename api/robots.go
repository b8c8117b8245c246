package api

import (
	"cmp"
	"context"

	"tonypi"
)

// RobotList is the fleet.
type RobotList struct {
	Robots []tonypi.Summary `json:"robots" nullable:"false"`
}

// PendingList is who asks to join.
type PendingList struct {
	Robots []tonypi.PendingRobot `json:"robots" nullable:"false"`
}

// NewRobot is a robot to be created before it was ever seen.
type NewRobot struct {
	ID          tonypi.RobotID `json:"robot_id" minLength:"1" maxLength:"100" example:"tonypi_01"`
	Name        string         `json:"name,omitempty" maxLength:"100" doc:"Name for people; the ID when missing"`
	Description string         `json:"description,omitempty" maxLength:"2000"`
	Location    string         `json:"location,omitempty" maxLength:"200"`
}

// RobotChange holds what is to change of a robot; what is missing stays.
type RobotChange struct {
	Name        *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Description *string `json:"description,omitempty" maxLength:"2000"`
	Location    *string `json:"location,omitempty" maxLength:"200"`
}

// Login is what a robot signs in to MQTT with.
type Login struct {
	Username string `json:"username"`
	Password string `json:"password" doc:"Shown only this once"`
}

// CreatedRobot is a new robot with its credential.
type CreatedRobot struct {
	Robot      tonypi.Summary `json:"robot"`
	Credential Login          `json:"credential"`
}

type (
	// RobotPath names a robot.
	RobotPath struct {
		Robot tonypi.RobotID `path:"robot_id" maxLength:"100" example:"tonypi_01"`
	}
	robotsOut       struct{ Body RobotList }
	pendingOut      struct{ Body PendingList }
	robotOut        struct{ Body tonypi.Summary }
	createRobotIn   struct{ Body NewRobot }
	createdRobotOut struct{ Body CreatedRobot }
	updateRobotIn   struct {
		RobotPath
		Body RobotChange
	}
)

func (s *Server) listRobots(context.Context, *none) (*robotsOut, error) {
	return &robotsOut{RobotList{filled(s.cfg.Fleet.Summaries())}}, nil
}

func (s *Server) getRobot(_ context.Context, in *RobotPath) (*robotOut, error) {
	r, err := s.robot(in.Robot)
	return &robotOut{r}, err
}

// robot returns an adopted robot's present state.
func (s *Server) robot(id tonypi.RobotID) (tonypi.Summary, error) {
	r, err := s.cfg.Fleet.Summary(id)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return r, tonypi.Errorf(tonypi.NotFound, "Robot %q not found", id)
	}
	return r, err
}

func (s *Server) createRobot(ctx context.Context, in *createRobotIn) (*createdRobotOut, error) {
	n := in.Body
	note(ctx).robot = n.ID
	if err := n.ID.Validate(); err != nil {
		return nil, err
	}
	if n.ID == "pending" {
		return nil, tonypi.Errorf(tonypi.Invalid, "robot ID %q is reserved", n.ID)
	}
	row := tonypi.Robot{ID: n.ID, Name: cmp.Or(n.Name, string(n.ID)), Description: n.Description, Location: n.Location}
	password, err := s.cfg.Robots.Create(ctx, row)
	if err != nil {
		return nil, err
	}
	s.log.Info("robot created", "robot", n.ID, "by", personOf(ctx).User.Username)
	r, err := s.robot(n.ID)
	return &createdRobotOut{CreatedRobot{r, Login{string(n.ID), password}}}, err
}

func (s *Server) updateRobot(ctx context.Context, in *updateRobotIn) (*robotOut, error) {
	r, err := s.robot(in.Robot)
	if err != nil {
		return nil, err
	}
	row := r.Robot
	set(&row.Name, in.Body.Name)
	set(&row.Description, in.Body.Description)
	set(&row.Location, in.Body.Location)
	if err := s.cfg.Robots.Update(ctx, row); err != nil {
		return nil, err
	}
	r, err = s.robot(in.Robot)
	return &robotOut{r}, err
}

func (s *Server) deleteRobot(ctx context.Context, in *RobotPath) (*none, error) {
	if err := s.cfg.Robots.Remove(ctx, in.Robot); err != nil {
		return nil, err
	}
	s.log.Info("robot removed", "robot", in.Robot, "by", personOf(ctx).User.Username)
	return nil, nil
}

func (s *Server) listPending(context.Context, *none) (*pendingOut, error) {
	robots := filled(s.cfg.Joining.Pending())
	for i := range robots {
		robots[i].Samples = filled(robots[i].Samples)
	}
	return &pendingOut{PendingList{robots}}, nil
}

func (s *Server) adoptRobot(ctx context.Context, in *RobotPath) (*robotOut, error) {
	if err := s.cfg.Joining.Adopt(ctx, in.Robot); err != nil {
		return nil, err
	}
	s.log.Info("robot adopted", "robot", in.Robot, "by", personOf(ctx).User.Username)
	r, err := s.robot(in.Robot)
	return &robotOut{r}, err
}

func (s *Server) rejectRobot(ctx context.Context, in *RobotPath) (*none, error) {
	if err := s.cfg.Joining.Reject(ctx, in.Robot); err != nil {
		return nil, err
	}
	s.log.Info("robot rejected", "robot", in.Robot, "by", personOf(ctx).User.Username)
	return nil, nil
}

// set writes value to field when there is one.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
