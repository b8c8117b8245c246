package command

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"tonypi"
	"tonypi/wire"
)

func ahead(seq uint64) tonypi.Drive {
	return tonypi.Drive{Robot: "r1", Forward: 1, Speed: 0.5, Seq: seq, Sent: time.Now().UnixMilli()}
}

func TestDrive(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		for i := range uint64(20) {
			if err := w.Drive(t.Context(), olga, ahead(i+1)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		sent := w.broker.on(wire.DriveTopic("r1"))
		if len(sent) != 20 || sent[0].QoS != 0 || sent[0].Retain {
			t.Fatalf("published %d", len(sent))
		}
		if d, err := wire.DecodeDrive(sent[4].Topic, sent[4].Payload); err != nil || d.Seq != 5 || d.Forward != 1 || d.Robot != "r1" {
			t.Errorf("got %+v, %v", d, err)
		}
		if got := w.leases.Lease("r1", olga); !got.Mine {
			t.Errorf("the lease is %+v", got)
		}
		w.LetGo(olga)
		sent = w.broker.on(wire.DriveTopic("r1"))
		if d, err := wire.DecodeDrive(sent[20].Topic, sent[20].Payload); err != nil || d.Seq != 21 || d.Forward != 0 || d.Speed != 0 || d.Sent == 0 {
			t.Errorf("the last beat is %+v, %v", d, err)
		}
		if got := w.leases.Lease("r1", olga); got.Holder != "" {
			t.Errorf("the lease is %+v", got)
		}
		w.LetGo(olga)
		if len(w.broker.on(wire.DriveTopic("r1"))) != 21 {
			t.Error("let go twice")
		}
	})
}

func TestDriveRefused(t *testing.T) {
	beat := func(edit func(*tonypi.Drive)) func() tonypi.Drive {
		return func() tonypi.Drive {
			d := ahead(1)
			edit(&d)
			return d
		}
	}
	viewer := tonypi.Caller{Name: "vera", Role: tonypi.Viewer}
	tests := map[string]struct {
		beat   func() tonypi.Drive
		by     tonypi.Caller
		before func(w *world)
		want   tonypi.Kind
	}{
		"viewer":          {by: viewer, want: tonypi.Forbidden},
		"nobody":          {by: tonypi.Caller{Name: "x"}, want: tonypi.Forbidden},
		"NaN":             {beat: beat(func(d *tonypi.Drive) { d.Turn = math.NaN() }), want: tonypi.Invalid},
		"infinite":        {beat: beat(func(d *tonypi.Drive) { d.Strafe = math.Inf(-1) }), want: tonypi.Invalid},
		"too far":         {beat: beat(func(d *tonypi.Drive) { d.Forward = 1.01 }), want: tonypi.Invalid},
		"negative speed":  {beat: beat(func(d *tonypi.Drive) { d.Speed = -0.1 }), want: tonypi.Invalid},
		"NaN speed":       {beat: beat(func(d *tonypi.Drive) { d.Speed = math.NaN() }), want: tonypi.Invalid},
		"stale":           {beat: beat(func(d *tonypi.Drive) { d.Sent -= 301 }), want: tonypi.Unavailable},
		"from the future": {beat: beat(func(d *tonypi.Drive) { d.Sent += 2000 }), want: tonypi.Invalid},
		"without a time":  {beat: beat(func(d *tonypi.Drive) { d.Sent = 0 }), want: tonypi.Invalid},
		"unknown robot":   {beat: beat(func(d *tonypi.Drive) { d.Robot = "x" }), want: tonypi.NotFound},
		"offline":         {beat: beat(func(d *tonypi.Drive) { d.Robot = "r3" }), want: tonypi.Unavailable},
		"stopped":         {before: func(w *world) { w.fleet.change("r1", true, func(r *tonypi.Robot) { r.Stopped = true }) }, want: tonypi.Conflict},
		"stop on its way": {before: func(w *world) { w.Dispatcher.Stop(w.t.Context(), stopOne("r1")) }, want: tonypi.Conflict},
		"original client": {before: func(w *world) { w.fleet.change("r1", true, func(r *tonypi.Robot) { r.Agent = "" }) }, want: tonypi.Conflict},
		"held by another": {before: func(w *world) { w.leases.Take("r1", bert, false) }, want: tonypi.Conflict},
		"held elsewhere": {before: func(w *world) {
			phone := olga
			phone.Session = "phone"
			w.leases.Take("r1", phone, false)
		}, want: tonypi.Conflict},
		"broker down": {before: func(w *world) { w.broker.set(errors.New("down"), false) }, want: tonypi.Unavailable},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				if test.before != nil {
					test.before(w)
				}
				if test.beat == nil {
					test.beat = func() tonypi.Drive { return ahead(1) }
				}
				by := test.by
				if by.Name == "" {
					by = olga
				}
				d := test.beat()
				err := w.Drive(t.Context(), by, d)
				if err == nil || tonypi.KindOf(err) != test.want {
					t.Errorf("got %v (%v)", err, tonypi.KindOf(err))
				}
				if len(w.broker.on(wire.DriveTopic(d.Robot))) != 0 {
					t.Error("it was published")
				}
			})
		})
	}
}

func TestDriveRate(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		passed := 0
		for i := range uint64(1000) {
			switch err := w.Drive(t.Context(), olga, ahead(i)); tonypi.KindOf(err) {
			case tonypi.TooMany:
			default:
				if err != nil {
					t.Fatal(err)
				}
				passed++
			}
			time.Sleep(5 * time.Millisecond)
		}
		if passed < 250 || passed > 262 {
			t.Errorf("%d beats passed in 5 s", passed)
		}
	})
}

// Letting go leaves alone what somebody else drives by now.
func TestLetGoOfWhatAnotherDrives(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		if err := w.Drive(t.Context(), olga, ahead(1)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.leases.Take("r1", root, true); err != nil {
			t.Fatal(err)
		}
		w.LetGo(olga)
		if len(w.broker.on(wire.DriveTopic("r1"))) != 1 || !w.leases.Lease("r1", root).Mine {
			t.Error("let go of another's robot")
		}
		if a := w.notes.actions(); !slices.Equal(a, []string{"olga lease.take r1", "ada lease.break r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}
