// Package wire holds the topics and payloads between robots and server: their names, who may use them, and how they are
// written and read. It is the only package that knows a field name of an MQTT payload, and both ends use it.
package wire

import (
	"context"
	"time"

	"tonypi"
)

// Message is one MQTT message.
type Message struct {
	Topic   string
	Payload []byte // at most MaxPayload bytes; valid only while the handler runs
	QoS     byte   // 0, 1 or 2
	Retain  bool
	Sender  Sender    // who sent it, as the broker knows; zero when it came through a broker that does not tell
	At      time.Time // when the server received it
}

// MaxPayload is the largest payload in bytes that a robot may send.
const MaxPayload = 256 << 10

// Sender is who stands behind an MQTT connection.
type Sender struct {
	ClientID string
	Address  string         // IP address without port
	Robot    tonypi.RobotID // the robot that it is; empty for a person
	Pending  bool           // the robot is not adopted: it may speak, nothing of it is stored
	User     string         // the person that it is; empty for a robot
	Role     tonypi.Role    // the person's role
}

// Hello is how an MQTT client introduces itself.
type Hello struct {
	ClientID string
	Username string
	Password string
	Address  string // IP address without port
	Secure   bool   // the connection is TLS
}

// Gate decides who may connect, and is told who came and went. It is safe for concurrent use.
type Gate interface {
	// Admit returns who the client is, or an Unauthenticated or Forbidden error.
	Admit(ctx context.Context, h Hello) (Sender, error)
	// Connected is called when an admitted client's connection is up, Gone when it has ended. lost tells that it ended
	// without a DISCONNECT: keep-alive ran out or the network broke. A takeover calls Connected for the new connection
	// before Gone for the old one.
	Connected(s Sender)
	Gone(s Sender, lost bool)
}

// Handler takes one message. For QoS 1 and 2 its return is the acknowledgement: nil means stored, an error means that the
// sender must send again.
type Handler func(ctx context.Context, m Message) error

// Bus carries messages between server and robots: the embedded broker, or a client of an external one.
type Bus interface {
	// Publish sends a message to whoever subscribes, and returns when it has been handed to the broker.
	Publish(ctx context.Context, m Message) error
	// Run works until ctx ends.
	Run(ctx context.Context) error
}
