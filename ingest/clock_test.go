package ingest

import (
	"testing"
	"time"

	"tonypi"
)

var arrived = time.Date(2026, 11, 23, 17, 4, 41, 0, time.UTC)

// told is a message with one reading; stamp is when the robot says that it was sent, relative to its arrival.
func told(at time.Time, stamp time.Duration, naive bool) *tonypi.Update {
	sent := at.Add(stamp)
	return &tonypi.Update{
		Robot: "r1", At: at, Sent: sent, Naive: naive,
		Readings: []tonypi.Reading{{Robot: "r1", Metric: tonypi.LightLevel, Time: sent}},
	}
}

func TestClockPlace(t *testing.T) {
	const h, m, s, ms = time.Hour, time.Minute, time.Second, time.Millisecond
	tests := []struct {
		name  string
		stamp time.Duration
		naive bool
		want  time.Duration // after the arrival
		late  bool
	}{
		{"zoned, on time", -20 * ms, false, -20 * ms, false},
		{"zoned, a little ahead", 1500 * ms, false, 1500 * ms, false},
		{"zoned, ahead", 3 * s, false, 0, false},
		{"zoned, two days ahead", 48 * h, false, 0, false},
		{"zoned, old but not late", -60 * s, false, -60 * s, false},
		{"zoned, late", -61 * s, false, -61 * s, true},
		{"zoned, a week late", -7 * 24 * h, false, -7 * 24 * h, true},
		{"zoned, at the edge of retention", -30 * 24 * h, false, -30 * 24 * h, true},
		{"zoned, before the retention", -30*24*h - s, false, 0, false},
		{"zoned, 1970", -56 * 365 * 24 * h, false, 0, false},
		{"naive, UTC", -20 * ms, true, -20 * ms, false},
		{"naive, Berlin", 1*h - 20*ms, true, -20 * ms, false},
		{"naive, Kathmandu", 5*h + 45*m - 20*ms, true, -20 * ms, false},
		{"naive, New York", -5*h - 20*ms, true, -20 * ms, false},
		{"naive, Kiritimati", 14*h - 20*ms, true, -20 * ms, false},
		{"naive, beyond every zone", 15 * h, true, 0, false},
		{"naive, days off", -50 * h, true, 0, false},
		{"naive, 4 s off", 1*h - 4*s, true, -4 * s, false},
		{"naive, 6 s off", 1*h - 6*s, true, 0, false},
		{"naive, 6 s ahead", 1*h + 6*s, true, 0, false},
		{"naive, 3 s ahead", 1*h + 3*s, true, 0, false},
		{"naive, 1 s ahead", 1*h + 1*s, true, 1 * s, false},
	}
	for _, test := range tests {
		var c clock
		u := told(arrived, test.stamp, test.naive)
		late := c.place(u)
		if got := u.Readings[0].Time.Sub(arrived); got != test.want {
			t.Errorf("%s: placed at %v, want %v", test.name, got, test.want)
		}
		if (late == 1) != test.late {
			t.Errorf("%s: %d late", test.name, late)
		}
	}
}

func TestClockWithoutStamps(t *testing.T) {
	var c clock
	u := &tonypi.Update{At: arrived, Readings: []tonypi.Reading{{}}, Logs: []tonypi.LogEntry{{}}, Scans: []tonypi.Scan{{}}, Detections: []tonypi.DetectionEvent{{}}}
	c.place(u)
	for _, got := range []time.Time{u.Readings[0].Time, u.Logs[0].Time, u.Scans[0].Time, u.Detections[0].Time} {
		if !got.Equal(arrived) {
			t.Errorf("placed at %v", got)
		}
	}
	// Readings with stamps of their own in a message without one: naive ones need a zone that is known.
	naive := func() *tonypi.Update {
		u := told(arrived, time.Hour-time.Second, true)
		u.Sent = time.Time{}
		return u
	}
	if u := naive(); c.place(u) != 0 || !u.Readings[0].Time.Equal(arrived) {
		t.Errorf("unknown zone: placed at %v", u.Readings[0].Time)
	}
	c.place(told(arrived, time.Hour, true))
	if u := naive(); c.place(u) != 0 || !u.Readings[0].Time.Equal(arrived.Add(-time.Second)) {
		t.Errorf("known zone: placed at %v", u.Readings[0].Time)
	}
}

// A clock that is off by the same amount for ten seconds is wrong; then its data is fresh.
func TestClockIsWrong(t *testing.T) {
	for _, off := range []time.Duration{-3 * time.Hour, -90 * 24 * time.Hour, 2 * time.Hour} {
		var c clock
		for i := range 40 {
			at := arrived.Add(time.Duration(i) * 500 * time.Millisecond)
			jitter := time.Duration(i%3) * 10 * time.Millisecond
			u := told(at, off-jitter, false)
			late := c.place(u)
			got := u.Readings[0].Time.Sub(at)
			switch {
			case i < 20 && off == -3*time.Hour && (late != 1 || got != off-jitter):
				t.Fatalf("off by %v, message %d: placed at %v", off, i, got)
			case i >= 20 && (late != 0 || got > 0 || got < -20*time.Millisecond):
				t.Fatalf("off by %v, message %d: placed at %v", off, i, got)
			}
		}
		// Somebody set the clock: at once all is well.
		at := arrived.Add(time.Minute)
		u := told(at, -30*time.Millisecond, false)
		if late := c.place(u); late != 0 || u.Readings[0].Time.Sub(at) != -30*time.Millisecond {
			t.Errorf("off by %v, set right: placed at %v", off, u.Readings[0].Time.Sub(at))
		}
	}
}

// A backlog is no wrong clock, whichever end comes first, alone or between fresh messages.
func TestClockBacklog(t *testing.T) {
	for _, step := range []time.Duration{2 * time.Second, -2 * time.Second} {
		for _, mixed := range []bool{false, true} {
			var c clock
			for i := range 400 {
				at := arrived.Add(time.Duration(i) * 100 * time.Millisecond)
				stamp := -3*time.Hour + time.Duration(i)*step
				u := told(at, stamp, false)
				if late := c.place(u); late != 1 || u.Readings[0].Time.Sub(at) != stamp {
					t.Fatalf("step %v, mixed %v, message %d: placed at %v, want %v", step, mixed, i, u.Readings[0].Time.Sub(at), stamp)
				}
				if mixed && i%5 == 0 {
					if u = told(at, -time.Millisecond, false); c.place(u) != 0 {
						t.Fatalf("message %d: fresh data is late", i)
					}
				}
			}
		}
	}
}

// The skew is told every 30 s: the smallest difference, since the network only ever adds.
func TestClockSkew(t *testing.T) {
	tests := []struct {
		name  string
		off   time.Duration // of the robot's clock
		naive bool
		want  float64
	}{
		{"exact", 0, false, -0.01},
		{"behind", -1500 * time.Millisecond, false, -1.51},
		{"ahead", 800 * time.Millisecond, false, 0.79},
		{"local time, ahead", 2*time.Hour + 800*time.Millisecond, true, 0.79},
		{"wrong", -3 * time.Hour, false, -3*3600 - 0.01},
	}
	for _, test := range tests {
		var c clock
		var skews []tonypi.Reading
		for i := range 100 {
			at := arrived.Add(time.Duration(i) * time.Second)
			delay := time.Duration(10+i%7*20) * time.Millisecond
			u := told(at, test.off-delay, test.naive)
			c.place(u)
			skews = append(skews, u.Readings[1:]...)
		}
		if len(skews) < 2 || len(skews) > 3 {
			t.Errorf("%s: told %d times", test.name, len(skews))
		}
		for _, r := range skews {
			if r.Metric != tonypi.ClockSkew || r.Robot != "r1" || r.Value < test.want-1e-6 || r.Value > test.want+1e-6 {
				t.Errorf("%s: %+v, want %v", test.name, r, test.want)
			}
		}
	}
}
