package agent

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func pushed(q *Memory, l Lane, topic string, at time.Duration) int {
	return q.Push(Entry{Lane: l, Topic: topic, Payload: []byte(topic), Pushed: noon.Add(at)})
}

// drain takes and sends everything and returns the topics in order.
func drain(q *Memory) (topics []string) {
	for {
		e, ok := q.Take(time.Time{}, Samples)
		if !ok {
			return topics
		}
		topics = append(topics, e.Topic)
		q.Done(e, true)
	}
}

func TestQueueOrder(t *testing.T) {
	q := NewMemory(0, 0)
	for i, e := range []struct {
		lane  Lane
		topic string
	}{{Samples, "s1"}, {Events, "e1"}, {Samples, "s2"}, {Answers, "a1"}, {Events, "e2"}, {Answers, "a2"}, {Samples, "s3"}} {
		pushed(q, e.lane, e.topic, time.Duration(i)*time.Second)
	}
	if d := cmp.Diff([]string{"a1", "a2", "e1", "e2", "s3", "s2", "s1"}, drain(q)); d != "" {
		t.Error(d)
	}
}

func TestQueueHandsOutOneEventAtATimeAndKeepsItsPlace(t *testing.T) {
	q := NewMemory(0, 0)
	pushed(q, Events, "e1", 0)
	pushed(q, Events, "e2", 0)
	pushed(q, Samples, "s1", 0)
	pushed(q, Samples, "s2", 0)
	e1, _ := q.Take(time.Time{}, Samples)
	s2, _ := q.Take(time.Time{}, Samples)
	s1, _ := q.Take(time.Time{}, Samples)
	if e1.Topic != "e1" || s2.Topic != "s2" || s1.Topic != "s1" {
		t.Fatalf("took %s %s %s", e1.Topic, s2.Topic, s1.Topic)
	}
	if e, ok := q.Take(time.Time{}, Samples); ok {
		t.Fatalf("took %s while e1 was out", e.Topic)
	}
	pushed(q, Samples, "s3", 0)
	for _, e := range []Entry{s1, e1, s2} {
		q.Done(e, false)
	}
	if n := q.Len(); n != 5 {
		t.Errorf("%d entries wait", n)
	}
	if d := cmp.Diff([]string{"e1", "e2", "s3", "s2", "s1"}, drain(q)); d != "" {
		t.Error(d)
	}
}

func TestQueueTakesOnlyTheFresh(t *testing.T) {
	q := NewMemory(0, 0)
	pushed(q, Events, "old event", 0)
	pushed(q, Samples, "old", 0)
	pushed(q, Samples, "new", 10*time.Second)
	if e, ok := q.Take(noon.Add(5*time.Second), Samples); !ok || e.Topic != "new" {
		t.Fatalf("took %q", e.Topic)
	}
	if e, ok := q.Take(noon.Add(5*time.Second), Samples); ok {
		t.Fatalf("took %q", e.Topic)
	}
}

func TestQueueBounds(t *testing.T) {
	q := NewMemory(time.Minute, 10*(entryCost+2))
	dropped := 0
	pushed(q, Answers, "a1", 0)
	pushed(q, Events, "e1", 0)
	for i := range 20 {
		dropped += pushed(q, Samples, string([]rune{'s', rune('a' + i)}), time.Duration(i)*time.Second)
	}
	if dropped != 12 || q.Len() != 10 {
		t.Errorf("dropped %d, %d wait", dropped, q.Len())
	}
	if got := drain(q); got[0] != "a1" || got[1] != "e1" || got[2] != "st" || got[len(got)-1] != "sm" {
		t.Errorf("kept %v", got)
	}
	if q.bytes != 0 {
		t.Errorf("an empty queue holds %d bytes", q.bytes)
	}
	pushed(q, Events, "old", 0)
	if n := pushed(q, Samples, "new", time.Hour); n != 1 {
		t.Errorf("dropped %d, want the entry of an hour ago", n)
	}
}

// TestQueueLosesNothing plays random pushes, takes, failures and successes.
func TestQueueLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	q := NewMemory(time.Hour, 0)
	sent := map[uint64]int{}
	var out []Entry
	const n = 5000
	for next := 0; next < n || len(sent) < n; {
		switch r.IntN(4) {
		case 0, 1:
			if next < n {
				pushed(q, Lane(r.IntN(int(lanes))), "x", time.Duration(next)*time.Millisecond)
				next++
			}
		case 2:
			if e, ok := q.Take(time.Time{}, Samples); ok {
				out = append(out, e)
			}
		case 3:
			if len(out) > 0 {
				i := r.IntN(len(out))
				ok := r.IntN(3) > 0
				q.Done(out[i], ok)
				if ok {
					sent[out[i].Seq]++
				}
				out = slices.Delete(out, i, i+1)
			}
		}
	}
	for seq, times := range sent {
		if times != 1 || seq < 1 || seq > n {
			t.Fatalf("entry %d was sent %d times", seq, times)
		}
	}
	if q.Len() != 0 || q.bytes != 0 {
		t.Errorf("%d entries of %d bytes are left", q.Len(), q.bytes)
	}
}

func TestTakeOfUrgentLanesOnly(t *testing.T) {
	q := NewMemory(0, 0)
	q.Push(Entry{Lane: Samples, Topic: "sample", Pushed: noon})
	q.Push(Entry{Lane: Events, Topic: "event", Pushed: noon})
	if e, ok := q.Take(time.Time{}, Answers); ok {
		t.Errorf("took %s, want nothing", e.Topic)
	}
	q.Push(Entry{Lane: Answers, Topic: "answer", Pushed: noon})
	for _, want := range []string{"answer", "event"} {
		e, ok := q.Take(time.Time{}, Events)
		if !ok || e.Topic != want {
			t.Errorf("took %q, want %q", e.Topic, want)
		}
	}
	if e, ok := q.Take(time.Time{}, Events); ok {
		t.Errorf("took %s, want nothing", e.Topic)
	}
}
