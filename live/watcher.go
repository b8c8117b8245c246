package live

import (
	"context"
	"slices"
	"sync"
	"time"

	"tonypi"
)

// How often a watcher is told. A series that was silent for seriesGap is sent at once; frameGap keeps bursts together.
const (
	seriesGap   = 100 * time.Millisecond // on average; a value may come seriesSlack early, or a robot's own 10 Hz would be held back by its jitter
	seriesSlack = 50 * time.Millisecond
	frameGap    = 5 * time.Millisecond
	fleetGap    = time.Second            // per robot, for changes that are not urgent
	fleetTick   = 100 * time.Millisecond // how often a fleet watcher looks for them
)

// watch is what a browser asks to see.
type watch struct {
	ID      int64                       `json:"id"`
	Fleet   bool                        `json:"fleet"`
	Alerts  bool                        `json:"alerts"`
	Pending bool                        `json:"pending"`
	Robots  map[tonypi.RobotID][]string `json:"robots"`

	Commands bool      `json:"commands"`
	Leases   bool      `json:"leases"`
	Jobs     bool      `json:"jobs"`
	Logs     *logWatch `json:"logs"`
}

func (n *watch) topics() topics { return topics{n.Commands, n.Leases, n.Jobs, n.Logs} }

// watcher is one browser. Its own goroutine makes and writes the frames, so that a slow one delays nobody.
type watcher struct {
	hub    *Hub
	caller tonypi.Caller // who it was when it connected
	woken  chan struct{}

	mu      sync.Mutex
	asked   *watch           // a new watch that the writer has not answered yet
	alerts  []tonypi.Alert   // changes to be told
	dropped []tonypi.RobotID // robots to be told as removed
	topics  topics
	held    news

	// Only the writer touches what follows.
	now     watch
	looks   map[tonypi.RobotID]*look
	sent    map[tonypi.RobotID]fleetSent
	pending int
	swept   time.Time
	news    uint64
	buf     []byte
}

// look is one watcher's view of one robot.
type look struct {
	w       *watcher
	robot   *robot
	all     bool
	metrics []tonypi.Metric

	sent    []sentValue // by the robot's value index
	version uint64      // the robot's version when it was last looked at
	events  uint64
	summary fleetSent
}

// sentValue is which version of a series was told, and when the next one is due.
type sentValue struct {
	version uint64
	next    time.Time
}

// fleetSent is when a Summary was last told.
type fleetSent struct {
	version uint64
	online  bool
	at      time.Time
}

func newWatcher(h *Hub, by tonypi.Caller) *watcher {
	return &watcher{hub: h, caller: by, woken: make(chan struct{}, 1), looks: map[tonypi.RobotID]*look{}, sent: map[tonypi.RobotID]fleetSent{}}
}

// wake makes the writer look for news. It never blocks.
func (w *watcher) wake() {
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// ask replaces what the browser looks at.
func (w *watcher) ask(n watch) {
	w.mu.Lock()
	w.asked = &n
	w.mu.Unlock()
	w.wake()
}

// alert keeps an alert's newest state until the next frame.
func (w *watcher) alert(a tonypi.Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := slices.IndexFunc(w.alerts, func(b tonypi.Alert) bool { return b.ID == a.ID }); i >= 0 {
		w.alerts[i] = a
		return
	}
	w.alerts = append(w.alerts, a)
}

func (w *watcher) removed(id tonypi.RobotID) {
	w.mu.Lock()
	w.dropped = append(w.dropped, id)
	w.mu.Unlock()
}

// run writes frames until ctx ends or the write fails.
func (w *watcher) run(ctx context.Context, write func([]byte) error) error {
	defer w.leave()
	tick := time.NewTicker(fleetTick)
	defer tick.Stop()
	due := time.NewTimer(time.Hour) // when the next held-back value may go
	defer due.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if !w.stale() {
				continue
			}
		case <-w.woken:
		case <-due.C:
		}
		if gap := frameGap - time.Since(last); gap > 0 {
			time.Sleep(gap)
		}
		frame, next := w.frame(ctx, time.Now())
		if next > 0 {
			due.Reset(next)
		}
		if frame == nil {
			continue
		}
		if err := write(frame); err != nil {
			return err
		}
		w.hub.frames.Add(1)
		last = time.Now()
	}
}

// stale reports whether a fleet watcher's tick must look at the robots.
func (w *watcher) stale() bool {
	return w.now.Fleet || w.now.Pending
}

// leave takes the watcher out of everything it looks at.
func (w *watcher) leave() {
	for _, l := range w.looks {
		l.robot.detach(l)
	}
	w.hub.board.leave(w)
	w.hub.mu.Lock()
	delete(w.hub.fleet, w)
	w.hub.mu.Unlock()
}

// adopt makes the asked watch the current one. Looks are attached before the state is read, so nothing falls between.
func (w *watcher) adopt(ctx context.Context, n watch) {
	for _, l := range w.looks {
		l.robot.detach(l)
	}
	clear(w.looks)
	clear(w.sent)
	w.now, w.pending = n, -1
	w.hub.mu.Lock()
	if n.Fleet || n.Alerts || n.Pending {
		w.hub.fleet[w] = struct{}{}
	} else {
		delete(w.hub.fleet, w)
	}
	w.hub.mu.Unlock()
	w.hub.board.join(w, n.topics())
	for id, metrics := range n.Robots {
		w.lookAt(ctx, id, metrics)
	}
}

func (w *watcher) lookAt(ctx context.Context, id tonypi.RobotID, metrics []string) {
	r := w.hub.robot(id, false)
	if r == nil {
		return // unknown, or removed; the fleet list says so
	}
	w.hub.remember(ctx, r)
	l := &look{w: w, robot: r}
	for _, m := range metrics {
		if m == "*" {
			l.all = true
		}
		l.metrics = append(l.metrics, tonypi.Metric(m))
	}
	w.looks[id] = l
	r.attach(l)
}

// wants reports whether the look includes a metric.
func (l *look) wants(m tonypi.Metric) bool { return l.all || slices.Contains(l.metrics, m) }
