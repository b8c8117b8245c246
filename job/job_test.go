package job

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

// at makes the stamps of a story: seconds after noon.
func at(second int) string {
	return fmt.Sprintf(`"2026-11-23T12:%02d:%02d.123456"`, second/60, second%60)
}

// say writes a job message of the second, with a start when it is not negative.
func says(second int, fields string, start int) string {
	s := `{"timestamp":` + at(second) + `,` + fields
	if start >= 0 {
		s += `,"start_time":` + at(start)
	}
	return s + `}`
}

func TestJobs(t *testing.T) {
	tests := []struct {
		name string
		says []string
		want []string
	}{
		{"from start to end", []string{
			says(0, `"status":"started","task_name":"t1","items_total":2,"items_done":0`, 0),
			says(3, `"status":"working","items_total":2,"items_done":1,"percent":50`, 0),
			says(6, `"status":"completed","items_total":2,"items_done":2,"percent":100`, 0),
		}, []string{"t1 completed 2/2 100%"}},
		{"completion repeated for ever", []string{
			says(0, `"status":"started","task_name":"t1","items_total":2`, 0),
			says(6, `"status":"completed","items_total":2,"items_done":2,"percent":100`, 0),
			says(9, `"status":"completed","items_total":2,"items_done":2,"percent":100`, 0),
			says(12, `"status":"completed","items_total":2,"items_done":2,"percent":100`, -1),
			says(15, `"status":"done","percent":100`, -1),
		}, []string{"t1 completed 2/2 100%"}},
		{"completion of a job that nobody saw", []string{
			says(6, `"status":"completed","items_total":2,"items_done":2,"percent":100`, 0),
			says(7, `"percent":100`, -1),
		}, nil},
		{"counts only in the completion", []string{
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(6, `"status":"completed","items_total":5,"items_done":4`, 0),
		}, []string{"t1 completed 4/5 100%"}},
		{"start repeated", []string{
			says(0, `"status":"started","task_name":"t1","items_total":2,"items_done":0`, 0),
			says(3, `"status":"working","items_total":2,"items_done":1`, 0),
			says(0, `"status":"started","task_name":"t1","items_total":2,"items_done":0`, 0),
		}, []string{"t1 active 1/2 50%"}},
		{"start of a helper repeated by the network", []string{
			says(0, `"status":"started","task_name":"t1"`, -1),
			says(0, `"status":"started","task_name":"t1"`, -1),
		}, []string{"t1 active 0/0 0%"}},
		{"start repeated after the end", []string{
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(6, `"status":"cancelled","reason":"tired"`, 0),
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(3, `"status":"working","items_done":1,"items_total":2`, 0),
		}, []string{"t1 cancelled 0/0 0%: tired"}},
		{"another job begins", []string{
			says(0, `"status":"started","task_name":"t1","items_total":4,"items_done":1`, 0),
			says(9, `"status":"started","task_name":"t2","items_total":3`, 9),
			says(10, `"status":"completed","items_done":4,"items_total":4`, 0),
			says(11, `"status":"working","items_done":2,"items_total":4`, 0),
			says(12, `"status":"working","items_done":1,"items_total":3`, 9),
		}, []string{"t1 cancelled 1/4 25%: another job began", "t2 active 1/3 33.33%"}},
		{"the message about the start was lost", []string{
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(9, `"status":"working","task_name":"t2","items_done":1,"items_total":3`, 8),
		}, []string{"t1 cancelled 0/0 0%: another job began", "t2 active 1/3 33.33%"}},
		{"a job of long ago ends once more", []string{
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(3, `"status":"started","task_name":"t2"`, 3),
			says(6, `"status":"started","task_name":"t3"`, 6),
			says(9, `"status":"completed"`, 0),
		}, []string{"t1 cancelled 0/0 0%: another job began", "t2 cancelled 0/0 0%: another job began", "t3 active 0/0 0%"}},
		{"a clock that is behind after a power cut", []string{
			says(60, `"status":"started","task_name":"t1"`, 60),
			says(20, `"status":"started","task_name":"t2","items_total":2`, 20),
			says(23, `"status":"working","items_done":1,"items_total":2`, 20),
			says(600, `"status":"completed","items_done":2,"items_total":2`, 20),
		}, []string{"t1 cancelled 0/0 0%: another job began", "t2 completed 2/2 100%"}},
		{"nothing but the end of another job", []string{
			says(0, `"status":"started","task_name":"t1"`, 0),
			says(9, `"status":"completed","task_name":"t2","items_done":3,"items_total":3`, 8),
			says(12, `"status":"completed","task_name":"t2","items_done":3,"items_total":3`, 8),
		}, []string{"t1 cancelled 0/0 0%: another job began"}},
		{"item by item, without a start", []string{
			says(0, `"status":"working","percent":10,"items_done":1,"items_total":10`, -1),
			says(1, `"status":"working","percent":20,"items_done":2,"items_total":10`, -1),
		}, []string{" active 2/10 20%"}},
		{"a cancelled job echoes without a start", []string{
			says(0, `"status":"started","task_name":"t1","items_total":15`, 0),
			says(5, `"status":"cancelled","items_done":5,"items_total":15,"percent":33.33`, 0),
			says(8, `"status":"working","items_done":5,"items_total":15,"percent":33.33`, -1),
			says(9, `"status":"working","items_done":6,"items_total":15,"percent":40`, -1),
		}, []string{"t1 cancelled 5/15 33.33%", " active 6/15 40%"}},
		{"percent by any name", []string{
			says(0, `"status":"in_progress","task_name":"t1","progress_percent":40`, -1),
			says(1, `"progress_percent":55.555`, -1),
		}, []string{"t1 active 0/0 55.56%"}},
		{"percent from the estimate", []string{
			says(0, `"status":"started","task_name":"t1","estimated_duration":20`, -1),
			says(5, `"status":"working","elapsed_time":5`, -1),
		}, []string{"t1 active 0/0 25%"}},
		{"a bare word starts nothing", []string{
			says(0, `"status":"working"`, -1), says(1, `"status":"working","phase":"searching"`, -1), says(2, `"status":"dancing","items_done":3`, -1),
		}, nil},
		{"an unknown word changes no status", []string{
			says(0, `"status":"started","task_name":"t1","items_total":2`, 0), says(1, `"status":"dancing","percent":30`, 0),
		}, []string{"t1 active 0/2 30%"}},
		{"failed", []string{
			says(0, `"status":"started","task_name":"t1","items_total":2`, 0), says(1, `"status":"failed","reason":"gripper","items_done":1`, 0),
			says(2, `"status":"failed","reason":"gripper"`, -1),
		}, []string{"t1 failed 1/2 50%: gripper"}},
	}
	for _, restarts := range []bool{false, true} {
		for _, test := range tests {
			t.Run(fmt.Sprintf("%s, restarts %v", test.name, restarts), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t)
					for i, s := range test.says {
						time.Sleep(time.Second)
						w.job(s)
						// A start without start_time is known by its message only, which a restart forgets.
						if restarts && (strings.Contains(s, "start_time") || !strings.Contains(s, "started")) {
							w.restart()
						}
						// Whatever the network repeats at once changes nothing.
						before := len(w.shown.of(tonypi.JobChanged))
						w.job(s)
						if n := len(w.shown.of(tonypi.JobChanged)); n != before {
							t.Errorf("message %d taken twice was shown twice", i)
						}
					}
					if d := cmp.Diff(test.want, brief(w.stored("r1"))); d != "" {
						t.Errorf("jobs (-want +got):\n%s", d)
					}
				})
			})
		}
	}
}

func TestOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.job(says(0, `"status":"started","items_total":8,"phase":"scanning"`, 0))
		for i := range 6 {
			time.Sleep(time.Second)
			w.job(says(i+1, fmt.Sprintf(`"status":"working","items_done":%d,"items_total":8,"last_item":{"sku":"a%d"}`, i+1, i), 0))
		}
		time.Sleep(time.Second)
		w.job(says(7, `"status":"failed","reason":"gripper","action_duration":6.5`, 0))
		time.Sleep(time.Second)
		w.job(says(8, `"status":"started","task_name":"t2"`, 8))
		time.Sleep(1500 * time.Millisecond)
		w.job(says(9, `"status":"completed","success":false`, 8))

		jobs := w.stored("r1")
		if d := cmp.Diff([]string{" failed 6/8 75%: gripper", "t2 completed 0/0 100%"}, brief(jobs)); d != "" {
			t.Fatal(d)
		}
		failed, done := jobs[0], jobs[1]
		if *failed.Success || *done.Success || done.Phase != "done" || failed.ActionDuration != 6.5 || string(failed.LastItem) != `{"sku":"a5"}` {
			t.Errorf("%+v\n%+v", failed, done)
		}
		if lasted := done.EndedAt.Sub(done.StartedAt); lasted != 1500*time.Millisecond {
			t.Errorf("t2 lasted %v", lasted)
		}
		if d := cmp.Diff([]string{
			"INFO job Job started: unknown task", "INFO job Job progress: 25% - scanning", "INFO job Job progress: 50% - scanning",
			"INFO job Job progress: 75% - scanning", "ERROR job Job failed: unknown task", "INFO job Job started: t2",
			"INFO job Job completed: t2 (success: False) in 1.5s",
		}, w.record.taken()); d != "" {
			t.Error("log:", d)
		}
		if d := cmp.Diff([]string{
			"clear r1 job_failed/job", `job_failed warning Job Failed on r1: Job "unknown task" failed: gripper`, "clear r1 job_failed/job",
		}, w.alerts.log); d != "" {
			t.Error("alerts:", d)
		}
	})
}

// What waited on the robot while there was no network is placed in time where it happened.
func TestLateJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		now := time.Now().UTC()
		for _, p := range []tonypi.JobProgress{
			{Started: true, Status: "active", Task: "t1", Time: now.Add(-3 * time.Hour), StartTime: now.Add(-3 * time.Hour)},
			{Status: "completed", Time: now.Add(-2 * time.Hour), StartTime: now.Add(-3 * time.Hour)},
		} {
			w.tracker.Take(&tonypi.Update{Robot: "r1", At: now, Sent: p.Time, Job: &p})
		}
		j := w.stored("r1")[0]
		if !j.StartedAt.Equal(now.Add(-3*time.Hour)) || !j.EndedAt.Equal(now.Add(-2*time.Hour)) {
			t.Errorf("started %v, ended %v", j.StartedAt, j.EndedAt)
		}
		// An older word about it that comes in last makes no job.
		p := tonypi.JobProgress{Status: "active", HasPercent: true, Percent: 30, Time: now.Add(-150 * time.Minute)}
		w.tracker.Take(&tonypi.Update{Robot: "r1", At: now, Sent: p.Time, Job: &p})
		if n := len(w.stored("r1")); n != 1 {
			t.Errorf("%d jobs", n)
		}
	})
}

func TestETA(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	after := func(seconds float64) time.Time { return start.Add(tonypi.Seconds(seconds).Duration()) }
	tests := []struct {
		name string
		job  tonypi.Job
		now  time.Time
		want time.Time
	}{
		{"by items", tonypi.Job{ItemsDone: 2, ItemsTotal: 8, Percent: 99, UpdatedAt: after(10)}, after(11), after(40)},
		{"by percent", tonypi.Job{Percent: 25, UpdatedAt: after(10)}, after(11), after(40)},
		{"progress is worth more than the estimate", tonypi.Job{Percent: 25, Estimated: 500, UpdatedAt: after(10)}, after(11), after(40)},
		{"estimate before any progress", tonypi.Job{Estimated: 50, UpdatedAt: after(0)}, after(5), after(50)},
		{"estimate while the first item came at once", tonypi.Job{ItemsDone: 1, ItemsTotal: 10, Estimated: 50, UpdatedAt: after(0.01)}, after(5), after(50)},
		{"stalled", tonypi.Job{Percent: 50, UpdatedAt: after(10)}, after(100), after(200)},
		{"estimate is over", tonypi.Job{Estimated: 50, UpdatedAt: after(0)}, after(60), time.Time{}},
		{"nothing known", tonypi.Job{UpdatedAt: after(0)}, after(60), time.Time{}},
		{"all done but not ended", tonypi.Job{ItemsDone: 10, ItemsTotal: 10, Percent: 100, UpdatedAt: after(50)}, after(60), time.Time{}},
		{"more than all", tonypi.Job{ItemsDone: 12, ItemsTotal: 10, Percent: 100, Estimated: 90, UpdatedAt: after(50)}, after(60), time.Time{}},
		{"too far to foresee", tonypi.Job{Percent: 0.01, UpdatedAt: after(3600)}, after(3600), time.Time{}},
	}
	for _, test := range tests {
		test.job.StartedAt = start
		if got := eta(test.job, test.now); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	tracker := New(Config{Jobs: &store{}, Items: &store{}})
	for _, status := range []tonypi.JobStatus{tonypi.JobCompleted, tonypi.JobFailed, tonypi.JobCancelled} {
		j := tonypi.Job{Status: status, Percent: 50, StartedAt: time.Now().Add(-time.Minute), UpdatedAt: time.Now(), ETA: time.Now()}
		if got := tracker.Fill(j); !got.ETA.IsZero() {
			t.Errorf("%s job is done at %v", status, got.ETA)
		}
	}
}
