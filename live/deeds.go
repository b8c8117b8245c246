package live

import (
	"context"
	"encoding/json"
	"sync/atomic"
	"time"

	"tonypi"
)

// stopWait is how long a stop through the socket may take to be handed to the broker.
const stopWait = 10 * time.Second

// stopRequest is a browser's emergency stop.
type stopRequest struct {
	ID      string         `json:"id"`    // the page's own name for this stop: repeated over HTTP it counts once
	Robot   tonypi.RobotID `json:"robot"` // empty: all robots
	Reason  string         `json:"reason"`
	Clicked int64          `json:"clicked"` // Unix milliseconds, by the server's clock
}

// readStop reads what there is to read: a stop must not fail because it is badly written. One that does not say which robot,
// or not so that it can be read, is for all.
func readStop(b []byte) (r stopRequest) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(b, &members)
	var clicked float64
	for name, to := range map[string]any{"id": &r.ID, "robot": &r.Robot, "reason": &r.Reason, "clicked": &clicked} {
		_ = json.Unmarshal(members[name], to)
	}
	r.Clicked = int64(clicked)
	return r
}

// deeds is what one person does through one socket.
type deeds struct {
	hub    *Hub
	by     tonypi.Caller
	write  func([]byte) error
	drives atomic.Bool   // something is driven through this socket
	stops  chan struct{} // one for each stop that is on its way
}

// driven answers one beat.
type driven struct {
	Type   string         `json:"type"`
	Robot  tonypi.RobotID `json:"robot"`
	Seq    uint64         `json:"seq"`
	OK     bool           `json:"ok"`
	Detail string         `json:"detail,omitempty"`
}

// stopped answers a stop.
type stopped struct {
	Type     string           `json:"type"`
	ID       string           `json:"id"`
	OK       bool             `json:"ok"`
	Detail   string           `json:"detail,omitempty"`
	Commands []tonypi.Command `json:"commands"`
}

// drive passes one beat on. The answer goes out before the next beat is read: a browser that does not read stops driving.
func (d *deeds) drive(ctx context.Context, beat tonypi.Drive) error {
	answer := driven{Type: "driven", Robot: beat.Robot, Seq: beat.Seq, OK: true}
	err := d.may()
	if err == nil {
		d.drives.Store(true)
		err = d.hub.cfg.Control.Drive(ctx, d.by, beat)
	}
	if err != nil {
		answer.OK, answer.Detail = false, d.explain(err)
	}
	return d.write(marshal(answer))
}

// stop passes a stop on without holding up the frames behind it, unless there are very many.
func (d *deeds) stop(ctx context.Context, r stopRequest) {
	d.stops <- struct{}{}
	go func() {
		defer func() { <-d.stops }()
		// The stop goes out even when the page closes right after it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWait)
		defer cancel()
		answer := stopped{Type: "stopped", ID: r.ID, OK: true, Commands: []tonypi.Command{}}
		err := d.may()
		if err == nil {
			order := tonypi.Order{ID: r.ID, Type: tonypi.StopCommand, Reason: r.Reason, By: d.by}
			if r.Clicked > 0 {
				order.ClickedAt = time.UnixMilli(r.Clicked)
			}
			if order.All = r.Robot == ""; !order.All {
				order.Robots = []tonypi.RobotID{r.Robot}
			}
			answer.Commands, err = d.hub.cfg.Control.Stop(ctx, order)
		}
		if err != nil {
			answer.OK, answer.Detail = false, d.explain(err)
		}
		frame, err := json.Marshal(answer)
		if err == nil {
			err = d.write(frame)
		}
		if err != nil {
			d.hub.cfg.Log.Debug("answer to a stop not sent", "user", d.by.Name, "err", err)
		}
	}()
}

// end lets go of everything that is driven through this socket.
func (d *deeds) end() {
	if d.drives.Swap(false) {
		d.hub.cfg.Control.LetGo(d.by)
	}
}

// may reports why the person may not control robots, or nil.
func (d *deeds) may() error {
	if d.hub.cfg.Control == nil {
		return tonypi.Errorf(tonypi.Unavailable, "Robots cannot be controlled from here")
	}
	if !d.by.Role.May(tonypi.SendCommands) {
		return tonypi.Errorf(tonypi.Forbidden, "Your role may not control robots")
	}
	return nil
}

// explain returns what a person may read of an error.
func (d *deeds) explain(err error) string {
	if tonypi.KindOf(err) == tonypi.Internal {
		d.hub.cfg.Log.Error("control failed", "user", d.by.Name, "err", err)
	}
	return tonypi.MessageOf(err)
}
