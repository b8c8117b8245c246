package sim

// cell is one point of the battery's curve: the resting voltage of the 3S pack at a state of charge.
type cell struct{ percent, volts float64 }

// curve is the table that turns voltage into percent, read the other way round.
var curve = []cell{{0, 9.0}, {5, 9.6}, {15, 10.2}, {25, 10.5}, {40, 10.8}, {50, 11.1}, {65, 11.4}, {80, 11.7}, {90, 12.0}, {95, 12.3}, {100, 12.6}}

// openVolts returns the voltage of the resting pack.
func openVolts(percent float64) float64 {
	for i := 1; i < len(curve); i++ {
		if a, b := curve[i-1], curve[i]; percent <= b.percent {
			return a.volts + (b.volts-a.volts)*(max(percent, 0)-a.percent)/(b.percent-a.percent)
		}
	}
	return curve[len(curve)-1].volts
}

const (
	packOhms    = 0.14 // internal resistance
	boardAmps   = 0.5  // what Pi and board draw
	ampsPerLoad = 0.33 // per servo at full torque
	chargeRate  = 0.4  // percent per second on the dock: some forty times faster than a real charger
	undockAt    = 92.0
)

// battery is a 3S LiPo pack.
type battery struct {
	percent  float64
	capacity float64 // ampere hours that are left of the nominal 2
	amps     float64
	average  float64 // amperes, over a minute
	volts    float64
	charging bool
}

// drain moves dt seconds on, with the servos under that much load in total and the Pi at that share of its CPU.
func (b *battery) drain(load, cpu, dt float64) {
	b.amps = boardAmps + 0.4*cpu/100 + ampsPerLoad*load
	b.average += (b.amps - b.average) * dt / 60
	if b.charging {
		b.percent = min(100, b.percent+chargeRate*dt)
		b.volts = min(12.6, openVolts(b.percent)+0.15)
		return
	}
	b.percent = max(0.5, b.percent-b.amps*dt/3600/b.capacity*100)
	b.volts = openVolts(b.percent) - b.amps*packOhms
}

// minutes returns how long the charge lasts at the last minute's current; while charging, how long until it is full.
func (b *battery) minutes() float64 {
	if b.charging {
		return (100 - b.percent) / chargeRate / 60
	}
	return b.percent / 100 * b.capacity / b.average * 60
}
