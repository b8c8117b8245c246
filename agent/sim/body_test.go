package sim

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

var birth = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func body(s Scenario) *Body { return New(Options{ID: "tonypi_01", Seed: 7, Scenario: s, Start: birth}) }

// everything reads all that a body feels at a time.
func everything(b *Body, at time.Time) []tonypi.Reading {
	r := b.Sensors(at, nil)
	r = b.Servos(at, r)
	r = b.Battery(at, r)
	r = b.Location(at, r)
	return b.Health(at, r)
}

// value finds one reading.
func value(t *testing.T, readings []tonypi.Reading, m tonypi.Metric, source string) float64 {
	t.Helper()
	for _, r := range readings {
		if r.Metric == m && r.Source == source {
			return r.Value
		}
	}
	t.Fatalf("no reading of %s %q", m, source)
	return 0
}

func TestEqualSeedsGiveEqualLives(t *testing.T) {
	a, b := body(Faller), body(Faller)
	for i := range 120 {
		at := birth.Add(time.Duration(i) * 700 * time.Millisecond)
		if d := cmp.Diff(everything(a, at), everything(b, at)); d != "" {
			t.Fatalf("after %d reads: %s", i, d)
		}
	}
	other := New(Options{ID: "tonypi_02", Seed: 7, Scenario: Faller, Start: birth})
	if cmp.Equal(everything(a, birth.Add(time.Hour)), everything(other, birth.Add(time.Hour))) {
		t.Error("another robot lives the same life")
	}
}

func TestLifeDoesNotDependOnHowOftenItIsRead(t *testing.T) {
	often, once := body(Steady), body(Steady)
	for i := range 2000 {
		often.Sensors(birth.Add(time.Duration(i)*20*time.Millisecond), nil)
	}
	once.Advance(birth.Add(1999 * 20 * time.Millisecond))
	if often.servos != once.servos || often.trim != once.trim || often.battery != once.battery || often.place != once.place {
		t.Error("the body that was read often lived another life")
	}
}

// TestValuesStayWithinReason lives ten minutes of every part and looks at every value.
func TestValuesStayWithinReason(t *testing.T) {
	limits := map[tonypi.Metric][2]float64{
		tonypi.Acceleration: {-45, 45}, tonypi.AngularRate: {-400, 400}, tonypi.Orientation: {-180, 180},
		tonypi.Distance: {2, 450}, tonypi.LightLevel: {0, 100}, tonypi.LightDark: {0, 1}, tonypi.Touch: {0, 1},
		tonypi.ServoPosition: {-185, 185}, tonypi.ServoTarget: {-185, 185}, tonypi.ServoTemperature: {24, 80},
		tonypi.ServoVoltage: {8.5, 12.7}, tonypi.ServoTorque: {0, 1}, tonypi.ServoErrors: {0, 500},
		tonypi.BatteryPercent: {8, 100}, tonypi.BatteryVoltage: {9, 12.7}, tonypi.BatteryCharging: {0, 1}, tonypi.BatteryMinutes: {0, 150},
		tonypi.CPUPercent: {1, 100}, tonypi.MemoryPercent: {20, 80}, tonypi.DiskPercent: {20, 70}, tonypi.CPUTemperature: {20, 88},
		tonypi.Uptime: {0, 91000}, tonypi.Throttled: {0, 1}, tonypi.WifiSignal: {-92, -28}, tonypi.NetworkRTT: {0.8, 900}, tonypi.Location: {0, 8},
	}
	for s := range scenarios {
		t.Run(s.String(), func(t *testing.T) {
			b := body(s)
			for i := range 1200 {
				for _, r := range everything(b, birth.Add(time.Duration(i)*500*time.Millisecond)) {
					l, ok := limits[r.Metric]
					if !ok || math.IsNaN(r.Value) || r.Value < l[0] || r.Value > l[1] {
						t.Fatalf("after %d reads %s %s is %v, want %v", i, r.Metric, r.Source, r.Value, l)
					}
					if j, ok := jointOf(r.Source); ok && r.Metric == tonypi.ServoTarget && (r.Value < joints[j].least-1 || r.Value > joints[j].most+1) {
						t.Fatalf("target of %s is %v", joints[j].name, r.Value)
					}
				}
			}
		})
	}
}

func jointOf(source string) (int, bool) {
	for i := range joints {
		if joints[i].source == source {
			return i, true
		}
	}
	return 0, false
}

func TestStandingFeelsGravity(t *testing.T) {
	b := body(Steady)
	if err := b.Stop("hold still"); err != nil {
		t.Fatal(err)
	}
	var force, rates []float64
	for i := range 100 {
		r := b.Sensors(birth.Add(3*time.Second+time.Duration(i)*20*time.Millisecond), nil)
		x, y, z := value(t, r, tonypi.Acceleration, "accelerometer_x"), value(t, r, tonypi.Acceleration, "accelerometer_y"), value(t, r, tonypi.Acceleration, "accelerometer_z")
		force = append(force, math.Sqrt(x*x+y*y+z*z))
		rates = append(rates, value(t, r, tonypi.AngularRate, "gyroscope_y"))
	}
	mean, _ := spread(force)
	if math.Abs(mean-9.81) > 0.1 {
		t.Errorf("a standing robot feels %.2f m/s²", mean)
	}
	if _, sigma := spread(rates); sigma > 0.75 {
		t.Errorf("a standing robot turns with σ %.2f °/s", sigma)
	}
}

func spread(v []float64) (mean, sigma float64) {
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		sigma += (x - mean) * (x - mean) / float64(len(v))
	}
	return mean, math.Sqrt(sigma)
}

// TestGyroscopeIntegratesToOrientation adds up the rates over a fall and a recovery and a walk and compares with the angles.
func TestGyroscopeIntegratesToOrientation(t *testing.T) {
	b := body(Faller)
	var pitch, roll, yaw float64
	started := false
	for i := range 60 * 50 {
		r := b.Sensors(birth.Add(time.Duration(i+1)*20*time.Millisecond), nil)
		p, ro, y := value(t, r, tonypi.Orientation, "pitch"), value(t, r, tonypi.Orientation, "roll"), value(t, r, tonypi.Orientation, "yaw")
		if !started || math.Abs(p) > 30 || math.Abs(ro) > 30 { // near ±90° Euler angles are no measure
			pitch, roll, yaw, started = p, ro, y, true
			continue
		}
		gx, gy, gz := value(t, r, tonypi.AngularRate, "gyroscope_x"), value(t, r, tonypi.AngularRate, "gyroscope_y"), value(t, r, tonypi.AngularRate, "gyroscope_z")
		sr, cr := math.Sincos(ro * rad)
		sp, cp := math.Sincos(p * rad)
		pitch += (gy*cr - gz*sr) * step
		dy := (gy*sr + gz*cr) / cp
		yaw += dy * step
		roll += (gx + dy*sp) * step
		if math.Abs(pitch-p) > 1.5 || math.Abs(roll-ro) > 1.5 || math.Abs(math.Remainder(yaw-y, 360)) > 1.5 {
			t.Fatalf("after %d steps integrated %.1f %.1f %.1f, told %.1f %.1f %.1f", i, roll, pitch, yaw, ro, p, y)
		}
	}
}

func TestKneeHeatsAtWorkAndCoolsAtRest(t *testing.T) {
	b := body(HotKnee)
	hottest, rested := 0.0, math.Inf(1)
	var at70, firstAt50 time.Duration
	for i := range 900 {
		r := b.Servos(birth.Add(time.Duration(i)*time.Second), nil)
		heat := value(t, r, tonypi.ServoTemperature, "servo_3")
		if heat >= 50 && firstAt50 == 0 {
			firstAt50 = time.Duration(i) * time.Second
		}
		if heat >= 70 && at70 == 0 {
			at70 = time.Duration(i) * time.Second
		}
		hottest = max(hottest, heat)
		if at70 != 0 {
			rested = min(rested, heat)
		}
		if other := value(t, r, tonypi.ServoTemperature, "servo_11"); other > 58 {
			t.Fatalf("the sound knee is at %v °C", other)
		}
	}
	if firstAt50 == 0 || firstAt50 > 35*time.Second {
		t.Errorf("50 °C reached after %v, want within 35 s", firstAt50)
	}
	if at70 < 40*time.Second || at70 > 5*time.Minute {
		t.Errorf("70 °C reached after %v, want some minutes", at70)
	}
	if hottest > 80 || rested > 56 {
		t.Errorf("hottest %v °C, rested to %v °C", hottest, rested)
	}
}

func TestHealthyServosKeepTheirTemperatures(t *testing.T) {
	warm, readings := 0, 0
	for n := range 12 {
		b := New(Options{ID: tonypi.RobotID(rune('a' + n)), Seed: 3, Start: birth})
		for i := range 60 {
			for _, r := range b.Servos(birth.Add(time.Duration(i)*10*time.Second), nil) {
				if r.Metric != tonypi.ServoTemperature {
					continue
				}
				readings++
				if r.Value >= 50 {
					warm++
				}
				if r.Value < 27 || r.Value > 55 {
					t.Fatalf("%s of a healthy robot is at %v °C", r.Source, r.Value)
				}
			}
		}
	}
	if warm*50 > readings {
		t.Errorf("%d of %d healthy servos' readings are at 50 °C or above", warm, readings)
	}
}

func TestBatteryFallsUntilTheDock(t *testing.T) {
	for _, s := range []Scenario{Steady, LowBattery} {
		b := body(s)
		last, charged, docked := 101.0, false, false
		for i := range 600 {
			r := b.Battery(birth.Add(time.Duration(i)*time.Second), nil)
			percent, charging := value(t, r, tonypi.BatteryPercent, ""), value(t, r, tonypi.BatteryCharging, "") == 1
			switch {
			case charging:
				docked = true
				charged = charged || percent > 50
			case !docked && percent > last:
				t.Fatalf("%v: charge rose from %v to %v off the dock", s, last, percent)
			}
			last = percent
		}
		if low := s == LowBattery; docked != low || charged != low {
			t.Errorf("%v: docked %v, charged %v", s, docked, charged)
		}
	}
}

func TestAFullBatteryLastsAboutAnHourOfWalking(t *testing.T) {
	b := body(Steady)
	b.battery.percent, b.battery.capacity = 100, 2
	var load float64
	for i := range 60 * 50 {
		b.act, b.place.x, b.place.y = act{kind: walking, stride: 1, until: 1e6, since: 1}, 2, 2
		b.Advance(birth.Add(time.Duration(i) * 20 * time.Millisecond))
		load += b.battery.amps / (60 * 50)
	}
	if minutes := 2 / load * 60; minutes < 48 || minutes > 75 {
		t.Errorf("a full battery lasts %.0f minutes at %.2f A", minutes, load)
	}
}

func TestVoltsAndPercentAgreeWithTheTable(t *testing.T) {
	for _, c := range curve {
		if v := openVolts(c.percent); math.Abs(v-c.volts) > 1e-9 {
			t.Errorf("%v %% is %v V, want %v", c.percent, v, c.volts)
		}
	}
	for p := 0.0; p < 100; p++ {
		if openVolts(p+1) <= openVolts(p) {
			t.Errorf("the curve does not rise at %v %%", p)
		}
	}
}

func TestFallIsSeenFeltAndTold(t *testing.T) {
	b := body(Faller)
	var u tonypi.Update
	postures := map[string]bool{}
	peak := 0.0
	var fell time.Duration
	for i := range 10 * 90 {
		at := birth.Add(time.Duration(i) * 100 * time.Millisecond)
		p := b.Posture(at)
		if postures[p] = true; fell == 0 && (p == "fallen_front" || p == "fallen_back" || p == "fallen_side") {
			fell = at.Sub(birth)
		}
		r := b.Sensors(at, nil)
		peak = max(peak, math.Abs(value(t, r, tonypi.Acceleration, "accelerometer_z")))
		b.Events(at, &u)
	}
	if fell == 0 || fell > 45*time.Second {
		t.Errorf("fell after %v, want within 45 s", fell)
	}
	if !postures["walking"] || !postures["standing"] || peak < 18 {
		t.Errorf("postures %v, peak %.1f m/s²", postures, peak)
	}
	want := map[string]bool{"Standing up": false, "Back on its feet": false}
	for _, l := range u.Logs {
		if _, ok := want[l.Message]; ok {
			want[l.Message] = true
		}
	}
	for m, seen := range want {
		if !seen {
			t.Errorf("log %q is missing in %v", m, u.Logs)
		}
	}
}

func TestLinkDropsAndPowerGoes(t *testing.T) {
	for _, tc := range []struct {
		scenario  Scenario
		least     time.Duration
		most      time.Duration
		feelsThen bool
	}{{BadWifi, 5 * time.Second, 31 * time.Second, true}, {Dying, 60 * time.Second, 121 * time.Second, false}} {
		b := body(tc.scenario)
		var downAt, upAt time.Duration
		for i := range 200 * 5 {
			at := time.Duration(i) * 200 * time.Millisecond
			felt := len(b.Battery(birth.Add(at), nil)) > 0
			switch up := b.Reaches(); {
			case !up && downAt == 0:
				downAt = at
			case up && downAt != 0 && upAt == 0:
				upAt = at
			}
			if felt != (b.Reaches() || tc.feelsThen) {
				t.Fatalf("%v: at %v felt %v, reaches %v", tc.scenario, at, felt, b.Reaches())
			}
		}
		if downAt == 0 || downAt > 30*time.Second || upAt-downAt < tc.least || upAt-downAt > tc.most {
			t.Errorf("%v: down at %v, up at %v", tc.scenario, downAt, upAt)
		}
	}
}

func TestBusyPiThrottles(t *testing.T) {
	b := body(HighCPU)
	throttled, peak := false, 0.0
	for i := range 150 {
		r := b.Health(birth.Add(time.Duration(i)*time.Second), nil)
		throttled = throttled || value(t, r, tonypi.Throttled, "") == 1
		peak = max(peak, value(t, r, tonypi.CPUPercent, ""))
	}
	if !throttled || peak < 90 {
		t.Errorf("throttled %v, CPU peak %.0f %%", throttled, peak)
	}
}

func TestJobRunsToItsEnd(t *testing.T) {
	b := body(WornServo)
	var last tonypi.JobProgress
	scans, done := 0, -1
	for i := range 400 {
		var u tonypi.Update
		b.Events(birth.Add(time.Duration(i)*time.Second), &u)
		scans += len(u.Scans)
		if u.Job == nil {
			continue
		}
		if u.Job.ItemsDone < done || u.Job.ItemsDone > u.Job.ItemsTotal {
			t.Fatalf("items %d after %d of %d", u.Job.ItemsDone, done, u.Job.ItemsTotal)
		}
		done, last = u.Job.ItemsDone, *u.Job
		if last.Status != "active" {
			break
		}
	}
	if last.Status != "completed" || last.Percent != 100 || last.Success == nil || !*last.Success || scans != last.ItemsTotal {
		t.Errorf("job ended as %+v with %d scans", last, scans)
	}
}

func TestRobotStaysInItsRoomAndGoesWhereItLooks(t *testing.T) {
	b := body(HotKnee)
	var moved float64
	x, y := b.place.x, b.place.y
	for i := range 600 {
		b.Advance(birth.Add(time.Duration(i) * time.Second))
		d := math.Hypot(b.place.x-x, b.place.y-y)
		if d > strideSpeed*1.2 {
			t.Fatalf("jumped %.2f m in a second", d)
		}
		moved += d
		x, y = b.place.x, b.place.y
		if x < 0 || y < 0 || x > b.place.room.width || y > b.place.room.depth {
			t.Fatalf("left its room: %v %v", x, y)
		}
	}
	if moved < 3 {
		t.Errorf("walked only %.1f m in ten minutes", moved)
	}
}

func TestStopHoldsThePose(t *testing.T) {
	b := body(HotKnee)
	b.change(act{kind: walking, stride: 1, until: 20})
	b.Step(2300 * time.Millisecond)
	if err := b.Stop("test"); err != nil {
		t.Fatal(err)
	}
	held := b.servos.angle
	for range 40 {
		b.Step(500 * time.Millisecond)
		for i, a := range b.servos.angle {
			if math.Abs(a-held[i]) > 0.5 {
				t.Fatalf("%s moved from %.1f to %.1f while stopped", joints[i].name, held[i], a)
			}
		}
	}
	if _, err := b.Do(context.Background(), "wave", nil); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("a stopped robot waves: %v", err)
	}
	if err := b.Resume(); err != nil {
		t.Fatal(err)
	}
	b.Step(30 * time.Second)
	if b.servos.angle == held {
		t.Error("a resumed robot does not move")
	}
}

func TestStopInterruptsACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{ID: "r", Seed: 1, Start: time.Now()})
		done := make(chan error)
		go func() {
			_, err := b.Do(t.Context(), "bow", nil)
			done <- err
		}()
		time.Sleep(time.Second)
		began := time.Now()
		if err := b.Stop("test"); err != nil {
			t.Fatal(err)
		}
		if err := <-done; tonypi.KindOf(err) != tonypi.Conflict || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestDo(t *testing.T) {
	tests := []struct {
		kind   string
		params map[string]any
		text   string
		takes  time.Duration
		err    tonypi.Kind
	}{
		{kind: "wave", text: "Action wave completed", takes: 3300 * time.Millisecond},
		{kind: "action", params: map[string]any{"name": "bow"}, text: "Action bow completed", takes: 4200 * time.Millisecond},
		{kind: "action", err: tonypi.Invalid},
		{kind: "fly", err: tonypi.Invalid},
		{kind: "head_nod", text: "Action head_nod completed", takes: 1200 * time.Millisecond},
		{kind: "move", params: map[string]any{"direction": "forward", "distance": 2.0}, text: "Moved forward for 2 units", takes: 6 * time.Second},
		{kind: "move", params: map[string]any{"direction": "bow"}, text: "Action bow completed", takes: 4200 * time.Millisecond},
		{kind: "move", params: map[string]any{"direction": "up"}, err: tonypi.Invalid},
		{kind: "move", params: map[string]any{"distance": -1.0}, err: tonypi.Invalid},
		{kind: "set_servo", params: map[string]any{"servo_id": 8.0, "position": -45.0}, text: "Servo 8 set to -45.0", takes: 400 * time.Millisecond},
		{kind: "set_servo", params: map[string]any{"servo_id": 19.0}, err: tonypi.Invalid},
		{kind: "head", params: map[string]any{"tilt": 5.0, "pan": 99.0}, text: "Head at tilt 5°, pan 45°", takes: 300 * time.Millisecond},
		{kind: "start_job", params: map[string]any{"items_total": 3.0}, text: "Job started"},
		{kind: "stop_job", err: tonypi.Conflict},
		{kind: "stop", text: "Robot stopped successfully"},
	}
	for _, tc := range tests {
		t.Run(tc.kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := New(Options{ID: "r", Seed: 1, Start: time.Now()})
				began := time.Now()
				text, err := b.Do(t.Context(), tc.kind, tc.params)
				if tc.err != tonypi.Internal && tonypi.KindOf(err) != tc.err || tc.err == tonypi.Internal && err != nil {
					t.Fatalf("error %v", err)
				}
				if text != tc.text || time.Since(began) != tc.takes {
					t.Errorf("%q after %v, want %q after %v", text, time.Since(began), tc.text, tc.takes)
				}
			})
		})
	}
}

func TestSetServoMovesTheJoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{ID: "r", Seed: 1, Start: time.Now()})
		if _, err := b.Do(t.Context(), "set_servo", map[string]any{"servo_id": 16.0, "position": -60.0}); err != nil {
			t.Fatal(err)
		}
		b.Step(time.Second)
		if got := b.servos.angle[15]; math.Abs(got+60) > 1 {
			t.Errorf("joint is at %.1f°", got)
		}
		b.Step(12 * time.Second)
		if got := b.servos.angle[15]; math.Abs(got+60) < 1 {
			t.Error("the joint never went back")
		}
	})
}

func TestFleetIsDiverse(t *testing.T) {
	var count [scenarios]int
	for i := range 1000 {
		count[ScenarioOf(i)]++
	}
	for s, n := range count {
		if n == 0 {
			t.Errorf("nobody plays %v", Scenario(s))
		}
	}
	if count[Steady] < 700 {
		t.Errorf("only %d of 1000 are healthy", count[Steady])
	}
	fleet := Fleet(100, 1, birth)
	if first, last := fleet[0].ID(), fleet[99].ID(); first != "tonypi_001" || last != "tonypi_100" || fleet[1].Scenario() != HotKnee {
		t.Errorf("fleet from %s to %s, the second plays %v", first, last, fleet[1].Scenario())
	}
}

// BenchmarkSecond is the cost of one robot-second at the demo's rates: sensors, servos and location at 1 Hz, the rest
// every 5 s.
func BenchmarkSecond(b *testing.B) {
	var bodies []*Body
	for i := range 100 {
		bodies = append(bodies, New(Options{ID: tonypi.RobotID(rune('a' + i)), Seed: 1, Scenario: ScenarioOf(i), Start: birth}))
	}
	buf := make([]tonypi.Reading, 0, 256)
	var u tonypi.Update
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		r, at := bodies[n%100], birth.Add(time.Duration(n/100)*time.Second)
		n++
		buf = r.Sensors(at, buf[:0])
		buf = r.Servos(at, buf)
		buf = r.Location(at, buf)
		r.Posture(at)
		u.Logs, u.Scans = u.Logs[:0], u.Scans[:0]
		r.Events(at, &u)
		if n/100%5 == 0 {
			buf = r.Battery(at, buf)
			buf = r.Health(at, buf)
		}
	}
}

// TestDialFollowsTheLink connects over the body's Wi-Fi, takes it away and gives it back.
func TestDialFollowsTheLink(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // ends when the robot's side is cut
			}()
		}
	}()
	b := body(Dying)
	c, err := b.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	b.Advance(birth.Add(40 * time.Second))
	if b.Reaches() {
		t.Fatal("the robot is still there")
	}
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection was not cut: %v", err)
	}
	if _, err := b.Dial(t.Context(), "tcp", l.Addr().String()); !errors.Is(err, errNoLink) {
		t.Errorf("dialled without a link: %v", err)
	}
	for i := range 200 {
		b.Advance(birth.Add(time.Duration(40+i) * time.Second))
	}
	again, err := b.Dial(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatalf("the robot never came back: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if n := len(b.link.conns); n != 0 {
		t.Errorf("%d connections are remembered", n)
	}
}
