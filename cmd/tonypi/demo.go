package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"tonypi"
	"tonypi/agent"
	"tonypi/agent/sim"
)

// demoCommand is serve with a fleet of simulated robots.
type demoCommand struct {
	serveConfig `embed:""`
	Robots      int    `default:"12" help:"How many robots are simulated (1 to 1000)."`
	Seed        uint64 `default:"1" help:"Seed of the simulation: equal seeds give equal lives."`
}

// fastFleet is the most robots that report ten times a second; larger fleets report once.
const fastFleet = 30

// Run serves and simulates until ctx ends.
func (c *demoCommand) Run(ctx context.Context, log *slog.Logger) error {
	if c.Robots < 1 || c.Robots > 1000 {
		return tonypi.Errorf(tonypi.Invalid, "--robots must lie between 1 and 1000")
	}
	c.openToLoopback()
	s, err := newServer(ctx, &c.serveConfig, log)
	if err != nil {
		return err
	}
	defer s.close()
	// The robots say goodbye before the server that must hear it goes.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.run(serving) })
	g.Go(func() error {
		defer stop()
		return c.simulate(ctx, s, log)
	})
	return g.Wait()
}

// openToLoopback lets everybody on this machine, and nobody else, use the demo without signing in.
func (c *demoCommand) openToLoopback() {
	c.demo = true
	if c.Data == "data" {
		c.Data = "data/demo"
	}
	for _, addr := range []*string{&c.HTTP, &c.MQTT, &c.MQTTWS} {
		if host, port, err := net.SplitHostPort(*addr); err == nil && host == "" {
			*addr = net.JoinHostPort("127.0.0.1", port)
		}
	}
	if c.AnonymousRole == "none" && loopback(c.HTTP) {
		c.AnonymousRole = "admin"
	}
}

// simulate gives every body a real agent with a real MQTT connection, as a robot has.
func (c *demoCommand) simulate(ctx context.Context, s *server, log *slog.Logger) error {
	rates := agent.DefaultRates()
	if c.Robots > fastFleet {
		rates = agent.FleetRates()
	}
	bodies := sim.Fleet(c.Robots, c.Seed, time.Now())
	g, ctx := errgroup.WithContext(ctx)
	for i, body := range bodies {
		password, err := s.joinDemo(ctx, body.ID())
		if err != nil {
			return fmt.Errorf("join %s: %w", body.ID(), err)
		}
		r := robotProcess{
			body: body, rates: rates, phase: agent.Phase(i, len(bodies), rates.Sensors), log: log,
			credential: agent.Credential{Server: "http://" + s.mqttAddr, Robot: body.ID(), Username: string(body.ID()), Password: password, Port: port(s.mqttAddr)},
		}
		g.Go(func() error { return r.run(ctx) })
	}
	log.Info("simulated fleet is up", "component", "demo", "robots", len(bodies))
	return g.Wait()
}

// onlyLoopbackHosts refuses requests that name another host than this machine: a page on the internet whose name was made
// to point at 127.0.0.1 must not use a demo that asks for no password.
func onlyLoopbackHosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if name, err := os.Hostname(); !loopback(net.JoinHostPort(host, "0")) && (err != nil || host != name) {
			http.Error(w, "the demo answers on this machine only: use http://127.0.0.1", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// joinDemo lets a simulated robot join, or finds the password it got when it joined.
func (s *server) joinDemo(ctx context.Context, id tonypi.RobotID) (string, error) {
	path := filepath.Join(s.cfg.Data, "robots", string(id)+".json")
	if c, err := agent.LoadCredential(path); err == nil {
		if _, err := s.robots.Robot(id); err == nil {
			return c.Password, nil
		}
	}
	if _, err := s.robots.Robot(id); err == nil {
		// The password is lost, so nobody can prove to be this robot: it starts anew.
		if err := s.robots.Remove(ctx, id); err != nil {
			return "", err
		}
	}
	password, err := s.robots.Create(ctx, tonypi.Robot{ID: id})
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return password, agent.SaveCredential(path, agent.Credential{Robot: id, Username: string(id), Password: password})
}
