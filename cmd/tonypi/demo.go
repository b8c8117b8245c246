package main

import (
	"context"
	"encoding/json"
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

// fastFleet is the most robots that report ten times a second, and have a connection for stops alone; larger fleets report
// once, and share one connection.
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
	bodies := sim.Fleet(c.Robots, c.Seed, time.Now())
	passwords, err := s.joinDemo(ctx, bodies)
	if err != nil {
		return fmt.Errorf("let the simulated fleet join: %w", err)
	}
	cameras, err := listenCameras(ctx, "127.0.0.1:0", bodies...)
	if err != nil {
		return err
	}
	rates := agent.DefaultRates()
	if c.Robots > fastFleet {
		rates = agent.FleetRates()
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return cameras.run(ctx) })
	for i, body := range bodies {
		id := body.ID()
		r := robotProcess{
			body: body, rates: rates, phase: agent.Phase(i, len(bodies), rates.Sensors), log: log,
			address: "127.0.0.1", cameraURL: cameras.url("127.0.0.1", sim.CameraPath(id)), stopSession: c.Robots <= fastFleet,
			credential: agent.Credential{Server: "http://" + s.mqttAddr, Robot: id, Username: string(id), Password: passwords[id], Port: port(s.mqttAddr)},
		}
		if c.Robots > fastFleet {
			// A thousand queues of the usual size would not fit into memory.
			r.queue, r.bounds = agent.NewMemory(0, 1<<20), agent.Bounds{Inflight: 1}
		}
		g.Go(func() error { return r.keep(ctx) })
	}
	log.Info("simulated fleet is up", "component", "demo", "robots", len(bodies))
	return g.Wait()
}

// switchedOn is how long after a shutdown somebody switches a simulated robot on again.
const switchedOn = 30 * time.Second

// keep runs a robot until ctx ends, also after it was told to shut down: a demo must not lose its robots.
func (r *robotProcess) keep(ctx context.Context) error {
	for {
		if err := r.run(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		r.log.Info("simulated robot is switched off", "component", "demo", "robot", r.body.ID(), "back_in", switchedOn)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(switchedOn):
		}
	}
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

// joinDemo lets the simulated robots join, and returns their passwords: those they got when they joined, if they did so in
// an earlier demo on the same data.
func (s *server) joinDemo(ctx context.Context, bodies []*sim.Body) (map[tonypi.RobotID]string, error) {
	path := filepath.Join(s.cfg.Data, "demo-robots.json")
	passwords := map[tonypi.RobotID]string{}
	if b, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(b, &passwords); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	for _, body := range bodies {
		id := body.ID()
		if _, err := s.robots.Robot(id); err == nil {
			if passwords[id] != "" {
				continue
			}
			// The password is lost, so nobody can prove to be this robot: it starts anew.
			if err := s.robots.Remove(ctx, id); err != nil {
				return nil, err
			}
		}
		password, err := s.robots.Create(ctx, tonypi.Robot{ID: id})
		if err != nil {
			return nil, err
		}
		passwords[id] = password
	}
	b, err := json.Marshal(passwords)
	if err != nil {
		return nil, err
	}
	return passwords, os.WriteFile(path, b, 0o600)
}
