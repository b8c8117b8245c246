package sqlstore

import (
	"context"

	"tonypi"
)

// Setting implements tonypi.SettingStore.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	missing := tonypi.Errorf(tonypi.NotFound, "Setting not found")
	if !sound(key) {
		return "", missing
	}
	return one(ctx, s, missing, func(row scanner) (value string, err error) {
		err = row.Scan(&value)
		return value, err
	}, "SELECT value FROM settings WHERE name = $1", key)
}

// SaveSetting implements tonypi.SettingStore. A value must be plain text: a cleaned one would not be what was meant.
func (s *Store) SaveSetting(ctx context.Context, key, value string) error {
	if err := checkKey("setting name", key); err != nil {
		return err
	}
	if clean(value) != value {
		return tonypi.Errorf(tonypi.Invalid, "a setting must be plain text")
	}
	_, err := s.exec(ctx, `INSERT INTO settings (name, value) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, key, value)
	return err
}
