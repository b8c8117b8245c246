package sim

import (
	"math"
	"time"

	"tonypi"
)

// The methods below append what the body feels at a time and return the longer slice. A body without power feels nothing.
// All readings of one call carry that time.

// Sensors appends acceleration, angular rate, orientation, distance, light and touch.
func (b *Body) Sensors(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return dst
	}
	add := func(m tonypi.Metric, source string, value, unit float64) {
		dst = append(dst, tonypi.Reading{Robot: b.id, Metric: m, Source: source, Value: round(value, unit), Time: at})
	}
	x, y, z := b.trim.force()
	add(tonypi.Acceleration, "accelerometer_x", x+b.err(0.05), 0.01)
	add(tonypi.Acceleration, "accelerometer_y", y+b.err(0.05), 0.01)
	add(tonypi.Acceleration, "accelerometer_z", z+b.err(0.05), 0.01)
	add(tonypi.AngularRate, "gyroscope_x", b.trim.rate[0]+b.err(0.25), 0.1)
	add(tonypi.AngularRate, "gyroscope_y", b.trim.rate[1]+b.err(0.25), 0.1)
	add(tonypi.AngularRate, "gyroscope_z", b.trim.rate[2]+b.err(0.25), 0.1)
	add(tonypi.Orientation, "roll", b.trim.roll, 0.1)
	add(tonypi.Orientation, "pitch", b.trim.pitch, 0.1)
	add(tonypi.Orientation, "yaw", math.Remainder(b.trim.yaw, 360), 0.1)
	add(tonypi.Distance, "ultrasonic_distance", b.distance(), 0.1)
	light := min(max(b.light+b.err(0.4), 0), 100)
	add(tonypi.LightLevel, "light_level", light, 1)
	add(tonypi.LightDark, "light_sensor_dark", word(light < 30), 1)
	add(tonypi.Touch, "touch", word(b.now < b.touched), 1)
	return dst
}

// distance is what the ultrasonic sensor on the chest measures, in cm.
func (b *Body) distance() float64 {
	far := b.place.ahead(b.trim.yaw) * 100
	if b.balance.stage == lying {
		far = 250
		if !b.balance.aside && b.balance.toward > 0 {
			far = 4
		}
	}
	return min(max(far*(1+b.err(0.006))+b.err(0.3), 2), 450)
}

// Servos appends position, target, temperature, voltage, torque and read errors of every joint.
func (b *Body) Servos(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return dst
	}
	s := &b.servos
	for i := range joints {
		j := &joints[i]
		add := func(m tonypi.Metric, value float64) {
			dst = append(dst, tonypi.Reading{Robot: b.id, Metric: m, Source: j.source, Value: value, Time: at})
		}
		read := s.angle[i]
		if i < headTilt { // the head's servos tell what they were told
			read = math.Round((read+b.err(jitter))/j.scale) * j.scale
		}
		add(tonypi.ServoPosition, round(read, 0.01))
		add(tonypi.ServoTarget, round(s.target[i], 0.01))
		add(tonypi.ServoTemperature, round(s.heat[i], 1))
		add(tonypi.ServoVoltage, round(b.battery.volts-leadDrop*s.load[i]+b.err(0.008), 0.01))
		add(tonypi.ServoTorque, word(s.heat[i] < overTemp && !(b.stopped && b.profile == "limp")))
		add(tonypi.ServoErrors, float64(s.errors[i]))
	}
	return dst
}

// leadDrop is the voltage that a servo's own lead loses at full load.
const leadDrop = 0.12

// Battery appends charge, voltage, whether it charges, and minutes left (until full while it charges).
func (b *Body) Battery(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return dst
	}
	add := func(m tonypi.Metric, value float64) {
		dst = append(dst, tonypi.Reading{Robot: b.id, Metric: m, Value: value, Time: at})
	}
	add(tonypi.BatteryPercent, round(b.battery.percent, 0.1))
	add(tonypi.BatteryVoltage, round(b.battery.volts+b.err(0.01), 0.01))
	add(tonypi.BatteryCharging, word(b.battery.charging))
	add(tonypi.BatteryMinutes, round(b.battery.minutes(), 1))
	return dst
}

// Location appends x, y and z in metres from a corner of the room.
func (b *Body) Location(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return dst
	}
	for i, v := range [3]float64{b.place.x, b.place.y, 0} {
		dst = append(dst, tonypi.Reading{Robot: b.id, Metric: tonypi.Location, Source: axes[i], Value: round(v, 0.01), Time: at})
	}
	return dst
}

var axes = [3]string{"x", "y", "z"}

// Health appends CPU, memory, disk, CPU temperature, uptime, throttling, Wi-Fi signal and round trip.
func (b *Body) Health(at time.Time, dst []tonypi.Reading) []tonypi.Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return dst
	}
	add := func(m tonypi.Metric, value float64) {
		dst = append(dst, tonypi.Reading{Robot: b.id, Metric: m, Value: value, Time: at})
	}
	h := &b.host
	add(tonypi.CPUPercent, round(h.cpu, 0.1))
	add(tonypi.MemoryPercent, round(h.memory, 0.1))
	add(tonypi.DiskPercent, round(h.disk, 0.1))
	add(tonypi.CPUTemperature, round(h.heat+b.err(0.2), 0.1))
	add(tonypi.Uptime, math.Floor(b.now-h.booted))
	add(tonypi.Throttled, word(h.throttled))
	add(tonypi.WifiSignal, round(h.signal, 1))
	add(tonypi.NetworkRTT, round(h.rtt, 0.1))
	return dst
}

// Posture names how the body stands: standing, walking, leaning, sitting, fallen_front, fallen_back or fallen_side.
func (b *Body) Posture(at time.Time) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.advance(at)
	const leans = 14 // degrees
	switch {
	case b.balance.stage != upright && math.Max(math.Abs(b.trim.pitch), math.Abs(b.trim.roll)) > 50:
		return b.balance.posture()
	case math.Abs(b.trim.pitch) > leans || math.Abs(b.trim.roll) > leans:
		return "leaning"
	case b.act.kind == sitting && b.act.since > 1:
		return "sitting"
	case (b.act.kind == walking || b.act.kind == turning) && !b.stopped:
		return "walking"
	}
	return "standing"
}

// Events adds to u the logs, scans, sightings and at most one job message since the last call.
func (b *Body) Events(at time.Time, u *tonypi.Update) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.alive(at) {
		return
	}
	s := &b.said
	u.Logs = append(u.Logs, s.logs...)
	u.Scans = append(u.Scans, s.scans...)
	s.logs, s.scans = s.logs[:0], s.scans[:0]
	u.Detections = b.sights(at, u.Detections)
	if len(s.jobs) > 0 {
		j := s.jobs[0]
		u.Job = &j
		s.jobs = append(s.jobs[:0], s.jobs[1:]...)
	}
}

// alive lives up to a time and reports whether the Pi then has power.
func (b *Body) alive(at time.Time) bool {
	b.advance(at)
	return !b.plot.off
}

// err draws one error of a reading with standard deviation sigma.
func (b *Body) err(sigma float64) float64 { return b.noise.NormFloat64() * sigma }

// round cuts a value to what a sensor resolves. unit is a power of ten: the result prints short.
func round(v, unit float64) float64 {
	per := math.Round(1 / unit)
	v = math.Round(v*per) / per
	if v == 0 {
		return 0 // not −0
	}
	return v
}

func word(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
