package mqtt

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/wire"
)

// gate admits by user name: robots by their client ID, people by "viewer", "operator" and "admin".
type gate struct {
	mu     sync.Mutex
	events []string
	admit  func(wire.Hello) (wire.Sender, error) // replaces the rule when set
	notify chan string
}

func newGate() *gate { return &gate{notify: make(chan string, 1000)} }

func (g *gate) Admit(_ context.Context, h wire.Hello) (wire.Sender, error) {
	if g.admit != nil {
		return g.admit(h)
	}
	switch h.Username {
	case "viewer", "operator", "admin":
		if h.Password != "secret" {
			return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "wrong password")
		}
		return wire.Sender{User: h.Username, Role: tonypi.Role(h.Username)}, nil
	case "", "robot":
		if h.Username == "robot" && h.Password != "secret" {
			return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "wrong password")
		}
		if strings.HasPrefix(h.ClientID, "banned") {
			return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "go away")
		}
		if err := tonypi.RobotID(h.ClientID).Validate(); err != nil {
			return wire.Sender{}, err
		}
		return wire.Sender{Robot: tonypi.RobotID(h.ClientID), Pending: strings.HasPrefix(h.ClientID, "new")}, nil
	}
	return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "who are you")
}

func (g *gate) Connected(s wire.Sender) { g.tell("+" + s.ClientID) }

func (g *gate) Gone(s wire.Sender, lost bool) {
	if lost {
		g.tell("!" + s.ClientID)
	} else {
		g.tell("-" + s.ClientID)
	}
}

func (g *gate) tell(event string) {
	g.mu.Lock()
	g.events = append(g.events, event)
	g.mu.Unlock()
	select {
	case g.notify <- event:
	default:
	}
}

// inbox is a handler that keeps what it gets, and fails as told.
type inbox struct {
	mu   sync.Mutex
	got  []wire.Message
	fail func(wire.Message) error
}

func (i *inbox) handle(_ context.Context, m wire.Message) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.fail != nil {
		if err := i.fail(m); err != nil {
			return err
		}
	}
	m.Payload = bytes.Clone(m.Payload)
	i.got = append(i.got, m)
	return nil
}

func (i *inbox) payloads() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var out []string
	for _, m := range i.got {
		out = append(out, string(m.Payload))
	}
	return out
}

func (i *inbox) failWith(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.fail = func(wire.Message) error { return err }
	if err == nil {
		i.fail = nil
	}
}

// rig is a running broker.
type rig struct {
	*Broker
	t    testing.TB
	gate *gate
	in   *inbox
	addr string
	log  *lockedBuffer
	stop func()
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t testing.TB, limits Limits) *rig {
	t.Helper()
	r := &rig{t: t, gate: newGate(), in: &inbox{}, log: &lockedBuffer{}}
	b, err := New(Config{
		Gate: r.gate, Handle: r.in.handle, Limits: limits,
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Broker = b
	r.addr = must(b.Listen("127.0.0.1:0")).String()
	r.run()
	return r
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				r.t.Errorf("Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			r.t.Error("Run did not end")
		}
	})
	r.t.Cleanup(r.stop)
}

// wait waits for an event of the gate.
func (r *rig) wait(event string) {
	r.t.Helper()
	timeout := time.After(5 * time.Second)
	for {
		select {
		case got := <-r.gate.notify:
			if got == event {
				return
			}
		case <-timeout:
			r.gate.mu.Lock()
			defer r.gate.mu.Unlock()
			r.t.Fatalf("no event %q; got %q", event, r.gate.events)
		}
	}
}

// eventually waits for a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not in time: %s", what)
}

// peer is a client that sends and reads raw packets.
type peer struct {
	t testing.TB
	net.Conn
	v byte
}

// hello is what a test's CONNECT says.
type hello struct {
	v          byte
	id         string
	user, pass string
	keep       uint16
	keepState  bool // not clean
	props      []byte
	will       string // topic; the payload is "gone"
	willFlags  byte   // QoS and retain bits of the connect flags
}

func (h hello) packet() []byte {
	var b []byte
	b = str(b, "MQTT")
	flags := byte(0)
	if !h.keepState {
		flags |= 2
	}
	if h.will != "" {
		flags |= 4 | h.willFlags
	}
	if h.user != "" {
		flags |= 0x80
	}
	if h.pass != "" {
		flags |= 0x40
	}
	b = append(b, h.v, flags)
	b = binary.BigEndian.AppendUint16(b, h.keep)
	if h.v == 5 {
		b = append(b, byte(len(h.props)))
		b = append(b, h.props...)
	}
	b = str(b, h.id)
	if h.will != "" {
		if h.v == 5 {
			b = append(b, 0)
		}
		b = str(b, h.will)
		b = str(b, "gone")
	}
	if h.user != "" {
		b = str(b, h.user)
	}
	if h.pass != "" {
		b = str(b, h.pass)
	}
	return packet(0x10, b)
}

func str(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

func packet(first byte, body []byte) []byte {
	out := []byte{first}
	for n := len(body); ; {
		c := byte(n % 128)
		if n /= 128; n > 0 {
			out = append(out, c|0x80)
			continue
		}
		out = append(out, c)
		break
	}
	return append(out, body...)
}

func (r *rig) dial() *peer {
	r.t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return &peer{t: r.t, Conn: c}
}

// connect connects and expects to be let in.
func (r *rig) connect(h hello) *peer {
	r.t.Helper()
	p, code := r.try(h)
	if code != 0 {
		r.t.Fatalf("CONNACK of %q has code %#x", h.id, code)
	}
	return p
}

// try connects and returns the CONNACK's code.
func (r *rig) try(h hello) (*peer, byte) {
	r.t.Helper()
	if h.v == 0 {
		h.v = 4
	}
	p := r.dial()
	p.v = h.v
	p.send(h.packet())
	first, body := p.read()
	if first != 0x20 || len(body) < 2 {
		r.t.Fatalf("%q got %#x %x instead of a CONNACK", h.id, first, body)
	}
	return p, body[1]
}

func (p *peer) send(b []byte) {
	p.t.Helper()
	if _, err := p.Write(b); err != nil {
		p.t.Fatal(err)
	}
}

// next reads a packet.
func (p *peer) next(patience time.Duration) (first byte, body []byte, err error) {
	_ = p.SetReadDeadline(time.Now().Add(patience))
	var b [1]byte
	if _, err := io.ReadFull(p.Conn, b[:]); err != nil {
		return 0, nil, err
	}
	first = b[0]
	n := 0
	for shift := 0; ; shift += 7 {
		if _, err := io.ReadFull(p.Conn, b[:]); err != nil {
			return 0, nil, err
		}
		n |= int(b[0]&0x7F) << shift
		if b[0] < 0x80 {
			break
		}
	}
	body = make([]byte, n)
	_, err = io.ReadFull(p.Conn, body)
	return first, body, err
}

func (p *peer) read() (byte, []byte) {
	p.t.Helper()
	first, body, err := p.next(5 * time.Second)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return first, body
}

// expect reads a packet and compares it.
func (p *peer) expect(first byte, body ...byte) {
	p.t.Helper()
	f, b := p.read()
	if f != first || !bytes.Equal(b, body) {
		p.t.Fatalf("got %#x %x, want %#x %x", f, b, first, body)
	}
}

// silent expects that nothing comes.
func (p *peer) silent() {
	p.t.Helper()
	if f, b, err := p.next(150 * time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("got %#x %q (%v), want silence", f, b, err)
	}
}

// closed expects the end of the connection, whatever comes before it.
func (p *peer) closed() {
	p.t.Helper()
	for {
		if _, _, err := p.next(5 * time.Second); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				p.t.Fatal("connection is still open")
			}
			return
		}
	}
}

// alive expects an answer to PINGREQ.
func (p *peer) alive() {
	p.t.Helper()
	p.send([]byte{0xC0, 0})
	p.expect(0xD0)
}

// pub encodes a PUBLISH.
func (p *peer) pub(topic, payload string, qos byte, id uint16, flags byte) []byte {
	b := str(nil, topic)
	if qos > 0 {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	if p.v == 5 {
		b = append(b, 0)
	}
	return packet(0x30|qos<<1|flags, append(b, payload...))
}

// sub subscribes and returns the codes of the SUBACK.
func (p *peer) sub(id uint16, qos byte, filters ...string) []byte {
	p.t.Helper()
	b := binary.BigEndian.AppendUint16(nil, id)
	if p.v == 5 {
		b = append(b, 0)
	}
	for _, f := range filters {
		b = append(str(b, f), qos)
	}
	p.send(packet(0x82, b))
	first, body := p.read()
	if first != 0x90 || binary.BigEndian.Uint16(body) != id {
		p.t.Fatalf("got %#x %x instead of SUBACK %d", first, body, id)
	}
	if p.v == 5 {
		return body[3:]
	}
	return body[2:]
}

// message reads a PUBLISH.
func (p *peer) message() (topic, payload string, first byte, id uint16) {
	p.t.Helper()
	first, b := p.read()
	if first>>4 != 3 {
		p.t.Fatalf("got %#x %x instead of a PUBLISH", first, b)
	}
	n := int(binary.BigEndian.Uint16(b))
	topic, b = string(b[2:2+n]), b[2+n:]
	if first>>1&3 > 0 {
		id, b = binary.BigEndian.Uint16(b), b[2:]
	}
	if p.v == 5 {
		b = b[1+int(b[0]):]
	}
	return topic, string(b), first, id
}

func (p *peer) wantMessage(topic, payload string) (first byte, id uint16) {
	p.t.Helper()
	gotTopic, gotPayload, first, id := p.message()
	if gotTopic != topic || gotPayload != payload {
		p.t.Fatalf("got %q %q, want %q %q", gotTopic, gotPayload, topic, payload)
	}
	return first, id
}
