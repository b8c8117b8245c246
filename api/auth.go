package api

import (
	"context"
	"net/http"
	"time"

	"tonypi"
)

// Credentials are what a person signs in with.
type Credentials struct {
	Username string `json:"username" minLength:"1" maxLength:"100" example:"ada"`
	Password string `json:"password" minLength:"1" maxLength:"200"`
}

// SignedIn is the answer to a sign-in. The refresh token comes in a cookie.
type SignedIn struct {
	AccessToken string      `json:"access_token" doc:"Goes into the header Authorization: Bearer …"`
	TokenType   string      `json:"token_type" enum:"bearer"`
	ExpiresIn   int         `json:"expires_in" doc:"Seconds"`
	User        tonypi.User `json:"user"`
}

// PasswordChange replaces the caller's password.
type PasswordChange struct {
	Current string `json:"current_password" minLength:"1" maxLength:"200"`
	New     string `json:"new_password" minLength:"8" maxLength:"72" doc:"8 to 72 bytes"`
}

type (
	loginIn          struct{ Body Credentials }
	changePasswordIn struct{ Body PasswordChange }
	signedInOut      struct {
		SetCookie []http.Cookie `header:"Set-Cookie"`
		Body      SignedIn
	}
	signedOutOut struct {
		SetCookie []http.Cookie `header:"Set-Cookie"`
	}
)

func (s *Server) login(ctx context.Context, in *loginIn) (*signedInOut, error) {
	u, err := s.auth.checkPassword(ctx, in.Body.Username, in.Body.Password, requestOf(ctx).address)
	t := note(ctx)
	if t.user = in.Body.Username; err != nil {
		t.action = "sign_in.failed"
		return nil, err
	}
	t.user, t.role = u.Username, u.Role
	return s.signIn(ctx, u)
}

// signIn begins a session.
func (s *Server) signIn(ctx context.Context, u tonypi.User) (*signedInOut, error) {
	rq := requestOf(ctx)
	session, refresh, err := s.auth.begin(ctx, u, rq.address, rq.agent)
	if err != nil {
		return nil, err
	}
	s.log.Info("signed in", "user", u.Username, "address", rq.address)
	return s.signedIn(ctx, u, session, refresh)
}

// signedIn answers with a new access token and, unless it is empty, the refresh token.
func (s *Server) signedIn(ctx context.Context, u tonypi.User, session tonypi.Session, refresh string) (*signedInOut, error) {
	token, err := s.auth.accessToken(session)
	if err != nil {
		return nil, err
	}
	out := &signedInOut{Body: SignedIn{AccessToken: token, TokenType: "bearer", ExpiresIn: int(accessFor / time.Second), User: u}}
	if refresh != "" {
		out.SetCookie = []http.Cookie{refreshCookie(ctx, refresh, int(refreshFor/time.Second))}
	}
	return out, nil
}

func (s *Server) refresh(ctx context.Context, _ *none) (*signedInOut, error) {
	rq := requestOf(ctx)
	if err := s.sameOrigin(rq.http); err != nil {
		return nil, err
	}
	cookie, err := rq.http.Cookie(refreshName)
	if err != nil {
		return nil, tonypi.Errorf(tonypi.Unauthenticated, "Not signed in")
	}
	session, u, refresh, err := s.auth.renew(ctx, cookie.Value, rq.address)
	if err != nil {
		return nil, err
	}
	return s.signedIn(ctx, u, session, refresh)
}

// logout ends the session of the token in the header or of the cookie. It always succeeds: whoever is not signed in is out.
func (s *Server) logout(ctx context.Context, _ *none) (*signedOutOut, error) {
	rq := requestOf(ctx)
	if err := s.sameOrigin(rq.http); err != nil {
		return nil, err
	}
	note(ctx).skip = true // until somebody turns out to be signed in
	if p, err := s.auth.person(ctx, bearer(rq.http)); err == nil && p.Session != "" {
		if err := s.leave(ctx, p.User, p.Session); err != nil {
			return nil, err
		}
	}
	if cookie, err := rq.http.Cookie(refreshName); err == nil {
		if session, ok := s.auth.sessionOf(ctx, cookie.Value); ok {
			u, err := s.cfg.Users.User(ctx, session.UserID)
			if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
				return nil, err
			}
			if err := s.leave(ctx, u, session.ID); err != nil {
				return nil, err
			}
		}
	}
	return &signedOutOut{[]http.Cookie{refreshCookie(ctx, "", -1)}}, nil
}

// leave ends a session of a user, and what it holds open elsewhere.
func (s *Server) leave(ctx context.Context, u tonypi.User, session string) error {
	t := note(ctx)
	t.skip, t.user, t.role = false, u.Username, u.Role
	if err := s.auth.end(ctx, session); err != nil {
		return err
	}
	s.ended(u.Username, session)
	return nil
}

func (s *Server) me(ctx context.Context, _ *none) (*userOut, error) {
	return &userOut{personOf(ctx).User}, nil
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordIn) (*none, error) {
	p := personOf(ctx)
	note(ctx).target = p.User.Username
	if _, err := s.auth.checkPassword(ctx, p.User.Username, in.Body.Current, requestOf(ctx).address); err != nil {
		if tonypi.KindOf(err) == tonypi.Unauthenticated {
			// Not 401: the caller's session is fine and the page must not sign out.
			return nil, tonypi.Errorf(tonypi.Invalid, "The current password is wrong")
		}
		return nil, err
	}
	hash, err := s.auth.hash(ctx, in.Body.New)
	if err != nil {
		return nil, err
	}
	s.auth.users.Lock()
	defer s.auth.users.Unlock()
	u, err := s.user(ctx, p.User.ID)
	if err != nil {
		return nil, err
	}
	u.PasswordHash, u.UpdatedAt = hash, time.Now().UTC()
	if err := s.cfg.Users.UpdateUser(ctx, u); err != nil {
		return nil, err
	}
	s.log.Info("password changed", "user", u.Username)
	return nil, s.endOthers(ctx, u, p.Session)
}

// refreshName is the cookie that holds the refresh token. Only the paths below /auth get it, and no other site can send it.
const refreshName = "tonypi_refresh"

func refreshCookie(ctx context.Context, value string, maxAge int) http.Cookie {
	return http.Cookie{ //nolint:gosec // Secure follows the connection: over plain HTTP the browser would not send it back
		Name: refreshName, Value: value, Path: prefix + "/auth", MaxAge: maxAge,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: requestOf(ctx).secure,
	}
}

// sameOrigin refuses requests that another site's page made: the cookie is sent by the browser, not by the page.
func (s *Server) sameOrigin(r *http.Request) error {
	if err := s.auth.origins.Check(r); err != nil {
		return tonypi.Errorf(tonypi.Forbidden, "Requests from other sites are not allowed here")
	}
	return nil
}
