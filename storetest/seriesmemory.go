package storetest

import (
	"context"
	"sort"
	"sync"
	"time"

	"tonypi"
)

// SeriesMemory is a tonypi.SeriesStore in memory, for tests. It keeps everything, of any age.
type SeriesMemory struct {
	mu      sync.Mutex
	series  map[tonypi.SeriesKey]map[int64]float64 // by Unix milliseconds
	samples uint64
	down    error
}

var _ tonypi.SeriesStore = (*SeriesMemory)(nil)

// NewSeries returns an empty store.
func NewSeries() *SeriesMemory {
	return &SeriesMemory{series: make(map[tonypi.SeriesKey]map[int64]float64)}
}

// Fail makes every Append return err, until it is called with nil.
func (s *SeriesMemory) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

type storedSeries struct{}

// Wait implements tonypi.Commit.
func (storedSeries) Wait(context.Context) error { return nil }

// Append implements tonypi.SeriesStore.
func (s *SeriesMemory) Append(readings []tonypi.Reading) (tonypi.Commit, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	for _, r := range readings {
		if _, ok := r.Metric.Info(); !ok {
			return nil, tonypi.Errorf(tonypi.Invalid, "unknown metric %q", r.Metric)
		}
		if r.Value-r.Value != 0 {
			return nil, tonypi.Errorf(tonypi.Invalid, "the value of %s is not a finite number", r.Metric)
		}
	}
	for _, r := range readings {
		samples := s.series[r.Key()]
		if samples == nil {
			samples = make(map[int64]float64)
			s.series[r.Key()] = samples
		}
		samples[r.Time.UnixMilli()] = r.Value
		s.samples++
	}
	return storedSeries{}, nil
}

// Latest implements tonypi.SeriesStore.
func (s *SeriesMemory) Latest(_ context.Context, robot tonypi.RobotID) ([]tonypi.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := time.Now().Add(-24 * time.Hour).UnixMilli()
	var readings []tonypi.Reading
	for key, samples := range s.series {
		if key.Robot != robot {
			continue
		}
		stamps := sortedStamps(samples)
		if newest := stamps[len(stamps)-1]; newest >= oldest {
			readings = append(readings, tonypi.Reading{
				Robot: robot, Metric: key.Metric, Source: key.Source,
				Value: samples[newest], Time: time.UnixMilli(newest).UTC(),
			})
		}
	}
	return readings, nil
}

// Range implements tonypi.SeriesStore.
func (s *SeriesMemory) Range(_ context.Context, q tonypi.SeriesQuery) ([]tonypi.Series, error) {
	if q.Robot == "" || !q.From.Before(q.To) || q.Step < 0 || q.Step%time.Millisecond != 0 || q.Limit < 0 {
		return nil, tonypi.Errorf(tonypi.Invalid, "the query is not complete")
	}
	if q.Limit == 0 {
		q.Limit = 20_000
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := naiveSeries(s.series, q)
	for _, series := range answer {
		if len(series.Buckets) > q.Limit {
			return nil, tonypi.Errorf(tonypi.Invalid, "more than %d buckets", q.Limit)
		}
	}
	return answer, nil
}

// DeleteRobot implements tonypi.SeriesStore.
func (s *SeriesMemory) DeleteRobot(_ context.Context, robot tonypi.RobotID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.series {
		if key.Robot == robot {
			delete(s.series, key)
		}
	}
	return nil
}

// Health implements tonypi.SeriesStore.
func (s *SeriesMemory) Health(context.Context) tonypi.StoreHealth {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := tonypi.StoreHealth{OK: s.down == nil, Samples: s.samples, ActiveCount: len(s.series)}
	if s.down != nil {
		h.Message = s.down.Error()
	}
	return h
}

// naiveSeries answers q from raw samples in the most obvious way.
func naiveSeries(raw map[tonypi.SeriesKey]map[int64]float64, q tonypi.SeriesQuery) []tonypi.Series {
	var answer []tonypi.Series
	for key, samples := range raw {
		if key.Robot != q.Robot || !amongWanted(q.Metrics, key.Metric) || !amongWanted(q.Sources, key.Source) {
			continue
		}
		if buckets := naiveBuckets(samples, q); len(buckets) > 0 {
			answer = append(answer, tonypi.Series{Key: key, Buckets: buckets})
		}
	}
	sort.Slice(answer, func(i, j int) bool {
		a, b := answer[i].Key, answer[j].Key
		return a.Metric < b.Metric || a.Metric == b.Metric && a.Source < b.Source
	})
	return answer
}

func naiveBuckets(samples map[int64]float64, q tonypi.SeriesQuery) []tonypi.Bucket {
	var buckets []tonypi.Bucket
	for _, ms := range sortedStamps(samples) {
		at, v := time.UnixMilli(ms).UTC(), samples[ms]
		if at.Before(q.From) || !at.Before(q.To) {
			continue
		}
		start := at
		if step := q.Step.Milliseconds(); step > 0 {
			start = time.UnixMilli(ms - ms%step).UTC()
		}
		n := len(buckets)
		if n == 0 || !buckets[n-1].Time.Equal(start) {
			buckets = append(buckets, tonypi.Bucket{Time: start, Min: v, Max: v, Mean: v, Last: v, Count: 1})
			continue
		}
		b := &buckets[n-1]
		b.Min, b.Max, b.Last = min(b.Min, v), max(b.Max, v), v
		b.Mean = (b.Mean*float64(b.Count) + v) / float64(b.Count+1)
		b.Count++
	}
	return buckets
}

func amongWanted[T comparable](wanted []T, v T) bool {
	for _, w := range wanted {
		if w == v {
			return true
		}
	}
	return len(wanted) == 0
}

func sortedStamps(samples map[int64]float64) []int64 {
	stamps := make([]int64, 0, len(samples))
	for ms := range samples {
		stamps = append(stamps, ms)
	}
	sort.Slice(stamps, func(i, j int) bool { return stamps[i] < stamps[j] })
	return stamps
}
