// Package report collects what happened in a period, and typesets it.
package report

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"tonypi"
)

// Types of reports that can be made. A report of another type is written by its author.
const (
	Performance = "performance"
	Jobs        = "job"
	Maintenance = "maintenance"
	Custom      = "custom"
)

// MaxPeriod is the longest period of a report.
const MaxPeriod = 366 * 24 * time.Hour

// History reads what robots measured. Every tonypi.SeriesStore is one.
type History interface {
	Range(ctx context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error)
}

// JobHistory reads what robots worked on. Every tonypi.JobStore is one.
type JobHistory interface {
	Jobs(ctx context.Context, f tonypi.JobFilter) ([]tonypi.Job, error)
}

// Config is what a Maker works with. All fields are needed.
type Config struct {
	Reports tonypi.ReportStore
	Jobs    JobHistory
	History History
	Robots  func() []tonypi.Robot // the adopted ones
}

// Maker makes and keeps reports. It is safe for concurrent use.
type Maker struct{ cfg Config }

// New makes a Maker.
func New(c Config) *Maker { return &Maker{c} }

// Request asks for a report.
type Request struct {
	Robot  tonypi.RobotID // empty: all robots, for performance only
	Type   string         // Performance, Jobs or Maintenance
	Period time.Duration  // up to now, at most MaxPeriod
	Label  string         // how the period is called: "24h"
	By     string         // user name
}

// Make collects a report and keeps it. Errors: Invalid for a request that makes no sense, NotFound when there is no data.
func (m *Maker) Make(ctx context.Context, r Request) (tonypi.Report, error) {
	if r.Period <= 0 || r.Period > MaxPeriod {
		return tonypi.Report{}, tonypi.Errorf(tonypi.Invalid, "the period must be longer than 0 and at most 366 days")
	}
	collect, err := m.collector(r)
	if err != nil {
		return tonypi.Report{}, err
	}
	report := tonypi.Report{Robot: r.Robot, Type: r.Type, CreatedBy: r.By, CreatedAt: time.Now().UTC()}
	data, err := collect(ctx, r, &report)
	if err != nil {
		return tonypi.Report{}, err
	}
	if report.Data, err = json.Marshal(data); err != nil {
		return tonypi.Report{}, fmt.Errorf("write report: %w", err)
	}
	return m.cfg.Reports.CreateReport(ctx, report)
}

type collector func(ctx context.Context, r Request, report *tonypi.Report) (any, error)

func (m *Maker) collector(r Request) (collector, error) {
	switch r.Type {
	case Performance:
		return m.performance, nil
	case Jobs, Maintenance:
		if r.Robot == "" {
			return nil, tonypi.Errorf(tonypi.Invalid, "robot_id required for %s reports", r.Type)
		}
		if r.Type == Jobs {
			return m.job, nil
		}
		return m.maintenance, nil
	}
	return nil, tonypi.Errorf(tonypi.Invalid, "report_type must be performance, job or maintenance")
}

// Span is what a value did in the period.
type Span struct {
	Mean float64 `json:"mean"`
	Min  float64 `json:"min"`
	Max  float64 `json:"max"`
}

// PerformanceData is the data of a performance report.
type PerformanceData struct {
	CPU         *float64           `json:"avg_cpu_percent"`
	Memory      *float64           `json:"avg_memory_percent"`
	Temperature *float64           `json:"avg_temperature"`
	Points      int                `json:"data_points"`
	Period      string             `json:"period"`
	AI          json.RawMessage    `json:"ai_analysis"` // null: no analyst is configured
	Robots      []RobotPerformance `json:"robots"`
}

// RobotPerformance is one robot's line of a performance report; what it did not measure is absent.
type RobotPerformance struct {
	Robot       tonypi.RobotID `json:"robot_id"`
	CPU         *Span          `json:"cpu_percent,omitempty"`
	Memory      *Span          `json:"memory_percent,omitempty"`
	Temperature *Span          `json:"temperature,omitempty"`
	Battery     *Span          `json:"battery_percent,omitempty"`
	Points      int            `json:"data_points"`
}

func (m *Maker) performance(ctx context.Context, r Request, report *tonypi.Report) (any, error) {
	report.Title = "Performance Report - All Robots"
	report.Description = r.Label + " performance summary"
	robots := []tonypi.RobotID{r.Robot}
	if r.Robot == "" {
		robots = robots[:0]
		for _, robot := range m.cfg.Robots() {
			robots = append(robots, robot.ID)
		}
	} else {
		report.Title = "Performance Report - " + string(r.Robot)
	}
	data := PerformanceData{Period: r.Label, Robots: []RobotPerformance{}}
	var cpu, memory, temperature mean
	for _, robot := range robots {
		line := RobotPerformance{Robot: robot}
		series, err := m.period(ctx, robot, r.Period, tonypi.CPUPercent, tonypi.MemoryPercent, tonypi.CPUTemperature, tonypi.BatteryPercent)
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			switch s.Key.Metric {
			case tonypi.CPUPercent:
				line.CPU, line.Points = cpu.add(s.Buckets), line.Points+count(s.Buckets)
			case tonypi.MemoryPercent:
				line.Memory = memory.add(s.Buckets)
			case tonypi.CPUTemperature:
				line.Temperature = temperature.add(s.Buckets)
			case tonypi.BatteryPercent:
				line.Battery = new(mean).add(s.Buckets)
			}
		}
		if len(series) > 0 {
			data.Robots = append(data.Robots, line)
			data.Points += line.Points
		}
	}
	if len(data.Robots) == 0 {
		return nil, tonypi.Errorf(tonypi.NotFound, "No performance data found")
	}
	data.CPU, data.Memory, data.Temperature = cpu.value(), memory.value(), temperature.value()
	return data, nil
}

// JobData is the data of a job report: the newest job of a robot.
type JobData struct {
	Task       string           `json:"task_name"`
	Start      time.Time        `json:"start_time"`
	End        *time.Time       `json:"end_time"`
	ItemsDone  int              `json:"items_processed"`
	ItemsTotal int              `json:"items_total"`
	Percent    float64          `json:"percent_complete"`
	Status     tonypi.JobStatus `json:"status"`
	Reason     string           `json:"cancel_reason"`
	AI         json.RawMessage  `json:"ai_analysis"`
}

func (m *Maker) job(ctx context.Context, r Request, report *tonypi.Report) (any, error) {
	report.Title, report.Description = "Job Report - "+string(r.Robot), "Job completion summary"
	jobs, err := m.cfg.Jobs.Jobs(ctx, tonypi.JobFilter{Robot: r.Robot, Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(jobs) == 0 {
		return nil, tonypi.Errorf(tonypi.NotFound, "No job data found")
	}
	j := jobs[0]
	data := JobData{
		Task: j.Task, Start: j.StartedAt, ItemsDone: j.ItemsDone, ItemsTotal: j.ItemsTotal, Percent: j.Percent, Status: j.Status, Reason: j.Reason,
	}
	if !j.EndedAt.IsZero() {
		data.End = &j.EndedAt
	}
	return data, nil
}

// MaintenanceData is the data of a maintenance report: the newest values of every servo.
type MaintenanceData struct {
	Robot  tonypi.RobotID       `json:"robot_id"`
	Servos map[string]ServoData `json:"servos"` // by servo_1, servo_2, …
	Count  int                  `json:"servo_count"`
	Period string               `json:"period"`
	AI     json.RawMessage      `json:"ai_analysis"`
}

// ServoData is one servo of a maintenance report; what it did not tell is absent.
type ServoData struct {
	Name        string         `json:"name"`
	Robot       tonypi.RobotID `json:"robot_id"`
	Position    *float64       `json:"position,omitempty"`    // degrees
	Temperature *float64       `json:"temperature,omitempty"` // °C
	Hottest     *float64       `json:"max_temperature,omitempty"`
	Voltage     *float64       `json:"voltage,omitempty"`
	Torque      *bool          `json:"torque_enabled,omitempty"`
	Errors      *float64       `json:"read_errors,omitempty"`
	Level       string         `json:"alert_level"` // normal, warning, critical, by the default rule for servo temperatures
}

func (m *Maker) maintenance(ctx context.Context, r Request, report *tonypi.Report) (any, error) {
	report.Title = "Servo Maintenance Report - " + string(r.Robot)
	report.Description = fmt.Sprintf("Servo health and maintenance analysis (%s)", r.Label)
	series, err := m.period(ctx, r.Robot, r.Period, tonypi.ServoPosition, tonypi.ServoTemperature, tonypi.ServoVoltage, tonypi.ServoTorque, tonypi.ServoErrors)
	if err != nil {
		return nil, err
	}
	if len(series) == 0 {
		return nil, tonypi.Errorf(tonypi.NotFound, "No servo data found for maintenance report")
	}
	data := MaintenanceData{Robot: r.Robot, Servos: map[string]ServoData{}, Period: r.Label}
	for _, s := range series {
		servo, known := data.Servos[s.Key.Source]
		if !known {
			servo = ServoData{Name: s.Key.Source, Robot: r.Robot, Level: "normal"}
		}
		servo.take(s)
		data.Servos[s.Key.Source] = servo
	}
	data.Count = len(data.Servos)
	return data, nil
}

// take adds what one series says of the servo.
func (d *ServoData) take(s tonypi.Series) {
	last := round(s.Buckets[len(s.Buckets)-1].Last)
	switch s.Key.Metric {
	case tonypi.ServoPosition:
		d.Position = &last
	case tonypi.ServoTemperature:
		d.Temperature, d.Hottest = &last, &new(mean).add(s.Buckets).Max
		d.Level = levelOf(last)
	case tonypi.ServoVoltage:
		d.Voltage = &last
	case tonypi.ServoTorque:
		on := last != 0
		d.Torque = &on
	case tonypi.ServoErrors:
		d.Errors = &last
	}
}

func levelOf(temperature float64) string {
	for _, rule := range tonypi.DefaultRules() {
		if rule.Metric != tonypi.ServoTemperature {
			continue
		}
		if s := rule.Judge(temperature); s != tonypi.Calm {
			return string(s)
		}
	}
	return "normal"
}

// period reads what was measured in the period, in at most 100 buckets a series.
func (m *Maker) period(ctx context.Context, robot tonypi.RobotID, period time.Duration, metrics ...tonypi.Metric) ([]tonypi.Series, error) {
	now := time.Now()
	q := tonypi.SeriesQuery{Robot: robot, Metrics: metrics, From: now.Add(-period), To: now, Step: max(period/100, time.Second).Truncate(time.Second)}
	series, err := m.cfg.History.Range(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read history of %s: %w", robot, err)
	}
	return series, nil
}

// mean adds up buckets by their counts.
type mean struct {
	sum   float64
	count int
}

// add takes one robot's buckets in, and returns what they did by themselves; nil when they are empty.
func (m *mean) add(buckets []tonypi.Bucket) *Span {
	s := Span{Min: math.Inf(1), Max: math.Inf(-1)}
	sum, n := 0.0, 0
	for _, b := range buckets {
		s.Min, s.Max = min(s.Min, b.Min), max(s.Max, b.Max)
		sum += b.Mean * float64(b.Count)
		n += b.Count
	}
	if n == 0 {
		return nil
	}
	m.sum, m.count = m.sum+sum, m.count+n
	return &Span{round(sum / float64(n)), round(s.Min), round(s.Max)}
}

func (m *mean) value() *float64 {
	if m.count == 0 {
		return nil
	}
	v := round(m.sum / float64(m.count))
	return &v
}

func count(buckets []tonypi.Bucket) int {
	n := 0
	for _, b := range buckets {
		n += b.Count
	}
	return n
}

func round(v float64) float64 { return math.Round(v*100) / 100 }
