package storetest

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"tonypi"
)

var alertTests = []sqlTest{
	{"alert comes back as it was", testAlertRoundTrip},
	{"alert is saved again", testAlertAgain},
	{"alert that is not there", testAlertMissing},
	{"alert batch is all or nothing", testAlertBatch},
	{"alerts with hostile text", testAlertHostile},
	{"alert filters", testAlertFilters},
	{"alert pages", testAlertPages},
	{"alert limits", testAlertLimits},
	{"alert counts", testAlertStats},
	{"alert calls hear that their context ended", testAlertCancel},
	{"rule comes back as it was", testRuleRoundTrip},
	{"rule is one per robot and type", testRuleUnique},
	{"rule is changed by its ID", testRuleByID},
	{"rule that cannot be", testRuleInvalid},
	{"rule calls hear that their context ended", testRuleCancel},
}

func fullAlert(id int64, robot tonypi.RobotID) tonypi.Alert {
	return tonypi.Alert{
		ID: id, Robot: robot, Type: "servo_temp", Metric: tonypi.ServoTemperature, Source: "servo_3",
		Severity: tonypi.Critical, Title: "Servo is hot", Message: "servo_3 is at 71.3 °C", Value: 71.3, Threshold: 70,
		RuleID: 6, Acknowledged: true, AcknowledgedBy: "ann", AcknowledgedAt: at(20), Note: "seen it",
		Resolved: true, ResolvedBy: "itself", ResolvedAt: at(30), CreatedAt: at(10), UpdatedAt: at(30),
	}
}

func alertID(a tonypi.Alert) int64 { return a.ID }

func testAlertRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[int64](t)(s.LastAlertID(ctx)), 0)
	same(t, got[[]tonypi.Alert](t)(s.OpenAlerts(ctx)), nil)
	same(t, got[[]tonypi.Alert](t)(s.Alerts(ctx, tonypi.AlertFilter{})), nil)
	must(t, s.SaveAlerts(ctx, nil))

	open := tonypi.Alert{ID: 7, Robot: "r", Type: "cpu", Severity: tonypi.Warning, CreatedAt: at(1), UpdatedAt: at(2)}
	done := fullAlert(math.MaxInt64-1, "r")
	must(t, s.SaveAlerts(ctx, []tonypi.Alert{done, open}))
	same(t, got[tonypi.Alert](t)(s.Alert(ctx, 7)), open)
	same(t, got[tonypi.Alert](t)(s.Alert(ctx, done.ID)), done)
	same(t, got[[]tonypi.Alert](t)(s.Alerts(ctx, tonypi.AlertFilter{})), []tonypi.Alert{done, open})
	same(t, got[[]tonypi.Alert](t)(s.OpenAlerts(ctx)), []tonypi.Alert{open})
	same(t, got[int64](t)(s.LastAlertID(ctx)), done.ID)

	for i, v := range []float64{0, 0.1, -273.15, 1.0 / 3, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, 1e15 + 0.5} {
		a := tonypi.Alert{ID: int64(100 + i), Value: v, Threshold: -v, CreatedAt: at(0), UpdatedAt: at(0)}
		must(t, s.SaveAlerts(ctx, []tonypi.Alert{a}))
		same(t, got[tonypi.Alert](t)(s.Alert(ctx, a.ID)), a)
	}
}

func testAlertAgain(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.SaveAlerts(ctx, []tonypi.Alert{
		{ID: 1, Robot: "r", Type: "cpu", Severity: tonypi.Warning, CreatedAt: at(1), UpdatedAt: at(1)},
		{ID: 2, Robot: "r", Type: "disk", Severity: tonypi.Info, CreatedAt: at(1), UpdatedAt: at(1)},
	}))
	want := fullAlert(1, "r")
	must(t, s.SaveAlerts(ctx, []tonypi.Alert{want}))
	same(t, got[tonypi.Alert](t)(s.Alert(ctx, 1)), want)
	same(t, got[tonypi.Alert](t)(s.Alert(ctx, 2)).Type, "disk")
	// Reopened: what was set is empty again.
	want = tonypi.Alert{ID: 1, Robot: "r", Type: "cpu", Severity: tonypi.Warning, CreatedAt: at(1), UpdatedAt: at(40)}
	must(t, s.SaveAlerts(ctx, []tonypi.Alert{fullAlert(1, "r"), want}))
	same(t, got[tonypi.Alert](t)(s.Alert(ctx, 1)), want)

	together(t, 8, tonypi.Internal, func(i int) error {
		a, b := fullAlert(1, "r"), fullAlert(2, "r")
		if i%2 == 0 {
			a, b = b, a // in the other order, which databases with row locks find hard
		}
		return s.SaveAlerts(ctx, []tonypi.Alert{a, b, fullAlert(int64(100+i), "r")})
	})
	same(t, len(got[[]tonypi.Alert](t)(s.Alerts(ctx, tonypi.AlertFilter{}))), 10)
}

func testAlertMissing(t *testing.T, s Stores) {
	_, err := s.Alert(t.Context(), 7)
	wantKind(t, err, tonypi.NotFound, "Alert 7 not found")
	wantKind(t, s.DeleteAlert(t.Context(), 7), tonypi.NotFound, "Alert 7 not found")
	must(t, s.SaveAlerts(t.Context(), []tonypi.Alert{fullAlert(7, "r"), fullAlert(8, "r")}))
	must(t, s.DeleteAlert(t.Context(), 7))
	wantKind(t, s.DeleteAlert(t.Context(), 7), tonypi.NotFound, "Alert 7 not found")
	same(t, ids(got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{})), alertID), []int64{8})
	_, err = s.Alert(t.Context(), -1)
	wantKind(t, err, tonypi.NotFound, "Alert -1 not found")
}

func testAlertBatch(t *testing.T, s Stores) {
	nan, inf, zero := fullAlert(2, "r"), fullAlert(2, "r"), fullAlert(0, "r")
	nan.Value, inf.Threshold = math.NaN(), math.Inf(-1)
	for _, bad := range []tonypi.Alert{nan, inf, zero} {
		err := s.SaveAlerts(t.Context(), []tonypi.Alert{fullAlert(1, "r"), bad, fullAlert(3, "r")})
		wantKind(t, err, tonypi.Invalid, "")
		same(t, got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{})), nil)
	}
}

func testAlertHostile(t *testing.T, s Stores) {
	for i, text := range hostile {
		a := fullAlert(int64(i+1), tonypi.RobotID(text))
		a.Type, a.Source, a.Title, a.Message, a.Note, a.AcknowledgedBy = text, text, text, text, text, text
		must(t, s.SaveAlerts(t.Context(), []tonypi.Alert{a}))
		same(t, got[tonypi.Alert](t)(s.Alert(t.Context(), a.ID)), a)
		same(t, got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{Robot: a.Robot, Type: a.Type})), []tonypi.Alert{a})
		same(t, got[tonypi.AlertStats](t)(s.AlertStats(t.Context(), a.Robot, time.Time{})), tonypi.AlertStats{Total: 1, Critical: 1})
	}
	same(t, got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{Robot: "' OR '1'='1", Severity: "\x00"})), nil)

	dirty := fullAlert(1000, "r")
	dirty.Message = "a\x00b\xff"
	must(t, s.SaveAlerts(t.Context(), []tonypi.Alert{dirty}))
	same(t, got[tonypi.Alert](t)(s.Alert(t.Context(), 1000)).Message, "a\uFFFDb\uFFFD")
}

// crowd saves alerts of every sort and returns them newest first.
func crowd(t *testing.T, s Stores, n int) []tonypi.Alert {
	t.Helper()
	var alerts []tonypi.Alert
	for i := range n {
		a := tonypi.Alert{
			ID: int64(i + 1), Robot: []tonypi.RobotID{"a", "b", "c"}[i%3], Type: []string{"cpu", "disk"}[i%2],
			Severity:     []tonypi.Severity{tonypi.Info, tonypi.Warning, tonypi.Critical, tonypi.Warning, tonypi.Info}[i%5],
			Acknowledged: i%7 < 3, Resolved: i%11 < 6, CreatedAt: at(i), UpdatedAt: at(i),
		}
		alerts = append(alerts, a)
	}
	must(t, s.SaveAlerts(t.Context(), alerts))
	slices.Reverse(alerts)
	return alerts
}

func testAlertFilters(t *testing.T, s Stores) {
	alerts := crowd(t, s, 240)
	yes, no := true, false
	bools := []*bool{nil, &yes, &no}
	for i := range 3 * 3 * 3 * 4 * 3 * 3 {
		next := func(n int) int { k := i % n; i /= n; return k }
		f := tonypi.AlertFilter{
			Robot: []tonypi.RobotID{"", "a", "nobody"}[next(3)], Acknowledged: bools[next(3)], Resolved: bools[next(3)],
			Severity: []tonypi.Severity{tonypi.Calm, tonypi.Info, tonypi.Warning, tonypi.Critical}[next(4)],
			Since:    []time.Time{{}, at(100), at(100).Add(time.Nanosecond)}[next(3)], Before: []int64{0, 150, 1}[next(3)],
			Type: []string{"", "cpu"}[i%2], Limit: 500,
		}
		want := slices.DeleteFunc(slices.Clone(alerts), func(a tonypi.Alert) bool { return !matches(f, a) })
		found := got[[]tonypi.Alert](t)(s.Alerts(t.Context(), f))
		if !slices.Equal(found, want) {
			t.Fatalf("%+v: got %v, want %v", f, ids(found, alertID), ids(want, alertID))
		}
	}
	open := got[[]tonypi.Alert](t)(s.OpenAlerts(t.Context()))
	same(t, open, slices.DeleteFunc(slices.Clone(alerts), func(a tonypi.Alert) bool { return a.Resolved }))
}

// matches is the contract of tonypi.AlertFilter. Times are compared to the millisecond, as stores keep them.
func matches(f tonypi.AlertFilter, a tonypi.Alert) bool {
	switch {
	case f.Robot != "" && a.Robot != f.Robot, f.Type != "" && a.Type != f.Type,
		f.Severity != "" && a.Severity != f.Severity,
		f.Acknowledged != nil && *f.Acknowledged != a.Acknowledged,
		f.Resolved != nil && *f.Resolved != a.Resolved,
		!f.Since.IsZero() && a.CreatedAt.UnixMilli() < f.Since.UnixMilli(),
		f.Before != 0 && a.ID >= f.Before:
		return false
	}
	return true
}

func testAlertPages(t *testing.T, s Stores) {
	alerts := crowd(t, s, 230)
	var read []tonypi.Alert
	f := tonypi.AlertFilter{Limit: 50}
	for pages := 1; ; pages++ {
		page := got[[]tonypi.Alert](t)(s.Alerts(t.Context(), f))
		read = append(read, page...)
		if pages == 2 {
			// New alerts and deleted ones between two pages neither hide a row nor show one twice.
			must(t, s.SaveAlerts(t.Context(), []tonypi.Alert{fullAlert(9999, "new")}))
			must(t, s.DeleteAlert(t.Context(), f.Before))
		}
		if len(page) < f.Limit {
			break
		}
		f.Before = page[len(page)-1].ID
	}
	same(t, read, alerts)
}

func testAlertLimits(t *testing.T, s Stores) {
	crowd(t, s, 600)
	for limit, want := range map[int]int{0: 100, 1: 1, 100: 100, 500: 500} {
		same(t, len(got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{Limit: limit}))), want)
	}
	for _, limit := range []int{-1, 501, math.MaxInt} {
		_, err := s.Alerts(t.Context(), tonypi.AlertFilter{Limit: limit})
		wantKind(t, err, tonypi.Invalid, "limit")
	}
}

func testAlertStats(t *testing.T, s Stores) {
	same(t, got[tonypi.AlertStats](t)(s.AlertStats(t.Context(), "", time.Time{})), tonypi.AlertStats{})
	alerts := crowd(t, s, 240)
	for _, robot := range []tonypi.RobotID{"", "a", "nobody", "'--"} {
		for _, since := range []time.Time{{}, at(100), at(1000)} {
			var want tonypi.AlertStats
			for _, a := range alerts {
				if matches(tonypi.AlertFilter{Robot: robot, Since: since}, a) {
					count(&want, a)
				}
			}
			same(t, got[tonypi.AlertStats](t)(s.AlertStats(t.Context(), robot, since)), want)
		}
	}
}

func count(n *tonypi.AlertStats, a tonypi.Alert) {
	n.Total++
	*map[tonypi.Severity]*int{tonypi.Info: &n.Info, tonypi.Warning: &n.Warning, tonypi.Critical: &n.Critical}[a.Severity]++
	if !a.Acknowledged {
		n.Unacknowledged++
	}
	if !a.Resolved {
		n.Unresolved++
	}
}

func testAlertCancel(t *testing.T, s Stores) {
	must(t, s.SaveAlerts(t.Context(), []tonypi.Alert{fullAlert(1, "r")}))
	ctx := cancelled()
	_, errAlert := s.Alert(ctx, 1)
	_, errAlerts := s.Alerts(ctx, tonypi.AlertFilter{})
	_, errOpen := s.OpenAlerts(ctx)
	_, errStats := s.AlertStats(ctx, "", time.Time{})
	_, errLast := s.LastAlertID(ctx)
	wantCancelled(t, map[string]error{
		"Alert": errAlert, "Alerts": errAlerts, "OpenAlerts": errOpen, "AlertStats": errStats, "LastAlertID": errLast,
		"SaveAlerts":  s.SaveAlerts(ctx, []tonypi.Alert{fullAlert(2, "r")}),
		"DeleteAlert": s.DeleteAlert(ctx, 1),
	})
	same(t, got[[]tonypi.Alert](t)(s.Alerts(t.Context(), tonypi.AlertFilter{})), []tonypi.Alert{fullAlert(1, "r")})
}

func fullRule(robot tonypi.RobotID, kind string) tonypi.Rule {
	return tonypi.Rule{
		Type: kind, Metric: tonypi.CPUPercent, Robot: robot, Warning: 70.1, Critical: 90.2, Below: true, For: 0.25, ClearFor: 10,
		Hysteresis: 1.5, Enabled: true,
	}
}

// sansTimes compares rules whose times a store gave.
func sansTimes(rules ...tonypi.Rule) []tonypi.Rule {
	for i := range rules {
		rules[i].CreatedAt, rules[i].UpdatedAt = time.Time{}, time.Time{}
	}
	return rules
}

func testRuleRoundTrip(t *testing.T, s Stores) {
	same(t, got[[]tonypi.Rule](t)(s.Rules(t.Context())), nil)
	var want []tonypi.Rule
	before := time.Now().Truncate(time.Millisecond)
	for _, rule := range append(tonypi.DefaultRules(), fullRule("r", "cpu"), fullRule("'; --", `" OR 1`), fullRule("日本", "名前")) {
		saved := got[tonypi.Rule](t)(s.SaveRule(t.Context(), rule))
		if saved.ID == 0 || saved.CreatedAt.Before(before) || !saved.UpdatedAt.Equal(saved.CreatedAt) {
			t.Errorf("ID %d, created %v, updated %v", saved.ID, saved.CreatedAt, saved.UpdatedAt)
		}
		rule.ID = saved.ID
		same(t, sansTimes(saved)[0], rule)
		want = append(want, rule)
	}
	same(t, sansTimes(got[[]tonypi.Rule](t)(s.Rules(t.Context()))...), want)
}

func testRuleUnique(t *testing.T, s Stores) {
	ctx := t.Context()
	first := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "cpu")))
	own := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("r", "cpu")))
	changed := tonypi.Rule{Type: "cpu", Metric: tonypi.MemoryPercent, Warning: 1, Critical: 2, CreatedAt: at(99), UpdatedAt: at(99)}
	again := got[tonypi.Rule](t)(s.SaveRule(ctx, changed))
	if again.ID != first.ID || !again.CreatedAt.Equal(first.CreatedAt) || again.UpdatedAt.Before(first.UpdatedAt) {
		t.Errorf("saved again as %+v, was %+v", again, first)
	}
	changed.ID = first.ID
	same(t, sansTimes(got[[]tonypi.Rule](t)(s.Rules(ctx))...), sansTimes(changed, own))

	n := together(t, 8, tonypi.Internal, func(int) error {
		_, err := s.SaveRule(ctx, fullRule("race", "cpu"))
		return err
	})
	same(t, n, 8)
	same(t, len(got[[]tonypi.Rule](t)(s.Rules(ctx))), 3)
}

func testRuleByID(t *testing.T, s Stores) {
	ctx := t.Context()
	cpu := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "cpu")))
	disk := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "disk")))

	disk.Warning, disk.Enabled = 3, false
	saved := got[tonypi.Rule](t)(s.SaveRule(ctx, disk))
	same(t, saved.CreatedAt, disk.CreatedAt)
	disk.Type, disk.Robot = "disk2", "r"
	got[tonypi.Rule](t)(s.SaveRule(ctx, disk))
	same(t, sansTimes(got[[]tonypi.Rule](t)(s.Rules(ctx))...), sansTimes(cpu, disk))

	disk.Type, disk.Robot = "cpu", ""
	_, err := s.SaveRule(ctx, disk)
	wantKind(t, err, tonypi.Conflict, "A threshold of this type exists already")
	disk.ID = 777
	disk.Type = "new"
	_, err = s.SaveRule(ctx, disk)
	wantKind(t, err, tonypi.NotFound, "Threshold 777 not found")

	must(t, s.DeleteRule(ctx, cpu.ID))
	wantKind(t, s.DeleteRule(ctx, cpu.ID), tonypi.NotFound, fmt.Sprintf("Threshold %d not found", cpu.ID))
	same(t, len(got[[]tonypi.Rule](t)(s.Rules(ctx))), 1)
	// The ID of a deleted rule is not given again, not even the last one: old alerts name it.
	last := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "cpu")))
	must(t, s.DeleteRule(ctx, last.ID))
	if next := got[tonypi.Rule](t)(s.SaveRule(ctx, fullRule("", "cpu"))); next.ID <= last.ID {
		t.Errorf("ID %d after %d", next.ID, last.ID)
	}
}

func testRuleInvalid(t *testing.T, s Stores) {
	for name, spoil := range map[string]func(*tonypi.Rule){
		"no type": func(r *tonypi.Rule) { r.Type = "" }, "NUL": func(r *tonypi.Rule) { r.Type = "a\x00" },
		"broken robot": func(r *tonypi.Rule) { r.Robot = "\xff" }, "broken metric": func(r *tonypi.Rule) { r.Metric = "\x00" },
		"not a number": func(r *tonypi.Rule) { r.Warning = math.NaN() }, "infinite": func(r *tonypi.Rule) { r.For = tonypi.Seconds(math.Inf(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			rule := fullRule("", "cpu")
			spoil(&rule)
			_, err := s.SaveRule(t.Context(), rule)
			wantKind(t, err, tonypi.Invalid, "")
			same(t, got[[]tonypi.Rule](t)(s.Rules(t.Context())), nil)
		})
	}
}

func testRuleCancel(t *testing.T, s Stores) {
	rule := got[tonypi.Rule](t)(s.SaveRule(t.Context(), fullRule("", "cpu")))
	ctx := cancelled()
	_, errRules := s.Rules(ctx)
	_, errSave := s.SaveRule(ctx, fullRule("", "disk"))
	wantCancelled(t, map[string]error{"Rules": errRules, "SaveRule": errSave, "DeleteRule": s.DeleteRule(ctx, rule.ID)})
	same(t, got[[]tonypi.Rule](t)(s.Rules(t.Context())), []tonypi.Rule{rule})
}
