package sqlstore

import (
	"context"
	"time"

	"tonypi"
)

const jobColumns = `id, robot_id, task_name, status, phase, items_done, items_total, percent, last_item, estimated,
	action_duration, success, cancel_reason, robot_start, started_at, ended_at, updated_at`

func scanJob(row scanner) (j tonypi.Job, err error) {
	err = row.Scan(&j.ID, &j.Robot, &j.Task, &j.Status, &j.Phase, &j.ItemsDone, &j.ItemsTotal, &j.Percent, document{&j.LastItem},
		&j.Estimated, &j.ActionDuration, &j.Success, &j.Reason, stamp{&j.RobotStart}, stamp{&j.StartedAt}, stamp{&j.EndedAt},
		stamp{&j.UpdatedAt})
	return j, err
}

// Jobs implements tonypi.JobStore. A limit above 500 is Invalid.
func (s *Store) Jobs(ctx context.Context, f tonypi.JobFilter) ([]tonypi.Job, error) {
	limit, err := bound(f.Limit, 500)
	if err != nil {
		return nil, err
	}
	var c conditions
	c.equal("robot_id", string(f.Robot))
	c.equal("task_name", f.Task)
	c.equal("status", string(f.Status))
	s.since(&c, "jobs", "started_at", f.Since)
	if f.Before != 0 {
		c.add("id < $%[1]d", f.Before)
	}
	query, args := c.list(jobColumns, "jobs", "id DESC", limit)
	return all(ctx, s, scanJob, query, args...)
}

// since adds the oldest time of a list that is ordered by ID. Call it after the conditions on texts.
func (s *Store) since(c *conditions, table, column string, oldest time.Time) {
	if oldest.IsZero() {
		return
	}
	narrow := len(c.parts) > 0
	c.add("COALESCE("+column+", "+column+") >= $%[1]d", s.dialect.at(oldest))
	if !narrow {
		// IDs mostly grow with time, see filter.
		c.add("id >= (SELECT MIN(id + 0) FROM "+table+" WHERE "+column+" >= $%[1]d)", s.dialect.at(oldest))
	}
}

// ActiveJobs implements tonypi.JobStore; newest first.
func (s *Store) ActiveJobs(ctx context.Context) ([]tonypi.Job, error) {
	return all(ctx, s, scanJob, "SELECT "+jobColumns+" FROM jobs WHERE status = $1 ORDER BY id DESC", tonypi.JobActive)
}

// Job implements tonypi.JobStore.
func (s *Store) Job(ctx context.Context, id int64) (tonypi.Job, error) {
	return one(ctx, s, tonypi.Errorf(tonypi.NotFound, "Job %d not found", id), scanJob, "SELECT "+jobColumns+" FROM jobs WHERE id = $1", id)
}

// LastJobs implements tonypi.JobStore; ordered by robot.
func (s *Store) LastJobs(ctx context.Context) ([]tonypi.Job, error) {
	return all(ctx, s, scanJob, "SELECT "+jobColumns+` FROM jobs
		WHERE id IN (SELECT MAX(id) FROM jobs GROUP BY robot_id) ORDER BY robot_id`)
}

// LastJobID implements tonypi.JobStore.
func (s *Store) LastJobID(ctx context.Context) (int64, error) { return s.lastID(ctx, "jobs") }

// jobTotals counts jobs; $1 is the start of the day.
const jobTotals = `COUNT(DISTINCT robot_id), COUNT(*), COUNT(*) FILTER (WHERE status = 'active'),
	COUNT(*) FILTER (WHERE status = 'completed'), COUNT(*) FILTER (WHERE status = 'cancelled'),
	COUNT(*) FILTER (WHERE status = 'failed'), COUNT(*) FILTER (WHERE status = 'completed' AND ended_at >= $1),
	COALESCE(CAST(SUM(items_done) AS BIGINT), 0), COALESCE(CAST(SUM(items_total) AS BIGINT), 0),
	COALESCE(SUM(duration) FILTER (WHERE ended_at IS NOT NULL), 0),
	COALESCE(AVG(duration) FILTER (WHERE ended_at IS NOT NULL), 0), COALESCE(AVG(percent), 0) FROM jobs`

func scanTotals(row scanner) (n tonypi.JobTotals, err error) {
	err = row.Scan(&n.Robot, &n.Robots, &n.Total, &n.Active, &n.Completed, &n.Cancelled, &n.Failed, &n.CompletedToday,
		&n.ItemsDone, &n.ItemsTotal, &n.Duration, &n.Average, &n.AveragePercent)
	return n, err
}

// JobTotals implements tonypi.JobStore. A zero today counts every completed job as today's.
func (s *Store) JobTotals(ctx context.Context, robot tonypi.RobotID, today time.Time) (tonypi.JobTotals, error) {
	if robot == "" {
		return one(ctx, s, nil, scanTotals, "SELECT '', "+jobTotals, s.dialect.at(today))
	}
	return one(ctx, s, nil, scanTotals, "SELECT CAST($2 AS TEXT), "+jobTotals+" WHERE robot_id = $2", s.dialect.at(today), clean(robot))
}

// JobTotalsByRobot implements tonypi.JobStore.
func (s *Store) JobTotalsByRobot(ctx context.Context, today time.Time) ([]tonypi.JobTotals, error) {
	return all(ctx, s, scanTotals, "SELECT robot_id, "+jobTotals+" GROUP BY robot_id ORDER BY robot_id", s.dialect.at(today))
}

const saveJob = "INSERT INTO jobs (" + jobColumns + `, duration)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
	ON CONFLICT (id) DO UPDATE SET robot_id = excluded.robot_id, task_name = excluded.task_name, status = excluded.status,
		phase = excluded.phase, items_done = excluded.items_done, items_total = excluded.items_total,
		percent = excluded.percent, last_item = excluded.last_item, estimated = excluded.estimated,
		action_duration = excluded.action_duration, success = excluded.success, cancel_reason = excluded.cancel_reason,
		robot_start = excluded.robot_start, started_at = excluded.started_at, ended_at = excluded.ended_at,
		updated_at = excluded.updated_at, duration = excluded.duration`

// SaveJobs implements tonypi.JobStore. IDs are above 0; StartedAt and UpdatedAt are now when they are zero.
func (s *Store) SaveJobs(ctx context.Context, jobs []tonypi.Job) error {
	for _, j := range jobs {
		if j.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a job needs an ID above 0")
		}
		if err := checkFinite(j.Percent, float64(j.Estimated), float64(j.ActionDuration)); err != nil {
			return err
		}
	}
	return saveAll(ctx, s, saveJob, inOrder(jobs, func(j tonypi.Job) int64 { return j.ID }), func(j tonypi.Job) []any {
		j.StartedAt = orNow(j.StartedAt)
		return []any{
			j.ID, cut(j.Robot), cut(j.Task), cut(j.Status), clean(j.Phase), j.ItemsDone, j.ItemsTotal, j.Percent,
			keep(j.LastItem), float64(j.Estimated), float64(j.ActionDuration), j.Success, clean(j.Reason),
			s.dialect.when(j.RobotStart), s.dialect.at(j.StartedAt), s.dialect.when(j.EndedAt), s.dialect.at(orNow(j.UpdatedAt)),
			took(j),
		}
	})
}

// took is how many seconds an ended job took.
func took(j tonypi.Job) float64 {
	if j.EndedAt.Before(j.StartedAt) {
		return 0
	}
	return float64(j.EndedAt.UnixMilli()-j.StartedAt.UnixMilli()) / 1000
}

// PurgeJobs implements tonypi.JobStore. Active jobs stay.
func (s *Store) PurgeJobs(ctx context.Context, before time.Time) (int, error) {
	return s.purge(ctx, "jobs", "ended_at < $1 AND status <> 'active'", s.dialect.at(before))
}
