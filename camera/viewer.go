package camera

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"tonypi"
)

const boundary = "tonypi-frame"

// Stream is GET /api/v1/robots/{robot_id}/camera/stream: the newest frames as multipart/x-mixed-replace until the viewer
// leaves or the camera has been down for a minute. Each part has X-Timestamp, the frame's arrival in Unix milliseconds. When
// there is no first frame within 10 s, it is a problem document with the reason instead.
func (r *Relay) Stream(w http.ResponseWriter, req *http.Request) {
	f, now, err := r.watch(req)
	if err != nil {
		writeProblem(w, err)
		return
	}
	defer r.leave(f)
	w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary="+boundary)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Accel-Buffering", "no")
	out := frameWriter{w: w, control: http.NewResponseController(w)}
	if err := out.begin(); err != nil {
		return
	}
	dark := time.NewTimer(darkWait)
	defer dark.Stop()
	ctx, end := context.WithCancel(req.Context())
	defer end()
	go r.guard(ctx, end)
	for shown := int64(0); ctx.Err() == nil; now = f.look() {
		if now.number > shown {
			if err := out.write(now.frame, now.at); err != nil {
				return // the viewer has left or is too slow
			}
			shown = now.number
			dark.Reset(darkWait)
			continue // a newer one may have come meanwhile
		}
		select {
		case <-now.changed:
		case <-dark.C:
			return
		case <-ctx.Done():
			return
		case <-r.stopped.Done():
			return
		}
	}
}

// guard ends a stream whose viewer may no longer watch. A check that fails otherwise, or hangs, ends nothing.
func (r *Relay) guard(ctx context.Context, end func()) {
	if r.cfg.Check == nil {
		return
	}
	check := time.NewTicker(r.checkEvery)
	defer check.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-check.C:
		}
		err := r.cfg.Check(ctx, tonypi.CallerOf(ctx))
		if kind := tonypi.KindOf(err); err != nil && (kind == tonypi.Unauthenticated || kind == tonypi.Forbidden) {
			end()
		}
	}
}

// Snapshot is GET /api/v1/robots/{robot_id}/camera/snapshot: one image/jpeg, at most a second old, or a problem document
// with the reason why there is none. It connects to the robot when nobody watches.
func (r *Relay) Snapshot(w http.ResponseWriter, req *http.Request) {
	f, now, err := r.watch(req)
	if err != nil {
		writeProblem(w, err)
		return
	}
	defer r.leave(f)
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(now.frame.JPEG)))
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("X-Timestamp", strconv.FormatInt(now.at.UnixMilli(), 10))
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writeWait)) // not every writer can
	_, _ = w.Write(now.frame.JPEG)                          // the viewer may be gone
	_ = control.SetWriteDeadline(time.Time{})               // the connection may serve more requests
}

// watch joins the robot of the request's path and waits for a fresh frame; the caller leaves.
func (r *Relay) watch(req *http.Request) (*feed, look, error) {
	ctx, cancel := context.WithTimeout(req.Context(), firstWait)
	defer cancel()
	id := tonypi.RobotID(req.PathValue("robot_id"))
	robot, err := r.robot(ctx, id)
	if err != nil {
		return nil, look{}, err
	}
	if _, err := r.source(robot); err != nil {
		return nil, look{}, err
	}
	f, err := r.join(id)
	if err != nil {
		return nil, look{}, err
	}
	now, err := f.fresh(ctx)
	if err != nil {
		r.leave(f)
		return nil, look{}, err
	}
	return f, now, nil
}

// fresh waits for a frame that is at most a second old. Error: Unavailable with the reason.
func (f *feed) fresh(ctx context.Context) (look, error) {
	for failures := 0; ; {
		now := f.look()
		if now.number > 0 && now.state == Live && time.Since(now.at) < time.Second {
			return now, nil
		}
		// The first failure may be an old one; after the second there is no hope that is worth the wait.
		if now.state == Down {
			if failures++; failures == 2 {
				return look{}, tonypi.Errorf(tonypi.Unavailable, "%s", now.why)
			}
		}
		select {
		case <-now.changed:
		case <-ctx.Done():
			why := now.why
			if why == "" {
				why = "No picture has come"
			}
			return look{}, tonypi.Errorf(tonypi.Unavailable, "%s", why)
		}
	}
}

// frameWriter writes the parts of a stream.
type frameWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	head    []byte // reused
}

func (o *frameWriter) begin() error {
	if _, err := o.w.Write([]byte("--" + boundary + "\r\n")); err != nil {
		return err
	}
	return o.control.Flush()
}

// write sends a part and the delimiter after it: browsers show a picture when they see where it ends.
func (o *frameWriter) write(f Frame, at time.Time) error {
	_ = o.control.SetWriteDeadline(time.Now().Add(writeWait)) // not every writer can
	o.head = append(o.head[:0], "Content-Type: image/jpeg\r\nContent-Length: "...)
	o.head = strconv.AppendInt(o.head, int64(len(f.JPEG)), 10)
	o.head = append(o.head, "\r\nX-Timestamp: "...)
	o.head = strconv.AppendInt(o.head, at.UnixMilli(), 10)
	o.head = append(o.head, "\r\n\r\n"...)
	for _, part := range [][]byte{o.head, f.JPEG, []byte("\r\n--" + boundary + "\r\n")} {
		if _, err := o.w.Write(part); err != nil {
			return err
		}
	}
	return o.control.Flush()
}

// writeProblem answers as the rest of the API does (RFC 9457).
func writeProblem(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	detail := message(err)
	switch tonypi.KindOf(err) {
	case tonypi.NotFound:
		status = http.StatusNotFound
	case tonypi.Conflict:
		status = http.StatusConflict
	case tonypi.TooMany:
		status = http.StatusTooManyRequests
	case tonypi.Internal:
		status, detail = http.StatusInternalServerError, "internal error"
	}
	body, err := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
	if err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the viewer may be gone
}
