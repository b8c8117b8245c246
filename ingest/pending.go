package ingest

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tonypi"
	"tonypi/wire"
)

// request is what is known of a robot that wants to join.
type request struct {
	address     string
	first, last time.Time
	messages    int
	samples     []tonypi.Sample // newest first
}

// ask notes a message of a robot that wants to join; mu is held.
func (e *entry) ask(m wire.Message) {
	q := &e.request
	q.messages++
	q.last = m.At.UTC()
	if m.Sender.Address != "" {
		q.address = m.Sender.Address
	}
	// Of what it says all day one sample of each topic tells more than the last five.
	for i, s := range q.samples {
		if s.Topic == m.Topic {
			q.samples = slices.Delete(q.samples, i, i+1)
			break
		}
	}
	q.samples = slices.Insert(q.samples, 0, tonypi.Sample{Topic: m.Topic, Payload: excerpt(m.Payload), Time: m.At.UTC()})
	q.samples = q.samples[:min(len(q.samples), maxSamples)]
}

// excerpt copies the first maxSample characters of a payload as valid UTF-8.
func excerpt(payload []byte) string {
	end := 0
	for n := 0; n < maxSample && end < len(payload); n++ {
		_, size := utf8.DecodeRune(payload[end:])
		end += size
	}
	return strings.ToValidUTF8(string(payload[:end]), "\uFFFD")
}

// Pending returns the robots that want to join, the latest heard first.
func (r *Registry) Pending() []tonypi.PendingRobot {
	list := []tonypi.PendingRobot{}
	for _, e := range r.all() {
		e.mu.Lock()
		if q := &e.request; e.robot.Adoption == tonypi.Pending && !e.gone {
			list = append(list, tonypi.PendingRobot{
				ID: e.id, Address: q.address, FirstSeen: q.first, LastSeen: q.last, Messages: q.messages,
				Samples: append([]tonypi.Sample{}, q.samples...),
			})
		}
		e.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b tonypi.PendingRobot) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// PendingCount returns how many robots want to join. It may be called from Shower.Show.
func (r *Registry) PendingCount() int { return int(r.pending.Load()) }

// welcome lets an unknown robot in as the policy says, and returns its entry.
func (r *Registry) welcome(ctx context.Context, id tonypi.RobotID, address string) (*entry, error) {
	if err := checkID(id); err != nil {
		return nil, tonypi.Wrap(tonypi.Forbidden, err, "robot %q cannot join", id)
	}
	if r.config.Policy == Closed {
		return nil, closed(id)
	}
	if r.config.Policy == Auto {
		e, err := r.adoptNew(ctx, id, address)
		if tonypi.KindOf(err) == tonypi.Conflict {
			if e = r.entry(id); e != nil { // another message of it was faster
				err = nil
			}
		}
		return e, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.entries[id]; e != nil {
		return e, nil
	}
	if r.pending.Load() >= maxPending {
		r.evict()
	}
	now := time.Now().UTC()
	e := &entry{
		id: id, robot: tonypi.Robot{ID: id, Name: string(id), Adoption: tonypi.Pending},
		request: request{address: address, first: now, last: now},
	}
	r.insert(e)
	r.config.Log.Info("robot wants to join", "robot", id, "address", address)
	return e, nil
}

// evict makes room for one more robot that wants to join; mu is held.
func (r *Registry) evict() {
	var oldest *entry
	var since time.Time
	for _, e := range r.entries {
		e.mu.Lock()
		if e.robot.Adoption == tonypi.Pending && (oldest == nil || e.request.last.Before(since)) {
			oldest, since = e, e.request.last
		}
		e.mu.Unlock()
	}
	if oldest != nil {
		r.discard(oldest)
	}
}

// discard takes an entry out; mu is held.
func (r *Registry) discard(e *entry) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gone {
		return
	}
	e.gone = true
	delete(r.entries, e.id)
	r.tally(e.robot.Adoption, -1)
}

// checkID reports why a new robot cannot have this ID.
func checkID(id tonypi.RobotID) error {
	if err := id.Validate(); err != nil {
		return err
	}
	if strings.HasSuffix(string(id), StopSession) {
		return tonypi.Errorf(tonypi.Invalid, "robot ID must not end with %s", StopSession)
	}
	return nil
}
