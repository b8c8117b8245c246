package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"
)

// history is a tonypi.CommandStore in memory that can fail and hang.
type history struct {
	mu    sync.Mutex
	rows  map[string]tonypi.Command
	down  error
	hang  bool          // until the context ends
	slow  time.Duration // for new commands
	saves int
}

func (h *history) enter(ctx context.Context) error {
	h.mu.Lock()
	hang, down := h.hang, h.down
	h.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return cmp.Or(down, ctx.Err())
}

func (h *history) set(hang bool, down error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hang, h.down = hang, down
}

// kept is a command as a database keeps it: its times to the millisecond.
func kept(c tonypi.Command) tonypi.Command {
	for _, t := range []*time.Time{&c.ClickedAt, &c.CreatedAt, &c.SentAt, &c.RobotAt, &c.EndedAt, &c.Deadline} {
		*t = t.Truncate(time.Millisecond)
	}
	return c
}

func (h *history) CreateCommands(ctx context.Context, commands []tonypi.Command) error {
	if err := h.enter(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	slow := h.slow
	h.mu.Unlock()
	time.Sleep(slow)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range commands {
		if _, exists := h.rows[c.ID]; exists {
			return tonypi.Errorf(tonypi.Conflict, "Command already exists")
		}
	}
	for _, c := range commands {
		h.rows[c.ID] = kept(c)
	}
	return nil
}

func (h *history) SaveCommands(ctx context.Context, commands []tonypi.Command) error {
	if err := h.enter(ctx); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.saves++
	for _, c := range commands {
		h.rows[c.ID] = kept(c)
	}
	return nil
}

func (h *history) Command(ctx context.Context, id string) (tonypi.Command, error) {
	if err := h.enter(ctx); err != nil {
		return tonypi.Command{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.rows[id]
	if !ok {
		return c, tonypi.Errorf(tonypi.NotFound, "Command not found")
	}
	return c, nil
}

func (h *history) Commands(ctx context.Context, f tonypi.CommandFilter) ([]tonypi.Command, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []tonypi.Command
	for _, c := range h.rows {
		if (f.Robot == "" || c.Robot == f.Robot) && (f.Batch == "" || c.Batch == f.Batch) && (f.Type == "" || c.Type == f.Type) &&
			(f.Status == "" || c.Status == f.Status) && !c.CreatedAt.Before(f.Since) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b tonypi.Command) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
	})
	return list[:min(len(list), f.Limit)], nil
}

func (h *history) PurgeCommands(context.Context, time.Time) (int, error) { return 0, nil }

func (h *history) saved() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.saves
}

func (h *history) size() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rows)
}

func (h *history) row(t *testing.T, id string) tonypi.Command {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	c, ok := h.rows[id]
	if !ok {
		t.Fatalf("command %s is not stored", id)
	}
	return c
}

// broker is a Publisher that keeps what it gets. heard is called for each message first.
type broker struct {
	mu    sync.Mutex
	sent  []wire.Message
	err   error
	hang  bool
	heard func(m wire.Message)
}

func (b *broker) Publish(ctx context.Context, m wire.Message) error {
	b.mu.Lock()
	err, hang, heard := b.err, b.hang, b.heard
	b.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.sent = append(b.sent, m)
	b.mu.Unlock()
	if heard != nil {
		heard(m)
	}
	return nil
}

func (b *broker) set(err error, hang bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err, b.hang = err, hang
}

// on returns the messages of a topic.
func (b *broker) on(topic string) []wire.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []wire.Message
	for _, m := range b.sent {
		if m.Topic == topic {
			list = append(list, m)
		}
	}
	return list
}

// count returns how many messages were published.
func (b *broker) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.sent)
}

// fleet is Robots; robots in connected are connected.
type fleet struct {
	mu        sync.Mutex
	slow      time.Duration // of Robot
	robots    map[tonypi.RobotID]tonypi.Robot
	connected map[tonypi.RobotID]bool
}

func (f *fleet) Robot(id tonypi.RobotID) (tonypi.Robot, error) {
	time.Sleep(f.slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.robots[id]
	if !ok {
		return r, tonypi.Errorf(tonypi.NotFound, "Robot %q not found", id)
	}
	return r, nil
}

func (f *fleet) Fleet() []tonypi.Robot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.SortedFunc(maps.Values(f.robots), func(a, b tonypi.Robot) int { return strings.Compare(string(a.ID), string(b.ID)) })
}

func (f *fleet) isConnected(id tonypi.RobotID) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.connected[id]
}

func (f *fleet) change(id tonypi.RobotID, connected bool, edit func(*tonypi.Robot)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.connected[id] = connected
	r := f.robots[id]
	if edit != nil {
		edit(&r)
	}
	f.robots[id] = r
}

// notes takes in what is shown, raised, recorded and measured.
type notes struct {
	mu       sync.Mutex
	shown    []tonypi.Event
	open     map[tonypi.RobotID]tonypi.Alert
	raised   int
	audit    []tonypi.AuditEntry
	lines    []tonypi.LogEntry
	readings []tonypi.Reading
	hang     chan struct{} // when not nil, alerts and readings hang until it is closed
}

func (n *notes) wait() {
	n.mu.Lock()
	hang := n.hang
	n.mu.Unlock()
	if hang != nil {
		<-hang
	}
}

func (n *notes) Show(e tonypi.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.shown = append(n.shown, e)
}

func (n *notes) Raise(_ time.Time, a tonypi.Alert) {
	n.wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open[a.Robot] = a
	n.raised++
}

func (n *notes) Clear(robot tonypi.RobotID, _, _, _ string, _ time.Time) {
	n.wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, robot)
}

func (n *notes) Record(e tonypi.AuditEntry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.audit = append(n.audit, e)
}

func (n *notes) Log(l tonypi.LogEntry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, l)
}

func (n *notes) Append(readings []tonypi.Reading) (tonypi.Commit, error) {
	n.wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.readings = append(n.readings, readings...)
	return nil, nil
}

func (n *notes) alerts() map[tonypi.RobotID]tonypi.Alert {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.open)
}

func (n *notes) counts() (raised, measured int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.raised, len(n.readings)
}

// logged returns how many lines of a level there are about a robot.
func (n *notes) logged(level string, robot tonypi.RobotID) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := 0
	for _, l := range n.lines {
		if l.Level == level && l.Robot == robot {
			count++
		}
	}
	return count
}

func (n *notes) events() []tonypi.Event {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.shown)
}

func (n *notes) measured() []tonypi.Reading {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.readings)
}

// actions returns what was recorded, as "user action robot".
func (n *notes) actions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []string
	for _, e := range n.audit {
		list = append(list, strings.TrimSpace(e.User+" "+e.Action+" "+string(e.Robot)))
	}
	return list
}

// statuses returns what was shown of a command, in order and without repeats.
func (n *notes) statuses(id string) []tonypi.CommandStatus {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []tonypi.CommandStatus
	for _, e := range n.shown {
		if e.Kind == tonypi.CommandChanged && e.Command.ID == id && (len(list) == 0 || list[len(list)-1] != e.Command.Status) {
			list = append(list, e.Command.Status)
		}
	}
	return list
}

// world is a Dispatcher with everything around it.
type world struct {
	t *testing.T
	*Dispatcher
	store  *history
	broker *broker
	fleet  *fleet
	notes  *notes
	leases *Leases
	end    func()
}

var (
	olga = tonypi.Caller{Name: "olga", Role: tonypi.Operator, Address: "10.0.0.9", Session: "s1"}
	bert = tonypi.Caller{Name: "bert", Role: tonypi.Operator, Session: "s2"}
	root = tonypi.Caller{Name: "ada", Role: tonypi.Admin, Session: "s3"}
)

// inWorld runs a test in a bubble, with the robots r1 and r2 connected and r3 gone.
func inWorld(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start()
		test(t, w)
		w.end()
	})
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, store: &history{rows: map[string]tonypi.Command{}}, broker: &broker{},
		fleet: &fleet{robots: map[tonypi.RobotID]tonypi.Robot{}, connected: map[tonypi.RobotID]bool{}},
		notes: &notes{open: map[tonypi.RobotID]tonypi.Alert{}},
	}
	for _, id := range []tonypi.RobotID{"r1", "r2", "r3"} {
		w.fleet.robots[id] = tonypi.Robot{ID: id, Name: "Robot " + string(id), Adoption: tonypi.Adopted, Agent: "tonypi 1"}
		w.fleet.connected[id] = id != "r3"
	}
	return w
}

// start makes a Dispatcher over the world's store, as a server that starts does.
func (w *world) start() {
	w.t.Helper()
	w.leases = NewLeases(LeasesConfig{Robots: w.fleet, Show: w.notes, Record: w.notes})
	w.Dispatcher = New(Config{
		Store: w.store, Bus: w.broker, Robots: w.fleet, Connected: w.fleet.isConnected, Show: w.notes, Alerts: w.notes,
		Record: w.notes, Series: w.notes, Leases: w.leases, Log: slog.New(slog.DiscardHandler),
	})
	if err := w.Load(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	var work sync.WaitGroup
	for _, run := range []func(context.Context) error{w.Run, w.leases.Run} {
		work.Go(func() {
			if err := run(ctx); err != nil {
				w.t.Error(err)
			}
		})
	}
	w.end = func() {
		cancel()
		work.Wait()
	}
}

// restart ends the server and starts it anew. With kill nothing is written at the end.
func (w *world) restart(kill bool) {
	w.t.Helper()
	if kill {
		w.store.set(false, errors.New("killed"))
	}
	w.end()
	w.store.set(false, nil)
	w.start()
}

func (w *world) send(o tonypi.Order) tonypi.Command {
	w.t.Helper()
	o.By = cmp.Or(o.By, olga)
	list, err := w.Send(w.t.Context(), o)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(list) != 1 {
		w.t.Fatalf("%d commands, want 1", len(list))
	}
	return list[0]
}

// now returns a command as the Dispatcher knows it.
func (w *world) now(id string) tonypi.Command {
	w.t.Helper()
	if e := w.find(id); e != nil {
		return w.copyOf(e)
	}
	return w.store.row(w.t, id)
}

// answer is a robot's answer; it returns once it is stored.
func (w *world) answer(robot tonypi.RobotID, ack tonypi.Ack) error {
	now := time.Now()
	u := &tonypi.Update{Robot: robot, At: now, Sent: now.Add(-2 * time.Millisecond), Ack: &ack}
	if c := w.Take(u); c != nil {
		return c.Wait(w.t.Context())
	}
	return nil
}

func (w *world) mustAnswer(robot tonypi.RobotID, ack tonypi.Ack) {
	w.t.Helper()
	if err := w.answer(robot, ack); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) want(id string, status tonypi.CommandStatus) tonypi.Command {
	w.t.Helper()
	c := w.now(id)
	if c.Status != status {
		w.t.Fatalf("command %s is %s (%s), want %s", id, c.Status, c.Message, status)
	}
	return c
}

func done(id string) tonypi.Ack { return tonypi.Ack{CommandID: id, Success: true, Message: "ok"} }

func stopped(id string) tonypi.Ack {
	ms := 1.5
	return tonypi.Ack{CommandID: id, Type: tonypi.StopCommand, Success: true, Message: "stopped", StopMS: &ms, Data: []byte(`{"success":true}`)}
}

// payload reads a message's JSON object.
func payload(t *testing.T, m wire.Message) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(m.Payload, &body); err != nil {
		t.Fatal(err)
	}
	return body
}
