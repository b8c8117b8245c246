package api

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tonypi"
)

// failing is a store of people that hangs or fails when it is told to.
type failing struct {
	tonypi.UserStore
	tonypi.SessionStore
	tonypi.CredentialStore
	hang, fail *atomic.Bool
}

func (f failing) wait() error {
	if f.hang.Load() {
		select {} // also ignores its context
	}
	if f.fail.Load() {
		return errors.New("disk I/O error")
	}
	return nil
}

func (f failing) User(ctx context.Context, id string) (tonypi.User, error) {
	if err := f.wait(); err != nil {
		return tonypi.User{}, err
	}
	return f.UserStore.User(ctx, id)
}

func (f failing) Session(ctx context.Context, id string) (tonypi.Session, error) {
	if err := f.wait(); err != nil {
		return tonypi.Session{}, err
	}
	return f.SessionStore.Session(ctx, id)
}

func (f failing) CredentialByHash(ctx context.Context, hash []byte) (tonypi.Credential, error) {
	if err := f.wait(); err != nil {
		return tonypi.Credential{}, err
	}
	return f.CredentialStore.CredentialByHash(ctx, hash)
}

func failingFixture(t *testing.T) (*fixture, failing) {
	t.Helper()
	store := failing{hang: &atomic.Bool{}, fail: &atomic.Bool{}}
	f := newFixture(t, func(c *Config) {
		store.UserStore, store.SessionStore, store.CredentialStore = c.Users, c.Sessions, c.Credentials
		c.Users, c.Sessions, c.Credentials = store, store, store
	})
	return f, store
}

// knew makes the server forget what it may only remember for seconds.
func (f *fixture) knew() { f.server.auth.forget() }

func TestStopWorksWithoutTheDatabase(t *testing.T) {
	for _, how := range []string{"hangs", "fails"} {
		t.Run(how, func(t *testing.T) {
			f, store := failingFixture(t)
			apiToken := f.credential(tonypi.APIToken, apiPrefix+"abc", "id-operator", time.Time{})
			for _, token := range []string{f.tokens[tonypi.Operator], f.tokens[tonypi.Viewer], f.tokens[tonypi.Admin], apiToken} {
				f.do("GET", "/robots", token, "").want(200)
			}
			f.knew()
			stranger, _ := f.signIn("operator") // a token that the server has not seen in use
			store.hang.Store(how == "hangs")
			store.fail.Store(how == "fails")
			first := true
			for _, path := range []string{"/robots/r1/emergency-stop", "/emergency-stop", "/api/v1/original/stop"} {
				for _, token := range []string{f.tokens[tonypi.Operator], f.tokens[tonypi.Admin], apiToken} {
					most := 50 * time.Millisecond
					if first {
						first, most = false, 200*time.Millisecond
					}
					start := time.Now()
					a := f.do("POST", path, token, `{"reason":"it burns"}`)
					if took := time.Since(start); a.status > 299 || took > most {
						t.Errorf("%s: %d after %s: %s", path, a.status, took, a.body)
					}
				}
			}
			if o := f.crew.order(); o.Type != tonypi.StopCommand || o.Reason != "it burns" || o.By.Name != "operator" || o.By.Role != tonypi.Operator || o.By.Address != "192.0.2.1" {
				t.Errorf("order %+v", o)
			}
			f.do("POST", "/robots/r1/resume", f.tokens[tonypi.Operator], `{"confirmed":true}`).want(202)
			if by, err := f.server.Caller(t.Context(), f.tokens[tonypi.Operator]); err != nil || by.Name != "operator" {
				t.Errorf("live socket: %+v %v", by, err)
			}
			f.do("POST", "/robots/r1/emergency-stop", f.tokens[tonypi.Viewer], "").want(403)
			f.do("POST", "/robots/r1/emergency-stop", "nonsense", "").want(401)
			f.do("POST", "/robots/r1/emergency-stop", "", "").want(401)
			if a := f.do("POST", "/robots/r1/emergency-stop", stranger, ""); a.status < 500 {
				t.Errorf("a stranger's stop: %d %s", a.status, a.body)
			}
			f.do("POST", "/robots/r1/command", f.tokens[tonypi.Operator], `{"type":"emergency_stop"}`).want(202)
			f.do("POST", "/commands", f.tokens[tonypi.Operator], `{"type":"emergency_stop","all":true}`).want(202)
			if how == "fails" { // a hanging store would hang everything else
				if a := f.do("GET", "/robots", f.tokens[tonypi.Operator], ""); a.status < 500 {
					t.Errorf("an ordinary request: %d", a.status)
				}
			}
		})
	}
}

// Whoever was signed out, disabled or deleted before the database went away is not believed again.
func TestForgottenPeopleDoNotStopRobots(t *testing.T) {
	for name, end := range map[string]func(f *fixture, token string){
		"signed out": func(f *fixture, token string) { f.do("POST", "/auth/logout", token, "").want(204) },
		"disabled": func(f *fixture, _ string) {
			f.do("PUT", "/users/id-operator", f.tokens[tonypi.Admin], `{"is_active":false}`).want(200)
		},
		"deleted": func(f *fixture, _ string) {
			f.do("DELETE", "/users/id-operator", f.tokens[tonypi.Admin], "").want(204)
		},
		"ended by an admin": func(f *fixture, _ string) {
			f.do("DELETE", "/users/id-operator/sessions", f.tokens[tonypi.Admin], "").want(204)
		},
		"gone": func(f *fixture, token string) { // elsewhere, and this server has noticed
			f.must(f.store.DeleteSessionsOf(f.t.Context(), "id-operator"))
			f.knew()
			f.do("GET", "/robots", token, "").want(401)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f, store := failingFixture(t)
			token := f.tokens[tonypi.Operator]
			f.do("POST", "/robots/r1/emergency-stop", token, "").want(202)
			end(f, token)
			f.knew()
			store.fail.Store(true)
			if a := f.do("POST", "/robots/r1/emergency-stop", token, ""); a.status < 400 {
				t.Errorf("%d", a.status)
			}
			if n := len(f.crew.orders); n != 1 {
				t.Errorf("%d stops", n)
			}
		})
	}
}

func TestRecentPeopleAreBounded(t *testing.T) {
	f := newFixture(t)
	a, now := f.server.auth, time.Now()
	a.mu.Lock()
	for i := range 3 * maxRecent {
		a.remember(string(rune(i+1000)), person{}, now)
	}
	n := len(a.recent)
	a.mu.Unlock()
	if n > maxRecent {
		t.Errorf("%d people", n)
	}
	operator := f.tokens[tonypi.Operator]
	key, _, err := a.keyOf(operator)
	f.must(err)
	for age, want := range map[time.Duration]bool{recentFor - time.Minute: true, recentFor: false} {
		a.mu.Lock()
		a.remember(key, person{User: tonypi.User{ID: "id-operator", Username: "operator"}}, time.Now().Add(-age))
		a.mu.Unlock()
		if _, err := a.believed(operator, errSlow); (err == nil) != want {
			t.Errorf("after %s: %v", age, err)
		}
	}
}

// A stop is carried out however badly its request is written, and however often it comes.
func TestStopIsNeverRefusedForItsForm(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	for _, c := range []struct{ body, reason string }{
		{"", ""}, {"{}", ""}, {"not json", ""}, {`[1]`, ""}, {`{"reason":7}`, ""}, {`{"reason":"fire"}`, "fire"},
		{`{"reason":"fire","clicked_at":"yesterday","more":[]}`, "fire"}, {`{"reason":"` + strings.Repeat("x", 9000) + `"}`, strings.Repeat("x", maxReason)},
		{`{"reason":"` + strings.Repeat("x", 100<<10) + `"}`, ""},
	} {
		f.do("POST", "/robots/r1/emergency-stop?wait=soon", operator, c.body, "Content-Type", "text/plain").want(202)
		if o := f.crew.order(); o.Reason != c.reason || o.Robots[0] != "r1" || o.All {
			t.Errorf("%.40s: %+v", c.body, o)
		}
	}
	for range 200 {
		f.do("POST", "/emergency-stop", operator, `{}`, idempotencyHeader, "same").want(202)
	}
	if o := f.crew.order(); !o.All || len(f.crew.orders) != 209 {
		t.Errorf("%d orders, the last %+v", len(f.crew.orders), o)
	}
	at := time.Now().UTC().Truncate(time.Millisecond)
	got := read[tonypi.Command](f.do("POST", "/robots/r1/emergency-stop?wait=1", operator, `{"clicked_at":"`+at.Format(time.RFC3339Nano)+`"}`).want(200))
	if got.Status != tonypi.CommandDone || !f.crew.order().ClickedAt.Equal(at) {
		t.Errorf("%+v", got)
	}
	f.do("POST", "/robots/nobody/emergency-stop", operator, "").detail(404, `Robot "nobody" not found`)
	f.crew.err = tonypi.Errorf(tonypi.Unavailable, "The broker takes nothing")
	f.do("POST", "/emergency-stop", operator, "").detail(503, "The broker takes nothing")
}

func TestResumeNeedsConfirmation(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	f.do("POST", "/robots/r1/resume", operator, `{"confirmed":false}`).detail(400, "A resume needs confirmed: true")
	f.do("POST", "/robots/r1/resume", operator, `{}`).want(422)
	f.do("POST", "/resume", operator, `{"confirmed":true}`).detail(400, "give either robots or all: true")
	f.do("POST", "/resume", operator, `{"confirmed":true,"all":true,"robots":["r1"]}`).want(400)
	if n := len(f.crew.orders); n != 0 {
		t.Fatalf("%d orders", n)
	}
	f.do("POST", "/robots/r1/resume", operator, `{"confirmed":true,"reason":"checked"}`).want(202)
	f.do("POST", "/resume?wait=1", operator, `{"confirmed":true,"all":true}`).want(200)
	if o := f.crew.order(); o.Type != tonypi.ResumeCommand || !o.All || !o.Confirmed {
		t.Errorf("%+v", o)
	}
	got := read[LatencyList](f.do("GET", "/stops/latency?robot_id=r1&time_range=7d", f.tokens[tonypi.Viewer], "").want(200))
	if len(got.Robots) != 1 || got.Robots[0].Robot != "r1" || got.Robots[0].Points == nil {
		t.Errorf("%+v", got)
	}
	f.do("GET", "/stops/latency?robot_id=nobody", f.tokens[tonypi.Viewer], "").want(404)
}
