package storetest

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
)

var jobTests = []sqlTest{
	{"job comes back as it was", testJobRoundTrip},
	{"job that cannot be", testJobInvalid},
	{"job filters", testJobFilters},
	{"job totals", testJobTotals},
	{"jobs are purged", testJobPurge},
	{"item comes back as it was", testItemRoundTrip},
	{"item search", testItemSearch},
	{"item that cannot be", testItemInvalid},
	{"scans", testScans},
	{"job calls hear that their context ended", testJobCancel},
}

func fullJob(id int64, robot tonypi.RobotID) tonypi.Job {
	yes := true
	return tonypi.Job{
		ID: id, Robot: robot, Task: "pick", Status: tonypi.JobCompleted, Phase: "done", ItemsDone: 9, ItemsTotal: 10, Percent: 90.5,
		LastItem: json.RawMessage(`{"code":"A1"}`), Estimated: 61.5, ActionDuration: 12.25, Success: &yes, Reason: "none",
		RobotStart: at(1), StartedAt: at(2), EndedAt: at(62), UpdatedAt: at(63),
	}
}

func jobIDs(t *testing.T, s Stores, f tonypi.JobFilter) []int64 {
	t.Helper()
	return ids(got[[]tonypi.Job](t)(s.Jobs(t.Context(), f)), func(j tonypi.Job) int64 { return j.ID })
}

func testJobRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[int64](t)(s.LastJobID(ctx)), 0)
	same(t, got[[]tonypi.Job](t)(s.LastJobs(ctx)), nil)
	must(t, s.SaveJobs(ctx, nil))
	full, bare := fullJob(7, "r"), tonypi.Job{ID: 8, Robot: "r", Status: tonypi.JobActive, StartedAt: at(3), UpdatedAt: at(4)}
	must(t, s.SaveJobs(ctx, []tonypi.Job{bare, full, fullJob(3, "a")}))
	same(t, got[tonypi.Job](t)(s.Job(ctx, 7)), full)
	same(t, got[tonypi.Job](t)(s.Job(ctx, 8)), bare)
	same(t, got[[]tonypi.Job](t)(s.ActiveJobs(ctx)), []tonypi.Job{bare})
	same(t, got[[]tonypi.Job](t)(s.LastJobs(ctx)), []tonypi.Job{fullJob(3, "a"), bare})
	same(t, got[int64](t)(s.LastJobID(ctx)), 8)

	ended := fullJob(8, "b")
	ended.ETA = at(99) // not stored
	must(t, s.SaveJobs(ctx, []tonypi.Job{bare, ended}))
	same(t, got[tonypi.Job](t)(s.Job(ctx, 8)), fullJob(8, "b"))
	must(t, s.SaveJobs(ctx, []tonypi.Job{bare}))
	same(t, got[tonypi.Job](t)(s.Job(ctx, 8)), bare)
	_, err := s.Job(ctx, 9)
	wantKind(t, err, tonypi.NotFound, "Job 9 not found")
	for i, text := range hostile {
		j := fullJob(int64(100+i), tonypi.RobotID(text))
		j.Task, j.Status, j.Phase, j.Reason = text, tonypi.JobStatus(text), text, text
		must(t, s.SaveJobs(ctx, []tonypi.Job{j}))
		same(t, got[[]tonypi.Job](t)(s.Jobs(ctx, tonypi.JobFilter{Robot: j.Robot, Task: text, Status: j.Status})), []tonypi.Job{j})
	}
}

func testJobInvalid(t *testing.T, s Stores) {
	nan, zero := fullJob(2, "r"), fullJob(0, "r")
	nan.Percent = math.NaN()
	for _, bad := range []tonypi.Job{nan, zero} {
		wantKind(t, s.SaveJobs(t.Context(), []tonypi.Job{fullJob(1, "r"), bad}), tonypi.Invalid, "")
	}
	same(t, jobIDs(t, s, tonypi.JobFilter{}), nil)
	for _, limit := range []int{-1, 501} {
		_, err := s.Jobs(t.Context(), tonypi.JobFilter{Limit: limit})
		wantKind(t, err, tonypi.Invalid, "limit")
		_, err = s.Scans(t.Context(), tonypi.ScanFilter{Limit: limit})
		wantKind(t, err, tonypi.Invalid, "limit")
	}
}

// workload saves jobs of every sort and returns them newest first.
func workload(t *testing.T, s Stores, n int) []tonypi.Job {
	t.Helper()
	var jobs []tonypi.Job
	for i := range n {
		j := tonypi.Job{
			ID: int64(i + 1), Robot: []tonypi.RobotID{"a", "b", "B"}[i%3], Task: []string{"pick", "walk"}[i%2],
			Status:    []tonypi.JobStatus{tonypi.JobCompleted, tonypi.JobCompleted, tonypi.JobCancelled, tonypi.JobFailed, tonypi.JobActive}[i%5],
			ItemsDone: i, ItemsTotal: 2 * i, Percent: 50, StartedAt: at(i), UpdatedAt: at(i),
		}
		if j.Status != tonypi.JobActive {
			j.EndedAt = at(2 * i).Add(500 * time.Millisecond)
		}
		jobs = append(jobs, j)
	}
	must(t, s.SaveJobs(t.Context(), jobs))
	slices.Reverse(jobs)
	return jobs
}

func testJobFilters(t *testing.T, s Stores) {
	jobs := workload(t, s, 240)
	for i := range 3 * 3 * 3 * 3 * 3 {
		next := func() int { k := i % 3; i /= 3; return k }
		f := tonypi.JobFilter{
			Robot: []tonypi.RobotID{"", "a", "nobody"}[next()], Status: []tonypi.JobStatus{"", tonypi.JobFailed, tonypi.JobActive}[next()],
			Task: []string{"", "walk", "'"}[next()], Since: []time.Time{{}, at(100), at(100).Add(time.Nanosecond)}[next()],
			Before: []int64{0, 150, 1}[next()], Limit: 500,
		}
		var want []int64
		for _, j := range jobs {
			if (f.Robot == "" || j.Robot == f.Robot) && (f.Status == "" || j.Status == f.Status) && (f.Task == "" || j.Task == f.Task) &&
				(f.Since.IsZero() || j.StartedAt.UnixMilli() >= f.Since.UnixMilli()) && (f.Before == 0 || j.ID < f.Before) {
				want = append(want, j.ID)
			}
		}
		if found := jobIDs(t, s, f); !slices.Equal(found, want) {
			t.Fatalf("%+v: got %v, want %v", f, found, want)
		}
	}
	same(t, len(jobIDs(t, s, tonypi.JobFilter{})), 100)
	same(t, len(got[[]tonypi.Job](t)(s.ActiveJobs(t.Context()))), 48)
}

func testJobTotals(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[tonypi.JobTotals](t)(s.JobTotals(ctx, "", at(0))), tonypi.JobTotals{})
	same(t, got[[]tonypi.JobTotals](t)(s.JobTotalsByRobot(ctx, at(0))), nil)
	jobs := workload(t, s, 240)
	backwards := fullJob(500, "c")
	backwards.StartedAt = at(100) // it ended before
	must(t, s.SaveJobs(ctx, []tonypi.Job{backwards}))
	jobs = append(jobs, backwards)
	want := func(robot tonypi.RobotID, today time.Time) tonypi.JobTotals {
		n, ended, robots := tonypi.JobTotals{Robot: robot}, 0, map[tonypi.RobotID]bool{}
		for _, j := range jobs {
			if robot != "" && j.Robot != robot {
				continue
			}
			n.Total++
			robots[j.Robot] = true
			*map[tonypi.JobStatus]*int{"active": &n.Active, "completed": &n.Completed, "cancelled": &n.Cancelled, "failed": &n.Failed}[j.Status]++
			if j.Status == tonypi.JobCompleted && !j.EndedAt.Before(today) {
				n.CompletedToday++
			}
			n.ItemsDone, n.ItemsTotal, n.AveragePercent = n.ItemsDone+int64(j.ItemsDone), n.ItemsTotal+int64(j.ItemsTotal), n.AveragePercent+j.Percent
			if !j.EndedAt.IsZero() {
				ended++
				n.Duration += tonypi.Seconds(max(0, j.EndedAt.Sub(j.StartedAt).Seconds()))
			}
		}
		n.Robots = len(robots)
		if n.Total > 0 {
			n.Average, n.AveragePercent = n.Duration/tonypi.Seconds(ended), n.AveragePercent/float64(n.Total)
		}
		return n
	}
	for _, today := range []time.Time{at(0), at(200), at(100_000)} {
		for _, robot := range []tonypi.RobotID{"", "a", "B", "c", "nobody"} {
			same(t, got[tonypi.JobTotals](t)(s.JobTotals(ctx, robot, today)), want(robot, today))
		}
		same(t, got[[]tonypi.JobTotals](t)(s.JobTotalsByRobot(ctx, today)), []tonypi.JobTotals{want("B", today), want("a", today), want("b", today), want("c", today)})
	}
}

func testJobPurge(t *testing.T, s Stores) {
	workload(t, s, 2500) // more than a batch
	gone := got[int](t)(s.PurgeJobs(t.Context(), at(4000)))
	same(t, gone, 1600) // four of five of the first 2,000
	same(t, got[int](t)(s.PurgeJobs(t.Context(), at(4000))), 0)
	same(t, len(got[[]tonypi.Job](t)(s.ActiveJobs(t.Context()))), 500)
}

func testItemRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	full := tonypi.Item{Code: "A1", SKU: "sku-1", Name: "Bolt", Description: "steel", WeightKg: 0.25, Location: "shelf 3", ReceivedAt: at(1), UpdatedAt: at(2)}
	must(t, s.SaveItems(ctx, nil))
	must(t, s.SaveItems(ctx, []tonypi.Item{full, {Code: "B", UpdatedAt: at(1)}}))
	same(t, got[tonypi.Item](t)(s.Item(ctx, "A1")), full)
	full.Name, full.ReceivedAt = "Nut", time.Time{}
	must(t, s.SaveItems(ctx, []tonypi.Item{full}))
	same(t, got[[]tonypi.Item](t)(s.Items(ctx, "", "", 10)), []tonypi.Item{full, {Code: "B", UpdatedAt: at(1)}})
	same(t, got[[]tonypi.Item](t)(s.Items(ctx, "bolt", "", 10)), nil)
	must(t, s.DeleteItem(ctx, "A1"))
	for _, code := range []string{"A1", "", "a\x00", "b"} {
		wantKind(t, s.DeleteItem(ctx, code), tonypi.NotFound, "Item not found")
		_, err := s.Item(ctx, code)
		wantKind(t, err, tonypi.NotFound, "Item not found")
	}
	before := time.Now().Truncate(time.Millisecond)
	must(t, s.SaveItems(ctx, []tonypi.Item{{Code: "new", Name: "a\x00\xff"}}))
	fresh := got[tonypi.Item](t)(s.Item(ctx, "new"))
	if fresh.UpdatedAt.Before(before) || fresh.Name != "a\uFFFD\uFFFD" {
		t.Errorf("%+v", fresh)
	}
}

func testItemSearch(t *testing.T, s Stores) {
	ctx := t.Context()
	codes := func(search, after string, limit int) []string {
		t.Helper()
		return ids(got[[]tonypi.Item](t)(s.Items(ctx, search, after, limit)), func(i tonypi.Item) string { return i.Code })
	}
	must(t, s.SaveItems(ctx, []tonypi.Item{
		{Code: "b", Name: "Übergroße Schraube"}, {Code: "B", SKU: "50%_off"}, {Code: "ä", Name: `back\slash 'quote'`}, {Code: "Z9", Name: "bolt", Description: "hidden"},
	}))
	for search, want := range map[string][]string{
		"": {"B", "Z9", "b", "ä"}, "über": {"b"}, "SCHRAUBE": {"b"}, "b": {"B", "Z9", "b", "ä"}, "%": {"B"}, "_": {"B"}, "0%_o": {"B"}, `\`: {"ä"}, "'": {"ä"},
		"hidden": nil, "Ä": {"ä"}, "9bo": nil, "\x00": nil, `\%`: nil,
	} {
		same(t, codes(search, "", 10), want)
	}
	same(t, codes("", "B", 2), []string{"Z9", "b"})
	same(t, codes("b", "b", 0), []string{"ä"})
	for _, limit := range []int{-1, 1001} {
		_, err := s.Items(ctx, "", "", limit)
		wantKind(t, err, tonypi.Invalid, "limit")
	}
	_, err := s.Items(ctx, strings.Repeat("x", 256), "", 1)
	wantKind(t, err, tonypi.Invalid, "search")
	for _, text := range hostile {
		if len(text) > 200 {
			text = text[:200]
		}
		must(t, s.SaveItems(ctx, []tonypi.Item{{Code: text, Name: text}}))
		if found := codes(text, "", 100); !slices.Contains(found, text) {
			t.Errorf("%q found %q", text, found)
		}
	}
}

func testItemInvalid(t *testing.T, s Stores) {
	for _, bad := range []tonypi.Item{{}, {Code: "a\x00"}, {Code: strings.Repeat("x", 201)}, {Code: "a", WeightKg: math.Inf(1)}} {
		wantKind(t, s.SaveItems(t.Context(), []tonypi.Item{{Code: "fine"}, bad}), tonypi.Invalid, "")
	}
	same(t, got[[]tonypi.Item](t)(s.Items(t.Context(), "", "", 10)), nil)
}

func testScans(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[int64](t)(s.LastScanID(ctx)), 0)
	var scans []tonypi.ScanRecord
	for i := range 1200 {
		scans = append(scans, tonypi.ScanRecord{
			ID: int64(i + 1), Robot: []tonypi.RobotID{"a", "b"}[i%2], Job: int64(i % 3), Code: []string{"x", "y'", "日", "z"}[i%4], Found: i%2 == 0,
			Item: "Bolt", Station: "s", Action: "pick", Time: at(i),
		})
	}
	must(t, s.SaveScans(ctx, scans))
	must(t, s.SaveScans(ctx, scans[:10]))
	slices.Reverse(scans)
	for i := range 3 * 3 * 3 * 2 {
		next := func(n int) int { k := i % n; i /= n; return k }
		f := tonypi.ScanFilter{Robot: []tonypi.RobotID{"", "a", "n"}[next(3)], Job: int64(next(3)), Code: []string{"", "y'", "日"}[next(3)], Before: int64(700 * next(2)), Limit: 500}
		var want []tonypi.ScanRecord
		for _, r := range scans {
			if (f.Robot == "" || r.Robot == f.Robot) && (f.Job == 0 || r.Job == f.Job) && (f.Code == "" || r.Code == f.Code) &&
				(f.Before == 0 || r.ID < f.Before) && len(want) < 500 {
				want = append(want, r)
			}
		}
		same(t, got[[]tonypi.ScanRecord](t)(s.Scans(ctx, f)), want)
	}
	same(t, got[int64](t)(s.LastScanID(ctx)), 1200)
	same(t, got[int](t)(s.PurgeScans(ctx, at(1100))), 1100)
	same(t, len(got[[]tonypi.ScanRecord](t)(s.Scans(ctx, tonypi.ScanFilter{}))), 100)
	wantKind(t, s.SaveScans(ctx, []tonypi.ScanRecord{{Code: "x"}}), tonypi.Invalid, "ID")
}

func testJobCancel(t *testing.T, s Stores) {
	ctx := cancelled()
	_, errJobs := s.Jobs(ctx, tonypi.JobFilter{})
	_, errTotals := s.JobTotals(ctx, "", at(0))
	_, errPurge := s.PurgeJobs(ctx, at(100))
	_, errItems := s.Items(ctx, "", "", 1)
	_, errScans := s.Scans(ctx, tonypi.ScanFilter{})
	wantCancelled(t, map[string]error{
		"Jobs": errJobs, "JobTotals": errTotals, "PurgeJobs": errPurge, "Items": errItems, "Scans": errScans,
		"SaveJobs":  s.SaveJobs(ctx, []tonypi.Job{fullJob(1, "r")}),
		"SaveItems": s.SaveItems(ctx, []tonypi.Item{{Code: "a"}}),
		"SaveScans": s.SaveScans(ctx, []tonypi.ScanRecord{{ID: 1}}),
	})
	same(t, jobIDs(t, s, tonypi.JobFilter{}), nil)
}
