package sqlstore

import (
	"context"
	"time"
)

// compactAfter is how many deleted log lines make it worth while to rewrite SQLite's index of words.
const compactAfter = 100_000

// compact gives back what deleted lines take in SQLite's index of words, once enough were deleted since the program started.
// It goes in small steps with a pause after each, so that nobody waits long. PostgreSQL does this by itself.
func (s *Store) compact(ctx context.Context) error {
	if s.file == "" || s.purged.Load() < compactAfter {
		return nil
	}
	s.purged.Store(0)
	// A negative number of pages begins to merge everything, a positive one goes on with it.
	for pages := -16; ; pages = 16 {
		start := time.Now()
		more, err := s.mergeIndex(ctx, pages)
		if err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(start)):
		}
	}
}

// mergeIndex merges a few pages and reports whether there was something to merge.
func (s *Store) mergeIndex(ctx context.Context, pages int) (more bool, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return false, s.understand(ctx, err)
	}
	defer conn.Close()
	var before, after int
	if err := conn.QueryRowContext(ctx, "SELECT total_changes()").Scan(&before); err != nil {
		return false, s.understand(ctx, err)
	}
	if _, err := conn.ExecContext(ctx, "INSERT INTO log_index (log_index, rank) VALUES ('merge', $1)", pages); err != nil {
		return false, s.understand(ctx, err)
	}
	err = conn.QueryRowContext(ctx, "SELECT total_changes()").Scan(&after)
	// The statement itself counts as one change.
	return after-before > 1, s.understand(ctx, err)
}
