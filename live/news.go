package live

import (
	"encoding/json"
	"slices"
	"strconv"
	"sync"

	"tonypi"
)

// Bounds of what a watcher is told besides values.
const (
	keptCommands = 50  // newest commands that a new watcher is told
	keptScans    = 20  // newest scans
	heldNews     = 500 // changed commands, jobs or scans that wait for a watcher's next frame; older ones go
	heldLogs     = 200 // log lines that wait; older ones go and are counted
)

// logWatch selects the log lines that a browser follows; empty fields select everything.
type logWatch struct {
	Robot    tonypi.RobotID `json:"robot_id"`
	Levels   []string       `json:"levels"`
	Category string         `json:"category"`
	Search   string         `json:"search"`

	sought []string // the words of Search
}

// matches reports whether the browser follows a line: the tail shows what the list would. words are those of the line.
func (l *logWatch) matches(e *tonypi.LogEntry, words func() []string) bool {
	f := tonypi.LogFilter{Robot: l.Robot, Levels: l.Levels, Category: l.Category}
	return f.Match(*e) && (len(l.sought) == 0 || tonypi.MatchWords(l.sought, words()))
}

// topics is what a watcher wants besides robots and alerts.
type topics struct {
	commands, leases, jobs bool
	logs                   *logWatch
}

func (t topics) any() bool { return t.commands || t.leases || t.jobs || t.logs != nil }

// board holds what a new watcher is told first.
type board struct {
	mu       sync.Mutex
	commands []tonypi.Command // by time of creation, oldest first
	leases   map[tonypi.RobotID]tonypi.Lease
	jobs     map[int64]tonypi.Job // the active ones
	scans    []tonypi.ScanRecord
	tellers  map[*watcher]struct{} // watchers that want any of it
}

func newBoard() *board {
	return &board{
		leases: map[tonypi.RobotID]tonypi.Lease{}, jobs: map[int64]tonypi.Job{}, tellers: map[*watcher]struct{}{},
	}
}

// news is what waits for a watcher's next frame.
type news struct {
	commands []tonypi.Command
	leases   []tonypi.Lease
	jobs     []tonypi.Job
	scans    []tonypi.ScanRecord
	logs     []tonypi.LogEntry
	skipped  int // log lines that did not fit
}

func (n *news) empty() bool {
	return len(n.commands) == 0 && len(n.leases) == 0 && len(n.jobs) == 0 && len(n.scans) == 0 && len(n.logs) == 0 && n.skipped == 0
}

// tell takes one event to the board and to every watcher that wants it.
func (b *board) tell(e tonypi.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e.Kind {
	case tonypi.CommandChanged:
		b.commands = replace(b.commands, *e.Command, keptCommands, func(c tonypi.Command) string { return c.ID })
	case tonypi.LeaseChanged:
		if e.Lease.Holder == "" {
			delete(b.leases, e.Lease.Robot)
		} else {
			b.leases[e.Lease.Robot] = *e.Lease
		}
	case tonypi.JobChanged:
		if e.Job.Status == tonypi.JobActive {
			b.jobs[e.Job.ID] = *e.Job
		} else {
			delete(b.jobs, e.Job.ID)
		}
	case tonypi.Scanned:
		b.scans = replace(b.scans, *e.Scan, keptScans, func(s tonypi.ScanRecord) int64 { return s.ID })
	}
	// A line is split into words once, however many browsers search: whoever shows something waits for this.
	words := sync.OnceValue(func() []string { return tonypi.Words(e.Log.Message) })
	for w := range b.tellers {
		w.hear(e, words)
	}
}

// forget drops what is known of a robot that was removed.
func (b *board) forget(robot tonypi.RobotID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.leases, robot)
	for id, j := range b.jobs {
		if j.Robot == robot {
			delete(b.jobs, id)
		}
	}
	b.commands = slices.DeleteFunc(b.commands, func(c tonypi.Command) bool { return c.Robot == robot })
	b.scans = slices.DeleteFunc(b.scans, func(s tonypi.ScanRecord) bool { return s.Robot == robot })
}

// join makes w hear what it wants from now on, and gives it what is known now: nothing falls between.
func (b *board) join(w *watcher, t topics) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !t.any() {
		delete(b.tellers, w)
		w.restart(t, news{})
		return
	}
	b.tellers[w] = struct{}{}
	if t.logs != nil {
		t.logs.sought = tonypi.Words(t.logs.Search)
	}
	var n news
	if t.commands {
		n.commands = slices.Clone(b.commands)
	}
	if t.leases {
		for _, l := range b.leases {
			n.leases = append(n.leases, l)
		}
	}
	if t.jobs {
		n.scans = slices.Clone(b.scans)
		for _, j := range b.jobs {
			n.jobs = append(n.jobs, j)
		}
		slices.SortFunc(n.jobs, func(x, y tonypi.Job) int { return int(x.ID - y.ID) })
	}
	w.restart(t, n)
}

func (b *board) leave(w *watcher) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tellers, w)
}

// restart sets what the watcher wants and what its next frame begins with.
func (w *watcher) restart(t topics, n news) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.topics, w.held = t, n
}

// hear keeps one event for the next frame. It never blocks.
func (w *watcher) hear(e tonypi.Event, words func() []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := &w.held
	switch {
	case e.Kind == tonypi.CommandChanged && w.topics.commands:
		n.commands = replace(n.commands, *e.Command, heldNews, func(c tonypi.Command) string { return c.ID })
	case e.Kind == tonypi.LeaseChanged && w.topics.leases:
		n.leases = replace(n.leases, *e.Lease, heldNews, func(l tonypi.Lease) tonypi.RobotID { return l.Robot })
	case e.Kind == tonypi.JobChanged && w.topics.jobs:
		n.jobs = replace(n.jobs, *e.Job, heldNews, func(j tonypi.Job) int64 { return j.ID })
	case e.Kind == tonypi.Scanned && w.topics.jobs:
		n.scans = replace(n.scans, *e.Scan, heldNews, func(s tonypi.ScanRecord) int64 { return s.ID })
	case e.Kind == tonypi.LogWritten && w.topics.logs != nil && w.topics.logs.matches(e.Log, words):
		if len(n.logs) == heldLogs {
			n.logs = slices.Delete(n.logs, 0, 1)
			n.skipped++
		}
		n.logs = append(n.logs, *e.Log)
	default:
		return
	}
	w.wake()
}

// replace puts v in the place of the element with its key, or at the end; when there are more than most, the first goes.
func replace[T any, K comparable](list []T, v T, most int, key func(T) K) []T {
	for i := range slices.Backward(list) {
		if key(list[i]) == key(v) {
			list[i] = v
			return list
		}
	}
	if len(list) >= most {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, v)
}

// appendNews adds what waits. Leases say whether they are the watcher's own.
func (w *watcher) appendNews(b []byte, n news, t topics, all bool) []byte {
	for i := range n.leases {
		l := &n.leases[i]
		l.Mine = l.Holder != "" && l.Holder == w.caller.Name && l.Session == w.caller.Session
	}
	b = appendNewsList(b, "commands", n.commands, all && t.commands)
	b = appendNewsList(b, "leases", n.leases, all && t.leases)
	b = appendNewsList(b, "jobs", n.jobs, all && t.jobs)
	b = appendNewsList(b, "scans", n.scans, all && t.jobs)
	b = appendNewsList(b, "logs", n.logs, all && t.logs != nil)
	if n.skipped > 0 {
		b = append(b, `,"logs_skipped":`...)
		b = strconv.AppendInt(b, int64(n.skipped), 10)
	}
	return b
}

func appendNewsList[T any](b []byte, name string, list []T, all bool) []byte {
	if len(list) == 0 && !all {
		return b
	}
	if list == nil {
		list = []T{}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return b // a job's or command's raw JSON is broken: its engine checks it
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return append(b, text...)
}
