package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"tonypi"
)

// Ticket opens one socket or stream, once, within seconds.
type Ticket struct {
	Ticket  string `json:"ticket"`
	Expires int    `json:"expires_in" doc:"Seconds"`
}

// SSHAddress is where a robot's SSH server is.
type SSHAddress struct {
	Address  string `json:"address"`
	Port     int    `json:"port"`
	Username string `json:"username" doc:"Suggested; empty when none is set"`
	Key      bool   `json:"key" doc:"The server holds a key, so no password is needed"`
}

// TerminalTicket opens a terminal.
type TerminalTicket struct {
	Ticket
	HostKey *tonypi.HostKey `json:"host_key,omitempty" doc:"That is pinned; missing or null before the first connection"`
	SSH     SSHAddress      `json:"ssh"`
}

// SSHState is how the server reaches a robot by SSH.
type SSHState struct {
	HostKey *tonypi.HostKey   `json:"host_key,omitempty"`
	Access  *tonypi.SSHAccess `json:"access,omitempty"`
}

// NewSSHAccess lets the server itself sign in to a robot.
type NewSSHAccess struct {
	Username string `json:"username" maxLength:"100"`
	Port     int    `json:"port,omitempty" minimum:"0" maximum:"65535"`
	Generate bool   `json:"generate_key,omitempty" doc:"Make a new key; its public half is in the answer"`
}

// SSHCredentials are tried by a test of SSH.
type SSHCredentials struct {
	Username string `json:"ssh_username" maxLength:"100"`
	Password string `json:"ssh_password,omitempty" maxLength:"200"`
}

// SSHTest tells whether signing in worked.
type SSHTest struct {
	Success bool           `json:"success"`
	Message string         `json:"message,omitempty"`
	Error   string         `json:"error,omitempty"`
	Robot   tonypi.RobotID `json:"robot_id"`
	Address string         `json:"robot_ip,omitempty"`
}

// RecordingList is terminal sessions that were written down.
type RecordingList struct {
	Recordings []tonypi.Recording `json:"recordings" nullable:"false"`
}

// CameraState is how a robot's camera is.
type CameraState struct {
	URLKnown bool    `json:"url_known"`
	State    string  `json:"state" enum:"live,connecting,down,none" doc:"none: nobody watches, or there is no camera"`
	Message  string  `json:"message" doc:"Why there is no picture; empty when there is"`
	FPS      float64 `json:"fps"`
	AgeMS    int64   `json:"age_ms" doc:"Of the newest picture; -1 when there is none"`
	Viewers  int     `json:"viewers"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
}

type (
	anyOut         struct{ Body any }
	sshOut         struct{ Body SSHState }
	accessOut      struct{ Body tonypi.SSHAccess }
	sshTestOut     struct{ Body SSHTest }
	recordingsOut  struct{ Body RecordingList }
	ticketOut      struct{ Body Ticket }
	setSSHAccessIn struct {
		RobotPath
		Body NewSSHAccess
	}
	sshTestIn struct {
		RobotPath
		Body SSHCredentials
	}
	legacyTestIn struct {
		RobotPath
		Username string `query:"ssh_username" required:"true" maxLength:"100"`
		Password string `query:"ssh_password" required:"true" maxLength:"200"`
	}
	listRecordingsIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Limit int            `query:"limit" minimum:"1" maximum:"500" default:"100"`
	}
	// RecordingPath names a recording.
	RecordingPath struct {
		ID string `path:"id" maxLength:"100"`
	}
)

const ticketFor = int(tonypi.TicketLife / time.Second)

func (s *Server) registerTerminal(r *routes) {
	noTerminal := tonypi.Errorf(tonypi.Unavailable, "This server opens no terminals")
	t, open, keys := s.cfg.Terminal, may(tonypi.OpenTerminal), may(tonypi.ManageKeys)
	undo := r.needs(t.Ticket != nil, noTerminal)
	add(r, open, engineAudits("terminal.open", answers[TerminalTicket](r,
		op("open-terminal", "POST /robots/{robot_id}/terminal", "terminal", "Get a ticket for GET /ssh/connect/{robot_id}, valid once for 30 seconds"), 200)), s.openTerminal)
	undo()
	serve(r, asked, answersWith(op("connect-terminal", "GET /ssh/connect/{robot_id}", "terminal", "The terminal's WebSocket"), 101, "", nil), t.Connect)
	undo = r.needs(t.Test != nil, noTerminal)
	add(r, open, engineAudits("terminal.open", op("test-ssh", "POST /ssh/test/{robot_id}", "terminal", "Try to sign in to a robot by SSH")), s.testSSH)
	add(r, open, op("test-ssh-legacy", "GET /ssh/test/{robot_id}", "terminal", "As the original system, with the password in the URL; only if the server allows it"), s.testSSHLegacy)
	undo()
	undo = r.needs(t.SSH != nil, noTerminal)
	add(r, open, op("get-ssh", "GET /robots/{robot_id}/ssh", "terminal", "How the server reaches a robot by SSH"), s.getSSH)
	add(r, keys, engineAudits("terminal.key", op("set-ssh", "PUT /robots/{robot_id}/ssh", "terminal", "Let the server sign in to a robot, with a key of its own")), s.setSSH)
	add(r, keys, engineAudits("terminal.key", op("delete-ssh", "DELETE /robots/{robot_id}/ssh", "terminal", "Forget the server's key to a robot")), s.deleteSSH)
	add(r, keys, engineAudits("terminal.host_key", op("forget-host-key", "DELETE /robots/{robot_id}/ssh/host-key", "terminal", "Forget the pinned host key of a robot")), s.forgetHostKey)
	undo()
	defer r.needs(t.Recordings != nil, tonypi.Errorf(tonypi.Unavailable, "This server keeps no recordings"))()
	add(r, keys, op("list-recordings", "GET /recordings", "terminal", "List recorded terminals, newest first"), s.listRecordings)
	raw(r, keys, engineAudits("recording.play", streams(answersFile(op("get-recording", "GET /recordings/{id}", "terminal", "A recorded terminal as asciicast v2"), "application/x-asciicast"))), s.playRecording)
	add(r, keys, engineAudits("recording.delete", op("delete-recording", "DELETE /recordings/{id}", "terminal", "Delete a recorded terminal")), s.deleteRecording)
}

func (s *Server) registerCamera(r *routes) {
	noCamera := tonypi.Errorf(tonypi.Unavailable, "This server relays no cameras")
	c, see := s.cfg.Camera, may(tonypi.SeeCamera)
	undo := r.needs(c.State != nil, noCamera)
	add(r, see, answers[CameraState](r, op("camera-state", "GET /robots/{robot_id}/camera", "camera", "How a robot's camera is"), 200), s.cameraState)
	undo()
	undo = r.needs(c.Ticket != nil, noCamera)
	add(r, see, op("camera-ticket", "POST /robots/{robot_id}/camera/ticket", "camera", "Get a ticket for one stream, for programs that cannot send headers"), s.cameraTicket)
	undo()
	serve(r, seeStream, streams(answersFile(query(op("camera-stream", "GET /robots/{robot_id}/camera/stream", "camera", "The pictures as they come (MJPEG)"),
		"ticket", "Of camera-ticket, instead of the header Authorization"), "multipart/x-mixed-replace")), c.Stream)
	serve(r, see, answersFile(op("camera-snapshot", "GET /robots/{robot_id}/camera/snapshot", "camera", "The newest picture"), "image/jpeg"), c.Snapshot)
}

func (s *Server) openTerminal(ctx context.Context, in *RobotPath) (*anyOut, error) {
	t, err := s.cfg.Terminal.Ticket(ctx, tonypi.CallerOf(ctx), in.Robot)
	return &anyOut{t}, err
}

func (s *Server) testSSH(ctx context.Context, in *sshTestIn) (*sshTestOut, error) {
	return s.trySSH(ctx, in.Robot, in.Body)
}

func (s *Server) testSSHLegacy(ctx context.Context, in *legacyTestIn) (*sshTestOut, error) {
	if !s.cfg.Terminal.LegacyTest {
		return nil, tonypi.Errorf(tonypi.Forbidden, "Passwords do not belong into URLs; use POST")
	}
	return s.trySSH(ctx, in.Robot, SSHCredentials{in.Username, in.Password})
}

// trySSH answers as the original does: a sign-in that fails is no error of the request.
func (s *Server) trySSH(ctx context.Context, robot tonypi.RobotID, c SSHCredentials) (*sshTestOut, error) {
	out := SSHTest{Robot: robot}
	address, output, err := s.cfg.Terminal.Test(ctx, robot, c.Username, c.Password)
	var known *tonypi.Error
	switch {
	case err == nil:
		out.Success, out.Message, out.Address = true, "SSH connection successful: "+strings.TrimSpace(output), address
	case errors.As(err, &known) && known.Kind != tonypi.Forbidden && known.Kind != tonypi.Internal:
		out.Error = known.Message
	default:
		return nil, err
	}
	return &sshTestOut{out}, nil
}

func (s *Server) getSSH(ctx context.Context, in *RobotPath) (*sshOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	access, err := s.cfg.Terminal.SSH.Access(ctx, in.Robot)
	if err != nil {
		return nil, err
	}
	out := SSHState{Access: &access}
	key, err := s.cfg.Terminal.SSH.HostKey(ctx, in.Robot)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return &sshOut{out}, nil
	}
	out.HostKey = &key
	return &sshOut{out}, err
}

func (s *Server) setSSH(ctx context.Context, in *setSSHAccessIn) (*accessOut, error) {
	change := s.cfg.Terminal.SSH.SetAccess
	if in.Body.Generate {
		change = s.cfg.Terminal.SSH.GenerateKey
	}
	access, err := change(ctx, in.Robot, in.Body.Username, in.Body.Port, tonypi.CallerOf(ctx))
	return &accessOut{access}, err
}

func (s *Server) deleteSSH(ctx context.Context, in *RobotPath) (*none, error) {
	return nil, s.cfg.Terminal.SSH.DeleteKey(ctx, in.Robot, tonypi.CallerOf(ctx))
}

func (s *Server) forgetHostKey(ctx context.Context, in *RobotPath) (*none, error) {
	return nil, s.cfg.Terminal.SSH.ForgetHostKey(ctx, in.Robot, tonypi.CallerOf(ctx))
}

func (s *Server) listRecordings(ctx context.Context, in *listRecordingsIn) (*recordingsOut, error) {
	all, err := s.cfg.Terminal.Recordings.Recordings(ctx, in.Robot, in.Limit)
	return &recordingsOut{RecordingList{filled(all)}}, err
}

func (s *Server) playRecording(w http.ResponseWriter, r *http.Request) error {
	recording, file, err := s.cfg.Terminal.Recordings.OpenRecording(r.Context(), r.PathValue("id"), tonypi.CallerOf(r.Context()))
	if err != nil {
		return err
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/x-asciicast")
	w.Header().Set("Content-Disposition", `attachment; filename="terminal_`+recording.StartedAt.UTC().Format("20060102_150405")+`.cast"`)
	_, _ = io.Copy(struct{ io.Writer }{w}, file) // the client may be gone
	return nil
}

func (s *Server) deleteRecording(ctx context.Context, in *RecordingPath) (*none, error) {
	return nil, s.cfg.Terminal.Recordings.DeleteRecording(ctx, in.ID, tonypi.CallerOf(ctx))
}

func (s *Server) cameraState(ctx context.Context, in *RobotPath) (*anyOut, error) {
	state, err := s.cfg.Camera.State(ctx, in.Robot)
	return &anyOut{state}, err
}

func (s *Server) cameraTicket(ctx context.Context, in *RobotPath) (*ticketOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	ticket, err := s.cfg.Camera.Ticket(tonypi.CallerOf(ctx), in.Robot)
	return &ticketOut{Ticket{ticket, ticketFor}}, err
}
