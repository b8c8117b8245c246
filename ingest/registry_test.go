package ingest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"

	"github.com/google/go-cmp/cmp"
)

func anonymous(id, address string) wire.Hello { return wire.Hello{ClientID: id, Address: address} }

func TestAdmitAnonymous(t *testing.T) {
	tests := []struct {
		name    string
		policy  Policy
		id      string
		want    wire.Sender
		refused bool
	}{
		{"fleet", Ask, "r1", wire.Sender{Robot: "r1"}, false},
		{"fleet, closed", Closed, "r1", wire.Sender{Robot: "r1"}, false},
		{"unknown, ask", Ask, "new", wire.Sender{Robot: "new", Pending: true}, false},
		{"unknown, auto", Auto, "new", wire.Sender{Robot: "new"}, false},
		{"unknown, closed", Closed, "new", wire.Sender{}, true},
		{"spaces are fine", Ask, "tonypi_my host", wire.Sender{Robot: "tonypi_my host", Pending: true}, false},
		{"no client ID", Auto, "", wire.Sender{}, true},
		{"wildcard", Auto, "r#", wire.Sender{}, true},
		{"reserved", Auto, "broadcast", wire.Sender{}, true},
		{"stop session of nobody", Auto, "new.stop", wire.Sender{}, true},
		{"stop session", Ask, "r1.stop", wire.Sender{Robot: "r1"}, false},
	}
	for _, test := range tests {
		w := newWorld(t, test.policy, "r1")
		got, err := w.admit(anonymous(test.id, "10.0.0.1"))
		if test.refused {
			w.want(test.name, err, tonypi.Forbidden)
			continue
		}
		w.ok(test.name, err)
		test.want.ClientID, test.want.Address = test.id, "10.0.0.1"
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", test.name, d)
		}
	}
}

func TestAutoAdoption(t *testing.T) {
	w := newWorld(t, Auto)
	for i := range 300 {
		if _, err := w.admit(anonymous(fmt.Sprint("r", i), "10.0.0.1")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.admit(anonymous("one too many", "10.0.0.1"))
	w.want("over the limit", err, tonypi.TooMany)
	w.stores.set(errDown)
	_, err = w.admit(anonymous("r299", "10.0.0.1"))
	w.ok("a known robot without store", err)
	_, err = w.admit(anonymous("new", "10.0.0.1"))
	if err == nil {
		t.Error("a robot was adopted without a store")
	}
	if n := len(w.robots.Fleet()); n != 300 {
		t.Errorf("%d robots", n)
	}
}

// A stranger cannot take an anonymous robot's place while it is there; the robot may come back from anywhere.
func TestAddressRule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Ask, "r1")
		first, err := w.admit(anonymous("r1", "10.0.0.1"))
		w.ok("first", err)
		_, err = w.admit(anonymous("r1", "10.0.0.66"))
		w.want("stranger", err, tonypi.Forbidden)
		_, err = w.admit(anonymous("r1.stop", "10.0.0.66"))
		w.want("stranger as stop session", err, tonypi.Forbidden)
		again, err := w.admit(anonymous("r1", "10.0.0.1"))
		w.ok("take-over from the same address", err)
		w.robots.Gone(first, true)
		if told := w.judge.told(); len(told) != 0 {
			t.Errorf("a take-over is no loss: %v", told)
		}
		time.Sleep(20 * time.Second)
		w.ok("data", w.say("r1", "tonypi/sensors/r1", sensor, 1))
		time.Sleep(20 * time.Second)
		_, err = w.admit(anonymous("r1", "10.0.0.66"))
		w.want("stranger while it speaks", err, tonypi.Forbidden)
		time.Sleep(20 * time.Second)
		_, err = w.admit(anonymous("r1", "10.0.0.2"))
		w.ok("roamed: the old connection is silent", err)
		w.robots.Gone(again, true)
		if told := w.judge.told(); len(told) != 0 {
			t.Errorf("lost although it is connected: %v", told)
		}
		w.robots.Gone(wire.Sender{ClientID: "r1", Robot: "r1"}, true)
		_, err = w.admit(anonymous("r1", "10.0.0.3"))
		w.ok("a new address after it was gone", err)
	})
}

func TestConnectionEvents(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	s := wire.Sender{ClientID: "r1", Robot: "r1", Address: "10.0.0.1"}
	stop := wire.Sender{ClientID: "r1.stop", Robot: "r1", Address: "10.0.0.1"}
	person := wire.Sender{ClientID: "x", User: "ann"}
	for _, c := range []wire.Sender{s, stop, person} {
		w.robots.Connected(c)
	}
	w.robots.Gone(stop, true)
	w.robots.Gone(person, true)
	w.robots.Gone(s, true)
	w.robots.Connected(s)
	w.robots.Gone(s, false)
	var got []bool
	for _, e := range w.shown.of(tonypi.ConnectionChanged) {
		got = append(got, e.Connected)
	}
	if d := cmp.Diff([]bool{true, false, true, false}, got); d != "" {
		t.Error("shown:", d)
	}
	if d := cmp.Diff([]string{"lost r1"}, w.judge.told()); d != "" {
		t.Error("judge:", d)
	}
	if r, err := w.robots.Robot("r1"); err != nil || r.Address != "10.0.0.1" {
		t.Errorf("robot %+v, %v", r, err)
	}
}

func TestSignIn(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	secret, err := w.robots.Create(t.Context(), tonypi.Robot{ID: "r2"})
	w.ok("create", err)
	if len(secret) < 26 {
		t.Fatalf("secret %q is short", secret)
	}
	tests := []struct {
		name, client, user, password string
		want                         wire.Sender
		kind                         tonypi.Kind
	}{
		{"robot", "r2", "r2", secret, wire.Sender{Robot: "r2"}, 0},
		{"robot's stop session", "r2.stop", "r2", secret, wire.Sender{Robot: "r2"}, 0},
		{"other session of the robot", "r2.x", "r2", secret, wire.Sender{}, tonypi.Forbidden},
		{"as another", "r1", "r1", secret, wire.Sender{}, tonypi.Unauthenticated},
		{"another's session", "r1", "r2", secret, wire.Sender{}, tonypi.Forbidden},
		{"wrong secret", "r2", "r2", "wrong", wire.Sender{}, tonypi.Unauthenticated},
		{"no secret", "r2", "r2", "", wire.Sender{}, tonypi.Unauthenticated},
		{"anonymous", "r2", "", "", wire.Sender{}, tonypi.Forbidden},
		{"anonymous stop session", "r2.stop", "", "", wire.Sender{}, tonypi.Forbidden},
		{"person", "home assistant", "whoever", "ann's token", wire.Sender{User: "ann", Role: tonypi.Operator}, 0},
		{"person with a robot's client ID", "r1", "x", "ann's token", wire.Sender{}, tonypi.Forbidden},
		{"person with a stop session's client ID", "r2.stop", "x", "ann's token", wire.Sender{}, tonypi.Forbidden},
	}
	for _, down := range []error{nil, errDown} {
		w.stores.set(down)
		for _, test := range tests {
			got, err := w.robots.Admit(t.Context(), wire.Hello{ClientID: test.client, Username: test.user, Password: test.password, Address: "10.0.0.1"})
			unknown := down != nil && (test.name == "wrong secret" || strings.HasPrefix(test.name, "person"))
			switch {
			case unknown:
				w.want(test.name+" without store", err, tonypi.Unavailable)
			case test.want == wire.Sender{}:
				w.want(test.name, err, test.kind)
			default:
				w.ok(test.name, err)
				test.want.ClientID, test.want.Address = test.client, "10.0.0.1"
				if d := cmp.Diff(test.want, got); d != "" {
					t.Errorf("%s (store: %v): (-want +got)\n%s", test.name, down, d)
				}
			}
		}
	}
	w.stores.set(nil)
	w.robots.flush(t.Context())
	credentials, err := w.stores.Credentials(t.Context(), tonypi.RobotCredential)
	if err != nil || len(credentials) != 1 || credentials[0].UsedAt.IsZero() {
		t.Errorf("credentials %+v, %v: want one with its use", credentials, err)
	}
	// An admin removed the credential elsewhere.
	w.ok("delete", w.stores.DeleteCredential(t.Context(), credentials[0].ID))
	_, err = w.robots.Admit(t.Context(), wire.Hello{ClientID: "r2", Username: "r2", Password: secret})
	w.want("removed credential", err, tonypi.Unauthenticated)
	// A new process knows robots, credentials and adoption.
	w.restart(Closed)
	_, err = w.admit(anonymous("r1", "10.0.0.1"))
	w.ok("after a restart", err)
}

func TestSignInThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Ask)
		secret, err := w.robots.Create(t.Context(), tonypi.Robot{ID: "r1"})
		w.ok("create", err)
		guess := func(address string) error {
			_, err := w.robots.Admit(t.Context(), wire.Hello{ClientID: "x", Username: "x", Password: "guess", Address: address})
			return err
		}
		for i := range throttleBurst {
			w.want(fmt.Sprint("guess ", i), guess("10.0.0.66"), tonypi.Unauthenticated)
		}
		w.want("one more", guess("10.0.0.66"), tonypi.TooMany)
		w.want("elsewhere", guess("10.0.0.67"), tonypi.Unauthenticated)
		_, err = w.robots.Admit(t.Context(), wire.Hello{ClientID: "r1", Username: "r1", Password: secret, Address: "10.0.0.66"})
		w.ok("a robot behind the same address", err)
		time.Sleep(throttleEvery)
		w.want("later", guess("10.0.0.66"), tonypi.Unauthenticated)
		w.want("and again", guess("10.0.0.66"), tonypi.TooMany)
	})
}

func TestThrottleIsBounded(t *testing.T) {
	h := newThrottle()
	now := time.Now()
	for i := range 3 * throttleTable {
		h.failed(fmt.Sprint(i), now)
	}
	if len(h.until) > throttleTable {
		t.Errorf("%d addresses", len(h.until))
	}
}

func TestAdoptAndReject(t *testing.T) {
	w := newWorld(t, Ask)
	for _, id := range []string{"good", "bad"} {
		_, err := w.admit(anonymous(id, "10.0.0.7"))
		w.ok(id, err)
		for i := range 8 {
			topic := fmt.Sprintf("tonypi/%s/%s", []string{"sensors", "servos", "status", "logs", "job", "scan"}[i%6], id)
			w.ok(topic, w.say(tonypi.RobotID(id), topic, `{"text":"`+strings.Repeat("ä", 1000)+`"}`, 1))
		}
	}
	pending := w.robots.Pending()
	if len(pending) != 2 || w.robots.PendingCount() != 2 {
		t.Fatalf("pending: %+v", pending)
	}
	for _, p := range pending {
		if p.Messages != 8 || len(p.Samples) != maxSamples || p.Samples[0].Topic != "tonypi/servos/"+string(p.ID) || p.Address == "" {
			t.Errorf("pending: %+v", p)
		}
		if n := len([]rune(p.Samples[0].Payload)); n != maxSample {
			t.Errorf("sample of %d characters", n)
		}
	}
	_, err := w.robots.Robot("good")
	w.want("a robot that wants to join is none", err, tonypi.NotFound)

	w.ok("adopt", w.robots.Adopt(t.Context(), "good"))
	w.ok("adopt again", w.robots.Adopt(t.Context(), "good"))
	w.ok("reject", w.robots.Reject(t.Context(), "bad"))
	w.ok("reject again", w.robots.Reject(t.Context(), "bad"))
	w.want("adopt nobody", w.robots.Adopt(t.Context(), "nobody"), tonypi.NotFound)
	w.want("reject nobody", w.robots.Reject(t.Context(), "nobody"), tonypi.NotFound)
	w.want("reject one of the fleet", w.robots.Reject(t.Context(), "good"), tonypi.Conflict)

	if d := cmp.Diff([]tonypi.RobotID{"good", "bad"}, w.kicked); d != "" {
		t.Error("kicked:", d)
	}
	// What holds after a restart holds before it.
	for range 2 {
		w.ok("good speaks", w.say("good", "tonypi/sensors/good", `{"sensor_type":"light_level","value":1}`, 1))
		w.want("bad speaks", w.say("bad", "tonypi/sensors/bad", `{"sensor_type":"light_level","value":1}`, 1), tonypi.Forbidden)
		_, err = w.robots.Admit(t.Context(), anonymous("bad", "10.0.0.7"))
		w.want("bad connects", err, tonypi.Forbidden)
		if n := w.robots.PendingCount() + len(w.robots.Pending()); n != 0 {
			t.Errorf("%d pending", n)
		}
		if r, err := w.robots.Robot("good"); err != nil || r.Adoption != tonypi.Adopted || r.CreatedAt.IsZero() || r.Address == "" {
			t.Errorf("good: %+v, %v", r, err)
		}
		w.restart(Ask)
	}
	w.ok("second thoughts", w.robots.Adopt(t.Context(), "bad"))
	_, err = w.robots.Admit(t.Context(), anonymous("bad", "10.0.0.7"))
	w.ok("bad connects after all", err)
	if d := cmp.Diff(2, len(w.robots.Fleet())); d != "" {
		t.Error("fleet:", d)
	}
}

func TestPendingIsBounded(t *testing.T) {
	w := newWorld(t, Ask)
	for i := range maxPending + 5 {
		if _, err := w.admit(anonymous(fmt.Sprintf("r%04d", i), "10.0.0.1")); err != nil {
			t.Fatal(err)
		}
		if i == 100 {
			w.ok("r0000 speaks", w.say("r0000", "tonypi/sensors/r0000", sensor, 0))
		}
	}
	if n := len(w.robots.Pending()); n != maxPending || w.robots.PendingCount() != n {
		t.Errorf("%d pending, counted %d", n, w.robots.PendingCount())
	}
	if w.robots.entry("r0000") == nil {
		t.Error("one that spoke later was evicted")
	}
	if w.robots.entry("r0001") != nil {
		t.Error("the longest silent one stayed")
	}
	// Without a trace in memory it comes back as new.
	w.ok("r0001 speaks", w.say("r0001", "tonypi/sensors/r0001", sensor, 0))
	if w.robots.entry("r0001") == nil || len(w.robots.Pending()) != maxPending {
		t.Error("it did not come back")
	}
}

func TestCreate(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	tests := []struct {
		robot tonypi.Robot
		want  tonypi.Kind
	}{
		{tonypi.Robot{ID: "r1"}, tonypi.Conflict},
		{tonypi.Robot{ID: ""}, tonypi.Invalid},
		{tonypi.Robot{ID: "a/b"}, tonypi.Invalid},
		{tonypi.Robot{ID: "r9.stop"}, tonypi.Invalid},
		{tonypi.Robot{ID: "r9", Name: strings.Repeat("x", 101)}, tonypi.Invalid},
		{tonypi.Robot{ID: "r9", Description: "a\x00b"}, tonypi.Invalid},
	}
	for _, test := range tests {
		_, err := w.robots.Create(t.Context(), test.robot)
		w.want(fmt.Sprintf("%+v", test.robot.ID), err, test.want)
	}
	_, err := w.robots.Create(t.Context(), tonypi.Robot{ID: "r2", Name: "Two", Location: "shelf", Description: "spare"})
	w.ok("create", err)
	got, err := w.robots.Robot("r2")
	w.ok("robot", err)
	stored, err := w.stores.Robot(t.Context(), "r2")
	w.ok("row", err)
	for _, r := range []tonypi.Robot{got, stored} {
		if r.Name != "Two" || r.Location != "shelf" || r.Description != "spare" || r.Adoption != tonypi.Adopted || r.CreatedAt.IsZero() {
			t.Errorf("robot %+v", r)
		}
	}
	w.ok("update", w.robots.Update(t.Context(), tonypi.Robot{ID: "r2", Name: "", Location: "bench"}))
	if got, _ = w.robots.Robot("r2"); got.Name != "r2" || got.Location != "bench" || got.Description != "" {
		t.Errorf("updated robot %+v", got)
	}
	w.want("update nobody", w.robots.Update(t.Context(), tonypi.Robot{ID: "nobody"}), tonypi.NotFound)
	if n := len(w.shown.of(tonypi.RobotChanged)); n != 2 {
		t.Errorf("shown %d times", n)
	}
}

func TestEnroll(t *testing.T) {
	w := newWorld(t, Closed, "old")
	w.token("right", time.Now().Add(time.Hour))
	w.token("stale", time.Now().Add(-time.Hour))
	enroll := func(token string, id tonypi.RobotID, password, address string) (string, error) {
		return w.robots.Enroll(t.Context(), tonypi.Enrolment{Token: token, Robot: id, Name: "Robo", Password: password, Address: address})
	}
	for _, token := range []string{"", "wrong", "stale"} {
		_, err := enroll(token, "r1", "", "10.0.0.66")
		w.want("token "+token, err, tonypi.Unauthenticated)
	}
	first, err := enroll("right", "r1", "", "10.0.0.1")
	w.ok("first", err)
	_, err = enroll("right", "r2", "", "10.0.0.1")
	w.ok("another robot, same token", err)
	_, err = enroll("right", "r1", "", "10.0.0.1")
	w.want("again without proof", err, tonypi.Conflict)
	_, err = enroll("right", "r1", "wrong", "10.0.0.1")
	w.want("again with a wrong proof", err, tonypi.Conflict)
	_, err = enroll("right", "a/b", "", "10.0.0.1")
	w.want("impossible ID", err, tonypi.Invalid)
	_, err = enroll(first, "r3", "", "10.0.0.1")
	w.want("a robot's secret is no join token", err, tonypi.Unauthenticated)

	second, err := enroll("right", "r1", first, "10.0.0.1")
	w.ok("again with proof", err)
	signIn := func(secret string) error {
		_, err := w.robots.Admit(t.Context(), wire.Hello{ClientID: "r1", Username: "r1", Password: secret, Address: "10.0.0.1"})
		return err
	}
	w.want("old secret", signIn(first), tonypi.Unauthenticated)
	w.ok("new secret", signIn(second))

	// A robot of the fleet without a credential may get one, but nobody may take the place of one that is here.
	s, err := w.admit(anonymous("old", "10.0.0.2"))
	w.ok("old", err)
	_, err = enroll("right", "old", "", "10.0.0.66")
	w.want("stranger", err, tonypi.Conflict)
	_, err = enroll("right", "old", "", "10.0.0.2")
	w.ok("itself", err)
	w.robots.Gone(s, false)
	_, err = w.admit(anonymous("old", "10.0.0.2"))
	w.want("anonymous ever after", err, tonypi.Forbidden)

	tokens, err := w.stores.Credentials(t.Context(), tonypi.JoinToken)
	if err != nil || len(tokens) != 2 {
		t.Fatal(tokens, err)
	}
	for _, c := range tokens {
		if c.UsedAt.IsZero() != (c.ID == "t-stale") {
			t.Errorf("token %s used at %v", c.ID, c.UsedAt)
		}
	}
	for range throttleBurst {
		_, err = enroll("guess", "r5", "", "10.0.0.99")
		w.want("guess", err, tonypi.Unauthenticated)
	}
	_, err = enroll("right", "r5", "", "10.0.0.99")
	w.want("after many guesses", err, tonypi.TooMany)
}

func TestRemove(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	secret, err := w.robots.Create(t.Context(), tonypi.Robot{ID: "r2"})
	w.ok("create", err)
	w.kicked = nil
	w.want("nobody", w.robots.Remove(t.Context(), "nobody"), tonypi.NotFound)

	w.series.fail = errDown
	if err := w.robots.Remove(t.Context(), "r2"); !errors.Is(err, errDown) {
		t.Errorf("history that cannot be deleted: %v", err)
	}
	w.series.fail = nil
	w.stores.set(errDown)
	if err := w.robots.Remove(t.Context(), "r2"); !errors.Is(err, errDown) {
		t.Errorf("row that cannot be deleted: %v", err)
	}
	w.stores.set(nil)
	if _, err := w.robots.Robot("r2"); err != nil {
		t.Fatalf("the robot is gone after a failure: %v", err)
	}
	w.ok("remove", w.robots.Remove(t.Context(), "r2"))
	_, err = w.robots.Robot("r2")
	w.want("removed", err, tonypi.NotFound)
	_, err = w.robots.Admit(t.Context(), wire.Hello{ClientID: "r2", Username: "r2", Password: secret, Address: "10.0.0.1"})
	w.want("its secret", err, tonypi.Unauthenticated)
	if d := cmp.Diff([]tonypi.RobotID{"r2"}, w.kicked); d != "" {
		t.Error("kicked:", d)
	}
	if d := cmp.Diff([]string{"forget r2"}, w.judge.told()); d != "" {
		t.Error("judge:", d)
	}
	if n := len(w.shown.of(tonypi.RobotRemoved)); n != 1 {
		t.Errorf("shown %d times", n)
	}
	if rows, _ := w.stores.Robots(t.Context()); len(rows) != 1 || rows[0].ID != "r1" {
		t.Errorf("rows %+v", rows)
	}
	s, err := w.admit(anonymous("r2", "10.0.0.1"))
	if err != nil || !s.Pending {
		t.Errorf("back as a stranger: %+v, %v", s, err)
	}
}

// Sightings are written every five seconds, together; a dead store loses none.
func TestRunWritesSightings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Ask, "r1", "r2")
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := w.robots.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		row := func(id tonypi.RobotID) tonypi.Robot {
			r, err := w.stores.Robot(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		w.ok("status", w.say("r1", "tonypi/status/r1", `{"status":"emergency_stopped","emergency_stopped":true,"emergency_reason":"button","posture":"held"}`, 1))
		w.ok("sensor", w.say("r2", "tonypi/sensors/r2", `{"sensor_type":"light_level","value":1}`, 1))
		if !row("r1").LastSeen.IsZero() {
			t.Error("written at once")
		}
		seen := time.Now()
		time.Sleep(flushEvery)
		synctest.Wait()
		if r := row("r1"); !r.LastSeen.Equal(seen) || !r.Stopped || r.StopReason != "button" || r.Posture != "held" {
			t.Errorf("r1: %+v", r)
		}
		if r := row("r2"); !r.LastSeen.Equal(seen) || r.Status != "" {
			t.Errorf("r2: %+v", r)
		}
		w.stores.set(errDown)
		w.ok("goodbye", w.say("r1", "tonypi/status/r1", `{"status":"offline"}`, 1))
		seen = time.Now()
		time.Sleep(time.Minute)
		synctest.Wait()
		if r, err := w.robots.Robot("r1"); err != nil || r.Status != "offline" || !r.Stopped {
			t.Errorf("in memory: %+v, %v", r, err)
		}
		w.stores.set(nil)
		time.Sleep(flushEvery)
		synctest.Wait()
		if r := row("r1"); !r.LastSeen.Equal(seen) || r.Status != "offline" || !r.Stopped {
			t.Errorf("r1 after the outage: %+v", r)
		}
		w.ok("last word", w.say("r1", "tonypi/status/r1", `{"status":"online"}`, 1))
		cancel()
		running.Wait()
		if r := row("r1"); r.Status != "online" || r.Stopped {
			t.Errorf("r1 at the end: %+v", r)
		}
	})
}

func TestExcerpt(t *testing.T) {
	for _, test := range []struct{ payload, want string }{
		{"", ""},
		{"short", "short"},
		{strings.Repeat("ö", 600), strings.Repeat("ö", 512)},
		{"a\xff\xfeb", "a\uFFFDb"},
	} {
		if got := excerpt([]byte(test.payload)); got != test.want {
			t.Errorf("excerpt(%.20q) = %.20q", test.payload, got)
		}
	}
}
