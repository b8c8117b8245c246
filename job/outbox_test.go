package job

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/outbox"
)

func TestCommit(t *testing.T) {
	const started, again = `"status":"started","task_name":"t1","items_total":4`, `"status":"working","items_done":1`
	tests := []struct {
		name  string
		down  error
		hangs bool
		back  time.Duration // when the store is back; 0: never
		want  tonypi.Kind   // Internal: stored
		took  time.Duration // at most
	}{
		{"stored", nil, false, 0, tonypi.Internal, 0},
		{"store is down", errors.New("down"), false, 0, tonypi.Unavailable, outbox.CommitWithin},
		{"store hangs", nil, true, 0, tonypi.Unavailable, outbox.CommitWithin},
		{"store is back soon", errors.New("down"), false, 100 * time.Millisecond, tonypi.Internal, time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.store.set(test.down, test.hangs)
				began := time.Now()
				commit := w.job(says(0, started, 0))
				if d := time.Since(began); d != 0 {
					t.Errorf("Take blocked for %v", d)
				}
				if test.back > 0 {
					time.AfterFunc(test.back, func() { w.store.set(nil, false) })
				}
				err := commit.Wait(t.Context())
				if (err == nil) != (test.want == tonypi.Internal) || tonypi.KindOf(err) != test.want {
					t.Errorf("Wait: %v", err)
				}
				if took := time.Since(began); took > test.took {
					t.Errorf("Wait took %v", took)
				}
				if err == nil {
					return
				}
				// The robot sends again: the same promise, and while the store is known to fail not for long.
				time.Sleep(10 * time.Second)
				began = time.Now()
				if commit = w.job(says(0, started, 0)); commit == nil {
					t.Fatal("what is not stored promises nothing")
				}
				if err := commit.Wait(t.Context()); tonypi.KindOf(err) != tonypi.Unavailable || time.Since(began) > outbox.CommitFailing {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				w.store.set(nil, false)
				time.Sleep(retryMost + time.Second)
				if d := cmp.Diff([]string{"t1 active 0/4 0%"}, brief(w.stored("r1"))); d != "" {
					t.Error(d)
				}
				if c := w.job(says(0, started, 0)); c != nil {
					t.Error("what is stored is promised again")
				}
				if err := w.job(says(1, again, 0)).Wait(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestCommitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(nil, true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.job(says(0, `"status":"started"`, 0)).Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// A row that the store never takes holds nobody up.
func TestRefusedRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.refuse = "r2"
		w.store.set(errors.New("down"), false)
		refused := w.say("tonypi/job/r2", says(0, `"status":"started"`, 0))
		good := w.job(says(0, `"status":"started"`, 0))
		w.store.set(nil, false)
		time.Sleep(time.Minute)
		for _, c := range []tonypi.Commit{refused, good} {
			if err := c.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if n := len(w.stored("r1")); n != 1 || w.tracker.Stats().Pending != 0 {
			t.Errorf("%d stored, %+v", n, w.tracker.Stats())
		}
	})
}

// What was not written before the end is written at the end; what cannot be is not waited for long.
func TestRunWritesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		w.job(says(0, `"status":"started","task_name":"t1"`, 0))
		time.Sleep(time.Second)
		w.store.set(nil, false)
		w.stop()
		if jobs, err := w.store.Memory.Jobs(t.Context(), tonypi.JobFilter{}); err != nil || len(jobs) != 1 {
			t.Errorf("%v, %v", jobs, err)
		}
		w.start()
		w.store.set(nil, true)
		w.job(says(1, `"status":"working","items_done":1`, 0))
		began := time.Now()
		w.stop()
		if d := time.Since(began); d > outbox.LastTry+writeWithin {
			t.Errorf("the end took %v", d)
		}
	})
}

func TestOutboxIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		for i := range outboxLimit + 1 {
			w.tracker.jobs.Put(tonypi.Job{ID: int64(i + 1), Robot: "r1", Status: tonypi.JobCompleted})
		}
		s := w.tracker.Stats()
		if s.Dropped != outboxLimit/10 || s.Pending != outboxLimit-outboxLimit/10+1 {
			t.Errorf("%+v", s)
		}
		w.store.set(nil, false)
		time.Sleep(time.Minute)
		if j, err := w.store.Memory.Jobs(t.Context(), tonypi.JobFilter{Limit: 1}); err != nil || j[0].ID != outboxLimit+1 {
			t.Errorf("%+v, %v", j, err)
		}
	})
}

func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.set(errors.New("down"), false)
		commit := w.job(says(0, `"status":"started","task_name":"t1"`, 0))
		w.scan(scans(1, "QR12345"))
		w.say("tonypi/job/r2", says(0, `"status":"started","task_name":"t2"`, 0))
		w.tracker.Forget("r1")
		if err := commit.Wait(t.Context()); err != nil {
			t.Errorf("a removed robot's job is still promised: %v", err)
		}
		w.store.set(nil, false)
		time.Sleep(time.Minute)
		if d := cmp.Diff([]string{"t2 active 0/0 0%"}, brief(append(w.stored("r1"), w.stored("r2")...))); d != "" {
			t.Error(d)
		}
		if n := len(w.storedScans()); n != 0 {
			t.Errorf("%d scans", n)
		}
		active := w.tracker.Active()
		if len(active) != 1 || active[0].Robot != "r2" {
			t.Errorf("active: %+v", active)
		}
	})
}

// Two servers that died at a bad moment may leave two active jobs of one robot.
func TestLoadKeepsOneActive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var jobs []tonypi.Job
		for id := int64(1); id <= 3; id++ {
			jobs = append(jobs, tonypi.Job{ID: id, Robot: "r1", Task: fmt.Sprint("t", id), Status: tonypi.JobActive, StartedAt: time.Now(), UpdatedAt: time.Now()})
		}
		if err := w.store.SaveJobs(t.Context(), jobs); err != nil {
			t.Fatal(err)
		}
		w.restart()
		if d := cmp.Diff([]string{
			"t1 cancelled 0/0 0%: another job began", "t2 cancelled 0/0 0%: another job began", "t3 active 0/0 0%",
		}, brief(w.stored("r1"))); d != "" {
			t.Error(d)
		}
	})
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.job(says(0, `"status":"started","task_name":"t1"`, 0))
		w.scan(`{"qr_data":"QR12345"}`)
		w.job(says(2, `"status":"completed"`, 0))
		w.job(says(3, `"status":"started","task_name":"t2"`, 3))
		for _, step := range []struct {
			wait  time.Duration
			jobs  []string
			scans int
		}{
			{DefaultKeepScans - 2*time.Hour, []string{"t1 completed 1/0 100%", "t2 active 0/0 0%"}, 1},
			{4 * time.Hour, []string{"t1 completed 1/0 100%", "t2 active 0/0 0%"}, 0},
			{DefaultKeepJobs - DefaultKeepScans, []string{"t2 active 0/0 0%"}, 0},
		} {
			time.Sleep(step.wait)
			synctest.Wait()
			if d := cmp.Diff(step.jobs, brief(w.stored("r1"))); d != "" {
				t.Error(d)
			}
			if n := len(w.storedScans()); n != step.scans {
				t.Errorf("%d scans, want %d", n, step.scans)
			}
		}
	})
}

func TestLoadFails(t *testing.T) {
	s := &store{}
	s.set(errors.New("down"), false)
	tracker := New(Config{Jobs: failing{s}, Items: s})
	if err := tracker.Load(t.Context()); err == nil {
		t.Error("Load says nothing")
	}
}

// failing is a store that does not even tell its last ID.
type failing struct{ *store }

func (f failing) LastJobID(ctx context.Context) (int64, error) { return 0, f.gate(ctx) }
