package command

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tonypi"
)

const (
	leaseFor    = 10 * time.Second
	wishFor     = 30 * time.Second // how long somebody who asked for control is named
	leaseTick   = 250 * time.Millisecond
	renewalShow = 2 * time.Second // renewals are shown no more often
)

// LeasesConfig is what Leases work with. All fields are needed.
type LeasesConfig struct {
	Robots Robots
	Show   tonypi.Shower
	Record tonypi.Recorder
}

// Leases give one person at a time control over a robot, for ten seconds unless it is renewed. They live in memory only: after
// a restart nobody has control. Stops need none. Leases are safe for concurrent use.
type Leases struct {
	cfg LeasesConfig

	mu   sync.Mutex // also held while Show is called, so that nobody sees an older state last
	held map[tonypi.RobotID]*lease
}

// lease is somebody's control over a robot.
type lease struct {
	tonypi.Lease
	role    tonypi.Role
	address string
	asker   tonypi.Caller
	askedAt time.Time
	shown   time.Time // ExpiresAt that was shown
}

// NewLeases makes Leases that nobody has.
func NewLeases(c LeasesConfig) *Leases {
	return &Leases{cfg: c, held: make(map[tonypi.RobotID]*lease)}
}

// Run ends control that nobody renewed, until ctx ends.
func (l *Leases) Run(ctx context.Context) error {
	ticker := time.NewTicker(leaseTick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			now := time.Now()
			l.mu.Lock()
			for robot := range l.held {
				l.current(robot, now)
			}
			l.mu.Unlock()
		}
	}
}

// current returns who has control now, or nil; mu is held.
func (l *Leases) current(robot tonypi.RobotID, now time.Time) *lease {
	h := l.held[robot]
	switch {
	case h == nil:
		return nil
	case !now.Before(h.ExpiresAt):
		l.end(h, "lease.release", tonypi.Caller{Name: h.Holder, Role: h.role, Address: h.address}, "Control lapsed")
		return nil
	case h.AskedBy != "" && now.Sub(h.askedAt) > wishFor:
		h.AskedBy, h.asker = "", tonypi.Caller{}
		l.show(h)
	}
	return h
}

// end takes control away; mu is held.
func (l *Leases) end(h *lease, action string, by tonypi.Caller, message string) {
	delete(l.held, h.Robot)
	l.cfg.Show.Show(tonypi.Event{
		Kind: tonypi.LeaseChanged, Robot: h.Robot, Time: time.Now(), Lease: &tonypi.Lease{Robot: h.Robot},
	})
	l.record(h.Robot, action, by, message)
}

func (l *Leases) show(h *lease) {
	shown := h.Lease
	h.shown = h.ExpiresAt
	l.cfg.Show.Show(tonypi.Event{Kind: tonypi.LeaseChanged, Robot: h.Robot, Time: time.Now(), Lease: &shown})
}

func (l *Leases) record(robot tonypi.RobotID, action string, by tonypi.Caller, message string) {
	l.cfg.Record.Record(tonypi.AuditEntry{
		Time: stamp(time.Now()), User: by.Name, Role: by.Role, Address: by.Address, Action: action, Robot: robot, OK: true, Message: message,
	})
}

// holds reports whether the lease is the caller's.
func (h *lease) holds(by tonypi.Caller) bool { return h.Holder == by.Name && h.Session == by.Session }

// person reports whether the lease is that of the same person, perhaps on another device. Anonymous people are told apart by
// their sessions only.
func (h *lease) person(by tonypi.Caller) bool {
	return h.holds(by) || h.Holder == by.Name && by.Name != anonymous
}

// anonymous is the name of callers that did not sign in.
const anonymous = "anonymous"

// seen is the lease as the caller sees it.
func (h *lease) seen(by tonypi.Caller) tonypi.Lease {
	view := h.Lease
	view.Mine = h.holds(by)
	return view
}

// Lease returns who has control of a robot.
func (l *Leases) Lease(robot tonypi.RobotID, by tonypi.Caller) tonypi.Lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.current(robot, time.Now()); h != nil {
		return h.seen(by)
	}
	return tonypi.Lease{Robot: robot}
}

// Take gives the caller control over a robot, or ten more seconds of it; a person takes it along from one device to another.
// Errors: NotFound; Conflict while somebody else has it, who is then told that the caller asks. With force whoever has it
// loses it, which needs a role that may BreakLease.
func (l *Leases) Take(robot tonypi.RobotID, by tonypi.Caller, force bool) (tonypi.Lease, error) {
	if _, err := l.cfg.Robots.Robot(robot); err != nil {
		return tonypi.Lease{}, err
	}
	if force && !by.Role.May(tonypi.BreakLease) {
		return tonypi.Lease{}, tonypi.Errorf(tonypi.Forbidden, "Your role may not take control from others")
	}
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.current(robot, now)
	switch {
	case h == nil:
		return l.give(robot, by, now, "lease.take", "Took control"), nil
	case h.holds(by):
		l.renew(h, now)
		return h.seen(by), nil
	case h.person(by):
		return l.give(robot, by, now, "lease.take", "Took control along from another device"), nil
	case force:
		return l.give(robot, by, now, "lease.break", "Took control from "+h.Holder), nil
	}
	if h.AskedBy != by.Name || h.asker.Session != by.Session {
		h.AskedBy, h.asker = by.Name, by
		l.show(h)
	}
	h.askedAt = now
	return tonypi.Lease{}, taken(h)
}

func taken(h *lease) error {
	return tonypi.Errorf(tonypi.Conflict, "%s has control of the robot", h.Holder)
}

// give makes the caller the holder; mu is held.
func (l *Leases) give(robot tonypi.RobotID, by tonypi.Caller, now time.Time, action, message string) tonypi.Lease {
	h := &lease{role: by.Role, address: by.Address, Lease: tonypi.Lease{
		Robot: robot, Holder: by.Name, Session: by.Session, Since: stamp(now), ExpiresAt: stamp(now.Add(leaseFor)),
	}}
	l.held[robot] = h
	l.show(h)
	l.record(robot, action, by, message)
	return h.seen(by)
}

// renew moves the end; mu is held.
func (l *Leases) renew(h *lease, now time.Time) {
	h.ExpiresAt = stamp(now.Add(leaseFor))
	if h.ExpiresAt.Sub(h.shown) >= renewalShow {
		l.show(h)
	}
}

// Renew gives the holder ten more seconds. Conflict when the caller does not have control, or no longer.
func (l *Leases) Renew(robot tonypi.RobotID, by tonypi.Caller) (tonypi.Lease, error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.current(robot, now)
	switch {
	case h == nil:
		return tonypi.Lease{}, tonypi.Errorf(tonypi.Conflict, "You do not have control of the robot any more")
	case !h.holds(by):
		return tonypi.Lease{}, taken(h)
	}
	l.renew(h, now)
	return h.seen(by), nil
}

// Release ends the caller's control. It is no error when nobody has control; Conflict when somebody else has.
func (l *Leases) Release(robot tonypi.RobotID, by tonypi.Caller) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.current(robot, time.Now())
	switch {
	case h == nil:
		return nil
	case !h.person(by):
		return taken(h)
	}
	l.end(h, "lease.release", by, "Gave control back")
	return nil
}

// HandOver gives the caller's control to a person who asked for it. Errors: Forbidden unless the caller has control, Conflict
// when that person does not ask, or no longer.
func (l *Leases) HandOver(robot tonypi.RobotID, by tonypi.Caller, to string) (tonypi.Lease, error) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.current(robot, now)
	if h == nil || !h.person(by) {
		return tonypi.Lease{}, tonypi.Errorf(tonypi.Forbidden, "Only who has control can hand it over")
	}
	if to == "" || h.AskedBy != to {
		return tonypi.Lease{}, tonypi.Errorf(tonypi.Conflict, "%q does not ask for control", to)
	}
	given := l.give(robot, h.asker, now, "lease.hand_over", fmt.Sprintf("%s handed control over to %s", by.Name, to))
	given.Mine = given.Session == by.Session && given.Holder == by.Name
	return given, nil
}

// Forget ends control over a robot that was removed.
func (l *Leases) Forget(robot tonypi.RobotID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.held, robot)
}

// other returns the name of somebody else who has control, or nothing.
func (l *Leases) other(robot tonypi.RobotID, by tonypi.Caller) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.current(robot, time.Now()); h != nil && !h.person(by) {
		return h.Holder
	}
	return ""
}

// drive takes or renews control for a beat. Conflict when somebody else has it, or the same person in another place.
func (l *Leases) drive(robot tonypi.RobotID, by tonypi.Caller) error {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.current(robot, now)
	switch {
	case h == nil:
		l.give(robot, by, now, "lease.take", "Took control to drive")
		return nil
	case h.holds(by):
		l.renew(h, now)
		return nil
	case h.person(by):
		return tonypi.Errorf(tonypi.Conflict, "You have control of the robot on another device")
	}
	return taken(h)
}
