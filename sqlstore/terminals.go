package sqlstore

import (
	"context"

	"tonypi"
)

const (
	hostKeyColumns   = "robot_id, key, type, fingerprint, pinned_at, pinned_by"
	accessColumns    = "robot_id, username, port, public_key, private_key, created_at, created_by"
	recordingColumns = "id, robot_id, username, started_at, ended_at, bytes, file"
)

func scanHostKey(row scanner) (k tonypi.HostKey, err error) {
	err = row.Scan(&k.Robot, &k.Key, &k.Type, &k.Fingerprint, stamp{&k.PinnedAt}, &k.PinnedBy)
	return k, err
}

func scanAccess(row scanner) (a tonypi.SSHAccess, err error) {
	err = row.Scan(&a.Robot, &a.Username, &a.Port, &a.PublicKey, &a.PrivateKey, stamp{&a.CreatedAt}, &a.CreatedBy)
	return a, err
}

func scanRecording(row scanner) (r tonypi.Recording, err error) {
	err = row.Scan(&r.ID, &r.Robot, &r.User, stamp{&r.StartedAt}, stamp{&r.EndedAt}, &r.Bytes, &r.File)
	return r, err
}

func errNoRecording() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "Recording not found") }

// HostKey implements tonypi.TerminalStore.
func (s *Store) HostKey(ctx context.Context, robot tonypi.RobotID) (tonypi.HostKey, error) {
	missing := tonypi.Errorf(tonypi.NotFound, "Robot has no host key")
	if !sound(robot) {
		return tonypi.HostKey{}, missing
	}
	return one(ctx, s, missing, scanHostKey, "SELECT "+hostKeyColumns+" FROM host_keys WHERE robot_id = $1", robot)
}

// SaveHostKey implements tonypi.TerminalStore. PinnedAt is now when it is zero.
func (s *Store) SaveHostKey(ctx context.Context, k tonypi.HostKey) error {
	if err := checkKey("robot ID", k.Robot); err != nil {
		return err
	}
	if len(k.Key) == 0 {
		return tonypi.Errorf(tonypi.Invalid, "a host key must not be empty")
	}
	_, err := s.exec(ctx, "INSERT INTO host_keys ("+hostKeyColumns+`) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (robot_id) DO UPDATE SET key = excluded.key, type = excluded.type, fingerprint = excluded.fingerprint,
			pinned_at = excluded.pinned_at, pinned_by = excluded.pinned_by`,
		k.Robot, k.Key, clean(k.Type), clean(k.Fingerprint), s.dialect.at(orNow(k.PinnedAt)), clean(k.PinnedBy))
	return err
}

// DeleteHostKey implements tonypi.TerminalStore.
func (s *Store) DeleteHostKey(ctx context.Context, robot tonypi.RobotID) error {
	return s.forget(ctx, "host_keys", robot)
}

// forget deletes a robot's row, if there is one.
func (s *Store) forget(ctx context.Context, table string, robot tonypi.RobotID) error {
	if !sound(robot) {
		return nil
	}
	_, err := s.exec(ctx, "DELETE FROM "+table+" WHERE robot_id = $1", robot)
	return err
}

// SSHAccess implements tonypi.TerminalStore.
func (s *Store) SSHAccess(ctx context.Context, robot tonypi.RobotID) (tonypi.SSHAccess, error) {
	missing := tonypi.Errorf(tonypi.NotFound, "Robot has no SSH access")
	if !sound(robot) {
		return tonypi.SSHAccess{}, missing
	}
	return one(ctx, s, missing, scanAccess, "SELECT "+accessColumns+" FROM ssh_access WHERE robot_id = $1", robot)
}

// SaveSSHAccess implements tonypi.TerminalStore: insert or replace. CreatedAt is now when it is zero.
func (s *Store) SaveSSHAccess(ctx context.Context, a tonypi.SSHAccess) error {
	if err := checkKey("robot ID", a.Robot); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO ssh_access ("+accessColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (robot_id) DO UPDATE SET username = excluded.username, port = excluded.port,
			public_key = excluded.public_key, private_key = excluded.private_key, created_at = excluded.created_at,
			created_by = excluded.created_by`,
		a.Robot, clean(a.Username), a.Port, clean(a.PublicKey), bytesOf(a.PrivateKey), s.dialect.at(orNow(a.CreatedAt)), clean(a.CreatedBy))
	return err
}

// DeleteSSHAccess implements tonypi.TerminalStore; no error when it is gone already.
func (s *Store) DeleteSSHAccess(ctx context.Context, robot tonypi.RobotID) error {
	return s.forget(ctx, "ssh_access", robot)
}

// Recordings implements tonypi.TerminalStore, ordered by their start and then ID. A limit above 500 is Invalid; 0 means 100.
func (s *Store) Recordings(ctx context.Context, robot tonypi.RobotID, limit int) ([]tonypi.Recording, error) {
	limit, err := bound(limit, 500)
	if err != nil {
		return nil, err
	}
	var c conditions
	c.equal("robot_id", string(robot))
	query, args := c.list(recordingColumns, "recordings", "started_at DESC, id DESC", limit)
	return all(ctx, s, scanRecording, query, args...)
}

// Recording implements tonypi.TerminalStore.
func (s *Store) Recording(ctx context.Context, id string) (tonypi.Recording, error) {
	if !sound(id) {
		return tonypi.Recording{}, errNoRecording()
	}
	return one(ctx, s, errNoRecording(), scanRecording, "SELECT "+recordingColumns+" FROM recordings WHERE id = $1", id)
}

// SaveRecording implements tonypi.TerminalStore. StartedAt is now when it is zero.
func (s *Store) SaveRecording(ctx context.Context, r tonypi.Recording) error {
	if err := checkKey("recording ID", r.ID); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO recordings ("+recordingColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET robot_id = excluded.robot_id, username = excluded.username,
			started_at = excluded.started_at, ended_at = excluded.ended_at, bytes = excluded.bytes, file = excluded.file`,
		r.ID, cut(r.Robot), clean(r.User), s.dialect.at(orNow(r.StartedAt)), s.dialect.when(r.EndedAt), r.Bytes, clean(r.File))
	return err
}

// DeleteRecording implements tonypi.TerminalStore; an unknown one is NotFound.
func (s *Store) DeleteRecording(ctx context.Context, id string) error {
	if !sound(id) {
		return errNoRecording()
	}
	return s.execOne(ctx, errNoRecording(), "DELETE FROM recordings WHERE id = $1", id)
}
