package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"tonypi"
	"tonypi/wire"
)

// latch is the emergency stop's memory: once set, only a resume clears it.
type latch struct {
	mu      sync.Mutex
	stopped bool
	reason  string
	since   time.Time
	order   sync.Mutex // held while the body is stopped or resumed, so that the last order wins
}

func (l *latch) state() (stopped bool, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stopped, l.reason
}

func (l *latch) set(stopped bool, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped, l.reason, l.since = stopped, reason, time.Now()
}

// takeStop is the handler of the stop topics: whatever comes there is a stop.
func (a *Agent) takeStop(_ context.Context, m wire.Message) error {
	c, err := wire.DecodeCommand(m.Topic, m.Payload)
	if err != nil { // cannot be on a stop topic; stop all the same
		c = wire.Command{Type: wire.EmergencyStop, Reason: wire.DefaultStopReason}
	}
	a.spawnStop(c)
	return nil
}

// spawnStop stops on a goroutine of its own, which waits for no command, no queue and no network. It is not looked up
// whether the same stop came before: stopping twice is harmless.
func (a *Agent) spawnStop(c wire.Command) {
	if c.Reason == "" {
		c.Reason = wire.DefaultStopReason
	}
	if !a.orders.spawn(func() { a.stop(c) }) {
		a.stop(c)
	}
}

// stop latches, then holds the body, then tells. The latch comes first: no command may slip in between.
func (a *Agent) stop(c wire.Command) {
	began := time.Now()
	a.latch.set(true, c.Reason)
	a.latch.order.Lock()
	a.latch.set(true, c.Reason) // again: a resume may have been between
	err := a.cfg.Body.Stop(c.Reason)
	a.latch.order.Unlock()
	took := time.Since(began)
	for _, d := range a.orders.clear() {
		a.refuse(d, stoppedError(c.Reason))
	}
	a.keepLatch()
	ack := tonypi.Ack{CommandID: c.ID, Type: wire.EmergencyStop, Success: err == nil, Message: "Emergency stop activated: " + c.Reason, Reason: c.Reason}
	if err != nil {
		a.log.Error("the body did not stop", "err", err)
		ack.Message = "Emergency stop latched, but the servos did not answer"
	} else {
		a.log.Warn("emergency stop", "reason", c.Reason, "took", took)
	}
	extra := map[string]any{
		"state":   map[string]bool{"emergency_stopped": true, "motors_stopped": err == nil},
		"stop_ms": float64(took.Microseconds()) / 1000,
	}
	a.acknowledge(wire.StopResponse, ack, extra)
	a.acknowledge(wire.CommandResponse, ack, extra)
	a.say("WARNING", ack.Message)
	a.poke(a.changed)
}

// resume clears the latch and lets the body move again.
func (a *Agent) resume(c wire.Command) {
	ack := tonypi.Ack{CommandID: c.ID, Type: wire.Resume, Success: true, Message: "Robot resumed"}
	a.latch.order.Lock()
	stopped, reason := a.latch.state()
	var err error
	if stopped {
		if err = a.cfg.Body.Resume(); err == nil {
			a.latch.set(false, "")
		}
	}
	a.latch.order.Unlock()
	extra := map[string]any{"previous_reason": reason, "state": map[string]bool{"emergency_stopped": err != nil, "ready": err == nil}}
	switch {
	case err != nil:
		a.log.Error("the body did not resume", "err", err)
		ack.Success, ack.Message = false, "The servos did not answer; the robot stays stopped"
	case !stopped:
		ack.Message, extra = "Robot was not stopped", nil
	default:
		a.keepLatch()
		a.say("INFO", "Resumed after: "+reason)
	}
	a.acknowledge(wire.CommandResponse, ack, extra)
	a.poke(a.changed)
}

// latchFile is what is kept of a stop over a restart.
type latchFile struct {
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
}

// keepLatch writes or removes the latch's file. A failure is logged: the stop itself holds.
func (a *Agent) keepLatch() {
	if a.cfg.Latch == "" {
		return
	}
	a.latch.mu.Lock()
	defer a.latch.mu.Unlock()
	var err error
	if a.latch.stopped {
		var data []byte
		if data, err = json.Marshal(latchFile{a.latch.reason, a.latch.since}); err == nil {
			err = replaceFile(a.cfg.Latch, data)
		}
	} else if err = os.Remove(a.cfg.Latch); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		a.log.Error("the stop cannot be kept over a restart", "path", a.cfg.Latch, "err", err)
	}
}

// restoreLatch stops the body when it was stopped before the restart. A file that cannot be read counts as a stop.
func (a *Agent) restoreLatch() error {
	if a.cfg.Latch == "" {
		return nil
	}
	data, err := os.ReadFile(a.cfg.Latch)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	kept := latchFile{Reason: "stopped before the restart"}
	if err == nil {
		err = json.Unmarshal(data, &kept)
	}
	if err != nil {
		a.log.Error("the kept stop cannot be read, so it holds", "path", a.cfg.Latch, "err", err)
	}
	a.latch.set(true, kept.Reason)
	a.latch.order.Lock()
	defer a.latch.order.Unlock()
	return a.cfg.Body.Stop(kept.Reason)
}

// replaceFile writes a file that only its owner may read, all of it or nothing.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".tonypi-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
