package ingest

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"tonypi"
)

// Sources of the alerts about what happens to robots.
const (
	stopSource = "emergency_system"
	fallSource = "posture"
)

// Expect tells at the start how the robots were when the server last heard of them: a stop and a fall that last have their
// alert again if it was lost. Call it after the registry and the alerts are loaded.
func (p *Pipeline) Expect(now time.Time) {
	if p.config.Events == nil {
		return
	}
	for _, robot := range p.config.Robots.Fleet() {
		if robot.Stopped {
			p.config.Events.Raise(now, stopped(robot))
		}
		if fallen(robot.Posture) {
			p.config.Events.Raise(now, fell(robot))
		}
	}
}

// happen turns what a robot says of itself into alerts: one per stop and per fall, opened by the change, ended by any
// message that says otherwise.
func (p *Pipeline) happen(u *tonypi.Update, c change) {
	if p.config.Events == nil || u.Presence == nil || lost(u) || u.Presence.Status == tonypi.StatusOffline {
		return
	}
	if !u.Presence.Stopped {
		p.config.Events.Clear(u.Robot, tonypi.StopAlert, stopSource, "", u.At)
	}
	if posture := u.Presence.Posture; posture == "standing" || posture == "walking" {
		p.config.Events.Clear(u.Robot, tonypi.FallAlert, fallSource, "", u.At)
	}
	if c.robot == nil {
		return
	}
	if c.robot.Stopped && !c.was.Stopped {
		p.config.Events.Raise(u.At, stopped(*c.robot))
	}
	if fallen(c.robot.Posture) && !fallen(c.was.Posture) {
		p.config.Events.Raise(u.At, fell(*c.robot))
	}
}

// stopped is the alert about a robot that is stopped, in the original system's words.
func stopped(r tonypi.Robot) tonypi.Alert {
	return tonypi.Alert{
		Robot: r.ID, Type: tonypi.StopAlert, Source: stopSource, Severity: tonypi.Critical, Value: 1,
		Title:   fmt.Sprintf("Emergency Stop Activated on %s", r.ID),
		Message: "Emergency stop triggered: " + cmp.Or(r.StopReason, "no reason given"),
	}
}

func fallen(posture string) bool { return strings.HasPrefix(posture, "fallen") }

func fell(r tonypi.Robot) tonypi.Alert {
	on := map[string]string{
		"fallen_front": "The robot lies on its front", "fallen_back": "The robot lies on its back",
		"fallen_side": "The robot lies on its side",
	}
	return tonypi.Alert{
		Robot: r.ID, Type: tonypi.FallAlert, Source: fallSource, Severity: tonypi.Critical, Value: 1,
		Title: fmt.Sprintf("Fall of %s", r.ID), Message: cmp.Or(on[r.Posture], "The robot has fallen"),
	}
}
