package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi"
	"tonypi/storetest"
)

func echo(text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })
}

// book is a log book without a store.
type book struct {
	mu    sync.Mutex
	audit []tonypi.AuditEntry
	lines []tonypi.LogEntry
	days  int
}

func (b *book) Record(e tonypi.AuditEntry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.audit = append(b.audit, e)
}

func (b *book) Log(e tonypi.LogEntry) { _, _ = b.Write(e) }

func (b *book) Write(e tonypi.LogEntry) (tonypi.LogEntry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e.ID = int64(len(b.lines) + 1)
	b.lines = append(b.lines, e)
	return e, nil
}

func (b *book) Clear(_ context.Context, days int, _ []string) (int, error) {
	b.days = days
	return 3, nil
}

// take returns the audit entries so far, and forgets them.
func (b *book) take() []tonypi.AuditEntry {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.audit
	b.audit = nil
	return all
}

// check holds every entry of a test against the rules: known words, and no secret.
func (b *book) check(t *testing.T) {
	t.Helper()
	for _, e := range b.take() {
		checkEntry(t, e)
	}
}

func checkEntry(t *testing.T, e tonypi.AuditEntry) {
	t.Helper()
	if !slices.Contains(tonypi.AuditActions, e.Action) {
		t.Errorf("unknown audit action %q", e.Action)
	}
	text := fmt.Sprintf("%+v %s", e, e.Details)
	for _, secret := range []string{password, "tj_", "tp_", "secret-"} {
		if strings.Contains(text, secret) {
			t.Errorf("audit entry holds %q: %s", secret, text)
		}
	}
	if !e.OK && e.Message == "" {
		t.Errorf("audit entry does not say why: %+v", e)
	}
}

// crew are the engines that act on robots, without a broker. Commands are done as soon as somebody waits for them.
type crew struct {
	mu       sync.Mutex
	store    *storetest.Memory
	orders   []tonypi.Order
	commands map[string]tonypi.Command
	refuse   string // why robots get no commands
	err      error  // of every order
	silent   bool   // robots do not answer
	holder   tonypi.Lease
	config   tonypi.RobotConfig
	codes    []string
	tickets  tonypi.Tickets
	dir      string
}

func newCrew(store *storetest.Memory) *crew {
	return &crew{store: store, commands: map[string]tonypi.Command{}}
}

func (c *crew) Send(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders = append(c.orders, o)
	if c.err != nil {
		return nil, c.err
	}
	if o.All {
		o.Robots = []tonypi.RobotID{"r1"}
	}
	var all []tonypi.Command
	for _, robot := range o.Robots {
		if robot != "r1" && robot != "r2" {
			return nil, tonypi.Errorf(tonypi.NotFound, "Robot %q not found", robot)
		}
		id := o.ID
		if id == "" {
			id = fmt.Sprintf("c%03d-%s", len(c.orders), robot)
		}
		if first, ok := c.commands[id]; ok {
			all = append(all, first)
			continue
		}
		cmd := tonypi.Command{
			ID: id, Robot: robot, Type: o.Type, Parameters: o.Parameters, Reason: o.Reason, Status: tonypi.CommandSent, By: o.By.Name,
			Address: o.By.Address, ClickedAt: o.ClickedAt, CreatedAt: time.Now().UTC(),
		}
		if c.refuse != "" {
			cmd.Status, cmd.Message = tonypi.CommandRefused, c.refuse
		}
		c.commands[id] = cmd
		all = append(all, cmd)
	}
	return all, c.store.SaveCommands(context.WithoutCancel(ctx), all)
}

func (c *crew) Stop(_ context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.orders = append(c.orders, o)
	if c.err != nil {
		return nil, c.err
	}
	if !o.All && o.Robots[0] != "r1" {
		return nil, tonypi.Errorf(tonypi.NotFound, "Robot %q not found", o.Robots[0])
	}
	cmd := tonypi.Command{ID: fmt.Sprintf("s%d", len(c.orders)), Robot: "r1", Type: o.Type, Reason: o.Reason, Status: tonypi.CommandSent, By: o.By.Name}
	c.commands[cmd.ID] = cmd
	return []tonypi.Command{cmd}, nil
}

func (c *crew) Resume(ctx context.Context, o tonypi.Order) ([]tonypi.Command, error) {
	return c.Send(ctx, o)
}

func (c *crew) Wait(ctx context.Context, ids []string) ([]tonypi.Command, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []tonypi.Command
	for _, id := range ids {
		cmd := c.commands[id]
		if cmd.Status == tonypi.CommandSent && !c.silent {
			cmd.Status, cmd.Message = tonypi.CommandDone, "done"
			c.commands[id] = cmd
		}
		all = append(all, cmd)
	}
	if c.silent {
		<-ctx.Done()
	}
	return all, nil
}

func (c *crew) Catalogue() []tonypi.CommandSpec {
	return []tonypi.CommandSpec{{Type: "move", Title: "Move", Group: "move", Params: []tonypi.ParamSpec{}, Motion: true, Timeout: 10}}
}

func (c *crew) StopLatencies(_ context.Context, robot tonypi.RobotID, _ time.Time) ([]tonypi.StopLatencies, error) {
	return []tonypi.StopLatencies{{Robot: robot, Count: 2, P50: 20, P99: 40, Max: 40}}, nil
}

// order returns the newest order.
func (c *crew) order() tonypi.Order {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.orders) == 0 {
		return tonypi.Order{}
	}
	return c.orders[len(c.orders)-1]
}

func (c *crew) Lease(robot tonypi.RobotID, by tonypi.Caller) tonypi.Lease {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.holder
	l.Robot, l.Mine = robot, l.Session != "" && l.Session == by.Session
	return l
}

func (c *crew) Take(robot tonypi.RobotID, by tonypi.Caller, force bool) (tonypi.Lease, error) {
	if l := c.Lease(robot, by); l.Holder != "" && !l.Mine && !force {
		return l, tonypi.Errorf(tonypi.Conflict, "%s has control", l.Holder)
	}
	c.mu.Lock()
	c.holder = tonypi.Lease{Holder: by.Name, Session: by.Session}
	c.mu.Unlock()
	return c.Lease(robot, by), nil
}

func (c *crew) Renew(robot tonypi.RobotID, by tonypi.Caller) (tonypi.Lease, error) {
	return c.Lease(robot, by), nil
}

func (c *crew) Release(robot tonypi.RobotID, by tonypi.Caller) error {
	if l := c.Lease(robot, by); !l.Mine {
		return tonypi.Errorf(tonypi.Conflict, "You do not have control")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.holder = tonypi.Lease{}
	return nil
}

func (c *crew) HandOver(robot tonypi.RobotID, by tonypi.Caller, to string) (tonypi.Lease, error) {
	if l := c.Lease(robot, by); !l.Mine {
		return l, tonypi.Errorf(tonypi.Forbidden, "You do not have control")
	}
	c.mu.Lock()
	c.holder = tonypi.Lease{Holder: to, Session: "other"}
	c.mu.Unlock()
	return c.Lease(robot, by), nil
}

func (c *crew) Config(_ context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.config
	out.Robot = robot
	return out, nil
}

func (c *crew) SetConfig(_ context.Context, robot tonypi.RobotID, settings json.RawMessage, version int64, by tonypi.Caller) (tonypi.RobotConfig, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if version >= 0 && version != c.config.Version {
		return c.config, tonypi.Errorf(tonypi.Conflict, "Somebody has changed the settings meanwhile")
	}
	c.config = tonypi.RobotConfig{Robot: robot, Version: c.config.Version + 1, Settings: settings, UpdatedBy: by.Name}
	return c.config, nil
}

func (c *crew) Active() []tonypi.Job { return nil }

func (c *crew) Fill(j tonypi.Job) tonypi.Job {
	if j.Status == tonypi.JobActive {
		j.ETA = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return j
}

func (c *crew) Trigger(_ context.Context, _ tonypi.RobotID, code string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.codes = append(c.codes, code)
	return nil
}

func (c *crew) Access(_ context.Context, robot tonypi.RobotID) (tonypi.SSHAccess, error) {
	return tonypi.SSHAccess{Robot: robot, Username: "pi", Port: 22}, nil
}

func (c *crew) SetAccess(_ context.Context, robot tonypi.RobotID, username string, port int, _ tonypi.Caller) (tonypi.SSHAccess, error) {
	return tonypi.SSHAccess{Robot: robot, Username: username, Port: port}, nil
}

func (c *crew) GenerateKey(_ context.Context, robot tonypi.RobotID, username string, port int, _ tonypi.Caller) (tonypi.SSHAccess, error) {
	return tonypi.SSHAccess{Robot: robot, Username: username, Port: port, PublicKey: "ssh-ed25519 AAAA", PrivateKey: []byte("sealed")}, nil
}

func (c *crew) DeleteKey(context.Context, tonypi.RobotID, tonypi.Caller) error { return nil }

func (c *crew) HostKey(_ context.Context, robot tonypi.RobotID) (tonypi.HostKey, error) {
	if robot == "r1" {
		return tonypi.HostKey{Robot: robot, Fingerprint: "SHA256:x"}, nil
	}
	return tonypi.HostKey{}, tonypi.Errorf(tonypi.NotFound, "no key")
}

func (c *crew) ForgetHostKey(context.Context, tonypi.RobotID, tonypi.Caller) error { return nil }

func (c *crew) Recordings(context.Context, tonypi.RobotID, int) ([]tonypi.Recording, error) {
	return []tonypi.Recording{{ID: "x", Robot: "r1"}}, nil
}

func (c *crew) OpenRecording(_ context.Context, id string, _ tonypi.Caller) (tonypi.Recording, *os.File, error) {
	file, err := os.Open(c.dir + "/" + id)
	if err != nil {
		return tonypi.Recording{}, nil, tonypi.Errorf(tonypi.NotFound, "Recording not found")
	}
	return tonypi.Recording{ID: id}, file, nil
}

func (c *crew) DeleteRecording(context.Context, string, tonypi.Caller) error { return nil }

func (c *crew) terminal() Terminal {
	return Terminal{
		Ticket: func(_ context.Context, _ tonypi.Caller, _ tonypi.RobotID) (any, error) {
			return TerminalTicket{Ticket: Ticket{"abc", 30}}, nil
		},
		Connect: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "by "+tonypi.CallerOf(r.Context()).Name)
		}),
		Test: func(_ context.Context, _ tonypi.RobotID, _, secret string) (string, string, error) {
			if secret != "raspberry" {
				return "", "", tonypi.Errorf(tonypi.Invalid, "The robot refused the password")
			}
			return "10.0.0.1", "hello\n", nil
		},
		SSH: c, Recordings: c,
	}
}

func (c *crew) camera() Camera {
	return Camera{
		State: func(context.Context, tonypi.RobotID) (any, error) { return CameraState{State: "none"}, nil },
		Ticket: func(by tonypi.Caller, robot tonypi.RobotID) (string, error) {
			return c.tickets.Issue(by, robot, time.Now())
		},
		Redeem: func(ticket string, robot tonypi.RobotID) (tonypi.Caller, error) {
			return c.tickets.Redeem(ticket, robot, time.Now())
		},
		Stream: echo("frames"), Snapshot: echo("picture"),
	}
}
