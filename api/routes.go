package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tonypi"
)

// prefix stands before every path of the API.
const prefix = "/api/v1"

// access says who may use a route: a tonypi.Action, or one of those below.
type access string

const (
	public   access = "public"    // everybody; the handler itself checks what must be checked
	anyone   access = "signed-in" // who is signed in in any way, the anonymous role included
	personal access = "personal"  // a person who signed in with a password; not an API token, not the anonymous role
	asked    access = "asked"     // everybody; the handler learns who it is, if that was proven, and checks what must be checked
	// seeStream is who may see the camera, proven by a token or by a ticket for the stream.
	seeStream access = "stream"
)

func may(a tonypi.Action) access { return access(a) }

// register declares every operation of the API. With the functions that it calls it is the table of contents.
func (s *Server) register(r *routes) {
	s.registerPeople(r)
	s.registerFleet(r)
	s.registerAlerts(r)
	s.registerControl(r)
	s.registerJobs(r)
	s.registerRecords(r)
	s.registerMachines(r)
	s.registerServer(r)
}

func (s *Server) registerPeople(r *routes) {
	add(r, public, audits("sign_in", op("login", "POST /auth/login", "auth", "Sign in")), s.login)
	add(r, public, op("refresh", "POST /auth/refresh", "auth", "Get a new access token for the refresh cookie"), s.refresh)
	add(r, public, audits("sign_out", op("logout", "POST /auth/logout", "auth", "Sign out: end the session of the cookie or token")), s.logout)
	add(r, anyone, op("me", "GET /auth/me", "auth", "Who am I"), s.me)
	add(r, personal, audits("password.change", op("change-password", "PUT /auth/me/password", "auth", "Change my password; ends my other sessions")), s.changePassword)
	add(r, public, op("setup-needed", "GET /auth/setup", "auth", "Does the server wait for its first admin"), s.setupNeeded)
	add(r, public, audits("user.create", op("setup", "POST /auth/setup", "auth", "Make the first admin with the one-time token of the first start")), s.setUp)
	add(r, may(tonypi.ManageUsers), audits("user.create", created(op("register", "POST /auth/register", "auth", "Create a user; the same as create-user"))), s.createUser)

	add(r, may(tonypi.ManageUsers), op("list-users", "GET /users", "users", "List users, newest first"), s.listUsers)
	add(r, may(tonypi.ManageUsers), audits("user.create", created(op("create-user", "POST /users", "users", "Create a user"))), s.createUser)
	add(r, may(tonypi.ManageUsers), op("get-user", "GET /users/{id}", "users", "Get a user"), s.getUser)
	add(r, may(tonypi.ManageUsers), audits("user.update", op("update-user", "PUT /users/{id}", "users", "Change a user")), s.updateUser)
	add(r, may(tonypi.ManageUsers), audits("user.delete", op("delete-user", "DELETE /users/{id}", "users", "Delete a user with sessions and API tokens")), s.deleteUser)
	s.registerSessions(r)
}

func (s *Server) registerFleet(r *routes) {
	add(r, may(tonypi.View), op("list-robots", "GET /robots", "robots", "List adopted robots with their present state"), s.listRobots)
	add(r, may(tonypi.EditRobots), audits("robot.create", created(op("create-robot", "POST /robots", "robots", "Create a robot; its password is shown once"))), s.createRobot)
	add(r, may(tonypi.AdoptRobots), op("list-pending-robots", "GET /robots/pending", "robots", "List robots that ask to join"), s.listPending)
	add(r, may(tonypi.View), op("get-robot", "GET /robots/{robot_id}", "robots", "Get a robot's present state"), s.getRobot)
	add(r, may(tonypi.EditRobots), audits("robot.update", op("update-robot", "PUT /robots/{robot_id}", "robots", "Rename or describe a robot")), s.updateRobot)
	add(r, may(tonypi.AdoptRobots), audits("robot.remove", op("delete-robot", "DELETE /robots/{robot_id}", "robots", "Remove a robot with its history")), s.deleteRobot)
	add(r, may(tonypi.AdoptRobots), audits("robot.adopt", op("adopt-robot", "POST /robots/{robot_id}/adopt", "robots", "Let a pending robot join")), s.adoptRobot)
	add(r, may(tonypi.AdoptRobots), audits("robot.reject", op("reject-robot", "POST /robots/{robot_id}/reject", "robots", "Turn a pending robot away")), s.rejectRobot)
	add(r, may(tonypi.View), op("get-latest", "GET /robots/{robot_id}/latest", "history", "Newest reading of every series of a robot"), s.latest)
	add(r, may(tonypi.View), op("get-data", "GET /robots/{robot_id}/data", "history", "The same as get-latest"), s.latest)
	add(r, may(tonypi.View), r.seriesOperation(), s.series)
	add(r, may(tonypi.View), op("list-metrics", "GET /metrics-catalog", "history", "Every metric with its unit"), s.metricsCatalog)
}

func (s *Server) registerAlerts(r *routes) {
	add(r, may(tonypi.View), op("list-alerts", "GET /alerts", "alerts", "List alerts, newest first"), s.listAlerts)
	add(r, may(tonypi.View), op("alert-stats", "GET /alerts/stats", "alerts", "Count alerts"), s.alertStats)
	add(r, may(tonypi.HandleAlerts), audits("alert.acknowledge", op("acknowledge-all-alerts", "POST /alerts/acknowledge-all", "alerts", "Acknowledge open alerts: some, one robot's, or all")), s.acknowledgeAll)
	add(r, may(tonypi.View), op("list-rules", "GET /alerts/thresholds", "rules", "List alert rules"), s.listRules)
	add(r, may(tonypi.EditRules), audits("rule.save", op("save-rule", "POST /alerts/thresholds", "rules", "Create a rule, or update that of the same robot and type")), s.saveRule)
	add(r, may(tonypi.View), op("default-rules", "GET /alerts/thresholds/defaults", "rules", "The rules that a new server starts with"), s.defaultRules)
	add(r, may(tonypi.EditRules), audits("rule.defaults", op("init-default-rules", "POST /alerts/thresholds/init-defaults", "rules", "Create the global rules that are missing")), s.initDefaultRules)
	add(r, may(tonypi.EditRules), audits("rule.save", op("update-rule", "PUT /alerts/thresholds/{id}", "rules", "Change a rule")), s.updateRule)
	add(r, may(tonypi.EditRules), audits("rule.delete", op("delete-rule", "DELETE /alerts/thresholds/{id}", "rules", "Delete a rule")), s.deleteRule)
	add(r, may(tonypi.View), op("get-alert", "GET /alerts/{id}", "alerts", "Get an alert"), s.getAlert)
	add(r, may(tonypi.HandleAlerts), audits("alert.acknowledge", op("acknowledge-alert", "POST /alerts/{id}/acknowledge", "alerts", "Acknowledge an alert")), s.acknowledge)
	add(r, may(tonypi.HandleAlerts), audits("alert.acknowledge", op("acknowledge-alert-put", "PUT /alerts/{id}/acknowledge", "alerts", "The same as acknowledge-alert")), s.acknowledge)
	add(r, may(tonypi.HandleAlerts), audits("alert.acknowledge", op("ack-alert", "PUT /alerts/{id}/ack", "alerts", "The same as acknowledge-alert")), s.acknowledge)
	add(r, may(tonypi.HandleAlerts), audits("alert.resolve", op("resolve-alert", "POST /alerts/{id}/resolve", "alerts", "Resolve an alert")), s.resolve)
	add(r, may(tonypi.HandleAlerts), audits("alert.resolve", op("resolve-alert-put", "PUT /alerts/{id}/resolve", "alerts", "The same as resolve-alert")), s.resolve)
	add(r, may(tonypi.ManageSystem), audits("alert.delete", op("delete-alert", "DELETE /alerts/{id}", "alerts", "Delete an alert")), s.deleteAlert)
}

func (s *Server) registerMachines(r *routes) {
	add(r, may(tonypi.AdoptRobots), op("list-join-tokens", "GET /join-tokens", "joining", "List join tokens"), s.listJoinTokens)
	add(r, may(tonypi.AdoptRobots), audits("join_token.create", created(op("create-join-token", "POST /join-tokens", "joining", "Make a join token; it is shown once"))), s.createJoinToken)
	add(r, may(tonypi.AdoptRobots), audits("join_token.delete", op("delete-join-token", "DELETE /join-tokens/{id}", "joining", "Delete a join token")), s.deleteJoinToken)
	add(r, public, audits("robot.enroll", op("enroll", "POST /enroll", "joining", "A robot joins with a join token and gets its MQTT password")), s.enroll)
	add(r, personal, op("list-tokens", "GET /tokens", "tokens", "List my API tokens"), s.listTokens)
	add(r, personal, audits("token.create", created(op("create-token", "POST /tokens", "tokens", "Make an API token; it is shown once"))), s.createToken)
	add(r, personal, audits("token.delete", op("delete-token", "DELETE /tokens/{id}", "tokens", "Delete one of my API tokens")), s.deleteToken)

}

func (s *Server) registerServer(r *routes) {
	add(r, public, op("health", "GET /health", "server", "Is the server well; 503 when it is not"), s.getHealth)
	add(r, public, op("server", "GET /server", "server", "What a page must know before signing in"), s.serverInfo)
	add(r, may(tonypi.ManageSystem), op("system", "GET /system", "server", "How the server itself is"), s.system)
}

// op makes an operation; route is "METHOD /path" below the prefix.
func op(id, route, tag, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	return huma.Operation{
		OperationID: id, Method: method, Path: prefix + path, Tags: []string{tag}, Summary: summary,
		// huma's own limit of 5 seconds would go on counting while the handler works, and then cancel it.
		MaxBodyBytes: maxBody, BodyReadTimeout: requestTimeout,
	}
}

// created makes an operation answer 201 and honour Idempotency-Key.
func created(o huma.Operation) huma.Operation {
	o.DefaultStatus = http.StatusCreated
	o.Description = "A request that is repeated with the same Idempotency-Key within 24 hours gets the first answer again."
	o.Metadata = map[string]any{idempotencyHeader: true}
	o.Parameters = append(o.Parameters, &huma.Param{
		Name: idempotencyHeader, In: "header", Schema: &huma.Schema{Type: "string", MaxLength: new(maxIdempotencyKey)},
		Description: "A name of the caller's own for this request, such as a UUID",
	})
	return o
}

// routes is the one place where a pattern becomes reachable. Each must have been declared with who may use it: what was not
// is an error at start-up.
type routes struct {
	server *Server
	mux    *http.ServeMux
	rules  *http.ServeMux // paths below rulesPath
	api    huma.API
	access map[string]access // by pattern
	once   map[string]bool   // patterns that honour Idempotency-Key
	urgent map[string]bool   // patterns that also work without the database
	// refusals holds, by pattern, the action of the audit log for who was not allowed; empty: not written down.
	refusals map[string]string
	pace     map[string]pace // how long requests may take, where it is not the usual
	lacks    error           // what the routes that are declared now answer because a part is missing; nil: nothing is
	errs     []error
}

func newRoutes(s *Server) *routes {
	r := &routes{
		server: s, mux: http.NewServeMux(), rules: http.NewServeMux(), access: map[string]access{}, once: map[string]bool{},
		urgent: map[string]bool{}, refusals: map[string]string{}, pace: map[string]pace{},
	}
	r.api = humago.New(r, documentConfig())
	return r
}

// HandleFunc is what huma calls for each operation.
func (r *routes) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	a, ok := r.access[pattern]
	if !ok {
		r.errs = append(r.errs, fmt.Errorf("route %q does not say who may use it", pattern))
		return
	}
	handler := http.Handler(http.HandlerFunc(h))
	if r.once[pattern] {
		handler = r.server.idempotent(handler)
	}
	limits, ok := r.pace[pattern]
	if !ok {
		limits = usual
	}
	r.mountAt(pattern, r.server.timed(limits, r.server.guard(guarded{a, r.urgent[pattern], r.refusals[pattern]}, handler)))
}

// mountAt makes a pattern reachable. Two patterns that ServeMux cannot tell apart are an error.
func (r *routes) mountAt(pattern string, h http.Handler) {
	defer func() {
		if why := recover(); why != nil {
			r.errs = append(r.errs, fmt.Errorf("route %q: %v", pattern, why))
		}
	}()
	r.muxOf(pattern[strings.IndexByte(pattern, '/'):]).Handle(pattern, h)
}

// ServeHTTP hands a request to its route.
func (r *routes) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.muxOf(req.URL.Path).ServeHTTP(w, req)
}

// rulesPath has a mux of its own: PUT /alerts/thresholds/{id} and PUT /alerts/{id}/ack both match /alerts/thresholds/ack, and
// ServeMux refuses two patterns of which neither is the more specific one.
const rulesPath = prefix + "/alerts/thresholds"

func (r *routes) muxOf(path string) *http.ServeMux {
	if path == rulesPath || strings.HasPrefix(path, rulesPath+"/") {
		return r.rules
	}
	return r.mux
}

// handle mounts a handler that is not an operation of the OpenAPI document.
func (r *routes) handle(a access, pattern string, h http.Handler) {
	r.declare(a, pattern)
	r.HandleFunc(pattern, h.ServeHTTP)
}

func (r *routes) declare(a access, pattern string) {
	if !a.valid() {
		r.errs = append(r.errs, fmt.Errorf("route %q has the unknown access %q", pattern, a))
		return
	}
	r.access[pattern] = a
}

// valid reports whether somebody could ever pass: an action that no role allows is a mistake.
func (a access) valid() bool {
	return slices.Contains([]access{public, anyone, personal, asked, seeStream}, a) || tonypi.Admin.May(tonypi.Action(a))
}

func (r *routes) err() error { return errors.Join(r.errs...) }

// add declares one operation. The handler's errors become problem answers.
func add[I, O any](r *routes, a access, o huma.Operation, h func(context.Context, *I) (*O, error)) {
	r.declare(a, o.Method+" "+o.Path)
	r.describe(a, &o)
	audited, action := auditOf(o)
	lacks := r.lacks
	huma.Register(r.api, o, func(ctx context.Context, in *I) (out *O, err error) {
		if err = lacks; err == nil {
			out, err = h(ctx, in)
		}
		if audited {
			r.server.audit(ctx, action, err)
		}
		if err != nil {
			return nil, r.server.problem(ctx, err)
		}
		return out, nil
	})
}

// describe notes what an operation's metadata says, and tells readers of the document who may use it.
func (r *routes) describe(a access, o *huma.Operation) {
	pattern := o.Method + " " + o.Path
	r.once[pattern] = o.Metadata[idempotencyHeader] == true
	r.urgent[pattern] = o.Metadata[urgentKey] == true
	r.refusals[pattern] = refusalOf(*o)
	switch {
	case o.Metadata[streamsKey] == true:
		r.pace[pattern] = streaming
	case o.Metadata[waitsKey] == true:
		r.pace[pattern] = waiting
	}
	if len(o.Responses) > 0 { // else huma adds it
		o.Responses["default"] = &huma.Response{Description: "Error", Content: map[string]*huma.MediaType{
			"application/problem+json": {Schema: schemaOf[huma.ErrorModel](r)},
		}}
	}
	o.Extensions = map[string]any{"x-access": string(a)}
	if a != public {
		o.Security = []map[string][]string{{"bearer": {}}}
	}
}

// documentJSON writes the OpenAPI document, indented and ending in a newline so that its changes read well.
func (r *routes) documentJSON() ([]byte, error) {
	plain, err := json.Marshal(r.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, plain, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// documentConfig is huma's configuration: our own document and docs routes, no links to schemas.
func documentConfig() huma.Config {
	c := huma.DefaultConfig("tonypi", "v1")
	c.OpenAPIPath, c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", "", nil
	c.Transformers = []huma.Transformer{describeProblem}
	c.Info.Description = "Monitoring of TonyPi robots. Errors are RFC 9457 problems with a `detail` for a person."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", Description: "The access token of POST /auth/login, or an API token (tp_…)"},
	}
	c.Tags = []*huma.Tag{
		{Name: "auth", Description: "Signing in and out"}, {Name: "users", Description: "Who may use the server"},
		{Name: "robots", Description: "The fleet"}, {Name: "history", Description: "What the robots measured"},
		{Name: "alerts", Description: "What needs a person"}, {Name: "rules", Description: "When there is an alert"},
		{Name: "commands", Description: "What robots are told"}, {Name: "stops", Description: "Emergency stop; works without the database"},
		{Name: "control", Description: "Who has control over a robot, and its settings"},
		{Name: "jobs", Description: "What robots work on"}, {Name: "items", Description: "What codes stand for"},
		{Name: "logs", Description: "What robots and the server say"}, {Name: "audit", Description: "What people did"},
		{Name: "sessions", Description: "Who is signed in where"}, {Name: "terminal", Description: "Shells on robots"},
		{Name: "camera", Description: "Robots' pictures"},
		{Name: "joining", Description: "How robots join"}, {Name: "tokens", Description: "API tokens for scripts"},
		{Name: "server", Description: "The server itself"},
	}
	return c
}
