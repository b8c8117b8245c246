package ingest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"tonypi"
)

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
	if err := r.config.Credentials.SaveCredential(ctx, token); err != nil {
		r.config.Log.Warn("use of a join token cannot be stored", "token", token.ID, "err", err)
	}
	r.config.Log.Info("robot enrolled", "robot", q.Robot, "address", q.Address, "token", token.ID)
	return password, nil
}

func (r *Registry) joinToken(ctx context.Context, secret string, now time.Time) (tonypi.Credential, error) {
	hash := sha256.Sum256([]byte(secret))
	c, err := r.config.Credentials.CredentialByHash(ctx, hash[:])
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
	all, err := r.config.Credentials.Credentials(ctx, tonypi.RobotCredential)
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
		if err := r.config.Credentials.DeleteCredential(ctx, c.ID); err != nil && tonypi.KindOf(err) != tonypi.NotFound {
			return "", fmt.Errorf("end old credential: %w", err)
		}
		r.dropSecret([sha256.Size]byte(c.SecretHash))
	}
	if len(old) == 0 {
		r.config.Kick(q.Robot)
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
	if err := r.config.Credentials.SaveCredential(ctx, c); err != nil {
		return "", fmt.Errorf("store credential: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keepSecret(c)
	return password, nil
}
