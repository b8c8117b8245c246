package terminal

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"tonypi"
)

// Bounds of terminals.
const (
	authWait    = 5 * time.Second  // for the first frame
	connectWait = 10 * time.Second // to reach the robot; again to sign in
	acceptWait  = 60 * time.Second // for the person to look at a host key
	writeWait   = 60 * time.Second // for one frame to leave; a browser that takes nothing for so long is closed
	pingEvery   = 20 * time.Second // browser and robot are asked whether they live
	checkEvery  = 10 * time.Second // how soon the end of a person's rights ends the terminal
	stopWait    = 5 * time.Second  // for terminals to end when the server stops
	maxFrame    = 1 << 20          // bytes from the browser; a paste is one frame
	maxSockets  = 200              // sockets at once, with those that have proven nothing yet

	defaultIdleLimit    = 15 * time.Minute
	defaultMaxSessions  = 50
	defaultMaxPerPerson = 5
)

// Robots finds robots by ID; tonypi.RobotStore does.
type Robots interface {
	Robot(ctx context.Context, id tonypi.RobotID) (tonypi.Robot, error) // NotFound
}

// Config is what a Server needs.
type Config struct {
	Store  tonypi.TerminalStore
	Robots Robots
	Record tonypi.Recorder // audit log
	Log    *slog.Logger

	// Caller says who makes a legacy request; nil means tonypi.CallerOf.
	Caller func(r *http.Request) tonypi.Caller
	// Check is asked every 10 s whether a person may still have a terminal; Unauthenticated and Forbidden end it. Nil means yes.
	Check func(ctx context.Context, by tonypi.Caller) error

	Dir     string   // recordings; made at first use
	SealKey string   // file of 32 random bytes that seals private keys; made at first use, readable by the owner only
	Origins []string // hosts besides the server's own whose pages may open terminals

	IdleLimit    time.Duration // without a key pressed; 0 means 15 min
	MaxSessions  int           // at once; 0 means 50
	MaxPerPerson int           // at once; 0 means 5

	RecordAll     bool // every terminal is recorded
	Legacy        bool // credentials in the URL are accepted from callers who may open terminals
	AllowLoopback bool // robots may run on the server's own machine: demo and tests
}

// Server opens terminals. It is safe for concurrent use.
type Server struct {
	cfg     Config
	tickets tonypi.Tickets
	seal    seal
	casts   casts
	began   time.Time
	stopped context.Context // ends when Run ends
	stop    context.CancelFunc
	sockets atomic.Int64

	pinning sync.Mutex // one host key is pinned at a time

	mu     sync.Mutex
	open   int
	people map[string]int // open terminals by user name
}

// New returns a Server; it starts nothing and touches no file.
func New(cfg Config) *Server {
	if cfg.IdleLimit <= 0 {
		cfg.IdleLimit = defaultIdleLimit
	}
	if cfg.MaxSessions <= 0 {
		cfg.MaxSessions = defaultMaxSessions
	}
	if cfg.MaxPerPerson <= 0 {
		cfg.MaxPerPerson = defaultMaxPerPerson
	}
	if cfg.Caller == nil {
		cfg.Caller = func(r *http.Request) tonypi.Caller { return tonypi.CallerOf(r.Context()) }
	}
	s := &Server{cfg: cfg, seal: seal{path: cfg.SealKey}, casts: casts{dir: cfg.Dir}, began: time.Now(), people: map[string]int{}}
	s.stopped, s.stop = context.WithCancel(context.Background())
	return s
}

// Run mends what a crash left of recordings, waits for ctx, then ends all terminals.
func (s *Server) Run(ctx context.Context) error {
	s.mendRecordings(ctx)
	<-ctx.Done()
	s.stop()
	late := time.Now().Add(stopWait)
	for s.sockets.Load() > 0 && time.Now().Before(late) {
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// Ticket lets a person open one terminal of one robot within ExpiresIn seconds.
type Ticket struct {
	Ticket    string          `json:"ticket" doc:"For the auth frame of GET /ssh/connect/{robot_id}; works once"`
	ExpiresIn int             `json:"expires_in" doc:"Seconds"`
	HostKey   *tonypi.HostKey `json:"host_key" doc:"The key that the robot is known by; null before the first use"`
	SSH       Target          `json:"ssh"`
}

// Target is where a terminal leads.
type Target struct {
	Address  string `json:"address" doc:"IP address"`
	Port     int    `json:"port"`
	Username string `json:"username" doc:"Suggested user name; empty when none is set"`
	Key      bool   `json:"key" doc:"The server holds a key for this robot, so no password is needed"`
}

// Ticket issues a ticket. Errors: Forbidden, NotFound, Conflict (the robot has no usable address), TooMany.
func (s *Server) Ticket(ctx context.Context, by tonypi.Caller, robot tonypi.RobotID) (Ticket, error) {
	if !by.Role.May(tonypi.OpenTerminal) {
		return Ticket{}, tonypi.Errorf(tonypi.Forbidden, "You may not open terminals")
	}
	to, err := s.target(ctx, robot)
	if err != nil {
		return Ticket{}, err
	}
	t := Ticket{ExpiresIn: int(tonypi.TicketLife / time.Second), SSH: Target{
		Address: to.addr.Addr().String(), Port: int(to.addr.Port()), Username: to.access.Username, Key: len(to.access.PrivateKey) > 0,
	}}
	switch key, err := s.cfg.Store.HostKey(ctx, robot); {
	case err == nil:
		t.HostKey = &key
	case tonypi.KindOf(err) != tonypi.NotFound:
		return Ticket{}, err
	}
	t.Ticket, err = s.tickets.Issue(by, robot, time.Now())
	return t, err
}

// ServeHTTP is GET /api/v1/ssh/connect/{robot_id}: it checks the page's origin, then speaks the protocol of the package comment.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	inURL := query.Has("ssh_username") || query.Has("ssh_password")
	if inURL && s.cfg.Legacy && (query.Get("ssh_username") == "" || query.Get("ssh_password") == "") {
		http.Error(w, "ssh_username and ssh_password are needed", http.StatusForbidden)
		return
	}
	defer s.sockets.Add(-1)
	if s.sockets.Add(1) > maxSockets || s.stopped.Err() != nil {
		http.Error(w, "no more terminals can be opened now", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.cfg.Origins})
	if err != nil {
		s.cfg.Log.Debug("terminal refused", "err", err)
		return
	}
	conn.SetReadLimit(maxFrame)
	t := newSession(s, conn, tonypi.RobotID(r.PathValue("robot_id")))
	if inURL {
		t.legacy = true
		t.by = s.cfg.Caller(r)
		t.auth = request{Type: "auth", Username: query.Get("ssh_username"), Password: secret(query.Get("ssh_password"))}
	}
	t.serve(r.Context())
}

// admit counts a terminal of a person; the returned function ends the count. Error: TooMany.
func (s *Server) admit(person string) (release func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.open >= s.cfg.MaxSessions:
		return nil, tonypi.Errorf(tonypi.TooMany, "%d terminals are open, which is all that this server allows", s.open)
	case s.people[person] >= s.cfg.MaxPerPerson:
		return nil, tonypi.Errorf(tonypi.TooMany, "You have %d terminals open, which is all that one person may", s.people[person])
	}
	s.open++
	s.people[person]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open--
		if s.people[person]--; s.people[person] == 0 {
			delete(s.people, person)
		}
	}, nil
}

// record adds to the audit log.
func (s *Server) record(by tonypi.Caller, action string, robot tonypi.RobotID, target string, ok bool, message string) {
	s.cfg.Record.Record(tonypi.AuditEntry{
		User: by.Name, Role: by.Role, Address: by.Address, Action: action, Robot: robot, Target: target, OK: ok, Message: message,
	})
}

// Recordings returns recordings, newest first; limit is 1 to 500, an empty robot means all.
func (s *Server) Recordings(ctx context.Context, robot tonypi.RobotID, limit int) ([]tonypi.Recording, error) {
	return s.cfg.Store.Recordings(ctx, robot, limit)
}

// OpenRecording opens an asciicast v2 file, which the caller closes, and writes down who looks. Errors: Forbidden, NotFound.
func (s *Server) OpenRecording(ctx context.Context, id string, by tonypi.Caller) (tonypi.Recording, *os.File, error) {
	if !by.Role.May(tonypi.ManageKeys) {
		return tonypi.Recording{}, nil, tonypi.Errorf(tonypi.Forbidden, "You may not see recordings")
	}
	r, err := s.cfg.Store.Recording(ctx, id)
	if err != nil {
		return tonypi.Recording{}, nil, err
	}
	file, err := s.casts.open(r.File)
	if err != nil {
		return tonypi.Recording{}, nil, err
	}
	s.record(by, "recording.play", r.Robot, r.ID, true, "Opened the recording of "+r.User)
	return r, file, nil
}

// DeleteRecording deletes a recording with its file. Errors: Forbidden, NotFound, Conflict (its terminal is open).
func (s *Server) DeleteRecording(ctx context.Context, id string, by tonypi.Caller) error {
	if !by.Role.May(tonypi.ManageKeys) {
		return tonypi.Errorf(tonypi.Forbidden, "You may not delete recordings")
	}
	r, err := s.cfg.Store.Recording(ctx, id)
	if err != nil {
		return err
	}
	if r.EndedAt.IsZero() && !r.StartedAt.Before(s.began) {
		return tonypi.Errorf(tonypi.Conflict, "The terminal is still open")
	}
	if err := s.casts.remove(r.File); err != nil {
		return err
	}
	if err := s.cfg.Store.DeleteRecording(ctx, id); err != nil {
		return err
	}
	s.record(by, "recording.delete", r.Robot, r.ID, true, "Deleted the recording of "+r.User)
	return nil
}
