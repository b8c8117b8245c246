package mqtt

import (
	"sync"
	"time"
)

// door counts connections per address, and turns away those that are too many.
type door struct {
	limits Limits

	mu      sync.Mutex
	open    int
	callers map[string]*caller
}

type caller struct {
	open    int
	arrival bucket
}

func newDoor(l Limits) *door {
	return &door{limits: l, callers: map[string]*caller{}}
}

// enter lets one connection in, or says why not.
func (d *door) enter(address string, now time.Time) (Reason, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open >= d.limits.Connections {
		return Full, false
	}
	c := d.callers[address]
	if c == nil {
		d.prune(now)
		c = &caller{}
		d.callers[address] = c
	}
	if c.open >= d.limits.PerAddress {
		return PerAddress, false
	}
	if wait := c.arrival.take(now, 1, d.limits.ConnectRate, float64(d.limits.PerAddress)); wait > 0 {
		c.arrival.tokens++
		return TooFast, false
	}
	c.open++
	d.open++
	return 0, true
}

func (d *door) leave(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open--
	if c := d.callers[address]; c != nil {
		c.open--
	}
}

// prune forgets addresses that have been gone for so long that their bucket is full again. It looks only when there
// are many, so that the map is bounded and an ordinary connect costs nothing.
func (d *door) prune(now time.Time) {
	if len(d.callers) < 2*d.limits.Connections {
		return
	}
	full := time.Duration(float64(d.limits.PerAddress) / d.limits.ConnectRate * float64(time.Second))
	for address, c := range d.callers {
		if c.open == 0 && now.Sub(c.arrival.last) > full {
			delete(d.callers, address)
		}
	}
	if len(d.callers) < 2*d.limits.Connections {
		return
	}
	for address, c := range d.callers { // a flood from ever new addresses: forget their pace, keep the open ones
		if c.open == 0 {
			delete(d.callers, address)
		}
	}
}
