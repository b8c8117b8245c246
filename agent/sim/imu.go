package sim

import "math"

const (
	gravity = 9.81 // m/s²
	rad     = math.Pi / 180
)

// attitude is how the torso lies in the room. Angles are degrees: roll to the right, pitch forward, yaw to the left;
// rates are degrees per second about the body's own axes (x forward, y left, z up).
type attitude struct {
	roll, pitch, yaw float64
	rate             [3]float64
	push             [3]float64 // acceleration beside gravity, m/s², body axes
	rock             float64    // m/s², what is left of an impact
	rockPhase        float64
}

// turn moves to new angles within one step and notes the rates that a gyroscope would have seen.
func (a *attitude) turn(roll, pitch, yaw float64) {
	dr, dp, dy := (roll-a.roll)/step, (pitch-a.pitch)/step, (yaw-a.yaw)/step
	a.roll, a.pitch, a.yaw = roll, pitch, yaw
	if dr == 0 && dp == 0 && dy == 0 {
		a.rate = [3]float64{}
		return
	}
	sr, cr := math.Sincos(roll * rad)
	sp, cp := math.Sincos(pitch * rad)
	a.rate[0] = dr - dy*sp
	a.rate[1] = dp*cr + dy*cp*sr
	a.rate[2] = -dp*sr + dy*cp*cr
}

// force returns what an accelerometer feels: gravity as the attitude shows it, and every push.
func (a *attitude) force() (x, y, z float64) {
	sr, cr := math.Sincos(a.roll * rad)
	sp, cp := math.Sincos(a.pitch * rad)
	shock := a.rock * math.Cos(a.rockPhase)
	x = -gravity*sp + a.push[0] + 0.35*shock
	y = gravity*cp*sr + a.push[1] + 0.2*shock
	z = gravity*cp*cr + a.push[2] + 0.9*shock
	return x, y, z
}

// shake lets the rest of an impact die down during one step.
func (a *attitude) shake() {
	if a.rock == 0 {
		return
	}
	a.rock *= 1 - step/0.6
	a.rockPhase += 2 * math.Pi * 4 * step
	if math.Abs(a.rock) < 0.05 {
		a.rock = 0
	}
}

// balance is whether the body is on its feet, and how it gets off them and back.
type balance struct {
	stage  stage
	since  float64 // seconds since the stage began
	toward float64 // +1 forward or right, −1 backward or left
	aside  bool    // it falls sideways
	from   [2]float64
}

type stage uint8

const (
	upright stage = iota
	tipping
	lying
	rising
)

const (
	tipTime  = 0.75 // seconds from losing balance to the floor
	riseTime = 5.2
)

// angles returns roll and pitch while the body is not upright.
func (b *balance) angles() (roll, pitch float64) {
	var lie float64 // share of the way from standing to lying
	switch b.stage {
	case tipping:
		u := b.since / tipTime
		lie = math.Min(1, u*u*(0.4+0.6*u))
	case lying:
		// It bounces once.
		lie = 1 - 0.07*math.Exp(-b.since/0.18)*math.Abs(math.Sin(b.since*12))
	case rising:
		lie = 1 - smooth((b.since-0.8)/(riseTime-1.4))
	}
	if b.aside {
		return b.from[0]*(1-lie) + 88*b.toward*lie, b.from[1] * (1 - lie)
	}
	return b.from[0] * (1 - lie), b.from[1]*(1-lie) + 89*b.toward*lie
}

// posture names what the attitude is called.
func (b *balance) posture() string {
	switch {
	case b.aside:
		return "fallen_side"
	case b.toward > 0:
		return "fallen_front"
	}
	return "fallen_back"
}
