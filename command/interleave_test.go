package command

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

// Whatever happens in whatever order: every command comes to an end, once, and the store says the same as the browser.
func TestNoInterleavingLeavesACommandUnsettled(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 7))
			steps := make([]byte, 120)
			for i := range steps {
				steps[i] = byte(random.Uint32())
			}
			play(t, steps)
		})
	}
}

func FuzzInterleavings(f *testing.F) {
	f.Add([]byte{0, 10, 20, 30})
	f.Add([]byte{3, 7, 7, 12, 8, 3, 9, 7, 10, 7})
	f.Fuzz(func(t *testing.T, steps []byte) { play(t, steps[:min(len(steps), 300)]) })
}

// player turns bytes into what robots, people and machines do.
type player struct {
	*world
	t     *testing.T
	steps []byte
	ids   []string
	robot map[string]tonypi.RobotID
	down  bool
}

func play(t *testing.T, steps []byte) {
	inWorld(t, func(t *testing.T, w *world) {
		p := &player{world: w, t: t, steps: steps, robot: map[string]tonypi.RobotID{}}
		for len(p.steps) > 0 {
			p.step()
			p.checkShown()
		}
		p.finish()
	})
}

// next takes a number below n out of the steps.
func (p *player) next(n int) int {
	if len(p.steps) == 0 {
		return 0
	}
	b := int(p.steps[0])
	p.steps = p.steps[1:]
	return b % n
}

func (p *player) some() tonypi.RobotID { return []tonypi.RobotID{"r1", "r2", "r3"}[p.next(3)] }

func (p *player) sent(list []tonypi.Command, err error) {
	if err != nil && tonypi.KindOf(err) != tonypi.Unavailable && tonypi.KindOf(err) != tonypi.Conflict {
		p.t.Fatal(err)
	}
	for _, c := range list {
		p.ids = append(p.ids, c.ID)
		p.robot[c.ID] = c.Robot
		if c.Batch != "" && c.Type == tonypi.StopCommand {
			p.ids = append(p.ids, c.Batch)
		}
	}
}

func (p *player) step() {
	ctx := p.t.Context()
	switch p.next(14) {
	case 0, 1:
		o := waving(p.some())
		if p.next(3) == 0 {
			o.ID = fmt.Sprint("again-", p.next(4))
		}
		p.sent(p.Send(ctx, o))
	case 2:
		p.sent(p.Send(ctx, tonypi.Order{All: true, Type: "status_request", By: olga}))
	case 3:
		p.sent(p.Stop(ctx, stopOne(p.some())))
	case 4:
		p.sent(p.Stop(ctx, tonypi.Order{All: true, ID: fmt.Sprint("all-", p.next(3)), By: bert}))
	case 5:
		p.sent(p.Resume(ctx, tonypi.Order{Robots: []tonypi.RobotID{p.some()}, Confirmed: true, By: olga}))
	case 6, 7, 8:
		p.ack()
	case 9:
		u := &tonypi.Update{Robot: p.some(), At: time.Now(), Presence: &tonypi.Presence{Stopped: p.next(2) == 0}}
		p.Take(u)
	case 10:
		time.Sleep([]time.Duration{time.Millisecond, 100 * time.Millisecond, time.Second, 11 * time.Second, 2 * time.Minute}[p.next(5)])
	case 11:
		p.down = p.next(2) == 0
		p.fail()
	case 12:
		kill := p.next(2) == 0
		synctest.Wait()
		p.notes.mu.Lock()
		p.notes.shown = nil
		p.notes.mu.Unlock()
		p.down = false
		p.restart(kill)
	case 13:
		robot, up := p.some(), p.next(2) == 0
		p.fleet.change(robot, up, nil)
		if up {
			p.Connected(robot)
		}
	}
}

func (p *player) fail() {
	if p.down {
		p.store.set(false, errors.New("down"))
		return
	}
	p.store.set(false, nil)
}

// ack is an answer of some robot to some command, perhaps not its own.
func (p *player) ack() {
	if len(p.ids) == 0 {
		return
	}
	id := p.ids[p.next(len(p.ids))]
	robot := p.robot[id]
	if robot == "" || p.next(4) == 0 {
		robot = p.some()
	}
	a := tonypi.Ack{CommandID: id, Success: p.next(4) != 0, Message: "m"}
	if p.next(2) == 0 {
		a.Type = tonypi.StopCommand
	}
	c := p.Take(&tonypi.Update{Robot: robot, At: time.Now(), Ack: &a})
	if c != nil && p.next(2) == 0 {
		if err := c.Wait(p.t.Context()); err != nil && tonypi.KindOf(err) != tonypi.Unavailable {
			p.t.Fatal(err)
		}
	}
}

// checkShown holds what watchers saw against what may happen to a command.
func (p *player) checkShown() {
	may := map[[2]tonypi.CommandStatus]bool{
		{"sent", "done"}: true, {"sent", "failed"}: true, {"sent", "expired"}: true, {"sent", "refused"}: true,
		{"expired", "done"}: true, {"expired", "failed"}: true,
	}
	p.notes.mu.Lock()
	defer p.notes.mu.Unlock()
	last := map[string]tonypi.CommandStatus{}
	for _, e := range p.notes.shown {
		if e.Kind != tonypi.CommandChanged {
			continue
		}
		before, now := last[e.Command.ID], e.Command.Status
		if before != "" && before != now && !may[[2]tonypi.CommandStatus{before, now}] {
			p.t.Fatalf("command %s of %s went from %s to %s", e.Command.ID, e.Robot, before, now)
		}
		last[e.Command.ID] = now
	}
}

// finish brings everything to an end: the store is back, people resume all robots, and time passes.
func (p *player) finish() {
	p.down = false
	p.fail()
	time.Sleep(30 * time.Second) // a store that was down is tried again
	p.sent(p.Resume(p.t.Context(), tonypi.Order{All: true, Confirmed: true, By: olga}))
	time.Sleep(5 * time.Minute)
	p.checkShown()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened != 0 || len(p.open) != 0 || len(p.pending) != 0 || len(p.early) != 0 {
		p.t.Errorf("%d are open, %d stops wait, %d answers are parked", p.opened, len(p.pending), len(p.early))
	}
	p.store.mu.Lock()
	defer p.store.mu.Unlock()
	for id, row := range p.store.rows {
		if !row.Ended() || row.EndedAt.IsZero() {
			p.t.Errorf("%s %s of %s is stored as %s", row.Type, id, row.Robot, row.Status)
		}
		if e := p.byID[id]; e != nil && e.c.Status != row.Status {
			p.t.Errorf("%s is %s in memory and %s in the store", id, e.c.Status, row.Status)
		}
	}
	for id, e := range p.byID {
		if _, ok := p.store.rows[id]; !ok {
			p.t.Errorf("%s of %s is not stored", e.c.Type, id)
		}
	}
	if n := len(p.notes.alerts()); n != 0 {
		p.t.Errorf("%d alerts are open", n)
	}
}
