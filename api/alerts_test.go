package api

import (
	"fmt"
	"testing"
	"time"

	"tonypi"
)

// withAlerts stores four alerts: 1 is old and resolved, 2 critical, 3 acknowledged, 4 of another robot.
func withAlerts(t *testing.T) *fixture {
	f := newFixture(t)
	now := time.Now()
	f.must(f.store.SaveAlerts(t.Context(), []tonypi.Alert{
		{ID: 1, Robot: "r1", Type: "cpu", Severity: tonypi.Warning, Resolved: true, CreatedAt: now.Add(-48 * time.Hour)},
		{ID: 2, Robot: "r1", Type: "cpu", Severity: tonypi.Critical, CreatedAt: now},
		{ID: 3, Robot: "r1", Type: "disk", Severity: tonypi.Warning, Acknowledged: true, CreatedAt: now},
		{ID: 4, Robot: "r2", Type: "battery", Severity: tonypi.Info, CreatedAt: now},
	}))
	return f
}

func TestListAlerts(t *testing.T) {
	f := withAlerts(t)
	for _, c := range []struct {
		query string
		ids   string
		next  string
	}{
		{"", "[4 3 2]", ""},
		{"?time_range=all", "[4 3 2 1]", ""},
		{"?time_range=1h", "[4 3 2]", ""},
		{"?time_range=7d&resolved=true", "[1]", ""},
		{"?resolved=false&acknowledged=false", "[4 2]", ""},
		{"?acknowledged=1", "[3]", ""},
		{"?robot_id=r1", "[3 2]", ""},
		{"?alert_type=cpu&time_range=all", "[2 1]", ""},
		{"?severity=critical", "[2]", ""},
		{"?limit=2", "[4 3]", "3"},
		{"?limit=2&cursor=3", "[2]", ""},
		{"?robot_id=nobody", "[]", ""},
	} {
		answer := f.do("GET", "/alerts"+c.query, f.tokens[tonypi.Viewer], "").want(200)
		alerts, next := read[[]tonypi.Alert](answer), answer.header.Get("X-Next-Cursor")
		ids := []int64{}
		for _, a := range alerts {
			ids = append(ids, a.ID)
		}
		if fmt.Sprint(ids) != c.ids || next != c.next || alerts == nil {
			t.Errorf("%s: %v next %q, want %s next %q", c.query, ids, next, c.ids, c.next)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=501", "?limit=x", "?severity=bad", "?resolved=maybe", "?time_range=2h", "?cursor=x", "?cursor=-1"} {
		if a := f.do("GET", "/alerts"+query, f.tokens[tonypi.Viewer], ""); a.status != 422 && a.status != 400 {
			t.Errorf("%s: %d", query, a.status)
		}
	}
}

func TestAlertStats(t *testing.T) {
	f := withAlerts(t)
	got := read[tonypi.AlertStats](f.do("GET", "/alerts/stats?time_range=all", f.tokens[tonypi.Viewer], "").want(200))
	if want := (tonypi.AlertStats{Total: 4, Critical: 1, Warning: 2, Info: 1, Unacknowledged: 3, Unresolved: 3}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := read[tonypi.AlertStats](f.do("GET", "/alerts/stats?robot_id=r2", f.tokens[tonypi.Viewer], "")); got.Total != 1 {
		t.Errorf("%+v", got)
	}
}

func TestHandleAlerts(t *testing.T) {
	for _, c := range []struct {
		method, path, body string
		note               string
		resolved           bool
	}{
		{"POST", "/alerts/2/acknowledge", `{"note":"fan replaced"}`, "fan replaced", false},
		{"POST", "/alerts/2/acknowledge", ``, "", false},
		{"PUT", "/alerts/2/acknowledge", `{}`, "", false},
		{"PUT", "/alerts/2/ack", `{"note":"x"}`, "x", false},
		{"POST", "/alerts/2/resolve", ``, "", true},
		{"PUT", "/alerts/2/resolve", ``, "", true},
	} {
		f := withAlerts(t)
		f.do(c.method, c.path, f.tokens[tonypi.Operator], c.body).want(200)
		a := read[tonypi.Alert](f.do("GET", "/alerts/2", f.tokens[tonypi.Viewer], "").want(200))
		if a.Note != c.note || a.Resolved != c.resolved || a.Acknowledged == c.resolved {
			t.Errorf("%s %s: %+v", c.method, c.path, a)
		}
		if by := a.AcknowledgedBy + a.ResolvedBy; by != "operator" {
			t.Errorf("%s %s: by %q", c.method, c.path, by)
		}
	}
}

func TestAcknowledgeAll(t *testing.T) {
	for body, want := range map[string]int{``: 2, `{}`: 2, `{"robot_id":"r2"}`: 1, `{"ids":[2]}`: 1, `{"ids":[]}`: 2, `{"ids":[1,3]}`: 0} {
		f := withAlerts(t)
		if got := read[Count](f.do("POST", "/alerts/acknowledge-all", f.tokens[tonypi.Operator], body).want(200)); got.Count != want {
			t.Errorf("%s: %d, want %d", body, got.Count, want)
		}
	}
}

func TestAlertErrors(t *testing.T) {
	f := withAlerts(t)
	admin := f.tokens[tonypi.Admin]
	f.do("DELETE", "/alerts/2", admin, "").want(200)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/alerts/2", 404}, {"DELETE", "/alerts/2", 404}, {"POST", "/alerts/99/acknowledge", 404}, {"POST", "/alerts/99/resolve", 404},
		{"GET", "/alerts/x", 422}, {"GET", "/alerts/0", 422}, {"GET", "/alerts/99999999999999999999", 422},
	} {
		if a := f.do(c.method, c.path, admin, ""); a.status != c.status {
			t.Errorf("%s %s: %d: %s", c.method, c.path, a.status, a.body)
		}
	}
}

func TestRules(t *testing.T) {
	f := newFixture(t)
	operator, viewer := f.tokens[tonypi.Operator], f.tokens[tonypi.Viewer]
	if got := read[map[string]DefaultRule](f.do("GET", "/alerts/thresholds/defaults", viewer, "").want(200)); len(got) != len(tonypi.DefaultRules()) || got["cpu"].Warning != 70 || got["cpu"].Metric != tonypi.CPUPercent {
		t.Errorf("defaults %+v", got)
	}
	if got := read[[]tonypi.Rule](f.do("GET", "/alerts/thresholds", viewer, "").want(200)); got == nil || len(got) != 0 {
		t.Errorf("rules %+v", got)
	}
	// The original's shape: the metric and the direction follow from the type.
	battery := read[tonypi.Rule](f.do("POST", "/alerts/thresholds", operator, `{"metric_type":"battery","warning_threshold":40,"critical_threshold":20}`).want(200))
	if battery.ID == 0 || battery.Metric != tonypi.BatteryPercent || !battery.Below || !battery.Enabled {
		t.Errorf("battery %+v", battery)
	}
	again := read[tonypi.Rule](f.do("POST", "/alerts/thresholds", operator, `{"metric_type":"battery","warning_threshold":50,"critical_threshold":20,"enabled":false}`).want(200))
	if again.ID != battery.ID || again.Warning != 50 || again.Enabled {
		t.Errorf("again %+v", again)
	}
	own := read[tonypi.Rule](f.do("POST", "/alerts/thresholds", operator,
		`{"metric_type":"weak wifi","metric":"wifi_signal","robot_id":"r1","warning_threshold":-70,"critical_threshold":-80,"below":true,"for_seconds":5}`).want(200))
	changed := read[tonypi.Rule](f.do("PUT", fmt.Sprintf("/alerts/thresholds/%d", own.ID), operator, `{"critical_threshold":-85}`).want(200))
	if changed.Critical != -85 || changed.Warning != -70 || changed.For != 5 || changed.Robot != "r1" {
		t.Errorf("changed %+v", changed)
	}
	for query, want := range map[string]int{"": 2, "?robot_id=r1": 2, "?robot_id=r2": 1} {
		if got := read[[]tonypi.Rule](f.do("GET", "/alerts/thresholds"+query, viewer, "").want(200)); len(got) != want {
			t.Errorf("%s: %+v", query, got)
		}
	}
	if got := read[Count](f.do("POST", "/alerts/thresholds/init-defaults", operator, "").want(200)); got.Count != len(tonypi.DefaultRules())-1 {
		t.Errorf("init %+v", got)
	}
	f.do("DELETE", fmt.Sprintf("/alerts/thresholds/%d", own.ID), operator, "").want(200)
	f.do("DELETE", fmt.Sprintf("/alerts/thresholds/%d", own.ID), operator, "").want(404)
	f.do("PUT", fmt.Sprintf("/alerts/thresholds/%d", own.ID), operator, `{"enabled":true}`).want(404)
}

func TestRuleErrors(t *testing.T) {
	f := newFixture(t)
	for _, c := range []struct {
		body   string
		status int
		detail string
	}{
		{`{"metric_type":"mine","warning_threshold":1,"critical_threshold":2}`, 400, `unknown metric ""`},
		{`{"metric_type":"cpu","warning_threshold":90,"critical_threshold":80}`, 400, "critical threshold must not be below the warning threshold when high values are bad"},
		{`{"metric_type":"cpu","warning_threshold":80}`, 422, "body: expected required property critical_threshold to be present"},
		{`{"metric_type":"cpu","warning_threshold":"80","critical_threshold":90}`, 422, "body.warning_threshold: expected number"},
		{`{"metric_type":"cpu","robot_id":"a/b","warning_threshold":80,"critical_threshold":90}`, 400, `robot ID "a/b" has a character that MQTT topics reserve (/ + #)`},
		{`{"metric_type":"cpu","warning_threshold":80,"critical_threshold":90,"for_seconds":-1}`, 422, "body.for_seconds: expected number >= 0"},
	} {
		f.do("POST", "/alerts/thresholds", f.tokens[tonypi.Operator], c.body).detail(c.status, c.detail)
	}
}
