package tonypi_test

import (
	"testing"

	"tonypi"
)

func TestRuleAboutEvents(t *testing.T) {
	for _, kind := range tonypi.EventAlerts {
		// Thresholds of such a rule mean nothing: none can be wrong.
		if err := (tonypi.Rule{Type: kind, Warning: 5, Critical: 1}).Validate(); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := (tonypi.Rule{Type: kind, Metric: tonypi.CPUPercent}).Validate(); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("%s with a metric: %v", kind, err)
		}
	}
	if err := (tonypi.Rule{Type: "fell"}).Validate(); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("a type of one's own without a metric: %v", err)
	}
}
