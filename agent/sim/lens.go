package sim

import (
	"math"
	"math/rand/v2"
	"time"

	"tonypi"
)

// lens is the camera in the robot's head, and what there is to see.
type lens struct {
	off     bool // switched off by the settings
	fps     int
	quality int // of JPEG, percent
	width   int
	height  int
	crowd   bool
	balls   [3]ball
	seenAt  time.Time // when a sighting was told last
	watched int       // streams that are open
	findTil float64   // until when the robot blinks to be found
}

// ball is a coloured thing in the room, metres.
type ball struct {
	label   string
	color   [3]uint8
	x, y, z float64
	radius  float64
}

const (
	fieldOfView  = 62.0 // degrees across
	eyeHeight    = 0.36 // metres
	floorHeight  = 0.09 // of the eye of a robot that lies
	sightPause   = 500 * time.Millisecond
	farthestBall = 4.5 // metres
)

func newLens(o Options, chance *rand.Rand, r room) lens {
	l := lens{fps: 10, quality: 75, width: 640, height: 480, crowd: o.Crowd}
	if o.Crowd {
		l.width, l.height = 320, 240
	}
	l.balls = [3]ball{{label: "Red Ball", color: [3]uint8{214, 48, 40}}, {label: "Green Ball", color: [3]uint8{38, 160, 70}}, {label: "Blue Ball", color: [3]uint8{40, 90, 210}}}
	for i := range l.balls {
		b := &l.balls[i]
		b.radius = 0.07 + 0.05*chance.Float64()
		b.z = b.radius + 0.25*chance.Float64()
		b.x, b.y = r.width*(0.1+0.8*chance.Float64()), r.depth*(0.1+0.8*chance.Float64())
	}
	return l
}

// Film sets the camera: whether it runs, frames per second (1 to 30) and JPEG quality (1 to 100).
func (b *Body) Film(enabled bool, fps, quality int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lens.off, b.lens.fps, b.lens.quality = !enabled, min(max(fps, 1), 30), min(max(quality, 1), 100)
}

// view is where the camera is and looks: its axes in the room, and its picture.
type view struct {
	eye              vec
	ahead, left, up  vec
	width, height    int
	focal            float64 // pixels
	centreX, centreY float64
}

type vec [3]float64

func (a vec) dot(b vec) float64 { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }

// blend returns a·s + b·t.
func blend(a vec, s float64, b vec, t float64) vec {
	return vec{a[0]*s + b[0]*t, a[1]*s + b[1]*t, a[2]*s + b[2]*t}
}

// look returns the view of this moment, for a picture of that size.
func (b *Body) look(width, height int) view {
	height0 := eyeHeight
	if b.balance.stage != upright {
		lie := min(1, math.Max(math.Abs(b.trim.pitch), math.Abs(b.trim.roll))/88)
		height0 = eyeHeight + (floorHeight-eyeHeight)*lie
	}
	v := view{
		eye: vec{b.place.x, b.place.y, height0}, width: width, height: height,
		focal: float64(width) / 2 / math.Tan(fieldOfView/2*rad), centreX: float64(width) / 2, centreY: float64(height) / 2,
	}
	sy, cy := math.Sincos((b.trim.yaw + b.servos.angle[headPan]) * rad)
	sp, cp := math.Sincos((b.trim.pitch - b.servos.angle[headTilt]) * rad) // the head tilts up, the torso forward
	sr, cr := math.Sincos(b.trim.roll * rad)
	level, side, top := vec{cy, sy, 0}, vec{-sy, cy, 0}, vec{0, 0, 1}
	v.ahead = blend(level, cp, top, -sp)
	lifted := blend(level, sp, top, cp)
	v.left = blend(side, cr, lifted, sr)
	v.up = blend(lifted, cr, side, -sr)
	return v
}

// project returns where a ball is in the picture and how large, in pixels; seen is false when no part of it is.
func (v *view) project(b *ball) (x, y, radius, distance float64, seen bool) {
	to := vec{b.x - v.eye[0], b.y - v.eye[1], b.z - v.eye[2]}
	distance = to.dot(v.ahead)
	if distance < 0.2 || distance > farthestBall {
		return 0, 0, 0, distance, false
	}
	x = v.centreX - v.focal*to.dot(v.left)/distance
	y = v.centreY - v.focal*to.dot(v.up)/distance
	radius = v.focal * b.radius / distance
	seen = x+radius > 0 && x-radius < float64(v.width) && y+radius > 0 && y-radius < float64(v.height)
	return x, y, radius, distance, seen
}

// sights adds what the camera sees, at most twice a second. A ball counts when its middle is in the picture.
func (b *Body) sights(at time.Time, dst []tonypi.DetectionEvent) []tonypi.DetectionEvent {
	if b.lens.crowd || b.lens.off || at.Sub(b.lens.seenAt) < sightPause {
		return dst
	}
	v := b.look(b.lens.width, b.lens.height)
	w, h := float64(v.width), float64(v.height)
	for i := range b.lens.balls {
		x, y, r, distance, seen := v.project(&b.lens.balls[i])
		if !seen || x < 0 || x >= w || y < 0 || y >= h {
			continue
		}
		b.lens.seenAt = at
		confidence := round(min(0.97, 0.98-0.1*distance), 0.01)
		centre, off, yes := round(x, 0.1), round((x-w/2)/(w/2), 0.001), true
		command := "LOCKED"
		switch {
		case off < -0.15:
			command = "LEFT"
		case off > 0.15:
			command = "RIGHT"
		}
		dst = append(dst, tonypi.DetectionEvent{
			Time: at, Label: b.lens.balls[i].label, Confidence: &confidence, FrameWidth: w, CenterX: &centre, Error: &off,
			Box:   &[4]float64{round(max(x-r, 0), 0.1), round(max(y-r, 0), 0.1), round(min(x+r, w), 0.1), round(min(y+r, h), 0.1)},
			State: "TRACKING", Locked: command == "LOCKED", Command: command, Detected: &yes,
		})
	}
	return dst
}
