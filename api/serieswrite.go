package api

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
	"time"

	"tonypi"
)

// writeChunk is how many bytes are collected before they are written.
const writeChunk = 32 << 10

// writeSeries writes a SeriesAnswer. It does by hand what encoding/json would do, without an interface value per number: a
// day of twenty series is 72,000 numbers.
func writeSeries(w io.Writer, q tonypi.SeriesQuery, all []tonypi.Series) {
	b := make([]byte, 0, writeChunk+1024)
	b = append(b, `{"robot_id":`...)
	b = appendString(b, string(q.Robot))
	b = append(b, `,"from":"`...)
	b = q.From.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","to":"`...)
	b = q.To.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","step_seconds":`...)
	b = appendNumber(b, q.Step.Seconds())
	b = append(b, `,"series":[`...)
	for i, series := range all {
		if i > 0 {
			b = append(b, ',')
		}
		info, _ := series.Key.Metric.Info()
		b = append(b, `{"metric":`...)
		b = appendString(b, string(series.Key.Metric))
		b = append(b, `,"source":`...)
		b = appendString(b, series.Key.Source)
		b = append(b, `,"unit":`...)
		b = appendString(b, info.Unit)
		b = append(b, `,"points":[`...)
		for j, bucket := range series.Buckets {
			if j > 0 {
				b = append(b, ',')
			}
			b = appendBucket(b, bucket)
			if len(b) > writeChunk {
				if _, err := w.Write(b); err != nil {
					return // the client is gone
				}
				b = b[:0]
			}
		}
		b = append(b, `]}`...)
	}
	b = append(b, "]}\n"...)
	_, _ = w.Write(b)
}

func appendBucket(b []byte, p tonypi.Bucket) []byte {
	b = append(b, '[')
	b = strconv.AppendInt(b, p.Time.UnixMilli(), 10)
	for _, v := range [...]float64{p.Min, p.Max, p.Mean, p.Last} {
		b = append(b, ',')
		b = appendNumber(b, v)
	}
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(p.Count), 10)
	return append(b, ']')
}

// appendNumber writes v with at most nine digits behind the point, which is more than any sensor gives: a mean such as
// 41.166666666666664 costs bytes and tells nothing. JSON has no NaN and no infinity; a store gives none.
func appendNumber(b []byte, v float64) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	a := math.Abs(v)
	if a != 0 && a < 1e-3 || a >= 1e6 {
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	if v < 0 {
		b = append(b, '-')
	}
	// As an integer this is four times as fast as the shortest form of a float, and exact: a*1e9 is below 2^53.
	n := uint64(math.Round(a * nano))
	b = strconv.AppendUint(b, n/nano, 10)
	frac := n % nano
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	for digit := uint64(nano / 10); frac > 0; digit /= 10 {
		b = append(b, byte('0'+frac/digit))
		frac %= digit
	}
	return b
}

const nano = 1_000_000_000

func appendString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always has a JSON form
	}
	return append(b, quoted...)
}
