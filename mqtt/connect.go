package mqtt

import (
	"tonypi"
)

// connect is what a CONNECT packet says.
type connect struct {
	version   byte
	clean     bool
	keepAlive uint16 // seconds
	clientID  string
	username  string
	password  string
	will      *will
	props     properties
}

type will struct {
	topic   string
	payload []byte
	qos     byte
	retain  bool
}

// refusal is a CONNECT that is answered with a CONNACK and the end of the connection.
type refusal struct {
	code   byte // as of MQTT 5
	reason Reason
	text   string
}

func (r *refusal) Error() string { return r.text }

// parseConnect reads a CONNECT's body. What the client can be told is a *refusal, everything else a *violation.
func parseConnect(body []byte) (connect, error) {
	r := reader{b: body}
	name, version := r.text(), r.u8()
	if r.bad || name != "MQTT" && name != "MQIsdp" {
		return connect{}, errMalformed
	}
	c := connect{version: version}
	if name == "MQTT" && version != 4 && version != version5 || name == "MQIsdp" && version != 3 {
		return c, &refusal{codeVersion, Malformed, "unsupported protocol version"}
	}
	flags := r.u8()
	c.clean = flags&0x02 != 0
	c.keepAlive = r.u16()
	if version == version5 {
		c.props = r.properties(connectPacket)
	}
	c.clientID = r.text()
	if flags&0x04 != 0 {
		c.will = parseWill(&r, flags, version)
	} else if flags&0x38 != 0 {
		return c, errProtocol
	}
	if flags&0x80 != 0 {
		c.username = r.text()
	}
	if flags&0x40 != 0 {
		c.password = string(r.binary())
	}
	if r.bad || len(r.b) > 0 {
		return c, errMalformed
	}
	return c, c.check(flags)
}

func parseWill(r *reader, flags, version byte) *will {
	if version == version5 {
		r.properties(willPart)
	}
	w := &will{topic: r.text(), payload: r.binary(), qos: flags >> 3 & 3, retain: flags&0x20 != 0}
	if w.qos == 3 {
		r.bad = true
	}
	return w
}

func (c connect) check(flags byte) error {
	switch {
	case flags&0x01 != 0:
		return errProtocol
	case c.version != version5 && flags&0xC0 == 0x40:
		return errProtocol // before MQTT 5 a password needs a user name
	case c.props.hasReceiveMax && c.props.receiveMaximum == 0, c.props.hasMaximumPacket && c.props.maximumPacket == 0:
		return errProtocol
	case c.props.authMethod:
		return &refusal{codeBadAuthMethod, Credentials, "enhanced authentication is not offered"}
	case c.clientID == "" && !c.clean && c.version != version5:
		return &refusal{codeClientID, Credentials, "a session needs a client ID"}
	case len(c.clientID) > maxClientID:
		return &refusal{codeClientID, Credentials, "client ID too long"}
	case flags&0x40 != 0 && c.password == "":
		return &refusal{codeBadCredentials, Credentials, "empty password"}
	case c.will != nil && (c.will.topic == "" || len(c.will.payload) == 0):
		return &refusal{codeImplementation, BadWill, "a last will needs a topic and a payload"}
	case c.will != nil && len(c.will.payload) > maxWill:
		return &refusal{codeQuota, BadWill, "last will too large"}
	}
	return nil
}

// connackCode returns the code of MQTT 5 in the words of the client's version.
func connackCode(code, version byte) byte {
	if version == version5 {
		return code
	}
	switch code {
	case codeVersion:
		return 1
	case codeClientID:
		return 2
	case codeBadCredentials, codeBadAuthMethod:
		return 4
	case codeNotAuthorized, codeImplementation, codeQuota:
		return 5
	}
	return 3
}

// connack encodes the CONNACK that refuses a client.
func connack(code, version byte) []byte {
	if version == version5 {
		return []byte{connackPacket << 4, 3, 0, code, 0}
	}
	return []byte{connackPacket << 4, 2, 0, connackCode(code, version)}
}

// gateRefusal turns the Gate's error into a refusal.
func gateRefusal(err error) *refusal {
	switch tonypi.KindOf(err) {
	case tonypi.Unauthenticated:
		return &refusal{codeBadCredentials, Credentials, "not authenticated"}
	case tonypi.Forbidden:
		return &refusal{codeNotAuthorized, Denied, "not authorised"}
	case tonypi.Invalid, tonypi.Conflict:
		return &refusal{codeClientID, Denied, "client ID not accepted"}
	case tonypi.TooMany:
		return &refusal{codeConnectRateLimit, TooFast, "too many attempts"}
	}
	return &refusal{codeUnavailable, Unready, "server unavailable"}
}
