package terminal

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"tonypi"
)

// target is where a robot's SSH server is and how the server may sign in there.
type target struct {
	robot  tonypi.RobotID
	addr   netip.AddrPort
	access tonypi.SSHAccess
}

// target returns where the terminal of a robot leads: to the address in its row and nowhere else.
func (s *Server) target(ctx context.Context, id tonypi.RobotID) (target, error) {
	robot, err := s.cfg.Robots.Robot(ctx, id)
	if tonypi.KindOf(err) == tonypi.NotFound && err != nil || err == nil && robot.Adoption != tonypi.Adopted {
		return target{}, tonypi.Errorf(tonypi.NotFound, "Robot '%s' not found", id)
	}
	if err != nil {
		return target{}, err
	}
	addr, err := robot.Host()
	if err != nil {
		return target{}, err
	}
	if addr.IsLoopback() && !s.cfg.AllowLoopback {
		return target{}, tonypi.Errorf(tonypi.Conflict, "Robot '%s' has the address %s, which is the server's own machine", id, addr)
	}
	access, err := s.Access(ctx, id)
	if err != nil {
		return target{}, err
	}
	return target{id, netip.AddrPortFrom(addr, uint16(access.Port)), access}, nil
}

// login is how to sign in.
type login struct {
	username string
	methods  []ssh.AuthMethod
	pinned   *tonypi.HostKey // nil before the first use
	check    func(ctx context.Context, key ssh.PublicKey) error
}

// connect signs in as the person asked and returns the user name.
func (t *session) connect(ctx context.Context, to target) (*ssh.Client, string, error) {
	l, err := t.server.login(to, t.auth.Username, t.auth.Password, t.auth.Key == "server")
	if err != nil {
		return nil, "", err
	}
	if l.pinned, err = t.server.pinned(ctx, to.robot); err != nil {
		return nil, "", err
	}
	l.check = func(ctx context.Context, key ssh.PublicKey) error { return t.checkHostKey(ctx, l.pinned, key) }
	client, err := dial(ctx, to, l)
	return client, l.username, err
}

// login chooses between the typed password and the server's key.
func (s *Server) login(to target, username string, password secret, serverKey bool) (login, error) {
	if serverKey {
		signer, err := s.signer(to.access)
		if err != nil {
			return login{}, err
		}
		return login{username: to.access.Username, methods: []ssh.AuthMethod{ssh.PublicKeys(signer)}}, nil
	}
	if err := checkUsername(username); err != nil {
		return login{}, err
	}
	if len(password) == 0 {
		return login{}, tonypi.Errorf(tonypi.Invalid, "A password or the server's key is needed")
	}
	return login{username: username, methods: passwordMethods(password)}, nil
}

// passwordMethods offers a password plainly and as the answer to the one question that sshd asks for it.
func passwordMethods(password secret) []ssh.AuthMethod {
	asked := false
	return []ssh.AuthMethod{
		ssh.PasswordCallback(func() (string, error) { return string(password), nil }),
		ssh.KeyboardInteractive(func(_, _ string, questions []string, echos []bool) ([]string, error) {
			if len(questions) == 0 {
				return nil, nil
			}
			if asked || len(questions) > 1 || echos[0] {
				return nil, errors.New("the robot asks for more than a password")
			}
			asked = true
			return []string{string(password)}, nil
		}),
	}
}

// dial connects and signs in. Errors: Unavailable when the robot cannot be reached, Invalid when it refuses, and what
// login.check returns.
func dial(ctx context.Context, to target, l login) (*ssh.Client, error) {
	conn, err := (&net.Dialer{Timeout: connectWait}).DialContext(ctx, "tcp", to.addr.String())
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "Connection error: %s", unreachable(err, to.addr))
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	var refused error
	limit := func() error { return conn.SetDeadline(time.Now().Add(connectWait)) }
	cfg := &ssh.ClientConfig{
		User: l.username, Auth: l.methods, ClientVersion: "SSH-2.0-tonypi", HostKeyAlgorithms: hostKeyOrder(l.pinned),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			// A person who looks at the key has all the time that check allows.
			if refused = conn.SetDeadline(time.Time{}); refused != nil {
				return refused
			}
			if refused = l.check(ctx, key); refused != nil {
				return refused
			}
			return limit()
		},
	}
	err = limit()
	if err == nil {
		var c ssh.Conn
		var channels <-chan ssh.NewChannel
		var requests <-chan *ssh.Request
		if c, channels, requests, err = ssh.NewClientConn(conn, to.addr.String(), cfg); err == nil {
			if err = conn.SetDeadline(time.Time{}); err == nil {
				return ssh.NewClient(c, channels, requests), nil
			}
		}
	}
	stop()
	conn.Close()
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, context.Cause(ctx)
	case refused != nil:
		return nil, refused
	}
	return nil, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: %s", unwelcome(err))
}

// unreachable says in words why there is no connection.
func unreachable(err error, addr netip.AddrPort) string {
	var timeout net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at " + addr.String()
	case errors.As(err, &timeout) && timeout.Timeout():
		return "no answer from " + addr.String() + " within " + connectWait.String()
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no way to " + addr.String()
	}
	return addr.String() + " cannot be reached"
}

// unwelcome says in words why the robot let nobody in.
func unwelcome(err error) string {
	var timeout net.Error
	switch text := err.Error(); {
	case strings.Contains(text, "unable to authenticate"), strings.Contains(text, "more than a password"):
		return "the robot refused this user name and password or key"
	case strings.Contains(text, "no common algorithm"):
		return "the robot offers no way of encryption that this server trusts"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, net.ErrClosed):
		return "the robot did not answer within " + connectWait.String()
	}
	return "the robot ended the connection; it may allow no more sign-ins now, or speak no SSH"
}

// hostKeyOrder prefers the type of key that is pinned: a robot has several.
func hostKeyOrder(pinned *tonypi.HostKey) []string {
	order := slices.DeleteFunc(ssh.SupportedAlgorithms().HostKeys, func(a string) bool { return strings.Contains(a, "-cert-") })
	if pinned == nil {
		return order
	}
	same := func(a string) bool {
		return a == pinned.Type || pinned.Type == ssh.KeyAlgoRSA && (a == ssh.KeyAlgoRSASHA256 || a == ssh.KeyAlgoRSASHA512)
	}
	slices.SortStableFunc(order, func(a, b string) int {
		switch {
		case same(a) == same(b):
			return 0
		case same(a):
			return -1
		}
		return 1
	})
	return order
}

// Tested is the outcome of Test.
type Tested struct {
	Address string // IP address of the robot
	Output  string // what the robot echoed
}

// Test signs in to a robot with a password and runs an echo there, within 20 s; the caller is the context's. The host key must
// be pinned already, except in legacy mode, which pins it. Errors: Forbidden, NotFound, Conflict, Invalid, TooMany, Unavailable.
func (s *Server) Test(ctx context.Context, robot tonypi.RobotID, username, password string) (Tested, error) {
	by := tonypi.CallerOf(ctx)
	if !by.Role.May(tonypi.OpenTerminal) {
		return Tested{}, tonypi.Errorf(tonypi.Forbidden, "You may not open terminals")
	}
	release, err := s.admit(by.Name)
	if err != nil {
		return Tested{}, err
	}
	defer release()
	ctx, cancel := context.WithTimeout(ctx, 2*connectWait)
	defer cancel()
	to, err := s.target(ctx, robot)
	if err != nil {
		return Tested{}, err
	}
	l, err := s.login(to, username, secret(password), false)
	if err != nil {
		return Tested{}, err
	}
	if l.pinned, err = s.pinned(ctx, robot); err != nil {
		return Tested{}, err
	}
	l.check = func(ctx context.Context, key ssh.PublicKey) error {
		return s.checkUnseen(ctx, robot, l.pinned, key, by)
	}
	client, err := dial(ctx, to, l)
	if err != nil {
		return Tested{}, err
	}
	defer func() { _ = client.Close() }() // it may have ended already
	session, err := client.NewSession()
	if err != nil {
		return Tested{}, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: the robot gave no session")
	}
	output := &head{left: maxTestOutput}
	session.Stdout = output
	if err := session.Run("echo 'SSH connection successful'"); err != nil {
		return Tested{}, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: the robot runs no commands")
	}
	return Tested{to.addr.Addr().String(), strings.ToValidUTF8(strings.TrimSpace(output.text.String()), "\uFFFD")}, nil
}

const maxTestOutput = 1000 // bytes

// head keeps the beginning of what is written: a robot may write without end.
type head struct {
	text strings.Builder
	left int
}

func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.left -= n
	h.text.Write(p[:n])
	return len(p), nil
}
