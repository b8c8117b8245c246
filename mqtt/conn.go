package mqtt

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi/wire"
)

const (
	smallRead = 512     // bytes that an idle connection reads into
	bigRead   = 4 << 10 // bytes that a busy one borrows
)

var readBuffers = sync.Pool{New: func() any { return new([bigRead]byte) }}

// conn is one client's connection. Its goroutine reads whole packets, checks them, and only then lets the broker's
// library see them; while it waits its stack is shallow, which is most of what an idle connection costs. To the library
// it is the connection to write to.
type conn struct {
	net.Conn // TCP, TLS or WebSocket; Write does not wait for the peer
	out      *outbox
	broker   *Broker
	address  string
	secure   bool

	sender  wire.Sender
	connect connect
	version byte          // 0 until the client was admitted
	gauge   *atomic.Int64 // counts connections of this sender's sort; nil until the Gate was told
	client  *mochi.Client // nil until attached

	// Reading; used by the connection's goroutine only.
	buf       []byte // bytes buf[r:w] have been read and not been used
	r, w      int
	need      int  // size of the packet that is coming in, 0 when not known
	filled    bool // the last read filled the buffer, so more is likely to follow
	complete  bool // a packet was completed since the deadline was set
	pace      bucket
	patience  time.Duration // silence that ends the connection
	armed     time.Time     // the read deadline that is set
	lost      bool          // the peer is gone, or was sent away for breaking the protocol
	departure byte          // reason in the DISCONNECT, when departed
	departed  bool
	small     [smallRead]byte

	owed []packets.Subscription // subscriptions just made, whose retained messages are to be sent

	v5          atomic.Bool
	subscribing atomic.Bool
	superseded  atomic.Bool // a newer connection has this client ID
	evicted     atomic.Bool // closed by Disconnect: the session goes too
	passing     atomic.Bool // the session ends with the connection
	closed      atomic.Bool
}

// next returns the next packet; its body is valid until the next call.
func (c *conn) next() (header, []byte, error) {
	limit := c.broker.limits.packet()
	if c.version == 0 {
		limit = maxConnect
	}
	for {
		at := c.buf[c.r:c.w]
		h, whole, err := parseHeader(at)
		switch {
		case err != nil:
			return header{}, nil, err
		case whole && c.version == 0 && h.kind != connectPacket:
			return header{}, nil, errProtocol
		case whole && h.total() > limit:
			return header{}, nil, errTooLarge
		case whole && len(at) >= h.total():
			c.r += h.total()
			c.complete = true
			return h, at[h.head:h.total()], nil
		case whole:
			c.need = h.total()
		}
		if err := c.fill(); err != nil {
			return header{}, nil, err
		}
	}
}

// fill reads once.
func (c *conn) fill() error {
	if c.r == c.w {
		c.rest()
	}
	c.room()
	c.arm()
	n, err := c.Conn.Read(c.buf[c.w:])
	c.w += n
	c.filled = c.w == len(c.buf)
	c.broker.counts.bytesIn.Add(uint64(n))
	if n > 0 {
		return nil // an error comes again
	}
	if err != nil && !c.closed.Load() {
		c.lost = true
	}
	return err
}

// rest gives back what an idle connection does not need.
func (c *conn) rest() {
	c.r, c.w, c.need = 0, 0, 0
	if len(c.buf) == smallRead || c.filled && len(c.buf) == bigRead {
		return
	}
	c.release(c.buf)
	c.buf = c.small[:]
}

// room makes space for the next read.
func (c *conn) room() {
	if c.w < len(c.buf) && (!c.filled || len(c.buf) > smallRead) {
		return
	}
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
		if c.w < len(c.buf) {
			return
		}
	}
	c.grow()
}

// grow doubles the buffer up to the packet that is coming in, so that only bytes that have arrived cost memory.
func (c *conn) grow() {
	old := c.buf
	if len(old) < bigRead {
		c.buf = readBuffers.Get().(*[bigRead]byte)[:]
	} else {
		c.buf = make([]byte, min(2*len(old), max(c.need, len(old)+1)))
	}
	copy(c.buf, old[:c.w])
	c.release(old)
}

func (c *conn) release(buf []byte) {
	if len(buf) == bigRead && cap(buf) == bigRead {
		readBuffers.Put((*[bigRead]byte)(buf))
	}
}

// arm sets the read deadline anew after a packet, not after bytes of one. Setting it costs as much as a small read, so
// it is set a little late and then left alone for a while.
func (c *conn) arm() {
	if !c.complete || c.version == 0 {
		return
	}
	c.complete = false
	slack := min(time.Second, c.patience/8)
	if t := time.Now().Add(c.patience); t.After(c.armed) {
		c.armed = t.Add(slack)
		_ = c.Conn.SetReadDeadline(c.armed)
	}
}

// slow delays a client that sends too fast: it is read later, so TCP makes it wait.
func (c *conn) slow(now time.Time) {
	l := &c.broker.limits
	if d := c.pace.take(now, 1, l.MessageRate, l.MessageBurst); d > time.Millisecond {
		time.Sleep(d)
	}
}

// tell counts why the connection ends and says so to an MQTT 5 client.
func (c *conn) tell(err error) {
	var v *violation
	if !errors.As(err, &v) {
		return
	}
	c.lost = true
	c.broker.refused(v.reason)
	c.goodbye(v.code)
}

// goodbye tells an MQTT 5 client why it is disconnected.
func (c *conn) goodbye(code byte) {
	if c.v5.Load() {
		_, _ = c.Write([]byte{disconnectPacket << 4, 2, code, 0})
	}
}

// ack acknowledges a message at QoS 1, or 2, directly.
func (c *conn) ack(kind byte, id uint16, code byte) {
	b := [6]byte{kind << 4, 2, byte(id >> 8), byte(id), code, 0}
	n := 4
	if code != 0 {
		b[1], n = 3, 5
	}
	_, _ = c.Write(b[:n])
}

// handshake reads the CONNECT and asks the Gate. It returns the CONNECT's body.
func (c *conn) handshake(ctx context.Context) ([]byte, error) {
	_, body, err := c.next()
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		c.broker.refused(NoConnect)
	}
	if err != nil {
		return nil, err
	}
	if c.connect, err = parseConnect(body); err != nil {
		return nil, err
	}
	if err := c.admit(ctx); err != nil {
		return nil, err
	}
	c.version = c.connect.version
	c.v5.Store(c.version == version5)
	return body, nil
}

// admit asks the Gate and checks the last will.
func (c *conn) admit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.broker.limits.ConnectTimeout)
	defer cancel()
	in := &c.connect
	sender, err := c.broker.gate.Admit(ctx, wire.Hello{
		ClientID: in.clientID, Username: in.username, Password: in.password, Address: c.address, Secure: c.secure,
	})
	in.password = ""
	if err != nil {
		return gateRefusal(err)
	}
	sender.ClientID, sender.Address = in.clientID, c.address
	if w := in.will; w != nil && !wire.MayPublish(sender, w.topic) {
		return &refusal{codeNotAuthorized, BadWill, "last will on a forbidden topic"}
	}
	c.is(sender)
	return nil
}

// is sets who the client is. The broker's lock guards it against Disconnect, which looks from outside.
func (c *conn) is(sender wire.Sender) {
	c.broker.mu.Lock()
	defer c.broker.mu.Unlock()
	c.sender = sender
}

// SetDeadline does nothing: deadlines are set where packets are read.
func (c *conn) SetDeadline(time.Time) error { return nil }

// Write hands p to the connection. It does not wait for the peer.
func (c *conn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.broker.counts.bytesOut.Add(uint64(n))
	return n, err
}

// Close ends the connection. What has been written is given a second to leave.
func (c *conn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	if c.out.backlog() == 0 {
		return c.Conn.Close()
	}
	go func() {
		for range 100 {
			if c.out.backlog() == 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		_ = c.Conn.Close()
	}()
	return nil
}

// behind reports whether the client is so slow that messages to it are dropped.
func (c *conn) behind() bool { return c.out.backlog() > c.broker.limits.Backlog }

// publication is a PUBLISH that has passed checkBody.
type publication struct {
	topic   string
	id      uint16
	payload []byte // valid until the next packet is read
	qos     byte
	retain  bool
}

func parsePublish(h header, body []byte, version byte) publication {
	n := int(binary.BigEndian.Uint16(body))
	p := publication{topic: string(body[2 : 2+n]), qos: h.flags >> 1 & 3, retain: h.flags&1 == 1}
	r := reader{b: body[2+n:]}
	if p.qos > 0 {
		p.id = r.u16()
	}
	if version == version5 {
		r.take(r.varint())
	}
	p.payload = r.b
	return p
}
