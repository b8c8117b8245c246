package agent

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/wire"
)

func TestRatesAndStamps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		time.Sleep(37 * time.Millisecond) // begin between two ticks
		_, stop := start(t, Config{Body: newBody(), Bus: bus, Phase: 30 * time.Millisecond})
		time.Sleep(20 * time.Second)
		stop()
		for topic, want := range map[string]struct {
			count int
			every time.Duration
		}{
			wire.SensorTopic("r1"):   {201, 100 * time.Millisecond},
			wire.ServoTopic("r1"):    {101, 200 * time.Millisecond},
			wire.LocationTopic("r1"): {21, time.Second},
			wire.BatteryTopic("r1"):  {5, 5 * time.Second},
			wire.StatusTopic("r1"):   {6, 5 * time.Second}, // and the goodbye
		} {
			updates := bus.on(t, topic)
			if n := len(updates); n < want.count-1 || n > want.count+1 {
				t.Errorf("%s: %d messages in 20 s, want about %d", topic, n, want.count)
			}
			for i, u := range updates {
				for _, r := range u.Readings {
					if r.Time.Truncate(100*time.Millisecond) != r.Time || !r.Time.Equal(u.Sent) {
						t.Fatalf("%s: reading at %v in a message of %v", topic, r.Time, u.Sent)
					}
				}
				if i > 1 && len(u.Readings) > 0 && updates[i].Sent.Sub(updates[i-1].Sent) != want.every {
					t.Fatalf("%s: %v after %v", topic, updates[i].Sent, updates[i-1].Sent)
				}
			}
		}
	})
}

func TestServosArriveWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		_, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: Rates{Servos: time.Second}})
		time.Sleep(1500 * time.Millisecond)
		stop()
		got := map[string]float64{}
		for _, r := range bus.on(t, wire.ServoTopic("r1"))[1].Readings {
			got[r.Source+" "+string(r.Metric)] = r.Value
		}
		at := float64(time.Now().Truncate(time.Second).UnixMilli()%100000) / 1000
		want := map[string]float64{
			"servo_1 servo_position": at, "servo_1 servo_temperature": at, "servo_1 servo_torque": 1, "servo_1 servo_errors": 3,
			"servo_2 servo_position": at, "servo_2 servo_temperature": at, "servo_2 servo_torque": 1, "servo_2 servo_errors": 3,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

// TestOutageLosesNothing takes the server away for two minutes, and loses answers after that: every tick's readings must
// arrive, those of the present before those of the past, and the past newest first.
func TestOutageLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{lossy: 13, delay: 5 * time.Millisecond}
		body := newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		began := time.Now()
		time.Sleep(10*time.Second + 500*time.Millisecond)
		a.Down()
		bus.setDown(true)
		body.mu.Lock()
		body.logs = []string{"first", "second"}
		body.mu.Unlock()
		lost := time.Now()
		time.Sleep(2 * time.Minute)
		bus.setDown(false)
		a.Up()
		back := time.Now()
		time.Sleep(time.Minute)
		stop()
		if s := a.Stats(); s.Dropped != 0 || s.Waiting != 0 {
			t.Fatalf("stats %+v", s)
		}
		type key struct {
			series tonypi.SeriesKey
			at     time.Time
		}
		seen := map[key]float64{}
		var past []time.Time
		for _, u := range bus.on(t, wire.SensorTopic("r1")) {
			for _, r := range u.Readings {
				k := key{r.Key(), r.Time.UTC()}
				if v, again := seen[k]; again && v != r.Value {
					t.Errorf("%v came as %v and as %v", k, v, r.Value)
				}
				seen[k] = r.Value
			}
			if u.At.After(back) && u.Sent.Before(back.Add(-freshFor)) {
				past = append(past, u.Sent)
			}
		}
		for at := began.UTC().Truncate(time.Second); at.Before(back); at = at.Add(time.Second) {
			k := key{tonypi.SeriesKey{Robot: "r1", Metric: tonypi.Orientation, Source: "roll"}, at}
			if _, ok := seen[k]; !ok {
				t.Fatalf("the reading of %v never came", at)
			}
		}
		if len(past) < 110 {
			t.Fatalf("only %d old messages came", len(past))
		}
		if !slices.IsSortedFunc(past, func(a, b time.Time) int { return b.Compare(a) }) {
			t.Error("the past did not come newest first")
		}
		var logs []string
		for _, u := range bus.on(t, wire.LogTopic("r1")) {
			for _, l := range u.Logs {
				if l.Source == "body" && (len(logs) == 0 || logs[len(logs)-1] != l.Message) {
					logs = append(logs, l.Message)
				}
			}
		}
		if d := cmp.Diff([]string{"first", "second"}, logs); d != "" {
			t.Errorf("logs: %s", d)
		}
		for _, u := range bus.on(t, wire.StatusTopic("r1")) {
			if u.Sent.After(lost) && u.Sent.Before(back) && (u.Presence.Status != "" || u.Presence.Posture != "") {
				t.Errorf("a late status of %v says %+v", u.Sent, u.Presence)
			}
		}
	})
}

// TestStatusIsTrueAfterTheBacklog stops the robot while nobody hears it: the old statuses that come late say that it was
// not stopped, so the true one must follow them.
func TestStatusIsTrueAfterTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		a.Down()
		time.Sleep(30 * time.Second)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e", Type: wire.EmergencyStop})
		time.Sleep(500 * time.Millisecond)
		a.Up()
		time.Sleep(3200 * time.Millisecond)
		said := bus.on(t, wire.StatusTopic("r1"))
		wrong := slices.IndexFunc(said, func(u tonypi.Update) bool { return !u.Presence.Stopped })
		if wrong < 0 {
			t.Fatal("no old status came late")
		}
		if !last(said).Presence.Stopped || last(said).Presence.Status != "emergency_stopped" {
			t.Errorf("the last status is %+v", last(said).Presence)
		}
		stop()
	})
}

// cutBody is a body whose network can be taken away.
type cutBody struct {
	*fakeBody
	cut atomic.Bool
}

func (b *cutBody) Reaches() bool { return !b.cut.Load() }

func TestBodyWithoutNetworkSendsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, &cutBody{fakeBody: newBody()}
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		time.Sleep(5500 * time.Millisecond)
		body.cut.Store(true)
		time.Sleep(1500 * time.Millisecond)
		bus.mu.Lock()
		before := len(bus.taken)
		bus.mu.Unlock()
		time.Sleep(10 * time.Second)
		if len(bus.taken) != before || a.Stats().Waiting < 30 {
			t.Errorf("%d messages went out without a network, %d wait", len(bus.taken)-before, a.Stats().Waiting)
		}
		body.cut.Store(false)
		time.Sleep(3500 * time.Millisecond)
		if n := a.Stats().Waiting; n != 0 {
			t.Errorf("%d messages still wait", n)
		}
		stop()
	})
}

func TestBacklogIsPolite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: Rates{Sensors: time.Second}, Bounds: Bounds{BacklogRate: 5}})
		a.Down()
		time.Sleep(100 * time.Second)
		a.Up()
		bus.mu.Lock()
		bus.taken = nil
		bus.mu.Unlock()
		time.Sleep(10 * time.Second)
		old := 0
		for _, u := range bus.on(t, wire.SensorTopic("r1")) {
			if u.At.Sub(u.Sent) > 4*time.Second {
				old++
			}
		}
		stop()
		if old < 40 || old > 52 {
			t.Errorf("%d old messages in 10 s at 5 a second", old)
		}
	})
}

func TestServerThatIsDownIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{refuse: errors.New("disk full")}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: Rates{Sensors: time.Second}})
		time.Sleep(time.Minute)
		if s := a.Stats(); s.Sent != 0 || s.Waiting < 60 || s.Dropped != 0 {
			t.Fatalf("stats %+v", s)
		}
		bus.mu.Lock()
		bus.refuse = nil
		bus.mu.Unlock()
		time.Sleep(20 * time.Second)
		stop()
		if s := a.Stats(); s.Sent < 80 || s.Waiting != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestFullQueueCountsWhatItDrops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: Rates{Sensors: time.Second}, Queue: NewMemory(time.Minute, 0)})
		a.Down()
		time.Sleep(5 * time.Minute)
		if s := a.Stats(); s.Dropped < 235 || s.Dropped > 245 || s.Waiting > 63 {
			t.Errorf("stats %+v", s)
		}
		a.Up()
		time.Sleep(10 * time.Second)
		stop()
		told := false
		for _, u := range bus.on(t, wire.LogTopic("r1")) {
			for _, l := range u.Logs {
				told = told || strings.Contains(l.Message, "messages were dropped")
			}
		}
		if !told {
			t.Error("the loss is not told")
		}
	})
}

func TestChangeOfPostureIsToldAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		_, stop := start(t, Config{Body: body, Bus: bus, Rates: Rates{Sensors: 100 * time.Millisecond, Status: time.Minute}})
		time.Sleep(2 * time.Second)
		body.mu.Lock()
		body.posture = "fallen_front"
		body.mu.Unlock()
		time.Sleep(110 * time.Millisecond)
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Posture != "fallen_front" {
			t.Errorf("status %+v", p)
		}
		stop()
	})
}

func TestRoundTripIsMeasuredUnlessTheBodyKnowsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{delay: 40 * time.Millisecond}
		_, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		time.Sleep(30 * time.Second)
		stop()
		u := bus.on(t, wire.StatusTopic("r1"))
		for _, r := range u[len(u)-2].Readings {
			if r.Metric == tonypi.NetworkRTT && r.Value > 35 && r.Value <= 40 {
				return
			}
		}
		t.Errorf("readings %+v", u[len(u)-2].Readings)
	})
}

func TestGoodbye(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		time.Sleep(2500 * time.Millisecond)
		stop()
		m := last(bus.taken)
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Status != "offline" || m.Topic != wire.StatusTopic("r1") {
			t.Errorf("the last message is %s %+v", m.Topic, p)
		}
		will := a.Will()
		u, err := wire.Decode(will)
		if err != nil || u.Presence.Status != tonypi.StatusLost || will.Topic != wire.StatusTopic("r1") || will.QoS != 1 || will.Retain {
			t.Errorf("will %+v, %v", will, err)
		}
		before := len(bus.taken)
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "late", Type: "wave"})
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "stop", Type: wire.EmergencyStop})
		time.Sleep(time.Second)
		if len(bus.taken) != before {
			t.Error("an agent that has ended still speaks")
		}
	})
}

func TestShutdownCommandEndsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "x", Type: "shutdown"})
		time.Sleep(time.Second)
		if ack := bus.acks(t)["x"]; !ack.Success || ack.Message != "Robot shutting down" {
			t.Errorf("answered %+v", ack)
		}
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Status != "offline" {
			t.Errorf("status %+v", p)
		}
		stop()
	})
}

func TestPhasesSpreadAndStampsAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 10
		bus := &fakeBus{}
		var stops []func()
		for i := range n {
			_, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: Rates{Sensors: time.Second}, Phase: Phase(i, n, time.Second)})
			stops = append(stops, stop)
		}
		time.Sleep(10 * time.Second)
		perMoment := map[time.Duration]int{}
		for _, u := range bus.on(t, wire.SensorTopic("r1")) {
			if u.Sent.Truncate(time.Second) != u.Sent {
				t.Fatalf("stamp %v", u.Sent)
			}
			if u.Sent.After(time.Now().Add(-8 * time.Second)) {
				perMoment[u.At.Sub(u.Sent)]++
			}
		}
		if len(perMoment) != n {
			t.Errorf("messages come at %d moments of the second, want %d: %v", len(perMoment), n, perMoment)
		}
		for _, stop := range stops {
			stop()
		}
	})
}

func TestNewRefuses(t *testing.T) {
	good := Config{ID: "r", Body: newBody(), Bus: &fakeBus{}, Log: slog.New(slog.DiscardHandler)}
	tests := map[string]func(*Config){
		"no ID":            func(c *Config) { c.ID = "" },
		"no body":          func(c *Config) { c.Body = nil },
		"no bus":           func(c *Config) { c.Bus = nil },
		"no log":           func(c *Config) { c.Log = nil },
		"odd rate":         func(c *Config) { c.Rates = Rates{Sensors: 33 * time.Millisecond} },
		"negative rate":    func(c *Config) { c.Rates = Rates{Sensors: -time.Second} },
		"phase past tick":  func(c *Config) { c.Phase = 100 * time.Millisecond },
		"phase before":     func(c *Config) { c.Phase = -1 },
		"rate over a hour": func(c *Config) { c.Rates = Rates{Sensors: 2 * time.Hour} },
	}
	for name, spoil := range tests {
		c := good
		spoil(&c)
		if _, err := New(c); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestTickIsTheLongestCommonInterval(t *testing.T) {
	for want, r := range map[time.Duration]Rates{
		100 * time.Millisecond: DefaultRates(),
		time.Second:            FleetRates(),
		500 * time.Millisecond: {Sensors: 1500 * time.Millisecond, Servos: time.Second},
	} {
		if got := r.tick(); got != want {
			t.Errorf("tick %v, want %v", got, want)
		}
	}
}

// BenchmarkSecond is the cost of one agent-second at the rates of a fleet, without the body and the network.
func BenchmarkSecond(b *testing.B) {
	a, err := New(Config{ID: "r1", Body: newBody(), Bus: &fakeBus{}, Log: slog.New(slog.DiscardHandler), Rates: FleetRates()})
	if err != nil {
		b.Fatal(err)
	}
	at := noon
	b.ReportAllocs()
	for b.Loop() {
		a.collect(at, at.Add(-time.Second))
		for {
			e, ok := a.queue.Take(time.Time{}, Samples)
			if !ok {
				break
			}
			a.queue.Done(e, true)
		}
		at = at.Add(time.Second)
	}
}
