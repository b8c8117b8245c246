package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tonypi"
)

// who may use each route. A route that is not here fails the test.
var routesTable = map[string]string{
	"POST /api/v1/auth/login":                        "all",
	"POST /api/v1/auth/refresh":                      "all",
	"POST /api/v1/auth/logout":                       "all",
	"GET /api/v1/auth/me":                            "signed in",
	"PUT /api/v1/auth/me/password":                   "session",
	"GET /api/v1/auth/setup":                         "all",
	"POST /api/v1/auth/setup":                        "all",
	"POST /api/v1/auth/register":                     "admin",
	"GET /api/v1/users":                              "admin",
	"POST /api/v1/users":                             "admin",
	"GET /api/v1/users/{id}":                         "admin",
	"PUT /api/v1/users/{id}":                         "admin",
	"DELETE /api/v1/users/{id}":                      "admin",
	"GET /api/v1/robots":                             "viewer",
	"POST /api/v1/robots":                            "operator",
	"GET /api/v1/robots/pending":                     "admin",
	"GET /api/v1/robots/{robot_id}":                  "viewer",
	"PUT /api/v1/robots/{robot_id}":                  "operator",
	"DELETE /api/v1/robots/{robot_id}":               "admin",
	"POST /api/v1/robots/{robot_id}/adopt":           "admin",
	"POST /api/v1/robots/{robot_id}/reject":          "admin",
	"GET /api/v1/robots/{robot_id}/latest":           "viewer",
	"GET /api/v1/robots/{robot_id}/data":             "viewer",
	"GET /api/v1/robots/{robot_id}/series":           "viewer",
	"GET /api/v1/metrics-catalog":                    "viewer",
	"GET /api/v1/alerts":                             "viewer",
	"GET /api/v1/alerts/stats":                       "viewer",
	"POST /api/v1/alerts/acknowledge-all":            "operator",
	"GET /api/v1/alerts/thresholds":                  "viewer",
	"POST /api/v1/alerts/thresholds":                 "operator",
	"GET /api/v1/alerts/thresholds/defaults":         "viewer",
	"POST /api/v1/alerts/thresholds/init-defaults":   "operator",
	"PUT /api/v1/alerts/thresholds/{id}":             "operator",
	"DELETE /api/v1/alerts/thresholds/{id}":          "operator",
	"GET /api/v1/alerts/{id}":                        "viewer",
	"POST /api/v1/alerts/{id}/acknowledge":           "operator",
	"PUT /api/v1/alerts/{id}/acknowledge":            "operator",
	"PUT /api/v1/alerts/{id}/ack":                    "operator",
	"POST /api/v1/alerts/{id}/resolve":               "operator",
	"PUT /api/v1/alerts/{id}/resolve":                "operator",
	"DELETE /api/v1/alerts/{id}":                     "admin",
	"GET /api/v1/join-tokens":                        "admin",
	"POST /api/v1/join-tokens":                       "admin",
	"DELETE /api/v1/join-tokens/{id}":                "admin",
	"POST /api/v1/enroll":                            "all",
	"GET /api/v1/tokens":                             "session",
	"POST /api/v1/tokens":                            "session",
	"DELETE /api/v1/tokens/{id}":                     "session",
	"GET /api/v1/health":                             "all",
	"GET /api/v1/server":                             "all",
	"GET /api/v1/system":                             "admin",
	"GET /api/v1/roles":                              "viewer",
	"GET /api/v1/sessions":                           "session",
	"DELETE /api/v1/sessions/{id}":                   "session",
	"GET /api/v1/users/{id}/sessions":                "admin",
	"DELETE /api/v1/users/{id}/sessions":             "admin",
	"GET /api/v1/commands/catalogue":                 "viewer",
	"GET /api/v1/commands":                           "viewer",
	"POST /api/v1/commands":                          "operator",
	"GET /api/v1/commands/{command_id}":              "viewer",
	"GET /api/v1/robots/{robot_id}/commands":         "viewer",
	"POST /api/v1/robots/{robot_id}/command":         "operator",
	"POST /api/v1/robots/{robot_id}/emergency-stop":  "operator",
	"POST /api/v1/emergency-stop":                    "operator",
	"POST /api/v1/robots/{robot_id}/resume":          "operator",
	"POST /api/v1/resume":                            "operator",
	"GET /api/v1/stops/latency":                      "viewer",
	"GET /api/v1/robots/{robot_id}/lease":            "viewer",
	"POST /api/v1/robots/{robot_id}/lease":           "operator",
	"DELETE /api/v1/robots/{robot_id}/lease":         "operator",
	"POST /api/v1/robots/{robot_id}/lease/hand-over": "operator",
	"GET /api/v1/robots/{robot_id}/config":           "viewer",
	"PUT /api/v1/robots/{robot_id}/config":           "operator",
	"GET /api/v1/jobs":                               "viewer",
	"GET /api/v1/jobs/stats":                         "viewer",
	"GET /api/v1/jobs/{id}":                          "viewer",
	"POST /api/v1/robots/{robot_id}/jobs":            "operator",
	"POST /api/v1/robots/{robot_id}/jobs/cancel":     "operator",
	"POST /api/v1/robots/{robot_id}/scan":            "operator",
	"GET /api/v1/items":                              "viewer",
	"GET /api/v1/items/export":                       "viewer",
	"POST /api/v1/items/import":                      "admin",
	"PUT /api/v1/items/{code}":                       "admin",
	"DELETE /api/v1/items/{code}":                    "admin",
	"GET /api/v1/scans":                              "viewer",
	"GET /api/v1/logs":                               "viewer",
	"POST /api/v1/logs":                              "operator",
	"GET /api/v1/logs/stats":                         "viewer",
	"GET /api/v1/logs/categories":                    "viewer",
	"GET /api/v1/logs/levels":                        "viewer",
	"GET /api/v1/logs/commands":                      "viewer",
	"GET /api/v1/logs/errors":                        "viewer",
	"GET /api/v1/logs/export/json":                   "viewer",
	"GET /api/v1/logs/export/csv":                    "viewer",
	"DELETE /api/v1/logs/clear":                      "admin",
	"GET /api/v1/audit":                              "admin",
	"GET /api/v1/audit/actions":                      "admin",
	"GET /api/v1/audit/export":                       "admin",
	"POST /api/v1/robots/{robot_id}/terminal":        "operator",
	"GET /api/v1/ssh/connect/{robot_id}":             "all", // asks for a ticket itself
	"POST /api/v1/ssh/test/{robot_id}":               "operator",
	"GET /api/v1/ssh/test/{robot_id}":                "operator",
	"GET /api/v1/robots/{robot_id}/ssh":              "operator",
	"PUT /api/v1/robots/{robot_id}/ssh":              "admin",
	"DELETE /api/v1/robots/{robot_id}/ssh":           "admin",
	"DELETE /api/v1/robots/{robot_id}/ssh/host-key":  "admin",
	"GET /api/v1/recordings":                         "admin",
	"GET /api/v1/recordings/{id}":                    "admin",
	"DELETE /api/v1/recordings/{id}":                 "admin",
	"GET /api/v1/robots/{robot_id}/camera":           "viewer",
	"POST /api/v1/robots/{robot_id}/camera/ticket":   "viewer",
	"GET /api/v1/robots/{robot_id}/camera/stream":    "viewer",
	"GET /api/v1/robots/{robot_id}/camera/snapshot":  "viewer",
	"GET /api/v1/original/public":                    "all", // routes of other packages
	"GET /api/v1/original/known":                     "signed in",
	"POST /api/v1/original/command":                  "operator",
	"POST /api/v1/original/stop":                     "operator",
	"GET /api/v1/original/report":                    "viewer",
	"DELETE /api/v1/original/{id}":                   "admin",
	"GET /api/v1/openapi.json":                       "all",
	"GET /api/v1/openapi.yaml":                       "all",
	"GET /api/v1/docs":                               "all",
	"GET /api/v1/live":                               "all", // asks for a token itself
	"GET /docs":                                      "all",
	"GET /docs/docs.js":                              "all",
	"GET /docs/docs.css":                             "all",
	"GET /metrics":                                   "viewer",
	"GET /mqtt":                                      "all", // asks for a password itself
	"GET /api":                                       "all",
	"/api/":                                          "all",
	"/api/v1/alerts/thresholds":                      "all", // only for methods that do not exist
	"/api/v1/alerts/thresholds/":                     "all",
	"/":                                              "all",
}

// groups are the identities that belong to a word of the table.
var groups = map[string][]string{
	"all": {"nobody", "invalid", "other scheme", "expired", "revoked", "forged", "unsigned", "inactive", "viewer", "operator",
		"admin", "viewer token", "admin token", "expired token", "join token", "anonymous viewer", "anonymous operator",
		"anonymous admin", "invalid beside anonymous"},
	"signed in": {"viewer", "operator", "admin", "viewer token", "admin token", "anonymous viewer", "anonymous operator", "anonymous admin"},
	"session":   {"viewer", "operator", "admin"},
	"viewer":    {"viewer", "operator", "admin", "viewer token", "admin token", "anonymous viewer", "anonymous operator", "anonymous admin"},
	"operator":  {"operator", "admin", "admin token", "anonymous operator", "anonymous admin"},
	"admin":     {"admin", "admin token", "anonymous admin"},
}

// unknowns are the identities that must get 401 and not 403: they proved nothing.
var unknowns = map[string]bool{
	"nobody": true, "invalid": true, "other scheme": true, "expired": true, "revoked": true, "forged": true, "unsigned": true,
	"inactive": true, "expired token": true, "join token": true, "invalid beside anonymous": true,
}

func TestEveryRouteForEveryone(t *testing.T) {
	for _, who := range groups["all"] {
		t.Run(who, func(t *testing.T) {
			f, header := identity(t, who)
			for pattern := range f.server.routes.access {
				if _, ok := routesTable[pattern]; !ok {
					t.Errorf("%s is not in the table", pattern)
				}
			}
			const logout = "POST /api/v1/auth/logout"
			for pattern, word := range routesTable {
				if pattern != logout {
					f.tryRoute(who, header, pattern, word)
				}
			}
			f.tryRoute(who, header, logout, routesTable[logout]) // ends the session
		})
	}
}

func (f *fixture) tryRoute(who, header, pattern, word string) {
	f.t.Helper()
	if _, ok := f.server.routes.access[pattern]; !ok {
		f.t.Errorf("%s does not exist", pattern)
	}
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "PATCH", pattern
	}
	path = strings.NewReplacer("{robot_id}", "r9", "{id}", "77", "{command_id}", "c9", "{code}", "nothing").Replace(path)
	body := ""
	if method != "GET" {
		body = `{"no_such_field":1}` // whoever passes is stopped by the validation
	}
	var headers []string
	if header != "" {
		headers = []string{"Authorization", header}
	}
	a := f.send(method, strings.TrimPrefix(path, "/"), "", body, headers...)
	allowed := false
	for _, w := range groups[word] {
		allowed = allowed || w == who
	}
	// The handler of the refresh says 401 too: there is no cookie.
	blocked := (a.status == 401 || a.status == 403) && !strings.Contains(a.body, "Not signed in")
	switch {
	case allowed && blocked:
		f.t.Errorf("%s: %d, want it allowed: %s", pattern, a.status, a.body)
	case !allowed && unknowns[who] && a.status != 401, !allowed && !unknowns[who] && a.status != 403:
		f.t.Errorf("%s: %d, want it refused: %s", pattern, a.status, a.body)
	case a.status == 401 && a.header.Get("WWW-Authenticate") == "":
		f.t.Errorf("%s: 401 without WWW-Authenticate", pattern)
	case a.status >= 500:
		f.t.Errorf("%s: %d: %s", pattern, a.status, a.body)
	}
}

// identity makes a server and the Authorization header of somebody.
func identity(t *testing.T, who string) (*fixture, string) {
	t.Helper()
	role, anonymous := strings.CutPrefix(who, "anonymous ")
	if who == "invalid beside anonymous" {
		role, anonymous = "admin", true
	}
	f := newFixture(t, func(c *Config) {
		if anonymous {
			c.AnonymousRole = tonypi.Role(role)
		}
	})
	header := func(token string) (*fixture, string) { return f, "Bearer " + token }
	switch who {
	case "viewer", "operator", "admin":
		return header(f.tokens[tonypi.Role(who)])
	case "invalid", "invalid beside anonymous":
		return header("nonsense")
	case "other scheme":
		return f, "Basic YWRtaW46YWRtaW4="
	case "expired":
		return header(f.sign(jwt.SigningMethodHS256, f.server.auth.secret, time.Now().Add(-time.Minute)))
	case "forged":
		return header(f.sign(jwt.SigningMethodHS256, []byte("another secret of enough length!"), time.Now().Add(time.Hour)))
	case "unsigned":
		return header(f.sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, time.Now().Add(time.Hour)))
	case "revoked":
		f.must(f.server.auth.end(t.Context(), f.session[tonypi.Admin]))
		return header(f.tokens[tonypi.Admin])
	case "inactive":
		u, err := f.store.User(t.Context(), "id-operator")
		f.must(err)
		u.Active = false
		f.must(f.store.UpdateUser(t.Context(), u))
		return header(f.tokens[tonypi.Operator])
	case "viewer token":
		return header(f.credential(tonypi.APIToken, apiPrefix+"abc", "id-viewer", time.Time{}))
	case "admin token":
		return header(f.credential(tonypi.APIToken, apiPrefix+"abc", "id-admin", time.Now().Add(time.Hour)))
	case "expired token":
		return header(f.credential(tonypi.APIToken, apiPrefix+"abc", "id-admin", time.Now().Add(-time.Second)))
	case "join token":
		return header(f.credential(tonypi.JoinToken, apiPrefix+"abc", "id-admin", time.Now().Add(time.Hour)))
	}
	return f, ""
}

func (f *fixture) sign(method jwt.SigningMethod, secret any, expires time.Time) string {
	f.t.Helper()
	token, err := jwt.NewWithClaims(method, claims{f.session[tonypi.Admin], jwt.RegisteredClaims{
		Subject: "id-admin", ExpiresAt: jwt.NewNumericDate(expires),
	}}).SignedString(secret)
	f.must(err)
	return token
}

func (f *fixture) credential(kind tonypi.CredentialKind, secret, user string, expires time.Time) string {
	f.t.Helper()
	f.must(f.store.SaveCredential(f.t.Context(), tonypi.Credential{
		ID: "c1", Kind: kind, Name: "x", UserID: user, SecretHash: secretHash(secret), CreatedAt: time.Now(), ExpiresAt: expires,
	}))
	return secret
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func TestRouteMustSayWhoMayUseIt(t *testing.T) {
	f := newFixture(t)
	for name, register := range map[string]func(*routes){
		"undeclared": func(r *routes) { r.HandleFunc("GET /x", http.NotFound) },
		"empty":      func(r *routes) { r.handle("", "GET /x", http.NotFoundHandler()) },
		"misspelt":   func(r *routes) { r.handle(may("veiw"), "GET /x", http.NotFoundHandler()) },
	} {
		r := newRoutes(f.server)
		if register(r); r.err() == nil {
			t.Errorf("%s: a route without access was registered", name)
		}
	}
}
