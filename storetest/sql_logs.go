package storetest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
)

var logTests = []sqlTest{
	{"log line comes back as it was", testLogRoundTrip},
	{"log line that is there is skipped", testLogAgain},
	{"log lines with hostile text", testLogHostile},
	{"log search", testLogSearch},
	{"log search finds what the filter matches", testLogFilters},
	{"log search is data, never syntax", testLogSyntax},
	{"log pages", testLogPages},
	{"log search far back", testLogFar},
	{"log limits", testLogLimits},
	{"log counts", testLogStats},
	{"logs are purged", testLogPurge},
	{"log calls hear that their context ended", testLogCancel},
	{"audit entry comes back as it was", testAuditRoundTrip},
	{"audit entry is never changed", testAuditStays},
	{"audit filters", testAuditFilters},
}

func logID(e tonypi.LogEntry) int64 { return e.ID }

func logIDs(t *testing.T, s Stores, f tonypi.LogFilter) []int64 {
	t.Helper()
	return ids(got[[]tonypi.LogEntry](t)(s.Logs(t.Context(), f)), logID)
}

func testLogRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[int64](t)(s.LastLogID(ctx)), 0)
	same(t, got[[]tonypi.LogEntry](t)(s.Logs(ctx, tonypi.LogFilter{})), nil)
	same(t, got[[]tonypi.LogEntry](t)(s.Logs(ctx, tonypi.LogFilter{Search: "x"})), nil)
	must(t, s.AppendLogs(ctx, nil))
	full := tonypi.LogEntry{
		ID: 7, Time: at(1), Level: "ERROR", Category: "servo", Source: "body", Message: "servo_3 is hot: 71.3 °C", Robot: "r",
		Details: json.RawMessage(`{"b":1.50,"a":"\u0000x"}`),
	}
	bare := tonypi.LogEntry{ID: math.MaxInt64 - 1, Time: at(2)}
	must(t, s.AppendLogs(ctx, []tonypi.LogEntry{bare, full}))
	same(t, got[[]tonypi.LogEntry](t)(s.Logs(ctx, tonypi.LogFilter{})), []tonypi.LogEntry{bare, full})
	same(t, got[[]tonypi.LogEntry](t)(s.Logs(ctx, tonypi.LogFilter{Search: "hot"})), []tonypi.LogEntry{full})
	same(t, got[int64](t)(s.LastLogID(ctx)), bare.ID)

	before := time.Now().Truncate(time.Millisecond)
	must(t, s.AppendLogs(ctx, []tonypi.LogEntry{{ID: 8, Details: json.RawMessage("no { JSON")}}))
	now := got[[]tonypi.LogEntry](t)(s.Logs(ctx, tonypi.LogFilter{Since: before}))
	same(t, ids(now, logID), []int64{8})
	same(t, string(now[0].Details), `"no { JSON"`)
}

func testLogAgain(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.AppendLogs(ctx, []tonypi.LogEntry{{ID: 1, Time: at(1), Level: "INFO", Message: "first"}}))
	must(t, s.AppendLogs(ctx, []tonypi.LogEntry{
		{ID: 1, Time: at(2), Level: "ERROR", Message: "second"}, {ID: 2, Time: at(2), Message: "first"}, {ID: 2, Time: at(2), Message: "third"},
	}))
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "first"}), []int64{2, 1})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "second"}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "third"}), nil)
	same(t, got[tonypi.LogStats](t)(s.LogStats(ctx, "", time.Time{})), tonypi.LogStats{Total: 2, Info: 1, ByCategory: map[string]int{"": 2}})
	wantKind(t, s.AppendLogs(ctx, []tonypi.LogEntry{{ID: 3}, {ID: 0}}), tonypi.Invalid, "ID")
	same(t, got[int64](t)(s.LastLogID(ctx)), 2)

	together(t, 4, tonypi.Internal, func(int) error {
		var batch []tonypi.LogEntry
		for i := range 50 {
			batch = append(batch, tonypi.LogEntry{ID: int64(100 + i), Time: at(i), Level: "INFO", Robot: "r", Message: "same"})
		}
		return s.AppendLogs(ctx, batch)
	})
	same(t, got[tonypi.LogStats](t)(s.LogStats(ctx, "r", time.Time{})), tonypi.LogStats{Total: 50, Info: 50, ByCategory: map[string]int{"": 50}})
}

func testLogHostile(t *testing.T, s Stores) {
	for i, text := range hostile {
		e := tonypi.LogEntry{ID: int64(i + 1), Time: at(i), Level: text, Category: text, Source: text, Message: text, Robot: tonypi.RobotID(text)}
		must(t, s.AppendLogs(t.Context(), []tonypi.LogEntry{e}))
		for _, f := range []tonypi.LogFilter{
			{Robot: e.Robot}, {Levels: []string{text}}, {Category: text}, {Robot: e.Robot, Levels: []string{text, "INFO"}, Category: text, Search: text},
		} {
			same(t, got[[]tonypi.LogEntry](t)(s.Logs(t.Context(), f)), []tonypi.LogEntry{e})
		}
		same(t, got[tonypi.LogStats](t)(s.LogStats(t.Context(), e.Robot, time.Time{})), tonypi.LogStats{Total: 1, ByCategory: map[string]int{text: 1}})
	}
	must(t, s.AppendLogs(t.Context(), []tonypi.LogEntry{{
		ID: 1000, Time: at(0), Level: strings.Repeat("é", 200), Category: "c\x00", Message: "a\x00b\xff" + strings.Repeat("ü", 5000), Robot: "dirty",
	}}))
	dirty := got[[]tonypi.LogEntry](t)(s.Logs(t.Context(), tonypi.LogFilter{Robot: "dirty", Category: "c\uFFFD"}))
	same(t, len(dirty), 1)
	same(t, dirty[0].Message, "a\uFFFDb\uFFFD"+strings.Repeat("ü", 3996))
	same(t, dirty[0].Level, strings.Repeat("é", 127))
}

func testLogSearch(t *testing.T, s Stores) {
	messages := []string{
		1:  "Servo_3 is at 51.4 °C",
		2:  "servos are fine",
		3:  "ÜBERHITZT: Straße, ΣΊΣΥΦΟΣ",
		4:  "日本語のログ",
		5:  `He said "no" -- OR 'yes' AND (maybe) NOT *`,
		6:  "file:///var/log/x.log?a=1&b=-5 user@example.org 10.0.0.17 well-known 1e5 'd'",
		7:  "",
		8:  "e\u0301te\u0301 \U0001F916 \u202eabc",
		9:  strings.Repeat("long", 40),
		10: "a b c d e f g h i j k l m n o p q r s t u v w x y z",
		11: `\ ' " : * ! & | < > ( ) ^ - + { } $1 %s \x00 $tag$`,
		12: "servo servo 3 3",
	}
	var lines []tonypi.LogEntry
	for id := 1; id < len(messages); id++ {
		lines = append(lines, tonypi.LogEntry{ID: int64(id), Time: at(id), Message: messages[id]})
	}
	must(t, s.AppendLogs(t.Context(), lines))
	everything := []int64{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}
	for search, want := range map[string][]int64{
		"": everything, " -- % ": everything,
		"servo": {12, 2, 1}, "SERVO ": {12, 2, 1}, "servo_3": {12, 1}, "3 servo": {12, 1}, "servo 3 3": {12, 1}, "serv fine": nil, "servos f": {2},
		"51.4": {1}, "51,4 c": {1},
		"überhitz": {3}, "STRASSE": nil, "straß": {3}, "σίσυφοσ": {3}, "Σίσυφος": {3},
		"日本": {4}, "本語": {4}, "本 ログ": {4}, "ロ": {4}, "中": nil,
		"not": {5}, `"no"`: {5}, "NOT AND OR": {5}, "NEAR(no yes)": nil, "no*": {5}, "maybe:*": {5},
		"example": {6}, "org user": {6}, "10.0.0.1": {6}, "0.0.17": {6}, "known": {6}, "b 5": {6}, "1e": {6},
		"e\u0301te\u0301": {8}, "\u00e9t\u00e9": nil, "abc": {8},
		"lolo": nil, strings.Repeat("long", 10): {9}, strings.Repeat("long", 30): {9},
		"z a m": {10}, "$1 tag": {11}, "x00": {11}, "§l": {10, 9, 6}, "robot": nil, "info": nil,
	} {
		same(t, logIDs(t, s, tonypi.LogFilter{Search: search}), want)
	}
}

// jumble saves lines of every sort and returns them newest first.
func jumble(t *testing.T, s Stores, n int) []tonypi.LogEntry {
	t.Helper()
	random := rand.New(rand.NewPCG(3, 4))
	words := []string{"servo", "servos", "robot", "Übung", "3", "30", "日本", "or", "AND", "walk", "walking", "walked", "θ", "-", `"`, "it's"}
	var lines []tonypi.LogEntry
	for i := range n {
		var message []string
		for range random.IntN(6) {
			message = append(message, words[random.IntN(len(words))])
		}
		lines = append(lines, tonypi.LogEntry{
			ID: int64(i + 1), Time: at(i * 7), Level: tonypi.LogLevels[random.IntN(5)], Message: strings.Join(message, " "),
			Category: []string{"servo", "robot", "robot_vision", "robotic", "job"}[random.IntN(5)], Robot: []tonypi.RobotID{"", "a", "b", "B"}[random.IntN(4)],
		})
	}
	must(t, s.AppendLogs(t.Context(), lines))
	slices.Reverse(lines)
	return lines
}

func testLogFilters(t *testing.T, s Stores) {
	lines := jumble(t, s, 600)
	searches := []string{"", "servo", "servo 3", "wal", "walk", "walking", "walki", "or and", "日", "it's r", "nothing", "ü", `"`, "θ"}
	for i := range 14 * 4 * 4 * 5 * 3 {
		next := func(n int) int { k := i % n; i /= n; return k }
		f := tonypi.LogFilter{
			Search: searches[next(14)], Robot: []tonypi.RobotID{"", "a", "B", "nobody"}[next(4)],
			Levels:   [][]string{nil, {"ERROR"}, {"INFO", "CRITICAL", "no'such"}, {"info"}}[next(4)],
			Category: []string{"", "robot", "robot_vision", "servo", "'"}[next(5)], Limit: 1000,
		}
		switch next(3) {
		case 1:
			f.Since, f.Before = at(1000), 400
		case 2:
			f.Since, f.Until = at(700).Add(time.Millisecond), at(2800)
		}
		var want []int64
		for _, e := range lines {
			if f.Match(e) && (f.Before == 0 || e.ID < f.Before) {
				want = append(want, e.ID)
			}
		}
		if found := logIDs(t, s, f); !slices.Equal(found, want) {
			t.Fatalf("%+v: got %v, want %v", f, found, want)
		}
		f.Offset, f.Limit = 7, 5
		want = want[min(len(want), 7):]
		if found := logIDs(t, s, f); !slices.Equal(found, want[:min(len(want), 5)]) {
			t.Fatalf("%+v: got %v, want %v", f, found, want[:min(len(want), 5)])
		}
	}
}

// testLogSyntax asks for texts made of what the databases' search languages are made of.
func testLogSyntax(t *testing.T, s Stores) {
	random := rand.New(rand.NewPCG(5, 6))
	parts := []string{
		"AND", "OR", "NOT", "NEAR", "NEAR(", "words", "words:", "log_index", "rowid", "rank", "{", "}", "(", ")", "^", "*", ":*", "&", "|", "!", "<->",
		"<2>", `"`, `""`, "'", "''", `\`, `\'`, ":", "-", "+", "$1", "?", "%", "_", "\x00", "\xff", "\uFFFD", "§", "§l", "--", ";", "/*", "a", "1", "é", "日",
		"A:B", ":a", "'a':*", "a'b", `a"b`, "a\\", "\n", "\u00a0", "\u200b", "ﬁ", "İ", "ı", "K", "½", "²", "٣", "ǅ", "ſ",
	}
	var lines []tonypi.LogEntry
	text := func() string {
		var b strings.Builder
		for range 1 + random.IntN(4) {
			b.WriteString(parts[random.IntN(len(parts))])
			b.WriteString([]string{"", " "}[random.IntN(2)])
		}
		return b.String()
	}
	for i := range 300 {
		lines = append(lines, tonypi.LogEntry{ID: int64(i + 1), Time: at(i), Message: text()})
	}
	must(t, s.AppendLogs(t.Context(), lines))
	slices.Reverse(lines)
	for range 400 {
		f := tonypi.LogFilter{Search: text(), Limit: 1000}
		var want []int64
		for _, e := range lines {
			if f.Match(e) {
				want = append(want, e.ID)
			}
		}
		if found := logIDs(t, s, f); !slices.Equal(found, want) {
			t.Fatalf("%q: got %v, want %v", f.Search, found, want)
		}
	}
}

func testLogPages(t *testing.T, s Stores) {
	lines := jumble(t, s, 400)
	for _, f := range []tonypi.LogFilter{{}, {Search: "walk"}, {Search: "servo", Category: "robot"}, {Robot: "a"}} {
		var want, read []int64
		for _, e := range lines {
			if f.Match(e) {
				want = append(want, e.ID)
			}
		}
		f.Limit = 13
		for {
			page := logIDs(t, s, f)
			read = append(read, page...)
			if len(page) < f.Limit {
				break
			}
			f.Before = page[len(page)-1]
		}
		same(t, read, want)
	}
	same(t, logIDs(t, s, tonypi.LogFilter{Before: 1}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Before: -5, Search: "walk"}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Before: math.MaxInt64, Limit: 1}), []int64{400})
}

// testLogFar has lines so far apart, and so many alike, that a search must go on where it first looked in vain.
func testLogFar(t *testing.T, s Stores) {
	var lines []tonypi.LogEntry
	add := func(id int64, message string) {
		lines = append(lines, tonypi.LogEntry{ID: id, Time: at(int(id / 100)), Level: "INFO", Category: "job", Message: message})
	}
	for i := range int64(12_000) { // more than are worth sorting
		add(i+1, fmt.Sprintf("walking step %d", i))
	}
	add(100_000, "walk alone")
	for i := range int64(2500) { // more than are looked at one by one
		add(1_000_000+i, "wallpaper")
	}
	must(t, s.AppendLogs(t.Context(), lines))
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "walk", Limit: 3}), []int64{100_000, 12_000, 11_999})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "walk", Limit: 2, Offset: 5000}), []int64{7001, 7000})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "step walki", Limit: 2, Before: 5000}), []int64{4999, 4998})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "walking step 77", Category: "job", Limit: 2}), []int64{7800, 7799})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "alone"}), []int64{100_000})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "walking alone"}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "wall", Limit: 1, Before: 1_000_001}), []int64{1_000_000})
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "wal", Limit: 2, Before: 1_000_001}), []int64{1_000_000, 100_000})
}

func testLogLimits(t *testing.T, s Stores) {
	jumble(t, s, 1200)
	for limit, want := range map[int]int{0: 100, 1: 1, 1000: 1000} {
		same(t, len(logIDs(t, s, tonypi.LogFilter{Limit: limit})), want)
	}
	for _, f := range []tonypi.LogFilter{
		{Limit: -1}, {Limit: 1001}, {Offset: -1}, {Offset: 100_001}, {Search: strings.Repeat("a ", 33)},
	} {
		_, err := s.Logs(t.Context(), f)
		wantKind(t, err, tonypi.Invalid, "")
	}
	same(t, logIDs(t, s, tonypi.LogFilter{Search: strings.Repeat("a ", 32)}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Offset: 100_000}), nil)
	same(t, logIDs(t, s, tonypi.LogFilter{Offset: 1198}), []int64{2, 1})
}

func wantStats(t *testing.T, s Stores, lines []tonypi.LogEntry) {
	t.Helper()
	for _, robot := range []tonypi.RobotID{"", "a", "B", "nobody", "#", "'"} {
		for _, since := range []time.Time{{}, at(0), at(1000), at(1000).Truncate(10 * time.Minute), at(2001).Add(time.Millisecond), at(100_000)} {
			want := tonypi.LogStats{ByCategory: map[string]int{}}
			for _, e := range lines {
				if (tonypi.LogFilter{Robot: robot, Since: since}).Match(e) {
					want.Total++
					want.ByCategory[e.Category]++
					*map[string]*int{"DEBUG": &want.Debug, "INFO": &want.Info, "WARNING": &want.Warning, "ERROR": &want.Error, "CRITICAL": &want.Critical}[e.Level]++
				}
			}
			same(t, got[tonypi.LogStats](t)(s.LogStats(t.Context(), robot, since)), want)
		}
	}
}

func testLogStats(t *testing.T, s Stores) {
	wantStats(t, s, nil)
	wantStats(t, s, jumble(t, s, 500))
	must(t, s.AppendLogs(t.Context(), []tonypi.LogEntry{{ID: 9000, Time: at(0), Level: "TRACE", Category: "x", Robot: "t"}}))
	same(t, got[tonypi.LogStats](t)(s.LogStats(t.Context(), "t", time.Time{})), tonypi.LogStats{Total: 1, ByCategory: map[string]int{"x": 1}})
}

func testLogPurge(t *testing.T, s Stores) {
	ctx := t.Context()
	lines := jumble(t, s, 2600)
	purge := func(before time.Time, levels ...string) {
		t.Helper()
		kept := slices.DeleteFunc(slices.Clone(lines), func(e tonypi.LogEntry) bool {
			return e.Time.Before(before) && (len(levels) == 0 || slices.Contains(levels, e.Level))
		})
		same(t, got[int](t)(s.PurgeLogs(ctx, before, levels)), len(lines)-len(kept))
		lines = kept
		for _, f := range []tonypi.LogFilter{{Limit: 1000, Before: 2000}, {Search: "walk", Limit: 1000}, {Levels: []string{"DEBUG"}, Limit: 1000}, {Since: at(3000), Until: at(9000), Limit: 1000}} {
			var want []int64
			for _, e := range lines {
				if f.Match(e) && (f.Before == 0 || e.ID < f.Before) && len(want) < 1000 {
					want = append(want, e.ID)
				}
			}
			same(t, logIDs(t, s, f), want)
		}
		wantStats(t, s, lines)
	}
	purge(at(-100))
	purge(at(5000), "DEBUG", "INFO", "never")
	purge(at(9000).Add(time.Millisecond))
	purge(at(9000))
	purge(at(16_000), "WARNING")
	purge(at(1_000_000))
	same(t, len(lines), 0)
	must(t, s.AppendLogs(ctx, []tonypi.LogEntry{{ID: 1, Time: at(0), Level: "INFO", Message: "walk again"}}))
	same(t, logIDs(t, s, tonypi.LogFilter{Search: "walk again"}), []int64{1})
}

func testLogCancel(t *testing.T, s Stores) {
	ctx := cancelled()
	must(t, s.AppendLogs(t.Context(), []tonypi.LogEntry{{ID: 1, Time: at(0), Message: "stays"}}))
	_, errLogs := s.Logs(ctx, tonypi.LogFilter{})
	_, errSearch := s.Logs(ctx, tonypi.LogFilter{Search: "stays"})
	_, errStats := s.LogStats(ctx, "", time.Time{})
	_, errPurge := s.PurgeLogs(ctx, at(100), nil)
	_, errLast := s.LastLogID(ctx)
	_, errAudit := s.Audit(ctx, tonypi.AuditFilter{})
	wantCancelled(t, map[string]error{
		"Logs": errLogs, "search": errSearch, "LogStats": errStats, "PurgeLogs": errPurge, "LastLogID": errLast, "Audit": errAudit,
		"AppendLogs":  s.AppendLogs(ctx, []tonypi.LogEntry{{ID: 2}}),
		"AppendAudit": s.AppendAudit(ctx, []tonypi.AuditEntry{{ID: 2}}),
	})
	same(t, logIDs(t, s, tonypi.LogFilter{}), []int64{1})
}

func fullAudit(id int64) tonypi.AuditEntry {
	return tonypi.AuditEntry{
		ID: id, Time: at(int(id)), User: "ann", Role: tonypi.Operator, Address: "10.0.0.1", Action: "command.send", Robot: "r", Target: "c-1",
		OK: true, Message: "sent wave", Details: json.RawMessage(`{"type":"wave"}`),
	}
}

func auditIDs(t *testing.T, s Stores, f tonypi.AuditFilter) []int64 {
	t.Helper()
	return ids(got[[]tonypi.AuditEntry](t)(s.Audit(t.Context(), f)), func(e tonypi.AuditEntry) int64 { return e.ID })
}

func testAuditRoundTrip(t *testing.T, s Stores) {
	same(t, got[int64](t)(s.LastAuditID(t.Context())), 0)
	must(t, s.AppendAudit(t.Context(), nil))
	bare := tonypi.AuditEntry{ID: 9, Time: at(9)}
	must(t, s.AppendAudit(t.Context(), []tonypi.AuditEntry{bare, fullAudit(7)}))
	same(t, got[[]tonypi.AuditEntry](t)(s.Audit(t.Context(), tonypi.AuditFilter{})), []tonypi.AuditEntry{bare, fullAudit(7)})
	same(t, got[int64](t)(s.LastAuditID(t.Context())), 9)
	for i, text := range hostile {
		e := fullAudit(int64(100 + i))
		e.User, e.Action, e.Robot, e.Target, e.Message, e.Address = text, text, tonypi.RobotID(text), text, text, text
		must(t, s.AppendAudit(t.Context(), []tonypi.AuditEntry{e}))
		same(t, got[[]tonypi.AuditEntry](t)(s.Audit(t.Context(), tonypi.AuditFilter{User: text, Action: text, Robot: e.Robot})), []tonypi.AuditEntry{e})
	}
	wantKind(t, s.AppendAudit(t.Context(), []tonypi.AuditEntry{fullAudit(500), {}}), tonypi.Invalid, "ID")
	for _, limit := range []int{-1, 1001} {
		_, err := s.Audit(t.Context(), tonypi.AuditFilter{Limit: limit})
		wantKind(t, err, tonypi.Invalid, "limit")
	}
}

func testAuditStays(t *testing.T, s Stores) {
	must(t, s.AppendAudit(t.Context(), []tonypi.AuditEntry{fullAudit(1)}))
	changed := fullAudit(1)
	changed.User, changed.OK = "mallory", false
	must(t, s.AppendAudit(t.Context(), []tonypi.AuditEntry{changed, fullAudit(2)}))
	same(t, got[[]tonypi.AuditEntry](t)(s.Audit(t.Context(), tonypi.AuditFilter{})), []tonypi.AuditEntry{fullAudit(2), fullAudit(1)})
	must(t, s.CreateRobot(t.Context(), fullRobot("r")))
	must(t, s.DeleteRobot(t.Context(), "r"))
	same(t, auditIDs(t, s, tonypi.AuditFilter{Robot: "r"}), []int64{2, 1})
}

func testAuditFilters(t *testing.T, s Stores) {
	var entries []tonypi.AuditEntry
	for i := range 300 {
		e := fullAudit(int64(i + 1))
		e.User = []string{"ann", "bob"}[i%2]
		e.Action = []string{"user.create", "user", "users.x", "user_x", "sign_in", "sign_in.failed", "User.create"}[i%7]
		e.Robot = []tonypi.RobotID{"", "a", "b"}[i%3]
		entries = append(entries, e)
	}
	must(t, s.AppendAudit(t.Context(), entries))
	slices.Reverse(entries)
	for i := range 3 * 5 * 3 * 4 {
		next := func(n int) int { k := i % n; i /= n; return k }
		f := tonypi.AuditFilter{
			User: []string{"", "ann", "'"}[next(3)], Action: []string{"", "user", "sign_in", "user.create", "us%"}[next(5)],
			Robot: []tonypi.RobotID{"", "a", "nobody"}[next(3)], Limit: 1000,
		}
		switch next(4) {
		case 1:
			f.Since = at(100)
		case 2:
			f.Until, f.Before = at(200), 150
		case 3:
			f.Since, f.Until = at(50).Add(time.Nanosecond), at(250)
		}
		var want []int64
		for _, e := range entries {
			if (f.User == "" || e.User == f.User) && (f.Robot == "" || e.Robot == f.Robot) &&
				(f.Action == "" || e.Action == f.Action || strings.HasPrefix(e.Action, f.Action+".")) &&
				(f.Since.IsZero() || e.Time.UnixMilli() >= f.Since.UnixMilli()) && (f.Until.IsZero() || e.Time.Before(f.Until)) &&
				(f.Before == 0 || e.ID < f.Before) {
				want = append(want, e.ID)
			}
		}
		if found := auditIDs(t, s, f); !slices.Equal(found, want) {
			t.Fatalf("%+v: got %v, want %v", f, found, want)
		}
	}
}
