package camera

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"tonypi"
)

// pictures reads a stream to its end and returns its frames and the last error.
func pictures(r io.Reader, limit int) ([]Frame, error) {
	s := newScanner(r, limit)
	var all []Frame
	for {
		f, err := s.next()
		if err != nil {
			return all, err
		}
		all = append(all, f)
	}
}

// TestPicturesHoweverTheyAreWrapped is the table of shapes that cameras send.
func TestPicturesHoweverTheyAreWrapped(t *testing.T) {
	a, b := testPicture(1), testPicture(2)
	// A thumbnail within a segment must not end the picture.
	thumb := append([]byte{0xFF, soi, 0xFF, 0xE1, 0, byte(2 + 6)}, 0xFF, soi, 0xFF, eoi, 0xFF, soi)
	thumb = append(thumb, a[2:]...)
	noEnd := a[:len(a)-2]
	length := func(p []byte) string { return "Content-length: " + strconv.Itoa(len(p)) + "\r\n" }
	for name, test := range map[string]struct {
		stream string
		want   [][]byte
	}{
		"original with lengths": {"--b\r\nContent-type: image/jpeg\r\n" + length(a) + "\r\n" + string(a) + "\r\n--b\r\n" + length(b) + "\r\n" + string(b) + "\r\n", [][]byte{a, b}},
		"original without":      {"--frame\r\nContent-Type: image/jpeg\r\n\r\n" + string(a) + "\r\n--frame\r\n\r\n" + string(b) + "\r\n", [][]byte{a, b}},
		"bare":                  {string(a) + string(b), [][]byte{a, b}},
		"line feeds only":       {"--x\n\n" + string(a) + "\n--x\n\n" + string(b), [][]byte{a, b}},
		"thumbnail":             {"--x\r\n\r\n" + string(thumb) + "\r\n--x\r\n\r\n" + string(b), [][]byte{thumb, b}},
		"no end mark":           {"--x\r\n" + length(noEnd) + "\r\n" + string(noEnd) + "\r\n--x\r\n\r\n" + string(b) + "\r\n", [][]byte{noEnd, b}},
		"length that lies":      {"--x\r\nContent-Length: 3\r\n\r\n" + string(a) + "\r\n--x\r\nContent-Length: 900000\r\n\r\n" + string(b), [][]byte{a, b}},
		"fill bytes":            {"\xff\xff" + string(a), [][]byte{a}},
		"half a picture":        {string(a[:len(a)/2]), nil},
		"begins in the middle":  {string(a[len(a)/2:]) + "\r\n--x\r\n\r\n" + string(b), [][]byte{b}},
		"broken one between":    {string(a) + "\xff\xd8\x00\x00" + string(b), [][]byte{a, b}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{bytes.NewReader([]byte(test.stream)), oneByOne{bytes.NewReader([]byte(test.stream))}} {
				got, err := pictures(r, maxFrame)
				if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("ended with %v", err)
				}
				if len(got) != len(test.want) {
					t.Fatalf("%d frames, want %d", len(got), len(test.want))
				}
				for i, f := range got {
					if !bytes.Equal(f.JPEG, test.want[i]) || f.Width != 64 || f.Height != 48 {
						t.Errorf("frame %d: %d bytes, %d × %d; want %d bytes", i, len(f.JPEG), f.Width, f.Height, len(test.want[i]))
					}
				}
			}
		})
	}
}

// oneByOne gives a byte at a time.
type oneByOne struct{ r io.Reader }

func (o oneByOne) Read(p []byte) (int, error) { return o.r.Read(p[:min(1, len(p))]) }

// FuzzScanner feeds anything; whatever comes out is a picture within its bounds, and pictures put in between always come out
// when what is before them cannot be the beginning of another.
func FuzzScanner(f *testing.F) {
	a := testPicture(1)
	f.Add(a, "--frame\r\nContent-Type: image/jpeg\r\n\r\n")
	f.Add(append(bytes.Clone(a), a...), "--boundarydonotcross\r\nContent-length: 12\r\n\r\n")
	f.Add([]byte{0xFF, soi, 0xFF, sos, 0, 2, 0xFF, 0, 0xFF, soi}, "")
	f.Add([]byte{0xFF, soi, 0xFF, 0xC0, 0, 1}, "Content-Length: -1\r\n\r\n")
	f.Fuzz(func(t *testing.T, stream []byte, head string) {
		const limit = 64 << 10
		for _, r := range []io.Reader{bytes.NewReader(stream), oneByOne{bytes.NewReader(stream)}} {
			got, err := pictures(r, limit)
			if err == nil {
				t.Fatal("no end")
			}
			for _, p := range got {
				if len(p.JPEG) > limit || len(p.JPEG) < 3 || p.JPEG[0] != 0xFF || p.JPEG[1] != soi || !bytes.Contains(stream, p.JPEG[2:]) {
					t.Fatalf("frame of %d bytes: %x", len(p.JPEG), p.JPEG[:min(len(p.JPEG), 20)])
				}
			}
		}
		if bytes.IndexByte([]byte(head), 0xFF) >= 0 || len(head) > maxHead || contentLength([]byte(head)) > limit {
			return
		}
		got, _ := pictures(bytes.NewReader(append([]byte(head), a...)), limit)
		if len(got) != 1 || !bytes.Equal(got[0].JPEG, a) {
			t.Fatalf("a picture after %q did not come out", head)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	big := bigPicture(40 << 10)
	part := append([]byte("--frame\r\nContent-Type: image/jpeg\r\nContent-Length: "+strconv.Itoa(len(big))+"\r\n\r\n"), big...)
	b.SetBytes(int64(len(part)))
	b.ReportAllocs()
	s := newScanner(&repeat{part: part}, maxFrame)
	for b.Loop() {
		if _, err := s.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// bigPicture is a valid picture of about n bytes, about as dense in marks as camera pictures are.
func bigPicture(n int) []byte {
	p := testPicture(1)
	data := bytes.Repeat([]byte("\x12\x34\x56\x78\x9a\xbc\xde\xf0\x11\x22\x33\x44\x55\x66\x77\xff\x00"), n/17)
	return append(append(p[:len(p)-2:len(p)-2], data...), 0xFF, eoi)
}

// repeat is an endless stream of one part.
type repeat struct {
	part []byte
	at   int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := copy(p, r.part[r.at:])
	r.at = (r.at + n) % len(r.part)
	return n, nil
}

// sink is a viewer that takes everything at once.
type sink struct {
	header http.Header
	got    func(n int)
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(int)     {}
func (s *sink) FlushError() error   { return nil }
func (s *sink) Write(p []byte) (int, error) {
	s.got(len(p))
	return len(p), nil
}

// BenchmarkFiftyViewers is the relay's own work for one frame of 40 KiB to 50 viewers, without the network's.
func BenchmarkFiftyViewers(b *testing.B) {
	const viewers = 50
	robots := &fleet{robots: map[tonypi.RobotID]tonypi.Robot{}}
	r := New(Config{Robots: robots, AllowLoopback: true, Log: slog.New(slog.DiscardHandler)})
	robots.set("http://127.0.0.1:1/") // frames are put in by hand
	f := newFeed(r, "r1")
	r.feeds["r1"] = f
	frame := Frame{JPEG: bigPicture(40 << 10)}
	f.put(frame)
	ctx, cancel := context.WithCancel(b.Context())
	var watching sync.WaitGroup
	var got sync.WaitGroup
	for range viewers {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody)
		if err != nil {
			b.Fatal(err)
		}
		req.SetPathValue("robot_id", "r1")
		first := true
		w := &sink{http.Header{}, func(n int) {
			if n == len(frame.JPEG) {
				if !first {
					got.Done()
				}
				first = false
			}
		}}
		watching.Go(func() { r.Stream(w, req) })
	}
	for f.describe().Viewers < viewers {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond) // until each has the first frame
	b.SetBytes(int64(viewers * len(frame.JPEG)))
	for b.Loop() {
		got.Add(viewers)
		f.put(frame)
		got.Wait()
	}
	cancel()
	watching.Wait()
}
