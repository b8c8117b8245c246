package agent

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/wire"
)

// However slow the broker takes telemetry, and however full the queue is, a stop is obeyed and answered at once over its
// own session.
func TestStopIsAnsweredPastASlowBrokerAndAFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, stops, body := &fakeBus{delay: 9 * time.Second}, &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, StopBus: stops, Rates: DefaultRates(), Queue: NewMemory(0, 20000)})
		time.Sleep(30 * time.Second)
		if a.Stats().Dropped == 0 {
			t.Fatal("the queue is not full")
		}
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: "dance"})
		synctest.Wait()
		began := time.Now()
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop, Reason: "test"})
		synctest.Wait()
		u := stops.on(t, wire.StopResponse)
		if len(u) != 1 || u[0].Ack.CommandID != "e1" || !u[0].Ack.Success || u[0].Ack.StopMS == nil || !time.Now().Equal(began) {
			t.Fatalf("after %v answered %+v", time.Since(began), u)
		}
		if !body.stopped {
			t.Error("the body was not stopped")
		}
		stop()
	})
}

// A stop session that is down does not lose the answer.
func TestStopAnswerFallsBackOnTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, stops := &fakeBus{}, &fakeBus{down: true}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, StopBus: stops, Rates: FleetRates()})
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop})
		time.Sleep(time.Second)
		stop()
		if u := bus.on(t, wire.StopResponse); len(u) != 1 || u[0].Ack.CommandID != "e1" {
			t.Errorf("answered %+v", u)
		}
	})
}

// stop_ms begins where the message came out of the network.
func TestStopTellsWhatItTook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		m := wire.Message{Topic: wire.StopBroadcast, Payload: []byte(`{"id":"e1"}`), At: time.Now()}
		time.Sleep(1500 * time.Microsecond)
		if err := a.StopSubscriptions()[m.Topic](t.Context(), m); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		stop()
		if u := bus.on(t, wire.StopResponse); len(u) != 1 || u[0].Ack.StopMS == nil || *u[0].Ack.StopMS != 1.5 {
			t.Errorf("answered %+v", u[0].Ack)
		}
	})
}

func TestLatchHoldsForEverySource(t *testing.T) {
	file := t.TempDir() + "/stop.json"
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		c := Config{Body: body, Bus: bus, Rates: FleetRates(), Latch: file}
		a, stop := start(t, c)
		a.Stop(FromButton, "")
		a.Stop(FromButton, "pressed")
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop, Reason: "smoke"})
		time.Sleep(time.Second)
		if _, reason := a.latch.state(); reason != "pressed; smoke" {
			t.Errorf("reason %q", reason)
		}
		if d := cmp.Diff([]string{"button", "server"}, a.latch.sources()); d != "" {
			t.Error(d)
		}
		bus.mu.Lock()
		m := last(bus.taken)
		for _, m = range bus.taken {
			if m.Topic == wire.StatusTopic("r1") && bytes.Contains(m.Payload, []byte(`"emergency_sources":["button","server"]`)) {
				break
			}
		}
		bus.mu.Unlock()
		if !strings.Contains(string(m.Payload), `["button","server"]`) {
			t.Error("no status tells the sources")
		}
		stop()

		c.Body = newBody()
		b, stop := start(t, c)
		if d := cmp.Diff([]string{"kept"}, b.latch.sources()); d != "" {
			t.Error(d)
		}
		b.Stop(FromServer, "again")
		give(t, b.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: wire.Resume})
		time.Sleep(time.Second)
		if stopped, reason := b.latch.state(); stopped {
			t.Errorf("a resume leaves %v: %s", b.latch.sources(), reason)
		}
		stop()
	})
}

// The same stop comes over both connections of the robot.
func TestStopThatComesTwiceIsAnsweredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		c := wire.Command{ID: "e1", Type: wire.EmergencyStop}
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), c)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), c)
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(bus.on(t, wire.StopResponse)); n != 1 || len(body.stops) != 2 {
			t.Errorf("%d answers to %d stops", n, len(body.stops))
		}
		time.Sleep(5 * time.Second)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), c) // a script that always takes the same ID
		time.Sleep(time.Second)
		synctest.Wait()
		if n := len(bus.on(t, wire.StopResponse)); n != 2 || len(body.stops) != 3 {
			t.Errorf("%d answers to %d stops", n, len(body.stops))
		}
		stop()
	})
}

// A resume that waited at the broker while the robot was away does not free it: nobody stands beside it for that.
func TestResumeThatWasHeldBackIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		a.Stop(FromServer, "test")
		a.Down()
		sent := time.Now()
		time.Sleep(30 * time.Second)
		a.Up()
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: wire.Resume, Time: sent})
		time.Sleep(time.Second)
		if stopped, _ := a.latch.state(); !stopped || bus.acks(t)["c1"].Success {
			t.Errorf("stopped %v, answered %+v", stopped, bus.acks(t)["c1"])
		}
		stop()
	})
}

// A page sends the same stop by two ways; when somebody resumes between them, the second one is told and kept like the first.
func TestStopThatComesAgainAfterAResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, latch := &fakeBus{}, filepath.Join(t.TempDir(), "latch")
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates(), Latch: latch})
		c := wire.Command{ID: "e1", Type: wire.EmergencyStop}
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), c)
		time.Sleep(500 * time.Millisecond)
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: wire.Resume})
		time.Sleep(500 * time.Millisecond)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), c)
		time.Sleep(500 * time.Millisecond)
		if n := len(bus.on(t, wire.StopResponse)); n != 2 {
			t.Errorf("%d answers", n)
		}
		if _, err := os.Stat(latch); err != nil {
			t.Errorf("the second stop is not kept: %v", err)
		}
		stop()
	})
}

// A stop comes over a connection of its own and may overtake a resume that was sent before it.
func TestResumeFromBeforeTheStopIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		time.Sleep(time.Hour) // the link has settled; the server's clock is an hour ahead of the robot's
		server := time.Now().Add(time.Hour)
		for _, c := range []struct {
			id      string
			behind  time.Duration // of the resume, after the stop
			stopped bool
		}{{"before", -100 * time.Millisecond, true}, {"after", time.Second, false}, {"clock set back", -time.Hour, false}} {
			give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "stop " + c.id, Type: wire.EmergencyStop, Time: server})
			synctest.Wait()
			give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: c.id, Type: wire.Resume, Time: server.Add(c.behind)})
			time.Sleep(time.Second)
			if stopped, _ := a.latch.state(); stopped != c.stopped || bus.acks(t)[c.id].Success == c.stopped {
				t.Errorf("%s: stopped %v, answered %+v", c.id, stopped, bus.acks(t)[c.id])
			}
			server = server.Add(10 * time.Second)
		}
		stop()
	})
}

// photographer takes pictures of a given size.
type photographer struct {
	*fakeBody
	size int
}

func (p *photographer) Photo(_ time.Time, most int) ([]byte, error) {
	if most != maxPhoto {
		return nil, fmt.Errorf("asked for %d bytes", most)
	}
	return bytes.Repeat([]byte{0xff}, p.size), nil
}

func TestPhoto(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, &photographer{newBody(), 100}
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		plain, stopPlain := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: "photo"})
		synctest.Wait()
		body.size = maxPhoto + 1
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c2", Type: "photo"})
		give(t, plain.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c3", Type: "photo"})
		time.Sleep(time.Second)
		acks := bus.acks(t)
		if a := acks["c1"]; !a.Success || !strings.Contains(string(a.Data), `"photo":{"content_type":"image/jpeg","data":"/////`) {
			t.Errorf("answered %+v %s", a, a.Data)
		}
		if acks["c2"].Success || !strings.Contains(acks["c2"].Message, "over") || acks["c3"].Message != "This robot takes no photos" {
			t.Errorf("answered %+v and %+v", acks["c2"], acks["c3"])
		}
		stop()
		stopPlain()
	})
}

// news is a body that sees things.
type news struct{ *fakeBody }

func (news) Events(at time.Time, u *tonypi.Update) {
	u.Detections = append(u.Detections, tonypi.DetectionEvent{Time: at, Label: "ball", FrameWidth: 640})
}

func TestSightingsAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		_, stop := start(t, Config{Body: news{newBody()}, Bus: bus, Rates: FleetRates()})
		time.Sleep(3500 * time.Millisecond)
		stop()
		u := bus.on(t, wire.VisionTopic("r1"))
		if len(u) < 3 || len(u) > 5 || len(u[0].Detections) != 1 || u[0].Detections[0].Label != "ball" {
			t.Errorf("%d messages, first %+v", len(u), u[0])
		}
	})
}

// The last copy of a stop arrives after the resume that followed the first one.
func TestLateCopyOfAStopDoesNotStopAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := newBody()
		a, stop := start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates()})
		pressed := time.Now()
		time.Sleep(50 * time.Millisecond)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop, Time: pressed})
		time.Sleep(100 * time.Millisecond)
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "r", Type: wire.Resume, Time: time.Now()})
		time.Sleep(100 * time.Millisecond)
		give(t, a.StopSubscriptions(), wire.StopBroadcast, wire.Command{ID: "all", Type: wire.EmergencyStop, Time: pressed})
		time.Sleep(100 * time.Millisecond)
		if stopped, _ := a.latch.state(); stopped {
			t.Error("a late copy stopped the robot again")
		}
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e0", Type: wire.EmergencyStop, Time: pressed.Add(time.Millisecond)})
		time.Sleep(100 * time.Millisecond)
		if stopped, _ := a.latch.state(); !stopped {
			t.Error("a stop of before the resume that the robot had not seen did not stop it")
		}
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "r0", Type: wire.Resume, Time: time.Now()})
		time.Sleep(100 * time.Millisecond)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e2", Type: wire.EmergencyStop, Time: time.Now()})
		time.Sleep(100 * time.Millisecond)
		if stopped, _ := a.latch.state(); !stopped {
			t.Error("a new stop did not stop the robot")
		}
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "r2", Type: wire.Resume, Time: time.Now()})
		time.Sleep(3 * time.Second)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e3", Type: wire.EmergencyStop, Time: pressed}) // the server's clock was set back
		time.Sleep(100 * time.Millisecond)
		if stopped, _ := a.latch.state(); !stopped {
			t.Error("a stop of a clock that was set back did not stop the robot")
		}
		stop()
	})
}
