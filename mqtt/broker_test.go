package mqtt

import (
	"context"
	"testing"
	"time"

	"tonypi"
	"tonypi/wire"
)

func TestConnect(t *testing.T) {
	r := start(t, Limits{})
	tests := []struct {
		name string
		h    hello
		code byte
	}{
		{"3.1.1 robot", hello{v: 4, id: "r1"}, 0},
		{"5 robot", hello{v: 5, id: "r2"}, 0},
		{"3.1.1 password", hello{v: 4, id: "r3", user: "robot", pass: "secret"}, 0},
		{"3.1.1 wrong password", hello{v: 4, id: "r3", user: "robot", pass: "guess"}, 4},
		{"5 wrong password", hello{v: 5, id: "r3", user: "robot", pass: "guess"}, 0x86},
		{"3.1.1 unknown user", hello{v: 4, id: "r3", user: "eve", pass: "x"}, 4},
		{"3.1.1 forbidden", hello{v: 4, id: "banned1"}, 5},
		{"5 forbidden", hello{v: 5, id: "banned1"}, 0x87},
		{"3.1.1 bad ID", hello{v: 4, id: "a/b"}, 2},
		{"5 bad ID", hello{v: 5, id: "a/b"}, 0x85},
		{"3.1.1 session without ID", hello{v: 4, keepState: true}, 2},
		{"future version", hello{v: 6, id: "r1"}, 1},
		{"5 enhanced authentication", hello{v: 5, id: "r1", props: []byte{0x15, 0, 1, 'x'}}, 0x8C},
		{"3.1.1 person without ID", hello{v: 4, user: "viewer", pass: "secret"}, 0},
		{"will", hello{v: 4, id: "r4", will: "tonypi/status/r4"}, 0},
		{"will on a forbidden topic", hello{v: 4, id: "r4", will: "tonypi/commands/r5"}, 5},
		{"5 will on a forbidden topic", hello{v: 5, id: "r4", will: "tonypi/status/r5"}, 0x87},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, code := r.try(tt.h)
			if code != tt.code {
				t.Fatalf("code %#x, want %#x", code, tt.code)
			}
			if code != 0 {
				p.closed()
			} else {
				p.alive()
			}
		})
	}
}

func TestAssignedClientID(t *testing.T) {
	r := start(t, Limits{})
	p := r.dial()
	p.v = 5
	p.send(hello{v: 5, user: "viewer", pass: "secret"}.packet())
	_, body := p.read()
	in := reader{b: body[2:]}
	props := in.take(in.varint())
	found := false
	for len(props) > 3 {
		if props[0] == 0x12 {
			found = true
			break
		}
		props = props[1:]
	}
	if !found {
		t.Fatalf("CONNACK %x assigns no client ID", body)
	}
}

func TestQoS(t *testing.T) {
	for _, v := range []byte{4, 5} {
		t.Run(string('0'+v), func(t *testing.T) {
			r := start(t, Limits{})
			robot := r.connect(hello{v: v, id: "r1"})
			viewer := r.connect(hello{v: v, id: "v", user: "viewer", pass: "secret"})
			viewer.sub(1, 2, "tonypi/sensors/+")

			robot.send(robot.pub("tonypi/sensors/r1", "zero", 0, 0, 0))
			if first, _ := viewer.wantMessage("tonypi/sensors/r1", "zero"); first != 0x30 {
				t.Errorf("QoS 0 came as %#x", first)
			}

			robot.send(robot.pub("tonypi/sensors/r1", "one", 1, 7, 0))
			robot.expect(0x40, 0, 7)
			first, id := viewer.wantMessage("tonypi/sensors/r1", "one")
			if first != 0x32 {
				t.Errorf("QoS 1 came as %#x", first)
			}
			viewer.send([]byte{0x40, 2, byte(id >> 8), byte(id)})

			robot.send(robot.pub("tonypi/sensors/r1", "two", 2, 9, 0))
			robot.expect(0x50, 0, 9)
			robot.send([]byte{0x62, 2, 0, 9})
			robot.expect(0x70, 0, 9)
			first, id = viewer.wantMessage("tonypi/sensors/r1", "two")
			if first != 0x34 {
				t.Errorf("QoS 2 came as %#x", first)
			}
			viewer.send([]byte{0x50, 2, byte(id >> 8), byte(id)})
			viewer.expect(0x62, byte(id>>8), byte(id))
			viewer.send([]byte{0x70, 2, byte(id >> 8), byte(id)})
			viewer.alive()

			if got := r.in.payloads(); len(got) != 3 {
				t.Errorf("handled %q", got)
			}
		})
	}
}

func TestHandlerSeesTheSender(t *testing.T) {
	r := start(t, Limits{})
	robot := r.connect(hello{id: "r1"})
	robot.send(robot.pub("tonypi/status/r1", "x", 1, 1, 1))
	robot.expect(0x40, 0, 1)
	m := r.in.got[0]
	want := wire.Sender{ClientID: "r1", Address: "127.0.0.1", Robot: "r1"}
	if m.Sender != want || m.QoS != 1 || !m.Retain || time.Since(m.At) > time.Minute || m.Topic != "tonypi/status/r1" {
		t.Errorf("got %+v", m)
	}
}

func TestQoS2DuplicateIsHandledOnce(t *testing.T) {
	r := start(t, Limits{})
	for _, v := range []byte{4, 5} {
		p := r.connect(hello{v: v, id: "r" + string('0'+v)})
		topic := "tonypi/logs/r" + string('0'+v)
		p.send(p.pub(topic, "x", 2, 3, 0))
		p.expect(0x50, 0, 3)
		p.send(p.pub(topic, "x", 2, 3, 8))
		p.expect(0x50, 0, 3)
		p.send([]byte{0x62, 2, 0, 3})
		p.expect(0x70, 0, 3)
	}
	if got := r.in.payloads(); len(got) != 2 {
		t.Errorf("handled %q", got)
	}
}

func TestNotStored(t *testing.T) {
	r := start(t, Limits{})
	r.in.failWith(tonypi.Errorf(tonypi.Unavailable, "disk full"))

	p := r.connect(hello{v: 5, id: "r5"})
	p.send(p.pub("tonypi/logs/r5", "x", 1, 1, 0))
	p.expect(0x40, 0, 1, codeImplementation)
	p.send(p.pub("tonypi/logs/r5", "x", 2, 2, 0))
	p.expect(0x50, 0, 2, codeImplementation)
	p.send(p.pub("tonypi/logs/r5", "x", 0, 0, 0))
	p.alive()

	old := r.connect(hello{v: 4, id: "r4"})
	old.send(old.pub("tonypi/logs/r4", "x", 0, 0, 0))
	old.alive()
	old.send(old.pub("tonypi/logs/r4", "x", 1, 1, 0))
	old.closed()
	r.wait("-r4")

	r.in.failWith(nil)
	old = r.connect(hello{v: 4, id: "r4"})
	old.send(old.pub("tonypi/logs/r4", "again", 1, 1, 8))
	old.expect(0x40, 0, 1)
	p.send(p.pub("tonypi/logs/r5", "again", 1, 1, 0))
	p.expect(0x40, 0, 1)

	// What can never be stored must not come again for ever.
	r.in.failWith(tonypi.Errorf(tonypi.Invalid, "not JSON"))
	old.send(old.pub("tonypi/logs/r4", "bad", 1, 2, 0))
	old.expect(0x40, 0, 2)
	p.send(p.pub("tonypi/logs/r5", "bad", 1, 2, 0))
	p.expect(0x40, 0, 2, codePayloadInvalid)
}

func TestHandlerPanic(t *testing.T) {
	r := start(t, Limits{})
	r.in.fail = func(wire.Message) error { panic("boom") }
	p := r.connect(hello{v: 5, id: "r5"})
	p.send(p.pub("tonypi/logs/r5", "x", 1, 1, 0))
	p.expect(0x40, 0, 1, codeUnspecified)
	p.alive()
}

func TestRetained(t *testing.T) {
	r := start(t, Limits{Retained: 2})
	robot := r.connect(hello{id: "r1"})
	robot.send(robot.pub("tonypi/status/r1", "on", 1, 1, 1))
	robot.expect(0x40, 0, 1)
	robot.send(robot.pub("tonypi/logs/r1", "log", 1, 2, 1))
	robot.expect(0x40, 0, 2)
	robot.send(robot.pub("tonypi/job/r1", "third is not retained", 1, 3, 1))
	robot.expect(0x40, 0, 3)
	robot.send(robot.pub("tonypi/status/r1", "still on", 1, 4, 1))
	robot.expect(0x40, 0, 4)
	robot.alive() // the PUBACK comes before the fan-out
	stranger := r.connect(hello{id: "new1"})
	stranger.send(stranger.pub("tonypi/status/new1", "on", 1, 1, 1))
	stranger.expect(0x40, 0, 1)

	viewer := r.connect(hello{id: "v", user: "viewer", pass: "secret"})
	viewer.sub(1, 0, "tonypi/#")
	got := map[string]string{}
	for range 2 {
		topic, payload, first, _ := viewer.message()
		got[topic] = payload
		if first&1 == 0 {
			t.Errorf("%s came without the retain flag", topic)
		}
	}
	viewer.silent()
	if got["tonypi/status/r1"] != "still on" || got["tonypi/logs/r1"] != "log" {
		t.Errorf("got %q", got)
	}
	robot.send(robot.pub("tonypi/status/r1", "", 1, 5, 1)) // deletes
	robot.expect(0x40, 0, 5)
	viewer.wantMessage("tonypi/status/r1", "")
	if n := r.Stats().Retained; n != 1 {
		t.Errorf("%d retained, want 1", n)
	}
	if err := r.Publish(context.Background(), wire.Message{Topic: "tonypi/config/r1", Payload: []byte("a"), Retain: true}); err != nil {
		t.Error(err)
	}
	err := r.Publish(context.Background(), wire.Message{Topic: "tonypi/config/r2", Payload: []byte("a"), Retain: true})
	if tonypi.KindOf(err) != tonypi.TooMany {
		t.Errorf("third retained message: %v", err)
	}
}

func TestRetainHandling(t *testing.T) {
	r := start(t, Limits{})
	ctx := context.Background()
	if err := r.Publish(ctx, wire.Message{Topic: "tonypi/config/r1", Payload: []byte("x"), Retain: true, QoS: 1}); err != nil {
		t.Fatal(err)
	}
	p := r.connect(hello{v: 5, id: "r1"})
	p.sub(1, 0x01, "tonypi/config/r1") // send at every SUBSCRIBE
	if first, id := p.wantMessage("tonypi/config/r1", "x"); first != 0x33 || id == 0 {
		t.Errorf("came as %#x with ID %d", first, id)
	}
	p.sub(2, 0x11, "tonypi/config/r1") // only for a new subscription
	p.sub(3, 0x21, "tonypi/config/r1") // never
	p.silent()
	p.sub(4, 0x00, "tonypi/config/r1")
	if first, _ := p.wantMessage("tonypi/config/r1", "x"); first != 0x31 {
		t.Errorf("came as %#x", first)
	}
}

// An order that is kept would be carried out each time that the robot connects.
func TestOrdersAreNotRetained(t *testing.T) {
	r := start(t, Limits{})
	operator := r.connect(hello{v: 4, id: "o", user: "operator", pass: "secret"})
	for i, topic := range []string{"tonypi/commands/r1", "tonypi/commands/broadcast", "tonypi/emergency_stop/r1", "tonypi/scan/r1"} {
		operator.send(operator.pub(topic, `{"type":"resume"}`, 1, uint16(i+1), 1))
		operator.expect(0x40, 0, byte(i+1))
	}
	operator.alive()
	if n := r.Stats().Retained; n != 0 {
		t.Errorf("%d retained", n)
	}
	robot := r.connect(hello{id: "r1"})
	robot.sub(1, 1, "tonypi/commands/r1")
	robot.silent()
}

func TestRetainedMany(t *testing.T) {
	r := start(t, Limits{Queue: 64})
	for i := range 1000 {
		topic := "tonypi/config/" + string(rune('a'+i/100)) + string(rune('a'+i/10%10)) + string(rune('a'+i%10))
		if err := r.Publish(context.Background(), wire.Message{Topic: topic, Payload: []byte("x"), Retain: true}); err != nil {
			t.Fatal(err)
		}
	}
	viewer := r.connect(hello{id: "v", user: "viewer", pass: "secret"})
	viewer.sub(1, 0, "tonypi/config/+")
	for range 1000 {
		viewer.message()
	}
}

func TestWildcardsAndUnsubscribe(t *testing.T) {
	tests := []struct {
		filter string
		topics []string // of those published below
	}{
		{"tonypi/#", []string{"tonypi/battery", "tonypi/sensors/r1", "tonypi/status/r1"}},
		{"tonypi/+", []string{"tonypi/battery"}},
		{"tonypi/+/r1", []string{"tonypi/sensors/r1", "tonypi/status/r1"}},
		{"tonypi/sensors/+", []string{"tonypi/sensors/r1"}},
		{"tonypi/sensors/#", []string{"tonypi/sensors/r1"}},
		{"tonypi/battery", []string{"tonypi/battery"}},
		{"tonypi/battery/#", []string{"tonypi/battery"}},
		{"tonypi/vision/+", nil},
		{"$share/g/tonypi/sensors/+", []string{"tonypi/sensors/r1"}},
	}
	r := start(t, Limits{})
	robot := r.connect(hello{id: "r1"})
	viewer := r.connect(hello{v: 5, id: "v", user: "viewer", pass: "secret"})
	for i, tt := range tests {
		t.Run(tt.filter, func(t *testing.T) {
			viewer.t = t
			id := uint16(i + 1)
			if codes := viewer.sub(id, 0, tt.filter); codes[0] != 0 {
				t.Fatalf("SUBACK %#x", codes)
			}
			publish := func() {
				for _, topic := range []string{"tonypi/battery", "tonypi/sensors/r1", "tonypi/status/r1"} {
					robot.send(robot.pub(topic, topic, 0, 0, 0))
				}
				robot.alive()
			}
			publish()
			for _, topic := range tt.topics {
				viewer.wantMessage(topic, topic)
			}
			body := str([]byte{byte(id >> 8), byte(id), 0}, tt.filter)
			viewer.send(packet(0xA2, body))
			viewer.expect(0xB0, byte(id>>8), byte(id), 0, 0)
			publish()
			viewer.alive()
		})
	}
}

func TestAccess(t *testing.T) {
	r := start(t, Limits{Subscriptions: 6})
	robot := r.connect(hello{v: 5, id: "r1"})
	robot.send(robot.pub("tonypi/sensors/r2", "x", 1, 1, 0))
	robot.expect(0x40, append([]byte{0, 1, codeNotAuthorized}, robotReason...)...)
	robot.send(robot.pub("tonypi/commands/r2", "x", 0, 0, 0))
	robot.alive()
	old := r.connect(hello{v: 4, id: "r4"})
	old.send(old.pub("tonypi/sensors/r2", "x", 1, 1, 0))
	old.closed()

	codes := robot.sub(1, 1, "tonypi/commands/r1", "tonypi/commands/r2", "tonypi/#", "tonypi/a#", "#", "$SYS/#", "tonypi/commands/broadcast")
	want := []byte{1, codeNotAuthorized, codeNotAuthorized, codeFilterInvalid, codeNotAuthorized, codeNotAuthorized, 1}
	if string(codes) != string(want) {
		t.Errorf("robot's SUBACK %#x, want %#x", codes, want)
	}
	old = r.connect(hello{v: 4, id: "r4"})
	if codes := old.sub(1, 1, "tonypi/commands/r1", "tonypi/commands/r4"); string(codes) != "\x80\x01" {
		t.Errorf("3.1.1 robot's SUBACK %#x", codes)
	}
	viewer := r.connect(hello{v: 5, id: "v", user: "viewer", pass: "secret"})
	codes = viewer.sub(1, 0, "tonypi/a", "tonypi/b", "tonypi/c", "tonypi/d", "tonypi/e", "tonypi/f", "tonypi/g", "tonypi/a")
	if string(codes) != string([]byte{0, 0, 0, 0, 0, 0, codeQuota, 0}) {
		t.Errorf("viewer's SUBACK %#x", codes)
	}
	viewer.send(viewer.pub("tonypi/commands/r1", "x", 0, 0, 0))
	viewer.alive()
	operator := r.connect(hello{v: 4, id: "o", user: "operator", pass: "secret"})
	operator.send(operator.pub("tonypi/commands/r1", "walk", 1, 1, 0))
	operator.expect(0x40, 0, 1)
	robot.wantMessage("tonypi/commands/r1", "walk")
	if got := r.in.payloads(); len(got) != 0 {
		t.Errorf("handled %q, but commands are not telemetry", got)
	}
	if n := r.Stats().Forbidden; n < 8 {
		t.Errorf("%d forbidden", n)
	}
}

// robotReason is the reason string that the library adds to "not authorized".
var robotReason = append([]byte{17, 0x1F, 0, 14}, "not authorized"...)

func TestPublishBounds(t *testing.T) {
	r := start(t, Limits{})
	tests := []struct {
		m    wire.Message
		kind tonypi.Kind
	}{
		{wire.Message{Topic: "tonypi/+/x"}, tonypi.Invalid},
		{wire.Message{Topic: ""}, tonypi.Invalid},
		{wire.Message{Topic: "tonypi/commands/r1", QoS: 3}, tonypi.Invalid},
		{wire.Message{Topic: "tonypi/commands/r1", Payload: make([]byte, wire.MaxPayload+1)}, tonypi.TooLarge},
	}
	for _, tt := range tests {
		if err := r.Publish(context.Background(), tt.m); err == nil || tonypi.KindOf(err) != tt.kind {
			t.Errorf("%q: %v", tt.m.Topic, err)
		}
	}
	r.stop()
	if err := r.Publish(context.Background(), wire.Message{Topic: "tonypi/commands/r1"}); tonypi.KindOf(err) != tonypi.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

func TestDisconnect(t *testing.T) {
	r := start(t, Limits{})
	p := r.connect(hello{v: 5, id: "r1", keepState: true, props: []byte{0x11, 0, 0, 1, 0}, will: "tonypi/status/r1"})
	p.sub(1, 1, "tonypi/commands/r1")
	r.Disconnect("r1")
	p.expect(0xE0, codeAdministrative, 0)
	p.closed()
	r.wait("-r1")
	if _, ok := r.server.Clients.Get("r1"); ok || r.Stats().Subscriptions != 0 {
		t.Error("the session is still there")
	}
	p = r.connect(hello{v: 4, id: "r1", keepState: true})
	p.Close()
	r.wait("!r1")
	r.Disconnect("r1")
	if _, ok := r.server.Clients.Get("r1"); ok {
		t.Error("the session of an absent robot is still there")
	}
	v := r.connect(hello{v: 4, id: "v", user: "viewer", pass: "secret"})
	r.DisconnectUser("viewer")
	v.closed()
	if got := r.in.payloads(); len(got) != 0 {
		t.Errorf("handled %q", got)
	}
}

func TestShutdown(t *testing.T) {
	r := start(t, Limits{})
	p := r.connect(hello{v: 5, id: "r5", will: "tonypi/status/r5"})
	r.dial() // never says CONNECT
	r.stop()
	p.expect(0xE0, codeShuttingDown, 0)
	p.closed()
	r.wait("-r5")
	if got := r.in.payloads(); len(got) != 0 {
		t.Errorf("handled %q", got)
	}
}

func TestStats(t *testing.T) {
	r := start(t, Limits{})
	r.connect(hello{id: "r1"})
	r.connect(hello{id: "new1"})
	v := r.connect(hello{id: "v", user: "viewer", pass: "secret"})
	v.sub(1, 0, "tonypi/#")
	r.dial()
	p := r.connect(hello{id: "r2"})
	p.send(p.pub("tonypi/battery", "x", 0, 0, 0))
	v.message()
	eventually(t, "handshake counted", func() bool { return r.Stats().Handshaking == 1 })
	s := r.Stats()
	if s.Robots != 2 || s.Pending != 1 || s.People != 1 || s.MessagesIn != 1 || s.MessagesOut != 1 || s.BytesIn == 0 || s.BytesOut == 0 || s.Subscriptions != 1 {
		t.Errorf("%+v", s)
	}
}

// TestForgottenClientComesBack: the library may remove a connected client when its former session runs out.
func TestForgottenClientComesBack(t *testing.T) {
	r := start(t, Limits{})
	p := r.connect(hello{id: "r1"})
	p.sub(1, 0, "tonypi/commands/r1")
	r.server.Clients.Delete("r1")
	p.alive()
	if err := r.Publish(context.Background(), wire.Message{Topic: "tonypi/commands/r1", Payload: []byte("go")}); err != nil {
		t.Fatal(err)
	}
	p.wantMessage("tonypi/commands/r1", "go")
}

func TestPayloadLimit(t *testing.T) {
	r := start(t, Limits{Payload: 100})
	p := r.connect(hello{v: 5, id: "r1"})
	p.send(p.pub("tonypi/battery", string(make([]byte, 100)), 1, 1, 0))
	p.expect(0x40, 0, 1)
	p.send(p.pub("tonypi/battery", string(make([]byte, 101)), 1, 2, 0))
	p.expect(0xE0, codeTooLarge, 0)
	p.closed()
}
