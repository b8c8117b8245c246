package tsdb

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	seriesDir   = "series"
	maxAttempts = 3
)

// attempts counts the openings of the series store that did not succeed. The library ends the whole process when it
// meets damaged files, so the count must be on disk.
type attempts struct{ dir string }

func (a attempts) path() string { return filepath.Join(a.dir, "opening") }

// begin notes an attempt. After maxAttempts that failed it moves the series store aside and returns where to.
func (a attempts) begin(log *slog.Logger) (moved string, err error) {
	data, err := os.ReadFile(a.path())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read how often the series store was opened: %w", err)
	}
	failed, _ := strconv.Atoi(strings.TrimSpace(string(data)))
	if failed >= maxAttempts {
		moved = fmt.Sprintf("%s.broken-%d", seriesDir, time.Now().Unix())
		log.Error("series store could not be opened and is moved aside", "attempts", failed, "to", filepath.Join(a.dir, moved))
		if err := os.Rename(filepath.Join(a.dir, seriesDir), filepath.Join(a.dir, moved)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("move the broken series store aside: %w", err)
		}
		failed = 0
	}
	if err := os.WriteFile(a.path(), []byte(strconv.Itoa(failed+1)), 0o600); err != nil {
		return "", fmt.Errorf("note that the series store is opened: %w", err)
	}
	return moved, nil
}

// succeed notes that the series store is open.
func (a attempts) succeed() error { return os.Remove(a.path()) }
