package storetest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// newest orders by time of creation, newest first, and equal times by ID.
func newest(at, bt time.Time, a, b string) int {
	return cmp.Or(bt.Compare(at), cmp.Compare(b, a))
}

// Users implements tonypi.UserStore.
func (m *Memory) Users(ctx context.Context) ([]tonypi.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	users := slices.SortedFunc(maps.Values(m.users), func(a, b tonypi.User) int {
		return newest(a.CreatedAt, b.CreatedAt, a.ID, b.ID)
	})
	return users, ctx.Err()
}

func errNoUser() error { return tonypi.Errorf(tonypi.NotFound, "User not found") }

// User implements tonypi.UserStore.
func (m *Memory) User(ctx context.Context, id string) (tonypi.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[id]
	if !ok {
		return u, errNoUser()
	}
	return u, ctx.Err()
}

// UserByName implements tonypi.UserStore.
func (m *Memory) UserByName(ctx context.Context, username string) (tonypi.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, u := range m.users {
		if fold(u.Username) == fold(username) {
			return u, ctx.Err()
		}
	}
	return tonypi.User{}, errNoUser()
}

func fold(s string) string { return strings.ToLower(s) }

// CreateUser implements tonypi.UserStore.
func (m *Memory) CreateUser(ctx context.Context, u tonypi.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.users[u.ID]; ok {
		return errUserTaken()
	}
	u.CreatedAt = orNow(u.CreatedAt)
	return m.putUser(ctx, u)
}

func errUserTaken() error {
	return tonypi.Errorf(tonypi.Conflict, "Username or email already exists")
}

func (m *Memory) putUser(ctx context.Context, u tonypi.User) error {
	if err := checkKey("user ID", u.ID); err != nil {
		return err
	}
	if err := checkKey("username", u.Username); err != nil {
		return err
	}
	if u.Email != "" && !sound(u.Email) {
		return checkKey("email", u.Email)
	}
	for _, other := range m.users {
		if other.ID == u.ID {
			continue
		}
		if fold(other.Username) == fold(u.Username) || u.Email != "" && fold(other.Email) == fold(u.Email) {
			return errUserTaken()
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	u.PasswordHash, u.Role = clean(u.PasswordHash), tonypi.Role(clean(string(u.Role)))
	u.UpdatedAt = orNow(u.UpdatedAt)
	m.users[u.ID] = u
	return nil
}

// UpdateUser implements tonypi.UserStore.
func (m *Memory) UpdateUser(ctx context.Context, u tonypi.User) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, ok := m.users[u.ID]
	if !ok {
		return errNoUser()
	}
	u.CreatedAt = old.CreatedAt
	return m.putUser(ctx, u)
}

// DeleteUser implements tonypi.UserStore.
func (m *Memory) DeleteUser(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.users[id]; !ok {
		return errNoUser()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.users, id)
	maps.DeleteFunc(m.sessions, func(_ string, s tonypi.Session) bool { return s.UserID == id })
	maps.DeleteFunc(m.credentials, func(_ string, c tonypi.Credential) bool {
		return c.UserID == id && c.Kind == tonypi.APIToken
	})
	return nil
}

// Session implements tonypi.SessionStore.
func (m *Memory) Session(ctx context.Context, id string) (tonypi.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[id]
	if !ok {
		return s, tonypi.Errorf(tonypi.NotFound, "Session not found")
	}
	s.RefreshHash = bytes.Clone(s.RefreshHash)
	return s, ctx.Err()
}

// Sessions implements tonypi.SessionStore.
func (m *Memory) Sessions(ctx context.Context, userID string) ([]tonypi.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tonypi.Session
	for _, s := range m.sessions {
		if s.UserID == userID {
			s.RefreshHash = bytes.Clone(s.RefreshHash)
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b tonypi.Session) int { return newest(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })
	return found, ctx.Err()
}

// SaveSession implements tonypi.SessionStore.
func (m *Memory) SaveSession(ctx context.Context, s tonypi.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkKey("session ID", s.ID); err != nil {
		return err
	}
	if _, ok := m.users[s.UserID]; !ok {
		return errNoUser()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.Address, s.Agent = clean(s.Address), clean(s.Agent)
	s.CreatedAt, s.UsedAt, s.ExpiresAt = orNow(s.CreatedAt), millis(s.UsedAt), millis(s.ExpiresAt)
	s.RefreshHash = bytes.Clone(s.RefreshHash)
	m.sessions[s.ID] = s
	return nil
}

// DeleteSession implements tonypi.SessionStore.
func (m *Memory) DeleteSession(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.sessions, id)
	return nil
}

// DeleteSessionsOf implements tonypi.SessionStore.
func (m *Memory) DeleteSessionsOf(ctx context.Context, userID string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	maps.DeleteFunc(m.sessions, func(_ string, s tonypi.Session) bool { return s.UserID == userID })
	return nil
}

// Credentials implements tonypi.CredentialStore.
func (m *Memory) Credentials(ctx context.Context, kind tonypi.CredentialKind) ([]tonypi.Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tonypi.Credential
	for _, c := range m.credentials {
		if c.Kind == kind {
			c.SecretHash = bytes.Clone(c.SecretHash)
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b tonypi.Credential) int { return newest(a.CreatedAt, b.CreatedAt, a.ID, b.ID) })
	return found, ctx.Err()
}

// CredentialByHash implements tonypi.CredentialStore.
func (m *Memory) CredentialByHash(ctx context.Context, secretHash []byte) (tonypi.Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.credentials {
		if bytes.Equal(c.SecretHash, secretHash) {
			c.SecretHash = bytes.Clone(c.SecretHash)
			return c, ctx.Err()
		}
	}
	return tonypi.Credential{}, errNoCredential()
}

func errNoCredential() error { return tonypi.Errorf(tonypi.NotFound, "Credential not found") }

// SaveCredential implements tonypi.CredentialStore.
func (m *Memory) SaveCredential(ctx context.Context, c tonypi.Credential) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkKey("credential ID", c.ID); err != nil {
		return err
	}
	if len(c.SecretHash) == 0 {
		return tonypi.Errorf(tonypi.Invalid, "a credential needs the hash of a secret")
	}
	for _, other := range m.credentials {
		if other.ID != c.ID && bytes.Equal(other.SecretHash, c.SecretHash) {
			return tonypi.Errorf(tonypi.Conflict, "Credential already exists")
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, s := range []*string{(*string)(&c.Kind), &c.Name, (*string)(&c.Robot), &c.UserID} {
		*s = clean(*s)
	}
	c.CreatedAt, c.ExpiresAt, c.UsedAt = orNow(c.CreatedAt), millis(c.ExpiresAt), millis(c.UsedAt)
	c.SecretHash = bytes.Clone(c.SecretHash)
	m.credentials[c.ID] = c
	return nil
}

// DeleteCredential implements tonypi.CredentialStore.
func (m *Memory) DeleteCredential(ctx context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.credentials[id]; !ok {
		return errNoCredential()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(m.credentials, id)
	return nil
}

// Setting implements tonypi.SettingStore.
func (m *Memory) Setting(ctx context.Context, key string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.settings[key]
	if !ok {
		return "", tonypi.Errorf(tonypi.NotFound, "Setting not found")
	}
	return value, ctx.Err()
}

// SaveSetting implements tonypi.SettingStore.
func (m *Memory) SaveSetting(ctx context.Context, key, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkKey("setting name", key); err != nil {
		return err
	}
	if clean(value) != value {
		return tonypi.Errorf(tonypi.Invalid, "a setting must be plain text")
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m.settings[key] = value
	return nil
}
