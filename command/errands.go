package command

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tonypi"
)

const (
	maxErrands  = 32_768 // a stop of 5,000 robots makes a few of each at the same moment
	lastErrands = time.Second
)

// errands are calls to parts that nothing here may wait for, above all no stop; one goroutine makes them in order. When so
// many wait that there is no room, one of those parts hangs, and new errands are dropped.
type errands chan func()

func (q errands) add(f func()) {
	select {
	case q <- f:
	default:
	}
}

// run makes calls until ctx ends, and then for a moment those that wait.
func (q errands) run(ctx context.Context) {
	for {
		select {
		case f := <-q:
			f()
		case <-ctx.Done():
			for end := time.Now().Add(lastErrands); time.Now().Before(end); {
				select {
				case f := <-q:
					f()
				default:
					return
				}
			}
			return
		}
	}
}

// audit writes down an order; commands are what became of it.
func (d *Dispatcher) audit(o tonypi.Order, action string, commands []tonypi.Command) {
	if len(commands) == 0 {
		return
	}
	first := commands[0]
	e := tonypi.AuditEntry{
		Time: first.CreatedAt, User: o.By.Name, Role: o.By.Role, Address: o.By.Address, Action: action,
		Robot: first.Robot, Target: first.ID,
	}
	refused, robots := 0, make([]tonypi.RobotID, 0, len(commands))
	for _, c := range commands {
		robots = append(robots, c.Robot)
		if c.Status == tonypi.CommandRefused {
			refused++
		}
	}
	e.OK = refused < len(commands)
	e.Message = fmt.Sprintf("%s: %s", o.Type, first.Robot)
	if first.Batch != "" {
		e.Robot, e.Target = "", first.Batch
		e.Message = fmt.Sprintf("%s: %d robots", o.Type, len(commands))
	}
	switch {
	case refused > 0 && first.Batch == "":
		e.Message += ", refused: " + first.Message
	case refused > 0:
		e.Message += fmt.Sprintf(", %d refused", refused)
	}
	e.Details = auditDetails(o, robots)
	d.errands.add(func() { d.cfg.Record.Record(e) })
}

// maxAuditDetails is how many bytes of an order's details go into the audit log; the command itself has them all.
const maxAuditDetails = 16 << 10

func auditDetails(o tonypi.Order, robots []tonypi.RobotID) json.RawMessage {
	details := map[string]any{"type": o.Type, "robots": robots}
	if o.Reason != "" {
		details["reason"] = o.Reason
	}
	if len(o.Parameters) > 0 {
		details["parameters"] = o.Parameters
	}
	b, err := json.Marshal(details)
	if err != nil || len(b) > maxAuditDetails {
		b, err = json.Marshal(map[string]any{"type": o.Type, "robots": len(robots)})
	}
	if err != nil {
		return nil
	}
	return b
}

// logOutcome adds a line about a command's end to the log.
func (d *Dispatcher) logOutcome(c tonypi.Command) {
	level := "INFO"
	if c.Status != tonypi.CommandDone || c.Type == tonypi.StopCommand {
		level = "WARNING"
	}
	text := fmt.Sprintf("Command %s %s", c.Type, c.Status)
	if c.Message != "" {
		text += ": " + c.Message
	}
	d.log(level, c, text)
}

// log adds a line about a command to the log.
func (d *Dispatcher) log(level string, c tonypi.Command, text string) {
	details, err := json.Marshal(map[string]any{"command_id": c.ID, "command": c.Type, "status": c.Status, "by": c.By})
	if err != nil {
		details = nil
	}
	l := tonypi.LogEntry{Level: level, Category: "command", Source: "command", Message: text, Robot: c.Robot, Details: details}
	d.errands.add(func() { d.cfg.Record.Log(l) })
}
