package alert

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

// memory is a rule and alert store that can be switched off.
type memory struct {
	mu     sync.Mutex
	down   error
	rules  []tonypi.Rule
	alerts map[int64]tonypi.Alert
	saves  int
	nextID int64
}

func (m *memory) Rules(context.Context) ([]tonypi.Rule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.rules), m.down
}

func (m *memory) SaveRule(_ context.Context, r tonypi.Rule) (tonypi.Rule, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return r, m.down
	}
	for i, old := range m.rules {
		if old.ID == r.ID || r.ID == 0 && old.Robot == r.Robot && old.Type == r.Type {
			r.ID = old.ID
			m.rules[i] = r
			return r, nil
		}
	}
	m.nextID++
	r.ID = m.nextID
	m.rules = append(m.rules, r)
	return r, nil
}

func (m *memory) DeleteRule(_ context.Context, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rules = slices.DeleteFunc(m.rules, func(r tonypi.Rule) bool { return r.ID == id })
	return m.down
}

func (m *memory) Alerts(_ context.Context, f tonypi.AlertFilter) ([]tonypi.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []tonypi.Alert
	for _, a := range m.alerts {
		if (f.Robot == "" || a.Robot == f.Robot) && (f.Type == "" || a.Type == f.Type) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b tonypi.Alert) int { return int(b.ID - a.ID) })
	if f.Limit > 0 {
		found = found[:min(len(found), f.Limit)]
	}
	return found, m.down
}

func (m *memory) OpenAlerts(ctx context.Context) ([]tonypi.Alert, error) {
	all, err := m.Alerts(ctx, tonypi.AlertFilter{})
	return slices.DeleteFunc(all, func(a tonypi.Alert) bool { return a.Resolved }), err
}

func (m *memory) Alert(_ context.Context, id int64) (tonypi.Alert, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.alerts[id]
	switch {
	case m.down != nil:
		return a, m.down
	case !ok:
		return a, tonypi.Errorf(tonypi.NotFound, "no such alert")
	}
	return a, nil
}

func (m *memory) AlertStats(context.Context, tonypi.RobotID, time.Time) (tonypi.AlertStats, error) {
	return tonypi.AlertStats{}, nil
}

func (m *memory) SaveAlerts(_ context.Context, alerts []tonypi.Alert) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return m.down
	}
	for _, a := range alerts {
		if a.Robot == "refused" {
			return tonypi.Errorf(tonypi.Invalid, "no such robot")
		}
	}
	m.saves++
	for _, a := range alerts {
		m.alerts[a.ID] = a
	}
	return nil
}

func (m *memory) DeleteAlert(_ context.Context, id int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.alerts[id]; !ok && m.down == nil {
		return tonypi.Errorf(tonypi.NotFound, "no such alert")
	}
	delete(m.alerts, id)
	return m.down
}

func (m *memory) LastAlertID(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := int64(0)
	for id := range m.alerts {
		last = max(last, id)
	}
	return last, m.down
}

func (m *memory) set(down error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// shown counts what browsers were told.
type shown struct {
	mu     sync.Mutex
	events []tonypi.Event
}

func (s *shown) Show(e tonypi.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, e)
}

func (s *shown) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// TestScenarios plays testdata/*.txt; testdata/README.md explains the format.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			steps, err := parse(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			synctest.Test(t, func(t *testing.T) { play(t, file, steps) })
		})
	}
}

type step struct {
	line  int
	at    time.Duration
	words []string
}

// parse reads a scenario. Repeated steps are unrolled; steps are in order of time, then of lines.
func parse(text string) ([]step, error) {
	var steps []step
	expects := 0
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "rule" {
			steps = append(steps, step{line: i + 1, words: words})
			continue
		}
		from, to, every, err := span(words[0])
		if err != nil || len(words) < 2 {
			return nil, fmt.Errorf("line %d: %q: %w", i+1, line, err)
		}
		for at := from; at <= to; at += every {
			steps = append(steps, step{i + 1, at, words[1:]})
		}
		if words[1] == "expect" {
			expects++
		}
	}
	if expects == 0 {
		return nil, fmt.Errorf("expects nothing")
	}
	slices.SortStableFunc(steps, func(a, b step) int { return int(a.at - b.at) })
	return steps, nil
}

// span reads "+10s" or "+0s..+20s/2s".
func span(s string) (from, to, every time.Duration, err error) {
	first, rest, many := strings.Cut(strings.TrimPrefix(s, "+"), "..")
	if from, err = time.ParseDuration(first); err != nil || !many {
		return from, from, time.Hour, err
	}
	last, step, _ := strings.Cut(strings.TrimPrefix(rest, "+"), "/")
	if to, err = time.ParseDuration(last); err == nil {
		every, err = time.ParseDuration(step)
	}
	return from, to, every, err
}

type player struct {
	*testing.T
	engine *Engine
	store  *memory
	shown  *shown
	stop   func()
}

func play(t *testing.T, file string, steps []step) {
	p := &player{T: t, store: &memory{alerts: make(map[int64]tonypi.Alert)}, shown: &shown{}}
	// A rule that never judges, so that a scenario without rules has no default ones.
	p.store.rules = []tonypi.Rule{{ID: 1, Type: "none", Metric: tonypi.Uptime}}
	p.store.nextID = 1
	p.start()
	defer func() { p.stop() }()
	start := time.Now()
	for _, s := range steps {
		time.Sleep(time.Until(start.Add(s.at)))
		synctest.Wait()
		if err := p.do(s.words); err != nil {
			t.Errorf("%s:%d: +%v %s: %v", file, s.line, s.at, strings.Join(s.words, " "), err)
		}
	}
}

func (p *player) start() {
	p.engine = New(Config{Store: p.store, Rules: p.store, Show: p.shown, Log: slog.New(slog.DiscardHandler)})
	if err := p.engine.Load(p.Context()); err != nil {
		p.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := p.engine.Run(ctx); err != nil {
			p.Error(err)
		}
	})
	p.stop = func() { cancel(); running.Wait() }
}

func (p *player) do(words []string) error {
	ctx, now := p.Context(), time.Now()
	arg := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	robot := tonypi.RobotID(arg(1))
	switch words[0] {
	case "rule":
		return p.rule(words[1:])
	case "norule":
		return p.norule(arg(1), tonypi.RobotID(arg(2)))
	case "seen":
		p.engine.Seen(robot, now)
	case "raise", "clear":
		p.happen(words)
	case "lost":
		p.engine.Lost(robot, now)
	case "bye":
		p.engine.Seen(robot, now)
		p.engine.Goodbye(robot, now)
	case "forget":
		p.engine.ForgetRobot(robot)
	case "ack":
		return p.person(robot, arg(2), func(id int64) error {
			_, err := p.engine.Acknowledge(ctx, id, "ann", arg(3))
			return err
		})
	case "ackall":
		_, err := p.engine.AcknowledgeAll(ctx, robot, nil, "ann")
		return err
	case "resolve":
		return p.person(robot, arg(2), func(id int64) error {
			_, err := p.engine.Resolve(ctx, id, "ann")
			return err
		})
	case "delete":
		return p.person(robot, arg(2), func(id int64) error { return p.engine.Delete(ctx, id) })
	case "store":
		p.store.set(map[string]error{"down": tonypi.Errorf(tonypi.Unavailable, "database is down")}[arg(1)])
	case "restart":
		p.stop()
		p.start()
		var fleet []tonypi.Robot
		for _, w := range words[1:] { // r1, or r1:offline for one that had said goodbye
			id, status, _ := strings.Cut(w, ":")
			fleet = append(fleet, tonypi.Robot{ID: tonypi.RobotID(id), Adoption: tonypi.Adopted, Status: status, LastSeen: now.Add(-time.Hour)})
		}
		return p.engine.Expect(ctx, fleet, now)
	case "expect":
		return p.expect(words[1:])
	default:
		return p.readings(words)
	}
	return nil
}

// happen plays "raise r1 fall/posture critical It fell" and "clear r1 fall/posture ann".
func (p *player) happen(words []string) {
	robot := tonypi.RobotID(words[1])
	kind, source, _ := strings.Cut(words[2], "/")
	if words[0] == "clear" {
		p.engine.Clear(robot, kind, source, strings.Join(words[3:], " "), time.Now())
		return
	}
	p.engine.Raise(time.Now(), tonypi.Alert{
		Robot: robot, Type: kind, Source: source, Severity: tonypi.Severity(words[3]), Title: "Event", Message: strings.Join(words[4:], " "),
	})
}

// readings plays "r1 cpu_percent 95 servo_temperature/servo_3 60": one message.
func (p *player) readings(words []string) error {
	robot, now := tonypi.RobotID(words[0]), time.Now()
	var list []tonypi.Reading
	for i := 1; i+1 < len(words); i += 2 {
		metric, source, _ := strings.Cut(words[i], "/")
		value, err := strconv.ParseFloat(words[i+1], 64)
		if err != nil {
			return err
		}
		if _, ok := tonypi.Metric(metric).Info(); !ok {
			return fmt.Errorf("no metric %q", metric)
		}
		list = append(list, tonypi.Reading{Robot: robot, Metric: tonypi.Metric(metric), Source: source, Value: value, Time: now})
	}
	if len(list) == 0 {
		return fmt.Errorf("no readings")
	}
	p.engine.Seen(robot, now)
	p.engine.Evaluate(now, list)
	return nil
}

// rule plays "rule cpu warn=70 crit=90 for=10s clear=10s hyst=2 robot=r1 metric=cpu_percent off": the default rule of the
// type with other numbers. Without for, clear and hyst they are 0.
func (p *player) rule(words []string) error {
	r := tonypi.Rule{Type: words[0], Enabled: true}
	for _, d := range tonypi.DefaultRules() {
		if d.Type == r.Type {
			r.Metric, r.Below, r.Warning, r.Critical = d.Metric, d.Below, d.Warning, d.Critical
		}
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		number, _ := strconv.ParseFloat(value, 64)
		duration, _ := time.ParseDuration(value)
		switch key {
		case "warn":
			r.Warning = number
		case "crit":
			r.Critical = number
		case "hyst":
			r.Hysteresis = number
		case "for":
			r.For = tonypi.Seconds(duration.Seconds())
		case "clear":
			r.ClearFor = tonypi.Seconds(duration.Seconds())
		case "robot":
			r.Robot = tonypi.RobotID(value)
		case "metric":
			r.Metric = tonypi.Metric(value)
		case "off":
			r.Enabled = false
		case "below":
			r.Below = true
		default:
			return fmt.Errorf("unknown word %q", w)
		}
	}
	_, err := p.engine.SaveRule(p.Context(), r)
	return err
}

func (p *player) norule(kind string, robot tonypi.RobotID) error {
	for _, r := range p.engine.Rules() {
		if r.Type == kind && r.Robot == robot {
			return p.engine.DeleteRule(p.Context(), r.ID)
		}
	}
	return fmt.Errorf("no such rule")
}

// find returns the open alert of a robot and type[/source].
func (p *player) find(robot tonypi.RobotID, what string) (tonypi.Alert, bool) {
	kind, source, _ := strings.Cut(what, "/")
	for _, a := range p.engine.Open() {
		if a.Robot == robot && a.Type == kind && a.Source == source {
			return a, true
		}
	}
	return tonypi.Alert{}, false
}

func (p *player) person(robot tonypi.RobotID, what string, f func(id int64) error) error {
	a, ok := p.find(robot, what)
	if !ok {
		return fmt.Errorf("not open")
	}
	return f(a.ID)
}

func (p *player) expect(words []string) error {
	synctest.Wait()
	if n, err := strconv.Atoi(words[1]); err == nil {
		open, _ := p.store.OpenAlerts(p.Context())
		p.store.mu.Lock()
		stored := len(p.store.alerts)
		p.store.mu.Unlock()
		got := map[string]int{
			"open": len(p.engine.Open()), "shown": p.shown.count(), "pending": p.engine.Pending(),
			"stored": stored, "storedopen": len(open),
		}[words[0]]
		if got != n {
			return fmt.Errorf("got %d", got)
		}
		return nil
	}
	robot, what := tonypi.RobotID(words[1]), words[2]
	a, ok := p.find(robot, what)
	count, worst := p.engine.OpenCounts(robot)
	switch {
	case words[0] == "none" && ok:
		return fmt.Errorf("is open: %s", a.Message)
	case words[0] == "none":
		return nil
	case !ok:
		return fmt.Errorf("is not open")
	case words[0] == "acked" || words[0] == "unacked":
		if a.Acknowledged != (words[0] == "acked") {
			return fmt.Errorf("acknowledged: %v", a.Acknowledged)
		}
		return nil
	case string(a.Severity) != words[0]:
		return fmt.Errorf("is %s: %s", a.Severity, a.Message)
	case count == 0 || worst.Rank() < a.Severity.Rank():
		return fmt.Errorf("counted %d, worst %q", count, worst)
	}
	if text := strings.Join(words[3:], " "); text != "" && a.Title+": "+a.Message != text {
		return fmt.Errorf("reads %q", a.Title+": "+a.Message)
	}
	return nil
}
