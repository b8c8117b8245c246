package report

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"tonypi"
)

// past is a history and a store of reports with known content.
type past struct {
	series  []tonypi.Series
	jobs    []tonypi.Job
	reports []tonypi.Report
}

func (p *past) Range(_ context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error) {
	var found []tonypi.Series
	for _, s := range p.series {
		for _, m := range q.Metrics {
			if s.Key.Robot == q.Robot && s.Key.Metric == m {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

func (p *past) Jobs(_ context.Context, f tonypi.JobFilter) ([]tonypi.Job, error) {
	for _, j := range p.jobs {
		if j.Robot == f.Robot {
			return []tonypi.Job{j}, nil
		}
	}
	return nil, nil
}

func (p *past) CreateReport(_ context.Context, r tonypi.Report) (tonypi.Report, error) {
	r.ID = int64(len(p.reports) + 1)
	p.reports = append(p.reports, r)
	return r, nil
}

func (p *past) Reports(context.Context, tonypi.ReportFilter) ([]tonypi.Report, error) {
	return p.reports, nil
}
func (p *past) Report(_ context.Context, id int64) (tonypi.Report, error) {
	return p.reports[id-1], nil
}
func (p *past) DeleteReport(context.Context, int64) error { return nil }

func buckets(values ...float64) (list []tonypi.Bucket) {
	for i, v := range values {
		list = append(list, tonypi.Bucket{Time: time.Unix(int64(i), 0), Min: v - 1, Max: v + 1, Mean: v, Last: v, Count: i + 1})
	}
	return list
}

func maker() (*Maker, *past) {
	p := &past{jobs: []tonypi.Job{{ID: 3, Robot: "r1", Task: "scan", Status: tonypi.JobCompleted, ItemsDone: 4, ItemsTotal: 5, Percent: 80, StartedAt: time.Unix(0, 0)}}}
	for _, robot := range []tonypi.RobotID{"r1", "r2"} {
		p.series = append(p.series,
			tonypi.Series{Key: tonypi.SeriesKey{Robot: robot, Metric: tonypi.CPUPercent}, Buckets: buckets(10, 40)},
			tonypi.Series{Key: tonypi.SeriesKey{Robot: robot, Metric: tonypi.MemoryPercent}, Buckets: buckets(50)})
	}
	for i := range 12 {
		key := tonypi.SeriesKey{Robot: "r1", Metric: tonypi.ServoTemperature, Source: fmt.Sprintf("servo_%d", i+1)}
		p.series = append(p.series, tonypi.Series{Key: key, Buckets: buckets(40, 45+float64(3*i))})
	}
	return New(Config{Reports: p, Jobs: p, History: p, Robots: func() []tonypi.Robot { return []tonypi.Robot{{ID: "r1"}, {ID: "r2"}, {ID: "r3"}} }}), p
}

func TestPerformanceCountsEverySampleOnce(t *testing.T) {
	m, _ := maker()
	r, err := m.Make(t.Context(), Request{Type: Performance, Period: time.Hour, Label: "1h", By: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	var d PerformanceData
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatal(err)
	}
	// Means are weighed by their samples: (10·1 + 40·2) / 3.
	if *d.CPU != 30 || *d.Memory != 50 || d.Temperature != nil || d.Points != 6 || len(d.Robots) != 2 || d.Robots[0].CPU.Min != 9 {
		t.Errorf("data is %s", r.Data)
	}
	if !strings.Contains(string(r.Data), `"avg_temperature":null`) || !strings.Contains(string(r.Data), `"ai_analysis":null`) {
		t.Errorf("data is %s", r.Data)
	}
}

func TestMaintenanceJudgesServos(t *testing.T) {
	m, _ := maker()
	r, err := m.Make(t.Context(), Request{Type: Maintenance, Robot: "r1", Period: time.Hour, Label: "1h"})
	if err != nil {
		t.Fatal(err)
	}
	var d MaintenanceData
	if err := json.Unmarshal(r.Data, &d); err != nil {
		t.Fatal(err)
	}
	if d.Count != 12 || d.Servos["servo_1"].Level != "normal" || d.Servos["servo_4"].Level != "warning" || d.Servos["servo_10"].Level != "critical" {
		t.Errorf("data is %s", r.Data)
	}
}

func TestRequestsThatMakeNoSense(t *testing.T) {
	m, _ := maker()
	for _, test := range []struct {
		request Request
		kind    tonypi.Kind
		message string
	}{
		{Request{Type: "weather", Period: time.Hour}, tonypi.Invalid, "report_type"},
		{Request{Type: Jobs, Period: time.Hour}, tonypi.Invalid, "robot_id required for job reports"},
		{Request{Type: Maintenance, Period: time.Hour}, tonypi.Invalid, "robot_id required for maintenance reports"},
		{Request{Type: Performance, Period: 0}, tonypi.Invalid, "period"},
		{Request{Type: Performance, Period: MaxPeriod + 1}, tonypi.Invalid, "period"},
		{Request{Type: Performance, Robot: "r3", Period: time.Hour}, tonypi.NotFound, "No performance data found"},
		{Request{Type: Jobs, Robot: "r3", Period: time.Hour}, tonypi.NotFound, "No job data found"},
		{Request{Type: Maintenance, Robot: "r3", Period: time.Hour}, tonypi.NotFound, "No servo data found for maintenance report"},
	} {
		_, err := m.Make(t.Context(), test.request)
		if tonypi.KindOf(err) != test.kind || !strings.Contains(tonypi.MessageOf(err), test.message) {
			t.Errorf("%+v: %v, want %v with %q", test.request, err, test.kind, test.message)
		}
	}
}

func TestEveryTypeIsTypeset(t *testing.T) {
	m, p := maker()
	for _, request := range []Request{
		{Type: Performance, Period: time.Hour, Label: "1h", By: "Ada Łovelace 🤖"},
		{Type: Jobs, Robot: "r1", Period: time.Hour, Label: "1h"},
		{Type: Maintenance, Robot: "r1", Period: time.Hour, Label: "1h"},
	} {
		if _, err := m.Make(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	p.reports = append(p.reports,
		tonypi.Report{Title: `<b>&"hostile" \ 日本語 ` + strings.Repeat("long ", 200), Type: Custom, Data: json.RawMessage(`{"note":"<script>","list":[1,2,{"deep":true}]}`)},
		tonypi.Report{Title: "no data", Type: Custom},
		tonypi.Report{Title: "somebody's own shape", Type: Performance, Data: json.RawMessage(`{"data_points":"many"}`)})
	for _, r := range p.reports {
		pdf, err := PDF(r)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("%%EOF")) {
			t.Errorf("%s: %d bytes, %v", r.Title, len(pdf), err)
		}
		if dir := os.Getenv("TONYPI_PDF_DIR"); dir != "" {
			if err := os.WriteFile(fmt.Sprintf("%s/%d-%s.pdf", dir, r.ID, r.Type), pdf, 0o600); err != nil {
				t.Error(err)
			}
		}
	}
}
