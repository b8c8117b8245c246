package mqtt

import (
	"slices"
	"strings"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi/wire"
)

// hook is where the broker's library asks and tells. Where it mends the library's behaviour, it says what for.
type hook struct {
	mochi.HookBase
	b *Broker
}

var hooked = []byte{
	mochi.OnACLCheck, mochi.OnSubscribe, mochi.OnSubscribed, mochi.OnPublish, mochi.OnPublishDropped,
	mochi.OnPacketEncode, mochi.OnPacketSent, mochi.OnClientExpired,
}

func (h *hook) ID() string           { return "tonypi" }
func (h *hook) Provides(b byte) bool { return slices.Contains(hooked, b) }

func connOf(cl *mochi.Client) *conn {
	c, _ := cl.Net.Conn.(*conn)
	return c
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
			if !mochi.IsSharedFilter(f.Filter) && (f.RetainHandling == 0 || f.RetainHandling == 1 && !again) {
				c.owed = append(c.owed, *f)
			}
			f.RetainHandling = 2 // the library would drop what does not fit into its queue
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
			if h.b.notStored(c, m.QoS, pk.PacketID, err) {
				return pk, packets.CodeSuccessIgnore
			}
			return pk, packets.ErrRejectPacket
		}
	}
	if c.sender.Pending {
		return pk, packets.CodeSuccessIgnore // nobody sees what a stranger says, and nothing of it is retained
	}
	if pk.FixedHeader.Retain && (!wire.MayRetain(pk.TopicName) || !h.b.mayRetain(pk.TopicName, pk.Payload)) {
		pk.FixedHeader.Retain = false
		h.b.counts.dropped.Add(1)
	}
	if !pk.FixedHeader.Retain && !h.b.interest.wants(pk.TopicName) {
		return pk, packets.CodeSuccessIgnore
	}
	return pk, nil
}

func (h *hook) OnPublishDropped(*mochi.Client, packets.Packet) { h.b.counts.dropped.Add(1) }

// OnPacketEncode announces the limits in the CONNACK.
func (h *hook) OnPacketEncode(cl *mochi.Client, pk packets.Packet) packets.Packet {
	c := connOf(cl)
	switch {
	case c == nil:
	case pk.FixedHeader.Type == packets.Connack:
		pk.Properties.MaximumPacketSize = uint32(h.b.limits.packet())
		if c.connect.props.sessionExpiry > 0 && cl.Properties.Props.SessionExpiryInterval == 0 {
			pk.Properties.SessionExpiryInterval, pk.Properties.SessionExpiryIntervalFlag = 0, true
		}
	case pk.FixedHeader.Type == packets.Pubrec && pk.ReasonCode == packets.ErrPacketIdentifierInUse.Code:
		// The client sent a QoS 2 message again because it missed the PUBREC; that is no error.
		pk.ReasonCode = 0
		pk.Properties.ReasonString = ""
	}
	return pk
}

func (h *hook) OnPacketSent(_ *mochi.Client, pk packets.Packet, _ []byte) {
	if pk.FixedHeader.Type != packets.Publish {
		return
	}
	h.b.counts.messagesOut.Add(1)
}
