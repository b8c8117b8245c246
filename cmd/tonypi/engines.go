package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"tonypi"
	"tonypi/alert"
	"tonypi/api"
	"tonypi/camera"
	"tonypi/command"
	"tonypi/compat"
	"tonypi/ingest"
	"tonypi/job"
	"tonypi/live"
	"tonypi/logbook"
	"tonypi/mqtt"
	"tonypi/report"
	"tonypi/terminal"
	"tonypi/web"
	"tonypi/wire"
)

// makeEngines makes what has rules, in the order of who needs whom, and gives it what the stores remember.
func (s *server) makeEngines(ctx context.Context) (err error) {
	s.hub = live.New(live.Config{
		History: s.series, Version: version, Origins: s.cfg.liveOrigins(), Log: s.part("live"), Control: control{s},
		Pending:   func() int { return s.robots.PendingCount() },
		Authorize: func(ctx context.Context, token string) (tonypi.Caller, error) { return s.api.Caller(ctx, token) },
	})
	s.book = logbook.New(logbook.Config{Logs: s.sql, Audit: s.sql, Show: s.hub, Log: s.part("logbook")})
	s.log = slog.New(s.book.Handler(s.log.Handler())) // what is logged from here on can be read in the page
	s.alerts = alert.New(alert.Config{Store: s.sql, Rules: s.sql, Show: s.hub, Log: s.part("alert")})
	s.robots = ingest.NewRegistry(ingest.RegistryConfig{
		Robots: s.sql, Credentials: s.sql, History: s.series, Silence: s.alerts, Show: robotNews{s},
		Person:    func(ctx context.Context, token string) (string, tonypi.Role, error) { return s.api.Person(ctx, token) },
		Kick:      func(id tonypi.RobotID) { s.broker.Disconnect(id) },
		Policy:    ingest.Policy(s.cfg.Adopt),
		MaxRobots: s.cfg.MaxRobots, RobotNetworks: s.cfg.RobotNetworks, Leaving: s.forget, Log: s.part("ingest"),
	})
	s.makeControl()
	s.pipeline = ingest.NewPipeline(ingest.PipelineConfig{
		Robots: s.robots, Series: s.series, Alerts: s.alerts, Show: s.hub, Log: s.part("ingest"),
		Jobs: s.jobs, Logs: s.book, Answers: s.commands, Events: s.alerts,
	})
	s.broker, err = mqtt.New(mqtt.Config{Gate: s.robots, Handle: s.pipeline.Handle, Log: s.part("mqtt"), Origins: s.cfg.liveOrigins(), Limits: s.limits()})
	if err != nil {
		return fmt.Errorf("make broker: %w", err)
	}
	return s.load(ctx)
}

// makeControl makes what acts on robots.
func (s *server) makeControl() {
	log := s.part("command")
	s.leases = command.NewLeases(command.LeasesConfig{Robots: s.robots, Show: s.hub, Record: s.book})
	s.configs = command.NewConfigs(command.ConfigsConfig{Store: s.sql, Bus: bus{s}, Robots: s.robots, Record: s.book, Log: log})
	s.commands = command.New(command.Config{
		Store: s.sql, Bus: bus{s}, Robots: s.robots, Connected: s.connected, Show: s.hub, Alerts: s.alerts, Record: s.book,
		Series: s.series, Leases: s.leases, Configs: s.configs, Log: log,
	})
	s.jobs = job.New(job.Config{Jobs: s.sql, Items: s.sql, Bus: bus{s}, Show: s.hub, Alerts: s.alerts, Record: s.book, Log: s.part("job")})
	s.reports = report.New(report.Config{Reports: s.sql, Jobs: s.sql, History: s.series, Robots: s.robots.Fleet})
}

// makeWays makes the ways to robots that go past MQTT.
func (s *server) makeWays() {
	s.terminals = terminal.New(terminal.Config{
		Store: s.sql, Robots: robotRow{s}, Record: s.book, Log: s.part("terminal"), Origins: s.cfg.liveOrigins(),
		Dir: filepath.Join(s.cfg.Data, "recordings"), SealKey: filepath.Join(s.cfg.Data, "seal.key"),
		Check:     func(ctx context.Context, by tonypi.Caller) error { return s.api.Still(ctx, by) },
		RecordAll: s.cfg.RecordTerminals, Legacy: s.cfg.LegacySSH, AllowLoopback: s.cfg.demo || s.cfg.AllowLoopback,
	})
	s.cameras = camera.New(camera.Config{
		Robots: robotRow{s}, AllowHosts: s.cfg.CameraHosts, AllowLoopback: s.cfg.demo || s.cfg.AllowLoopback, Log: s.part("camera"),
		Check: func(ctx context.Context, by tonypi.Caller) error { return s.api.Still(ctx, by) },
	})
}

// compatRoutes are the paths of the original system.
func (s *server) compatRoutes() []api.Route {
	original := compat.New(compat.Config{
		Fleet: s.hub, History: s.series, Robots: s.robots, Commands: s.commands, Configs: s.configs, Jobs: s.jobs,
		JobStore: s.sql, Scans: s.sql, CommandLog: s.sql, LogStore: s.sql, Alerts: s.sql, Raise: s.alerts, Rules: s.alerts,
		Reports: s.reports, ReportLog: s.sql, Record: s.book, Status: s.compatStatus, Page: web.Handler(),
		Grafana: compat.Grafana{URL: strings.TrimRight(s.cfg.GrafanaURL, "/"), APIKey: s.cfg.GrafanaKey}, Log: s.part("compat"),
	})
	var routes []api.Route
	for _, r := range original.Routes() {
		action := r.Action
		if action == "" {
			action = api.Public
		}
		routes = append(routes, api.Route{Pattern: r.Pattern, Action: action, Stop: r.Stop, Handler: r.Handler})
	}
	return routes
}

// load gives the engines what the stores remember.
func (s *server) load(ctx context.Context) error {
	for _, part := range []struct {
		name string
		load func(context.Context) error
	}{
		{"logs", s.book.Load}, {"alerts", s.alerts.Load}, {"robots", s.robots.Load}, {"settings", s.configs.Load},
		{"commands", s.commands.Load}, {"jobs", s.jobs.Load},
	} {
		if err := part.load(ctx); err != nil {
			return fmt.Errorf("load %s: %w", part.name, err)
		}
	}
	fleet := s.robots.Fleet()
	s.hub.Load(fleet, s.alerts.Open())
	if err := s.alerts.Expect(ctx, fleet, time.Now()); err != nil {
		return fmt.Errorf("expect robots: %w", err)
	}
	s.pipeline.Expect(time.Now())
	return nil
}

// connected reports whether a robot's MQTT connection is open.
func (s *server) connected(id tonypi.RobotID) bool {
	summary, err := s.hub.Summary(id)
	return err == nil && summary.Connected
}

// bus is the broker, which is made after those who publish through it.
type bus struct{ s *server }

func (b bus) Publish(ctx context.Context, m wire.Message) error { return b.s.broker.Publish(ctx, m) }
func (b bus) Run(ctx context.Context) error                     { return b.s.broker.Run(ctx) }

// control is what people do through their live socket.
type control struct{ s *server }

func (c control) Drive(ctx context.Context, by tonypi.Caller, d tonypi.Drive) error {
	return c.s.commands.Drive(ctx, by, d)
}
func (c control) LetGo(by tonypi.Caller) { c.s.commands.LetGo(by) }
func (c control) Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	return c.s.commands.Stop(ctx, o)
}

// robotNews shows what the registry tells, and tells the engines whose robots came.
type robotNews struct{ s *server }

func (n robotNews) Show(e tonypi.Event) {
	n.s.hub.Show(e)
	if e.Kind == tonypi.ConnectionChanged && e.Connected {
		n.s.commands.Connected(e.Robot) // settings too
	}
}

// forget drops what the engines know of a robot that leaves.
func (s *server) forget(id tonypi.RobotID) {
	s.commands.Forget(id) // settings and control too
	s.jobs.Forget(id)
	s.book.Forget(id)
}
