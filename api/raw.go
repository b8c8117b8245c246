package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

// raw declares an operation whose handler reads the request and writes the answer by itself. The operation says what they
// look like; path parameters are added here.
func raw(r *routes, a access, o operation, h func(http.ResponseWriter, *http.Request) error) {
	pattern := o.Method + " " + o.Path
	for part := range strings.SplitSeq(o.Path, "/") {
		if strings.HasPrefix(part, "{") {
			o.Parameters = append(o.Parameters, &huma.Param{
				Name: strings.Trim(part, "{}"), In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString},
			})
		}
	}
	r.describe(a, &o)
	r.api.OpenAPI().AddOperation(&o)
	audited, action := auditOf(o)
	lacks := r.lacks
	r.handle(a, pattern, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		err := lacks
		if err == nil {
			err = errBroken // unless the handler returns
			if audited {
				defer func() { r.server.audit(req.Context(), action, err) }()
			}
			err = h(w, req)
		} else if audited {
			r.server.audit(req.Context(), action, err)
		}
		if err != nil {
			r.server.writeProblem(w, req, err)
		}
	}))
}

// errBroken is why a handler did not return: it broke off its answer, so that the client notices.
var errBroken = tonypi.Errorf(tonypi.Unavailable, "The answer was broken off")

// serve is raw for a handler of another package, which may be nil.
func serve(r *routes, a access, o operation, h http.Handler) {
	defer r.needs(h != nil, r.lacks)()
	raw(r, a, o, func(w http.ResponseWriter, req *http.Request) error {
		h.ServeHTTP(w, req)
		return nil
	})
}

// needs lets the routes that are declared until the returned function is called answer err when what they need is not there.
func (r *routes) needs(have bool, err error) func() {
	was := r.lacks
	if !have {
		r.lacks = err
		if err == nil {
			r.lacks = errAbsent
		}
	}
	return func() { r.lacks = was }
}

var errAbsent = tonypi.Errorf(tonypi.Unavailable, "This server does not have that part")

// operation is huma's.
type operation = huma.Operation

// schemaOf describes a type, by reference when it has a name.
func schemaOf[T any](r *routes) *huma.Schema {
	return r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

// answers adds an answer of the type to an operation.
func answers[T any](r *routes, o operation, status int) operation {
	return answersWith(o, status, "application/json", schemaOf[T](r))
}

// accepted makes an operation answer 202 unless its handler says otherwise.
func accepted(o operation) operation {
	o.DefaultStatus = http.StatusAccepted
	return o
}

// answersFile adds an answer that is not JSON.
func answersFile(o operation, kind string) operation {
	return answersWith(o, http.StatusOK, kind, &huma.Schema{Type: huma.TypeString, Format: "binary"})
}

func answersWith(o operation, status int, kind string, schema *huma.Schema) operation {
	if o.Responses == nil {
		o.Responses = map[string]*huma.Response{}
	}
	answer := &huma.Response{Description: http.StatusText(status)}
	if schema != nil {
		answer.Content = map[string]*huma.MediaType{kind: {Schema: schema}}
	}
	o.Responses[strconv.Itoa(status)] = answer
	return o
}

// takes says what the body of a raw operation looks like.
func takes[T any](r *routes, o operation) operation {
	o.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{"application/json": {Schema: schemaOf[T](r)}}}
	return o
}

// number adds a query parameter that is a number to a raw operation.
func number(o operation, name, description string) operation {
	o.Parameters = append(o.Parameters, &huma.Param{Name: name, In: "query", Description: description, Schema: &huma.Schema{Type: huma.TypeNumber}})
	return o
}

// query adds query parameters of text to a raw operation: name and description by turns.
func query(o operation, pairs ...string) operation {
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Parameters = append(o.Parameters, &huma.Param{
			Name: pairs[i], In: "query", Description: pairs[i+1], Schema: &huma.Schema{Type: huma.TypeString},
		})
	}
	return o
}

// Names of what an operation's Metadata holds.
const (
	streamsKey = "streams"
	waitsKey   = "waits"
	auditKey   = "audit"

	engineAuditKey = "engine audit"
	urgentKey      = "urgent"
)

func with(o operation, key string, value any) operation {
	metadata := map[string]any{key: value}
	for k, v := range o.Metadata {
		metadata[k] = v
	}
	o.Metadata = metadata
	return o
}

// streams marks an operation whose answer goes on as long as the client reads.
func streams(o operation) operation { return with(o, streamsKey, true) }

// urgent marks an operation that also works without the database.
func urgent(o operation) operation { return with(o, urgentKey, true) }

// waits marks an operation that may wait for the outcome of a command.
func waits(o operation) operation {
	o.BodyReadTimeout = requestTimeout + maxWait
	return with(o, waitsKey, true)
}

// writeJSON answers with a value outside of huma's operations.
func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}

// pace is how long a request may take.
type pace struct {
	work  time.Duration // 0: as long as it likes
	write time.Duration // for the whole; for each part when work is 0
}

var (
	usual     = pace{requestTimeout, writeTimeout}
	waiting   = pace{requestTimeout + maxWait, writeTimeout + maxWait}
	streaming = pace{0, streamTimeout}
)

// rolling gives the client time for each part of the answer.
type rolling struct {
	http.ResponseWriter
	deadlines *http.ResponseController
	each      time.Duration
}

func (w *rolling) Write(b []byte) (int, error) {
	_ = w.deadlines.SetWriteDeadline(time.Now().Add(w.each)) // a connection of a test has none
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *rolling) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Flush sends everything so far.
func (w *rolling) Flush() {
	_ = w.deadlines.SetWriteDeadline(time.Now().Add(w.each))
	_ = w.deadlines.Flush()
}

// mountExtra mounts the routes of other packages. A pattern that is taken already is an error.
func (r *routes) mountExtra(extra []Route) {
	for _, e := range extra {
		method, path, ok := strings.Cut(e.Pattern, " ")
		if !ok || method == "" || !strings.HasPrefix(path, "/") || e.Handler == nil {
			r.errs = append(r.errs, fmt.Errorf("extra route %q has no method, path or handler", e.Pattern))
			continue
		}
		if _, taken := r.access[e.Pattern]; taken {
			r.errs = append(r.errs, fmt.Errorf("extra route %q is one of the API's own", e.Pattern))
			continue
		}
		r.urgent[e.Pattern] = e.Stop
		if e.Stream {
			r.pace[e.Pattern] = streaming
		}
		r.handle(access(e.Action), e.Pattern, e.Handler)
	}
}
