package tonypi

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// RobotID names a robot in every topic, row and URL. It is the client ID of the robot's MQTT connection.
type RobotID string

// MaxRobotID is the longest robot ID in bytes.
const MaxRobotID = 100

// Validate reports why id cannot name a robot, or nil.
func (id RobotID) Validate() error {
	s := string(id)
	switch {
	case s == "":
		return Errorf(Invalid, "robot ID is empty")
	case len(s) > MaxRobotID:
		return Errorf(Invalid, "robot ID is longer than %d bytes", MaxRobotID)
	case !utf8.ValidString(s):
		return Errorf(Invalid, "robot ID is not valid UTF-8")
	case s == "broadcast" || s == "response":
		return Errorf(Invalid, "robot ID %q is reserved", s)
	case strings.ContainsAny(s, "/+#"):
		return Errorf(Invalid, "robot ID %q has a character that MQTT topics reserve (/ + #)", s)
	case strings.HasPrefix(s, "$"):
		return Errorf(Invalid, "robot ID %q starts with $, which MQTT reserves", s)
	case strings.IndexFunc(s, unicode.IsControl) >= 0:
		return Errorf(Invalid, "robot ID has a control character")
	}
	return nil
}

// OnlineFor is how long after its last message a robot still counts as online.
const OnlineFor = 10 * time.Second

// Robot is a robot that was adopted, or that asks to be.
type Robot struct {
	ID          RobotID   `json:"robot_id" doc:"Names the robot in topics and URLs"`
	Name        string    `json:"name" doc:"Name for people; the ID until somebody renames it"`
	Description string    `json:"description"`
	Location    string    `json:"location" doc:"Where the robot is kept, in words"`
	Adoption    Adoption  `json:"adoption" enum:"pending,adopted,rejected"`
	Address     string    `json:"ip_address" doc:"Last address the robot told or connected from"`
	CameraURL   string    `json:"camera_url"`
	Platform    string    `json:"platform" doc:"Operating system as the robot tells it"`
	Agent       string    `json:"agent" doc:"Program on the robot with its version; empty for the original Python clients"`
	Status      string    `json:"status" doc:"Last status word the robot sent: online, emergency_stopped, offline; lost when its connection broke"`
	Posture     string    `json:"posture" doc:"standing, walking, leaning, fallen_front, fallen_back, fallen_side, held, or empty when unknown"`
	Stopped     bool      `json:"emergency_stopped"`
	StopReason  string    `json:"emergency_reason"`
	LastSeen    time.Time `json:"last_seen,omitzero" doc:"Server's time of the last message"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// Adoption says whether a robot belongs to the fleet.
type Adoption string

// Stages of adoption. Only an adopted robot's messages are stored.
const (
	Pending  Adoption = "pending"  // wants to join; an admin decides
	Adopted  Adoption = "adopted"  // belongs to the fleet
	Rejected Adoption = "rejected" // was turned away; may ask again only after it is removed
)

// Status words of a robot that mean something to the server; robots may send others.
const (
	StatusOffline = "offline" // it says goodbye
	StatusLost    = "lost"    // its last will: the broker says so for a robot that it lost
)

// Online reports whether the robot was heard of within OnlineFor, did not say goodbye and was not lost. It is derived, never stored:
// a server that died must not leave "online" behind.
func (r Robot) Online(now time.Time) bool {
	return r.Status != StatusOffline && r.Status != StatusLost && !r.LastSeen.IsZero() && now.Sub(r.LastSeen) < OnlineFor
}

// Presence is what a robot's status message says about itself; empty strings mean "not said".
type Presence struct {
	Status     string // online, emergency_stopped, offline, lost
	Address    string
	CameraURL  string
	Platform   string
	Agent      string
	Posture    string
	Stopped    bool
	StopReason string
	Config     int64 // version of the configuration that the robot obeys; 0: not said
}

// Summary is what the fleet view shows of one robot. Pointers are nil when the value is unknown or was
// older than a minute when the robot was last heard of.
type Summary struct {
	Robot
	Online         bool        `json:"online"`
	Connected      bool        `json:"connected" doc:"An MQTT connection is open now"`
	Battery        *float64    `json:"battery_percent,omitempty"`
	BatteryVoltage *float64    `json:"battery_voltage,omitempty"`
	BatteryMinutes *float64    `json:"battery_minutes,omitempty" doc:"Estimated minutes until empty"`
	Charging       *bool       `json:"charging,omitempty"`
	CPU            *float64    `json:"cpu_percent,omitempty"`
	Memory         *float64    `json:"memory_percent,omitempty"`
	CPUTemperature *float64    `json:"cpu_temperature,omitempty"`
	WifiSignal     *float64    `json:"wifi_signal,omitempty" doc:"dBm"`
	NetworkRTT     *float64    `json:"network_rtt,omitempty" doc:"Milliseconds to the server and back"`
	Hottest        *JointValue `json:"hottest_joint,omitempty"`
	OpenAlerts     int         `json:"open_alerts"`
	WorstSeverity  Severity    `json:"worst_severity" enum:",info,warning,critical"`
}

// JointValue is one joint's value, for example its temperature in °C.
type JointValue struct {
	Source string  `json:"source" doc:"servo_1 … servo_18 or the original clients' servo names"`
	Value  float64 `json:"value"`
}

// PendingRobot is a robot that asks to join. What it says is not stored; the last few messages are kept in memory, so that
// an admin can see whom the program is asked to trust.
type PendingRobot struct {
	ID        RobotID   `json:"robot_id"`
	Address   string    `json:"ip_address" doc:"Address that the last message came from"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
	Messages  int       `json:"messages" doc:"Messages received since first seen"`
	Samples   []Sample  `json:"samples" nullable:"false" doc:"At most 5, newest first"`
}

// Sample is one message of a pending robot, shortened for a person to look at.
type Sample struct {
	Topic   string    `json:"topic"`
	Payload string    `json:"payload" doc:"At most 512 characters"`
	Time    time.Time `json:"time"`
}

// Enrolment is a robot's request to join with a join token.
type Enrolment struct {
	Token    string  // join token
	Robot    RobotID // who it wants to be
	Name     string  // for people; may be empty
	Password string  // the MQTT password it has already; empty when it is new
	Address  string  // IP address without port
}

// Sighting is the coalesced news about one robot since the last write.
type Sighting struct {
	Robot    RobotID
	LastSeen time.Time
	Presence *Presence // nil when no status message came
}

// RobotStore keeps the robots. Implementations are safe for concurrent use.
type RobotStore interface {
	// Robots returns every robot, in every stage of adoption, ordered by ID.
	Robots(ctx context.Context) ([]Robot, error)
	// Robot returns one robot, or a NotFound error.
	Robot(ctx context.Context, id RobotID) (Robot, error)
	// CreateRobot inserts a robot, or returns a Conflict error.
	CreateRobot(ctx context.Context, r Robot) error
	// UpdateRobot writes the fields people edit (Name, Description, Location, Adoption), or returns a NotFound error.
	UpdateRobot(ctx context.Context, r Robot) error
	// Seen writes a batch of sightings in one transaction; an unknown robot is skipped.
	Seen(ctx context.Context, sightings []Sighting) error
	// DeleteRobot removes the robot with its alerts, rules and credentials, or returns a NotFound error.
	DeleteRobot(ctx context.Context, id RobotID) error
}
