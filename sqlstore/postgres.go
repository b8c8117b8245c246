package sqlstore

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"tonypi"
)

// postgresConns is how many connections one server program holds at most.
const postgresConns = 16

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
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns / 2)
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)
	return &Store{dialect: postgresDialect, writer: db, reader: db, log: log}, nil
}
