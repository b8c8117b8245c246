package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"tonypi"
	"tonypi/wire"
)

const (
	maxPending = 16              // commands that wait for the running one
	maxRun     = 2 * time.Minute // of one command
	remembered = 64              // command IDs that are not obeyed a second time
	settling   = 2 * time.Second // after connecting, in which the broker delivers what it held back
	tooOld     = 5 * time.Second // for a command that the broker held back
)

// Subscriptions are the topics of commands, settings and driving with their handlers. Handlers return at once; answers are queued.
func (a *Agent) Subscriptions() map[string]wire.Handler {
	return map[string]wire.Handler{
		wire.CommandTopic(a.cfg.ID): a.takeCommand,
		wire.CommandBroadcast:       a.takeCommand,
		wire.ConfigTopic(a.cfg.ID):  a.takeConfig,
		wire.DriveTopic(a.cfg.ID):   a.takeDrive,
	}
}

// StopSubscriptions are the topics of the emergency stop. They may have an MQTT session of their own.
func (a *Agent) StopSubscriptions() map[string]wire.Handler {
	return map[string]wire.Handler{
		wire.StopTopic(a.cfg.ID): a.takeStop,
		wire.StopBroadcast:       a.takeStop,
	}
}

// orders are the commands that wait and the one that runs.
type orders struct {
	life     context.Context // ends with the agent
	end      context.CancelFunc
	shutdown atomic.Pointer[context.CancelFunc] // ends Run
	work     sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	pending []wire.Command
	running bool
	cancel  context.CancelFunc // of the running command
	seen    []string
}

// spawn runs f beside everything else, or reports false when the agent is ending.
func (o *orders) spawn(f func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.work.Go(f)
	return true
}

// close ends the running command and waits for everything that was spawned.
func (o *orders) close() {
	o.mu.Lock()
	o.closed, o.pending = true, nil
	o.mu.Unlock()
	o.end()
	o.work.Wait()
}

// repeated notes a command's ID and reports whether it was seen before: QoS 1 may deliver twice.
func (o *orders) repeated(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if slices.Contains(o.seen, id) {
		return true
	}
	if len(o.seen) >= remembered {
		o.seen = slices.Delete(o.seen, 0, 1)
	}
	o.seen = append(o.seen, id)
	return false
}

// clear drops what waits and ends what runs; it returns the dropped ones.
func (o *orders) clear() []wire.Command {
	o.mu.Lock()
	defer o.mu.Unlock()
	dropped := o.pending
	o.pending = nil
	if o.cancel != nil {
		o.cancel()
	}
	return dropped
}

// takeCommand is the handler of the command topics. It never fails: sending a bad command again would not mend it.
func (a *Agent) takeCommand(_ context.Context, m wire.Message) error {
	c, err := wire.DecodeCommand(m.Topic, m.Payload)
	if err != nil {
		a.log.Warn("command cannot be read", "topic", m.Topic, "err", err)
		if c.ID != "" {
			a.refuse(c, err)
		}
		return nil
	}
	if c.ID == "" {
		c.ID = uuid.NewString()
	} else if a.orders.repeated(c.ID) {
		return nil
	}
	a.log.Debug("command", "command", c.Type, "id", c.ID)
	switch c.Type {
	case wire.EmergencyStop:
		a.spawnStop(c, FromServer, arrival(m))
	case wire.Resume:
		if a.heldBack(c) { // who sent it does not stand beside the robot now
			a.refuse(c, tonypi.Errorf(tonypi.Unavailable, "The robot was out of reach when it was to resume"))
			return nil
		}
		if a.latch.overtaken(c.Time) {
			a.refuse(c, tonypi.Errorf(tonypi.Conflict, "The robot was stopped again meanwhile"))
			return nil
		}
		a.orders.spawn(func() { a.resume(c) })
	case "status_request":
		a.answer(c, "Status retrieved", map[string]any{"data": a.report()})
	case "battery_request":
		a.answer(c, "Battery status retrieved", map[string]any{"data": a.reportBattery()})
	case "photo":
		if !a.orders.spawn(func() { a.photo(c) }) {
			a.refuse(c, tonypi.Errorf(tonypi.Unavailable, "The agent is ending"))
		}
	default:
		a.enqueue(c)
	}
	return nil
}

// heldBack reports whether a command waited at the broker while the robot was out of reach. Who sent it does not expect
// the robot to move now. Only around a connect are clocks compared: a robot's clock may be wrong.
func (a *Agent) heldBack(c wire.Command) bool {
	now := time.Now()
	a.link.mu.Lock()
	defer a.link.mu.Unlock()
	settled := a.link.up && now.Sub(a.link.upAt) > settling
	return !settled && !c.Time.IsZero() && now.Sub(c.Time) > tooOld
}

// enqueue lets a command wait for its turn. A plain stop overtakes: it ends what runs and what waits.
func (a *Agent) enqueue(c wire.Command) {
	if c.Type != "stop" && a.heldBack(c) {
		a.refuse(c, tonypi.Errorf(tonypi.Unavailable, "The robot was out of reach when the command was sent"))
		return
	}
	if stopped, reason := a.latch.state(); stopped {
		a.refuse(c, stoppedError(reason))
		return
	}
	if c.Type == "stop" {
		for _, d := range a.orders.clear() {
			a.refuse(d, tonypi.Errorf(tonypi.Conflict, "%s was dropped by a stop", d.Type))
		}
	}
	o := &a.orders
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pending) >= maxPending || o.closed {
		a.refuse(c, tonypi.Errorf(tonypi.TooMany, "Too many commands wait already"))
		return
	}
	o.pending = append(o.pending, c)
	if !o.running {
		o.running = true
		o.work.Go(a.obey)
	}
}

func stoppedError(reason string) error {
	return tonypi.Errorf(tonypi.Conflict, "Robot is emergency stopped. Send 'resume' command first. Reason: %s", reason)
}

// obey carries out waiting commands one after the other until none is left.
func (a *Agent) obey() {
	o := &a.orders
	for {
		o.mu.Lock()
		if len(o.pending) == 0 {
			o.running = false
			o.mu.Unlock()
			return
		}
		c := o.pending[0]
		o.pending = o.pending[1:]
		ctx, cancel := context.WithTimeout(o.life, maxRun)
		o.cancel = cancel
		o.mu.Unlock()
		text, err := a.carryOut(ctx, c)
		cancel()
		if err != nil {
			a.refuse(c, err)
			continue
		}
		a.answer(c, text, nil)
	}
}

func (a *Agent) carryOut(ctx context.Context, c wire.Command) (string, error) {
	if stopped, reason := a.latch.state(); stopped {
		return "", stoppedError(reason)
	}
	if c.Type == "shutdown" {
		if stop := a.orders.shutdown.Load(); stop != nil {
			a.say("WARNING", "Shut down by command")
			defer (*stop)()
		}
		return "Robot shutting down", nil
	}
	if a.able.Obeyer == nil {
		return "", tonypi.Errorf(tonypi.Invalid, "This robot carries out no commands")
	}
	return a.able.Do(ctx, c.Type, c.Parameters)
}

// answer tells the server that a command is done. extra are further members of the answer.
func (a *Agent) answer(c wire.Command, message string, extra map[string]any) {
	a.acknowledge(tonypi.Ack{CommandID: c.ID, Success: true, Message: message}, extra)
}

// refuse tells the server why a command was not carried out. Only errors whose cause is understood are told.
func (a *Agent) refuse(c wire.Command, err error) {
	message := err.Error()
	if tonypi.KindOf(err) == tonypi.Internal {
		a.log.Error("command failed", "command", c.Type, "id", c.ID, "err", err)
		message = fmt.Sprintf("%s failed", c.Type)
	}
	a.acknowledge(tonypi.Ack{CommandID: c.ID, Message: message}, map[string]any{"command": c.Type})
}

// maxPhoto is the largest picture in bytes that goes into an answer; base64 makes it a third longer.
const maxPhoto = 40 << 10

// photo answers with a still picture.
func (a *Agent) photo(c wire.Command) {
	if a.able.Photographer == nil {
		a.refuse(c, tonypi.Errorf(tonypi.Invalid, "This robot takes no photos"))
		return
	}
	picture, err := a.able.Photo(time.Now(), maxPhoto)
	if err == nil && len(picture) > maxPhoto {
		err = tonypi.Errorf(tonypi.TooLarge, "The photo is over %d bytes", maxPhoto)
	}
	if err != nil {
		a.refuse(c, err)
		return
	}
	a.answer(c, "Photo taken", map[string]any{"photo": map[string]any{"content_type": "image/jpeg", "data": picture}})
}

func (a *Agent) acknowledge(ack tonypi.Ack, extra map[string]any) {
	payload, err := a.encodeAck(ack, extra)
	a.push(Answers, wire.CommandResponse, payload, err)
}

func (a *Agent) encodeAck(ack tonypi.Ack, extra map[string]any) ([]byte, error) {
	if len(extra) > 0 {
		data, err := json.Marshal(extra)
		if err != nil {
			return nil, err
		}
		ack.Data = data
	}
	return wire.EncodeAck(a.cfg.ID, time.Now(), ack)
}

// report is the answer to a status request, in the original clients' shape.
func (a *Agent) report() map[string]any {
	now := time.Now()
	stopped, reason := a.latch.state()
	data := map[string]any{"status": "online", "emergency_stopped": stopped, "emergency_reason": reason, "emergency_sources": a.latch.sources(),
		"hardware_available": a.cfg.Self.Hardware, "config_version": a.settings.Load().Version}
	if stopped {
		data["status"] = "emergency_stopped"
	}
	if a.able.Powered != nil {
		if b := batteryOf(a.able.Battery(now, nil)); b.Percent != nil {
			data["battery_level"] = *b.Percent
		}
	}
	if a.able.Located != nil {
		x, y, z := pointOf(a.able.Location(now, nil))
		data["location"] = map[string]float64{"x": x, "y": y, "z": z}
	}
	if a.able.Sensing != nil {
		data["sensors"] = bySource(a.able.Sensors(now, nil))
	}
	if a.able.Hosted != nil {
		info := map[string]float64{}
		for _, r := range a.able.Health(now, nil) {
			info[string(r.Metric)] = r.Value
		}
		data["system_info"] = info
	}
	return data
}

func bySource(readings []tonypi.Reading) map[string]float64 {
	values := make(map[string]float64, len(readings))
	for _, r := range readings {
		values[r.Source] = r.Value
	}
	return values
}

func (a *Agent) reportBattery() map[string]any {
	data := map[string]any{}
	if a.able.Powered == nil {
		return data
	}
	b := batteryOf(a.able.Battery(time.Now(), nil))
	if b.Percent != nil {
		data["battery_level"] = *b.Percent
	}
	if b.Charging != nil {
		data["charging"] = *b.Charging
	}
	if b.MinutesLeft != nil {
		data["estimated_time"] = *b.MinutesLeft
	}
	return data
}
