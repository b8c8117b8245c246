package sim

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tonypi"
)

const (
	maxWatchers  = 8 // streams of one robot at a time
	frameTimeout = 5 * time.Second
	boundary     = "tonypi-frame"
)

// Cameras serves the cameras of bodies over HTTP, as mjpg-streamer does on a robot: /{robot}/?action=stream is a stream of
// JPEG frames (multipart/x-mixed-replace), /{robot}/?action=snapshot one JPEG. A single body also answers on /. A picture
// is drawn only for those who watch: without them it costs nothing. Nobody is asked who they are: it is a camera of the
// field, which belongs behind the server's relay.
type Cameras struct {
	bodies map[string]*Body
	only   *Body
}

// NewCameras serves the cameras of these bodies.
func NewCameras(bodies ...*Body) *Cameras {
	c := &Cameras{bodies: make(map[string]*Body, len(bodies))}
	for _, b := range bodies {
		c.bodies[string(b.id)] = b
	}
	if len(bodies) == 1 {
		c.only = bodies[0]
	}
	return c
}

// CameraPath is where Cameras streams a robot's pictures, with its query.
func CameraPath(id tonypi.RobotID) string {
	return "/" + url.PathEscape(string(id)) + "/?action=stream"
}

// ServeHTTP streams a camera or takes a snapshot.
func (c *Cameras) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b := c.bodies[strings.Trim(r.URL.Path, "/")]
	if r.URL.Path == "/" {
		b = c.only
	}
	action := r.URL.Query().Get("action")
	switch {
	case b == nil:
		http.Error(w, "there is no such camera", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "a camera only answers GET", http.StatusMethodNotAllowed)
	case action == "snapshot":
		b.snapshot(w)
	case action == "stream" || action == "":
		b.stream(r.Context(), w, r.Method == http.MethodHead)
	default:
		http.Error(w, "action must be stream or snapshot", http.StatusBadRequest)
	}
}

func (b *Body) snapshot(w http.ResponseWriter) {
	var f film
	if err := f.take(b, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(f.out.Len()))
	_, _ = w.Write(f.out.Bytes()) // who watched is gone
}

// stream sends frames until the watcher leaves, or the robot is out of reach, out of power or told not to film.
func (b *Body) stream(ctx context.Context, w http.ResponseWriter, headOnly bool) {
	if !b.admit(1) {
		w.Header().Set("Retry-After", "5")
		http.Error(w, "too many people watch this camera", http.StatusServiceUnavailable)
		return
	}
	defer b.admit(-1)
	var f film
	if err := f.take(b, time.Now()); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	w.Header().Set("Cache-Control", "no-store")
	if headOnly {
		return
	}
	control := http.NewResponseController(w)
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		_ = control.SetWriteDeadline(time.Now().Add(frameTimeout)) // a recorder in a test has none
		began := time.Now()
		if f.write(w) != nil || control.Flush() != nil {
			return
		}
		next.Reset(time.Until(began.Add(f.pause)))
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		if f.take(b, time.Now()) != nil {
			return
		}
	}
}

// admit counts a watcher in or out, and reports whether there was room.
func (b *Body) admit(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n > 0 && b.lens.watched >= maxWatchers {
		return false
	}
	b.lens.watched += n
	return true
}

// film is one watcher's frame, whose memory is used again for the next.
type film struct {
	img   *image.RGBA
	out   bytes.Buffer
	pause time.Duration // until the next frame
}

// take draws the frame of that moment.
func (f *film) take(b *Body, at time.Time) error {
	if !b.Reaches() {
		return errNoLink
	}
	s, err := b.shoot(at, 0, 0)
	if err != nil {
		return err
	}
	if f.img == nil {
		f.img = image.NewRGBA(image.Rect(0, 0, s.width, s.height))
	}
	f.pause = time.Second / time.Duration(b.framesPerSecond())
	s.paint(f.img)
	f.out.Reset()
	return jpeg.Encode(&f.out, f.img, &jpeg.Options{Quality: s.quality})
}

func (b *Body) framesPerSecond() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lens.fps
}

func (f *film) write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "--%s\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", boundary, f.out.Len())
	if err == nil {
		_, err = w.Write(f.out.Bytes())
	}
	if err == nil {
		_, err = io.WriteString(w, "\r\n")
	}
	return err
}
