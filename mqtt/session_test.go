package mqtt

import (
	"context"
	"testing"
	"time"

	"tonypi/wire"
)

func TestWill(t *testing.T) {
	r := start(t, Limits{})
	viewer := r.connect(hello{id: "v", user: "viewer", pass: "secret"})
	viewer.sub(1, 0, "tonypi/status/+")

	p := r.connect(hello{id: "r1", will: "tonypi/status/r1"})
	p.Close()
	viewer.wantMessage("tonypi/status/r1", "gone")
	r.wait("!r1")
	eventually(t, "will handled", func() bool { return len(r.in.payloads()) == 1 })
	if s := r.in.got[0].Sender.Robot; s != "r1" {
		t.Errorf("will's sender is %q", s)
	}

	p = r.connect(hello{id: "r1", will: "tonypi/status/r1"})
	p.send([]byte{0xE0, 0})
	r.wait("-r1")
	viewer.silent()

	p = r.connect(hello{id: "new1", will: "tonypi/status/new1"})
	p.Close()
	r.wait("!new1")
	viewer.silent()
}

func TestTakeover(t *testing.T) {
	for _, v := range []byte{4, 5} {
		t.Run(string('0'+v), func(t *testing.T) {
			r := start(t, Limits{})
			for range 50 {
				old := r.connect(hello{v: v, id: "r1", will: "tonypi/status/r1"})
				old.sub(1, 1, "tonypi/commands/r1")
				now := r.connect(hello{v: v, id: "r1"})
				now.sub(1, 1, "tonypi/commands/r1")
				old.closed()
				r.wait("-r1")
				now.alive()
				if err := r.Publish(context.Background(), wire.Message{Topic: "tonypi/commands/r1", Payload: []byte("go")}); err != nil {
					t.Fatal(err)
				}
				now.wantMessage("tonypi/commands/r1", "go")
				now.send([]byte{0xE0, 0})
				r.wait("-r1")
			}
			r.gate.mu.Lock()
			defer r.gate.mu.Unlock()
			for i := 0; i < len(r.gate.events); i += 4 {
				got := r.gate.events[i : i+4]
				if got[0] != "+r1" || got[1] != "+r1" || got[2] != "-r1" || got[3] != "-r1" {
					t.Fatalf("events %q, want connected twice before gone", got)
				}
			}
			if got := r.in.payloads(); len(got) != 0 {
				t.Errorf("a will of a connected robot was handled: %q", got)
			}
		})
	}
}

func TestKeepAlive(t *testing.T) {
	r := start(t, Limits{KeepAlive: time.Second, Idle: time.Second})
	quick := r.connect(hello{v: 4, id: "quick", keep: 1})
	forced := r.connect(hello{v: 5, id: "forced"})
	idle := r.connect(hello{v: 4, id: "idle"})
	busy := r.connect(hello{v: 4, id: "busy", keep: 1})
	for range 5 {
		time.Sleep(500 * time.Millisecond)
		busy.alive()
	}
	for _, p := range []*peer{quick, forced, idle} {
		p.closed()
	}
	r.wait("!quick")
	busy.alive()
}

func TestServerKeepAliveIsAnnounced(t *testing.T) {
	r := start(t, Limits{KeepAlive: 30 * time.Second})
	p := r.dial()
	p.send(hello{v: 5, id: "r1", keep: 600}.packet())
	_, body := p.read()
	want := string([]byte{0x13, 0, 30})
	if got := string(body); !contains(got, want) {
		t.Errorf("CONNACK %x has no server keep-alive", body)
	}
}

func contains(s, sub string) bool {
	for i := 0; i+len(sub) <= len(s); i++ {
		if s[i:i+len(sub)] == sub {
			return true
		}
	}
	return false
}

func TestSession(t *testing.T) {
	for _, v := range []byte{4, 5} {
		t.Run(string('0'+v), func(t *testing.T) {
			r := start(t, Limits{})
			h := hello{v: v, id: "r1", keepState: true}
			if v == 5 {
				h.props = []byte{0x11, 0, 0, 0, 60}
			}
			p := r.connect(h)
			p.sub(1, 1, "tonypi/commands/r1")
			p.Close()
			r.wait("!r1")
			ctx := context.Background()
			if err := r.Publish(ctx, wire.Message{Topic: "tonypi/commands/r1", Payload: []byte("kept"), QoS: 1}); err != nil {
				t.Fatal(err)
			}
			p = r.dial()
			p.v = v
			p.send(h.packet())
			if _, body := p.read(); body[0] != 1 {
				t.Fatal("session not present")
			}
			first, id := p.wantMessage("tonypi/commands/r1", "kept")
			if first&8 == 0 {
				t.Errorf("sent again without DUP: %#x", first)
			}
			// The client's own packet IDs have nothing to do with the message on its way.
			p.send(p.pub("tonypi/logs/r1", "x", 1, id, 0))
			p.expect(0x40, byte(id>>8), byte(id))
			if codes := p.sub(id, 1, "tonypi/commands/r1"); codes[0] != 1 {
				t.Errorf("SUBSCRIBE with the ID of a message on its way: %#x", codes)
			}
			p.Close()
			r.wait("!r1")
			p = r.dial()
			p.v = v
			p.send(h.packet())
			p.read()
			_, id = p.wantMessage("tonypi/commands/r1", "kept")
			p.send([]byte{0x40, 2, byte(id >> 8), byte(id)})
			p.alive()
			p.Close()
			r.wait("!r1")

			// A clean start ends it.
			h.keepState = false
			h.props = nil
			p = r.dial()
			p.v = v
			p.send(h.packet())
			if _, body := p.read(); body[0] != 0 {
				t.Fatal("session present after a clean start")
			}
			_ = r.Publish(ctx, wire.Message{Topic: "tonypi/commands/r1", Payload: []byte("lost"), QoS: 1})
			p.silent()
		})
	}
}

func TestHeldMessagesGrowOld(t *testing.T) {
	r := start(t, Limits{Held: time.Nanosecond})
	h := hello{v: 4, id: "r1", keepState: true}
	p := r.connect(h)
	p.sub(1, 1, "tonypi/commands/r1")
	p.Close()
	r.wait("!r1")
	_ = r.Publish(context.Background(), wire.Message{Topic: "tonypi/commands/r1", Payload: []byte("walk"), QoS: 1})
	time.Sleep(1100 * time.Millisecond)
	p = r.connect(h)
	p.silent()
}

func TestOnlyRobotsKeepSessions(t *testing.T) {
	r := start(t, Limits{})
	for _, id := range []string{"v", "new1"} {
		h := hello{v: 4, id: id, keepState: true}
		if id == "v" {
			h.user, h.pass = "viewer", "secret"
		}
		p := r.connect(h)
		p.Close()
		r.wait("!" + id)
		if _, ok := r.server.Clients.Get(id); ok {
			t.Errorf("session of %s is kept", id)
		}
	}
}

func TestExpiredSessionLeavesNoSubscription(t *testing.T) {
	r := start(t, Limits{})
	p := r.connect(hello{v: 5, id: "r1", keepState: true, props: []byte{0x11, 0, 0, 0, 1}})
	p.sub(1, 1, "tonypi/commands/r1")
	p.Close()
	eventually(t, "session gone", func() bool { return r.Stats().Subscriptions == 0 })
}
