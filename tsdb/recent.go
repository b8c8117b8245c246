package tsdb

import (
	"slices"
	"sort"
	"sync"

	"tonypi"
)

// maxRecent bounds the rows that are kept because queries of the library cannot see them yet (24 bytes each).
const maxRecent = 500_000

// recent keeps the rows that the library has taken but does not show to queries yet. Making it show them takes as long
// as its merges take; a query must not wait for that.
type recent struct {
	mu      sync.Mutex
	batches []batch // oldest first
	rows    int
}

// batch is the rows of one add. It never changes.
type batch struct {
	rows []row
	runs []run
}

// run is successive rows of one robot.
type run struct {
	robot    tonypi.RobotID
	from, to int
}

func newBatch(rows []row) batch {
	b := batch{rows: rows}
	for i := range rows {
		robot := rows[i].series.owner
		if n := len(b.runs); i > 0 && rows[i-1].series.owner == robot {
			b.runs[n-1].to = i + 1
		} else {
			b.runs = append(b.runs, run{robot.id, i, i + 1})
		}
	}
	return b
}

// keep adds a batch and returns how many rows there are now.
func (r *recent) keep(b batch) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.batches = append(r.batches, b)
	r.rows += len(b.rows)
	return r.rows
}

// count returns the number of batches.
func (r *recent) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.batches)
}

// drop forgets the n oldest batches.
func (r *recent) drop(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n = min(n, len(r.batches))
	for _, b := range r.batches[:n] {
		r.rows -= len(b.rows)
	}
	r.batches = slices.Clone(r.batches[n:])
}

// tail is the recent samples of one series, by ascending stamp.
type tail struct {
	ms     []int64
	values []float64
}

// tails returns the recent samples that sel asks for.
func (r *recent) tails(sel selection) map[tonypi.SeriesKey]*tail {
	r.mu.Lock()
	batches := r.batches[:len(r.batches):len(r.batches)]
	r.mu.Unlock()
	found := make(map[tonypi.SeriesKey]*tail)
	for _, b := range batches {
		for _, run := range b.runs {
			if run.robot == sel.robot {
				collectTails(found, b.rows[run.from:run.to], sel)
			}
		}
	}
	for _, t := range found {
		sort.Stable(byStamp{t.ms, t.values})
	}
	return found
}

func collectTails(found map[tonypi.SeriesKey]*tail, rows []row, sel selection) {
	for i := range rows {
		key := rows[i].series.key
		if rows[i].ms < sel.fromMs || rows[i].ms > sel.toMs || !sel.wants(key) {
			continue
		}
		t := found[key]
		if t == nil {
			t = &tail{}
			found[key] = t
		}
		t.ms = append(t.ms, rows[i].ms)
		t.values = append(t.values, rows[i].value)
	}
}

// until cuts off the samples up to ms and returns them.
func (t *tail) until(ms int64) tail {
	if t == nil {
		return tail{}
	}
	n := sort.Search(len(t.ms), func(i int) bool { return t.ms[i] > ms })
	head := tail{t.ms[:n], t.values[:n]}
	t.ms, t.values = t.ms[n:], t.values[n:]
	return head
}
