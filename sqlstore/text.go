package sqlstore

import (
	"math"
	"strings"
	"time"

	"tonypi"
)

// maxKey bounds everything that names a row: robot, user, session and credential IDs, user names, e-mail addresses, types
// of rules and names of settings, in bytes.
const maxKey = 255

// clean makes free text that both databases can hold: what robots and people write must not make a row fail. NUL and
// broken UTF-8 become U+FFFD.
func clean[S ~string](s S) string {
	return strings.ReplaceAll(strings.ToValidUTF8(string(s), "\uFFFD"), "\x00", "\uFFFD")
}

// sound reports whether a key can exist. Keys are never cleaned: two different ones must not become one.
func sound[S ~string](key S) bool {
	return key != "" && len(key) <= maxKey && clean(key) == string(key)
}

func checkKey[S ~string](what string, key S) error {
	if !sound(key) {
		return tonypi.Errorf(tonypi.Invalid, "%s must have 1 to %d bytes of plain text", what, maxKey)
	}
	return nil
}

func checkFinite(values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return tonypi.Errorf(tonypi.Invalid, "values and thresholds must be finite numbers")
		}
	}
	return nil
}

// fold is what makes two user names or e-mail addresses the same.
func fold(s string) string { return strings.ToLower(s) }

func orNow(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}
