package sim

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"math"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"tonypi"
)

// scene is what a picture shows, taken out of the body at one moment.
type scene struct {
	view
	room    room
	balls   [3]ball
	name    string
	at      time.Time
	stopped bool
	blink   bool
	led     string
	quality int
}

// shoot lives up to a time and takes in what the camera then sees. It is an error when there is no picture: no power, or
// the camera is switched off.
func (b *Body) shoot(at time.Time, width, height int) (scene, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if gap := at.Sub(b.at); gap > 0 && gap <= maxCatchUp {
		b.advance(at)
	}
	switch {
	case b.plot.off:
		return scene{}, errOff()
	case b.lens.off:
		return scene{}, tonypi.Errorf(tonypi.Conflict, "The camera is switched off")
	}
	if width == 0 {
		width, height = b.lens.width, b.lens.height
	}
	return scene{
		view: b.look(width, height), room: b.place.room, balls: b.lens.balls, name: string(b.id), at: at, stopped: b.stopped,
		blink: b.now < b.lens.findTil && int(b.now*4)%2 == 0, led: b.led, quality: b.lens.quality,
	}, nil
}

// Photo takes a small still picture of at most most bytes of JPEG.
func (b *Body) Photo(at time.Time, most int) ([]byte, error) {
	s, err := b.shoot(at, 320, 240)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	s.paint(img)
	for quality := 75; quality > 5; quality -= 15 {
		out.Reset()
		if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: quality}); err != nil {
			return nil, err
		}
		if out.Len() <= most {
			return out.Bytes(), nil
		}
	}
	return nil, tonypi.Errorf(tonypi.TooLarge, "The photo does not fit into %d bytes", most)
}

// paint draws the room, the balls in it and the captions.
func (s *scene) paint(img *image.RGBA) {
	s.surroundings(img)
	s.thrown(img)
	s.captions(img)
}

const (
	block      = 2    // pixels of the room are drawn in squares of this size
	tile       = 0.5  // metres between the lines of the floor
	wallHeight = 2.4  // metres
	skirting   = 0.07 // metres
)

// surroundings casts a ray for every block of pixels.
func (s *scene) surroundings(img *image.RGBA) {
	for py := 0; py < s.height; py += block {
		v := (s.centreY - float64(py) - block/2) / s.focal
		for px := 0; px < s.width; px += block {
			u := (s.centreX - float64(px) - block/2) / s.focal
			ray := vec{
				s.ahead[0] + s.left[0]*u + s.up[0]*v, s.ahead[1] + s.left[1]*u + s.up[1]*v, s.ahead[2] + s.left[2]*u + s.up[2]*v,
			}
			c := s.hit(ray)
			for y := py; y < min(py+block, s.height); y++ {
				row := img.Pix[y*img.Stride+px*4:]
				for i := 0; i < 4*min(block, s.width-px); i += 4 {
					row[i], row[i+1], row[i+2], row[i+3] = c[0], c[1], c[2], 255
				}
			}
		}
	}
}

// hit returns the colour of what a ray from the eye meets first: floor, wall or ceiling.
func (s *scene) hit(ray vec) [3]uint8 {
	toWall, shade := math.Inf(1), 0.0
	for axis, size := range [2]float64{s.room.width, s.room.depth} {
		var t, light float64
		switch d := ray[axis]; {
		case d > 1e-9:
			t, light = (size-s.eye[axis])/d, 0.92
		case d < -1e-9:
			t, light = -s.eye[axis]/d, 0.8
		default:
			continue
		}
		if t < toWall {
			toWall, shade = t, light-0.06*float64(axis)
		}
	}
	if ray[2] < -1e-9 {
		if t := -s.eye[2] / ray[2]; t < toWall {
			return s.floor(s.eye[0]+t*ray[0], s.eye[1]+t*ray[1], t)
		}
	}
	z := s.eye[2] + toWall*ray[2]
	switch {
	case z > wallHeight:
		return [3]uint8{236, 236, 230}
	case z < skirting:
		return tint(92, 78, 66, shade)
	}
	return tint(198, 206, 214, shade)
}

// floor returns the floor's colour at a place: a grid whose lines stay visible from afar.
func (s *scene) floor(x, y, t float64) [3]uint8 {
	line := min(0.008+0.008*t*t, 0.14) // a ray near the horizon covers more floor
	dx, dy := math.Mod(x, tile), math.Mod(y, tile)
	far := max(0.55, 1-0.06*t)
	if dx < line || dy < line {
		return tint(96, 104, 112, far)
	}
	return tint(158, 142, 118, far)
}

func tint(r, g, b, light float64) [3]uint8 {
	return [3]uint8{uint8(r * light), uint8(g * light), uint8(b * light)}
}

// thrown draws the balls, the farthest first.
func (s *scene) thrown(img *image.RGBA) {
	order := [3]int{0, 1, 2}
	var far [3]float64
	for i := range s.balls {
		_, _, _, far[i], _ = s.project(&s.balls[i])
	}
	for i := range order { // three of them
		for j := i + 1; j < len(order); j++ {
			if far[order[j]] > far[order[i]] {
				order[i], order[j] = order[j], order[i]
			}
		}
	}
	for _, i := range order {
		if x, y, r, _, seen := s.project(&s.balls[i]); seen {
			disc(img, x, y, r, s.balls[i].color)
		}
	}
}

// disc draws a shaded ball.
func disc(img *image.RGBA, cx, cy, r float64, c [3]uint8) {
	bounds := img.Bounds()
	for y := max(int(cy-r), 0); y <= min(int(cy+r), bounds.Max.Y-1); y++ {
		for x := max(int(cx-r), 0); x <= min(int(cx+r), bounds.Max.X-1); x++ {
			dx, dy := (float64(x)+0.5-cx)/r, (float64(y)+0.5-cy)/r
			d := dx*dx + dy*dy
			if d > 1 {
				continue
			}
			light := 0.55 + 0.45*math.Sqrt(1-d)*max(0, 1-0.35*(dx+dy))
			p := img.Pix[img.PixOffset(x, y):]
			for i := range c {
				p[i] = uint8(min(float64(c[i])*light, 255))
			}
		}
	}
}

// captions writes who and when, and what people must not miss.
func (s *scene) captions(img *image.RGBA) {
	bar := image.Rect(0, s.height-18, s.width, s.height)
	draw.Draw(img, bar, image.NewUniform(color.RGBA{20, 24, 28, 255}), image.Point{}, draw.Src)
	clock := s.at.UTC().Format("15:04:05.0 UTC")
	name := []rune(s.name)
	write(img, 6, s.height-5, string(name[:min(len(name), s.width/7-len(clock)-4)]), color.White)
	write(img, s.width-6-7*len(clock), s.height-5, clock, color.White)
	if s.led != "" {
		disc(img, float64(s.width)/2, float64(s.height)-9, 6, ledColor(s.led))
	}
	if s.stopped {
		const words = "EMERGENCY STOP"
		draw.Draw(img, image.Rect(0, 0, s.width, 24), image.NewUniform(color.RGBA{190, 18, 28, 255}), image.Point{}, draw.Src)
		write(img, (s.width-7*len(words))/2, 16, words, color.White)
	}
	if s.blink {
		for _, edge := range []image.Rectangle{
			image.Rect(0, 0, s.width, 8), image.Rect(0, s.height-8, s.width, s.height), image.Rect(0, 0, 8, s.height), image.Rect(s.width-8, 0, s.width, s.height),
		} {
			draw.Draw(img, edge, image.NewUniform(color.RGBA{255, 214, 10, 255}), image.Point{}, draw.Src)
		}
	}
}

func write(img *image.RGBA, x, y int, words string, c color.Color) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(words)
}

// ledColor reads #rrggbb.
func ledColor(s string) (c [3]uint8) {
	for i := range c {
		for _, digit := range []byte(s[1+2*i : 3+2*i]) {
			c[i] = c[i]<<4 | hexDigit(digit)
		}
	}
	return c
}

func hexDigit(d byte) uint8 {
	if d <= '9' {
		return d - '0'
	}
	return d | 0x20 - 'a' + 10
}
