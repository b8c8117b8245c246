package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/alert"
	"tonypi/ingest"
	"tonypi/job"
	"tonypi/logbook"
	"tonypi/storetest"
	"tonypi/wire"
)

// The recordings of the original programs through every engine that takes in what robots say: one job per job, one answer per
// scan, one alert per stop, one line per line, also when the network repeats everything and the server restarts in between.
func TestCapturesThroughTheEngines(t *testing.T) {
	messages := recorded(t)
	lines := 0
	for _, m := range messages {
		if wire.TopicName(m.Topic) == "logs" {
			lines++
		}
	}
	for _, test := range []struct {
		name     string
		times    int
		restarts int // after how many messages; 0: never
	}{
		{"as recorded", 1, 0}, {"everything twice", 2, 0}, {"restarts", 1, 97}, {"everything twice, restarts", 2, 97},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := &engines{store: storetest.NewStores(), series: storetest.NewSeries(), sent: &sent{}}
			v.start(t)
			for i, m := range messages {
				for range test.times {
					if err := v.pipeline.Handle(t.Context(), m); err != nil {
						t.Fatalf("%s %s: %v", m.Topic, m.Payload, err)
					}
				}
				if test.restarts > 0 && i%test.restarts == test.restarts-1 {
					v.stop()
					v.start(t)
				}
			}
			v.stop()
			v.check(t, lines)
		})
	}
}

// engines are the parts between the broker and the stores.
type engines struct {
	store    *storetest.Memory
	series   *storetest.SeriesMemory
	sent     *sent
	pipeline *ingest.Pipeline
	stop     func()
}

func (v *engines) start(t *testing.T) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	book := logbook.New(logbook.Config{Logs: v.store, Audit: v.store, Show: v.sent, Log: log})
	alerts := alert.New(alert.Config{Store: v.store, Rules: v.store, Show: v.sent, Log: log})
	robots := ingest.NewRegistry(ingest.RegistryConfig{
		Robots: v.store, Credentials: v.store, History: v.series, Silence: alerts, Show: v.sent, Policy: ingest.Auto, Log: log,
	})
	jobs := job.New(job.Config{Jobs: v.store, Items: v.store, Bus: v.sent, Show: v.sent, Alerts: alerts, Record: book, Log: log})
	v.pipeline = ingest.NewPipeline(ingest.PipelineConfig{
		Robots: robots, Series: v.series, Alerts: alerts, Events: alerts, Jobs: jobs, Logs: book, Show: v.sent, Log: log,
	})
	for _, load := range []func(context.Context) error{book.Load, alerts.Load, robots.Load, jobs.Load} {
		if err := load(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	v.pipeline.Expect(time.Now())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, run := range []func(context.Context) error{book.Run, alerts.Run, robots.Run, jobs.Run} {
		running.Go(func() {
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	v.stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(v.stop)
}

func (v *engines) check(t *testing.T, lines int) {
	t.Helper()
	jobs, err := v.store.Jobs(t.Context(), tonypi.JobFilter{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, j := range jobs {
		got[fmt.Sprintf("%s %s %s %d/%d", j.Robot, j.Task, j.Status, j.ItemsDone, j.ItemsTotal)]++
	}
	want := map[string]int{"simA inventory_scan cancelled 5/15": 1, "simB t1 completed 2/2": 1, "cliA  active 1/10": 1}
	if d := cmp.Diff(want, got); d != "" {
		t.Error("jobs (-want +got):\n", d)
	}
	if d := cmp.Diff(map[string]int{"simA QR12345 true": 1, "cliA QR1 false": 1, "cliA QR12345 true": 1}, v.sent.answers(t)); d != "" {
		t.Error("answers (-want +got):\n", d)
	}
	alerts, err := v.store.Alerts(t.Context(), tonypi.AlertFilter{Type: tonypi.StopAlert})
	if err != nil {
		t.Fatal(err)
	}
	stops := map[tonypi.RobotID]int{}
	for _, a := range alerts {
		stops[a.Robot]++
	}
	if d := cmp.Diff(map[tonypi.RobotID]int{"simA": 1, "simB": 1, "cliA": 1}, stops); d != "" {
		t.Error("alerts (-want +got):\n", d)
	}
	logs, err := v.store.Logs(t.Context(), tonypi.LogFilter{Category: "robot", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	emergency, err := v.store.Logs(t.Context(), tonypi.LogFilter{Category: "emergency", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	// A restart forgets which lines it has; without one each is there once.
	if n := len(logs) + len(emergency); n < lines || n > 2*lines || !strings.Contains(t.Name(), "restarts") && n != lines {
		t.Errorf("%d log lines, the robots wrote %d", n, lines)
	}
}

// sent is a bus, and a page that nobody watches.
type sent struct {
	mu       sync.Mutex
	messages []wire.Message
}

func (s *sent) Show(tonypi.Event) {}

func (s *sent) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func (s *sent) Publish(_ context.Context, m wire.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	return nil
}

func (s *sent) answers(t *testing.T) map[string]int {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := map[string]int{}
	for _, m := range s.messages {
		a, err := wire.DecodeItem(m.Payload)
		if err != nil {
			t.Fatal(err)
		}
		counts[fmt.Sprintf("%s %s %v", a.Robot, a.Code, a.Found)]++
	}
	return counts
}

// recorded returns what robots said in the recordings, at QoS 1. The scans are not in them, only the answers to them: each
// becomes the scan that it answers.
func recorded(t *testing.T) []wire.Message {
	t.Helper()
	files, err := filepath.Glob("../../wire/testdata/captures/*.jsonl")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	var messages []wire.Message
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, wire.MaxPayload)
		for lines.Scan() {
			var c struct{ At, Topic, Payload string }
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatal(err)
			}
			at, err := time.Parse("2006-01-02T15:04:05-0700", c.At)
			if err != nil {
				t.Fatal(err)
			}
			m := wire.Message{Topic: c.Topic, Payload: []byte(c.Payload), QoS: 1, At: at.Add(time.Second)}
			if wire.TopicName(c.Topic) == "items" {
				a, err := wire.DecodeItem(m.Payload)
				if err != nil {
					t.Fatal(err)
				}
				m.Topic = wire.ScanTopic(a.Robot)
				m.Payload = fmt.Appendf(nil, `{"timestamp":%q,"qr_data":%q}`, at.Format("2006-01-02T15:04:05.000"), a.Code)
			}
			if wire.FromRobot(m.Topic) {
				messages = append(messages, m)
			}
		}
		_ = f.Close()
	}
	return messages
}
