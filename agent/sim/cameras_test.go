package sim

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tonypi"
)

func serve(t *testing.T, bodies ...*Body) string {
	t.Helper()
	s := httptest.NewServer(NewCameras(bodies...))
	t.Cleanup(s.Close)
	return s.URL
}

func TestStream(t *testing.T) {
	b := New(Options{ID: "robot 1", Seed: 1})
	base := serve(t, b, New(Options{ID: "r2"}))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base+CameraPath("robot 1"), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	kind, params, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/x-mixed-replace" || a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s %v", a.StatusCode, kind, err)
	}
	parts, began := multipart.NewReader(a.Body, params["boundary"]), time.Now()
	var last []byte
	for i := range 5 {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil || img.Bounds() != image.Rect(0, 0, 640, 480) || p.Header.Get("Content-Type") != "image/jpeg" {
			t.Fatalf("frame %d: %v", i, err)
		}
		if bytes.Equal(data, last) {
			t.Errorf("frame %d is the one before", i)
		}
		last = data
	}
	if took := time.Since(began); took < 350*time.Millisecond {
		t.Errorf("5 frames in %v are more than 10 a second", took)
	}
	// without Wi-Fi the stream ends
	b.link.set(false)
	for {
		if _, err := parts.NextPart(); err != nil {
			break
		}
	}
	if status := get(t, base+CameraPath("robot 1")).StatusCode; status != http.StatusServiceUnavailable {
		t.Errorf("without Wi-Fi: %d", status)
	}
	b.link.set(true)
	b.Film(false, 10, 75)
	if status := get(t, base+"/robot%201/?action=snapshot").StatusCode; status != http.StatusServiceUnavailable {
		t.Errorf("switched off: %d", status)
	}
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		b.mu.Lock()
		n := b.lens.watched
		b.mu.Unlock()
		if n == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d streams are still counted", n)
		}
	}
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	a, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Body.Close() })
	return a
}

func TestCameraAddresses(t *testing.T) {
	many, single := serve(t, New(Options{ID: "r1"}), New(Options{ID: "r2"})), serve(t, New(Options{ID: "r1"}))
	for url, want := range map[string]int{
		many + "/r1/?action=snapshot": 200, many + "/r2/?action=snapshot": 200, many + "/r3/?action=snapshot": 404, many + "/?action=snapshot": 404,
		single + "/?action=snapshot": 200, single + "/r1/?action=snapshot": 200, single + "/?action=shoot": 400,
	} {
		a := get(t, url)
		if a.StatusCode != want || want == 200 && a.Header.Get("Content-Type") != "image/jpeg" {
			t.Errorf("%s: %d %s", url, a.StatusCode, a.Header.Get("Content-Type"))
		}
	}
	a, err := http.Post(single+"/", "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", a.StatusCode)
	}
}

func TestOnlySoManyWatch(t *testing.T) {
	b := New(Options{ID: "r1", Crowd: true})
	base := serve(t, b)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for i := range maxWatchers + 1 {
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, base+"/", nil)
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if want := i < maxWatchers; (a.StatusCode == http.StatusOK) != want {
			t.Errorf("watcher %d: %d", i, a.StatusCode)
		}
	}
}

// What a sighting says is where the thing is in the picture, whatever way the robot leans.
func TestSightingsMatchThePicture(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(60) {
		b := New(Options{ID: "r", Seed: seed, Start: birth})
		b.Advance(birth.Add(20 * time.Second))
		b.trim.roll, b.trim.pitch = float64(seed%5)*4-8, float64(seed%7)*3-9
		at := birth.Add(20 * time.Second)
		var u tonypi.Update
		b.Events(at, &u)
		s, err := b.shoot(at, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
		s.surroundings(img)
		s.thrown(img)
		for _, d := range u.Detections {
			if len(u.Detections) > 1 { // one may hide another
				continue
			}
			x, y := int((d.Box[0]+d.Box[2])/2), int((d.Box[1]+d.Box[3])/2)
			c := img.RGBAAt(min(x, 639), min(y, 479))
			if !isColor(d.Label, c) {
				t.Errorf("seed %d: %s in %v, where the picture is %v", seed, d.Label, *d.Box, c)
			}
			if d.Box[0] > d.Box[2] || d.Box[1] > d.Box[3] || d.Box[2] > 640 || d.Box[3] > 480 || *d.Confidence < 0.4 || *d.Confidence > 1 {
				t.Errorf("seed %d: %+v", seed, d)
			}
			found[d.Label]++
		}
	}
	if len(found) != 3 {
		t.Errorf("in 60 rooms it saw only %v", found)
	}
}

func isColor(label string, c color.RGBA) bool {
	switch label {
	case "Red Ball":
		return c.R > c.G+40 && c.R > c.B+40
	case "Green Ball":
		return c.G > c.R+40 && c.G > c.B+40
	}
	return c.B > c.R+40 && c.B > c.G+40
}

func TestSightingsAreAtMostTwoASecond(t *testing.T) {
	told := 0
	for seed := range uint64(10) {
		b := New(Options{ID: "r", Seed: seed, Start: birth})
		for i := range 1000 {
			var u tonypi.Update
			b.Events(birth.Add(time.Duration(i)*100*time.Millisecond), &u)
			if len(u.Detections) > 0 {
				told++
			}
		}
		if crowd := New(Options{ID: "r", Seed: seed, Start: birth, Crowd: true}); len(crowd.sights(birth.Add(time.Hour), nil)) != 0 {
			t.Error("one of many tells what it sees")
		}
	}
	if told == 0 || told > 2010 {
		t.Errorf("%d sightings in 1000 s", told)
	}
}

func TestStopAndLeanAreSeen(t *testing.T) {
	b := New(Options{ID: "r", Seed: 1, Start: birth})
	picture := func() *image.RGBA {
		s, err := b.shoot(birth, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		img := image.NewRGBA(image.Rect(0, 0, s.width, s.height))
		s.paint(img)
		return img
	}
	if c := picture().RGBAAt(4, 4); c.R > 180 && c.G < 60 {
		t.Errorf("a robot that runs shows a stop: %v", c)
	}
	if err := b.Stop("test"); err != nil {
		t.Fatal(err)
	}
	if c := picture().RGBAAt(4, 4); c.R < 180 || c.G > 60 {
		t.Errorf("a stopped robot shows %v", c)
	}
	// leaning right lifts the horizon on the right: more floor is seen there
	ground := func(x int) (n int) {
		img := picture()
		for y := 30; y < 460; y++ {
			if c := img.RGBAAt(x, y); c.B < c.R { // floor and skirting are brown
				n++
			}
		}
		return n
	}
	b.trim.roll = 15
	right := ground(620) - ground(20)
	b.trim.roll = -15
	if left := ground(620) - ground(20); right <= 0 || left >= 0 {
		t.Errorf("leaning right shows %d rows more floor on the right, leaning left %d", right, left)
	}
}

func TestPhotoFits(t *testing.T) {
	b := New(Options{ID: "r", Seed: 1})
	data, err := b.Photo(time.Now(), 40<<10)
	if err != nil || len(data) > 40<<10 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err != nil || c.Width != 320 || c.Height != 240 {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := b.Photo(time.Now(), 100); tonypi.KindOf(err) != tonypi.TooLarge {
		t.Errorf("100 bytes: %v", err)
	}
}

func BenchmarkFrame(b *testing.B) {
	body := New(Options{ID: "r", Seed: 1})
	var f film
	for b.Loop() {
		if err := f.take(body, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(f.out.Len()))
}
