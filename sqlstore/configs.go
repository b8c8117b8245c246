package sqlstore

import (
	"context"
	"encoding/json"

	"tonypi"
)

const configColumns = "robot_id, version, settings, updated_by, updated_at, applied_version, applied_at, message"

func scanConfig(row scanner) (c tonypi.RobotConfig, err error) {
	err = row.Scan(&c.Robot, &c.Version, document{&c.Settings}, &c.UpdatedBy, stamp{&c.UpdatedAt}, &c.AppliedVersion,
		stamp{&c.AppliedAt}, &c.Message)
	return c, err
}

// RobotConfigs implements tonypi.ConfigStore; ordered by robot.
func (s *Store) RobotConfigs(ctx context.Context) ([]tonypi.RobotConfig, error) {
	return all(ctx, s, scanConfig, "SELECT "+configColumns+" FROM robot_configs ORDER BY robot_id")
}

// RobotConfig implements tonypi.ConfigStore.
func (s *Store) RobotConfig(ctx context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error) {
	missing := tonypi.Errorf(tonypi.NotFound, "Robot has no settings")
	if !sound(robot) {
		return tonypi.RobotConfig{}, missing
	}
	return one(ctx, s, missing, scanConfig, "SELECT "+configColumns+" FROM robot_configs WHERE robot_id = $1", robot)
}

// SaveRobotConfig implements tonypi.ConfigStore. Settings that are not JSON are Invalid; none are {}. UpdatedAt is now when
// it is zero.
func (s *Store) SaveRobotConfig(ctx context.Context, c tonypi.RobotConfig) error {
	if err := checkKey("robot ID", c.Robot); err != nil {
		return err
	}
	settings, err := object("settings", c.Settings)
	if err != nil {
		return err
	}
	saved, err := s.exec(ctx, "INSERT INTO robot_configs ("+configColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (robot_id) DO UPDATE SET version = excluded.version, settings = excluded.settings,
			updated_by = excluded.updated_by, updated_at = excluded.updated_at, applied_version = excluded.applied_version,
			applied_at = excluded.applied_at, message = excluded.message
		WHERE robot_configs.version <= excluded.version`,
		c.Robot, c.Version, settings, clean(c.UpdatedBy), s.dialect.at(orNow(c.UpdatedAt)), c.AppliedVersion,
		s.dialect.when(c.AppliedAt), clean(c.Message))
	if err == nil && saved == 0 {
		return tonypi.Errorf(tonypi.Conflict, "The settings were changed meanwhile")
	}
	return err
}

// object checks JSON that must be; nothing is an empty object.
func object(what string, raw json.RawMessage) (string, error) {
	if len(raw) == 0 {
		return "{}", nil
	}
	if text := clean(string(raw)); text == string(raw) && json.Valid(raw) {
		return text, nil
	}
	return "", tonypi.Errorf(tonypi.Invalid, "%s must be valid JSON", what)
}
