package wire

import (
	"errors"
	"fmt"
	"strings"

	"tonypi"
)

// Reason says why a message, or a part of it, could not be read. The set is closed and each word is safe as a label.
type Reason string

// Reasons.
const (
	BadJSON      Reason = "bad_json"      // the payload is no JSON
	BadShape     Reason = "bad_shape"     // JSON, but not of a shape that the topic has
	BadNumber    Reason = "bad_number"    // a value is missing or not a finite number
	BadName      Reason = "bad_name"      // a sensor or servo has no name, or an unprintable or too long one
	BadTime      Reason = "bad_time"      // a timestamp cannot be read
	BadText      Reason = "bad_text"      // an address or URL is none
	OutOfRange   Reason = "out_of_range"  // a number that cannot be, such as a battery at 250 %
	NoRobot      Reason = "no_robot"      // neither topic nor connection nor payload name a robot, or not a possible one
	WrongRobot   Reason = "wrong_robot"   // the payload names another robot than topic or connection
	TooLarge     Reason = "too_large"     // over MaxPayload, or a text whose end matters is over its size
	TooMany      Reason = "too_many"      // more readings, servos, … than a message may hold; the first ones were read
	TooDeep      Reason = "too_deep"      // nested deeper than MaxDepth or more than 65,536 values
	UnknownTopic Reason = "unknown_topic" // not a topic on which robots speak
	Empty        Reason = "empty"         // nothing in the message that the topic is for
)

// Problem is one reason for which something of a message was not read, and how often it came up in this message.
type Problem struct {
	Reason Reason
	Detail string // what and where, the first time; for the log, at most 200 bytes
	Count  int
}

func (p Problem) String() string {
	if p.Count > 1 {
		return fmt.Sprintf("%s: %s (%d times)", p.Reason, p.Detail, p.Count)
	}
	return string(p.Reason) + ": " + p.Detail
}

// Problems is the error of Decode: at most one Problem for each Reason. Its Kind is Invalid, or TooLarge.
type Problems []Problem //nolint:errname // what is in it are problems, not failures: the Update is there

func (ps Problems) Error() string {
	parts := make([]string, len(ps))
	for i, p := range ps {
		parts[i] = p.String()
	}
	return strings.Join(parts, "; ")
}

// Unwrap gives the Problems a tonypi.Kind.
func (ps Problems) Unwrap() error {
	kind := tonypi.Invalid
	if len(ps) > 0 && ps[0].Reason == TooLarge {
		kind = tonypi.TooLarge
	}
	return tonypi.Errorf(kind, "%s", ps.Error())
}

// ProblemsOf returns the Problems in err's chain, or nil.
func ProblemsOf(err error) Problems {
	var ps Problems
	if errors.As(err, &ps) {
		return ps
	}
	return nil
}

const maxDetail = 200

// add notes one more problem. detail is cut to maxDetail.
func (ps *Problems) add(reason Reason, format string, args ...any) {
	for i := range *ps {
		if p := &(*ps)[i]; p.Reason == reason {
			p.Count++
			return
		}
	}
	*ps = append(*ps, Problem{Reason: reason, Detail: cut(fmt.Sprintf(format, args...), maxDetail), Count: 1})
}
