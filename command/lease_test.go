package command

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

func TestLease(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := w.leases
		if got := l.Lease("r1", olga); got.Holder != "" || got.Robot != "r1" {
			t.Errorf("got %+v", got)
		}
		got, err := l.Take("r1", olga, false)
		if err != nil || !got.Mine || got.Holder != "olga" || time.Until(got.ExpiresAt) != 10*time.Second {
			t.Fatalf("got %+v, %v", got, err)
		}
		_, err = l.Take("r1", bert, false)
		if tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "olga") {
			t.Errorf("taken: %v", err)
		}
		if got := l.Lease("r1", bert); got.Mine || got.AskedBy != "bert" || got.Holder != "olga" {
			t.Errorf("got %+v", got)
		}
		time.Sleep(6 * time.Second)
		if got, err := l.Renew("r1", olga); err != nil || time.Until(got.ExpiresAt) != 10*time.Second {
			t.Errorf("got %+v, %v", got, err)
		}
		if _, err := l.Renew("r1", bert); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("renewed by another: %v", err)
		}
		if err := l.Release("r1", bert); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("released by another: %v", err)
		}
		time.Sleep(9900 * time.Millisecond)
		if got := l.Lease("r1", olga); !got.Mine {
			t.Errorf("got %+v", got)
		}
		time.Sleep(400 * time.Millisecond)
		synctest.Wait()
		shown := w.notes.events()
		if e := shown[len(shown)-1]; e.Kind != tonypi.LeaseChanged || e.Robot != "r1" || e.Lease.Holder != "" {
			t.Errorf("shown %+v", e.Lease)
		}
		if _, err := l.Renew("r1", olga); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("renewed after its end: %v", err)
		}
		if err := l.Release("r1", olga); err != nil {
			t.Error(err)
		}
		if _, err := l.Take("nobody", olga, false); tonypi.KindOf(err) != tonypi.NotFound {
			t.Errorf("unknown robot: %v", err)
		}
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga lease.take r1", "olga lease.release r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

func TestLeaseHandOver(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := w.leases
		take := func(by tonypi.Caller) { _, _ = l.Take("r1", by, false) }
		take(olga)
		if _, err := l.HandOver("r1", olga, "bert"); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("to somebody who did not ask: %v", err)
		}
		take(bert)
		if _, err := l.HandOver("r1", bert, "bert"); tonypi.KindOf(err) != tonypi.Forbidden {
			t.Errorf("by somebody else: %v", err)
		}
		got, err := l.HandOver("r1", olga, "bert")
		if err != nil || got.Holder != "bert" || got.Mine {
			t.Errorf("got %+v, %v", got, err)
		}
		if got := l.Lease("r1", bert); !got.Mine || got.AskedBy != "" {
			t.Errorf("got %+v", got)
		}
		// A wish is forgotten after a while.
		take(olga)
		for range 7 {
			time.Sleep(5 * time.Second)
			take(bert)
		}
		if got := l.Lease("r1", bert); got.AskedBy != "" || !got.Mine {
			t.Errorf("got %+v", got)
		}
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga lease.take r1", "bert lease.hand_over r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

func TestLeaseByForceAndOnOtherDevices(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		l := w.leases
		phone := olga
		phone.Session = "phone"
		steps := []struct {
			by     tonypi.Caller
			force  bool
			want   tonypi.Kind
			holder tonypi.Caller
		}{
			{olga, false, -1, olga},
			{bert, true, tonypi.Forbidden, olga},
			{root, true, -1, root},
			{olga, false, tonypi.Conflict, root},
			{root, false, -1, root},
		}
		for i, s := range steps {
			_, err := l.Take("r1", s.by, s.force)
			if s.want < 0 && err != nil || s.want >= 0 && tonypi.KindOf(err) != s.want || !l.Lease("r1", s.holder).Mine {
				t.Errorf("step %d: %v, held by %s", i, err, l.Lease("r1", olga).Holder)
			}
		}
		if err := l.Release("r1", root); err != nil {
			t.Fatal(err)
		}
		_, _ = l.Take("r1", olga, false)
		if got, err := l.Take("r1", phone, false); err != nil || !got.Mine || l.Lease("r1", olga).Mine {
			t.Errorf("a person's other device: %+v, %v", got, err)
		}
		_ = l.Release("r1", olga) // from either
		one, two := tonypi.Caller{Name: "anonymous", Session: "1"}, tonypi.Caller{Name: "anonymous", Session: "2"}
		_, _ = l.Take("r1", one, false)
		if _, err := l.Take("r1", two, false); tonypi.KindOf(err) != tonypi.Conflict || l.other("r1", two) == "" || l.other("r1", one) != "" {
			t.Errorf("two people without names: %v", err)
		}
		if a := w.notes.actions(); !slices.Contains(a, "ada lease.break r1") {
			t.Errorf("recorded %v", a)
		}
		l.Forget("r1")
		if got := l.Lease("r1", one); got.Holder != "" {
			t.Errorf("got %+v", got)
		}
	})
}

// Renewals come ten times a second; watchers need not hear of each.
func TestLeaseIsShownSeldom(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		_, _ = w.leases.Take("r1", olga, false)
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			if _, err := w.leases.Renew("r1", olga); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(w.notes.events()); n != 6 {
			t.Errorf("shown %d times in 10 s", n)
		}
	})
}
