package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"tonypi"
)

// How long proofs last.
const (
	accessFor  = 8 * time.Hour
	refreshFor = 30 * 24 * time.Hour
	// knownFor is how long what a token stands for is remembered: a sign-out elsewhere acts within it.
	knownFor = 5 * time.Second
	// rotatedFor is how long the refresh token before the newest is still answered: two tabs refresh at the same moment,
	// and the slower one is not a thief.
	rotatedFor = 10 * time.Second
	touchEvery = time.Minute // how often an API token's time of use is written

	maxKnown    = 10000
	maxSessions = 50 // of one user; the oldest ends when there would be more
)

var (
	errToken   = tonypi.Errorf(tonypi.Unauthenticated, "Invalid or expired token")
	errUser    = tonypi.Errorf(tonypi.Unauthenticated, "User not found or inactive")
	errRefresh = tonypi.Errorf(tonypi.Unauthenticated, "The session has ended; sign in again")
)

// person is who makes a request.
type person struct {
	User    tonypi.User
	Session string // ID of the session; empty for API tokens and the anonymous role
	expires time.Time
}

// caller is what engines are told of a person. Whoever did not sign in with a password, so the anonymous and scripts, is told
// apart by address: two of them must not share control over a robot.
func (p person) caller(address string) tonypi.Caller {
	c := tonypi.Caller{Name: p.User.Username, Role: p.User.Role, Address: address, Session: p.Session}
	if c.Session == "" {
		c.Session = addressed + address
	}
	return c
}

// addressed begins the Session of a Caller that is no sign-in. IDs of sessions are letters and digits.
const addressed = "@"

// auth proves who people are.
type auth struct {
	log         *slog.Logger
	store       tonypi.UserStore
	sessions    tonypi.SessionStore
	credentials tonypi.CredentialStore
	secret      []byte
	anonymous   tonypi.Role
	origins     *http.CrossOriginProtection
	throttle    *throttle
	cost        int // of bcrypt
	hashing     chan struct{}
	waiting     chan struct{}

	users    sync.Mutex     // one change of users at a time, so that the last admin stays
	touching sync.Mutex     // one write to API tokens at a time, so that a deleted one stays deleted
	renewing [64]sync.Mutex // one refresh of a session at a time

	lookUps chan struct{} // those of personNow that run
	slow    atomic.Bool   // the database has not answered since one of them waited in vain

	mu      sync.Mutex
	known   map[string]known  // by session ID or by hash of an API token
	recent  map[string]recent // by the same; believed while the database is down
	epoch   uint64            // counts forget, so that a read that began before is not remembered after it
	rotated map[string]rotation
}

// known is what a token stood for when it was last looked up.
type known struct {
	person person
	err    error
	until  time.Time
}

// rotation is the refresh token before the newest of a session.
type rotation struct {
	hash  []byte
	until time.Time
}

// jwtSecretKey is the setting that holds the secret which signs tokens, as hex.
const jwtSecretKey = "jwt_secret"

func newAuth(ctx context.Context, cfg Config) (*auth, error) {
	a := &auth{
		log: cfg.Log, store: cfg.Users, sessions: cfg.Sessions, credentials: cfg.Credentials, anonymous: cfg.AnonymousRole,
		origins: http.NewCrossOriginProtection(), throttle: newThrottle(), cost: bcryptCost,
		hashing: make(chan struct{}, maxHashing), waiting: make(chan struct{}, maxWaiting),
		lookUps: make(chan struct{}, maxLookUps), known: map[string]known{}, recent: map[string]recent{}, rotated: map[string]rotation{},
	}
	for _, o := range cfg.Origins {
		if err := a.origins.AddTrustedOrigin(o); err != nil {
			return nil, fmt.Errorf("allowed origin %q: %w", o, err)
		}
	}
	var err error
	if a.secret, err = loadSecret(ctx, cfg.Settings); err != nil {
		return nil, fmt.Errorf("load the secret that signs tokens: %w", err)
	}
	return a, nil
}

// loadSecret reads the signing secret, or makes it at the first start.
func loadSecret(ctx context.Context, settings tonypi.SettingStore) ([]byte, error) {
	text, err := settings.Setting(ctx, jwtSecretKey)
	if err == nil {
		secret, err := hex.DecodeString(text)
		if err != nil || len(secret) < 32 {
			return nil, fmt.Errorf("the setting %s is not the hexadecimal form of 32 bytes", jwtSecretKey)
		}
		return secret, nil
	}
	if tonypi.KindOf(err) != tonypi.NotFound {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return secret, settings.SaveSetting(ctx, jwtSecretKey, hex.EncodeToString(secret))
}

type claims struct {
	Session string `json:"sid"`
	jwt.RegisteredClaims
}

func (a *auth) accessToken(s tonypi.Session) (string, error) {
	now := time.Now()
	c := claims{s.ID, jwt.RegisteredClaims{
		Subject: s.UserID, IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(accessFor)),
	}}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString(a.secret)
}

// person returns who the token belongs to: an access token, an API token, or the anonymous person for an empty one.
// What is wrong with a token is an Unauthenticated error.
func (a *auth) person(ctx context.Context, token string) (person, error) {
	if token == "" && a.anonymous != tonypi.NoRole {
		return person{User: tonypi.User{Username: anonymousName, Role: a.anonymous, Active: true}}, nil
	}
	key, subject, err := a.keyOf(token)
	if err != nil {
		return person{}, err
	}
	if subject == "" {
		return a.lookUp(key, func() (person, error) { return a.byAPIToken(ctx, secretHash(token)) })
	}
	p, err := a.lookUp(key, func() (person, error) { return a.bySession(ctx, strings.TrimPrefix(key, "s:")) })
	if err == nil && p.User.ID != subject {
		return person{}, errToken
	}
	return p, err
}

// keyOf checks what can be checked of a token without the database, and returns the key under which its person is remembered.
// subject is the ID of an access token's user, and empty for an API token.
func (a *auth) keyOf(token string) (key, subject string, err error) {
	switch {
	case token == "":
		return "", "", tonypi.Errorf(tonypi.Unauthenticated, "Not authenticated")
	case strings.HasPrefix(token, apiPrefix):
		return "t:" + string(secretHash(token)), "", nil
	}
	var c claims
	_, err = jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return a.secret, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithExpirationRequired())
	if err != nil || c.Session == "" || c.Subject == "" {
		return "", "", errToken
	}
	return "s:" + c.Session, c.Subject, nil
}

// lookUp remembers for a few seconds what a look-up found: a page makes many requests at once.
func (a *auth) lookUp(key string, find func() (person, error)) (person, error) {
	now := time.Now()
	a.mu.Lock()
	k, ok := a.known[key]
	epoch := a.epoch
	a.mu.Unlock()
	if !ok || now.After(k.until) {
		p, err := find()
		if err != nil && tonypi.KindOf(err) != tonypi.Unauthenticated {
			return p, err // a store that is down says nothing about the token
		}
		a.slow.Store(false)
		k = known{p, err, now.Add(knownFor)}
		a.mu.Lock()
		if epoch == a.epoch {
			if len(a.known) >= maxKnown {
				clear(a.known)
			}
			a.known[key] = k
			if err == nil {
				a.remember(key, p, now)
			} else {
				delete(a.recent, key)
			}
		}
		a.mu.Unlock()
	}
	if k.err == nil && !k.person.expires.IsZero() && !now.Before(k.person.expires) {
		return person{}, errToken
	}
	return k.person, k.err
}

// forget drops everything remembered, so that a change acts at once.
func (a *auth) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epoch++
	clear(a.known)
}

func (a *auth) bySession(ctx context.Context, id string) (person, error) {
	s, err := a.sessions.Session(ctx, id)
	if err != nil {
		return person{}, orElse(err, errToken)
	}
	u, err := a.active(ctx, s.UserID)
	return person{User: u, Session: id, expires: s.ExpiresAt}, err
}

func (a *auth) byAPIToken(ctx context.Context, hash []byte) (person, error) {
	c, err := a.credentials.CredentialByHash(ctx, hash)
	if err != nil {
		return person{}, orElse(err, errToken)
	}
	if c.Kind != tonypi.APIToken {
		return person{}, errToken
	}
	u, err := a.active(ctx, c.UserID)
	if err != nil {
		return person{}, err
	}
	if c.ExpiresAt.IsZero() || time.Now().Before(c.ExpiresAt) {
		a.touch(ctx, c)
	}
	return person{User: u, expires: c.ExpiresAt}, nil
}

// touch writes when a token was last used.
func (a *auth) touch(ctx context.Context, c tonypi.Credential) {
	now := time.Now().UTC()
	if now.Sub(c.UsedAt) < touchEvery {
		return
	}
	a.touching.Lock()
	defer a.touching.Unlock()
	c, err := a.credentials.CredentialByHash(ctx, c.SecretHash)
	if err == nil {
		c.UsedAt = now
		err = a.credentials.SaveCredential(ctx, c)
	}
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		a.log.Warn("time of use of an API token not written", "err", err)
	}
}

// active returns a user who may be signed in.
func (a *auth) active(ctx context.Context, id string) (tonypi.User, error) {
	u, err := a.store.User(ctx, id)
	if err != nil {
		return tonypi.User{}, orElse(err, errUser)
	}
	if !u.Active {
		return tonypi.User{}, errUser
	}
	return u, nil
}

// orElse is what for a NotFound error, and err for every other.
func orElse(err error, what error) error {
	if tonypi.KindOf(err) == tonypi.NotFound {
		return what
	}
	return err
}
