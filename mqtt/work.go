package mqtt

import (
	"errors"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi"
	"tonypi/wire"
)

// work reads and processes packets until the connection ends.
func (b *Broker) work(c *conn) {
	for !c.client.Closed() {
		h, body, err := c.next()
		if err == nil {
			err = checkBody(h, body, c.version)
		}
		if err == nil {
			err = b.process(c, h, body)
		}
		if err != nil {
			c.tell(err)
			return
		}
	}
}

// process does what a packet asks for. An error ends the connection.
func (b *Broker) process(c *conn, h header, body []byte) error {
	switch h.kind {
	case publishPacket:
		b.counts.messagesIn.Add(1)
		now := time.Now()
		c.slow(now)
		return b.publish(c, h, body, now)
	case pingreqPacket:
		b.heal(c)
		_, err := c.Write([]byte{0xD0, 0})
		return err
	case disconnectPacket:
		c.departed = true
		if len(body) > 0 {
			c.departure = body[0]
		}
	}
	return b.inject(c, h, body)
}

// heal puts a client back that the library forgot: it removes sessions that ran out by client ID, without looking whether
// the robot has come back in that moment.
func (b *Broker) heal(c *conn) {
	if now, ok := b.server.Clients.Get(c.client.ID); ok && now == c.client {
		return
	}
	mu := b.stripe(c.client.ID)
	mu.Lock()
	defer mu.Unlock()
	if _, ok := b.server.Clients.Get(c.client.ID); !ok && !c.superseded.Load() {
		b.server.Clients.Add(c.client)
	}
}

// publish takes a message. Telemetry that nobody subscribed to, nearly all there is, does not touch the library.
func (b *Broker) publish(c *conn, h header, body []byte, now time.Time) error {
	p := parsePublish(h, body, c.version)
	if len(p.payload) > b.limits.Payload {
		return errTooLarge
	}
	if p.qos == 2 || p.retain || !wire.MayPublish(c.sender, p.topic) || !c.sender.Pending && b.interest.wants(p.topic) {
		return b.inject(c, h, body)
	}
	if wire.FromRobot(p.topic) {
		err := b.handle(wire.Message{Topic: p.topic, Payload: p.payload, QoS: p.qos, Sender: c.sender, At: now})
		if err != nil && !b.notStored(c, p.qos, p.id, err) {
			return nil
		}
	}
	if p.qos == 1 {
		c.ack(pubackPacket, p.id, 0)
	}
	return nil
}

// notStored tells the client that its message was not stored: by a reason code in MQTT 5; before that only the end of
// the connection makes it send again. It returns true when the message is to be acknowledged all the same, because it
// could never be stored and would come for ever.
func (b *Broker) notStored(c *conn, qos byte, id uint16, err error) bool {
	b.counts.notStored.Add(1)
	code, final := nakCode(err)
	switch {
	case qos == 0 || final && c.version != version5:
		return true
	case c.version == version5 && qos == 1:
		c.ack(pubackPacket, id, code)
	case c.version == version5:
		c.ack(pubrecPacket, id, code)
	default:
		b.refused(NotStored)
		sleep(b.ctx, time.Second) // a store that is down must not cause a storm of connects
		c.client.Stop(packets.ErrServerUnavailable)
	}
	return false
}

// nakCode returns the code of a message that was not stored, and whether sending it again is useless.
func nakCode(err error) (code byte, final bool) {
	switch tonypi.KindOf(err) {
	case tonypi.Invalid:
		return codePayloadInvalid, true
	case tonypi.TooLarge:
		return codeQuota, true
	case tonypi.Forbidden, tonypi.Unauthenticated:
		return codeNotAuthorized, true
	case tonypi.TooMany:
		return codeQuota, false
	case tonypi.Unavailable:
		return codeImplementation, false
	}
	return codeUnspecified, false
}

// inject gives a packet to the library.
func (b *Broker) inject(c *conn, h header, body []byte) error {
	cl := c.client
	pk := packets.Packet{
		FixedHeader: packets.FixedHeader{
			Type: h.kind, Remaining: len(body), Qos: h.flags >> 1 & 3, Dup: h.flags&8 != 0, Retain: h.flags&1 == 1,
		},
		ProtocolVersion: c.version,
	}
	// The library keeps parts of the body: topics are not copied.
	if err := decode(&pk, append([]byte(nil), body...)); err != nil {
		return errMalformed
	}
	hidden := hide(cl, &pk)
	err := b.server.InjectPacket(cl, pk)
	if h.kind == disconnectPacket {
		c.passing.Store(expires(cl)) // MQTT 5 lets the client change it in the end
	}
	if len(c.owed) > 0 {
		b.sendRetained(c)
	}
	if hidden != nil {
		if _, taken := cl.State.Inflight.Get(hidden.PacketID); !taken {
			cl.State.Inflight.Set(*hidden)
		}
	}
	var code packets.Code
	if errors.As(err, &code) && code.Code >= packets.ErrUnspecifiedError.Code && !cl.Closed() {
		return &violation{code.Code, Malformed, code.Reason}
	}
	return err
}

// sendRetained sends a new subscriber the retained messages, at the speed it reads. What does not fit into its window
// goes at QoS 0.
func (b *Broker) sendRetained(c *conn) {
	cl := c.client
	for _, sub := range c.owed {
		for _, kept := range b.server.Topics.Messages(sub.Filter) {
			for range 1000 {
				if !c.behind() || c.closed.Load() {
					break
				}
				time.Sleep(5 * time.Millisecond)
			}
			out := kept.Copy(false)
			out.FixedHeader.Qos = min(out.FixedHeader.Qos, sub.Qos)
			if out.FixedHeader.Qos > 0 && !reserve(c, &out, b.limits.InFlight) {
				out.FixedHeader.Qos = 0
			}
			if sub.Identifier > 0 {
				out.Properties.SubscriptionIdentifier = []int{sub.Identifier}
			}
			if cl.WritePacket(out) != nil {
				b.counts.dropped.Add(1)
			}
		}
	}
	c.owed = nil
}

// reserve gives a message to the client a place in its window, if there is one.
func reserve(c *conn, out *packets.Packet, window int) bool {
	if own := int(c.connect.props.receiveMaximum); own > 0 {
		window = min(window, own)
	}
	if c.client.State.Inflight.Len() >= window {
		return false
	}
	id, err := c.client.NextPacketID()
	if err != nil {
		return false
	}
	out.PacketID = uint16(id)
	return c.client.State.Inflight.Set(*out)
}

func decode(pk *packets.Packet, body []byte) error {
	switch pk.FixedHeader.Type {
	case packets.Publish:
		return pk.PublishDecode(body)
	case packets.Puback:
		return pk.PubackDecode(body)
	case packets.Pubrec:
		return pk.PubrecDecode(body)
	case packets.Pubrel:
		return pk.PubrelDecode(body)
	case packets.Pubcomp:
		return pk.PubcompDecode(body)
	case packets.Subscribe:
		return pk.SubscribeDecode(body)
	case packets.Unsubscribe:
		return pk.UnsubscribeDecode(body)
	case packets.Disconnect:
		return pk.DisconnectDecode(body)
	}
	return errProtocol
}

// hide takes a message that is on its way to the client out of the library's table while the client uses the same
// packet ID for something of its own. The two sets of IDs are independent, but the library keeps them in one table: it
// would drop the message, or refuse a SUBSCRIBE.
func hide(cl *mochi.Client, pk *packets.Packet) *packets.Packet {
	switch pk.FixedHeader.Type {
	case packets.Publish, packets.Subscribe, packets.Unsubscribe:
	default:
		return nil
	}
	out, ok := cl.State.Inflight.Get(pk.PacketID)
	if !ok || out.FixedHeader.Type != packets.Publish && out.FixedHeader.Type != packets.Pubrel {
		return nil
	}
	cl.State.Inflight.Delete(pk.PacketID)
	return &out
}
