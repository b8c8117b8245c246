// Package alert turns readings and rules into alerts. The silence of a robot is an alert too.
//
// Memory is the truth: rules and open alerts live in the Engine, every change is shown at once and written behind to the
// store, which may be down for as long as it likes without silencing an alert.
//
// What an alert does:
//   - one is open per (robot, type, source); it opens when the value was at or over a threshold for the rule's For, its
//     severity rises after the worse threshold held for For, falls after the better state held for ClearFor, and it
//     resolves itself ("itself") when the value was back, past the hysteresis, for ClearFor;
//   - a rising severity takes the acknowledgement back: it needs a person again;
//   - an alert that a person resolved while its value is still over opens again when it gets worse, after the value was
//     back, or after five minutes; one about silence only after the robot was heard again;
//   - no timer runs on while its robot is silent: what nobody measured proves nothing;
//   - what happens (a stop, a fall, a failed job) is told by Raise and Clear; a disabled rule of its type switches it off;
//   - a changed rule judges the next data; a deleted or disabled one resolves its alerts ("rule change").
//
// What is not judged: servo and CPU temperatures of 0 or below 0 °C servo readings (the sensors' way of saying "no
// answer"), batteries while they charge, and servo voltages that tell nothing about the supply (see credible).
package alert

import (
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
	"tonypi/outbox"
)

const (
	tickEvery     = 250 * time.Millisecond // how late a timer may fire
	muteFor       = 5 * time.Minute        // quiet after a person resolved what is still true
	staleAfter    = time.Minute            // timers stop when a robot without a silence rule was not heard this long
	maxConditions = 256                    // conditions per robot; more sources than that are not judged
	shardCount    = 64
)

// Who resolved an alert when no person did.
const (
	byItself     = "itself"
	byRuleChange = "rule change"
)

// Config is what an Engine works with. All fields are needed.
type Config struct {
	Store tonypi.AlertStore
	Rules tonypi.RuleStore
	Show  tonypi.Shower
	Log   *slog.Logger
}

// Engine judges readings. It is safe for concurrent use; readings of one robot must come in order.
type Engine struct {
	ruleStore tonypi.RuleStore
	store     tonypi.AlertStore
	show      tonypi.Shower
	log       *slog.Logger

	ruleMu sync.Mutex // held while rules change
	table  atomic.Pointer[table]
	seed   maphash.Seed
	shards [shardCount]shard
	lastID atomic.Int64
	open   openAlerts
	out    *outbox.Outbox[int64, tonypi.Alert]
}

type shard struct {
	mu     sync.RWMutex
	robots map[tonypi.RobotID]*robot
}

// robot is what the engine remembers of one robot.
type robot struct {
	id       tonypi.RobotID
	lastSeen atomic.Int64 // Unix nanoseconds; 0: never heard of
	silent   atomic.Bool  // Seen has more to do than to write lastSeen

	mu         sync.Mutex
	gone       bool // forgotten
	rules      *ruleSet
	charging   bool
	crowded    bool // maxConditions was reached and logged
	conditions map[conditionKey]*condition

	// About silence. lost and goodbye hold until the robot is heard again.
	silence       condition
	lost, goodbye bool
}

// New makes an Engine without rules. Call Load before use; nothing runs before Run.
func New(c Config) *Engine {
	e := &Engine{
		ruleStore: c.Rules, store: c.Store, show: c.Show, log: c.Log,
		seed: maphash.MakeSeed(),
		open: newOpenAlerts(),
		out:  newOutbox(c.Store, c.Log),
	}
	for i := range e.shards {
		e.shards[i].robots = make(map[tonypi.RobotID]*robot)
	}
	e.table.Store(newTable(nil))
	return e
}

// Load reads rules and open alerts. A store without any rule gets the default ones.
func (e *Engine) Load(ctx context.Context) error {
	rules, err := e.ruleStore.Rules(ctx)
	if err != nil {
		return fmt.Errorf("load alert rules: %w", err)
	}
	e.table.Store(newTable(rules))
	if len(rules) == 0 {
		if _, err := e.RestoreDefaults(ctx); err != nil {
			return fmt.Errorf("store default rules: %w", err)
		}
	}
	last, err := e.store.LastAlertID(ctx)
	if err != nil {
		return fmt.Errorf("load last alert ID: %w", err)
	}
	e.lastID.Store(last)
	open, err := e.store.OpenAlerts(ctx)
	if err != nil {
		return fmt.Errorf("load open alerts: %w", err)
	}
	e.adopt(open)
	e.recheck(time.Now())
	return nil
}

// adopt puts stored alerts back into memory. Of two with the same robot, type and source the newer one stays open.
func (e *Engine) adopt(open []tonypi.Alert) {
	for i := range open {
		a := &open[i]
		r := e.robot(a.Robot)
		r.mu.Lock()
		c := r.condition(conditionKey{a.Type, a.Source})
		older := c.alert
		if older != nil && older.ID > a.ID {
			older, a = a, older
		}
		c.alert = a
		e.open.set(*a)
		if older != nil {
			e.close(older, byItself, time.Now())
		}
		if a.Type == tonypi.SilenceRule {
			r.lost = true // until it is heard
			r.silent.Store(true)
		}
		r.mu.Unlock()
	}
}

// Run watches for silence, lets timers fire and writes alerts behind, until ctx ends. Before it returns it tries for five
// seconds to write what is left.
func (e *Engine) Run(ctx context.Context) error {
	var writing sync.WaitGroup
	writing.Go(func() { e.out.Run(ctx) })
	defer writing.Wait()

	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			e.tick(time.Now())
		}
	}
}

func (e *Engine) tick(now time.Time) {
	e.each(func(r *robot) {
		e.tickSilence(r, now)
		if len(r.conditions) == 0 {
			return
		}
		if e.stale(r, now) {
			r.freeze()
			return
		}
		for key, c := range r.conditions {
			switch {
			case c.rule != nil:
				e.settle(r, key, c, now)
			case c.idle():
				delete(r.conditions, key)
			}
		}
	})
}

// each calls f for every robot with its lock held.
func (e *Engine) each(f func(*robot)) {
	var robots []*robot
	for i := range e.shards {
		s := &e.shards[i]
		robots = robots[:0]
		s.mu.RLock()
		for _, r := range s.robots {
			robots = append(robots, r)
		}
		s.mu.RUnlock()
		for _, r := range robots {
			r.mu.Lock()
			if !r.gone {
				f(r)
			}
			r.mu.Unlock()
		}
	}
}

func (e *Engine) shard(id tonypi.RobotID) *shard {
	return &e.shards[maphash.String(e.seed, string(id))%shardCount]
}

// robot returns the memory of a robot, made at first use.
func (e *Engine) robot(id tonypi.RobotID) *robot {
	s := e.shard(id)
	s.mu.RLock()
	r := s.robots[id]
	s.mu.RUnlock()
	if r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r = s.robots[id]; r == nil {
		r = &robot{id: id, conditions: make(map[conditionKey]*condition)}
		s.robots[id] = r
	}
	return r
}

// ForgetRobot drops everything about a robot, its open alerts and unwritten changes too. Call it when the robot's
// messages are refused already and before its rows are deleted.
func (e *Engine) ForgetRobot(id tonypi.RobotID) {
	s := e.shard(id)
	s.mu.Lock()
	r := s.robots[id]
	delete(s.robots, id)
	s.mu.Unlock()
	if r != nil {
		r.mu.Lock()
		r.gone = true
		r.mu.Unlock()
	}
	e.open.forget(id)
	e.out.Forget(func(a tonypi.Alert) bool { return a.Robot == id })
	e.forgetRules(id)
}
