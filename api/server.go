// Package api is how people and programs reach the server over HTTP: routes, sign-in, roles, errors and the OpenAPI document.
// It reads stores directly for plain reads and calls an engine wherever there is a rule.
package api

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"

	"tonypi"
)

// Config is what a Server needs. Everything is required unless its comment says otherwise.
type Config struct {
	Log     *slog.Logger
	Version string

	Users       tonypi.UserStore
	Sessions    tonypi.SessionStore
	Credentials tonypi.CredentialStore
	Settings    tonypi.SettingStore
	AlertStore  tonypi.AlertStore
	Series      History

	Fleet   Fleet
	Robots  Robots
	Joining Joining
	Alerts  Alerts
	Rules   Rules

	// What follows may be nil: the routes that need it are then Unavailable.
	Commands     Commands
	CommandStore tonypi.CommandStore
	Leases       Leases
	Configs      Configs
	Jobs         Jobs
	JobStore     tonypi.JobStore
	ItemStore    tonypi.ItemStore
	LogStore     tonypi.LogStore
	LogBook      LogBook
	AuditStore   tonypi.AuditStore
	Record       tonypi.Recorder // writes the audit log
	Terminal     Terminal
	Camera       Camera

	Extra []Route // of other packages

	System  func() SystemInfo // may be nil: the route is then Unavailable
	Metrics func(w io.Writer) // writes Prometheus text; may be nil
	Checks  map[string]Check  // by the name of the part: database, series, mqtt; "database" makes the server unhealthy, others degraded
	Live    http.Handler      // GET /api/v1/live; checks its caller itself; may be nil
	MQTT    http.Handler      // MQTT over WebSocket at /mqtt; checks its caller itself; may be nil
	Web     http.Handler      // the page, for every path that is not the API's; may be nil

	// Revoked ends what a person holds open outside of the API: the rights have changed. Who still may comes back. May be nil.
	Revoked func(username string)

	// SessionEnded ends what one sign-in holds open outside of the API. May be nil.
	SessionEnded func(session string)

	AnonymousRole  tonypi.Role    // role of requests without a token; empty: none
	Demo           bool           // shown by GET /server
	Adopt          string         // how unknown robots are let in, shown by GET /server
	MQTTPort       int            // told to robots that enrol
	MQTTSecure     bool           // the MQTT port speaks TLS
	PlainMQTTPort  int            // shown by GET /server, for the original clients
	Origins        []string       // other origins whose pages may call the API; nil means DefaultOrigins
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto are believed; none by default
}

// DefaultOrigins are the origins of the development servers that the original system allowed.
var DefaultOrigins = []string{"http://localhost:3000", "http://localhost:3001", "http://frontend:3000"}

// Server answers HTTP requests. It is safe for concurrent use.
type Server struct {
	cfg      Config
	log      *slog.Logger
	auth     *auth
	setup    setup
	health   healthCache
	repeats  repeats
	document []byte // the OpenAPI document as JSON
	yaml     []byte
	routes   *routes
	handler  http.Handler
}

// New makes a Server. It reads, or at the first start makes, the secret that signs tokens, and learns whether the
// server still needs its first admin.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Origins == nil {
		cfg.Origins = DefaultOrigins
	}
	s := &Server{cfg: cfg, log: cfg.Log}
	if cfg.AnonymousRole != tonypi.NoRole {
		if err := cfg.AnonymousRole.Validate(); err != nil {
			return nil, err
		}
	}
	var err error
	if s.auth, err = newAuth(ctx, cfg); err != nil {
		return nil, err
	}
	if err := s.beginSetup(ctx); err != nil {
		return nil, err
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// Handler returns the handler of the whole HTTP port.
func (s *Server) Handler() http.Handler { return s.handler }

// OpenAPI returns the OpenAPI 3.1 document of the API as indented JSON. It needs no server.
func OpenAPI() ([]byte, error) {
	s := &Server{}
	s.routes = newRoutes(s)
	s.register(s.routes)
	if err := s.routes.err(); err != nil {
		return nil, err
	}
	return s.routes.documentJSON()
}

// build registers every route.
func (s *Server) build() error {
	s.routes = newRoutes(s)
	s.register(s.routes)
	s.mount(s.routes)
	if err := s.routes.err(); err != nil {
		return fmt.Errorf("register routes: %w", err)
	}
	var err error
	if s.document, err = s.routes.documentJSON(); err != nil {
		return fmt.Errorf("write OpenAPI document: %w", err)
	}
	if s.yaml, err = s.routes.api.OpenAPI().YAML(); err != nil {
		return fmt.Errorf("write OpenAPI document: %w", err)
	}
	s.handler = s.middleware(s.routes)
	return nil
}
