package mqtt

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxOutbox is how many bytes may wait for one connection before it is cut off. Messages are dropped long before, at
// Limits.Backlog; what is above is acknowledgements, and messages that were on their way already.
const maxOutbox = 8 << 20

// piece is how many bytes the flusher writes under one deadline.
const piece = 64 << 10

var errSlow = errors.New("peer does not read")

// outbox is a connection whose Write never waits for the peer: what the socket does not take at once waits in a queue
// that a goroutine of its own writes. The broker's library holds a client's lock while it writes, and whoever publishes
// to that client needs the lock, so one robot that stopped reading would hold up an emergency stop to all others.
type outbox struct {
	net.Conn
	direct *directWriter // nil where the connection is not a plain socket
	slow   func()        // called once when the peer is cut off

	waiting atomic.Int64 // bytes in queue and in the flusher's hands

	mu     sync.Mutex
	queue  []byte
	busy   bool
	failed error
}

func newOutbox(c net.Conn, slow func()) *outbox {
	return &outbox{Conn: c, direct: newDirectWriter(c), slow: slow}
}

// Write sends or queues p; it returns an error only after the connection has failed.
func (o *outbox) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed != nil {
		return 0, o.failed
	}
	rest := p
	if !o.busy && o.direct != nil {
		n, err := o.direct.write(p)
		if err != nil {
			o.failed = err
			return n, err
		}
		if n == len(p) {
			return n, nil
		}
		rest = p[n:]
	}
	if int(o.waiting.Load())+len(rest) > maxOutbox {
		o.cut(errSlow)
		return 0, errSlow
	}
	o.queue = append(o.queue, rest...)
	o.waiting.Add(int64(len(rest)))
	if !o.busy {
		o.busy = true
		go o.flush()
	}
	return len(p), nil
}

// flush writes the queue until it is empty.
func (o *outbox) flush() {
	for {
		o.mu.Lock()
		batch := o.queue
		o.queue = nil
		if len(batch) == 0 || o.failed != nil {
			o.busy = false
			_ = o.SetWriteDeadline(time.Time{}) // the direct writer shares it
			o.mu.Unlock()
			return
		}
		o.mu.Unlock()
		for len(batch) > 0 {
			part := batch[:min(piece, len(batch))]
			batch = batch[len(part):]
			_ = o.SetWriteDeadline(time.Now().Add(stallTimeout))
			if _, err := o.Conn.Write(part); err != nil {
				o.mu.Lock()
				o.cut(err)
				o.mu.Unlock()
				return
			}
			o.waiting.Add(-int64(len(part)))
		}
	}
}

// cut ends the connection. o.mu is held.
func (o *outbox) cut(err error) {
	if o.failed != nil {
		return
	}
	o.failed = err
	var timeout net.Error
	if errors.Is(err, errSlow) || errors.As(err, &timeout) && timeout.Timeout() {
		o.slow()
	}
	// Closing may wait for the peer (TLS, WebSocket), and the caller holds locks.
	go o.Conn.Close()
}

// backlog returns the bytes that the peer has not taken yet.
func (o *outbox) backlog() int { return int(o.waiting.Load()) }
