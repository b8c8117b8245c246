package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"tonypi"
	"tonypi/sqlstore"
)

func benchRobot(i int) tonypi.RobotID { return tonypi.RobotID(fmt.Sprint("robot_", i%benchRobots)) }

func fillJobs(b *testing.B, s *sqlstore.Store) {
	for first := 1; first <= benchJobs; first += 5000 {
		batch := make([]tonypi.Job, 5000)
		for i := range batch {
			id := first + i
			began := benchTime(id, benchJobs)
			batch[i] = tonypi.Job{
				ID: int64(id), Robot: benchRobot(id), Task: []string{"pick", "inspect", "deliver"}[id%3], Status: tonypi.JobCompleted, Phase: "done",
				ItemsDone: 10, ItemsTotal: 12, Percent: 83.3, LastItem: []byte(`{"code":"A-1","name":"Bolt"}`), StartedAt: began, EndedAt: began.Add(time.Minute),
			}
			switch {
			case id > benchJobs-benchRobots:
				batch[i].Status, batch[i].EndedAt = tonypi.JobActive, time.Time{}
			case id%1000 == 0:
				batch[i].Status = tonypi.JobFailed
			}
		}
		check(b, s.SaveJobs(b.Context(), batch))
	}
}

// BenchmarkJobs lists and sums up 100,000 jobs; a page has 100.
func BenchmarkJobs(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		fillJobs(b, s)
		vacuum()
		day := benchEnd.Add(-24 * time.Hour)
		for name, f := range map[string]tonypi.JobFilter{
			"newest": {}, "deep": {Before: 500}, "robot": {Robot: "robot_77"}, "nobody": {Robot: "nobody"}, "active": {Status: tonypi.JobActive},
			"failed": {Status: tonypi.JobFailed}, "task": {Task: "pick"}, "taskNever": {Task: "dance"}, "day": {Since: day}, "month": {Since: benchStart},
			"taskFailedDay": {Task: "pick", Status: tonypi.JobFailed, Since: day}, "taskCancelled": {Task: "pick", Status: tonypi.JobCancelled},
			"robotTaskFailed": {Robot: "robot_77", Task: "pick", Status: tonypi.JobFailed},
		} {
			b.Run(name, func(b *testing.B) {
				percentile(b, func() error {
					_, err := s.Jobs(b.Context(), f)
					return err
				})
			})
		}
		for name, f := range map[string]func() error{
			"totals":        func() error { _, err := s.JobTotals(b.Context(), "", day); return err },
			"totalsRobot":   func() error { _, err := s.JobTotals(b.Context(), "robot_77", day); return err },
			"totalsByRobot": func() error { _, err := s.JobTotalsByRobot(b.Context(), day); return err },
			"lastJobs":      func() error { _, err := s.LastJobs(b.Context()); return err },
			"activeJobs":    func() error { _, err := s.ActiveJobs(b.Context()); return err },
		} {
			b.Run(name, func(b *testing.B) { percentile(b, f) })
		}
	})
}

func fillCommands(b *testing.B, s *sqlstore.Store) {
	for first := 1; first <= benchCommands; first += 5000 {
		batch := make([]tonypi.Command, 5000)
		for i := range batch {
			id := first + i
			at := benchTime(id, benchCommands)
			batch[i] = tonypi.Command{
				ID: fmt.Sprintf("%08d-0000-7000-8000-000000000000", id), Robot: benchRobot(id), Type: []string{"walk", "turn", "wave", "speak"}[id%4],
				Parameters: map[string]any{"steps": 3}, Status: tonypi.CommandDone, Message: "done", By: []string{"ann", "bob"}[id%2], CreatedAt: at,
				SentAt: at, EndedAt: at.Add(time.Second), Deadline: at.Add(10 * time.Second),
			}
			switch {
			case id%500 == 0:
				batch[i].Type, batch[i].Batch = tonypi.StopCommand, fmt.Sprint("batch_", id/5000)
			case id%1001 == 0:
				batch[i].Status = tonypi.CommandFailed
			case id%50_000 == 7:
				batch[i].Status = tonypi.CommandSent
			}
		}
		check(b, s.SaveCommands(b.Context(), batch))
	}
}

// BenchmarkCommands lists among 100,000 commands; a page has 100.
func BenchmarkCommands(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		fillCommands(b, s)
		vacuum()
		day := benchEnd.Add(-24 * time.Hour)
		for name, f := range map[string]tonypi.CommandFilter{
			"newest": {}, "deep": {Before: fmt.Sprintf("%08d-0000-7000-8000-000000000000", 500)}, "robot": {Robot: "robot_77"}, "nobody": {Robot: "nobody"},
			"sent": {Status: tonypi.CommandSent}, "failed": {Status: tonypi.CommandFailed}, "stops": {Type: tonypi.StopCommand}, "stopsDay": {Type: tonypi.StopCommand, Since: day},
			"batch": {Batch: "batch_7"}, "by": {By: "ann"}, "byNobody": {By: "nobody"}, "day": {Since: day}, "typeRefused": {Type: "walk", Status: tonypi.CommandRefused},
			"robotTypeFailed": {Robot: "robot_77", Type: "walk", Status: tonypi.CommandFailed},
		} {
			b.Run(name, func(b *testing.B) {
				percentile(b, func() error {
					_, err := s.Commands(b.Context(), f)
					return err
				})
			})
		}
	})
}
