package live

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"tonypi"
)

// Bounds of one browser's connection.
const (
	authWait      = 5 * time.Second  // for the first frame
	writeWait     = 10 * time.Second // for one frame to leave; slower browsers are closed
	pingEvery     = 20 * time.Second
	checkEvery    = 10 * time.Second // how soon a revoked token ends the connection
	maxFrame      = 64 << 10         // bytes from the browser
	maxLooks      = 200              // robots watched closely
	maxSearch     = 200              // bytes of a search, which every log line is held against
	maxLevels     = 10
	maxStops      = 8    // of one browser that are on their way at the same time
	maxWatchers   = 2000 // browsers at once
	closeExpired  = websocket.StatusCode(4401)
	closeForbiden = websocket.StatusCode(4403)
)

// ServeHTTP speaks the live protocol: the browser proves who it is in its first frame, then says what it looks at.
func (h *Hub) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if h.watchers.Add(1) > maxWatchers {
		h.watchers.Add(-1)
		http.Error(rw, "too many watchers", http.StatusServiceUnavailable)
		return
	}
	defer h.watchers.Add(-1)
	conn, err := websocket.Accept(rw, req, &websocket.AcceptOptions{OriginPatterns: h.cfg.Origins})
	if err != nil {
		h.cfg.Log.Debug("live connection refused", "err", err)
		return
	}
	conn.SetReadLimit(maxFrame)
	address, _, _ := net.SplitHostPort(req.RemoteAddr)
	code, why := h.serve(req.Context(), conn, address)
	_ = conn.Close(code, why)
}

// serve runs one connection and returns how to close it.
func (h *Hub) serve(ctx context.Context, conn *websocket.Conn, address string) (websocket.StatusCode, string) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	token, err := readAuth(ctx, conn)
	if err != nil {
		return closeExpired, "the first frame must prove who you are"
	}
	person, err := h.cfg.Authorize(ctx, token)
	if err != nil {
		return closeExpired, "sign in again"
	}
	if !person.Role.May(tonypi.View) {
		return closeForbiden, "not allowed"
	}
	person.Address = cmp.Or(person.Address, address) // who authorizes may know what is behind a proxy
	w := newWatcher(h, person)
	write := func(b []byte) error {
		ctx, cancel := context.WithTimeout(ctx, writeWait)
		defer cancel()
		return conn.Write(ctx, websocket.MessageText, b)
	}
	if err := write(h.hello(person)); err != nil {
		return websocket.StatusGoingAway, ""
	}
	d := &deeds{hub: h, by: person, write: write, stops: make(chan struct{}, maxStops)}
	defer d.end()
	ended := make(chan error, 3)
	go func() { ended <- readRequests(ctx, conn, w, d) }()
	go func() { ended <- h.guard(ctx, conn, token, person.Role) }()
	go func() { ended <- w.run(ctx, write) }()
	err = <-ended
	return closing(err)
}

// errExpired ends a connection whose token is no longer good.
var errExpired = errors.New("token is no longer good")

func closing(err error) (websocket.StatusCode, string) {
	var bad *tonypi.Error
	switch {
	case errors.Is(err, errExpired):
		return closeExpired, "sign in again"
	case errors.As(err, &bad) && bad.Kind == tonypi.Invalid:
		return websocket.StatusPolicyViolation, bad.Message
	case errors.Is(err, context.DeadlineExceeded):
		return websocket.StatusTryAgainLater, "too slow"
	}
	return websocket.StatusGoingAway, ""
}

func (h *Hub) hello(p tonypi.Caller) []byte {
	return marshal(struct {
		Type    string      `json:"type"`
		Session string      `json:"session"`
		Time    int64       `json:"time"`
		Version string      `json:"version"`
		Role    tonypi.Role `json:"role"`
	}{"hello", strconv.FormatUint(h.sessions.Add(1), 10), time.Now().UnixMilli(), h.cfg.Version, p.Role})
}

// request is a frame from the browser.
type request struct {
	Type  string `json:"type"`
	Token string `json:"token"`
}

func readAuth(ctx context.Context, conn *websocket.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, authWait)
	defer cancel()
	_, b, err := conn.Read(ctx)
	if err != nil {
		return "", err
	}
	var r request
	if err := json.Unmarshal(b, &r); err != nil || r.Type != "auth" {
		return "", tonypi.Errorf(tonypi.Unauthenticated, "first frame is not an auth frame")
	}
	return r.Token, nil
}

// readRequests carries out what the browser asks for until the connection ends.
func readRequests(ctx context.Context, conn *websocket.Conn, w *watcher, d *deeds) error {
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if err := handleRequest(ctx, b, w, d); err != nil {
			return err
		}
	}
}

func handleRequest(ctx context.Context, b []byte, w *watcher, d *deeds) error {
	var kind struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &kind); err != nil {
		return tonypi.Wrap(tonypi.Invalid, err, "frame is not JSON")
	}
	var err error
	switch kind.Type {
	case "watch":
		var n watch
		if err = json.Unmarshal(b, &n); err != nil {
			break
		}
		if len(n.Robots) > maxLooks {
			return tonypi.Errorf(tonypi.Invalid, "more than %d robots", maxLooks)
		}
		if l := n.Logs; l != nil && (len(l.Search) > maxSearch || len(l.Levels) > maxLevels) {
			return tonypi.Errorf(tonypi.Invalid, "search is over %d bytes or there are more than %d levels", maxSearch, maxLevels)
		}
		w.ask(n)
	case "drive":
		var drive tonypi.Drive
		if err = json.Unmarshal(b, &drive); err == nil {
			return d.drive(ctx, drive)
		}
	case "let_go":
		d.end()
	case "stop":
		d.stop(ctx, readStop(b))
	default:
		return tonypi.Errorf(tonypi.Invalid, "unknown frame type")
	}
	if err != nil {
		return tonypi.Wrap(tonypi.Invalid, err, "%s frame cannot be read", kind.Type)
	}
	return nil
}

// guard pings the browser and ends the connection when its token is no longer good, or stands for another role.
func (h *Hub) guard(ctx context.Context, conn *websocket.Conn, token string, role tonypi.Role) error {
	check := time.NewTicker(checkEvery)
	defer check.Stop()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-check.C:
			now, err := h.cfg.Authorize(ctx, token)
			kind := tonypi.KindOf(err)
			if err != nil && (kind == tonypi.Unauthenticated || kind == tonypi.Forbidden) || err == nil && now.Role != role {
				return errExpired
			}
		case <-ping.C:
			ctx, cancel := context.WithTimeout(ctx, writeWait)
			err := conn.Ping(ctx)
			cancel()
			if err != nil {
				return err
			}
		}
	}
}
