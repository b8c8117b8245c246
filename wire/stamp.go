package wire

import (
	"math"
	"strconv"
	"time"
)

// MaxYear is the last year that a timestamp may lie in; the first is 1970.
const MaxYear = 9999

// stamp reads a timestamp: RFC 3339, the same without an offset (naive: taken as UTC), or a number of seconds,
// milliseconds, microseconds or nanoseconds since 1970, told apart by its size.
func (d *doc) stamp(i int32) (t time.Time, naive, ok bool) {
	n := &d.nodes[i]
	switch n.kind {
	case text:
		return parseStamp(d.buf[n.off:n.end])
	case number, longNumber:
		v, ok := d.float(i)
		if !ok || v <= 0 {
			return time.Time{}, false, false
		}
		if nanos, err := strconv.ParseInt(string(d.buf[n.off:n.end]), 10, 64); err == nil && nanos >= 1e17 {
			return time.Unix(0, nanos).UTC(), false, true // has more digits than float64
		}
		t, ok = fromUnix(v)
		return t, false, ok
	}
	return time.Time{}, false, false
}

// fromUnix rounds to microseconds, which is what float64 can tell of our days' seconds.
func fromUnix(v float64) (time.Time, bool) {
	switch {
	case v < 1e11:
		v *= 1e6
	case v < 1e14:
		v *= 1e3
	case v < 1e17:
	case v < 9e18:
		v /= 1e3
	default:
		return time.Time{}, false
	}
	return time.UnixMicro(int64(math.Round(v))).UTC(), true
}

// parseStamp reads YYYY-MM-DDTHH:MM:SS with an optional fraction and an optional Z, ±HH:MM or ±HHMM; a space may stand
// for the T.
func parseStamp(b []byte) (t time.Time, naive, ok bool) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != 't' && b[10] != ' ' || b[13] != ':' || b[16] != ':' {
		return time.Time{}, false, false
	}
	ok = true
	two := func(i int) int {
		hi, lo := b[i]-'0', b[i+1]-'0'
		ok = ok && hi < 10 && lo < 10
		return int(hi)*10 + int(lo)
	}
	year, month, day := two(0)*100+two(2), two(5), two(8)
	hour, minute, second := two(11), two(14), two(17)
	if !ok || year < 1970 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false, false
	}
	nanos, rest, ok := fraction(b[19:])
	if !ok {
		return time.Time{}, false, false
	}
	offset, naive, ok := zone(rest)
	if !ok {
		return time.Time{}, false, false
	}
	sec := int64(daysSince1970(year, month, day))*86400 + int64(hour*3600+minute*60+second-offset)
	return time.Unix(sec, int64(nanos)).UTC(), naive, true
}

// fraction reads ".123456"; digits beyond nanoseconds are dropped.
func fraction(b []byte) (nanos int, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return 0, b, true
	}
	i, unit := 1, 100_000_000
	for ; i < len(b) && b[i]-'0' < 10; i++ {
		nanos += int(b[i]-'0') * unit
		unit /= 10
	}
	return nanos, b[i:], i > 1
}

// zone reads what follows the time: seconds east of UTC, or nothing at all.
func zone(b []byte) (offset int, naive, ok bool) {
	switch {
	case len(b) == 0:
		return 0, true, true
	case len(b) == 1 && (b[0] == 'Z' || b[0] == 'z'):
		return 0, false, true
	case len(b) == 6 && b[3] == ':' && (b[0] == '+' || b[0] == '-'):
		return offsetOf(b[0], b[1], b[2], b[4], b[5])
	case len(b) == 5 && (b[0] == '+' || b[0] == '-'):
		return offsetOf(b[0], b[1], b[2], b[3], b[4])
	}
	return 0, false, false
}

func offsetOf(sign, h1, h2, m1, m2 byte) (offset int, naive, ok bool) {
	for _, c := range [...]byte{h1, h2, m1, m2} {
		if c < '0' || c > '9' {
			return 0, false, false
		}
	}
	hours, minutes := int(h1-'0')*10+int(h2-'0'), int(m1-'0')*10+int(m2-'0')
	if hours > 23 || minutes > 59 {
		return 0, false, false
	}
	offset = hours*3600 + minutes*60
	if sign == '-' {
		offset = -offset
	}
	return offset, false, true
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// daysSince1970 counts with years that begin in March, so that the leap day is a year's last.
func daysSince1970(year, month, day int) int {
	if month <= 2 {
		year--
		month += 12
	}
	inYear := (153*(month-3)+2)/5 + day - 1
	return year*365 + year/4 - year/100 + year/400 + inYear - 719468
}

// AppendTime appends t as robots and server write it: RFC 3339 in UTC with up to nanoseconds and a Z.
func AppendTime(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, time.RFC3339Nano) }
