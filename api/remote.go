package api

import "tonypi"

// The types below describe what the handlers of Terminal and Camera read and write.

// Ticket opens one socket or stream, once, within seconds.
type Ticket struct {
	Ticket  string `json:"ticket"`
	Expires int    `json:"expires_in" doc:"Seconds"`
}

// NewTerminal asks for a terminal.
type NewTerminal struct {
	Record bool `json:"record,omitempty" doc:"Write the session down; the person is told"`
}

// SSHAddress is where a robot's SSH server is.
type SSHAddress struct {
	Address  string `json:"address"`
	Port     int    `json:"port"`
	Username string `json:"username" doc:"That the server's own key belongs to; empty when there is none"`
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
	State    string  `json:"state" enum:"live,connecting,down,none"`
	Message  string  `json:"message"`
	FPS      float64 `json:"fps"`
	AgeMS    float64 `json:"age_ms" doc:"Of the newest picture"`
	Viewers  int     `json:"viewers"`
	Width    int     `json:"width"`
	Height   int     `json:"height"`
}

func (s *Server) registerTerminal(r *routes) {
	t := s.cfg.Terminal
	open, keys := may(tonypi.OpenTerminal), may(tonypi.ManageKeys)
	serve(r, open, engineAudits("terminal.open", answers[TerminalTicket](r, takes[NewTerminal](r,
		op("open-terminal", "POST /robots/{robot_id}/terminal", "terminal", "Get a ticket for GET /ssh/connect/{robot_id}, valid once for 30 seconds")), 200)), t.Open)
	serve(r, asked, answersWith(op("connect-terminal", "GET /ssh/connect/{robot_id}", "terminal", "The terminal's WebSocket"), 101, "application/json", nil), t.Connect)
	serve(r, open, engineAudits("terminal.open", answers[SSHTest](r, takes[SSHCredentials](r,
		op("test-ssh", "POST /ssh/test/{robot_id}", "terminal", "Try to sign in to a robot by SSH")), 200)), t.Test)
	serve(r, open, answers[SSHTest](r, op("test-ssh-legacy", "GET /ssh/test/{robot_id}", "terminal", "As the original system; only with --legacy-ssh"), 200), t.Test)
	serve(r, open, answers[SSHState](r, op("get-ssh", "GET /robots/{robot_id}/ssh", "terminal", "How the server reaches a robot by SSH"), 200), t.Access)
	serve(r, keys, engineAudits("terminal.key", answers[tonypi.SSHAccess](r, takes[NewSSHAccess](r,
		op("set-ssh", "PUT /robots/{robot_id}/ssh", "terminal", "Let the server sign in to a robot with a key of its own")), 200)), t.SetAccess)
	serve(r, keys, engineAudits("terminal.key", empties(op("delete-ssh", "DELETE /robots/{robot_id}/ssh", "terminal", "Forget the server's key to a robot"))), t.DeleteAccess)
	serve(r, keys, engineAudits("terminal.host_key", empties(op("forget-host-key", "DELETE /robots/{robot_id}/ssh/host-key", "terminal", "Forget the pinned host key of a robot"))), t.ForgetHostKey)
	serve(r, keys, answers[RecordingList](r, query(op("list-recordings", "GET /recordings", "terminal", "List recorded terminals, newest first"), "robot_id", ""), 200), t.Recordings)
	serve(r, keys, engineAudits("recording.play", streams(answersFile(op("get-recording", "GET /recordings/{id}", "terminal", "A recorded terminal as asciicast v2"), "application/x-asciicast"))), t.Play)
	serve(r, keys, engineAudits("recording.delete", empties(op("delete-recording", "DELETE /recordings/{id}", "terminal", "Delete a recorded terminal"))), t.Delete)
}

func (s *Server) registerCamera(r *routes) {
	c := s.cfg.Camera
	see := may(tonypi.SeeCamera)
	serve(r, see, answers[CameraState](r, op("camera-state", "GET /robots/{robot_id}/camera", "camera", "How a robot's camera is"), 200), c.State)
	serve(r, see, answers[Ticket](r, op("camera-ticket", "POST /robots/{robot_id}/camera/ticket", "camera", "Get a ticket for one stream, for programs that cannot send headers"), 200), c.Ticket)
	serve(r, seeStream, streams(answersFile(query(op("camera-stream", "GET /robots/{robot_id}/camera/stream", "camera", "The pictures as they come (MJPEG)"),
		"ticket", "Of camera-ticket, instead of the header Authorization"), "multipart/x-mixed-replace")), c.Stream)
	serve(r, see, answersFile(op("camera-snapshot", "GET /robots/{robot_id}/camera/snapshot", "camera", "The newest picture"), "image/jpeg"), c.Snapshot)
}
