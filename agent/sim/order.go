package sim

import (
	"fmt"
	"math"
	"regexp"
	"time"
	"unicode/utf8"

	"tonypi"
)

// Limits of orders that do not move the robot.
const (
	maxSpoken = 200 // characters
	maxBeep   = 5.0 // seconds
	maxFind   = 30.0
	findTime  = 5.0
)

// orderTurn turns on the spot: degrees to the left, negative ones to the right.
func (b *Body) orderTurn(params map[string]any) (string, time.Duration, error) {
	degrees := number(params, "angle", 90)
	if !(math.Abs(degrees) >= 1 && math.Abs(degrees) <= 360) {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "angle must lie between -360 and 360 and not be 0")
	}
	took := math.Abs(degrees) / turnSpeed
	b.interrupt()
	b.change(act{kind: turning, name: "turn", turn: math.Copysign(turnSpeed, degrees), until: took, ordered: true})
	return fmt.Sprintf("Turned by %.0f degrees", degrees), seconds(took), nil
}

// orderStandUp gets a fallen robot on its feet.
func (b *Body) orderStandUp(map[string]any) (string, time.Duration, error) {
	switch {
	case b.stopped:
		return "", 0, tonypi.Errorf(tonypi.Conflict, "The robot is stopped")
	case b.balance.stage == upright:
		return "", 0, tonypi.Errorf(tonypi.Conflict, "The robot has not fallen")
	case b.balance.stage == tipping:
		return "", 0, tonypi.Errorf(tonypi.Conflict, "The robot is falling")
	case b.balance.stage == lying:
		b.balance.stage, b.balance.since = rising, 0
		b.say("INFO", "balance", "Standing up")
	}
	return "The robot is on its feet", seconds(riseTime - b.balance.since + 0.1), nil
}

func (b *Body) orderSpeak(params map[string]any) (string, time.Duration, error) {
	words := text(params, "text", "")
	n := utf8.RuneCountInString(words)
	if n < 1 || n > maxSpoken {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "text must have 1 to %d characters", maxSpoken)
	}
	b.say("INFO", "speech", "Said: "+words)
	return "Said it", seconds(0.4 + 0.07*float64(n)), nil
}

var (
	hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	colors   = map[string]string{
		"off": "", "red": "#ff0000", "green": "#00ff00", "blue": "#0000ff", "yellow": "#ffff00", "cyan": "#00ffff",
		"magenta": "#ff00ff", "orange": "#ff8000", "white": "#ffffff",
	}
)

func (b *Body) orderLED(params map[string]any) (string, time.Duration, error) {
	asked := text(params, "color", "white")
	if on, ok := params["on"].(bool); ok && !on {
		asked = "off"
	}
	color, known := colors[asked]
	switch {
	case hexColor.MatchString(asked):
		color = asked
	case !known:
		return "", 0, tonypi.Errorf(tonypi.Invalid, "color must be #rrggbb, off, or one of red, green, blue, yellow, cyan, magenta, orange, white")
	}
	if color == "#000000" {
		color = ""
	}
	if b.led = color; color == "" {
		return "LED off", 50 * time.Millisecond, nil
	}
	return "LED " + asked, 50 * time.Millisecond, nil
}

func (b *Body) orderBuzzer(params map[string]any) (string, time.Duration, error) {
	hertz, long, times := number(params, "frequency", 1900), number(params, "duration_ms", 200)/1000, number(params, "repeat", 1)
	switch {
	case !(hertz >= 10 && hertz <= 20000):
		return "", 0, tonypi.Errorf(tonypi.Invalid, "frequency must lie between 10 and 20000 Hz")
	case !(long >= 0.01 && long <= maxBeep):
		return "", 0, tonypi.Errorf(tonypi.Invalid, "duration_ms must lie between 10 and %g", maxBeep*1000)
	case times != math.Trunc(times) || times < 1 || times > maxTimes:
		return "", 0, tonypi.Errorf(tonypi.Invalid, "repeat must be a whole number from 1 to %d", maxTimes)
	}
	return fmt.Sprintf("Beeped at %.0f Hz", hertz), seconds(long * times), nil
}

// orderFind makes the robot blink and beep so that people see which one it is.
func (b *Body) orderFind(params map[string]any) (string, time.Duration, error) {
	long := number(params, "seconds", findTime)
	if !(long >= 1 && long <= maxFind) {
		return "", 0, tonypi.Errorf(tonypi.Invalid, "seconds must lie between 1 and %g", maxFind)
	}
	b.lens.findTil = b.now + long
	b.say("INFO", "body", "Blinking and beeping: here I am")
	if b.able("find") == nil && b.now >= b.busyTil {
		b.gesture("find", nodFrames)
		b.act.until = length(nodFrames) * math.Floor(long/length(nodFrames))
	}
	return "It blinked, beeped and nodded", seconds(long), nil
}

// orderReboot lets the Pi go out a moment later, after the answer, and boot again.
func (b *Body) orderReboot(map[string]any) (string, time.Duration, error) {
	b.plot.rebootAt = b.now + 1
	b.say("WARNING", "system", "Reboot by command")
	return "Robot rebooting", 0, nil
}

// Drive walks the body from now on, until the next Drive or Halt.
func (b *Body) Drive(forward, turn, strafe, speed float64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.catchUp()
	if err := b.able("head"); err != nil {
		return err
	}
	if b.now < b.busyTil && !b.act.driven {
		return tonypi.Errorf(tonypi.Conflict, "The robot is busy with %s", b.busy)
	}
	a := act{kind: walking, name: "drive", stride: forward * speed, sideways: strafe * speed, turn: turn * speed * turnSpeed, until: never, driven: true, ordered: true}
	if forward == 0 && strafe == 0 {
		a.kind = turning
	}
	if b.act.driven {
		a.since = b.act.since
		b.act = a
		return nil
	}
	b.interrupt()
	b.change(a)
	return nil
}

// Halt ends a Drive: the body stands where it is.
func (b *Body) Halt() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.act.driven {
		return
	}
	b.catchUp()
	if b.act.driven { // it may have fallen meanwhile
		b.change(act{kind: standing, until: 4, ordered: true})
	}
}

// catchUp lives up to this moment, so that what is ordered now does not work back to the last read.
func (b *Body) catchUp() {
	now := time.Now()
	if gap := now.Sub(b.at); gap > 0 && gap <= maxCatchUp {
		b.advance(now)
	}
}
