package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/outbox"
	"tonypi/wire"
)

func waving(robots ...tonypi.RobotID) tonypi.Order {
	return tonypi.Order{Robots: robots, Type: "action", Parameters: map[string]any{"name": "wave"}, By: olga}
}

func TestCommandGoesOutAndIsSettled(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		clicked := time.Now().Add(-20 * time.Millisecond)
		o := waving("r1")
		o.ClickedAt = clicked
		w.broker.heard = func(m wire.Message) {
			if len(w.notes.events()) == 0 {
				t.Error("published before it was shown")
			}
			w.store.row(t, payload(t, m)["command_id"].(string)) // stored before it was published
		}
		c := w.send(o)
		if c.Status != tonypi.CommandSent || c.SentAt.IsZero() || !c.ClickedAt.Equal(stamp(clicked)) || c.By != "olga" || c.Address != "10.0.0.9" {
			t.Errorf("got %+v", c)
		}
		sent := w.broker.on(wire.CommandTopic("r1"))
		if len(sent) != 1 || sent[0].QoS != 1 || sent[0].Retain {
			t.Fatalf("published %+v", sent)
		}
		body := payload(t, sent[0])
		for name, want := range map[string]any{"type": "action", "command": "action", "id": c.ID, "command_id": c.ID, "name": "wave"} {
			if body[name] != want {
				t.Errorf("%s is %v, want %v", name, body[name], want)
			}
		}
		time.Sleep(300 * time.Millisecond)
		w.mustAnswer("r1", tonypi.Ack{CommandID: c.ID, Success: true, Message: "waved", Data: []byte(`{"success":true}`)})
		got := w.want(c.ID, tonypi.CommandDone)
		if got.Message != "waved" || string(got.Answer) != `{"success":true}` || got.RobotAt.IsZero() || got.EndedAt.Sub(c.CreatedAt) != 300*time.Millisecond {
			t.Errorf("got %+v", got)
		}
		if d := cmp.Diff(kept(got), w.store.row(t, c.ID)); d != "" {
			t.Errorf("stored something else (-memory +store):\n%s", d)
		}
		if s := w.notes.statuses(c.ID); !slices.Equal(s, []tonypi.CommandStatus{"sent", "done"}) {
			t.Errorf("shown %v", s)
		}
		synctest.Wait()
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga command.send r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

// The answer may come before Publish returns.
func TestAnswerBeforePublishReturns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.broker.heard = func(m wire.Message) {
			w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Ack: &tonypi.Ack{CommandID: payload(t, m)["id"].(string), Success: true}})
		}
		c := w.send(waving("r1"))
		if c.Status != tonypi.CommandDone || c.SentAt.IsZero() {
			t.Errorf("got %+v", c)
		}
		if s := w.notes.statuses(c.ID); s[len(s)-1] != tonypi.CommandDone {
			t.Errorf("shown %v", s)
		}
	})
}

func TestAnswers(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.send(waving("r1"))
		w.mustAnswer("r2", done(c.ID)) // a robot cannot answer for another
		w.want(c.ID, tonypi.CommandSent)
		w.mustAnswer("r1", tonypi.Ack{CommandID: c.ID, Message: "no"})
		w.mustAnswer("r1", done(c.ID)) // twice: the first counts
		if got := w.want(c.ID, tonypi.CommandFailed); got.Message != "no" {
			t.Errorf("message is %q", got.Message)
		}
		w.mustAnswer("r1", done("somebody-elses"))
		w.mustAnswer("r1", tonypi.Ack{Success: true, Message: "to whom?"})
		big := w.send(waving("r1"))
		w.mustAnswer("r1", tonypi.Ack{CommandID: big.ID, Success: true, Data: []byte(`"` + strings.Repeat("x", maxAnswer) + `"`)})
		if got := w.want(big.ID, tonypi.CommandDone); got.Answer != nil {
			t.Error("an answer over 64 KiB was kept")
		}
	})
}

func TestExpiry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.send(tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "status_request"})
		time.Sleep(c.Deadline.Sub(c.CreatedAt) - time.Millisecond)
		w.want(c.ID, tonypi.CommandSent)
		time.Sleep(250 * time.Millisecond)
		w.want(c.ID, tonypi.CommandExpired)
		if list, err := w.Wait(t.Context(), []string{c.ID}); err != nil || list[0].Status != tonypi.CommandExpired {
			t.Errorf("waited for %v, %v", list, err)
		}
		time.Sleep(time.Hour)
		w.mustAnswer("r1", done(c.ID))
		w.mustAnswer("r1", tonypi.Ack{CommandID: c.ID, Message: "no"})
		w.want(c.ID, tonypi.CommandDone)
		if got := w.store.row(t, c.ID); got.Status != tonypi.CommandDone {
			t.Errorf("stored as %s", got.Status)
		}
	})
}

func TestWait(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		list, err := w.Send(t.Context(), waving("r1", "r2"))
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { w.mustAnswer("r1", done(list[0].ID)) })
		time.AfterFunc(2*time.Second, func() { w.mustAnswer("r2", done(list[1].ID)) })
		ids := []string{list[1].ID, list[0].ID}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		half, err := w.Wait(ctx, ids)
		if err != nil || half[0].Status != tonypi.CommandSent || half[1].Status != tonypi.CommandDone || time.Since(began) != 1500*time.Millisecond {
			t.Errorf("got %v, %v after %v", half, err, time.Since(began))
		}
		all, err := w.Wait(t.Context(), ids)
		if err != nil || all[0].Robot != "r2" || all[0].Status != tonypi.CommandDone || time.Since(began) != 2*time.Second {
			t.Errorf("got %v, %v after %v", all, err, time.Since(began))
		}
		if _, err := w.Wait(t.Context(), []string{"none"}); tonypi.KindOf(err) != tonypi.NotFound {
			t.Errorf("an unknown command is %v", err)
		}
	})
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, want string
		order      tonypi.Order
		before     func(w *world)
	}{
		{"offline", "offline", waving("r3"), nil},
		{"offline status", "offline", tonypi.Order{Robots: []tonypi.RobotID{"r3"}, Type: "status_request"}, nil},
		{"stopped", "emergency stopped", waving("r1"), func(w *world) { w.fleet.change("r1", true, func(r *tonypi.Robot) { r.Stopped = true }) }},
		{"stop not confirmed", "emergency stopped", waving("r1"), func(w *world) {
			if _, err := w.Stop(w.t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r1"}, By: olga}); err != nil {
				w.t.Fatal(err)
			}
		}},
		{"not in control", "bert has control", waving("r1"), func(w *world) {
			if _, err := w.leases.Take("r1", bert, false); err != nil {
				w.t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				if test.before != nil {
					test.before(w)
				}
				c := w.send(test.order)
				if c.Status != tonypi.CommandRefused || !strings.Contains(c.Message, test.want) || c.EndedAt.IsZero() {
					t.Errorf("got %s: %s", c.Status, c.Message)
				}
				if n := len(w.broker.on(wire.CommandTopic(c.Robot))); n != 0 {
					t.Errorf("%d messages were sent", n)
				}
				if got := w.store.row(t, c.ID); got.Status != tonypi.CommandRefused {
					t.Errorf("stored as %s", got.Status)
				}
				w.mustAnswer(c.Robot, done(c.ID))
				w.want(c.ID, tonypi.CommandRefused)
			})
		})
	}
}

func TestTakenAllTheSame(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.fleet.change("r1", true, func(r *tonypi.Robot) { r.Stopped = true })
		if _, err := w.leases.Take("r1", bert, false); err != nil {
			t.Fatal(err)
		}
		for _, kind := range []string{"status_request", "battery_request", "stop"} {
			if c := w.send(tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: kind}); c.Status != tonypi.CommandSent {
				t.Errorf("%s is %s: %s", kind, c.Status, c.Message)
			}
		}
		w.fleet.change("r1", false, func(r *tonypi.Robot) { r.Stopped, r.Status, r.LastSeen = false, "online", time.Now() })
		// Online is enough where the broker does not tell connections; and who holds the lease may move the robot.
		if c := w.send(tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "stand", By: bert}); c.Status != tonypi.CommandSent {
			t.Errorf("got %s: %s", c.Status, c.Message)
		}
	})
}

func TestWholeOrderErrors(t *testing.T) {
	many := make([]tonypi.RobotID, maxRobots+1)
	for i := range many {
		many[i] = tonypi.RobotID(fmt.Sprint(i))
	}
	tests := map[string]struct {
		order tonypi.Order
		want  tonypi.Kind
	}{
		"unknown robot":     {waving("r1", "nobody"), tonypi.NotFound},
		"no robot":          {waving(), tonypi.Invalid},
		"too many robots":   {waving(many...), tonypi.Invalid},
		"a robot twice":     {waving("r1", "r1"), tonypi.Invalid},
		"not confirmed":     {tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "shutdown"}, tonypi.Invalid},
		"resume by mistake": {tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "resume"}, tonypi.Invalid},
		"bad parameter":     {tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "set_servo", Parameters: map[string]any{"servo_id": 19.0, "position": 0.0}}, tonypi.Invalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				list, err := w.Send(t.Context(), test.order)
				if tonypi.KindOf(err) != test.want || len(list) != 0 || w.store.size() != 0 || w.broker.count() != 0 {
					t.Errorf("got %v, %v", list, err)
				}
			})
		})
	}
}

func TestStoreDownSendsNothing(t *testing.T) {
	for name, fail := range map[string]func(*history){
		"fails": func(h *history) { h.set(false, errors.New("disk on fire")) },
		"hangs": func(h *history) { h.set(true, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				fail(w.store)
				list, err := w.Send(t.Context(), waving("r1"))
				if tonypi.KindOf(err) != tonypi.Unavailable || len(list) != 0 || w.broker.count() != 0 {
					t.Errorf("got %v, %v and sent %d messages", list, err, w.broker.count())
				}
				w.store.set(false, nil)
			})
		})
	}
}

func TestBrokerDown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.broker.set(errors.New("no route"), false)
		list, err := w.Send(t.Context(), waving("r1"))
		if tonypi.KindOf(err) != tonypi.Unavailable || list[0].Status != tonypi.CommandRefused {
			t.Errorf("got %v, %v", list, err)
		}
		// A broker that does not say whether it has it: nobody knows, so the answer still counts.
		w.broker.set(nil, true)
		list, err = w.Send(t.Context(), waving("r1"))
		if tonypi.KindOf(err) != tonypi.Unavailable || list[0].Status != tonypi.CommandSent {
			t.Fatalf("got %v, %v", list, err)
		}
		w.mustAnswer("r1", done(list[0].ID))
		w.want(list[0].ID, tonypi.CommandDone)
	})
}

func TestSameIDSendsOnce(t *testing.T) {
	orders := map[string]tonypi.Order{"one": waving("r1"), "several": waving("r2", "r1"), "all": {All: true, Type: "action", Parameters: waving().Parameters, By: olga}}
	for name, o := range orders {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " restart ", restart), func(t *testing.T) {
				inWorld(t, func(t *testing.T, w *world) {
					o := o
					o.ID = "k:17"
					first, err := w.Send(t.Context(), o)
					if err != nil {
						t.Fatal(err)
					}
					sent := w.broker.count()
					w.mustAnswer("r1", done(first[slices.IndexFunc(first, func(c tonypi.Command) bool { return c.Robot == "r1" })].ID))
					if restart {
						w.restart(true)
					}
					w.fleet.change("r4", true, func(r *tonypi.Robot) { *r = tonypi.Robot{ID: "r4", Adoption: tonypi.Adopted} })
					again, err := w.Send(t.Context(), o)
					if err != nil || len(again) != len(first) || w.broker.count() != sent {
						t.Fatalf("got %v, %v and sent %d more", again, err, w.broker.count()-sent)
					}
					for i := range first {
						want := first[i].Status
						if first[i].Robot == "r1" {
							want = tonypi.CommandDone
						}
						if again[i].ID != first[i].ID || again[i].Status != want {
							t.Errorf("place %d: %s %s, want %s %s", i, again[i].ID, again[i].Status, first[i].ID, want)
						}
					}
					o.Type, o.Parameters = "stand", nil
					if _, err := w.Send(t.Context(), o); tonypi.KindOf(err) != tonypi.Conflict || w.broker.count() != sent {
						t.Errorf("another command with the same ID: %v", err)
					}
				})
			})
		}
	}
}

func TestBatch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		list, err := w.Send(t.Context(), tonypi.Order{All: true, Type: "find", By: olga})
		if err != nil || len(list) != 3 {
			t.Fatalf("got %v, %v", list, err)
		}
		if list[0].Batch == "" || list[0].Batch != list[2].Batch || list[0].ID == list[1].ID {
			t.Errorf("got %v", list)
		}
		if list[0].Status != "sent" || list[1].Status != "sent" || list[2].Status != "refused" {
			t.Errorf("got %v", list)
		}
		if len(w.broker.on(wire.CommandBroadcast)) != 0 || len(w.broker.on(wire.CommandTopic("r1"))) != 1 || len(w.broker.on(wire.CommandTopic("r2"))) != 1 {
			t.Errorf("published %v", w.broker.sent)
		}
	})
}

// A server that is killed between send and answer loses nothing: what has time left waits on, the rest expires.
func TestRestartBetweenSendAndAnswer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		old := w.send(tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Type: "status_request"})
		young := w.send(waving("r1"))
		w.store.set(false, errors.New("killed"))
		w.end()
		time.Sleep(20 * time.Second)
		w.store.set(false, nil)
		w.start()
		if got := w.store.row(t, old.ID); got.Status != tonypi.CommandExpired || got.EndedAt.IsZero() {
			t.Errorf("the old one is %s", got.Status)
		}
		w.want(young.ID, tonypi.CommandSent)
		w.mustAnswer("r1", done(young.ID))
		if got := w.store.row(t, young.ID); got.Status != tonypi.CommandDone {
			t.Errorf("the young one is %s", got.Status)
		}
		w.mustAnswer("r1", done(old.ID)) // late
		w.restart(true)
		again := w.send(waving("r1"))
		w.restart(true)
		time.Sleep(again.Deadline.Sub(again.CreatedAt) + time.Second)
		w.want(again.ID, tonypi.CommandExpired)
		w.restart(false)
		w.restart(false)
		// Long after it is in no memory any more.
		w.mustAnswer("r1", done(again.ID))
		if got := w.store.row(t, again.ID); got.Status != tonypi.CommandDone {
			t.Errorf("the late one is %s", got.Status)
		}
	})
}

// A store that is down holds up no outcome; the robot learns that its answer is not stored.
func TestStoreDownWhenTheAnswerComes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.send(waving("r1"))
		w.store.set(false, errors.New("down"))
		began := time.Now()
		if err := w.answer("r1", done(c.ID)); tonypi.KindOf(err) != tonypi.Unavailable || time.Since(began) != outbox.CommitWithin {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		w.want(c.ID, tonypi.CommandDone)
		w.store.set(false, nil)
		w.mustAnswer("r1", done(c.ID)) // it sends again
		if got := w.store.row(t, c.ID); got.Status != tonypi.CommandDone {
			t.Errorf("stored as %s", got.Status)
		}
		if n := w.Pending(); n != 0 {
			t.Errorf("%d commands wait", n)
		}
	})
}

func TestTooManyOpen(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for range maxOpenOfRobot {
			w.send(waving("r1"))
		}
		if c := w.send(waving("r1")); c.Status != tonypi.CommandRefused || !strings.Contains(c.Message, "Too many") {
			t.Errorf("got %s: %s", c.Status, c.Message)
		}
		if c := w.send(waving("r2")); c.Status != tonypi.CommandSent {
			t.Errorf("got %s: %s", c.Status, c.Message)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ack := tonypi.Ack{Success: true, Data: []byte(`"` + strings.Repeat("x", 60<<10) + `"`)}
		var first string
		for i := range 700 {
			c := w.send(waving("r1"))
			if i == 0 {
				first = c.ID
			}
			ack.CommandID = c.ID
			w.mustAnswer("r1", ack)
		}
		w.mu.Lock()
		n, bytes := len(w.byID), w.past.bytes
		w.mu.Unlock()
		if bytes > maxPastBytes || n > 600 || n < 400 {
			t.Errorf("%d commands of %d bytes in memory", n, bytes)
		}
		if c := w.now(first); c.Status != tonypi.CommandDone {
			t.Errorf("the oldest is %s", c.Status)
		}
	})
}

func TestForget(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.send(waving("r1"))
		ended := make(chan []tonypi.Command)
		go func() {
			list, _ := w.Wait(t.Context(), []string{c.ID})
			ended <- list
		}()
		synctest.Wait()
		w.store.set(false, errors.New("down"))
		if _, err := w.Stop(t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r1"}, By: olga}); err != nil {
			t.Fatal(err)
		}
		w.Forget("r1")
		<-ended // nobody waits for ever
		w.store.set(false, nil)
		saves := w.store.saved()
		time.Sleep(time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.byID[c.ID] != nil || w.store.saved() != saves || len(w.pending) != 0 || len(w.open) != 0 {
			t.Errorf("something of a removed robot was written")
		}
	})
}
