package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
)

var commandTests = []sqlTest{
	{"command comes back as it was", testCommandRoundTrip},
	{"command is created once", testCommandOnce},
	{"command that cannot be", testCommandInvalid},
	{"command filters", testCommandFilters},
	{"command pages", testCommandPages},
	{"commands are purged", testCommandPurge},
	{"settings of robots", testConfigs},
	{"reports", testReports},
	{"host keys and SSH access", testHostKeys},
	{"recordings", testRecordings},
	{"what a robot leaves behind", testRobotLeaves},
	{"command calls hear that their context ended", testCommandCancel},
}

func fullCommand(id string, robot tonypi.RobotID) tonypi.Command {
	latency, stop := 41.5, 0.0
	return tonypi.Command{
		ID: id, Batch: "b", Robot: robot, Type: "walk", Parameters: map[string]any{"steps": 3.0, "deep": map[string]any{"a": []any{"x", nil, true}}},
		Reason: "test", Status: tonypi.CommandDone, Message: "walked", Answer: json.RawMessage(`{"ok": true, "text":"\u0000"}`), By: "ann", Address: "10.0.0.1",
		ClickedAt: at(1), CreatedAt: at(2), SentAt: at(3), RobotAt: at(4), EndedAt: at(5), Deadline: at(6), LatencyMS: &latency, StopMS: &stop,
	}
}

func commandIDs(t *testing.T, s Stores, f tonypi.CommandFilter) []string {
	t.Helper()
	return ids(got[[]tonypi.Command](t)(s.Commands(t.Context(), f)), func(c tonypi.Command) string { return c.ID })
}

func testCommandRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.CreateCommands(ctx, nil))
	must(t, s.SaveCommands(ctx, nil))
	full := fullCommand("c1", "r")
	bare := tonypi.Command{ID: "k:abc", Robot: "r", Type: "stop", Status: tonypi.CommandSent, CreatedAt: at(9), Deadline: at(10)}
	must(t, s.CreateCommands(ctx, []tonypi.Command{full, bare}))
	same(t, got[tonypi.Command](t)(s.Command(ctx, "c1")), full)
	found := got[tonypi.Command](t)(s.Command(ctx, bare.ID))
	if found.Parameters == nil {
		t.Error("parameters are nil")
	}
	same(t, found, bare)
	done := fullCommand(bare.ID, "r")
	must(t, s.SaveCommands(ctx, []tonypi.Command{done, fullCommand("c3", "q")}))
	same(t, got[tonypi.Command](t)(s.Command(ctx, bare.ID)), done)
	must(t, s.SaveCommands(ctx, []tonypi.Command{done, bare}))
	same(t, got[tonypi.Command](t)(s.Command(ctx, bare.ID)), bare)
	same(t, commandIDs(t, s, tonypi.CommandFilter{}), []string{"k:abc", "c3", "c1"})
	for _, text := range hostile {
		c := fullCommand(text, tonypi.RobotID(text))
		c.Batch, c.Type, c.By, c.Message, c.Reason, c.Parameters = text, text, text, text, text, map[string]any{text: text}
		must(t, s.CreateCommands(ctx, []tonypi.Command{c}))
		same(t, got[tonypi.Command](t)(s.Command(ctx, text)), c)
		same(t, got[[]tonypi.Command](t)(s.Commands(ctx, tonypi.CommandFilter{Robot: c.Robot, Batch: text, Type: text, By: text, Status: c.Status})), []tonypi.Command{c})
	}
}

func testCommandOnce(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.CreateCommands(ctx, []tonypi.Command{fullCommand("a", "r")}))
	for _, batch := range [][]string{{"a"}, {"b", "a"}, {"c", "d", "c"}} {
		var commands []tonypi.Command
		for _, id := range batch {
			commands = append(commands, fullCommand(id, "other"))
		}
		wantKind(t, s.CreateCommands(ctx, commands), tonypi.Conflict, "Command already exists")
	}
	same(t, commandIDs(t, s, tonypi.CommandFilter{}), []string{"a"})
	same(t, got[tonypi.Command](t)(s.Command(ctx, "a")).Robot, "r")
	n := together(t, 8, tonypi.Conflict, func(i int) error {
		batch := []tonypi.Command{fullCommand("x", "r"), fullCommand("y", "r")}
		if i%2 == 0 {
			slices.Reverse(batch)
		}
		return s.CreateCommands(ctx, batch)
	})
	same(t, n, 1)
}

func testCommandInvalid(t *testing.T, s Stores) {
	ctx := t.Context()
	unwritable := fullCommand("u", "r")
	unwritable.Parameters = map[string]any{"f": func() {}}
	for _, bad := range []tonypi.Command{{}, {ID: "a\x00"}, {ID: strings.Repeat("x", 256)}, unwritable} {
		wantKind(t, s.CreateCommands(ctx, []tonypi.Command{fullCommand("fine", "r"), bad}), tonypi.Invalid, "")
		wantKind(t, s.SaveCommands(ctx, []tonypi.Command{fullCommand("fine", "r"), bad}), tonypi.Invalid, "")
	}
	for _, id := range []string{"", "nope", "a\x00"} {
		_, err := s.Command(ctx, id)
		wantKind(t, err, tonypi.NotFound, "Command not found")
	}
	for _, f := range []tonypi.CommandFilter{{Limit: -1}, {Limit: 10_001}, {Before: "gone"}} {
		_, err := s.Commands(ctx, f)
		wantKind(t, err, tonypi.Invalid, "")
	}
	same(t, commandIDs(t, s, tonypi.CommandFilter{}), nil)
}

// orders saves commands of every sort, three of them in every second, and returns them newest first.
func orders(t *testing.T, s Stores, n int) []tonypi.Command {
	t.Helper()
	var commands []tonypi.Command
	for i := range n {
		commands = append(commands, tonypi.Command{
			ID: fmt.Sprintf("%04d", (i*7919)%10_000), Robot: []tonypi.RobotID{"a", "b", "c"}[i%3], Type: []string{"walk", "emergency_stop"}[i%2],
			Batch: []string{"", "b1", "b2", ""}[i%4], By: []string{"ann", "bob"}[i%5%2], CreatedAt: at(i / 3), Deadline: at(i), Parameters: map[string]any{},
			Status: []tonypi.CommandStatus{tonypi.CommandSent, tonypi.CommandDone, tonypi.CommandRefused}[i%7%3],
		})
	}
	must(t, s.SaveCommands(t.Context(), commands))
	slices.SortFunc(commands, newer)
	return commands
}

func testCommandFilters(t *testing.T, s Stores) {
	commands := orders(t, s, 300)
	for i := range 3 * 2 * 2 * 3 * 2 * 3 * 2 {
		next := func(n int) int { k := i % n; i /= n; return k }
		f := tonypi.CommandFilter{
			Robot: []tonypi.RobotID{"", "a", "nobody"}[next(3)], Batch: []string{"", "b1"}[next(2)], Type: []string{"", "walk"}[next(2)],
			Status: []tonypi.CommandStatus{"", tonypi.CommandSent, tonypi.CommandDone}[next(3)], By: []string{"", "bob"}[next(2)],
			Since: []time.Time{{}, at(50), at(50).Add(time.Nanosecond)}[next(3)], Limit: 1000,
		}
		from := 0
		if next(2) == 1 {
			from = 71
			f.Before = commands[from-1].ID
		}
		var want []string
		for _, c := range commands[from:] {
			if (f.Robot == "" || c.Robot == f.Robot) && (f.Batch == "" || c.Batch == f.Batch) && (f.Type == "" || c.Type == f.Type) &&
				(f.Status == "" || c.Status == f.Status) && (f.By == "" || c.By == f.By) && (f.Since.IsZero() || c.CreatedAt.UnixMilli() >= f.Since.UnixMilli()) {
				want = append(want, c.ID)
			}
		}
		if found := commandIDs(t, s, f); !slices.Equal(found, want) {
			t.Fatalf("%+v: got %v, want %v", f, found, want)
		}
	}
}

func testCommandPages(t *testing.T, s Stores) {
	commands := orders(t, s, 250)
	var read []tonypi.Command
	f := tonypi.CommandFilter{Limit: 17}
	for {
		page := got[[]tonypi.Command](t)(s.Commands(t.Context(), f))
		read = append(read, page...)
		if len(page) < f.Limit {
			break
		}
		f.Before = page[len(page)-1].ID
	}
	same(t, read, commands)
	same(t, len(commandIDs(t, s, tonypi.CommandFilter{})), 100)
}

func testCommandPurge(t *testing.T, s Stores) {
	orders(t, s, 3300) // more than a batch
	same(t, got[int](t)(s.PurgeCommands(t.Context(), at(1000))), 3000)
	same(t, got[int](t)(s.PurgeCommands(t.Context(), at(1000))), 0)
	same(t, len(commandIDs(t, s, tonypi.CommandFilter{Limit: 10_000})), 300)
}

func testConfigs(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[[]tonypi.RobotConfig](t)(s.RobotConfigs(ctx)), nil)
	full := tonypi.RobotConfig{
		Robot: "r", Version: 3, Settings: json.RawMessage(`{"safety":{"max_speed":0.5}}`), UpdatedBy: "ann", UpdatedAt: at(1), AppliedVersion: 2, AppliedAt: at(2), Message: "ok",
	}
	must(t, s.SaveRobotConfig(ctx, full))
	same(t, got[tonypi.RobotConfig](t)(s.RobotConfig(ctx, "r")), full)
	old := full
	old.Version, old.Message = 2, "old"
	wantKind(t, s.SaveRobotConfig(ctx, old), tonypi.Conflict, "meanwhile")
	full.AppliedVersion, full.Message, full.AppliedAt = 3, "applied", time.Time{}
	must(t, s.SaveRobotConfig(ctx, full)) // the same version again
	bare := tonypi.RobotConfig{Robot: "a", UpdatedAt: at(1)}
	must(t, s.SaveRobotConfig(ctx, bare))
	bare.Settings = json.RawMessage("{}")
	same(t, got[[]tonypi.RobotConfig](t)(s.RobotConfigs(ctx)), []tonypi.RobotConfig{bare, full})
	for _, bad := range []tonypi.RobotConfig{{}, {Robot: "a\x00"}, {Robot: "r", Version: 9, Settings: json.RawMessage("{")}} {
		wantKind(t, s.SaveRobotConfig(ctx, bad), tonypi.Invalid, "")
	}
	for _, robot := range []tonypi.RobotID{"", "nobody", "\xff"} {
		_, err := s.RobotConfig(ctx, robot)
		wantKind(t, err, tonypi.NotFound, "no settings")
	}
}

func testReports(t *testing.T, s Stores) {
	ctx := t.Context()
	var want []tonypi.Report
	for i := range 30 {
		r := tonypi.Report{
			ID: 999, Title: hostile[i%len(hostile)], Description: "d", Robot: []tonypi.RobotID{"", "a", "b"}[i%3], Type: []string{"job", "custom"}[i%2],
			Data: json.RawMessage(`{"n":1.0}`), CreatedBy: "ann", CreatedAt: at(i),
		}
		saved := got[tonypi.Report](t)(s.CreateReport(ctx, r))
		r.ID = saved.ID
		same(t, saved, r)
		want = append([]tonypi.Report{r}, want...)
	}
	same(t, got[[]tonypi.Report](t)(s.Reports(ctx, tonypi.ReportFilter{})), want)
	f := tonypi.ReportFilter{Robot: "a", Type: "job", Before: want[4].ID, Limit: 2}
	var few []tonypi.Report
	for _, r := range want[5:] {
		if r.Robot == f.Robot && r.Type == f.Type && len(few) < 2 {
			few = append(few, r)
		}
	}
	same(t, got[[]tonypi.Report](t)(s.Reports(ctx, f)), few)
	id := want[0].ID
	same(t, got[tonypi.Report](t)(s.Report(ctx, id)), want[0])
	must(t, s.DeleteReport(ctx, id))
	_, err := s.Report(ctx, id)
	wantKind(t, err, tonypi.NotFound, fmt.Sprintf("Report %d not found", id))
	wantKind(t, s.DeleteReport(ctx, id), tonypi.NotFound, fmt.Sprintf("Report %d not found", id))
	if again := got[tonypi.Report](t)(s.CreateReport(ctx, tonypi.Report{})); again.ID <= id || string(again.Data) != "{}" || again.CreatedAt.IsZero() {
		t.Errorf("%+v after ID %d", again, id)
	}
	_, err = s.CreateReport(ctx, tonypi.Report{Data: json.RawMessage("{")})
	wantKind(t, err, tonypi.Invalid, "data")
	_, err = s.Reports(ctx, tonypi.ReportFilter{Limit: 1001})
	wantKind(t, err, tonypi.Invalid, "limit")
}

func testHostKeys(t *testing.T, s Stores) {
	ctx := t.Context()
	key := tonypi.HostKey{Robot: "r", Key: []byte{0, 255, 1}, Type: "ssh-ed25519", Fingerprint: "SHA256:x", PinnedAt: at(1), PinnedBy: "ann"}
	access := tonypi.SSHAccess{Robot: "r", Username: "pi", Port: 2222, PublicKey: "ssh-ed25519 AAAA", PrivateKey: []byte{0, 1, 254}, CreatedAt: at(1), CreatedBy: "ann"}
	for range 2 {
		must(t, s.SaveHostKey(ctx, key))
		same(t, got[tonypi.HostKey](t)(s.HostKey(ctx, "r")), key)
		must(t, s.SaveSSHAccess(ctx, access))
		same(t, got[tonypi.SSHAccess](t)(s.SSHAccess(ctx, "r")), access)
		key.Key, key.PinnedBy = []byte("new"), "bob"
		access.PrivateKey, access.Port = nil, 0
	}
	for _, robot := range []tonypi.RobotID{"nobody", "", "a\x00", "r"} {
		must(t, s.DeleteHostKey(ctx, robot))
		must(t, s.DeleteSSHAccess(ctx, robot))
		_, err := s.HostKey(ctx, robot)
		wantKind(t, err, tonypi.NotFound, "no host key")
		_, err = s.SSHAccess(ctx, robot)
		wantKind(t, err, tonypi.NotFound, "no SSH access")
	}
	for _, bad := range []tonypi.HostKey{{Robot: "r"}, {Key: []byte("k")}, {Robot: "\xff", Key: []byte("k")}} {
		wantKind(t, s.SaveHostKey(ctx, bad), tonypi.Invalid, "")
	}
	wantKind(t, s.SaveSSHAccess(ctx, tonypi.SSHAccess{}), tonypi.Invalid, "robot ID")
}

func testRecordings(t *testing.T, s Stores) {
	ctx := t.Context()
	first := tonypi.Recording{ID: "1", Robot: "r", User: "ann", StartedAt: at(1), File: "1.cast"}
	must(t, s.SaveRecording(ctx, first))
	first.EndedAt, first.Bytes = at(9), 1<<40
	second := tonypi.Recording{ID: "2", Robot: "q", User: "bob", StartedAt: at(2)}
	third := tonypi.Recording{ID: "3", Robot: "q", User: "bob", StartedAt: at(2)}
	for _, r := range []tonypi.Recording{third, first, second} {
		must(t, s.SaveRecording(ctx, r))
		same(t, got[tonypi.Recording](t)(s.Recording(ctx, r.ID)), r)
	}
	same(t, got[[]tonypi.Recording](t)(s.Recordings(ctx, "", 0)), []tonypi.Recording{third, second, first})
	same(t, got[[]tonypi.Recording](t)(s.Recordings(ctx, "q", 1)), []tonypi.Recording{third})
	must(t, s.DeleteRecording(ctx, "1"))
	for _, id := range []string{"1", "", "\xff"} {
		wantKind(t, s.DeleteRecording(ctx, id), tonypi.NotFound, "Recording not found")
		_, err := s.Recording(ctx, id)
		wantKind(t, err, tonypi.NotFound, "Recording not found")
	}
	wantKind(t, s.SaveRecording(ctx, tonypi.Recording{}), tonypi.Invalid, "recording ID")
	_, err := s.Recordings(ctx, "", 501)
	wantKind(t, err, tonypi.Invalid, "limit")
}

// testRobotLeaves deletes a robot: what is its own goes, what tells of it stays.
func testRobotLeaves(t *testing.T, s Stores) {
	ctx := t.Context()
	for i, id := range []tonypi.RobotID{"gone", "stays"} {
		n := int64(i + 1)
		must(t, s.CreateRobot(ctx, fullRobot(id)))
		must(t, s.CreateCommands(ctx, []tonypi.Command{fullCommand(string(id), id)}))
		must(t, s.SaveJobs(ctx, []tonypi.Job{fullJob(n, id)}))
		must(t, s.SaveScans(ctx, []tonypi.ScanRecord{{ID: n, Robot: id, Code: "x"}}))
		must(t, s.SaveRobotConfig(ctx, tonypi.RobotConfig{Robot: id}))
		must(t, s.SaveHostKey(ctx, tonypi.HostKey{Robot: id, Key: []byte("k")}))
		must(t, s.SaveSSHAccess(ctx, tonypi.SSHAccess{Robot: id}))
		must(t, s.AppendLogs(ctx, []tonypi.LogEntry{{ID: n, Robot: id, Message: "walked"}}))
		must(t, s.AppendAudit(ctx, []tonypi.AuditEntry{{ID: n, Robot: id}}))
		must(t, s.SaveRecording(ctx, tonypi.Recording{ID: string(id), Robot: id}))
		got[tonypi.Report](t)(s.CreateReport(ctx, tonypi.Report{Robot: id}))
	}
	must(t, s.DeleteRobot(ctx, "gone"))
	for id, want := range map[tonypi.RobotID]int{"gone": 0, "stays": 1} {
		same(t, len(commandIDs(t, s, tonypi.CommandFilter{Robot: id})), want)
		same(t, len(jobIDs(t, s, tonypi.JobFilter{Robot: id})), want)
		same(t, len(got[[]tonypi.ScanRecord](t)(s.Scans(ctx, tonypi.ScanFilter{Robot: id}))), want)
		_, errConfig := s.RobotConfig(ctx, id)
		_, errKey := s.HostKey(ctx, id)
		_, errAccess := s.SSHAccess(ctx, id)
		for _, err := range []error{errConfig, errKey, errAccess} {
			if (err == nil) != (want == 1) {
				t.Errorf("%s: %v", id, err)
			}
		}
		same(t, len(logIDs(t, s, tonypi.LogFilter{Robot: id, Search: "walked"})), 1)
		same(t, len(auditIDs(t, s, tonypi.AuditFilter{Robot: id})), 1)
		same(t, len(got[[]tonypi.Recording](t)(s.Recordings(ctx, id, 0))), 1)
		same(t, len(got[[]tonypi.Report](t)(s.Reports(ctx, tonypi.ReportFilter{Robot: id}))), 1)
	}
}

func testCommandCancel(t *testing.T, s Stores) {
	ctx := cancelled()
	must(t, s.SaveCommands(t.Context(), []tonypi.Command{fullCommand("a", "r")}))
	_, errOne := s.Command(ctx, "a")
	_, errList := s.Commands(ctx, tonypi.CommandFilter{})
	_, errPurge := s.PurgeCommands(ctx, at(100))
	_, errConfigs := s.RobotConfigs(ctx)
	_, errReport := s.CreateReport(ctx, tonypi.Report{})
	_, errRecordings := s.Recordings(ctx, "", 1)
	wantCancelled(t, map[string]error{
		"Command": errOne, "Commands": errList, "PurgeCommands": errPurge, "RobotConfigs": errConfigs, "CreateReport": errReport, "Recordings": errRecordings,
		"CreateCommands":  s.CreateCommands(ctx, []tonypi.Command{fullCommand("b", "r")}),
		"SaveCommands":    s.SaveCommands(ctx, []tonypi.Command{fullCommand("b", "r")}),
		"SaveRobotConfig": s.SaveRobotConfig(ctx, tonypi.RobotConfig{Robot: "r"}),
		"SaveHostKey":     s.SaveHostKey(ctx, tonypi.HostKey{Robot: "r", Key: []byte("k")}),
	})
	same(t, commandIDs(t, s, tonypi.CommandFilter{}), []string{"a"})
}
