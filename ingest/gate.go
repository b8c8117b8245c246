package ingest

import (
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"tonypi"
	"tonypi/wire"
)

// StopSession is what a robot's second MQTT session, the one for the emergency stop, has behind the robot's ID as its
// client ID. No robot may be named so.
const StopSession = ".stop"

const (
	// quietFor is how long a robot with an open connection must have been quiet before the same client ID is believed from
	// another address: a robot that roams into another network leaves a connection behind that looks alive.
	quietFor    = 30 * time.Second
	verifyFor   = 2 * time.Second // how long a sign-in waits for the credential store
	useRecorded = time.Hour       // how exact Credential.UsedAt is
)

// line is a robot's connections.
type line struct {
	open    int // sessions with the robot's own client ID; two during a take-over
	stop    int // stop sessions
	address string
	since   time.Time
}

var _ wire.Gate = (*Registry)(nil)

// Admit returns who the client is. A robot signs in with its ID and its secret; a person with any name and a token; who
// has neither is the robot that the client ID names, by the policy. Errors: Unauthenticated for a wrong secret, TooMany
// after many of them or when the fleet is full, Forbidden for who may not come in, Unavailable when a secret that is not
// in memory cannot be checked, and those of the store when the policy is Auto.
func (r *Registry) Admit(ctx context.Context, h wire.Hello) (wire.Sender, error) {
	switch {
	case h.Password != "":
		return r.signIn(ctx, h)
	case h.Username != "":
		return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "a user name needs a password")
	}
	return r.admitAnonymous(ctx, h)
}

func (r *Registry) signIn(ctx context.Context, h wire.Hello) (wire.Sender, error) {
	now := time.Now()
	hash := sha256.Sum256([]byte(h.Password))
	// Robots in memory are let in whatever their neighbours behind the same address do.
	c, known := r.secret(hash)
	if !known && r.failures.blocked(h.Address, now) {
		return wire.Sender{}, tonypi.Errorf(tonypi.TooMany, "too many failed sign-ins, try again in a minute")
	}
	c, found, err := r.verify(ctx, hash, c, known)
	if err != nil {
		return wire.Sender{}, err
	}
	var s wire.Sender
	if found && c.Kind == tonypi.RobotCredential {
		s, err = r.admitRobot(h, c, now)
	} else {
		s, err = r.admitPerson(ctx, h)
	}
	if tonypi.KindOf(err) == tonypi.Unauthenticated {
		r.failures.failed(h.Address, now)
	}
	return s, err
}

// verify asks the store for a credential, which may have come or gone meanwhile. A store that is down does not keep out a
// robot that is known.
func (r *Registry) verify(ctx context.Context, hash [sha256.Size]byte, c tonypi.Credential, known bool) (tonypi.Credential, bool, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyFor)
	defer cancel()
	stored, err := r.config.Credentials.CredentialByHash(ctx, hash[:])
	switch {
	case err == nil:
		if stored.Kind == tonypi.RobotCredential && !known {
			r.mu.Lock()
			r.keepSecret(stored)
			r.mu.Unlock()
		}
		return stored, true, nil
	case tonypi.KindOf(err) == tonypi.NotFound:
		r.dropSecret(hash)
		return tonypi.Credential{}, false, nil
	case known:
		r.config.Log.Warn("robot's credential is taken from memory, the store does not answer", "robot", c.Robot, "err", err)
		return c, true, nil
	}
	return c, false, tonypi.Wrap(tonypi.Unavailable, err, "the credential cannot be checked now")
}

func (r *Registry) admitRobot(h wire.Hello, c tonypi.Credential, now time.Time) (wire.Sender, error) {
	if !c.ExpiresAt.IsZero() && now.After(c.ExpiresAt) {
		return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "the robot's credential is too old")
	}
	if h.Username != string(c.Robot) {
		return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "the user name must be the robot's ID")
	}
	if id, _ := splitClientID(h.ClientID); id != c.Robot {
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "the client ID must be the robot's ID, or that with %s behind it", StopSession)
	}
	e := r.entry(c.Robot)
	if e == nil || e.state().Adoption != tonypi.Adopted {
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "robot %q does not belong to the fleet", c.Robot)
	}
	r.noteUse(c, now)
	return wire.Sender{ClientID: h.ClientID, Address: h.Address, Robot: c.Robot}, nil
}

func (r *Registry) admitPerson(ctx context.Context, h wire.Hello) (wire.Sender, error) {
	if r.config.Person == nil {
		return wire.Sender{}, tonypi.Errorf(tonypi.Unauthenticated, "wrong user name or password")
	}
	user, role, err := r.config.Person(ctx, h.Password)
	if err != nil {
		return wire.Sender{}, err
	}
	// An equal client ID would take over the robot's session.
	if id, _ := splitClientID(h.ClientID); r.entry(id) != nil {
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "the client ID is a robot's")
	}
	return wire.Sender{ClientID: h.ClientID, Address: h.Address, User: user, Role: role}, nil
}

// splitClientID returns the robot that a client ID names, and whether it is that of its stop session.
func splitClientID(clientID string) (id tonypi.RobotID, stop bool) {
	base, stop := strings.CutSuffix(clientID, StopSession)
	return tonypi.RobotID(base), stop
}

func (r *Registry) admitAnonymous(ctx context.Context, h wire.Hello) (wire.Sender, error) {
	id, stop := splitClientID(h.ClientID)
	if err := id.Validate(); err != nil {
		return wire.Sender{}, tonypi.Wrap(tonypi.Forbidden, err, "the client ID cannot be a robot's ID")
	}
	if r.secured(id) {
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "robot %q must sign in", id)
	}
	e := r.entry(id)
	if e == nil {
		if stop {
			return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "there is no robot %q", id)
		}
		var err error
		if e, err = r.welcome(ctx, id, h.Address); err != nil {
			return wire.Sender{}, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	switch {
	case e.robot.Adoption == tonypi.Rejected:
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "robot %q was turned away", id)
	case e.robot.Adoption == tonypi.Pending && r.config.Policy == Closed:
		return wire.Sender{}, closed(id)
	case e.line.alive(h.Address, e.heard(), now):
		return wire.Sender{}, tonypi.Errorf(tonypi.Forbidden, "robot %q is connected from another address", id)
	}
	if e.line.address != "" && e.line.address != h.Address {
		r.config.Log.Warn("robot connects from another address", "robot", id, "address", h.Address, "before", e.line.address)
	}
	return wire.Sender{ClientID: h.ClientID, Address: h.Address, Robot: id, Pending: e.robot.Adoption == tonypi.Pending}, nil
}

// alive reports whether the robot is connected from somewhere else.
func (l *line) alive(address string, heard, now time.Time) bool {
	if l.open+l.stop == 0 || l.address == "" || l.address == address {
		return false
	}
	if l.since.After(heard) {
		heard = l.since
	}
	return now.Sub(heard) < quietFor
}

// heard returns when the robot last spoke, in the fleet or before; mu is held.
func (e *entry) heard() time.Time {
	if e.request.last.After(e.robot.LastSeen) {
		return e.request.last
	}
	return e.robot.LastSeen
}

func closed(id tonypi.RobotID) error {
	return tonypi.Errorf(tonypi.Forbidden, "robot %q does not belong to the fleet", id)
}

// Connected notes a robot's connection and shows it.
func (r *Registry) Connected(s wire.Sender) {
	e := r.entry(s.Robot)
	if s.Robot == "" || e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now()
	e.line.address, e.line.since = s.Address, now
	if _, stop := splitClientID(s.ClientID); stop {
		e.line.stop++
		return
	}
	e.line.open++
	if e.robot.Adoption != tonypi.Adopted {
		e.request.address = s.Address
		return
	}
	if e.robot.Address == "" {
		e.robot.Address, e.unsaved, e.said = s.Address, true, true
		r.showRobot(e.robot)
	}
	if e.line.open == 1 {
		r.showConnection(e.id, true, now)
	}
}

// Gone notes the end of a robot's connection and shows it. A lost one is an alert, unless the robot has another.
func (r *Registry) Gone(s wire.Sender, lost bool) {
	e := r.entry(s.Robot)
	if s.Robot == "" || e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, stop := splitClientID(s.ClientID); stop {
		e.line.stop = max(0, e.line.stop-1)
		return
	}
	had := e.line.open
	e.line.open = max(0, had-1)
	if had != 1 || e.robot.Adoption != tonypi.Adopted {
		return
	}
	now := time.Now()
	r.showConnection(e.id, false, now)
	if lost {
		r.config.Silence.Lost(e.id, now)
	}
}

func (r *Registry) showConnection(id tonypi.RobotID, connected bool, now time.Time) {
	r.config.Show.Show(tonypi.Event{Kind: tonypi.ConnectionChanged, Robot: id, Time: now, Connected: connected})
}

func (r *Registry) secret(hash [sha256.Size]byte) (tonypi.Credential, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	c, ok := r.secrets[hash]
	return c, ok
}

// keepSecret takes a robot's credential into memory; mu is held.
func (r *Registry) keepSecret(c tonypi.Credential) {
	if len(c.SecretHash) == sha256.Size {
		r.secrets[[sha256.Size]byte(c.SecretHash)] = c
	}
}

func (r *Registry) dropSecret(hash [sha256.Size]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.secrets, hash)
}

// secured reports whether the robot has a credential, and so can never be used without it.
func (r *Registry) secured(id tonypi.RobotID) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, c := range r.secrets {
		if c.Robot == id {
			return true
		}
	}
	return false
}

// noteUse remembers that a credential was used, for the next flush.
func (r *Registry) noteUse(c tonypi.Credential, now time.Time) {
	if now.Sub(c.UsedAt) < useRecorded {
		return
	}
	c.UsedAt = now.UTC()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepSecret(c)
	r.used[c.ID] = c
}

// saveUsed writes when credentials were used, only of those that still exist.
func (r *Registry) saveUsed(ctx context.Context) error {
	r.mu.Lock()
	used := r.used
	r.used = make(map[string]tonypi.Credential)
	r.mu.Unlock()
	if len(used) == 0 {
		return nil
	}
	r.changing.Lock() // or a credential that is just being deleted would come back
	defer r.changing.Unlock()
	for id, c := range used {
		_, err := r.config.Credentials.CredentialByHash(ctx, c.SecretHash)
		if err == nil {
			err = r.config.Credentials.SaveCredential(ctx, c)
		}
		if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			r.mu.Lock()
			for id, c := range used {
				r.used[id] = c
			}
			r.mu.Unlock()
			return err
		}
		delete(used, id)
	}
	return nil
}
