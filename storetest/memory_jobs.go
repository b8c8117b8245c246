package storetest

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tonypi"
)

func jobKey(j tonypi.Job) int64 { return j.ID }

// Jobs implements tonypi.JobStore.
func (m *Memory) Jobs(ctx context.Context, f tonypi.JobFilter) ([]tonypi.Job, error) {
	limit, err := bound(f.Limit, 500)
	if err != nil {
		return nil, err
	}
	return m.someJobs(ctx, limit, func(j tonypi.Job) bool {
		return (f.Robot == "" || j.Robot == f.Robot) && (f.Status == "" || j.Status == f.Status) && (f.Task == "" || j.Task == f.Task) &&
			!j.StartedAt.Before(millis(f.Since)) && (f.Before == 0 || j.ID < f.Before)
	})
}

func (m *Memory) someJobs(ctx context.Context, limit int, match func(tonypi.Job) bool) ([]tonypi.Job, error) {
	return find(ctx, m, m.jobs, limit, match, func(a, b tonypi.Job) int { return cmp.Compare(b.ID, a.ID) })
}

// ActiveJobs implements tonypi.JobStore.
func (m *Memory) ActiveJobs(ctx context.Context) ([]tonypi.Job, error) {
	return m.someJobs(ctx, math.MaxInt, func(j tonypi.Job) bool { return j.Status == tonypi.JobActive })
}

// Job implements tonypi.JobStore.
func (m *Memory) Job(ctx context.Context, id int64) (tonypi.Job, error) {
	return get(ctx, m, m.jobs, id, tonypi.Errorf(tonypi.NotFound, "Job %d not found", id))
}

// LastJobs implements tonypi.JobStore.
func (m *Memory) LastJobs(ctx context.Context) ([]tonypi.Job, error) {
	jobs, err := m.someJobs(ctx, math.MaxInt, func(tonypi.Job) bool { return true })
	newest := map[tonypi.RobotID]tonypi.Job{}
	for _, j := range jobs {
		if newest[j.Robot].ID < j.ID {
			newest[j.Robot] = j
		}
	}
	return slices.SortedFunc(maps.Values(newest), func(a, b tonypi.Job) int { return cmp.Compare(a.Robot, b.Robot) }), err
}

// LastJobID implements tonypi.JobStore.
func (m *Memory) LastJobID(ctx context.Context) (int64, error) { return last(ctx, m, m.jobs) }

// JobTotals implements tonypi.JobStore.
func (m *Memory) JobTotals(ctx context.Context, robot tonypi.RobotID, today time.Time) (tonypi.JobTotals, error) {
	jobs, err := m.someJobs(ctx, math.MaxInt, func(j tonypi.Job) bool { return robot == "" || j.Robot == robot })
	return sumJobs(robot, jobs, today), err
}

// JobTotalsByRobot implements tonypi.JobStore.
func (m *Memory) JobTotalsByRobot(ctx context.Context, today time.Time) ([]tonypi.JobTotals, error) {
	jobs, err := m.someJobs(ctx, math.MaxInt, func(tonypi.Job) bool { return true })
	byRobot := map[tonypi.RobotID][]tonypi.Job{}
	for _, j := range jobs {
		byRobot[j.Robot] = append(byRobot[j.Robot], j)
	}
	var totals []tonypi.JobTotals
	for _, robot := range slices.Sorted(maps.Keys(byRobot)) {
		totals = append(totals, sumJobs(robot, byRobot[robot], today))
	}
	return totals, err
}

func sumJobs(robot tonypi.RobotID, jobs []tonypi.Job, today time.Time) tonypi.JobTotals {
	n := tonypi.JobTotals{Robot: robot, Total: len(jobs)}
	robots, ended, percent := map[tonypi.RobotID]bool{}, 0, 0.0
	for _, j := range jobs {
		robots[j.Robot] = true
		switch j.Status {
		case tonypi.JobActive:
			n.Active++
		case tonypi.JobCompleted:
			n.Completed++
			if !j.EndedAt.IsZero() && !j.EndedAt.Before(millis(today)) {
				n.CompletedToday++
			}
		case tonypi.JobCancelled:
			n.Cancelled++
		case tonypi.JobFailed:
			n.Failed++
		}
		n.ItemsDone += int64(j.ItemsDone)
		n.ItemsTotal += int64(j.ItemsTotal)
		percent += j.Percent
		if !j.EndedAt.IsZero() {
			ended++
			n.Duration += tonypi.Seconds(max(0, j.EndedAt.Sub(j.StartedAt).Seconds()))
		}
	}
	n.Robots = len(robots)
	if ended > 0 {
		n.Average = n.Duration / tonypi.Seconds(ended)
	}
	if len(jobs) > 0 {
		n.AveragePercent = percent / float64(len(jobs))
	}
	return n
}

// SaveJobs implements tonypi.JobStore.
func (m *Memory) SaveJobs(ctx context.Context, jobs []tonypi.Job) error {
	for _, j := range jobs {
		if j.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a job needs an ID above 0")
		}
		if err := checkFinite(j.Percent, float64(j.Estimated), float64(j.ActionDuration)); err != nil {
			return err
		}
	}
	return put(ctx, m, m.jobs, each(jobs, func(j tonypi.Job) tonypi.Job {
		cut((*string)(&j.Robot), &j.Task, (*string)(&j.Status))
		tidy(&j.Phase, &j.Reason)
		j.LastItem, j.StartedAt, j.UpdatedAt, j.ETA = kept(j.LastItem), orNow(j.StartedAt), orNow(j.UpdatedAt), time.Time{}
		keepTimes(&j.RobotStart, &j.EndedAt)
		return j
	}), jobKey)
}

// PurgeJobs implements tonypi.JobStore.
func (m *Memory) PurgeJobs(ctx context.Context, before time.Time) (int, error) {
	return purge(ctx, m, m.jobs, func(j tonypi.Job) bool {
		return j.Status != tonypi.JobActive && !j.EndedAt.IsZero() && j.EndedAt.Before(millis(before))
	})
}

// Items implements tonypi.ItemStore.
func (m *Memory) Items(ctx context.Context, search, after string, limit int) ([]tonypi.Item, error) {
	limit, err := bound(limit, 1000)
	if err != nil {
		return nil, err
	}
	if len(search) > maxKey {
		return nil, tonypi.Errorf(tonypi.Invalid, "search must have at most %d bytes", maxKey)
	}
	search = strings.ToLower(clean(search))
	return find(ctx, m, m.items, limit, func(i tonypi.Item) bool {
		within := func(text string) bool { return strings.Contains(strings.ToLower(text), search) }
		return i.Code > clean(after) && (within(i.Code) || within(i.SKU) || within(i.Name))
	}, func(a, b tonypi.Item) int { return cmp.Compare(a.Code, b.Code) })
}

func errNoItem() error { return tonypi.Errorf(tonypi.NotFound, "Item not found") }

// Item implements tonypi.ItemStore.
func (m *Memory) Item(ctx context.Context, code string) (tonypi.Item, error) {
	return get(ctx, m, m.items, code, errNoItem())
}

// SaveItems implements tonypi.ItemStore.
func (m *Memory) SaveItems(ctx context.Context, items []tonypi.Item) error {
	for _, i := range items {
		if !sound(i.Code) || len(i.Code) > 200 {
			return tonypi.Errorf(tonypi.Invalid, "a code must have 1 to 200 bytes of plain text")
		}
		if err := checkFinite(i.WeightKg); err != nil {
			return err
		}
	}
	return put(ctx, m, m.items, each(items, func(i tonypi.Item) tonypi.Item {
		tidy(&i.SKU, &i.Name, &i.Description, &i.Location)
		i.ReceivedAt, i.UpdatedAt = millis(i.ReceivedAt), orNow(i.UpdatedAt)
		return i
	}), func(i tonypi.Item) string { return i.Code })
}

// DeleteItem implements tonypi.ItemStore.
func (m *Memory) DeleteItem(ctx context.Context, code string) error {
	return remove(ctx, m, m.items, code, errNoItem())
}

// Scans implements tonypi.ItemStore.
func (m *Memory) Scans(ctx context.Context, f tonypi.ScanFilter) ([]tonypi.ScanRecord, error) {
	limit, err := bound(f.Limit, 500)
	if err != nil {
		return nil, err
	}
	return find(ctx, m, m.scans, limit, func(r tonypi.ScanRecord) bool {
		return (f.Robot == "" || r.Robot == f.Robot) && (f.Job == 0 || r.Job == f.Job) && (f.Code == "" || r.Code == f.Code) &&
			(f.Before == 0 || r.ID < f.Before)
	}, func(a, b tonypi.ScanRecord) int { return cmp.Compare(b.ID, a.ID) })
}

// SaveScans implements tonypi.ItemStore.
func (m *Memory) SaveScans(ctx context.Context, scans []tonypi.ScanRecord) error {
	for _, r := range scans {
		if r.ID <= 0 {
			return tonypi.Errorf(tonypi.Invalid, "a scan needs an ID above 0")
		}
	}
	return put(ctx, m, m.scans, each(scans, func(r tonypi.ScanRecord) tonypi.ScanRecord {
		cut((*string)(&r.Robot), &r.Code)
		tidy(&r.Item, &r.Station, &r.Action)
		r.Time = orNow(r.Time)
		return r
	}), func(r tonypi.ScanRecord) int64 { return r.ID })
}

// LastScanID implements tonypi.ItemStore.
func (m *Memory) LastScanID(ctx context.Context) (int64, error) { return last(ctx, m, m.scans) }

// PurgeScans implements tonypi.ItemStore.
func (m *Memory) PurgeScans(ctx context.Context, before time.Time) (int, error) {
	return purge(ctx, m, m.scans, func(r tonypi.ScanRecord) bool { return r.Time.Before(millis(before)) })
}
