package api

import (
	"testing"

	"tonypi"
)

func TestRobots(t *testing.T) {
	f := newFixture(t)
	viewer, operator, admin := f.tokens[tonypi.Viewer], f.tokens[tonypi.Operator], f.tokens[tonypi.Admin]
	if list := read[RobotList](f.do("GET", "/robots", viewer, "").want(200)); len(list.Robots) != 1 || list.Robots[0].ID != "r1" {
		t.Errorf("list %+v", list)
	}
	made := read[CreatedRobot](f.do("POST", "/robots", operator, `{"robot_id":"r 2","location":"lab"}`).want(201))
	if made.Robot.Name != "r 2" || made.Robot.Location != "lab" || made.Credential.Username != "r 2" || made.Credential.Password == "" {
		t.Errorf("made %+v", made)
	}
	got := read[tonypi.Summary](f.do("PUT", "/robots/r%202", operator, `{"name":"Two"}`).want(200))
	if got.Name != "Two" || got.Location != "lab" {
		t.Errorf("changed %+v", got)
	}
	if got := read[tonypi.Summary](f.do("GET", "/robots/r%202", viewer, "").want(200)); got.Name != "Two" {
		t.Errorf("got %+v", got)
	}
	f.do("DELETE", "/robots/r%202", admin, "").want(204)
	f.do("GET", "/robots/r%202", viewer, "").detail(404, `Robot "r 2" not found`)

	pending := read[PendingList](f.do("GET", "/robots/pending", admin, "").want(200))
	if len(pending.Robots) != 1 || pending.Robots[0].Samples == nil {
		t.Errorf("pending %+v", pending)
	}
	if got := read[tonypi.Summary](f.do("POST", "/robots/new/adopt", admin, "").want(200)); got.ID != "new" {
		t.Errorf("adopted %+v", got)
	}
	f.do("POST", "/robots/new/reject", admin, "").want(404)
	if list := read[PendingList](f.do("GET", "/robots/pending", admin, "").want(200)); list.Robots == nil || len(list.Robots) != 0 {
		t.Errorf("pending %+v", list)
	}
}

func TestRobotErrors(t *testing.T) {
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"exists", "POST", "/robots", `{"robot_id":"r1"}`, 409, `Robot "r1" exists already`},
		{"wildcard", "POST", "/robots", `{"robot_id":"a/b"}`, 400, `robot ID "a/b" has a character that MQTT topics reserve (/ + #)`},
		{"reserved", "POST", "/robots", `{"robot_id":"pending"}`, 400, `robot ID "pending" is reserved`},
		{"empty", "POST", "/robots", `{"robot_id":""}`, 422, "body.robot_id: expected length >= 1"},
		{"unknown", "GET", "/robots/nobody", "", 404, `Robot "nobody" not found`},
		{"unknown to change", "PUT", "/robots/nobody", `{"name":"x"}`, 404, `Robot "nobody" not found`},
		{"empty name", "PUT", "/robots/r1", `{"name":""}`, 422, "body.name: expected length >= 1"},
		{"unknown to remove", "DELETE", "/robots/nobody", "", 404, "Robot not found"},
		{"unknown to adopt", "POST", "/robots/nobody/adopt", "", 404, "Robot not found"},
		{"unknown latest", "GET", "/robots/nobody/latest", "", 404, `Robot "nobody" not found`},
		{"unknown series", "GET", "/robots/nobody/series", "", 404, `Robot "nobody" not found`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.do(c.method, c.path, f.tokens[tonypi.Admin], c.body).detail(c.status, c.detail)
		})
	}
}
