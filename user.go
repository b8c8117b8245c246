package tonypi

import (
	"context"
	"maps"
	"slices"
	"time"
)

// Role says what a person may do.
type Role string

// Roles, from nothing to everything.
const (
	NoRole   Role = ""
	Viewer   Role = "viewer"
	Operator Role = "operator"
	Admin    Role = "admin"
)

func (r Role) rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Admin:
		return 3
	}
	return 0
}

// Validate reports why r is not a role that a user can have, or nil.
func (r Role) Validate() error {
	if r.rank() == 0 {
		return Errorf(Invalid, "Invalid role. Must be admin, operator, or viewer")
	}
	return nil
}

// Action is something that a role may or may not do.
type Action string

// Actions. Everything that a route, topic or socket guards is one of these.
const (
	View         Action = "view"          // see robots, history, alerts
	HandleAlerts Action = "handle_alerts" // acknowledge, resolve
	EditRules    Action = "edit_rules"    // alert rules
	SendCommands Action = "command"       // send commands, stop, resume, drive, cancel jobs
	Configure    Action = "configure"     // robots' settings
	OpenTerminal Action = "open_terminal" // a shell on a robot
	ManageKeys   Action = "manage_keys"   // host keys, the server's own keys to robots, recordings
	SeeCamera    Action = "see_camera"
	ReadLogs     Action = "read_logs"
	WriteLogs    Action = "write_logs"  // add lines
	ClearLogs    Action = "clear_logs"  // delete old lines
	EditItems    Action = "edit_items"  // the table of codes
	BreakLease   Action = "break_lease" // take control from whoever has it
	ReadAudit    Action = "read_audit"
	ReadReports  Action = "read_reports"
	MakeReports  Action = "make_reports" // make and delete
	EditRobots   Action = "edit_robots"  // rename, describe, create
	AdoptRobots  Action = "adopt_robots" // let a robot join; make join tokens
	ManageUsers  Action = "manage_users"
	ManageSystem Action = "manage_system" // settings, storage, server details
)

// least is the one table of who may do what: the lowest role for each action. An action that is missing is forbidden to all.
var least = map[Action]Role{
	View:         Viewer,
	HandleAlerts: Operator,
	EditRules:    Operator,
	SendCommands: Operator,
	Configure:    Operator,
	OpenTerminal: Operator,
	ManageKeys:   Admin,
	SeeCamera:    Viewer,
	ReadLogs:     Viewer,
	WriteLogs:    Operator,
	ClearLogs:    Admin,
	EditItems:    Admin,
	BreakLease:   Admin,
	ReadAudit:    Admin,
	ReadReports:  Viewer,
	MakeReports:  Operator,
	EditRobots:   Operator,
	AdoptRobots:  Admin,
	ManageUsers:  Admin,
	ManageSystem: Admin,
}

// Permission is one line of the table of who may do what.
type Permission struct {
	Action Action `json:"action"`
	Role   Role   `json:"role" enum:"viewer,operator,admin" doc:"The lowest role that may"`
}

// Permissions returns the table, ordered by action.
func Permissions() []Permission {
	table := make([]Permission, 0, len(least))
	for _, a := range slices.Sorted(maps.Keys(least)) {
		table = append(table, Permission{a, least[a]})
	}
	return table
}

// May reports whether the role allows the action.
func (r Role) May(a Action) bool {
	need, ok := least[a]
	return ok && r.rank() >= need.rank()
}

// User is a person with an account.
type User struct {
	ID           string    `json:"id"`
	Username     string    `json:"username"`
	Email        string    `json:"email"`
	PasswordHash string    `json:"-"` // bcrypt, cost 12
	Role         Role      `json:"role" enum:"viewer,operator,admin"`
	Active       bool      `json:"is_active"`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// Session is one sign-in of one person on one device.
type Session struct {
	ID          string
	UserID      string
	RefreshHash []byte // SHA-256 of the refresh token
	Address     string
	Agent       string // the browser's or program's own name
	CreatedAt   time.Time
	UsedAt      time.Time
	ExpiresAt   time.Time
}

// CredentialKind says what a credential opens.
type CredentialKind string

// Kinds of credentials.
const (
	RobotCredential CredentialKind = "robot" // one robot's MQTT sign-in
	JoinToken       CredentialKind = "join"  // lets new robots enrol
	APIToken        CredentialKind = "api"   // a person's scripts, with that person's role
)

// Credential is a random secret of which the server keeps only the hash.
type Credential struct {
	ID         string         `json:"id"`
	Kind       CredentialKind `json:"kind"`
	Name       string         `json:"name"`
	Robot      RobotID        `json:"robot_id,omitempty"` // of a RobotCredential
	UserID     string         `json:"user_id,omitempty"`  // of an APIToken; who made a JoinToken
	SecretHash []byte         `json:"-"`                  // SHA-256 of the secret (which has ≥ 128 random bits)
	CreatedAt  time.Time      `json:"created_at"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"` // zero: never
	UsedAt     time.Time      `json:"used_at,omitzero"`
}

// UserStore keeps people and their sessions. User names and e-mail addresses are unique without regard to case.
type UserStore interface {
	Users(ctx context.Context) ([]User, error) // newest first
	User(ctx context.Context, id string) (User, error)
	UserByName(ctx context.Context, username string) (User, error)
	CreateUser(ctx context.Context, u User) error    // Conflict: "Username or email already exists"
	UpdateUser(ctx context.Context, u User) error    // all fields but ID and CreatedAt; NotFound, Conflict
	DeleteUser(ctx context.Context, id string) error // with sessions and API tokens
}

// SessionStore keeps sign-ins.
type SessionStore interface {
	Session(ctx context.Context, id string) (Session, error)
	Sessions(ctx context.Context, userID string) ([]Session, error) // newest first
	SaveSession(ctx context.Context, s Session) error               // insert or update
	DeleteSession(ctx context.Context, id string) error             // no error when it is gone already
	DeleteSessionsOf(ctx context.Context, userID string) error
}

// CredentialStore keeps robot credentials, join tokens and API tokens.
type CredentialStore interface {
	Credentials(ctx context.Context, kind CredentialKind) ([]Credential, error)
	CredentialByHash(ctx context.Context, secretHash []byte) (Credential, error) // NotFound when unknown
	SaveCredential(ctx context.Context, c Credential) error                      // insert or update
	DeleteCredential(ctx context.Context, id string) error
}

// SettingStore keeps small named values of the server itself.
type SettingStore interface {
	Setting(ctx context.Context, key string) (value string, err error) // NotFound when absent
	SaveSetting(ctx context.Context, key, value string) error
}
