package sim

import "math"

// act is what the body is doing with its joints.
type act struct {
	kind     kind
	name     string
	frames   []frame // of a gesture
	since    float64 // seconds since it began
	until    float64 // seconds that it lasts
	stride   float64 // of walking: 1 forward, −1 backward
	sideways float64 // 1 left, −1 right
	turn     float64 // degrees per second to the left
	ordered  bool    // a command asked for it
	posed    bool    // the pose is the one that set_servo left: it stays
	driven   bool    // somebody drives
}

type kind uint8

const (
	standing kind = iota
	walking
	turning
	gesturing
	sitting // also on the dock
)

// change begins another act and blends into it from where the joints are told to be now.
func (b *Body) change(a act) {
	b.blend = b.servos.target
	b.act = a
	b.servos.settled = false
}

const blendTime = 0.5

// pursue sets every joint's target for this step and begins the next act when this one is over.
func (b *Body) pursue() {
	if b.balance.stage != upright {
		b.flail()
		return
	}
	if b.stopped {
		b.sink()
		return
	}
	if b.act.since >= b.act.until {
		b.choose()
	}
	b.act.since += step
	if !b.act.still() {
		b.servos.settled = false
		b.strike()
	}
	b.climb()
	b.lookAbout()
}

// ramp moves one joint to an angle within a time.
type ramp struct {
	joint    int
	from, to float64
	begun    float64
	took     float64 // seconds; 0: there is none
}

// climb carries a ramp on while the pose of set_servo lasts.
func (b *Body) climb() {
	r := &b.ramp
	if r.took == 0 || !b.act.posed {
		r.took = 0
		return
	}
	u := min((b.now-r.begun)/r.took, 1)
	b.servos.target[r.joint], b.servos.settled = r.from+(r.to-r.from)*u, false
	if u == 1 {
		r.took = 0
	}
}

// sink moves a body on that sits down or goes limp because it was stopped. One that holds its pose does not move.
func (b *Body) sink() {
	if b.act.kind != sitting || b.act.still() {
		return
	}
	b.act.since += step
	b.servos.settled = false
	b.strike()
}

// still reports whether the act's pose changes no more.
func (a *act) still() bool {
	switch {
	case a.posed:
		return true
	case a.kind == walking || a.kind == turning:
		return false
	case a.kind == gesturing:
		return false
	case len(a.frames) > 0:
		return a.since > max(length(a.frames), blendTime)+2*step
	}
	return a.since > blendTime+2*step
}

// strike writes the act's pose of this moment.
func (b *Body) strike() {
	switch b.act.kind {
	case walking, turning:
		b.phase += 2 * math.Pi / gaitPeriod * step
		if b.phase > 2*math.Pi {
			b.phase -= 2 * math.Pi
		}
		walk(b.phase, b.act.stride, &b.servos.target)
	case gesturing: // perhaps several times
		play(b.act.frames, math.Mod(b.act.since, length(b.act.frames)), &b.servos.target)
	case sitting:
		play(b.act.frames, b.act.since, &b.servos.target)
	default:
		b.servos.target = stand
	}
	b.mix()
}

// mix eases from the old targets into the new ones at the beginning of an act.
func (b *Body) mix() {
	if b.act.since >= blendTime {
		return
	}
	u := smooth(b.act.since / blendTime)
	for i := range b.servos.target {
		b.servos.target[i] = b.blend[i] + (b.servos.target[i]-b.blend[i])*u
	}
}

// flail sets the joints while the body falls, lies or gets up.
func (b *Body) flail() {
	b.servos.settled = false
	switch b.balance.stage {
	case tipping:
		b.servos.target[shoulderPitch] = joints[shoulderPitch].clamp(stand[shoulderPitch] - 60*b.balance.since)
		b.servos.target[shoulderPitch+side] = joints[shoulderPitch+side].clamp(stand[shoulderPitch+side] - 70*b.balance.since)
	case lying:
		if b.stopped {
			return
		}
		play(lieFrames, b.balance.since, &b.servos.target)
		if b.balance.since > b.plot.lie {
			b.balance.stage, b.balance.since = rising, 0
			b.say("INFO", "balance", "Standing up")
		}
	case rising:
		if b.stopped {
			b.balance.since -= step
			return
		}
		play(riseFrames, b.balance.since, &b.servos.target)
	}
}

// lookAbout turns the head to something new every few seconds.
func (b *Body) lookAbout() {
	if b.act.posed || b.act.kind == gesturing {
		return
	}
	if b.now >= b.headAt {
		b.head = [2]float64{b.between(-10, 12), b.between(-32, 32)}
		if b.act.kind == walking {
			b.head[1] /= 3
		}
		b.headAt = b.now + b.between(2.5, 9)
	}
	for i, want := range b.head {
		j := headTilt + i
		if now := b.servos.angle[j]; math.Abs(want-now) > nearby {
			b.servos.target[j] = now + min(max(want-now, -4), 4)
			b.servos.settled = false
		}
	}
}

// choose begins whatever the body wants to do next.
func (b *Body) choose() {
	switch {
	case b.battery.charging:
		b.change(act{kind: sitting, frames: sitFrames, since: length(sitFrames), until: length(sitFrames) + 5})
		return
	case b.plot.resting:
		b.change(act{kind: sitting, frames: sitFrames, since: b.act.sitSince(), until: length(sitFrames) + 5})
		return
	case b.act.kind == sitting:
		b.change(act{kind: standing, until: b.between(2, 4)})
		return
	case b.act.kind == walking && b.place.ahead(b.trim.yaw) < 0.6:
		way := turnSpeed
		if b.life.Float64() < 0.5 {
			way = -way
		}
		b.change(act{kind: turning, turn: way, until: b.between(3, 5.5)})
		return
	}
	b.wander()
}

// sitSince returns the time at which a seated body goes on sitting.
func (a *act) sitSince() float64 {
	if a.kind == sitting {
		return length(sitFrames)
	}
	return 0
}

// wander picks something by chance; a body with a lively part in the plot walks more.
func (b *Body) wander() {
	r := b.life.Float64()
	if b.plot.restless {
		r *= 0.62
	}
	switch {
	case r < 0.56:
		clear := (b.place.ahead(b.trim.yaw) - 0.45) / strideSpeed
		if clear < 2 {
			b.change(act{kind: turning, turn: turnSpeed, until: b.between(2.5, 5)})
			return
		}
		b.change(act{kind: walking, stride: b.between(0.75, 1), turn: b.between(-4, 4), until: min(clear, b.between(7, 20))})
	case r < 0.66:
		b.change(act{kind: turning, turn: turnSpeed * math.Copysign(1, b.life.Float64()-0.5), until: b.between(1.5, 4)})
	case r < 0.72:
		b.gesture("wave", waveFrames)
	case r < 0.75:
		b.gesture("bow", bowFrames)
	case r < 0.79:
		b.gesture("squat", squatFrames)
	case r < 0.81:
		b.gesture("twist", twistFrames)
	default:
		b.change(act{kind: standing, until: b.between(3, 9)})
	}
}

func (b *Body) gesture(name string, frames []frame) {
	b.change(act{kind: gesturing, name: name, frames: frames, until: length(frames) + 0.2})
}

// trip makes the body lose its balance.
func (b *Body) trip() {
	b.balance = balance{stage: tipping, from: [2]float64{b.trim.roll, b.trim.pitch}, toward: 1}
	switch r := b.life.Float64(); {
	case r < 0.25:
		b.balance.toward = -1
	case r < 0.4:
		b.balance.aside = true
	case r < 0.55:
		b.balance.aside, b.balance.toward = true, -1
	}
	b.plot.lie = b.between(6, 12)
	b.act = act{kind: standing, until: riseTime}
	b.interrupt()
}

// wantCPU returns the CPU percent that the present activity costs.
func (b *Body) wantCPU() float64 {
	if b.now-b.host.booted < 8 {
		return 92
	}
	want := 9.0
	switch b.act.kind {
	case walking, turning:
		want = 27
	case gesturing:
		want = 19
	}
	if b.lens.watched > 0 {
		want += 6
	}
	if b.job.active {
		want += 14
	}
	return want + b.plot.vision
}
