package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tonypi"
	"tonypi/sqlstore"
	"tonypi/storetest"
)

func eachDatabase(b *testing.B, f func(b *testing.B, s *sqlstore.Store)) {
	b.Run("sqlite", func(b *testing.B) { f(b, open(b, "sqlite:"+filepath.Join(b.TempDir(), "a.db"))) })
	b.Run("postgres", func(b *testing.B) {
		dsn := storetest.Postgres(b)
		s := open(b, dsn)
		vacuum = func() {
			db, err := sql.Open("pgx", dsn)
			check(b, err)
			_, err = db.Exec("VACUUM ANALYZE")
			check(b, errors.Join(err, db.Close()))
		}
		defer func() { vacuum = func() {} }()
		f(b, s)
	})
}

// vacuum does at once what PostgreSQL does by itself within a minute.
var vacuum = func() {}

func check(b *testing.B, err error) {
	if err != nil {
		b.Helper()
		b.Fatal(err)
	}
}

// BenchmarkRow is one durable single-row transaction. The PostgreSQL of the tests runs without fsync.
func BenchmarkRow(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		for i := 0; b.Loop(); i++ {
			check(b, s.SaveSetting(b.Context(), fmt.Sprint("key", i%1000), fmt.Sprint(i)))
		}
	})
}

// BenchmarkKey is what a request's sign-in costs: one row by its key.
func BenchmarkKey(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		check(b, s.SaveCredential(b.Context(), tonypi.Credential{ID: "c", Kind: tonypi.APIToken, SecretHash: []byte("hash")}))
		for b.Loop() {
			_, err := s.CredentialByHash(b.Context(), []byte("hash"))
			check(b, err)
		}
	})
}

// BenchmarkSeen writes the sightings of 1,000 robots, every tenth with a status message; to stay under 50 ms.
func BenchmarkSeen(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		news := make([]tonypi.Sighting, 1000)
		for i := range news {
			news[i].Robot = tonypi.RobotID(fmt.Sprintf("robot_%04d", i))
			check(b, s.CreateRobot(b.Context(), tonypi.Robot{ID: news[i].Robot, Adoption: tonypi.Adopted}))
			if i%10 == 0 {
				news[i].Presence = &tonypi.Presence{Status: "online", Address: "192.168.1.7", Platform: "Linux", Posture: "walking"}
			}
		}
		now := time.Now()
		for b.Loop() {
			now = now.Add(time.Second)
			for i := range news {
				news[i].LastSeen = now
			}
			check(b, s.Seen(b.Context(), news))
		}
	})
}

// BenchmarkAlerts lists among 100,000 alerts and reports the 99th percentile in ms; a page has 100.
func BenchmarkAlerts(b *testing.B) {
	const alerts, robots = 100_000, 100
	start := time.Date(2026, 10, 24, 0, 0, 0, 0, time.UTC)
	step := 30 * 24 * time.Hour / alerts
	eachDatabase(b, func(b *testing.B, s *sqlstore.Store) {
		for first := 1; first <= alerts; first += 5000 {
			batch := make([]tonypi.Alert, 5000)
			for i := range batch {
				id := first + i
				batch[i] = tonypi.Alert{
					ID: int64(id), Robot: tonypi.RobotID(fmt.Sprint("robot_", id%robots)), Type: []string{"cpu", "disk", "battery", "servo_temp"}[id%4],
					Severity: []tonypi.Severity{tonypi.Warning, tonypi.Warning, tonypi.Critical}[id%3], Title: "Servo temperature is high",
					Message: "servo_3 is at 51.4 °C, the warning threshold is 50 °C", Source: "servo_3", Value: 51.4, Threshold: 50,
					Acknowledged: id%500 != 0, Resolved: id%1000 != 0, CreatedAt: start.Add(time.Duration(id) * step), UpdatedAt: start,
				}
			}
			check(b, s.SaveAlerts(b.Context(), batch))
		}
		vacuum()
		no, end := false, start.Add(30*24*time.Hour)
		for _, list := range []struct {
			name string
			f    tonypi.AlertFilter
		}{
			{"newest", tonypi.AlertFilter{}},
			{"day", tonypi.AlertFilter{Since: end.Add(-24 * time.Hour)}},
			{"lastMinute", tonypi.AlertFilter{Since: end.Add(-time.Minute)}},
			{"month", tonypi.AlertFilter{Since: start}},
			{"robot", tonypi.AlertFilter{Robot: "robot_77"}},
			{"robotTypeMonth", tonypi.AlertFilter{Robot: "robot_77", Type: "cpu", Since: start}},
			{"criticalDay", tonypi.AlertFilter{Severity: tonypi.Critical, Since: end.Add(-24 * time.Hour)}},
			{"unacknowledged", tonypi.AlertFilter{Acknowledged: &no}},
			{"open", tonypi.AlertFilter{Resolved: &no}},
			{"deepPage", tonypi.AlertFilter{Before: 500}},
			{"nobody", tonypi.AlertFilter{Robot: "nobody"}},
		} {
			b.Run(list.name, func(b *testing.B) {
				percentile(b, func() error {
					_, err := s.Alerts(b.Context(), list.f)
					return err
				})
			})
		}
		for name, since := range map[string]time.Time{"statsDay": end.Add(-24 * time.Hour), "statsAll": {}} {
			b.Run(name, func(b *testing.B) {
				percentile(b, func() error {
					_, err := s.AlertStats(b.Context(), "", since)
					return err
				})
			})
		}
	})
}

func percentile(b *testing.B, f func() error) {
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		check(b, f())
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2])/float64(time.Millisecond), "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100])/float64(time.Millisecond), "p99-ms")
}
