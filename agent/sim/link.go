package sim

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
)

// errNoLink is why a body without Wi-Fi reaches nobody.
var errNoLink = errors.New("sim: the robot has no Wi-Fi")

// link is the body's Wi-Fi. While it is down, open connections are cut and new ones fail.
type link struct {
	down  *atomic.Bool
	mu    *sync.Mutex
	conns map[net.Conn]struct{}
}

func newLink() link {
	return link{down: new(atomic.Bool), mu: new(sync.Mutex), conns: make(map[net.Conn]struct{})}
}

func (l *link) set(up bool) {
	l.down.Store(!up)
	if up {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
	clear(l.conns)
}

// Reaches reports whether the body has Wi-Fi and power now.
func (b *Body) Reaches() bool { return !b.link.down.Load() }

// Dial connects as net.Dialer does, over the body's Wi-Fi: it fails while that is down, and a connection breaks when it
// goes down.
func (b *Body) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return b.DialWith(ctx, network, address, d.DialContext)
}

// DialWith is Dial by means of another dial function, for example one inside the process or one with TLS.
func (b *Body) DialWith(ctx context.Context, network, address string,
	dial func(ctx context.Context, network, address string) (net.Conn, error),
) (net.Conn, error) {
	if !b.Reaches() {
		return nil, errNoLink
	}
	c, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w := &airborne{Conn: c, link: &b.link}
	b.link.mu.Lock()
	b.link.conns[c] = struct{}{}
	b.link.mu.Unlock()
	if !b.Reaches() { // went down between dial and now
		return nil, errors.Join(errNoLink, w.Close())
	}
	return w, nil
}

// airborne is a connection over a link.
type airborne struct {
	net.Conn
	link *link
}

func (a *airborne) Close() error {
	a.link.mu.Lock()
	delete(a.link.conns, a.Conn)
	a.link.mu.Unlock()
	return a.Conn.Close()
}
