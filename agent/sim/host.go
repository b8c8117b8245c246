package sim

import "math"

// host is the Raspberry Pi in the robot's chest.
type host struct {
	cpu       float64 // percent
	memory    float64
	memoryMid float64
	disk      float64
	heat      float64 // °C
	booted    float64 // the body's time at which it booted
	cooling   float64 // °C per percent of CPU: a dusty fan has more
	throttled bool
	signal    float64 // dBm
	shadow    float64 // dB of slow fading
	rtt       float64 // ms
}

const (
	throttleAt = 80.0
	recoverAt  = 75.0
)

// work moves dt seconds on. want is the CPU percent that the activity asks for, distance is metres to the access point.
func (h *host) work(want, room, distance, weak, dt float64, norm func() float64) {
	h.cpu += (want - h.cpu) * min(1, dt/1.5)
	h.cpu = min(max(h.cpu+norm()*1.1, 1), 100)
	h.memory += (h.memoryMid+0.18*h.cpu-h.memory)*dt/20 + norm()*0.05
	h.disk = min(99, h.disk+dt*2e-5)
	watts := h.cpu
	if h.throttled {
		watts *= 0.9 // the clock is lowered
	}
	h.heat += (room + 13 + h.cooling*watts - h.heat) * dt / 25
	switch {
	case h.heat >= throttleAt:
		h.throttled = true
	case h.heat < recoverAt:
		h.throttled = false
	}
	h.shadow += -h.shadow*dt/12 + norm()*1.6*math.Sqrt(dt/6)
	h.signal = min(-28, max(-92, -41-24*math.Log10(max(distance, 0.5))-weak+h.shadow))
	slow := 2.5 + math.Exp((-h.signal-58)/9)
	h.rtt += (slow*(1+0.25*math.Abs(norm())) - h.rtt) * min(1, dt/0.8)
	h.rtt = min(max(h.rtt, 0.8), 900)
}
