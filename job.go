package tonypi

import (
	"context"
	"encoding/json"
	"time"
)

// JobStatus says how a job stands.
type JobStatus string

// How a job can stand.
const (
	JobActive    JobStatus = "active"
	JobCompleted JobStatus = "completed"
	JobCancelled JobStatus = "cancelled"
	JobFailed    JobStatus = "failed"
)

// Job is one task of one robot. At most one job per robot is active.
type Job struct {
	ID             int64           `json:"id"`
	Robot          RobotID         `json:"robot_id"`
	Task           string          `json:"task_name"`
	Status         JobStatus       `json:"status" enum:"active,completed,cancelled,failed"`
	Phase          string          `json:"phase"`
	ItemsDone      int             `json:"items_done"`
	ItemsTotal     int             `json:"items_total"`
	Percent        float64         `json:"percent_complete"`
	LastItem       json.RawMessage `json:"last_item,omitempty" doc:"The last item that was scanned or processed"`
	Estimated      Seconds         `json:"estimated_duration" doc:"Seconds, as the robot estimates; 0 when it does not"`
	ActionDuration Seconds         `json:"action_duration" doc:"Seconds of work, as the robot tells; 0 when it does not"`
	Success        *bool           `json:"success,omitempty"`
	Reason         string          `json:"cancel_reason"`
	RobotStart     time.Time       `json:"-"` // the robot's own stamp of the start: what a repeated message is known by
	StartedAt      time.Time       `json:"start_time"`
	EndedAt        time.Time       `json:"end_time,omitzero"`
	ETA            time.Time       `json:"eta,omitzero" doc:"When it will be done, from its progress so far; not stored"`
	UpdatedAt      time.Time       `json:"updated_at"`
}

// JobFilter selects jobs; zero fields select everything.
type JobFilter struct {
	Robot  RobotID
	Status JobStatus
	Task   string
	Since  time.Time // started at or after
	Before int64     // only IDs below this one; the cursor of a page
	Limit  int       // 1 to 500; 0 means 100
}

// JobTotals sums up jobs.
type JobTotals struct {
	Robot          RobotID `json:"robot_id" doc:"Empty: all robots"`
	Robots         int     `json:"total_robots_with_jobs"`
	Total          int     `json:"total_jobs"`
	Active         int     `json:"active_jobs"`
	Completed      int     `json:"completed_jobs"`
	Cancelled      int     `json:"cancelled_jobs"`
	Failed         int     `json:"failed_jobs"`
	CompletedToday int     `json:"completed_jobs_today" doc:"Since the given start of the day"`
	ItemsDone      int64   `json:"total_items_done"`
	ItemsTotal     int64   `json:"total_items_target"`
	Duration       Seconds `json:"total_duration_seconds" doc:"Of ended jobs"`
	Average        Seconds `json:"average_duration_seconds" doc:"Of ended jobs"`
	AveragePercent float64 `json:"average_completion_percent"`
}

// JobStore keeps jobs. IDs are given by the job tracker.
type JobStore interface {
	Jobs(ctx context.Context, f JobFilter) ([]Job, error) // newest (highest ID) first
	ActiveJobs(ctx context.Context) ([]Job, error)
	Job(ctx context.Context, id int64) (Job, error)                                   // NotFound
	JobTotals(ctx context.Context, robot RobotID, today time.Time) (JobTotals, error) // empty robot: all
	JobTotalsByRobot(ctx context.Context, today time.Time) ([]JobTotals, error)       // ordered by robot
	SaveJobs(ctx context.Context, jobs []Job) error                                   // insert or update by ID, in one transaction
	LastJobs(ctx context.Context) ([]Job, error)                                      // of each robot the newest
	LastJobID(ctx context.Context) (int64, error)                                     // 0 when there is none
	PurgeJobs(ctx context.Context, before time.Time) (int, error)                     // ended before
}

// Item is what a code stands for.
type Item struct {
	Code        string    `json:"code" maxLength:"200"`
	SKU         string    `json:"sku"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	WeightKg    float64   `json:"weight_kg"`
	Location    string    `json:"location"`
	ReceivedAt  time.Time `json:"received_at,omitzero"`
	UpdatedAt   time.Time `json:"updated_at,omitzero"`
}

// ScanRecord is a scan as it is kept.
type ScanRecord struct {
	ID      int64     `json:"id"`
	Robot   RobotID   `json:"robot_id"`
	Job     int64     `json:"job_id" doc:"The job that it was counted for; 0 when none was active"`
	Code    string    `json:"code"`
	Found   bool      `json:"found"`
	Item    string    `json:"item" doc:"Name of the item; empty when the code is not known"`
	Station string    `json:"station"`
	Action  string    `json:"action"`
	Time    time.Time `json:"timestamp"`
}

// ScanFilter selects scans; zero fields select everything.
type ScanFilter struct {
	Robot  RobotID
	Job    int64
	Code   string
	Before int64 // only IDs below this one
	Limit  int   // 1 to 500; 0 means 100
}

// ItemStore keeps the table of items and the scans. Scan IDs are given by the job tracker.
type ItemStore interface {
	Items(ctx context.Context, search, after string, limit int) ([]Item, error) // by code; search in code, SKU and name; codes after `after`; limit 1 to 1,000
	Item(ctx context.Context, code string) (Item, error)                        // NotFound
	SaveItems(ctx context.Context, items []Item) error                          // insert or update by code, in one transaction
	DeleteItem(ctx context.Context, code string) error                          // NotFound
	Scans(ctx context.Context, f ScanFilter) ([]ScanRecord, error)              // newest first
	SaveScans(ctx context.Context, scans []ScanRecord) error                    // insert or update by ID
	LastScanID(ctx context.Context) (int64, error)
	PurgeScans(ctx context.Context, before time.Time) (int, error)
}
