package sim

import "math"

// room is the rectangle that a robot walks in; its corner is the origin, metres.
type room struct{ width, depth float64 }

// place is where the robot stands in its room.
type place struct {
	room room
	x, y float64 // metres
	ax   float64 // access point
	ay   float64
}

// ahead returns the distance to the wall in a direction, in metres.
func (p *place) ahead(yawDegrees float64) float64 {
	sin, cos := math.Sincos(yawDegrees * rad)
	far := math.Inf(1)
	switch {
	case cos > 1e-9:
		far = (p.room.width - p.x) / cos
	case cos < -1e-9:
		far = -p.x / cos
	}
	switch {
	case sin > 1e-9:
		far = min(far, (p.room.depth-p.y)/sin)
	case sin < -1e-9:
		far = min(far, -p.y/sin)
	}
	return max(far, 0)
}

// advance walks metres in a direction and stops short of the walls.
func (p *place) advance(metres, yawDegrees float64) {
	sin, cos := math.Sincos(yawDegrees * rad)
	p.x = min(max(p.x+metres*cos, bodyRadius), p.room.width-bodyRadius)
	p.y = min(max(p.y+metres*sin, bodyRadius), p.room.depth-bodyRadius)
}

// bodyRadius keeps the body's centre off the walls, metres.
const bodyRadius = 0.12

// toAccessPoint returns metres to the Wi-Fi access point.
func (p *place) toAccessPoint() float64 { return math.Hypot(p.x-p.ax, p.y-p.ay) + 1 }
