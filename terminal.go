package tonypi

import (
	"context"
	"time"
)

// HostKey is the SSH key that a robot showed first; another one is refused until a person accepts it.
type HostKey struct {
	Robot       RobotID   `json:"robot_id"`
	Key         []byte    `json:"-"` // in SSH's wire format
	Type        string    `json:"type" doc:"ssh-ed25519, …"`
	Fingerprint string    `json:"fingerprint" doc:"SHA256:…"`
	PinnedAt    time.Time `json:"pinned_at"`
	PinnedBy    string    `json:"pinned_by"`
}

// SSHAccess is how the server itself may sign in to a robot. The private key is encrypted with a key that lies outside of
// the database.
type SSHAccess struct {
	Robot      RobotID   `json:"robot_id"`
	Username   string    `json:"username"`
	Port       int       `json:"port" doc:"0 means 22"`
	PublicKey  string    `json:"public_key" doc:"In authorized_keys' format, to be put on the robot"`
	PrivateKey []byte    `json:"-"` // sealed
	CreatedAt  time.Time `json:"created_at"`
	CreatedBy  string    `json:"created_by"`
}

// Recording is a terminal session that was written down as an asciicast v2 file.
type Recording struct {
	ID        string    `json:"id"`
	Robot     RobotID   `json:"robot_id"`
	User      string    `json:"user"`
	StartedAt time.Time `json:"started_at"`
	EndedAt   time.Time `json:"ended_at,omitzero"`
	Bytes     int64     `json:"bytes"`
	File      string    `json:"-"` // name within the recordings' folder
}

// TerminalStore keeps what terminals need.
type TerminalStore interface {
	HostKey(ctx context.Context, robot RobotID) (HostKey, error) // NotFound
	SaveHostKey(ctx context.Context, k HostKey) error            // insert or replace
	DeleteHostKey(ctx context.Context, robot RobotID) error      // no error when it is gone already
	SSHAccess(ctx context.Context, robot RobotID) (SSHAccess, error)
	SaveSSHAccess(ctx context.Context, a SSHAccess) error
	DeleteSSHAccess(ctx context.Context, robot RobotID) error
	Recordings(ctx context.Context, robot RobotID, limit int) ([]Recording, error) // newest first; empty robot: all; limit 1 to 500
	Recording(ctx context.Context, id string) (Recording, error)
	SaveRecording(ctx context.Context, r Recording) error // insert or update by ID
	DeleteRecording(ctx context.Context, id string) error
}
