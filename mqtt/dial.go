package mqtt

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/eclipse/paho.golang/autopaho"

	"tonypi"
)

// dial connects to the broker. ctx is the client's whole life, so the time limit is set here.
func (c *Client) dial(ctx context.Context, _ autopaho.ClientConfig, u *url.URL) (net.Conn, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	var nc net.Conn
	var err error
	switch u.Scheme {
	case "mqtts", "ssl":
		nc, err = c.dialTLS(dialing, u)
	case "ws", "wss":
		nc, err = c.dialWebSocket(ctx, dialing, u)
	default:
		nc, err = c.dialTCP(dialing, "tcp", u.Host)
	}
	if err != nil {
		return nil, err
	}
	return &link{Conn: nc, in: bufio.NewReaderSize(nc, smallRead)}, nil
}

func (c *Client) dialTCP(ctx context.Context, network, address string) (net.Conn, error) {
	if c.config.Dial != nil {
		return c.config.Dial(ctx, network, address)
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func (c *Client) dialTLS(ctx context.Context, u *url.URL) (net.Conn, error) {
	nc, err := c.dialTCP(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	config := c.config.TLS.Clone()
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	secure := tls.Client(nc, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return secure, nil
}

func (c *Client) dialWebSocket(ctx, dialing context.Context, u *url.URL) (net.Conn, error) {
	transport := &http.Transport{TLSClientConfig: c.config.TLS, Proxy: http.ProxyFromEnvironment, DialContext: c.dialTCP}
	ws, _, err := websocket.Dial( //nolint:bodyclose // the library closes it: after an upgrade there is none
		dialing, u.String(), &websocket.DialOptions{
			HTTPClient: &http.Client{Transport: transport}, Subprotocols: []string{"mqtt"},
		})
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(ws.Subprotocol(), "mqtt") {
		_ = ws.CloseNow()
		return nil, tonypi.Errorf(tonypi.Unavailable, "%s does not speak MQTT over WebSocket", u.Host)
	}
	return socket{websocket.NetConn(ctx, ws, websocket.MessageBinary), ws}, nil
}

// link is a connection to a broker. The MQTT library reads byte by byte and writes a packet in many pieces between
// Lock and Unlock; link turns both into few system calls.
type link struct {
	net.Conn
	in *bufio.Reader

	mu     sync.Mutex
	out    []byte
	failed error
}

func (l *link) Read(p []byte) (int, error) { return l.in.Read(p) }

// Lock begins a packet.
func (l *link) Lock() { l.mu.Lock() }

// Write adds to the packet; it fails once a packet could not be sent.
func (l *link) Write(p []byte) (int, error) {
	if l.failed != nil {
		return 0, l.failed
	}
	l.out = append(l.out, p...)
	return len(p), nil
}

// Unlock sends the packet.
func (l *link) Unlock() {
	defer l.mu.Unlock()
	if l.failed == nil && len(l.out) > 0 {
		_ = l.SetWriteDeadline(time.Now().Add(dialTimeout))
		if _, l.failed = l.Conn.Write(l.out); l.failed != nil {
			_ = l.Close() // the reader notices
		}
	}
	l.out = l.out[:0]
	if cap(l.out) > bigRead {
		l.out = nil
	}
}
