package api

import (
	"slices"
	"strings"
	"testing"

	"tonypi"
)

// What leaves no entry here, and why.
var (
	engineWrites = map[string]string{ // the engine that writes it
		"POST /api/v1/robots/{robot_id}/command":         "command.Dispatcher",
		"POST /api/v1/commands":                          "command.Dispatcher",
		"POST /api/v1/robots/{robot_id}/emergency-stop":  "command.Dispatcher",
		"POST /api/v1/emergency-stop":                    "command.Dispatcher",
		"POST /api/v1/robots/{robot_id}/resume":          "command.Dispatcher",
		"POST /api/v1/resume":                            "command.Dispatcher",
		"POST /api/v1/robots/{robot_id}/jobs":            "command.Dispatcher",
		"POST /api/v1/robots/{robot_id}/jobs/cancel":     "command.Dispatcher",
		"POST /api/v1/robots/{robot_id}/lease":           "command.Leases",
		"DELETE /api/v1/robots/{robot_id}/lease":         "command.Leases",
		"POST /api/v1/robots/{robot_id}/lease/hand-over": "command.Leases",
		"PUT /api/v1/robots/{robot_id}/config":           "command.Configs",
		"POST /api/v1/robots/{robot_id}/terminal":        "terminal.Server",
		"POST /api/v1/ssh/test/{robot_id}":               "terminal.Server",
		"PUT /api/v1/robots/{robot_id}/ssh":              "terminal.Server",
		"DELETE /api/v1/robots/{robot_id}/ssh":           "terminal.Server",
		"DELETE /api/v1/robots/{robot_id}/ssh/host-key":  "terminal.Server",
		"DELETE /api/v1/recordings/{id}":                 "terminal.Server",
		"POST /api/v1/original/command":                  "compat.Server",
		"POST /api/v1/original/stop":                     "compat.Server",
		"DELETE /api/v1/original/{id}":                   "compat.Server",
	}
	notWritten = map[string]string{
		"POST /api/v1/auth/refresh":                    "goes on with a sign-in that is written down",
		"POST /api/v1/logs":                            "is a line of the log itself",
		"POST /api/v1/robots/{robot_id}/camera/ticket": "changes nothing",
	}
)

// deed is a request that works, and the entry that it leaves.
type deed struct {
	pattern, path, body string
	action, target      string
	robot               tonypi.RobotID
}

var deeds = []deed{
	{"POST /api/v1/auth/login", "/auth/login", `{"username":"Viewer","password":"` + password + `"}`, "sign_in", "", ""},
	{"PUT /api/v1/auth/me/password", "/auth/me/password", `{"current_password":"` + password + `","new_password":"` + password + ` 2"}`, "password.change", "admin", ""},
	{"POST /api/v1/auth/register", "/auth/register", `{"username":"u1","password":"` + password + `"}`, "user.create", "u1", ""},
	{"POST /api/v1/users", "/users", `{"username":"u2","password":"` + password + `"}`, "user.create", "u2", ""},
	{"PUT /api/v1/users/{id}", "/users/id-viewer", `{"role":"operator","password":"` + password + `"}`, "user.update", "viewer", ""},
	{"DELETE /api/v1/users/{id}/sessions", "/users/id-viewer/sessions", "", "session.end", "viewer", ""},
	{"DELETE /api/v1/users/{id}", "/users/id-viewer", "", "user.delete", "viewer", ""},
	{"DELETE /api/v1/sessions/{id}", "/sessions/{session}", "", "session.end", "admin", ""},
	{"POST /api/v1/robots", "/robots", `{"robot_id":"r2"}`, "robot.create", "", "r2"},
	{"PUT /api/v1/robots/{robot_id}", "/robots/r2", `{"name":"Two"}`, "robot.update", "", "r2"},
	{"DELETE /api/v1/robots/{robot_id}", "/robots/r2", "", "robot.remove", "", "r2"},
	{"POST /api/v1/robots/{robot_id}/adopt", "/robots/new/adopt", "", "robot.adopt", "", "new"},
	{"POST /api/v1/robots/{robot_id}/reject", "/robots/newer/reject", "", "robot.reject", "", "newer"},
	{"POST /api/v1/enroll", "/enroll", `{"token":"tj_good","robot_id":"r3"}`, "robot.enroll", "", "r3"},
	{"POST /api/v1/alerts/acknowledge-all", "/alerts/acknowledge-all", `{"robot_id":"r1"}`, "alert.acknowledge", "", "r1"},
	{"POST /api/v1/alerts/{id}/acknowledge", "/alerts/1/acknowledge", "", "alert.acknowledge", "1", "r1"},
	{"PUT /api/v1/alerts/{id}/acknowledge", "/alerts/1/acknowledge", "", "alert.acknowledge", "1", "r1"},
	{"PUT /api/v1/alerts/{id}/ack", "/alerts/1/ack", "", "alert.acknowledge", "1", "r1"},
	{"POST /api/v1/alerts/{id}/resolve", "/alerts/1/resolve", "", "alert.resolve", "1", "r1"},
	{"PUT /api/v1/alerts/{id}/resolve", "/alerts/1/resolve", "", "alert.resolve", "1", "r1"},
	{"DELETE /api/v1/alerts/{id}", "/alerts/1", "", "alert.delete", "1", ""},
	{"POST /api/v1/alerts/thresholds", "/alerts/thresholds", `{"metric_type":"cpu","warning_threshold":1,"critical_threshold":2}`, "rule.save", "cpu", ""},
	{"PUT /api/v1/alerts/thresholds/{id}", "/alerts/thresholds/1", `{"critical_threshold":3}`, "rule.save", "cpu", ""},
	{"DELETE /api/v1/alerts/thresholds/{id}", "/alerts/thresholds/1", "", "rule.delete", "1", ""},
	{"POST /api/v1/alerts/thresholds/init-defaults", "/alerts/thresholds/init-defaults", "", "rule.defaults", "", ""},
	{"POST /api/v1/join-tokens", "/join-tokens", `{"name":"lab"}`, "join_token.create", "lab", ""},
	{"DELETE /api/v1/join-tokens/{id}", "/join-tokens/j1", "", "join_token.delete", "old", ""},
	{"POST /api/v1/tokens", "/tokens", `{"name":"script"}`, "token.create", "script", ""},
	{"DELETE /api/v1/tokens/{id}", "/tokens/t1", "", "token.delete", "mine", ""},
	{"POST /api/v1/robots/{robot_id}/scan", "/robots/r1/scan", `{"code":"A1"}`, "scan.trigger", "A1", "r1"},
	{"PUT /api/v1/items/{code}", "/items/A1", `{"name":"Bolt"}`, "item.save", "A1", ""},
	{"POST /api/v1/items/import", "/items/import", "code\nA2\n", "item.save", "", ""},
	{"DELETE /api/v1/items/{code}", "/items/A1", "", "item.delete", "A1", ""},
	{"DELETE /api/v1/logs/clear", "/logs/clear?days=7", "", "logs.clear", "", ""},
	{"GET /api/v1/logs/export/json", "/logs/export/json?robot_id=r1", "", "logs.export", "", "r1"},
	{"GET /api/v1/logs/export/csv", "/logs/export/csv?time_range=all", "", "logs.export", "", ""},
	{"GET /api/v1/audit/export", "/audit/export", "", "audit.export", "", ""},
	{"POST /api/v1/auth/logout", "/auth/logout", "", "sign_out", "", ""},
}

func TestEveryChangeLeavesOneEntry(t *testing.T) {
	f := newFixture(t)
	admin := f.tokens[tonypi.Admin]
	f.fleet.pending["newer"] = tonypi.PendingRobot{ID: "newer"}
	f.must(f.store.SaveAlerts(t.Context(), []tonypi.Alert{{ID: 1, Robot: "r1", Type: "cpu", Title: "High CPU", Severity: tonypi.Warning}}))
	f.must(f.store.SaveCredential(t.Context(), tonypi.Credential{ID: "j1", Kind: tonypi.JoinToken, Name: "old", SecretHash: []byte("j")}))
	f.must(f.store.SaveCredential(t.Context(), tonypi.Credential{ID: "t1", Kind: tonypi.APIToken, Name: "mine", UserID: "id-admin", SecretHash: []byte("t")}))
	f.must(f.store.AppendLogs(t.Context(), []tonypi.LogEntry{{ID: 1, Level: "INFO", Category: "system", Message: "hello"}}))
	tried := map[string]bool{"POST /api/v1/auth/setup": true} // below
	for _, d := range deeds {
		tried[d.pattern] = true
		path := d.path
		if strings.Contains(path, "{session}") {
			_, session := f.signIn("admin")
			path = strings.Replace(path, "{session}", session, 1)
		}
		method, _, _ := strings.Cut(d.pattern, " ")
		a := f.do(method, path, admin, d.body)
		if strings.HasSuffix(path, "import") && a.status == 415 {
			a = f.do(method, path, admin, d.body, "Content-Type", "text/csv")
		}
		entries := f.book.take()
		if a.status > 299 || len(entries) != 1 {
			t.Errorf("%s: %d, %d entries %+v: %s", d.pattern, a.status, len(entries), entries, a.body)
			continue
		}
		e := entries[0]
		checkEntry(t, e)
		want := tonypi.AuditEntry{User: "admin", Role: tonypi.Admin, Address: "192.0.2.1", Action: d.action, Target: d.target, Robot: d.robot, OK: true, Message: e.Message}
		switch d.action {
		case "sign_in":
			want.User, want.Role = "viewer", tonypi.Viewer
		case "robot.enroll":
			want.User, want.Role = "", ""
		}
		if strings.HasPrefix(d.pattern, "DELETE /api/v1/sessions") {
			f.cookies = map[string]string{}
		}
		if e.User != want.User || e.Role != want.Role || e.Address != want.Address || e.Action != want.Action || e.Target != want.Target || e.Robot != want.Robot || !e.OK {
			t.Errorf("%s: %+v, want %+v", d.pattern, e, want)
		}
	}
	for pattern := range f.server.routes.access {
		method, path, ok := strings.Cut(pattern, " ")
		reading := !ok || method == "GET" || !strings.HasPrefix(path, prefix)
		if !reading && !tried[pattern] && engineWrites[pattern] == "" && notWritten[pattern] == "" {
			t.Errorf("%s leaves no entry that this test has seen", pattern)
		}
	}
}

func TestSetupLeavesAnEntry(t *testing.T) {
	f := empty(t)
	f.do("POST", "/auth/setup", "", `{"token":"wrong","password":"`+password+`"}`).want(403)
	f.do("POST", "/auth/setup", "", `{"token":"`+f.server.SetupToken()+`","password":"`+password+`"}`).want(200)
	all := f.book.take()
	if len(all) != 2 || all[0].OK || !all[1].OK || all[1].Action != "user.create" || all[1].User != "admin" || all[1].Target != "admin" {
		t.Errorf("%+v", all)
	}
}

func TestWhatFailsLeavesAnEntryToo(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		method, path, body string
		role               tonypi.Role
		status             int
		want               []string // user, action and message
	}{
		{"POST", "/auth/login", `{"username":"admin","password":"wrong"}`, "", 401, []string{"admin sign_in.failed Invalid username or password"}},
		{"POST", "/auth/login", `{"username":"ghost","password":"wrong"}`, "", 401, []string{"ghost sign_in.failed Invalid username or password"}},
		{"POST", "/users", `{"username":"x","password":"longenough"}`, tonypi.Viewer, 403, []string{"viewer user.create Admin access required"}},
		{"POST", "/robots/r1/command", `{"type":"move"}`, tonypi.Viewer, 403, []string{"viewer command.send The role viewer does not allow this"}},
		{"POST", "/robots/r1/emergency-stop", "", tonypi.Viewer, 403, []string{"viewer stop The role viewer does not allow this"}},
		{"POST", "/robots/r1/terminal", "{}", tonypi.Viewer, 403, []string{"viewer terminal.open The role viewer does not allow this"}},
		{"DELETE", "/users/id-admin", "", tonypi.Admin, 400, []string{"admin user.delete Cannot delete your own account"}},
		{"DELETE", "/robots/nobody", "", tonypi.Admin, 404, []string{"admin robot.remove Robot not found"}},
		{"GET", "/audit/export", "", tonypi.Operator, 403, []string{"operator audit.export Admin access required"}},
		{"POST", "/users", `{"username":"x","password":"longenough"}`, "", 401, nil},
		{"POST", "/auth/logout", "", "", 204, nil}, // nobody was signed in
		{"GET", "/robots", "", tonypi.Viewer, 200, nil},
		{"GET", "/users", "", tonypi.Viewer, 403, nil},
	} {
		f.do(c.method, c.path, f.tokens[c.role], c.body).want(c.status)
		var got []string
		for _, e := range f.book.take() {
			checkEntry(t, e)
			if e.OK {
				t.Errorf("%s %s is written down as a success", c.method, c.path)
			}
			got = append(got, e.User+" "+e.Action+" "+e.Message)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s %s as %s: %q, want %q", c.method, c.path, c.role, got, c.want)
		}
	}
	inactive, err := f.store.User(t.Context(), "id-viewer")
	f.must(err)
	inactive.Active = false
	f.must(f.store.UpdateUser(t.Context(), inactive))
	f.do("POST", "/auth/login", "", `{"username":"viewer","password":"`+password+`"}`).want(403)
	if all := f.book.take(); len(all) != 1 || all[0].Action != "sign_in.failed" || all[0].Message != "User account is inactive" {
		t.Errorf("%+v", all)
	}
	for range 3 * addressBurst { // guessing fills the throttle, not the log
		f.do("POST", "/auth/login", "", `{"username":"ghost","password":"wrong"}`)
	}
	if n := len(f.book.take()); n > addressBurst+1 {
		t.Errorf("%d entries", n)
	}
}
