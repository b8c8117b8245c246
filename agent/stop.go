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

// Source says who holds the robot stopped.
type Source string

// Sources of a stop. As long as one of them holds, the robot is stopped; a resume clears them all.
const (
	FromServer Source = "server" // somebody at a page or a script, or the server itself
	FromButton Source = "button" // on the robot
	FromBefore Source = "kept"   // it was stopped when its agent ended
)

// hold is one source's stop.
type hold struct {
	source Source
	reason string
	since  time.Time
}

// latch is the emergency stop's memory: once set, only a resume clears it.
type latch struct {
	mu    sync.Mutex
	holds []hold     // at most one per source, the oldest first
	last  string     // ID of the last stop
	at    time.Time  // when it came
	sent  time.Time  // the server's stamp of the newest stop
	done  time.Time  // the server's stamp of the stop that the body obeyed last
	freed time.Time  // the server's stamp of the last resume
	since time.Time  // when it was obeyed
	order sync.Mutex // held while the body is stopped or resumed, so that the last order wins
	file  sync.Mutex // held while the latch's file is written: nobody who asks for the state waits for a disk
}

// state returns whether anybody holds the robot stopped, and all reasons.
func (l *latch) state() (stopped bool, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range l.holds {
		switch {
		case reason == "":
			reason = h.reason
		case h.reason != reason:
			reason += "; " + h.reason
		}
	}
	return len(l.holds) > 0, reason
}

// sources returns who holds the robot stopped.
func (l *latch) sources() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []string
	for _, h := range l.holds {
		all = append(all, string(h.source))
	}
	return all
}

// take is set for an order, unless it comes late.
func (l *latch) take(source Source, c wire.Command) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	// A stop comes several times, over two connections, to all and to one, always with the same stamp. The last of them may
	// arrive after the resume that followed the first. A stop that was not obeyed before always holds.
	if !c.Time.IsZero() && c.Time.Equal(l.done) && !l.freed.Before(c.Time) && time.Since(l.since) < twice {
		return false
	}
	l.hold(source, c.Reason)
	return true
}

// obeyed notes the server's stamp of a stop that the body obeyed.
func (l *latch) obeyed(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = sent
}

// set lets a source hold the robot, for this reason from now on.
func (l *latch) set(source Source, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hold(source, reason)
}

// hold is set with mu held.
func (l *latch) hold(source Source, reason string) {
	for i := range l.holds {
		if l.holds[i].source == source {
			l.holds[i].reason = reason
			return
		}
	}
	l.holds = append(l.holds, hold{source, reason, time.Now()})
}

// twice is how long after a stop the same one still comes over the other connection.
const twice = 2 * time.Second

// repeated notes a stop's ID and reports whether the same stop came just before.
func (l *latch) repeated(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	again := id != "" && id == l.last && now.Sub(l.at) < twice
	l.last, l.at = id, now
	return again
}

// overtakenWithin bounds how much older than a stop a resume is refused: more is a server's clock that was set back.
const overtakenWithin = time.Minute

// stoppedAt notes the server's stamp of a stop.
func (l *latch) stoppedAt(sent time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sent.After(l.sent) || l.sent.Sub(sent) >= overtakenWithin {
		l.sent = sent
	}
}

// overtaken reports whether a stop that was sent after the resume came in before it: each takes a connection of its own.
func (l *latch) overtaken(resume time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.sent.Sub(resume)
	return !resume.IsZero() && before > 0 && before < overtakenWithin
}

func (l *latch) clear(resume time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.freed, l.since = resume, time.Now()
	l.holds, l.last = nil, "" // the same stop, come once more after a resume, is a new one
}

// Stop is the emergency stop of a source on the robot itself, such as a button. It returns when the body was told.
func (a *Agent) Stop(source Source, reason string) {
	if reason == "" {
		reason = wire.DefaultStopReason
	}
	a.stop(wire.Command{Type: wire.EmergencyStop, Reason: reason}, source, time.Now())
}

// takeStop is the handler of the stop topics: whatever comes there is a stop.
func (a *Agent) takeStop(_ context.Context, m wire.Message) error {
	c, err := wire.DecodeCommand(m.Topic, m.Payload)
	if err != nil { // cannot be on a stop topic; stop all the same
		c = wire.Command{Type: wire.EmergencyStop, Reason: wire.DefaultStopReason}
	}
	a.spawnStop(c, FromServer, arrival(m))
	return nil
}

// arrival is when a message came out of the network, by this process's own clock.
func arrival(m wire.Message) time.Time {
	if m.At.IsZero() {
		return time.Now()
	}
	return m.At
}

// spawnStop stops on a goroutine of its own, which waits for no command, no queue and no network. A stop that comes a
// second time, over the robot's other connection, stops again, which is harmless, but is not answered again.
func (a *Agent) spawnStop(c wire.Command, source Source, arrived time.Time) {
	if c.Reason == "" {
		c.Reason = wire.DefaultStopReason
	}
	if !a.orders.spawn(func() { a.stop(c, source, arrived) }) {
		a.stop(c, source, arrived)
	}
}

// stop latches, then holds the body, then tells. The latch comes first: no command may slip in between. The answer goes
// out before the latch is written to the disk, which may be slow.
func (a *Agent) stop(c wire.Command, source Source, arrived time.Time) {
	if !a.latch.take(source, c) {
		return
	}
	if !c.Time.IsZero() {
		a.latch.stoppedAt(c.Time)
	}
	a.latch.order.Lock()
	if !a.latch.take(source, c) { // again: a resume may have been between
		a.latch.order.Unlock()
		return
	}
	err := a.cfg.Body.Stop(c.Reason)
	took := time.Since(arrived)
	if err == nil {
		a.latch.obeyed(c.Time)
	}
	a.latch.order.Unlock()
	if a.latch.repeated(c.ID) {
		return
	}
	dropped := a.orders.clear()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		a.tellStop(c, took, err)
	}()
	a.letGo()
	for _, d := range dropped {
		a.refuse(d, stoppedError(c.Reason))
	}
	a.keepLatch()
	a.poke(a.changed)
	<-answered
}

// tellStop answers a stop: at once on the stop session, and again where the original clients' servers listen.
func (a *Agent) tellStop(c wire.Command, took time.Duration, err error) {
	ms := float64(took.Microseconds()) / 1000
	ack := tonypi.Ack{
		CommandID: c.ID, Type: wire.EmergencyStop, Success: err == nil, StopMS: &ms,
		Message: "Emergency stop activated: " + c.Reason, Reason: c.Reason,
	}
	if err != nil {
		a.log.Error("the body did not stop", "err", err)
		ack.Message = "Emergency stop latched, but the servos did not answer"
	} else {
		a.log.Warn("emergency stop", "reason", c.Reason, "sources", a.latch.sources(), "took", took)
	}
	extra := map[string]any{
		"state":   map[string]bool{"emergency_stopped": true, "motors_stopped": err == nil},
		"sources": a.latch.sources(),
	}
	// Both are stamped now: the second may go out after a resume, and must not look like another stop then.
	payload, err := a.encodeAck(ack, extra)
	a.urgent(wire.StopResponse, payload, err)
	a.push(Answers, wire.CommandResponse, payload, err)
	a.say("WARNING", ack.Message)
}

// urgentTimeout is how long an urgent answer may take before it waits in the queue like any other.
const urgentTimeout = 2 * time.Second

// urgent sends an answer past the queue. Over the stop session it does not share even the connection with telemetry.
func (a *Agent) urgent(topic string, payload []byte, err error) {
	if err != nil {
		a.push(Answers, topic, payload, err) // which says so
		return
	}
	ctx, cancel := context.WithTimeout(a.orders.life, urgentTimeout)
	defer cancel()
	if err = ctx.Err(); err == nil { // the agent has not ended
		err = a.cfg.StopBus.Publish(ctx, wire.Message{Topic: topic, Payload: payload, QoS: 1})
	}
	if err != nil {
		a.push(Answers, topic, payload, nil)
		return
	}
	a.sent.Add(1)
}

// resume clears the latch and lets the body move again.
func (a *Agent) resume(c wire.Command) {
	ack := tonypi.Ack{CommandID: c.ID, Type: wire.Resume, Success: true, Message: "Robot resumed"}
	a.latch.order.Lock()
	stopped, reason := a.latch.state()
	var err error
	if stopped {
		if err = a.cfg.Body.Resume(); err == nil {
			a.latch.clear(c.Time)
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
	a.acknowledge(ack, extra)
	a.poke(a.changed)
}

// latchFile is what is kept of a stop over a restart.
type latchFile struct {
	Reason  string    `json:"reason"`
	Since   time.Time `json:"since"`
	Sources []string  `json:"sources"`
}

// keep returns what is to be kept.
func (l *latch) keep() (kept latchFile, stopped bool) {
	stopped, kept.Reason = l.state()
	kept.Sources = l.sources()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.holds) > 0 {
		kept.Since = l.holds[0].since
	}
	return kept, stopped
}

// keepLatch writes or removes the latch's file. A failure is logged: the stop itself holds.
func (a *Agent) keepLatch() {
	if a.cfg.Latch == "" {
		return
	}
	a.latch.file.Lock()
	defer a.latch.file.Unlock()
	var err error
	if kept, stopped := a.latch.keep(); stopped {
		var data []byte
		if data, err = json.Marshal(kept); err == nil {
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
	a.latch.set(FromBefore, kept.Reason)
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
