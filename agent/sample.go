package agent

import (
	"context"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"tonypi"
	"tonypi/wire"
)

// sample asks the body on every tick until ctx ends. Ticks lie on the wall clock, so that all robots' stamps agree.
func (a *Agent) sample(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.changed:
			if rates := a.retime.Swap(nil); rates != nil {
				a.beat = beatOf(a.cfg.ID, *rates, a.cfg.Phase)
				timer.Reset(0)
			}
			a.tellPresence()
			continue
		case <-timer.C:
		}
		stamp := time.Now().Add(-a.beat.phase).Truncate(a.beat.tick).UTC()
		if !stamp.Equal(last) {
			a.collect(stamp, last)
			last = stamp
		}
		timer.Reset(time.Until(stamp.Add(a.beat.tick + a.beat.phase)))
	}
}

// beat is when the agent samples. It belongs to the sampling goroutine.
type beat struct {
	rates  Rates
	tick   time.Duration
	phase  time.Duration // after each tick
	offset time.Duration // moves this robot's slow messages against those of others
}

func beatOf(id tonypi.RobotID, r Rates, phase time.Duration) beat {
	h := fnv.New32a()
	h.Write([]byte(id))
	tick := r.tick()
	return beat{rates: r, tick: tick, phase: phase % tick, offset: time.Duration(h.Sum32()%3600) * tick}
}

// due reports whether a message of that interval belongs to this tick. After a pause one is due, not all that were missed.
func (a *Agent) due(every time.Duration, stamp, last time.Time) bool {
	if every == 0 {
		return false
	}
	if every > a.beat.tick {
		stamp, last = stamp.Add(a.beat.offset), last.Add(a.beat.offset)
	}
	return !stamp.Truncate(every).Equal(last.Truncate(every))
}

// statusPause is how long after a status the next one waits when it is told for a change of posture.
const statusPause = 400 * time.Millisecond

// collect asks the body for everything that is due and queues one message per topic.
func (a *Agent) collect(stamp, last time.Time) {
	r := &a.beat.rates
	if a.able.Sensing != nil && a.due(r.Sensors, stamp, last) {
		a.tellSensors(stamp)
	}
	if a.able.Jointed != nil && a.due(r.Servos, stamp, last) {
		a.tellServos(stamp)
	}
	if a.able.Powered != nil && a.due(r.Battery, stamp, last) {
		a.tellBattery(stamp)
	}
	if a.able.Located != nil && a.due(r.Location, stamp, last) {
		a.tellLocation(stamp)
	}
	if a.able.Eventful != nil && a.due(r.Events, stamp, last) {
		a.tellNews(stamp)
	}
	if a.able.Postured != nil {
		a.posture = a.able.Posture(stamp)
	}
	if a.able.Linked != nil {
		a.reach(a.able.Reaches())
	}
	if a.due(r.Status, stamp, last) || r.Status > 0 && a.posture != a.told && stamp.Sub(a.toldAt) >= statusPause {
		a.tellStatus(stamp)
	}
}

// batch is the payload that is being put together. Its slices are reused, its pointers point into values.
type batch struct {
	samples []wire.Sample
	servos  []wire.Servo
	values  []float64
	words   []bool
	counts  []int
}

func (a *Agent) tellSensors(stamp time.Time) {
	a.readings = a.able.Sensors(stamp, a.readings[:0])
	if len(a.readings) == 0 {
		return
	}
	a.batch.samples = a.batch.samples[:0]
	for _, r := range a.readings {
		a.batch.samples = append(a.batch.samples, wire.Sample{Type: r.Source, Value: r.Value})
	}
	payload, err := wire.EncodeSensors(a.cfg.ID, stamp, a.batch.samples)
	a.push(Samples, wire.SensorTopic(a.cfg.ID), payload, err)
}

func (a *Agent) tellServos(stamp time.Time) {
	a.readings = a.able.Servos(stamp, a.readings[:0])
	if len(a.readings) == 0 {
		return
	}
	a.batch.joints(a.readings)
	payload, err := wire.EncodeServos(a.cfg.ID, stamp, a.batch.servos)
	a.push(Samples, wire.ServoTopic(a.cfg.ID), payload, err)
}

// joints turns readings, which come joint by joint, into one entry per joint.
func (b *batch) joints(readings []tonypi.Reading) {
	if n := len(readings); cap(b.values) < n {
		b.values, b.words, b.counts = make([]float64, n), make([]bool, n), make([]int, n)
	}
	b.servos = b.servos[:0]
	source := ""
	for i := range readings {
		r := &readings[i]
		if r.Source != source || i == 0 {
			id, err := strconv.Atoi(strings.TrimPrefix(r.Source, "servo_"))
			if err != nil {
				id = -1 // which wire refuses
			}
			source = r.Source
			b.servos = append(b.servos, wire.Servo{ID: id})
		}
		s := &b.servos[len(b.servos)-1]
		value, on, count := &b.values[:cap(b.values)][i], &b.words[:cap(b.words)][i], &b.counts[:cap(b.counts)][i]
		*value, *on, *count = r.Value, r.Value != 0, int(r.Value)
		switch r.Metric {
		case tonypi.ServoPosition:
			s.Position = value
		case tonypi.ServoTarget:
			s.Target = value
		case tonypi.ServoTemperature:
			s.Temperature = value
		case tonypi.ServoVoltage:
			s.Voltage = value
		case tonypi.ServoTorque:
			s.Torque = on
		case tonypi.ServoErrors:
			s.Errors = count
		}
	}
}

func (a *Agent) tellBattery(stamp time.Time) {
	a.readings = a.able.Battery(stamp, a.readings[:0])
	if len(a.readings) == 0 {
		return
	}
	payload, err := wire.EncodeBattery(a.cfg.ID, stamp, batteryOf(a.readings))
	a.push(Samples, wire.BatteryTopic(a.cfg.ID), payload, err)
}

// batteryOf points into the readings.
func batteryOf(readings []tonypi.Reading) (b wire.Battery) {
	for i := range readings {
		v := &readings[i].Value
		switch readings[i].Metric {
		case tonypi.BatteryPercent:
			b.Percent = v
		case tonypi.BatteryVoltage:
			b.Voltage = v
		case tonypi.BatteryCharging:
			on := *v != 0
			b.Charging = &on
		case tonypi.BatteryMinutes:
			b.MinutesLeft = v
		}
	}
	return b
}

func (a *Agent) tellLocation(stamp time.Time) {
	a.readings = a.able.Location(stamp, a.readings[:0])
	if len(a.readings) == 0 {
		return
	}
	x, y, z := pointOf(a.readings)
	payload, err := wire.EncodeLocation(a.cfg.ID, stamp, x, y, z)
	a.push(Samples, wire.LocationTopic(a.cfg.ID), payload, err)
}

func pointOf(readings []tonypi.Reading) (x, y, z float64) {
	for _, r := range readings {
		switch r.Source {
		case "x":
			x = r.Value
		case "y":
			y = r.Value
		case "z":
			z = r.Value
		}
	}
	return x, y, z
}

// tellNews sends logs, scans, sightings and the job. What came after the last call is told in the order in which the body gives it.
func (a *Agent) tellNews(stamp time.Time) {
	u := &a.news
	*u = tonypi.Update{Logs: u.Logs[:0], Scans: u.Scans[:0], Detections: u.Detections[:0]}
	a.able.Events(stamp, u)
	for _, s := range u.Scans {
		at := s.Time
		if at.IsZero() {
			at = stamp
		}
		payload, err := wire.EncodeScan(a.cfg.ID, at, s)
		a.push(Events, wire.ScanTopic(a.cfg.ID), payload, err)
	}
	if len(u.Detections) > 0 {
		payload, err := wire.EncodeDetections(a.cfg.ID, stamp, u.Detections[:min(len(u.Detections), wire.MaxDetections)])
		a.push(Samples, wire.VisionTopic(a.cfg.ID), payload, err)
	}
	if u.Job != nil {
		payload, err := wire.EncodeJob(a.cfg.ID, stamp, *u.Job)
		a.push(Events, wire.JobTopic(a.cfg.ID), payload, err)
	}
	for logs := u.Logs; len(logs) > 0; {
		n := min(len(logs), wire.MaxLogs)
		payload, err := wire.EncodeLogs(a.cfg.ID, stamp, logs[:n])
		a.push(Events, wire.LogTopic(a.cfg.ID), payload, err)
		logs = logs[n:]
	}
}

// tellStatus sends presence and the computer's health. A body whose computer tells nothing has no power: it says nothing.
func (a *Agent) tellStatus(stamp time.Time) {
	a.readings = a.readings[:0]
	if a.able.Hosted != nil {
		a.readings = a.able.Health(stamp, a.readings)
		if len(a.readings) == 0 {
			return
		}
	}
	s := a.status()
	healthOf(a.readings, &s)
	if ms, ok := a.link.roundTrip(); ok && s.NetworkRTT == nil {
		s.NetworkRTT = &ms
	}
	a.limitSpeed(&s)
	a.pushStatus(stamp, s)
}

// status is a status without readings.
func (a *Agent) status() wire.Status {
	return wire.Status{Presence: a.presence(), Hardware: a.cfg.Self.Hardware, StopSources: a.latch.sources()}
}

// tellPresence sends what changed between two ticks, without readings: those belong to ticks. The speed limit is none.
func (a *Agent) tellPresence() {
	stamp := time.Now() // before the latch is read: what is read later may be newer than its stamp, never older
	s := a.status()
	if a.able.Driver != nil && a.driving.limit.Load() != 0 {
		s.DriveLimit = a.driving.percent()
	}
	a.pushStatus(stamp, s)
}

func (a *Agent) pushStatus(stamp time.Time, s wire.Status) {
	payload, err := wire.EncodeStatus(a.cfg.ID, stamp, s)
	a.push(Samples, wire.StatusTopic(a.cfg.ID), payload, err)
	a.told, a.toldAt = a.posture, stamp
}

// presence is what the robot says about itself. While nobody hears it, it does not claim to be online: the message will
// arrive late, and must not say so then.
func (a *Agent) presence() tonypi.Presence {
	self := &a.cfg.Self
	p := tonypi.Presence{
		Status: "online", Posture: a.posture, Agent: self.Version,
		Platform: self.Platform, Address: self.Address, CameraURL: self.CameraURL,
		Config: a.settings.Load().Version,
	}
	if p.Stopped, p.StopReason = a.latch.state(); p.Stopped {
		p.Status = "emergency_stopped"
	}
	if !a.link.isUp() {
		p.Status, p.Posture = "", ""
	}
	return p
}

// healthOf points into the readings.
func healthOf(readings []tonypi.Reading, s *wire.Status) {
	for i := range readings {
		v := &readings[i].Value
		switch readings[i].Metric {
		case tonypi.CPUPercent:
			s.CPU = v
		case tonypi.MemoryPercent:
			s.Memory = v
		case tonypi.DiskPercent:
			s.Disk = v
		case tonypi.CPUTemperature:
			s.Temperature = v
		case tonypi.Uptime:
			s.Uptime = v
		case tonypi.Throttled:
			s.Throttled = v
		case tonypi.WifiSignal:
			s.WifiSignal = v
		case tonypi.NetworkRTT:
			s.NetworkRTT = v
		}
	}
}
