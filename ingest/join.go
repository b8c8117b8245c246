package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tonypi"
)

// Longest texts that people give a robot, in characters.
const (
	maxName        = 100
	maxDescription = 2000
)

// Adopt lets a robot into the fleet that wants to join or was turned away; one that belongs to it already stays as it is.
// Errors: NotFound, TooMany, and those of the store.
func (r *Registry) Adopt(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	switch robot := e.state(); robot.Adoption {
	case tonypi.Adopted:
		return nil
	case tonypi.Rejected:
		robot.Adoption = tonypi.Adopted
		if err := r.room(); err != nil {
			return err
		}
		if err := r.config.Robots.UpdateRobot(ctx, robot); err != nil {
			return fmt.Errorf("store robot: %w", err)
		}
	default:
		if err := r.create(ctx, tonypi.Robot{ID: id, Address: e.requestAddress()}); err != nil {
			return err
		}
	}
	r.promote(e, tonypi.Adopted)
	r.config.Kick(id) // the broker keeps what a stranger says to itself; it comes back as a member
	r.config.Log.Info("robot adopted", "robot", id)
	return nil
}

// Reject turns a robot away that wants to join, and ends its connection. Errors: NotFound, Conflict for a robot of the
// fleet, and those of the store.
func (r *Registry) Reject(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	switch e.state().Adoption {
	case tonypi.Rejected:
		return nil
	case tonypi.Adopted:
		return tonypi.Errorf(tonypi.Conflict, "robot %q belongs to the fleet", id)
	}
	now := time.Now().UTC()
	row := tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Rejected, Address: e.requestAddress(), CreatedAt: now, UpdatedAt: now}
	if err := r.config.Robots.CreateRobot(ctx, row); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	r.promote(e, tonypi.Rejected)
	r.config.Kick(id)
	r.config.Log.Info("robot turned away", "robot", id)
	return nil
}

// Create adopts a robot that was never in the fleet and returns its MQTT password, which cannot be read again. Errors:
// Invalid, Conflict, TooMany, and those of the store.
func (r *Registry) Create(ctx context.Context, robot tonypi.Robot) (password string, err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	return r.createWithSecret(ctx, robot)
}

// createWithSecret is Create with changing held.
func (r *Registry) createWithSecret(ctx context.Context, robot tonypi.Robot) (password string, err error) {
	e := r.entry(robot.ID)
	if e != nil && e.state().Adoption != tonypi.Pending {
		return "", tonypi.Errorf(tonypi.Conflict, "robot %q exists already", robot.ID)
	}
	if err := r.create(ctx, robot); err != nil {
		return "", err
	}
	password, err = r.issue(ctx, robot.ID)
	if err != nil {
		if undone := r.config.Robots.DeleteRobot(ctx, robot.ID); undone != nil {
			err = errors.Join(err, fmt.Errorf("undo: %w", undone))
		}
		return "", err
	}
	if e == nil {
		e = r.add(robot.ID)
	}
	r.edit(e, robot)
	r.promote(e, tonypi.Adopted)
	r.config.Kick(robot.ID) // who was here without a password must sign in now
	r.config.Log.Info("robot created", "robot", robot.ID)
	return password, nil
}

// Update writes a robot's Name, Description and Location. Errors: Invalid, NotFound, and those of the store.
func (r *Registry) Update(ctx context.Context, robot tonypi.Robot) error {
	if err := checkTexts(robot); err != nil {
		return err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(robot.ID)
	if e == nil || e.state().Adoption != tonypi.Adopted {
		return notFound(robot.ID)
	}
	row := e.state()
	row.Name, row.Description, row.Location = cmp.Or(robot.Name, string(robot.ID)), robot.Description, robot.Location
	row.UpdatedAt = time.Now().UTC()
	if err := r.config.Robots.UpdateRobot(ctx, row); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	r.edit(e, row)
	r.showRobot(e.state())
	return nil
}

// Remove ends a robot's connection and deletes its history, row, alerts, rules and credentials. It may come back as a
// stranger. Errors: NotFound, and those of the stores; after an error the robot is still there and Remove may be tried
// again.
func (r *Registry) Remove(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	if r.config.Leaving != nil {
		r.config.Leaving(id)
	}
	if err := r.erase(ctx, e); err != nil {
		return err
	}
	r.config.Kick(id)
	if r.config.Leaving != nil {
		r.config.Leaving(id) // what came in between is gone too
	}
	r.config.Silence.ForgetRobot(id)
	r.config.Show.Show(tonypi.Event{Kind: tonypi.RobotRemoved, Robot: id, Time: time.Now()})
	r.config.Log.Info("robot removed", "robot", id)
	return nil
}

// erase deletes what is stored of a robot and takes it out of memory. It holds the robot's turn meanwhile, so that none of
// its messages brings back what is deleted.
func (r *Registry) erase(ctx context.Context, e *entry) error {
	e.order.Lock()
	defer e.order.Unlock()
	if e.state().Adoption != tonypi.Pending {
		if err := r.config.History.DeleteRobot(ctx, e.id); err != nil {
			return fmt.Errorf("delete history: %w", err)
		}
		if err := r.config.Robots.DeleteRobot(ctx, e.id); err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			return fmt.Errorf("delete robot: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.discard(e)
	for hash, c := range r.secrets {
		if c.Robot == e.id {
			delete(r.secrets, hash)
		}
	}
	return nil
}

// adoptNew takes an unknown robot into the fleet: the policy Auto.
func (r *Registry) adoptNew(ctx context.Context, id tonypi.RobotID, address string) (*entry, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	if e := r.entry(id); e != nil {
		return e, nil
	}
	if err := r.create(ctx, tonypi.Robot{ID: id, Address: address}); err != nil {
		return nil, err
	}
	e := r.add(id)
	r.edit(e, tonypi.Robot{ID: id, Address: address})
	r.promote(e, tonypi.Adopted)
	r.config.Log.Info("robot adopted by itself", "robot", id, "address", address)
	return e, nil
}

// room reports why no robot more can be adopted.
func (r *Registry) room() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.adopted >= r.config.MaxRobots {
		return tonypi.Errorf(tonypi.TooMany, "the fleet is full: %d robots", r.config.MaxRobots)
	}
	return nil
}

// create writes the row of a new robot of the fleet.
func (r *Registry) create(ctx context.Context, robot tonypi.Robot) error {
	if err := checkID(robot.ID); err != nil {
		return err
	}
	if err := checkTexts(robot); err != nil {
		return err
	}
	if err := r.room(); err != nil {
		return err
	}
	robot.Name, robot.Adoption = cmp.Or(robot.Name, string(robot.ID)), tonypi.Adopted
	robot.CreatedAt = time.Now().UTC()
	robot.UpdatedAt = robot.CreatedAt
	if err := r.config.Robots.CreateRobot(ctx, robot); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	return nil
}

func checkTexts(robot tonypi.Robot) error {
	for _, text := range []struct {
		name, value string
		most        int
	}{
		{"name", robot.Name, maxName}, {"location", robot.Location, maxName}, {"description", robot.Description, maxDescription},
	} {
		if !utf8.ValidString(text.value) || strings.ContainsRune(text.value, 0) {
			return tonypi.Errorf(tonypi.Invalid, "%s is not valid text", text.name)
		}
		if utf8.RuneCountInString(text.value) > text.most {
			return tonypi.Errorf(tonypi.Invalid, "%s is longer than %d characters", text.name, text.most)
		}
	}
	return nil
}

// add makes the entry of a new robot.
func (r *Registry) add(id tonypi.RobotID) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[id]; e != nil {
		return e // it has just asked to join
	}
	now := time.Now().UTC()
	e := &entry{id: id, robot: tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Pending}, request: request{first: now, last: now}}
	r.insert(e)
	return e
}

// edit puts what people wrote into memory.
func (r *Registry) edit(e *entry, robot tonypi.Robot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.robot.Name, e.robot.Description, e.robot.Location = cmp.Or(robot.Name, string(robot.ID)), robot.Description, robot.Location
	e.robot.Address = cmp.Or(e.robot.Address, robot.Address)
	e.robot.UpdatedAt = time.Now().UTC()
}

// promote changes the stage of adoption in memory and shows it. An evicted entry of a robot that wanted to join comes back.
func (r *Registry) promote(e *entry, to tonypi.Adoption) {
	r.mu.Lock()
	e.mu.Lock()
	if e.gone {
		if newer := r.entries[e.id]; newer != nil {
			r.tally(newer.robot.Adoption, -1)
		}
		e.gone = false
		r.insert(e)
	}
	r.tally(e.robot.Adoption, -1)
	r.tally(to, 1)
	now := time.Now()
	e.robot.Adoption = to
	e.robot.UpdatedAt = now.UTC()
	if e.robot.CreatedAt.IsZero() {
		e.robot.CreatedAt = now.UTC()
	}
	e.robot.Address = cmp.Or(e.robot.Address, e.request.address)
	e.request.samples = nil
	robot, connected := e.robot, e.line.open > 0
	e.mu.Unlock()
	r.mu.Unlock()
	r.showRobot(robot)
	if to == tonypi.Adopted && connected {
		r.showConnection(e.id, true, now)
	}
}

func (e *entry) requestAddress() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.request.address
}
