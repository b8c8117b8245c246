package sqlstore

import (
	"context"
	"time"

	"tonypi"
)

const sessionColumns = "id, user_id, refresh_hash, address, agent, created_at, used_at, expires_at"

func scanSession(row scanner) (s tonypi.Session, err error) {
	err = row.Scan(&s.ID, &s.UserID, &s.RefreshHash, &s.Address, &s.Agent, stamp{&s.CreatedAt}, stamp{&s.UsedAt}, stamp{&s.ExpiresAt})
	return s, err
}

// Session implements tonypi.SessionStore. It may be over: the caller looks at ExpiresAt.
func (s *Store) Session(ctx context.Context, id string) (tonypi.Session, error) {
	missing := tonypi.Errorf(tonypi.NotFound, "Session not found")
	if !sound(id) {
		return tonypi.Session{}, missing
	}
	return one(ctx, s, missing, scanSession, "SELECT "+sessionColumns+" FROM sessions WHERE id = $1", id)
}

// Sessions implements tonypi.SessionStore.
func (s *Store) Sessions(ctx context.Context, userID string) ([]tonypi.Session, error) {
	if !sound(userID) {
		return nil, nil
	}
	return all(ctx, s, scanSession, "SELECT "+sessionColumns+" FROM sessions WHERE user_id = $1 ORDER BY created_at DESC, id DESC", userID)
}

// SaveSession implements tonypi.SessionStore. An unknown user is NotFound: a session does not outlive its user.
func (s *Store) SaveSession(ctx context.Context, v tonypi.Session) error {
	if err := checkKey("session ID", v.ID); err != nil {
		return err
	}
	if !sound(v.UserID) {
		return errNoUser()
	}
	_, err := s.exec(ctx, "INSERT INTO sessions ("+sessionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, refresh_hash = excluded.refresh_hash,
			address = excluded.address, agent = excluded.agent, created_at = excluded.created_at,
			used_at = excluded.used_at, expires_at = excluded.expires_at`,
		v.ID, v.UserID, bytesOf(v.RefreshHash), clean(v.Address), clean(v.Agent), s.dialect.at(orNow(v.CreatedAt)),
		s.dialect.when(v.UsedAt), s.dialect.when(v.ExpiresAt))
	return s.violated(err, orphanFault, errNoUser())
}

// bytesOf keeps a missing hash from being NULL.
func bytesOf(hash []byte) []byte {
	if hash == nil {
		return []byte{}
	}
	return hash
}

// DeleteSession implements tonypi.SessionStore.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	if !sound(id) {
		return nil
	}
	_, err := s.exec(ctx, "DELETE FROM sessions WHERE id = $1", id)
	return err
}

// DeleteSessionsOf implements tonypi.SessionStore.
func (s *Store) DeleteSessionsOf(ctx context.Context, userID string) error {
	if !sound(userID) {
		return nil
	}
	_, err := s.exec(ctx, "DELETE FROM sessions WHERE user_id = $1", userID)
	return err
}

// forgetSessions removes sessions that ended an hour ago or longer.
func (s *Store) forgetSessions(ctx context.Context) error {
	_, err := s.exec(ctx, "DELETE FROM sessions WHERE expires_at < $1", s.dialect.at(time.Now().Add(-time.Hour)))
	return err
}
