package sim

import "math"

// Joints is the number of servos: sixteen on the bus (1 to 16) and the two of the head (17 tilt, 18 pan).
const Joints = 18

// Indexes of joints: servo number minus one. The right side is the left one plus side.
const (
	ankleRoll = iota
	anklePitch
	knee
	hipPitch
	hipRoll
	elbow
	shoulderRoll
	shoulderPitch
	side     = 8
	headTilt = 16
	headPan  = 17
)

// joint describes one servo: how its pulse becomes an angle and how hard the body leans on it.
type joint struct {
	name   string
	source string
	stand  float64 // pulse of the standing pose, 0 to 1000; microseconds for the head
	zero   float64 // pulse at which the joint angle is 0
	sign   float64
	scale  float64 // degrees per unit of pulse
	least  float64 // angle range in degrees that the official actions use
	most   float64
	hold   float64 // share of its torque that standing costs, 0 to 1
}

const (
	busScale  = 0.24 // degrees per unit
	headScale = 0.09 // degrees per microsecond
)

var joints = [Joints]joint{
	{"Left ankle roll", "servo_1", 500, 498, 1, busScale, -25, 35, 0.12},
	{"Left ankle pitch", "servo_2", 390, 479, 1, busScale, -103, 82, 0.22},
	{"Left knee", "servo_3", 500, 247, 1, busScale, -60, 171, 0.32},
	{"Left hip pitch", "servo_4", 600, 413, -1, busScale, -107, 69, 0.24},
	{"Left hip roll", "servo_5", 500, 508, -1, busScale, -58, 32, 0.15},
	{"Left elbow", "servo_6", 575, 500, -1, busScale, -103, 90, 0.07},
	{"Left shoulder roll", "servo_7", 800, 870, -1, busScale, -8, 179, 0.10},
	{"Left shoulder pitch", "servo_8", 725, 664, 1, busScale, -160, 73, 0.11},
	{"Right ankle roll", "servo_9", 500, 495, 1, busScale, -31, 18, 0.12},
	{"Right ankle pitch", "servo_10", 610, 515, -1, busScale, -105, 90, 0.22},
	{"Right knee", "servo_11", 500, 762, -1, busScale, -58, 174, 0.32},
	{"Right hip pitch", "servo_12", 400, 584, 1, busScale, -107, 70, 0.24},
	{"Right hip roll", "servo_13", 500, 500, -1, busScale, -30, 61, 0.15},
	{"Right elbow", "servo_14", 425, 516, -1, busScale, -87, 116, 0.07},
	{"Right shoulder roll", "servo_15", 200, 129, -1, busScale, -180, 7, 0.10},
	{"Right shoulder pitch", "servo_16", 275, 337, -1, busScale, -159, 74, 0.11},
	{"Head tilt", "servo_17", 1500, 1500, -1, headScale, -27, 27, 0.04},
	{"Head pan", "servo_18", 1500, 1500, 1, headScale, -45, 45, 0.03},
}

// pose is an angle for every joint, in degrees.
type pose [Joints]float64

// stand is the standing pose of the joint table as angles.
var stand = func() (p pose) {
	for i, j := range joints {
		p[i] = j.sign * (j.stand - j.zero) * j.scale
	}
	return p
}()

// JointName returns what people call a servo (1 to Joints), or an empty string.
func JointName(servo int) string {
	if servo < 1 || servo > Joints {
		return ""
	}
	return joints[servo-1].name
}

// clamp keeps the angle within what the joint's official actions use.
func (j *joint) clamp(angle float64) float64 { return min(max(angle, j.least), j.most) }

// Motion of a bus servo: a first-order lag behind its target, no faster than 60° in 0.2 s.
const (
	lagGain  = 0.34
	maxStep  = 300 * step
	nearby   = 0.05 // degrees within which a still servo counts as arrived
	jitter   = 0.12 // degrees of read-back noise
	overTemp = 85.0 // °C at which a servo drops its torque
)

// servos is the state of all servos.
type servos struct {
	angle    pose
	target   pose
	travel   pose // degrees moved since the last slow step
	load     pose // 0 (free) to 1 (full torque), may exceed 1 when a joint is stuck
	heat     pose // °C
	friction pose // 1 for a sound servo
	errors   [Joints]int
	settled  bool
}

// follow moves every servo one step towards its target.
func (s *servos) follow() {
	if s.settled {
		return
	}
	settled := true
	for i := range s.angle {
		d := s.target[i] - s.angle[i]
		if d < nearby && d > -nearby {
			continue
		}
		settled = false
		move := min(max(d*lagGain, -maxStep), maxStep)
		s.angle[i] += move
		s.travel[i] += math.Abs(move)
	}
	s.settled = settled
}

// Heat: a servo drifts towards an equilibrium that its load sets.
const (
	electronics = 7.0   // °C that a powered servo is above the room
	heatGain    = 25.0  // °C per full load
	heatTau     = 150.0 // seconds
)

// warm lets loads and temperatures follow what happened during the last dt seconds. support is the share of its weight
// that the body carries on its legs: 1 on its feet, little when it sits or lies.
func (s *servos) warm(room, support, dt float64) (total float64) {
	for i := range s.load {
		speed := s.travel[i] / dt
		s.travel[i] = 0
		load := joints[i].hold*support + 0.5*min(1, speed/130)
		s.load[i] += (load*s.friction[i] - s.load[i]) * min(1, dt/0.6)
		total += s.load[i]
		equilibrium := room + electronics + heatGain*s.load[i]
		s.heat[i] += (equilibrium - s.heat[i]) * dt / heatTau
	}
	return total
}
