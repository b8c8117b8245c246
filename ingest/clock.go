package ingest

import (
	"time"

	"tonypi"
)

// What makes a robot's time plausible.
const (
	retention = 30 * 24 * time.Hour // older stamps are no times of ours
	maxAhead  = 2 * time.Second     // how far stamps may lie in the future
	lateAfter = time.Minute         // older readings are history: stored, not judged, not shown
	maxZone   = 14 * time.Hour      // farthest time zone
	zoneStep  = 15 * time.Minute    // all time zones are multiples of it
	maxOff    = 5 * time.Second     // farthest a clock in an unknown time zone may be off

	steadyWithin = 2 * time.Second  // differences that vary less are a wrong clock, not a backlog
	steadyFor    = 10 * time.Second // and have lasted this long
	steadyCount  = 5
	tellSkew     = 30 * time.Second // how often the skew becomes a reading
)

// clock relates a robot's time to ours. The robot's time is kept when it is plausible, because it tells when something
// was measured; what arrives may have waited hours for a network.
//
// A stamp without a zone is local time of an unknown zone: the multiple of 15 minutes that brings the message's stamp
// nearest to its arrival. If that is still over 5 s off, the time of arrival counts.
//
// A stamp with a zone counts as it is, up to 30 days back. One that lies ahead becomes the time of arrival. Whether an old
// one is a backlog or comes from a clock that is wrong (a Raspberry Pi has none that survives a power cut) shows in the
// course of ten seconds: a backlog comes in faster than it was measured, a wrong clock is off by the same amount all the
// time. Then the amount is added to the stamps.
type clock struct {
	zone    time.Duration // to add to stamps without a zone
	hasZone bool
	wrongBy time.Duration // to add to stamps with a zone; 0 while the clock is plausible

	// A difference between arrival and stamp that may be that of a wrong clock.
	steady, least time.Duration
	since         time.Time
	count         int

	// The smallest difference since the skew was last told; the smallest is the one with the least network in it.
	skew     time.Duration
	measured bool
	told     time.Time
}

// place gives everything in u a time of ours, adds a reading of the skew now and then, and returns how many readings are
// late.
func (c *clock) place(u *tonypi.Update) (late int) {
	at := newArrival(u.At)
	at.shift, at.known = c.shift(u)
	for i := range u.Readings {
		r := &u.Readings[i]
		r.Time = at.place(r.Time)
		if isLate(u.At, r.Time) {
			late++
		}
	}
	for i := range u.Logs {
		u.Logs[i].Time = at.place(u.Logs[i].Time)
	}
	for i := range u.Scans {
		u.Scans[i].Time = at.place(u.Scans[i].Time)
	}
	if u.Job != nil {
		if u.Job.Time = at.place(u.Sent); !isLate(u.At, u.Job.Time) {
			u.Job.Time = at.at // the server's clock is the better one when the message did not wait
		}
	}
	for i := range u.Detections {
		u.Detections[i].Time = at.place(u.Detections[i].Time)
	}
	if c.measured && u.At.Sub(c.told) >= tellSkew {
		u.Readings = append(u.Readings, tonypi.Reading{
			Robot: u.Robot, Metric: tonypi.ClockSkew, Value: -c.skew.Seconds(), Time: u.At.UTC(),
		})
		c.measured, c.told = false, u.At
	}
	return late
}

// arrival is what a message's stamps are measured against.
type arrival struct {
	at, oldest, newest time.Time     // UTC
	shift              time.Duration // to add to stamps
	known              bool          // false: stamps cannot be used
}

func newArrival(at time.Time) arrival {
	return arrival{at: at.UTC(), oldest: at.Add(-retention).UTC(), newest: at.Add(maxAhead).UTC()}
}

// place returns t as a time of ours: that of the arrival when t is missing or cannot be right.
func (a *arrival) place(t time.Time) time.Time {
	if t.IsZero() || !a.known {
		return a.at
	}
	if a.shift != 0 {
		t = t.Add(a.shift)
	}
	if t.After(a.newest) || t.Before(a.oldest) {
		return a.at
	}
	return t
}

func isLate(at, t time.Time) bool { return at.Sub(t) > lateAfter }

// shift returns what to add to the stamps of u; known is false when they cannot be used.
func (c *clock) shift(u *tonypi.Update) (shift time.Duration, known bool) {
	switch {
	case u.Sent.IsZero() && u.Naive:
		return c.zone, c.hasZone
	case u.Sent.IsZero():
		return c.wrongBy, true
	case u.Naive:
		return c.naive(u.At, u.At.Sub(u.Sent))
	}
	return c.zoned(u.At, u.At.Sub(u.Sent)), true
}

func (c *clock) naive(at time.Time, behind time.Duration) (time.Duration, bool) {
	zone := behind.Round(zoneStep)
	off := behind - zone
	if zone.Abs() > maxZone || off.Abs() > maxOff {
		return 0, false
	}
	c.zone, c.hasZone = zone, true
	c.measure(at, off)
	return zone, true
}

func (c *clock) zoned(at time.Time, behind time.Duration) time.Duration {
	if behind >= -maxAhead && behind <= lateAfter {
		c.wrongBy, c.count = 0, 0
		c.measure(at, behind)
		return 0
	}
	if c.count == 0 || (behind-c.steady).Abs() > steadyWithin {
		c.steady, c.least, c.since, c.count = behind, behind, at, 0
	}
	c.count++
	c.least = min(c.least, behind)
	if c.count >= steadyCount && at.Sub(c.since) >= steadyFor {
		c.wrongBy = c.least
	}
	if c.wrongBy != 0 && (behind-c.wrongBy).Abs() <= steadyWithin {
		c.measure(at, behind)
	}
	return c.wrongBy
}

func (c *clock) measure(at time.Time, behind time.Duration) {
	if c.told.IsZero() {
		c.told = at
	}
	if !c.measured || behind < c.skew {
		c.skew, c.measured = behind, true
	}
}
