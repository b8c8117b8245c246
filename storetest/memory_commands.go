package storetest

import (
	"cmp"
	"context"
	"encoding/json"
	"math"
	"time"

	"tonypi"
)

func commandKey(c tonypi.Command) string { return c.ID }

// newer orders commands, newest first.
func newer(a, b tonypi.Command) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), cmp.Compare(b.ID, a.ID))
}

// keepCommands returns commands as a store keeps them.
func keepCommands(commands []tonypi.Command) ([]tonypi.Command, error) {
	out := make([]tonypi.Command, len(commands))
	for i, c := range commands {
		if err := checkKey("command ID", c.ID); err != nil {
			return nil, err
		}
		if c.Parameters == nil {
			c.Parameters = map[string]any{}
		}
		text, err := json.Marshal(c.Parameters)
		if err != nil {
			return nil, tonypi.Wrap(tonypi.Invalid, err, "the parameters cannot be written as JSON")
		}
		c.Parameters = nil
		if err := json.Unmarshal(text, &c.Parameters); err != nil {
			return nil, err
		}
		cut(&c.Batch, (*string)(&c.Robot), &c.Type, (*string)(&c.Status), &c.By)
		tidy(&c.Reason, &c.Message, &c.Address)
		c.Answer, c.CreatedAt = kept(c.Answer), orNow(c.CreatedAt)
		keepTimes(&c.ClickedAt, &c.SentAt, &c.RobotAt, &c.EndedAt, &c.Deadline)
		out[i] = c
	}
	return out, nil
}

// CreateCommands implements tonypi.CommandStore.
func (m *Memory) CreateCommands(ctx context.Context, commands []tonypi.Command) error {
	commands, err := keepCommands(commands)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	fresh := map[string]bool{}
	for _, c := range commands {
		if _, ok := m.commands[c.ID]; ok || fresh[c.ID] {
			return tonypi.Errorf(tonypi.Conflict, "Command already exists")
		}
		fresh[c.ID] = true
	}
	for _, c := range commands {
		m.commands[c.ID] = c
	}
	return nil
}

// SaveCommands implements tonypi.CommandStore.
func (m *Memory) SaveCommands(ctx context.Context, commands []tonypi.Command) error {
	commands, err := keepCommands(commands)
	if err != nil {
		return err
	}
	return put(ctx, m, m.commands, commands, commandKey)
}

// Command implements tonypi.CommandStore.
func (m *Memory) Command(ctx context.Context, id string) (tonypi.Command, error) {
	return get(ctx, m, m.commands, id, tonypi.Errorf(tonypi.NotFound, "Command not found"))
}

// Commands implements tonypi.CommandStore.
func (m *Memory) Commands(ctx context.Context, f tonypi.CommandFilter) ([]tonypi.Command, error) {
	limit, err := bound(f.Limit, 10_000)
	if err != nil {
		return nil, err
	}
	var before tonypi.Command
	if f.Before != "" {
		before, err = m.Command(ctx, f.Before)
		if tonypi.KindOf(err) == tonypi.NotFound {
			return nil, tonypi.Errorf(tonypi.Invalid, "the list has changed: start again from its beginning")
		}
		if err != nil {
			return nil, err
		}
	}
	return find(ctx, m, m.commands, limit, func(c tonypi.Command) bool {
		return (f.Robot == "" || c.Robot == f.Robot) && (f.Batch == "" || c.Batch == f.Batch) && (f.Type == "" || c.Type == f.Type) &&
			(f.Status == "" || c.Status == f.Status) && (f.By == "" || c.By == f.By) && !c.CreatedAt.Before(millis(f.Since)) &&
			(f.Before == "" || newer(before, c) < 0)
	}, newer)
}

// PurgeCommands implements tonypi.CommandStore.
func (m *Memory) PurgeCommands(ctx context.Context, before time.Time) (int, error) {
	return purge(ctx, m, m.commands, func(c tonypi.Command) bool { return c.CreatedAt.Before(millis(before)) })
}

// RobotConfigs implements tonypi.ConfigStore.
func (m *Memory) RobotConfigs(ctx context.Context) ([]tonypi.RobotConfig, error) {
	return find(ctx, m, m.configs, math.MaxInt, func(tonypi.RobotConfig) bool { return true },
		func(a, b tonypi.RobotConfig) int { return cmp.Compare(a.Robot, b.Robot) })
}

// RobotConfig implements tonypi.ConfigStore.
func (m *Memory) RobotConfig(ctx context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error) {
	return get(ctx, m, m.configs, robot, tonypi.Errorf(tonypi.NotFound, "Robot has no settings"))
}

// SaveRobotConfig implements tonypi.ConfigStore.
func (m *Memory) SaveRobotConfig(ctx context.Context, c tonypi.RobotConfig) error {
	if err := checkKey("robot ID", string(c.Robot)); err != nil {
		return err
	}
	settings, err := object("settings", c.Settings)
	if err != nil {
		return err
	}
	tidy(&c.UpdatedBy, &c.Message)
	c.Settings, c.UpdatedAt, c.AppliedAt = settings, orNow(c.UpdatedAt), millis(c.AppliedAt)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.configs[c.Robot].Version > c.Version {
		return tonypi.Errorf(tonypi.Conflict, "The settings were changed meanwhile")
	}
	m.configs[c.Robot] = c
	return nil
}
