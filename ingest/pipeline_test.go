package ingest

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/wire"

	"github.com/google/go-cmp/cmp"
)

const sensor = `{"robot_id":"r1","sensor_type":"ultrasonic_distance","value":12.5,"unit":"cm"}`

func TestLastWillIsNoSignOfLife(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	w.ok("sensor", w.say("r1", "tonypi/sensors/r1", sensor, 1))
	before, err := w.robots.Robot("r1")
	if err != nil {
		t.Fatal(err)
	}
	w.ok("last will", w.say("r1", "tonypi/status/r1", `{"robot_id":"r1","status":"lost"}`, 1))
	after, err := w.robots.Robot("r1")
	if err != nil {
		t.Fatal(err)
	}
	if !after.LastSeen.Equal(before.LastSeen) || after.Online(time.Now()) {
		t.Errorf("after the last will: %+v", after)
	}
	if d := cmp.Diff([]string{"lost r1"}, w.judge.told()); d != "" {
		t.Error("told the judge:", d)
	}
	if n := len(w.shown.of(tonypi.ReadingsArrived)); n != 1 {
		t.Errorf("%d times shown as heard of, want 1", n)
	}
}

func TestHandleTakesEveryStep(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	w.ok("sensor", w.say("r1", "tonypi/sensors/r1", sensor, 1))
	w.ok("status", w.say("r1", "tonypi/status/r1", `{"robot_id":"r1","status":"online","ip_address":"10.0.0.1","system_info":{"cpu_percent":95}}`, 1))
	w.ok("log", w.say("r1", "tonypi/logs/r1", `{"robot_id":"r1","level":"INFO","message":"hello","source":"main"}`, 1))
	w.ok("job", w.say("r1", "tonypi/job/r1", `{"robot_id":"r1","status":"started","task_name":"count","items_total":3}`, 1))
	w.ok("scan", w.say("r1", "tonypi/scan/r1", `{"robot_id":"r1","qr":"QR1"}`, 1))
	w.ok("vision", w.say("r1", "tonypi/vision/r1", `{"robot_id":"r1","label":"ball","confidence":0.5}`, 1))
	w.ok("ack", w.say("r1", "tonypi/commands/response", `{"robot_id":"r1","command_id":"7","success":true}`, 1))
	w.ok("goodbye", w.say("r1", "tonypi/status/r1", `{"robot_id":"r1","status":"offline"}`, 1))

	if d := cmp.Diff([]float64{12.5}, w.series.values("r1", tonypi.Distance)); d != "" {
		t.Error("stored distance:", d)
	}
	if got := w.judge.judged; len(got) < 2 || got[0].Metric != tonypi.Distance || got[1].Metric != tonypi.CPUPercent {
		t.Errorf("judged %v", got)
	}
	if d := cmp.Diff([]string{"goodbye r1"}, w.judge.told()); d != "" {
		t.Error("told the judge:", d)
	}
	changed := w.shown.of(tonypi.RobotChanged)
	if len(changed) != 2 || changed[0].RobotState.Address != "10.0.0.1" || changed[1].RobotState.Status != "offline" {
		t.Errorf("robot changed: %+v", changed)
	}
	for kind, want := range map[tonypi.EventKind]int{
		tonypi.ReadingsArrived: 8, tonypi.DetectionsArrived: 1,
	} {
		if got := w.shown.of(kind); len(got) != want {
			t.Errorf("%d events of kind %d, want %d", len(got), kind, want)
		}
	}
	s := w.in.Stats()
	s.Readings = 0
	if d := cmp.Diff(Stats{Messages: 8, Jobs: 1, Logs: 1, Scans: 1, Acks: 1, Detections: 1}, s); d != "" {
		t.Error("stats (-want +got):\n", d)
	}
}

func TestHandleWithoutStore(t *testing.T) {
	for _, where := range []string{"append", "commit"} {
		w := newWorld(t, Ask, "r1")
		if where == "append" {
			w.series.refuse = errDown
		} else {
			w.series.fail = errDown
		}
		w.want(where+" at QoS 1", w.say("r1", "tonypi/sensors/r1", sensor, 1), tonypi.Unavailable)
		err := w.say("r1", "tonypi/sensors/r1", sensor, 0)
		if where == "commit" && err != nil {
			t.Errorf("QoS 0 waited for the commit: %v", err)
		}
		if len(w.judge.judged) != 2 || len(w.shown.of(tonypi.ReadingsArrived)) != 2 {
			t.Errorf("%s: a dead store silenced the judge or the page: %d judged", where, len(w.judge.judged))
		}
		w.ok("a log needs no series store", w.say("r1", "tonypi/logs/r1", `{"robot_id":"r1","message":"hello"}`, 1))
	}
}

func TestHandleUnreadable(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	var logged counter
	w.in.config.Log = slog.New(slog.NewTextHandler(&logged, nil))
	for range 3 {
		w.ok("no JSON", w.say("r1", "tonypi/sensors/r1", `{"value":`, 1))
		w.ok("no number", w.say("r1", "tonypi/sensors/r1", `{"sensor_type":"light_level","value":"much"}`, 1))
	}
	w.ok("partly readable", w.say("r1", "tonypi/servos/r1",
		`{"servos":{"servo_1":{"id":1,"position":10,"temperature":"hot"}}}`, 1))
	s := w.in.Stats()
	got := map[string]uint64{}
	for _, f := range s.Failures {
		got[f.Topic+" "+f.Reason] = f.Count
	}
	want := map[string]uint64{"sensors bad_json": 3, "sensors bad_number": 3, "servos bad_number": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("failures (-want +got):\n", d)
	}
	if logged.lines != 2 {
		t.Errorf("%d log lines, want one per reason", logged.lines)
	}
	if d := cmp.Diff([]float64{10}, w.series.values("r1", tonypi.ServoPosition)); d != "" {
		t.Error("what could be read was not stored:", d)
	}
}

type counter struct{ lines int }

func (c *counter) Write(b []byte) (int, error) { c.lines++; return len(b), nil }

// A robot cannot speak for another, by topic or payload.
func TestHandleWrongRobot(t *testing.T) {
	w := newWorld(t, Ask, "r1", "r2")
	w.want("other's topic", w.say("r1", "tonypi/sensors/r2", sensor, 1), tonypi.Forbidden)
	w.ok("other's payload on its own topic", w.say("r1", "tonypi/sensors/r1", `{"robot_id":"r2","sensor_type":"light_level","value":5}`, 1))
	w.ok("other's payload on the shared topic", w.say("r1", "tonypi/battery", `{"robot_id":"r2","percentage":50}`, 1))
	w.want("a person for no robot", w.in.Handle(t.Context(), wire.Message{
		Topic: "tonypi/scan/nobody", Payload: []byte(`{"qr":"x"}`), Sender: wire.Sender{User: "ann", Role: tonypi.Operator},
	}), tonypi.Forbidden)
	for _, r := range w.series.readings {
		if r.Robot != "r1" {
			t.Errorf("stored for %s: %+v", r.Robot, r)
		}
	}
	if got := w.robots.Pending(); len(got) != 0 {
		t.Errorf("pending %v", got)
	}
}

func TestHandlePolicies(t *testing.T) {
	tests := []struct {
		policy  Policy
		err     bool
		stored  int
		pending int
	}{
		{Ask, false, 0, 1},
		{Auto, false, 3, 0},
		{Closed, true, 0, 0},
	}
	for _, test := range tests {
		w := newWorld(t, test.policy)
		for range 3 {
			// As through an external broker, which does not tell who the sender is.
			err := w.in.Handle(t.Context(), wire.Message{Topic: "tonypi/sensors/new", Payload: []byte(`{"sensor_type":"light_level","value":5}`), QoS: 1})
			if test.err {
				w.want("closed", err, tonypi.Forbidden)
			} else {
				w.ok(string(test.policy), err)
			}
		}
		if got := len(w.series.values("new", tonypi.LightLevel)); got != test.stored {
			t.Errorf("%s: %d stored, want %d", test.policy, got, test.stored)
		}
		pending := w.robots.Pending()
		if len(pending) != test.pending {
			t.Errorf("%s: %d pending, want %d", test.policy, len(pending), test.pending)
		}
		if test.pending > 0 && (pending[0].Messages != 3 || len(pending[0].Samples) != 1 || len(w.judge.judged) > 0 || len(w.shown.events) > 0) {
			t.Errorf("pending robot %+v; judged %d, shown %d", pending[0], len(w.judge.judged), len(w.shown.events))
		}
		rows, err := w.stores.Robots(t.Context())
		if want := min(test.stored, 1); err != nil || len(rows) != want {
			t.Errorf("%s: rows %v, %v", test.policy, rows, err)
		}
	}
}

// Late readings are stored at their own time and are neither judged nor shown.
func TestHandleLate(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	now := time.Now().UTC().Truncate(time.Millisecond)
	old := now.Add(-2 * time.Hour)
	payload := fmt.Sprintf(`{"timestamp":%q,"readings":[
		{"sensor_type":"light_level","value":1,"timestamp":%q},
		{"sensor_type":"light_level","value":2,"timestamp":%q},
		{"sensor_type":"light_level","value":3}]}`, now.Format(time.RFC3339Nano), old.Format(time.RFC3339Nano), old.Add(time.Second).Format(time.RFC3339Nano))
	w.ok("backlog", w.say("r1", "tonypi/sensors/r1", payload, 1))
	if d := cmp.Diff([]float64{1, 2, 3}, w.series.values("r1", tonypi.LightLevel)); d != "" {
		t.Error("stored:", d)
	}
	if got := w.series.readings[0].Time; !got.Equal(old) {
		t.Errorf("stored at %v, want %v", got, old)
	}
	if len(w.judge.judged) != 1 || w.judge.judged[0].Value != 3 {
		t.Errorf("judged %v", w.judge.judged)
	}
	if got := w.shown.of(tonypi.ReadingsArrived); len(got) != 1 || len(got[0].Readings) != 1 || got[0].Readings[0].Value != 3 {
		t.Errorf("shown %+v", got)
	}
	if s := w.in.Stats(); s.Late != 2 || s.Readings != 3 {
		t.Errorf("stats %+v", s)
	}
}

// A message that comes twice is stored under the same stamps, whatever time it is by then.
func TestHandleTwice(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Millisecond)
	for _, stamp := range []string{now.Format(time.RFC3339Nano), now.Add(2 * time.Hour).Format("2006-01-02T15:04:05.000000")} {
		w := newWorld(t, Ask, "r1")
		for i := range 2 {
			w.ok("message", w.in.Handle(t.Context(), wire.Message{
				Topic: "tonypi/sensors/r1", Payload: fmt.Appendf(nil, `{"sensor_type":"light_level","value":1,"timestamp":%q}`, stamp),
				QoS: 1, Sender: wire.Sender{Robot: "r1"}, At: now.Add(time.Duration(i) * 3 * time.Second),
			}))
		}
		got := w.series.readings
		if len(got) != 2 || !got[0].Time.Equal(now) || !got[1].Time.Equal(now) || got[0].Key() != got[1].Key() {
			t.Errorf("%s: stored %+v", stamp, got)
		}
	}
}

// 200 robots at once, each with messages in order; robots are looked at, renamed and removed meanwhile.
func TestHandleConcurrently(t *testing.T) {
	const robots, messages = 200, 30
	var fleet []tonypi.RobotID
	for i := range robots {
		fleet = append(fleet, tonypi.RobotID(fmt.Sprintf("r%d", i)))
	}
	w := newWorld(t, Auto, fleet...)
	var all sync.WaitGroup
	for i, id := range fleet {
		all.Go(func() {
			for n := range messages {
				payload := fmt.Sprintf(`{"sensor_type":"light_level","value":%d}`, n)
				if err := w.say(id, "tonypi/sensors/"+string(id), payload, byte(n%2)); err != nil {
					t.Error(err)
				}
				if n == messages/2 && i%20 == 0 {
					w.robots.flush(t.Context())
					w.robots.Fleet()
				}
			}
		})
	}
	all.Go(func() {
		for i := range 20 {
			id := tonypi.RobotID(fmt.Sprintf("extra%d", i))
			if _, err := w.robots.Create(t.Context(), tonypi.Robot{ID: id}); err != nil {
				t.Error(err)
			}
			if err := w.robots.Remove(t.Context(), id); err != nil {
				t.Error(err)
			}
		}
	})
	all.Wait()
	for _, id := range fleet {
		got := w.series.values(id, tonypi.LightLevel)
		for n, v := range got {
			if v != float64(n) {
				t.Fatalf("%s: out of order: %v", id, got)
			}
		}
		if len(got) != messages {
			t.Fatalf("%s: %d readings", id, len(got))
		}
	}
	if n := len(w.judge.judged); n != robots*messages {
		t.Errorf("%d judged", n)
	}
}

// Messages of one robot that come at the same time, as through an external broker, are stored, judged and shown in one and
// the same order.
func TestHandleOneRobotAtATime(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for n := range 50 {
				if err := w.say("r1", "tonypi/sensors/r1", fmt.Sprintf(`{"sensor_type":"light_level","value":%d.%02d}`, i, n), 0); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	stored := w.series.values("r1", tonypi.LightLevel)
	var judged, seen []float64
	for _, r := range w.judge.judged {
		judged = append(judged, r.Value)
	}
	for _, e := range w.shown.of(tonypi.ReadingsArrived) {
		seen = append(seen, e.Readings[0].Value)
	}
	if len(stored) != 800 {
		t.Errorf("%d stored", len(stored))
	}
	if d := cmp.Diff(stored, judged); d != "" {
		t.Error("judged in another order than stored")
	}
	if d := cmp.Diff(stored, seen); d != "" {
		t.Error("shown in another order than stored")
	}
}

// nothing is a series store, judge and page that cost nothing.
type nothing struct{}

func (nothing) Append([]tonypi.Reading) (tonypi.Commit, error) { return commit{}, nil }
func (nothing) Seen(tonypi.RobotID, time.Time)                 {}
func (nothing) Goodbye(tonypi.RobotID, time.Time)              {}
func (nothing) Lost(tonypi.RobotID, time.Time)                 {}
func (nothing) Evaluate(time.Time, []tonypi.Reading)           {}
func (nothing) Show(tonypi.Event)                              {}

func BenchmarkHandle(b *testing.B) {
	log := slog.New(slog.DiscardHandler)
	r := NewRegistry(RegistryConfig{Show: nothing{}, Log: log})
	r.insert(&entry{id: "r1", robot: tonypi.Robot{ID: "r1", Adoption: tonypi.Adopted}})
	p := NewPipeline(PipelineConfig{Robots: r, Series: nothing{}, Alerts: nothing{}, Show: nothing{}, Log: log})
	now := time.Now()
	var samples []wire.Sample
	for i := range 10 {
		samples = append(samples, wire.Sample{Type: fmt.Sprintf("probe_%d", i), Value: float64(i) + 0.25})
	}
	payload, err := wire.EncodeSensors("r1", now, samples)
	if err != nil {
		b.Fatal(err)
	}
	m := wire.Message{Topic: "tonypi/sensors/r1", Payload: payload, QoS: 1, Sender: wire.Sender{ClientID: "r1", Robot: "r1"}, At: now}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			u, err := wire.Decode(m)
			if err != nil || len(u.Readings) != 10 {
				b.Fatal(u, err)
			}
			wire.Release(u)
		}
	})
	b.Run("handle", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := p.Handle(b.Context(), m); err != nil {
				b.Fatal(err)
			}
		}
	})
}
