package tonypi

import (
	"context"
	"encoding/json"
	"time"
)

// CommandStatus says what became of a command.
type CommandStatus string

// What can become of a command. Sent is the only one that changes again, but for an answer that comes after Expired.
const (
	CommandSent    CommandStatus = "sent"    // handed to the broker, no answer yet
	CommandDone    CommandStatus = "done"    // the robot did it
	CommandFailed  CommandStatus = "failed"  // the robot said no, or could not
	CommandExpired CommandStatus = "expired" // nobody answered in time
	CommandRefused CommandStatus = "refused" // the server did not send it
)

// Types of commands that mean something to the server; the catalogue has the others.
const (
	StopCommand   = "emergency_stop"
	ResumeCommand = "resume"
)

// Command is one order to one robot and what became of it.
type Command struct {
	ID         string          `json:"command_id" doc:"UUID; names the command in the robot's answer"`
	Batch      string          `json:"batch_id" doc:"Same for every robot of one request to several robots; empty for one robot"`
	Robot      RobotID         `json:"robot_id"`
	Type       string          `json:"type"`
	Parameters map[string]any  `json:"parameters" nullable:"false"`
	Reason     string          `json:"reason" doc:"Of a stop or a resume"`
	Status     CommandStatus   `json:"status" enum:"sent,done,failed,expired,refused"`
	Message    string          `json:"message" doc:"The robot's sentence, or why it was refused"`
	Answer     json.RawMessage `json:"answer,omitempty" doc:"The robot's whole answer, at most 64 KiB"`
	By         string          `json:"by" doc:"User name"`
	Address    string          `json:"address" doc:"IP address that the request came from"`
	ClickedAt  time.Time       `json:"clicked_at,omitzero" doc:"When the person clicked, by the browser's clock set to the server's"`
	CreatedAt  time.Time       `json:"created_at" doc:"When the server took the request"`
	SentAt     time.Time       `json:"sent_at,omitzero" doc:"When the broker had it"`
	RobotAt    time.Time       `json:"robot_at,omitzero" doc:"When the robot answered, by its own clock"`
	EndedAt    time.Time       `json:"ended_at,omitzero" doc:"When the server knew the outcome"`
	Deadline   time.Time       `json:"deadline" doc:"When it expires unless the robot answers"`
	LatencyMS  *float64        `json:"latency_ms,omitempty" doc:"Of a stop: from click (or request) to the answer that the body has stopped"`
	StopMS     *float64        `json:"stop_ms,omitempty" doc:"Of a stop: what the robot itself needed from reading the order to the stopped body"`
}

// Ended reports whether the outcome is known.
func (c Command) Ended() bool { return c.Status != CommandSent }

// CommandFilter selects commands; zero fields select everything.
type CommandFilter struct {
	Robot  RobotID
	Batch  string
	Type   string
	Status CommandStatus
	By     string
	Since  time.Time // created at or after
	Before string    // only commands whose ID sorts below this one; the cursor of a page
	Limit  int       // 1 to 10,000; 0 means 100
}

// CommandStore keeps commands. IDs are UUIDv7 or, of repeated requests, any text up to 100 bytes; lists are ordered by
// CreatedAt and then ID, newest first.
type CommandStore interface {
	// CreateCommands inserts commands in one transaction, or returns a Conflict error when one of the IDs exists.
	CreateCommands(ctx context.Context, commands []Command) error
	// SaveCommands inserts or updates by ID, in one transaction.
	SaveCommands(ctx context.Context, commands []Command) error
	Command(ctx context.Context, id string) (Command, error) // NotFound
	Commands(ctx context.Context, f CommandFilter) ([]Command, error)
	// PurgeCommands deletes what was created before, and returns how many.
	PurgeCommands(ctx context.Context, before time.Time) (int, error)
}

// Drive is one beat of somebody who drives a robot. Beats come at 10 Hz or more; a robot that gets none stops by itself.
type Drive struct {
	Robot   RobotID `json:"robot"`
	Forward float64 `json:"forward"` // −1 (back) to 1
	Turn    float64 `json:"turn"`    // −1 (right) to 1 (left)
	Strafe  float64 `json:"strafe"`  // −1 (right) to 1 (left)
	Speed   float64 `json:"speed"`   // 0 to 1, of what the robot can
	Seq     uint64  `json:"seq"`     // grows with every beat of one page
	Sent    int64   `json:"sent"`    // when the page sent it, in Unix milliseconds by the server's clock
}

// Lease is the exclusive control over one robot.
type Lease struct {
	Robot     RobotID   `json:"robot_id"`
	Holder    string    `json:"holder" doc:"User name; empty when nobody has control"`
	Session   string    `json:"-"` // the sign-in or page that has it
	Mine      bool      `json:"mine" doc:"The caller's own page has control"`
	Since     time.Time `json:"since,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero" doc:"Unless it is renewed"`
	AskedBy   string    `json:"asked_by" doc:"Who asks to be handed control"`
}

// RobotConfig is what a robot is set to, and whether it obeys.
type RobotConfig struct {
	Robot          RobotID         `json:"robot_id"`
	Version        int64           `json:"version" doc:"Grows with every change; 0 when nothing was ever set"`
	Settings       json.RawMessage `json:"settings" doc:"Object of objects by config_type, for example safety and reporting"`
	UpdatedBy      string          `json:"updated_by"`
	UpdatedAt      time.Time       `json:"updated_at,omitzero"`
	AppliedVersion int64           `json:"applied_version" doc:"What the robot said that it obeys; 0 when it said nothing"`
	AppliedAt      time.Time       `json:"applied_at,omitzero"`
	Message        string          `json:"message" doc:"What the robot said about it"`
}

// ConfigStore keeps robots' settings.
type ConfigStore interface {
	RobotConfigs(ctx context.Context) ([]RobotConfig, error)
	RobotConfig(ctx context.Context, robot RobotID) (RobotConfig, error) // NotFound
	// SaveRobotConfig inserts or updates by robot; a version below the stored one is a Conflict.
	SaveRobotConfig(ctx context.Context, c RobotConfig) error
}

// Order asks for one command to one robot, several, or all.
type Order struct {
	ID         string    // the caller's own name for the request, at most 100 bytes: repeated, it sends nothing again; may be empty
	Robots     []RobotID // at most 1,000; empty with All
	All        bool      // every adopted robot
	Type       string
	Parameters map[string]any
	Reason     string    // of a stop or a resume, at most 500 bytes
	Confirmed  bool      // the person confirmed; commands whose CommandSpec.Confirm is set need it
	ClickedAt  time.Time // may be zero
	By         Caller
}

// CommandSpec describes one kind of command, for pages that make their buttons from it.
type CommandSpec struct {
	Type     string      `json:"type"`
	Title    string      `json:"title"`
	Group    string      `json:"group" enum:"move,posture,action,head,servo,sound,light,camera,job,status,system"`
	Params   []ParamSpec `json:"params" nullable:"false"`
	Motion   bool        `json:"motion" doc:"It moves the robot: refused while somebody else has control or the robot is stopped"`
	Confirm  bool        `json:"confirm" doc:"Needs confirmed: true"`
	Original bool        `json:"original" doc:"The original Python clients know it"`
	Timeout  Seconds     `json:"timeout_seconds" doc:"How long the answer may take"`
}

// ParamSpec describes one parameter of a command.
type ParamSpec struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Kind      string   `json:"kind" enum:"number,integer,text,choice,boolean,color"`
	Unit      string   `json:"unit"`
	Min       *float64 `json:"min,omitempty"`
	Max       *float64 `json:"max,omitempty"`
	Step      *float64 `json:"step,omitempty"`
	MaxLength int      `json:"max_length,omitempty"`
	Choices   []string `json:"choices,omitempty" doc:"Of a choice all that there are, of a text suggestions"`
	Default   any      `json:"default,omitempty"`
	Required  bool     `json:"required"`
}

// StopLatencies sums up how fast stops were.
type StopLatencies struct {
	Robot       RobotID     `json:"robot_id" doc:"Empty: all robots"`
	Count       int         `json:"count" doc:"Confirmed stops"`
	Unconfirmed int         `json:"unconfirmed"`
	P50         float64     `json:"p50_ms"`
	P99         float64     `json:"p99_ms"`
	Max         float64     `json:"max_ms"`
	Points      []StopPoint `json:"points" nullable:"false" doc:"Newest first, at most 500; empty in the list of all robots"`
}

// StopPoint is one stop of one robot.
type StopPoint struct {
	Time      time.Time `json:"time"`
	LatencyMS *float64  `json:"latency_ms,omitempty" doc:"Absent: not confirmed"`
	StopMS    *float64  `json:"stop_ms,omitempty" doc:"The robot's own part"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
}
