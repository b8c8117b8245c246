package wire

import (
	"strings"

	"tonypi"
)

// Topics without a robot in them.
const (
	CommandBroadcast = "tonypi/commands/broadcast"       // commands to every robot
	CommandResponse  = "tonypi/commands/response"        // answers of every robot
	StopBroadcast    = "tonypi/emergency_stop/broadcast" // stop every robot
	StopResponse     = "tonypi/emergency_stop/response"  // stop answers of every robot
	SharedBattery    = "tonypi/battery"                  // the original clients' battery; the robot stands in the payload
	SharedLocation   = "tonypi/location"                 // the original clients' position; the robot stands in the payload
)

// SensorTopic is where a robot tells its sensors' readings.
func SensorTopic(id tonypi.RobotID) string { return "tonypi/sensors/" + string(id) }

// ServoTopic is where a robot tells its joints' state.
func ServoTopic(id tonypi.RobotID) string { return "tonypi/servos/" + string(id) }

// StatusTopic is where a robot tells how it and its computer are.
func StatusTopic(id tonypi.RobotID) string { return "tonypi/status/" + string(id) }

// BatteryTopic is where our agent tells its battery's state.
func BatteryTopic(id tonypi.RobotID) string { return "tonypi/battery/" + string(id) }

// LocationTopic is where our agent tells its position.
func LocationTopic(id tonypi.RobotID) string { return "tonypi/location/" + string(id) }

// LogTopic is where a robot writes its log.
func LogTopic(id tonypi.RobotID) string { return "tonypi/logs/" + string(id) }

// JobTopic is where a robot tells how its job goes.
func JobTopic(id tonypi.RobotID) string { return "tonypi/job/" + string(id) }

// ScanTopic is where a robot tells which code it read.
func ScanTopic(id tonypi.RobotID) string { return "tonypi/scan/" + string(id) }

// VisionTopic is where a robot tells what its camera saw.
func VisionTopic(id tonypi.RobotID) string { return "tonypi/vision/" + string(id) }

// CommandTopic is where one robot gets its commands.
func CommandTopic(id tonypi.RobotID) string { return "tonypi/commands/" + string(id) }

// StopTopic is where one robot gets its emergency stop.
func StopTopic(id tonypi.RobotID) string { return "tonypi/emergency_stop/" + string(id) }

// ConfigTopic is where one robot gets its configuration.
func ConfigTopic(id tonypi.RobotID) string { return "tonypi/config/" + string(id) }

// DriveTopic is where one robot gets the beats of somebody who drives it. Only the server publishes there.
func DriveTopic(id tonypi.RobotID) string { return "tonypi/drive/" + string(id) }

// ItemTopic is where one robot gets the answer to a scan.
func ItemTopic(id tonypi.RobotID) string { return "tonypi/items/" + string(id) }

// RobotFilters are the subscriptions of one robot: everything that the server may send it, and nothing else.
func RobotFilters(id tonypi.RobotID) []string {
	return []string{CommandTopic(id), CommandBroadcast, StopTopic(id), StopBroadcast, ConfigTopic(id), ItemTopic(id), DriveTopic(id)}
}

// ServerFilters are the subscriptions of a server on a broker that is not its own: everything that robots publish. No
// two of them match the same topic.
func ServerFilters() []string {
	return []string{
		"tonypi/sensors/+", "tonypi/servos/+", "tonypi/status/+", "tonypi/logs/+", "tonypi/job/+", "tonypi/scan/+",
		"tonypi/vision/+", SharedBattery, "tonypi/battery/+", SharedLocation, "tonypi/location/+",
		CommandResponse, StopResponse,
	}
}

// TopicRobot returns the robot that the topic names. ok is false for a topic without one, a topic that is not ours and
// for an ID that cannot name a robot.
func TopicRobot(topic string) (id tonypi.RobotID, ok bool) {
	_, id = parseTopic(topic)
	return id, id != ""
}

// FromRobot reports whether the topic carries what robots tell the server, so that Decode can read it.
func FromRobot(topic string) bool {
	k, _ := parseTopic(topic)
	return k.up()
}

// TopicName returns the topic without its robot, from a closed set that is safe as a label: "sensors", "servos", …,
// "commands/response". It is "other" for a topic that is not ours.
func TopicName(topic string) string {
	k, _ := parseTopic(topic)
	return topicNames[k]
}

// topicKind says what a topic is for.
type topicKind byte

const (
	notOurs topicKind = iota
	sensorsTopic
	servosTopic
	statusTopic
	logsTopic
	jobTopic
	scanTopic
	visionTopic
	batteryTopic
	locationTopic
	commandResponse
	stopResponse
	commandTopic // from here on: server → robot
	commandBroadcast
	stopTopic
	stopBroadcast
	configTopic
	itemsTopic
	driveTopic
)

var topicNames = [...]string{
	"other", "sensors", "servos", "status", "logs", "job", "scan", "vision", "battery", "location",
	"commands/response", "emergency_stop/response",
	"commands", "commands/broadcast", "emergency_stop", "emergency_stop/broadcast", "config", "items", "drive",
}

// up reports whether the topic leads from robot to server.
func (k topicKind) up() bool { return k >= sensorsTopic && k <= stopResponse }

// parseTopic splits a topic without wildcards. id is empty where the topic names no robot; a topic of ours with an ID
// that cannot name a robot is not ours.
func parseTopic(topic string) (topicKind, tonypi.RobotID) {
	rest, ok := strings.CutPrefix(topic, "tonypi/")
	if !ok {
		return notOurs, ""
	}
	word, last, named := strings.Cut(rest, "/")
	if !named {
		switch word {
		case "battery":
			return batteryTopic, ""
		case "location":
			return locationTopic, ""
		}
		return notOurs, ""
	}
	k := wordKind(word)
	if k == commandTopic || k == stopTopic {
		switch last {
		case "broadcast":
			return k + 1, ""
		case "response":
			return commandResponse + (k-commandTopic)/2, ""
		}
	}
	id := tonypi.RobotID(last)
	if k == notOurs || !validID(id) {
		return notOurs, ""
	}
	return k, id
}

// wordKind returns what the topic's second level stands for when a third follows.
func wordKind(word string) topicKind {
	switch word {
	case "sensors":
		return sensorsTopic
	case "servos":
		return servosTopic
	case "status":
		return statusTopic
	case "logs":
		return logsTopic
	case "job":
		return jobTopic
	case "scan":
		return scanTopic
	case "vision":
		return visionTopic
	case "battery":
		return batteryTopic
	case "location":
		return locationTopic
	case "commands":
		return commandTopic
	case "emergency_stop":
		return stopTopic
	case "config":
		return configTopic
	case "items":
		return itemsTopic
	case "drive":
		return driveTopic
	}
	return notOurs
}

// validID is RobotID.Validate with a short way for the IDs that nearly every robot has.
func validID(id tonypi.RobotID) bool {
	if len(id) == 0 || len(id) > tonypi.MaxRobotID {
		return false
	}
	for i := range len(id) {
		c := id[i]
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.'
		if !plain {
			return id.Validate() == nil
		}
	}
	return id != "broadcast" && id != "response"
}
