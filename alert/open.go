package alert

import (
	"cmp"
	"slices"
	"sync"

	"tonypi"
)

// openAlerts lists what is open, apart from the robots' locks: whoever is shown an alert may ask here.
type openAlerts struct {
	mu     sync.RWMutex
	byID   map[int64]tonypi.Alert
	counts map[tonypi.RobotID]*[4]int // by rank of severity
}

func newOpenAlerts() openAlerts {
	return openAlerts{byID: make(map[int64]tonypi.Alert), counts: make(map[tonypi.RobotID]*[4]int)}
}

// set takes in the newest state of an alert; a resolved one leaves the list.
func (o *openAlerts) set(a tonypi.Alert) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drop(a.ID)
	if a.Resolved {
		return
	}
	o.byID[a.ID] = a
	count := o.counts[a.Robot]
	if count == nil {
		count = new([4]int)
		o.counts[a.Robot] = count
	}
	count[a.Severity.Rank()]++
}

// drop removes an alert; mu is held.
func (o *openAlerts) drop(id int64) {
	old, ok := o.byID[id]
	if !ok {
		return
	}
	delete(o.byID, id)
	count := o.counts[old.Robot]
	count[old.Severity.Rank()]--
	if *count == [4]int{} {
		delete(o.counts, old.Robot)
	}
}

func (o *openAlerts) remove(id int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.drop(id)
}

func (o *openAlerts) forget(robot tonypi.RobotID) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, a := range o.byID {
		if a.Robot == robot {
			o.drop(id)
		}
	}
}

func (o *openAlerts) get(id int64) (tonypi.Alert, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	a, ok := o.byID[id]
	return a, ok
}

// Open returns the open alerts, the newest first.
func (e *Engine) Open() []tonypi.Alert {
	e.open.mu.RLock()
	list := make([]tonypi.Alert, 0, len(e.open.byID))
	for _, a := range e.open.byID {
		list = append(list, a)
	}
	e.open.mu.RUnlock()
	slices.SortFunc(list, func(a, b tonypi.Alert) int { return cmp.Compare(b.ID, a.ID) })
	return list
}

// OpenCounts returns how many alerts of a robot are open and how bad the worst is. It may be called from Shower.Show.
func (e *Engine) OpenCounts(robot tonypi.RobotID) (count int, worst tonypi.Severity) {
	e.open.mu.RLock()
	defer e.open.mu.RUnlock()
	counts := e.open.counts[robot]
	if counts == nil {
		return 0, tonypi.Calm
	}
	for rank, severity := range []tonypi.Severity{tonypi.Calm, tonypi.Info, tonypi.Warning, tonypi.Critical} {
		count += counts[rank]
		if counts[rank] > 0 {
			worst = severity
		}
	}
	return count, worst
}
