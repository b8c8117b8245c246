package api

import (
	"fmt"
	"strings"
	"testing"

	"tonypi"
)

func TestUsers(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	made := read[tonypi.User](f.do("POST", "/users", admin, `{"username":"ada","email":"ada@example.org","password":"long enough"}`).want(201))
	if made.Role != tonypi.Viewer || !made.Active || made.ID == "" || made.CreatedAt.IsZero() {
		t.Errorf("made %+v", made)
	}
	also := read[tonypi.User](f.do("POST", "/auth/register", admin, `{"username":"bob","password":"long enough","role":"operator"}`).want(201))
	list := read[[]tonypi.User](f.do("GET", "/users", admin, "").want(200))
	if len(list) != 5 || list[0].ID != also.ID && list[0].ID != made.ID {
		t.Errorf("list %+v", list)
	}
	got := read[tonypi.User](f.do("GET", "/users/"+made.ID, admin, "").want(200))
	if got.Email != "ada@example.org" {
		t.Errorf("got %+v", got)
	}
	f.do("POST", "/auth/login", "", login("ada", "long enough")).want(200)
	changed := read[tonypi.User](f.do("PUT", "/users/"+made.ID, admin, `{"email":"a@b.c","role":"operator"}`).want(200))
	if changed.Role != tonypi.Operator || changed.Email != "a@b.c" || !changed.Active {
		t.Errorf("changed %+v", changed)
	}
	f.do("DELETE", "/users/"+made.ID, admin, "").want(204)
	f.do("GET", "/users/"+made.ID, admin, "").detail(404, "User not found")
	f.do("DELETE", "/users/"+made.ID, admin, "").detail(404, "User not found")
	f.do("PUT", "/users/"+made.ID, admin, `{"role":"viewer"}`).detail(404, "User not found")
}

func TestUserErrors(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"name is taken", "POST", "/users", `{"username":"Admin","email":"x@y.z","password":"long enough"}`, 400, "Username or email already exists"},
		{"address is taken", "POST", "/users", `{"username":"ada","email":"ADMIN@example.org","password":"long enough"}`, 400, "Username or email already exists"},
		{"bad role", "POST", "/users", `{"username":"ada","password":"long enough","role":"boss"}`, 422, `body.role: expected value to be one of "viewer, operator, admin"`},
		{"short password", "POST", "/users", `{"username":"ada","password":"short"}`, 422, "body.password: expected length >= 8"},
		{"long password", "POST", "/users", fmt.Sprintf(`{"username":"ada","password":%q}`, strings.Repeat("é", 40)), 400, "Password must have 8 to 72 bytes"},
		{"no password", "POST", "/users", `{"username":"ada"}`, 422, "body: expected required property password to be present"},
		{"unknown field", "POST", "/users", `{"username":"ada","password":"long enough","admin":true}`, 422, "body.admin: unexpected property"},
		{"spaces in name", "POST", "/users", `{"username":"a da","password":"long enough"}`, 400, "Username must have 1 to 50 bytes and no spaces"},
		{"bad address", "POST", "/users", `{"username":"ada","password":"long enough","email":"ada"}`, 400, "Invalid e-mail address"},
		{"address with a name", "POST", "/users", `{"username":"ada","password":"long enough","email":"Ada <a@b.c>"}`, 400, "Invalid e-mail address"},
		{"not JSON", "POST", "/users", `{"username":`, 400, "body: unexpected end of JSON input"},
		{"no body", "POST", "/users", ``, 400, "request body is required"},
		{"nothing to change", "PUT", "/users/id-viewer", `{}`, 400, "No fields to update"},
		{"self", "DELETE", "/users/id-admin", "", 400, "Cannot delete your own account"},
		{"demote last admin", "PUT", "/users/id-admin", `{"role":"viewer"}`, 409, "The last active admin cannot be removed, demoted or disabled"},
		{"disable last admin", "PUT", "/users/id-admin", `{"is_active":false}`, 409, "The last active admin cannot be removed, demoted or disabled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			a := f.do(c.method, c.path, f.tokens[tonypi.Admin], c.body).detail(c.status, c.detail)
			if strings.Contains(a.body, "short") || strings.Contains(a.body, "long enough") {
				t.Errorf("the answer holds a password: %s", a.body)
			}
		})
	}
}

func TestUserChangesActAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		method, body string
		status       int
	}{
		"disable":      {"PUT", `{"is_active":false}`, 401},
		"new password": {"PUT", `{"password":"long enough"}`, 401},
		"demote":       {"PUT", `{"role":"viewer"}`, 403},
		"delete":       {"DELETE", "", 401},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			token := f.tokens[tonypi.Operator]
			f.do("POST", "/alerts/acknowledge-all", token, "").want(200)
			f.do(c.method, "/users/id-operator", f.tokens[tonypi.Admin], c.body)
			f.do("POST", "/alerts/acknowledge-all", token, "").want(c.status)
		})
	}
}

func TestAnotherAdminMayGo(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	f.do("PUT", "/users/id-operator", admin, `{"role":"admin"}`).want(200)
	f.do("PUT", "/users/id-admin", admin, `{"role":"viewer"}`).want(200)
	f.do("GET", "/users", admin, "").detail(403, "Admin access required")
	f.do("DELETE", "/users/id-admin", f.tokens[tonypi.Operator], "").want(204)
	f.do("DELETE", "/users/id-viewer", f.tokens[tonypi.Operator], "").want(204)
}
