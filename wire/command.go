package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"tonypi"
)

// Types of commands that every robot knows. A robot may know more.
const (
	EmergencyStop = "emergency_stop"
	Resume        = "resume"
)

// DefaultStopReason is what a stop without a reason is said to be for.
const DefaultStopReason = "Emergency stop triggered"

// Bounds of a command.
const (
	MaxCommand    = 64 << 10 // bytes of payload
	MaxParameters = 64
	MaxVersion    = 1 << 53 // of a configuration: what a JSON number holds exactly
)

// Command is one order to a robot.
type Command struct {
	ID         string         // names it in the answer; at most MaxID bytes
	Type       string         // move, stop, resume, emergency_stop, …; at most MaxName bytes
	Reason     string         // of an emergency stop
	Parameters map[string]any // as JSON has them: float64, string, bool, nil, []any, map[string]any
	Time       time.Time      // when it was sent; zero when it does not say
}

// Number returns a parameter as a finite number, or fallback when it is missing or none.
func (c Command) Number(name string, fallback float64) float64 {
	switch v := c.Parameters[name].(type) {
	case float64:
		return v
	case int:
		return float64(v)
	}
	return fallback
}

// Text returns a parameter as text, or fallback when it is missing or none.
func (c Command) Text(name, fallback string) string {
	if s, ok := c.Parameters[name].(string); ok {
		return s
	}
	return fallback
}

// envelope are the members of a command that are no parameters.
var envelope = map[string]bool{
	"type": true, "command": true, "id": true, "command_id": true, "timestamp": true, "parameters": true,
}

// Validate reports why the command cannot be sent, or nil.
func (c Command) Validate() error {
	switch {
	case !printable([]byte(c.Type)):
		return tonypi.Errorf(tonypi.Invalid, "a command's type must be 1 to %d printable bytes", MaxName)
	case c.ID == "" || len(c.ID) > MaxID:
		return tonypi.Errorf(tonypi.Invalid, "a command's ID must be 1 to %d bytes", MaxID)
	case len(c.Reason) > MaxLine:
		return tonypi.Errorf(tonypi.Invalid, "a reason must be at most %d bytes", MaxLine)
	case len(c.Parameters) > MaxParameters:
		return tonypi.Errorf(tonypi.Invalid, "a command must have at most %d parameters", MaxParameters)
	}
	for name := range c.Parameters {
		if envelope[name] {
			return tonypi.Errorf(tonypi.Invalid, "%q cannot be a parameter's name", name)
		}
	}
	return nil
}

// EncodeCommand writes a command in both spellings that the field knows, so that original clients obey as well as ours:
// type and command, id and command_id, parameters at the top and in "parameters".
func EncodeCommand(c Command) ([]byte, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	parameters := c.Parameters
	if parameters == nil {
		parameters = map[string]any{}
	}
	body := make(map[string]any, len(parameters)+7)
	for name, v := range parameters {
		body[name] = v
	}
	body["type"], body["command"], body["id"], body["command_id"] = c.Type, c.Type, c.ID, c.ID
	body["parameters"] = parameters
	if c.Reason != "" {
		body["reason"] = c.Reason
	}
	if !c.Time.IsZero() {
		body["timestamp"] = stampText(c.Time)
	}
	b, err := json.Marshal(body)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "the parameters of %q cannot be written as JSON", c.Type)
	}
	if len(b) > MaxCommand {
		return nil, tonypi.Errorf(tonypi.TooLarge, "a command must be at most %d bytes", MaxCommand)
	}
	return b, nil
}

// DecodeCommand reads a command as a robot does, in either spelling; what stands in "parameters" wins over the top
// level. On an emergency-stop topic whatever arrives is a stop, even when it is no JSON: nobody writes there for fun.
func DecodeCommand(topic string, payload []byte) (Command, error) {
	k, _ := parseTopic(topic)
	stop := k == stopTopic || k == stopBroadcast
	if !stop && k != commandTopic && k != commandBroadcast {
		return Command{}, tonypi.Errorf(tonypi.Invalid, "no commands come on %s", cut(topic, maxDetail))
	}
	body, err := decodeObject(payload)
	if stop {
		return stopCommand(body), nil
	}
	if err != nil {
		return Command{}, err
	}
	c := readCommand(body)
	if c.Type == "" {
		return c, tonypi.Errorf(tonypi.Invalid, "the command has no type")
	}
	if len(c.Parameters) > MaxParameters {
		return c, tonypi.Errorf(tonypi.Invalid, "the command has more than %d parameters", MaxParameters)
	}
	return c, nil
}

// decodeObject reads a JSON object of at most MaxCommand bytes.
func decodeObject(payload []byte) (map[string]any, error) {
	if len(payload) > MaxCommand {
		return nil, tonypi.Errorf(tonypi.TooLarge, "the message is over %d bytes", MaxCommand)
	}
	var shape doc
	if reason, ok := shape.load(payload); !ok {
		return nil, tonypi.Errorf(tonypi.Invalid, "the message cannot be parsed (%s)", reason)
	}
	if shape.nodes[0].kind != object {
		return nil, tonypi.Errorf(tonypi.Invalid, "the message is not a JSON object")
	}
	var body map[string]any
	if err := json.Unmarshal(payload, &body); err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "the message cannot be parsed")
	}
	return body, nil
}

// readCommand takes a command out of its object.
func readCommand(body map[string]any) Command {
	text := func(n int, names ...string) string {
		for _, name := range names {
			switch v := body[name].(type) {
			case string:
				if v != "" {
					return clean([]byte(v), n)
				}
			case float64: // original tools number their commands
				if !math.IsInf(v, 0) {
					return cut(fmt.Sprint(v), n)
				}
			}
		}
		return ""
	}
	c := Command{
		ID: text(MaxID, "id", "command_id"), Type: text(MaxName, "type", "command"), Reason: text(MaxLine, "reason"),
		Parameters: make(map[string]any, len(body)),
	}
	if s, ok := body["timestamp"].(string); ok {
		c.Time, _, _ = parseStamp([]byte(s))
	}
	for name, v := range body {
		if !envelope[name] && name != "reason" {
			c.Parameters[name] = v
		}
	}
	if nested, ok := body["parameters"].(map[string]any); ok {
		for name, v := range nested {
			c.Parameters[name] = v
		}
	}
	return c
}

// stopCommand makes a stop of whatever came.
func stopCommand(body map[string]any) Command {
	c := readCommand(body)
	c.Type = EmergencyStop
	if c.Reason == "" {
		c.Reason = DefaultStopReason
	}
	return c
}

// EncodeStop writes an emergency stop for StopTopic or StopBroadcast. at zero leaves the timestamp out.
func EncodeStop(id, reason string, at time.Time) ([]byte, error) {
	if reason == "" {
		reason = DefaultStopReason
	}
	return EncodeCommand(Command{ID: id, Type: EmergencyStop, Reason: reason, Time: at})
}

// Config is a piece of configuration for a robot.
type Config struct {
	Type string          `json:"config_type"`
	Data json.RawMessage `json:"config_data"` // a JSON object
	Time time.Time       `json:"timestamp"`

	// Version is what the robot answers with and tells in its status; 0 asks for no answer. At most MaxVersion.
	Version int64 `json:"version,omitempty"`
}

// EncodeConfig writes configuration for ConfigTopic.
func EncodeConfig(c Config) ([]byte, error) {
	if !printable([]byte(c.Type)) {
		return nil, tonypi.Errorf(tonypi.Invalid, "config_type must be 1 to %d printable bytes", MaxName)
	}
	if data := bytes.TrimSpace(c.Data); len(data) == 0 || data[0] != '{' {
		return nil, tonypi.Errorf(tonypi.Invalid, "config_data must be a JSON object")
	}
	if c.Version < 0 || c.Version > MaxVersion {
		return nil, tonypi.Errorf(tonypi.Invalid, "a configuration's version must lie between 0 and %d", int64(MaxVersion))
	}
	c.Time = c.Time.UTC()
	return marshal(c)
}

// DecodeConfig reads what EncodeConfig writes.
func DecodeConfig(payload []byte) (Config, error) {
	body, err := decodeObject(payload)
	if err != nil {
		return Config{}, err
	}
	name, _ := body["config_type"].(string)
	if !printable([]byte(name)) {
		return Config{}, tonypi.Errorf(tonypi.Invalid, "config_type must be 1 to %d printable bytes", MaxName)
	}
	data, ok := body["config_data"].(map[string]any)
	if !ok {
		return Config{}, tonypi.Errorf(tonypi.Invalid, "config_data must be a JSON object")
	}
	c := Config{Type: name}
	if c.Data, err = json.Marshal(data); err != nil {
		return Config{}, tonypi.Wrap(tonypi.Invalid, err, "config_data cannot be read")
	}
	if s, ok := body["timestamp"].(string); ok {
		c.Time, _, _ = parseStamp([]byte(s))
	}
	if v, ok := body["version"].(float64); ok && v >= 0 && v <= MaxVersion {
		c.Version = int64(v)
	}
	return c, nil
}

// ItemAnswer tells a robot what the code that it read stands for.
type ItemAnswer struct {
	Robot   tonypi.RobotID `json:"robot_id"`
	Code    string         `json:"qr"`
	Found   bool           `json:"found"`
	Item    map[string]any `json:"item,omitempty"`    // sku, name, description, weight_kg, location, …; when found
	Message string         `json:"message,omitempty"` // when not
	Time    time.Time      `json:"timestamp"`
}

// EncodeItem writes the answer for ItemTopic.
func EncodeItem(a ItemAnswer) ([]byte, error) {
	a.Time = a.Time.UTC()
	return marshal(a)
}

// DecodeItem reads an item answer. A timestamp that cannot be read is left out.
func DecodeItem(payload []byte) (ItemAnswer, error) {
	body, err := decodeObject(payload)
	if err != nil {
		return ItemAnswer{}, err
	}
	var a ItemAnswer
	robot, _ := body["robot_id"].(string)
	a.Robot = tonypi.RobotID(robot)
	for _, name := range [...]string{"code", "qr_data", "qr"} {
		if s, ok := body[name].(string); ok && s != "" {
			a.Code = cut(s, MaxCode)
		}
	}
	a.Found, _ = body["found"].(bool)
	a.Item, _ = body["item"].(map[string]any)
	message, _ := body["message"].(string)
	a.Message = cut(message, MaxLine)
	if s, ok := body["timestamp"].(string); ok {
		a.Time, _, _ = parseStamp([]byte(s))
	}
	return a, nil
}

// marshal writes v, whose numbers may not be finite when a caller erred.
func marshal(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "the message cannot be written as JSON")
	}
	return b, nil
}

func stampText(t time.Time) string { return string(AppendTime(nil, t)) }
