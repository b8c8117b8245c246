package tonypi

import (
	"context"
	"encoding/json"
	"time"
)

// Report is a summary of a period that was made once and is kept.
type Report struct {
	ID          int64           `json:"id"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Robot       RobotID         `json:"robot_id" doc:"Empty: all robots"`
	Type        string          `json:"report_type" doc:"performance, job, maintenance or custom"`
	Data        json.RawMessage `json:"data,omitempty" doc:"A JSON object whose members depend on the type"`
	CreatedBy   string          `json:"created_by"`
	CreatedAt   time.Time       `json:"created_at"`
}

// ReportFilter selects reports; zero fields select everything.
type ReportFilter struct {
	Robot  RobotID
	Type   string
	Before int64 // only IDs below this one
	Limit  int   // 1 to 1,000; 0 means 100
}

// ReportStore keeps reports.
type ReportStore interface {
	Reports(ctx context.Context, f ReportFilter) ([]Report, error) // newest first
	Report(ctx context.Context, id int64) (Report, error)          // NotFound: "Report <id> not found"
	CreateReport(ctx context.Context, r Report) (Report, error)    // gives the ID
	DeleteReport(ctx context.Context, id int64) error              // NotFound
}
