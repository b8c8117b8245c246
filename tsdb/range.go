package tsdb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
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

// search calls visit with the blocks of every selected series, ordered by stamp. They are valid during the call.
func (e *embedded) search(ctx context.Context, sel selection, visit func(tonypi.SeriesKey, []block) error) error {
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
		failure = e.visit(ctx, &search, sel, visit)
	})
	return errors.Join(err, failure)
}

func (e *embedded) visit(ctx context.Context, search *storage.Search, sel selection, visit func(tonypi.SeriesKey, []block) error) error {
	found, err := e.collect(ctx, search, sel)
	if err != nil {
		return err
	}
	keys := make([]tonypi.SeriesKey, 0, len(found))
	for key := range found {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(a, b int) bool { return lessKey(keys[a], keys[b]) })
	for _, key := range keys {
		blocks := found[key]
		slices.SortFunc(blocks, func(a, b block) int { return int(min(max(a.minMs-b.minMs, -1), 1)) })
		if err := visit(key, blocks); err != nil {
			return err
		}
	}
	return nil
}

func lessKey(a, b tonypi.SeriesKey) bool {
	if a.Metric != b.Metric {
		return a.Metric < b.Metric
	}
	return a.Source < b.Source
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
			wanted = len(sel.sources) == 0 || slices.Contains(sel.sources, key.Source)
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

// samples decodes blocks into runs of strictly ascending stamps and calls emit with each, oldest first. The slices are
// valid during the call.
func samples(ctx context.Context, blocks []block, sel selection, emit func(ms []int64, values []float64) error) error {
	var (
		data   storage.Block
		ms     []int64
		values []float64
	)
	timeRange := storage.TimeRange{MinTimestamp: sel.fromMs, MaxTimestamp: sel.toMs}
	for i := 0; i < len(blocks); {
		if err := ctx.Err(); err != nil {
			return err
		}
		// Blocks that overlap, because samples came late, are decoded together.
		end, n := blocks[i].maxMs, 0
		ms, values = ms[:0], values[:0]
		for ; i < len(blocks) && (n == 0 || blocks[i].minMs <= end); i++ {
			blocks[i].ref.MustReadBlock(&data)
			if err := data.UnmarshalData(); err != nil {
				return fmt.Errorf("decode history: %w", err)
			}
			ms, values = data.AppendRowsWithTimeRangeFilter(ms, values, timeRange)
			end = max(end, blocks[i].maxMs)
			n++
		}
		if n > 1 {
			sort.Stable(byStamp{ms, values})
		}
		ms, values = storage.DeduplicateSamples(ms, values, 1)
		if len(ms) == 0 {
			continue
		}
		if err := emit(ms, values); err != nil {
			return err
		}
	}
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
	err := e.search(ctx, sel, func(key tonypi.SeriesKey, blocks []block) error {
		newest := slices.MaxFunc(blocks, func(a, b block) int { return int(min(max(a.maxMs-b.maxMs, -1), 1)) })
		return samples(ctx, []block{newest}, sel, func(ms []int64, values []float64) error {
			n := len(ms) - 1
			readings = append(readings, tonypi.Reading{
				Robot: key.Robot, Metric: key.Metric, Source: key.Source,
				Value: values[n], Time: time.UnixMilli(ms[n]).UTC(),
			})
			return nil
		})
	})
	return readings, err
}
