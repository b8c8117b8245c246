package outbox

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

// state is a row: text is what changes, robot "bad" is what the store never takes.
type state struct {
	key   string
	text  string
	robot tonypi.RobotID
}

// store remembers what it was given, call by call. It can be down and it can be slow.
type store struct {
	mu    sync.Mutex
	down  error
	slow  time.Duration
	calls [][]string
}

func (s *store) set(down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *store) save(ctx context.Context, rows []state) error {
	s.mu.Lock()
	down, slow := s.down, s.slow
	s.mu.Unlock()
	select {
	case <-time.After(slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	if down != nil {
		return down
	}
	var texts []string
	for _, r := range rows {
		if r.robot == "bad" {
			return tonypi.Errorf(tonypi.TooLarge, "never")
		}
		texts = append(texts, r.key+"="+r.text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, texts)
	return nil
}

func (s *store) taken() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func newBox(s *store, change func(*Config[string, state])) *Outbox[string, state] {
	c := Config[string, state]{
		Name: "rows", Of: func(r state) (string, tonypi.RobotID) { return r.key, r.robot }, Store: s.save,
		Log: slog.New(slog.DiscardHandler), Limit: 100, Batch: 3, WriteWithin: 2 * time.Second,
		RetryFirst: time.Second, RetryMost: 4 * time.Second,
	}
	if change != nil {
		change(&c)
	}
	return New(c)
}

// run runs an outbox until the test, or end, ends it.
func run(t *testing.T, o *Outbox[string, state]) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx) })
	end = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(end)
	return end
}

// The newest state of a key is written, in groups, in the order in which keys began to wait.
func TestGroupsOfNewest(t *testing.T) {
	s := &store{}
	o := newBox(s, nil)
	for _, key := range []string{"d", "b", "a", "c"} {
		o.Put(state{key: key, text: "1"})
	}
	o.Put(state{key: "d", text: "2"})
	if err := o.Flush(t.Context()); err != nil || o.Pending() != 0 {
		t.Errorf("%v, %d wait", err, o.Pending())
	}
	if d := cmp.Diff([][]string{{"d=2", "b=1", "a=1"}, {"c=1"}}, s.taken()); d != "" {
		t.Error(d)
	}
}

// A promise is kept by its state although a newer one waits already, and one about a state that a newer one replaced too.
func TestPromiseOfStateInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{slow: time.Second}
		o := newBox(s, nil)
		run(t, o)
		began := time.Now()
		first := o.Put(state{key: "a", text: "1"})
		time.Sleep(500 * time.Millisecond)
		second, third := o.Put(state{key: "a", text: "2"}), o.Put(state{key: "a", text: "3"})
		for _, step := range []struct {
			promise tonypi.Commit
			at      time.Duration
		}{{first, time.Second}, {second, 2 * time.Second}, {third, 2 * time.Second}, {Promise{}, 2 * time.Second}} {
			if err := step.promise.Wait(t.Context()); err != nil || time.Since(began) != step.at {
				t.Errorf("%v after %v, want %v", err, time.Since(began), step.at)
			}
		}
		if d := cmp.Diff([][]string{{"a=1"}, {"a=3"}}, s.taken()); d != "" {
			t.Error(d)
		}
		if _, waits := o.Promise("a"); waits {
			t.Error("what is stored is promised again")
		}
	})
}

func TestStoreDown(t *testing.T) {
	for _, patient := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{down: errors.New("down")}
			o := newBox(s, func(c *Config[string, state]) { c.Patient = patient })
			run(t, o)
			o.Put(state{key: "a"})
			synctest.Wait()
			if !o.Failing() {
				t.Fatal("a store that is down does not fail")
			}
			want := CommitFailing
			if patient {
				want = CommitWithin
			}
			began := time.Now()
			both := All([]Promise{o.Put(state{key: "a"}), o.Put(state{key: "b"})})
			if err := both.Wait(t.Context()); tonypi.KindOf(err) != tonypi.Unavailable || time.Since(began) != want {
				t.Errorf("%v after %v, want %v", err, time.Since(began), want)
			}
			s.set(nil)
			time.Sleep(4 * time.Second)
			if err := both.Wait(t.Context()); err != nil || o.Pending() != 0 || o.Failing() {
				t.Errorf("%v, %d wait", err, o.Pending())
			}
		})
	}
	if All(nil) != nil {
		t.Error("nothing promises something")
	}
}

// While the store is down it is tried after 1, 2, 4, 4, … seconds, however much changes, and once more at the end.
func TestRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries []time.Duration
		began := time.Now()
		o := newBox(&store{}, func(c *Config[string, state]) {
			c.Store = func(context.Context, []state) error {
				tries = append(tries, time.Since(began))
				return errors.New("down")
			}
		})
		end := run(t, o)
		for range 145 {
			o.Put(state{key: "a"})
			time.Sleep(100 * time.Millisecond)
		}
		end()
		want := []time.Duration{0, time.Second, 3 * time.Second, 7 * time.Second, 11 * time.Second, 14500 * time.Millisecond}
		if d := cmp.Diff(want, tries); d != "" {
			t.Error(d)
		}
	})
}

func TestRefused(t *testing.T) {
	s := &store{}
	o := newBox(s, nil)
	var list []Promise
	for _, r := range []state{{key: "a"}, {key: "b", robot: "bad"}, {key: "c"}} {
		list = append(list, o.Put(r))
	}
	if err := o.Flush(t.Context()); err != nil || o.Pending() != 0 {
		t.Errorf("%v, %d wait", err, o.Pending())
	}
	if err := All(list).Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if d := cmp.Diff([][]string{{"a="}, {"c="}}, s.taken()); d != "" {
		t.Error(d)
	}
}

func TestBounds(t *testing.T) {
	tests := []struct {
		name    string
		change  func(*Config[string, state])
		texts   []string // of the keys a, b, c …
		kept    string
		dropped uint64
	}{
		{"rows", func(c *Config[string, state]) { c.Limit = 3 }, []string{"", "", "", ""}, "bcd", 1},
		{"last", func(c *Config[string, state]) {
			c.Limit, c.Last = 3, func(r state) bool { return r.text == "keep" }
		}, []string{"keep", "", "keep", "", ""}, "ace", 2},
		{"bytes", func(c *Config[string, state]) {
			c.Bytes, c.Size = 10, func(r state) int { return len(r.text) }
		}, []string{"four", "four", "two", "sixsix"}, "cd", 2},
		{"one too large", func(c *Config[string, state]) {
			c.Bytes, c.Size = 2, func(r state) int { return len(r.text) }
		}, []string{"1", "1", "three"}, "c", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{}
				o := newBox(s, test.change)
				var second Promise
				for i, text := range test.texts {
					if p := o.Put(state{key: string(rune('a' + i)), text: text}); i == 1 {
						second = p
					}
				}
				kept := ""
				for i := range test.texts {
					key := string(rune('a' + i))
					if _, ok := o.Get(key); ok {
						kept += key
					}
				}
				if kept != test.kept || o.Dropped() != test.dropped || o.Pending() != len(kept) {
					t.Errorf("kept %s, dropped %d, %d wait", kept, o.Dropped(), o.Pending())
				}
				if err := o.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				if err := second.Wait(t.Context()); (err == nil) != strings.Contains(test.kept, "b") {
					t.Errorf("the promise of b: %v", err)
				}
				if o.bytes != 0 {
					t.Errorf("%d bytes in an empty outbox", o.bytes)
				}
			})
		})
	}
}

// A state that grows counts once against the bound of bytes.
func TestBytesOfNewestState(t *testing.T) {
	o := newBox(&store{}, func(c *Config[string, state]) {
		c.Bytes, c.Size = 10, func(r state) int { return len(r.text) }
	})
	o.Put(state{key: "a", text: "1"})
	for range 10 {
		o.Put(state{key: "b", text: "nine bytes"[:9]})
	}
	if o.Pending() != 2 || o.bytes != 10 || o.Dropped() != 0 {
		t.Errorf("%d wait, %d bytes, %d dropped", o.Pending(), o.bytes, o.Dropped())
	}
}

// What is forgotten or removed is not written, not by a write that runs either, and nobody waits for it.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		o := newBox(s, nil)
		release, err := o.Hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		run(t, o)
		gone, removed := o.Put(state{key: "a", robot: "r1"}), o.Put(state{key: "b", robot: "r2"})
		o.Put(state{key: "c", robot: "r2"})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := o.Hold(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("held twice: %v", err)
		}
		o.Remove("b")
		if err := removed.Wait(t.Context()); err != nil || len(s.taken()) > 0 {
			t.Errorf("%v, %v", err, s.taken())
		}
		s.set(errors.New("down"))
		release()
		time.Sleep(time.Millisecond)
		o.Forget(func(r state) bool { return r.robot == "r1" })
		if err := gone.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		s.set(nil)
		time.Sleep(time.Minute)
		if d := cmp.Diff([][]string{{"c="}}, s.taken()); d != "" {
			t.Error(d)
		}
	})
}

// The end writes the rest, and is not held up for longer than LastTry by a store that hangs.
func TestEnd(t *testing.T) {
	for _, slow := range []time.Duration{time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			s := &store{slow: slow}
			o := newBox(s, func(c *Config[string, state]) { c.WriteWithin = time.Minute })
			end := run(t, o)
			o.Put(state{key: "a"})
			synctest.Wait()
			began := time.Now()
			end()
			if took := time.Since(began); took > LastTry || (o.Pending() == 0) != (slow == time.Second) {
				t.Errorf("it took %v, %d wait", took, o.Pending())
			}
		})
	}
}

// Everything at once, for the race detector; in the end the store has the newest state of each key.
func TestConcurrent(t *testing.T) {
	s := &store{}
	o := newBox(s, nil)
	end := run(t, o)
	var working sync.WaitGroup
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		working.Go(func() {
			for i := range 200 {
				p := o.Put(state{key: key, text: string(rune('0' + i%10))})
				if i%20 == 0 {
					if err := p.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	working.Wait()
	end()
	newest := map[string]string{}
	for _, call := range s.taken() {
		for _, text := range call {
			newest[text[:1]] = text[2:]
		}
	}
	if d := cmp.Diff(map[string]string{"a": "9", "b": "9", "c": "9", "d": "9", "e": "9"}, newest); d != "" {
		t.Error(d)
	}
}
