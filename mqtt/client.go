package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eclipse/paho.golang/autopaho"
	"github.com/eclipse/paho.golang/paho"

	"tonypi"
	"tonypi/wire"
)

// ClientConfig is what a Client needs.
type ClientConfig struct {
	URL      string // mqtt://, mqtts://, ws:// or wss://host[:port][/path]; never with a password in it
	ClientID string
	Username string
	Password string
	TLS      *tls.Config // for mqtts and wss; nil trusts what the system trusts
	Dial     DialFunc    // opens the TCP connection; nil dials the network

	// Subscriptions are made on every connect. No two filters may match the same topic. A handler's error of kind
	// Unavailable makes the client hand it the message again until it is taken; any other error drops the message.
	Subscriptions map[string]wire.Handler
	QoS           byte          // of the subscriptions: 0, 1 or 2
	Workers       int           // how many handlers run at once, each topic's in order; default 1
	Session       time.Duration // how long the broker keeps messages for this client while it is away; default not at all
	KeepAlive     time.Duration // default 30 s
	AckTimeout    time.Duration // how long Publish waits for the acknowledgement; default 10 s
	Will          *Will

	OnUp    func()      // after connecting, when the subscriptions are in place; must not block
	OnDown  func()      // after a connection that was up was lost; must not block
	OnError func(error) // after each failed attempt to connect; must not block
	Log     *slog.Logger
}

// DialFunc opens a network connection, as net.Dialer's DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Will is what the broker publishes for a client that it loses.
type Will struct {
	Topic   string
	Payload []byte
	Retain  bool
}

// Client is an MQTT 5 connection to a broker that heals itself.
type Client struct {
	config  ClientConfig
	url     *url.URL
	filters []string
	log     *slog.Logger
	seed    maphash.Seed
	manager atomic.Pointer[autopaho.ConnectionManager]
	trouble atomic.Int32 // failed connections since the last good one
	tried   atomic.Bool
	up      atomic.Bool
	nth     atomic.Int64 // changes with every connect and disconnect
	line    atomic.Pointer[line]
	lanes   []chan delivery
}

// line is the context of one connection.
type line struct {
	context.Context
	cut context.CancelFunc
}

// delivery is a message for a worker.
type delivery struct {
	message wire.Message
	handler wire.Handler
	done    func()
}

const (
	agentWindow  = 32   // unacknowledged messages to a client with one worker
	serverWindow = 4096 // and to one with several
	dialTimeout  = 10 * time.Second
	firstRetry   = 500 * time.Millisecond
	lastRetry    = 10 * time.Second
)

// NewClient checks the configuration; it does not connect.
func NewClient(c ClientConfig) (*Client, error) {
	u, err := brokerURL(c.URL)
	if err != nil {
		return nil, err
	}
	if c.QoS > 2 {
		return nil, tonypi.Errorf(tonypi.Invalid, "QoS %d does not exist", c.QoS)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	or(&c.Workers, 1)
	or(&c.KeepAlive, 30*time.Second)
	or(&c.AckTimeout, 10*time.Second)
	cl := &Client{config: c, url: u, log: c.Log, seed: maphash.MakeSeed()}
	for f := range c.Subscriptions {
		if !validFilter(f) {
			return nil, tonypi.Errorf(tonypi.Invalid, "%q is not an MQTT topic filter", f)
		}
		cl.filters = append(cl.filters, f)
	}
	slices.Sort(cl.filters)
	return cl, nil
}

// brokerURL parses the address of a broker and completes its port.
func brokerURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, tonypi.Errorf(tonypi.Invalid, "the broker's address must look like mqtt://host:1883")
	}
	if u.User != nil {
		return nil, tonypi.Errorf(tonypi.Invalid, "the broker's address must not hold a user name or password")
	}
	port := map[string]string{"mqtt": "1883", "tcp": "1883", "mqtts": "8883", "ssl": "8883", "ws": "80", "wss": "443"}[u.Scheme]
	if port == "" {
		return nil, tonypi.Errorf(tonypi.Invalid, "the broker's address must begin with mqtt://, mqtts://, ws:// or wss://")
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), port)
	}
	if strings.HasPrefix(u.Scheme, "ws") && u.Path == "" {
		u.Path = "/mqtt"
	}
	return u, nil
}

// Run keeps the connection up until ctx ends.
func (c *Client) Run(ctx context.Context) error {
	var working sync.WaitGroup
	if c.config.Workers > 1 {
		c.lanes = make([]chan delivery, c.config.Workers)
		for i := range c.lanes {
			c.lanes[i] = make(chan delivery, 16)
			working.Go(func() { c.work(ctx, c.lanes[i]) })
		}
	}
	cm, err := autopaho.NewConnection(ctx, c.options(ctx))
	if err != nil {
		return fmt.Errorf("start MQTT client: %w", err)
	}
	c.manager.Store(cm)
	<-cm.Done()
	if l := c.line.Load(); l != nil {
		l.cut()
	}
	working.Wait()
	return nil
}

func (c *Client) options(ctx context.Context) autopaho.ClientConfig {
	o := autopaho.ClientConfig{
		ServerUrls:                    []*url.URL{c.url},
		KeepAlive:                     uint16(max(1, c.config.KeepAlive/time.Second)),
		CleanStartOnInitialConnection: c.config.Session == 0,
		SessionExpiryInterval:         uint32(c.config.Session / time.Second),
		ConnectTimeout:                dialTimeout,
		ReconnectBackoff:              c.backoff,
		ConnectUsername:               c.config.Username,
		ConnectPassword:               []byte(c.config.Password),
		ConnectPacketBuilder:          c.connectPacket,
		AttemptConnection:             c.dial,
		OnConnectionUp: func(cm *autopaho.ConnectionManager, _ *paho.Connack) {
			l := &line{}
			l.Context, l.cut = context.WithCancel(ctx)
			c.line.Store(l)
			go c.subscribe(ctx, cm, c.nth.Add(1))
		},
		OnConnectionDown: c.down,
		OnConnectError:   c.failed,
	}
	if w := c.config.Will; w != nil {
		o.WillMessage = &paho.WillMessage{Topic: w.Topic, Payload: w.Payload, QoS: 1, Retain: w.Retain}
	}
	o.ClientID = c.config.ClientID
	o.PacketTimeout = c.config.AckTimeout
	o.EnableManualAcknowledgment = c.config.Workers > 1
	o.OnPublishReceived = []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
		c.receive(ctx, p)
		return true, nil
	}}
	return o
}

// connectPacket bounds what the broker may send ahead; without it the library reserves room for 65,535 messages.
func (c *Client) connectPacket(p *paho.Connect, _ *url.URL) (*paho.Connect, error) {
	if p.Properties == nil {
		p.Properties = &paho.ConnectProperties{}
	}
	window := uint16(agentWindow)
	if c.config.Workers > 1 {
		window = serverWindow
	}
	p.Properties.ReceiveMaximum = &window
	return p, nil
}

// backoff returns how long to wait before the next attempt: nothing at first, then 0.5 to 10 s with jitter.
func (c *Client) backoff(attempt int) time.Duration {
	if !c.tried.Swap(true) {
		return 0
	}
	attempt += int(c.trouble.Load())
	longest := min(lastRetry, firstRetry<<min(attempt+1, 8))
	return firstRetry + rand.N(longest-firstRetry+1)
}

// subscribe completes the nth connection. A broker that refuses is asked again, more and more slowly.
func (c *Client) subscribe(ctx context.Context, cm *autopaho.ConnectionManager, nth int64) {
	for attempt := 0; len(c.filters) > 0; attempt++ {
		s := &paho.Subscribe{}
		for _, f := range c.filters {
			s.Subscriptions = append(s.Subscriptions, paho.SubscribeOptions{Topic: f, QoS: c.config.QoS})
		}
		_, err := cm.Subscribe(ctx, s)
		if ctx.Err() != nil || c.nth.Load() != nth {
			return
		}
		if err == nil {
			break
		}
		c.failed(fmt.Errorf("subscribe: %w", err))
		if !sleep(ctx, c.backoff(attempt)) || c.nth.Load() != nth {
			return
		}
	}
	if c.nth.Load() != nth {
		return
	}
	c.trouble.Store(0)
	c.up.Store(true)
	c.log.Info("mqtt connected", "broker", c.url.Host, "client", c.config.ClientID)
	if c.config.OnUp != nil {
		c.config.OnUp()
	}
}

// sleep waits and reports whether ctx is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (c *Client) down() bool {
	c.nth.Add(1)
	if l := c.line.Load(); l != nil {
		l.cut()
	}
	if c.up.Swap(false) {
		c.log.Warn("mqtt connection lost", "broker", c.url.Host, "client", c.config.ClientID)
		if c.config.OnDown != nil {
			c.config.OnDown()
		}
	}
	return true
}

// failed reports an attempt that did not succeed. Only the first of a row is a warning.
func (c *Client) failed(err error) {
	level := slog.LevelDebug
	if c.trouble.Add(1) == 1 {
		level = slog.LevelWarn
	}
	c.log.Log(context.Background(), level, "mqtt connect failed", "broker", c.url.Host, "client", c.config.ClientID, "err", err)
	if c.config.OnError != nil {
		c.config.OnError(connectError(err))
	}
}

func connectError(err error) error {
	var refused *autopaho.ConnackError
	if !errors.As(err, &refused) {
		return tonypi.Wrap(tonypi.Unavailable, err, "cannot reach the MQTT broker")
	}
	switch refused.ReasonCode {
	case codeBadCredentials, 4:
		return tonypi.Wrap(tonypi.Unauthenticated, err, "the MQTT broker does not accept the user name or password")
	case codeNotAuthorized, 5:
		return tonypi.Wrap(tonypi.Forbidden, err, "the MQTT broker does not allow this client")
	case codeClientID:
		return tonypi.Wrap(tonypi.Conflict, err, "the MQTT broker does not accept the client ID")
	}
	return tonypi.Wrap(tonypi.Unavailable, err, "the MQTT broker refuses connections")
}

// Connected reports whether the connection is up and subscribed.
func (c *Client) Connected() bool { return c.up.Load() }

// Publish sends a message. At QoS 1 and 2 nil means that the broker has taken responsibility for it; at QoS 0 that it
// was written. An Unavailable or TooMany error means: send again later; the broker may have got it all the same.
func (c *Client) Publish(ctx context.Context, m wire.Message) error {
	cm, l := c.manager.Load(), c.line.Load()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case cm == nil || l == nil || l.Err() != nil:
		return tonypi.Errorf(tonypi.Unavailable, "the MQTT broker is not connected")
	}
	// Without this the library would wait for an acknowledgement that cannot come after the connection has broken.
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l, cancel)()
	r, err := cm.Publish(sending, &paho.Publish{Topic: m.Topic, Payload: m.Payload, QoS: m.QoS, Retain: m.Retain})
	switch {
	case r != nil && r.ReasonCode >= codeUnspecified:
		return publishError(m.Topic, r.ReasonCode)
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, paho.ErrInvalidArguments):
		return tonypi.Wrap(tonypi.Invalid, err, "cannot publish to %s", m.Topic)
	}
	return tonypi.Wrap(tonypi.Unavailable, err, "the MQTT broker did not take the message")
}

// publishError turns the reason code of a refused message into an error.
func publishError(topic string, code byte) error {
	kind := tonypi.Unavailable
	switch code {
	case codeNotAuthorized:
		kind = tonypi.Forbidden
	case codeQuota:
		kind = tonypi.TooMany
	case codeTooLarge:
		kind = tonypi.TooLarge
	case codeTopicInvalid, codePayloadInvalid:
		kind = tonypi.Invalid
	}
	return tonypi.Errorf(kind, "the MQTT broker refused the message to %s (reason 0x%02x)", topic, code)
}

// receive hands a message to its handler. With one worker the library acknowledges when it returns.
func (c *Client) receive(ctx context.Context, p paho.PublishReceived) {
	m := wire.Message{Topic: p.Packet.Topic, Payload: p.Packet.Payload, QoS: p.Packet.QoS, Retain: p.Packet.Retain, At: time.Now()}
	d := delivery{message: m, handler: c.handler(m.Topic)}
	if c.config.Workers == 1 {
		c.deliver(ctx, d)
		return
	}
	d.done = func() { _ = p.Client.Ack(p.Packet) } // fails only when the connection is gone
	lane := c.lanes[maphash.String(c.seed, m.Topic[strings.LastIndexByte(m.Topic, '/')+1:])%uint64(len(c.lanes))]
	select {
	case lane <- d:
	case <-ctx.Done():
	}
}

func (c *Client) work(ctx context.Context, lane <-chan delivery) {
	for {
		select {
		case d := <-lane:
			if c.deliver(ctx, d) {
				d.done()
			}
		case <-ctx.Done():
			return
		}
	}
}

// deliver calls the handler until it has taken the message, and reports whether it may be acknowledged.
func (c *Client) deliver(ctx context.Context, d delivery) bool {
	if d.handler == nil {
		return true
	}
	wait := 100 * time.Millisecond
	for {
		err := d.handler(ctx, d.message)
		if err == nil || d.message.QoS == 0 || tonypi.KindOf(err) != tonypi.Unavailable {
			if err != nil {
				c.log.Debug("mqtt message dropped", "topic", d.message.Topic, "err", err)
			}
			return true
		}
		if !sleep(ctx, wait) {
			return false
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// handler returns the handler whose filter matches the topic.
func (c *Client) handler(topic string) wire.Handler {
	for _, f := range c.filters {
		if matches(f, topic) {
			return c.config.Subscriptions[f]
		}
	}
	return nil
}

// matches reports whether a topic falls under a filter.
func matches(filter, topic string) bool {
	if rest, ok := strings.CutPrefix(filter, "$share/"); ok {
		_, filter, _ = strings.Cut(rest, "/")
	}
	for {
		f, filterRest, moreFilter := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, topicRest, moreTopic := strings.Cut(topic, "/")
		if f != "+" && f != t {
			return false
		}
		if !moreTopic {
			return !moreFilter || filterRest == "#"
		}
		if !moreFilter {
			return false
		}
		filter, topic = filterRest, topicRest
	}
}
