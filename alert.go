package tonypi

import (
	"context"
	"slices"
	"time"
)

// Severity is how bad an alert is.
type Severity string

// Severities; the empty one means that nothing is wrong.
const (
	Calm     Severity = ""
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Rank orders severities: 0 for calm up to 3 for critical.
func (s Severity) Rank() int {
	switch s {
	case Info:
		return 1
	case Warning:
		return 2
	case Critical:
		return 3
	}
	return 0
}

// Rule says when a metric is a reason for an alert. A rule with a Robot takes the place of the global rule of the same
// Type for that robot, also when it is disabled.
type Rule struct {
	ID         int64     `json:"id"`
	Type       string    `json:"metric_type" doc:"Alert type that the rule raises: cpu, memory, disk, temperature, battery, servo_temp, servo_voltage, offline, or a name of your own"`
	Metric     Metric    `json:"metric" doc:"What is judged; empty for the built-in rules about silence and about what happened"`
	Robot      RobotID   `json:"robot_id" doc:"Empty: every robot"`
	Warning    float64   `json:"warning_threshold"`
	Critical   float64   `json:"critical_threshold"`
	Below      bool      `json:"below" doc:"Alert when the value is at or below the threshold instead of at or above it"`
	For        Seconds   `json:"for_seconds" doc:"How long the value must be over a threshold before the alert opens"`
	ClearFor   Seconds   `json:"clear_for_seconds" doc:"How long the value must be back before the alert resolves itself"`
	Hysteresis float64   `json:"hysteresis" doc:"How far back over the warning threshold the value must be to count as back"`
	Enabled    bool      `json:"enabled"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

// Seconds is a duration that JSON and SQL write as a number of seconds.
type Seconds float64

// Duration converts s.
func (s Seconds) Duration() time.Duration { return time.Duration(float64(s) * float64(time.Second)) }

// Judge returns how bad v is by itself, thresholds inclusive, without regard to time.
func (r Rule) Judge(v float64) Severity {
	over := func(threshold float64) bool {
		if r.Below {
			return v <= threshold
		}
		return v >= threshold
	}
	switch {
	case !r.Enabled:
		return Calm
	case over(r.Critical):
		return Critical
	case over(r.Warning):
		return Warning
	}
	return Calm
}

// Back reports whether v is far enough on the good side for an open alert to resolve.
func (r Rule) Back(v float64) bool {
	if r.Below {
		return v > r.Warning+r.Hysteresis
	}
	return v < r.Warning-r.Hysteresis
}

// Threshold returns the threshold of a severity.
func (r Rule) Threshold(s Severity) float64 {
	if s == Critical {
		return r.Critical
	}
	return r.Warning
}

// Validate reports why the rule makes no sense, or nil.
func (r Rule) Validate() error {
	if r.Type == "" || len(r.Type) > 50 {
		return Errorf(Invalid, "metric_type must have 1 to 50 characters")
	}
	if slices.Contains(EventAlerts, r.Type) {
		if r.Metric != "" {
			return Errorf(Invalid, "the rule about %q judges no metric", r.Type)
		}
		return nil
	}
	if _, ok := r.Metric.Info(); !ok && r.Type != SilenceRule {
		return Errorf(Invalid, "unknown metric %q", r.Metric)
	}
	if r.Below && r.Critical > r.Warning {
		return Errorf(Invalid, "critical threshold must not be above the warning threshold when low values are bad")
	}
	if !r.Below && r.Critical < r.Warning {
		return Errorf(Invalid, "critical threshold must not be below the warning threshold when high values are bad")
	}
	if r.For < 0 || r.For > 86400 || r.ClearFor < 0 || r.ClearFor > 86400 {
		return Errorf(Invalid, "durations must lie between 0 and 86400 seconds")
	}
	if r.Hysteresis < 0 {
		return Errorf(Invalid, "hysteresis must not be negative")
	}
	return nil
}

// SilenceRule is the type of the built-in rule about robots that fall silent. Its thresholds are seconds without data.
const SilenceRule = "offline"

// Types of alerts that something that happened raises, not a metric.
const (
	StopAlert            = "emergency_stop"   // a robot is stopped
	StopUnconfirmedAlert = "stop_unconfirmed" // a robot was told to stop and did not confirm it
	JobFailedAlert       = "job_failed"
	FallAlert            = "fall"
)

// EventAlerts are these types. A disabled rule of such a type (without a metric, its thresholds mean nothing) switches the
// alert off, for one robot or for all; without a rule it is on.
var EventAlerts = []string{StopAlert, StopUnconfirmedAlert, JobFailedAlert, FallAlert}

// DefaultRules are the global rules that a new server starts with.
func DefaultRules() []Rule {
	return []Rule{
		{Type: "cpu", Metric: CPUPercent, Warning: 70, Critical: 90, For: 10, ClearFor: 10, Hysteresis: 2, Enabled: true},
		{Type: "memory", Metric: MemoryPercent, Warning: 75, Critical: 90, For: 10, ClearFor: 10, Hysteresis: 2, Enabled: true},
		{Type: "disk", Metric: DiskPercent, Warning: 80, Critical: 95, For: 0, ClearFor: 10, Hysteresis: 1, Enabled: true},
		{Type: "temperature", Metric: CPUTemperature, Warning: 60, Critical: 75, For: 5, ClearFor: 10, Hysteresis: 2, Enabled: true},
		{Type: "battery", Metric: BatteryPercent, Warning: 30, Critical: 15, Below: true, For: 0, ClearFor: 10, Hysteresis: 2, Enabled: true},
		{Type: "servo_temp", Metric: ServoTemperature, Warning: 50, Critical: 70, For: 2, ClearFor: 5, Hysteresis: 1, Enabled: true},
		{Type: "servo_voltage", Metric: ServoVoltage, Warning: 9.5, Critical: 9.0, Below: true, For: 5, ClearFor: 10, Hysteresis: 0.2, Enabled: true},
		{Type: SilenceRule, Warning: OnlineFor.Seconds(), Critical: 60, Enabled: true},
	}
}

// Alert is something that needs a person: one per (robot, type, source) is open at a time.
type Alert struct {
	ID             int64     `json:"id"`
	Robot          RobotID   `json:"robot_id"`
	Type           string    `json:"alert_type"`
	Metric         Metric    `json:"metric"`
	Source         string    `json:"source"`
	Severity       Severity  `json:"severity" enum:"info,warning,critical"`
	Title          string    `json:"title"`
	Message        string    `json:"message"`
	Value          float64   `json:"value" doc:"Value at the last change of severity"`
	Threshold      float64   `json:"threshold"`
	RuleID         int64     `json:"rule_id"`
	Acknowledged   bool      `json:"acknowledged"`
	AcknowledgedBy string    `json:"acknowledged_by"`
	AcknowledgedAt time.Time `json:"acknowledged_at,omitzero"`
	Note           string    `json:"note" doc:"What the person who acknowledged wrote"`
	Resolved       bool      `json:"resolved"`
	ResolvedBy     string    `json:"resolved_by" doc:"Who resolved it; \"itself\" when the value came back"`
	ResolvedAt     time.Time `json:"resolved_at,omitzero"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// AlertFilter selects alerts; zero fields select everything.
type AlertFilter struct {
	Robot        RobotID
	Type         string
	Severity     Severity
	Acknowledged *bool
	Resolved     *bool
	Since        time.Time // created at or after
	Before       int64     // only IDs below this one; the cursor of a page
	Limit        int       // 1 to 500; 0 means 100
}

// AlertStats counts alerts.
type AlertStats struct {
	Total          int `json:"total"`
	Critical       int `json:"critical"`
	Warning        int `json:"warning"`
	Info           int `json:"info"`
	Unacknowledged int `json:"unacknowledged"`
	Unresolved     int `json:"unresolved"`
}

// AlertStore keeps alerts. IDs are given by the alert engine.
type AlertStore interface {
	Alerts(ctx context.Context, f AlertFilter) ([]Alert, error) // newest (highest ID) first
	OpenAlerts(ctx context.Context) ([]Alert, error)            // every unresolved one
	Alert(ctx context.Context, id int64) (Alert, error)
	AlertStats(ctx context.Context, robot RobotID, since time.Time) (AlertStats, error)
	SaveAlerts(ctx context.Context, alerts []Alert) error // insert or update by ID, in one transaction
	DeleteAlert(ctx context.Context, id int64) error
	LastAlertID(ctx context.Context) (int64, error)
}

// RuleStore keeps alert rules, unique per (robot, type).
type RuleStore interface {
	Rules(ctx context.Context) ([]Rule, error)
	SaveRule(ctx context.Context, r Rule) (Rule, error) // ID 0 inserts, or updates the row of the same robot and type
	DeleteRule(ctx context.Context, id int64) error
}
