package live

import (
	"context"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"tonypi"
)

// frame makes the next frame, or nil when there is nothing to tell. next is when held-back values may go; 0: none are.
func (w *watcher) frame(ctx context.Context, now time.Time) (frame []byte, next time.Duration) {
	w.mu.Lock()
	asked, alerts, dropped := w.asked, w.alerts, w.dropped
	w.asked, w.alerts, w.dropped = nil, nil, nil
	w.mu.Unlock()

	b := w.buf[:0]
	if asked != nil {
		w.adopt(ctx, *asked)
		b = append(b, `{"type":"state","id":`...)
		b = strconv.AppendInt(b, asked.ID, 10)
		b = append(b, `,"time":`...)
		alerts, dropped = w.hub.openAlerts(), nil
	} else {
		b = append(b, `{"type":"frame","time":`...)
	}
	b = strconv.AppendInt(b, now.UnixMilli(), 10)
	head := len(b)

	if w.now.Fleet {
		b = w.appendFleet(b, now, asked != nil)
		b = appendList(b, "removed", dropped)
	}
	if w.now.Alerts && (len(alerts) > 0 || asked != nil) {
		b = append(b, `,"alerts":`...)
		b = append(b, marshal(alerts)...)
	}
	b = w.appendPending(b)
	b = w.appendHeld(b, asked != nil)
	b, next = w.appendRobots(b, now, asked != nil)
	w.buf = b
	if asked == nil && len(b) == head {
		return nil, next
	}
	return append(b, '}'), next
}

// appendHeld adds the commands, leases, jobs, scans and log lines that wait.
func (w *watcher) appendHeld(b []byte, all bool) []byte {
	w.mu.Lock()
	held, wanted := w.held, w.topics
	w.held = news{}
	w.mu.Unlock()
	if held.empty() && !all {
		return b
	}
	return w.appendNews(b, held, wanted, all)
}

func (w *watcher) appendPending(b []byte) []byte {
	if !w.now.Pending {
		return b
	}
	n := w.hub.pending()
	if n == w.pending {
		return b
	}
	w.pending = n
	b = append(b, `,"pending":`...)
	return strconv.AppendInt(b, int64(n), 10)
}

func appendList(b []byte, name string, ids []tonypi.RobotID) []byte {
	if len(ids) == 0 {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, name...)
	b = append(b, `":`...)
	return append(b, marshal(ids)...)
}

// appendFleet adds the summaries that changed: at once when the change is urgent, else at most once a second per robot.
func (w *watcher) appendFleet(b []byte, now time.Time, all bool) []byte {
	news := w.hub.news.Load()
	urgent := news != w.news
	if !all && !urgent && now.Sub(w.swept) < fleetTick {
		return b
	}
	w.news, w.swept = news, now
	first := true
	for _, r := range w.hub.snapshot() {
		summary, sent := r.summaryIfDue(now, w.sent[r.id], all)
		if summary == nil {
			continue
		}
		w.sent[r.id] = sent
		if first {
			b = append(b, `,"fleet":[`...)
		} else {
			b = append(b, ',')
		}
		first = false
		b = append(b, summary...)
	}
	switch {
	case !first:
		b = append(b, ']')
	case all:
		b = append(b, `,"fleet":[]`...)
	}
	return b
}

// summaryIfDue returns the Summary when a watcher that was last told `sent` must be told again.
func (r *robot) summaryIfDue(now time.Time, sent fleetSent, force bool) (json.RawMessage, fleetSent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	online := r.row.Online(now)
	urgent := r.urgent > sent.version || online != sent.online
	due := r.version != sent.version && now.Sub(sent.at) >= fleetGap
	if !force && !urgent && !due {
		return nil, sent
	}
	return r.summaryJSON(now), fleetSent{r.version, online, now}
}

// appendRobots adds what changed in the robots that the browser looks at closely.
func (w *watcher) appendRobots(b []byte, now time.Time, all bool) (_ []byte, next time.Duration) {
	first := true
	for id, l := range w.looks {
		before := len(b)
		if first {
			b = append(b, `,"robots":{`...)
		} else {
			b = append(b, ',')
		}
		b = append(b, marshal(id)...)
		b = append(b, ':', '{')
		empty := len(b)
		var wait time.Duration
		b, wait = l.append(b, now, all)
		if wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
		if len(b) == empty && !all {
			b = b[:before]
			continue
		}
		b = append(b, '}')
		first = false
	}
	switch {
	case !first:
		b = append(b, '}')
	case all:
		b = append(b, `,"robots":{}`...)
	}
	return b, next
}

// append adds one robot's summary, due values and events, without the braces. wait is when a held-back value is due.
func (l *look) append(b []byte, now time.Time, all bool) (_ []byte, wait time.Duration) {
	summary, sent := l.robot.summaryIfDue(now, l.summary, all)
	comma := false
	if summary != nil {
		l.summary = sent
		b = append(b, `"summary":`...)
		b = append(b, summary...)
		comma = true
	}
	l.robot.mu.Lock()
	defer l.robot.mu.Unlock()
	b, comma, wait = l.appendReadings(b, comma, now)
	return l.appendEvents(b, comma), wait
}

func (l *look) appendReadings(b []byte, comma bool, now time.Time) (_ []byte, _ bool, wait time.Duration) {
	r := l.robot
	if l.version == r.version {
		return b, comma, 0
	}
	if grow := len(r.values) - len(l.sent); grow > 0 {
		l.sent = append(l.sent, make([]sentValue, grow)...)
	}
	first, held := true, false
	for i := range r.values {
		v, s := &r.values[i], &l.sent[i]
		if v.version == s.version || !l.wants(v.metric) {
			continue
		}
		if due := s.next.Add(-seriesSlack); now.Before(due) {
			held = true
			if left := due.Sub(now); wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		s.version, s.next = v.version, later(now, s.next).Add(seriesGap)
		switch {
		case first && comma:
			b = append(b, `,"readings":[`...)
		case first:
			b = append(b, `"readings":[`...)
		default:
			b = append(b, ',')
		}
		first = false
		b = appendReading(b, v)
	}
	if !first {
		b = append(b, ']')
		comma = true
	}
	if !held {
		l.version = r.version
	}
	return b, comma, wait
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func appendReading(b []byte, v *value) []byte {
	b = append(b, '[', '"')
	b = append(b, v.metric...)
	b = append(b, '"', ',')
	b = appendString(b, v.source)
	b = append(b, ',')
	if math.IsNaN(v.value) || math.IsInf(v.value, 0) {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendFloat(b, v.value, 'g', -1, 64)
	}
	b = append(b, ',')
	b = strconv.AppendInt(b, v.time, 10)
	return append(b, ']')
}

// appendString quotes s; sources are nearly always plain.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return append(b, marshal(s)...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func (l *look) appendEvents(b []byte, comma bool) []byte {
	first := true
	for _, e := range l.robot.events {
		if e.seq <= l.events {
			continue
		}
		l.events = e.seq
		switch {
		case first && comma:
			b = append(b, `,"events":[`...)
		case first:
			b = append(b, `"events":[`...)
		default:
			b = append(b, ',')
		}
		first = false
		b = append(b, e.json...)
	}
	if !first {
		b = append(b, ']')
	}
	return b
}
