package api

import (
	"slices"
	"testing"

	"tonypi"
)

func TestSessions(t *testing.T) {
	var revoked, ended []string
	f := newFixture(t, func(c *Config) {
		c.Revoked = func(user string) { revoked = append(revoked, user) }
		c.SessionEnded = func(session string) { ended = append(ended, session) }
	})
	viewer, admin := f.tokens[tonypi.Viewer], f.tokens[tonypi.Admin]
	second, phone := f.signIn("viewer")
	list := read[SessionList](f.do("GET", "/sessions", viewer, "").want(200))
	if len(list.Sessions) != 2 {
		t.Fatalf("%+v", list)
	}
	for _, s := range list.Sessions {
		if s.Current != (s.ID == f.session[tonypi.Viewer]) || s.Address != "192.0.2.200" || s.Agent != "test" || s.ExpiresAt.IsZero() {
			t.Errorf("%+v", s)
		}
	}
	f.do("DELETE", "/sessions/"+f.session[tonypi.Admin], viewer, "").detail(404, "Session not found") // somebody else's
	f.do("DELETE", "/sessions/"+phone, viewer, "").want(204)
	f.do("GET", "/robots", second, "").want(401)
	f.do("GET", "/robots", viewer, "").want(200)
	if !slices.Equal(ended, []string{phone}) || !slices.Equal(revoked, []string{"viewer"}) {
		t.Errorf("ended %q, revoked %q", ended, revoked)
	}
	if list := read[SessionList](f.do("GET", "/users/id-viewer/sessions", admin, "").want(200)); len(list.Sessions) != 1 || list.Sessions[0].Current {
		t.Errorf("%+v", list)
	}
	f.do("DELETE", "/users/id-viewer/sessions", admin, "").want(204)
	f.do("GET", "/robots", viewer, "").want(401)
	f.do("GET", "/users/nobody/sessions", admin, "").detail(404, "User not found")
	f.do("DELETE", "/users/nobody/sessions", admin, "").want(404)
	ended = nil
	f.do("POST", "/auth/logout", admin, "").want(204)
	if !slices.Equal(ended, []string{f.session[tonypi.Admin]}) {
		t.Errorf("a sign-out ended %q", ended)
	}
}

func TestRoles(t *testing.T) {
	f := newFixture(t)
	got := read[PermissionList](f.do("GET", "/roles", f.tokens[tonypi.Viewer], "").want(200))
	if !slices.Equal(got.Permissions, tonypi.Permissions()) {
		t.Errorf("%+v", got)
	}
}
