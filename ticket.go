package tonypi

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

// Bounds of tickets.
const (
	TicketLife      = 30 * time.Second // from issue to redemption
	maxTickets      = 1000             // open at once
	maxTicketsOfOne = 20               // open at once for one person
)

// Tickets lets a browser open what takes no headers (a WebSocket, an image) without a lasting secret in its URL: a ticket
// opens one thing of one robot for one person, once, within TicketLife. The zero value is ready; it is safe for concurrent use.
type Tickets struct {
	mu   sync.Mutex
	open map[[sha256.Size]byte]ticket
}

type ticket struct {
	by      Caller
	robot   RobotID
	expires time.Time
}

// Issue returns a new ticket of 130 random bits, or TooMany.
func (t *Tickets) Issue(by Caller, robot RobotID, now time.Time) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	own := 0
	for key, held := range t.open {
		switch {
		case !now.Before(held.expires):
			delete(t.open, key)
		case held.by.Name == by.Name:
			own++
		}
	}
	if len(t.open) >= maxTickets || own >= maxTicketsOfOne {
		return "", Errorf(TooMany, "Too many tickets are open; try again in %d seconds", TicketLife/time.Second)
	}
	if t.open == nil {
		t.open = map[[sha256.Size]byte]ticket{}
	}
	text := rand.Text()
	t.open[sha256.Sum256([]byte(text))] = ticket{by, robot, now.Add(TicketLife)}
	return text, nil
}

// Redeem uses up a ticket and returns whom it was issued to, or Unauthenticated when it is unknown, used, too old or for
// another robot.
func (t *Tickets) Redeem(text string, robot RobotID, now time.Time) (Caller, error) {
	key := sha256.Sum256([]byte(text))
	t.mu.Lock()
	held, ok := t.open[key]
	delete(t.open, key)
	t.mu.Unlock()
	if !ok || held.robot != robot || !now.Before(held.expires) {
		return Caller{}, Errorf(Unauthenticated, "The ticket is wrong, used or too old")
	}
	return held.by, nil
}
