package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

// statuses is the one table from a kind of error to its HTTP status.
var statuses = map[tonypi.Kind]int{
	tonypi.Internal:        http.StatusInternalServerError,
	tonypi.Invalid:         http.StatusBadRequest,
	tonypi.Unauthenticated: http.StatusUnauthorized,
	tonypi.Forbidden:       http.StatusForbidden,
	tonypi.NotFound:        http.StatusNotFound,
	tonypi.Conflict:        http.StatusConflict,
	tonypi.TooMany:         http.StatusTooManyRequests,
	tonypi.TooLarge:        http.StatusRequestEntityTooLarge,
	tonypi.Unavailable:     http.StatusServiceUnavailable,
}

// later is an error that says when to try again.
type later struct {
	error
	after time.Duration
}

func (l later) Unwrap() error { return l.error }

// problem turns an error into its answer. What nobody understood is logged here, once, and shown only as a request ID.
func (s *Server) problem(ctx context.Context, err error) error {
	var e *tonypi.Error
	if !errors.As(err, &e) || e.Kind == tonypi.Internal {
		return s.internal(ctx, err)
	}
	if e.Err != nil {
		s.log.Warn("request failed", "request", requestID(ctx), "kind", e.Kind.String(), "err", err)
	}
	return answer(statuses[e.Kind], e.Message, err)
}

// internal logs a failure and returns what the caller may know of it.
func (s *Server) internal(ctx context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return answer(statusGone, "The client went away", nil)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("request took too long", "request", requestID(ctx), "err", err)
		return answer(http.StatusServiceUnavailable, "The answer took too long; try again later", nil)
	}
	s.log.Error("request failed", "request", requestID(ctx), "err", err)
	return answer(http.StatusInternalServerError, internalDetail(ctx), nil)
}

// internalDetail is all that a caller learns of a defect; the request ID finds it in the log.
func internalDetail(ctx context.Context) string { return "Internal error, request " + requestID(ctx) }

// statusGone is what nginx logs when the client closed the connection; nobody reads it.
const statusGone = 499

// answer makes a problem with the headers that its status asks for.
func answer(status int, detail string, cause error) error {
	model := &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail}
	headers := http.Header{}
	if status == http.StatusUnauthorized {
		headers.Set("WWW-Authenticate", `Bearer realm="tonypi"`)
	}
	var l later
	if errors.As(cause, &l) {
		headers.Set("Retry-After", strconv.Itoa(int(l.after/time.Second)+1))
	}
	if len(headers) == 0 {
		return model
	}
	return huma.ErrorWithHeaders(model, headers)
}

// writeProblem answers with err outside of huma's operations.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	err = s.problem(r.Context(), err)
	var headers huma.HeadersError
	if errors.As(err, &headers) {
		for name, values := range headers.GetHeaders() {
			w.Header()[name] = values
		}
	}
	var model *huma.ErrorModel
	if errors.As(err, &model) {
		writeModel(w, model)
	}
}

func writeModel(w http.ResponseWriter, model *huma.ErrorModel) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(model.Status)
	_ = json.NewEncoder(w).Encode(model) // the client may be gone; there is nobody left to tell
}

// describeProblem says in detail what huma found wrong with a request. The offending values are left out: one of them may
// be a password.
func describeProblem(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok || len(model.Errors) == 0 {
		return v, nil
	}
	for _, e := range model.Errors {
		e.Value = nil
	}
	first := model.Errors[0]
	model.Detail = first.Message
	if first.Location != "" {
		model.Detail = first.Location + ": " + first.Message
	}
	return model, nil
}
