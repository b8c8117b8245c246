package sqlstore_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"tonypi/sqlstore"
	"tonypi/storetest"
)

func open(t testing.TB, dsn string) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), dsn, t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestSQLite(t *testing.T) {
	storetest.SQL(t, func(t *testing.T) storetest.Stores {
		return open(t, "sqlite:"+filepath.Join(t.TempDir(), "new", "a ?#%&.db"))
	})
}

func TestPostgres(t *testing.T) {
	storetest.SQL(t, func(t *testing.T) storetest.Stores { return open(t, storetest.Postgres(t)) })
}
