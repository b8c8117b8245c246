// Bench measures the whole program from outside and prints what docs/performance.md states: throughput, CPU per message
// beside Mosquitto, latency to the browser, memory, start. It starts the servers itself, on loopback, in a temporary folder.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

func main() {
	binary := flag.String("tonypi", "bin/tonypi", "the program to measure")
	only := flag.String("only", "", "run just these parts, comma separated: throughput,cpu,latency,memory,store")
	seconds := flag.Int("seconds", 10, "length of each measured phase")
	flag.Parse()
	b := &bench{binary: *binary, phase: time.Duration(*seconds) * time.Second, epoch: time.Now()}
	parts := []struct {
		name string
		run  func(dir string) error
	}{
		{"memory", b.memory}, {"throughput", b.throughput}, {"cpu", b.cpu}, {"latency", b.latency}, {"store", b.store},
	}
	for _, part := range parts {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), part.name) {
			continue
		}
		dir, err := os.MkdirTemp("", "tonypi-bench-")
		if err == nil {
			err = part.run(dir)
		}
		_ = os.RemoveAll(dir)
		if err != nil {
			fmt.Fprintf(os.Stderr, "bench: %s: %v\n", part.name, err)
			os.Exit(1)
		}
	}
}

type bench struct {
	binary string
	phase  time.Duration
	epoch  time.Time
}

func row(name, format string, args ...any) {
	fmt.Printf("%-58s %s\n", name, fmt.Sprintf(format, args...))
}

// memory measures the start and the resident memory: idle, with 100 and with 1,000 robots at one message a second each.
func (b *bench) memory(dir string) error {
	p, err := startTonypi(b.binary, dir)
	if err != nil {
		return err
	}
	defer p.stop()
	row("start, empty", "%d ms", p.up.Milliseconds())
	time.Sleep(5 * time.Second)
	row("RSS idle", "%.0f MiB", p.rss())
	for _, n := range []int{100, 1000} {
		f, err := dialFleet(p.mqtt, n, 1)
		if err != nil {
			return err
		}
		f.pace(n*2, 2*b.phase, b.epoch)
		row(fmt.Sprintf("RSS with %d robots, 2 messages/s each", n), "%.0f MiB", p.rss())
		f.close()
	}
	return nil
}

// throughput saturates the server with QoS 1 from 500 connections.
func (b *bench) throughput(dir string) error {
	p, err := startTonypi(b.binary, dir)
	if err != nil {
		return err
	}
	defer p.stop()
	f, err := dialFleet(p.mqtt, 500, 8)
	if err != nil {
		return err
	}
	defer f.close()
	f.saturate(3*time.Second, b.epoch) // warm up: series are created once
	f.latencies()
	cpu, acked, start := p.cpu(), f.acked(), time.Now()
	f.saturate(b.phase, b.epoch)
	n, took := f.acked()-acked, time.Since(start)
	ack := f.latencies()
	row("QoS 1, 500 connections, saturated", "%.0f messages/s, %.0f samples/s", float64(n)/took.Seconds(), float64(n*samplesPerMessage)/took.Seconds())
	row("  server CPU per message", "%.1f µs", float64((p.cpu()-cpu).Microseconds())/float64(n))
	row("  PUBACK p50 / p99, saturated", "%.1f / %.1f ms", percentile(ack, 0.5), percentile(ack, 0.99))
	return b.stored(p, f.acked())
}

// stored holds the acknowledged messages against what the server says it stored.
func (b *bench) stored(p *process, acked int64) error {
	var system struct {
		Store struct {
			Samples uint64 `json:"samples"`
			Dropped uint64 `json:"dropped"`
		} `json:"store"`
	}
	if err := p.get(context.Background(), "/api/v1/system", &system); err != nil {
		return err
	}
	row("  acknowledged samples / stored / dropped", "%d / %d / %d", acked*samplesPerMessage, system.Store.Samples, system.Store.Dropped)
	return nil
}

// cpu compares CPU per message with Mosquitto forwarding the same messages, at the same rate, in one run, in turns. At a low
// rate each message wakes its own goroutines and pays for it alone; at a high one they share.
func (b *bench) cpu(dir string) error {
	for _, rate := range []int{10000, 30000} {
		sub := filepath.Join(dir, fmt.Sprint(rate))
		if err := b.cpuAt(sub, rate); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) cpuAt(dir string, rate int) error {
	var ours, theirs []float64
	for turn := range 3 {
		sub := filepath.Join(dir, fmt.Sprint(turn))
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return err
		}
		own, err := b.cpuOurs(sub, rate)
		if err != nil {
			return err
		}
		other, err := b.cpuMosquitto(sub, rate)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, own), append(theirs, other)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	row(fmt.Sprintf("CPU per message at %d/s, QoS 1, stored+judged+shown", rate), "%.1f µs (%.1f to %.1f)", ours[1], ours[0], ours[2])
	row("CPU per message, Mosquitto forwarding to one subscriber", "%.1f µs (%.1f to %.1f)", theirs[1], theirs[0], theirs[2])
	row("  ratio", "%.2f", ours[1]/theirs[1])
	return nil
}

func (b *bench) cpuOurs(dir string, rate int) (float64, error) {
	p, err := startTonypi(b.binary, dir)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	f, err := dialFleet(p.mqtt, 500, 1)
	if err != nil {
		return 0, err
	}
	defer f.close()
	w, err := watch(p, "bench_0001", b.epoch)
	if err != nil {
		return 0, err
	}
	defer w.close()
	return b.cpuOf(p, f, rate), nil
}

func (b *bench) cpuOf(p *process, f fleet, rate int) float64 {
	f.pace(rate, 2*time.Second, b.epoch)
	before := p.cpu()
	n := f.pace(rate, b.phase, b.epoch)
	time.Sleep(200 * time.Millisecond)
	return float64((p.cpu() - before).Microseconds()) / float64(n)
}

func (b *bench) cpuMosquitto(dir string, rate int) (float64, error) {
	p, err := startMosquitto(dir)
	if err != nil {
		return 0, err
	}
	defer p.stop()
	s, err := dial(p.mqtt, "bench_subscriber", 1)
	if err != nil {
		return 0, err
	}
	defer s.conn.Close()
	// Subscribe with QoS 0: the cheapest thing Mosquitto can do with the messages.
	body := append([]byte{0, 1}, append(mqttString("tonypi/sensors/+"), 0)...)
	if _, err := s.conn.Write(append([]byte{0x82, byte(len(body))}, body...)); err != nil {
		return 0, err
	}
	go func() { _, _ = io.Copy(io.Discard, s.conn) }()
	f, err := dialFleet(p.mqtt, 500, 1)
	if err != nil {
		return 0, err
	}
	defer f.close()
	return b.cpuOf(p, f, rate), nil
}

// latency measures publish → WebSocket with 50 watchers of one robot each, at two rates.
func (b *bench) latency(dir string) error {
	p, err := startTonypi(b.binary, dir)
	if err != nil {
		return err
	}
	defer p.stop()
	f, err := dialFleet(p.mqtt, 1000, 1)
	if err != nil {
		return err
	}
	defer f.close()
	f.pace(2000, 2*time.Second, b.epoch)
	var watchers []*watcher
	for i := range 50 {
		w, err := watch(p, fmt.Sprintf("bench_%04d", i*20), b.epoch)
		if err != nil {
			return err
		}
		defer w.close()
		watchers = append(watchers, w)
	}
	for _, rate := range []int{1000, 10000} {
		f.latencies()
		f.pace(rate, 2*time.Second, b.epoch)
		for _, w := range watchers {
			w.take()
		}
		f.latencies()
		f.pace(rate, b.phase, b.epoch)
		time.Sleep(300 * time.Millisecond)
		var all []float64
		for _, w := range watchers {
			all = append(all, w.take()...)
		}
		slices.Sort(all)
		ack := f.latencies()
		row(fmt.Sprintf("publish → WebSocket at %d/s, 50 watchers, p50 / p99", rate), "%.1f / %.1f ms (%d seen)", percentile(all, 0.5), percentile(all, 0.99), len(all))
		row("  PUBACK p50 / p99", "%.1f / %.1f ms", percentile(ack, 0.5), percentile(ack, 0.99))
	}
	return nil
}

// watcher is a browser that looks at one robot and notes how old each bench_stamp is when it arrives.
type watcher struct {
	conn *websocket.Conn
	mu   sync.Mutex
	ages []float64
}

func watch(p *process, robot string, epoch time.Time) (*watcher, error) {
	ctx := context.Background()
	conn, resp, err := websocket.Dial(ctx, "ws://"+p.http+"/api/v1/live", &websocket.DialOptions{HTTPHeader: http.Header{}})
	if err != nil {
		return nil, err
	}
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close()
	}
	conn.SetReadLimit(1 << 24)
	for _, m := range []string{`{"type":"auth","token":""}`, fmt.Sprintf(`{"type":"watch","id":1,"robots":{%q:["*"]}}`, robot)} {
		if err := conn.Write(ctx, websocket.MessageText, []byte(m)); err != nil {
			return nil, err
		}
	}
	w := &watcher{conn: conn}
	go w.read(robot, epoch)
	return w, nil
}

func (w *watcher) read(robot string, epoch time.Time) {
	for {
		_, b, err := w.conn.Read(context.Background())
		if err != nil {
			return
		}
		now := time.Since(epoch).Seconds() * 1000
		var frame struct {
			Type   string `json:"type"`
			Robots map[string]struct {
				Readings [][4]any `json:"readings"`
			} `json:"robots"`
		}
		if json.Unmarshal(b, &frame) != nil || frame.Type != "frame" {
			continue
		}
		for _, r := range frame.Robots[robot].Readings {
			if v, ok := r[2].(float64); ok && r[1] == "bench_stamp" {
				w.mu.Lock()
				w.ages = append(w.ages, now-(v-epochOffset))
				w.mu.Unlock()
			}
		}
	}
}

func (w *watcher) take() []float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	ages := w.ages
	w.ages = nil
	return ages
}

func (w *watcher) close() { _ = w.conn.CloseNow() }

// store runs the stores' own benchmarks: bytes per sample, the 30-day query, opening a month of data; searches and lists over
// a million log lines, 100,000 alerts, jobs and commands in SQLite and PostgreSQL; a stop of all; a camera's fifty viewers.
func (b *bench) store(string) error {
	for _, args := range [][]string{
		{"-bench", ".", "-benchtime", "1x", "./tsdb"},
		{"-bench", "Alerts|Logs|Jobs|Commands", "-benchtime", "100x", "./sqlstore"},
		{"-bench", "StopAll|Scanner|FiftyViewers", "./command", "./camera"},
	} {
		cmd := exec.Command("go", append([]string{"test", "-run", "^$", "-timeout", "20m"}, args...)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return err
		}
	}
	return nil
}
