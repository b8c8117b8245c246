package mqtt

import (
	"time"

	"tonypi/wire"
)

// Bounds that nobody needs to change.
const (
	maxTopic     = 512      // bytes of a topic or filter
	maxFilters   = 64       // filters in one packet
	maxClientID  = 256      // bytes
	maxWill      = 8 << 10  // bytes of a last will's payload
	maxConnect   = 16 << 10 // bytes of a CONNECT
	maxHeader    = 1 << 10  // bytes of a PUBLISH beside its payload: topic, properties, lengths
	maxAccept    = 2000     // new connections per second, all addresses together; more wait in the kernel's queue
	closeAfter   = 5 * time.Second
	stallTimeout = 20 * time.Second // a peer that takes nothing for this long is cut off
)

// Limits bound what clients may use. A zero field gets its default.
type Limits struct {
	Connections    int           // open connections; default 5,000
	PerAddress     int           // open connections from one IP address; default 1,200
	ConnectRate    float64       // connects per second from one address, after a burst of PerAddress; default 200
	ConnectTimeout time.Duration // from TCP connect to the end of CONNECT; default 10 s
	Payload        int           // bytes of a message's payload; default wire.MaxPayload
	MessageRate    float64       // messages per second and connection; default 1,000. More are delayed, not dropped
	MessageBurst   float64       // messages at once before MessageRate counts; default 2,000
	InFlight       int           // unacknowledged messages per direction and connection; default 64
	Queue          int           // messages that wait for one client's connection; default 128
	Backlog        int           // bytes a client may be behind before messages to it are dropped; default 512 KiB
	Session        time.Duration // how long a robot's session outlives its connection; default 1 h
	Held           time.Duration // how long a message waits for a robot that is away; default 1 min
	KeepAlive      time.Duration // longest keep-alive granted to MQTT 5 clients; default 5 min
	Idle           time.Duration // silence after which a client without keep-alive is cut off; default 15 min
	Retained       int           // retained messages; default 10,000
	Subscriptions  int           // filters per client; default 64
}

func or[T int | float64 | time.Duration](v *T, otherwise T) {
	if *v <= 0 {
		*v = otherwise
	}
}

func (l Limits) withDefaults() Limits {
	or(&l.Connections, 5000)
	or(&l.PerAddress, 1200)
	or(&l.ConnectRate, 200)
	or(&l.ConnectTimeout, 10*time.Second)
	or(&l.Payload, wire.MaxPayload)
	or(&l.MessageRate, 1000)
	or(&l.MessageBurst, 2000)
	or(&l.InFlight, 64)
	or(&l.Queue, 128)
	or(&l.Backlog, 512<<10)
	or(&l.Session, time.Hour)
	or(&l.Held, time.Minute)
	or(&l.KeepAlive, 5*time.Minute)
	or(&l.Idle, 15*time.Minute)
	or(&l.Retained, 10000)
	or(&l.Subscriptions, 64)
	return l
}

// packet returns the largest packet in bytes.
func (l Limits) packet() int { return l.Payload + maxHeader }

// bucket is a token bucket for one goroutine.
type bucket struct {
	tokens float64
	last   time.Time
}

// take takes n tokens and returns how long to wait until they are there.
func (b *bucket) take(now time.Time, n int, rate, burst float64) time.Duration {
	if b.last.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+now.Sub(b.last).Seconds()*rate)
	}
	b.last = now
	b.tokens -= float64(n)
	if b.tokens >= 0 {
		return 0
	}
	return time.Duration(-b.tokens / rate * float64(time.Second))
}
