package compat

import (
	"testing"
	"time"
)

func TestNewestRows(t *testing.T) {
	rows := make([]row, 0, maxRows+10)
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range maxRows + 10 {
		rows = append(rows, row{Timestamp: start.Add(time.Duration(i) * time.Second)})
	}
	got := newest(rows)
	if len(got) != maxRows || !got[0].Timestamp.Equal(start.Add((maxRows+9)*time.Second)) || !got[maxRows-1].Timestamp.Equal(start.Add(10*time.Second)) {
		t.Errorf("%d rows from %v to %v", len(got), got[0].Timestamp, got[len(got)-1].Timestamp)
	}
}
