package api

import (
	"context"
	"slices"
	"time"

	"tonypi"
)

// SessionInfo is one sign-in on one device.
type SessionInfo struct {
	ID        string    `json:"id"`
	Address   string    `json:"address" doc:"IP address that it was last refreshed from"`
	Agent     string    `json:"agent" doc:"The browser's or program's own name"`
	CreatedAt time.Time `json:"created_at"`
	UsedAt    time.Time `json:"used_at"`
	ExpiresAt time.Time `json:"expires_at"`
	Current   bool      `json:"current" doc:"The caller's own"`
}

// SessionList is who is signed in where.
type SessionList struct {
	Sessions []SessionInfo `json:"sessions" nullable:"false" doc:"Newest first"`
}

type (
	// SessionPath names a sign-in.
	SessionPath struct {
		ID string `path:"id" maxLength:"100"`
	}
	sessionsOut struct{ Body SessionList }
)

func (s *Server) registerSessions(r *routes) {
	add(r, may(tonypi.View), op("roles", "GET /roles", "users", "Who may do what: the lowest role for each action"), s.permissions)
	add(r, personal, op("list-sessions", "GET /sessions", "sessions", "Where I am signed in"), s.listSessions)
	add(r, personal, audits("session.end", op("end-session", "DELETE /sessions/{id}", "sessions", "Sign me out on one device")), s.endSession)
	add(r, may(tonypi.ManageUsers), op("list-user-sessions", "GET /users/{id}/sessions", "sessions", "Where a user is signed in"), s.userSessions)
	add(r, may(tonypi.ManageUsers), audits("session.end", op("end-user-sessions", "DELETE /users/{id}/sessions", "sessions", "Sign a user out everywhere")), s.endUserSessions)
}

func (s *Server) listSessions(ctx context.Context, _ *none) (*sessionsOut, error) {
	return s.sessionsOf(ctx, personOf(ctx).User.ID)
}

func (s *Server) sessionsOf(ctx context.Context, user string) (*sessionsOut, error) {
	all, err := s.cfg.Sessions.Sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	now, current, list := time.Now(), personOf(ctx).Session, []SessionInfo{}
	for _, d := range all {
		if now.Before(d.ExpiresAt) {
			list = append(list, SessionInfo{d.ID, d.Address, d.Agent, d.CreatedAt, d.UsedAt, d.ExpiresAt, d.ID == current})
		}
	}
	return &sessionsOut{SessionList{list}}, nil
}

func (s *Server) endSession(ctx context.Context, in *SessionPath) (*none, error) {
	me := personOf(ctx).User
	note(ctx).target = me.Username
	own, err := s.cfg.Sessions.Sessions(ctx, me.ID)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(own, func(d tonypi.Session) bool { return d.ID == in.ID }) {
		return nil, tonypi.Errorf(tonypi.NotFound, "Session not found")
	}
	if err := s.auth.end(ctx, in.ID); err != nil {
		return nil, err
	}
	s.ended(me.Username, in.ID)
	return nil, nil
}

func (s *Server) userSessions(ctx context.Context, in *UserPath) (*sessionsOut, error) {
	if _, err := s.user(ctx, in.ID); err != nil {
		return nil, err
	}
	return s.sessionsOf(ctx, in.ID)
}

func (s *Server) endUserSessions(ctx context.Context, in *UserPath) (*none, error) {
	u, err := s.user(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	note(ctx).target = u.Username
	return nil, s.endOthers(ctx, u, "")
}

// endOthers ends every session of a user but one, and what they hold open elsewhere.
func (s *Server) endOthers(ctx context.Context, u tonypi.User, keep string) error {
	ended, err := s.auth.endOthers(ctx, u.ID, keep)
	s.revoked(u.Username)
	s.sessionsEnded(ended...)
	return err
}

// ended ends what a sign-in that is over holds open elsewhere.
func (s *Server) ended(username, session string) {
	s.revoked(username)
	s.sessionsEnded(session)
}

func (s *Server) sessionsEnded(sessions ...string) {
	if s.cfg.SessionEnded == nil {
		return
	}
	for _, session := range sessions {
		s.cfg.SessionEnded(session)
	}
}
