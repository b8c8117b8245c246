package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"tonypi/agent"
	"tonypi/agent/sim"
)

// cameras serves the pictures of simulated bodies, as a program on a robot does.
type cameras struct {
	listener net.Listener
	server   *http.Server
}

// listenCameras binds an address for the cameras of bodies; it returns nil for "off".
func listenCameras(ctx context.Context, addr string, bodies ...*sim.Body) (*cameras, error) {
	if addr == "off" || addr == "" {
		return nil, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the camera: %w", err)
	}
	server := &http.Server{Handler: sim.NewCameras(bodies...), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10}
	return &cameras{listener: l, server: server}, nil
}

// run serves until ctx ends or close is called. Streams have no end of their own: they are cut.
func (c *cameras) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, c.close)()
	if err := c.server.Serve(c.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve cameras: %w", err)
	}
	return nil
}

func (c *cameras) close() { _ = c.server.Close() } // nobody waits for the rest of a stream

// url is where others find a camera. An empty host stands for this machine.
func (c *cameras) url(host, path string) string {
	if host == "" {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(port(c.listener.Addr().String()))) + path
}

// addressTowards is this machine's IP address as the server sees it; empty when there is no way there.
func addressTowards(ctx context.Context, c agent.Credential) string {
	server, err := mqttHost(c)
	if err != nil {
		return ""
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "udp", server) // sends nothing
	if err != nil {
		return ""
	}
	defer conn.Close()
	if a, ok := conn.LocalAddr().(*net.UDPAddr); ok {
		return a.IP.String()
	}
	return ""
}
