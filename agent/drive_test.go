package agent

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/wire"
)

// driven is a body that notes how it is driven.
type driven struct {
	*fakeBody
	moves  []string
	halts  []time.Time
	refuse error
}

func (d *driven) Drive(forward, turn, strafe, speed float64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.moves = append(d.moves, fmt.Sprintf("%g %g %g %.2f", forward, turn, strafe, speed))
	return nil
}

func (d *driven) Halt() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.halts = append(d.halts, time.Now())
}

func (d *driven) setRefuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refuse = err
}

func (d *driven) moved() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.moves)
}

func (d *driven) halted() []time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.halts)
}

func push(t *testing.T, a *Agent, d tonypi.Drive, at time.Time) {
	t.Helper()
	d.Robot = "r1"
	payload, err := wire.EncodeDrive(d)
	if err != nil {
		t.Fatal(err)
	}
	m := wire.Message{Topic: wire.DriveTopic("r1"), Payload: payload, At: at}
	if err := a.Subscriptions()[m.Topic](t.Context(), m); err != nil {
		t.Fatal(err)
	}
}

// ahead is a beat that is sent now.
func ahead(seq uint64) tonypi.Drive {
	return tonypi.Drive{Forward: 1, Speed: 1, Seq: seq, Sent: time.Now().UnixMilli()}
}

// driveFor sends n beats, ten a second, and returns when the last one was sent.
func driveFor(t *testing.T, a *Agent, from uint64, n int) time.Time {
	t.Helper()
	var sent time.Time
	for i := range n {
		if i > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		sent = time.Now()
		push(t, a, ahead(from+uint64(i)), sent)
	}
	return sent
}

func TestLosingTheDriverHaltsTheBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &driven{fakeBody: newBody()}
		a, stop := start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates()})
		lost := driveFor(t, a, 1, 10)
		if len(body.moved()) < 8 || len(body.halted()) != 0 {
			t.Fatalf("moved %v, halted %v", body.moved(), body.halted())
		}
		time.Sleep(2 * time.Second)
		if len(body.halted()) != 1 || body.halted()[0].Sub(lost) > 300*time.Millisecond {
			t.Errorf("halted %v after the driver was lost", body.halted())
		}
		// and drives on when the driver is back
		driveFor(t, a, 11, 3)
		push(t, a, tonypi.Drive{Seq: 14, Sent: time.Now().UnixMilli()}, time.Now())
		if len(body.halted()) != 2 || !body.halted()[1].Equal(time.Now()) {
			t.Errorf("a beat without a direction halted %v, it is %v", body.halted(), time.Now())
		}
		driveFor(t, a, 20, 2)
		a.Down()
		if len(body.halted()) != 3 || !body.halted()[2].Equal(time.Now()) {
			t.Errorf("losing the connection halted %v", body.halted())
		}
		a.Up()
		stop()
	})
}

// A stall of the radio delivers many beats at once: none of them may move the robot.
func TestBurstOfOldBeatsDoesNotMoveTheRobot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &driven{fakeBody: newBody()}
		a, stop := start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates()})
		driveFor(t, a, 1, 5)
		var held []tonypi.Drive
		for i := range 20 {
			time.Sleep(100 * time.Millisecond)
			held = append(held, ahead(uint64(6+i)))
		}
		time.Sleep(time.Second)
		moves := len(body.moved())
		for _, d := range held {
			push(t, a, d, time.Now())
			time.Sleep(time.Millisecond)
		}
		if len(body.moved()) != moves || len(body.halted()) != 1 {
			t.Errorf("old beats moved the robot: %v, halts %v", body.moved()[moves:], body.halted())
		}
		// as the very first beats of a page, after a restart of the agent
		b, stopB := start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates()})
		for _, d := range held {
			push(t, b, d, time.Now())
			time.Sleep(time.Millisecond)
		}
		if len(body.moved()) != moves {
			t.Errorf("a first burst moved the robot: %v", body.moved()[moves:])
		}
		stop()
		stopB()
	})
}

func TestPace(t *testing.T) {
	begin := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	type step struct {
		at   int // ms
		seq  uint64
		sent int // ms
		fit  bool
	}
	even := func(n, at, sent int, seq uint64, fit bool) (all []step) {
		for i := range n {
			all = append(all, step{at + 100*i, seq + uint64(i), sent + 100*i, fit})
		}
		return all
	}
	for name, steps := range map[string][]step{
		"a page whose clock is an hour ahead":  append([]step{{0, 1, 3600e3, false}}, even(20, 100, 3600e3+100, 2, true)...),
		"twice and overtaken":                  {{0, 1, 0, false}, {100, 2, 100, true}, {110, 2, 100, false}, {200, 4, 300, true}, {210, 3, 200, false}, {300, 5, 400, true}},
		"one beat 301 ms late":                 {{0, 1, 0, false}, {100, 2, 100, true}, {501, 3, 200, false}, {502, 4, 300, true}, {503, 5, 400, true}},
		"300 ms is not too late":               {{0, 1, 0, false}, {100, 2, 100, true}, {500, 3, 200, true}},
		"another page begins at 1 again":       append(even(1, 0, 0, 500, false), append(even(3, 100, 100, 501, true), step{500, 1, 505, false}, step{550, 2, 555, false}, step{600, 3, 605, true})...),
		"late for good: learned anew after 2s": append(append(even(1, 0, 0, 1, false), even(5, 100, 100, 2, true)...), append(even(21, 1100, 600, 7, false), even(5, 3200, 2700, 28, true)...)...),
	} {
		var p pace
		for i, s := range steps {
			_, fit := p.judge(tonypi.Drive{Seq: s.seq, Sent: begin.Add(time.Duration(s.sent) * time.Millisecond).UnixMilli()}, begin.Add(time.Duration(s.at)*time.Millisecond))
			if fit != s.fit {
				t.Errorf("%s: beat %d (%+v): fit %v", name, i, s, fit)
			}
		}
	}
}

func TestDrivingIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, &driven{fakeBody: newBody()}
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		driveFor(t, a, 1, 3)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop, Reason: "test"})
		synctest.Wait()
		moves := len(body.moved())
		driveFor(t, a, 4, 20) // 1.9 s
		time.Sleep(time.Second)
		if len(body.moved()) != moves {
			t.Errorf("a stopped robot is driven: %v", body.moved()[moves:])
		}
		refused := func() (messages []string) {
			for _, u := range bus.on(t, wire.CommandResponse) {
				if u.Ack.Type == "drive" && u.Ack.CommandID == "" && !u.Ack.Success {
					messages = append(messages, u.Ack.Message)
				}
			}
			return messages
		}
		if r := refused(); len(r) != 2 || !strings.Contains(r[0], "emergency stopped") {
			t.Errorf("refused with %q", r)
		}
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: wire.Resume})
		synctest.Wait()
		body.setRefuse(tonypi.Errorf(tonypi.Conflict, "The robot has fallen"))
		driveFor(t, a, 100, 3)
		time.Sleep(time.Second)
		if r := refused(); len(r) != 3 || r[2] != "The robot has fallen" {
			t.Errorf("refused with %q", r)
		}
		stop()
	})
}

func TestBodyThatCannotBeDrivenSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		driveFor(t, a, 1, 4)
		time.Sleep(time.Second)
		stop()
		acks := bus.on(t, wire.CommandResponse)
		if len(acks) != 1 || acks[0].Ack.Message != "This robot cannot be driven" {
			t.Errorf("answers %+v", acks)
		}
	})
}

func TestLinkSpeed(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for _, tt := range []struct {
		rtt, wifi *float64
		want      float64
	}{
		{nil, nil, 1}, {v(5), v(-50), 1}, {v(50), v(-65), 1}, {v(300), nil, 0.3}, {v(5000), v(-40), 0.3}, {v(5), v(-85), 0.3},
		{v(5), v(-120), 0.3}, {v(175), v(-50), 0.65}, {v(5), v(-75), 0.65}, {v(175), v(-80), 0.475}, {v(math.NaN()), v(-50), 1},
	} {
		if got := linkSpeed(tt.rtt, tt.wifi); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("linkSpeed(%v, %v) is %v, want %v", tt.rtt, tt.wifi, got, tt.want)
		}
	}
}

// weak is a driven body whose radio is weak.
type weak struct{ *driven }

func (weak) Health(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	return append(dst, tonypi.Reading{Metric: tonypi.WifiSignal, Value: -75, Time: at}, tonypi.Reading{Metric: tonypi.NetworkRTT, Value: 8, Time: at})
}

func TestSpeedFallsWithTheLinkAndTheSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, weak{&driven{fakeBody: newBody()}}
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		configure(t, a, 1, `{"safety":{"max_speed":0.5}}`)
		driveFor(t, a, 1, 3)
		time.Sleep(6 * time.Second)
		stop()
		if d := cmp.Diff([]string{"1 0 0 0.33", "1 0 0 0.33"}, body.moved()); d != "" { // 0.5 × 0.65; the first beat teaches
			t.Error(d)
		}
		var limits []float64
		for _, u := range bus.on(t, wire.StatusTopic("r1")) {
			for _, r := range u.Readings {
				if r.Metric == tonypi.DriveLimit {
					limits = append(limits, r.Value)
				}
			}
		}
		if !slices.Contains(limits, 32.5) {
			t.Errorf("drive_limit was told as %v", limits)
		}
	})
}
