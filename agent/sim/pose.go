package sim

import "math"

// delta moves one joint away from the standing pose.
type delta struct {
	joint   int
	degrees float64
}

// frame is a moment of a motion: at that time the joints stand that far from the standing pose.
type frame struct {
	at     float64 // seconds since the motion began
	deltas []delta
}

// both mirrors a pitch joint: both sides move by the same angle.
func both(j int, degrees float64) []delta { return []delta{{j, degrees}, {j + side, degrees}} }

func join(parts ...[]delta) []delta {
	var all []delta
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// Poses as distances from standing. The torso leans forward by minus the sum of ankle, knee and hip pitch.
var (
	bowed     = join(both(hipPitch, -34), both(anklePitch, 8), both(shoulderPitch, -10), []delta{{headTilt, 12}})
	squatted  = join(both(knee, 48), both(hipPitch, -30), both(anklePitch, -17), both(shoulderPitch, -42))
	seated    = join(both(knee, 78), both(hipPitch, -58), both(anklePitch, -18), both(shoulderPitch, -20))
	flat      = join(both(knee, -52), both(hipPitch, 38), both(anklePitch, 16), both(shoulderPitch, -30))
	propped   = join(both(knee, 30), both(hipPitch, -52), both(anklePitch, -12), both(shoulderPitch, -95))
	raised    = []delta{{shoulderRoll + side, -98}, {elbow + side, -30}, {headPan, -18}}
	wavedIn   = []delta{{shoulderRoll + side, -98}, {elbow + side, 24}, {headPan, -18}}
	wavedOut  = []delta{{shoulderRoll + side, -98}, {elbow + side, -62}, {headPan, -18}}
	armsOut   = []delta{{shoulderRoll, 70}, {shoulderRoll + side, -70}, {elbow, -35}, {elbow + side, 35}}
	kickLeft  = join([]delta{{hipPitch, -38}, {knee, -8}, {anklePitch, 46}}, lean(9))
	kickRight = join([]delta{{hipPitch + side, -38}, {knee + side, -8}, {anklePitch + side, 46}}, lean(-9))
)

// lean shifts the weight sideways with an upright torso: ankles one way, hips the other. Positive is to the right.
func lean(degrees float64) []delta {
	return join(both(ankleRoll, degrees), both(hipRoll, -degrees))
}

// Motions that are played frame by frame. Each begins and ends in the standing pose unless it says otherwise.
var (
	waveFrames  = []frame{{0, nil}, {0.7, raised}, {1.0, wavedIn}, {1.35, wavedOut}, {1.7, wavedIn}, {2.05, wavedOut}, {2.4, raised}, {3.1, nil}}
	bowFrames   = []frame{{0, nil}, {1.2, bowed}, {2.6, bowed}, {4.0, nil}}
	squatFrames = []frame{{0, nil}, {1.0, squatted}, {2.0, squatted}, {3.0, nil}}
	sitFrames   = []frame{{0, nil}, {1.8, seated}} // stays seated
	slumpFrames = []frame{{0, nil}, {0.7, seated}} // the same without torque
	danceFrames = []frame{{0, nil}, {0.8, join(armsOut, lean(6))}, {1.6, squatted}, {2.4, join(armsOut, lean(-6))}, {3.2, raised}, {3.7, wavedIn},
		{4.2, wavedOut}, {5, squatted}, {5.8, join(armsOut, lean(6))}, {6.6, join(armsOut, lean(-6))}, {7.4, bowed}, {8.4, bowed}, {9, raised}, {9.8, nil}}
	twistFrames = []frame{{0, nil}, {0.8, join(armsOut, lean(6))}, {1.7, join(armsOut, lean(-6))}, {2.6, join(armsOut, lean(6))}, {3.4, nil}}
	leftKick    = []frame{{0, nil}, {0.5, lean(9)}, {0.8, kickLeft}, {1.1, nil}}
	rightKick   = []frame{{0, nil}, {0.5, lean(-9)}, {0.8, kickRight}, {1.1, nil}}
	nodFrames   = []frame{{0, nil}, {0.25, []delta{{headTilt, 14}}}, {0.5, []delta{{headTilt, -8}}}, {0.75, []delta{{headTilt, 12}}}, {1, nil}}
	shakeFrames = []frame{{0, nil}, {0.25, []delta{{headPan, 22}}}, {0.5, []delta{{headPan, -22}}}, {0.75, []delta{{headPan, 18}}}, {1, nil}}
	riseFrames  = []frame{{0, flat}, {1.2, flat}, {2.4, propped}, {3.6, squatted}, {5.2, nil}}
	lieFrames   = []frame{{0, nil}, {0.5, flat}} // stays flat
)

// length is the time at which the last frame is reached.
func length(frames []frame) float64 { return frames[len(frames)-1].at }

// play writes the pose at time t of a motion; after its end it holds the last frame.
func play(frames []frame, t float64, out *pose) {
	*out = stand
	i := 1
	for i < len(frames)-1 && frames[i].at <= t {
		i++
	}
	from, to := frames[i-1], frames[i]
	u := smooth((t - from.at) / (to.at - from.at))
	for _, d := range from.deltas {
		out[d.joint] += d.degrees * (1 - u)
	}
	for _, d := range to.deltas {
		out[d.joint] += d.degrees * u
	}
}

// smooth eases from 0 to 1.
func smooth(u float64) float64 {
	u = min(max(u, 0), 1)
	return u * u * (3 - 2*u)
}

// Gait of walking and turning on the spot.
const (
	gaitPeriod  = 0.9  // seconds for a left and a right step
	gaitHip     = 13.0 // degrees of swing
	gaitKnee    = 30.0
	gaitRoll    = 6.5
	gaitArm     = 20.0
	strideSpeed = 0.085 // metres per second
	turnSpeed   = 32.0  // degrees per second
)

// walk writes the walking pose. phase is in radians, stride 1 for full steps forward, 0 on the spot, negative backward.
func walk(phase, stride float64, out *pose) {
	sin, cos := math.Sincos(phase)
	*out = stand
	swing(out, 0, sin, cos, stride)
	swing(out, side, -sin, -cos, stride)
	roll := gaitRoll * sin
	for _, s := range [2]int{0, side} {
		out[ankleRoll+s] += roll
		out[hipRoll+s] -= roll * 0.9
	}
	out[shoulderPitch] += gaitArm * stride * sin
	out[shoulderPitch+side] -= gaitArm * stride * sin
	out[elbow] -= 6 * stride * max(sin, 0)
	out[elbow+side] += 6 * stride * max(-sin, 0)
}

// swing moves one leg: its knee bends while it is in the air, its thigh swings, its ankle keeps the sole level.
func swing(out *pose, s int, sin, cos, stride float64) {
	bend := gaitKnee * max(sin, 0) * (0.5 + 0.5*math.Abs(stride))
	thigh := gaitHip*stride*cos - 0.45*bend
	out[knee+s] += bend
	out[hipPitch+s] += thigh
	out[anklePitch+s] -= bend + thigh
}

// torso returns how far the legs tilt the torso forward and to the right, in degrees, with the soles on the floor.
func (p *pose) torso() (pitch, roll float64) {
	for _, s := range [2]int{0, side} {
		pitch -= p[anklePitch+s] + p[knee+s] + p[hipPitch+s]
		roll += p[ankleRoll+s] + p[hipRoll+s]
	}
	return pitch/2 - standPitch, roll/2 - standRoll
}

// Tilt of the bare standing pose, which every robot's own trim takes out again.
var standPitch, standRoll = stand.torsoRaw()

func (p pose) torsoRaw() (pitch, roll float64) {
	pitch = -(p[anklePitch] + p[knee] + p[hipPitch] + p[anklePitch+side] + p[knee+side] + p[hipPitch+side]) / 2
	roll = (p[ankleRoll] + p[hipRoll] + p[ankleRoll+side] + p[hipRoll+side]) / 2
	return pitch - 2, roll // it stands leaning forward by 2°
}
