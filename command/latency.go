package command

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"tonypi"
)

const (
	maxStops  = 10_000 // that are summed up
	maxPoints = 500
)

// StopLatencies sums up how fast stops were: of one robot with its stops, or first of all robots together and then of each,
// ordered by ID. At most the newest 10,000 stops count. Errors are those of the store.
func (d *Dispatcher) StopLatencies(ctx context.Context, robot tonypi.RobotID, since time.Time) ([]tonypi.StopLatencies, error) {
	f := tonypi.CommandFilter{Robot: robot, Type: tonypi.StopCommand, Since: since, Limit: maxStops}
	stops, err := d.cfg.Store.Commands(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("read stops: %w", err)
	}
	now := time.Now()
	if robot != "" {
		sum := sumUp(robot, stops, now)
		sum.Points = points(stops)
		return []tonypi.StopLatencies{sum}, nil
	}
	byRobot := make(map[tonypi.RobotID][]tonypi.Command)
	for _, c := range stops {
		byRobot[c.Robot] = append(byRobot[c.Robot], c)
	}
	list := make([]tonypi.StopLatencies, 0, len(byRobot)+1)
	for id, own := range byRobot {
		list = append(list, sumUp(id, own, now))
	}
	slices.SortFunc(list, func(a, b tonypi.StopLatencies) int { return strings.Compare(string(a.Robot), string(b.Robot)) })
	return slices.Insert(list, 0, sumUp("", stops, now)), nil
}

// sumUp leaves out stops that still have time to be confirmed.
func sumUp(robot tonypi.RobotID, stops []tonypi.Command, now time.Time) tonypi.StopLatencies {
	sum := tonypi.StopLatencies{Robot: robot, Points: []tonypi.StopPoint{}}
	var took []float64
	for _, c := range stops {
		switch {
		case c.LatencyMS != nil:
			took = append(took, *c.LatencyMS)
		case c.Ended() || now.Sub(c.CreatedAt) >= confirmWithin:
			sum.Unconfirmed++
		}
	}
	slices.Sort(took)
	if sum.Count = len(took); sum.Count > 0 {
		sum.P50, sum.P99, sum.Max = percentile(took, 0.5), percentile(took, 0.99), took[len(took)-1]
	}
	return sum
}

// percentile returns the smallest value that at least that share of the sorted values does not exceed.
func percentile(sorted []float64, share float64) float64 {
	return sorted[max(0, int(math.Ceil(share*float64(len(sorted))))-1)]
}

func points(stops []tonypi.Command) []tonypi.StopPoint {
	list := make([]tonypi.StopPoint, 0, min(len(stops), maxPoints))
	for _, c := range stops[:min(len(stops), maxPoints)] {
		list = append(list, tonypi.StopPoint{Time: c.CreatedAt, LatencyMS: c.LatencyMS, StopMS: c.StopMS, By: c.By, Reason: c.Reason})
	}
	return list
}
