package command

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tonypi"
	"tonypi/wire"
)

var (
	plainName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)
	plainHex  = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

// check returns what is known of an order's type, or an Invalid error. A type that the catalogue does not have is taken when
// it is a plain name: a robot may know more than the server.
func check(o tonypi.Order) (tonypi.CommandSpec, error) {
	spec, err := specOf(o.Type)
	if err != nil {
		return spec, err
	}
	if err := checkOrder(o, spec); err != nil {
		return spec, err
	}
	for _, p := range spec.Params {
		if err := checkParam(p, o.Parameters); err != nil {
			return spec, err
		}
	}
	return spec, nil
}

func specOf(kind string) (tonypi.CommandSpec, error) {
	known := func(kind string) int {
		return slices.IndexFunc(catalogue, func(s tonypi.CommandSpec) bool { return s.Type == kind })
	}
	if i := known(kind); i >= 0 {
		return catalogue[i], nil
	}
	if !plainName.MatchString(kind) {
		return tonypi.CommandSpec{}, tonypi.Errorf(tonypi.Invalid, "type must be 1 to 64 letters, digits, '_', '.' or '-' and begin with a letter")
	}
	// A shutdown that is written differently must not go unconfirmed.
	lower := strings.ToLower(kind)
	if i := known(lower); i >= 0 || lower == tonypi.StopCommand || lower == tonypi.ResumeCommand {
		return tonypi.CommandSpec{}, tonypi.Errorf(tonypi.Invalid, "type must be written %q", lower)
	}
	return tonypi.CommandSpec{Type: kind, Motion: true, Timeout: long}, nil
}

// checkOrder checks what does not depend on the catalogue's parameters.
func checkOrder(o tonypi.Order, spec tonypi.CommandSpec) error {
	switch {
	case len(o.ID) > maxOrderID || o.ID != "" && !printable(o.ID):
		return tonypi.Errorf(tonypi.Invalid, "A command's ID must be at most %d printable bytes", maxOrderID)
	case len(o.Reason) > maxReason:
		return tonypi.Errorf(tonypi.Invalid, "reason must be at most %d bytes", maxReason)
	case !utf8.ValidString(o.Reason):
		return tonypi.Errorf(tonypi.Invalid, "reason must be valid UTF-8")
	case spec.Confirm && !o.Confirmed:
		return tonypi.Errorf(tonypi.Invalid, "%s must be confirmed (confirmed: true)", o.Type)
	}
	if _, taken := o.Parameters["reason"]; taken {
		return tonypi.Errorf(tonypi.Invalid, `"reason" cannot be a parameter's name`)
	}
	for name := range o.Parameters {
		if name == "" || len(name) > 64 || !printable(name) {
			return tonypi.Errorf(tonypi.Invalid, "A parameter's name must be 1 to 64 printable bytes")
		}
	}
	_, err := wire.EncodeCommand(wire.Command{ID: strings.Repeat("x", maxOrderID), Type: o.Type, Reason: o.Reason, Parameters: o.Parameters})
	return err
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || r == 0x7f {
			return false
		}
	}
	return true
}

func checkParam(p tonypi.ParamSpec, given map[string]any) error {
	v, ok := given[p.Name]
	if !ok || v == nil {
		if p.Required {
			return tonypi.Errorf(tonypi.Invalid, "%s is missing", p.Name)
		}
		return nil
	}
	switch p.Kind {
	case "number", "integer":
		return checkNumber(p, v)
	case "boolean":
		if _, ok := v.(bool); !ok {
			return tonypi.Errorf(tonypi.Invalid, "%s must be true or false", p.Name)
		}
		return nil
	}
	s, ok := v.(string)
	switch {
	case !ok:
		return tonypi.Errorf(tonypi.Invalid, "%s must be text", p.Name)
	case p.Required && strings.TrimSpace(s) == "":
		return tonypi.Errorf(tonypi.Invalid, "%s is empty", p.Name)
	case p.MaxLength > 0 && utf8.RuneCountInString(s) > p.MaxLength:
		return tonypi.Errorf(tonypi.Invalid, "%s must have at most %d characters", p.Name, p.MaxLength)
	case p.Kind == "color" && !plainHex.MatchString(s):
		return tonypi.Errorf(tonypi.Invalid, "%s must be a colour like #ff8000", p.Name)
	case p.Kind == "choice" && !slices.Contains(p.Choices, s) && !slices.Contains(alsoTaken[p.Name], s):
		return tonypi.Errorf(tonypi.Invalid, "%s must be one of %s", p.Name, strings.Join(p.Choices, ", "))
	}
	return nil
}

func checkNumber(p tonypi.ParamSpec, v any) error {
	n, ok := numberOf(v)
	switch {
	case !ok || math.IsNaN(n) || math.IsInf(n, 0):
		return tonypi.Errorf(tonypi.Invalid, "%s must be a number", p.Name)
	case p.Min != nil && n < *p.Min || p.Max != nil && n > *p.Max:
		return tonypi.Errorf(tonypi.Invalid, "%s must lie between %g and %g", p.Name, *p.Min, *p.Max)
	case p.Kind == "integer" && n != math.Trunc(n):
		return tonypi.Errorf(tonypi.Invalid, "%s must be a whole number", p.Name)
	}
	return nil
}

func numberOf(v any) (float64, bool) {
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case json.Number:
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}
