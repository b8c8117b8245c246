package terminal

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"tonypi"
)

// guard ends the terminal of a browser that is gone or of a person who may no longer have one.
func (t *session) guard(ctx context.Context) error {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	flush := time.NewTicker(time.Second)
	defer flush.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-flush.C:
			t.cast.flush()
		case <-check.C:
			if t.server.cfg.Check == nil {
				continue
			}
			err := t.server.cfg.Check(ctx, t.by)
			if kind := tonypi.KindOf(err); err != nil && (kind == tonypi.Unauthenticated || kind == tonypi.Forbidden) {
				return tonypi.Errorf(kind, "You may no longer have a terminal; sign in again")
			}
		case <-ping.C:
			ctx, cancel := context.WithTimeout(ctx, writeWait)
			err := t.conn.Ping(ctx)
			cancel()
			if err != nil {
				return errLeft
			}
		}
	}
}

// watchIdle warns a person who types nothing, then ends the terminal. What the robot prints does not count.
func (t *session) watchIdle(ctx context.Context) error {
	limit := t.server.cfg.IdleLimit
	notice := min(time.Minute, limit/2)
	warned := false
	for {
		idle := time.Since(time.Unix(0, t.typed.Load()))
		switch left := limit - idle; {
		case left <= 0:
			return errIdle
		case left <= notice && !warned:
			warned = true
			t.screen.say(fmt.Sprintf("Nobody has typed for a while: this terminal closes in %v unless a key is pressed.", left.Round(time.Second)))
		case left > notice:
			warned = false
		}
		wait := limit - idle
		if !warned {
			wait -= notice
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(max(wait, time.Millisecond)):
		}
	}
}

// keepAlive ends the terminal when the robot does not answer for two rounds.
func keepAlive(ctx context.Context, client *ssh.Client) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	answers := make(chan error, 1)
	waiting := 0
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-answers:
			if err != nil {
				return nil // the connection has ended, which shell sees
			}
			waiting = 0
		case <-tick.C:
			switch waiting++; waiting {
			case 1:
				go func() {
					_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
					answers <- err
				}()
			case 3:
				return tonypi.Errorf(tonypi.Unavailable, "Connection error: the robot does not answer any more")
			}
		}
	}
}
