package api

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"sync"

	"tonypi"
)

// SetupNeeded tells whether the server waits for its first admin.
type SetupNeeded struct {
	Needed bool `json:"needed"`
}

// Setup makes the first admin.
type Setup struct {
	Token    string `json:"token" minLength:"1" maxLength:"100" doc:"The one-time token that the server printed at its first start"`
	Username string `json:"username,omitempty" maxLength:"50" default:"admin"`
	Email    string `json:"email,omitempty" maxLength:"254"`
	Password string `json:"password" minLength:"8" maxLength:"72" doc:"8 to 72 bytes"`
}

type (
	setupNeededOut struct{ Body SetupNeeded }
	setupIn        struct{ Body Setup }
)

// setup holds the token of the first start. It lives in memory until the first admin is made.
type setup struct {
	mu    sync.Mutex
	token string
}

func (s *setup) needed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.token != ""
}

// SetupToken returns the one-time token that makes the first admin, or "" when there is one. Print it in the link
// http://host/setup#token=…: a fragment is never sent to a server by itself.
func (s *Server) SetupToken() string {
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	return s.setup.token
}

// beginSetup makes the setup token when there is no active admin.
func (s *Server) beginSetup(ctx context.Context) error {
	users, err := s.cfg.Users.Users(ctx)
	if err != nil {
		return err
	}
	for _, u := range users {
		if u.Role == tonypi.Admin && u.Active {
			return nil
		}
	}
	s.setup.token = rand.Text()
	return nil
}

func (s *Server) setupNeeded(context.Context, *none) (*setupNeededOut, error) {
	return &setupNeededOut{SetupNeeded{s.setup.needed()}}, nil
}

// setUp makes the first admin. Its lock lets one of several callers at once win.
func (s *Server) setUp(ctx context.Context, in *setupIn) (*signedInOut, error) {
	if err := s.auth.throttle.enroll(requestOf(ctx).address); err != nil {
		return nil, err
	}
	s.setup.mu.Lock()
	defer s.setup.mu.Unlock()
	if s.setup.token == "" {
		return nil, tonypi.Errorf(tonypi.Conflict, "The server is set up already")
	}
	if subtle.ConstantTimeCompare([]byte(in.Body.Token), []byte(s.setup.token)) != 1 {
		return nil, tonypi.Errorf(tonypi.Forbidden, "The setup token is wrong; the server printed it when it started")
	}
	u, err := s.makeUser(ctx, NewUser{
		Username: in.Body.Username, Email: in.Body.Email, Password: in.Body.Password, Role: tonypi.Admin,
	})
	if err != nil {
		return nil, err
	}
	s.setup.token = ""
	t := note(ctx)
	t.user, t.role, t.message = u.Username, u.Role, "The first admin, who is signed in"
	return s.signIn(ctx, u)
}
