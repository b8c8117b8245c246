package main

import (
	"context"
	"errors"
	"time"
)

// How long what has ended is kept; log lines have their own times, the audit log is kept for ever.
const (
	keepCommands = 90 * 24 * time.Hour
	keepJobs     = 365 * 24 * time.Hour
	tidyEvery    = time.Hour
)

// tidy removes old commands, jobs and scans until ctx ends.
func (s *server) tidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		now := time.Now()
		for _, old := range []struct {
			what  string
			keep  time.Duration
			purge func(context.Context, time.Time) (int, error)
		}{{"commands", keepCommands, s.sql.PurgeCommands}, {"jobs", keepJobs, s.sql.PurgeJobs}, {"scans", keepJobs, s.sql.PurgeScans}} {
			if n, err := old.purge(ctx, now.Add(-old.keep)); err != nil && !errors.Is(err, context.Canceled) {
				s.log.Warn("old rows not removed", "what", old.what, "err", err)
			} else if n > 0 {
				s.log.Info("old rows removed", "what", old.what, "count", n)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
