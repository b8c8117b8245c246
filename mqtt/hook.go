package mqtt

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi"
	"tonypi/wire"
)

// hook is where the broker's library asks and tells. Where it mends the library's behaviour, it says what for.
type hook struct {
	mochi.HookBase
	b *Broker
}

var hooked = []byte{
	mochi.OnConnectAuthenticate, mochi.OnConnect, mochi.OnSessionEstablish, mochi.OnDisconnect, mochi.OnACLCheck,
	mochi.OnSubscribe, mochi.OnSubscribed, mochi.OnPublish, mochi.OnPublishDropped, mochi.OnPacketRead,
	mochi.OnPacketEncode, mochi.OnPacketSent, mochi.OnPacketProcessed, mochi.OnWill, mochi.OnWillSent,
	mochi.OnClientExpired,
}

func (h *hook) ID() string           { return "tonypi" }
func (h *hook) Provides(b byte) bool { return slices.Contains(hooked, b) }

func connOf(cl *mochi.Client) *conn {
	c, _ := cl.Net.Conn.(*conn)
	return c
}

// OnConnectAuthenticate finds every client admitted: the handshake has asked the Gate before the library heard of it.
func (h *hook) OnConnectAuthenticate(cl *mochi.Client, _ packets.Packet) bool {
	return connOf(cl) != nil
}

// OnConnect applies the limits to what the client asked for.
func (h *hook) OnConnect(cl *mochi.Client, _ packets.Packet) error {
	c, l := connOf(cl), h.b.limits
	longest := uint16(l.KeepAlive / time.Second)
	if v5 := cl.Properties.ProtocolVersion == version5; v5 && (cl.State.Keepalive == 0 || cl.State.Keepalive > longest) {
		cl.State.Keepalive, cl.State.ServerKeepalive = longest, true
	}
	// The library adds half of it in 16 bits.
	cl.State.Keepalive = min(cl.State.Keepalive, 43690)

	// The library's send quota takes a read lock twice, which hangs for good when a message to the client comes in
	// between. Without quota it never gets there; the client's window is kept in OnACLCheck.
	cl.State.Inflight.ResetSendQuota(0)
	cl.Properties.Props.ReceiveMaximum = 0

	// Only a robot of the fleet keeps a session, and only as many as there may be connections.
	if c.sender.Robot == "" || c.sender.Pending || h.b.server.Clients.Len() > 2*l.Connections {
		cl.Properties.Clean = true
		cl.Properties.Props.SessionExpiryInterval = 0
	}
	return nil
}

// OnSessionEstablish takes the stripe of the client ID, so that the take-over of an old connection and that
// connection's own end do not run at once: the library would then remove the new client with the old one.
func (h *hook) OnSessionEstablish(cl *mochi.Client, pk packets.Packet) {
	c := connOf(cl)
	sender := c.sender
	sender.ClientID = cl.ID
	c.is(sender)
	c.client = cl
	h.b.connected(c)
	c.lock(h.b.stripe(cl.ID))
	if old, ok := h.b.server.Clients.Get(cl.ID); ok {
		if oc := connOf(old); oc != nil {
			oc.superseded.Store(true)
		}
		h.b.forgetHeld(old)
	}
}

// lock takes a stripe until release, or until the connection's end.
func (c *conn) lock(mu *sync.Mutex) {
	mu.Lock()
	c.unlock = mu.Unlock
}

func (c *conn) releaseStripe() {
	if c.unlock != nil {
		c.unlock()
		c.unlock = nil
	}
}

// OnDisconnect waits for a take-over that is under way; the stripe is held until the connection's end.
func (h *hook) OnDisconnect(cl *mochi.Client, _ error, _ bool) {
	if c := connOf(cl); c != nil && c.unlock == nil {
		c.lock(h.b.stripe(cl.ID))
	}
}

// OnClientExpired removes the subscriptions of a session that ended; the library leaves them in its tree.
func (h *hook) OnClientExpired(cl *mochi.Client) {
	h.b.server.UnsubscribeClient(cl)
	cl.ClearInflights()
}

// OnACLCheck decides on a publication, and whether a message still goes to a subscriber. Subscriptions are decided in
// OnSubscribe.
func (h *hook) OnACLCheck(cl *mochi.Client, topic string, write bool) bool {
	c := connOf(cl)
	if c == nil {
		return true // a robot's session that waits for the robot
	}
	if write {
		if wire.MayPublish(c.sender, topic) {
			return true
		}
		h.b.counts.forbidden.Add(1)
		return false
	}
	if c.subscribing.Load() {
		return true
	}
	window := int(c.connect.props.receiveMaximum)
	if c.behind() || window > 0 && window < h.b.limits.InFlight && cl.State.Inflight.Len() >= window {
		h.b.counts.dropped.Add(1)
		return false
	}
	if c.pacing.Load() {
		c.await()
	}
	return true
}

// OnSubscribe decides on each filter. One that is refused is made empty, which the library refuses; OnSubscribed puts
// the right code in.
func (h *hook) OnSubscribe(cl *mochi.Client, pk packets.Packet) packets.Packet {
	c := connOf(cl)
	if c == nil {
		return pk
	}
	c.subscribing.Store(true)
	now, have, fresh := time.Now(), cl.State.Subscriptions.Len(), map[string]bool{}
	for i := range pk.Filters {
		f := &pk.Filters[i]
		_, again := cl.State.Subscriptions.Get(f.Filter)
		again = again || fresh[f.Filter]
		switch code := h.judge(c, f, have, again); {
		case code != 0:
			f.Filter, f.Identifier = "", int(code) // the identifier is free to carry the code: nothing is subscribed
			h.b.counts.forbidden.Add(1)
		default:
			h.b.interest.add(f.Filter, now)
			if !again {
				fresh[f.Filter] = true
				have++
			}
		}
	}
	return pk
}

// judge returns the reason code that refuses a filter, or 0.
func (h *hook) judge(c *conn, f *packets.Subscription, have int, again bool) byte {
	switch {
	case !validFilter(f.Filter), f.NoLocal && mochi.IsSharedFilter(f.Filter):
		return codeFilterInvalid
	case !wire.MaySubscribe(c.sender, f.Filter):
		return codeNotAuthorized
	case !again && have >= h.b.limits.Subscriptions:
		return codeQuota
	}
	return 0
}

// validFilter reports whether wildcards stand where MQTT allows them.
func validFilter(filter string) bool {
	if filter == "" {
		return false
	}
	levels := strings.Split(filter, "/")
	for i, level := range levels {
		if strings.ContainsAny(level, "+#") && len(level) > 1 || level == "#" && i < len(levels)-1 {
			return false
		}
	}
	return true
}

// OnSubscribed completes the codes of the SUBACK; the library sends the slice afterwards.
func (h *hook) OnSubscribed(cl *mochi.Client, pk packets.Packet, codes []byte) {
	c := connOf(cl)
	if c == nil {
		return
	}
	c.subscribing.Store(false)
	c.offered.Store(0)
	c.sent.Store(0)
	c.pacing.Store(true)
	for i := range pk.Filters {
		if pk.Filters[i].Filter == "" && i < len(codes) && cl.Properties.ProtocolVersion == version5 {
			codes[i] = byte(pk.Filters[i].Identifier)
		}
	}
}

// OnPublish gives telemetry to the handler, before the acknowledgement and before anybody else sees it. For QoS 2 this
// is the PUBLISH, not the PUBREL: after the PUBREC the client may forget the message, so it must be stored by then.
func (h *hook) OnPublish(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	c := connOf(cl)
	if cl.Net.Inline || c == nil {
		return pk, nil
	}
	m := wire.Message{
		Topic: pk.TopicName, Payload: pk.Payload, QoS: pk.FixedHeader.Qos, Retain: pk.FixedHeader.Retain,
		Sender: c.sender, At: time.Now(),
	}
	if wire.FromRobot(pk.TopicName) {
		if err := h.b.handle(m); err != nil {
			return pk, h.notStored(c, cl, pk, err)
		}
	}
	if c.sender.Pending {
		return pk, packets.CodeSuccessIgnore // nobody sees what a stranger says, and nothing of it is retained
	}
	if pk.FixedHeader.Retain && !h.b.mayRetain(pk.TopicName, pk.Payload) {
		pk.FixedHeader.Retain = false
		h.b.counts.dropped.Add(1)
	}
	if !pk.FixedHeader.Retain && !h.b.interest.wants(pk.TopicName) {
		return pk, packets.CodeSuccessIgnore
	}
	return pk, nil
}

// notStored tells the client that its message was not stored: by a reason code in MQTT 5; before that only the end of
// the connection makes it send again. A message that can never be stored is acknowledged, or it would come for ever.
func (h *hook) notStored(c *conn, cl *mochi.Client, pk packets.Packet, err error) error {
	h.b.counts.notStored.Add(1)
	code, final := nakCode(err)
	qos := pk.FixedHeader.Qos
	if qos == 0 || final && cl.Properties.ProtocolVersion != version5 {
		return packets.CodeSuccessIgnore
	}
	if cl.Properties.ProtocolVersion == version5 {
		kind := pubackPacket
		if qos == 2 {
			kind = pubrecPacket
		}
		_ = cl.WritePacket(packets.Packet{
			FixedHeader: packets.FixedHeader{Type: kind}, PacketID: pk.PacketID, ReasonCode: code,
		})
		return packets.ErrRejectPacket
	}
	h.b.refused(NotStored)
	sleep(h.b.ctx, time.Second) // a store that is down must not cause a storm of connects
	cl.Stop(packets.ErrServerUnavailable)
	return packets.ErrRejectPacket
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

func (h *hook) OnPublishDropped(*mochi.Client, packets.Packet) { h.b.counts.dropped.Add(1) }

// OnPacketRead hides a message that is on its way to the client while the client uses the same packet ID for something
// of its own. The two sets of IDs are independent, but the library keeps them in one table: it would drop the message
// or refuse a SUBSCRIBE.
func (h *hook) OnPacketRead(cl *mochi.Client, pk packets.Packet) (packets.Packet, error) {
	c := connOf(cl)
	if c == nil || pk.PacketID == 0 || cl.State.Inflight.Len() == 0 {
		return pk, nil
	}
	switch pk.FixedHeader.Type {
	case packets.Publish, packets.Subscribe, packets.Unsubscribe:
		if out, ok := cl.State.Inflight.Get(pk.PacketID); ok &&
			(out.FixedHeader.Type == packets.Publish || out.FixedHeader.Type == packets.Pubrel) {
			cl.State.Inflight.Delete(pk.PacketID)
			c.stash = &out
		}
	}
	return pk, nil
}

// OnPacketProcessed puts the hidden message back.
func (h *hook) OnPacketProcessed(cl *mochi.Client, pk packets.Packet, _ error) {
	c := connOf(cl)
	if c == nil {
		return
	}
	if pk.FixedHeader.Type == packets.Subscribe {
		c.pacing.Store(false)
	}
	if c.stash == nil {
		return
	}
	if _, taken := cl.State.Inflight.Get(c.stash.PacketID); !taken {
		cl.State.Inflight.Set(*c.stash)
	}
	c.stash = nil
}

// OnPacketEncode announces the limits in the CONNACK, which also ends the take-over.
func (h *hook) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	c := connOf(cl)
	switch {
	case c == nil:
	case pk.FixedHeader.Type == packets.Connack:
		pk.Properties.MaximumPacketSize = uint32(h.b.limits.packet())
		if c.connect.props.sessionExpiry > 0 && cl.Properties.Props.SessionExpiryInterval == 0 {
			pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 0, true
		}
		c.releaseStripe()
	case pk.FixedHeader.Type == packets.Pubrec && pk.ReasonCode == packets.ErrPacketIdentifierInUse.Code:
		// The client sent a QoS 2 message again because it missed the PUBREC; that is no error.
		pk.ReasonCode = 0
		pk.Properties.ReasonString = ""
	}
	return pk
}

func (h *hook) OnPacketSent(cl *mochi.Client, pk packets.Packet, _ []byte) {
	if pk.FixedHeader.Type != packets.Publish {
		return
	}
	h.b.counts.messagesOut.Add(1)
	if c := connOf(cl); c != nil {
		c.sent.Add(1)
	}
}

// OnWill withholds a last will that must not be published: its topic was checked at CONNECT, but a stranger has no
// voice, and of a robot that is connected again or that was sent away nobody needs to be warned.
func (h *hook) OnWill(cl *mochi.Client, w mochi.Will) (mochi.Will, error) {
	c := connOf(cl)
	if c == nil || c.sender.Pending || c.superseded.Load() || c.evicted.Load() || h.b.closing.Load() {
		return mochi.Will{}, nil
	}
	if w.Retain && !h.b.mayRetain(w.TopicName, w.Payload) {
		w.Retain = false
	}
	return w, nil
}

// OnWillSent gives a robot's last will to the handler, as an external broker would.
func (h *hook) OnWillSent(cl *mochi.Client, pk packets.Packet) {
	c := connOf(cl)
	if c == nil || pk.TopicName == "" || !wire.FromRobot(pk.TopicName) {
		return
	}
	err := h.b.handle(wire.Message{
		Topic: pk.TopicName, Payload: pk.Payload, QoS: pk.FixedHeader.Qos, Retain: pk.FixedHeader.Retain,
		Sender: c.sender, At: time.Now(),
	})
	if err != nil {
		h.b.counts.notStored.Add(1)
		h.b.quiet.write(h.b.ctx, slog.LevelWarn, "last will not stored",
			slog.String("robot", string(c.sender.Robot)), slog.Any("err", err))
	}
}
