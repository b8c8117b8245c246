// Package sqlstore keeps robots and their settings, alerts, rules, commands, jobs, items, logs, the audit log, reports, what
// terminals need, users, sessions, credentials and the server's settings in SQLite or PostgreSQL, with one set of SQL for
// both.
//
// Times are kept to the millisecond, in UTC. Text of people and robots is never refused: NUL and broken UTF-8 in it become
// U+FFFD. Names and keys (at most 255 bytes) are refused as Invalid instead, and looked up they are NotFound.
//
// Durability: what a call returned without an error survives a crash of the program and of the machine, in SQLite by
// synchronous=FULL, in PostgreSQL by its default. The exception is Seen, whose last seconds a power cut may take: it is
// written often, and again a moment later.
//
// Errors: NotFound, Conflict and Invalid as the contracts in the root package say; Unavailable when the database is away,
// locked, full or slower than 30 seconds; anything else is Internal. A call whose context ends returns the context's error.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"tonypi"
)

// patience is how long one call may take before it is Unavailable.
const patience = 30 * time.Second

// attempts is how often a call tries when another transaction gets in its way or its connection is broken.
const attempts = 5

// Store is a relational store. It is safe for concurrent use.
type Store struct {
	dialect dialect
	writer  *sql.DB
	reader  *sql.DB // the same as writer in PostgreSQL
	file    string  // of SQLite; empty in PostgreSQL
	log     *slog.Logger
	purged  atomic.Int64 // log lines deleted since compact
}

var (
	_ tonypi.RobotStore      = (*Store)(nil)
	_ tonypi.AlertStore      = (*Store)(nil)
	_ tonypi.RuleStore       = (*Store)(nil)
	_ tonypi.UserStore       = (*Store)(nil)
	_ tonypi.SessionStore    = (*Store)(nil)
	_ tonypi.CredentialStore = (*Store)(nil)
	_ tonypi.SettingStore    = (*Store)(nil)
	_ tonypi.CommandStore    = (*Store)(nil)
	_ tonypi.ConfigStore     = (*Store)(nil)
	_ tonypi.JobStore        = (*Store)(nil)
	_ tonypi.ItemStore       = (*Store)(nil)
	_ tonypi.LogStore        = (*Store)(nil)
	_ tonypi.AuditStore      = (*Store)(nil)
	_ tonypi.ReportStore     = (*Store)(nil)
	_ tonypi.TerminalStore   = (*Store)(nil)
)

// Open opens the database that dsn names, and brings its tables up to date:
//
//	sqlite                            the file tonypi.db in dataDir, which is made when missing; so is an empty dsn
//	sqlite:/path/to/file.db           that file; its directory is made when missing
//	postgres://user:password@host/db  PostgreSQL 15 or newer; every parameter of libpq's URLs; postgresql:// too
//
// A PostgreSQL server that is not there yet is waited for, up to 30 seconds or the end of ctx. Errors hold no password.
func Open(ctx context.Context, dsn, dataDir string, log *slog.Logger) (*Store, error) {
	s, err := open(dsn, dataDir, log)
	if err != nil {
		return nil, err
	}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func open(dsn, dataDir string, log *slog.Logger) (*Store, error) {
	scheme, rest, _ := strings.Cut(dsn, ":")
	switch scheme {
	case "", "sqlite":
		if rest == "" {
			rest = filepath.Join(dataDir, "tonypi.db")
		}
		return openSQLite(rest, log)
	case "postgres", "postgresql":
		return openPostgres(dsn, log)
	}
	return nil, tonypi.Errorf(tonypi.Invalid, "the database must be sqlite, sqlite:/path/to/file or postgres://user@host/name")
}

// ready waits until the database answers.
func (s *Store) ready(ctx context.Context) error {
	const pause = 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for waited := false; ; waited = true {
		err := s.writer.PingContext(ctx)
		if err == nil {
			return nil
		}
		if f := s.dialect.fault(err); f != lostFault && f != awayFault {
			return s.understand(ctx, err)
		}
		if !waited {
			s.log.Warn("waiting for the database", "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return tonypi.Wrap(tonypi.Unavailable, err, "The database is not available")
		}
	}
}

// Close closes the database; calls that are under way end first.
func (s *Store) Close() error {
	// SQLite folds its log into the database when the last connection closes, which must be one that may write.
	var err error
	if s.reader != s.writer {
		err = s.reader.Close()
	}
	return errors.Join(err, s.writer.Close())
}

// Ping reports whether the database answers within five seconds; if not, the error is Unavailable.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Second, errSlow)
	defer cancel()
	var any bool
	return s.read(ctx, func(ctx context.Context) error {
		return s.reader.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM settings)").Scan(&any)
	})
}

// Size returns the bytes that the database takes on disk.
func (s *Store) Size(ctx context.Context) (int64, error) {
	if s.file != "" {
		return s.fileSize(), nil
	}
	var size int64
	err := s.read(ctx, func(ctx context.Context) error {
		return s.reader.QueryRowContext(ctx, "SELECT pg_database_size(current_database())").Scan(&size)
	})
	return size, err
}

// errSlow tells our own time limit from the caller's.
var errSlow = errors.New("the database did not answer in time")

// understand turns an error of the database into one with a kind. Constraints are the caller's to name, see violated.
func (s *Store) understand(ctx context.Context, err error) error {
	var known *tonypi.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(context.Cause(ctx), errSlow):
		return tonypi.Wrap(tonypi.Unavailable, errSlow, "The database is too slow")
	case ctx.Err() != nil:
		return fmt.Errorf("database: %w", ctx.Err())
	}
	switch s.dialect.fault(err) {
	case invalidFault:
		return tonypi.Wrap(tonypi.Invalid, err, "The database cannot hold this value")
	case retryFault, lostFault, awayFault, downFault:
		return tonypi.Wrap(tonypi.Unavailable, err, "The database is not available")
	}
	return fmt.Errorf("database: %w", err)
}

// violated returns instead when err is the given fault of a constraint, and err otherwise.
func (s *Store) violated(err error, f fault, instead *tonypi.Error) error {
	if err != nil && s.dialect.fault(err) == f {
		return instead
	}
	return err
}

// read runs f, which only reads, and again when the connection turns out to be broken.
func (s *Store) read(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	err := f(ctx)
	for tries := 1; tries < attempts && err != nil && ctx.Err() == nil && s.dialect.fault(err) == lostFault; tries++ {
		s.dropIdle()
		err = f(ctx)
	}
	return s.understand(ctx, err)
}

// exec runs one statement as a transaction of its own and returns how many rows it changed.
func (s *Store) exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	result, err := s.writer.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, s.understand(ctx, err)
	}
	return result.RowsAffected()
}

// execOne is exec for a statement that must find its row.
func (s *Store) execOne(ctx context.Context, missing *tonypi.Error, query string, args ...any) error {
	changed, err := s.exec(ctx, query, args...)
	if err == nil && changed == 0 {
		return missing
	}
	return err
}

// write runs f in a transaction, and again when another transaction got in its way: f must bear that.
func (s *Store) write(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSlow)
	defer cancel()
	var err error
	for range attempts {
		var began bool
		began, err = s.attempt(ctx, f)
		if err == nil || ctx.Err() != nil {
			break
		}
		what := s.dialect.fault(err)
		if what == lostFault {
			s.dropIdle()
		}
		if what != retryFault && (began || what != lostFault) {
			break
		}
	}
	return s.understand(ctx, err)
}

// attempt reports whether the transaction began at all: if not, nothing can have happened and trying again is safe.
func (s *Store) attempt(ctx context.Context, f func(context.Context, *sql.Tx) error) (began bool, err error) {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	if err := f(ctx, tx); err != nil {
		// The error of f is the one that tells what happened; a rollback that fails closes the connection.
		_ = tx.Rollback()
		return true, err
	}
	return true, tx.Commit()
}

// scanner is a row of a result.
type scanner interface {
	Scan(dest ...any) error
}

// all returns every row of a query.
func all[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	var found []T
	err := s.read(ctx, func(ctx context.Context) error {
		var err error
		found, err = rowsOf(ctx, s.reader, scan, query, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// one returns the single row of a query, or missing.
func one[T any](ctx context.Context, s *Store, missing *tonypi.Error, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var found T
	err := s.read(ctx, func(ctx context.Context) (err error) {
		found, err = scan(s.reader.QueryRowContext(ctx, query, args...))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = missing
	}
	if err != nil {
		var none T
		return none, err
	}
	return found, nil
}

// insert runs one statement that returns the row that it wrote.
func insert[T any](ctx context.Context, s *Store, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	var saved T
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		saved, err = scan(tx.QueryRowContext(ctx, query, args...))
		return err
	})
	return saved, err
}

// querier is a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// rowsOf returns every row of a query.
func rowsOf[T any](ctx context.Context, db querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []T
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return nil, err
		}
		found = append(found, row)
	}
	return found, rows.Err()
}
