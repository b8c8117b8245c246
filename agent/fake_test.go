package agent

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"
)

// fakeBus is a server that remembers every message it took.
type fakeBus struct {
	mu     sync.Mutex
	down   bool          // refuses everything
	lossy  int           // of every so many messages one is taken without an answer; 0: none
	delay  time.Duration // until the answer
	count  int
	taken  []wire.Message
	refuse error
}

func (b *fakeBus) Publish(ctx context.Context, m wire.Message) error {
	if b.delay > 0 {
		select {
		case <-time.After(b.delay):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down {
		return tonypi.Errorf(tonypi.Unavailable, "no server")
	}
	if b.refuse != nil {
		return b.refuse
	}
	b.count++
	m.Payload = slices.Clone(m.Payload)
	m.At = time.Now()
	b.taken = append(b.taken, m)
	if b.lossy > 0 && b.count%b.lossy == 0 {
		return errors.New("the answer was lost")
	}
	return nil
}

func (b *fakeBus) setDown(down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.down = down
}

// on returns what was taken on a topic, decoded.
func (b *fakeBus) on(t *testing.T, topic string) []tonypi.Update {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []tonypi.Update
	for _, m := range b.taken {
		if m.Topic != topic {
			continue
		}
		if m.QoS != 1 || m.Retain {
			t.Errorf("message on %s has QoS %d, retain %v", m.Topic, m.QoS, m.Retain)
		}
		m.Sender.Robot = "r1"
		u, err := wire.Decode(m)
		if err != nil {
			t.Fatalf("%s: %v in %s", m.Topic, err, m.Payload)
		}
		all = append(all, *u)
	}
	return all
}

func (b *fakeBus) acks(t *testing.T) map[string]tonypi.Ack {
	acks := map[string]tonypi.Ack{}
	for _, u := range b.on(t, wire.CommandResponse) {
		acks[u.Ack.CommandID] = *u.Ack
	}
	return acks
}

// fakeBody is a robot whose every value tells when it was read.
type fakeBody struct {
	mu      sync.Mutex
	stops   []string
	stopped bool
	resumes int
	posture string
	logs    []string
	halt    chan struct{}
	stopErr error
	did     []string
}

func newBody() *fakeBody { return &fakeBody{posture: "standing", halt: make(chan struct{})} }

func one(m tonypi.Metric, source string, at time.Time) tonypi.Reading {
	return tonypi.Reading{Robot: "r1", Metric: m, Source: source, Value: float64(at.UnixMilli()%100000) / 1000, Time: at}
}

func (b *fakeBody) Sensors(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	return append(dst, one(tonypi.Acceleration, "accelerometer_z", at), one(tonypi.Orientation, "roll", at))
}

func (b *fakeBody) Servos(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	for _, s := range []string{"servo_1", "servo_2"} {
		dst = append(dst, one(tonypi.ServoPosition, s, at), one(tonypi.ServoTemperature, s, at),
			tonypi.Reading{Metric: tonypi.ServoTorque, Source: s, Value: 1}, tonypi.Reading{Metric: tonypi.ServoErrors, Source: s, Value: 3})
	}
	return dst
}

func (b *fakeBody) Battery(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	return append(dst, one(tonypi.BatteryPercent, "", at))
}

func (b *fakeBody) Location(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	return append(dst, one(tonypi.Location, "x", at), one(tonypi.Location, "y", at))
}

func (b *fakeBody) Health(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	return append(dst, one(tonypi.CPUPercent, "", at))
}

func (b *fakeBody) Posture(time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.posture
}

func (b *fakeBody) Events(at time.Time, u *tonypi.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.logs {
		u.Logs = append(u.Logs, tonypi.LogEntry{Time: at, Level: "INFO", Source: "body", Message: l})
	}
	b.logs = nil
}

func (b *fakeBody) Stop(reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stops, b.stopped = append(b.stops, reason), true
	close(b.halt)
	b.halt = make(chan struct{})
	return b.stopErr
}

func (b *fakeBody) Resume() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.resumes++
	b.stopped = false
	return nil
}

func (b *fakeBody) Do(ctx context.Context, kind string, params map[string]any) (string, error) {
	b.mu.Lock()
	halt := b.halt
	b.did = append(b.did, kind)
	b.mu.Unlock()
	switch kind {
	case "fail":
		return "", errors.New("secret cause")
	case "wave":
		select {
		case <-time.After(3 * time.Second):
		case <-halt:
			return "", tonypi.Errorf(tonypi.Conflict, "wave was interrupted")
		case <-ctx.Done():
			return "", tonypi.Wrap(tonypi.Unavailable, ctx.Err(), "wave was broken off")
		}
	}
	return kind + " done", nil
}

// start runs an agent until the test's function returns and gives its goodbye time.
func start(t *testing.T, c Config) (*Agent, func()) {
	t.Helper()
	c.ID, c.Log = "r1", slog.New(slog.DiscardHandler)
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	synctest.Wait()
	return a, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func give(t *testing.T, handlers map[string]wire.Handler, topic string, c wire.Command) {
	t.Helper()
	payload, err := wire.EncodeCommand(c)
	if err != nil {
		t.Fatal(err)
	}
	h := handlers[topic]
	if h == nil {
		t.Fatalf("nobody listens on %s", topic)
	}
	if err := h(t.Context(), wire.Message{Topic: topic, Payload: payload}); err != nil {
		t.Fatal(err)
	}
}
