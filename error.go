package tonypi

import (
	"errors"
	"fmt"
)

// Kind says what sort of thing went wrong, and so how a caller must react.
type Kind int

// Kinds of errors. Internal is the zero value: an error nobody understood is internal.
const (
	Internal        Kind = iota // a defect or a broken part; the person can only try again or call for help
	Invalid                     // the input is wrong; Message says what and where
	Unauthenticated             // nobody is signed in, or the proof is wrong or too old
	Forbidden                   // signed in, but not allowed
	NotFound                    // the named thing does not exist
	Conflict                    // the thing exists already, or has changed meanwhile
	TooMany                     // over a rate or count limit; try again later
	TooLarge                    // over a size limit
	Unavailable                 // a part that is needed is down; try again later
)

var kindNames = [...]string{"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "too many", "too large", "unavailable"}

func (k Kind) String() string {
	if k < 0 || int(k) >= len(kindNames) {
		return fmt.Sprintf("kind %d", int(k))
	}
	return kindNames[k]
}

// Error is an error whose cause is understood. Message is for a person and holds no secret and no internals;
// Err is for the log and may be nil.
type Error struct {
	Kind    Kind
	Message string
	Err     error
}

// Errorf makes an Error with a message for a person.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// Wrap makes an Error whose message is for a person and whose cause is err.
func Wrap(kind Kind, err error, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Err: err}
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, or Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// MessageOf returns what a person may read of err: the message of the first Error in its chain, or "internal error".
func MessageOf(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Message
	}
	return "internal error"
}
