package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tonypi"
	"tonypi/agent"
	"tonypi/agent/sim"
	"tonypi/mqtt"
)

// agentCommand runs on a robot.
type agentCommand struct {
	Server  string `placeholder:"URL" help:"The server's page, for example http://192.168.1.10:8000."`
	Token   string `placeholder:"TOKEN" help:"Join token that the server showed; needed once. Better given as TONYPI_TOKEN."`
	RobotID string `name:"robot-id" placeholder:"ID" help:"Name of the robot; tonypi_<host name> if not given."`
	Body    string `default:"auto" enum:"auto,sim" help:"What the agent reads: ${enum}. auto looks for hardware."`
	Data    string `name:"state" default:"tonypi-agent" placeholder:"DIR" help:"Where the robot's credential and stop latch are kept."`
	Seed    uint64 `default:"1" help:"Seed of a simulated body."`
}

// Run reports and obeys until ctx ends.
func (c *agentCommand) Run(ctx context.Context, log *slog.Logger) error {
	id := tonypi.RobotID(c.RobotID)
	if id == "" {
		id = ownID()
	}
	if err := id.Validate(); err != nil {
		return err
	}
	body, err := c.body(id)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("make state folder: %w", err)
	}
	credential, err := c.join(ctx, log, id)
	if err != nil {
		return err
	}
	r := robotProcess{body: body, credential: credential, rates: agent.DefaultRates(), latch: filepath.Join(c.Data, "stop.json"), log: log}
	return r.run(ctx)
}

// body returns what the agent reads.
func (c *agentCommand) body(id tonypi.RobotID) (*sim.Body, error) {
	if c.Body == "auto" {
		return nil, tonypi.Errorf(tonypi.Unavailable, "no robot hardware is supported by this version; --body sim simulates one")
	}
	return sim.New(sim.Options{ID: id, Seed: c.Seed}), nil
}

// join gets the robot's credential, waiting for a server that is not up yet.
func (c *agentCommand) join(ctx context.Context, log *slog.Logger, id tonypi.RobotID) (agent.Credential, error) {
	client := &http.Client{Timeout: 15 * time.Second}
	for wait := time.Second; ; wait = min(2*wait, 30*time.Second) {
		credential, err := agent.Join(ctx, client, filepath.Join(c.Data, "credential.json"), strings.TrimRight(c.Server, "/"), c.Token, id)
		if err == nil || tonypi.KindOf(err) != tonypi.Unavailable {
			return credential, err
		}
		log.Warn("server not reached, trying again", "component", "agent", "err", err, "wait", wait)
		select {
		case <-ctx.Done():
			return agent.Credential{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// ownID names a robot after its machine, as the original clients do.
func ownID() tonypi.RobotID {
	host, err := os.Hostname()
	if err != nil {
		host = "robot"
	}
	return tonypi.RobotID("tonypi_" + strings.ReplaceAll(strings.ToLower(host), " ", "_"))
}

// robotProcess is one robot's agent with its connection.
type robotProcess struct {
	body       *sim.Body
	credential agent.Credential
	rates      agent.Rates
	phase      time.Duration
	latch      string
	queue      agent.Queue  // nil: the agent's default
	bounds     agent.Bounds // zero: the agent's defaults
	log        *slog.Logger
}

// publisher lets the agent be made before the client that needs the agent's subscriptions.
type publisher struct{ *mqtt.Client }

// run connects and runs the agent until ctx ends. The connection outlives the agent, which says goodbye over it.
func (r *robotProcess) run(ctx context.Context) error {
	bus := &publisher{}
	a, err := agent.New(agent.Config{
		ID: r.body.ID(), Body: r.body, Bus: bus, Log: r.log, Rates: r.rates, Phase: r.phase, Latch: r.latch,
		Queue: r.queue, Bounds: r.bounds,
		Self: agent.Self{Version: "tonypi-agent " + version, Platform: runtime.GOOS + "/" + runtime.GOARCH},
	})
	if err != nil {
		return err
	}
	if bus.Client, err = r.connect(a); err != nil {
		return err
	}
	a.Down() // until the client says that it is up
	online, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	g.Go(func() error { return bus.Run(online) })
	err = a.Run(ctx)
	hangUp()
	if failed := g.Wait(); err == nil && failed != nil && online.Err() == nil {
		err = failed
	}
	return err
}

func (r *robotProcess) connect(a *agent.Agent) (*mqtt.Client, error) {
	address, err := mqttURL(r.credential)
	if err != nil {
		return nil, err
	}
	will := a.Will()
	subscriptions := a.Subscriptions()
	for topic, handler := range a.StopSubscriptions() {
		subscriptions[topic] = handler
	}
	return mqtt.NewClient(mqtt.ClientConfig{
		URL: address, ClientID: string(r.body.ID()), Username: r.credential.Username, Password: r.credential.Password,
		Dial: r.body.Dial, Subscriptions: subscriptions, QoS: 1, Session: time.Minute, OnUp: a.Up, OnDown: a.Down, Log: r.log,
		Will: &mqtt.Will{Topic: will.Topic, Payload: will.Payload, Retain: will.Retain}, TLS: &tls.Config{MinVersion: tls.VersionTLS12},
	})
}

// mqttURL is where a robot with this credential connects.
func mqttURL(c agent.Credential) (string, error) {
	u, err := url.Parse(c.Server)
	if err != nil || u.Hostname() == "" {
		return "", tonypi.Errorf(tonypi.Invalid, "%q is not the URL of a server", c.Server)
	}
	scheme := "mqtt"
	if c.TLS {
		scheme = "mqtts"
	}
	return (&url.URL{Scheme: scheme, Host: net.JoinHostPort(u.Hostname(), strconv.Itoa(c.Port))}).String(), nil
}
