package compat

import (
	"encoding/json"
	"net/http"
	"time"

	"tonypi"
)

// jobObject is a job as the original told it.
func jobObject(j tonypi.Job) map[string]any {
	var item any
	if len(j.LastItem) > 0 {
		item = j.LastItem
	}
	return map[string]any{
		"id": j.ID, "robot_id": j.Robot, "start_time": moment(j.StartedAt), "end_time": moment(j.EndedAt),
		"items_total": j.ItemsTotal, "items_done": j.ItemsDone, "percent_complete": j.Percent, "last_item": item,
		"status": j.Status, "task_name": orNull(j.Task), "phase": orNull(j.Phase), "estimated_duration": orNone(j.Estimated),
		"action_duration": orNone(j.ActionDuration), "success": j.Success, "cancel_reason": orNull(j.Reason),
		"created_at": moment(j.StartedAt), "updated_at": moment(j.UpdatedAt),
	}
}

func orNone(s tonypi.Seconds) any {
	if s == 0 {
		return nil
	}
	return float64(s)
}

// current returns the active job of a robot, or else its newest.
func (s *Server) current(r *http.Request, robot tonypi.RobotID) (*tonypi.Job, error) {
	for _, j := range s.cfg.Jobs.Active() {
		if j.Robot == robot {
			return &j, nil
		}
	}
	jobs, err := s.cfg.JobStore.Jobs(r.Context(), tonypi.JobFilter{Robot: robot, Limit: 1})
	if err != nil || len(jobs) == 0 {
		return nil, err
	}
	return &jobs[0], nil
}

// jobSummary answers GET /robot-data/job-summary/{robot_id}.
func (s *Server) jobSummary(_ http.ResponseWriter, r *http.Request) (any, error) {
	id := robotOf(r)
	job, err := s.current(r, id)
	if err != nil {
		return nil, err
	}
	if job == nil {
		return map[string]any{
			"robot_id": id, "start_time": nil, "end_time": nil, "items_total": 0, "items_done": 0, "percent_complete": 0.0,
			"last_item": nil, "task_name": nil, "phase": nil, "status": "idle", "estimated_duration": nil, "success": nil,
		}, nil
	}
	summary := jobObject(*job)
	for _, name := range []string{"id", "created_at", "updated_at"} {
		delete(summary, name)
	}
	scans, err := s.cfg.Scans.Scans(r.Context(), tonypi.ScanFilter{Robot: id, Job: job.ID, Limit: 5})
	if err != nil {
		return nil, err
	}
	history := []any{}
	for i := len(scans) - 1; i >= 0; i-- { // oldest first
		history = append(history, map[string]any{"time": moment(scans[i].Time), "item": map[string]any{"qr": scans[i].Code, "name": orNull(scans[i].Item)}})
	}
	summary["history"] = history
	return summary, nil
}

func (s *Server) jobHistory(_ http.ResponseWriter, r *http.Request) (any, error) {
	limit, err := count(r, 50, 500)
	if err != nil {
		return nil, err
	}
	jobs, err := s.cfg.JobStore.Jobs(r.Context(), tonypi.JobFilter{Robot: tonypi.RobotID(r.URL.Query().Get("robot_id")), Limit: limit})
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, j := range jobs {
		list = append(list, jobObject(j))
	}
	return list, nil
}

// jobTotals answers GET /robots-db/jobs/cumulative-stats.
func (s *Server) jobTotals(_ http.ResponseWriter, r *http.Request) (any, error) {
	robot := tonypi.RobotID(r.URL.Query().Get("robot_id"))
	t, err := s.cfg.JobStore.JobTotals(r.Context(), robot, midnight(time.Now()))
	if err != nil {
		return nil, err
	}
	var current any
	for _, j := range s.cfg.Jobs.Active() {
		if robot == "" || j.Robot == robot {
			current = jobObject(j)
			break
		}
	}
	return map[string]any{
		"robot_id": orNull(robot), "current_job": current,
		"cumulative": map[string]any{
			"total_jobs": t.Total, "completed_jobs": t.Completed, "cancelled_jobs": t.Cancelled, "failed_jobs": t.Failed, "active_jobs": t.Active,
			"total_items_done": t.ItemsDone, "total_items_target": t.ItemsTotal,
			"total_duration_seconds": t.Duration, "average_duration_seconds": t.Average,
		},
	}, nil
}

// overallTotals answers GET /robots-db/jobs/overall-stats.
func (s *Server) overallTotals(_ http.ResponseWriter, r *http.Request) (any, error) {
	t, err := s.cfg.JobStore.JobTotals(r.Context(), "", midnight(time.Now()))
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"total_robots_with_jobs": t.Robots, "total_jobs": t.Total, "active_jobs": t.Active, "completed_jobs": t.Completed,
		"total_items_done": t.ItemsDone, "total_items_target": t.ItemsTotal, "total_duration_seconds": t.Duration,
		"average_completion_percent": t.AveragePercent,
	}, nil
}

// reportObject is a report as the original told it.
func reportObject(r tonypi.Report) map[string]any {
	data := r.Data
	if len(data) == 0 {
		data = json.RawMessage("null")
	}
	return map[string]any{
		"id": r.ID, "title": r.Title, "description": orNull(r.Description), "robot_id": orNull(r.Robot), "report_type": r.Type,
		"created_at": r.CreatedAt.UTC(), "data": data, "created_by": r.CreatedBy,
	}
}
