package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Policy says what becomes of robots that nobody knows.
type Policy string

// Policies.
const (
	Ask    Policy = "ask"    // an unknown robot waits until an admin adopts it; nothing of it is stored
	Auto   Policy = "auto"   // an unknown robot is adopted at once
	Closed Policy = "closed" // an unknown robot is refused
)

// Bounds of a Registry.
const (
	DefaultMaxRobots = 2000
	maxPending       = 1000 // robots that want to join; the longest silent one makes room
	maxSamples       = 5
	maxSample        = 512 // characters of a payload
	flushEvery       = 5 * time.Second
	flushWithin      = 5 * time.Second
	// A status that is older than the stop it contradicts by more than this comes of a clock that was set back.
	overtakeWithin = 10 * time.Second
)

// Silence is told about robots that are cut off or removed.
type Silence interface {
	Lost(robot tonypi.RobotID, now time.Time)
	ForgetRobot(robot tonypi.RobotID)
}

// History forgets robots. Every tonypi.SeriesStore is one.
type History interface {
	DeleteRobot(ctx context.Context, robot tonypi.RobotID) error
}

// RegistryConfig is what a Registry works with. All fields are needed but those that say otherwise.
type RegistryConfig struct {
	Robots      tonypi.RobotStore
	Credentials tonypi.CredentialStore
	History     History
	Silence     Silence
	Show        tonypi.Shower
	// Person returns whose token it is, or an Unauthenticated error. nil: people may not use MQTT.
	Person func(ctx context.Context, token string) (user string, role tonypi.Role, err error)
	// Kick ends the connections of a robot. nil: they stay until they end.
	Kick      func(robot tonypi.RobotID)
	Policy    Policy // empty: Ask
	MaxRobots int    // adopted ones; 0: DefaultMaxRobots
	Log       *slog.Logger
	// Leaving is told of a robot before its rows are deleted, and after; what is known of it must not be written back. May be nil.
	Leaving func(id tonypi.RobotID)
	// RobotNetworks are where robots are believed to be when they say so, though their connections come from elsewhere: behind
	// a gateway or in a container's network. May be empty.
	RobotNetworks []netip.Prefix
}

// Registry knows the robots: those of the fleet, those that want to join and those that were turned away. It is a
// wire.Gate and safe for concurrent use. Robots and their credentials are held in memory, so that a robot gets in while the
// database is down.
type Registry struct {
	config   RegistryConfig
	changing sync.Mutex // held while people, or robots on their behalf, change which robots there are
	failures *throttle

	mu      sync.RWMutex
	entries map[tonypi.RobotID]*entry
	adopted int
	pending atomic.Int64                            // written under mu
	secrets map[[sha256.Size]byte]tonypi.Credential // of robots
	used    map[string]tonypi.Credential            // used since the last flush, by ID

	flushMu sync.Mutex
	failing bool
}

// entry is one robot.
type entry struct {
	id    tonypi.RobotID
	order sync.Mutex // one message at a time
	clock clock      // guarded by order

	mu      sync.Mutex
	robot   tonypi.Robot
	gone    bool // removed: whoever still holds the entry must leave it alone
	unsaved bool // heard of since the last flush
	said    bool // changed its presence since the last flush
	// The robot's own stamp of the last message that told whether it is stopped.
	stopSaid time.Time
	line     line
	request  request
}

// NewRegistry makes an empty Registry. Call Load before use; nothing runs before Run.
func NewRegistry(c RegistryConfig) *Registry {
	c.Policy = cmp.Or(c.Policy, Ask)
	c.MaxRobots = cmp.Or(c.MaxRobots, DefaultMaxRobots)
	if c.Kick == nil {
		c.Kick = func(tonypi.RobotID) {}
	}
	return &Registry{
		config: c, failures: newThrottle(),
		entries: make(map[tonypi.RobotID]*entry),
		secrets: make(map[[sha256.Size]byte]tonypi.Credential),
		used:    make(map[string]tonypi.Credential),
	}
}

// Load reads robots and their credentials.
func (r *Registry) Load(ctx context.Context) error {
	robots, err := r.config.Robots.Robots(ctx)
	if err != nil {
		return fmt.Errorf("load robots: %w", err)
	}
	credentials, err := r.config.Credentials.Credentials(ctx, tonypi.RobotCredential)
	if err != nil {
		return fmt.Errorf("load robot credentials: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, robot := range robots {
		r.insert(&entry{id: robot.ID, robot: robot})
	}
	for _, c := range credentials {
		r.keepSecret(c)
	}
	return nil
}

// Run writes who was seen every five seconds, in one transaction, until ctx ends, and then once more.
func (r *Registry) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			r.flush(context.WithoutCancel(ctx))
			return nil
		case <-ticker.C:
			r.flush(ctx)
		}
	}
}

// Robot returns a robot of the fleet, or a NotFound error.
func (r *Registry) Robot(id tonypi.RobotID) (tonypi.Robot, error) {
	if e := r.entry(id); e != nil {
		if robot := e.state(); robot.Adoption == tonypi.Adopted {
			return robot, nil
		}
	}
	return tonypi.Robot{}, notFound(id)
}

// Fleet returns the adopted robots, ordered by ID.
func (r *Registry) Fleet() []tonypi.Robot {
	var fleet []tonypi.Robot
	for _, e := range r.all() {
		if robot := e.state(); robot.Adoption == tonypi.Adopted {
			fleet = append(fleet, robot)
		}
	}
	slices.SortFunc(fleet, func(a, b tonypi.Robot) int { return cmp.Compare(a.ID, b.ID) })
	return fleet
}

func notFound(id tonypi.RobotID) error {
	return tonypi.Errorf(tonypi.NotFound, "Robot %q not found", id)
}

func (r *Registry) entry(id tonypi.RobotID) *entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.entries[id]
}

func (r *Registry) all() []*entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*entry, 0, len(r.entries))
	for _, e := range r.entries {
		list = append(list, e)
	}
	return list
}

// insert takes an entry in; mu is held.
func (r *Registry) insert(e *entry) {
	r.entries[e.id] = e
	r.tally(e.robot.Adoption, 1)
}

// tally keeps the counters of adoption; mu is held.
func (r *Registry) tally(a tonypi.Adoption, n int) {
	switch a {
	case tonypi.Adopted:
		r.adopted += n
	case tonypi.Pending:
		r.pending.Add(int64(n))
	}
}

func (e *entry) state() tonypi.Robot {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.robot
}

// speaker returns the robot that a message is of, or nil when the robot only wants to join. Errors are Forbidden, or those of
// the store when a robot is adopted by its first message.
func (r *Registry) speaker(ctx context.Context, m wire.Message, id tonypi.RobotID) (*entry, error) {
	s := m.Sender
	if s.Robot != "" && s.Robot != id {
		return nil, tonypi.Errorf(tonypi.Forbidden, "robot %q may not speak for %q", s.Robot, id)
	}
	e := r.entry(id)
	if e == nil {
		if s.User != "" {
			return nil, tonypi.Errorf(tonypi.Forbidden, "there is no robot %q", id)
		}
		var err error
		if e, err = r.welcome(ctx, id, s.Address); err != nil {
			return nil, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch e.robot.Adoption {
	case tonypi.Adopted:
		return e, nil
	case tonypi.Pending:
		e.ask(m)
		return nil, nil
	}
	return nil, tonypi.Errorf(tonypi.Forbidden, "robot %q was turned away", id)
}

// change is what a message changed of a robot's row.
type change struct {
	robot *tonypi.Robot // as it is now; nil when nothing changed that people see
	was   tonypi.Robot  // as it was; set when robot is
}

// seen notes that a robot was heard of and what it says of itself. It returns what changed, and false when the robot is gone.
func (r *Registry) seen(e *entry, u *tonypi.Update) (c change, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return change{}, false
	}
	if u.At.After(e.robot.LastSeen) && !lost(u) {
		e.robot.LastSeen = u.At.UTC()
	}
	e.unsaved = true
	if u.Presence == nil {
		return change{}, true
	}
	before := e.robot
	e.overtaken(u)
	describe(&e.robot, u.Presence)
	if e.robot == before {
		return change{}, true
	}
	e.said = true
	robot := e.robot
	return change{&robot, before}, true
}

// overtaken keeps a status that was made before a stop, and came in after the stop's answer, from ending the stop: the two
// take different connections. Whether a message is older is judged by the robot's own stamps; mu is held.
func (e *entry) overtaken(u *tonypi.Update) {
	if u.Sent.IsZero() || lost(u) || u.Presence.Status == tonypi.StatusOffline {
		return
	}
	behind := e.stopSaid.Sub(u.Sent)
	if e.robot.Stopped != u.Presence.Stopped && behind > 0 && behind < overtakeWithin {
		u.Presence.Stopped, u.Presence.StopReason = e.robot.Stopped, e.robot.StopReason
		if e.robot.Stopped {
			u.Presence.Status = e.robot.Status
		}
		return
	}
	// Not back for a late message that says the same: another late one would then seem to be new.
	if behind <= 0 || behind >= overtakeWithin {
		e.stopSaid = u.Sent
	}
}

// describe takes over what a robot says of itself. A robot that goes does not lose its emergency stop by that.
func describe(robot *tonypi.Robot, p *tonypi.Presence) {
	for _, field := range []struct {
		to   *string
		said string
	}{
		{&robot.Status, p.Status}, {&robot.Address, p.Address}, {&robot.CameraURL, p.CameraURL},
		{&robot.Platform, p.Platform}, {&robot.Agent, p.Agent}, {&robot.Posture, p.Posture},
	} {
		if field.said != "" {
			*field.to = field.said
		}
	}
	if p.Stopped {
		robot.Stopped, robot.StopReason = true, cmp.Or(p.StopReason, robot.StopReason)
	} else if p.Status != tonypi.StatusOffline && p.Status != tonypi.StatusLost {
		robot.Stopped, robot.StopReason = false, ""
	}
}

// presence is everything that a robot has said of itself.
func presence(robot tonypi.Robot) *tonypi.Presence {
	return &tonypi.Presence{
		Status: robot.Status, Address: robot.Address, CameraURL: robot.CameraURL, Platform: robot.Platform,
		Agent: robot.Agent, Posture: robot.Posture, Stopped: robot.Stopped, StopReason: robot.StopReason,
	}
}

// flush writes who was seen. What cannot be written now is written with the next flush.
func (r *Registry) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushWithin)
	defer cancel()
	r.flushMu.Lock()
	defer r.flushMu.Unlock()
	var sightings []tonypi.Sighting
	var entries []*entry
	for _, e := range r.all() {
		if s, ok := e.sighting(); ok {
			sightings, entries = append(sightings, s), append(entries, e)
		}
	}
	err := r.saveUsed(ctx)
	if len(sightings) > 0 {
		if failed := r.config.Robots.Seen(ctx, sightings); failed != nil {
			err = failed
			for i, e := range entries {
				e.again(sightings[i])
			}
		}
	}
	if failed := err != nil; failed != r.failing {
		r.failing = failed
		if failed {
			r.config.Log.Warn("robots' last sightings cannot be stored, they wait in memory", "err", err)
		} else {
			r.config.Log.Info("robots' last sightings are stored again")
		}
	}
}

// sighting takes what is to be written about the robot.
func (e *entry) sighting() (tonypi.Sighting, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.unsaved || e.robot.Adoption != tonypi.Adopted {
		return tonypi.Sighting{}, false
	}
	s := tonypi.Sighting{Robot: e.id, LastSeen: e.robot.LastSeen}
	if e.said {
		s.Presence = presence(e.robot)
	}
	e.unsaved, e.said = false, false
	return s, true
}

// again notes that a sighting was not written.
func (e *entry) again(s tonypi.Sighting) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.unsaved = true
	e.said = e.said || s.Presence != nil
}

func (r *Registry) showRobot(robot tonypi.Robot) {
	r.config.Show.Show(tonypi.Event{Kind: tonypi.RobotChanged, Robot: robot.ID, Time: time.Now(), RobotState: &robot})
}
