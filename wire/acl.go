package wire

import (
	"strings"

	"tonypi"
)

// MayPublish reports whether s may publish to topic. Whatever is not listed here is forbidden:
//
//	a robot (pending or not)  its own sensors, servos, status, logs, job, scan, vision, battery, location; the shared
//	                          battery and location; both response topics
//	a viewer                  nothing
//	an operator               commands and emergency stops, to one robot or all; a scan for one robot
//	an admin                  also config and items
//	nobody                    drive: beats come from the server's own bus, which knows who has control
//
// It does not look at Sender.Pending: a pending robot may speak, it is ingest that stores nothing of it.
func MayPublish(s Sender, topic string) bool {
	k, id := parseTopic(topic)
	if s.Robot != "" {
		return robotMayPublish(s.Robot, k, id)
	}
	switch k {
	case commandTopic, commandBroadcast, stopTopic, stopBroadcast, scanTopic:
		return s.Role.May(tonypi.SendCommands)
	case configTopic, itemsTopic:
		return s.Role.May(tonypi.ManageSystem)
	}
	return false
}

// MayRetain reports whether a broker may keep a message of the topic for who comes later. Orders are for now: a robot must
// not walk, or forget an emergency stop, each time that it connects.
func MayRetain(topic string) bool {
	switch k, _ := parseTopic(topic); k {
	case commandTopic, commandBroadcast, stopTopic, stopBroadcast, scanTopic, driveTopic:
		return false
	}
	return true
}

func robotMayPublish(self tonypi.RobotID, k topicKind, id tonypi.RobotID) bool {
	if !k.up() {
		return false
	}
	return id == "" || id == self
}

// MaySubscribe reports whether s may subscribe to filter. Whatever is not listed here is forbidden:
//
//	a robot (pending or not)  exactly its RobotFilters: no wildcard, no shared subscription
//	a viewer and up           every well-formed filter that begins with tonypi/, also as $share/{group}/tonypi/…
func MaySubscribe(s Sender, filter string) bool {
	if s.Robot != "" {
		k, id := parseTopic(filter)
		switch k {
		case commandBroadcast, stopBroadcast:
			return true
		case commandTopic, stopTopic, configTopic, itemsTopic, driveTopic:
			return id == s.Robot
		}
		return false
	}
	if !s.Role.May(tonypi.View) {
		return false
	}
	if group, ok := strings.CutPrefix(filter, "$share/"); ok {
		name, inner, cut := strings.Cut(group, "/")
		if !cut || name == "" || strings.ContainsAny(name, "+#") {
			return false
		}
		filter = inner
	}
	rest, ok := strings.CutPrefix(filter, "tonypi/")
	return ok && wellFormed(rest)
}

// wellFormed reports whether the levels of a filter use the wildcards as MQTT allows.
func wellFormed(levels string) bool {
	for {
		level, rest, more := strings.Cut(levels, "/")
		if strings.ContainsRune(level, 0) {
			return false
		}
		if strings.ContainsAny(level, "+#") && (len(level) != 1 || level == "#" && more) {
			return false
		}
		if !more {
			return true
		}
		levels = rest
	}
}
