package compat

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tonypi"
)

// maxBody is the largest body of a request in bytes.
const maxBody = 1 << 20

// handler answers a request with a value that is written as JSON, or an error. A nil value means that it has answered itself.
type handler func(w http.ResponseWriter, r *http.Request) (any, error)

func (s *Server) route(pattern string, action tonypi.Action, stop bool, h handler) Route {
	method, path, _ := strings.Cut(pattern, " ")
	return Route{method + " " + prefix + path, action, stop, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		answer, err := h(w, r)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case answer != nil:
			writeJSON(w, http.StatusOK, answer)
		}
	})}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"detail":"internal error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

// invalid is an error about one input, as the original's validation told it.
type invalid struct {
	place   string // body, query or path
	field   string
	kind    string
	message string
	input   any
}

func (e *invalid) Error() string { return fmt.Sprintf("%s %s: %s", e.place, e.field, e.message) }

var statuses = map[tonypi.Kind]int{
	tonypi.Invalid: http.StatusBadRequest, tonypi.Unauthenticated: http.StatusUnauthorized, tonypi.Forbidden: http.StatusForbidden,
	tonypi.NotFound: http.StatusNotFound, tonypi.Conflict: http.StatusConflict, tonypi.TooMany: http.StatusTooManyRequests,
	tonypi.TooLarge: http.StatusRequestEntityTooLarge, tonypi.Unavailable: http.StatusServiceUnavailable,
}

// fail writes an error as {"detail": …}: a list for input that is wrong, else a sentence.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var bad *invalid
	if errors.As(err, &bad) {
		writeJSON(w, http.StatusUnprocessableEntity, map[string]any{"detail": []any{map[string]any{
			"type": bad.kind, "loc": []string{bad.place, bad.field}, "msg": bad.message, "input": bad.input,
		}}})
		return
	}
	status, known := statuses[tonypi.KindOf(err)]
	if !known {
		s.cfg.Log.Error("request failed", "path", r.URL.Path, "err", err)
		status = http.StatusInternalServerError
	}
	writeJSON(w, status, map[string]string{"detail": tonypi.MessageOf(err)})
}

// readBody reads a JSON object into v, which is a pointer. An empty body leaves v as it is when optional is set.
func readBody(r *http.Request, v any, optional bool) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return tonypi.Wrap(tonypi.TooLarge, err, "The request is larger than %d bytes", maxBody)
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		if optional {
			return nil
		}
		return &invalid{"body", "body", "missing", "Field required", nil}
	}
	if err := json.Unmarshal(body, v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return &invalid{"body", wrong.Field, "type_error", "Input should be a valid " + wrong.Type.String(), wrong.Value}
		}
		return &invalid{"body", "body", "json_invalid", "JSON decode error", nil}
	}
	return nil
}

// missing reports the first of the named fields that is empty.
func missing(fields ...[2]string) error {
	for _, f := range fields {
		if f[1] == "" {
			return &invalid{"body", f[0], "missing", "Field required", nil}
		}
	}
	return nil
}

// count reads the query's limit, between 1 and most.
func count(r *http.Request, usual, most int) (int, error) {
	const name = "limit"
	text := r.URL.Query().Get(name)
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, &invalid{"query", name, "int_parsing", "Input should be a valid integer", text}
	case n < 1:
		return 0, &invalid{"query", name, "greater_than_equal", "Input should be greater than or equal to 1", text}
	case n > most:
		return 0, &invalid{"query", name, "less_than_equal", fmt.Sprintf("Input should be less than or equal to %d", most), text}
	}
	return n, nil
}

// durations are the units of a time range: those of Flux.
var durations = map[string]time.Duration{
	"ns": 1, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "mo": 30 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

var durationPart = regexp.MustCompile(`^(\d{1,9})(ns|us|ms|mo|s|m|h|d|w|y)`)

// maxRange is the longest time range.
const maxRange = 10 * 365 * 24 * time.Hour

// timeRange reads the query's time_range, a duration such as 15m, 1h30m or 7d, with or without a minus.
func timeRange(r *http.Request, usual string) (label string, d time.Duration, err error) {
	label = r.URL.Query().Get("time_range")
	if label == "" {
		label = usual
	}
	rest := strings.TrimPrefix(label, "-")
	for rest != "" {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return "", 0, &invalid{"query", "time_range", "value_error", "Input should be a duration such as 15m, 24h or 7d", label}
		}
		n, _ := strconv.Atoi(part[1]) // at most nine digits
		unit := durations[part[2]]
		if time.Duration(n) > maxRange/unit || d+time.Duration(n)*unit > maxRange {
			return "", 0, &invalid{"query", "time_range", "value_error", "Input should be at most 10 years", label}
		}
		d += time.Duration(n) * unit
		rest = rest[len(part[0]):]
	}
	if d <= 0 {
		return "", 0, &invalid{"query", "time_range", "value_error", "Input should be longer than 0", label}
	}
	return label, d, nil
}

func robotOf(r *http.Request) tonypi.RobotID { return tonypi.RobotID(r.PathValue("robot_id")) }

// moment writes a time as the original did; a zero one is null.
func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000+00:00")
}

// orNull is null for an empty text.
func orNull[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// wantsPage reports whether a browser asks, not a program. The page's service worker, which keeps the page for when the server
// is away, takes anything, but says how it fetches.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") || r.Header.Get("Sec-Fetch-Mode") != ""
}
