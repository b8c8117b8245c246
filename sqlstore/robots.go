package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"tonypi"
)

const robotColumns = `robot_id, name, description, location, adoption, ip_address, camera_url, platform, agent, status, posture,
	emergency_stopped, emergency_reason, last_seen, created_at, updated_at`

func scanRobot(row scanner) (r tonypi.Robot, err error) {
	err = row.Scan(&r.ID, &r.Name, &r.Description, &r.Location, &r.Adoption, &r.Address, &r.CameraURL, &r.Platform, &r.Agent,
		&r.Status, &r.Posture, &r.Stopped, &r.StopReason, stamp{&r.LastSeen}, stamp{&r.CreatedAt}, stamp{&r.UpdatedAt})
	return r, err
}

func errNoRobot() *tonypi.Error { return tonypi.Errorf(tonypi.NotFound, "Robot not found") }

// Robots implements tonypi.RobotStore.
func (s *Store) Robots(ctx context.Context) ([]tonypi.Robot, error) {
	return all(ctx, s, scanRobot, "SELECT "+robotColumns+" FROM robots ORDER BY robot_id")
}

// Robot implements tonypi.RobotStore.
func (s *Store) Robot(ctx context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	if !sound(id) {
		return tonypi.Robot{}, errNoRobot()
	}
	return one(ctx, s, errNoRobot(), scanRobot, "SELECT "+robotColumns+" FROM robots WHERE robot_id = $1", id)
}

// CreateRobot implements tonypi.RobotStore. CreatedAt and UpdatedAt are now when they are zero.
func (s *Store) CreateRobot(ctx context.Context, r tonypi.Robot) error {
	if err := checkKey("robot ID", r.ID); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO robots ("+robotColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		r.ID, clean(r.Name), clean(r.Description), clean(r.Location), clean(r.Adoption), clean(r.Address), clean(r.CameraURL),
		clean(r.Platform), clean(r.Agent), clean(r.Status), clean(r.Posture), r.Stopped, clean(r.StopReason),
		s.dialect.when(r.LastSeen), s.dialect.at(orNow(r.CreatedAt)), s.dialect.at(orNow(r.UpdatedAt)))
	return s.violated(err, duplicateFault, tonypi.Errorf(tonypi.Conflict, "Robot already exists"))
}

// UpdateRobot implements tonypi.RobotStore. It sets UpdatedAt to now.
func (s *Store) UpdateRobot(ctx context.Context, r tonypi.Robot) error {
	if !sound(r.ID) {
		return errNoRobot()
	}
	return s.execOne(ctx, errNoRobot(), `UPDATE robots
		SET name = $2, description = $3, location = $4, adoption = $5, updated_at = $6
		WHERE robot_id = $1`,
		r.ID, clean(r.Name), clean(r.Description), clean(r.Location), clean(r.Adoption), s.dialect.at(time.Now()))
}

// sighting is a tonypi.Sighting for the statement in Seen. What is nil or empty stays as it is.
type sighting struct {
	Robot      string `json:"robot"`
	LastSeen   any    `json:"seen"`
	Status     string `json:"status,omitempty"`
	Address    string `json:"address,omitempty"`
	CameraURL  string `json:"camera,omitempty"`
	Platform   string `json:"platform,omitempty"`
	Agent      string `json:"agent,omitempty"`
	Posture    string `json:"posture,omitempty"`
	Stopped    *int   `json:"stopped,omitempty"`
	StopReason string `json:"reason,omitempty"`
}

// Seen implements tonypi.RobotStore. LastSeen never goes back; a robot that is not stopped has no reason for a stop;
// UpdatedAt stays.
func (s *Store) Seen(ctx context.Context, sightings []tonypi.Sighting) error {
	batch, err := json.Marshal(s.merge(sightings))
	if err != nil {
		return fmt.Errorf("write sightings: %w", err)
	}
	// A whole batch as one parameter: one round trip, one plan, no bound on the number of rows.
	return s.execRelaxed(ctx, `WITH news AS (
			SELECT value->>'robot' AS robot, CAST(value->>'seen' AS `+s.dialect.stamp+`) AS seen,
				value->>'status' AS status, value->>'address' AS address, value->>'camera' AS camera,
				value->>'platform' AS platform, value->>'agent' AS agent, value->>'posture' AS posture,
				CAST(value->>'stopped' AS INTEGER) AS stopped, value->>'reason' AS reason
			FROM `+s.dialect.rows+`
		)
		UPDATE robots SET
			last_seen = CASE WHEN last_seen > seen THEN last_seen ELSE COALESCE(seen, last_seen) END,
			status = COALESCE(news.status, robots.status),
			ip_address = COALESCE(address, ip_address),
			camera_url = COALESCE(camera, camera_url),
			platform = COALESCE(news.platform, robots.platform),
			agent = COALESCE(news.agent, robots.agent),
			posture = COALESCE(news.posture, robots.posture),
			emergency_stopped = CASE WHEN stopped IS NULL THEN emergency_stopped ELSE stopped = 1 END,
			emergency_reason = CASE WHEN stopped = 0 THEN '' ELSE COALESCE(reason, emergency_reason) END
		FROM news WHERE robot_id = news.robot`, string(batch))
}

// merge makes one row of all that is told about a robot, because an UPDATE takes only one row of several.
func (s *Store) merge(sightings []tonypi.Sighting) []*sighting {
	rows := make([]*sighting, 0, len(sightings))
	index := make(map[tonypi.RobotID]*sighting, len(sightings))
	last := make(map[tonypi.RobotID]time.Time, len(sightings))
	for _, told := range sightings {
		if !sound(told.Robot) {
			continue
		}
		row := index[told.Robot]
		if row == nil {
			row = &sighting{Robot: string(told.Robot)}
			index[told.Robot] = row
			rows = append(rows, row)
		}
		if told.LastSeen.After(last[told.Robot]) {
			last[told.Robot] = told.LastSeen
			row.LastSeen = s.dialect.at(told.LastSeen)
		}
		row.add(told.Presence)
	}
	return rows
}

func (row *sighting) add(p *tonypi.Presence) {
	if p == nil {
		return
	}
	said := func(field *string, text string) {
		if text != "" {
			*field = clean(text)
		}
	}
	said(&row.Status, p.Status)
	said(&row.Address, p.Address)
	said(&row.CameraURL, p.CameraURL)
	said(&row.Platform, p.Platform)
	said(&row.Agent, p.Agent)
	said(&row.Posture, p.Posture)
	said(&row.StopReason, p.StopReason)
	stopped := 0
	if p.Stopped {
		stopped = 1
	} else {
		row.StopReason = ""
	}
	row.Stopped = &stopped
}

// DeleteRobot implements tonypi.RobotStore. Logs, the audit log, reports and recordings stay.
func (s *Store) DeleteRobot(ctx context.Context, id tonypi.RobotID) error {
	if !sound(id) {
		return errNoRobot()
	}
	own := []string{"alerts", "alert_thresholds", "credentials", "commands", "jobs", "scans", "robot_configs", "host_keys", "ssh_access"}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		// The robot goes first: in PostgreSQL that makes a second deletion of it wait.
		result, err := tx.ExecContext(ctx, "DELETE FROM robots WHERE robot_id = $1", id)
		if err != nil {
			return err
		}
		if gone, err := result.RowsAffected(); err != nil || gone == 0 {
			return orMissing(err, errNoRobot())
		}
		for _, table := range own {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE robot_id = $1", id); err != nil { //nolint:gosec // the names stand above
				return err
			}
		}
		return nil
	})
}

func orMissing(err error, missing *tonypi.Error) error {
	if err != nil {
		return err
	}
	return missing
}
