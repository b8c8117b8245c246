package api

import (
	"context"
	"crypto/rand"
	"net/mail"
	"strings"
	"time"
	"unicode"

	"tonypi"
)

// Bounds of what people type.
const (
	maxUsername = 50
	minPassword = 8
	maxPassword = 72 // bytes; bcrypt looks at no more
)

// NewUser is a user to be created.
type NewUser struct {
	Username string      `json:"username" minLength:"1" maxLength:"50" example:"ada"`
	Email    string      `json:"email,omitempty" maxLength:"254" example:"ada@example.org"`
	Password string      `json:"password" minLength:"8" maxLength:"72" doc:"8 to 72 bytes"`
	Role     tonypi.Role `json:"role,omitempty" enum:"viewer,operator,admin" default:"viewer"`
}

// UserChange holds what is to change of a user; what is missing stays.
type UserChange struct {
	Email    *string      `json:"email,omitempty" maxLength:"254"`
	Password *string      `json:"password,omitempty" minLength:"8" maxLength:"72" doc:"8 to 72 bytes; ends the user's sessions"`
	Role     *tonypi.Role `json:"role,omitempty" enum:"viewer,operator,admin"`
	Active   *bool        `json:"is_active,omitempty" doc:"An inactive user cannot sign in; open sessions end"`
}

type (
	none    struct{}
	userOut struct{ Body tonypi.User }
	// UserPath names a user.
	UserPath struct {
		ID string `path:"id" maxLength:"100"`
	}
	usersOut struct {
		Body []tonypi.User `nullable:"false"`
	}
	createUserIn struct{ Body NewUser }
	updateUserIn struct {
		UserPath
		Body UserChange
	}
)

func (s *Server) listUsers(ctx context.Context, _ *none) (*usersOut, error) {
	users, err := s.cfg.Users.Users(ctx)
	return &usersOut{filled(users)}, err
}

func (s *Server) getUser(ctx context.Context, in *UserPath) (*userOut, error) {
	u, err := s.user(ctx, in.ID)
	return &userOut{u}, err
}

func (s *Server) user(ctx context.Context, id string) (tonypi.User, error) {
	u, err := s.cfg.Users.User(ctx, id)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return u, tonypi.Errorf(tonypi.NotFound, "User not found")
	}
	return u, err
}

func (s *Server) createUser(ctx context.Context, in *createUserIn) (*userOut, error) {
	u, err := s.makeUser(ctx, in.Body)
	return &userOut{u}, err
}

// taken gives a name or address that is taken the status that the original system's clients know: 400.
func taken(err error) error {
	if err != nil && tonypi.KindOf(err) == tonypi.Conflict {
		return tonypi.Wrap(tonypi.Invalid, err, "%s", tonypi.MessageOf(err))
	}
	return err
}

// makeUser checks and stores a new user.
func (s *Server) makeUser(ctx context.Context, n NewUser) (tonypi.User, error) {
	now, t := time.Now().UTC(), note(ctx)
	t.target, t.message = n.Username, "Role "+string(n.Role)
	u := tonypi.User{
		ID: strings.ToLower(rand.Text()), Username: n.Username, Email: n.Email, Role: n.Role, Active: true,
		CreatedAt: now, UpdatedAt: now,
	}
	if err := validUsername(n.Username); err != nil {
		return u, err
	}
	if err := validEmail(n.Email); err != nil {
		return u, err
	}
	if err := n.Role.Validate(); err != nil {
		return u, err
	}
	var err error
	if u.PasswordHash, err = s.auth.hash(ctx, n.Password); err != nil {
		return u, err
	}
	if err := s.cfg.Users.CreateUser(ctx, u); err != nil {
		return u, taken(err)
	}
	s.log.Info("user created", "user", u.Username, "role", u.Role, "by", personOf(ctx).User.Username)
	return u, nil
}

func (s *Server) updateUser(ctx context.Context, in *updateUserIn) (*userOut, error) {
	c := in.Body
	if c == (UserChange{}) {
		return nil, tonypi.Errorf(tonypi.Invalid, "No fields to update")
	}
	s.auth.users.Lock()
	defer s.auth.users.Unlock()
	u, err := s.user(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	note(ctx).target = u.Username
	if err := s.changeUser(ctx, &u, c); err != nil {
		return nil, err
	}
	if err := s.keepAdmin(ctx, u); err != nil {
		return nil, err
	}
	if err := s.cfg.Users.UpdateUser(ctx, u); err != nil {
		return nil, taken(err)
	}
	s.auth.forget()
	s.auth.disown(func(p person) bool { return p.User.ID == u.ID })
	s.revoked(u.Username)
	if c.Password != nil || !u.Active {
		if err := s.endOthers(ctx, u, ""); err != nil {
			return nil, err
		}
	}
	note(ctx).message = c.words()
	s.log.Info("user changed", "user", u.Username, "role", u.Role, "active", u.Active, "by", personOf(ctx).User.Username)
	return &userOut{u}, nil
}

// words says what changes, without what is secret.
func (c UserChange) words() string {
	var words []string
	if c.Email != nil {
		words = append(words, "e-mail address")
	}
	if c.Password != nil {
		words = append(words, "password")
	}
	if c.Role != nil {
		words = append(words, "role "+string(*c.Role))
	}
	if c.Active != nil {
		words = append(words, map[bool]string{true: "enabled", false: "disabled"}[*c.Active])
	}
	return "Changed: " + strings.Join(words, ", ")
}

// revoked ends what a person holds open elsewhere.
func (s *Server) revoked(username string) {
	if s.cfg.Revoked != nil {
		s.cfg.Revoked(username)
	}
}

// changeUser applies c to u.
func (s *Server) changeUser(ctx context.Context, u *tonypi.User, c UserChange) error {
	if c.Email != nil {
		if err := validEmail(*c.Email); err != nil {
			return err
		}
		u.Email = *c.Email
	}
	if c.Role != nil {
		if err := c.Role.Validate(); err != nil {
			return err
		}
		u.Role = *c.Role
	}
	if c.Active != nil {
		u.Active = *c.Active
	}
	if c.Password != nil {
		hash, err := s.auth.hash(ctx, *c.Password)
		if err != nil {
			return err
		}
		u.PasswordHash = hash
	}
	u.UpdatedAt = time.Now().UTC()
	return nil
}

func (s *Server) deleteUser(ctx context.Context, in *UserPath) (*none, error) {
	s.auth.users.Lock()
	defer s.auth.users.Unlock()
	if in.ID == personOf(ctx).User.ID {
		return nil, tonypi.Errorf(tonypi.Invalid, "Cannot delete your own account")
	}
	u, err := s.user(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	note(ctx).target = u.Username
	gone := u
	gone.Active = false
	if err := s.keepAdmin(ctx, gone); err != nil {
		return nil, err
	}
	if err := s.cfg.Users.DeleteUser(ctx, in.ID); err != nil {
		return nil, err
	}
	s.auth.forget()
	s.auth.disown(func(p person) bool { return p.User.ID == u.ID })
	s.revoked(u.Username)
	s.log.Info("user deleted", "user", u.Username, "by", personOf(ctx).User.Username)
	return nil, nil
}

// keepAdmin refuses a change after which nobody could manage the server. u is a user as it is going to be.
func (s *Server) keepAdmin(ctx context.Context, u tonypi.User) error {
	if u.Active && u.Role == tonypi.Admin {
		return nil
	}
	users, err := s.cfg.Users.Users(ctx)
	if err != nil {
		return err
	}
	admins, was := 0, false
	for _, other := range users {
		switch {
		case other.Role != tonypi.Admin || !other.Active:
		case other.ID == u.ID:
			was = true
		default:
			admins++
		}
	}
	if was && admins == 0 {
		return tonypi.Errorf(tonypi.Conflict, "The last active admin cannot be removed, demoted or disabled")
	}
	return nil
}

func validUsername(name string) error {
	bad := func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }
	if name == "" || len(name) > maxUsername || strings.ContainsFunc(name, bad) {
		return tonypi.Errorf(tonypi.Invalid, "Username must have 1 to %d bytes and no spaces", maxUsername)
	}
	if strings.EqualFold(name, anonymousName) || strings.EqualFold(name, "tonypi") {
		return tonypi.Errorf(tonypi.Invalid, "Username %q means somebody else in the audit log", name)
	}
	return nil
}

// validEmail accepts any address with a user and a domain, and none at all: an account in a closed network needs none.
func validEmail(email string) error {
	if email == "" {
		return nil
	}
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 {
		return tonypi.Errorf(tonypi.Invalid, "Invalid e-mail address")
	}
	return nil
}

// filled makes an absent list an empty one: a list in an answer is never null.
func filled[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
