package main

import (
	"context"
	"errors"
	"time"
)

// How long commands are kept. Jobs, scans and log lines have times of their own, the audit log is kept for ever.
const (
	keepCommands = 90 * 24 * time.Hour
	tidyEvery    = time.Hour
)

// tidy removes old commands until ctx ends.
func (s *server) tidy(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		n, err := s.sql.PurgeCommands(ctx, time.Now().Add(-keepCommands))
		switch {
		case err != nil && !errors.Is(err, context.Canceled):
			s.log.Warn("old commands not removed", "err", err)
		case n > 0:
			s.log.Info("old commands removed", "count", n)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
