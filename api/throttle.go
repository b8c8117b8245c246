package api

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tonypi"
)

// How fast people may try to sign in. Attempts are slowed down, never locked out: whoever waits gets through.
const (
	accountBurst, accountEvery = 10, 6 * time.Second // one account, from addresses where it never signed in
	addressBurst, addressEvery = 30, 2 * time.Second // one address, all accounts that never signed in there
	pairBurst, pairEvery       = 10, 3 * time.Second // one account at an address where it signed in before
	enrollBurst, enrollEvery   = 30, 2 * time.Second // one address, robots that enrol
	maxBuckets                 = 10000               // of each kind
)

// throttle slows down guessing of passwords and tokens.
type throttle struct {
	accounts, addresses, pairs, enrolls *buckets

	mu    sync.Mutex
	known map[string]bool // account and address that signed in
}

func newThrottle() *throttle {
	return &throttle{
		accounts: newBuckets(accountBurst, accountEvery), addresses: newBuckets(addressBurst, addressEvery),
		pairs: newBuckets(pairBurst, pairEvery), enrolls: newBuckets(enrollBurst, enrollEvery),
		known: map[string]bool{},
	}
}

// signIn lets an attempt through or returns a TooMany error. An account that strangers attack stays open for its owner: at
// an address where it signed in before, only that address's own attempts count. seen tells from the store whether it did; it
// is asked only before a refusal.
func (t *throttle) signIn(account, address string, seen func() bool) error {
	account, address = strings.ToLower(account), network(address)
	pair := account + "\x00" + address
	if t.knows(pair) {
		return t.pairs.take(pair)
	}
	if err := t.addresses.take(address); err != nil {
		return err
	}
	err := t.accounts.take(account)
	if err != nil && seen() {
		t.remember(pair)
		return t.pairs.take(pair)
	}
	return err
}

// succeeded remembers where an account signed in, and gives its attempts there back.
func (t *throttle) succeeded(account, address string) {
	pair := strings.ToLower(account) + "\x00" + network(address)
	t.remember(pair)
	t.pairs.refill(pair)
}

func (t *throttle) enroll(address string) error { return t.enrolls.take(network(address)) }

func (t *throttle) knows(pair string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[pair]
}

func (t *throttle) remember(pair string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxBuckets {
		clear(t.known) // the stored sessions tell again
	}
	t.known[pair] = true
}

// network is the address itself, or the /64 of an IPv6 address: one customer has a whole one.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}

// buckets are token buckets by key, bounded in number.
type buckets struct {
	burst int
	every time.Duration

	mu  sync.Mutex
	all map[string]*rate.Limiter
}

func newBuckets(burst int, every time.Duration) *buckets {
	return &buckets{burst: burst, every: every, all: map[string]*rate.Limiter{}}
}

func (b *buckets) take(key string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.all[key]
	if !ok {
		b.makeRoom()
		l = rate.NewLimiter(rate.Every(b.every), b.burst)
		b.all[key] = l
	}
	r := l.Reserve()
	wait := r.Delay()
	if wait == 0 {
		return nil
	}
	r.Cancel()
	return later{tonypi.Errorf(tonypi.TooMany, "Too many attempts; wait %d seconds", int(wait/time.Second)+1), wait}
}

func (b *buckets) refill(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.all, key)
}

// makeRoom drops the buckets that are full again, which are as good as none, and if that is not enough a few others.
func (b *buckets) makeRoom() {
	if len(b.all) < maxBuckets {
		return
	}
	for key, l := range b.all {
		if l.Tokens() >= float64(b.burst) {
			delete(b.all, key)
		}
	}
	for key := range b.all {
		if len(b.all) <= maxBuckets*9/10 {
			return
		}
		delete(b.all, key)
	}
}
