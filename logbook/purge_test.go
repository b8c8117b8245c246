package logbook

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

const day = 24 * time.Hour

// fill writes one line of every level for each of the last n days.
func (w *world) fill(n int) {
	w.Helper()
	for age := range n {
		for _, level := range tonypi.LogLevels {
			w.book.Log(tonypi.LogEntry{Level: level, Message: fmt.Sprint(age), Time: time.Now().Add(-time.Duration(age)*day - time.Minute)})
		}
	}
	synctest.Wait()
}

func (w *world) oldest() map[string]int {
	ages := map[string]int{}
	for _, l := range w.lines() {
		ages[l.Level] = max(ages[l.Level], int(time.Since(l.Time)/day))
	}
	return ages
}

func TestPurge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fill(120)
		w.stop()
		w.start(nil)
		synctest.Wait()
		if d := cmp.Diff(map[string]int{"DEBUG": 29, "INFO": 29, "WARNING": 89, "ERROR": 89, "CRITICAL": 89}, w.oldest()); d != "" {
			t.Error("default retention:", d)
		}
		if d := cmp.Diff([][]string{{"DEBUG", "INFO"}, {"WARNING", "ERROR", "CRITICAL"}}, w.store.taken()[2:]); d != "" {
			t.Error("levels of the second start's purge:", d)
		}
		// What failed is made up for.
		w.store.set(errors.New("down"), false)
		time.Sleep(2 * day)
		synctest.Wait()
		w.store.set(nil, false)
		time.Sleep(purgeEvery)
		synctest.Wait()
		if got := w.oldest(); got["INFO"] != 29 || got["ERROR"] != 89 {
			t.Errorf("after an outage: %v", got)
		}
		w.stop()
		w.start(map[string]time.Duration{"ERROR": 10 * day, "INFO": -1})
		synctest.Wait()
		if got := w.oldest(); got["INFO"] != 29 || got["ERROR"] != 9 || got["CRITICAL"] != 89 {
			t.Errorf("own retention: %v", got)
		}
	})
}

func TestClear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fill(20)
		tests := []struct {
			days   int
			levels []string
			kind   tonypi.Kind
			count  int
			left   map[string]int
		}{
			{-1, nil, tonypi.Invalid, 0, nil},
			{clearMost + 1, nil, tonypi.Invalid, 0, nil},
			{1, []string{"LOUD"}, tonypi.Invalid, 0, nil},
			{10, []string{"DEBUG", "INFO"}, tonypi.Internal, 20, map[string]int{"DEBUG": 9, "INFO": 9, "WARNING": 19, "ERROR": 19, "CRITICAL": 19}},
			{15, nil, tonypi.Internal, 15, map[string]int{"DEBUG": 9, "INFO": 9, "WARNING": 14, "ERROR": 14, "CRITICAL": 14}},
			{0, nil, tonypi.Internal, 10 + 10 + 3*15, map[string]int{}},
		}
		for _, test := range tests {
			n, err := w.book.Clear(t.Context(), test.days, test.levels)
			if n != test.count || (err == nil) != (test.left != nil) || tonypi.KindOf(err) != test.kind {
				t.Errorf("Clear(%d, %v) = %d, %v", test.days, test.levels, n, err)
			}
			if d := cmp.Diff(test.left, w.oldest()); test.left != nil && d != "" {
				t.Errorf("Clear(%d, %v) left %s", test.days, test.levels, d)
			}
		}
		w.book.Log(tonypi.LogEntry{Message: "x"})
		w.store.set(errors.New("down"), false)
		if _, err := w.book.Clear(t.Context(), 0, nil); err == nil {
			t.Error("Clear without a store says nothing")
		}
	})
}
