package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"tonypi"
	"tonypi/wire"

	"golang.org/x/sync/errgroup"
)

// members is the name space of the IDs that the commands of a repeatable order to several robots have.
var members = uuid.MustParse("7f1f0f9e-5d0a-4c39-9a57-6b6f4e6f1c52")

// Send sends an order to every robot that it names, one Command each, in the order of the robots (of the fleet, by ID, with
// All). What the server does not send is among them with its reason and stays in the history: to a robot that is out of
// reach or stopped, and motion while somebody else has control.
//
// An order whose ID came before returns what became of it and sends nothing. Errors are of the whole order: Invalid, NotFound
// for a robot that is not of the fleet, Conflict for an ID that was another order's, TooMany, and Unavailable when the store
// or the broker is down; after the latter the commands are returned as well.
func (d *Dispatcher) Send(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	switch o.Type {
	case tonypi.StopCommand:
		return d.Stop(ctx, o)
	case tonypi.ResumeCommand:
		return d.Resume(ctx, o)
	}
	spec, err := check(o)
	if err != nil {
		return nil, err
	}
	return d.send(ctx, o, spec)
}

func (d *Dispatcher) send(ctx context.Context, o tonypi.Order, spec tonypi.CommandSpec) ([]tonypi.Command, error) {
	robots, err := d.targets(o)
	if err != nil {
		return nil, err
	}
	if o.ID != "" && several(o) {
		if first, err := d.before(ctx, o); err != nil || len(first) > 0 {
			return first, err
		}
	}
	list := d.draft(o, spec, robots, time.Now())
	within, cancel := context.WithTimeout(ctx, createWithin)
	err = d.cfg.Store.CreateCommands(within, list)
	cancel()
	switch {
	case err == nil:
	case tonypi.KindOf(err) == tonypi.Conflict && o.ID != "":
		return d.before(ctx, o)
	case tonypi.KindOf(err) == tonypi.Invalid:
		return nil, err
	default:
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "The command was not sent: the database does not answer")
	}
	entries := d.track(list)
	if o.Type == tonypi.ResumeCommand {
		d.withdraw(o, entries)
	}
	// From here on the order is in the history, so it is carried out even when who asked is gone.
	err = d.publishAll(context.WithoutCancel(ctx), entries)
	commands := d.copies(entries)
	d.audit(o, actionOf(o), commands)
	return commands, err
}

func actionOf(o tonypi.Order) string {
	switch o.Type {
	case tonypi.ResumeCommand:
		return "resume"
	case "stop_job":
		return "job.cancel"
	}
	return "command.send"
}

// several reports whether the order's commands are a batch.
func several(o tonypi.Order) bool { return o.All || len(o.Robots) > 1 }

// targets returns the robots of an order.
func (d *Dispatcher) targets(o tonypi.Order) ([]tonypi.Robot, error) {
	if o.All {
		fleet := d.cfg.Robots.Fleet()
		if len(fleet) == 0 {
			return nil, tonypi.Errorf(tonypi.NotFound, "There is no robot")
		}
		return fleet, nil
	}
	switch {
	case len(o.Robots) == 0:
		return nil, tonypi.Errorf(tonypi.Invalid, "A command needs a robot")
	case len(o.Robots) > maxRobots:
		return nil, tonypi.Errorf(tonypi.Invalid, "A command can go to at most %d robots", maxRobots)
	}
	robots := make([]tonypi.Robot, 0, len(o.Robots))
	named := make(map[tonypi.RobotID]bool, len(o.Robots))
	for _, id := range o.Robots {
		if named[id] {
			return nil, tonypi.Errorf(tonypi.Invalid, "Robot %q is named twice", id)
		}
		named[id] = true
		r, err := d.cfg.Robots.Robot(id)
		if err != nil {
			return nil, err
		}
		robots = append(robots, r)
	}
	return robots, nil
}

// before returns what became of an order with this ID, nothing when there was none, or a Conflict error when the ID was
// another order's.
func (d *Dispatcher) before(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	ctx, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	var list []tonypi.Command
	var err error
	if several(o) {
		list, err = d.cfg.Store.Commands(ctx, tonypi.CommandFilter{Batch: o.ID, Limit: loadPage})
		slices.SortStableFunc(list, orderOf(o))
	} else {
		var c tonypi.Command
		if c, err = d.cfg.Store.Command(ctx, o.ID); err == nil {
			list = []tonypi.Command{c}
		}
	}
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "The command was not sent: the database does not answer")
	}
	for i, c := range list {
		if c.Type != o.Type || !o.All && !slices.Contains(o.Robots, c.Robot) {
			return nil, tonypi.Errorf(tonypi.Conflict, "The command's ID %q was used for another command", o.ID)
		}
		if e := d.find(c.ID); e != nil {
			list[i] = d.copyOf(e)
		}
	}
	return list, nil
}

// orderOf compares commands by the place of their robot in the order.
func orderOf(o tonypi.Order) func(a, b tonypi.Command) int {
	place := make(map[tonypi.RobotID]int, len(o.Robots))
	for i, id := range o.Robots {
		place[id] = i
	}
	return func(a, b tonypi.Command) int {
		if o.All {
			return strings.Compare(string(a.Robot), string(b.Robot))
		}
		return place[a.Robot] - place[b.Robot]
	}
}

// draft makes the commands of an order; those that are not to be sent are refused.
func (d *Dispatcher) draft(o tonypi.Order, spec tonypi.CommandSpec, robots []tonypi.Robot, now time.Time) []tonypi.Command {
	batch := ""
	if several(o) {
		if batch = o.ID; batch == "" {
			batch = newID()
		}
	}
	list := make([]tonypi.Command, len(robots))
	for i, r := range robots {
		c := blank(o, r.ID, now)
		c.ID, c.Batch, c.Reason, c.Deadline = memberID(o, batch, r.ID), batch, o.Reason, stamp(now.Add(spec.Timeout.Duration()))
		if why := d.refusal(o, spec, r, now); why != "" {
			c.Status, c.Message, c.EndedAt = tonypi.CommandRefused, why, c.CreatedAt
		}
		list[i] = c
	}
	return list
}

// blank makes a command that every kind of order begins with.
func blank(o tonypi.Order, robot tonypi.RobotID, now time.Time) tonypi.Command {
	c := tonypi.Command{
		Robot: robot, Type: o.Type, Parameters: o.Parameters, Status: tonypi.CommandSent,
		By: o.By.Name, Address: o.By.Address, CreatedAt: stamp(now),
	}
	if c.Parameters == nil {
		c.Parameters = map[string]any{}
	}
	if ago := now.Sub(o.ClickedAt); ago >= 0 && ago <= maxClick {
		c.ClickedAt = stamp(o.ClickedAt)
	}
	return c
}

// maxClick is how long ago a click may be; a page whose clock is off says something else.
const maxClick = time.Minute

// memberID names one robot's command; that of an order with an ID is the same whenever the order is repeated.
func memberID(o tonypi.Order, batch string, robot tonypi.RobotID) string {
	switch {
	case o.ID == "":
		return newID()
	case batch == "":
		return o.ID
	}
	return uuid.NewSHA1(members, []byte(batch+"\x00"+string(robot))).String()
}

// newID returns a UUIDv7. Without randomness, which does not happen, it is made of the time alone.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Sprintf("t-%x", time.Now().UnixNano())
	}
	return id.String()
}

// whileStopped are the commands that a stopped robot gets all the same.
var whileStopped = map[string]bool{tonypi.ResumeCommand: true, "status_request": true, "battery_request": true, "stop": true}

// refusal returns why a robot does not get a command, or nothing.
func (d *Dispatcher) refusal(o tonypi.Order, spec tonypi.CommandSpec, r tonypi.Robot, now time.Time) string {
	stopped, reason := d.stopped(r)
	d.mu.Lock()
	crowded := d.open[r.ID] >= maxOpenOfRobot || d.opened >= maxOpen
	d.mu.Unlock()
	switch {
	case !d.reachable(r, now):
		return "The robot is offline"
	case stopped && !whileStopped[o.Type]:
		return "The robot is emergency stopped, resume it first. Reason: " + reason
	case crowded:
		return "Too many commands wait for an answer"
	case spec.Motion:
		if holder := d.cfg.Leases.other(r.ID, o.By); holder != "" {
			return holder + " has control of the robot"
		}
	}
	return ""
}

// stopped reports whether a robot is stopped, or ought to be, and why.
func (d *Dispatcher) stopped(r tonypi.Robot) (bool, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.pending[r.ID]; p != nil {
		return true, p.stops[len(p.stops)-1].c.Reason
	}
	return r.Stopped, r.StopReason
}

// track takes new commands into memory and shows them. It is done before they are published: the answer may come back first.
func (d *Dispatcher) track(list []tonypi.Command) []*entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	entries := make([]*entry, len(list))
	for i, c := range list {
		entries[i] = newEntry(c)
		d.insert(entries[i])
		d.show(entries[i])
		if c.Status == tonypi.CommandRefused {
			d.logOutcome(c)
		}
	}
	return entries
}

// publishAll hands the open commands to the broker. A command that the broker surely does not have is refused; the error is
// Unavailable when that is so of every one.
func (d *Dispatcher) publishAll(ctx context.Context, entries []*entry) error {
	ctx, cancel := context.WithTimeout(ctx, publishWithin)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(publishers)
	errs := make([]error, len(entries))
	tried, failed := 0, 0
	for i, e := range entries {
		c := d.copyOf(e)
		if c.Ended() {
			continue
		}
		tried++
		group.Go(func() error {
			errs[i] = d.publish(ctx, c)
			d.published(e, errs[i])
			return nil
		})
	}
	_ = group.Wait() // errors are in errs
	for _, err := range errs {
		if err != nil {
			failed++
		}
	}
	if tried > 0 && failed == tried {
		return tonypi.Wrap(tonypi.Unavailable, errors.Join(errs...), "The MQTT broker does not take the command")
	}
	return nil
}

func (d *Dispatcher) publish(ctx context.Context, c tonypi.Command) error {
	payload, err := wire.EncodeCommand(wire.Command{
		ID: c.ID, Type: c.Type, Reason: c.Reason, Parameters: c.Parameters, Time: c.CreatedAt,
	})
	if err != nil {
		return err
	}
	return d.cfg.Bus.Publish(ctx, wire.Message{Topic: wire.CommandTopic(c.Robot), Payload: payload, QoS: 1})
}

// published notes that the broker has a command, or has not. When it did not say in time, nobody knows: the command goes on
// waiting for its answer.
func (d *Dispatcher) published(e *entry, err error) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err == nil:
		e.c.SentAt = stamp(now)
		d.changed(e)
	case errors.Is(err, context.DeadlineExceeded):
		if !e.c.Ended() {
			e.c.Message = "The MQTT broker has not confirmed the command"
			d.changed(e)
		}
	default:
		d.cfg.Log.Warn("command not published", "command", e.c.Type, "id", e.c.ID, "robot", e.c.Robot, "err", err)
		d.settle(e, outcome{status: tonypi.CommandRefused, message: "The MQTT broker did not take the command", at: now})
	}
}

// copies returns the commands as they are now.
func (d *Dispatcher) copies(entries []*entry) []tonypi.Command {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]tonypi.Command, len(entries))
	for i, e := range entries {
		list[i] = e.c
	}
	return list
}
