package ingest

import (
	"sync"
	"time"
)

// Bounds of failed sign-ins.
const (
	throttleBurst = 10              // failures at once
	throttleEvery = 6 * time.Second // after which one failure is forgiven
	throttleTable = 10_000          // addresses remembered
)

// throttle slows down whoever guesses secrets. It is per address and bounded: when the table is full, the longest quiet
// tenth is forgotten.
type throttle struct {
	mu    sync.Mutex
	until map[string]time.Time // when the last failure of an address will be forgiven
}

func newThrottle() *throttle { return &throttle{until: make(map[string]time.Time)} }

// blocked reports whether an address has failed too often.
func (t *throttle) blocked(address string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.until[address].Sub(now) > (throttleBurst-1)*throttleEvery
}

// failed notes a failure.
func (t *throttle) failed(address string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	until, known := t.until[address]
	if !known && len(t.until) >= throttleTable {
		t.sweep(now)
	}
	if until.Before(now) {
		until = now
	}
	t.until[address] = until.Add(throttleEvery)
}

// sweep forgets who is forgiven, and if that is nobody, those who soon will be; mu is held.
func (t *throttle) sweep(now time.Time) {
	for horizon := now; len(t.until) > throttleTable*9/10; horizon = horizon.Add(throttleEvery) {
		for address, until := range t.until {
			if !until.After(horizon) {
				delete(t.until, address)
			}
		}
	}
}
