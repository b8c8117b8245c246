package storetest

import (
	"testing"

	"tonypi"
)

func TestSeriesMemory(t *testing.T) {
	Series(t, func(*testing.T) tonypi.SeriesStore { return NewSeries() })
}
