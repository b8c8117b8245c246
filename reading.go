package tonypi

import (
	"context"
	"time"
)

// Reading is one value of one thing at one moment.
type Reading struct {
	Robot  RobotID
	Metric Metric
	Source string    // which one of several: "servo_3", "accelerometer_x"; empty when a robot has just one
	Value  float64   // in the metric's unit; never NaN or infinite
	Time   time.Time // UTC; stored with millisecond precision
}

// Key returns the series that the reading belongs to.
func (r Reading) Key() SeriesKey { return SeriesKey{r.Robot, r.Metric, r.Source} }

// SeriesKey names one series: what one sensor of one robot reads over time.
type SeriesKey struct {
	Robot  RobotID
	Metric Metric
	Source string
}

// Commit is the promise of one Append.
type Commit interface {
	// Wait returns nil once the readings are as durable as the store promises, or the reason why they are not.
	Wait(ctx context.Context) error
}

// SeriesQuery asks for history. Empty Metrics or Sources mean all.
type SeriesQuery struct {
	Robot   RobotID
	Metrics []Metric
	Sources []string
	From    time.Time
	To      time.Time     // exclusive
	Step    time.Duration // bucket width; 0 asks for raw samples (each a bucket of one)
	Limit   int           // most buckets per series; more is an Invalid error. 0 means 20,000
}

// Bucket is what happened within one step: [Time, Time+Step).
type Bucket struct {
	Time  time.Time
	Min   float64
	Max   float64
	Mean  float64
	Last  float64
	Count int
}

// Series is the answer to a SeriesQuery for one series, oldest bucket first, without empty buckets.
type Series struct {
	Key     SeriesKey
	Buckets []Bucket
}

// StoreHealth tells how a store is.
type StoreHealth struct {
	OK          bool   `json:"ok"`
	Message     string `json:"message" doc:"For a person; empty when all is well"`
	Samples     uint64 `json:"samples" doc:"Samples accepted since the start"`
	Dropped     uint64 `json:"dropped" doc:"Samples dropped since the start because the queue was full"`
	QueueBytes  int64  `json:"queue_bytes" doc:"Bytes of journal that the store has not taken over yet"`
	DiskBytes   int64  `json:"disk_bytes" doc:"Bytes on disk, journal and store"`
	DiskFree    int64  `json:"disk_free" doc:"Bytes free on the store's disk"`
	ReadOnly    bool   `json:"read_only" doc:"The disk is nearly full and the store takes nothing more"`
	ActiveCount int    `json:"active_series"`
}

// SeriesStore keeps readings over time. Implementations are safe for concurrent use.
//
// Appends are idempotent per (series, millisecond): of equal stamps one value survives. A reading may be any age within
// the retention; older ones are dropped silently, ones that lie in the future are the caller's business.
type SeriesStore interface {
	// Append queues readings and returns at once; Commit.Wait waits until they are stored. The slice may be reused after
	// Append returns. An error means that nothing of it was queued (a full disk is Unavailable).
	Append(readings []Reading) (Commit, error)
	// Latest returns the newest reading of every series of a robot, in no order, from memory or from the last 24 h of history.
	Latest(ctx context.Context, robot RobotID) ([]Reading, error)
	// Range returns history, one Series per key that has any, ordered by metric and source. What was appended and
	// committed two seconds ago or earlier is in it.
	Range(ctx context.Context, q SeriesQuery) ([]Series, error)
	// DeleteRobot removes a robot's whole history.
	DeleteRobot(ctx context.Context, robot RobotID) error
	// Health reports the state of the store, cheaply.
	Health(ctx context.Context) StoreHealth
}
