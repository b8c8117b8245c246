package camera

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"tonypi"
)

// feed is the one connection to a robot's camera and the newest frame of it.
type feed struct {
	relay *Relay
	robot tonypi.RobotID
	left  chan struct{} // has one when the last viewer left

	mu      sync.Mutex
	changed chan struct{} // closed at every new frame or state
	frame   Frame
	number  int64 // of frame; 0 before the first
	state   StateKind
	why     string
	viewers int
	times   [32]time.Time // arrivals of the last frames, a ring by number
}

func newFeed(r *Relay, robot tonypi.RobotID) *feed {
	return &feed{relay: r, robot: robot, left: make(chan struct{}, 1), changed: make(chan struct{}), state: Connecting, why: "Connecting to the camera"}
}

func (f *feed) enter() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.viewers >= maxViewers {
		return tonypi.Errorf(tonypi.TooMany, "%d people watch this camera, which is all that is allowed", f.viewers)
	}
	f.viewers++
	return nil
}

func (f *feed) exit() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.viewers--; f.viewers == 0 {
		select {
		case f.left <- struct{}{}:
		default:
		}
	}
}

func (f *feed) watched() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.viewers > 0
}

// run fetches pictures until nobody has watched for linger, or ctx ends.
func (f *feed) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var fetching sync.WaitGroup
	fetching.Go(func() { f.fetch(ctx) })
	defer fetching.Wait()
	defer cancel()
	for {
		select {
		case <-f.left:
		case <-ctx.Done():
			f.relay.retire(f)
			f.set(Down, "The server is stopping")
			return
		}
		select {
		case <-time.After(linger):
		case <-ctx.Done():
		}
		if f.relay.retire(f) {
			return
		}
	}
}

// fetch connects again and again, more slowly while it fails.
func (f *feed) fetch(ctx context.Context) {
	wait := backoffMin
	for ctx.Err() == nil {
		before := f.newest()
		err := f.pull(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil { // a camera that gives single pictures
			wait = backoffMin
			pause(ctx, time.Second/5)
			continue
		}
		if f.newest() > before {
			wait = backoffMin
		}
		f.set(Down, message(err))
		f.relay.cfg.Log.Debug("camera down", "robot", f.robot, "err", err)
		pause(ctx, wait)
		wait = min(2*wait, backoffMax)
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// pull reads one stream to its end; nil when it was a single picture.
func (f *feed) pull(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	watchdog := time.AfterFunc(connectWait+stallWait, func() {
		cancel(tonypi.Errorf(tonypi.Unavailable, "No picture has come for %v", stallWait))
	})
	defer watchdog.Stop()
	body, single, closeBody, err := f.open(ctx)
	if err != nil {
		return because(ctx, err)
	}
	defer closeBody()
	pictures := newScanner(body, maxFrame)
	for {
		watchdog.Reset(stallWait)
		frame, err := pictures.next()
		if err != nil {
			return because(ctx, err)
		}
		f.put(frame)
		if single {
			return nil
		}
	}
}

// because returns why ctx ended, if it did, and err otherwise.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return tonypi.Wrap(tonypi.Unavailable, err, "The camera ended the stream")
	}
	return err
}

// open asks the robot for its stream.
func (f *feed) open(ctx context.Context) (body io.Reader, single bool, closeBody func(), err error) {
	robot, err := f.relay.robot(ctx, f.robot)
	if err != nil {
		return nil, false, nil, err
	}
	u, err := f.relay.source(robot)
	if err != nil {
		return nil, false, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody) //nolint:gosec // source has checked u
	if err != nil {
		return nil, false, nil, err
	}
	req.Header.Set("Accept", "multipart/x-mixed-replace, image/jpeg")
	req.Header.Set("User-Agent", "tonypi")
	client, closeIdle := f.relay.client(robot)
	res, err := client.Do(req) //nolint:gosec // client dials only what Relay.mayDial lets pass
	if err != nil {
		closeIdle()
		return nil, false, nil, err
	}
	closeBody = func() {
		res.Body.Close()
		closeIdle()
	}
	if single, err = judge(res); err != nil {
		closeBody()
		return nil, false, nil, err
	}
	return res.Body, single, closeBody, nil
}

// judge looks whether an answer can hold pictures.
func judge(res *http.Response) (single bool, err error) {
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		return false, tonypi.Errorf(tonypi.Unavailable, "The camera program runs, but has no picture (503); is a camera plugged in?")
	case res.StatusCode != http.StatusOK:
		return false, tonypi.Errorf(tonypi.Unavailable, "The camera answers with status %d", res.StatusCode)
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")) // a boundary that breaks the rules is no matter here
	if kind == "" {
		kind, _, _ = strings.Cut(strings.ToLower(res.Header.Get("Content-Type")), ";")
	}
	switch {
	case strings.HasPrefix(kind, "text/"), strings.HasPrefix(kind, "application/json"):
		return false, tonypi.Errorf(tonypi.Unavailable, "The camera address answers with a text, not with pictures")
	case kind == "image/jpeg", kind == "image/jpg":
		return true, nil
	}
	return false, nil
}

// put makes frame the newest.
func (f *feed) put(frame Frame) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number++
	f.frame = frame
	f.times[f.number%int64(len(f.times))] = time.Now()
	f.state, f.why = Live, ""
	f.wake()
}

func (f *feed) set(state StateKind, why string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state, f.why = state, why
	f.wake()
}

// wake tells all who wait; f.mu is held.
func (f *feed) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *feed) newest() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.number
}

// look is what a viewer sees now.
type look struct {
	frame   Frame
	number  int64
	at      time.Time
	state   StateKind
	why     string
	changed <-chan struct{}
}

func (f *feed) look() look {
	f.mu.Lock()
	defer f.mu.Unlock()
	return look{f.frame, f.number, f.times[f.number%int64(len(f.times))], f.state, f.why, f.changed}
}

// describe returns the feed's state, all but URLKnown.
func (f *feed) describe() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := State{URLKnown: true, State: f.state, Message: f.why, AgeMS: -1, Viewers: f.viewers}
	if f.number == 0 {
		return s
	}
	now := time.Now()
	s.AgeMS = now.Sub(f.times[f.number%int64(len(f.times))]).Milliseconds()
	s.Width, s.Height = f.frame.Width, f.frame.Height
	if f.state == Live {
		s.FPS = f.rate(now)
	}
	return s
}

// rate returns the frames per second over those of the last three seconds; f.mu is held.
func (f *feed) rate(now time.Time) float64 {
	last := int64(len(f.times))
	newest := f.times[f.number%last]
	oldest, gaps := newest, 0
	for n := f.number - 1; n > 0 && n > f.number-last; n-- {
		at := f.times[n%last]
		if now.Sub(at) > 3*time.Second {
			break
		}
		oldest, gaps = at, gaps+1
	}
	span := newest.Sub(oldest)
	// A stream that slows down must not look fast until its next frame.
	if silent := now.Sub(newest); gaps > 0 && silent > 2*span/time.Duration(gaps) {
		span += silent
	}
	if span <= 0 {
		return 0
	}
	return float64(gaps) / span.Seconds()
}
