package api

import (
	"cmp"
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tonypi"
)

// Bounds of a request for history.
const (
	defaultRange  = time.Hour
	maxRange      = 366 * 24 * time.Hour
	defaultPoints = 600
	maxPoints     = 5000
	maxRaw        = 20000 // raw points per series
	maxStep       = 366 * 24 * time.Hour
	maxMetrics    = 50
	maxSources    = 100
)

// niceSteps are the bucket widths that are chosen when the caller names none: whole parts of a minute, hour or day.
var niceSteps = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// Latest is the newest reading of every series of a robot.
type Latest struct {
	Robot    tonypi.RobotID  `json:"robot_id"`
	Readings []LatestReading `json:"readings" nullable:"false" doc:"Ordered by metric and source"`
}

// LatestReading is one reading with its unit.
type LatestReading struct {
	Metric tonypi.Metric `json:"metric"`
	Source string        `json:"source" doc:"Which one of several; empty when a robot has just one"`
	Value  float64       `json:"value"`
	Time   time.Time     `json:"time"`
	Unit   string        `json:"unit"`
}

// SeriesAnswer is history in buckets.
type SeriesAnswer struct {
	Robot  tonypi.RobotID `json:"robot_id"`
	From   time.Time      `json:"from"`
	To     time.Time      `json:"to"`
	Step   float64        `json:"step_seconds" doc:"Width of a bucket; 0 for raw readings"`
	Series []SeriesPoints `json:"series" nullable:"false"`
}

// SeriesPoints is the history of one series, oldest first; empty buckets are left out.
type SeriesPoints struct {
	Metric tonypi.Metric `json:"metric"`
	Source string        `json:"source"`
	Unit   string        `json:"unit"`
	Points []Point       `json:"points" nullable:"false" doc:"Each is [start of the bucket in Unix milliseconds, min, max, mean, last, count]"`
}

// Point is one bucket: start in Unix milliseconds, min, max, mean, last, count.
type Point []float64

// Schema says that a point always has six numbers.
func (Point) Schema(huma.Registry) *huma.Schema {
	six := 6
	return &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeNumber}, MinItems: &six, MaxItems: &six}
}

// Catalog is the table of metrics.
type Catalog struct {
	Metrics []tonypi.MetricInfo `json:"metrics" nullable:"false"`
}

type (
	latestOut  struct{ Body Latest }
	catalogOut struct{ Body Catalog }
	seriesIn   struct {
		RobotPath
		Metrics []string `query:"metric,explode" maxItems:"50" nullable:"false" doc:"May be repeated; all when missing"`
		Sources []string `query:"source,explode" maxItems:"100" nullable:"false" doc:"May be repeated; all when missing"`
		From    string   `query:"from" maxLength:"40" doc:"RFC 3339; instead of range"`
		To      string   `query:"to" maxLength:"40" doc:"RFC 3339; now when missing"`
		Range   string   `query:"range" maxLength:"20" doc:"How far before the end to start: 15m, 1h, 7d; instead of from" example:"1h"`
		Step    string   `query:"step" maxLength:"20" doc:"Width of a bucket such as 10s; 0 for raw readings; chosen from points when missing"`
		Points  int      `query:"points" minimum:"1" maximum:"5000" default:"600" doc:"Most buckets per series when step is missing"`
	}
	seriesOut struct {
		Body func(huma.Context)
	}
)

func (s *Server) metricsCatalog(context.Context, *none) (*catalogOut, error) {
	return &catalogOut{Catalog{tonypi.Metrics}}, nil
}

func (s *Server) latest(ctx context.Context, in *RobotPath) (*latestOut, error) {
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	readings, err := s.cfg.Series.Latest(ctx, in.Robot)
	if err != nil {
		return nil, err
	}
	out := Latest{Robot: in.Robot, Readings: make([]LatestReading, len(readings))}
	for i, r := range readings {
		info, _ := r.Metric.Info()
		out.Readings[i] = LatestReading{r.Metric, r.Source, r.Value, r.Time.UTC(), info.Unit}
	}
	slices.SortFunc(out.Readings, func(a, b LatestReading) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Source, b.Source))
	})
	return &latestOut{out}, nil
}

// seriesOperation declares the shape of the one answer that is written by hand.
func (r *routes) seriesOperation() huma.Operation {
	o := op("get-series", "GET /robots/{robot_id}/series", "history", "History of a robot in buckets of min, max, mean, last and count")
	o.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content: map[string]*huma.MediaType{"application/json": {
			Schema: r.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[SeriesAnswer](), true, ""),
		}},
	}}
	return o
}

func (s *Server) series(ctx context.Context, in *seriesIn) (*seriesOut, error) {
	q, err := in.query(time.Now())
	if err != nil {
		return nil, err
	}
	if _, err := s.robot(in.Robot); err != nil {
		return nil, err
	}
	all, err := s.cfg.Series.Range(ctx, q)
	if err != nil {
		return nil, err
	}
	return &seriesOut{func(c huma.Context) {
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(http.StatusOK)
		writeSeries(c.BodyWriter(), q, all)
	}}, nil
}

// query checks the parameters and makes them a query.
func (in *seriesIn) query(now time.Time) (tonypi.SeriesQuery, error) {
	q := tonypi.SeriesQuery{Robot: in.Robot, To: now.Truncate(time.Millisecond).UTC(), Sources: in.Sources, Limit: maxRaw}
	if len(in.Metrics) > maxMetrics || len(in.Sources) > maxSources {
		return q, tonypi.Errorf(tonypi.Invalid, "at most %d metrics and %d sources", maxMetrics, maxSources)
	}
	for _, name := range in.Metrics {
		m := tonypi.Metric(name)
		if _, ok := m.Info(); !ok {
			return q, tonypi.Errorf(tonypi.Invalid, "unknown metric %q", name)
		}
		q.Metrics = append(q.Metrics, m)
	}
	if err := in.window(&q); err != nil {
		return q, err
	}
	return q, in.step(&q)
}

// window reads from, to and range.
func (in *seriesIn) window(q *tonypi.SeriesQuery) error {
	if in.To != "" {
		to, err := parseTime("to", in.To)
		if err != nil {
			return err
		}
		q.To = to
	}
	switch {
	case in.From != "" && in.Range != "":
		return tonypi.Errorf(tonypi.Invalid, "give from or range, not both")
	case in.From != "":
		from, err := parseTime("from", in.From)
		if err != nil {
			return err
		}
		q.From = from
	default:
		d, err := parseDuration("range", in.Range, defaultRange)
		if err != nil {
			return err
		}
		q.From = q.To.Add(-d)
	}
	if !q.From.Before(q.To) {
		return tonypi.Errorf(tonypi.Invalid, "from must be before to")
	}
	if q.To.Sub(q.From) > maxRange {
		return tonypi.Errorf(tonypi.Invalid, "at most %d days at once", maxRange/(24*time.Hour))
	}
	return nil
}

// step reads step, or chooses one so that no series has more than the points asked for.
func (in *seriesIn) step(q *tonypi.SeriesQuery) error {
	span := q.To.Sub(q.From)
	if in.Step == "" {
		points := in.Points
		if points < 1 || points > maxPoints {
			points = defaultPoints
		}
		q.Step = niceStep(span, points)
		return nil
	}
	step, err := parseDuration("step", in.Step, 0)
	if err != nil {
		return err
	}
	if step != 0 && (step < time.Millisecond || step > maxStep) {
		return tonypi.Errorf(tonypi.Invalid, "step must be 0 or lie between 1ms and 366d")
	}
	if step != 0 && span/step > maxRaw {
		return tonypi.Errorf(tonypi.Invalid, "step %s makes more than %d points; use a wider one", in.Step, maxRaw)
	}
	q.Step = step
	return nil
}

// niceStep returns the smallest nice width that cuts span into at most that many buckets. Buckets are aligned to the width,
// so that a span which starts inside one touches one more: the last bucket is not counted.
func niceStep(span time.Duration, points int) time.Duration {
	for _, step := range niceSteps {
		if (span+step-1)/step <= time.Duration(points) {
			return step
		}
	}
	day := 24 * time.Hour
	days := (span + day*time.Duration(points) - 1) / (day * time.Duration(points))
	return days * day
}

func parseTime(name, text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, tonypi.Errorf(tonypi.Invalid, "%s is not an RFC 3339 time such as 2026-01-31T12:00:00Z", name)
	}
	// Unix milliseconds are what the store and the answer are written in; years outside cannot be.
	if t.Year() < 1971 || t.Year() > 2200 {
		return t, tonypi.Errorf(tonypi.Invalid, "%s must lie between 1971 and 2200", name)
	}
	return t.UTC(), nil
}

// parseDuration reads Go's durations and whole days and weeks ("7d", "2w"). Bounds: 0 to 366 days.
func parseDuration(name, text string, missing time.Duration) (time.Duration, error) {
	if text == "" {
		return missing, nil
	}
	d, err := time.ParseDuration(text)
	if unit, ok := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[text[len(text)-1]]; ok {
		var n int64
		n, err = strconv.ParseInt(text[:len(text)-1], 10, 16)
		d = time.Duration(n) * unit
	}
	if err != nil || d < 0 || d > maxRange {
		return 0, tonypi.Errorf(tonypi.Invalid, "%s is not a duration between 0 and 366d such as 30s, 15m, 1h or 7d", name)
	}
	return d, nil
}
