package logbook

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tonypi"
)

const (
	purgeEvery  = time.Hour
	purgeWithin = 10 * time.Minute // what is left then goes with the next purge
	clearMost   = 3650             // days
)

// purge deletes what is too old, now and every hour.
func (b *Book) purge(ctx context.Context) {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		if n, err := b.purgeOld(ctx, time.Now()); err != nil && ctx.Err() == nil {
			b.config.Log.Warn("old log lines cannot be deleted", "err", err)
		} else if n > 0 {
			b.config.Log.Debug("old log lines deleted", "count", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// purgeOld deletes the lines of every level that are past their retention. The store does it in batches, so that nobody waits
// long for it.
func (b *Book) purgeOld(ctx context.Context, now time.Time) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, purgeWithin)
	defer cancel()
	count := 0
	for _, kept := range b.retentions() {
		n, err := b.config.Logs.PurgeLogs(ctx, now.Add(-kept.keep), kept.levels)
		count += n
		if err != nil {
			return count, err
		}
	}
	return count, nil
}

type retention struct {
	keep   time.Duration
	levels []string
}

// retentions groups the levels by how long they are kept.
func (b *Book) retentions() []retention {
	var list []retention
	for _, level := range tonypi.LogLevels {
		keep := b.config.Retention[level]
		i := slices.IndexFunc(list, func(r retention) bool { return r.keep == keep })
		if i < 0 {
			i = len(list)
			list = append(list, retention{keep: keep})
		}
		list[i].levels = append(list[i].levels, level)
	}
	return list
}

// Clear deletes lines of the levels (all when empty) that are older than that many days, 0 to 3,650, and returns how many.
// Errors are Invalid and those of the store.
func (b *Book) Clear(ctx context.Context, days int, levels []string) (int, error) {
	if days < 0 || days > clearMost {
		return 0, tonypi.Errorf(tonypi.Invalid, "days must lie between 0 and %d", clearMost)
	}
	for _, level := range levels {
		if !slices.Contains(tonypi.LogLevels, level) {
			return 0, tonypi.Errorf(tonypi.Invalid, "unknown level %q", level)
		}
	}
	before := time.Now().AddDate(0, 0, -days)
	if err := b.lines.Flush(ctx); err != nil { // what waits may be among them
		return 0, fmt.Errorf("store log lines: %w", err)
	}
	n, err := b.config.Logs.PurgeLogs(ctx, before, levels)
	if err != nil {
		return n, fmt.Errorf("delete log lines: %w", err)
	}
	return n, nil
}
