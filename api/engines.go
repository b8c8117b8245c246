package api

import (
	"context"
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
	checkTimeout   = 2 * time.Second  // for one Check
)
