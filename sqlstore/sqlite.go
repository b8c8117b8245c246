package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite"

	"tonypi"
)

const (
	readers = 8
	// walLimit is when the log of SQLite is folded into the database even if readers must wait for it.
	walLimit = 64 << 20
)

func openSQLite(file string, log *slog.Logger) (*Store, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, fmt.Errorf("find the database file: %w", err)
	}
	if err := private(file); err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "The database file cannot be opened")
	}
	// SQLite holds one write at a time, so writers queue for one connection, where their contexts are heard.
	writer, err := sqlitePool(file, 1, "_txlock=immediate")
	if err != nil {
		return nil, err
	}
	reader, err := sqlitePool(file, readers, "_query_only=1")
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	return &Store{dialect: sqliteDialect, writer: writer, reader: reader, file: file, log: log}, nil
}

// private makes the file if need be, and makes it its owner's only; SQLite gives its other files the same mode.
func private(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

func sqlitePool(file string, size int, options string) (*sql.DB, error) {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/…
	}
	// The order matters: the time to wait for a lock counts for the switch to WAL too.
	const pragmas = "?_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_foreign_keys=1&_error_rc=1&_dqs=0&_defensive=1" +
		"&_pragma=journal_size_limit(67108864)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)&"
	name := (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String() + pragmas + options
	connector, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, fmt.Errorf("open the database file: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}

func (s *Store) fileSize() int64 {
	var size int64
	for _, name := range []string{s.file, s.file + "-wal"} {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// execRelaxed is exec without waiting for the disk. A power cut may take the last seconds of it, never the order.
func (s *Store) execRelaxed(ctx context.Context, query string, args ...any) error {
	if s.file == "" {
		_, err := s.exec(ctx, query, args...)
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return s.understand(ctx, err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "PRAGMA synchronous = NORMAL"); err != nil {
		return s.understand(ctx, err)
	}
	_, err = conn.ExecContext(ctx, query, args...)
	if _, back := conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA synchronous = FULL"); back != nil {
		// Nobody else may get this connection now.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	return s.understand(ctx, err)
}

// Run keeps the database in order until ctx ends: it removes sessions that ended, and in SQLite bounds the log, keeps the
// planner's statistics and compacts the index of log lines.
func (s *Store) Run(ctx context.Context) error {
	hour, minute := time.NewTicker(time.Hour), time.NewTicker(time.Minute)
	defer hour.Stop()
	defer minute.Stop()
	s.report("remove old sessions", s.forgetSessions(ctx))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hour.C:
			s.report("remove old sessions", s.forgetSessions(ctx))
			s.report("optimize the database", s.optimize(ctx))
			s.report("compact the index of logs", s.compact(ctx))
		case <-minute.C:
			s.report("fold the log of the database", s.checkpoint(ctx))
		}
	}
}

func (s *Store) report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.log.Warn("database upkeep failed", "task", what, "err", err)
	}
}

func (s *Store) optimize(ctx context.Context) error {
	if s.file == "" {
		return nil
	}
	_, err := s.exec(ctx, "PRAGMA optimize")
	return err
}

// checkpoint folds the log into the database when a long reader kept SQLite from doing so by itself.
func (s *Store) checkpoint(ctx context.Context) error {
	if s.file == "" {
		return nil
	}
	info, err := os.Stat(s.file + "-wal")
	if err != nil || info.Size() < walLimit {
		return nil // no log is a small log
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	var busy, pages, folded int
	err = s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &folded)
	if err == nil && busy != 0 {
		err = fmt.Errorf("readers are in the way: %d of %d pages folded", folded, pages)
	}
	return s.understand(ctx, err)
}
