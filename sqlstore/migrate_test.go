package sqlstore

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/storetest"
)

// databases are the addresses of one empty database of each kind.
var databases = map[string]func(t *testing.T) string{
	"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "a.db") },
	"postgres": func(t *testing.T) string { return storetest.Postgres(t) },
}

func openDSN(t *testing.T, dsn string) *Store {
	t.Helper()
	s, err := Open(t.Context(), dsn, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func closed(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestMigrateKeepsWhatIsThere(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			first := openDSN(t, dsn)
			if err := first.SaveSetting(t.Context(), "kept", "yes"); err != nil {
				t.Fatal(err)
			}
			if err := first.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
			closed(t, first)
			again := openDSN(t, dsn)
			defer closed(t, again)
			if v, err := again.Setting(t.Context(), "kept"); v != "yes" || err != nil {
				t.Errorf("%q, %v", v, err)
			}
		})
	}
}

func TestMigrateByManyAtOnce(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			const programs = 4
			stores, errs := make([]*Store, programs), make(chan error, programs)
			for i := range programs {
				go func() {
					var err error
					stores[i], err = Open(t.Context(), dsn, "", slog.New(slog.DiscardHandler))
					errs <- err
				}()
			}
			for range programs {
				if err := <-errs; err != nil {
					t.Error(err)
				}
			}
			for _, s := range stores {
				if s == nil {
					continue
				}
				defer closed(t, s)
				if err := s.Ping(t.Context()); err != nil {
					t.Error(err)
				}
			}
			var steps, want int
			if err := stores[0].reader.QueryRow("SELECT COUNT(*), COUNT(DISTINCT version_id) FROM goose_db_version").Scan(&steps, &want); err != nil || steps != want {
				t.Errorf("%d steps were made, want %d; %v", steps, want, err)
			}
		})
	}
}

func TestMigrateRefusesANewerDatabase(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			s := openDSN(t, dsn)
			if _, err := s.writer.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, TRUE)"); err != nil {
				t.Fatal(err)
			}
			closed(t, s)
			_, err := Open(t.Context(), dsn, "", slog.New(slog.DiscardHandler))
			if tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "newer program (its version is 9000, this program knows 3)") {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestMigrateCancelled(t *testing.T) {
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			dsn := dsn(t)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if s, err := Open(ctx, dsn, "", slog.New(slog.DiscardHandler)); err == nil {
				t.Error("opened", s.Close())
			}
			closed(t, openDSN(t, dsn))
		})
	}
}

// TestSchemasAreTheSame compares tables and columns of the two databases. Only the index of words is each one's own.
func TestSchemasAreTheSame(t *testing.T) {
	queries := map[string]string{
		"sqlite": `SELECT m.name, c.name, c."notnull" FROM sqlite_schema m, pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'goose_%' AND m.name NOT LIKE 'log_index%' ORDER BY m.name, c.cid`,
		"postgres": `SELECT table_name, column_name, is_nullable = 'NO' FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name NOT LIKE 'goose_%' AND table_name <> 'log_index' ORDER BY table_name COLLATE "C", ordinal_position`,
	}
	type column struct {
		Table, Name string
		Needed      bool
	}
	found := map[string][]column{}
	for name, dsn := range databases {
		s := openDSN(t, dsn(t))
		defer closed(t, s)
		columns, err := all(t.Context(), s, func(row scanner) (c column, err error) {
			err = row.Scan(&c.Table, &c.Name, &c.Needed)
			// SQLite calls a column of integer keys nullable, which it is not.
			c.Needed = c.Needed || c.Name == "id"
			return c, err
		}, queries[name])
		if err != nil {
			t.Fatal(err)
		}
		found[name] = columns
	}
	if len(found["sqlite"]) < 160 {
		t.Errorf("only %d columns", len(found["sqlite"]))
	}
	if diff := cmp.Diff(found["sqlite"], found["postgres"]); diff != "" {
		t.Errorf("(-sqlite +postgres)\n%s", diff)
	}
}
