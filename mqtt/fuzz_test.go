package mqtt

import (
	"encoding/hex"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"
)

// FuzzBroker feeds bytes to a connection: from the first one on when mode is 0, else after a CONNECT of that version.
// The broker must survive without the last guard, the recover of a whole connection, having had to act.
func FuzzBroker(f *testing.F) {
	v5 := &peer{v: 5}
	seeds := [][]byte{
		killer, hello{v: 4, id: "r1"}.packet(), hello{v: 5, id: "r1", will: "tonypi/status/r1"}.packet(),
		hello{v: 5, id: "v", user: "viewer", pass: "secret", keepState: true, props: []byte{0x11, 0, 0, 0, 9, 0x21, 0, 2}}.packet(),
		v5.pub("tonypi/sensors/r1", `{"value":1}`, 1, 1, 0), v5.pub("tonypi/sensors/r1", "x", 2, 1, 1),
		packet(0x82, append(str([]byte{0, 1, 0}, "tonypi/commands/r1"), 1)),
		packet(0x82, append(str([]byte{0, 1, 2, 0x0B, 1}, "$share/g/tonypi/#"), 1)),
		packet(0xA2, str([]byte{0, 1, 0}, "tonypi/commands/r1")),
		{0x40, 2, 0, 1}, {0x50, 2, 0, 1}, {0x62, 2, 0, 1}, {0x70, 2, 0, 1}, {0xC0, 0}, {0xE0, 0}, {0xE0, 2, 4, 0}, {0xF0, 2, 0, 0},
	}
	for _, s := range seeds {
		for mode := range byte(4) {
			f.Add(mode, s)
		}
	}
	r := start(f, Limits{ConnectTimeout: 100 * time.Millisecond, ConnectRate: 1e9, PerAddress: 5000, MessageRate: 1e9, MessageBurst: 1e9})
	f.Fuzz(func(t *testing.T, mode byte, raw []byte) {
		prefix := map[byte]hello{
			1: {v: 4, id: "r1"}, 2: {v: 5, id: "r1", keepState: true, props: []byte{0x11, 0, 0, 0, 9}},
			3: {v: 5, id: "v", user: "admin", pass: "secret"},
		}[mode%4]
		in, out := net.Pipe()
		c := &conn{broker: r.Broker, address: "pipe"}
		c.out = newOutbox(out, func() {})
		c.Conn = c.out
		if _, ok := r.door.enter("pipe", time.Now()); !ok {
			t.Fatal("not let in")
		}
		done, begin := make(chan struct{}), time.Now()
		go func() { defer close(done); r.serve(c) }()
		go func() { _, _ = io.Copy(io.Discard, in) }()
		_ = in.SetWriteDeadline(time.Now().Add(5 * time.Second))
		if prefix.v != 0 {
			raw = append(prefix.packet(), raw...)
		}
		_, _ = in.Write(raw)
		in.Close()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection hangs")
		}
		if d := time.Since(begin); d > 3*time.Second {
			t.Fatalf("took %v for %s", d, hex.EncodeToString(raw))
		}
		if n := r.counts.refused[Panicked].Swap(0); n > 0 {
			t.Fatalf("panicked on %s: %s", hex.EncodeToString(raw), r.log)
		}
		if b := r.server.Clients.Len(); b > 10 {
			t.Fatalf("%d clients are left", b)
		}
	})
}

// FuzzCheck compares the guard with the library's decoder: what passes the guard must not panic there, and must be
// understood.
func FuzzCheck(f *testing.F) {
	f.Add(byte(5), killer)
	f.Add(byte(5), packet(0x82, append(str([]byte{0, 1, 2, 0x0B, 1}, "tonypi/#"), 1)))
	f.Add(byte(4), (&peer{v: 4}).pub("tonypi/battery", "x", 1, 1, 0))
	f.Add(byte(5), (&peer{v: 5}).pub("tonypi/battery", "x", 2, 1, 0))
	f.Add(byte(5), hello{v: 5, id: "a", will: "b", user: "c", pass: "d", props: []byte{0x27, 0, 1, 0, 0}}.packet())
	f.Fuzz(func(t *testing.T, version byte, raw []byte) {
		version = 4 + version%2
		h, whole, err := parseHeader(raw)
		if err != nil || !whole || h.total() != len(raw) {
			return
		}
		body := raw[h.head:]
		pk := packets.Packet{
			FixedHeader:     packets.FixedHeader{Type: h.kind, Remaining: len(body), Qos: h.flags >> 1 & 3},
			ProtocolVersion: version,
		}
		if h.kind == connectPacket {
			c, err := parseConnect(body)
			var no *refusal
			if err != nil && (!errors.As(err, &no) || no.code == codeVersion) {
				return
			}
			if err := pk.ConnectDecode(body); err != nil {
				t.Fatalf("library: %v", err)
			}
			if pk.Connect.ClientIdentifier != c.clientID || string(pk.Connect.Username) != c.username || pk.Connect.WillFlag != (c.will != nil) {
				t.Fatalf("library read %+v, guard %+v", pk.Connect, c)
			}
			return
		}
		if checkBody(h, body, version) != nil || h.kind == pingreqPacket {
			return
		}
		if err := decode(&pk, body); err != nil {
			t.Fatalf("library: %v", err)
		}
		if h.kind != publishPacket {
			return
		}
		p := parsePublish(h, body, version)
		if p.topic != pk.TopicName || p.id != pk.PacketID || string(p.payload) != string(pk.Payload) || strings.ContainsAny(p.topic, "+#") {
			t.Fatalf("library read %q %d %q, guard %+v", pk.TopicName, pk.PacketID, pk.Payload, p)
		}
	})
}
