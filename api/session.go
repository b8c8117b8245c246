package api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash/fnv"
	"strings"
	"sync"
	"time"

	"tonypi"
)

// begin starts a session and returns its refresh token.
func (a *auth) begin(ctx context.Context, u tonypi.User, address, agent string) (tonypi.Session, string, error) {
	now := time.Now().UTC()
	s := tonypi.Session{
		ID: strings.ToLower(rand.Text()), UserID: u.ID, Address: address, Agent: shorten(agent, 200),
		CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(refreshFor),
	}
	if err := a.endOldest(ctx, u.ID, now); err != nil {
		return s, "", err
	}
	token := a.refreshToken(s.ID)
	s.RefreshHash = secretHash(token)
	// The password may have been changed, or the account disabled, since it was checked.
	a.users.Lock()
	defer a.users.Unlock()
	fresh, err := a.active(ctx, u.ID)
	if err != nil || fresh.PasswordHash != u.PasswordHash {
		return s, "", cmp.Or(err, error(errPassword))
	}
	return s, token, a.sessions.SaveSession(ctx, s)
}

// endOldest keeps a user's sessions bounded: those that are over go, and the longest unused one of too many.
func (a *auth) endOldest(ctx context.Context, user string, now time.Time) error {
	all, err := a.sessions.Sessions(ctx, user)
	if err != nil {
		return err
	}
	var oldest tonypi.Session
	left := 0
	for _, s := range all {
		if !now.Before(s.ExpiresAt) {
			if err := a.end(ctx, s.ID); err != nil {
				return err
			}
			continue
		}
		left++
		if oldest.ID == "" || s.UsedAt.Before(oldest.UsedAt) {
			oldest = s
		}
	}
	if left < maxSessions {
		return nil
	}
	return a.end(ctx, oldest.ID)
}

// refreshToken makes a new refresh token: session, random part, and a signature over both. The signature tells a token that
// was used already (a theft: the session ends) from one that was never given out (nothing happens).
func (a *auth) refreshToken(session string) string {
	body := session + "." + strings.ToLower(rand.Text())
	return body + "." + a.sign(body)
}

func (a *auth) sign(body string) string {
	mac := hmac.New(sha256.New, a.secret)
	mac.Write([]byte("refresh:" + body))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// genuine returns the session of a refresh token that this server made, whether it is still valid or not.
func (a *auth) genuine(token string) (session string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 200 || subtle.ConstantTimeCompare([]byte(token[i+1:]), []byte(a.sign(token[:i]))) != 1 {
		return "", false
	}
	session, _, _ = strings.Cut(token, ".")
	return session, true
}

// sessionOf returns the session that the refresh token is the newest of.
func (a *auth) sessionOf(ctx context.Context, token string) (tonypi.Session, bool) {
	id, ok := a.genuine(token)
	if !ok {
		return tonypi.Session{}, false
	}
	s, err := a.sessions.Session(ctx, id)
	return s, err == nil && bytes.Equal(s.RefreshHash, secretHash(token))
}

// renew exchanges a refresh token for the next one. A token that was exchanged before ends its session: two know it, and one
// of them is not the person. The new token is empty when another tab has got it just now.
func (a *auth) renew(ctx context.Context, token, address string) (tonypi.Session, tonypi.User, string, error) {
	id, ok := a.genuine(token)
	if !ok {
		return tonypi.Session{}, tonypi.User{}, "", errRefresh
	}
	lock := a.renewLock(id)
	lock.Lock()
	defer lock.Unlock()
	s, err := a.sessions.Session(ctx, id)
	if err != nil {
		return s, tonypi.User{}, "", orElse(err, errRefresh)
	}
	now := time.Now().UTC()
	if !now.Before(s.ExpiresAt) {
		return s, tonypi.User{}, "", ended(a.drop(ctx, id))
	}
	u, err := a.active(ctx, s.UserID)
	if err != nil {
		return s, u, "", err
	}
	hash := secretHash(token)
	if !bytes.Equal(hash, s.RefreshHash) {
		if a.justRotated(id, hash, now) {
			return s, u, "", nil
		}
		a.log.Warn("used refresh token came again, session ended", "user", u.Username, "address", address)
		return s, u, "", ended(a.drop(ctx, id))
	}
	next := a.refreshToken(id)
	s.RefreshHash, s.UsedAt, s.ExpiresAt, s.Address = secretHash(next), now, now.Add(refreshFor), address
	if err := a.sessions.SaveSession(ctx, s); err != nil {
		return s, u, "", err
	}
	a.rememberRotation(id, hash, now)
	a.forget()
	return s, u, next, nil
}

func (a *auth) renewLock(session string) *sync.Mutex {
	h := fnv.New32a()
	_, _ = h.Write([]byte(session))
	return &a.renewing[h.Sum32()%uint32(len(a.renewing))]
}

func (a *auth) justRotated(session string, hash []byte, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.rotated[session]
	return ok && now.Before(r.until) && bytes.Equal(r.hash, hash)
}

func (a *auth) rememberRotation(session string, hash []byte, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for id, r := range a.rotated {
		if !now.Before(r.until) {
			delete(a.rotated, id)
		}
	}
	if len(a.rotated) < maxKnown {
		a.rotated[session] = rotation{hash, now.Add(rotatedFor)}
	}
}

// ended is errRefresh with the reason, if any, why the session could not be deleted.
func ended(err error) error {
	if err == nil {
		return errRefresh
	}
	return tonypi.Wrap(tonypi.Unauthenticated, err, "%s", errRefresh.Message)
}

// end ends a session at once. It waits for a refresh of it that is under way, which would bring it back.
func (a *auth) end(ctx context.Context, session string) error {
	lock := a.renewLock(session)
	lock.Lock()
	defer lock.Unlock()
	return a.drop(ctx, session)
}

// drop is end for who holds the session's lock.
func (a *auth) drop(ctx context.Context, session string) error {
	err := a.sessions.DeleteSession(ctx, session)
	a.forget()
	a.disown(func(p person) bool { return p.Session == session })
	return err
}

// endOthers ends every session of a user but one, and returns which.
func (a *auth) endOthers(ctx context.Context, user, keep string) (ended []string, err error) {
	all, err := a.sessions.Sessions(ctx, user)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.ID == keep {
			continue
		}
		if err := a.end(ctx, s.ID); err != nil {
			return ended, err
		}
		ended = append(ended, s.ID)
	}
	return ended, nil
}

func shorten(s string, most int) string {
	if len(s) > most {
		s = s[:most]
	}
	return strings.ToValidUTF8(s, "")
}
