package api

import (
	"testing"

	"tonypi"
)

func TestStill(t *testing.T) {
	f := newFixture(t)
	p, err := f.server.auth.person(t.Context(), f.tokens[tonypi.Operator])
	if err != nil {
		t.Fatal(err)
	}
	by := p.caller("192.0.2.1")
	script := by
	script.Session = addressed + "192.0.2.1" // as a program with an API token has
	for _, c := range []tonypi.Caller{by, script} {
		if err := f.server.Still(t.Context(), c); err != nil {
			t.Errorf("%+v may no longer: %v", c, err)
		}
	}
	for _, c := range []tonypi.Caller{
		{Name: "anonymous", Role: tonypi.Operator, Session: "@192.0.2.1"}, {Name: "nobody", Role: tonypi.Operator}, {Name: by.Name, Role: tonypi.Operator, Session: "gone"},
	} {
		if err := f.server.Still(t.Context(), c); err == nil || tonypi.KindOf(err) != tonypi.Unauthenticated {
			t.Errorf("%+v: %v", c, err)
		}
	}
	f.do("PUT", "/users/"+p.User.ID, f.tokens[tonypi.Admin], `{"role":"viewer"}`).want(200)
	for _, c := range []tonypi.Caller{by, script} {
		if err := f.server.Still(t.Context(), c); tonypi.KindOf(err) != tonypi.Forbidden {
			t.Errorf("%+v was demoted: %v", c, err)
		}
	}
}
