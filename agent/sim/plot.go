package sim

import (
	"fmt"
	"time"

	"tonypi"
)

// Scenario is the part that a robot plays.
type Scenario uint8

// Scenarios.
const (
	Steady     Scenario = iota // healthy: stands, walks, gestures, does a job now and then
	HotKnee                    // its left knee drags and passes 70 °C within minutes; then it sits until the knee is cool
	Faller                     // loses its balance every two minutes or so
	BadWifi                    // walks at the edge of the radio's reach; its link drops for 5 to 30 s
	LowBattery                 // begins nearly empty, docks, charges, starts again
	Dying                      // its Pi goes out for 60 to 120 s and boots again
	HighCPU                    // watches video until its Pi throttles
	WornServo                  // its right elbow often does not answer
	scenarios
)

var scenarioNames = [scenarios]string{"steady", "hot knee", "faller", "bad wifi", "low battery", "dying", "high cpu", "worn servo"}

func (s Scenario) String() string {
	if s >= scenarios {
		return fmt.Sprintf("scenario %d", s)
	}
	return scenarioNames[s]
}

// ScenarioOf casts the i-th robot of a fleet (from 0): the first ten show every part, after that one in six has a fault.
func ScenarioOf(i int) Scenario {
	first := [10]Scenario{Steady, HotKnee, Faller, BadWifi, LowBattery, Steady, Dying, HighCPU, WornServo, Steady}
	if i < len(first) {
		return first[max(i, 0)]
	}
	if i%6 != 3 {
		return Steady
	}
	return Scenario(1 + i/6%(int(scenarios)-1))
}

// plot holds when the faults of a body come and go. Times are seconds of the body's life.
type plot struct {
	fallAt   float64
	lie      float64 // how long it lies after this fall
	dropAt   float64
	backAt   float64
	dieAt    float64
	wakeAt   float64
	videoAt  float64 // next change of the video load
	vision   float64 // CPU percent of the video
	jobAt    float64
	rebootAt float64 // when an ordered reboot begins
	dockAt   float64 // percent at which it goes to its dock
	weak     float64 // dB that the radio loses
	misread  float64 // chance per servo and slow step that a read fails
	off      bool    // the Pi is out
	reboot   bool    // because it was told to
	resting  bool    // sits until the hot joint is cool
	restless bool
	lowSaid  bool
}

const (
	never      = 1e18
	rebootTime = 8.0 // seconds: a real Pi takes some three times as long
)

// cast sets the scene for the body's scenario. The first events come within half a minute.
func (b *Body) cast() {
	p := &b.plot
	*p = plot{fallAt: never, dropAt: never, dieAt: never, videoAt: never, jobAt: never, rebootAt: never, misread: 4e-5, lie: 8, dockAt: b.between(24, 34)}
	if b.life.Float64() < 0.3 {
		p.jobAt = b.between(4, 60)
	}
	switch b.story {
	case HotKnee:
		p.restless = true
		b.servos.friction[knee] = 3.6
		b.servos.heat[knee] = 48
	case Faller:
		p.restless = true
		p.fallAt = b.between(14, 22)
	case BadWifi:
		p.weak = 24
		p.dropAt = b.between(12, 22)
	case LowBattery:
		b.battery.percent = b.between(15.5, 16.2)
		b.battery.capacity = 0.7 // an old pack
		p.dockAt = 12
		b.act.until = 1
		p.restless = true
	case Dying:
		p.dieAt = b.between(18, 28)
	case HighCPU:
		p.videoAt = b.between(3, 8)
		b.host.cooling = 0.55
	case WornServo:
		p.jobAt = b.between(3, 10)
	case Steady:
		if b.life.Float64() < 0.05 {
			p.fallAt = b.between(120, 3000)
		}
	}
	b.battery.drain(2.8, 20, slow)
}

// unfold lets the plot's events happen. It runs once per slow step.
func (b *Body) unfold() {
	b.power()
	if b.plot.off {
		return
	}
	b.stumble()
	b.radio()
	b.rest()
	b.charge()
	b.watch()
	b.work()
	if b.story == WornServo && b.life.Float64() < 0.02 {
		b.servos.errors[elbow+side]++
	}
	if b.touched < b.now && b.life.Float64() < 0.0008 {
		b.touched = b.now + b.between(0.4, 2)
	}
}

// power lets the Pi of a dying robot go out and boot again.
func (b *Body) power() {
	p := &b.plot
	switch {
	case !p.off && b.now >= p.rebootAt:
		p.reboot = true
		b.darken(rebootTime, "robot rebooted")
	case !p.off && b.now >= p.dieAt && b.balance.stage == upright:
		b.darken(b.between(60, 120), "robot lost power")
	case p.off && b.now >= p.wakeAt:
		p.off, p.dieAt = false, never
		if b.story == Dying {
			p.dieAt = b.now + b.between(150, 320)
		}
		b.host.booted = b.now - 12
		b.link.set(true)
		b.change(act{kind: standing, until: 4})
		why := "a loss of power"
		if p.reboot {
			why = "a reboot"
		}
		p.reboot, p.rebootAt = false, never
		b.say("WARNING", "system", "Booted after "+why)
	}
}

// darken lets the Pi go out for that many seconds.
func (b *Body) darken(seconds float64, why string) {
	b.plot.off, b.plot.wakeAt = true, b.now+seconds
	b.trim.rate, b.trim.push = [3]float64{}, [3]float64{}
	b.end(why)
	b.interrupt()
	b.link.set(false)
}

// stumble makes a clumsy robot fall while it walks.
func (b *Body) stumble() {
	p := &b.plot
	if b.now < p.fallAt || b.balance.stage != upright || b.stopped || b.battery.charging {
		return
	}
	if b.act.kind != walking {
		if !b.act.ordered && b.act.kind != sitting && b.act.since > blendTime {
			b.change(act{kind: walking, stride: 1, until: 6})
		}
		return
	}
	if b.act.since > 1.5 {
		p.fallAt = b.now + b.between(95, 150)
		b.trip()
	}
}

// radio drops and restores the link of a robot with bad Wi-Fi.
func (b *Body) radio() {
	p := &b.plot
	switch {
	case b.now >= p.dropAt && p.backAt == 0:
		p.backAt = b.now + b.between(5, 30)
		b.link.set(false)
		b.say("WARNING", "network", fmt.Sprintf("Wi-Fi lost at %.0f dBm", b.host.signal))
	case p.backAt != 0 && b.now >= p.backAt:
		b.say("INFO", "network", fmt.Sprintf("Wi-Fi back at %.0f dBm", b.host.signal))
		p.backAt, p.dropAt = 0, b.now+b.between(40, 110)
		b.link.set(true)
	}
}

const (
	tooHot  = 74.0 // °C at which the robot sits down
	coolNow = 52.0
)

// rest makes a robot with a hot joint sit until it is cool.
func (b *Body) rest() {
	hottest, at := 0, 0.0
	for i, t := range b.servos.heat {
		if t > at {
			hottest, at = i, t
		}
	}
	switch p := &b.plot; {
	case !p.resting && at >= tooHot:
		p.resting = true
		b.say("ERROR", "servo", fmt.Sprintf("%s is at %.0f °C, resting", joints[hottest].name, at))
		b.end("joint too hot")
		b.breakOff()
	case p.resting && at < coolNow:
		p.resting = false
		b.say("INFO", "servo", fmt.Sprintf("%s has cooled down to %.0f °C", joints[hottest].name, at))
	}
}

// charge sends an empty robot to its dock and a full one away from it.
func (b *Body) charge() {
	p := &b.plot
	switch {
	case !b.battery.charging && b.battery.percent <= p.dockAt && b.balance.stage == upright && !b.stopped:
		b.battery.charging, p.lowSaid = true, false
		b.say("WARNING", "power", fmt.Sprintf("Battery at %.0f %%, docked for charging", b.battery.percent))
		b.end("battery low")
		b.breakOff()
	case b.battery.charging && b.battery.percent >= undockAt:
		b.battery.charging = false
		b.battery.capacity = max(b.battery.capacity, 0.7)
		b.say("INFO", "power", "Battery charged, leaving the dock")
	case !p.lowSaid && !b.battery.charging && b.battery.percent <= 15:
		p.lowSaid = true
		b.say("WARNING", "power", fmt.Sprintf("Battery low: %.0f %%, %.1f V", b.battery.percent, b.battery.volts))
	}
}

// breakOff ends the present act early so that choose decides anew.
func (b *Body) breakOff() {
	b.interrupt()
	b.act.until, b.act.posed = b.act.since, false
}

// watch switches the video load of a busy robot.
func (b *Body) watch() {
	p := &b.plot
	if b.now < p.videoAt {
		return
	}
	if p.vision == 0 {
		p.vision, p.videoAt = 82, b.now+b.between(70, 120)
		b.say("INFO", "vision", "Face tracking started")
		return
	}
	p.vision, p.videoAt = 0, b.now+b.between(50, 90)
	b.say("INFO", "vision", "Face tracking stopped")
}

// said is what the body has to tell and nobody has read yet, oldest first.
type said struct {
	logs  []tonypi.LogEntry
	scans []tonypi.Scan
	jobs  []tonypi.JobProgress
}

func (b *Body) say(level, source, message string) {
	e := tonypi.LogEntry{Time: b.moment(), Level: level, Source: source, Message: message, Robot: b.id}
	b.said.logs = appendBounded(b.said.logs, e)
}

// moment is the time of the current step.
func (b *Body) moment() time.Time {
	return b.start.Add(time.Duration(b.now * float64(time.Second))).UTC()
}

func appendBounded[T any](all []T, one T) []T {
	if len(all) >= maxSaid {
		all = append(all[:0], all[1:]...)
	}
	return append(all, one)
}
