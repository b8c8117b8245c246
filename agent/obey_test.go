package agent

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi/wire"
)

func TestStopLatchesAndInterrupts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		commands, stops := a.Subscriptions(), a.StopSubscriptions()
		topic := wire.CommandTopic("r1")
		give(t, commands, topic, wire.Command{ID: "c1", Type: "wave"})
		give(t, commands, topic, wire.Command{ID: "c2", Type: "bow"})
		time.Sleep(time.Second)
		began := time.Now()
		give(t, stops, wire.StopBroadcast, wire.Command{ID: "e1", Type: wire.EmergencyStop, Reason: "test"})
		synctest.Wait()
		if d := cmp.Diff([]string{"test"}, body.stops); d != "" || !time.Now().Equal(began) {
			t.Fatalf("after %v: %s", time.Since(began), d)
		}
		give(t, commands, topic, wire.Command{ID: "c3", Type: "wave"})
		time.Sleep(time.Second)
		acks := bus.acks(t)
		for _, id := range []string{"c1", "c2", "c3"} {
			if ack, ok := acks[id]; !ok || ack.Success {
				t.Errorf("%s answered %+v", id, ack)
			}
		}
		if want := "Robot is emergency stopped. Send 'resume' command first. Reason: test"; acks["c3"].Message != want {
			t.Errorf("refused with %q", acks["c3"].Message)
		}
		if e := acks["e1"]; !e.Success || e.Type != wire.EmergencyStop || e.Reason != "test" || !strings.Contains(string(e.Data), `"motors_stopped":true`) {
			t.Errorf("stop answered %+v %s", e, e.Data)
		}
		if n := len(bus.on(t, wire.StopResponse)); n != 1 {
			t.Errorf("%d answers on the stop topic", n)
		}
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Status != "emergency_stopped" || !p.Stopped || p.StopReason != "test" {
			t.Errorf("status %+v", p)
		}
		give(t, commands, topic, wire.Command{ID: "c4", Type: wire.Resume})
		time.Sleep(time.Second)
		give(t, commands, topic, wire.Command{ID: "c5", Type: "bow"})
		time.Sleep(time.Second)
		acks = bus.acks(t)
		if !acks["c4"].Success || acks["c4"].Type != wire.Resume || body.resumes != 1 || !acks["c5"].Success {
			t.Errorf("resume %+v, bow %+v, resumed %d times", acks["c4"], acks["c5"], body.resumes)
		}
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Stopped || p.Status != "online" {
			t.Errorf("status %+v", p)
		}
		stop()
	})
}

func last[T any](all []T) T { return all[len(all)-1] }

func TestStopThatTheBodyDoesNotObeyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		body.stopErr = errors.New("port closed")
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		// not even JSON, and still a stop
		if err := a.StopSubscriptions()[wire.StopTopic("r1")](t.Context(), wire.Message{Topic: wire.StopTopic("r1"), Payload: []byte("stop!")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		stop()
		u := bus.on(t, wire.StopResponse)
		if len(u) != 1 || u[0].Ack.Success || strings.Contains(u[0].Ack.Message, "port closed") {
			t.Errorf("answered %+v", u)
		}
		if stopped, _ := a.latch.state(); !stopped {
			t.Error("the stop is not latched")
		}
	})
}

func TestStopOutlivesTheAgent(t *testing.T) {
	file := t.TempDir() + "/stop.json"
	synctest.Test(t, func(t *testing.T) {
		a, stop := start(t, Config{Body: newBody(), Bus: &fakeBus{}, Rates: FleetRates(), Latch: file})
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "e1", Type: wire.EmergencyStop, Reason: "smoke"})
		time.Sleep(time.Second)
		stop()

		body := newBody()
		b, stop := start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates(), Latch: file})
		if stopped, reason := b.latch.state(); !stopped || reason != "smoke" || !body.stopped {
			t.Errorf("after the restart: stopped %v for %q, body %v", stopped, reason, body.stopped)
		}
		give(t, b.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "c1", Type: wire.Resume})
		time.Sleep(time.Second)
		stop()

		body = newBody()
		_, stop = start(t, Config{Body: body, Bus: &fakeBus{}, Rates: FleetRates(), Latch: file})
		if body.stopped {
			t.Error("the resume did not outlive the agent")
		}
		stop()
	})
}

func TestCommandsAreAnswered(t *testing.T) {
	tests := []struct {
		command wire.Command
		success bool
		message string
		data    string
	}{
		{wire.Command{ID: "a", Type: "bow"}, true, "bow done", ""},
		{wire.Command{ID: "b", Type: "fail"}, false, "fail failed", ""},
		{wire.Command{ID: "c", Type: "status_request"}, true, "Status retrieved", `"accelerometer_z":`},
		{wire.Command{ID: "d", Type: "battery_request"}, true, "Battery status retrieved", `"battery_level":`},
		{wire.Command{ID: "e", Type: wire.Resume}, true, "Robot was not stopped", ""},
	}
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		for _, tc := range tests {
			give(t, a.Subscriptions(), wire.CommandBroadcast, tc.command)
			give(t, a.Subscriptions(), wire.CommandBroadcast, tc.command) // delivered twice
		}
		time.Sleep(time.Second)
		acks := bus.acks(t)
		for _, tc := range tests {
			ack := acks[tc.command.ID]
			if ack.Success != tc.success || ack.Message != tc.message || !strings.Contains(string(ack.Data), tc.data) {
				t.Errorf("%s answered %+v %s", tc.command.Type, ack, ack.Data)
			}
		}
		if d := cmp.Diff([]string{"bow", "fail"}, body.did); d != "" {
			t.Errorf("did: %s", d)
		}
		stop()
	})
}

func TestPlainStopOvertakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		for _, c := range []wire.Command{{ID: "1", Type: "wave"}, {ID: "2", Type: "bow"}} {
			give(t, a.Subscriptions(), wire.CommandTopic("r1"), c)
		}
		time.Sleep(time.Second)
		give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: "3", Type: "stop"})
		time.Sleep(100 * time.Millisecond)
		acks := bus.acks(t)
		if acks["1"].Success || acks["2"].Success || !acks["3"].Success || len(acks) != 3 {
			t.Errorf("answers %+v", acks)
		}
		if d := cmp.Diff([]string{"wave", "stop"}, body.did); d != "" {
			t.Errorf("did: %s", d)
		}
		stop()
	})
}

func TestCommandsThatTheBrokerHeldBackAreNotObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, newBody()
		a, stop := start(t, Config{Body: body, Bus: bus, Rates: FleetRates()})
		topic, began := wire.CommandTopic("r1"), time.Now()
		a.Down()
		time.Sleep(20 * time.Second)
		give(t, a.Subscriptions(), topic, wire.Command{ID: "old", Type: "bow", Time: began.Add(time.Second)})
		a.Up()
		give(t, a.Subscriptions(), topic, wire.Command{ID: "old too", Type: "bow", Time: began.Add(time.Second)})
		give(t, a.Subscriptions(), topic, wire.Command{ID: "new", Type: "bow", Time: time.Now()})
		time.Sleep(time.Second)
		give(t, a.StopSubscriptions(), wire.StopTopic("r1"), wire.Command{ID: "stop", Type: wire.EmergencyStop, Time: began.Add(time.Second)})
		time.Sleep(3 * time.Second)
		give(t, a.Subscriptions(), topic, wire.Command{ID: "resume", Type: wire.Resume})
		time.Sleep(time.Second)
		give(t, a.Subscriptions(), topic, wire.Command{ID: "wrong clock", Type: "bow", Time: began})
		time.Sleep(time.Second)
		stop()
		acks := bus.acks(t)
		for id, want := range map[string]bool{"old": false, "old too": false, "new": true, "stop": true, "wrong clock": true} {
			if acks[id].Success != want {
				t.Errorf("%s answered %+v", id, acks[id])
			}
		}
		if len(body.stops) != 1 {
			t.Errorf("stopped %d times", len(body.stops))
		}
	})
}

func TestTooManyCommandsAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		for i := range maxPending + 5 {
			give(t, a.Subscriptions(), wire.CommandTopic("r1"), wire.Command{ID: string(rune('a' + i)), Type: "wave"})
			synctest.Wait()
		}
		time.Sleep(time.Second)
		refused := 0
		for _, ack := range bus.acks(t) {
			if ack.Message == "Too many commands wait already" {
				refused++
			}
		}
		if refused != 4 { // one runs
			t.Errorf("%d commands refused", refused)
		}
		stop()
	})
}
