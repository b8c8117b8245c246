package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"tonypi"
)

// Robots implements tonypi.RobotStore.
func (m *Memory) Robots(ctx context.Context) ([]tonypi.Robot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	robots := slices.SortedFunc(maps.Values(m.robots), func(a, b tonypi.Robot) int { return cmp.Compare(a.ID, b.ID) })
	return robots, ctx.Err()
}

// Robot implements tonypi.RobotStore.
func (m *Memory) Robot(ctx context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.robots[id]
	if !ok {
		return r, errNoRobot()
	}
	return r, ctx.Err()
}

func errNoRobot() error { return tonypi.Errorf(tonypi.NotFound, "Robot not found") }

// CreateRobot implements tonypi.RobotStore.
func (m *Memory) CreateRobot(ctx context.Context, r tonypi.Robot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkKey("robot ID", string(r.ID)); err != nil {
		return err
	}
	if _, ok := m.robots[r.ID]; ok {
		return tonypi.Errorf(tonypi.Conflict, "Robot already exists")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, s := range []*string{&r.Name, &r.Description, &r.Location, &r.Address, &r.CameraURL, &r.Platform, &r.Agent,
		&r.Status, &r.Posture, &r.StopReason, (*string)(&r.Adoption)} {
		*s = clean(*s)
	}
	r.LastSeen, r.CreatedAt, r.UpdatedAt = millis(r.LastSeen), orNow(r.CreatedAt), orNow(r.UpdatedAt)
	m.robots[r.ID] = r
	return nil
}

// UpdateRobot implements tonypi.RobotStore.
func (m *Memory) UpdateRobot(ctx context.Context, r tonypi.Robot) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.robots[r.ID]
	if !ok {
		return errNoRobot()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	old.Name, old.Description, old.Location = clean(r.Name), clean(r.Description), clean(r.Location)
	old.Adoption = tonypi.Adoption(clean(string(r.Adoption)))
	old.UpdatedAt = millis(time.Now())
	m.robots[r.ID] = old
	return nil
}

// Seen implements tonypi.RobotStore.
func (m *Memory) Seen(ctx context.Context, sightings []tonypi.Sighting) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, s := range sightings {
		r, ok := m.robots[s.Robot]
		if !ok {
			continue
		}
		if seen := millis(s.LastSeen); seen.After(r.LastSeen) {
			r.LastSeen = seen
		}
		if s.Presence != nil {
			note(&r, *s.Presence)
		}
		m.robots[s.Robot] = r
	}
	return nil
}

func note(r *tonypi.Robot, p tonypi.Presence) {
	said := func(field *string, s string) {
		if s != "" {
			*field = clean(s)
		}
	}
	said(&r.Status, p.Status)
	said(&r.Address, p.Address)
	said(&r.CameraURL, p.CameraURL)
	said(&r.Platform, p.Platform)
	said(&r.Agent, p.Agent)
	said(&r.Posture, p.Posture)
	said(&r.StopReason, p.StopReason)
	r.Stopped = p.Stopped
	if !p.Stopped {
		r.StopReason = ""
	}
}

// DeleteRobot implements tonypi.RobotStore.
func (m *Memory) DeleteRobot(ctx context.Context, id tonypi.RobotID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.robots[id]; !ok {
		return errNoRobot()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.robots, id)
	maps.DeleteFunc(m.alerts, func(_ int64, a tonypi.Alert) bool { return a.Robot == id })
	maps.DeleteFunc(m.rules, func(_ int64, r tonypi.Rule) bool { return r.Robot == id })
	maps.DeleteFunc(m.credentials, func(_ string, c tonypi.Credential) bool { return c.Robot == id })
	maps.DeleteFunc(m.commands, func(_ string, c tonypi.Command) bool { return c.Robot == id })
	maps.DeleteFunc(m.jobs, func(_ int64, j tonypi.Job) bool { return j.Robot == id })
	maps.DeleteFunc(m.scans, func(_ int64, r tonypi.ScanRecord) bool { return r.Robot == id })
	delete(m.configs, id)
	delete(m.hostKeys, id)
	delete(m.access, id)
	return nil
}
