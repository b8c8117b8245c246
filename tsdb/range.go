package tsdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/lib/encoding"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"tonypi"
)

// Bounds of a query.
const (
	defaultLimit   = 20_000
	maxLimit       = 5_000_000
	maxQuerySeries = 5_000
	queryTimeout   = 60 * time.Second
)

// selection says which samples of which series are asked for. Empty metrics or sources mean all.
type selection struct {
	robot   tonypi.RobotID
	metrics []tonypi.Metric
	sources []string
	fromMs  int64
	toMs    int64 // inclusive, as the library has it
}

// wants reports whether the names of key, whose robot is the right one, are asked for.
func (sel selection) wants(key tonypi.SeriesKey) bool {
	return (len(sel.metrics) == 0 || slices.Contains(sel.metrics, key.Metric)) &&
		(len(sel.sources) == 0 || slices.Contains(sel.sources, key.Source))
}

// block is a part of one series, not yet decoded.
type block struct {
	ref          storage.BlockRef
	minMs, maxMs int64
}

func tagFilters(sel selection) ([]*storage.TagFilters, error) {
	filters := storage.NewTagFilters()
	err := filters.Add([]byte(robotLabel), []byte(sel.robot), false, false)
	if len(sel.metrics) > 0 {
		names := make([]string, len(sel.metrics))
		for i, m := range sel.metrics {
			names[i] = regexp.QuoteMeta(prometheusName(m))
		}
		err = errors.Join(err, filters.Add(nil, []byte(strings.Join(names, "|")), false, len(names) > 1))
	}
	return []*storage.TagFilters{filters}, err
}

// history is what there is of one series: blocks ordered by their first stamp, and samples that are in no block yet.
type history struct {
	blocks []block
	tail   *tail
}

// search calls visit with the history of every selected series. It is valid during the call.
func (e *embedded) search(ctx context.Context, sel selection, visit func(tonypi.SeriesKey, history) error) error {
	// Before the search: what moves into a block meanwhile is then found twice, and not missed.
	tails := e.recent.tails(sel)
	filters, err := tagFilters(sel)
	if err != nil {
		return err
	}
	var failure error
	err = guard(func() {
		var search storage.Search
		timeRange := storage.TimeRange{MinTimestamp: sel.fromMs, MaxTimestamp: sel.toMs}
		search.Init(nil, e.storage, filters, timeRange, maxQuerySeries, deadline(ctx))
		defer search.MustClose()
		failure = e.visit(ctx, &search, sel, tails, visit)
	})
	return errors.Join(err, failure)
}

func (e *embedded) visit(ctx context.Context, search *storage.Search, sel selection, tails map[tonypi.SeriesKey]*tail,
	visit func(tonypi.SeriesKey, history) error,
) error {
	found, err := e.collect(ctx, search, sel)
	if err != nil {
		return err
	}
	for key := range tails {
		if _, ok := found[key]; !ok {
			found[key] = nil // no block yet
		}
	}
	for _, key := range slices.SortedFunc(maps.Keys(found), compareKeys) {
		blocks := found[key]
		slices.SortFunc(blocks, func(a, b block) int { return cmp.Compare(a.minMs, b.minMs) })
		if err := visit(key, history{blocks, tails[key]}); err != nil {
			return err
		}
	}
	return nil
}

// samples returns how many samples h holds at most.
func (h history) samples() int {
	n := 0
	for i := range h.blocks {
		n += h.blocks[i].ref.RowsCount()
	}
	if h.tail != nil {
		n += len(h.tail.ms)
	}
	return n
}

func compareKeys(a, b tonypi.SeriesKey) int {
	return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Source, b.Source))
}

// collect gathers the blocks by series. One series may have several identities in the library (one a month after its
// caches were lost), so its blocks need not come in one piece.
func (e *embedded) collect(ctx context.Context, search *storage.Search, sel selection) (map[tonypi.SeriesKey][]block, error) {
	found := make(map[tonypi.SeriesKey][]block)
	var (
		name   storage.MetricName
		raw    string
		key    tonypi.SeriesKey
		blocks []block
		header []byte
	)
	keep := func() {
		if len(blocks) > 0 {
			found[key] = append(found[key], blocks...)
			blocks = blocks[:0]
		}
	}
	wanted := false
	for search.NextMetricBlock() {
		if raw == "" || raw != string(search.MetricBlockRef.MetricName) {
			keep()
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			raw = string(search.MetricBlockRef.MetricName)
			if err := name.Unmarshal(search.MetricBlockRef.MetricName); err != nil {
				return nil, err
			}
			key = e.key(&name)
			wanted = sel.wants(key)
		}
		if wanted {
			var b block
			b, header = newBlock(search.MetricBlockRef.BlockRef, header)
			blocks = append(blocks, b)
		}
	}
	keep()
	return found, search.Error()
}

func (e *embedded) key(name *storage.MetricName) tonypi.SeriesKey {
	group := string(name.MetricGroup)
	metric, ok := e.names[group]
	if !ok {
		metric = tonypi.Metric(group)
	}
	return tonypi.SeriesKey{
		Robot:  tonypi.RobotID(name.GetTagValue(robotLabel)),
		Metric: metric,
		Source: string(name.GetTagValue(sourceLabel)),
	}
}

// A block header begins with the series' identity; the stamps of the first and the last sample follow.
const (
	headerMinAt = 24
	headerMaxAt = 32
)

// newBlock keeps ref beyond the next step of the search. The library does not tell a block's stamps but in its header.
func newBlock(ref *storage.BlockRef, scratch []byte) (block, []byte) {
	scratch = ref.Marshal(scratch[:0])
	return block{
		ref:   *ref,
		minMs: encoding.UnmarshalInt64(scratch[headerMinAt:]),
		maxMs: encoding.UnmarshalInt64(scratch[headerMaxAt:]),
	}, scratch
}

// scan is the memory that decoding takes; it serves one series after the other.
type scan struct {
	data   storage.Block
	ms     []int64
	values []float64
}

var scans = sync.Pool{New: func() any { return new(scan) }}

// samples decodes a history into runs of strictly ascending stamps and calls emit with each, oldest first. The slices
// are valid during the call.
func (s *scan) samples(ctx context.Context, h history, sel selection, emit func(ms []int64, values []float64) error) error {
	for blocks := h.blocks; len(blocks) > 0; {
		if err := ctx.Err(); err != nil {
			return err
		}
		// Blocks that overlap, because samples came late, are decoded together.
		n, end := 1, blocks[0].maxMs
		for n < len(blocks) && blocks[n].minMs <= end {
			end = max(end, blocks[n].maxMs)
			n++
		}
		if err := s.decode(blocks[:n], h.tail.until(end), sel); err != nil {
			return err
		}
		blocks = blocks[n:]
		if len(s.ms) == 0 {
			continue
		}
		if err := emit(s.ms, s.values); err != nil {
			return err
		}
	}
	if h.tail == nil || len(h.tail.ms) == 0 {
		return nil
	}
	return emit(storage.DeduplicateSamples(h.tail.ms, h.tail.values, 1))
}

// decode sets s.ms and s.values to what overlapping blocks, and more, hold within the selected time.
func (s *scan) decode(blocks []block, more tail, sel selection) error {
	timeRange := storage.TimeRange{MinTimestamp: sel.fromMs, MaxTimestamp: sel.toMs}
	s.ms, s.values = s.ms[:0], s.values[:0]
	for i := range blocks {
		blocks[i].ref.MustReadBlock(&s.data)
		if err := s.data.UnmarshalData(); err != nil {
			return fmt.Errorf("decode history: %w", err)
		}
		s.ms, s.values = s.data.AppendRowsWithTimeRangeFilter(s.ms, s.values, timeRange)
	}
	s.ms, s.values = append(s.ms, more.ms...), append(s.values, more.values...)
	if len(blocks) > 1 || len(more.ms) > 0 {
		sort.Stable(byStamp{s.ms, s.values})
	}
	s.ms, s.values = storage.DeduplicateSamples(s.ms, s.values, 1)
	return nil
}

type byStamp struct {
	ms     []int64
	values []float64
}

func (b byStamp) Len() int           { return len(b.ms) }
func (b byStamp) Less(i, j int) bool { return b.ms[i] < b.ms[j] }
func (b byStamp) Swap(i, j int) {
	b.ms[i], b.ms[j] = b.ms[j], b.ms[i]
	b.values[i], b.values[j] = b.values[j], b.values[i]
}

// latest returns the newest sample of every series of a robot since fromMs. It decodes one block a series.
func (e *embedded) latest(ctx context.Context, sel selection) ([]tonypi.Reading, error) {
	var readings []tonypi.Reading
	s := scans.Get().(*scan)
	defer scans.Put(s)
	err := e.search(ctx, sel, func(key tonypi.SeriesKey, h history) error {
		if len(h.blocks) > 1 {
			h.blocks = []block{slices.MaxFunc(h.blocks, func(a, b block) int { return cmp.Compare(a.maxMs, b.maxMs) })}
		}
		var newest tonypi.Reading
		err := s.samples(ctx, h, sel, func(ms []int64, values []float64) error {
			n := len(ms) - 1
			newest = tonypi.Reading{
				Robot: key.Robot, Metric: key.Metric, Source: key.Source,
				Value: values[n], Time: time.UnixMilli(ms[n]).UTC(),
			}
			return nil
		})
		if !newest.Time.IsZero() {
			readings = append(readings, newest)
		}
		return err
	})
	return readings, err
}
