package command

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"tonypi"
	"tonypi/outbox"
)

// Bounds of what waits for the store.
const (
	outboxLimit = 20_000   // changed commands
	outboxBytes = 64 << 20 // of them
	batchSize   = 500      // per transaction
	writeWithin = 10 * time.Second
	retryFirst  = 250 * time.Millisecond
	retryMost   = 10 * time.Second
)

// newOutbox holds commands that changed since they were stored. When it is full the oldest ordinary ones are dropped, stops
// last. An answer is waited for in full, also while the store is known to fail: a robot that is told no sends it again.
func newOutbox(store tonypi.CommandStore, log *slog.Logger) *outbox.Outbox[string, tonypi.Command] {
	return outbox.New(outbox.Config[string, tonypi.Command]{
		Name: "commands", Of: func(c tonypi.Command) (string, tonypi.RobotID) { return c.ID, c.Robot },
		Store: func(ctx context.Context, list []tonypi.Command) error { return store.SaveCommands(ctx, list) }, Log: log,
		Limit: outboxLimit, Batch: batchSize, WriteWithin: writeWithin, RetryFirst: retryFirst, RetryMost: retryMost,
		Size: sizeOf, Bytes: outboxBytes, Patient: true,
		Last: func(c tonypi.Command) bool { return c.Type == tonypi.StopCommand },
	})
}

// sizeOf returns roughly how many bytes a command takes.
func sizeOf(c tonypi.Command) int {
	size := 512 + len(c.Answer)
	if b, err := json.Marshal(c.Parameters); err == nil {
		size += len(b)
	}
	return size
}

// stored returns the promise for what waits of a command, or nil when the store has it all.
func (d *Dispatcher) stored(id string) tonypi.Commit {
	if p, waits := d.out.Promise(id); waits {
		return p
	}
	return nil
}

// Pending returns how many changed commands the store does not have yet; Dropped how many it will never get.
func (d *Dispatcher) Pending() int { return d.out.Pending() }

// Dropped returns how many changed commands were given up since the start because the store was down for too long.
func (d *Dispatcher) Dropped() uint64 { return d.out.Dropped() }
