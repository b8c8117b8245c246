package tsdb

import (
	"context"
	"log/slog"
	"strings"
)

// Write turns one line of the library's log, "level<tab>place<tab>message", into a message of ours.
func (vmLogWriter) Write(line []byte) (int, error) {
	log := vmLog.Load()
	if log == nil {
		return len(line), nil
	}
	level, rest, _ := strings.Cut(strings.TrimSpace(string(line)), "\t")
	place, message, _ := strings.Cut(rest, "\t")
	log.Log(context.Background(), vmLevel(level), "series store says", "message", message, "place", place)
	return len(line), nil
}

func vmLevel(level string) slog.Level {
	switch level {
	case "info":
		return slog.LevelInfo
	case "warn":
		return slog.LevelWarn
	default:
		return slog.LevelError
	}
}
