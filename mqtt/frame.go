package mqtt

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// MQTT control packet types, the high four bits of a packet's first byte.
const (
	connectPacket     byte = 1
	connackPacket     byte = 2
	publishPacket     byte = 3
	pubackPacket      byte = 4
	pubrecPacket      byte = 5
	pubrelPacket      byte = 6
	pubcompPacket     byte = 7
	subscribePacket   byte = 8
	unsubscribePacket byte = 10
	pingreqPacket     byte = 12
	disconnectPacket  byte = 14
)

// version5 is the protocol level of MQTT 5.0; 4 is 3.1.1 and 3 is 3.1.
const version5 = 5

// Reason codes of MQTT 5 that the broker sends by itself.
const (
	codeUnspecified      byte = 0x80
	codeMalformed        byte = 0x81
	codeProtocolError    byte = 0x82
	codeImplementation   byte = 0x83
	codeVersion          byte = 0x84
	codeClientID         byte = 0x85
	codeBadCredentials   byte = 0x86
	codeNotAuthorized    byte = 0x87
	codeUnavailable      byte = 0x88
	codeBusy             byte = 0x89
	codeShuttingDown     byte = 0x8B
	codeBadAuthMethod    byte = 0x8C
	codeFilterInvalid    byte = 0x8F
	codeTopicInvalid     byte = 0x90
	codeAliasInvalid     byte = 0x94
	codeTooLarge         byte = 0x95
	codeQuota            byte = 0x97
	codeAdministrative   byte = 0x98
	codePayloadInvalid   byte = 0x99
	codeConnectRateLimit byte = 0x9F
)

// violation is a breach of the protocol that ends the connection. Code is told to an MQTT 5 client.
type violation struct {
	code   byte
	reason Reason
	text   string
}

func (v *violation) Error() string { return v.text }

var (
	errMalformed   = &violation{codeMalformed, Malformed, "malformed packet"}
	errProtocol    = &violation{codeProtocolError, Malformed, "protocol error"}
	errTooLarge    = &violation{codeTooLarge, TooLarge, "packet too large"}
	errAlias       = &violation{codeAliasInvalid, Alias, "topic alias although none is allowed"}
	errTopic       = &violation{codeTopicInvalid, Malformed, "topic name invalid"}
	errFilterCount = &violation{codeQuota, Malformed, "too many filters in one packet"}
)

// header is a packet's fixed header.
type header struct {
	kind  byte
	flags byte
	head  int // bytes of the fixed header
	body  int // bytes that follow it
}

func (h header) total() int { return h.head + h.body }

// parseHeader reads the fixed header at the start of b. ok is false while bytes are missing.
func parseHeader(b []byte) (h header, ok bool, err error) {
	if len(b) < 2 {
		return header{}, false, nil
	}
	h.kind, h.flags = b[0]>>4, b[0]&0x0F
	if !validFlags(h.kind, h.flags) {
		return header{}, false, errMalformed
	}
	for i := 1; i <= 4; i++ {
		if i >= len(b) {
			return header{}, false, nil
		}
		h.body |= int(b[i]&0x7F) << (7 * (i - 1))
		if b[i] < 0x80 {
			h.head = i + 1
			return h, true, nil
		}
	}
	return header{}, false, errMalformed
}

// validFlags reports whether a client may send a packet of that kind with those flags.
func validFlags(kind, flags byte) bool {
	switch kind {
	case publishPacket:
		qos := flags >> 1 & 3
		return qos != 3 && (qos != 0 || flags&0x08 == 0)
	case pubrelPacket, subscribePacket, unsubscribePacket:
		return flags == 2
	case connectPacket, pubackPacket, pubrecPacket, pubcompPacket, pingreqPacket, disconnectPacket:
		return flags == 0
	}
	return false
}

// checkBody checks all lengths and bounds of a packet that follows the CONNECT, so that the broker's decoder sees only
// packets that it can digest.
func checkBody(h header, body []byte, version byte) error {
	r := reader{b: body}
	switch h.kind {
	case publishPacket:
		return checkPublish(h, &r, version)
	case pubackPacket, pubrecPacket, pubrelPacket, pubcompPacket:
		return checkAck(&r, version)
	case subscribePacket, unsubscribePacket:
		return checkSubscribe(h.kind, &r, version)
	case pingreqPacket:
		if len(body) != 0 {
			return errMalformed
		}
		return nil
	case disconnectPacket:
		return checkDisconnect(&r, version)
	}
	return errProtocol
}

func checkPublish(h header, r *reader, version byte) error {
	topic := r.text()
	if h.flags>>1&3 != 0 && r.u16() == 0 {
		return errProtocol
	}
	var alias bool
	if version == version5 {
		props := r.properties(publishPacket)
		alias = props.alias
		if props.subscriptions > 0 {
			return errProtocol
		}
	}
	switch {
	case r.bad:
		return errMalformed
	case alias:
		return errAlias
	case topic == "" || len(topic) > maxTopic || topic[0] == '$' || strings.ContainsAny(topic, "+#"):
		return errTopic
	}
	return nil
}

func checkAck(r *reader, version byte) error {
	if r.u16() == 0 {
		return errMalformed
	}
	if version == version5 && len(r.b) > 0 {
		r.u8()
		if len(r.b) > 0 {
			r.properties(pubackPacket)
		}
	}
	if r.bad || len(r.b) > 0 {
		return errMalformed
	}
	return nil
}

func checkSubscribe(kind byte, r *reader, version byte) error {
	if r.u16() == 0 {
		return errMalformed
	}
	if version == version5 {
		if props := r.properties(kind); props.subscriptions > 1 {
			return errProtocol
		}
	}
	n := 0
	for len(r.b) > 0 && !r.bad {
		filter := r.text()
		if kind == subscribePacket {
			if options := r.u8(); options&3 == 3 || options&^optionMask(version) != 0 || options>>4&3 == 3 {
				return errMalformed
			}
		}
		if !r.bad && (filter == "" || len(filter) > maxTopic) {
			return errTopic
		}
		n++
	}
	switch {
	case r.bad:
		return errMalformed
	case n == 0:
		return errProtocol
	case n > maxFilters:
		return errFilterCount
	}
	return nil
}

// optionMask returns the subscription option bits that the version knows.
func optionMask(version byte) byte {
	if version == version5 {
		return 0x3F
	}
	return 0x03
}

func checkDisconnect(r *reader, version byte) error {
	if version == version5 && len(r.b) > 0 {
		r.u8()
		if len(r.b) > 0 {
			r.properties(disconnectPacket)
		}
	}
	if r.bad || len(r.b) > 0 {
		return errMalformed
	}
	return nil
}

// reader takes fields off the front of b. bad is set, and zero returned, once bytes are missing or wrong.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n > len(r.b) {
		r.bad = true
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u8() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return binary.BigEndian.Uint16(p)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.take(4); p != nil {
		return binary.BigEndian.Uint32(p)
	}
	return 0
}

func (r *reader) binary() []byte { return r.take(int(r.u16())) }

// text reads a UTF-8 string, which may not hold U+0000.
func (r *reader) text() string {
	p := r.binary()
	for _, c := range p {
		if c == 0 || c >= utf8.RuneSelf && !utf8.Valid(p) {
			r.bad = true
			return ""
		}
	}
	return string(p)
}

// varint reads a variable byte integer of at most four bytes.
func (r *reader) varint() int {
	v := 0
	for i := range 4 {
		c := r.u8()
		v |= int(c&0x7F) << (7 * i)
		if c < 0x80 {
			return v
		}
	}
	r.bad = true
	return 0
}

// properties are those of a packet's MQTT 5 properties that the guard looks at.
type properties struct {
	alias            bool
	subscriptions    int
	sessionExpiry    uint32
	receiveMaximum   uint16
	hasReceiveMax    bool
	maximumPacket    uint32
	hasMaximumPacket bool
	authMethod       bool
	willDelay        uint32
}

// willPart stands for the will properties inside a CONNECT, which are a set of their own.
const willPart byte = 0

// properties reads a property list; one that does not belong into that kind of packet, or stands there twice, is bad.
func (r *reader) properties(kind byte) properties {
	var out properties
	in := reader{b: r.take(r.varint()), bad: r.bad}
	var seen uint64
	for len(in.b) > 0 && !in.bad {
		id := in.varint()
		if id >= 64 || !propertyIn(kind, id) || seen>>id&1 == 1 && id != propUser && id != propSubscriptionID {
			in.bad = true
			break
		}
		seen |= 1 << id
		in.property(id, &out)
	}
	r.bad = r.bad || in.bad
	return out
}

// Identifiers of MQTT 5 properties.
const (
	propSubscriptionID = 0x0B
	propAlias          = 0x23
	propUser           = 0x26
)

func (r *reader) property(id int, out *properties) {
	switch id {
	case 0x01, 0x17, 0x19: // payload format, request problem information, request response information
		if r.u8() > 1 {
			r.bad = true
		}
	case 0x02: // message expiry
		r.u32()
	case 0x11:
		out.sessionExpiry = r.u32()
	case 0x18:
		out.willDelay = r.u32()
	case 0x27:
		out.maximumPacket, out.hasMaximumPacket = r.u32(), true
	case 0x03, 0x08, 0x1C, 0x1F: // content type, response topic, server reference, reason string
		r.text()
	case 0x15:
		r.text()
		out.authMethod = true
	case 0x09, 0x16: // correlation data, authentication data
		r.binary()
	case propSubscriptionID:
		if r.varint() == 0 {
			r.bad = true
		}
		out.subscriptions++
	case 0x21:
		out.receiveMaximum, out.hasReceiveMax = r.u16(), true
	case 0x22: // the client's topic alias maximum
		r.u16()
	case propAlias:
		r.u16()
		out.alias = true
	case propUser:
		r.text()
		r.text()
	default:
		r.bad = true
	}
}

// propertyIn reports whether a client's packet of that kind may carry the property.
func propertyIn(kind byte, id int) bool {
	switch id {
	case propUser:
		return true
	case 0x01, 0x02, 0x03, 0x08, 0x09:
		return kind == publishPacket || kind == willPart
	case propAlias:
		return kind == publishPacket
	case propSubscriptionID:
		return kind == publishPacket || kind == subscribePacket
	case 0x11:
		return kind == connectPacket || kind == disconnectPacket
	case 0x15, 0x16, 0x17, 0x19, 0x21, 0x22, 0x27:
		return kind == connectPacket
	case 0x18:
		return kind == willPart
	case 0x1C:
		return kind == disconnectPacket
	case 0x1F:
		return kind == pubackPacket || kind == disconnectPacket
	}
	return false
}
