package command

import (
	"context"
	"fmt"
	"time"

	"tonypi"
)

const (
	loadPage  = 10_000 // commands per query
	loadPages = 10     // of commands that ran out of time while the server was down
)

// Load reads what the store knows of commands without an outcome: those whose time is up expire, the others go on waiting,
// and stops are published again. It shows them all.
func (d *Dispatcher) Load(ctx context.Context) error {
	now := time.Now()
	for range loadPages {
		list, err := d.cfg.Store.Commands(ctx, tonypi.CommandFilter{Status: tonypi.CommandSent, Limit: loadPage})
		if err != nil {
			return fmt.Errorf("load open commands: %w", err)
		}
		over, err := d.outOfTime(ctx, list, now)
		if err != nil {
			return err
		}
		if len(over) > 0 {
			if err := d.cfg.Store.SaveCommands(ctx, over); err != nil {
				return fmt.Errorf("expire commands: %w", err)
			}
		}
		ended := make(map[string]tonypi.Command, len(over))
		for _, c := range over {
			ended[c.ID] = c
		}
		for _, c := range list {
			if e, ok := ended[c.ID]; ok {
				c = e
			}
			d.remember(c, now)
		}
		if len(list) < loadPage || len(over) == 0 {
			break
		}
	}
	return d.loadStops(ctx, now)
}

// outOfTime returns the commands that wait no longer, as expired: their time is up, or they are stops of robots that were
// resumed since.
func (d *Dispatcher) outOfTime(ctx context.Context, list []tonypi.Command, now time.Time) ([]tonypi.Command, error) {
	resumed, err := d.resumed(ctx, list)
	if err != nil {
		return nil, err
	}
	var over []tonypi.Command
	for _, c := range list {
		switch {
		case now.After(c.Deadline):
			c.Message = noAnswer
		case c.Type == tonypi.StopCommand && resumed[c.Robot].After(c.CreatedAt):
			c.Message = "Withdrawn: the robot was resumed"
		default:
			continue
		}
		c.Status, c.EndedAt = tonypi.CommandExpired, stamp(now)
		over = append(over, c)
	}
	return over, nil
}

// resumed returns when robots were resumed last, as far as it matters to open stops. That a stop was withdrawn is written
// behind and may have got lost; the resume cannot.
func (d *Dispatcher) resumed(ctx context.Context, list []tonypi.Command) (map[tonypi.RobotID]time.Time, error) {
	since := time.Time{}
	for _, c := range list {
		if c.Type == tonypi.StopCommand && (since.IsZero() || c.CreatedAt.Before(since)) {
			since = c.CreatedAt
		}
	}
	last := make(map[tonypi.RobotID]time.Time)
	if since.IsZero() {
		return last, nil
	}
	f := tonypi.CommandFilter{Type: tonypi.ResumeCommand, Since: since, Limit: loadPage}
	resumes, err := d.cfg.Store.Commands(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("load resumes: %w", err)
	}
	for _, c := range resumes {
		if c.CreatedAt.After(last[c.Robot]) {
			last[c.Robot] = c.CreatedAt
		}
	}
	return last, nil
}

// loadStops remembers the newest stops, so that one that is repeated after a restart is known.
func (d *Dispatcher) loadStops(ctx context.Context, now time.Time) error {
	f := tonypi.CommandFilter{Type: tonypi.StopCommand, Since: now.Add(-repeatedWithin), Limit: loadPage}
	list, err := d.cfg.Store.Commands(ctx, f)
	if err != nil {
		return fmt.Errorf("load stops: %w", err)
	}
	for _, c := range list {
		d.remember(c, now)
	}
	return nil
}

// remember takes a command from the store into memory, unless it is there.
func (d *Dispatcher) remember(c tonypi.Command, now time.Time) *entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e, known := d.byID[c.ID]; known {
		return e
	}
	e := newEntry(c)
	d.insert(e)
	if c.Type == tonypi.StopCommand && !c.Ended() {
		d.await(e, now)
	}
	d.show(e)
	return e
}
