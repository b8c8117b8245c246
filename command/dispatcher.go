package command

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tonypi"
	"tonypi/outbox"
	"tonypi/wire"
)

// Bounds of a Dispatcher.
const (
	maxOrderID     = 100    // bytes
	maxRobots      = 1000   // of one order
	maxReason      = 500    // bytes
	maxOpen        = 20_000 // commands without an outcome, stops not counted
	maxOpenOfRobot = 100
	maxAnswer      = 64 << 10 // bytes of a robot's answer that are kept

	tickEvery     = 100 * time.Millisecond // how late a command may expire
	createWithin  = 5 * time.Second        // for the store to take new commands
	publishWithin = 5 * time.Second        // for the broker to take one order's messages
	publishers    = 16                     // messages that are handed to the broker at the same time
)

// Robots knows the fleet, from memory. ingest.Registry is one.
type Robots interface {
	Robot(id tonypi.RobotID) (tonypi.Robot, error) // NotFound unless it is adopted
	Fleet() []tonypi.Robot                         // the adopted ones
}

// Alerts opens and closes alerts that no rule makes: one per robot, kind and source is open at a time.
type Alerts interface {
	Raise(now time.Time, a tonypi.Alert)
	Clear(robot tonypi.RobotID, kind, source, by string, now time.Time)
}

// Series keeps readings. Every tonypi.SeriesStore is one.
type Series interface {
	Append(readings []tonypi.Reading) (tonypi.Commit, error)
}

// Publisher hands messages to robots. Every wire.Bus is one.
type Publisher interface {
	Publish(ctx context.Context, m wire.Message) error
}

// Config is what a Dispatcher works with. All fields are needed but those that say otherwise.
type Config struct {
	Store  tonypi.CommandStore
	Bus    Publisher
	Robots Robots
	// Connected reports whether the robot's MQTT connection is open. nil: only tonypi.Robot.Online counts.
	Connected func(robot tonypi.RobotID) bool
	Show      tonypi.Shower
	Alerts    Alerts
	Record    tonypi.Recorder
	Series    Series
	Leases    *Leases
	Configs   *Configs // is told what robots answer; may be nil
	Log       *slog.Logger
}

// Dispatcher sends commands and follows each to its outcome. Memory is the truth about commands without an outcome; what
// becomes of them is shown at once and written behind to the store. It is safe for concurrent use.
type Dispatcher struct {
	cfg     Config
	out     *outbox.Outbox[string, tonypi.Command]
	errands errands
	lookups chan *lookup
	urge    chan struct{} // of one: a stop is to be published again now
	driving driving

	mu      sync.Mutex // never held while anything but Show is called
	byID    map[string]*entry
	byBatch map[member]*entry // of stops: original clients answer a broadcast with its ID
	past    past              // the youngest ended ones, which may be answered twice or late
	open    map[tonypi.RobotID]int
	opened  int
	pending map[tonypi.RobotID]*pending
	early   early
	halted  map[tonypi.RobotID]time.Time // when each robot was last told to stop; a resume from before comes too late
}

// member names one robot's part in an order to several.
type member struct {
	robot tonypi.RobotID
	batch string
}

// entry is a command in memory; the Dispatcher's mu guards c.
type entry struct {
	c     tonypi.Command
	ended chan struct{} // closed when there is an outcome
	size  int           // bytes, roughly
}

// New makes a Dispatcher that knows nothing. Call Load before use; nothing runs before Run.
func New(c Config) *Dispatcher {
	if c.Connected == nil {
		c.Connected = func(tonypi.RobotID) bool { return false }
	}
	return &Dispatcher{
		cfg: c, out: newOutbox(c.Store, c.Log),
		errands: make(errands, maxErrands), lookups: make(chan *lookup, maxLookups), urge: make(chan struct{}, 1),
		driving: driving{robots: make(map[driver]map[tonypi.RobotID]*wheel)},
		byID:    make(map[string]*entry), byBatch: make(map[member]*entry),
		open: make(map[tonypi.RobotID]int), pending: make(map[tonypi.RobotID]*pending), halted: make(map[tonypi.RobotID]time.Time),
	}
}

// Run expires commands that nobody answered, repeats stops that were not confirmed and writes outcomes behind, until ctx
// ends. Before it returns it tries for five seconds to write what is left.
func (d *Dispatcher) Run(ctx context.Context) error {
	var work sync.WaitGroup
	for _, part := range []func(context.Context){d.out.Run, d.errands.run, d.repeat, d.lookUp} {
		work.Go(func() { part(ctx) })
	}
	defer work.Wait()
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			d.tick(time.Now())
		}
	}
}

// Wait returns the commands as soon as all have ended, or as they are when ctx ends, which is no error. Errors: NotFound, and
// those of the store about commands that ended long ago.
func (d *Dispatcher) Wait(ctx context.Context, ids []string) ([]tonypi.Command, error) {
	list := make([]tonypi.Command, len(ids))
	entries := make([]*entry, len(ids))
	for i, id := range ids {
		if entries[i] = d.find(id); entries[i] != nil {
			continue
		}
		c, err := d.cfg.Store.Command(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("wait for commands: %w", err)
		}
		list[i] = c
	}
	for i, e := range entries {
		if e == nil {
			continue
		}
		select {
		case <-e.ended:
		case <-ctx.Done():
		}
		list[i] = d.copyOf(e)
	}
	return list, nil
}

// Forget drops everything about a robot that was removed, changes that the store does not have yet too. Call it before its
// rows are deleted.
func (d *Dispatcher) Forget(robot tonypi.RobotID) {
	d.mu.Lock()
	for id, e := range d.byID {
		if e.c.Robot == robot {
			d.forget(id, e)
		}
	}
	delete(d.pending, robot)
	delete(d.halted, robot)
	d.mu.Unlock()
	d.out.Forget(func(c tonypi.Command) bool { return c.Robot == robot })
	d.cfg.Leases.Forget(robot)
	if d.cfg.Configs != nil {
		d.cfg.Configs.Forget(robot)
	}
}

// Connected is to be called when a robot's connection is up: what it missed is sent again. It does not block.
func (d *Dispatcher) Connected(robot tonypi.RobotID) {
	d.mu.Lock()
	p := d.pending[robot]
	if p != nil {
		p.next, p.tries = time.Time{}, 0
	}
	d.mu.Unlock()
	if p != nil {
		d.wake()
	}
	if d.cfg.Configs != nil {
		d.cfg.Configs.Connected(robot)
	}
}

func (d *Dispatcher) wake() {
	select {
	case d.urge <- struct{}{}:
	default:
	}
}

func (d *Dispatcher) find(id string) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byID[id]
}

func (d *Dispatcher) copyOf(e *entry) tonypi.Command {
	d.mu.Lock()
	defer d.mu.Unlock()
	return e.c
}

// reachable reports whether a message would get to the robot now.
func (d *Dispatcher) reachable(r tonypi.Robot, now time.Time) bool {
	return r.Online(now) || d.cfg.Connected(r.ID)
}

// stamp is the precision of times in memory.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
