package mqtt

import (
	"context"
	"log/slog"
	"sync"
	"time"

	mochi "github.com/mochi-mqtt/server/v2"
)

// quiet is the log of the broker's library: its warnings only, without the packets it attaches (they hold payloads and
// passwords), and not more than a few per second however badly clients behave.
type quiet struct {
	log *slog.Logger

	mu      *sync.Mutex
	pace    *bucket
	skipped *int
}

const (
	logRate  = 1  // lines per second
	logBurst = 10 // lines at once
)

func newQuiet(log *slog.Logger) *quiet {
	return &quiet{log: log, mu: &sync.Mutex{}, pace: &bucket{}, skipped: new(int)}
}

func (q *quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.log.Enabled(ctx, l)
}

func (q *quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == mochi.ErrMinimumKeepalive.Error() {
		return nil // a client's own business
	}
	attrs := []slog.Attr{slog.String("cause", r.Message)}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "error":
			attrs = append(attrs, slog.String("err", a.Value.String()))
		case "client":
			attrs = append(attrs, slog.String("client", a.Value.String()))
		}
		return true
	})
	q.write(ctx, r.Level, "mqtt client misbehaved", attrs...)
	return nil
}

// write logs unless too much has been logged; the next line then tells how many are missing.
func (q *quiet) write(ctx context.Context, level slog.Level, msg string, attrs ...slog.Attr) {
	q.mu.Lock()
	if q.pace.take(time.Now(), 1, logRate, logBurst) > 0 {
		q.pace.tokens++
		*q.skipped++
		q.mu.Unlock()
		return
	}
	if *q.skipped > 0 {
		attrs = append(attrs, slog.Int("skipped", *q.skipped))
		*q.skipped = 0
	}
	q.mu.Unlock()
	q.log.LogAttrs(ctx, level, msg, attrs...) //nolint:sloglint // the library's own message
}

func (q *quiet) WithAttrs([]slog.Attr) slog.Handler { return q }
func (q *quiet) WithGroup(string) slog.Handler      { return q }
