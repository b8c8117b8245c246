package sqlstore_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tonypi"
	"tonypi/sqlstore"
)

// A month of what a fleet of 100 robots leaves behind.
const (
	benchLogs     = 1_000_000
	benchJobs     = 100_000
	benchCommands = 100_000
	benchRobots   = 100
	month         = 30 * 24 * time.Hour
)

var (
	benchStart = time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)
	benchEnd   = benchStart.Add(month)
)

// benchTime spreads n rows over the month; half of them are of its last day.
func benchTime(i, n int) time.Time {
	if i <= n/2 {
		return benchStart.Add(time.Duration(i) * ((month - 24*time.Hour) / time.Duration(n/2)))
	}
	return benchEnd.Add(-24 * time.Hour).Add(time.Duration(i-n/2) * (24 * time.Hour / time.Duration(n-n/2)))
}

// benchLine has a word that all lines have, words of a half, a fifth and a few of them, one that only old lines have, and two
// that are frequent but never together.
func benchLine(i int, random *rand.Rand) tonypi.LogEntry {
	e := tonypi.LogEntry{
		ID: int64(i), Time: benchTime(i, benchLogs), Robot: tonypi.RobotID(fmt.Sprint("robot_", i%benchRobots)), Level: "INFO",
		Category: []string{"servo", "movement", "battery", "robot_vision", "command"}[random.IntN(5)], Source: "main",
	}
	switch {
	case i%50_000 == 77:
		e.Level, e.Message = "CRITICAL", "robot has fallen and needs a hand xyzzy"
	case i > 300_000 && i < 600_000:
		e.Level, e.Message = "DEBUG", fmt.Sprintf("robot floods the log: calibration step %d of cycle %d", random.IntN(1000), random.IntN(100_000))
	case i%2 == 0:
		e.Message = fmt.Sprintf("robot walking to station %d, stride %d mm", random.IntN(50), random.IntN(200))
	case i%5 == 0:
		e.Level, e.Message = "WARNING", fmt.Sprintf("robot servo_%d is at %d.%d °C while standing", random.IntN(16), 40+random.IntN(30), random.IntN(10))
	default:
		e.Message = fmt.Sprintf("robot standing, battery %d %%, request %08x", random.IntN(100), random.Uint32())
	}
	return e
}

func fillLogs(b *testing.B, s *sqlstore.Store) {
	random := rand.New(rand.NewPCG(1, 2))
	started := time.Now()
	for first := 1; first <= benchLogs; first += 5000 {
		batch := make([]tonypi.LogEntry, 5000)
		for i := range batch {
			batch[i] = benchLine(first+i, random)
		}
		check(b, s.AppendLogs(b.Context(), batch))
	}
	vacuum()
	b.Logf("%d lines in %.0f s", benchLogs, time.Since(started).Seconds())
}

// BenchmarkLogs lists, searches and counts among 1,000,000 lines; a page has 100.
func BenchmarkLogs(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		fillLogs(b, s)
		for _, list := range []struct {
			name string
			f    tonypi.LogFilter
		}{
			{"newest", tonypi.LogFilter{}},
			{"deep", tonypi.LogFilter{Before: 1000}},
			{"offset", tonypi.LogFilter{Offset: 10_000}},
			{"robot", tonypi.LogFilter{Robot: "robot_77"}},
			{"nobody", tonypi.LogFilter{Robot: "nobody"}},
			{"rareLevel", tonypi.LogFilter{Levels: []string{"CRITICAL"}}},
			{"oldLevel", tonypi.LogFilter{Levels: []string{"DEBUG"}}},
			{"levels", tonypi.LogFilter{Levels: []string{"WARNING", "CRITICAL"}}},
			{"absentLevel", tonypi.LogFilter{Levels: []string{"ERROR"}}},
			{"category", tonypi.LogFilter{Category: "robot"}},
			{"robotLevelHour", tonypi.LogFilter{Robot: "robot_75", Levels: []string{"WARNING"}, Since: benchEnd.Add(-time.Hour)}},
			{"robotLevelNever", tonypi.LogFilter{Robot: "robot_76", Levels: []string{"WARNING"}}},
			{"oldHour", tonypi.LogFilter{Since: benchStart.Add(50 * time.Hour), Until: benchStart.Add(51 * time.Hour)}},
			{"everyWord", tonypi.LogFilter{Search: "robot is"}},
			{"everyWordDeep", tonypi.LogFilter{Search: "robot", Before: 1000}},
			{"frequent", tonypi.LogFilter{Search: "walking"}},
			{"rare", tonypi.LogFilter{Search: "xyzzy"}},
			{"rareAndFrequent", tonypi.LogFilter{Search: "robot needs xyzzy"}},
			{"absent", tonypi.LogFilter{Search: "nowhere"}},
			{"absentAndFrequent", tonypi.LogFilter{Search: "nowhere robot"}},
			{"never", tonypi.LogFilter{Search: "battery walking"}},
			{"old", tonypi.LogFilter{Search: "calibration"}},
			{"oldBeginning", tonypi.LogFilter{Search: "calibr"}},
			{"letter", tonypi.LogFilter{Search: "w"}},
			{"digit", tonypi.LogFilter{Search: "7"}},
			{"fiveLetters", tonypi.LogFilter{Search: "stand"}},
			{"id", tonypi.LogFilter{Search: "request 7f3a"}},
			{"rareLetter", tonypi.LogFilter{Search: "xyzzy r"}},
			{"robotFrequent", tonypi.LogFilter{Search: "standing", Robot: "robot_75"}},
			{"robotNever", tonypi.LogFilter{Search: "walking", Robot: "robot_75", Before: 300_000}},
			{"robotLevelWordDay", tonypi.LogFilter{Search: "standing", Robot: "robot_75", Levels: []string{"WARNING"}, Since: benchEnd.Add(-24 * time.Hour)}},
			{"frequentHour", tonypi.LogFilter{Search: "walking", Since: benchEnd.Add(-time.Hour)}},
			{"frequentOldHour", tonypi.LogFilter{Search: "walking", Since: benchStart.Add(50 * time.Hour), Until: benchStart.Add(51 * time.Hour)}},
			{"absentMonth", tonypi.LogFilter{Search: "nowhere", Since: benchStart}},
			{"tenWords", tonypi.LogFilter{Search: "robot servo 3 is at 51 4 c while standing"}},
		} {
			b.Run(list.name, func(b *testing.B) {
				percentile(b, func() error {
					_, err := s.Logs(b.Context(), list.f)
					return err
				})
			})
		}
		for name, since := range map[string]time.Time{
			"statsDay": benchEnd.Add(-24 * time.Hour), "statsCut": benchEnd.Add(-24*time.Hour - 301*time.Second), "statsMonth": benchStart, "statsAll": {},
		} {
			for who, robot := range map[string]tonypi.RobotID{"": "", "Robot": "robot_77"} {
				b.Run(name+who, func(b *testing.B) {
					percentile(b, func() error {
						_, err := s.LogStats(b.Context(), robot, since)
						return err
					})
				})
			}
		}
	})
}

// BenchmarkPurgeLogs deletes the oldest 1,000 lines of 100,000, which is how long a purge keeps others waiting.
func BenchmarkPurgeLogs(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		random := rand.New(rand.NewPCG(1, 2))
		const lines = 100_000
		for first := 1; first <= lines; first += 5000 {
			batch := make([]tonypi.LogEntry, 5000)
			for i := range batch {
				batch[i] = benchLine(first+i, random)
				batch[i].Time = benchStart.Add(time.Duration(first+i) * time.Second)
			}
			check(b, s.AppendLogs(b.Context(), batch))
		}
		vacuum()
		next := benchStart.Add(time.Second)
		percentile(b, func() error {
			next = next.Add(1000 * time.Second)
			_, err := s.PurgeLogs(b.Context(), next, nil)
			return err
		})
	})
}
