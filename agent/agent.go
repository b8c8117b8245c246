package agent

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Agent is one robot's end of the wire.
type Agent struct {
	cfg   Config
	log   *slog.Logger
	bus   Publisher
	queue Queue
	beat  beat
	able  abilities

	wake     chan struct{} // something waits to be sent
	changed  chan struct{} // the status must be told now
	latch    latch
	orders   orders
	link     link
	driving  driving
	settings atomic.Pointer[settings]
	retime   atomic.Pointer[Rates] // for the sampling goroutine
	dropped  atomic.Uint64
	sent     atomic.Uint64

	readings []tonypi.Reading // of the sampling goroutine, reused
	batch    batch            // the same
	posture  string
	told     string    // posture that the last status told
	toldAt   time.Time // when
	news     tonypi.Update
}

// abilities are what the body can do beside stopping; nil is what it cannot.
type abilities struct {
	Sensing
	Jointed
	Powered
	Located
	Hosted
	Postured
	Eventful
	Linked
	Obeyer
	Driver
	Profiled
	Filming
	Photographer
}

func abilitiesOf(b Body) (a abilities) {
	a.Sensing, _ = b.(Sensing)
	a.Jointed, _ = b.(Jointed)
	a.Powered, _ = b.(Powered)
	a.Located, _ = b.(Located)
	a.Hosted, _ = b.(Hosted)
	a.Postured, _ = b.(Postured)
	a.Eventful, _ = b.(Eventful)
	a.Linked, _ = b.(Linked)
	a.Obeyer, _ = b.(Obeyer)
	a.Driver, _ = b.(Driver)
	a.Profiled, _ = b.(Profiled)
	a.Filming, _ = b.(Filming)
	a.Photographer, _ = b.(Photographer)
	return a
}

// New makes an agent. It returns an Invalid error for a configuration that cannot work.
func New(c Config) (*Agent, error) {
	if err := c.ID.Validate(); err != nil {
		return nil, err
	}
	if c.Body == nil || c.Bus == nil || c.Log == nil {
		return nil, tonypi.Errorf(tonypi.Invalid, "the agent needs a body, a bus and a logger")
	}
	if c.Rates == (Rates{}) {
		c.Rates = DefaultRates()
	}
	if err := c.Rates.validate(); err != nil {
		return nil, err
	}
	tick := c.Rates.tick()
	if c.Phase < 0 || c.Phase >= tick {
		return nil, tonypi.Errorf(tonypi.Invalid, "the phase must lie between 0 and the tick of %v", tick)
	}
	if c.Queue == nil {
		c.Queue = NewMemory(0, 0)
	}
	c.Bounds = c.Bounds.filled()
	if c.StopBus == nil {
		c.StopBus = c.Bus
	}
	a := &Agent{
		cfg: c, log: c.Log.With("robot", c.ID), bus: c.Bus, queue: c.Queue, able: abilitiesOf(c.Body),
		beat: beatOf(c.ID, c.Rates, c.Phase),
		wake: make(chan struct{}, c.Bounds.Inflight), changed: make(chan struct{}, 1),
	}
	a.orders.life, a.orders.end = context.WithCancel(context.Background())
	a.link.up = true
	own := defaultSettings()
	a.settings.Store(&own)
	return a, nil
}

// Run samples, sends and obeys until ctx ends, or until a shutdown command; then it says offline. The bus must still
// work for Bounds.Goodbye after ctx has ended, so stop it after Run has returned.
func (a *Agent) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	a.orders.shutdown.Store(&stop)
	a.restoreSettings() // first: it says how the body stops
	if err := a.restoreLatch(); err != nil {
		return err
	}
	a.say("INFO", "Agent started")
	var work sync.WaitGroup
	work.Go(func() { a.sample(ctx) })
	for range a.cfg.Bounds.Inflight {
		work.Go(func() { a.send(ctx) })
	}
	work.Wait()
	a.letGo()
	a.orders.close()
	a.goodbye(context.WithoutCancel(ctx))
	return nil
}

// Will is the message that the broker must publish when the agent vanishes; it belongs into the client's configuration.
func (a *Agent) Will() wire.Message {
	payload, err := wire.EncodeStatus(a.cfg.ID, time.Time{}, wire.Status{Presence: tonypi.Presence{Status: tonypi.StatusLost}})
	if err != nil { // it holds no number and no long text
		a.log.Error("the last will cannot be written", "err", err)
	}
	return wire.Message{Topic: wire.StatusTopic(a.cfg.ID), Payload: payload, QoS: 1}
}

// Stats are counts since New.
type Stats struct {
	Sent    uint64 // messages that the server has
	Dropped uint64 // messages that were dropped because the queue was full
	Waiting int    // messages in the queue
}

// Stats tells what became of the messages.
func (a *Agent) Stats() Stats {
	return Stats{Sent: a.sent.Load(), Dropped: a.dropped.Load(), Waiting: a.queue.Len()}
}

// say writes a line of the agent's own into the robot's log.
func (a *Agent) say(level, message string) {
	now := time.Now()
	payload, err := wire.EncodeLogs(a.cfg.ID, now, []tonypi.LogEntry{{Time: now, Level: level, Source: "agent", Message: message}})
	a.push(Events, wire.LogTopic(a.cfg.ID), payload, err)
}

// push queues a message for sending, or logs why it could not be written.
func (a *Agent) push(lane Lane, topic string, payload []byte, err error) {
	if err != nil {
		a.log.Error("message cannot be written", "topic", topic, "err", err)
		return
	}
	if n := a.queue.Push(Entry{Lane: lane, Topic: topic, Payload: payload, Pushed: time.Now()}); n > 0 {
		a.dropped.Add(uint64(n))
		a.link.lost.Add(uint64(n))
	}
	select {
	case a.wake <- struct{}{}:
	default:
	}
}
