package mqtt

import (
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi/wire"
)

// attach gives an admitted client to the library. The broker does this itself, not the library, because the library
// removes a new client together with the old one when a take-over and the old connection's end meet, publishes last
// wills unasked, and keeps 16 kB of stack for a client that waits.
func (b *Broker) attach(c *conn, body []byte) error {
	pk := packets.Packet{
		FixedHeader:     packets.FixedHeader{Type: packets.Connect, Remaining: len(body)},
		ProtocolVersion: c.version,
	}
	if err := pk.ConnectDecode(append([]byte(nil), body...)); err != nil {
		return errMalformed
	}
	cl := b.server.NewClient(c, "tonypi", "", false)
	cl.ParseConnect("tonypi", pk)
	b.bound(c, cl)
	sender := c.sender
	sender.ClientID = cl.ID
	c.is(sender)
	c.client = cl
	c.gauge = b.gaugeOf(c)
	c.gauge.Add(1)
	b.gate.Connected(c.sender)

	present, err := b.takeOver(c)
	if err != nil {
		return err
	}
	go c.write()
	if present {
		return cl.ResendInflightMessages(true)
	}
	return nil
}

// write runs the library's queue to the client.
func (c *conn) write() {
	defer func() {
		if p := recover(); p != nil {
			c.broker.panicked(c, p)
			_ = c.Close()
		}
	}()
	c.client.WriteLoop()
}

// bound applies the limits to what the client asked for.
func (b *Broker) bound(c *conn, cl *mochi.Client) {
	longest := uint16(b.limits.KeepAlive / time.Second)
	keep := c.connect.keepAlive
	if c.version == version5 && (keep == 0 || keep > longest) {
		keep, cl.State.Keepalive, cl.State.ServerKeepalive = longest, longest, true
	}
	c.patience = time.Duration(keep) * time.Second * 3 / 2
	if keep == 0 {
		c.patience = b.limits.Idle
	}
	// The library's send quota takes a read lock twice, which hangs for good when a message to the client comes in
	// between. Without quota it never gets there; the client's window is kept in OnACLCheck.
	cl.State.Inflight.ResetSendQuota(0)
	cl.Properties.Props.ReceiveMaximum = 0

	// Only a robot of the fleet keeps a session, and only as many as there may be connections.
	if c.sender.Robot == "" || c.sender.Pending || b.server.Clients.Len() > 2*b.limits.Connections {
		cl.Properties.Clean = true
		cl.Properties.Props.SessionExpiryInterval = 0
	}
}

// expires reports whether a client's session ends with its connection.
func expires(cl *mochi.Client) bool {
	if cl.Properties.ProtocolVersion == version5 {
		return cl.Properties.Props.SessionExpiryInterval == 0
	}
	return cl.Properties.Clean
}

// takeOver makes c the connection of its client ID, with the session of the one before if both want that, and sends
// the CONNACK. The stripe makes it wait for an older connection that is just ending, or that one for it.
func (b *Broker) takeOver(c *conn) (present bool, err error) {
	cl := c.client
	mu := b.stripe(cl.ID)
	mu.Lock()
	defer mu.Unlock()
	b.wills.drop(cl.ID)
	c.passing.Store(expires(cl))
	if old, ok := b.server.Clients.Get(cl.ID); ok && connOf(old) != nil {
		oc := connOf(old)
		oc.superseded.Store(true)
		_ = b.server.DisconnectClient(old, packets.ErrSessionTakenOver)
		if present = !c.connect.clean && !oc.passing.Load(); present {
			b.inherit(cl, old)
		} else {
			b.server.UnsubscribeClient(old)
		}
		old.ClearInflights()
	}
	b.server.Clients.Add(cl)
	return present, b.server.SendConnack(cl, packets.CodeSuccess, present, nil)
}

// inherit moves a session's messages and subscriptions. Those who publish find the subscriptions by client ID, so
// nothing changes for them.
func (b *Broker) inherit(cl, old *mochi.Client) {
	b.forgetHeld(old)
	if old.State.Inflight.Len() > 0 {
		cl.State.Inflight = old.State.Inflight.Clone()
		cl.State.Inflight.ResetReceiveQuota(int32(b.limits.InFlight))
	}
	for filter, sub := range old.State.Subscriptions.GetAll() {
		cl.State.Subscriptions.Add(filter, sub)
		old.State.Subscriptions.Delete(filter)
	}
}

// forgetHeld drops messages that waited too long for a robot to return: nobody wants a robot to walk off because of a
// command from half an hour ago.
func (b *Broker) forgetHeld(cl *mochi.Client) {
	oldest := time.Now().Add(-b.limits.Held).Unix()
	for _, pk := range cl.State.Inflight.GetAll(false) {
		if pk.FixedHeader.Type == packets.Publish && pk.Created < oldest {
			cl.State.Inflight.Delete(pk.PacketID)
			b.counts.dropped.Add(1)
		}
	}
}

// forget removes a client's session. The stripe of its ID is held.
func (b *Broker) forget(cl *mochi.Client) {
	b.server.UnsubscribeClient(cl)
	cl.ClearInflights()
	if now, ok := b.server.Clients.Get(cl.ID); ok && now == cl {
		b.server.Clients.Delete(cl.ID)
	}
}

// detach ends a connection: session, last will, Gate, socket.
func (b *Broker) detach(c *conn, panicked bool) {
	_ = c.Close()
	if c.gauge == nil {
		return
	}
	cl := c.client
	cl.Stop(nil)
	mu := b.stripe(cl.ID)
	mu.Lock()
	due := !c.superseded.Load() && !c.evicted.Load() && !b.closing.Load()
	if !c.superseded.Load() && (c.passing.Load() || panicked || c.evicted.Load()) {
		b.forget(cl)
	}
	if due && (!c.departed || c.departure == packets.CodeDisconnectWillMessage.Code) {
		b.leaveWill(c)
	}
	mu.Unlock()
	c.gauge.Add(-1)
	b.gate.Gone(c.sender, c.lost && !c.departed && due)
}

// leaveWill publishes a client's last will, now or when its delay has passed. A stranger has no voice.
func (b *Broker) leaveWill(c *conn) {
	w := c.client.Properties.Will
	if w.Flag == 0 || c.sender.Pending {
		return
	}
	m := wire.Message{Topic: w.TopicName, Payload: w.Payload, QoS: w.Qos, Retain: w.Retain, Sender: c.sender}
	delay := time.Duration(w.WillDelayInterval) * time.Second
	if delay = min(delay, b.limits.Session); delay == 0 || c.passing.Load() {
		b.publishWill(m)
		return
	}
	b.wills.add(c.client.ID, delay, func() { b.publishWill(m) })
}

// publishWill gives a last will to whoever subscribed, and to the handler, as an external broker would.
func (b *Broker) publishWill(m wire.Message) {
	defer func() {
		if p := recover(); p != nil {
			b.panicked(nil, p)
		}
	}()
	m.At = time.Now()
	m.Retain = m.Retain && wire.MayRetain(m.Topic) && b.mayRetain(m.Topic, m.Payload)
	_ = b.server.Publish(m.Topic, m.Payload, m.Retain, m.QoS)
	if !wire.FromRobot(m.Topic) {
		return
	}
	if err := b.handle(m); err != nil {
		b.counts.notStored.Add(1)
		b.quiet.write(b.ctx, slog.LevelWarn, "last will not stored",
			slog.String("robot", string(m.Sender.Robot)), slog.Any("err", err))
	}
}

// panicked counts and logs a defect. c may be nil.
func (b *Broker) panicked(c *conn, p any) {
	b.refused(Panicked)
	attrs := []slog.Attr{slog.Any("panic", p), slog.String("stack", string(debug.Stack()))}
	if c != nil {
		attrs = append(attrs, slog.String("address", c.address))
	}
	b.quiet.write(b.ctx, slog.LevelError, "mqtt connection panicked", attrs...)
}

func (b *Broker) gaugeOf(c *conn) *atomic.Int64 {
	switch {
	case c.sender.Robot == "":
		return &b.counts.people
	case c.sender.Pending:
		return &b.counts.pending
	}
	return &b.counts.robots
}
