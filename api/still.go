package api

import (
	"context"
	"strings"

	"tonypi"
)

// anonymousName is who is not signed in, where the anonymous role lets in.
const anonymousName = "anonymous"

// Still reports whether a caller who was proven before may go on: nil, or Unauthenticated when the session has ended or the
// account is off, or Forbidden when the role is another one now. It is cheap; what changed shows within 5 seconds.
func (s *Server) Still(ctx context.Context, by tonypi.Caller) error {
	if strings.HasPrefix(by.Session, addressed) {
		by.Session = ""
	}
	if by.Session == "" && by.Name == anonymousName {
		if s.auth.anonymous != by.Role {
			return tonypi.Errorf(tonypi.Unauthenticated, "Not authenticated")
		}
		return nil
	}
	now, err := s.auth.lookUp("a:"+by.Session+":"+by.Name, func() (person, error) {
		if by.Session != "" {
			return s.auth.bySession(ctx, by.Session)
		}
		u, err := s.auth.store.UserByName(ctx, by.Name)
		if err == nil && !u.Active {
			err = errUser
		}
		return person{User: u}, orElse(err, errUser)
	})
	switch {
	case err != nil:
		return err
	case now.User.Role != by.Role || now.User.Username != by.Name:
		return tonypi.Errorf(tonypi.Forbidden, "Your role has changed; open it again")
	}
	return nil
}
