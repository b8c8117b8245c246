package api

import (
	"context"
	"time"

	"tonypi"
)

// How a stop is let through when the database does not answer.
const (
	lookUpWait  = 150 * time.Millisecond // for the database; then whoever was known is believed
	recentFor   = 8 * time.Hour          // how long somebody stays known
	maxRecent   = 10000                  // people known
	maxLookUps  = 64                     // look-ups that hang at the same time
	lookUpBound = 10 * time.Second       // when a look-up that hangs is given up
)

// recent is somebody who proved who they are, and when.
type recent struct {
	person person
	proven time.Time
}

// remember notes that the database vouched for somebody. a.mu is held.
func (a *auth) remember(key string, p person, now time.Time) {
	if _, ok := a.recent[key]; !ok && len(a.recent) >= maxRecent {
		a.makeRoom(now)
	}
	a.recent[key] = recent{p, now}
}

// makeRoom drops who is no longer believed, and if that is not enough a tenth of the others.
func (a *auth) makeRoom(now time.Time) {
	for key, r := range a.recent {
		if now.Sub(r.proven) >= recentFor {
			delete(a.recent, key)
		}
	}
	for key := range a.recent {
		if len(a.recent) < maxRecent*9/10 {
			return
		}
		delete(a.recent, key)
	}
}

// disown drops the people that match, so that they are not believed without the database.
func (a *auth) disown(match func(person) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.epoch++
	for key, r := range a.recent {
		if match(r.person) {
			delete(a.recent, key)
		}
	}
}

// personNow is person for what must not wait for the database: when that does not answer within lookUpWait or is down, who was
// proven within recentFor is believed again. Only the first request waits: the next ones believe at once until the database
// answers. A token that the database refuses is refused here too.
func (a *auth) personNow(ctx context.Context, token string) (person, error) {
	type result struct {
		person person
		err    error
	}
	if token == "" {
		return a.person(ctx, token) // asks no database
	}
	select {
	case a.lookUps <- struct{}{}:
	default:
		return a.believed(token, errSlow)
	}
	found := make(chan result, 1)
	look, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookUpBound)
	go func() {
		defer func() { cancel(); <-a.lookUps }()
		p, err := a.person(look, token)
		found <- result{p, err}
	}()
	if a.slow.Load() {
		if p, err := a.believed(token, errSlow); err == nil {
			return p, nil
		}
	}
	wait := time.NewTimer(lookUpWait)
	defer wait.Stop()
	select {
	case r := <-found:
		switch tonypi.KindOf(r.err) {
		case tonypi.Unauthenticated, tonypi.Forbidden:
			return r.person, r.err
		}
		if r.err != nil {
			return a.believed(token, r.err)
		}
		return r.person, nil
	case <-wait.C:
		a.slow.Store(true)
		return a.believed(token, errSlow)
	}
}

var errSlow = tonypi.Errorf(tonypi.Unavailable, "The database does not answer, and it is not known who you are; try again later")

// believed returns who the token belonged to when the database last said so, or the error.
func (a *auth) believed(token string, err error) (person, error) {
	key, subject, bad := a.keyOf(token)
	if bad != nil {
		return person{}, bad
	}
	now := time.Now()
	a.mu.Lock()
	r, ok := a.recent[key]
	a.mu.Unlock()
	p := r.person
	switch {
	case !ok, now.Sub(r.proven) >= recentFor:
		return person{}, err
	case !p.expires.IsZero() && !now.Before(p.expires), subject != "" && subject != p.User.ID:
		return person{}, errToken
	}
	return p, nil
}
