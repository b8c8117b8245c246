package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"tonypi"
)

// serveConfig is what `serve` and `demo` can be told. A flag wins over TONYPI_<NAME>, and that over a line in the file.
type serveConfig struct {
	HTTP          string   `default:":8000" placeholder:"ADDR" help:"Page, API, docs and MQTT over WebSocket at /mqtt."`
	MQTT          string   `default:":1883" placeholder:"ADDR" help:"MQTT 3.1.1 and 5 over TCP."`
	MQTTWS        string   `name:"mqtt-ws" default:":9001" placeholder:"ADDR" help:"MQTT over WebSocket. \"off\" closes it."`
	MQTTS         string   `name:"mqtts" default:"auto" placeholder:"ADDR" help:"MQTT over TLS. \"auto\" is :8883 when there is a certificate."`
	Data          string   `default:"data" placeholder:"DIR" help:"Where everything is kept."`
	DB            string   `name:"db" default:"sqlite" placeholder:"DSN" help:"sqlite, or postgres://user@host/database (password by PGPASSWORD or a passfile)."`
	Series        string   `default:"embedded" enum:"embedded" help:"Store of readings: ${enum}."`
	Sync          string   `default:"1s" enum:"1s,always" help:"When readings are forced to disk: every second, or before each acknowledgement."`
	Broker        string   `default:"embedded" enum:"embedded" help:"MQTT broker: ${enum}."`
	Adopt         string   `default:"ask" enum:"ask,auto,closed" help:"What happens with unknown robots that connect without a credential."`
	AnonymousRole string   `default:"none" enum:"none,viewer,operator,admin" help:"What people may do without signing in. Wider than viewer is for closed networks only."`
	Retention     duration `default:"30d" placeholder:"TIME" help:"How long readings are kept, for example 30d or 1d12h (1d to 3650d)."`
	MaxRobots     int      `default:"2000" help:"Most robots that may join."`
	Memory        int      `default:"96" placeholder:"MiB" help:"Memory that the series store may use for its caches."`
	Journal       int      `default:"2048" placeholder:"MiB" help:"Disk that readings may use while the series store does not take them."`
	Origins       []string `help:"Other origins whose pages may use the API. Default: the original system's pages on ports 3000 and 3001."`
	TLSCert       string   `name:"tls-cert" placeholder:"FILE" help:"Certificate chain (PEM) for HTTPS and MQTT over TLS."`
	TLSKey        string   `name:"tls-key" placeholder:"FILE" help:"Its private key (PEM)."`
	TLSSelfSigned bool     `name:"tls-self-signed" help:"Make a certificate of our own at the first start and use it."`

	RecordTerminals bool           `name:"record-terminals" help:"Write down every terminal session, for admins to play."`
	LegacySSH       bool           `name:"legacy-ssh" help:"Take SSH credentials in URLs, as the original system did. They end up in logs of proxies."`
	CameraHosts     []string       `name:"camera-hosts" placeholder:"HOST" help:"Hosts besides a robot's own that its camera may be on."`
	RobotNetworks   []netip.Prefix `name:"robot-networks" placeholder:"CIDR" help:"Networks that robots may say they are in when their connections come through a gateway. Default: a robot is where its connection comes from."`
	GrafanaURL      string         `name:"grafana-url" placeholder:"URL" help:"Grafana that renders panels for GET /grafana/render."`
	GrafanaKey      string         `name:"grafana-api-key" placeholder:"KEY" help:"Its API key; better given as TONYPI_GRAFANA_API_KEY."`

	AllowLoopback bool   `name:"allow-loopback" hidden:"" help:"Robots may have their SSH and camera on this machine."`
	Pprof         string `placeholder:"ADDR" hidden:"" help:"Serve Go's profiles; loopback addresses only."`

	demo bool // simulated robots, open to this machine only
}

// commandLine is the whole command line.
type commandLine struct {
	LogLevel  string           `default:"info" enum:"debug,info,warn,error" help:"Least level of the log: ${enum}."`
	LogFormat string           `default:"text" enum:"text,json" help:"Form of the log on standard error: ${enum}."`
	Config    kong.ConfigFlag  `placeholder:"FILE" help:"File with a line \"name = value\" for any flag."`
	Version   kong.VersionFlag `help:"Print the version."`

	Serve   serveCommand   `cmd:"" help:"Run the monitoring server."`
	Demo    demoCommand    `cmd:"" help:"Run the server with a fleet of simulated robots."`
	Agent   agentCommand   `cmd:"" help:"Run on a robot: report, obey, stop safely."`
	OpenAPI openapiCommand `cmd:"" name:"openapi" help:"Print the API's OpenAPI 3.1 document."`
}

// validate reports what cannot work before anything is started.
func (c *serveConfig) validate() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return tonypi.Errorf(tonypi.Invalid, "--tls-cert and --tls-key go together")
	}
	if c.TLSCert != "" && c.TLSSelfSigned {
		return tonypi.Errorf(tonypi.Invalid, "--tls-self-signed and --tls-cert exclude each other")
	}
	if c.MQTTS != "off" && c.MQTTS != "auto" && c.TLSCert == "" && !c.TLSSelfSigned {
		return tonypi.Errorf(tonypi.Invalid, "--mqtts needs --tls-cert and --tls-key, or --tls-self-signed")
	}
	if d := time.Duration(c.Retention); d < 24*time.Hour || d > 10*365*24*time.Hour {
		return tonypi.Errorf(tonypi.Invalid, "--retention must lie between 1d and 3650d")
	}
	if c.Pprof != "" && !loopback(c.Pprof) {
		return tonypi.Errorf(tonypi.Invalid, "--pprof must be a loopback address such as 127.0.0.1:6060")
	}
	if c.MaxRobots < 1 || c.MaxRobots > 5000 {
		return tonypi.Errorf(tonypi.Invalid, "--max-robots must lie between 1 and 5000")
	}
	if c.Memory < 32 || c.Journal < 64 {
		return tonypi.Errorf(tonypi.Invalid, "--memory needs 32 MiB at least, --journal 64 MiB")
	}
	return nil
}

// role returns what people may do without signing in.
func (c *serveConfig) role() tonypi.Role {
	if c.AnonymousRole == "none" {
		return tonypi.NoRole
	}
	return tonypi.Role(c.AnonymousRole)
}

// loopback reports whether an address can only be reached from this machine.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// duration is a time span that also knows days ("30d").
type duration time.Duration

// UnmarshalText reads "30d", "36h", "1d12h".
func (d *duration) UnmarshalText(text []byte) error {
	s, total := string(text), time.Duration(0)
	if days, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > 100000 {
			return fmt.Errorf("%q is not a time span such as 30d or 12h", s)
		}
		total, s = time.Duration(n)*24*time.Hour, rest
	}
	if s != "" {
		rest, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q is not a time span such as 30d or 12h", string(text))
		}
		total += rest
	}
	*d = duration(total)
	return nil
}

// fileLoader reads a configuration file: "name = value" lines, # starts a comment.
func fileLoader(r io.Reader) (kong.Resolver, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fmt.Errorf("configuration line %d is not \"name = value\"", n)
		}
		values[strings.TrimPrefix(strings.TrimSpace(name), "--")] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	return fileValues(values), nil
}

// fileValues answers kong's questions from a configuration file.
type fileValues map[string]string

// Validate refuses names that no flag has, so that a typing error is not silently ignored.
func (v fileValues) Validate(app *kong.Application) error {
	known := map[string]bool{}
	var walk func(n *kong.Node)
	walk = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
		for _, c := range n.Children {
			walk(c)
		}
	}
	walk(app.Node)
	for name := range v {
		if !known[name] {
			return fmt.Errorf("configuration: unknown name %q", name)
		}
	}
	return nil
}

// Resolve gives a flag its value from the file, unless the environment has one.
func (v fileValues) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, set := os.LookupEnv(env); set {
			return nil, nil
		}
	}
	if value, ok := v[flag.Name]; ok {
		return value, nil
	}
	return nil, nil
}
