package camera

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tonypi"
)

// testPicture is a JPEG of 64 × 48 pixels; n makes it distinct.
func testPicture(n int) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 48))
	for i := range 64 * 48 {
		img.Set(i%64, i/64, color.RGBA{uint8(i * (n + 3)), uint8(i / 7 * n), uint8(n), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err) // it writes to memory
	}
	return b.Bytes()
}

// cameraProgram is a robot's camera server in one of the shapes of the original system.
type cameraProgram struct {
	*httptest.Server
	open, opened atomic.Int64 // connections now and ever
	every        time.Duration
	serve        func(w http.ResponseWriter, r *http.Request, frame func() []byte)
}

// withLengths is the shape of the original's camera_stream.py: the boundary already holds the dashes, parts have lengths.
func withLengths(w http.ResponseWriter, r *http.Request, frame func() []byte) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--boundarydonotcross")
	for b := frame(); b != nil; b = frame() {
		fmt.Fprintf(w, "--boundarydonotcross\r\nContent-type: image/jpeg\r\nContent-length: %d\r\n\r\n", len(b))
		if _, err := w.Write(append(bytes.Clone(b), "\r\n"...)); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}

// withoutLengths is the shape of the original clients' own server.
func withoutLengths(w http.ResponseWriter, r *http.Request, frame func() []byte) {
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--frame")
	for b := frame(); b != nil; b = frame() {
		fmt.Fprint(w, "--frame\r\nContent-Type: image/jpeg\r\n\r\n")
		if _, err := w.Write(append(bytes.Clone(b), "\r\n"...)); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
	}
}

func newCamera(t testing.TB, every time.Duration, serve func(http.ResponseWriter, *http.Request, func() []byte)) *cameraProgram {
	t.Helper()
	c := &cameraProgram{every: every, serve: serve}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.open.Add(1)
		c.opened.Add(1)
		defer c.open.Add(-1)
		n := 0
		c.serve(w, r, func() []byte {
			select {
			case <-time.After(c.every):
			case <-r.Context().Done():
				return nil
			}
			n++
			return testPicture(n)
		})
	}))
	t.Cleanup(c.Close)
	return c
}

type fleet struct {
	mu     sync.Mutex
	robots map[tonypi.RobotID]tonypi.Robot
}

func (f *fleet) Robot(_ context.Context, id tonypi.RobotID) (tonypi.Robot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.robots[id]
	if !ok {
		return r, tonypi.Errorf(tonypi.NotFound, "not found")
	}
	return r, nil
}

func (f *fleet) set(cameraURL string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.robots["r1"] = tonypi.Robot{ID: "r1", Adoption: tonypi.Adopted, Address: "127.0.0.1", CameraURL: cameraURL}
}

// fixture is a relay behind real HTTP, with one robot r1 on this machine.
type fixture struct {
	*testing.T
	*fleet
	relay *Relay
	web   *httptest.Server
}

func newFixture(t *testing.T, cameraURL string, change func(*Config)) *fixture {
	t.Helper()
	before := runtime.NumGoroutine()
	f := &fixture{T: t, fleet: &fleet{robots: map[tonypi.RobotID]tonypi.Robot{}}}
	f.set(cameraURL)
	cfg := Config{Robots: f.fleet, AllowLoopback: true, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	f.relay = New(cfg)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /robots/{robot_id}/camera/stream", f.relay.Stream)
	mux.HandleFunc("GET /robots/{robot_id}/camera/snapshot", f.relay.Snapshot)
	f.web = httptest.NewServer(mux)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.relay.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		f.web.CloseClientConnections()
		f.web.Close()
		http.DefaultClient.CloseIdleConnections()
		late := time.Now().Add(5 * time.Second)
		for runtime.NumGoroutine() > before {
			if time.Now().After(late) {
				buf := make([]byte, 1<<20)
				t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
			}
			time.Sleep(5 * time.Millisecond)
		}
	})
	return f
}

func (f *fixture) get(what string) *http.Response {
	f.Helper()
	req, err := http.NewRequestWithContext(f.Context(), http.MethodGet, f.web.URL+"/robots/r1/camera/"+what, http.NoBody)
	if err != nil {
		f.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { res.Body.Close() })
	return res
}

// viewer reads a stream as strictly as the standard says.
type viewer struct {
	*fixture
	res   *http.Response
	parts *multipart.Reader
}

func (f *fixture) view() *viewer {
	f.Helper()
	res := f.get("stream")
	if res.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(res.Body)
		f.Fatalf("stream: %s: %s", res.Status, b)
	}
	if kind := res.Header.Get("Content-Type"); kind != "multipart/x-mixed-replace; boundary="+boundary {
		f.Errorf("content type %q", kind)
	}
	return &viewer{f, res, multipart.NewReader(res.Body, boundary)}
}

// frame reads one part, decodes it and returns when the server got it.
func (v *viewer) frame() ([]byte, time.Time) {
	v.Helper()
	part, err := v.parts.NextPart()
	if err != nil {
		v.Fatal(err)
	}
	b, err := io.ReadAll(part)
	if err != nil {
		v.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil || img.Bounds().Dx() != 64 || part.Header.Get("Content-Length") != strconv.Itoa(len(b)) {
		v.Fatalf("part of %d bytes, header %v: %v", len(b), part.Header, err)
	}
	ms, err := strconv.ParseInt(part.Header.Get("X-Timestamp"), 10, 64)
	if err != nil {
		v.Fatal(err)
	}
	return b, time.UnixMilli(ms)
}

func (f *fixture) state() State {
	f.Helper()
	s, err := f.relay.State(f.Context(), "r1")
	if err != nil {
		f.Fatal(err)
	}
	return s
}

// until waits until something is so.
func (f *fixture) until(limit time.Duration, what string, so func() bool) time.Duration {
	f.Helper()
	begin := time.Now()
	for !so() {
		if time.Since(begin) > limit {
			f.Fatalf("not within %v: %s; state %+v", limit, what, f.state())
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(begin)
}

func TestStreamsInBothShapes(t *testing.T) {
	for name, shape := range map[string]func(http.ResponseWriter, *http.Request, func() []byte){"lengths": withLengths, "no lengths": withoutLengths} {
		t.Run(name, func(t *testing.T) {
			camera := newCamera(t, 20*time.Millisecond, shape)
			f := newFixture(t, camera.URL+"/?action=stream", nil)
			if s := f.state(); s.State != None || !s.URLKnown || s.AgeMS != -1 || s.Message != "Nobody watches" {
				t.Errorf("before: %+v", s)
			}
			v := f.view()
			seen := map[string]bool{}
			for range 20 {
				b, _ := v.frame()
				seen[string(b)] = true
			}
			if len(seen) != 20 {
				t.Errorf("%d different frames of 20", len(seen))
			}
			s := f.state()
			if s.State != Live || s.Message != "" || s.Viewers != 1 || s.Width != 64 || s.Height != 48 || s.FPS < 10 || s.FPS > 60 || s.AgeMS < 0 || s.AgeMS > 1000 {
				t.Errorf("live: %+v", s)
			}
			v.res.Body.Close()
			if took := f.until(5*time.Second, "upstream closed", func() bool { return camera.open.Load() == 0 }); took < linger-time.Second {
				t.Errorf("upstream closed after %v", took)
			}
			if s := f.state(); s.State != None {
				t.Errorf("after: %+v", s)
			}
		})
	}
}

func TestManyViewersOneUpstream(t *testing.T) {
	camera := newCamera(t, 20*time.Millisecond, withLengths)
	f := newFixture(t, camera.URL, nil)
	var group sync.WaitGroup
	for range 50 {
		v := f.view()
		group.Go(func() {
			for range 10 {
				v.frame()
			}
		})
	}
	group.Wait()
	if n := camera.opened.Load(); n != 1 {
		t.Errorf("%d connections to the robot for 50 viewers", n)
	}
	if s := f.state(); s.Viewers != 50 {
		t.Errorf("%+v", s)
	}
	// One who comes back while the upstream lingers finds it open.
	f.web.CloseClientConnections()
	f.until(3*time.Second, "all left", func() bool { return f.state().Viewers == 0 })
	f.view().frame()
	if n := camera.opened.Load(); n != 1 {
		t.Errorf("%d connections to the robot after coming back", n)
	}
}

// TestSlowViewer reads nothing for a while: others go on, and then it gets the newest frame, not a queue of old ones.
func TestSlowViewer(t *testing.T) {
	big := append(testPicture(1)[:2:2], 0xFF, 0xFE, 0xFF, 0xFF) // a comment of 64 KiB makes frames large
	big = append(append(big, make([]byte, 0xFFFD)...), testPicture(1)[2:]...)
	camera := newCamera(t, 2*time.Millisecond, func(w http.ResponseWriter, r *http.Request, frame func() []byte) {
		withLengths(w, r, func() []byte {
			if frame() == nil {
				return nil
			}
			return big
		})
	})
	f := newFixture(t, camera.URL, nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.web.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /robots/r1/camera/stream HTTP/1.1\r\nHost: x\r\n\r\n")
	slow := bufio.NewReader(conn)
	if _, err := slow.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	fast := f.view()
	begin := time.Now()
	for time.Since(begin) < 2*time.Second {
		if _, at := fast.frame(); time.Since(at) > time.Second {
			t.Fatalf("a frame of the fast viewer is %v old", time.Since(at))
		}
	}
	res, err := http.ReadResponse(bufio.NewReader(io.MultiReader(strings.NewReader("HTTP/1.1 200 OK\r\n"), slow)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { // in this order: closing the body reads it to its end, which never comes
		conn.Close()
		res.Body.Close()
	}()
	v := &viewer{f, res, multipart.NewReader(res.Body, boundary)}
	late := time.Now().Add(3 * time.Second)
	for skipped := 0; ; skipped++ {
		if _, at := v.frame(); time.Since(at) < 300*time.Millisecond {
			// What the sockets' buffers held was old; nothing else was queued.
			if skipped > 200 {
				t.Errorf("%d old frames", skipped)
			}
			break
		}
		if time.Now().After(late) {
			t.Fatal("only old frames")
		}
	}
}

func TestStalledUpstream(t *testing.T) {
	var stall atomic.Bool
	camera := newCamera(t, 10*time.Millisecond, func(w http.ResponseWriter, r *http.Request, frame func() []byte) {
		withLengths(w, r, func() []byte {
			if stall.Load() {
				<-r.Context().Done()
				return nil
			}
			return frame()
		})
	})
	f := newFixture(t, camera.URL, nil)
	v := f.view()
	v.frame()
	stall.Store(true)
	f.until(stallWait+2*time.Second, "down", func() bool { return f.state().State == Down })
	if s := f.state(); s.Message != "No picture has come for 5s" || s.AgeMS < 4000 || s.FPS != 0 {
		t.Errorf("%+v", s)
	}
	stall.Store(false)
	f.until(3*time.Second, "live again", func() bool { return f.state().State == Live })
	for { // the same stream goes on
		if _, at := v.frame(); time.Since(at) < time.Second {
			break
		}
	}
}

// TestNoPicture is the table of what a person is told.
func TestNoPicture(t *testing.T) {
	answer := func(status int, kind, body string) func(http.ResponseWriter, *http.Request, func() []byte) {
		return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) {
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	huge := func(head string) func(http.ResponseWriter, *http.Request, func() []byte) {
		return func(w http.ResponseWriter, _ *http.Request, _ func() []byte) {
			w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=x")
			fmt.Fprint(w, head)
			_, _ = w.Write([]byte{0xFF, soi, 0xFF, sos, 0, 2})
			_, _ = w.Write(bytes.Repeat([]byte("x"), maxFrame+1))
		}
	}
	mixed := "multipart/x-mixed-replace; boundary=frame"
	for _, test := range []struct {
		name, words string
		serve       func(http.ResponseWriter, *http.Request, func() []byte)
	}{
		{"503", "has no picture (503)", answer(503, "text/plain", "No frame available")},
		{"404", "answers with status 404", answer(404, "text/plain", "")},
		{"page", "answers with a text", answer(200, "text/html; charset=utf-8", "<html>")},
		{"text in parts", "something else than pictures", answer(200, mixed, strings.Repeat("--frame\r\nContent-Type: text/plain\r\n\r\nhello\r\n", 1000))},
		{"nothing", "ended the stream", answer(200, mixed, "")},
		{"large by length", "over 4 MiB", huge("--x\r\nContent-Length: 5000000\r\n\r\n")},
		{"large", "over 4 MiB", huge("--x\r\n\r\n")},
		{"broken", "broken pictures", answer(200, mixed, strings.Repeat("--frame\r\n\r\n\xff\xd8nonsense\r\n", 1000))},
	} {
		t.Run(test.name, func(t *testing.T) {
			camera := newCamera(t, time.Millisecond, test.serve)
			f := newFixture(t, camera.URL, nil)
			for _, what := range []string{"stream", "snapshot"} {
				f.wantProblem(what, http.StatusServiceUnavailable, test.words)
			}
			if s := f.state(); s.State != Down || !strings.Contains(s.Message, test.words) {
				t.Errorf("%+v", s)
			}
		})
	}
	t.Run("refused", func(t *testing.T) {
		camera := newCamera(t, time.Millisecond, withLengths)
		camera.Close()
		f := newFixture(t, camera.URL, nil)
		f.wantProblem("snapshot", http.StatusServiceUnavailable, "Nothing listens at the camera's address")
	})
}

func (f *fixture) wantProblem(what string, status int, words string) {
	f.Helper()
	res := f.get(what)
	var problem struct {
		Status int
		Detail string
	}
	err := json.NewDecoder(res.Body).Decode(&problem)
	if err != nil || res.StatusCode != status || problem.Status != status || !strings.Contains(problem.Detail, words) {
		f.Errorf("%s: %s, %+v, %v; want %d with %q", what, res.Status, problem, err, status, words)
	}
}

func TestSnapshot(t *testing.T) {
	for name, shape := range map[string]func(http.ResponseWriter, *http.Request, func() []byte){
		"stream": withLengths,
		"single": func(w http.ResponseWriter, _ *http.Request, frame func() []byte) {
			w.Header().Set("Content-Type", "image/jpeg")
			_, _ = w.Write(frame())
		},
	} {
		t.Run(name, func(t *testing.T) {
			camera := newCamera(t, 5*time.Millisecond, shape)
			f := newFixture(t, camera.URL, nil)
			res := f.get("snapshot")
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "image/jpeg" {
				t.Fatalf("%s %v: %v", res.Status, res.Header, err)
			}
			if _, err := jpeg.Decode(bytes.NewReader(b)); err != nil {
				t.Error(err)
			}
			f.until(5*time.Second, "upstream closed", func() bool { return camera.open.Load() == 0 && f.state().State == None })
			v := f.view()
			v.frame()
			v.frame() // single pictures become a stream, too
		})
	}
}

func TestBounds(t *testing.T) {
	camera := newCamera(t, 5*time.Millisecond, withLengths)
	f := newFixture(t, camera.URL, nil)
	for range maxViewers {
		if _, err := f.relay.join("r1"); err != nil {
			t.Fatal(err)
		}
	}
	f.wantProblem("stream", http.StatusTooManyRequests, "100 people watch this camera")
	f.relay.mu.Lock()
	f.relay.viewers = maxTotal
	f.relay.mu.Unlock()
	f.wantProblem("stream", http.StatusTooManyRequests, "1000 people watch cameras")
}

func TestTicketsOfStreams(t *testing.T) {
	f := newFixture(t, "", nil)
	vera := tonypi.Caller{Name: "vera", Role: tonypi.Viewer}
	if _, err := f.relay.Ticket(tonypi.Caller{Name: "nobody"}, "r1"); tonypi.KindOf(err) != tonypi.Forbidden {
		t.Errorf("ticket without a role: %v", err)
	}
	ticket, err := f.relay.Ticket(vera, "r1")
	if err != nil {
		t.Fatal(err)
	}
	if by, err := f.relay.Redeem(ticket, "r1"); err != nil || by != vera {
		t.Errorf("first use: %+v, %v", by, err)
	}
	if _, err := f.relay.Redeem(ticket, "r1"); tonypi.KindOf(err) != tonypi.Unauthenticated {
		t.Errorf("second use: %v", err)
	}
}

// A viewer whose rights end sees no more; a check that cannot be made ends nothing.
func TestStreamEndsWithTheRightToSeeIt(t *testing.T) {
	c := newCamera(t, 10*time.Millisecond, withLengths)
	var answer atomic.Pointer[tonypi.Error]
	answer.Store(tonypi.Errorf(tonypi.Unavailable, "the database is down"))
	asked := make(chan struct{}, 1000)
	f := newFixture(t, c.URL, func(cfg *Config) {
		cfg.Check = func(context.Context, tonypi.Caller) error { asked <- struct{}{}; return answer.Load() }
	})
	f.relay.checkEvery = 20 * time.Millisecond
	v := f.view()
	<-asked
	<-asked
	v.frame()
	answer.Store(tonypi.Errorf(tonypi.Unauthenticated, "Signed out"))
	if _, err := io.Copy(io.Discard, v.res.Body); err != nil {
		t.Error(err)
	}
	f.until(5*time.Second, "nobody watches", func() bool { return f.state().Viewers == 0 })
}

func TestUnknownRobots(t *testing.T) {
	f := newFixture(t, "http://127.0.0.1/", nil)
	f.robots["r1"] = tonypi.Robot{ID: "r1", Adoption: tonypi.Pending, Address: "127.0.0.1", CameraURL: "http://127.0.0.1/"}
	f.wantProblem("stream", http.StatusNotFound, "Robot 'r1' not found")
	if _, err := f.relay.State(t.Context(), "r9"); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("state of no robot: %v", err)
	}
}
