package terminal

import (
	"bytes"
	"encoding/json"

	"github.com/coder/websocket"

	"tonypi"
)

// secret is a password as it was typed. It is bytes, so that it can be wiped.
type secret []byte

// UnmarshalJSON reads a JSON string.
func (s *secret) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return tonypi.Errorf(tonypi.Invalid, "password is not a text") // never the value itself
	}
	*s = secret(text)
	return nil
}

// String keeps the secret out of logs.
func (s secret) String() string { return "(secret)" }

// MarshalText keeps the secret out of structured logs.
func (s secret) MarshalText() ([]byte, error) { return []byte("(secret)"), nil }

// request is a frame from the browser.
type request struct {
	Type string `json:"type"`

	Ticket    string `json:"ticket"`
	Username  string `json:"username"`
	Password  secret `json:"password"`
	Key       string `json:"key"`        // "server": use the key that the server holds
	AcceptKey string `json:"accept_key"` // fingerprint that the person has accepted beforehand
	Record    bool   `json:"record"`

	Fingerprint string `json:"fingerprint"` // of accept

	Data string `json:"data"`
	Cols int    `json:"cols"`
	Rows int    `json:"rows"`
}

// parse reads a frame. As with the original system, a text that is not JSON is what a person typed; an object that says
// nothing sensible is ignored.
func parse(b []byte) request {
	var r request
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	if len(trimmed) == 0 || trimmed[0] != '{' || !json.Valid(b) {
		return request{Type: "input", Data: string(b)}
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return request{}
	}
	return r
}

const maxSide = 1000 // columns or rows

// size returns a terminal's columns and rows: 80 × 24 where nothing is said.
func (r request) size() (cols, rows int) {
	side := func(n, otherwise int) int {
		if n <= 0 {
			return otherwise
		}
		return min(n, maxSide)
	}
	return side(r.Cols, 80), side(r.Rows, 24)
}

// Frames to the browser.
type (
	hostKeyFrame struct {
		Type        string `json:"type"`
		KeyType     string `json:"key_type"`
		Fingerprint string `json:"fingerprint"`
		Known       bool   `json:"known"`   // it is the pinned one
		Changed     bool   `json:"changed"` // another one is pinned: Previous
		Previous    string `json:"previous,omitempty"`
		Waiting     bool   `json:"waiting"` // an accept frame is awaited
	}
	readyFrame struct {
		Type      string `json:"type"`
		Recording string `json:"recording,omitempty"` // ID, when the terminal is recorded
	}
	outputFrame struct {
		Type string `json:"type"`
		Data string `json:"data"`
	}
	errorFrame struct {
		Type    string `json:"type"`
		Message string `json:"message"`
	}
	closedFrame struct {
		Type string `json:"type"`
		Code int    `json:"code"`
	}
	pongFrame struct {
		Type string `json:"type"`
	}
)

// Codes with which a socket is closed, besides the standard ones; /live uses the same.
const (
	closeExpired   = websocket.StatusCode(4401) // sign in again
	closeForbidden = websocket.StatusCode(4403)
	closeIdle      = websocket.StatusCode(4408)
)

// closeCode says how to close the socket after an error. The original system's codes: 1008 where the person can do
// something about it, 1011 where the robot cannot be reached.
func closeCode(err error) websocket.StatusCode {
	switch tonypi.KindOf(err) {
	case tonypi.Unauthenticated:
		return closeExpired
	case tonypi.Forbidden:
		return closeForbidden
	case tonypi.TooMany:
		return websocket.StatusTryAgainLater
	case tonypi.Internal, tonypi.Unavailable:
		return websocket.StatusInternalError
	}
	return websocket.StatusPolicyViolation
}
