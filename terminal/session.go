package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"golang.org/x/crypto/ssh"

	"tonypi"
)

// Reasons for which a terminal ends that are nobody's mistake.
var (
	errIdle     = errors.New("nobody typed")
	errStopping = errors.New("the server is stopping")
	errLeft     = errors.New("the browser left")
)

// session is one browser's socket and, once it has proven itself, the shell behind it.
type session struct {
	server *Server
	conn   *websocket.Conn
	robot  tonypi.RobotID
	id     string
	legacy bool // speaks the original system's protocol
	by     tonypi.Caller
	auth   request
	frames chan request // from the browser, in order
	typed  atomic.Int64 // Unix time in ns of the last key
	screen *screen
	cast   *cast // nil when nothing is recorded
}

func newSession(s *Server, conn *websocket.Conn, robot tonypi.RobotID) *session {
	return &session{server: s, conn: conn, robot: robot, id: uuid.Must(uuid.NewV7()).String(), frames: make(chan request)}
}

// serve runs the session to its end and closes the socket.
func (t *session) serve(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(t.server.stopped, func() { cancel(errStopping) })()
	t.screen = &screen{send: func(text string) error { return t.send(ctx, outputFrame{"output", text}) }}
	var reading sync.WaitGroup
	reading.Go(func() { cancel(t.read(ctx)) })
	code, err := t.run(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	t.finish(code, err)
	cancel(nil)
	_ = t.conn.CloseNow() // finish closed it politely; this frees the reader in any case
	reading.Wait()
}

// finish says how it ended and closes the socket.
func (t *session) finish(exit int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	status := websocket.StatusNormalClosure
	var known *tonypi.Error
	switch {
	case err == nil:
		if !t.legacy {
			_ = t.send(ctx, closedFrame{"closed", exit})
		}
	case errors.Is(err, errLeft):
		return
	case errors.Is(err, errIdle):
		status = closeIdle
		_ = t.send(ctx, errorFrame{"error", fmt.Sprintf("No key was pressed for %v, so the terminal was closed", t.server.cfg.IdleLimit)})
	case errors.Is(err, errStopping), errors.Is(err, context.Canceled):
		status = websocket.StatusGoingAway
		_ = t.send(ctx, errorFrame{"error", "The server is stopping"})
	case errors.As(err, &known):
		status = closeCode(err)
		_ = t.send(ctx, errorFrame{"error", known.Message})
	default:
		status = websocket.StatusInternalError
		t.server.cfg.Log.Error("terminal failed", "robot", t.robot, "user", t.by.Name, "err", err)
		_ = t.send(ctx, errorFrame{"error", "internal error"})
	}
	_ = t.conn.Close(status, "")
}

// read hands the browser's frames on until the socket ends.
func (t *session) read(ctx context.Context) error {
	for {
		// Not ctx: reading that is cancelled breaks the socket, and the browser must still be told why it ends.
		_, b, err := t.conn.Read(context.WithoutCancel(ctx))
		if err != nil {
			return errLeft
		}
		r := parse(b)
		clear(b)
		if r.Type == "ping" {
			if err := t.send(ctx, pongFrame{"pong"}); err != nil {
				return errLeft
			}
			continue
		}
		select {
		case t.frames <- r:
		case <-ctx.Done():
			return errLeft
		}
	}
}

func (t *session) send(ctx context.Context, frame any) error {
	b, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	// Not ctx alone: a write that is cancelled breaks the socket as well, and the browser must still be told why it ends.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWait)
	defer cancel()
	return t.conn.Write(ctx, websocket.MessageText, b)
}

// next waits for a frame of the type; others that come before are dropped: nobody is there yet to read what is typed.
func (t *session) next(ctx context.Context, kind string, wait time.Duration) (request, error) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case r := <-t.frames:
			if r.Type == kind {
				return r, nil
			}
		case <-timer.C:
			return request{}, tonypi.Errorf(tonypi.Unauthenticated, "No %s frame came within %v", kind, wait)
		case <-ctx.Done():
			return request{}, context.Cause(ctx)
		}
	}
}

// run proves the person, reaches the robot and runs the shell; it returns the shell's exit code.
func (t *session) run(ctx context.Context) (int, error) {
	if err := t.identify(ctx); err != nil {
		return 0, err
	}
	release, err := t.server.admit(t.by.Name)
	if err != nil {
		return 0, t.refused(err)
	}
	defer release()
	to, err := t.server.target(ctx, t.robot)
	if err != nil {
		return 0, t.refused(err)
	}
	client, name, err := t.connect(ctx, to)
	clear(t.auth.Password)
	if err != nil {
		return 0, t.refused(err)
	}
	defer func() { _ = client.Close() }() // it may have ended already
	if err := t.startCast(ctx, to, name); err != nil {
		return 0, t.refused(err)
	}
	began := time.Now()
	target := name + "@" + to.addr.String()
	t.server.record(t.by, "terminal.open", t.robot, target, true, t.opened())
	code, err := t.shell(ctx, client)
	t.endCast()
	t.server.record(t.by, "terminal.close", t.robot, target, true, t.closed(ctx, time.Since(began), code, err))
	return code, err
}

// refused writes down that a person who was proven did not get a terminal.
func (t *session) refused(err error) error {
	message := "No terminal"
	var known *tonypi.Error
	if errors.As(err, &known) {
		message = known.Message
	}
	t.server.record(t.by, "terminal.open", t.robot, "", false, message)
	return err
}

func (t *session) opened() string {
	switch {
	case t.cast != nil:
		return "Opened a terminal; recorded as " + t.id
	case t.legacy:
		return "Opened a terminal with the credentials in the URL"
	}
	return "Opened a terminal"
}

func (t *session) closed(ctx context.Context, length time.Duration, code int, err error) string {
	length = length.Round(time.Second)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if err != nil {
		return fmt.Sprintf("Terminal ended after %v: %v", length, err)
	}
	return fmt.Sprintf("Shell ended after %v with code %d", length, code)
}

// identify finds out who it is.
func (t *session) identify(ctx context.Context) error {
	if t.legacy {
		switch {
		case !t.server.cfg.Legacy:
			return tonypi.Errorf(tonypi.Invalid, "This server takes no user names and passwords in URLs; send them in an auth frame with a ticket, or start the server with --legacy-ssh")
		case !t.by.Role.May(tonypi.OpenTerminal):
			return t.refused(tonypi.Errorf(tonypi.Forbidden, "You may not open terminals"))
		}
		return nil
	}
	auth, err := t.next(ctx, "auth", authWait)
	if err != nil {
		return err
	}
	t.auth = auth
	if t.by, err = t.server.tickets.Redeem(auth.Ticket, t.robot, time.Now()); err != nil {
		return err
	}
	if !t.by.Role.May(tonypi.OpenTerminal) {
		return t.refused(tonypi.Errorf(tonypi.Forbidden, "You may not open terminals"))
	}
	return nil
}

// shell runs a login shell until it, the browser, the robot or the person's rights end.
func (t *session) shell(ctx context.Context, client *ssh.Client) (int, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer func() { _ = client.Close() }() // ends what waits for the robot; it may have ended already
	defer cancel(nil)
	sh, err := client.NewSession()
	if err != nil {
		return 0, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: the robot gave no session")
	}
	stdin, err := t.startShell(ctx, sh)
	if err != nil {
		return 0, err
	}
	t.typed.Store(time.Now().UnixNano())
	group.Go(func() { t.typing(ctx, sh, stdin) })
	group.Go(func() { cancel(t.guard(ctx)) })
	group.Go(func() { cancel(keepAlive(ctx, client)) })
	group.Go(func() { cancel(t.watchIdle(ctx)) })
	ended := make(chan error, 1)
	group.Go(func() { ended <- sh.Wait() })
	select {
	case err = <-ended:
		t.screen.flush()
		return exitCode(err)
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// startShell gets a terminal and a login shell. The ready frame goes out before the shell's first word.
func (t *session) startShell(ctx context.Context, sh *ssh.Session) (io.WriteCloser, error) {
	stdin, err := sh.StdinPipe()
	if err != nil {
		return nil, err
	}
	sh.Stdout, sh.Stderr = t.screen, t.screen
	cols, rows := t.auth.size()
	modes := ssh.TerminalModes{ssh.ECHO: 1, ssh.IUTF8: 1, ssh.TTY_OP_ISPEED: 38400, ssh.TTY_OP_OSPEED: 38400}
	if err := sh.RequestPty("xterm-256color", rows, cols, modes); err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: the robot gave no terminal")
	}
	ready := readyFrame{Type: "ready"}
	if t.cast != nil {
		ready.Recording = t.id
	}
	if !t.legacy {
		if err := t.send(ctx, ready); err != nil {
			return nil, errLeft
		}
	}
	if t.cast != nil {
		t.screen.say("This terminal is recorded.")
	}
	if err := sh.Shell(); err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "SSH connection failed: the robot gave no shell")
	}
	return stdin, nil
}

// exitCode returns the shell's exit code: 128 + n when signal n ended it.
func exitCode(err error) (int, error) {
	var exit *ssh.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exit.ExitStatus(), nil
	}
	return 0, tonypi.Wrap(tonypi.Unavailable, err, "Connection error: the connection to the robot was lost")
}

// typing passes on what the person types and how large the window is.
func (t *session) typing(ctx context.Context, sh *ssh.Session, stdin io.WriteCloser) {
	for {
		var r request
		select {
		case r = <-t.frames:
		case <-ctx.Done():
			return
		}
		switch r.Type {
		case "input":
			t.typed.Store(time.Now().UnixNano())
			if _, err := io.WriteString(stdin, r.Data); err != nil {
				return // the shell has ended, which shell sees
			}
		case "resize":
			cols, rows := r.size()
			t.cast.event("r", fmt.Sprintf("%dx%d", cols, rows))
			if err := sh.WindowChange(rows, cols); err != nil {
				return
			}
		}
	}
}
