package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tonypi"
)

const commandColumns = `id, batch, robot_id, type, parameters, reason, status, message, answer, username, address, clicked_at,
	created_at, sent_at, robot_at, ended_at, deadline, latency_ms, stop_ms`

func scanCommand(row scanner) (c tonypi.Command, err error) {
	var parameters string
	err = row.Scan(&c.ID, &c.Batch, &c.Robot, &c.Type, &parameters, &c.Reason, &c.Status, &c.Message, document{&c.Answer}, &c.By,
		&c.Address, stamp{&c.ClickedAt}, stamp{&c.CreatedAt}, stamp{&c.SentAt}, stamp{&c.RobotAt}, stamp{&c.EndedAt},
		stamp{&c.Deadline}, &c.LatencyMS, &c.StopMS)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal([]byte(parameters), &c.Parameters); err != nil {
		return c, fmt.Errorf("read parameters of command %s: %w", c.ID, err)
	}
	return c, nil
}

func errNoCommand() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "Command not found") }

const createCommand = "INSERT INTO commands (" + commandColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`

const saveCommand = createCommand + ` ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, robot_id = excluded.robot_id,
	type = excluded.type, parameters = excluded.parameters, reason = excluded.reason, status = excluded.status,
	message = excluded.message, answer = excluded.answer, username = excluded.username, address = excluded.address,
	clicked_at = excluded.clicked_at, created_at = excluded.created_at, sent_at = excluded.sent_at,
	robot_at = excluded.robot_at, ended_at = excluded.ended_at, deadline = excluded.deadline,
	latency_ms = excluded.latency_ms, stop_ms = excluded.stop_ms`

// CreateCommands implements tonypi.CommandStore. CreatedAt is now when it is zero.
func (s *Store) CreateCommands(ctx context.Context, commands []tonypi.Command) error {
	err := s.putCommands(ctx, createCommand, commands)
	return s.violated(err, duplicateFault, tonypi.Errorf(tonypi.Conflict, "Command already exists"))
}

// SaveCommands implements tonypi.CommandStore. CreatedAt is now when it is zero.
func (s *Store) SaveCommands(ctx context.Context, commands []tonypi.Command) error {
	return s.putCommands(ctx, saveCommand, commands)
}

func (s *Store) putCommands(ctx context.Context, statement string, commands []tonypi.Command) error {
	parameters := map[string]string{}
	for _, c := range commands {
		if err := checkKey("command ID", c.ID); err != nil {
			return err
		}
		text, err := writeParameters(c.Parameters)
		if err != nil {
			return err
		}
		parameters[c.ID] = text
	}
	commands = inOrder(commands, func(c tonypi.Command) string { return c.ID })
	return saveAll(ctx, s, statement, commands, func(c tonypi.Command) []any {
		return []any{
			c.ID, cut(c.Batch), cut(c.Robot), cut(c.Type), parameters[c.ID], clean(c.Reason), cut(c.Status), clean(c.Message),
			keep(c.Answer), cut(c.By), clean(c.Address), s.dialect.when(c.ClickedAt), s.dialect.at(orNow(c.CreatedAt)),
			s.dialect.when(c.SentAt), s.dialect.when(c.RobotAt), s.dialect.when(c.EndedAt), s.dialect.when(c.Deadline),
			c.LatencyMS, c.StopMS,
		}
	})
}

func writeParameters(p map[string]any) (string, error) {
	if p == nil {
		return "{}", nil
	}
	text, err := json.Marshal(p)
	if err != nil {
		return "", tonypi.Wrap(tonypi.Invalid, err, "the parameters cannot be written as JSON")
	}
	return string(text), nil
}

// Command implements tonypi.CommandStore.
func (s *Store) Command(ctx context.Context, id string) (tonypi.Command, error) {
	if !sound(id) {
		return tonypi.Command{}, errNoCommand()
	}
	return one(ctx, s, errNoCommand(), scanCommand, "SELECT "+commandColumns+" FROM commands WHERE id = $1", id)
}

// Commands implements tonypi.CommandStore. A Before that is gone is Invalid: what comes after it is not known any more.
func (s *Store) Commands(ctx context.Context, f tonypi.CommandFilter) ([]tonypi.Command, error) {
	limit, err := bound(f.Limit, 10_000)
	if err != nil {
		return nil, err
	}
	var c conditions
	c.equal("robot_id", string(f.Robot))
	c.equal("batch", f.Batch)
	if f.Batch != "" {
		c.parts = append(c.parts, "batch <> ''") // what the partial index is of
	}
	c.equal("type", f.Type)
	c.equal("status", string(f.Status))
	c.equal("username", f.By)
	if !f.Since.IsZero() {
		c.add("created_at >= $%[1]d", s.dialect.at(f.Since))
	}
	if f.Before != "" {
		last, err := s.Command(ctx, f.Before)
		if tonypi.KindOf(err) == tonypi.NotFound {
			return nil, tonypi.Errorf(tonypi.Invalid, "the list has changed: start again from its beginning")
		}
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, s.dialect.at(last.CreatedAt), last.ID)
		c.parts = append(c.parts, fmt.Sprintf("(created_at, id) < ($%d, $%d)", len(c.args)-1, len(c.args)))
	}
	query, args := c.list(commandColumns, "commands", "created_at DESC, id DESC", limit)
	return all(ctx, s, scanCommand, query, args...)
}

// equal adds a condition on a text column unless the value is empty. The first column of several is the one whose index
// serves; a column inside of COALESCE is one whose own index would be the worse choice.
func (c *conditions) equal(column, value string) {
	switch {
	case value == "":
	case len(c.parts) == 0:
		c.add(column+" = $%[1]d", clean(value))
	default:
		c.add("COALESCE("+column+", '') = $%[1]d", clean(value))
	}
}

// PurgeCommands implements tonypi.CommandStore.
func (s *Store) PurgeCommands(ctx context.Context, before time.Time) (int, error) {
	return s.purge(ctx, "commands", "created_at < $1", s.dialect.at(before))
}
