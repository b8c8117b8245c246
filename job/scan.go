package job

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tonypi"
	"tonypi/outbox"
	"tonypi/wire"
)

// Bounds of scans.
const (
	maxRead       = 64     // scans of a robot that a repeated one is known by
	maxAnswers    = 10_000 // scans that wait for their answer
	publishWithin = 5 * time.Second
	publishTries  = 3
)

// notFound is the original system's sentence for a code that nobody knows.
const notFound = "Item not found in mock DB"

// reading is a scan that was counted. A repeated one has the same code and the same stamp of the robot, or after a restart of
// the server the same place in time.
type reading struct {
	id     int64
	code   string
	sent   time.Time // by the robot's clock; zero when it did not say, or before a restart
	placed time.Time // by ours
}

func (r reading) same(o reading) bool {
	switch {
	case r.code != o.code:
		return false
	case !r.sent.IsZero() && !o.sent.IsZero():
		return r.sent.Equal(o.sent)
	}
	return sameMoment(r.placed, o.placed)
}

// sameMoment compares as exactly as stores keep times.
func sameMoment(a, b time.Time) bool {
	return !a.IsZero() && a.UnixMilli() == b.UnixMilli()
}

func (r *robot) remember(s reading) {
	if len(r.read) >= maxRead {
		r.read = slices.Delete(r.read, 0, len(r.read)-maxRead+1)
	}
	r.read = append(r.read, s)
}

// scan counts a scan once and has it answered; mu is held.
func (t *Tracker) scan(r *robot, s tonypi.Scan, u *tonypi.Update) []outbox.Promise {
	when := s.Time
	if when.IsZero() {
		when = u.At
	}
	read := reading{code: s.Code, sent: u.Sent, placed: when}
	if i := slices.IndexFunc(r.read, read.same); i >= 0 {
		if p, ok := t.scans.Promise(r.read[i].id); ok {
			return []outbox.Promise{p}
		}
		return nil
	}
	t.lastScan++
	read.id = t.lastScan
	r.remember(read)
	item, found, _ := t.items.known(s.Code)
	record := tonypi.ScanRecord{
		ID: read.id, Robot: r.id, Code: s.Code, Found: found, Item: item.Name, Station: s.Station, Action: s.Action,
		Time: when.UTC(),
	}
	var promises []outbox.Promise
	if j := r.active; j != nil {
		record.Job = j.ID
		// A robot that gave a count after it read the code has counted it itself. Stamps of two clocks prove nothing: a
		// person may trigger a scan too.
		if u.Sent.IsZero() || u.Naive != r.naive || u.Sent.After(r.told) {
			j.ItemsDone++
			j.Percent = percentOf(j.ItemsDone, j.ItemsTotal, j.Percent)
		}
		j.LastItem = lastItem(s.Code, item, found)
		promises = append(promises, t.publish(j, u.At))
	}
	promises = append(promises, t.scans.Put(record))
	t.config.Show.Show(tonypi.Event{Kind: tonypi.Scanned, Robot: r.id, Time: record.Time, Scan: &record})
	t.log(r.id, "INFO", record.Time, "QR code scanned: "+s.Code, map[string]any{
		"qr": s.Code, "found": found, "item": item.Name, "station": s.Station, "job_id": record.Job,
	})
	select {
	case t.answers <- answer{scan: record, item: item}:
	default:
		t.items.unanswered.Add(1)
		t.config.Log.Error("scan is not answered", "robot", r.id, "err", errCrowded)
	}
	return promises
}

// lastItem is what a job shows of the last scan: the item, or the code that nobody knows.
func lastItem(code string, item tonypi.Item, found bool) json.RawMessage {
	fields := map[string]any{"qr": code}
	if found {
		fields = itemFields(item)
		fields["qr"] = code
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil // a weight that is no number; the table refuses those
	}
	return b
}

// itemFields are an item as the original system writes it.
func itemFields(i tonypi.Item) map[string]any {
	fields := map[string]any{
		"sku": i.SKU, "name": i.Name, "description": i.Description, "weight_kg": i.WeightKg, "location": i.Location,
	}
	if !i.ReceivedAt.IsZero() {
		fields["received_at"] = i.ReceivedAt.UTC().Format(time.RFC3339)
	}
	return fields
}

// answer is a scan that the robot is to be told about.
type answer struct {
	scan tonypi.ScanRecord
	item tonypi.Item // as memory knew it
}

// answer answers scans, in order, until ctx ends; then those that wait once more.
func (t *Tracker) answer(ctx context.Context) {
	for {
		select {
		case a := <-t.answers:
			t.reply(ctx, a)
		case <-ctx.Done():
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			for {
				select {
				case a := <-t.answers:
					t.reply(ctx, a)
				default:
					return
				}
			}
		}
	}
}

// reply tells the robot once what it read.
func (t *Tracker) reply(ctx context.Context, a answer) {
	item, found := t.items.find(ctx, a.scan.Code)
	if found != a.scan.Found || item.Name != a.scan.Item {
		t.correct(a.scan, item, found)
	}
	body := wire.ItemAnswer{Robot: a.scan.Robot, Code: a.scan.Code, Found: found, Time: time.Now()}
	if found {
		body.Item = itemFields(item)
	} else {
		body.Message = notFound
	}
	payload, err := wire.EncodeItem(body)
	if err == nil {
		err = t.send(ctx, wire.Message{Topic: wire.ItemTopic(a.scan.Robot), Payload: payload, QoS: 1})
	}
	if err != nil {
		t.items.unanswered.Add(1)
		t.config.Log.Warn("scan is not answered", "robot", a.scan.Robot, "err", err)
	}
}

// send publishes and tries again when the broker is away for a moment.
func (t *Tracker) send(ctx context.Context, m wire.Message) error {
	for try := 1; ; try++ {
		bounded, cancel := context.WithTimeout(ctx, publishWithin)
		err := t.config.Bus.Publish(bounded, m)
		cancel()
		if err == nil || try == publishTries || tonypi.KindOf(err) != tonypi.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}

// correct takes over what the store knew better than memory.
func (t *Tracker) correct(s tonypi.ScanRecord, item tonypi.Item, found bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.robots[s.Robot]
	if r == nil {
		return // removed meanwhile
	}
	s.Found, s.Item = found, item.Name
	t.scans.Put(s)
	t.config.Show.Show(tonypi.Event{Kind: tonypi.Scanned, Robot: s.Robot, Time: s.Time, Scan: &s})
	if j := r.active; j != nil && j.ID == s.Job {
		j.LastItem = lastItem(s.Code, item, found)
		t.publish(j, time.Now())
	}
}
