package mqtt

import (
	"sync"
	"time"
)

// wills are the last wills that wait, so that a robot whose Wi-Fi comes back in time is not declared lost.
type wills struct {
	mu      sync.Mutex
	waiting map[string]*time.Timer // by client ID
}

func (w *wills) add(clientID string, delay time.Duration, publish func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = map[string]*time.Timer{}
	}
	var t *time.Timer
	t = time.AfterFunc(delay, func() {
		w.mu.Lock()
		current := w.waiting[clientID] == t
		if current {
			delete(w.waiting, clientID)
		}
		w.mu.Unlock()
		if current {
			publish()
		}
	})
	w.waiting[clientID] = t
}

// drop forgets a will: its client is back, or the broker ends.
func (w *wills) drop(clientID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t, ok := w.waiting[clientID]; ok {
		t.Stop()
		delete(w.waiting, clientID)
	}
}

func (w *wills) dropAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.waiting {
		t.Stop()
	}
	w.waiting = nil
}
