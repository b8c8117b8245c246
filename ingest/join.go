package ingest

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tonypi"
)

// Longest texts that people give a robot, in characters.
const (
	maxName        = 100
	maxDescription = 2000
)

// Adopt lets a robot into the fleet that wants to join or was turned away; one that belongs to it already stays as it is.
// Errors: NotFound, TooMany, and those of the store.
func (r *Registry) Adopt(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	switch robot := e.state(); robot.Adoption {
	case tonypi.Adopted:
		return nil
	case tonypi.Rejected:
		robot.Adoption = tonypi.Adopted
		if err := r.room(); err != nil {
			return err
		}
		if err := r.RegistryConfig.Robots.UpdateRobot(ctx, robot); err != nil {
			return fmt.Errorf("store robot: %w", err)
		}
	default:
		if err := r.create(ctx, tonypi.Robot{ID: id, Address: e.requestAddress()}); err != nil {
			return err
		}
	}
	r.promote(e, tonypi.Adopted)
	r.Kick(id) // the broker keeps what a stranger says to itself; it comes back as a member
	r.Log.Info("robot adopted", "robot", id)
	return nil
}

// Reject turns a robot away that wants to join, and ends its connection. Errors: NotFound, Conflict for a robot of the
// fleet, and those of the store.
func (r *Registry) Reject(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	switch e.state().Adoption {
	case tonypi.Rejected:
		return nil
	case tonypi.Adopted:
		return tonypi.Errorf(tonypi.Conflict, "robot %q belongs to the fleet", id)
	}
	now := time.Now().UTC()
	row := tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Rejected, Address: e.requestAddress(), CreatedAt: now, UpdatedAt: now}
	if err := r.RegistryConfig.Robots.CreateRobot(ctx, row); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	r.promote(e, tonypi.Rejected)
	r.Kick(id)
	r.Log.Info("robot turned away", "robot", id)
	return nil
}

// Create adopts a robot that was never in the fleet and returns its MQTT password, which cannot be read again. Errors:
// Invalid, Conflict, TooMany, and those of the store.
func (r *Registry) Create(ctx context.Context, robot tonypi.Robot) (password string, err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	return r.createWithSecret(ctx, robot)
}

// createWithSecret is Create with changing held.
func (r *Registry) createWithSecret(ctx context.Context, robot tonypi.Robot) (password string, err error) {
	e := r.entry(robot.ID)
	if e != nil && e.state().Adoption != tonypi.Pending {
		return "", tonypi.Errorf(tonypi.Conflict, "robot %q exists already", robot.ID)
	}
	if err := r.create(ctx, robot); err != nil {
		return "", err
	}
	password, err = r.issue(ctx, robot.ID)
	if err != nil {
		if undone := r.RegistryConfig.Robots.DeleteRobot(ctx, robot.ID); undone != nil {
			err = errors.Join(err, fmt.Errorf("undo: %w", undone))
		}
		return "", err
	}
	if e == nil {
		e = r.add(robot.ID)
	}
	r.edit(e, robot)
	r.promote(e, tonypi.Adopted)
	r.Kick(robot.ID) // who was here without a password must sign in now
	r.Log.Info("robot created", "robot", robot.ID)
	return password, nil
}

// Enroll lets a robot in that has a join token, and returns its new MQTT password. A robot that has a password must prove
// it; then the old one ends. Errors: Invalid, Unauthenticated for a token that is wrong or too old, Conflict for a robot
// that exists and did not prove itself, Forbidden for one that was turned away, TooMany, and those of the stores.
func (r *Registry) Enroll(ctx context.Context, q tonypi.Enrolment) (password string, err error) {
	now := time.Now()
	if r.failures.blocked(q.Address, now) {
		return "", tonypi.Errorf(tonypi.TooMany, "too many failed attempts, try again in a minute")
	}
	token, err := r.joinToken(ctx, q.Token, now)
	if err != nil {
		if tonypi.KindOf(err) == tonypi.Unauthenticated {
			r.failures.failed(q.Address, now)
		}
		return "", err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	if e := r.entry(q.Robot); e == nil || e.state().Adoption == tonypi.Pending {
		password, err = r.createWithSecret(ctx, tonypi.Robot{ID: q.Robot, Name: q.Name, Address: q.Address})
	} else {
		password, err = r.renew(ctx, e, q, now)
	}
	if err != nil {
		return "", err
	}
	token.UsedAt = now.UTC()
	if err := r.Credentials.SaveCredential(ctx, token); err != nil {
		r.Log.Warn("use of a join token cannot be stored", "token", token.ID, "err", err)
	}
	r.Log.Info("robot enrolled", "robot", q.Robot, "address", q.Address, "token", token.ID)
	return password, nil
}

func (r *Registry) joinToken(ctx context.Context, secret string, now time.Time) (tonypi.Credential, error) {
	hash := sha256.Sum256([]byte(secret))
	c, err := r.Credentials.CredentialByHash(ctx, hash[:])
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		return c, fmt.Errorf("look up join token: %w", err)
	}
	if err != nil || c.Kind != tonypi.JoinToken || !c.ExpiresAt.IsZero() && now.After(c.ExpiresAt) {
		return c, tonypi.Errorf(tonypi.Unauthenticated, "the join token is wrong or too old")
	}
	return c, nil
}

// renew replaces the credential of a robot that is known.
func (r *Registry) renew(ctx context.Context, e *entry, q tonypi.Enrolment, now time.Time) (string, error) {
	e.mu.Lock()
	adoption, elsewhere := e.robot.Adoption, e.line.alive(q.Address, e.heard(), now)
	e.mu.Unlock()
	if adoption == tonypi.Rejected {
		return "", tonypi.Errorf(tonypi.Forbidden, "robot %q was turned away", q.Robot)
	}
	all, err := r.Credentials.Credentials(ctx, tonypi.RobotCredential)
	if err != nil {
		return "", fmt.Errorf("look up the robot's credential: %w", err)
	}
	proof := sha256.Sum256([]byte(q.Password))
	var old []tonypi.Credential
	proven := false
	for _, c := range all {
		if c.Robot == q.Robot {
			old = append(old, c)
			proven = proven || q.Password != "" && string(c.SecretHash) == string(proof[:])
		}
	}
	// Without a credential the robot is one that speaks anonymously, or an admin has removed it: then it may come back, but
	// nobody may take the place of one that is here.
	if len(old) > 0 && !proven || len(old) == 0 && elsewhere {
		if q.Password != "" {
			r.failures.failed(q.Address, now)
		}
		return "", tonypi.Errorf(tonypi.Conflict, "robot %q exists already and did not prove that it is the same one", q.Robot)
	}
	password, err := r.issue(ctx, q.Robot)
	if err != nil {
		return "", err
	}
	for _, c := range old {
		if err := r.Credentials.DeleteCredential(ctx, c.ID); err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			return "", fmt.Errorf("end old credential: %w", err)
		}
		r.dropSecret([sha256.Size]byte(c.SecretHash))
	}
	if len(old) == 0 {
		r.Kick(q.Robot)
	}
	return password, nil
}

// issue makes and stores a credential of 160 random bits for a robot.
func (r *Registry) issue(ctx context.Context, id tonypi.RobotID) (string, error) {
	password := rand.Text() + rand.Text()[:6]
	hash := sha256.Sum256([]byte(password))
	c := tonypi.Credential{
		ID: rand.Text(), Kind: tonypi.RobotCredential, Name: string(id), Robot: id, SecretHash: hash[:], CreatedAt: time.Now().UTC(),
	}
	if err := r.Credentials.SaveCredential(ctx, c); err != nil {
		return "", fmt.Errorf("store credential: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepSecret(c)
	return password, nil
}

// Update writes a robot's Name, Description and Location. Errors: Invalid, NotFound, and those of the store.
func (r *Registry) Update(ctx context.Context, robot tonypi.Robot) error {
	if err := checkTexts(robot); err != nil {
		return err
	}
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(robot.ID)
	if e == nil || e.state().Adoption != tonypi.Adopted {
		return notFound(robot.ID)
	}
	row := e.state()
	row.Name, row.Description, row.Location = cmp.Or(robot.Name, string(robot.ID)), robot.Description, robot.Location
	row.UpdatedAt = time.Now().UTC()
	if err := r.RegistryConfig.Robots.UpdateRobot(ctx, row); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	r.edit(e, row)
	r.showRobot(e.state())
	return nil
}

// Remove ends a robot's connection and deletes its history, row, alerts, rules and credentials. It may come back as a
// stranger. Errors: NotFound, and those of the stores; after an error the robot is still there and Remove may be tried
// again.
func (r *Registry) Remove(ctx context.Context, id tonypi.RobotID) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	e := r.entry(id)
	if e == nil {
		return notFound(id)
	}
	if err := r.erase(ctx, e); err != nil {
		return err
	}
	r.Kick(id)
	r.Silence.ForgetRobot(id)
	r.Show.Show(tonypi.Event{Kind: tonypi.RobotRemoved, Robot: id, Time: time.Now()})
	r.Log.Info("robot removed", "robot", id)
	return nil
}

// erase deletes what is stored of a robot and takes it out of memory. It holds the robot's turn meanwhile, so that none of
// its messages brings back what is deleted.
func (r *Registry) erase(ctx context.Context, e *entry) error {
	e.order.Lock()
	defer e.order.Unlock()
	if e.state().Adoption != tonypi.Pending {
		if err := r.History.DeleteRobot(ctx, e.id); err != nil {
			return fmt.Errorf("delete history: %w", err)
		}
		if err := r.RegistryConfig.Robots.DeleteRobot(ctx, e.id); err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			return fmt.Errorf("delete robot: %w", err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.discard(e)
	for hash, c := range r.secrets {
		if c.Robot == e.id {
			delete(r.secrets, hash)
		}
	}
	return nil
}

// adoptNew takes an unknown robot into the fleet: the policy Auto.
func (r *Registry) adoptNew(ctx context.Context, id tonypi.RobotID, address string) (*entry, error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	if e := r.entry(id); e != nil {
		return e, nil
	}
	if err := r.create(ctx, tonypi.Robot{ID: id, Address: address}); err != nil {
		return nil, err
	}
	e := r.add(id)
	r.edit(e, tonypi.Robot{ID: id, Address: address})
	r.promote(e, tonypi.Adopted)
	r.Log.Info("robot adopted by itself", "robot", id, "address", address)
	return e, nil
}

// room reports why no robot more can be adopted.
func (r *Registry) room() error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.adopted >= r.MaxRobots {
		return tonypi.Errorf(tonypi.TooMany, "the fleet is full: %d robots", r.MaxRobots)
	}
	return nil
}

// create writes the row of a new robot of the fleet.
func (r *Registry) create(ctx context.Context, robot tonypi.Robot) error {
	if err := checkID(robot.ID); err != nil {
		return err
	}
	if err := checkTexts(robot); err != nil {
		return err
	}
	if err := r.room(); err != nil {
		return err
	}
	robot.Name, robot.Adoption = cmp.Or(robot.Name, string(robot.ID)), tonypi.Adopted
	robot.CreatedAt = time.Now().UTC()
	robot.UpdatedAt = robot.CreatedAt
	if err := r.RegistryConfig.Robots.CreateRobot(ctx, robot); err != nil {
		return fmt.Errorf("store robot: %w", err)
	}
	return nil
}

func checkTexts(robot tonypi.Robot) error {
	for _, text := range []struct {
		name, value string
		most        int
	}{
		{"name", robot.Name, maxName}, {"location", robot.Location, maxName}, {"description", robot.Description, maxDescription},
	} {
		if !utf8.ValidString(text.value) || strings.ContainsRune(text.value, 0) {
			return tonypi.Errorf(tonypi.Invalid, "%s is not valid text", text.name)
		}
		if utf8.RuneCountInString(text.value) > text.most {
			return tonypi.Errorf(tonypi.Invalid, "%s is longer than %d characters", text.name, text.most)
		}
	}
	return nil
}

// add makes the entry of a new robot.
func (r *Registry) add(id tonypi.RobotID) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[id]; e != nil {
		return e // it has just asked to join
	}
	now := time.Now().UTC()
	e := &entry{id: id, robot: tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Pending}, request: request{first: now, last: now}}
	r.insert(e)
	return e
}

// edit puts what people wrote into memory.
func (r *Registry) edit(e *entry, robot tonypi.Robot) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.robot.Name, e.robot.Description, e.robot.Location = cmp.Or(robot.Name, string(robot.ID)), robot.Description, robot.Location
	e.robot.Address = cmp.Or(e.robot.Address, robot.Address)
	e.robot.UpdatedAt = time.Now().UTC()
}

// promote changes the stage of adoption in memory and shows it. An evicted entry of a robot that wanted to join comes back.
func (r *Registry) promote(e *entry, to tonypi.Adoption) {
	r.mu.Lock()
	e.mu.Lock()
	if e.gone {
		if newer := r.entries[e.id]; newer != nil {
			r.tally(newer.robot.Adoption, -1)
		}
		e.gone = false
		r.insert(e)
	}
	r.tally(e.robot.Adoption, -1)
	r.tally(to, 1)
	now := time.Now()
	e.robot.Adoption = to
	e.robot.UpdatedAt = now.UTC()
	if e.robot.CreatedAt.IsZero() {
		e.robot.CreatedAt = now.UTC()
	}
	e.robot.Address = cmp.Or(e.robot.Address, e.request.address)
	e.request.samples = nil
	robot, connected := e.robot, e.line.open > 0
	e.mu.Unlock()
	r.mu.Unlock()
	r.showRobot(robot)
	if to == tonypi.Adopted && connected {
		r.showConnection(e.id, true, now)
	}
}

func (e *entry) requestAddress() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.request.address
}
