package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/danielgtaylor/huma/v2/queryparam"
	"github.com/google/go-cmp/cmp"

	"tonypi"
)

func TestLatest(t *testing.T) {
	f := newFixture(t)
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	f.history.latest = []tonypi.Reading{
		{Robot: "r1", Metric: tonypi.ServoPosition, Source: "servo_2", Value: 90, Time: at},
		{Robot: "r1", Metric: tonypi.BatteryPercent, Value: 77.5, Time: at},
		{Robot: "r1", Metric: tonypi.ServoPosition, Source: "servo_1", Value: 10, Time: at},
	}
	want := Latest{Robot: "r1", Readings: []LatestReading{
		{tonypi.BatteryPercent, "", 77.5, at, "%"}, {tonypi.ServoPosition, "servo_1", 10, at, "°"}, {tonypi.ServoPosition, "servo_2", 90, at, "°"},
	}}
	for _, path := range []string{"/robots/r1/latest", "/robots/r1/data"} {
		if diff := cmp.Diff(want, read[Latest](f.do("GET", path, f.tokens[tonypi.Viewer], "").want(200))); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	f.history.latest = nil
	if got := read[Latest](f.do("GET", "/robots/r1/latest", f.tokens[tonypi.Viewer], "")); got.Readings == nil {
		t.Error("an empty list is null")
	}
	if got := read[Catalog](f.do("GET", "/metrics-catalog", f.tokens[tonypi.Viewer], "").want(200)); len(got.Metrics) != len(tonypi.Metrics) {
		t.Errorf("%d metrics", len(got.Metrics))
	}
}

func TestSeriesQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time stands still at 2000-01-01T00:00:00Z
		now := time.Now().UTC()
		f := newFixture(t)
		for _, c := range []struct {
			query string
			want  tonypi.SeriesQuery
		}{
			{"", tonypi.SeriesQuery{From: now.Add(-time.Hour), To: now, Step: 10 * time.Second}},
			{"?range=15m&metric=cpu_percent", tonypi.SeriesQuery{Metrics: []tonypi.Metric{"cpu_percent"}, From: now.Add(-15 * time.Minute), To: now, Step: 2 * time.Second}},
			{"?metric=servo_position&metric=servo_target&source=servo_1&source=a%20b", tonypi.SeriesQuery{
				Metrics: []tonypi.Metric{"servo_position", "servo_target"}, Sources: []string{"servo_1", "a b"}, From: now.Add(-time.Hour), To: now, Step: 10 * time.Second}},
			{"?from=1999-12-31T00:00:00Z&to=1999-12-31T12:00:00%2B01:00&step=1m", tonypi.SeriesQuery{
				From: now.Add(-24 * time.Hour), To: now.Add(-13 * time.Hour), Step: time.Minute}},
			{"?range=1m&step=0", tonypi.SeriesQuery{From: now.Add(-time.Minute), To: now}},
			{"?range=1m&step=0s", tonypi.SeriesQuery{From: now.Add(-time.Minute), To: now}},
			{"?range=7d&points=5000", tonypi.SeriesQuery{From: now.Add(-7 * 24 * time.Hour), To: now, Step: 5 * time.Minute}},
			{"?range=2w&points=10", tonypi.SeriesQuery{From: now.Add(-14 * 24 * time.Hour), To: now, Step: 48 * time.Hour}},
			{"?range=366d&points=1", tonypi.SeriesQuery{From: now.Add(-366 * 24 * time.Hour), To: now, Step: 366 * 24 * time.Hour}},
		} {
			f.do("GET", "/robots/r1/series"+c.query, f.tokens[tonypi.Viewer], "").want(200)
			c.want.Robot, c.want.Limit = "r1", maxRaw
			if diff := cmp.Diff(c.want, f.history.query); diff != "" {
				t.Errorf("%s: %s", c.query, diff)
			}
		}
		for query, detail := range map[string]string{
			"?metric=nonsense":                        `unknown metric "nonsense"`,
			"?from=yesterday":                         "from is not an RFC 3339 time such as 2026-01-31T12:00:00Z",
			"?from=2999-01-01T00:00:00Z":              "from must lie between 1971 and 2200",
			"?to=0001-01-01T00:00:00Z":                "to must lie between 1971 and 2200",
			"?from=1999-01-01T00:00:00Z&range=1h":     "give from or range, not both",
			"?from=2000-01-02T00:00:00Z":              "from must be before to",
			"?range=0s":                               "from must be before to",
			"?range=-1h":                              "range is not a duration between 0 and 366d such as 30s, 15m, 1h or 7d",
			"?range=400d":                             "range is not a duration between 0 and 366d such as 30s, 15m, 1h or 7d",
			"?range=d":                                "range is not a duration between 0 and 366d such as 30s, 15m, 1h or 7d",
			"?from=1990-01-01T00:00:00Z":              "at most 366 days at once",
			"?range=30d&step=1s":                      "step 1s makes more than 20000 points; use a wider one",
			"?step=1us":                               "step must be 0 or lie between 1ms and 366d",
			"?step=soon":                              "step is not a duration between 0 and 366d such as 30s, 15m, 1h or 7d",
			strings.Repeat("&metric=cpu_percent", 51): "query.metric: expected array length <= 50",
		} {
			a := f.do("GET", "/robots/r1/series?"+strings.TrimLeft(query, "?&"), f.tokens[tonypi.Viewer], "")
			if a.status != 400 && a.status != 422 {
				t.Errorf("%s: %d", query, a.status)
				continue
			}
			a.detail(a.status, detail)
		}
	})
}

func TestSeriesAnswer(t *testing.T) {
	f := newFixture(t)
	at := time.UnixMilli(1_800_000_000_123)
	f.history.series = []tonypi.Series{
		{Key: tonypi.SeriesKey{Robot: "r1", Metric: tonypi.CPUPercent}, Buckets: []tonypi.Bucket{
			{Time: at, Min: 1, Max: 3, Mean: 2.1666666666666665, Last: 2.5, Count: 3},
			{Time: at.Add(time.Second), Min: -1e-7, Max: 1e21, Mean: 0, Last: -4, Count: 1},
		}},
		{Key: tonypi.SeriesKey{Robot: "r1", Metric: tonypi.Sensor, Source: "a\"\n<é"}},
	}
	a := f.do("GET", "/robots/r1/series?range=1h&step=10s", f.tokens[tonypi.Viewer], "").want(200)
	got := read[SeriesAnswer](a)
	want := []SeriesPoints{
		{tonypi.CPUPercent, "", "%", []Point{{1_800_000_000_123, 1, 3, 2.166666667, 2.5, 3}, {1_800_000_001_123, -1e-7, 1e21, 0, -4, 1}}},
		{tonypi.Sensor, "a\"\n<é", "", []Point{}},
	}
	if diff := cmp.Diff(want, got.Series); diff != "" {
		t.Error(diff)
	}
	if got.Robot != "r1" || got.Step != 10 || got.To.Sub(got.From) != time.Hour {
		t.Errorf("answer %+v", got)
	}
	if kind := a.header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	f.history.series = nil
	if got := read[SeriesAnswer](f.do("GET", "/robots/r1/series", f.tokens[tonypi.Viewer], "")); got.Series == nil {
		t.Error("an empty list is null")
	}
	f.history.err = tonypi.Errorf(tonypi.Invalid, "more than 20000 points in a series; ask for a wider step")
	f.do("GET", "/robots/r1/series?step=0", f.tokens[tonypi.Viewer], "").detail(400, "more than 20000 points in a series; ask for a wider step")
}

func TestNiceStep(t *testing.T) {
	for _, c := range []struct {
		span   time.Duration
		points int
		want   time.Duration
	}{
		{time.Second, 600, time.Second},
		{10 * time.Minute, 600, time.Second},
		{10*time.Minute + 1, 600, 2 * time.Second},
		{24 * time.Hour, 600, 5 * time.Minute},
		{30 * 24 * time.Hour, 600, 2 * time.Hour},
		{366 * 24 * time.Hour, 5000, 2 * time.Hour},
		{366 * 24 * time.Hour, 100, 4 * 24 * time.Hour},
	} {
		got := niceStep(c.span, c.points)
		if got != c.want || int64(c.span/got) > int64(c.points) {
			t.Errorf("%s in %d: %s, want %s", c.span, c.points, got, c.want)
		}
	}
}

func TestAppendNumberIsJSON(t *testing.T) {
	for _, v := range []float64{0, math.Copysign(0, -1), 1, -1.5, 1e-300, 1e300, 123456789.125, 0.1 + 0.2, math.MaxFloat64, math.SmallestNonzeroFloat64, 999999.9999999999} {
		b := appendNumber(nil, v)
		var got float64
		if err := json.Unmarshal(b, &got); err != nil || math.Abs(got-v) > 1e-9*max(1, math.Abs(v)) {
			t.Errorf("%v: %s %v %v", v, b, got, err)
		}
	}
	if got := string(appendNumber(nil, math.Inf(1))); got != "null" {
		t.Errorf("infinity: %s", got)
	}
}

// Whatever a query string holds, the answer is an error, or a question that the store may be asked.
func FuzzSeriesQuery(f *testing.F) {
	f.Add("metric=cpu_percent&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&step=10s")
	f.Add("range=7d&points=5000&source=servo_1&source=%00")
	f.Add("range=9223372036854775807ns&step=99999999999999999d")
	f.Add("range=1h&step=1e9s&points=-1")
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		in := seriesIn{
			Metrics: values["metric"], Sources: values["source"], From: queryparam.Get(raw, "from"), To: values.Get("to"),
			Range: values.Get("range"), Step: values.Get("step"), Points: len(values.Get("points")),
		}
		q, err := in.query(now)
		if err != nil {
			if tonypi.KindOf(err) != tonypi.Invalid {
				t.Errorf("error %v", err)
			}
			return
		}
		span := q.To.Sub(q.From)
		if span <= 0 || span > maxRange || q.Step < 0 || q.Step > maxRange || q.Step > 0 && span/q.Step > maxRaw {
			t.Errorf("query %+v", q)
		}
		var b bytes.Buffer
		writeSeries(&b, q, nil)
		if !json.Valid(b.Bytes()) {
			t.Errorf("not JSON: %s", &b)
		}
	})
}

func benchmarkSeries() []tonypi.Series {
	all := make([]tonypi.Series, 20)
	for i := range all {
		all[i].Key = tonypi.SeriesKey{Robot: "r1", Metric: tonypi.ServoPosition, Source: fmt.Sprintf("servo_%d", i)}
		for j := range 600 {
			v := 90 + 40*math.Sin(float64(i+j)/30)
			all[i].Buckets = append(all[i].Buckets, tonypi.Bucket{
				Time: time.UnixMilli(1_800_000_000_000 + int64(j)*10000), Min: v - 1, Max: v + 1, Mean: v, Last: v, Count: 10})
		}
	}
	return all
}

func BenchmarkWriteSeries(b *testing.B) {
	all := benchmarkSeries()
	q := tonypi.SeriesQuery{Robot: "r1", Step: 10 * time.Second}
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		writeSeries(&out, q, all)
	}
}

func BenchmarkMarshalSeries(b *testing.B) {
	all := benchmarkSeries()
	b.ReportAllocs()
	for b.Loop() {
		a := SeriesAnswer{Robot: "r1", Step: 10}
		for _, s := range all {
			p := SeriesPoints{Metric: s.Key.Metric, Source: s.Key.Source}
			for _, k := range s.Buckets {
				p.Points = append(p.Points, Point{float64(k.Time.UnixMilli()), k.Min, k.Max, k.Mean, k.Last, float64(k.Count)})
			}
			a.Series = append(a.Series, p)
		}
		if _, err := json.Marshal(a); err != nil {
			b.Fatal(err)
		}
	}
}
