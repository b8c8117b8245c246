package alert

import (
	"fmt"
	"strconv"

	"tonypi"
)

// text is how an alert of a known type reads: the title takes the robot's ID, the message value and threshold.
type text struct {
	title, message string
}

var texts = map[string]text{
	"cpu":           {"High CPU Usage on %s", "CPU usage is at %.1f%% (threshold: %s%%)"},
	"memory":        {"High Memory Usage on %s", "Memory usage is at %.1f%% (threshold: %s%%)"},
	"disk":          {"High Disk Usage on %s", "Disk usage is at %.1f%% (threshold: %s%%)"},
	"temperature":   {"High Temperature on %s", "Temperature is %.1f°C (threshold: %s°C)"},
	"battery":       {"Low Battery on %s", "Battery level is at %.1f%% (threshold: %s%%)"},
	"servo_temp":    {"Servo Overheating on %s", "Servo temperature is %.1f°C (threshold: %s°C)"},
	"servo_voltage": {"Low Servo Voltage on %s", "Servo voltage is %.2fV (threshold: %sV)"},
}

// usual are the metrics that the texts speak of; a rule of a known type about something else gets a text of its own.
var usual = func() map[string]tonypi.Metric {
	metrics := make(map[string]tonypi.Metric)
	for _, r := range tonypi.DefaultRules() {
		metrics[r.Type] = r.Metric
	}
	return metrics
}()

// describe writes title and message of an alert whose severity, value and threshold are set.
func describe(a *tonypi.Alert, rule *rule, r *robot) {
	if a.Type == tonypi.SilenceRule {
		describeSilence(a, r)
		return
	}
	threshold := strconv.FormatFloat(a.Threshold, 'f', -1, 64)
	if t, ok := texts[a.Type]; ok && usual[a.Type] == rule.Metric {
		a.Title = fmt.Sprintf(t.title, a.Robot)
		a.Message = fmt.Sprintf(t.message, a.Value, threshold)
		return
	}
	info, _ := rule.Metric.Info()
	side := "High"
	if rule.Below {
		side = "Low"
	}
	unit := info.Unit
	switch unit {
	case "", "%", "°", "°C", "V":
	default:
		unit = " " + unit
	}
	a.Title = fmt.Sprintf("%s %s on %s", side, info.Title, a.Robot)
	a.Message = fmt.Sprintf("%s is at %.2f%s (threshold: %s%s)", info.Title, a.Value, unit, threshold, unit)
}

func describeSilence(a *tonypi.Alert, r *robot) {
	a.Title = fmt.Sprintf("No Data from %s", a.Robot)
	switch {
	case r.goodbye:
		a.Title = fmt.Sprintf("%s Went Offline", a.Robot)
		a.Message = "The robot said goodbye"
	case r.lost && a.Severity == tonypi.Warning:
		a.Message = "The connection was lost"
	default:
		a.Message = fmt.Sprintf("No data for %.0f s (threshold: %s s)", a.Value, strconv.FormatFloat(a.Threshold, 'f', -1, 64))
	}
}
