// Package sim is a robot's body without hardware: servos that lag and warm up, an inertial sensor that agrees with the
// gait, a battery that sags, a Raspberry Pi that heats, a room with walls and a Wi-Fi that fades. It serves tests,
// development without a robot, and the demo, where a thousand of them run in one process.
//
// A Body costs nothing between reads: whoever asks for a value at a time lets it live up to that time, in steps of 20 ms.
// Equal options and equal calls give equal values.
package sim

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"tonypi"
)

const (
	step     = 0.02 // seconds of one motion step
	slowEach = 10   // motion steps of one slow step
	slow     = step * slowEach

	// maxCatchUp bounds what one read may cost: of a longer gap only so much is lived through, the rest is skipped.
	maxCatchUp = 60 * time.Second

	maxSaid = 64 // log entries, scans and job messages that wait for a reader; older ones are dropped
)

// Options say which body New makes.
type Options struct {
	ID       tonypi.RobotID
	Seed     uint64
	Scenario Scenario
	Start    time.Time // the body's birth; the zero value means now
	Crowd    bool      // one of many: small pictures, and it does not tell what it sees
}

// Body is a simulated robot. It is safe for concurrent use. It has every ability that the agent knows.
type Body struct {
	mu    sync.Mutex
	id    tonypi.RobotID
	story Scenario
	start time.Time
	at    time.Time // lived up to here
	now   float64   // seconds lived
	steps uint64
	life  *rand.Rand // drives what happens
	noise *rand.Rand // drives what a reading adds to the truth

	servos  servos
	trim    attitude // what sway and gait add, and the torso's state
	balance balance
	battery battery
	host    host
	place   place
	climate float64 // room °C
	light   float64 // percent
	touched float64 // until when the touch sensor is pressed

	act     act
	phase   float64 // of the gait, radians
	blend   pose    // targets at the change of act
	head    [2]float64
	headAt  float64
	sway    [2]float64
	legs    [2]float64 // pitch and roll that the legs give the torso
	stopped bool
	profile string // what to do when stopped: hold (or empty), sit, limp
	ramp    ramp   // of set_servo
	busy    string // the motion that was ordered, until busyTil
	busyTil float64
	led     string // colour of the LED, #rrggbb; empty when it is out
	lens    lens
	halt    chan struct{} // closed when a running command must end

	plot plot
	job  job
	said said
	link link
}

// New makes a body.
func New(o Options) *Body {
	if o.Start.IsZero() {
		o.Start = time.Now()
	}
	h := fnv.New64a()
	h.Write([]byte(o.ID))
	b := &Body{
		id: o.ID, story: o.Scenario, start: o.Start, at: o.Start,
		life:  rand.New(rand.NewPCG(o.Seed, h.Sum64())),
		noise: rand.New(rand.NewPCG(^o.Seed, h.Sum64())),
		halt:  make(chan struct{}),
	}
	b.furnish()
	b.cast()
	b.lens = newLens(o, rand.New(rand.NewPCG(o.Seed+1, h.Sum64())), b.place.room)
	return b
}

// seeingFleet is the largest fleet whose bodies tell what they see and have large pictures.
const seeingFleet = 50

// Fleet makes n bodies named tonypi_01, tonypi_02, … that play the scenarios of ScenarioOf.
func Fleet(n int, seed uint64, start time.Time) []*Body {
	digits := max(2, len(strconv.Itoa(n)))
	bodies := make([]*Body, n)
	for i := range bodies {
		id := tonypi.RobotID(fmt.Sprintf("tonypi_%0*d", digits, i+1))
		bodies[i] = New(Options{ID: id, Seed: seed, Scenario: ScenarioOf(i), Start: start, Crowd: n > seeingFleet})
	}
	return bodies
}

// ID names the robot.
func (b *Body) ID() tonypi.RobotID { return b.id }

// Scenario is the part that the robot plays.
func (b *Body) Scenario() Scenario { return b.story }

// furnish gives the body its build and its place, different for each robot.
func (b *Body) furnish() {
	b.climate = 21 + b.between(0, 4)
	b.servos.angle, b.servos.target, b.blend = stand, stand, stand
	for i := range b.servos.heat {
		b.servos.friction[i] = b.between(0.85, 1.12)
		b.servos.load[i] = joints[i].hold
		b.servos.heat[i] = b.climate + electronics + heatGain*joints[i].hold*b.servos.friction[i] + b.between(0, 4)
	}
	b.battery = battery{percent: b.between(48, 98), capacity: b.between(1.75, 2.05), average: 1.5}
	b.battery.drain(2.8, 20, slow)
	b.host = host{
		cpu: b.between(8, 20), memory: b.between(32, 44), disk: b.between(28, 61), cooling: b.between(0.38, 0.46),
		booted: -b.between(600, 90000), rtt: 6, signal: -50,
	}
	b.host.memoryMid = b.host.memory
	b.host.heat = b.climate + 13 + b.host.cooling*b.host.cpu
	b.place.room = room{width: b.between(4, 8), depth: b.between(3, 6)}
	b.place.x, b.place.y = b.place.room.width*b.between(0.3, 0.7), b.place.room.depth*b.between(0.3, 0.7)
	b.place.ax, b.place.ay = b.between(-3, 1), b.between(-2, 1)
	b.trim.yaw = b.between(-180, 180)
	b.light = b.between(55, 85)
	b.act = act{kind: standing, until: b.between(0.5, 4)}
	b.phase = b.between(0, 2*math.Pi)
	b.link = newLink()
}

// between draws a number of the body's life.
func (b *Body) between(low, high float64) float64 { return low + (high-low)*b.life.Float64() }

// Advance lives up to a time. A time in the past does nothing; more than a minute ahead the body skips what is too long.
func (b *Body) Advance(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(at)
}

// Step lives on by dt, as Advance does.
func (b *Body) Step(dt time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(b.at.Add(dt))
}

func (b *Body) advance(at time.Time) {
	gap := at.Sub(b.at)
	if gap <= 0 {
		return
	}
	if gap > maxCatchUp {
		b.start = b.start.Add(gap - maxCatchUp)
	}
	b.at = at
	due := uint64(at.Sub(b.start).Seconds()/step + 1e-6)
	for b.steps < due {
		b.move()
	}
}

// move lives one motion step.
func (b *Body) move() {
	b.steps++
	b.now = float64(b.steps) * step
	if !b.plot.off {
		b.pursue()
		b.servos.follow()
		b.tilt()
	}
	if b.steps%slowEach == 0 {
		b.age()
	}
}

// age lives one slow step: heat, charge, the Pi, the room, and what happens next.
func (b *Body) age() {
	support := 1.0
	switch {
	case b.plot.off:
		support = 0
	case b.balance.stage == lying:
		support = 0.12
	case b.act.kind == sitting:
		support = 0.22
	}
	load := b.servos.warm(b.climate, support, slow)
	if b.plot.off {
		b.host.heat += (b.climate - b.host.heat) * slow / 40
		b.unfold()
		return
	}
	b.battery.drain(load, b.host.cpu, slow)
	b.host.work(b.wantCPU(), b.climate, b.place.toAccessPoint(), b.plot.weak, slow, b.life.NormFloat64)
	b.light += (b.lamp() - b.light) * slow / 2
	for i := range b.servos.errors {
		if b.life.Float64() < b.plot.misread {
			b.servos.errors[i]++
		}
	}
	b.unfold()
}

// lamp returns how bright the room is meant to be: daylight from the windows, lamps in the evening, a cloud now and then.
func (b *Body) lamp() float64 {
	hour := float64(b.at.Hour()) + float64(b.at.Minute())/60
	day := max(0, math.Sin((hour-6)/14*math.Pi))
	return 42 + 38*day + 9*math.Sin(b.now/47+b.phaseOfRoom()) + 4*math.Sin(b.now/11)
}

func (b *Body) phaseOfRoom() float64 { return b.place.room.width * 3 }

// tilt lets the torso follow the legs, or fall, or get up.
func (b *Body) tilt() {
	b.balance.since += step
	b.trim.shake()
	roll, pitch, yaw := b.trim.roll, b.trim.pitch, b.trim.yaw
	if b.balance.stage != upright {
		roll, pitch = b.balance.angles()
		b.trim.push = [3]float64{}
		b.trim.turn(roll, pitch, yaw)
		b.land()
		return
	}
	b.trim.push = [3]float64{}
	if b.act.kind == walking || b.act.kind == turning {
		yaw += b.act.turn * step
		b.stride()
	}
	if !b.servos.settled {
		b.legs[0], b.legs[1] = b.servos.angle.torso()
	}
	b.sway[0] += -b.sway[0]*step/0.8 + (b.life.Float64()-0.5)*0.05
	b.sway[1] += -b.sway[1]*step/0.8 + (b.life.Float64()-0.5)*0.05
	pitch += (b.legs[0] + 1.5 + b.sway[0] - pitch) * 0.2
	roll += (b.legs[1] + b.sway[1] - roll) * 0.2
	b.trim.turn(roll, pitch, yaw)
}

// stride adds what a step does to the torso's acceleration and moves the body over the floor.
func (b *Body) stride() {
	sin, cos := math.Sincos(b.phase)
	force := 0.4 + 0.6*math.Abs(b.act.stride)
	b.trim.push = [3]float64{0.7 * force * sin * cos * 2, 1.1 * force * cos, 1.3 * force * (cos*cos - sin*sin)}
	if b.act.stride != 0 {
		b.place.advance(b.act.stride*strideSpeed*step, b.trim.yaw)
	}
	if b.act.sideways != 0 {
		b.place.advance(b.act.sideways*0.5*strideSpeed*step, b.trim.yaw+90)
	}
}

// land moves the fall from stage to stage.
func (b *Body) land() {
	switch {
	case b.balance.stage == tipping && b.balance.since >= tipTime:
		b.balance.stage, b.balance.since = lying, 0
		b.trim.rock, b.trim.rockPhase = b.between(30, 42), 0
		b.servos.settled = false
		b.say("ERROR", "balance", "Robot fell "+b.fellHow())
		b.hurt()
	case b.balance.stage == rising && b.balance.since >= riseTime:
		b.balance = balance{}
		b.act = act{kind: standing, since: 0, until: b.between(3, 6)}
		b.say("INFO", "balance", "Back on its feet")
	}
}

func (b *Body) fellHow() string {
	switch {
	case b.balance.aside && b.balance.toward > 0:
		return "to the right"
	case b.balance.aside:
		return "to the left"
	case b.balance.toward > 0:
		return "forward"
	}
	return "backward"
}
