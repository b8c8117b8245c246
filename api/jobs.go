package api

import (
	"context"
	"strconv"
	"time"

	"tonypi"
)

// JobPage is one page of jobs.
type JobPage struct {
	Jobs []tonypi.Job `json:"jobs" nullable:"false"`
	Next string       `json:"next_cursor" doc:"The cursor parameter of the next page; empty on the last one"`
}

// JobStats sums up jobs.
type JobStats struct {
	Total  tonypi.JobTotals   `json:"total"`
	Robots []tonypi.JobTotals `json:"robots" nullable:"false"`
}

// NewJob is a job that a robot is to start.
type NewJob struct {
	Task  string `json:"task_name" minLength:"1" maxLength:"200"`
	Items int    `json:"items_total,omitempty" minimum:"0" maximum:"1000000"`
}

// CancelJob says why a job is to end.
type CancelJob struct {
	Reason string `json:"reason,omitempty" maxLength:"500"`
}

// ScanPage is one page of scans.
type ScanPage struct {
	Scans []tonypi.ScanRecord `json:"scans" nullable:"false"`
	Next  string              `json:"next_cursor" doc:"The cursor parameter of the next page; empty on the last one"`
}

// NewScan is a code that is to be handled as if the robot had read it.
type NewScan struct {
	Code string `json:"code" minLength:"1" maxLength:"200"`
}

type (
	listJobsIn struct {
		Robot  tonypi.RobotID   `query:"robot_id" maxLength:"100"`
		Status tonypi.JobStatus `query:"status" enum:"active,completed,cancelled,failed"`
		Task   string           `query:"task" maxLength:"200"`
		Since  string           `query:"time_range" enum:"1h,6h,24h,7d,30d,all" default:"all" doc:"Started within"`
		Limit  int              `query:"limit" minimum:"1" maximum:"500" default:"100"`
		Cursor string           `query:"cursor" maxLength:"20" doc:"next_cursor of the page before"`
	}
	// JobPath names a job.
	JobPath struct {
		ID int64 `path:"id" minimum:"1"`
	}
	jobStatsIn struct {
		Robot tonypi.RobotID `query:"robot_id" maxLength:"100"`
	}
	startJobIn struct {
		RobotPath
		WaitParam
		Key  string `header:"Idempotency-Key" maxLength:"100" doc:"As in send-command"`
		Body NewJob
	}
	cancelJobIn struct {
		RobotPath
		WaitParam
		Body *CancelJob
	}
	listScansIn struct {
		Robot  tonypi.RobotID `query:"robot_id" maxLength:"100"`
		Job    int64          `query:"job_id" minimum:"0"`
		Code   string         `query:"code" maxLength:"200"`
		Limit  int            `query:"limit" minimum:"1" maximum:"500" default:"100"`
		Cursor string         `query:"cursor" maxLength:"20" doc:"next_cursor of the page before"`
	}
	scanIn struct {
		RobotPath
		Body NewScan
	}
	jobsOut     struct{ Body JobPage }
	jobOut      struct{ Body tonypi.Job }
	jobStatsOut struct{ Body JobStats }
	scansOut    struct{ Body ScanPage }
)

func (s *Server) registerJobs(r *routes) {
	undo := r.needs(s.cfg.Jobs != nil && s.cfg.JobStore != nil, tonypi.Errorf(tonypi.Unavailable, "This server follows no jobs"))
	add(r, may(tonypi.View), op("list-jobs", "GET /jobs", "jobs", "List jobs, newest first"), s.listJobs)
	add(r, may(tonypi.View), op("job-stats", "GET /jobs/stats", "jobs", "Sum up jobs"), s.jobStats)
	add(r, may(tonypi.View), op("get-job", "GET /jobs/{id}", "jobs", "Get a job"), s.getJob)
	add(r, may(tonypi.SendCommands), audits("scan.trigger", op("trigger-scan", "POST /robots/{robot_id}/scan", "jobs", "Handle a code as if the robot had read it")), s.triggerScan)
	undo()
	undo = r.needs(s.cfg.Commands != nil, tonypi.Errorf(tonypi.Unavailable, "This server sends no commands"))
	add(r, may(tonypi.SendCommands), engineAudits("command.send", waits(answers[tonypi.Command](r, accepted(
		op("start-job", "POST /robots/{robot_id}/jobs", "jobs", "Tell a robot to start a job")), 200))), s.startJob)
	add(r, may(tonypi.SendCommands), engineAudits("command.send", waits(answers[tonypi.Command](r, accepted(
		op("cancel-job", "POST /robots/{robot_id}/jobs/cancel", "jobs", "Tell a robot to end its job")), 200))), s.cancelJob)
	undo()
	s.registerItems(r)
}

func (s *Server) listJobs(ctx context.Context, in *listJobsIn) (*jobsOut, error) {
	before, err := cursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	jobs, err := s.cfg.JobStore.Jobs(ctx, tonypi.JobFilter{
		Robot: in.Robot, Status: in.Status, Task: in.Task, Since: since(in.Since), Before: before, Limit: in.Limit,
	})
	page := JobPage{Jobs: filled(jobs)}
	for i := range jobs {
		jobs[i] = s.cfg.Jobs.Fill(jobs[i])
	}
	if len(jobs) == in.Limit {
		page.Next = strconv.FormatInt(jobs[len(jobs)-1].ID, 10)
	}
	return &jobsOut{page}, err
}

func (s *Server) getJob(ctx context.Context, in *JobPath) (*jobOut, error) {
	j, err := s.cfg.JobStore.Job(ctx, in.ID)
	if tonypi.KindOf(err) == tonypi.NotFound {
		return nil, tonypi.Errorf(tonypi.NotFound, "Job %d not found", in.ID)
	}
	return &jobOut{s.cfg.Jobs.Fill(j)}, err
}

func (s *Server) jobStats(ctx context.Context, in *jobStatsIn) (*jobStatsOut, error) {
	now := time.Now()
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	total, err := s.cfg.JobStore.JobTotals(ctx, in.Robot, today)
	if err != nil {
		return nil, err
	}
	out := JobStats{Total: total, Robots: []tonypi.JobTotals{total}}
	if in.Robot == "" {
		out.Robots, err = s.cfg.JobStore.JobTotalsByRobot(ctx, today)
	}
	out.Robots = filled(out.Robots)
	return &jobStatsOut{out}, err
}

func (s *Server) startJob(ctx context.Context, in *startJobIn) (*commandOut, error) {
	parameters := map[string]any{"task_name": in.Body.Task}
	if in.Body.Items > 0 {
		parameters["items_total"] = in.Body.Items
	}
	return s.order(ctx, tonypi.Order{
		ID: orderID(ctx, in.Key), Robots: []tonypi.RobotID{in.Robot}, Type: "start_job", Parameters: parameters,
		Confirmed: true, By: tonypi.CallerOf(ctx),
	}, in.Wait)
}

func (s *Server) cancelJob(ctx context.Context, in *cancelJobIn) (*commandOut, error) {
	o := tonypi.Order{
		Robots: []tonypi.RobotID{in.Robot}, Type: "stop_job", Parameters: map[string]any{}, Confirmed: true, By: tonypi.CallerOf(ctx),
	}
	if in.Body != nil && in.Body.Reason != "" {
		o.Reason = in.Body.Reason
	}
	return s.order(ctx, o, in.Wait)
}

func (s *Server) listScans(ctx context.Context, in *listScansIn) (*scansOut, error) {
	before, err := cursor(in.Cursor)
	if err != nil {
		return nil, err
	}
	scans, err := s.cfg.ItemStore.Scans(ctx, tonypi.ScanFilter{Robot: in.Robot, Job: in.Job, Code: in.Code, Before: before, Limit: in.Limit})
	page := ScanPage{Scans: filled(scans)}
	if len(scans) == in.Limit {
		page.Next = strconv.FormatInt(scans[len(scans)-1].ID, 10)
	}
	return &scansOut{page}, err
}

func (s *Server) triggerScan(ctx context.Context, in *scanIn) (*none, error) {
	note(ctx).target = in.Body.Code
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	return nil, s.cfg.Jobs.Trigger(ctx, in.Robot, in.Body.Code)
}

// cursor reads the ID below which a page begins; 0 for the first page.
func cursor(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	before, err := strconv.ParseInt(text, 10, 64)
	if err != nil || before < 1 {
		return 0, tonypi.Errorf(tonypi.Invalid, "cursor is not one that this server gave out")
	}
	return before, nil
}

// since returns how far back a word of timeRanges reaches; the zero time for every other.
func since(word string) time.Time {
	if d, ok := timeRanges[word]; ok {
		return time.Now().Add(-d)
	}
	return time.Time{}
}
