// Package mqtt carries messages between robots and server: Broker is the broker inside this process, Client a
// connection to any broker. Each is a wire.Bus. It is the only package that imports MQTT libraries.
package mqtt

import (
	"context"
	"crypto/tls"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"golang.org/x/time/rate"

	"tonypi"
	"tonypi/wire"
)

// Config is what a Broker needs.
type Config struct {
	Gate    wire.Gate    // who may connect
	Handle  wire.Handler // takes every message that a robot tells the server; nil is allowed
	Log     *slog.Logger // nil logs nothing
	Limits  Limits
	Origins []string // host patterns of other web pages that may connect by WebSocket; the own host always may
}

// Broker is an MQTT 3.1, 3.1.1 and 5 broker in this process. A PUBACK or PUBREC means that the handler took the message.
type Broker struct {
	gate     wire.Gate
	handler  wire.Handler
	log      *slog.Logger
	quiet    *quiet
	limits   Limits
	origins  []string
	server   *mochi.Server
	door     *door
	arrivals *rate.Limiter
	interest interest
	wills    wills
	counts   counters
	seed     maphash.Seed
	stripes  [64]sync.Mutex

	ctx     context.Context // of handlers and the Gate; outlives Run's by the time that shutting down takes
	cancel  context.CancelFunc
	closing atomic.Bool

	mu        sync.Mutex
	listeners []listener
	conns     map[*conn]struct{}
	serving   sync.WaitGroup
}

// listener is a bound address with what serves it.
type listener struct {
	net.Listener
	serve func(net.Listener) error
	close func() error
}

// New makes a broker that listens nowhere yet.
func New(c Config) (*Broker, error) {
	if c.Gate == nil {
		return nil, tonypi.Errorf(tonypi.Invalid, "the broker needs a gate")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Handle == nil {
		c.Handle = func(context.Context, wire.Message) error { return nil }
	}
	b := &Broker{
		gate: c.Gate, handler: c.Handle, log: c.Log, quiet: newQuiet(c.Log), limits: c.Limits.withDefaults(),
		origins: c.Origins, arrivals: rate.NewLimiter(maxAccept, 2*maxAccept), seed: maphash.MakeSeed(),
		conns: map[*conn]struct{}{},
	}
	b.door = newDoor(b.limits)
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.server = mochi.New(b.options())
	if err := b.server.AddHook(&hook{b: b}, nil); err != nil {
		return nil, fmt.Errorf("add broker hook: %w", err)
	}
	return b, nil
}

func (b *Broker) options() *mochi.Options {
	caps := mochi.NewDefaultServerCapabilities()
	caps.MaximumMessageExpiryInterval = 0 // only what the publisher asked for: retained messages stay
	caps.MaximumClientWritesPending = int32(b.limits.Queue)
	caps.MaximumSessionExpiryInterval = uint32(b.limits.Session / time.Second)
	caps.MaximumPacketSize = uint32(b.limits.packet())
	caps.ReceiveMaximum = uint16(b.limits.InFlight)
	caps.MaximumInflight = uint16(b.limits.InFlight)
	caps.TopicAliasMaximum = 0
	caps.Compatibilities.NoInheritedPropertiesOnAck = true
	return &mochi.Options{
		Capabilities:             caps,
		ClientNetReadBufferSize:  16, // conn buffers
		ClientNetWriteBufferSize: 1,  // a buffered acknowledgement may wait for ever behind a packet that fails
		Logger:                   slog.New(b.quiet),
		SysTopicResendInterval:   1 << 30, // never: $SYS stops the world each time to read the memory statistics
		InlineClient:             true,
	}
}

// Listen binds an address for MQTT over TCP and returns the bound one. Port 0 picks a free one.
func (b *Broker) Listen(addr string) (net.Addr, error) { return b.bind(addr, nil) }

// ListenTLS is Listen with TLS.
func (b *Broker) ListenTLS(addr string, config *tls.Config) (net.Addr, error) {
	if config == nil {
		return nil, tonypi.Errorf(tonypi.Invalid, "TLS needs a certificate")
	}
	return b.bind(addr, config)
}

func (b *Broker) bind(addr string, config *tls.Config) (net.Addr, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "cannot listen for MQTT on %s", addr)
	}
	b.add(listener{l, func(l net.Listener) error { return b.accept(l, config) }, l.Close})
	return l.Addr(), nil
}

func (b *Broker) add(l listener) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners = append(b.listeners, l)
}

// Run serves until ctx ends, then says goodbye to the clients and waits for what they are in the middle of. It may be
// called once.
func (b *Broker) Run(ctx context.Context) error {
	defer b.cancel()
	if err := b.server.Serve(); err != nil {
		return fmt.Errorf("start broker: %w", err)
	}
	for topic := range b.server.Topics.Retained.GetAll() {
		if strings.HasPrefix(topic, mochi.SysPrefix) {
			b.server.Topics.Retained.Delete(topic)
		}
	}
	b.mu.Lock()
	listeners := b.listeners
	b.mu.Unlock()
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- l.serve(l.Listener) }()
	}
	err := b.housekeep(ctx, failed)
	b.shutdown(listeners)
	return err
}

// housekeep looks after the broker until ctx ends or a listener fails.
func (b *Broker) housekeep(ctx context.Context, failed <-chan error) error {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return fmt.Errorf("accept MQTT connections: %w", err)
		case now := <-tick.C:
			filters := map[string]bool{}
			for _, cl := range b.server.Clients.GetAll() {
				for f := range cl.State.Subscriptions.GetAll() {
					filters[f] = true
				}
			}
			b.interest.refresh(filters, now)
		}
	}
}

// shutdown closes listeners and connections. The library is closed last: it must not see a connection begin then.
func (b *Broker) shutdown(listeners []listener) {
	b.closing.Store(true)
	b.wills.dropAll()
	for _, l := range listeners {
		_ = l.close()
	}
	b.mu.Lock()
	open := make([]*conn, 0, len(b.conns))
	for c := range b.conns {
		open = append(open, c)
	}
	b.mu.Unlock()
	for _, c := range open {
		c.goodbye(codeShuttingDown)
		_ = c.Close()
	}
	done := make(chan struct{})
	go func() {
		b.serving.Wait()
		close(done)
	}()
	select {
	case <-done:
		_ = b.server.Close()
	case <-time.After(closeAfter):
		// A handler hangs. The library's Close would wait for its connection without end.
		b.log.Warn("mqtt connections did not end in time")
	}
}

// Publish sends a message to whoever subscribes and returns when it has been handed over: it is in the queue of every
// connected subscriber that keeps up. Invalid and TooLarge tell that it can never be sent.
func (b *Broker) Publish(ctx context.Context, m wire.Message) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case b.closing.Load():
		return tonypi.Errorf(tonypi.Unavailable, "the MQTT broker is shutting down")
	case m.Topic == "" || len(m.Topic) > maxTopic || strings.ContainsAny(m.Topic, "+#\x00"):
		return tonypi.Errorf(tonypi.Invalid, "cannot publish to topic %q", m.Topic)
	case m.QoS > 2:
		return tonypi.Errorf(tonypi.Invalid, "QoS %d does not exist", m.QoS)
	case len(m.Payload) > b.limits.Payload:
		return tonypi.Errorf(tonypi.TooLarge, "payload of %d bytes is over the limit of %d", len(m.Payload), b.limits.Payload)
	case m.Retain && !b.mayRetain(m.Topic, m.Payload):
		return tonypi.Errorf(tonypi.TooMany, "the broker retains %d messages already", b.limits.Retained)
	}
	if err := b.server.Publish(m.Topic, m.Payload, m.Retain, m.QoS); err != nil {
		return fmt.Errorf("publish to %s: %w", m.Topic, err)
	}
	return nil
}

// mayRetain reports whether there is room to retain a message.
func (b *Broker) mayRetain(topic string, payload []byte) bool {
	if len(payload) == 0 || b.server.Topics.Retained.Len() < b.limits.Retained {
		return true
	}
	_, replaces := b.server.Topics.Retained.Get(topic)
	return replaces
}

// Disconnect ends a robot's connections and its session: it must be admitted anew. Use it when a robot was adopted,
// removed, or got another credential.
func (b *Broker) Disconnect(robot tonypi.RobotID) {
	b.evict(func(s wire.Sender) bool { return s.Robot == robot })
	mu := b.stripe(string(robot))
	mu.Lock()
	defer mu.Unlock()
	if cl, ok := b.server.Clients.Get(string(robot)); ok && cl.Closed() {
		b.forget(cl)
	}
}

// DisconnectUser ends a person's connections. Use it when a person was disabled or lost a role.
func (b *Broker) DisconnectUser(name string) {
	b.evict(func(s wire.Sender) bool { return s.User == name && name != "" })
}

func (b *Broker) evict(which func(wire.Sender) bool) {
	b.mu.Lock()
	var found []*conn
	for c := range b.conns {
		if which(c.sender) {
			found = append(found, c)
		}
	}
	b.mu.Unlock()
	for _, c := range found {
		c.evicted.Store(true)
		c.goodbye(codeAdministrative)
		_ = c.Close()
	}
}

// Stats returns what the broker has done.
func (b *Broker) Stats() Stats {
	s := b.counts.snapshot()
	s.Retained = b.server.Topics.Retained.Len()
	s.Subscriptions = int(atomic.LoadInt64(&b.server.Info.Subscriptions))
	return s
}

// WebSocketHandler serves MQTT over WebSocket, to be mounted on an HTTP server.
func (b *Broker) WebSocketHandler() http.Handler { return http.HandlerFunc(b.serveWebSocket) }

func (b *Broker) refused(r Reason) { b.counts.refused[r].Add(1) }

func (b *Broker) stripe(clientID string) *sync.Mutex {
	return &b.stripes[maphash.String(b.seed, clientID)%uint64(len(b.stripes))]
}

// handle calls the handler; its panic is an error like any other.
func (b *Broker) handle(m wire.Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			b.refused(Panicked)
			b.quiet.write(b.ctx, slog.LevelError, "message handler panicked",
				slog.Any("panic", p), slog.String("topic", m.Topic), slog.String("stack", string(debug.Stack())))
			err = tonypi.Errorf(tonypi.Internal, "message handler panicked")
		}
	}()
	return b.handler(b.ctx, m)
}
