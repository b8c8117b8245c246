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
	"tonypi/ingest"
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
	Camera  string `default:":8081" placeholder:"ADDR" help:"Where a simulated body's camera is served. \"off\" closes it."`
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
	r := robotProcess{
		body: body, credential: credential, rates: agent.DefaultRates(), stopSession: true, log: log,
		latch: filepath.Join(c.Data, "stop.json"), settings: filepath.Join(c.Data, "settings.json"), address: addressTowards(ctx, credential),
	}
	cameras, err := listenCameras(ctx, c.Camera, body)
	if err != nil { // a robot without a picture is better than none
		log.Warn("the camera is not served", "component", "agent", "err", err)
	}
	if cameras == nil {
		return r.run(ctx)
	}
	r.cameraURL = cameras.url(r.address, "/?action=stream")
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return cameras.run(ctx) })
	g.Go(func() error {
		defer cameras.close() // also when the robot was told to shut down
		return r.run(ctx)
	})
	return g.Wait()
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
	settings   string
	address    string // IP address that others reach the robot at
	cameraURL  string
	queue      agent.Queue  // nil: the agent's default
	bounds     agent.Bounds // zero: the agent's defaults
	log        *slog.Logger

	// stopSession gives the emergency stop an MQTT connection of its own, beside the robot's.
	stopSession bool
}

// publisher lets the agent be made before the client that needs the agent's subscriptions.
type publisher struct{ *mqtt.Client }

// run connects and runs the agent until ctx ends. The connections outlive the agent, which says goodbye over them.
func (r *robotProcess) run(ctx context.Context) error {
	bus, stops := &publisher{}, &publisher{}
	c := agent.Config{
		ID: r.body.ID(), Body: r.body, Bus: bus, Log: r.log, Rates: r.rates, Phase: r.phase, Latch: r.latch, Settings: r.settings,
		Queue: r.queue, Bounds: r.bounds,
		Self: agent.Self{
			Version: "tonypi-agent " + version, Platform: runtime.GOOS + "/" + runtime.GOARCH, Address: r.address, CameraURL: r.cameraURL,
		},
	}
	if r.stopSession {
		c.StopBus = stops
	}
	a, err := agent.New(c)
	if err != nil {
		return err
	}
	if bus.Client, err = r.connect(a); err != nil {
		return err
	}
	a.Down() // until the client says that it is up
	online, hangUp := context.WithCancel(context.WithoutCancel(ctx))
	defer hangUp()
	var g errgroup.Group
	if r.stopSession {
		if stops.Client, err = r.connectStops(a); err != nil {
			return err
		}
		g.Go(func() error { return stops.Run(online) })
	}
	g.Go(func() error { return bus.Run(online) })
	err = a.Run(ctx)
	hangUp()
	if failed := g.Wait(); err == nil && failed != nil && online.Err() == nil {
		err = failed
	}
	return err
}

// connect makes the robot's connection. It hears stops as well: they must not depend on one connection alone.
func (r *robotProcess) connect(a *agent.Agent) (*mqtt.Client, error) {
	will := a.Will()
	subscriptions := a.Subscriptions()
	for topic, handler := range a.StopSubscriptions() {
		subscriptions[topic] = handler
	}
	return r.client(mqtt.ClientConfig{
		ClientID: string(r.body.ID()), Subscriptions: subscriptions, Session: time.Minute, OnUp: a.Up, OnDown: a.Down,
		Will: &mqtt.Will{Topic: will.Topic, Payload: will.Payload, Retain: will.Retain},
	})
}

// stopsFor is how long the broker keeps the stop session of a robot that is away.
const stopsFor = time.Hour

// connectStops makes the connection that is for stops alone.
func (r *robotProcess) connectStops(a *agent.Agent) (*mqtt.Client, error) {
	return r.client(mqtt.ClientConfig{
		ClientID: string(r.body.ID()) + ingest.StopSession, Subscriptions: a.StopSubscriptions(), Session: stopsFor, KeepAlive: 10 * time.Second,
	})
}

// client completes a configuration with what both connections share.
func (r *robotProcess) client(c mqtt.ClientConfig) (*mqtt.Client, error) {
	address, err := mqttURL(r.credential)
	if err != nil {
		return nil, err
	}
	c.URL, c.Username, c.Password = address, r.credential.Username, r.credential.Password
	c.Dial, c.QoS, c.Log, c.TLS = r.body.Dial, 1, r.log, &tls.Config{MinVersion: tls.VersionTLS12}
	return mqtt.NewClient(c)
}

// mqttURL is where a robot with this credential connects.
func mqttURL(c agent.Credential) (string, error) {
	host, err := mqttHost(c)
	if err != nil {
		return "", err
	}
	scheme := "mqtt"
	if c.TLS {
		scheme = "mqtts"
	}
	return (&url.URL{Scheme: scheme, Host: host}).String(), nil
}

// mqttHost is the host and port of the server's broker.
func mqttHost(c agent.Credential) (string, error) {
	u, err := url.Parse(c.Server)
	if err != nil || u.Hostname() == "" {
		return "", tonypi.Errorf(tonypi.Invalid, "%q is not the URL of a server", c.Server)
	}
	return net.JoinHostPort(u.Hostname(), strconv.Itoa(c.Port)), nil
}
