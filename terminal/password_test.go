package terminal

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"golang.org/x/crypto/ssh"

	"tonypi"
)

// fakeRobot is an SSH server in this process, for what OpenSSH cannot be asked without an account of its own: passwords.
type fakeRobot struct {
	port  int
	key   ssh.Signer
	conns atomic.Int64
}

const goodPassword = "correct horse"

// newFakeRobot serves until the test ends; method is password, keyboard or questions (asks for more than a password).
func newFakeRobot(t *testing.T, method string) *fakeRobot {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cfg := &ssh.ServerConfig{}
	right := func(user, password string) error {
		if user != "pi" || password != goodPassword {
			return fmt.Errorf("no")
		}
		return nil
	}
	ask := func(questions ...string) func(ssh.ConnMetadata, ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
		return func(c ssh.ConnMetadata, challenge ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := challenge("", "", questions, make([]bool, len(questions)))
			if err != nil {
				return nil, err
			}
			return nil, right(c.User(), answers[0])
		}
	}
	switch method {
	case "password":
		cfg.PasswordCallback = func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return nil, right(c.User(), string(password))
		}
	case "keyboard":
		cfg.KeyboardInteractiveCallback = ask("Password: ")
	case "questions":
		cfg.KeyboardInteractiveCallback = ask("Password: ", "Code: ")
	}
	cfg.AddHostKey(signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeRobot{port: listener.Addr().(*net.TCPAddr).Port, key: signer}
	var serving sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		serving.Wait()
	})
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.conns.Add(1)
			serving.Go(func() { serveSSH(conn, cfg) })
		}
	})
	return f
}

// serveSSH runs shells that greet and say each line again, and commands that print themselves.
func serveSSH(conn net.Conn, cfg *ssh.ServerConfig) {
	defer conn.Close()
	server, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	defer server.Close()
	go ssh.DiscardRequests(requests)
	for wanted := range channels {
		channel, requests, err := wanted.Accept()
		if err != nil {
			return
		}
		for r := range requests {
			_ = r.Reply(true, nil)
			code := uint32(0)
			switch r.Type {
			case "shell":
				code = 3
				fmt.Fprint(channel, "hello\r\n")
				buf := make([]byte, 100)
				n, _ := channel.Read(buf)
				fmt.Fprintf(channel, "you said %s\r\n", buf[:n])
			case "exec":
				fmt.Fprintf(channel, "ran %s", r.Payload[4:])
			default:
				continue
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{code}))
			channel.Close()
		}
	}
}

// passwordRobot makes r1 a fake robot at the standard place.
func passwordRobot(t *testing.T, method string, change func(*Config)) (*fixture, *fakeRobot) {
	t.Helper()
	robot := newFakeRobot(t, method)
	f := newFixture(t, change)
	if _, err := f.server.SetAccess(t.Context(), "r1", "pi", robot.port, admin); err != nil {
		t.Fatal(err)
	}
	return f, robot
}

func TestPasswords(t *testing.T) {
	for _, test := range []struct {
		method, username, password string
		code                       websocket.StatusCode
		words                      string
	}{
		{"password", "pi", goodPassword, websocket.StatusNormalClosure, ""},
		{"keyboard", "pi", goodPassword, websocket.StatusNormalClosure, ""},
		{"password", "pi", "wrong", websocket.StatusPolicyViolation, "SSH connection failed: the robot refused"},
		{"keyboard", "pi", "wrong", websocket.StatusPolicyViolation, "SSH connection failed: the robot refused"},
		{"questions", "pi", goodPassword, websocket.StatusPolicyViolation, "SSH connection failed: the robot refused"},
		{"password", "root", goodPassword, websocket.StatusPolicyViolation, "SSH connection failed: the robot refused"},
		{"password", "pi", "", websocket.StatusPolicyViolation, "A password or the server's key is needed"},
		{"password", "", goodPassword, websocket.StatusPolicyViolation, "A user name is needed"},
		{"password", "a b", goodPassword, websocket.StatusPolicyViolation, "User name has a space"},
	} {
		t.Run(test.method+" "+test.words, func(t *testing.T) {
			f, robot := passwordRobot(t, test.method, nil)
			b := f.terminal(operator, "r1", map[string]any{
				"username": test.username, "password": test.password, "accept_key": ssh.FingerprintSHA256(robot.key.PublicKey()),
			})
			if test.words != "" {
				b.end(test.code, test.words)
			} else {
				b.want("ready")
				b.keys("something")
				b.output("you said something")
				if last := b.end(test.code, ""); last.Code != 3 {
					t.Errorf("last frame %+v", last)
				}
			}
			f.noLeaks()
			for _, e := range f.audit {
				if test.password != "" && strings.Contains(fmt.Sprint(e), test.password) {
					t.Errorf("the password is in the audit log: %+v", e)
				}
			}
			if !f.written("terminal.open", test.words == "", "") {
				t.Errorf("audit log: %+v", f.audit)
			}
		})
	}
}

// TestPasswordIsNotSentToStrangers is about the order: the host key first, the password only to a robot that is known.
func TestPasswordIsNotSentToStrangers(t *testing.T) {
	f, _ := passwordRobot(t, "password", nil)
	b := f.terminal(operator, "r1", map[string]any{"username": "pi", "password": goodPassword})
	b.want("hostkey")
	b.send(map[string]any{"type": "accept", "fingerprint": "SHA256:other"})
	b.end(websocket.StatusPolicyViolation, "another host key was accepted")
	if len(f.keys) != 0 {
		t.Error("a key was pinned")
	}
	ctx := tonypi.WithCaller(t.Context(), operator)
	if _, err := f.server.Test(ctx, "r1", "pi", goodPassword); tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "not known yet") {
		t.Errorf("Test of an unknown robot: %v", err)
	}
}

func TestTest(t *testing.T) {
	f, robot := passwordRobot(t, "password", nil)
	if err := f.server.pin(t.Context(), "r1", nil, robot.key.PublicKey(), operator); err != nil {
		t.Fatal(err)
	}
	ctx := tonypi.WithCaller(t.Context(), operator)
	tested, err := f.server.Test(ctx, "r1", "pi", goodPassword)
	if err != nil || tested != (Tested{"127.0.0.1", "ran echo 'SSH connection successful'"}) {
		t.Errorf("Test: %+v, %v", tested, err)
	}
	if _, err := f.server.Test(ctx, "r1", "pi", "wrong"); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("Test with a wrong password: %v", err)
	}
	if _, err := f.server.Test(ctx, "r9", "pi", goodPassword); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("Test of nobody: %v", err)
	}
	if _, err := f.server.Test(tonypi.WithCaller(ctx, viewer), "r1", "pi", goodPassword); tonypi.KindOf(err) != tonypi.Forbidden {
		t.Errorf("Test by a viewer: %v", err)
	}
	other := newFakeRobot(t, "password")
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: other.port}
	if _, err := f.server.Test(ctx, "r1", "pi", goodPassword); tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("Test of another robot at the same place: %v", err)
	}
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: 1}
	if _, err := f.server.Test(ctx, "r1", "pi", goodPassword); tonypi.KindOf(err) != tonypi.Unavailable || !strings.Contains(err.Error(), "Connection error: nothing listens") {
		t.Errorf("Test of a closed port: %v", err)
	}
}

// TestLegacy speaks the original system's protocol.
func TestLegacy(t *testing.T) {
	by := operator
	f, robot := passwordRobot(t, "password", func(c *Config) {
		c.Legacy = true
		c.Caller = func(*http.Request) tonypi.Caller { return by }
	})
	path := "r1?" + url.Values{"ssh_username": {"pi"}, "ssh_password": {goodPassword}}.Encode()
	b := f.open(path)
	first, err := b.next()
	if err != nil || first.Type != "output" {
		t.Fatalf("first frame %+v, %v; the original system knows output and error only", first, err)
	}
	b.output("hello")
	b.keys("hi")
	b.output("you said hi")
	if last := b.end(websocket.StatusNormalClosure, ""); last.Type == "closed" {
		t.Errorf("last frame %+v", last)
	}
	if f.keys["r1"].Fingerprint != ssh.FingerprintSHA256(robot.key.PublicKey()) {
		t.Error("the first key was not pinned")
	}
	other := newFakeRobot(t, "password")
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: other.port}
	f.open(path).end(websocket.StatusPolicyViolation, "has changed")
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: robot.port}
	f.open("r1?ssh_username=pi&ssh_password=wrong").end(websocket.StatusPolicyViolation, "SSH connection failed: ")
	f.open("r9?ssh_username=pi&ssh_password=wrong").end(websocket.StatusPolicyViolation, "Robot 'r9' not found")
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: 1}
	f.open(path).end(websocket.StatusInternalError, "Connection error: ")
	for _, caller := range []tonypi.Caller{viewer, {}} {
		by = caller
		f.open(path).end(closeForbidden, "You may not open terminals")
	}
	if _, res, err := f.dial("r1?ssh_username=pi", nil); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("without a password: %v, %v", res, err)
	} else {
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
}

func TestCredentialsInURLAreRefused(t *testing.T) {
	f, robot := passwordRobot(t, "password", func(c *Config) {
		c.Caller = func(*http.Request) tonypi.Caller { return admin }
	})
	f.open("r1?ssh_username=pi&ssh_password="+url.QueryEscape(goodPassword)).end(websocket.StatusPolicyViolation, "no user names and passwords in URLs")
	if robot.conns.Load() != 0 {
		t.Error("the robot was called")
	}
}

func TestAddresses(t *testing.T) {
	f, robot := passwordRobot(t, "password", func(c *Config) { c.AllowLoopback = false })
	set := func(address string, adoption tonypi.Adoption) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.robots["r1"] = tonypi.Robot{ID: "r1", Adoption: adoption, Address: address}
	}
	for _, test := range []struct {
		address  string
		adoption tonypi.Adoption
		kind     tonypi.Kind
		words    string
	}{
		{"127.0.0.1", tonypi.Adopted, tonypi.Conflict, "the server's own machine"},
		{"::1", tonypi.Adopted, tonypi.Conflict, "the server's own machine"},
		{"::ffff:127.0.0.1", tonypi.Adopted, tonypi.Conflict, "the server's own machine"},
		{"", tonypi.Adopted, tonypi.Conflict, "Robot 'r1' has no IP address. Ensure robot is online."},
		{"localhost", tonypi.Adopted, tonypi.Conflict, "not an IP address"},
		{"0.0.0.0", tonypi.Adopted, tonypi.Conflict, "cannot be a robot's"},
		{"10.0.0.1", tonypi.Pending, tonypi.NotFound, "Robot 'r1' not found"},
		{"10.0.0.1", tonypi.Rejected, tonypi.NotFound, "Robot 'r1' not found"},
	} {
		set("10.0.0.1", tonypi.Adopted)
		ticket, err := f.server.Ticket(t.Context(), operator, "r1")
		if err != nil {
			t.Fatal(err)
		}
		set(test.address, test.adoption)
		if _, err := f.server.Ticket(t.Context(), operator, "r1"); tonypi.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.words) {
			t.Errorf("ticket for %q: %v", test.address, err)
		}
		// The address is looked at again when the socket opens.
		b := f.open("r1")
		b.send(map[string]any{"type": "auth", "ticket": ticket.Ticket, "username": "pi", "password": goodPassword})
		b.end(websocket.StatusPolicyViolation, test.words)
	}
	if robot.conns.Load() != 0 {
		t.Error("the robot was called")
	}
}

func TestTicketsOfTerminals(t *testing.T) {
	f, _ := passwordRobot(t, "password", nil)
	for _, by := range []tonypi.Caller{viewer, {}} {
		if _, err := f.server.Ticket(t.Context(), by, "r1"); tonypi.KindOf(err) != tonypi.Forbidden {
			t.Errorf("ticket for %+v: %v", by, err)
		}
	}
	if _, err := f.server.Ticket(t.Context(), operator, "r9"); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("ticket for no robot: %v", err)
	}
	ticket, err := f.server.Ticket(t.Context(), operator, "r1")
	if err != nil || ticket.ExpiresIn != 30 || ticket.HostKey != nil || ticket.SSH.Username != "pi" || ticket.SSH.Address != "127.0.0.1" || ticket.SSH.Key {
		t.Errorf("ticket %+v, %v", ticket, err)
	}
	use := func(robot, ticket string) *browser {
		b := f.open(robot)
		b.send(map[string]any{"type": "auth", "ticket": ticket, "username": "pi", "password": goodPassword})
		return b
	}
	b := use("r1", ticket.Ticket)
	b.want("hostkey")
	use("r1", ticket.Ticket).end(closeExpired, "The ticket is wrong, used or too old")
	use("r1", "").end(closeExpired, "The ticket is wrong")
	ticket, err = f.server.Ticket(t.Context(), operator, "r1")
	if err != nil {
		t.Fatal(err)
	}
	use("r2", ticket.Ticket).end(closeExpired, "The ticket is wrong")
	_ = b.conn.CloseNow()
	silent := f.open("r1")
	silent.end(closeExpired, "No auth frame came within 5s")
}

func TestOrigins(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Origins = []string{"localhost:3001"} })
	own := strings.TrimPrefix(f.url, "http://")
	for origin, want := range map[string]bool{"http://" + own: true, "http://localhost:3001": true, "": true, "http://evil.example": false, "http://localhost:3002": false} {
		headers := http.Header{}
		if origin != "" {
			headers.Set("Origin", origin)
		}
		b, res, err := f.dial("r1", headers)
		if (err == nil) != want {
			t.Errorf("origin %q: %v", origin, err)
		}
		if err == nil {
			_ = b.conn.CloseNow()
		} else {
			res.Body.Close()
		}
	}
}

// TestSlowHandshake is about robots that accept the connection and say nothing.
func TestSlowHandshake(t *testing.T) {
	if testing.Short() {
		t.Skip("waits 10 s")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	f := newFixture(t, nil)
	f.access["r1"] = tonypi.SSHAccess{Robot: "r1", Port: listener.Addr().(*net.TCPAddr).Port}
	b := f.terminal(operator, "r1", map[string]any{"username": "pi", "password": goodPassword})
	b.end(websocket.StatusPolicyViolation, "did not answer within 10s")
	ctx, cancel := context.WithCancel(tonypi.WithCaller(t.Context(), operator))
	cancel()
	if _, err := f.server.Test(ctx, "r1", "pi", goodPassword); err == nil {
		t.Error("Test with an ended context worked")
	}
}
