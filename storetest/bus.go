package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Buses are the two ends of a bus under test. All of them run until the test ends.
type Buses struct {
	Server wire.Bus // the server's end; what robots publish reaches the handler given to open
	// Robot connects a robot, and returns when its subscriptions are in place.
	Robot func(t *testing.T, id tonypi.RobotID, subscriptions map[string]wire.Handler) wire.Bus
	// Cut breaks every robot's connection once; they heal by themselves.
	Cut func()
	// Direct tells that the handler runs inside the broker: a robot's Publish at QoS 1 returns nil only after the handler
	// did. Otherwise the broker takes the message and the server's client hands it over until the handler takes it.
	Direct bool
}

// Bus checks that a bus keeps what wire.Bus and wire.Handler promise. open makes a fresh bus whose server end calls
// handle.
func Bus(t *testing.T, open func(t *testing.T, handle wire.Handler) Buses) {
	tests := map[string]func(*testing.T, Buses, *postbox){
		"every QoS arrives":               busUp,
		"order of one robot":              busOrder,
		"largest payload":                 busLargest,
		"commands reach their robot only": busDown,
		"a broadcast reaches all":         busBroadcast,
		"retained message":                busRetained,
		"a message is never lost":         busRefused,
		"connections heal":                busHeals,
		"a context that has ended":        busCancelled,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			box := &postbox{}
			test(t, open(t, box.take), box)
		})
	}
}

// postbox is a handler that keeps what it gets.
type postbox struct {
	mu      sync.Mutex
	got     []wire.Message
	refusal error
}

func (p *postbox) take(_ context.Context, m wire.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusal != nil {
		return p.refusal
	}
	m.Payload = bytes.Clone(m.Payload)
	p.got = append(p.got, m)
	return nil
}

func (p *postbox) refuse(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusal = err
}

func (p *postbox) payloads() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, m := range p.got {
		out = append(out, string(m.Payload))
	}
	return out
}

// await waits for exactly these payloads, and a moment longer for one too many.
func (p *postbox) await(t *testing.T, want ...string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for len(p.payloads()) < len(want) && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	if got := p.payloads(); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// within returns a context for one step.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func send(t *testing.T, b wire.Bus, topic, payload string, qos byte) {
	t.Helper()
	if err := b.Publish(within(t), wire.Message{Topic: topic, Payload: []byte(payload), QoS: qos}); err != nil {
		t.Fatalf("publish to %s: %v", topic, err)
	}
}

func busUp(t *testing.T, b Buses, box *postbox) {
	robot := b.Robot(t, "r1", nil)
	for qos := range byte(3) {
		send(t, robot, wire.StatusTopic("r1"), fmt.Sprint(qos), qos)
		if b.Direct && qos > 0 && len(box.payloads()) != int(qos)+1 {
			t.Errorf("QoS %d was acknowledged before it was handled", qos)
		}
	}
	box.await(t, "0", "1", "2")
	for _, m := range box.got {
		if m.Topic != "tonypi/status/r1" || time.Since(m.At).Abs() > time.Minute {
			t.Errorf("got topic %q at %v", m.Topic, m.At)
		}
		if b.Direct && (m.Sender.Robot != "r1" || m.Sender.ClientID != "r1") {
			t.Errorf("sender is %+v", m.Sender)
		}
	}
}

func busOrder(t *testing.T, b Buses, box *postbox) {
	robot := b.Robot(t, "r1", nil)
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprint(i))
		send(t, robot, wire.SensorTopic("r1"), fmt.Sprint(i), byte(i%2))
	}
	box.await(t, want...)
}

func busLargest(t *testing.T, b Buses, box *postbox) {
	robot := b.Robot(t, "r1", nil)
	want := string(bytes.Repeat([]byte("0123456789abcdef"), wire.MaxPayload/16))
	send(t, robot, wire.VisionTopic("r1"), want, 1)
	box.await(t, want)
}

func busDown(t *testing.T, b Buses, _ *postbox) {
	mine, other := &postbox{}, &postbox{}
	b.Robot(t, "r1", map[string]wire.Handler{wire.CommandTopic("r1"): mine.take, wire.StopTopic("r1"): mine.take})
	b.Robot(t, "r2", map[string]wire.Handler{wire.CommandTopic("r2"): other.take})
	send(t, b.Server, wire.CommandTopic("r1"), "walk", 1)
	send(t, b.Server, wire.StopTopic("r1"), "stop", 1)
	mine.await(t, "walk", "stop")
	other.await(t)
}

func busBroadcast(t *testing.T, b Buses, _ *postbox) {
	var boxes []*postbox
	for _, id := range []tonypi.RobotID{"r1", "r2", "r3"} {
		box := &postbox{}
		boxes = append(boxes, box)
		b.Robot(t, id, map[string]wire.Handler{wire.StopBroadcast: box.take})
	}
	send(t, b.Server, wire.StopBroadcast, "stop", 1)
	for _, box := range boxes {
		box.await(t, "stop")
	}
}

func busRetained(t *testing.T, b Buses, _ *postbox) {
	m := wire.Message{Topic: wire.ConfigTopic("r1"), Payload: []byte("kept"), QoS: 1, Retain: true}
	if err := b.Server.Publish(within(t), m); err != nil {
		t.Fatal(err)
	}
	box := &postbox{}
	b.Robot(t, "r1", map[string]wire.Handler{wire.ConfigTopic("r1"): box.take})
	box.await(t, "kept")
	if !box.got[0].Retain {
		t.Error("the retain flag is missing")
	}
}

// busRefused lets the handler refuse at first. The robot sends until it gets an acknowledgement.
func busRefused(t *testing.T, b Buses, box *postbox) {
	robot := b.Robot(t, "r1", nil)
	box.refuse(tonypi.Errorf(tonypi.Unavailable, "the store is down"))
	time.AfterFunc(300*time.Millisecond, func() { box.refuse(nil) })
	refused := 0
	for {
		err := robot.Publish(within(t), wire.Message{Topic: wire.LogTopic("r1"), Payload: []byte("x"), QoS: 1})
		if err == nil {
			break
		}
		if k := tonypi.KindOf(err); k != tonypi.Unavailable {
			t.Fatalf("refused with kind %v: %v", k, err)
		}
		refused++
		time.Sleep(20 * time.Millisecond)
	}
	if b.Direct && refused == 0 {
		t.Error("a message that was not handled was acknowledged")
	}
	box.await(t, "x")
}

func busHeals(t *testing.T, b Buses, box *postbox) {
	commands := &postbox{}
	robot := b.Robot(t, "r1", map[string]wire.Handler{wire.CommandTopic("r1"): commands.take})
	send(t, robot, wire.LogTopic("r1"), "before", 1)
	send(t, b.Server, wire.CommandTopic("r1"), "before", 1)
	commands.await(t, "before")
	b.Cut()
	deadline := time.Now().Add(15 * time.Second)
	for time.Now().Before(deadline) {
		err := robot.Publish(within(t), wire.Message{Topic: wire.LogTopic("r1"), Payload: []byte("after"), QoS: 1})
		if err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	// A message may have been handled although its acknowledgement was lost: at least once.
	eventually(t, func() bool { return slices.Contains(box.payloads(), "after") })
	eventually(t, func() bool {
		_ = b.Server.Publish(within(t), wire.Message{Topic: wire.CommandTopic("r1"), Payload: []byte("after"), QoS: 1})
		return slices.Contains(commands.payloads(), "after")
	})
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("not in time")
}

func busCancelled(t *testing.T, b Buses, box *postbox) {
	robot := b.Robot(t, "r1", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, bus := range []wire.Bus{b.Server, robot} {
		if err := bus.Publish(ctx, wire.Message{Topic: wire.LogTopic("r1"), Payload: []byte("x"), QoS: 1}); err == nil {
			t.Error("published although the context has ended")
		}
	}
	if !b.Direct {
		return
	}
	box.await(t)
}
