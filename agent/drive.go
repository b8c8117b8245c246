package agent

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"tonypi"
	"tonypi/wire"
)

// Bounds of driving.
const (
	maxDeadman  = 300 * time.Millisecond // also the default
	minDeadman  = 100 * time.Millisecond
	servoFrame  = 20 * time.Millisecond  // what a body needs to halt
	maxLate     = 300 * time.Millisecond // a beat that was on its way so much longer than the quickest one is ignored
	arming      = 100 * time.Millisecond // of a new page: a burst that had piled up is over by then
	relearning  = 2 * time.Second        // beats that come evenly but late for so long are of another clock
	limitEvery  = time.Second            // how often the link is judged while somebody drives
	refuseEvery = time.Second            // how often a driver who is refused is told so
)

// driving is somebody who drives the robot. It costs nothing until the first beat.
type driving struct {
	mu        sync.Mutex
	pace      pace
	on        bool      // the body was told to move
	until     time.Time // when it halts unless a beat comes
	timer     *time.Timer
	refusedAt time.Time
	limitAt   time.Time
	limit     atomic.Uint64 // bits of the speed limit, 0 to 1; 0 bits: not judged yet
}

// takeDrive is the handler of the drive topic. Beats that are not obeyed are gone: the next one comes in 100 ms.
func (a *Agent) takeDrive(_ context.Context, m wire.Message) error {
	d, err := wire.DecodeDrive(m.Topic, m.Payload)
	if err != nil {
		a.log.Warn("beat cannot be read", "err", err)
		return nil
	}
	if m.At.IsZero() {
		m.At = time.Now()
	}
	a.drive(d, m.At)
	return nil
}

// drive obeys one beat, or halts the body when nobody pushes in any direction.
func (a *Agent) drive(d tonypi.Drive, at time.Time) {
	g := &a.driving
	g.mu.Lock()
	defer g.mu.Unlock()
	late, fit := g.pace.judge(d, at)
	if d.Speed == 0 || d.Forward == 0 && d.Turn == 0 && d.Strafe == 0 {
		a.halt()
		return
	}
	if !fit {
		return
	}
	if err := a.steer(d, at); err != nil {
		a.halt()
		a.refuseDrive(d, at, err)
		return
	}
	g.on, g.until = true, at.Add(a.settings.Load().deadman()-late-servoFrame)
	if g.timer == nil {
		g.timer = time.AfterFunc(time.Until(g.until), a.lost)
		return
	}
	g.timer.Reset(time.Until(g.until))
}

// steer moves the body within the speed that settings and link allow.
func (a *Agent) steer(d tonypi.Drive, at time.Time) error {
	if a.able.Driver == nil {
		return tonypi.Errorf(tonypi.Invalid, "This robot cannot be driven")
	}
	if stopped, reason := a.latch.state(); stopped {
		return stoppedError(reason)
	}
	if at.Sub(a.driving.limitAt) >= limitEvery {
		a.driving.limitAt = at
		a.judgeLink(at)
	}
	if err := a.able.Drive(d.Forward, d.Turn, d.Strafe, d.Speed*a.driving.speed()); err != nil {
		return err
	}
	if stopped, reason := a.latch.state(); stopped { // meanwhile
		return stoppedError(reason)
	}
	return nil
}

// lost halts the body when no beat came in time.
func (a *Agent) lost() {
	g := &a.driving
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.on && !time.Now().Before(g.until) {
		a.halt()
		a.say("WARNING", "Halted: nobody drives any more")
	}
}

// letGo ends driving, whoever drives.
func (a *Agent) letGo() {
	a.driving.mu.Lock()
	defer a.driving.mu.Unlock()
	a.halt()
}

// halt is called with driving.mu held.
func (a *Agent) halt() {
	if !a.driving.on {
		return
	}
	a.driving.on = false
	a.driving.timer.Stop()
	a.able.Halt()
}

// refuseDrive tells, once in a while, why beats are not obeyed: an answer of type "drive" without a command's ID.
func (a *Agent) refuseDrive(d tonypi.Drive, at time.Time, err error) {
	if at.Sub(a.driving.refusedAt) < refuseEvery {
		return
	}
	a.driving.refusedAt = at
	message := err.Error()
	if tonypi.KindOf(err) == tonypi.Internal {
		a.log.Error("the body cannot be driven", "err", err)
		message = "The servos did not answer"
	}
	a.acknowledge(tonypi.Ack{Type: "drive", Message: message}, map[string]any{"seq": d.Seq})
}

// pace tells beats that show what the driver wants now from those that were held up on the way. Clocks of page and robot
// may differ: what counts is how much longer than the quickest beat one was on its way.
type pace struct {
	seen      bool
	seq       uint64
	sent      int64
	base      time.Duration // smallest difference between the robot's clock and a beat's stamp
	at        time.Time     // of the last beat
	armed     time.Time     // beats before this only teach base
	lateSince time.Time     // of beats that all came late
}

// judge takes a beat in and returns how late it is, and whether it may move the robot.
func (p *pace) judge(d tonypi.Drive, at time.Time) (late time.Duration, fit bool) {
	if p.seen && d.Seq <= p.seq && d.Sent <= p.sent {
		return 0, false // overtaken, or delivered twice
	}
	delay := at.Sub(time.UnixMilli(d.Sent))
	if !p.seen || d.Seq <= p.seq { // another page
		p.start(delay, at)
	}
	p.seq, p.sent = d.Seq, d.Sent
	gap := at.Sub(p.at)
	p.at = at
	p.base = min(p.base+max(gap, 0)/1000, delay) // clocks drift
	late = delay - p.base
	if late <= maxLate {
		p.lateSince = time.Time{}
		return late, !at.Before(p.armed)
	}
	if p.lateSince.IsZero() || gap > maxLate {
		p.lateSince = at
	}
	if at.Sub(p.lateSince) >= relearning {
		p.start(delay, at)
	}
	return late, false
}

func (p *pace) start(delay time.Duration, at time.Time) {
	*p = pace{seen: true, seq: p.seq, sent: p.sent, base: delay, at: at, armed: at.Add(arming)}
}

// Link quality: at full speed up to the first value, at lowest from the second on.
const (
	lowestSpeed       = 0.3
	goodRTT, badRTT   = 50.0, 300.0 // ms
	goodWifi, badWifi = -65.0, -85.0
)

// linkSpeed returns the share of its speed, 0.3 to 1, that a robot may be driven with over such a link.
func linkSpeed(rttMillis, wifiDBm *float64) float64 {
	speed := 1.0
	lower := func(v *float64, good, bad float64) {
		if v != nil && !math.IsNaN(*v) {
			share := min(max((*v-good)/(bad-good), 0), 1)
			speed = min(speed, 1-(1-lowestSpeed)*share)
		}
	}
	lower(rttMillis, goodRTT, badRTT)
	lower(wifiDBm, goodWifi, badWifi)
	return speed
}

// judgeLink asks the body about its link and sets the limit.
func (a *Agent) judgeLink(at time.Time) {
	var s wire.Status
	if a.able.Hosted != nil {
		healthOf(a.able.Health(at, nil), &s)
	}
	before := a.driving.limit.Load()
	a.limitSpeed(&s)
	if math.Abs(math.Float64frombits(before)-a.driving.speed()) >= 0.1 {
		a.poke(a.changed)
	}
}

// limitSpeed sets the limit for a link and writes it into the status.
func (a *Agent) limitSpeed(s *wire.Status) {
	if a.able.Driver == nil {
		return
	}
	if ms, ok := a.link.roundTrip(); ok && s.NetworkRTT == nil {
		s.NetworkRTT = &ms
	}
	limit := linkSpeed(s.NetworkRTT, s.WifiSignal) * a.settings.Load().Safety.MaxSpeed
	a.driving.limit.Store(math.Float64bits(limit))
	s.DriveLimit = a.driving.percent()
}

// speed is the limit as a share of what the robot can.
func (g *driving) speed() float64 {
	if bits := g.limit.Load(); bits != 0 {
		return math.Float64frombits(bits)
	}
	return lowestSpeed
}

// percent is the limit as it is told.
func (g *driving) percent() *float64 {
	v := math.Round(g.speed()*1000) / 10
	return &v
}
