package api

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"time"

	"tonypi"
)

// Fleet knows the present state of the adopted robots.
type Fleet interface {
	Summaries() []tonypi.Summary // ordered by ID
	// Summary returns one robot's state, or a NotFound error.
	Summary(id tonypi.RobotID) (tonypi.Summary, error)
}

// Robots changes which robots there are. Every method works on the row, the running server and the open connection alike.
type Robots interface {
	// Create adopts a robot that was never seen, and returns its MQTT password, which cannot be read again.
	// A robot that exists is a Conflict error.
	Create(ctx context.Context, r tonypi.Robot) (password string, err error)
	// Update writes Name, Description and Location; NotFound.
	Update(ctx context.Context, r tonypi.Robot) error
	// Remove ends the connection and deletes the row and the history; NotFound.
	Remove(ctx context.Context, id tonypi.RobotID) error
}

// Joining lets robots into the fleet.
type Joining interface {
	Pending() []tonypi.PendingRobot
	Adopt(ctx context.Context, id tonypi.RobotID) error
	Reject(ctx context.Context, id tonypi.RobotID) error
	// Enroll checks the join token and returns the robot's MQTT password. Errors: Unauthenticated for a token that is wrong
	// or too old, Conflict for a robot that exists and did not prove its old password.
	Enroll(ctx context.Context, e tonypi.Enrolment) (password string, err error)
}

// Alerts acts on alerts. by is the user's name.
type Alerts interface {
	Acknowledge(ctx context.Context, id int64, by, note string) (tonypi.Alert, error)
	// AcknowledgeAll acknowledges open alerts: those of ids, of the robot, or all when both are empty.
	AcknowledgeAll(ctx context.Context, robot tonypi.RobotID, ids []int64, by string) (int, error)
	Resolve(ctx context.Context, id int64, by string) (tonypi.Alert, error)
	Delete(ctx context.Context, id int64) error
}

// Rules reads and changes the alert rules.
type Rules interface {
	Rules() []tonypi.Rule
	// SaveRule inserts or updates by robot and type when the ID is 0, else updates that rule.
	SaveRule(ctx context.Context, r tonypi.Rule) (tonypi.Rule, error)
	DeleteRule(ctx context.Context, id int64) error
	// RestoreDefaults creates the default rules whose type has no global rule, and returns how many.
	RestoreDefaults(ctx context.Context) (int, error)
}

// History reads what robots measured. Every tonypi.SeriesStore is one.
type History interface {
	Latest(ctx context.Context, robot tonypi.RobotID) ([]tonypi.Reading, error)
	Range(ctx context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error)
}

// Commands sends commands to robots. Errors about the whole order: Invalid (unknown type, bad parameters, not confirmed),
// NotFound (a named robot), Unavailable (the store or the broker is down). What only one robot could not take is a refused
// Command among the others.
type Commands interface {
	// Send sends to every robot of the order, one Command each, in the order of the robots.
	Send(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
	// Stop stops robots. It needs no store.
	Stop(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
	// Resume lets stopped robots move again.
	Resume(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error)
	// Wait returns the commands as soon as all have ended, or as they are when ctx ends, which is no error.
	Wait(ctx context.Context, ids []string) ([]tonypi.Command, error)
	Catalogue() []tonypi.CommandSpec
	// StopLatencies returns one robot's with its points, or when robot is empty those of all: first the overall one.
	StopLatencies(ctx context.Context, robot tonypi.RobotID, since time.Time) ([]tonypi.StopLatencies, error)
}

// Leases gives one person at a time control over a robot.
type Leases interface {
	Lease(robot tonypi.RobotID, by tonypi.Caller) tonypi.Lease
	// Take is a Conflict error that names the holder, and notes the wish, when somebody else has control and force is not set.
	Take(robot tonypi.RobotID, by tonypi.Caller, force bool) (tonypi.Lease, error)
	Renew(robot tonypi.RobotID, by tonypi.Caller) (tonypi.Lease, error)
	Release(robot tonypi.RobotID, by tonypi.Caller) error
	// HandOver gives control to a user who asked for it; Forbidden unless by has it.
	HandOver(robot tonypi.RobotID, by tonypi.Caller, to string) (tonypi.Lease, error)
}

// Configs keeps robots' settings and tells the robots.
type Configs interface {
	// Config returns Version 0 and the settings {} for a robot that nobody set anything of.
	Config(ctx context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error)
	// SetConfig replaces all settings. version is the one that they were made from: a Conflict error when there is a newer
	// one; below 0 it is not looked at.
	SetConfig(ctx context.Context, robot tonypi.RobotID, settings json.RawMessage, version int64, by tonypi.Caller) (tonypi.RobotConfig, error)
}

// Jobs follows what robots work on.
type Jobs interface {
	Active() []tonypi.Job
	// Fill adds what is not stored: when the job will be done.
	Fill(j tonypi.Job) tonypi.Job
	// Trigger publishes a scan of the code as if the robot had read it.
	Trigger(ctx context.Context, robot tonypi.RobotID, code string) error
}

// LogBook writes and clears the log.
type LogBook interface {
	// Write adds a line and returns it as it will be stored, or an Unavailable error when too many wait for the store.
	Write(e tonypi.LogEntry) (tonypi.LogEntry, error)
	// Clear deletes lines of the levels (all when empty) that are older than so many days, and returns how many.
	Clear(ctx context.Context, days int, levels []string) (int, error)
}

// Terminal is shells on robots. What is nil makes its routes Unavailable. All of it records its own audit entries.
type Terminal struct {
	// Ticket lets the caller open one terminal; the answer has the shape of TerminalTicket.
	Ticket func(ctx context.Context, by tonypi.Caller, robot tonypi.RobotID) (any, error)
	// Connect is GET /ssh/connect/{robot_id}, a WebSocket. It checks the ticket itself; tonypi.CallerOf is somebody only if
	// that was proven.
	Connect http.Handler
	// Test signs in to a robot and out again.
	Test       func(ctx context.Context, robot tonypi.RobotID, username, password string) (address, output string, err error)
	SSH        SSH
	Recordings Recordings
	LegacyTest bool // GET /ssh/test/{robot_id} with the password in the URL, as in the original system, is answered
}

// SSH is how the server reaches robots by SSH. Each method checks that by may.
type SSH interface {
	Access(ctx context.Context, robot tonypi.RobotID) (tonypi.SSHAccess, error)
	SetAccess(ctx context.Context, robot tonypi.RobotID, username string, port int, by tonypi.Caller) (tonypi.SSHAccess, error)
	// GenerateKey is SetAccess with a new key pair.
	GenerateKey(ctx context.Context, robot tonypi.RobotID, username string, port int, by tonypi.Caller) (tonypi.SSHAccess, error)
	DeleteKey(ctx context.Context, robot tonypi.RobotID, by tonypi.Caller) error
	HostKey(ctx context.Context, robot tonypi.RobotID) (tonypi.HostKey, error) // NotFound
	ForgetHostKey(ctx context.Context, robot tonypi.RobotID, by tonypi.Caller) error
}

// Recordings are terminal sessions that were written down.
type Recordings interface {
	Recordings(ctx context.Context, robot tonypi.RobotID, limit int) ([]tonypi.Recording, error) // newest first; limit 1 to 500
	// OpenRecording opens an asciicast v2 file, which the caller closes.
	OpenRecording(ctx context.Context, id string, by tonypi.Caller) (tonypi.Recording, *os.File, error)
	DeleteRecording(ctx context.Context, id string, by tonypi.Caller) error
}

// Camera is robots' pictures. What is nil makes its routes Unavailable.
type Camera struct {
	State func(ctx context.Context, robot tonypi.RobotID) (any, error) // the answer has the shape of CameraState
	// Ticket lets the caller open one stream; Redeem returns whose a ticket was, or Unauthenticated.
	Ticket func(by tonypi.Caller, robot tonypi.RobotID) (string, error)
	Redeem func(ticket string, robot tonypi.RobotID) (tonypi.Caller, error)
	// Stream and Snapshot find robot_id with PathValue.
	Stream, Snapshot http.Handler
}

// Actions of a Route that no role is asked for.
const (
	Public  = tonypi.Action(public) // everybody
	AnyRole = tonypi.Action(anyone) // who is signed in in any way, the anonymous role included
)

// Route is a handler of another package that is mounted beside the API's own, with the same guards. It is not in the
// OpenAPI document.
type Route struct {
	Pattern string        // as http.ServeMux takes it, with a method
	Action  tonypi.Action // who may; Public and AnyRole too
	Handler http.Handler
	Stop    bool // it stops robots or lets them move: who may is also known without the database
	Stream  bool // the answer may take as long as the client reads on; others have 30 seconds
}

// SystemInfo tells an admin how the server itself is.
type SystemInfo struct {
	Version           string             `json:"version"`
	Go                string             `json:"go" doc:"Version of Go that built the server"`
	UptimeSeconds     float64            `json:"uptime_seconds"`
	RSSBytes          int64              `json:"rss_bytes" doc:"Memory that the process holds"`
	Goroutines        int                `json:"goroutines"`
	Robots            int                `json:"robots" doc:"Adopted robots"`
	Connections       int                `json:"connections" doc:"Open MQTT connections"`
	MessagesPerSecond float64            `json:"messages_per_second"`
	ReadingsPerSecond float64            `json:"readings_per_second"`
	Store             tonypi.StoreHealth `json:"store"`
	DecodeFailures    []DecodeFailure    `json:"decode_failures" nullable:"false" doc:"Messages that could not be understood, most frequent first"`
	Watchers          int                `json:"watchers" doc:"Open live connections of browsers"`
	DataDirFree       int64              `json:"data_dir_free" doc:"Bytes free on the disk that holds the data"`
}

// DecodeFailure counts messages that could not be understood for one reason.
type DecodeFailure struct {
	Topic  string `json:"topic"`
	Reason string `json:"reason"`
	Count  int    `json:"count"`
}

// Check reports whether a part of the server works: nil, or why not. It must end when ctx does. An error that is a
// tonypi.Error is shown to everybody, so its Message must not name internals; others are shown as "not working".
type Check func(ctx context.Context) error

// timeouts and bounds of a request.
const (
	maxBody        = 1 << 20          // bytes
	requestTimeout = 30 * time.Second // for reading a request and working on it; sockets are not bounded
	writeTimeout   = 90 * time.Second // for the whole, with a client that reads slowly
	streamTimeout  = 30 * time.Second // for each part of an answer that goes on and on
	maxWait        = 60 * time.Second // that a caller may wait for the outcome of a command
	checkTimeout   = 2 * time.Second  // for one Check
)
