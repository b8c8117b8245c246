package agent

import (
	"context"
	"log/slog"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Publisher takes messages to the server. Publish returns nil once the server has the message (the PUBACK of QoS 1).
type Publisher interface {
	Publish(ctx context.Context, m wire.Message) error
}

// Config says what an Agent is.
type Config struct {
	ID    tonypi.RobotID
	Body  Body
	Bus   Publisher
	Log   *slog.Logger
	Rates Rates         // zero: DefaultRates
	Phase time.Duration // how long after each tick this robot samples and sends; below the tick. See Phase
	Queue Queue         // nil: NewMemory(0, 0)
	Latch string        // file that keeps an emergency stop over a restart; empty: it is not kept

	// StopBus is the session of the emergency stop, over which stops are answered; nil: Bus.
	StopBus Publisher
	// Settings is the file that keeps the last good settings of the server; empty: they are not kept.
	Settings string

	Self   Self
	Bounds Bounds // zero fields: the defaults
}

// Self is what the robot says about itself in every status.
type Self struct {
	Version   string // of this program
	Platform  string
	Address   string // IP address
	CameraURL string
	Hardware  bool // false in simulation
}

// Rates are the intervals at which each kind of message is sent; 0 means never. They are multiples of 10 ms.
type Rates struct {
	Sensors  time.Duration
	Servos   time.Duration
	Status   time.Duration // and at once when something of it changes
	Battery  time.Duration
	Location time.Duration
	Events   time.Duration // how often the body is asked for news
}

// DefaultRates are those of one robot: 10 Hz for motion, as a person watches it.
func DefaultRates() Rates {
	return Rates{
		Sensors: 100 * time.Millisecond, Servos: 200 * time.Millisecond, Status: 5 * time.Second,
		Battery: 5 * time.Second, Location: time.Second, Events: 200 * time.Millisecond,
	}
}

// FleetRates are those of many robots in one process.
func FleetRates() Rates {
	return Rates{
		Sensors: time.Second, Servos: time.Second, Status: 5 * time.Second,
		Battery: 5 * time.Second, Location: time.Second, Events: time.Second,
	}
}

// minTick is the shortest interval.
const minTick = 10 * time.Millisecond

func (r Rates) all() [6]time.Duration {
	return [...]time.Duration{r.Sensors, r.Servos, r.Status, r.Battery, r.Location, r.Events}
}

// tick is the longest interval of which all rates are multiples.
func (r Rates) tick() time.Duration {
	var tick time.Duration
	for _, d := range r.all() {
		for a, b := tick, d; ; a, b = b, a%b {
			if b == 0 {
				tick = a
				break
			}
		}
	}
	return tick
}

func (r Rates) validate() error {
	some := false
	for _, d := range r.all() {
		if d < 0 || d > time.Hour || d%minTick != 0 {
			return tonypi.Errorf(tonypi.Invalid, "rates must be multiples of %v up to an hour", minTick)
		}
		some = some || d > 0
	}
	if !some {
		return tonypi.Errorf(tonypi.Invalid, "the agent has nothing to send: all rates are 0")
	}
	return nil
}

// Bounds keep the agent polite and small.
type Bounds struct {
	Inflight    int           // messages that wait for their PUBACK at a time; 0: 2
	BacklogRate int           // old messages per second after an outage; 0: 50
	AckTimeout  time.Duration // how long to wait for a PUBACK before the message is sent again; 0: 10 s
	Goodbye     time.Duration // how long Run may take to say offline at its end; 0: 2 s
}

func (b Bounds) filled() Bounds {
	if b.Inflight <= 0 {
		b.Inflight = 2
	}
	if b.BacklogRate <= 0 {
		b.BacklogRate = 50
	}
	if b.AckTimeout <= 0 {
		b.AckTimeout = 10 * time.Second
	}
	if b.Goodbye <= 0 {
		b.Goodbye = 2 * time.Second
	}
	return b
}

// Phase spreads a fleet: it returns how long after the tick the i-th of n robots samples and sends, so that the messages
// of all spread over the tick while their stamps stay on it. The last tenth of the tick stays free.
func Phase(i, n int, tick time.Duration) time.Duration {
	if n <= 1 || i < 0 {
		return 0
	}
	return time.Duration(float64(tick) * 0.9 * float64(i%n) / float64(n))
}
