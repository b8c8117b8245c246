package tonypi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

func TestWords(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		" -- % \x00 \xff ":      nil,
		"Servo_3 is at 51.4 °C": {"servo", "3", "is", "at", "51", "4", "c"},
		`"a" OR b* NEAR(c)`:     {"a", "or", "b", "near", "c"},
		"ΣΊΣΥΦΟΣ σίσυφος Straße ÄÖ":    {"σίσυφοσ", "σίσυφοσ", "straße", "äö"},
		"日本語 ok カナ":                    {"日", "本", "語", "ok", "カ", "ナ"},
		"e\u0301t\u00e9":               {"e\u0301té"},
		strings.Repeat("x", 70) + " y": {strings.Repeat("x", 60), "y"},
	} {
		if diff := cmp.Diff(want, tonypi.Words(text), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q (-want +got)\n%s", text, diff)
		}
	}
}
