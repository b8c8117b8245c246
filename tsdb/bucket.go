package tsdb

import (
	"time"

	"tonypi"
)

// bucketer sums samples up into buckets that are aligned to the step, counted from 1970. Step 0 makes one of each sample.
type bucketer struct {
	step    int64 // milliseconds
	limit   int
	buckets []tonypi.Bucket
	end     int64 // of the last bucket, exclusive, while it may still grow
	sum     float64
}

// maxPrepared bounds the buckets that room is made for before they are known to exist.
const maxPrepared = 100_000

// newBucketer makes room for the buckets that so many samples within the selection can need.
func newBucketer(step int64, limit, samples int, sel selection) *bucketer {
	need := min(limit, samples)
	if step > 0 {
		need = int(min(int64(need), (sel.toMs-sel.fromMs)/step+2))
	}
	return &bucketer{step: step, limit: limit, buckets: make([]tonypi.Bucket, 0, need)}
}

// add takes samples in ascending order, all newer than those before. It fails when there are more buckets than the limit.
func (b *bucketer) add(ms []int64, values []float64) error {
	if b.step == 0 {
		return b.addRaw(ms, values)
	}
	for i := 0; i < len(ms); {
		if len(b.buckets) == 0 || ms[i] >= b.end {
			if err := b.begin(ms[i], values[i]); err != nil {
				return err
			}
		}
		n := i
		for n < len(ms) && ms[n] < b.end {
			n++
		}
		b.grow(values[i:n])
		i = n
	}
	return nil
}

// begin opens the bucket of a sample.
func (b *bucketer) begin(ms int64, value float64) error {
	if len(b.buckets) >= b.limit {
		return b.overflow()
	}
	b.close()
	start := floorTo(ms, b.step)
	b.end, b.sum = start+b.step, 0
	b.buckets = append(b.buckets, tonypi.Bucket{Time: time.UnixMilli(start).UTC(), Min: value, Max: value})
	return nil
}

// grow adds samples to the last bucket.
func (b *bucketer) grow(values []float64) {
	last := &b.buckets[len(b.buckets)-1]
	low, high, sum := last.Min, last.Max, b.sum
	for _, v := range values {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
		sum += v
	}
	last.Min, last.Max, b.sum = low, high, sum
	last.Last = values[len(values)-1]
	last.Count += len(values)
}

// close finishes the last bucket.
func (b *bucketer) close() {
	if b.step > 0 && len(b.buckets) > 0 {
		last := &b.buckets[len(b.buckets)-1]
		last.Mean = b.sum / float64(last.Count)
	}
}

func (b *bucketer) addRaw(ms []int64, values []float64) error {
	if len(b.buckets)+len(ms) > b.limit {
		return b.overflow()
	}
	for i, v := range values {
		b.buckets = append(b.buckets, tonypi.Bucket{Time: time.UnixMilli(ms[i]).UTC(), Min: v, Max: v, Mean: v, Last: v, Count: 1})
	}
	return nil
}

func (b *bucketer) overflow() error {
	if b.step == 0 {
		return tonypi.Errorf(tonypi.Invalid, "more than %d samples in one series; ask for a shorter time or for buckets", b.limit)
	}
	return tonypi.Errorf(tonypi.Invalid, "more than %d buckets in one series; ask for a shorter time or for wider buckets", b.limit)
}

// floorTo returns the multiple of step at or below ms.
func floorTo(ms, step int64) int64 {
	rest := ms % step
	if rest < 0 {
		rest += step
	}
	return ms - rest
}
