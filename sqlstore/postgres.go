package sqlstore

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"tonypi"
)

// postgresConns is how many connections one server program holds at most.
const postgresConns = 16

// idleConns is how many of them stay open when nothing happens.
const idleConns = 8

func openPostgres(dsn string, log *slog.Logger) (*Store, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		// The cause quotes the address, and a mistyped one may show the password.
		return nil, tonypi.Errorf(tonypi.Invalid, "the database address is not a valid URL like postgres://user@host:5432/name")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 5 * time.Second
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "tonypi"
	}
	config.RuntimeParams["timezone"] = "UTC"
	db := stdlib.OpenDB(*config, stdlib.OptionShouldPing(func(_ context.Context, p stdlib.ShouldPingParams) bool {
		// The server may have been restarted meanwhile: a write on a dead connection could not be tried again.
		return p.IdleDuration > 100*time.Millisecond
	}))
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(idleConns)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)
	return &Store{dialect: postgresDialect, writer: db, reader: db, log: log}, nil
}

// dropIdle closes the connections that nobody uses: when one is broken, all may be.
func (s *Store) dropIdle() {
	if s.file == "" {
		s.writer.SetMaxIdleConns(0)
		s.writer.SetMaxIdleConns(idleConns)
	}
}
