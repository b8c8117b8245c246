package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
	"tonypi/report"
	"tonypi/storetest"
)

// world is a server of the original's paths with a fleet of two, one of them an original client, on stores in memory.
type world struct {
	t      *testing.T
	stores *storetest.Memory
	series *storetest.SeriesMemory
	mux    *http.ServeMux

	orders   []tonypi.Order
	audit    []tonypi.AuditEntry
	triggers []string
	configs  map[string]json.RawMessage
	refuse   string // why commands are refused; empty: they are not
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, stores: storetest.NewStores(), series: storetest.NewSeries(), mux: http.NewServeMux(), configs: map[string]json.RawMessage{}}
	for _, rule := range tonypi.DefaultRules() {
		if _, err := w.stores.SaveRule(t.Context(), rule); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now()
	var readings []tonypi.Reading
	for i := range 30 {
		at := now.Add(time.Duration(i-30) * time.Second)
		for _, robot := range []tonypi.RobotID{"simA", "r2"} {
			for _, v := range []tonypi.Reading{
				{Metric: tonypi.CPUPercent, Value: 20 + float64(i)}, {Metric: tonypi.MemoryPercent, Value: 40}, {Metric: tonypi.CPUTemperature, Value: 50},
				{Metric: tonypi.Acceleration, Source: "accelerometer_x", Value: float64(i)}, {Metric: tonypi.Distance, Source: "ultrasonic_distance", Value: 80},
				{Metric: tonypi.BatteryPercent, Value: 77}, {Metric: tonypi.BatteryCharging, Value: 1},
				{Metric: tonypi.Location, Source: "x", Value: 1.5}, {Metric: tonypi.ServoPosition, Source: "servo_1", Value: 12}, {Metric: tonypi.ServoTemperature, Source: "servo_1", Value: 72},
			} {
				v.Robot, v.Time = robot, at
				readings = append(readings, v)
			}
		}
	}
	if _, err := w.series.Append(readings); err != nil {
		t.Fatal(err)
	}
	started := now.Add(-time.Minute)
	jobs := []tonypi.Job{
		{ID: 1, Robot: "simA", Task: "old", Status: tonypi.JobCompleted, ItemsDone: 3, ItemsTotal: 3, Percent: 100, StartedAt: started.Add(-time.Hour), EndedAt: started},
		{ID: 2, Robot: "simA", Task: "inventory_scan", Status: tonypi.JobActive, ItemsDone: 1, ItemsTotal: 4, Percent: 25, StartedAt: started, LastItem: json.RawMessage(`{"qr":"QR1"}`)},
	}
	scans := []tonypi.ScanRecord{{ID: 1, Robot: "simA", Job: 2, Code: "QR1", Time: now}}
	if err := w.stores.SaveJobs(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if err := w.stores.SaveScans(t.Context(), scans); err != nil {
		t.Fatal(err)
	}
	w.mount()
	return w
}

func (w *world) mount() {
	s := New(Config{
		Fleet: w, History: w.series, Robots: w, Commands: w, Configs: w, Jobs: w, JobStore: w.stores, Scans: w.stores, CommandLog: w.stores,
		LogStore: w.stores, Alerts: w.stores, Raise: w, Rules: rules{w}, Reports: report.New(report.Config{Reports: w.stores, Jobs: w.stores, History: w.series, Robots: w.fleet}),
		ReportLog: w.stores, Record: w, Log: slog.New(slog.DiscardHandler),
		Status: func(context.Context) Status {
			return Status{Uptime: time.Hour, Healthy: true, Services: map[string]string{"mqtt_broker": "running", "influxdb": "running", "postgres": "running", "grafana": "not configured"}}
		},
		Page: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "<html>") }),
	})
	for _, r := range s.Routes() {
		w.mux.Handle(r.Pattern, r.Handler)
	}
}

func (w *world) fleet() []tonypi.Robot {
	now := time.Now()
	return []tonypi.Robot{
		{ID: "r2", Name: "Two", Agent: "tonypi-agent 1", Status: "online", LastSeen: now, CreatedAt: now},
		{ID: "simA", Name: "simA", Status: "online", Address: "192.0.2.2", LastSeen: now, CreatedAt: now},
	}
}

func (w *world) Summaries() (list []tonypi.Summary) {
	battery := 77.0
	for _, r := range w.fleet() {
		list = append(list, tonypi.Summary{Robot: r, Online: true, Battery: &battery})
	}
	return list
}

func (w *world) Summary(id tonypi.RobotID) (tonypi.Summary, error) {
	for _, r := range w.Summaries() {
		if r.ID == id {
			return r, nil
		}
	}
	return tonypi.Summary{}, tonypi.Errorf(tonypi.NotFound, "Robot not found")
}

func (w *world) Create(_ context.Context, r tonypi.Robot) (string, error) {
	if r.ID == "simA" {
		return "", tonypi.Errorf(tonypi.Conflict, "Robot simA exists")
	}
	return "secret", nil
}
func (w *world) Update(context.Context, tonypi.Robot) error { return nil }
func (w *world) Remove(_ context.Context, id tonypi.RobotID) error {
	_, err := w.Summary(id)
	return err
}

func (w *world) Send(_ context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	w.orders = append(w.orders, o)
	if !o.All {
		if _, err := w.Summary(o.Robots[0]); err != nil {
			return nil, err
		}
	}
	c := tonypi.Command{ID: "c1", Status: tonypi.CommandSent}
	if w.refuse != "" {
		c.Status, c.Message = tonypi.CommandRefused, w.refuse
	}
	return []tonypi.Command{c}, nil
}

func (w *world) Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	return w.Send(ctx, o)
}

func (w *world) Resume(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	return w.Send(ctx, o)
}

func (w *world) Config(_ context.Context, id tonypi.RobotID) (tonypi.RobotConfig, error) {
	settings, err := json.Marshal(w.configs)
	return tonypi.RobotConfig{Robot: id, Version: int64(len(w.configs)), Settings: settings}, err
}

func (w *world) MergeConfig(_ context.Context, id tonypi.RobotID, kind string, data json.RawMessage, _ tonypi.Caller) (tonypi.RobotConfig, error) {
	w.configs[kind] = data
	return tonypi.RobotConfig{Robot: id, Version: int64(len(w.configs))}, nil
}

func (w *world) Active() []tonypi.Job {
	jobs, _ := w.stores.ActiveJobs(w.t.Context()) // in memory
	return jobs
}

func (w *world) Trigger(_ context.Context, robot tonypi.RobotID, code string) error {
	w.triggers = append(w.triggers, string(robot)+" "+code)
	return nil
}

func (w *world) Raise(now time.Time, a tonypi.Alert) {
	a.ID, a.CreatedAt, a.UpdatedAt = 1, now, now
	if err := w.stores.SaveAlerts(w.t.Context(), []tonypi.Alert{a}); err != nil {
		w.t.Error(err)
	}
}

func (w *world) Record(e tonypi.AuditEntry) { w.audit = append(w.audit, e) }
func (w *world) Log(tonypi.LogEntry)        {}

type rules struct{ w *world }

func (r rules) Rules() []tonypi.Rule {
	list, _ := r.w.stores.Rules(r.w.t.Context()) // in memory
	return list
}

func (r rules) SaveRule(ctx context.Context, rule tonypi.Rule) (tonypi.Rule, error) {
	return r.w.stores.SaveRule(ctx, rule)
}

// do makes a request as an operator.
func (w *world) do(method, path, body string) (int, http.Header, []byte) {
	w.t.Helper()
	ctx := tonypi.WithCaller(w.t.Context(), tonypi.Caller{Name: "olga", Role: tonypi.Operator, Address: "192.0.2.9"})
	r := httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	out := httptest.NewRecorder()
	w.mux.ServeHTTP(out, r)
	return out.Code, out.Header(), out.Body.Bytes()
}

const api = "/api/v1"

// TestShapes holds every path against the status and members that the original's clients read.
func TestShapes(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		request string // METHOD path
		body    string
		status  int
		members string // of the object, or of the first element of the list; "[]" means an empty list
	}{
		{"GET /robot-data/sensors?measurement=sensors&time_range=1m", "", 200, "timestamp measurement field value robot_id sensor_type unit"},
		{"GET /robot-data/sensors?measurement=servos", "", 200, "[]"},
		{"GET /robot-data/sensors", "", 422, "detail"},
		{"GET /robot-data/sensors?measurement=sensors&time_range=1h)|>drop()", "", 422, "detail"},
		{"GET /robot-data/status", "", 200, "robot_id status last_seen battery_percentage location ip_address camera_url"},
		{"GET /robot-data/latest/simA", "", 200, "robot_id sensors battery location status"},
		{"GET /robot-data/latest/nobody", "", 200, "robot_id sensors battery location status"},
		{"GET /robot-data/servos/simA", "", 200, "robot_id servos servo_count timestamp"},
		{"GET /robot-data/servos/nobody", "", 200, "robot_id servos servo_count timestamp message"},
		{"GET /robot-data/job-summary/simA", "", 200, "robot_id start_time end_time items_total items_done percent_complete last_item task_name phase status estimated_duration action_duration success cancel_reason history"},
		{"GET /robot-data/job-summary/r2", "", 200, "robot_id start_time end_time items_total items_done percent_complete last_item task_name phase status estimated_duration success"},
		{"POST /robot-data/command", `{"type":"move","robot_id":"simA"}`, 200, "success message topic command"},
		{"POST /robot-data/command", `[]`, 422, "detail"},
		{"POST /robot-data/command", `{"robot_id":"simA"}`, 422, "detail"},
		{"POST /robot-data/trigger-scan", `{"robot_id":"simA","qr":"QR1"}`, 200, "success topic payload"},
		{"POST /robot-data/trigger-scan", `{"robot_id":"simA"}`, 422, "detail"},
		{"POST /robot-data/trigger-scan", `{"robot_id":"nobody","qr":"QR1"}`, 404, "detail"},
		{"POST /management/command", `{"command":"move","robot_id":"simA"}`, 200, "success message command_id"},
		{"POST /management/command", `{}`, 422, "detail"},
		{"GET /management/robots", "", 200, "robot_id name type status last_seen capabilities battery_level"},
		{"GET /management/robots/simA/config", "", 200, "robot_id navigation sensors behavior"},
		{"PUT /management/robots/simA/config", `{"config_type":"navigation","config_data":{"max_speed":1}}`, 200, "message"},
		{"PUT /management/robots/simA/config", `{"config_type":"navigation","config_data":[]}`, 422, "detail"},
		{"POST /management/robots/simA/emergency-stop", ``, 200, "success message command_id"},
		{"POST /management/robots/broadcast/emergency-stop", `{"reason":"x"}`, 200, "success message command_id"},
		{"POST /management/emergency-stop/broadcast", `{"broken`, 200, "success message command_id note"},
		{"POST /management/robots/simA/resume", ``, 200, "success message command_id"},
		{"GET /management/system/status", "", 200, "system_uptime active_robots total_commands_today system_health services resource_usage"},
		{"GET /robots-db/robots", "", 200, "id robot_id name description location status ip_address camera_url battery_threshold_low battery_threshold_critical temp_threshold_warning temp_threshold_critical settings last_seen created_at updated_at is_active"},
		{"GET /robots-db/robots/simA", "", 200, "id robot_id name"},
		{"GET /robots-db/robots/nobody", "", 404, "detail"},
		{"POST /robots-db/robots", `{"robot_id":"r2","name":"Two"}`, 200, "id robot_id name"},
		{"POST /robots-db/robots", `{"robot_id":"simA"}`, 400, "detail"},
		{"POST /robots-db/robots", `{"robot_id":7}`, 422, "detail"},
		{"PUT /robots-db/robots/simA", `{"battery_threshold_low":35,"description":"x"}`, 200, "battery_threshold_low description"},
		{"PUT /robots-db/robots/simA", `{"battery_threshold_low":5}`, 400, "detail"},
		{"PUT /robots-db/robots/nobody", `{"name":"x"}`, 404, "detail"},
		{"DELETE /robots-db/robots/simA", "", 200, "message"},
		{"DELETE /robots-db/robots/nobody", "", 404, "detail"},
		{"GET /robots-db/logs?limit=5", "", 200, "[]"},
		{"GET /robots-db/logs?limit=x", "", 422, "detail"},
		{"GET /robots-db/jobs/history?robot_id=simA", "", 200, "id robot_id start_time end_time items_total items_done percent_complete last_item status task_name phase estimated_duration action_duration success cancel_reason created_at updated_at"},
		{"GET /robots-db/jobs/cumulative-stats?robot_id=simA", "", 200, "robot_id cumulative current_job"},
		{"GET /robots-db/jobs/overall-stats", "", 200, "total_robots_with_jobs total_jobs active_jobs completed_jobs total_items_done total_items_target total_duration_seconds average_completion_percent"},
		{"GET /robots-db/stats", "", 200, "total_robots online_robots offline_robots total_jobs active_jobs completed_jobs_today"},
		{"POST /alerts", `{"alert_type":"mine","severity":"warning","title":"t","message":"m"}`, 200, "id robot_id alert_type severity title message source value threshold acknowledged resolved created_at"},
		{"POST /alerts", `{"alert_type":"mine","severity":"awful","title":"t","message":"m"}`, 422, "detail"},
		{"POST /alerts", `{"alert_type":"mine","severity":"warning","title":"t","message":"m","robot_id":"a/b"}`, 422, "detail"},
		{"GET /reports", "", 200, "[]"},
		{"POST /reports/generate?report_type=performance&time_range=1h", "", 200, "id title description robot_id report_type created_at data created_by"},
		{"POST /reports/generate?report_type=job", "", 400, "detail"},
		{"POST /reports/generate?report_type=job&robot_id=simA", "", 200, "data"},
		{"POST /reports/generate?report_type=maintenance&robot_id=simA", "", 200, "data"},
		{"POST /reports/generate?report_type=weather", "", 400, "detail"},
		{"POST /reports/generate?robot_id=nobody", "", 404, "detail"},
		{"POST /reports", `{"title":"mine","report_type":"custom","data":{"a":1}}`, 200, "id title data"},
		{"POST /reports", `{"report_type":"performance","time_range":"1h"}`, 200, "id title data"},
		{"POST /reports", `{}`, 422, "detail"},
		{"GET /reports?report_type=custom", "", 200, "id title"},
		{"GET /reports?limit=2000", "", 422, "detail"},
		{"GET /reports/ai-status", "", 200, "gemini_available pdf_available message"},
		{"GET /reports/1", "", 200, "id title"},
		{"GET /reports/x", "", 422, "detail"},
		{"GET /reports/999", "", 404, "detail"},
		{"DELETE /reports/1", "", 200, "message"},
		{"DELETE /reports/1", "", 404, "detail"},
		{"GET /pi/perf/simA", "", 200, "time measurement field value robot_id status_type"},
		{"GET /pi/perf/sim", "", 200, "[]"},
		{"GET /validate/robot/simA", "", 200, "robot_id is_registered has_recent_data last_seen data_sources validation_results overall_status"},
		{"GET /validate/robot/nobody", "", 200, "overall_status"},
		{"GET /validate/all-robots", "", 200, "total_robots healthy robots"},
		{"GET /validate/data-sample/simA", "", 200, "robot_id measurement total_points samples message"},
		{"GET /validate/data-sample/nobody?measurement=x", "", 200, "robot_id measurement samples message"},
		{"GET /validate/expected-format", "", 200, "mqtt_topics sensor_data_format status_data_format job_data_format example_mqtt_publish example_job_events notes"},
		{"GET /api/grafana/render", "", 422, "detail"},
		{"GET /api/grafana/render?dashboard_uid=a&panel_id=1", "", 503, "detail"},
		{"GET /grafana/render?dashboard_uid=a&panel_id=x", "", 422, "detail"},
	}
	for _, test := range tests {
		method, path, _ := strings.Cut(test.request, " ")
		status, header, body := w.do(method, api+path, test.body)
		if status != test.status || header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s %s, want %d", test.request, status, header.Get("Content-Type"), body, test.status)
			continue
		}
		checkMembers(t, test.request, body, test.members)
	}
}

func checkMembers(t *testing.T, request string, body []byte, members string) {
	t.Helper()
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Errorf("%s: %v in %s", request, err, body)
		return
	}
	if list, ok := answer.([]any); ok {
		if members == "[]" {
			if len(list) > 0 {
				t.Errorf("%s: %s, want an empty list", request, body)
			}
			return
		}
		if len(list) == 0 {
			t.Errorf("%s: the list is empty", request)
			return
		}
		answer = list[0]
	}
	object, ok := answer.(map[string]any)
	if !ok {
		t.Errorf("%s: %s, want an object", request, body)
		return
	}
	for _, name := range strings.Fields(members) {
		if _, ok := object[name]; !ok {
			t.Errorf("%s: %s has no %q", request, body, name)
		}
	}
}

func TestValuesAreReal(t *testing.T) {
	w := newWorld(t)
	read := func(path string, v any) {
		t.Helper()
		status, _, body := w.do("GET", api+path, "")
		if err := json.Unmarshal(body, v); err != nil || status != 200 {
			t.Fatalf("%s: %d %s", path, status, body)
		}
	}
	var latest struct {
		Sensors  map[string]any
		Battery  map[string]any
		Location map[string]float64
		Status   map[string]any
	}
	read("/robot-data/latest/simA", &latest)
	if latest.Battery["percentage"] != 77.0 || latest.Battery["is_charging"] != true || latest.Location["x"] != 1.5 || latest.Status["system_cpu_percent"] != 49.0 || latest.Status["status"] != "online" {
		t.Errorf("latest is %+v", latest)
	}
	if len(latest.Sensors) != 4 { // two types, and the newest one as value and unit
		t.Errorf("sensors are %v", latest.Sensors)
	}
	var servos struct {
		Servos map[string]struct {
			ID    int
			Level string `json:"alert_level"`
		}
	}
	read("/robot-data/servos/simA", &servos)
	if s := servos.Servos["Left Hip"]; s.ID != 1 || s.Level != "critical" {
		t.Errorf("an original client's servos are %+v", servos)
	}
	read("/robot-data/servos/r2", &servos)
	if _, ok := servos.Servos["servo_1"]; !ok {
		t.Errorf("our robot's servos are %+v", servos)
	}
	var perf []perfRow
	read("/pi/perf/simA", &perf)
	if !slices.IsSortedFunc(perf, func(a, b perfRow) int { return a.Time.Compare(b.Time) }) || len(perf) < 80 {
		t.Errorf("%d rows, sorted by time?", len(perf))
	}
	var robot map[string]any
	if status, _, body := w.do("PUT", api+"/robots-db/robots/simA", `{"temp_threshold_warning":65,"temp_threshold_critical":85}`); status != 200 || json.Unmarshal(body, &robot) != nil || robot["temp_threshold_critical"] != 85.0 {
		t.Errorf("after setting limits: %v", robot)
	}
	read("/robots-db/robots/r2", &robot)
	if robot["temp_threshold_critical"] != 75.0 {
		t.Errorf("another robot's limit is %v", robot["temp_threshold_critical"])
	}
}

// TestOrdersAreCarriedOver looks at what becomes of the original's commands.
func TestOrdersAreCarriedOver(t *testing.T) {
	w := newWorld(t)
	w.do("POST", api+"/robot-data/command", `{"type":"move","robot_id":"simA","id":"7","direction":"left","parameters":{"speed":0.2}}`)
	o := w.orders[0]
	if o.Type != "move" || o.Robots[0] != "simA" || o.Parameters["direction"] != "left" || o.Parameters["speed"] != 0.2 || len(o.Parameters) != 2 || o.ID != "c:olga:7" || o.By.Name != "olga" {
		t.Errorf("order is %+v", o)
	}
	w.do("POST", api+"/robot-data/command", `{"command":"emergency_stop","reason":"now"}`)
	if o := w.orders[1]; !o.All || o.Type != tonypi.StopCommand || o.Reason != "now" {
		t.Errorf("order is %+v", o)
	}
	w.refuse = "Robot is offline"
	if _, _, body := w.do("POST", api+"/management/command", `{"command":"move","robot_id":"simA"}`); !bytes.Contains(body, []byte(`"success":false`)) || !bytes.Contains(body, []byte(w.refuse)) {
		t.Errorf("a refused command: %s", body)
	}
	if _, _, body := w.do("POST", api+"/robot-data/command", `{"type":"move","robot_id":"nobody"}`); !bytes.Contains(body, []byte(`"success":false`)) || !bytes.Contains(body, []byte("Robot not found")) {
		t.Errorf("a command to nobody: %s", body)
	}
}

func TestFilesAreAttached(t *testing.T) {
	w := newWorld(t)
	if status, _, body := w.do("POST", api+"/reports/generate", ""); status != 200 {
		t.Fatalf("%d %s", status, body)
	}
	status, header, body := w.do("GET", api+"/reports/1/pdf", "")
	if status != 200 || header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(body, []byte("%PDF")) || !strings.Contains(header.Get("Content-Disposition"), "report_1_") {
		t.Errorf("pdf: %d %v", status, header)
	}
	status, header, body = w.do("GET", api+"/reports/export/csv?time_range=1h", "")
	head, _, _ := strings.Cut(string(body), "\n")
	if status != 200 || header.Get("Content-Type") != "text/csv" || head != "time,robot_id,system_cpu_percent,system_cpu_temperature,system_memory_percent,system_temperature" {
		t.Errorf("csv: %d %v %q", status, header, head)
	}
	if status, _, body := w.do("GET", api+"/reports/export/json?robot_id=nobody", ""); status != 404 || !bytes.Contains(body, []byte("No data found")) {
		t.Errorf("export of nobody: %d %s", status, body)
	}
}

func TestRootKnowsBrowsersFromPrograms(t *testing.T) {
	w := newWorld(t)
	if _, _, body := w.do("GET", "/", ""); !bytes.Contains(body, []byte("TonyPi")) {
		t.Errorf("a program got %s", body)
	}
	for name, value := range map[string]string{"Accept": "text/html,application/xhtml+xml", "Sec-Fetch-Mode": "cors"} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.Header.Set(name, value)
		out := httptest.NewRecorder()
		w.mux.ServeHTTP(out, r)
		if out.Body.String() != "<html>" {
			t.Errorf("a browser with %s got %s", name, out.Body)
		}
	}
}

func TestEveryRouteSaysWhoMay(t *testing.T) {
	for _, r := range New(Config{}).Routes() {
		if r.Action == "" && r.Pattern != "GET /{$}" {
			t.Errorf("%s is open to everybody", r.Pattern)
		}
		if r.Action != "" && !tonypi.Admin.May(r.Action) {
			t.Errorf("%s: nobody may %s", r.Pattern, r.Action)
		}
		if strings.HasPrefix(r.Pattern, "GET ") && tonypi.Viewer.May(r.Action) != (r.Action != "") {
			t.Errorf("%s: a viewer may not read", r.Pattern)
		}
		if r.Stop != (r.Action == tonypi.SendCommands && !strings.HasSuffix(r.Pattern, "/trigger-scan")) {
			t.Errorf("%s: may stop a robot: %v", r.Pattern, r.Stop)
		}
		if !strings.HasPrefix(r.Pattern, "GET ") && tonypi.Viewer.May(r.Action) {
			t.Errorf("%s: a viewer may change things", r.Pattern)
		}
	}
}

func TestGrafanaIsAskedWithoutInjection(t *testing.T) {
	var asked string
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI() + " " + r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "image/png")
		_, _ = io.WriteString(w, "PNG")
	}))
	defer upstream.Close()
	s := New(Config{Grafana: Grafana{upstream.URL, "key"}, Log: slog.New(slog.DiscardHandler)})
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/?dashboard_uid=..%2F..%2Fadmin&panel_id=3&var_robot_id=a%26b", nil)
	out := httptest.NewRecorder()
	if _, err := s.renderGrafana(out, r); err != nil || out.Body.String() != "PNG" {
		t.Fatalf("%v %s", err, out.Body)
	}
	if asked != "/render/d/..%2F..%2Fadmin?from=now-1h&height=500&panelId=3&to=now&var-robot_id=a%26b&width=1000 Bearer key" {
		t.Errorf("asked %s", asked)
	}
}
