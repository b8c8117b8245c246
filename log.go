package tonypi

import (
	"context"
	"encoding/json"
	"time"
)

// LogEntry is one line of a robot's or the server's log.
type LogEntry struct {
	ID       int64           `json:"id"`
	Time     time.Time       `json:"timestamp"`
	Level    string          `json:"level" enum:"DEBUG,INFO,WARNING,ERROR,CRITICAL"`
	Category string          `json:"category" doc:"One of GET /logs/categories, or robot_<source>"`
	Source   string          `json:"source" doc:"The part of the robot's or the server's program that wrote it"`
	Message  string          `json:"message" doc:"At most 4,000 characters"`
	Robot    RobotID         `json:"robot_id" doc:"Empty: the server's own"`
	Details  json.RawMessage `json:"details,omitempty"`
}

// LogLevels are the levels, from least to worst.
var LogLevels = []string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}

// LogCategories are the categories of the original system.
var LogCategories = []string{
	"mqtt", "api", "database", "system", "command", "robot", "alert", "report", "servo", "vision", "battery", "sensor", "job", "movement",
}

// LogFilter selects log lines; zero fields select everything.
type LogFilter struct {
	Robot    RobotID
	Levels   []string // any of these
	Category string   // exact; "robot" also selects every robot_<source>
	Search   string   // words that all stand in the message, without regard to case; the last may be the beginning of one
	Since    time.Time
	Until    time.Time // exclusive
	Before   int64     // only IDs below this one; the cursor of a page
	Limit    int       // 1 to 1,000; 0 means 100
	Offset   int       // at most 100,000; for clients of the original system
}

// LogStats counts log lines.
type LogStats struct {
	Total      int            `json:"total"`
	Debug      int            `json:"debug"`
	Info       int            `json:"info"`
	Warning    int            `json:"warning"`
	Error      int            `json:"error"`
	Critical   int            `json:"critical"`
	ByCategory map[string]int `json:"by_category" nullable:"false"`
}

// LogStore keeps log lines. IDs are given by the log book and grow with the time of arrival.
type LogStore interface {
	Logs(ctx context.Context, f LogFilter) ([]LogEntry, error) // newest (highest ID) first
	LogStats(ctx context.Context, robot RobotID, since time.Time) (LogStats, error)
	AppendLogs(ctx context.Context, entries []LogEntry) error // in one transaction; an ID that exists is skipped
	// PurgeLogs deletes lines of the levels (all when empty) written before, and returns how many.
	PurgeLogs(ctx context.Context, before time.Time, levels []string) (int, error)
	LastLogID(ctx context.Context) (int64, error)
}

// AuditEntry says who did what, from where, and how it ended. Entries are never changed.
type AuditEntry struct {
	ID      int64           `json:"id"`
	Time    time.Time       `json:"timestamp"`
	User    string          `json:"user" doc:"User name as it was given; the server itself is \"tonypi\""`
	Role    Role            `json:"role"`
	Address string          `json:"address" doc:"IP address"`
	Action  string          `json:"action" doc:"One of GET /audit/actions, for example command.send"`
	Robot   RobotID         `json:"robot_id"`
	Target  string          `json:"target" doc:"What it was done to: a user name, a rule, a command ID"`
	OK      bool            `json:"ok" doc:"It was allowed and it worked"`
	Message string          `json:"message" doc:"A sentence about it"`
	Details json.RawMessage `json:"details,omitempty" doc:"Never a secret"`
}

// AuditActions are all actions that the audit log knows.
var AuditActions = []string{
	"sign_in", "sign_out", "sign_in.failed", "password.change", "user.create", "user.update", "user.delete",
	"token.create", "token.delete", "session.end", "join_token.create", "join_token.delete",
	"robot.create", "robot.update", "robot.remove", "robot.adopt", "robot.reject", "robot.enroll", "robot.config",
	"command.send", "stop", "resume", "lease.take", "lease.release", "lease.hand_over", "lease.break",
	"terminal.open", "terminal.close", "terminal.host_key", "terminal.key", "recording.play", "recording.delete",
	"rule.save", "rule.delete", "rule.defaults", "alert.acknowledge", "alert.resolve", "alert.delete", "alert.create",
	"job.cancel", "item.save", "item.delete", "logs.clear", "logs.export", "audit.export", "report.create", "report.delete",
	"settings.save", "scan.trigger",
}

// AuditFilter selects audit entries; zero fields select everything.
type AuditFilter struct {
	User   string
	Action string // exact, or a group such as "user" for user.*
	Robot  RobotID
	Since  time.Time
	Until  time.Time // exclusive
	Before int64     // only IDs below this one; the cursor of a page
	Limit  int       // 1 to 1,000; 0 means 100
}

// AuditStore keeps the audit log. IDs are given by the log book.
type AuditStore interface {
	Audit(ctx context.Context, f AuditFilter) ([]AuditEntry, error) // newest (highest ID) first
	AppendAudit(ctx context.Context, entries []AuditEntry) error    // in one transaction; an ID that exists is skipped
	LastAuditID(ctx context.Context) (int64, error)
}

// Recorder writes down what happened. It does not block on a store and does not fail; it is safe for concurrent use.
type Recorder interface {
	// Record adds to the audit log; ID and a zero Time are filled in.
	Record(e AuditEntry)
	// Log adds a line to the log; ID and a zero Time are filled in.
	Log(e LogEntry)
}
