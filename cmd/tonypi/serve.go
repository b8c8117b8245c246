package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof" // mounted on a loopback address of its own, when asked for
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"tonypi"
	"tonypi/alert"
	"tonypi/api"
	"tonypi/camera"
	"tonypi/command"
	"tonypi/ingest"
	"tonypi/job"
	"tonypi/live"
	"tonypi/logbook"
	"tonypi/mqtt"
	"tonypi/report"
	"tonypi/sqlstore"
	"tonypi/terminal"
	"tonypi/tsdb"
	"tonypi/web"
	"tonypi/wire"
)

// serveCommand runs the monitoring server.
type serveCommand struct {
	serveConfig `embed:""`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, log *slog.Logger) error {
	s, err := newServer(ctx, &c.serveConfig, log)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run(ctx)
}

// server is the whole monitoring server. The fields are in the order in which they are made; they close in reverse.
type server struct {
	cfg       *serveConfig
	log       *slog.Logger
	tls       *tls.Config
	sql       *sqlstore.Store
	series    *tsdb.Store
	hub       *live.Hub
	book      *logbook.Book
	alerts    *alert.Engine
	robots    *ingest.Registry
	leases    *command.Leases
	configs   *command.Configs
	commands  *command.Dispatcher
	jobs      *job.Tracker
	pipeline  *ingest.Pipeline
	broker    *mqtt.Broker
	reports   *report.Maker
	terminals *terminal.Server
	cameras   *camera.Relay
	api       *api.Server
	http      net.Listener
	httpAddr  string
	mqttAddr  string
	started   time.Time
	rates     rates
}

// newServer opens the stores, makes the engines and binds the listeners. Nothing runs yet.
func newServer(ctx context.Context, cfg *serveConfig, log *slog.Logger) (_ *server, err error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	s := &server{cfg: cfg, log: log, started: time.Now()}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.tls, err = cfg.tlsConfig(); err != nil {
		return nil, err
	}
	if err := s.openStores(ctx); err != nil {
		return nil, err
	}
	if err := s.makeEngines(ctx); err != nil {
		return nil, err
	}
	if err := s.listen(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *server) openStores(ctx context.Context) (err error) {
	if s.sql, err = sqlstore.Open(ctx, s.cfg.DB, s.cfg.Data, s.part("sqlstore")); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	sync := tsdb.SyncEverySecond
	if s.cfg.Sync == "always" {
		sync = tsdb.SyncAlways
	}
	s.series, err = tsdb.Open(tsdb.Config{
		Dir: filepath.Join(s.cfg.Data, "readings"), Retention: time.Duration(s.cfg.Retention), Sync: sync,
		MaxJournalBytes: int64(s.cfg.Journal) << 20, MemoryBytes: int64(s.cfg.Memory) << 20, Log: s.part("tsdb"),
	})
	if err != nil {
		return fmt.Errorf("open series store: %w", err)
	}
	return nil
}

// limits lets a demo's fleet come from one address at once.
func (s *server) limits() mqtt.Limits {
	return mqtt.Limits{PerAddress: max(1200, s.cfg.MaxRobots)}
}

// listen binds every listener and makes the API, which tells robots the ports.
func (s *server) listen(ctx context.Context) error {
	mqttAddr, err := s.broker.Listen(s.cfg.MQTT)
	if err != nil {
		return err
	}
	s.mqttAddr = mqttAddr.String()
	s.listening("mqtt", s.mqttAddr)
	secureAddr := ""
	if addr := s.cfg.secureMQTT(); addr != "" {
		bound, err := s.broker.ListenTLS(addr, s.tls)
		if err != nil {
			return err
		}
		secureAddr = bound.String()
		s.listening("mqtts", secureAddr)
	}
	if s.cfg.MQTTWS != "off" {
		bound, err := s.broker.ListenWebSocket(s.cfg.MQTTWS, s.tls)
		if err != nil {
			return err
		}
		s.listening("mqtt-ws", bound.String())
	}
	if s.http, err = (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.HTTP); err != nil {
		return err
	}
	s.httpAddr = s.http.Addr().String()
	s.listening("http", s.httpAddr)
	return s.makeAPI(ctx, secureAddr)
}

func (s *server) makeAPI(ctx context.Context, secureAddr string) (err error) {
	// A robot cannot check a certificate that we signed ourselves, so it is sent to the plain port then.
	secure := secureAddr != "" && !s.cfg.TLSSelfSigned
	mqttPort := port(s.mqttAddr)
	if secure {
		mqttPort = port(secureAddr)
	}
	s.makeWays()
	s.api, err = api.New(ctx, api.Config{
		Log: s.part("api"), Version: version,
		Users: s.sql, Sessions: s.sql, Credentials: s.sql, Settings: s.sql, AlertStore: s.sql, Series: s.series,
		Fleet: s.hub, Robots: s.robots, Joining: s.robots, Alerts: s.alerts, Rules: s.alerts,
		Commands: s.commands, CommandStore: s.sql, Leases: s.leases, Configs: s.configs,
		Jobs: s.jobs, JobStore: s.sql, ItemStore: s.jobs.Items(), LogStore: s.sql, LogBook: s.book, AuditStore: s.sql, Record: s.book,
		Terminal: s.terminalRoutes(), Camera: s.cameraRoutes(), Extra: s.compatRoutes(),
		Revoked: s.broker.DisconnectUser, System: s.system, Metrics: s.writeMetrics, Checks: s.checks(),
		Live: s.hub, MQTT: s.broker.WebSocketHandler(), Web: web.Handler(),
		AnonymousRole: s.cfg.role(), Demo: s.cfg.demo, Adopt: s.cfg.Adopt, MQTTPort: mqttPort, MQTTSecure: secure, PlainMQTTPort: port(s.mqttAddr), Origins: s.cfg.Origins,
	})
	return err
}

// part returns the logger of one part.
func (s *server) part(name string) *slog.Logger { return s.log.With("component", name) }

func (s *server) listening(listener, addr string) {
	s.log.Info("listening", "listener", listener, "addr", addr)
}

// run works until ctx ends or a part fails. The stores and engines outlive what feeds them, so that everything a robot was
// promised is written before they stop.
func (s *server) run(ctx context.Context) error {
	s.greet()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var engines errgroup.Group
	failed := make(chan error, 4)
	for _, work := range []func(context.Context) error{
		s.sql.Run, s.series.Run, s.book.Run, s.alerts.Run, s.robots.Run, s.leases.Run, s.configs.Run, s.commands.Run, s.jobs.Run, s.measure, s.tidy,
	} {
		engines.Go(func() error {
			err := work(background)
			if background.Err() == nil {
				select {
				case failed <- errors.Join(errors.New("a part of the server ended"), err):
				default:
				}
			}
			return err
		})
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.broker.Run(ctx) })
	g.Go(func() error { return s.terminals.Run(ctx) })
	g.Go(func() error { return s.cameras.Run(ctx) })
	g.Go(func() error { return s.serveHTTP(ctx) })
	g.Go(func() error { return s.serveProfiles(ctx) })
	g.Go(func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-failed:
			return err
		}
	})
	err := g.Wait()
	stop()
	if late := engines.Wait(); late != nil && !errors.Is(late, context.Canceled) && err == nil {
		err = late
	}
	s.log.Info("stopped")
	return err
}

func (s *server) serveHTTP(ctx context.Context) error {
	handler := s.api.Handler()
	if s.cfg.demo {
		handler = onlyLoopbackHosts(handler)
	}
	server := &http.Server{
		Handler: handler, TLSConfig: s.tls, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(s.part("http").Handler(), slog.LevelDebug), BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() {
		if s.tls != nil {
			ended <- server.ServeTLS(s.http, "", "")
			return
		}
		ended <- server.Serve(s.http)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_ = server.Shutdown(grace)
	return ctx.Err()
}

// serveProfiles serves Go's profiles when asked to.
func (s *server) serveProfiles(ctx context.Context) error {
	if s.cfg.Pprof == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Addr: s.cfg.Pprof, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve profiles: %w", err)
	}
	return nil
}

// greet tells the person at the console where the page is. The first admin's token is printed, not logged.
func (s *server) greet() {
	page := "http://" + readable(s.httpAddr)
	if s.tls != nil {
		page = "https://" + readable(s.httpAddr)
	}
	if role := s.cfg.role(); role != tonypi.NoRole && role != tonypi.Viewer && !s.cfg.demo {
		s.log.Warn("people may use this server without signing in", "role", role)
	}
	fmt.Fprintf(os.Stdout, "\n  tonypi %s\n  Page: %s\n", version, page)
	if token := s.api.SetupToken(); token != "" && !s.cfg.demo {
		fmt.Fprintf(os.Stdout, "  Set the admin's password (this link works once): %s/setup#token=%s\n", page, token)
	}
	fmt.Fprintln(os.Stdout)
}

// close closes the stores.
func (s *server) close() {
	if s.http != nil {
		_ = s.http.Close()
	}
	if s.series != nil {
		if err := s.series.Close(); err != nil {
			s.log.Error("series store not closed", "err", err)
		}
	}
	if s.sql != nil {
		if err := s.sql.Close(); err != nil {
			s.log.Error("database not closed", "err", err)
		}
	}
}

// checks are what GET /health asks.
func (s *server) checks() map[string]api.Check {
	return map[string]api.Check{
		"database": s.sql.Ping,
		"series": func(ctx context.Context) error {
			if h := s.series.Health(ctx); !h.OK {
				return tonypi.Errorf(tonypi.Unavailable, "%s", h.Message)
			}
			return nil
		},
		"mqtt": func(ctx context.Context) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", reachable(s.mqttAddr))
			if err != nil {
				return tonypi.Wrap(tonypi.Unavailable, err, "the MQTT broker does not accept connections")
			}
			return conn.Close()
		},
	}
}

// secureMQTT returns where MQTT over TLS listens, or "".
func (c *serveConfig) secureMQTT() string {
	secure := c.TLSCert != "" || c.TLSSelfSigned
	switch {
	case !secure || c.MQTTS == "off":
		return ""
	case c.MQTTS == "auto":
		return ":8883"
	}
	return c.MQTTS
}

// liveOrigins are the hosts of other pages that may open sockets.
func (c *serveConfig) liveOrigins() []string {
	origins := c.Origins
	if origins == nil {
		origins = api.DefaultOrigins
	}
	return hosts(origins)
}

// wildcard reports whether an address stands for every address of this machine.
func wildcard(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

// readable turns a bound address into one that a person can open on this machine.
func readable(addr string) string {
	host, p, err := net.SplitHostPort(addr)
	if err != nil || !wildcard(host) {
		return addr
	}
	return net.JoinHostPort("localhost", p)
}

// reachable turns a bound address into one that this process can dial.
func reachable(addr string) string {
	host, p, err := net.SplitHostPort(addr)
	if err != nil || !wildcard(host) {
		return addr
	}
	return net.JoinHostPort("127.0.0.1", p)
}

// port returns the port of a bound address.
func port(addr string) int {
	_, p, err := net.SplitHostPort(addr)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		return 0
	}
	return n
}

var _ wire.Gate = (*ingest.Registry)(nil)
