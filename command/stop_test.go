package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"
)

func stopOne(robots ...tonypi.RobotID) tonypi.Order {
	return tonypi.Order{Robots: robots, Reason: "smoke", By: olga}
}

func (w *world) stop(o tonypi.Order) []tonypi.Command {
	w.t.Helper()
	list, err := w.Stop(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func TestStopIsConfirmed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		o := stopOne("r1")
		o.ClickedAt = time.Now().Add(-30 * time.Millisecond)
		c := w.stop(o)[0]
		sent := w.broker.on(wire.StopTopic("r1"))
		if len(sent) != 1 || sent[0].QoS != 1 {
			t.Fatalf("published %+v", sent)
		}
		if body := payload(t, sent[0]); body["type"] != "emergency_stop" || body["reason"] != "smoke (by olga)" || body["id"] != c.ID {
			t.Errorf("published %v", body)
		}
		if c.Status != tonypi.CommandSent || c.Reason != "smoke (by olga)" || c.SentAt.IsZero() {
			t.Errorf("got %+v", c)
		}
		time.Sleep(12 * time.Millisecond)
		w.mustAnswer("r1", stopped(c.ID))
		w.mustAnswer("r1", stopped(c.ID)) // original clients answer on both topics
		got := w.want(c.ID, tonypi.CommandDone)
		if *got.LatencyMS != 42 || *got.StopMS != 1.5 {
			t.Errorf("took %v ms, of it %v ms in the robot", *got.LatencyMS, *got.StopMS)
		}
		if row := w.store.row(t, c.ID); row.Status != tonypi.CommandDone || *row.LatencyMS != 42 {
			t.Errorf("stored %+v", row)
		}
		time.Sleep(time.Minute)
		if n := len(w.broker.on(wire.StopTopic("r1"))); n != 1 {
			t.Errorf("published %d times", n)
		}
		raised, _ := w.notes.counts()
		if m := w.notes.measured(); len(m) != 1 || m[0].Value != 42 || m[0].Metric != tonypi.StopLatency || raised != 0 {
			t.Errorf("measured %v, raised %d", m, raised)
		}
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga stop r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

// A stop is published before it is in memory, so the answer may be there first.
func TestAnswerBeforeTheStopIsKnown(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprint("batch ", batch), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.broker.heard = func(m wire.Message) {
					if id, ok := wire.TopicRobot(m.Topic); ok {
						u := &tonypi.Update{Robot: id, At: time.Now(), Ack: &tonypi.Ack{CommandID: payload(t, m)["id"].(string), Type: "emergency_stop", Success: true}}
						if batch {
							u.Ack.CommandID = "all"
						}
						w.Take(u)
						w.Take(u)
					}
				}
				w.fleet.slow = 7 * time.Millisecond
				o := stopOne("r1", "r2")
				o.ID = "all"
				for _, c := range w.stop(o) {
					if c.Status != tonypi.CommandDone || *c.LatencyMS != 0 || c.SentAt.IsZero() {
						t.Errorf("got %+v", c)
					}
				}
				time.Sleep(2 * time.Second)
				if raised, measured := w.notes.counts(); raised != 0 || measured != 2 {
					t.Errorf("raised %d, measured %d", raised, measured)
				}
			})
		})
	}
}

func TestStopReason(t *testing.T) {
	long := strings.Repeat("é", 400)
	for _, test := range []struct{ reason, want string }{
		{"", wire.DefaultStopReason}, {"  ", wire.DefaultStopReason}, {"fire", "fire (by olga)"}, {"\xfffire", "fire (by olga)"},
		{long, long[:490] + " (by olga)"},
	} {
		if got := reasonBy(test.reason, olga); got != test.want || len(got) > maxReason {
			t.Errorf("%.20q became %q", test.reason, got)
		}
	}
}

// Nothing that can fail or hang stands before a stop.
func TestStopWithoutDatabase(t *testing.T) {
	for name, fail := range map[string]func(w *world){
		"store fails": func(w *world) { w.store.set(false, errors.New("down")) },
		"store hangs": func(w *world) { w.store.set(true, nil) },
		"alerts and series hang": func(w *world) {
			w.notes.mu.Lock()
			w.notes.hang = make(chan struct{})
			w.notes.mu.Unlock()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				fail(w)
				began := time.Now()
				list := w.stop(tonypi.Order{All: true, By: olga})
				if time.Since(began) != 0 || len(w.broker.on(wire.StopBroadcast)) != 1 || len(w.broker.on(wire.StopTopic("r1"))) != 1 {
					t.Fatalf("took %v, published %v", time.Since(began), w.broker.sent)
				}
				time.Sleep(20 * time.Millisecond)
				for _, c := range list {
					u := &tonypi.Update{Robot: c.Robot, At: time.Now(), Ack: &tonypi.Ack{CommandID: c.Batch, Type: "emergency_stop", Success: true}}
					if w.Take(u); *w.want(c.ID, tonypi.CommandDone).LatencyMS != 20 {
						t.Errorf("took %v ms", *w.now(c.ID).LatencyMS)
					}
				}
				time.Sleep(5 * time.Second)
				w.stop(stopOne("r1")) // a second one, which is never confirmed
				time.Sleep(5 * time.Second)
				w.store.set(false, nil)
				w.notes.mu.Lock()
				if w.notes.hang != nil {
					close(w.notes.hang)
					w.notes.hang = nil
				}
				w.notes.mu.Unlock()
				time.Sleep(time.Minute) // everything is written when they are back
				for _, c := range list {
					if row := w.store.row(t, c.ID); row.Status != tonypi.CommandDone {
						t.Errorf("stored as %s", row.Status)
					}
				}
				if len(w.notes.measured()) != 3 || len(w.notes.alerts()) != 1 {
					t.Errorf("measured %v, alerts %v", w.notes.measured(), w.notes.alerts())
				}
			})
		})
	}
}

func TestStopAll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		list := w.stop(tonypi.Order{All: true, ID: "page-7", By: olga})
		if len(list) != 3 || list[0].Batch != "page-7" || list[0].ID == list[1].ID {
			t.Fatalf("got %v", list)
		}
		if b := w.broker.on(wire.StopBroadcast); len(b) != 1 || payload(t, b[0])["id"] != "page-7" {
			t.Errorf("published %v", w.broker.sent)
		}
		if len(w.broker.on(wire.StopTopic("r1"))) != 1 || len(w.broker.on(wire.StopTopic("r3"))) != 0 {
			t.Errorf("published %v", w.broker.sent)
		}
		w.mustAnswer("r1", stopped("page-7")) // an original client answers the broadcast, twice
		w.mustAnswer("r1", stopped("page-7"))
		w.mustAnswer("r2", stopped(list[1].ID)) // ours answers both
		w.mustAnswer("r2", stopped("page-7"))
		w.want(list[0].ID, tonypi.CommandDone)
		w.want(list[1].ID, tonypi.CommandDone)
		w.want(list[2].ID, tonypi.CommandSent)
		synctest.Wait()
		if len(w.notes.measured()) != 2 {
			t.Errorf("measured %v", w.notes.measured())
		}
		// Repeated, it stops again and adds nothing.
		again := w.stop(tonypi.Order{All: true, ID: "page-7", By: olga})
		if len(again) != 3 || again[0].ID != list[0].ID || again[0].Status != tonypi.CommandDone || len(w.broker.on(wire.StopBroadcast)) != 2 || w.store.size() != 3 {
			t.Errorf("got %v, %d rows", again, w.store.size())
		}
		w.restart(true)
		w.stop(tonypi.Order{All: true, ID: "page-7", By: olga})
		synctest.Wait()
		if w.store.size() != 3 || w.store.row(t, list[0].ID).Status != tonypi.CommandDone {
			t.Errorf("%d rows after a restart, the first %s", w.store.size(), w.store.row(t, list[0].ID).Status)
		}
	})
}

func TestUnconfirmedStop(t *testing.T) {
	confirmations := map[string]func(w *world, c tonypi.Command){
		"answer": func(w *world, c tonypi.Command) { w.mustAnswer("r1", stopped(c.ID)) },
		"answer without ID": func(w *world, _ tonypi.Command) {
			w.mustAnswer("r1", tonypi.Ack{Type: "emergency_stop", Success: true})
		},
		"status": func(w *world, _ tonypi.Command) {
			w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Presence: &tonypi.Presence{Status: "emergency_stopped", Stopped: true}})
		},
		"resume": func(w *world, _ tonypi.Command) {
			if _, err := w.Resume(w.t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Confirmed: true, By: olga}); err != nil {
				w.t.Fatal(err)
			}
		},
	}
	for name, confirm := range confirmations {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c := w.stop(stopOne("r1"))[0]
				time.Sleep(900 * time.Millisecond)
				if raised, _ := w.notes.counts(); raised != 0 {
					t.Error("raised too early")
				}
				time.Sleep(300 * time.Millisecond)
				a := w.notes.alerts()["r1"]
				if raised, _ := w.notes.counts(); raised != 1 || a.Type != "stop_unconfirmed" || a.Severity != tonypi.Critical || !strings.Contains(a.Message, "Robot r1 has not confirmed the stop") {
					t.Errorf("alert is %+v", a)
				}
				if n := w.notes.logged("CRITICAL", "r1"); n != 1 {
					t.Errorf("logged %d times", n)
				}
				time.Sleep(2 * time.Second)
				if n := len(w.broker.on(wire.StopTopic("r1"))); n < 3 {
					t.Errorf("a robot that is there was told %d times", n)
				}
				confirm(w, c)
				synctest.Wait()
				if raised, _ := w.notes.counts(); len(w.notes.alerts()) != 0 || raised != 1 {
					t.Errorf("alerts %v, raised %d times", w.notes.alerts(), raised)
				}
				n := len(w.broker.on(wire.StopTopic("r1")))
				w.Connected("r1")
				time.Sleep(time.Minute)
				if len(w.broker.on(wire.StopTopic("r1"))) != n {
					t.Error("it was published again")
				}
				want := tonypi.CommandDone
				if name == "resume" {
					want = tonypi.CommandExpired
				}
				if w.want(c.ID, want); w.store.row(t, c.ID).Status != want {
					t.Errorf("stored as %s", w.store.row(t, c.ID).Status)
				}
			})
		})
	}
}

// What a robot says right after a stop, or said long ago, may be older than the stop.
func TestOldWordsConfirmNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.stop(stopOne("r1"))[0]
		said := &tonypi.Presence{Status: "emergency_stopped", Stopped: true}
		w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Presence: said})
		time.Sleep(time.Minute)
		w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Sent: time.Now().Add(-30 * time.Second), Presence: said})
		w.Take(&tonypi.Update{Robot: "r2", At: time.Now(), Presence: said})
		w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Presence: &tonypi.Presence{Status: "online"}})
		w.mustAnswer("r2", stopped(c.ID))
		w.want(c.ID, tonypi.CommandSent)
		time.Sleep(time.Second)
		w.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Sent: time.Now().Add(-time.Second), Presence: said})
		if got := w.want(c.ID, tonypi.CommandDone); got.LatencyMS != nil || !strings.Contains(got.Message, "confirmed 1m1s after") {
			t.Errorf("got %q, %v", got.Message, got.LatencyMS)
		}
	})
}

// A body that did not stop is shouted about at once, and tried again.
func TestStopThatFailed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.stop(stopOne("r1"))[0]
		time.Sleep(10 * time.Millisecond)
		w.answer("r1", tonypi.Ack{CommandID: c.ID, Type: "emergency_stop", Message: "the servos did not answer"})
		synctest.Wait()
		if len(w.notes.alerts()) != 1 || w.want(c.ID, tonypi.CommandSent).Message != "the servos did not answer" {
			t.Errorf("alerts %v", w.notes.alerts())
		}
		time.Sleep(1500 * time.Millisecond)
		if n := len(w.broker.on(wire.StopTopic("r1"))); n < 2 {
			t.Errorf("told %d times", n)
		}
		w.mustAnswer("r1", stopped(c.ID))
		synctest.Wait()
		if w.want(c.ID, tonypi.CommandDone); len(w.notes.alerts()) != 0 {
			t.Errorf("alerts %v", w.notes.alerts())
		}
	})
}

func TestStopOfARobotThatIsAway(t *testing.T) {
	for _, restart := range []string{"no", "stop", "kill"} {
		t.Run("restart "+restart, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.fleet.change("r3", false, func(r *tonypi.Robot) { r.Status = tonypi.StatusOffline })
				older := w.stop(stopOne("r3"))[0]
				time.Sleep(time.Second)
				c := w.stop(stopOne("r3"))[0]
				time.Sleep(time.Hour)
				if a := w.notes.alerts()["r3"]; a.Severity != tonypi.Warning || len(w.broker.on(wire.StopTopic("r3"))) != 2 {
					t.Errorf("alert %+v, published %d times", a, len(w.broker.on(wire.StopTopic("r3"))))
				}
				if restart != "no" {
					w.restart(restart == "kill")
				}
				time.Sleep(time.Minute + 10*time.Millisecond)
				n := len(w.broker.on(wire.StopTopic("r3")))
				w.fleet.change("r3", true, func(r *tonypi.Robot) { r.Status = "online" })
				w.Connected("r3")
				time.Sleep(50 * time.Millisecond)
				if got := w.broker.on(wire.StopTopic("r3")); len(got) != n+1 || payload(t, got[n])["id"] != c.ID {
					t.Errorf("published %d times more", len(got)-n)
				}
				w.mustAnswer("r3", stopped(c.ID))
				synctest.Wait()
				w.want(c.ID, tonypi.CommandDone)
				w.want(older.ID, tonypi.CommandDone)
				if len(w.notes.alerts()) != 0 || len(w.notes.measured()) != 0 {
					t.Errorf("alerts %v, measured %v", w.notes.alerts(), w.notes.measured())
				}
			})
		})
	}
}

// A resume is stored before anything else, so a stop that it withdrew does not come back with a restart.
func TestResumeOutlivesARestart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.stop(stopOne("r3"))[0]
		time.Sleep(time.Minute)
		row := w.store.row(t, c.ID)
		list, err := w.Resume(t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r3"}, Confirmed: true, By: olga})
		if err != nil || list[0].Status != tonypi.CommandRefused {
			t.Fatalf("got %v, %v", list, err)
		}
		w.restart(true)
		w.store.mu.Lock()
		w.store.rows[c.ID] = row // as if the server was killed before this was written
		w.store.mu.Unlock()
		w.restart(true)
		w.want(c.ID, tonypi.CommandExpired)
		w.fleet.change("r3", true, nil)
		n := w.broker.count()
		w.Connected("r3")
		time.Sleep(time.Minute)
		if w.broker.count() != n {
			t.Error("a stop that was withdrawn was published")
		}
	})
}

func TestResume(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.fleet.change("r1", true, func(r *tonypi.Robot) { r.Stopped = true })
		o := tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Reason: "clear", By: olga}
		if _, err := w.Resume(t.Context(), o); tonypi.KindOf(err) != tonypi.Invalid || w.broker.count() != 0 {
			t.Errorf("unconfirmed: %v", err)
		}
		o.Confirmed = true
		list, err := w.Resume(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		sent := w.broker.on(wire.CommandTopic("r1"))
		if len(sent) != 1 || payload(t, sent[0])["type"] != "resume" || payload(t, sent[0])["reason"] != "clear" {
			t.Errorf("published %v", sent)
		}
		w.mustAnswer("r1", tonypi.Ack{CommandID: list[0].ID, Type: "resume", Success: true, Message: "Robot resumed"})
		w.want(list[0].ID, tonypi.CommandDone)
		synctest.Wait()
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga resume r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

// Somebody stops the robot while the database takes the resume of somebody else.
func TestStopOvertakesAResume(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.mustAnswer("r1", stopped(w.stop(stopOne("r1"))[0].ID))
		time.Sleep(time.Minute)
		w.store.mu.Lock()
		w.store.slow = 4 * time.Second
		w.store.mu.Unlock()
		answer := make(chan tonypi.Command, 1)
		go func() {
			list, err := w.Resume(t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Confirmed: true, By: olga})
			if err != nil {
				t.Error(err)
				list = []tonypi.Command{{}}
			}
			answer <- list[0]
		}()
		time.Sleep(2 * time.Second)
		c := w.stop(stopOne("r1"))[0]
		if r := <-answer; r.Status != tonypi.CommandRefused || len(w.broker.on(wire.CommandTopic("r1"))) != 0 {
			t.Errorf("the resume is %+v, published %v", r, w.broker.on(wire.CommandTopic("r1")))
		}
		w.want(c.ID, tonypi.CommandSent)
		w.mustAnswer("r1", stopped(c.ID))
		time.Sleep(time.Second)
		o := tonypi.Order{Robots: []tonypi.RobotID{"r1"}, Confirmed: true, By: olga}
		if list, err := w.Resume(t.Context(), o); err != nil || list[0].Status != tonypi.CommandSent {
			t.Errorf("a resume after the stop: %+v, %v", list, err)
		}
	})
}

func TestStopBrokerDown(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.broker.set(errors.New("no route"), false)
		list, err := w.Stop(t.Context(), stopOne("r1", "r3"))
		if tonypi.KindOf(err) != tonypi.Unavailable || len(list) != 2 || list[0].Status != tonypi.CommandSent {
			t.Errorf("got %v, %v", list, err)
		}
		time.Sleep(10 * time.Second)
		w.broker.set(nil, false)
		time.Sleep(1500 * time.Millisecond)
		if len(w.broker.on(wire.StopTopic("r1"))) == 0 || len(w.broker.on(wire.StopTopic("r3"))) == 0 {
			t.Errorf("not tried again: %v", w.broker.sent)
		}
		w.broker.set(nil, true)
		began := time.Now()
		if _, err := w.Stop(t.Context(), tonypi.Order{All: true, By: olga}); tonypi.KindOf(err) != tonypi.Unavailable || time.Since(began) > publishWithin {
			t.Errorf("got %v after %v", err, time.Since(began))
		}
		if a := w.notes.alerts(); len(a) != 3 { // people knew before that
			t.Errorf("alerts %v", a)
		}
	})
}

func TestStopNobody(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if _, err := w.Stop(t.Context(), stopOne()); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("got %v", err)
		}
		// A robot that is not of the fleet is stopped all the same.
		if _, err := w.Stop(t.Context(), stopOne("joining")); tonypi.KindOf(err) != tonypi.NotFound || len(w.broker.on(wire.StopTopic("joining"))) != 1 {
			t.Errorf("got %v", err)
		}
		if _, err := w.Stop(t.Context(), stopOne("a/b")); tonypi.KindOf(err) != tonypi.NotFound || w.broker.count() != 1 {
			t.Errorf("got %v", err)
		}
		list, err := w.Send(t.Context(), tonypi.Order{Robots: []tonypi.RobotID{"r1", "joining"}, Type: "emergency_stop", By: olga})
		if err != nil || len(list) != 1 || len(w.broker.on(wire.StopTopic("r1"))) != 1 {
			t.Errorf("got %v, %v", list, err)
		}
	})
}

// An ID that is another command's does not keep a stop from being watched; neither do strange ones.
func TestStopWithABadID(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		taken := w.send(waving("r1"))
		for _, id := range []string{taken.ID, strings.Repeat("x", 200), "a\x00b"} {
			o := stopOne("r1")
			o.ID = id
			c := w.stop(o)[0]
			if c.ID == id || c.Status != tonypi.CommandSent {
				t.Errorf("%q: got %+v", id, c)
			}
		}
		w.want(taken.ID, tonypi.CommandSent)
		if n := len(w.broker.on(wire.StopTopic("r1"))); n != 3 {
			t.Errorf("published %d stops", n)
		}
	})
}

func TestManyUnconfirmedStops(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var ids []string
		for range 3 * maxPending {
			ids = append(ids, w.stop(stopOne("r1"))[0].ID)
			time.Sleep(time.Millisecond)
		}
		if n := len(w.pending["r1"].stops); n != maxPending {
			t.Errorf("%d stops wait", n)
		}
		w.want(ids[0], tonypi.CommandExpired)
		w.mustAnswer("r1", stopped(ids[len(ids)-1]))
		for _, id := range ids[2*maxPending:] {
			w.want(id, tonypi.CommandDone)
		}
		if len(w.pending) != 0 {
			t.Error("something waits")
		}
	})
}

func TestStopLatencies(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range 100 {
			c := w.stop(stopOne("r1"))[0]
			time.Sleep(time.Duration(i+1) * time.Millisecond)
			w.mustAnswer("r1", stopped(c.ID))
		}
		w.stop(stopOne("r3"))
		time.Sleep(2 * time.Second)
		all, err := w.StopLatencies(t.Context(), "", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{" 100 1 50 99 100", "r1 100 0 50 99 100", "r3 0 1 0 0 0"} {
			s := all[i]
			if got := fmt.Sprint(s.Robot, " ", s.Count, " ", s.Unconfirmed, " ", s.P50, " ", s.P99, " ", s.Max); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if len(s.Points) != 0 || s.Points == nil {
				t.Errorf("points %v", s.Points)
			}
		}
		one, err := w.StopLatencies(t.Context(), "r1", time.Time{})
		if err != nil || len(one) != 1 || len(one[0].Points) != 100 || *one[0].Points[0].LatencyMS != 100 || one[0].Points[0].By != "olga" {
			t.Errorf("got %v, %v", one, err)
		}
		if none, err := w.StopLatencies(t.Context(), "r1", time.Now()); err != nil || none[0].Count != 0 || none[0].P99 != 0 {
			t.Errorf("got %v, %v", none, err)
		}
	})
}
