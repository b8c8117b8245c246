package command

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"tonypi"
)

// maxSettings is the largest size of a robot's settings in bytes. A little room is left for what goes around them.
const maxSettings = 64<<10 - 256

// setting is what one member of a known config_type may be.
type setting struct {
	least, most float64
	words       []string // instead of a number
	flag        bool     // instead of a number
}

// settings are the types that our agent knows. Others are free objects.
var settings = map[string]map[string]setting{
	"safety": {
		"stop_profile": {words: []string{"hold", "sit", "limp"}},
		"max_speed":    {least: 0.1, most: 1},
		"deadman_ms":   {least: 100, most: 300},
	},
	"reporting": {
		"motion_hz":      {least: 1, most: 20},
		"servo_hz":       {least: 0.2, most: 10},
		"status_seconds": {least: 1, most: 60},
	},
	"camera": {
		"enabled": {flag: true},
		"fps":     {least: 1, most: 30},
		"quality": {least: 20, most: 95},
	},
}

// checkSettings returns settings without white space, or an Invalid or TooLarge error.
func checkSettings(data json.RawMessage) (json.RawMessage, error) {
	if len(data) > 2*maxSettings {
		return nil, tonypi.Errorf(tonypi.TooLarge, "settings must be at most %d bytes", maxSettings)
	}
	data, err := compact(data)
	if err != nil {
		return nil, err
	}
	var byType map[string]map[string]any
	if err := json.Unmarshal(data, &byType); err != nil || byType == nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "settings must be an object of objects by config_type")
	}
	for name, values := range byType {
		if !plainName.MatchString(name) {
			return nil, tonypi.Errorf(tonypi.Invalid, "config_type must be 1 to 64 letters, digits, '_', '.' or '-' and begin with a letter")
		}
		if values == nil {
			return nil, tonypi.Errorf(tonypi.Invalid, "%s must be an object", name)
		}
		if err := checkType(name, values); err != nil {
			return nil, err
		}
	}
	if len(data) > maxSettings {
		return nil, tonypi.Errorf(tonypi.TooLarge, "settings must be at most %d bytes", maxSettings)
	}
	return data, nil
}

// checkType checks the settings of one type. In a type that is known a name that is not known is a mistake.
func checkType(name string, values map[string]any) error {
	known, ok := settings[name]
	if !ok {
		return nil
	}
	for member, v := range values {
		s, ok := known[member]
		if !ok {
			return tonypi.Errorf(tonypi.Invalid, "%s has no setting %q", name, member)
		}
		if err := s.check(name+"."+member, v); err != nil {
			return err
		}
	}
	return nil
}

func (s setting) check(name string, v any) error {
	switch {
	case s.flag:
		if _, ok := v.(bool); !ok {
			return tonypi.Errorf(tonypi.Invalid, "%s must be true or false", name)
		}
		return nil
	case s.words != nil:
		if word, ok := v.(string); !ok || !slices.Contains(s.words, word) {
			return tonypi.Errorf(tonypi.Invalid, "%s must be one of %s", name, strings.Join(s.words, ", "))
		}
		return nil
	}
	n, ok := v.(float64)
	if !ok || math.IsNaN(n) || n < s.least || n > s.most {
		return tonypi.Errorf(tonypi.Invalid, "%s must be a number between %g and %g", name, s.least, s.most)
	}
	return nil
}
