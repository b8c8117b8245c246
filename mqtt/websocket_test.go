package mqtt

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tonypi/wire"
)

// certificate makes a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (server, client *tls.Config) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tonypi"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key))
	pool := x509.NewCertPool()
	pool.AddCert(must(x509.ParseCertificate(der)))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func TestTLS(t *testing.T) {
	r := &rig{t: t, gate: newGate(), in: &inbox{}, log: &lockedBuffer{}}
	secure := make(chan bool, 10)
	r.gate.admit = func(h wire.Hello) (wire.Sender, error) {
		secure <- h.Secure
		return wire.Sender{Robot: "r1"}, nil
	}
	r.Broker = must(New(Config{Gate: r.gate, Handle: r.in.handle}))
	server, client := certificate(t)
	addrs := map[string]string{
		"mqtts": must(r.ListenTLS("127.0.0.1:0", server)).String(),
		"wss":   must(r.ListenWebSocket("127.0.0.1:0", server)).String(),
	}
	r.run()
	for scheme, addr := range addrs {
		c := runClient(t, ClientConfig{URL: scheme + "://" + addr, ClientID: "r1-" + scheme, TLS: client})
		if err := c.Publish(t.Context(), wire.Message{Topic: "tonypi/battery", Payload: []byte(scheme), QoS: 1}); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		if !<-secure {
			t.Errorf("%s is not secure", scheme)
		}
		if _, err := (&net.Dialer{}).Dial("tcp", addr); err != nil {
			t.Error(err)
		}
	}
	if got := r.in.payloads(); len(got) != 2 {
		t.Errorf("handled %q", got)
	}
	if _, err := r.ListenTLS("127.0.0.1:0", nil); err == nil {
		t.Error("TLS without a certificate")
	}
}

func TestWebSocketHandler(t *testing.T) {
	r := start(t, Limits{})
	web := httptest.NewServer(r.WebSocketHandler())
	defer web.Close()
	url := "ws" + strings.TrimPrefix(web.URL, "http") + "/mqtt"
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()

	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		t.Fatal(err)
	}
	if ws.Subprotocol() != "mqtt" {
		t.Errorf("sub-protocol %q", ws.Subprotocol())
	}
	p := &peer{t: t, Conn: websocket.NetConn(ctx, ws, websocket.MessageBinary), v: 5}
	raw := hello{v: 5, id: "v", user: "viewer", pass: "secret"}.packet()
	p.send(raw[:5]) // a packet may span frames
	p.send(raw[5:])
	if first, body := p.read(); first != 0x20 || body[1] != 0 {
		t.Fatalf("got %#x %x", first, body)
	}
	p.sub(1, 0, "tonypi/#")
	robot := r.connect(hello{id: "r1"})
	robot.send(robot.pub("tonypi/battery", "80", 0, 0, 0))
	p.wantMessage("tonypi/battery", "80")
	p.send(killer)
	p.expect(0xE0, codeMalformed, 0)
	p.closed()
	r.wait("!v")

	ws, _, err = websocket.Dial(ctx, url, nil)
	if err == nil {
		if _, _, err := ws.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
			t.Errorf("without sub-protocol: %v", err)
		}
	}
	_, res, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		Subprotocols: []string{"mqtt"}, HTTPHeader: http.Header{"Origin": {"http://evil.example"}},
	})
	if err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("foreign origin: %v", err)
	}
	ws, _, err = websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{"mqtt"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = ws.Write(ctx, websocket.MessageText, raw)
	if _, _, err := ws.Read(ctx); err == nil {
		t.Error("text frames were accepted")
	}
	eventually(t, "all gone", func() bool { return r.door.isOpen() == 1 })
}
