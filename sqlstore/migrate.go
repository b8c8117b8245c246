package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"tonypi"
)

// migrations are named <version>_<what>.sql, or <version>_<what>.<database>.sql where the databases have nothing in common.
// One that was released never changes.
//
//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the tables up to date. Open has done that already. Several programs may do it at once. A database that a
// newer program made is a Conflict.
func (s *Store) Migrate(ctx context.Context) error {
	steps, newest, err := s.steps()
	if err != nil {
		return err
	}
	provider, err := s.provider(steps)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	version, broken := provider.GetDBVersion(ctx)
	switch {
	case errors.Join(err, broken) == nil && version == newest:
		return nil
	case broken == nil && version == newest:
		// Another program made the same step at the same moment and was first: only SQLite has no lock around it.
		return nil
	case broken == nil && version > newest:
		return tonypi.Errorf(tonypi.Conflict,
			"The database was made by a newer program (its version is %d, this program knows %d): update this program", version, newest)
	}
	return fmt.Errorf("migrate the database: %w", s.understand(ctx, errors.Join(err, broken)))
}

// steps reads the migrations in this database's words.
func (s *Store) steps() (steps []*goose.Migration, newest int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, 0, fmt.Errorf("list migrations: %w", err)
	}
	for _, file := range files {
		if strings.Count(file, ".") > 1 && !strings.HasSuffix(file, "."+s.dialect.name+".sql") {
			continue
		}
		number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, 0, fmt.Errorf("migration %s: %w", file, err)
		}
		text, err := migrations.ReadFile(file)
		if err != nil {
			return nil, 0, fmt.Errorf("migration %s: %w", file, err)
		}
		ddl := s.dialect.words.Replace(string(text))
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, ddl)
			return err
		}}, nil))
		newest = max(newest, version)
	}
	return steps, newest, nil
}

func (s *Store) provider(steps []*goose.Migration) (*goose.Provider, error) {
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(steps...)}
	if s.dialect.goose == goose.DialectPostgres {
		// Another program may be at it: ask every second, for a minute.
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60))
		if err != nil {
			return nil, fmt.Errorf("lock the database: %w", err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(s.dialect.goose, s.writer, nil, options...)
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return provider, nil
}
