package alert

import (
	"context"
	"log/slog"
	"time"

	"tonypi"
	"tonypi/outbox"
)

// Bounds of what waits for the store.
const (
	outboxLimit = 50_000 // changed alerts
	batchSize   = 500    // per transaction
	writeWithin = 10 * time.Second
	retryFirst  = 500 * time.Millisecond
	retryMost   = 30 * time.Second
)

// newOutbox holds the alerts that changed since they were stored. When it is full the oldest resolved ones are dropped, open
// ones last.
func newOutbox(store tonypi.AlertStore, log *slog.Logger) *outbox.Outbox[int64, tonypi.Alert] {
	return outbox.New(outbox.Config[int64, tonypi.Alert]{
		Name: "alerts", Of: func(a tonypi.Alert) (int64, tonypi.RobotID) { return a.ID, a.Robot },
		Store: func(ctx context.Context, list []tonypi.Alert) error { return store.SaveAlerts(ctx, list) }, Log: log,
		Limit: outboxLimit, Batch: batchSize, WriteWithin: writeWithin, RetryFirst: retryFirst, RetryMost: retryMost,
		Last: func(a tonypi.Alert) bool { return !a.Resolved },
	})
}

// Pending returns how many changed alerts the store does not have yet; Dropped how many it will never get.
func (e *Engine) Pending() int { return e.out.Pending() }

// Dropped returns how many changed alerts were given up since the start because the store was down for too long.
func (e *Engine) Dropped() uint64 { return e.out.Dropped() }
