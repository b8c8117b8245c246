package mqtt

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
	"github.com/mochi-mqtt/server/v2/packets"

	"tonypi/wire"
)

// killer is the SUBSCRIBE that panics in the library's decoder.
var killer = []byte{0x82, 5, 0, 1, 0, 0, 0}

// TestMalformed sends what must not pass. The connection ends; the broker lives.
func TestMalformed(t *testing.T) {
	tests := []struct {
		name string
		raw  []byte
		code byte // of the DISCONNECT
	}{
		{"SUBSCRIBE without options", killer, codeMalformed},
		{"SUBSCRIBE without filters", []byte{0x82, 3, 0, 1, 0}, codeProtocolError},
		{"SUBSCRIBE with ID 0", []byte{0x82, 8, 0, 0, 0, 0, 1, 'a', 0, 0}, codeMalformed},
		{"SUBSCRIBE with reserved options", packet(0x82, append(str([]byte{0, 1, 0}, "a"), 0xC0)), codeMalformed},
		{"SUBSCRIBE with QoS 3", packet(0x82, append(str([]byte{0, 1, 0}, "a"), 3)), codeMalformed},
		{"SUBSCRIBE with 65 filters", packet(0x82, append([]byte{0, 1, 0}, bytes.Repeat([]byte{0, 1, 'a', 0}, 65)...)), codeQuota},
		{"wrong flags", []byte{0x80, 0}, codeMalformed},
		{"packet type 0", []byte{0, 0}, codeMalformed},
		{"server's packet", []byte{0x20, 2, 0, 0}, codeMalformed},
		{"AUTH", []byte{0xF0, 2, 0, 0}, codeMalformed},
		{"second CONNECT", hello{v: 5, id: "r1"}.packet(), codeProtocolError},
		{"QoS 3", []byte{0x36, 5, 0, 1, 'a', 0, 1}, codeMalformed},
		{"DUP at QoS 0", []byte{0x38, 4, 0, 1, 'a', 0}, codeMalformed},
		{"length of five bytes", []byte{0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1}, codeMalformed},
		{"topic longer than packet", []byte{0x30, 3, 0, 9, 'a'}, codeMalformed},
		{"wildcard in topic", packet(0x30, append(str(nil, "tonypi/+"), 0)), codeTopicInvalid},
		{"empty topic", packet(0x30, append(str(nil, ""), 0)), codeTopicInvalid},
		{"$SYS topic", packet(0x30, append(str(nil, "$SYS/x"), 0)), codeTopicInvalid},
		{"NUL in topic", packet(0x30, append(str(nil, "a\x00"), 0)), codeMalformed},
		{"bad UTF-8", packet(0x30, append(str(nil, "a\xff"), 0)), codeMalformed},
		{"deep topic", packet(0x30, append(str(nil, strings.Repeat("/", 600)), 0)), codeTopicInvalid},
		{"topic alias", packet(0x30, append(str(nil, "tonypi/battery"), 3, 0x23, 0, 1)), codeAliasInvalid},
		{"alias without topic", packet(0x30, append(str(nil, ""), 3, 0x23, 0, 1)), codeAliasInvalid},
		{"packet ID 0", packet(0x32, append(str(nil, "tonypi/battery"), 0, 0, 0)), codeProtocolError},
		{"unknown property", packet(0x30, append(str(nil, "tonypi/battery"), 2, 0x7E, 0)), codeMalformed},
		{"property twice", packet(0x30, append(str(nil, "tonypi/battery"), 4, 1, 0, 1, 0)), codeMalformed},
		{"subscription ID in a PUBLISH", packet(0x30, append(str(nil, "tonypi/battery"), 2, 0x0B, 1)), codeProtocolError},
		{"property length over the end", packet(0x30, append(str(nil, "tonypi/battery"), 0x7F)), codeMalformed},
		{"PINGREQ with a body", []byte{0xC0, 1, 0}, codeMalformed},
		{"PUBACK without ID", []byte{0x40, 0}, codeMalformed},
		{"PUBREL with rubbish", []byte{0x62, 6, 0, 1, 0, 5, 1, 1}, codeMalformed},
		{"UNSUBSCRIBE without filters", []byte{0xA2, 3, 0, 1, 0}, codeProtocolError},
		{"300 MB announced", []byte{0x30, 0x80, 0x80, 0x80, 0x7F}, codeTooLarge},
	}
	r := start(t, Limits{})
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			id := fmt.Sprintf("m%d", i)
			p := r.connect(hello{v: 5, id: id})
			p.t = t
			p.send(tt.raw)
			p.expect(0xE0, tt.code, 0)
			p.closed()
			r.wait("!" + id)
			old := r.connect(hello{v: 4, id: id})
			old.send(killer)
			old.closed()
		})
	}
	r.connect(hello{id: "last"}).alive()
	if s := r.Stats(); s.Refused["malformed"] == 0 || s.Refused["too_large"] != 1 || s.Refused["alias"] != 2 || s.Refused["panic"] != 0 {
		t.Errorf("refused %v", s.Refused)
	}
}

// TestBeforeConnect sends rubbish instead of a CONNECT.
func TestBeforeConnect(t *testing.T) {
	r := start(t, Limits{ConnectTimeout: 300 * time.Millisecond})
	for name, raw := range map[string][]byte{
		"HTTP":          []byte("GET / HTTP/1.1\r\n\r\n"),
		"PUBLISH":       {0x30, 3, 0, 1, 'a'},
		"killer":        killer,
		"large CONNECT": {0x10, 0xFF, 0xFF, 0x7F},
		"wrong name":    {0x10, 10, 0, 4, 'X', 'Q', 'T', 'T', 4, 2, 0, 0},
		"reserved flag": packet(0x10, append(str(nil, "MQTT"), 4, 3, 0, 0, 0, 1, 'a')),
		"will QoS 3":    packet(0x10, append(str(nil, "MQTT"), 4, 0x1E, 0, 0, 0, 1, 'a', 0, 1, 'a', 0, 1, 'a')),
		"will flags":    packet(0x10, append(str(nil, "MQTT"), 4, 0x22, 0, 0, 0, 1, 'a')),
		"cut short":     packet(0x10, append(str(nil, "MQTT"), 4, 0xC2, 0, 0, 0, 1, 'a')),
		"nothing":       nil,
		"half":          {0x10, 20, 0, 4, 'M'},
		"TLS":           {0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := r.dial()
			p.t = t
			p.send(raw)
			p.closed()
		})
	}
	eventually(t, "all ended", func() bool { return r.Stats().Handshaking == 0 })
	if n := r.Stats().Refused["no_connect"]; n != 2 {
		t.Errorf("%d ran out of time, want 2", n)
	}
}

// TestRecover panics on purpose in every place that serves a connection.
func TestRecover(t *testing.T) {
	r := start(t, Limits{})
	r.gate.admit = func(h wire.Hello) (wire.Sender, error) {
		if h.ClientID == "boom" {
			panic("boom")
		}
		return wire.Sender{Robot: "r1"}, nil
	}
	p := r.dial()
	p.send(hello{v: 4, id: "boom"}.packet())
	p.closed()

	// Were the guard to let it through, the library's decoder would panic in serve's goroutine.
	in, out := net.Pipe()
	c := &conn{broker: r.Broker, address: "pipe"}
	c.out = newOutbox(blind{out}, func() {})
	c.Conn = c.out
	if _, ok := r.door.enter("pipe", time.Now()); !ok {
		t.Fatal("not let in")
	}
	done := make(chan struct{})
	go func() { defer close(done); r.serve(c) }()
	_ = in.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := in.Write(hello{v: 4, id: "r1"}.packet()); err != nil {
		t.Fatal(err)
	}
	_, _ = io.ReadFull(in, make([]byte, 4))
	eventually(t, "session", func() bool { _, ok := r.server.Clients.Get("r1"); return ok })
	_, _ = in.Write([]byte{0xC0, 0})
	<-done
	if _, ok := r.server.Clients.Get("r1"); ok {
		t.Error("the session of a connection that panicked is kept")
	}
	if n := r.Stats().Refused["panic"]; n != 2 {
		t.Errorf("%d panics counted, want 2", n)
	}
	r.connect(hello{id: "r2"}).alive()
}

// blind panics when a PINGREQ comes in.
type blind struct{ net.Conn }

func (b blind) Read(p []byte) (int, error) {
	n, err := b.Conn.Read(p)
	if n > 0 && p[0] == 0xC0 {
		panic("blind")
	}
	return n, err
}

// TestLibraryPanics shows that trap 1 is real, so that the guard can go when the library is mended.
func TestLibraryPanics(t *testing.T) {
	r := start(t, Limits{})
	defer func() {
		if recover() == nil {
			t.Error("the library no longer panics: the guard may be simplified")
		}
	}()
	in, out := net.Pipe()
	go func() { _, _ = in.Write(killer) }()
	cl := r.server.NewClient(out, "test", "x", false)
	cl.Properties.ProtocolVersion = 5
	_ = cl.Read(func(*mochi.Client, packets.Packet) error { return nil })
}

func TestConnectionLimits(t *testing.T) {
	r := start(t, Limits{PerAddress: 3, Connections: 100})
	for i := range 3 {
		r.connect(hello{id: fmt.Sprintf("r%d", i)})
	}
	r.dial().closed()
	if n := r.Stats().Refused["per_address"]; n != 1 {
		t.Errorf("%d refused per address", n)
	}
	r = start(t, Limits{Connections: 2})
	r.connect(hello{id: "r1"})
	p := r.connect(hello{id: "r2"})
	r.dial().closed()
	if n := r.Stats().Refused["full"]; n != 1 {
		t.Errorf("%d refused because full", n)
	}
	p.Close()
	r.wait("!r2")
	eventually(t, "room again", func() bool { return r.door.isOpen() == 1 })
	r.connect(hello{id: "r3"}).alive()
}

func (d *door) isOpen() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

func TestDoor(t *testing.T) {
	now := time.Now()
	d := newDoor(Limits{Connections: 100, PerAddress: 10, ConnectRate: 1}.withDefaults())
	for i := range 10 {
		if _, ok := d.enter("a", now); !ok {
			t.Fatalf("connection %d refused", i)
		}
	}
	for range 10 {
		d.leave("a")
	}
	if r, ok := d.enter("a", now); ok || r != TooFast {
		t.Errorf("the eleventh in a moment: %v %v", r, ok)
	}
	if _, ok := d.enter("b", now); !ok {
		t.Error("another address was refused")
	}
	if _, ok := d.enter("a", now.Add(2*time.Second)); !ok {
		t.Error("refused after a while")
	}
	for i := range 1000 {
		a := fmt.Sprint("flood", i)
		d.enter(a, now)
		d.leave(a)
	}
	if len(d.callers) > 2*100+1 {
		t.Errorf("%d addresses remembered", len(d.callers))
	}
	if d.open != 2 {
		t.Errorf("%d open, want 2", d.open)
	}
}

func TestRate(t *testing.T) {
	r := start(t, Limits{MessageRate: 100, MessageBurst: 10})
	p := r.connect(hello{id: "r1"})
	var all []byte
	for range 40 {
		all = append(all, p.pub("tonypi/battery", "x", 0, 0, 0)...)
	}
	begin := time.Now()
	p.send(all)
	p.alive()
	if d := time.Since(begin); d < 250*time.Millisecond || d > 3*time.Second {
		t.Errorf("40 messages took %v, want about 300 ms", d)
	}
	if got := len(r.in.payloads()); got != 40 {
		t.Errorf("%d of 40 messages arrived", got)
	}
}

// TestSizes sends packets of every length that touches a buffer's edge, in pieces of every kind.
func TestSizes(t *testing.T) {
	r := start(t, Limits{MessageRate: 1e6, MessageBurst: 1e6})
	p := r.connect(hello{id: "r1"})
	var want []string
	var all []byte
	for _, n := range []int{0, 1, 14, 15, 16, 17, 480, 492, 493, 494, 495, 496, 512, 1000, 4070, 4076, 4077, 4078, 4096, 5000, 8192, 60000, wire.MaxPayload} {
		payload := strings.Repeat("x", n)
		want = append(want, payload)
		all = append(all, p.pub("tonypi/battery", payload, 0, 0, 0)...)
	}
	for _, piece := range []int{1 << 20, 511, 512, 513, 4096, 4097, 70000} {
		for rest := all; len(rest) > 0; {
			k := min(piece, len(rest))
			p.send(rest[:k])
			rest = rest[k:]
			if piece < 1<<20 && len(rest)%3 == 0 {
				time.Sleep(50 * time.Microsecond)
			}
		}
		p.alive()
		got := r.in.payloads()
		if len(got) != len(want) {
			t.Fatalf("pieces of %d: %d of %d messages", piece, len(got), len(want))
		}
		for i := range got {
			if got[i] != want[i] {
				t.Fatalf("pieces of %d: message %d has %d bytes, want %d", piece, i, len(got[i]), len(want[i]))
			}
		}
		r.in.got = nil
	}
	p.send(p.pub("tonypi/battery", strings.Repeat("x", wire.MaxPayload+maxHeader), 0, 0, 0)[:100])
	p.closed()
}

// TestSlowReader: one that does not read must not hold up anybody, and costs bounded memory.
func TestSlowReader(t *testing.T) {
	r := start(t, Limits{})
	slow := r.connect(hello{v: 4, id: "slow"})
	slow.sub(1, 1, "tonypi/commands/slow", wire.CommandBroadcast)
	_ = slow.Conn.(*net.TCPConn).SetReadBuffer(4096)
	good := r.connect(hello{v: 4, id: "good"})
	good.sub(1, 1, wire.CommandBroadcast)
	got := make(chan struct{}, 1)
	go func() {
		for {
			first, b, err := good.next(5 * time.Second)
			if err != nil {
				return
			}
			if first>>4 == 3 {
				n := int(binary.BigEndian.Uint16(b))
				_, _ = good.Write([]byte{0x40, 2, b[2+n], b[3+n]})
				got <- struct{}{}
			}
		}
	}()
	payload := bytes.Repeat([]byte("x"), 200_000)
	worst := time.Duration(0)
	for range 100 {
		begin := time.Now()
		if err := r.Publish(context.Background(), wire.Message{Topic: wire.CommandBroadcast, Payload: payload, QoS: 1}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-got:
		case <-time.After(5 * time.Second):
			t.Fatal("the good subscriber got nothing")
		}
		worst = max(worst, time.Since(begin))
	}
	if worst > 2*time.Second {
		t.Errorf("the slow subscriber delayed the good one by %v", worst)
	}
	if cl, ok := r.server.Clients.Get("slow"); ok {
		if n := connOf(cl).out.backlog(); n > maxOutbox {
			t.Errorf("%d bytes wait for the slow subscriber", n)
		}
	}
	if r.Stats().Dropped == 0 {
		t.Error("nothing was dropped")
	}
}

func TestOutboxCutsOff(t *testing.T) {
	in, out := net.Pipe()
	defer in.Close()
	var slow int
	o := newOutbox(out, func() { slow++ })
	var err error
	for range maxOutbox/(1<<20) + 2 {
		if _, err = o.Write(make([]byte, 1<<20)); err != nil {
			break
		}
	}
	if err == nil || slow != 1 {
		t.Errorf("err %v, cut off %d times", err, slow)
	}
	if _, err := in.Read(make([]byte, 1)); err == nil {
		_, err = io.Copy(io.Discard, in)
		if err != nil {
			t.Error(err)
		}
	}
}

// TestRandomBytes throws rubbish at the broker, bare and after a CONNECT.
func TestRandomBytes(t *testing.T) {
	r := start(t, Limits{ConnectTimeout: 200 * time.Millisecond, ConnectRate: 1e6, PerAddress: 5000})
	rnd := mrand.New(mrand.NewPCG(1, 2))
	var wg sync.WaitGroup
	for i := range 300 {
		junk := make([]byte, rnd.IntN(600))
		for j := range junk {
			junk[j] = byte(rnd.Uint32())
		}
		if i%2 == 0 {
			junk = append(hello{v: byte(4 + i/2%2), id: fmt.Sprint("j", i)}.packet(), junk...)
		}
		wg.Go(func() {
			c, err := net.Dial("tcp", r.addr)
			if err != nil {
				return
			}
			defer c.Close()
			_, _ = c.Write(junk)
			_ = c.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, _ = io.Copy(io.Discard, c)
		})
	}
	wg.Wait()
	r.connect(hello{id: "sane"}).alive()
	if n := r.Stats().Refused["panic"]; n != 0 {
		t.Errorf("%d panics reached the last guard: %s", n, r.log)
	}
}

// TestManyConnects connects 10,000 times, 50 at once.
func TestManyConnects(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	r := start(t, Limits{ConnectRate: 1e6})
	r.arrivals.SetLimit(1e6)
	heap, _ := footprint()
	var wg sync.WaitGroup
	for w := range 50 {
		wg.Go(func() {
			for i := range n / 50 {
				c, err := net.Dial("tcp", r.addr)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = c.Write(hello{v: 4, id: fmt.Sprintf("c%d-%d", w, i)}.packet())
				_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
				if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
					t.Errorf("connect %d: %v", i, err)
				}
				_ = c.(*net.TCPConn).SetLinger(0) // no TIME_WAIT
				c.Close()
			}
		})
	}
	wg.Wait()
	eventually(t, "all gone", func() bool { return r.Stats().Robots == 0 && r.server.Clients.Len() == 1 })
	after, _ := footprint()
	if grown := after - heap; grown > 20<<20 {
		t.Errorf("%d connects left %d bytes", n, grown)
	}
}

func TestQuietLog(t *testing.T) {
	r := start(t, Limits{ConnectRate: 1e6, PerAddress: 5000})
	for range 200 {
		p, _ := r.try(hello{v: 4, id: "r1", user: "robot", pass: "hunter2"})
		p.Close()
	}
	p := r.connect(hello{v: 5, id: "r1", user: "robot", pass: "secret"})
	p.send(hello{v: 5, id: "r1", user: "robot", pass: "secret"}.packet())
	p.closed()
	text := r.log.String()
	if n := strings.Count(text, "\n"); n > 30 {
		t.Errorf("%d lines logged", n)
	}
	if strings.Contains(text, "hunter2") || strings.Contains(text, "secret") {
		t.Error("the log holds a password")
	}
	log := &lockedBuffer{}
	q := newQuiet(slog.New(slog.NewTextHandler(log, nil)))
	slog.New(q).Warn("bad packet", "error", io.EOF, "pk", "secret payload", "client", "r1")
	if text := log.String(); strings.Contains(text, "secret") || !strings.Contains(text, "EOF") || !strings.Contains(text, "client=r1") {
		t.Errorf("logged %q", text)
	}
}

func TestNoSysTopics(t *testing.T) {
	r := start(t, Limits{})
	v := r.connect(hello{v: 4, id: "a", user: "admin", pass: "secret"})
	if codes := v.sub(1, 0, "$SYS/#", "#"); string(codes) != "\x80\x80" {
		t.Errorf("SUBACK %#x", codes)
	}
	if n := r.Stats().Retained; n != 0 {
		t.Errorf("%d retained messages in a new broker", n)
	}
}

func TestInterest(t *testing.T) {
	var i interest
	now := time.Now()
	if i.wants("tonypi/sensors/r1") {
		t.Error("nobody subscribed")
	}
	i.add("tonypi/commands/r1", now)
	i.add("$share/g/tonypi/servos/+", now)
	if i.wants("tonypi/sensors/r1") || !i.wants("tonypi/servos/r1") || !i.wants("tonypi/commands/response") {
		t.Error("wrong words")
	}
	i.add("tonypi/+/r1", now)
	if !i.wants("tonypi/sensors/r1") {
		t.Error("a wildcard wants everything")
	}
	i.refresh(map[string]bool{"tonypi/commands/r1": true}, now.Add(keepInterest/2))
	if !i.wants("tonypi/sensors/r1") {
		t.Error("forgotten too soon")
	}
	i.refresh(map[string]bool{"tonypi/commands/r1": true}, now.Add(2*keepInterest))
	if i.wants("tonypi/sensors/r1") || i.wants("tonypi/servos/r1") || !i.wants("tonypi/commands/r1") {
		t.Error("not forgotten")
	}
}

// TestDelayedWill waits with the last will of a robot that keeps its session, and forgets it when the robot is back.
func TestDelayedWill(t *testing.T) {
	r := start(t, Limits{})
	connect := append(str(nil, "MQTT"), 5, 0x04, 0, 0, 5, 0x11, 0, 0, 0, 60)
	connect = append(str(connect, "r1"), 5, 0x18, 0, 0, 0, 1) // a delay of one second
	connect = packet(0x10, str(str(connect, "tonypi/status/r1"), "gone"))
	for range 2 {
		p := r.dial()
		p.send(connect)
		p.read()
		p.Close()
		r.wait("!r1")
	}
	time.Sleep(300 * time.Millisecond)
	if got := r.in.payloads(); len(got) != 0 {
		t.Errorf("too early: %q", got)
	}
	eventually(t, "will", func() bool { return len(r.in.payloads()) > 0 })
	time.Sleep(time.Second)
	if got := r.in.payloads(); len(got) != 1 {
		t.Errorf("got %q, want the will once", got)
	}
}

// TestConnectionWeight measures an idle robot's connection.
func TestConnectionWeight(t *testing.T) {
	r := start(t, Limits{})
	const n = 500
	var open []*peer
	// The test's own side of a connection is measured first.
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	before, _ := footprint()
	for i := range n {
		p := r.connect(hello{v: byte(4 + i%2), id: fmt.Sprintf("r%d", i)})
		p.sub(1, 1, fmt.Sprintf("tonypi/commands/r%d", i), wire.StopBroadcast)
		p.send(p.pub(fmt.Sprintf("tonypi/sensors/r%d", i), strings.Repeat("x", 300), 1, 1, 0))
		p.expect(0x40, 0, 1)
		open = append(open, p)
	}
	r.in.got = nil
	after, goroutines := footprint()
	per := (after - before) / n
	t.Logf("%d bytes per idle connection, %d goroutines", per, goroutines/n)
	if per > 26<<10 {
		t.Error("too heavy")
	}
	_ = open
}

func TestMain(m *testing.M) {
	_ = os.Setenv("NO_PROXY", "*")
	os.Exit(m.Run())
}
