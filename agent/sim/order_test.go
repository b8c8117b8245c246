package sim

import (
	"context"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

// grown is a body of this moment that has lived for a second.
func grown() *Body {
	b := New(Options{ID: "r", Seed: 1, Start: time.Now()})
	time.Sleep(time.Second)
	b.Advance(time.Now())
	return b
}

func TestOrders(t *testing.T) {
	long := strings.Repeat("é", maxSpoken+1)
	tests := []struct {
		kind   string
		params map[string]any
		text   string
		takes  time.Duration
		err    tonypi.Kind
	}{
		{kind: "turn", params: map[string]any{"angle": 64.0}, text: "Turned by 64 degrees", takes: 2 * time.Second},
		{kind: "turn", params: map[string]any{"angle": -32.0}, text: "Turned by -32 degrees", takes: time.Second},
		{kind: "turn", params: map[string]any{"angle": 361.0}, err: tonypi.Invalid},
		{kind: "turn", params: map[string]any{"angle": 0.0}, err: tonypi.Invalid},
		{kind: "turn", params: map[string]any{"angle": math.NaN()}, err: tonypi.Invalid},
		{kind: "stand_up", err: tonypi.Conflict},
		{kind: "speak", params: map[string]any{"text": "Hallo"}, text: "Said it", takes: 750 * time.Millisecond},
		{kind: "speak", err: tonypi.Invalid},
		{kind: "speak", params: map[string]any{"text": long}, err: tonypi.Invalid},
		{kind: "led", params: map[string]any{"color": "#12ab9F"}, text: "LED #12ab9F", takes: 50 * time.Millisecond},
		{kind: "led", params: map[string]any{"color": "off"}, text: "LED off", takes: 50 * time.Millisecond},
		{kind: "led", params: map[string]any{"color": "#12"}, err: tonypi.Invalid},
		{kind: "led", params: map[string]any{"color": "mauve"}, err: tonypi.Invalid},
		{kind: "buzzer", params: map[string]any{"frequency": 440.0, "duration_ms": 500.0, "repeat": 3.0}, text: "Beeped at 440 Hz", takes: 1500 * time.Millisecond},
		{kind: "buzzer", params: map[string]any{"frequency": 9.0}, err: tonypi.Invalid},
		{kind: "buzzer", params: map[string]any{"duration_ms": 6000.0}, err: tonypi.Invalid},
		{kind: "buzzer", params: map[string]any{"repeat": 1.5}, err: tonypi.Invalid},
		{kind: "led", params: map[string]any{"on": false, "color": "#ff0000"}, text: "LED off", takes: 50 * time.Millisecond},
		{kind: "stand", text: "Standing"},
		{kind: "action", params: map[string]any{"name": "wave", "steps": 3.0}, text: "Action wave completed", takes: 9500 * time.Millisecond},
		{kind: "action", params: map[string]any{"name": "wave", "steps": 0.5}, err: tonypi.Invalid},
		{kind: "action", params: map[string]any{"name": "dance", "steps": 20.0}, err: tonypi.Invalid},
		{kind: "set_servo", params: map[string]any{"servo_id": 8.0, "position": -45.0, "duration_ms": 2000.0}, text: "Servo 8 set to -45.0", takes: 2 * time.Second},
		{kind: "set_servo", params: map[string]any{"servo_id": 8.0, "duration_ms": 5.0}, err: tonypi.Invalid},
		{kind: "find", text: "It blinked, beeped and nodded", takes: 5 * time.Second},
		{kind: "find", params: map[string]any{"seconds": 31.0}, err: tonypi.Invalid},
		{kind: "action", params: map[string]any{"name": "dance"}, text: "Action dance completed", takes: 10 * time.Second},
		{kind: "reboot", text: "Robot rebooting"},
	}
	for _, tc := range tests {
		t.Run(tc.kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := grown()
				began := time.Now()
				text, err := b.Do(t.Context(), tc.kind, tc.params)
				if tc.err != tonypi.Internal && tonypi.KindOf(err) != tc.err || tc.err == tonypi.Internal && err != nil {
					t.Fatalf("error %v", err)
				}
				if took := time.Since(began); text != tc.text || (took-tc.takes).Abs() > time.Microsecond {
					t.Errorf("%q after %v, want %q after %v", text, took, tc.text, tc.takes)
				}
			})
		})
	}
}

func TestTurnTurnsAsFarAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := grown()
		before := b.trim.yaw
		if _, err := b.Do(t.Context(), "turn", map[string]any{"angle": -90.0}); err != nil {
			t.Fatal(err)
		}
		b.Advance(time.Now())
		if d := math.Remainder(b.trim.yaw-before, 360); math.Abs(d+90) > 4 {
			t.Errorf("turned by %.1f°", d)
		}
	})
}

// set_servo takes the time that it was given.
func TestServoMovesWithinItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := grown()
		from := b.servos.angle[15]
		go func() {
			_, _ = b.Do(t.Context(), "set_servo", map[string]any{"servo_id": 16.0, "position": from - 60, "duration_ms": 3000.0})
		}()
		for i, want := range []float64{20, 40, 60} {
			time.Sleep(time.Second)
			b.Advance(time.Now())
			if got := from - b.servos.angle[15]; math.Abs(got-want) > 3 {
				t.Errorf("after %d s it moved by %.1f°, want %.0f°", i+1, got, want)
			}
		}
	})
}

// The dance is a motion of ten seconds that a stop ends at once, between two frames.
func TestStopInTheMiddleOfADance(t *testing.T) {
	for _, profile := range []string{"hold", "sit", "limp"} {
		t.Run(profile, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := grown()
				if err := b.SetStopProfile(profile); err != nil {
					t.Fatal(err)
				}
				done := make(chan error)
				go func() {
					_, err := b.Do(t.Context(), "dance", nil)
					done <- err
				}()
				time.Sleep(5100 * time.Millisecond)
				b.Advance(time.Now())
				moving, began := b.servos.target, time.Now()
				if err := b.Stop("test"); err != nil {
					t.Fatal(err)
				}
				if err := <-done; tonypi.KindOf(err) != tonypi.Conflict || time.Since(began) != 0 {
					t.Errorf("after %v: %v", time.Since(began), err)
				}
				held := b.servos.angle
				torque := value(t, b.Servos(time.Now(), nil), tonypi.ServoTorque, "servo_3")
				time.Sleep(4 * time.Second)
				b.Advance(time.Now())
				bent := b.servos.angle[knee] - stand[knee]
				switch profile {
				case "hold":
					if b.servos.angle != held || torque != 1 {
						t.Errorf("it moved on from %v to %v, torque %v", held, b.servos.angle, torque)
					}
				default:
					if math.Abs(bent-78) > 6 || torque != word(profile == "sit") {
						t.Errorf("the knee is bent by %.1f°, torque %v (it was told %v)", bent, torque, moving[knee])
					}
				}
				if err := b.Drive(1, 0, 0, 1); tonypi.KindOf(err) != tonypi.Conflict {
					t.Errorf("a stopped robot is driven: %v", err)
				}
				if err := b.Resume(); err != nil {
					t.Fatal(err)
				}
				if err := b.Drive(1, 0, 0, 1); err != nil {
					t.Errorf("a resumed robot is not driven: %v", err)
				}
			})
		})
	}
}

func TestDriveMovesAndHaltStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := grown()
		b.place.x, b.place.y, b.trim.yaw = b.place.room.width/2, b.place.room.depth/2, 0
		x, y := b.place.x, b.place.y
		if err := b.Drive(1, 0, 0, 0.5); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if err := b.Drive(-1, 0, 0, 0.5); err != nil {
			t.Fatal(err)
		}
		if d := b.place.x - x; math.Abs(d-strideSpeed) > 0.01 {
			t.Errorf("2 s at half speed went %.3f m, want %.3f", d, strideSpeed)
		}
		time.Sleep(2 * time.Second)
		if err := b.Drive(0, 1, 0, 1); err != nil {
			t.Fatal(err)
		}
		if d := b.place.x - x; math.Abs(d) > 0.01 {
			t.Errorf("back again it is %.3f m off", d)
		}
		time.Sleep(time.Second)
		if err := b.Drive(0, 0, 1, 1); err != nil {
			t.Fatal(err)
		}
		if d := b.trim.yaw; math.Abs(d-turnSpeed) > 2 {
			t.Errorf("a second of turning left turned by %.1f°", d)
		}
		time.Sleep(time.Second)
		b.Halt()
		if math.Hypot(b.place.x-x, b.place.y-y) < 0.02 {
			t.Error("it did not step aside")
		}
		x, y = b.place.x, b.place.y
		time.Sleep(2 * time.Second)
		b.Advance(time.Now())
		if b.place.x != x || b.place.y != y || b.Posture(time.Now()) != "standing" {
			t.Errorf("after Halt it went on from %.3f, %.3f to %.3f, %.3f", x, y, b.place.x, b.place.y)
		}
	})
}

func TestDriveIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := grown()
		go func() { _, _ = b.Do(context.Background(), "bow", nil) }()
		synctest.Wait()
		if err := b.Drive(1, 0, 0, 1); tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "bow") {
			t.Errorf("while it bows: %v", err)
		}
		time.Sleep(5 * time.Second)
		if err := b.Drive(1, 0, 0, 1); err != nil {
			t.Errorf("after the bow: %v", err)
		}
		if _, err := b.Do(t.Context(), "wave", nil); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("waves while it is driven: %v", err)
		}
		if _, err := b.Do(t.Context(), "speak", map[string]any{"text": "hi"}); err != nil {
			t.Errorf("does not speak while it is driven: %v", err)
		}
		b.mu.Lock()
		b.trip()
		b.mu.Unlock()
		time.Sleep(2 * time.Second)
		if err := b.Drive(1, 0, 0, 1); tonypi.KindOf(err) != tonypi.Conflict || !strings.Contains(err.Error(), "fallen") {
			t.Errorf("while it lies: %v", err)
		}
		said, err := b.Do(t.Context(), "stand_up", nil)
		if p := b.Posture(time.Now()); err != nil || p != "standing" {
			t.Errorf("%q, %v: it is %s", said, err, p)
		}
		if err := b.Drive(1, 0, 0, 1); err != nil {
			t.Errorf("on its feet: %v", err)
		}
	})
}

func TestRebootComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := grown()
		if _, err := b.Do(t.Context(), "reboot", nil); err != nil {
			t.Fatal(err)
		}
		var dark time.Duration
		for range 200 {
			time.Sleep(100 * time.Millisecond)
			if len(b.Health(time.Now(), nil)) == 0 {
				dark += 100 * time.Millisecond
				if b.Reaches() {
					t.Fatal("it has no power and still a link")
				}
			}
		}
		if dark < 7*time.Second || dark > 9*time.Second || !b.Reaches() {
			t.Errorf("it was dark for %v, link %v", dark, b.Reaches())
		}
		if up := value(t, b.Health(time.Now(), nil), tonypi.Uptime, ""); up > 30 {
			t.Errorf("uptime %v s after a reboot", up)
		}
	})
}
