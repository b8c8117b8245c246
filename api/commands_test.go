package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

func TestSendCommand(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	for _, c := range []struct {
		name, body, kind, id string
		parameters           map[string]any
	}{
		{"ours", `{"type":"move","parameters":{"direction":"left","distance":2}}`, "move", "", map[string]any{"direction": "left", "distance": 2.0}},
		{"the original's /robot-data/command", `{"type":"move","id":"a1","direction":"left","timestamp":"2026-11-23T18:04:41"}`, "move", "a1", map[string]any{"direction": "left"}},
		{"the original's /management/command", `{"command":"head_nod","command_id":"cmd_1","parameters":{"times":3},"robot_id":"r9"}`, "head_nod", "cmd_1", map[string]any{"times": 3.0}},
		{"both", `{"type":"move","speed":1,"parameters":{"speed":2}}`, "move", "", map[string]any{"speed": 2.0}},
		{"nothing but a type", `{"type":"status_request"}`, "status_request", "", map[string]any{}},
	} {
		a := f.do("POST", "/robots/r1/command", operator, c.body).want(202)
		got, o := read[tonypi.Command](a), f.crew.order()
		if o.Type != c.kind || o.ID != c.id || !cmp.Equal(o.Parameters, c.parameters) || o.By.Name != "operator" || o.By.Session != f.session[tonypi.Operator] || o.Robots[0] != "r1" {
			t.Errorf("%s: order %+v", c.name, o)
		}
		if got.Status != tonypi.CommandSent || got.Type != c.kind || got.Parameters == nil {
			t.Errorf("%s: %s", c.name, a.body)
		}
	}
	f.do("POST", "/robots/r1/command", operator, `{}`).detail(400, "type is missing; GET /commands/catalogue lists the types")
	f.do("POST", "/robots/r1/command", operator, `[]`).want(422)
	f.do("POST", "/robots/nobody/command", operator, `{"type":"move"}`).detail(404, `Robot "nobody" not found`)
	f.crew.err = tonypi.Errorf(tonypi.Invalid, "Unknown command")
	f.do("POST", "/robots/r1/command", operator, `{"type":"fly"}`).detail(400, "Unknown command")
}

func TestWaitForTheOutcome(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	got := read[tonypi.Command](f.do("POST", "/robots/r1/command?wait=5", operator, `{"type":"move"}`).want(200))
	if got.Status != tonypi.CommandDone {
		t.Errorf("%+v", got)
	}
	if all := read[CommandList](f.do("POST", "/commands?wait=5", operator, `{"type":"move","all":true}`).want(200)); len(all.Commands) != 1 || !all.Commands[0].Ended() {
		t.Errorf("%+v", all)
	}
	f.crew.silent = true
	start := time.Now()
	if got := read[tonypi.Command](f.do("POST", "/robots/r1/command?wait=0.2", operator, `{"type":"move"}`).want(202)); got.Status != tonypi.CommandSent {
		t.Errorf("%+v", got)
	}
	if took := time.Since(start); took < 200*time.Millisecond || took > 5*time.Second {
		t.Errorf("waited %s", took)
	}
	f.do("POST", "/robots/r1/command?wait=61", operator, `{"type":"move"}`).want(422)
	f.do("POST", "/robots/r1/command?wait=-1", operator, `{"type":"move"}`).want(422)
}

func TestRefusedCommands(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	f.crew.refuse = "ada has control of the robot"
	f.do("POST", "/robots/r1/command", operator, `{"type":"move"}`).detail(409, "ada has control of the robot")
	f.fleet.robots["r2"] = tonypi.Summary{Robot: tonypi.Robot{ID: "r2"}}
	f.crew.refuse = "The robot is offline"
	f.do("POST", "/robots/r2/command?wait=1", operator, `{"type":"move"}`).detail(503, "The robot is offline")
	f.do("POST", "/robots/r2/jobs", operator, `{"task_name":"sort","items_total":3}`).want(503)
	// Several robots: the refused ones are told, and are no error.
	all := read[CommandList](f.do("POST", "/commands", operator, `{"type":"move","robots":["r1","r2"]}`).want(202))
	if len(all.Commands) != 2 || all.Commands[1].Status != tonypi.CommandRefused {
		t.Errorf("%+v", all)
	}
	page := read[CommandPage](f.do("GET", "/commands?status=refused", f.tokens[tonypi.Viewer], "").want(200))
	if len(page.Commands) != 5 {
		t.Errorf("%d in the history", len(page.Commands))
	}
	f.do("POST", "/commands", operator, `{"type":"move"}`).detail(400, "give either robots or all: true")
	f.do("POST", "/commands", operator, `{"type":"move","all":true,"robots":["r1"]}`).want(400)
}

func TestRepeatedCommandsAreOneOrder(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	send := func(token, path, body, key string) (answered, string) {
		a := f.do("POST", path, token, body, idempotencyHeader, key)
		return a, f.crew.order().ID
	}
	first, id := send(operator, "/robots/r1/command", `{"type":"move"}`, "one")
	if !strings.HasPrefix(id, "k:") || len(id) > 100 || strings.Contains(id, "one") {
		t.Errorf("order ID %q", id)
	}
	f.server.repeats = repeats{} // as after a restart
	again, same := send(operator, "/robots/r1/command", `{"type":"move"}`, "one")
	if first.want(202).body != again.want(202).body || id != same {
		t.Errorf("%s then %s", first.body, again.body)
	}
	for name, other := range map[string]string{
		"another person":  second(send(f.tokens[tonypi.Admin], "/robots/r1/command", `{"type":"move"}`, "one")),
		"another robot":   second(send(operator, "/robots/r2/command", `{"type":"move"}`, "one")),
		"another key":     second(send(operator, "/robots/r1/command", `{"type":"move"}`, "two")),
		"several":         second(send(operator, "/commands", `{"type":"move","all":true}`, "one")),
		"no key":          second(send(operator, "/robots/r1/command", `{"type":"move"}`, "")),
		"the start of it": second(send(operator, "/robots/r1/jobs", `{"task_name":"x"}`, "one")),
	} {
		if other == id {
			t.Errorf("%s: the same order", name)
		}
	}
	a, _ := send(operator, "/robots/r1/command", `{"type":"turn"}`, "one")
	a.detail(409, "This Idempotency-Key or command_id was used for another command")
	a, _ = send(operator, "/robots/r1/command", `{"type":"turn"}`, strings.Repeat("x", 101))
	a.want(422)
}

func second(_ answered, id string) string { return id }

func TestCommandHistory(t *testing.T) {
	f := newFixture(t)
	viewer := f.tokens[tonypi.Viewer]
	var all []tonypi.Command
	for i := range 25 {
		all = append(all, tonypi.Command{
			ID: fmt.Sprintf("0190-%04d", i), Robot: "r1", Type: "move", Status: tonypi.CommandDone, By: "operator", CreatedAt: time.Unix(int64(1000+i), 0).UTC(),
		})
	}
	all[3].Robot, all[4].Type, all[5].By = "r2", "stop", "admin"
	f.must(f.store.SaveCommands(t.Context(), all))
	seen := map[string]bool{}
	for cursor, pages := "", 0; ; pages++ {
		page := read[CommandPage](f.do("GET", "/commands?limit=10&cursor="+cursor, viewer, "").want(200))
		for _, c := range page.Commands {
			if seen[c.ID] || c.Parameters == nil {
				t.Fatalf("%+v", c)
			}
			seen[c.ID] = true
		}
		if cursor = page.Next; cursor == "" || pages > 5 {
			break
		}
	}
	if len(seen) != 25 {
		t.Errorf("%d of 25", len(seen))
	}
	for query, want := range map[string]int{
		"/commands?robot_id=r2": 1, "/commands?type=stop": 1, "/commands?by=admin": 1, "/robots/r1/commands": 24, "/commands?status=failed": 0,
	} {
		if got := read[CommandPage](f.do("GET", query, viewer, "").want(200)); len(got.Commands) != want || got.Commands == nil {
			t.Errorf("%s: %d, want %d", query, len(got.Commands), want)
		}
	}
	f.do("GET", "/commands/0190-0007", viewer, "").want(200)
	f.do("GET", "/commands/none", viewer, "").detail(404, `Command "none" not found`)
	f.do("GET", "/robots/nobody/commands", viewer, "").want(404)
	f.do("GET", "/commands?status=lost", viewer, "").want(422)
	if got := read[Catalogue](f.do("GET", "/commands/catalogue", viewer, "").want(200)); len(got.Commands) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestLeases(t *testing.T) {
	f := newFixture(t)
	operator, admin, viewer := f.tokens[tonypi.Operator], f.tokens[tonypi.Admin], f.tokens[tonypi.Viewer]
	if l := read[tonypi.Lease](f.do("POST", "/robots/r1/lease", operator, "").want(200)); !l.Mine || l.Holder != "operator" {
		t.Errorf("%+v", l)
	}
	if l := read[tonypi.Lease](f.do("GET", "/robots/r1/lease", viewer, "").want(200)); l.Mine || l.Holder != "operator" {
		t.Errorf("%+v", l)
	}
	f.do("POST", "/robots/r1/lease", operator, "{}").want(200) // once more
	f.do("POST", "/robots/r1/lease", admin, "{}").detail(409, "operator has control")
	f.do("POST", "/robots/r1/lease", admin, `{"force":true}`).want(200)
	f.do("POST", "/robots/r1/lease", operator, `{"force":true}`).detail(403, "Only an admin may take control from somebody; ask for a hand-over")
	f.do("POST", "/robots/r1/lease/hand-over", operator, `{"to":"viewer"}`).want(403)
	f.do("POST", "/robots/r1/lease/hand-over", admin, `{"to":"operator"}`).want(200)
	f.do("DELETE", "/robots/r1/lease", admin, "").want(409)
	for _, route := range []string{"GET /lease", "POST /lease", "DELETE /lease", "GET /config"} {
		method, path, _ := strings.Cut(route, " ")
		f.do(method, "/robots/nobody"+path, admin, "").detail(404, `Robot "nobody" not found`)
	}
}

func TestConfigs(t *testing.T) {
	f := newFixture(t)
	operator := f.tokens[tonypi.Operator]
	if a := f.do("GET", "/robots/r1/config", f.tokens[tonypi.Viewer], "").want(200); !strings.Contains(a.body, `"settings":{}`) || !strings.Contains(a.body, `"drift":false`) {
		t.Errorf("%s", a.body)
	}
	got := read[RobotSettings](f.do("PUT", "/robots/r1/config", operator, `{"settings":{"safety":{"max_speed":0.5}},"version":0}`).want(200))
	if got.Version != 1 || !got.Drift || got.UpdatedBy != "operator" || string(got.Settings) != `{"safety":{"max_speed":0.5}}` {
		t.Errorf("%+v", got)
	}
	f.do("PUT", "/robots/r1/config", operator, `{"settings":{},"version":0}`).want(409)
	f.do("PUT", "/robots/r1/config", operator, `{"settings":{},"version":-1}`).want(200)
	f.do("PUT", "/robots/r1/config", operator, `{"version":1}`).want(422)
}

func TestPartsThatAreMissing(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Commands, c.CommandStore, c.Leases, c.Configs, c.Jobs, c.JobStore, c.ItemStore = nil, nil, nil, nil, nil, nil, nil
		c.LogStore, c.LogBook, c.AuditStore, c.Record, c.Terminal, c.Camera = nil, nil, nil, nil, Terminal{}, Camera{}
	}, func(c *Config) { c.Extra = nil })
	for _, route := range []string{
		"GET /commands", "GET /commands/catalogue", "POST /robots/r1/command", "POST /robots/r1/emergency-stop", "POST /emergency-stop",
		"GET /robots/r1/lease", "GET /robots/r1/config", "GET /jobs", "POST /robots/r1/jobs/cancel", "GET /items", "GET /items/export", "GET /logs",
		"GET /logs/export/csv", "DELETE /logs/clear", "GET /audit", "GET /audit/export", "POST /robots/r1/terminal", "GET /ssh/connect/r1",
		"GET /robots/r1/ssh", "GET /recordings", "GET /recordings/x", "GET /robots/r1/camera", "GET /robots/r1/camera/stream", "GET /robots/r1/camera/snapshot",
	} {
		method, path, _ := strings.Cut(route, " ")
		body := ""
		if path == "/robots/r1/command" {
			body = `{"type":"move"}`
		}
		a := f.do(method, path, f.tokens[tonypi.Admin], body).want(503)
		if !strings.Contains(a.body, `"detail":"This server`) {
			t.Errorf("%s: %s", route, a.body)
		}
	}
	f.do("GET", "/robots/r1/camera/stream?ticket=x", "", "").want(503)
}
