package mqtt

import (
	"sync/atomic"
)

// Reason says why a connection was refused or cut off.
type Reason int

// Reasons, in the order of Reasons().
const (
	Full        Reason = iota // too many connections
	PerAddress                // too many connections from one address
	TooFast                   // too many connects from one address, or the Gate throttles
	NoConnect                 // no CONNECT in time
	Malformed                 // not MQTT, or against the protocol
	TooLarge                  // packet over the size limit
	Alias                     // a topic alias was used although none is allowed
	Credentials               // the Gate did not believe the client
	Denied                    // the Gate knows the client and forbids it
	BadWill                   // last will on a topic the client may not publish to, or too large
	Unready                   // the Gate or the broker was not available
	NotStored                 // a message could not be stored, so that the client must connect and send again
	Slow                      // the client took too long to read
	Panicked                  // a defect, confined to that connection
	reasons
)

var reasonNames = [reasons]string{
	"full", "per_address", "too_fast", "no_connect", "malformed", "too_large", "alias", "credentials", "denied", "will",
	"unready", "not_stored", "slow", "panic",
}

func (r Reason) String() string {
	if r < 0 || r >= reasons {
		return "unknown"
	}
	return reasonNames[r]
}

// Stats is what the broker has done since it was made.
type Stats struct {
	Robots, Pending, People int // open connections by who stands behind them
	Handshaking             int // open connections that have not been admitted yet
	MessagesIn, MessagesOut uint64
	BytesIn, BytesOut       uint64
	Dropped                 uint64            // messages that a client did not get because it was too slow
	Forbidden               uint64            // messages and subscriptions against the access rules
	NotStored               uint64            // messages the handler returned an error for
	Retained, Subscriptions int               // now
	Refused                 map[string]uint64 // connections refused or cut off, by Reason
}

type counters struct {
	robots, pending, people, handshaking atomic.Int64
	messagesIn, messagesOut              atomic.Uint64
	bytesIn, bytesOut                    atomic.Uint64
	dropped, forbidden, notStored        atomic.Uint64
	refused                              [reasons]atomic.Uint64
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Robots: int(c.robots.Load()), Pending: int(c.pending.Load()), People: int(c.people.Load()),
		Handshaking: int(c.handshaking.Load()),
		MessagesIn:  c.messagesIn.Load(), MessagesOut: c.messagesOut.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		Dropped: c.dropped.Load(), Forbidden: c.forbidden.Load(), NotStored: c.notStored.Load(),
		Refused: make(map[string]uint64, reasons),
	}
	for r := range c.refused {
		s.Refused[Reason(r).String()] = c.refused[r].Load()
	}
	return s
}
