package mqtt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/net/netutil"

	"tonypi"
)

// accept takes connections until the listener is closed.
func (b *Broker) accept(l net.Listener, config *tls.Config) error {
	for {
		nc, err := l.Accept()
		switch {
		case b.closing.Load():
			if err == nil {
				_ = nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // out of file descriptors, most likely
			b.quiet.write(b.ctx, slog.LevelError, "cannot accept mqtt connection", slog.Any("err", err))
			sleep(b.ctx, 100*time.Millisecond)
			continue
		}
		if err := b.arrivals.Wait(b.ctx); err != nil {
			_ = nc.Close()
			continue
		}
		address := host(nc.RemoteAddr().String())
		if !b.enter(address) {
			_ = nc.Close()
			continue
		}
		go b.serveSocket(nc, address, config)
	}
}

func host(address string) string {
	if h, _, err := net.SplitHostPort(address); err == nil {
		return h
	}
	return address
}

// enter counts a connection in, unless there are too many.
func (b *Broker) enter(address string) bool {
	reason, ok := b.door.enter(address, time.Now())
	if !ok {
		b.refused(reason)
	}
	return ok
}

func (b *Broker) serveSocket(nc net.Conn, address string, config *tls.Config) {
	c := &conn{broker: b, address: address, secure: config != nil}
	c.out = newOutbox(nc, func() { b.refused(Slow) })
	c.Conn = c.out
	if config != nil {
		c.Conn = tls.Server(c.out, config)
	}
	b.serve(c)
}

// serve takes a connection from its first byte to its last. Nothing that happens on it ends the process. The caller has
// entered it at the door.
func (b *Broker) serve(c *conn) {
	defer b.door.leave(c.address)
	if !b.register(c) {
		_ = c.Conn.Close()
		return
	}
	defer b.unregister(c)
	defer func() {
		p := recover()
		if p != nil {
			b.panicked(c, p)
		}
		b.detach(c, p != nil)
	}()
	c.buf = c.small[:]
	if b.greet(c) {
		b.work(c)
	}
}

// greet takes a connection through its CONNECT.
func (b *Broker) greet(c *conn) bool {
	b.counts.handshaking.Add(1)
	defer b.counts.handshaking.Add(-1)
	_ = c.Conn.SetReadDeadline(time.Now().Add(b.limits.ConnectTimeout))
	body, err := c.handshake(b.ctx)
	if err == nil {
		err = b.attach(c, body)
	}
	var no *refusal
	var v *violation
	switch {
	case err == nil:
		return true
	case errors.As(err, &no):
		b.refused(no.reason)
		b.quiet.write(b.ctx, slog.LevelInfo, "mqtt client refused", slog.String("client", c.connect.clientID),
			slog.String("address", c.address), slog.String("reason", no.reason.String()), slog.String("cause", no.text))
		_, _ = c.Write(connack(no.code, c.connect.version))
	case errors.As(err, &v):
		b.refused(v.reason)
	}
	return false
}

// register makes the connection known, unless the broker is closing.
func (b *Broker) register(c *conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing.Load() {
		return false
	}
	b.conns[c] = struct{}{}
	b.serving.Add(1)
	return true
}

func (b *Broker) unregister(c *conn) {
	b.mu.Lock()
	delete(b.conns, c)
	b.mu.Unlock()
	b.serving.Done()
}

// ListenWebSocket binds an address for MQTT over WebSocket, with TLS when config is not nil, and returns the bound one.
// Every path answers.
func (b *Broker) ListenWebSocket(addr string, config *tls.Config) (net.Addr, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "cannot listen for MQTT over WebSocket on %s", addr)
	}
	bound := l.Addr()
	l = netutil.LimitListener(l, b.limits.Connections)
	if config != nil {
		config = config.Clone()
		config.NextProtos = []string{"http/1.1"}
		l = tls.NewListener(l, config)
	}
	server := &http.Server{
		Handler: b.WebSocketHandler(), ReadHeaderTimeout: b.limits.ConnectTimeout, IdleTimeout: b.limits.ConnectTimeout,
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       log.New(discard{}, "", 0), // TLS handshakes that strangers break off
	}
	b.add(listener{l, func(l net.Listener) error {
		err := server.Serve(l)
		if b.closing.Load() {
			return nil
		}
		return fmt.Errorf("serve WebSocket: %w", err)
	}, server.Close})
	return bound, nil
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (b *Broker) serveWebSocket(w http.ResponseWriter, r *http.Request) {
	protocols := []string{"mqtt", "mqttv3.1"}
	address := host(r.RemoteAddr)
	if b.closing.Load() || !b.enter(address) {
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: protocols, OriginPatterns: b.origins, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil { // Accept has answered
		b.door.leave(address)
		b.refused(Malformed)
		return
	}
	if !slices.Contains(protocols, ws.Subprotocol()) {
		b.door.leave(address)
		b.refused(Malformed)
		_ = ws.Close(websocket.StatusPolicyViolation, "the sub-protocol mqtt is needed")
		return
	}
	// The request's context ends with this handler, and so does the connection.
	nc := socket{websocket.NetConn(context.WithoutCancel(r.Context()), ws, websocket.MessageBinary), ws}
	c := &conn{broker: b, address: address, secure: r.TLS != nil}
	c.out = newOutbox(nc, func() { b.refused(Slow) })
	c.Conn = c.out
	b.serve(c)
}

// socket is a WebSocket whose Close does not wait for the peer.
type socket struct {
	net.Conn
	ws *websocket.Conn
}

func (s socket) Close() error {
	go func() { _ = s.ws.Close(websocket.StatusNormalClosure, "") }()
	return nil
}
