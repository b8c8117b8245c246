package logbook

import (
	"sync"
	"time"
)

// limiter bounds how many lines one source writes: rate a second, with bursts. It remembers at most maxSources sources.
type limiter struct {
	rate, burst float64

	mu      sync.Mutex
	sources map[string]*bucket
	dropped uint64
}

type bucket struct {
	tokens  float64
	at      time.Time
	dropped int       // since the last time that was said
	since   time.Time // when the first of them was dropped
}

const maxSources = 10_000

// sayAfter is how long a source must be heard again before it is said what was dropped.
const sayAfter = time.Second

func newLimiter(rate, burst float64) *limiter {
	return &limiter{rate: rate, burst: burst, sources: make(map[string]*bucket)}
}

// allow returns how many of n lines may be written now.
func (l *limiter) allow(source string, n int, now time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.sources[source]
	if b == nil {
		l.makeRoom(now)
		b = &bucket{tokens: l.burst, at: now}
		l.sources[source] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.tokens, b.at = min(l.burst, b.tokens+passed*l.rate), now
	}
	allowed := min(n, int(b.tokens))
	b.tokens -= float64(allowed)
	if lost := n - allowed; lost > 0 {
		if b.dropped == 0 {
			b.since = now
		}
		b.dropped += lost
		l.dropped += uint64(lost)
	}
	return allowed
}

// makeRoom forgets the sources whose bucket is full again when there are too many; mu is held.
func (l *limiter) makeRoom(now time.Time) {
	if len(l.sources) < maxSources {
		return
	}
	for name, b := range l.sources {
		if b.dropped == 0 && b.tokens+now.Sub(b.at).Seconds()*l.rate >= l.burst {
			delete(l.sources, name)
		}
	}
	if len(l.sources) >= maxSources {
		clear(l.sources)
	}
}

// loss is what of one source was dropped and not said yet.
type loss struct {
	source string
	count  int
	since  time.Time
}

// losses returns what was dropped a second ago or longer, and forgets it.
func (l *limiter) losses(now time.Time) []loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []loss
	for name, b := range l.sources {
		if b.dropped > 0 && now.Sub(b.since) >= sayAfter {
			list = append(list, loss{name, b.dropped, b.since})
			b.dropped = 0
		}
	}
	return list
}

func (l *limiter) forget(source string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sources, source)
}

func (l *limiter) count() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// miss counts a line that was dropped for want of room.
func (l *limiter) miss() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dropped++
}
