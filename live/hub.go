// Package live tells every watching browser what happens, over one WebSocket each. The hub holds the newest value of every
// series; a watcher gets what changed in what it looks at, conflated, so that a slow browser loses frames and never the server.
package live

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
)

// History gives the newest readings of a robot that has not spoken since the server started.
type History interface {
	Latest(ctx context.Context, robot tonypi.RobotID) ([]tonypi.Reading, error)
}

// Control carries out what people do through their socket. Whether they may is its business too.
type Control interface {
	Drive(ctx context.Context, by tonypi.Caller, d tonypi.Drive) error
	LetGo(by tonypi.Caller)
	Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
}

// Config is what a Hub needs.
type Config struct {
	History   History
	Authorize func(ctx context.Context, token string) (tonypi.Caller, error) // an empty token is an anonymous person; without an Address the connection's counts
	Control   Control                                                        // nil: nothing can be done through sockets
	Pending   func() int                                                     // robots that want to join; nil means none
	Version   string
	Origins   []string // hosts besides the server's own whose pages may open the socket
	Log       *slog.Logger
}

// Hub is the server's picture of the present. It is a tonypi.Shower, and safe for concurrent use.
type Hub struct {
	cfg Config

	mu     sync.RWMutex
	robots map[tonypi.RobotID]*robot
	fleet  map[*watcher]struct{} // watchers that look at the fleet or the alerts
	order  []*robot              // by ID; replaced, never changed, when a robot comes or goes

	board *board

	alertsMu sync.Mutex
	alerts   map[int64]tonypi.Alert // the open ones

	news     atomic.Uint64 // counts changes that fleet watchers must see
	watchers atomic.Int64
	sessions atomic.Uint64
	frames   atomic.Uint64
}

// New makes a Hub. Load it with what is known before its first event.
func New(cfg Config) *Hub {
	return &Hub{
		cfg:    cfg,
		board:  newBoard(),
		robots: map[tonypi.RobotID]*robot{},
		fleet:  map[*watcher]struct{}{},
		alerts: map[int64]tonypi.Alert{},
	}
}

// Load gives the hub the robots and open alerts that the stores hold when the server starts.
func (h *Hub) Load(robots []tonypi.Robot, open []tonypi.Alert) {
	for _, r := range robots {
		if r.Adoption == tonypi.Adopted {
			h.Show(tonypi.Event{Kind: tonypi.RobotChanged, Robot: r.ID, RobotState: &r})
		}
	}
	for _, a := range open {
		h.Show(tonypi.Event{Kind: tonypi.AlertChanged, Robot: a.Robot, Alert: &a})
	}
}

// Watchers returns how many browsers are connected.
func (h *Hub) Watchers() int { return int(h.watchers.Load()) }

// Frames returns how many frames were sent since the start.
func (h *Hub) Frames() uint64 { return h.frames.Load() }

// Show takes in one event and wakes whoever looks at it.
func (h *Hub) Show(e tonypi.Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	switch e.Kind {
	case tonypi.AlertChanged:
		h.showAlert(e)
		return
	case tonypi.CommandChanged, tonypi.LeaseChanged, tonypi.JobChanged, tonypi.Scanned, tonypi.LogWritten:
		h.board.tell(e)
		if e.Kind != tonypi.JobChanged && e.Kind != tonypi.LogWritten || e.Robot == "" {
			return
		}
	case tonypi.RobotRemoved:
		h.board.forget(e.Robot)
		h.remove(e.Robot)
		return
	case tonypi.RobotChanged:
		if e.RobotState.Adoption != tonypi.Adopted {
			h.remove(e.Robot)
			return
		}
		h.robot(e.Robot, true).change(e)
		h.urge()
		return
	}
	if r := h.robot(e.Robot, false); r != nil {
		r.take(e)
		if e.Kind == tonypi.ConnectionChanged {
			h.urge()
		}
	}
}

func (h *Hub) showAlert(e tonypi.Event) {
	h.alertsMu.Lock()
	if e.Alert.Resolved {
		delete(h.alerts, e.Alert.ID)
	} else {
		h.alerts[e.Alert.ID] = *e.Alert
	}
	open, worst := 0, tonypi.Calm
	for _, a := range h.alerts {
		if a.Robot != e.Alert.Robot {
			continue
		}
		open++
		if a.Severity.Rank() > worst.Rank() {
			worst = a.Severity
		}
	}
	h.alertsMu.Unlock()
	if r := h.robot(e.Alert.Robot, false); r != nil {
		r.alerted(open, worst)
	}
	h.mu.RLock()
	for w := range h.fleet {
		w.alert(*e.Alert)
	}
	h.mu.RUnlock()
	h.urge()
}

// urge makes the fleet watchers look at once instead of at their next tick.
func (h *Hub) urge() {
	h.news.Add(1)
	h.mu.RLock()
	defer h.mu.RUnlock()
	for w := range h.fleet {
		w.wake()
	}
}

func (h *Hub) robot(id tonypi.RobotID, create bool) *robot {
	h.mu.RLock()
	r := h.robots[id]
	h.mu.RUnlock()
	if r != nil || !create {
		return r
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if r = h.robots[id]; r == nil {
		r = newRobot(id)
		h.robots[id] = r
		h.reorder()
	}
	return r
}

// reorder makes the list of robots anew; the caller holds the lock.
func (h *Hub) reorder() {
	h.order = make([]*robot, 0, len(h.robots))
	for _, r := range h.robots {
		h.order = append(h.order, r)
	}
	slices.SortFunc(h.order, func(a, b *robot) int { return strings.Compare(string(a.id), string(b.id)) })
}

func (h *Hub) remove(id tonypi.RobotID) {
	h.mu.Lock()
	r, known := h.robots[id]
	delete(h.robots, id)
	if known {
		h.reorder()
	}
	for w := range h.fleet {
		w.removed(id)
	}
	h.mu.Unlock()
	if known {
		r.detachAll()
		h.urge()
	}
}

// Summaries returns every adopted robot, ordered by ID.
func (h *Hub) Summaries() []tonypi.Summary {
	now := time.Now()
	list := []tonypi.Summary{}
	for _, r := range h.snapshot() {
		list = append(list, r.summary(now))
	}
	return list
}

// Summary returns one adopted robot, or a NotFound error.
func (h *Hub) Summary(id tonypi.RobotID) (tonypi.Summary, error) {
	r := h.robot(id, false)
	if r == nil {
		return tonypi.Summary{}, tonypi.Errorf(tonypi.NotFound, "Robot not found")
	}
	return r.summary(time.Now()), nil
}

// snapshot returns the robots ordered by ID.
func (h *Hub) snapshot() []*robot {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.order
}

// openAlerts returns the open alerts, newest first.
func (h *Hub) openAlerts() []tonypi.Alert {
	h.alertsMu.Lock()
	list := make([]tonypi.Alert, 0, len(h.alerts))
	for _, a := range h.alerts {
		list = append(list, a)
	}
	h.alertsMu.Unlock()
	slices.SortFunc(list, func(a, b tonypi.Alert) int { return cmp.Compare(b.ID, a.ID) })
	return list
}

func (h *Hub) pending() int {
	if h.cfg.Pending == nil {
		return 0
	}
	return h.cfg.Pending()
}

// remember fills a robot's values from history once after a restart.
func (h *Hub) remember(ctx context.Context, r *robot) {
	if h.cfg.History == nil || !r.claimMemory() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	old, err := h.cfg.History.Latest(ctx, r.id)
	if err != nil {
		h.cfg.Log.Warn("latest readings not available", "robot", r.id, "err", err)
		return
	}
	r.recall(old)
}

// marshal encodes a value of ours, which cannot fail.
func marshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return b
}
