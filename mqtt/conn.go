package mqtt

import (
	"context"
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

// conn stands between a client's connection and the broker's library. Towards the library it is the connection, but
// its Read returns only whole packets that were checked, at the pace the limits allow; its Write never waits for the
// peer; its deadlines cannot be switched off.
type conn struct {
	net.Conn // TCP, TLS or WebSocket
	out      *outbox
	broker   *Broker
	address  string
	secure   bool

	sender  wire.Sender
	version byte // 0 until the client was admitted
	v5      atomic.Bool
	connect connect
	gauge   *atomic.Int64 // counts connections of this sender's sort
	client  *mochi.Client // nil until the session is established

	// Reading; used by the connection's goroutine only.
	buf    []byte // bytes buf[r:w] have been read; the first ready of them are whole, checked packets
	r, w   int
	ready  int
	need   int  // size of the packet that is coming in, 0 when not known
	filled bool // the last read filled the buffer, so more is likely to follow
	broken error
	pace   bucket
	armed  time.Time // the read deadline that is set
	slack  time.Duration
	small  [smallRead]byte

	stash *packets.Packet // see hook.OnPacketRead

	pacing  atomic.Bool  // retained messages are being handed over
	offered atomic.Int64 // messages handed over since
	sent    atomic.Int64 // and written since

	subscribing atomic.Bool
	superseded  atomic.Bool // a newer connection has this client ID
	evicted     atomic.Bool // closed by Disconnect: the session goes too
	closed      atomic.Bool
	lost        bool
	unlock      func() // releases the client ID's stripe, nil when not held
}

// Read returns bytes of packets that passed the checks.
func (c *conn) Read(p []byte) (int, error) {
	for c.ready == 0 {
		if err := c.broken; err != nil {
			c.tell(err)
			return 0, err
		}
		if err := c.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.buf[c.r:c.r+c.ready])
	c.r += n
	c.ready -= n
	if c.r == c.w {
		c.rest()
	}
	return n, nil
}

// fill reads once and looks at what came.
func (c *conn) fill() error {
	c.room()
	n, err := c.Conn.Read(c.buf[c.w:])
	c.w += n
	c.filled = c.w == len(c.buf)
	c.broker.counts.bytesIn.Add(uint64(n))
	if c.version == 0 {
		return err // the handshake looks at the bytes itself
	}
	if n > 0 {
		c.check()
	}
	if err != nil {
		c.note()
		if c.ready > 0 {
			c.broken = err
			return nil
		}
	}
	return err
}

// note remembers whether the connection was lost rather than closed by this side.
func (c *conn) note() {
	if !c.closed.Load() {
		c.lost = true
	}
}

// room makes space for the next read.
func (c *conn) room() {
	switch {
	case c.buf == nil:
		c.buf = c.small[:]
	case c.r == c.w:
		c.r, c.w = 0, 0
	}
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

// rest gives back what an idle connection does not need.
func (c *conn) rest() {
	c.r, c.w, c.need = 0, 0, 0
	if len(c.buf) == smallRead || c.filled && len(c.buf) == bigRead {
		return
	}
	c.release(c.buf)
	c.buf = c.small[:]
}

func (c *conn) release(buf []byte) {
	if len(buf) == bigRead && cap(buf) == bigRead {
		readBuffers.Put((*[bigRead]byte)(buf))
	}
}

// check looks at the packets in the buffer and counts the good ones as ready.
func (c *conn) check() {
	messages := 0
	for c.broken == nil {
		at := c.buf[c.r+c.ready : c.w]
		h, whole, err := parseHeader(at)
		switch {
		case err != nil:
			c.broken = err
		case !whole:
			c.wait(messages)
			return
		case h.total() > c.broker.limits.packet():
			c.broken = errTooLarge
		case len(at) < h.total():
			c.need = h.total()
			c.wait(messages)
			return
		default:
			if c.broken = checkBody(h, at[h.head:h.total()], c.version); c.broken == nil {
				c.ready += h.total()
				if h.kind == publishPacket {
					messages++
				}
			}
		}
	}
	c.wait(messages)
}

// wait slows a client down that sends too fast: it reads later, so TCP makes it wait.
func (c *conn) wait(messages int) {
	if messages == 0 {
		return
	}
	c.broker.counts.messagesIn.Add(uint64(messages))
	l := c.broker.limits
	if d := c.pace.take(time.Now(), messages, l.MessageRate, l.MessageBurst); d > time.Millisecond {
		time.Sleep(d)
	}
}

// tell counts why the connection ends and says so to an MQTT 5 client, once.
func (c *conn) tell(err error) {
	var v *violation
	if !errors.As(err, &v) || c.closed.Load() {
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

// handshake reads the CONNECT and asks the Gate. After nil the library may have the connection.
func (c *conn) handshake(ctx context.Context) error {
	body, total, err := c.readConnect()
	if err != nil {
		return err
	}
	c.connect, err = parseConnect(body)
	if err != nil {
		return err
	}
	// The will's payload points into the read buffer; it has been measured and is not needed again.
	if c.connect.will != nil {
		c.connect.will.payload = nil
	}
	if err := c.admit(ctx); err != nil {
		return err
	}
	c.version = c.connect.version
	c.v5.Store(c.version == version5)
	c.slack = min(time.Second, time.Duration(c.connect.keepAlive)*time.Second/8)
	c.ready = total
	c.check()
	return nil
}

func (c *conn) readConnect() (body []byte, total int, err error) {
	for {
		h, whole, err := parseHeader(c.buf[c.r:c.w])
		switch {
		case err != nil:
			return nil, 0, err
		case whole && h.kind != connectPacket:
			return nil, 0, errProtocol
		case whole && h.total() > maxConnect:
			return nil, 0, errTooLarge
		case whole && c.w-c.r >= h.total():
			return c.buf[c.r+h.head : c.r+h.total()], h.total(), nil
		case whole:
			c.need = h.total()
		}
		if err := c.fill(); err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
				c.broker.refused(NoConnect)
			}
			return nil, 0, err
		}
	}
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

// SetDeadline sets the read deadline. The library sets it anew for every packet; only a change that matters is made.
func (c *conn) SetDeadline(t time.Time) error {
	if t.IsZero() {
		t = time.Now().Add(c.broker.limits.Idle)
	}
	if !t.After(c.armed) {
		return nil
	}
	c.armed = t.Add(c.slack)
	return c.Conn.SetReadDeadline(c.armed)
}

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

// await slows the handing over of retained messages down to the speed of the client's queue, which holds fewer.
func (c *conn) await() {
	c.offered.Add(1)
	for range 1000 {
		if c.offered.Load()-c.sent.Load() < int64(c.broker.limits.Queue/2) || c.closed.Load() {
			return
		}
		time.Sleep(200 * time.Microsecond)
	}
	c.offered.Store(0) // some were not written; count anew
	c.sent.Store(0)
}
