package ingest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"

	"github.com/google/go-cmp/cmp"
)

// taker notes what it is given and promises what it is told to.
type taker struct {
	mu     sync.Mutex
	taken  []tonypi.RobotID
	commit tonypi.Commit
}

func (t *taker) Take(u *tonypi.Update) tonypi.Commit {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken = append(t.taken, u.Robot)
	return t.commit
}

func (t *taker) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.taken)
}

// events keeps open what was raised, one per robot, type and source, as alert.Engine does.
type events struct {
	mu  sync.Mutex
	on  map[string]bool
	log []string
}

func (e *events) Raise(_ time.Time, a tonypi.Alert) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := fmt.Sprintf("%s %s/%s", a.Robot, a.Type, a.Source)
	if e.on == nil {
		e.on = map[string]bool{}
	}
	if !e.on[key] {
		e.on[key] = true
		e.log = append(e.log, fmt.Sprintf("raise %s %s %s: %s", key, a.Severity, a.Title, a.Message))
	}
}

func (e *events) Clear(robot tonypi.RobotID, kind, source, _ string, _ time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	key := fmt.Sprintf("%s %s/%s", robot, kind, source)
	if e.on[key] {
		e.log = append(e.log, "clear "+key)
	}
	delete(e.on, key)
}

func (e *events) told() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.log)
}

func TestHandleGivesToWhomItConcerns(t *testing.T) {
	w := newWorld(t, Ask, "r1")
	jobs, logs, answers := &taker{}, &taker{}, &taker{}
	w.in.config.Jobs, w.in.config.Logs, w.in.config.Answers = jobs, logs, answers
	tests := []struct {
		topic, payload      string
		jobs, logs, answers int
	}{
		{"tonypi/sensors/r1", sensor, 0, 0, 0},
		{"tonypi/logs/r1", `{"message":"hello"}`, 0, 1, 0},
		{"tonypi/job/r1", `{"status":"started"}`, 1, 0, 0},
		{"tonypi/scan/r1", `{"qr":"QR1"}`, 1, 0, 0},
		{"tonypi/commands/response", `{"robot_id":"r1","command_id":"7","success":true}`, 0, 0, 1},
		{"tonypi/status/r1", `{"status":"online"}`, 0, 0, 0},
		{"tonypi/status/r1", `{"status":"online","config_version":3}`, 0, 0, 1},
	}
	for _, test := range tests {
		before := [3]int{jobs.count(), logs.count(), answers.count()}
		w.ok(test.topic, w.say("r1", test.topic, test.payload, 1))
		got := [3]int{jobs.count() - before[0], logs.count() - before[1], answers.count() - before[2]}
		if got != [3]int{test.jobs, test.logs, test.answers} {
			t.Errorf("%s %s: jobs, logs, answers were given %v", test.topic, test.payload, got)
		}
	}
	// A robot that only wants to join is given to nobody.
	w.ok("stranger", w.say("stranger", "tonypi/scan/stranger", `{"qr":"QR1"}`, 1))
	w.ok("stranger", w.say("stranger", "tonypi/commands/response", `{"robot_id":"stranger","command_id":"7","success":true}`, 1))
	if slices.Contains(jobs.taken, "stranger") || slices.Contains(answers.taken, "stranger") {
		t.Error("a pending robot's scan or answer was taken")
	}
}

func TestHandleWaitsForEveryPromise(t *testing.T) {
	for _, which := range []string{"jobs", "logs", "answers"} {
		w := newWorld(t, Ask, "r1")
		failing := &taker{commit: commit{errDown}}
		switch which {
		case "jobs":
			w.in.config.Jobs = failing
		case "logs":
			w.in.config.Logs = failing
		case "answers":
			w.in.config.Answers = failing
		}
		topic, payload := map[string]string{
			"jobs": "tonypi/job/r1", "logs": "tonypi/logs/r1", "answers": "tonypi/commands/response",
		}[which], `{"robot_id":"r1","status":"started","message":"hello","success":true}`
		w.want(which+" at QoS 1", w.say("r1", topic, payload, 1), tonypi.Unavailable)
		w.ok(which+" at QoS 0", w.say("r1", topic, payload, 0))
		if n := w.in.Stats().NotStored; n != 1 {
			t.Errorf("%s: %d messages counted as not stored, want 1", which, n)
		}
	}
}

// hanging is a promise of a store that does not answer.
type hanging struct{}

func (hanging) Wait(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// A job that waits for a store that hangs does not hold up the robot's other messages.
func TestHangingStoreHoldsUpNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Ask, "r1")
		w.in.config.Jobs = &taker{commit: hanging{}}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			result <- w.in.Handle(ctx, wire.Message{
				Topic: "tonypi/job/r1", Payload: []byte(`{"status":"started"}`), QoS: 1, Sender: wire.Sender{Robot: "r1"},
			})
		}()
		synctest.Wait()
		for range 3 {
			w.ok("sensor meanwhile", w.say("r1", "tonypi/sensors/r1", sensor, 1))
		}
		if n := len(w.series.values("r1", tonypi.Distance)); n != 3 {
			t.Errorf("%d readings got through, want 3", n)
		}
		select {
		case err := <-result:
			t.Errorf("the job was acknowledged: %v", err)
		default:
		}
		cancel()
		if err := <-result; err == nil {
			t.Error("a job that was never stored is acknowledged")
		}
	})
}

func TestStopsAndFallsAreAlerts(t *testing.T) {
	const ack = `{"robot_id":"r1","command_id":"7","type":"emergency_stop","success":true,"reason":"test","state":{"emergency_stopped":true}}`
	const resumed = `{"robot_id":"r1","command_id":"8","type":"resume","success":true,"state":{"emergency_stopped":false}}`
	raise := "raise r1 emergency_stop/emergency_system critical Emergency Stop Activated on r1: Emergency stop triggered: "
	fell := "raise r1 fall/posture critical Fall of r1: The robot lies on its "
	status := func(fields string) [2]string {
		return [2]string{"tonypi/status/r1", `{"status":"online",` + fields + `}`}
	}
	tests := []struct {
		name string
		says [][2]string
		want []string
	}{
		{"both answers to one stop", [][2]string{{wire.StopResponse, ack}, {wire.CommandResponse, ack}}, []string{raise + "test"}},
		{"answer, then status", [][2]string{{wire.StopResponse, ack}, status(`"emergency_stopped":true`)}, []string{raise + "test"}},
		{"stopped by its own button", [][2]string{status(`"emergency_stopped":true`)}, []string{raise + "no reason given"}},
		{"resumed and stopped again", [][2]string{{wire.StopResponse, ack}, {wire.CommandResponse, resumed}, {wire.StopResponse, ack}},
			[]string{raise + "test", "clear r1 emergency_stop/emergency_system", raise + "test"}},
		{"goes while it is stopped", [][2]string{{wire.StopResponse, ack}, {"tonypi/status/r1", `{"status":"offline"}`}, {"tonypi/status/r1", `{"status":"lost"}`}},
			[]string{raise + "test"}},
		{"fall", [][2]string{status(`"posture":"standing"`), status(`"posture":"fallen_front"`), status(`"posture":"fallen_front"`)}, []string{fell + "front"}},
		{"rolls over, is lifted, stands", [][2]string{status(`"posture":"fallen_side"`), status(`"posture":"fallen_back"`), status(`"posture":"held"`),
			status(`"posture":"walking"`), status(`"posture":"standing"`)}, []string{fell + "side", "clear r1 fall/posture"}},
		{"nothing", [][2]string{status(`"posture":"leaning"`), {"tonypi/logs/r1", `{"message":"x"}`}}, nil},
	}
	for _, test := range tests {
		w := newWorld(t, Ask, "r1")
		told := &events{}
		w.in.config.Events = told
		for _, said := range test.says {
			w.ok(test.name, w.say("r1", said[0], said[1], 1))
		}
		if d := cmp.Diff(test.want, told.told()); d != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, d)
		}
	}
}

// A status that was made before the stop and comes in after its answer does not end the stop.
func TestStatusOvertakenByStop(t *testing.T) {
	stamp := func(second int) string { return fmt.Sprintf(`"timestamp":"2026-11-23T12:00:%02dZ"`, second) }
	stop := `{"robot_id":"r1",` + stamp(5) + `,"type":"emergency_stop","success":true,"reason":"x","state":{"emergency_stopped":true}}`
	running := func(second int) string { return `{"status":"online","emergency_stopped":false,` + stamp(second) + `}` }
	for _, test := range []struct {
		name    string
		status  string
		stopped bool
	}{
		{"made a second before", running(4), true},
		{"made after", running(6), false},
		{"of a clock that was set back", `{"status":"online","timestamp":"2026-11-23T09:00:00Z"}`, false},
		{"without a stamp", `{"status":"online"}`, false},
	} {
		w := newWorld(t, Ask, "r1")
		w.ok("before", w.say("r1", "tonypi/status/r1", running(1), 1))
		w.ok("stop", w.say("r1", wire.StopResponse, stop, 1))
		w.ok(test.name, w.say("r1", "tonypi/status/r1", test.status, 1))
		robot, err := w.robots.Robot("r1")
		if err != nil || robot.Stopped != test.stopped {
			t.Errorf("%s: stopped %v, want %v (%v)", test.name, robot.Stopped, test.stopped, err)
		}
		if test.stopped && robot.Status != "emergency_stopped" {
			t.Errorf("%s: status %q", test.name, robot.Status)
		}
	}
}

// Late messages of before the stop and of the stop come in after the resume: the first does not make the second look new.
func TestLateWordsDoNotStopAgain(t *testing.T) {
	stamp := func(second int) string { return fmt.Sprintf(`"timestamp":"2026-11-23T12:00:%02dZ"`, second) }
	stop := `{"robot_id":"r1",` + stamp(5) + `,"type":"emergency_stop","success":true,"reason":"x","state":{"emergency_stopped":true}}`
	resume := `{"robot_id":"r1",` + stamp(6) + `,"type":"resume","success":true,"state":{"emergency_stopped":false}}`
	w := newWorld(t, Ask, "r1")
	w.ok("stop", w.say("r1", wire.StopResponse, stop, 1))
	w.ok("resume", w.say("r1", wire.CommandResponse, resume, 1))
	w.ok("before the stop", w.say("r1", "tonypi/status/r1", `{"status":"online","emergency_stopped":false,`+stamp(4)+`}`, 1))
	w.ok("the stop's second answer", w.say("r1", wire.CommandResponse, stop, 1))
	if robot, err := w.robots.Robot("r1"); err != nil || robot.Stopped {
		t.Errorf("stopped again by late words (%v)", err)
	}
	w.ok("another stop", w.say("r1", wire.StopResponse, strings.ReplaceAll(stop, stamp(5), stamp(7)), 1))
	if robot, err := w.robots.Robot("r1"); err != nil || !robot.Stopped {
		t.Errorf("a new stop does not count (%v)", err)
	}
}

// After a restart the stored state is what a change is measured against.
func TestEventsAfterRestart(t *testing.T) {
	w := newWorld(t, Ask, "r1", "r2")
	first := &events{}
	w.in.config.Events = first
	w.ok("stop", w.say("r1", "tonypi/status/r1", `{"status":"emergency_stopped","emergency_stopped":true,"emergency_reason":"x","posture":"fallen_back"}`, 1))
	w.ok("runs", w.say("r2", "tonypi/status/r2", `{"status":"online"}`, 1))
	w.robots.flush(t.Context())
	for _, kept := range []bool{true, false} {
		second := &events{}
		if kept {
			second.on = map[string]bool{"r1 emergency_stop/emergency_system": true, "r1 fall/posture": true}
		}
		w.restart(Ask)
		w.in.config.Events = second
		w.in.Expect(time.Now())
		w.ok("still stopped", w.say("r1", "tonypi/status/r1", `{"status":"emergency_stopped","emergency_stopped":true}`, 1))
		want := first.told()
		if kept {
			want = nil
		}
		if d := cmp.Diff(want, second.told()); d != "" {
			t.Errorf("alerts kept: %v (-want +got):\n%s", kept, d)
		}
	}
	// A stop that ended while the server was down ends its alert.
	third := &events{on: map[string]bool{"r1 emergency_stop/emergency_system": true}}
	w.restart(Ask)
	w.in.config.Events = third
	w.ok("runs again", w.say("r1", "tonypi/status/r1", `{"status":"online"}`, 1))
	if d := cmp.Diff([]string{"clear r1 emergency_stop/emergency_system"}, third.told()); d != "" {
		t.Error(d)
	}
}

// The recordings of the original programs hold three stops: each is one alert.
func TestCapturesOneAlertPerStop(t *testing.T) {
	files, err := filepath.Glob("../wire/testdata/captures/*.jsonl")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, twice := range []bool{false, true} {
		w := newWorld(t, Auto)
		told := &events{}
		w.in.config.Events = told
		for _, file := range files {
			replay(t, w.in, file, twice)
		}
		raised := map[string]int{}
		for _, line := range told.told() {
			if rest, ok := strings.CutPrefix(line, "raise "); ok {
				raised[rest]++
			}
		}
		want := map[string]int{
			"simA emergency_stop/emergency_system critical Emergency Stop Activated on simA: Emergency stop triggered: test": 1,
			"simB emergency_stop/emergency_system critical Emergency Stop Activated on simB: Emergency stop triggered: bc":   1,
			"cliA emergency_stop/emergency_system critical Emergency Stop Activated on cliA: Emergency stop triggered: bc":   1,
		}
		if d := cmp.Diff(want, raised); d != "" {
			t.Errorf("each message twice: %v (-want +got):\n%s", twice, d)
		}
	}
}

// replay hands a recording to a Pipeline as it came in, each message once or twice.
func replay(t *testing.T, in *Pipeline, file string, twice bool) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
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
		if !wire.FromRobot(c.Topic) {
			continue
		}
		for range map[bool]int{false: 1, true: 2}[twice] {
			m := wire.Message{Topic: c.Topic, Payload: []byte(c.Payload), QoS: 1, At: at.Add(time.Second)}
			if err := in.Handle(t.Context(), m); err != nil {
				t.Fatal(c.Topic, err)
			}
		}
	}
}
