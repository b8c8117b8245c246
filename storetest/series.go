package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

// seriesVisible is how long after its commit a reading may take to appear in history.
const seriesVisible = 2 * time.Second

// Series runs the contract of tonypi.SeriesStore against the stores that open returns. Each is empty and is closed by
// its own cleanup; only one is open at a time.
func Series(t *testing.T, open func(t *testing.T) tonypi.SeriesStore) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*testing.T, tonypi.SeriesStore)
	}{
		{"EmptyStoreAnswersNothing", seriesEmpty},
		{"AppendedReadingsAreRead", seriesRoundTrip},
		{"BucketsEqualTheOracle", seriesOracle},
		{"SelectionByMetricAndSource", seriesSelection},
		{"RepeatedAppendsChangeNothing", seriesIdempotent},
		{"OneOfEqualStampsSurvives", seriesConflict},
		{"OutOfOrderAndLate", seriesLate},
		{"LatestIsNewestByStamp", seriesLatest},
		{"LimitIsAnError", seriesLimit},
		{"BadQueriesAreInvalid", seriesBadQuery},
		{"BadReadingsAreInvalid", seriesBadReading},
		{"DeletedRobotIsGone", seriesDelete},
		{"DeletedRobotMayComeBack", seriesDeleteRecreate},
		{"TheSliceMayBeReused", seriesReuse},
		{"ConcurrentUse", seriesConcurrent},
		{"HealthCounts", seriesHealth},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// seriesRecord is what a test has appended, as the oracle sees it.
type seriesRecord map[tonypi.SeriesKey]map[int64]float64

func (r seriesRecord) note(readings []tonypi.Reading) {
	for _, reading := range readings {
		if r[reading.Key()] == nil {
			r[reading.Key()] = make(map[int64]float64)
		}
		r[reading.Key()][reading.Time.UnixMilli()] = reading.Value
	}
}

func mustAppend(t *testing.T, s tonypi.SeriesStore, readings ...tonypi.Reading) {
	t.Helper()
	commit, err := s.Append(readings)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := commit.Wait(ctx); err != nil {
		t.Fatalf("Wait: %v", err)
	}
}

// seriesBase is a stamp two hours ago at a whole minute, so that nothing in a test lies in the future.
func seriesBase() time.Time { return time.Now().Add(-2 * time.Hour).Truncate(time.Minute).UTC() }

func readingOf(robot tonypi.RobotID, m tonypi.Metric, source string, v float64, at time.Time) tonypi.Reading {
	return tonypi.Reading{Robot: robot, Metric: m, Source: source, Value: v, Time: at}
}

// Stores may keep decimals, so the last bits of a value may differ.
var seriesEqual = cmp.Options{cmpopts.EquateApprox(1e-9, 1e-9), cmpopts.EquateEmpty(), cmpopts.EquateApproxTime(0)}

// expectSeries asks q until the answer is want, for as long as readings may take to appear.
func expectSeries(t *testing.T, s tonypi.SeriesStore, q tonypi.SeriesQuery, want []tonypi.Series) {
	t.Helper()
	var diff string
	for deadline := time.Now().Add(seriesVisible); ; {
		late := time.Now().After(deadline)
		got, err := s.Range(t.Context(), q)
		if err != nil {
			t.Fatalf("Range: %v", err)
		}
		if diff = cmp.Diff(want, got, seriesEqual); diff == "" {
			return
		}
		if late {
			t.Fatalf("Range(%+v) is wrong two seconds after the commit (-want +got):\n%s", q, diff)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func seriesEmpty(t *testing.T, s tonypi.SeriesStore) {
	got, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: "nobody", From: seriesBase(), To: time.Now()})
	if err != nil || len(got) != 0 {
		t.Errorf("Range of an unknown robot = %v, %v", got, err)
	}
	latest, err := s.Latest(t.Context(), "nobody")
	if err != nil || len(latest) != 0 {
		t.Errorf("Latest of an unknown robot = %v, %v", latest, err)
	}
	if err := s.DeleteRobot(t.Context(), "nobody"); err != nil {
		t.Errorf("DeleteRobot of an unknown robot: %v", err)
	}
	mustAppend(t, s)
}

func seriesRoundTrip(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	readings := []tonypi.Reading{
		readingOf("Röbot 1 {a=\"b\"}\\", tonypi.ServoTemperature, "servo_1", 41.5, at),
		readingOf("Röbot 1 {a=\"b\"}\\", tonypi.ServoTemperature, "servo_1", -40.125, at.Add(time.Millisecond)),
		readingOf("Röbot 1 {a=\"b\"}\\", tonypi.ServoTemperature, "servo 2.*|,=", 0, at),
		readingOf("Röbot 1 {a=\"b\"}\\", tonypi.BatteryPercent, "", 99.999, at),
		readingOf("Röbot 1 {a=\"b\"}\\", tonypi.Uptime, "", 1.5e9, at),
		readingOf("Röbot", tonypi.BatteryPercent, "", 7, at),
	}
	mustAppend(t, s, readings...)
	all := seriesRecord{}
	all.note(readings)
	for _, robot := range []tonypi.RobotID{"Röbot 1 {a=\"b\"}\\", "Röbot", "R"} {
		q := tonypi.SeriesQuery{Robot: robot, From: at, To: at.Add(time.Minute)}
		expectSeries(t, s, q, naiveSeries(all, q))
	}
}

func seriesOracle(t *testing.T, s tonypi.SeriesStore) {
	random := rand.New(rand.NewPCG(1, uint64(time.Now().Unix()/3600)))
	at, all := seriesBase(), seriesRecord{}
	metrics := []tonypi.Metric{tonypi.ServoPosition, tonypi.Acceleration, tonypi.CPUPercent}
	for i := range 60 {
		var batch []tonypi.Reading
		for range 200 {
			ms := time.Duration(random.IntN(3_600_000)) * time.Millisecond
			m := metrics[random.IntN(len(metrics))]
			source := fmt.Sprintf("source_%d", random.IntN(3))
			v := math.Round(random.NormFloat64()*1000*math.Pow10(i%4)) / math.Pow10(i%4)
			batch = append(batch, readingOf("oracle", m, source, v, at.Add(ms)))
		}
		batch = uniqueReadings(all, batch)
		all.note(batch)
		mustAppend(t, s, batch...)
	}
	for _, step := range []time.Duration{0, time.Millisecond, 7 * time.Millisecond, time.Second, 13 * time.Second, time.Minute, time.Hour, 48 * time.Hour} {
		for range 4 {
			from := at.Add(time.Duration(random.IntN(3_600_000)) * time.Millisecond)
			q := tonypi.SeriesQuery{Robot: "oracle", From: from, To: from.Add(time.Duration(1+random.IntN(3_600_000)) * time.Millisecond), Step: step}
			expectSeries(t, s, q, naiveSeries(all, q))
		}
	}
}

// uniqueReadings drops readings that would give a stamp two values.
func uniqueReadings(all seriesRecord, batch []tonypi.Reading) []tonypi.Reading {
	seen := seriesRecord{}
	kept := batch[:0]
	for _, r := range batch {
		_, before := all[r.Key()][r.Time.UnixMilli()]
		_, now := seen[r.Key()][r.Time.UnixMilli()]
		if !before && !now {
			seen.note([]tonypi.Reading{r})
			kept = append(kept, r)
		}
	}
	return kept
}

func seriesSelection(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	var batch []tonypi.Reading
	for i, m := range []tonypi.Metric{tonypi.ServoPosition, tonypi.ServoTemperature, tonypi.ServoVoltage, tonypi.CPUPercent} {
		for j, source := range []string{"", "servo_1", "servo_10", "servo_2"} {
			batch = append(batch, readingOf("pick", m, source, float64(10*i+j), at.Add(time.Duration(j)*time.Second)))
		}
	}
	batch = append(batch, readingOf("pick2", tonypi.CPUPercent, "", 1, at))
	all.note(batch)
	mustAppend(t, s, batch...)
	for _, q := range []tonypi.SeriesQuery{
		{},
		{Metrics: []tonypi.Metric{tonypi.ServoPosition}},
		{Metrics: []tonypi.Metric{tonypi.CPUPercent, tonypi.ServoPosition}},
		{Sources: []string{"servo_1"}},
		{Sources: []string{""}},
		{Sources: []string{"servo_2", "servo_10", "servo_3"}, Metrics: []tonypi.Metric{tonypi.ServoVoltage, tonypi.Touch}},
		{Metrics: []tonypi.Metric{"no_such_metric"}},
	} {
		q.Robot, q.From, q.To, q.Step = "pick", at, at.Add(time.Minute), time.Second
		expectSeries(t, s, q, naiveSeries(all, q))
	}
	// From is inclusive, To is not.
	q := tonypi.SeriesQuery{Robot: "pick", From: at.Add(time.Second), To: at.Add(2 * time.Second)}
	expectSeries(t, s, q, naiveSeries(all, q))
}

func seriesIdempotent(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	var batch []tonypi.Reading
	for i := range 500 {
		batch = append(batch, readingOf("again", tonypi.Distance, "", float64(i)/8, at.Add(time.Duration(i)*time.Second)))
	}
	all.note(batch)
	q := tonypi.SeriesQuery{Robot: "again", From: at, To: at.Add(time.Hour)}
	for i := range 3 {
		mustAppend(t, s, batch...)
		mustAppend(t, s, batch[100*i:100*i+100]...)
		expectSeries(t, s, q, naiveSeries(all, q))
		q.Step = time.Minute
	}
}

func seriesConflict(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	mustAppend(t, s, readingOf("twice", tonypi.Distance, "", 1, at), readingOf("twice", tonypi.Distance, "", 2, at))
	mustAppend(t, s, readingOf("twice", tonypi.Distance, "", 3, at))
	time.Sleep(seriesVisible)
	got, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: "twice", From: at, To: at.Add(time.Second)})
	if err != nil || len(got) != 1 || len(got[0].Buckets) != 1 {
		t.Fatalf("Range = %v, %v; want one bucket", got, err)
	}
	if b := got[0].Buckets[0]; b.Count != 1 || b.Min != b.Max || b.Last != 1 && b.Last != 2 && b.Last != 3 {
		t.Errorf("bucket = %+v; want exactly one of the three values", b)
	}
}

func seriesLate(t *testing.T, s tonypi.SeriesStore) {
	now, all := seriesBase(), seriesRecord{}
	add := func(start time.Time, n int, step time.Duration, value float64) {
		t.Helper()
		var batch []tonypi.Reading
		for i := range n {
			at := start.Add(time.Duration(n-1-i) * step) // newest first
			batch = append(batch, readingOf("late", tonypi.CPUTemperature, "", value+float64(i)/4, at))
		}
		all.note(batch)
		mustAppend(t, s, batch...)
	}
	week := 7 * 24 * time.Hour
	add(now, 300, time.Second, 50)
	add(now.Add(-week), 300, time.Second, 40)
	add(now.Add(-500*time.Millisecond), 300, time.Second, 60)
	add(now.Add(-3*24*time.Hour), 100, time.Minute, 30)
	for _, step := range []time.Duration{0, 10 * time.Second, time.Hour} {
		q := tonypi.SeriesQuery{Robot: "late", From: now.Add(-week - time.Hour), To: now.Add(time.Hour), Step: step}
		expectSeries(t, s, q, naiveSeries(all, q))
	}
}

func seriesLatest(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	mustAppend(t, s,
		readingOf("newest", tonypi.Distance, "", 1, at),
		readingOf("newest", tonypi.Distance, "", 3, at.Add(2*time.Second)),
		readingOf("newest", tonypi.Distance, "", 2, at.Add(time.Second)),
		readingOf("newest", tonypi.Touch, "a", 1, at),
		readingOf("newest", tonypi.CPUPercent, "", 5, at.Add(-48*time.Hour)),
		readingOf("other", tonypi.Touch, "a", 0, at.Add(time.Minute)),
	)
	mustAppend(t, s, readingOf("newest", tonypi.Distance, "", 9, at.Add(-time.Hour)))
	want := []tonypi.Reading{
		readingOf("newest", tonypi.Distance, "", 3, at.Add(2*time.Second)),
		readingOf("newest", tonypi.Touch, "a", 1, at),
	}
	expectLatest(t, s, "newest", want)
}

func expectLatest(t *testing.T, s tonypi.SeriesStore, robot tonypi.RobotID, want []tonypi.Reading) {
	t.Helper()
	got, err := s.Latest(t.Context(), robot)
	if err != nil {
		t.Fatalf("Latest: %v", err)
	}
	sort.Slice(got, func(i, j int) bool { return got[i].Metric < got[j].Metric })
	if diff := cmp.Diff(want, got, seriesEqual); diff != "" {
		t.Errorf("Latest(%s) (-want +got):\n%s", robot, diff)
	}
}

func seriesLimit(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	var batch []tonypi.Reading
	for i := range 100 {
		batch = append(batch, readingOf("many", tonypi.Distance, "", float64(i), at.Add(time.Duration(i)*time.Second)))
	}
	all.note(batch)
	mustAppend(t, s, batch...)
	for _, step := range []time.Duration{0, time.Second} {
		q := tonypi.SeriesQuery{Robot: "many", From: at, To: at.Add(time.Hour), Step: step, Limit: 100}
		expectSeries(t, s, q, naiveSeries(all, q))
		q.Limit = 99
		if got, err := s.Range(t.Context(), q); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("step %s: one bucket over the limit = %d series, %v; want Invalid", step, len(got), err)
		}
		q.Step = 2 * time.Second
		expectSeries(t, s, q, naiveSeries(all, q))
	}
}

func seriesBadQuery(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	for _, q := range []tonypi.SeriesQuery{
		{From: at, To: at.Add(time.Hour)},
		{Robot: "r", From: at, To: at},
		{Robot: "r", From: at, To: at.Add(-time.Second)},
		{Robot: "r", From: at, To: at.Add(time.Hour), Step: -time.Second},
		{Robot: "r", From: at, To: at.Add(time.Hour), Step: time.Microsecond},
		{Robot: "r", From: at, To: at.Add(time.Hour), Limit: -1},
	} {
		if got, err := s.Range(t.Context(), q); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("Range(%+v) = %v, %v; want Invalid", q, got, err)
		}
	}
}

func seriesBadReading(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	good := readingOf("r", tonypi.Distance, "", 1, at)
	for _, bad := range []tonypi.Reading{
		readingOf("r", "no_such_metric", "", 1, at),
		readingOf("r", tonypi.Distance, "", math.NaN(), at),
		readingOf("r", tonypi.Distance, "", math.Inf(-1), at),
	} {
		if _, err := s.Append([]tonypi.Reading{good, bad}); tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("Append(%+v): %v; want Invalid", bad, err)
		}
	}
	time.Sleep(seriesVisible)
	expectSeries(t, s, tonypi.SeriesQuery{Robot: "r", From: at, To: at.Add(time.Second)}, nil)
}

func seriesDelete(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	var batch []tonypi.Reading
	for i := range 100 {
		for _, robot := range []tonypi.RobotID{"gone", "gone-not"} {
			batch = append(batch, readingOf(robot, tonypi.Distance, "x", float64(i), at.Add(time.Duration(i)*time.Second)))
		}
	}
	mustAppend(t, s, batch...)
	all.note(batch)
	if err := s.DeleteRobot(t.Context(), "gone"); err != nil {
		t.Fatalf("DeleteRobot: %v", err)
	}
	q := tonypi.SeriesQuery{Robot: "gone", From: at.Add(-time.Hour), To: at.Add(time.Hour)}
	if got, err := s.Range(t.Context(), q); err != nil || len(got) != 0 {
		t.Errorf("Range of a deleted robot = %d series, %v", len(got), err)
	}
	expectLatest(t, s, "gone", nil)
	q.Robot = "gone-not"
	expectSeries(t, s, q, naiveSeries(all, q))
	time.Sleep(seriesVisible) // what was on its way when the robot was deleted must not surface
	q.Robot = "gone"
	expectSeries(t, s, q, nil)
}

func seriesDeleteRecreate(t *testing.T, s tonypi.SeriesStore) {
	at := seriesBase()
	q := tonypi.SeriesQuery{Robot: "phoenix", From: at.Add(-time.Hour), To: at.Add(time.Hour)}
	for i := range 3 {
		all := seriesRecord{}
		life := []tonypi.Reading{
			readingOf("phoenix", tonypi.Distance, "x", float64(i), at.Add(time.Duration(i)*time.Second)),
			readingOf("phoenix", tonypi.Touch, "", 1, at.Add(time.Duration(i)*time.Second)),
		}
		all.note(life)
		mustAppend(t, s, life...)
		expectSeries(t, s, q, naiveSeries(all, q))
		expectLatest(t, s, "phoenix", life)
		if err := s.DeleteRobot(t.Context(), "phoenix"); err != nil {
			t.Fatalf("DeleteRobot: %v", err)
		}
		expectSeries(t, s, q, nil)
	}
}

func seriesReuse(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	batch := make([]tonypi.Reading, 10)
	var commits []tonypi.Commit
	for i := range 50 {
		for j := range batch {
			batch[j] = readingOf("reuse", tonypi.ServoPosition, fmt.Sprintf("servo_%d", j), float64(i), at.Add(time.Duration(i)*time.Second))
		}
		all.note(batch)
		commit, err := s.Append(batch)
		if err != nil {
			t.Fatalf("Append: %v", err)
		}
		commits = append(commits, commit)
	}
	for _, c := range commits {
		if err := c.Wait(t.Context()); err != nil {
			t.Fatalf("Wait: %v", err)
		}
	}
	q := tonypi.SeriesQuery{Robot: "reuse", From: at, To: at.Add(time.Hour)}
	expectSeries(t, s, q, naiveSeries(all, q))
}

func seriesConcurrent(t *testing.T, s tonypi.SeriesStore) {
	at, all := seriesBase(), seriesRecord{}
	const robots, rounds = 8, 40
	errs := make(chan error, 3*robots*rounds)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for r := range robots {
		robot := tonypi.RobotID(fmt.Sprintf("c%d", r))
		wg.Go(func() {
			for i := range rounds {
				var batch []tonypi.Reading
				for j := range 20 {
					batch = append(batch, readingOf(robot, tonypi.ServoPosition, fmt.Sprintf("servo_%d", j), float64(i+j), at.Add(time.Duration(i)*time.Second)))
				}
				commit, err := s.Append(batch)
				if err == nil {
					err = commit.Wait(t.Context())
				}
				mu.Lock()
				all.note(batch)
				mu.Unlock()
				errs <- err
			}
		})
		wg.Go(func() {
			for range rounds {
				_, err := s.Range(t.Context(), tonypi.SeriesQuery{Robot: robot, From: at, To: at.Add(time.Hour), Step: time.Minute})
				_, err2 := s.Latest(t.Context(), robot)
				s.Health(t.Context())
				errs <- errors.Join(err, err2)
			}
		})
	}
	wg.Go(func() {
		for range 5 {
			errs <- s.DeleteRobot(t.Context(), "somebody else")
		}
	})
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	for r := range robots {
		q := tonypi.SeriesQuery{Robot: tonypi.RobotID(fmt.Sprintf("c%d", r)), From: at, To: at.Add(time.Hour)}
		expectSeries(t, s, q, naiveSeries(all, q))
	}
}

func seriesHealth(t *testing.T, s tonypi.SeriesStore) {
	before := s.Health(t.Context())
	at := seriesBase()
	mustAppend(t, s, readingOf("h", tonypi.Distance, "", 1, at), readingOf("h", tonypi.Touch, "", 1, at))
	after := s.Health(t.Context())
	if !after.OK || after.Message != "" {
		t.Errorf("Health of a sound store = %+v", after)
	}
	if got := after.Samples - before.Samples; got != 2 {
		t.Errorf("two readings count as %d samples", got)
	}
	if after.Dropped != 0 {
		t.Errorf("%d samples dropped", after.Dropped)
	}
}
