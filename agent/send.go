package agent

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
	"tonypi/wire"
)

const (
	freshFor   = 3 * time.Second // an entry that waited longer is backlog and goes at a bounded rate
	retryFirst = 500 * time.Millisecond
	retryMost  = 5 * time.Second
)

// link is what is known about the way to the server.
type link struct {
	lost atomic.Uint64 // messages dropped since the last time they were told of

	mu       sync.Mutex
	up       bool                 // the client is connected
	cut      bool                 // the body says that it has no network
	failing  bool                 // the last try of some lane failed
	draining bool                 // a backlog is being sent
	pause    [lanes]time.Duration // before the next try after a failure
	retryAt  [lanes]time.Time
	oldAt    time.Time     // when the next message of the backlog may go
	upAt     time.Time     // when the connection came up last
	trip     time.Duration // from publishing to the acknowledgement, smoothed
}

func (l *link) isUp() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && !l.cut && !l.failing
}

// roundTrip is how long the server takes to answer, in ms, as the last messages met it; ok is false before the first.
func (l *link) roundTrip() (ms float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return math.Round(float64(l.trip.Microseconds())/100) / 10, l.trip > 0
}

// Up tells the agent that the connection to the broker is there: what waits is sent. Call it from the client's OnUp.
func (a *Agent) Up() {
	a.link.mu.Lock()
	a.link.up, a.link.upAt = true, time.Now()
	a.link.mu.Unlock()
	a.restart()
}

// reach notes whether the body has a network.
func (a *Agent) reach(yes bool) {
	a.link.mu.Lock()
	changed := a.link.cut == yes
	a.link.cut = !yes
	a.link.mu.Unlock()
	if changed && yes {
		a.restart()
	}
}

// restart sends what waits, without the pause after failures.
func (a *Agent) restart() {
	a.link.mu.Lock()
	a.link.failing, a.link.pause, a.link.retryAt = false, [lanes]time.Duration{}, [lanes]time.Time{}
	ready := a.link.up && !a.link.cut
	a.link.mu.Unlock()
	if !ready {
		return
	}
	if n := a.link.lost.Swap(0); n > 0 {
		a.say("WARNING", fmt.Sprintf("%d messages were dropped while the server was out of reach", n))
	}
	a.poke(a.changed)
	for range a.cfg.Bounds.Inflight {
		a.poke(a.wake)
	}
}

// Down tells the agent that the connection is gone: what it reads from now on waits. Call it from the client's OnDown.
func (a *Agent) Down() {
	a.link.mu.Lock()
	a.link.up = false
	a.link.mu.Unlock()
	a.letGo() // whoever drove is gone
}

func (a *Agent) poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// send publishes what waits until ctx ends: fresh entries at once, the backlog at its rate.
func (a *Agent) send(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		e, ok, wait := a.next(time.Now())
		if ok {
			a.deliver(ctx, e)
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-a.wake:
		case <-timer.C:
		}
	}
}

// next takes the entry that may be sent now, or says how long to wait for one.
func (a *Agent) next(now time.Time) (e Entry, ok bool, wait time.Duration) {
	const long = time.Hour
	l := &a.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up || l.cut {
		return e, false, long
	}
	// A lane that fails holds back itself and those behind it: a store of readings that is down must not keep answers.
	for last := range lanes {
		d := l.retryAt[last].Sub(now)
		if d <= 0 {
			continue
		}
		if last > 0 {
			if e, ok = a.queue.Take(now.Add(-freshFor), last-1); ok {
				return e, true, 0
			}
		}
		return e, false, d
	}
	if e, ok = a.queue.Take(now.Add(-freshFor), Samples); ok {
		return e, true, 0
	}
	if d := l.oldAt.Sub(now); d > 0 {
		return e, false, d
	}
	if e, ok = a.queue.Take(time.Time{}, Samples); !ok {
		if l.draining && a.queue.Len() == 0 {
			// The last of the backlog was its oldest, and said how things stood then.
			l.draining = false
			a.poke(a.changed)
		}
		return e, false, long
	}
	if !e.Pushed.Before(now.Add(-freshFor)) {
		return e, true, 0 // came in between
	}
	l.draining = true
	l.oldAt = now.Add(time.Second / time.Duration(a.cfg.Bounds.BacklogRate))
	return e, true, 0
}

// deliver publishes one entry. Unless the server took it, it waits again.
func (a *Agent) deliver(ctx context.Context, e Entry) {
	began := time.Now()
	err := a.publish(ctx, e.Topic, e.Payload, a.cfg.Bounds.AckTimeout)
	if k := tonypi.KindOf(err); k == tonypi.Invalid || k == tonypi.TooLarge {
		a.log.Error("message refused", "topic", e.Topic, "err", err)
		a.queue.Done(e, true)
		a.dropped.Add(1)
		return
	}
	a.queue.Done(e, err == nil)
	a.noteDelivery(ctx, e, time.Since(began), err)
	if err == nil && e.Lane != Samples {
		a.poke(a.wake) // the lane is free for the next one
	}
}

func (a *Agent) publish(ctx context.Context, topic string, payload []byte, most time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	return a.bus.Publish(ctx, wire.Message{Topic: topic, Payload: payload, QoS: 1})
}

// noteDelivery sets when the next try of the entry's lane may be, and logs the first failure and the recovery.
func (a *Agent) noteDelivery(ctx context.Context, e Entry, took time.Duration, err error) {
	l := &a.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		a.sent.Add(1)
		l.pause[e.Lane], l.retryAt[e.Lane] = 0, time.Time{}
		if l.failing && l.pause == [lanes]time.Duration{} {
			a.log.Info("server reached again", "waiting", a.queue.Len())
			l.failing = false
		}
		l.trip += (took - l.trip) / 8
		return
	}
	if ctx.Err() != nil {
		return
	}
	if !l.failing && l.up {
		a.log.Warn("server does not take messages", "topic", e.Topic, "err", err)
	}
	l.failing = true
	l.pause[e.Lane] = min(max(2*l.pause[e.Lane], retryFirst), retryMost)
	l.retryAt[e.Lane] = time.Now().Add(l.pause[e.Lane])
}

// goodbye sends what is fresh and then that the robot is offline, as far as Bounds.Goodbye allows.
func (a *Agent) goodbye(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Bounds.Goodbye)
	defer cancel()
	if !a.link.isUp() {
		return
	}
	began := time.Now()
	for ctx.Err() == nil && time.Since(began) < a.cfg.Bounds.Goodbye/2 {
		e, ok := a.queue.Take(began.Add(-freshFor), Samples)
		if !ok {
			break
		}
		err := a.publish(ctx, e.Topic, e.Payload, a.cfg.Bounds.Goodbye/2)
		a.queue.Done(e, err == nil)
		if err != nil {
			break
		}
		a.sent.Add(1)
	}
	p := a.presence()
	p.Status = tonypi.StatusOffline
	payload, err := wire.EncodeStatus(a.cfg.ID, time.Now(), wire.Status{Presence: p, Hardware: a.cfg.Self.Hardware, StopSources: a.latch.sources()})
	if err == nil {
		err = a.publish(ctx, wire.StatusTopic(a.cfg.ID), payload, a.cfg.Bounds.Goodbye)
	}
	if err != nil {
		a.log.Warn("could not say goodbye", "err", err)
	}
}
