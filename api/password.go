package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tonypi"
)

// How much passwords may cost.
const (
	bcryptCost = 12
	maxHashing = 2  // hashes computed at the same time: a flood of sign-ins must leave the processor to the robots
	maxWaiting = 32 // sign-ins that wait for their turn; more are refused
)

var errPassword = tonypi.Errorf(tonypi.Unauthenticated, "Invalid username or password")

// hash makes the hash of a new password. Errors: Invalid when it is too short or too long.
func (a *auth) hash(ctx context.Context, password string) (string, error) {
	if len(password) < minPassword || len(password) > maxPassword {
		return "", tonypi.Errorf(tonypi.Invalid, "Password must have %d to %d bytes", minPassword, maxPassword)
	}
	done, err := a.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	h, err := bcrypt.GenerateFromPassword([]byte(password), a.cost)
	return string(h), err
}

// turn waits until a hash may be computed.
func (a *auth) turn(ctx context.Context) (done func(), err error) {
	select {
	case a.waiting <- struct{}{}:
	default:
		return nil, later{tonypi.Errorf(tonypi.TooMany, "Too many people sign in at the moment; try again"), time.Second}
	}
	defer func() { <-a.waiting }()
	select {
	case a.hashing <- struct{}{}:
		return func() { <-a.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// checkPassword returns the user whose password it is. An unknown user takes as long as a wrong password. Errors:
// Unauthenticated; Forbidden when the password is right but the account is not active; TooMany when throttled.
func (a *auth) checkPassword(ctx context.Context, username, password, address string) (tonypi.User, error) {
	u, known, err := a.candidate(ctx, username, address)
	if err != nil {
		return tonypi.User{}, err
	}
	hash := []byte(u.PasswordHash)
	if !known || len(hash) == 0 {
		hash = a.nobody()
	}
	right, err := a.compare(ctx, hash, password)
	switch {
	case err != nil:
		return tonypi.User{}, err
	case !right || !known || u.PasswordHash == "":
		a.log.Info("sign-in refused", "address", address)
		return tonypi.User{}, errPassword
	case !u.Active:
		return tonypi.User{}, tonypi.Errorf(tonypi.Forbidden, "User account is inactive")
	}
	a.throttle.succeeded(username, address)
	return u, nil
}

// candidate lets an attempt to sign in through, or not, and returns the user who is meant.
func (a *auth) candidate(ctx context.Context, username, address string) (u tonypi.User, known bool, err error) {
	find := func() {
		u, err = a.store.UserByName(ctx, username)
		if known = err == nil; tonypi.KindOf(err) == tonypi.NotFound {
			err = nil
		}
	}
	// Where the person signed in from before also outlives a restart: the sessions tell.
	seen := func() bool {
		if find(); err != nil || !known {
			return false
		}
		sessions, err := a.sessions.Sessions(ctx, u.ID)
		return err == nil && slices.ContainsFunc(sessions, func(s tonypi.Session) bool { return s.Address == address })
	}
	if err := a.throttle.signIn(username, address, seen); err != nil {
		return u, false, err
	}
	find()
	return u, known, err
}

func (a *auth) compare(ctx context.Context, hash []byte, password string) (bool, error) {
	done, err := a.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	// bcrypt refuses to look at more than 72 bytes when it hashes, but not when it compares: a longer one is wrong.
	err = bcrypt.CompareHashAndPassword(hash, []byte(password[:min(len(password), maxPassword)]))
	if err != nil && !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		return false, err
	}
	return err == nil && len(password) <= maxPassword, nil
}

// nobody is the hash that unknown users are compared with. It has the form of a hash, and no password is known to make it.
func (a *auth) nobody() []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", a.cost, strings.Repeat("nobody", 8)+"nobod")
}
