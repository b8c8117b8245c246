package wire

import (
	"sync"
	"time"

	"tonypi"
)

// Bounds of one message.
const (
	MaxReadings   = 4096 // readings; the agent's backlog comes in portions of this size
	MaxServos     = 64
	MaxLogs       = 256
	MaxDetections = 64
)

// Decode reads what a robot said. It accepts every shape and spelling of docs/protocol.md and never panics.
//
// A message that is only partly readable gives both: the Update with what could be read, and Problems that say what could
// not. Without an Update nothing could be read, or nobody knows of which robot it is. A robot named by the topic, then
// one named by the connection, wins over the payload.
//
// The Update holds nothing of m.Payload. Whoever is done with it may give it to Release.
func Decode(m Message) (*tonypi.Update, error) { return decode(m, (*doc).load) }

// decode is Decode with a parser of choice: tests compare the fast one with encoding/json.
func decode(m Message, load func(*doc, []byte) (Reason, bool)) (*tonypi.Update, error) {
	k, id := parseTopic(m.Topic)
	if !k.up() {
		return nil, Problems{{UnknownTopic, cut("robots do not speak on "+m.Topic, maxDetail), 1}}
	}
	if len(m.Payload) > MaxPayload {
		return nil, Problems{{TooLarge, "payload is over 256 KiB", 1}}
	}
	d := decoders.Get().(*decoder)
	defer d.free()
	if reason, ok := load(&d.doc, m.Payload); !ok {
		return nil, Problems{{reason, "payload cannot be parsed", 1}}
	}
	if !d.identify(m.Sender.Robot, id) {
		return nil, d.problems
	}
	u := updates.Get().(*tonypi.Update)
	u.Robot, u.At = d.robot, m.At
	d.u = u
	d.sent()
	d.read(k)
	if len(d.problems) == 0 {
		if nothing(u) {
			return u, Problems{{Empty, "no known field in the message", 1}}
		}
		return u, nil
	}
	return u, d.problems
}

// Release makes an Update that Decode returned ready for the next message. Nobody may hold on to the Update or to its
// Readings slice; the other fields stay valid.
func Release(u *tonypi.Update) {
	if u == nil || cap(u.Readings) > MaxReadings {
		return
	}
	*u = tonypi.Update{Readings: u.Readings[:0]}
	updates.Put(u)
}

var (
	decoders = sync.Pool{New: func() any { return new(decoder) }}
	updates  = sync.Pool{New: func() any { return new(tonypi.Update) }}
)

// decoder is the work on one message.
type decoder struct {
	doc
	u        *tonypi.Update
	robot    tonypi.RobotID
	stampAt  int32 // node of the message's timestamp; 0 when it has none
	problems Problems
}

// keepNodes is how many nodes a resting decoder may keep; a backlog message must not pin its megabytes.
const keepNodes = 4096

func (d *decoder) free() {
	d.u, d.robot, d.stampAt, d.problems, d.buf, d.payload = nil, "", 0, nil, nil, nil
	if cap(d.nodes) > keepNodes || cap(d.own) > MaxPayload {
		d.nodes, d.own = nil, nil
	}
	decoders.Put(d)
}

// identify settles of which robot the message is, and finds the message's timestamp on the way.
func (d *decoder) identify(connection, topic tonypi.RobotID) bool {
	var said []byte
	if d.nodes[0].kind == object {
		for j := int32(1); j < d.nodes[0].next; j = d.nodes[j].next {
			switch string(d.name(j)) {
			case "robot_id":
				said = d.raw(j)
			case "timestamp", "time", "ts":
				d.stampAt = j
			}
		}
	}
	switch {
	case topic != "":
		d.robot = topic
		if len(said) > 0 && string(said) != string(topic) {
			d.problems.add(WrongRobot, "the payload says robot %q, the topic %q", cut(string(said), MaxName), topic)
		}
	case connection != "":
		d.robot = connection
		if len(said) > 0 && string(said) != string(connection) {
			d.problems.add(WrongRobot, "the payload says robot %q, the connection is %q", cut(string(said), MaxName), connection)
			return false
		}
	default:
		if n, ok := plainNames.find(said); ok {
			d.robot = tonypi.RobotID(n.source)
		} else {
			d.robot = tonypi.RobotID(said)
		}
		if err := d.robot.Validate(); err != nil {
			d.problems.add(NoRobot, "%v", err)
			return false
		}
	}
	return true
}

// sent reads the message's own timestamp.
func (d *decoder) sent() {
	if d.stampAt != 0 {
		d.u.Sent = d.time(d.stampAt)
	}
}

// time reads a timestamp, or notes a problem and returns zero. null is no timestamp.
func (d *decoder) time(i int32) time.Time {
	if d.isNull(i) {
		return time.Time{}
	}
	t, naive, ok := d.stamp(i)
	if !ok {
		d.problems.add(BadTime, "%q cannot be read as a time", d.name(i))
		return time.Time{}
	}
	d.u.Naive = d.u.Naive || naive
	return t
}

// read reads what the topic is for.
func (d *decoder) read(k topicKind) {
	if d.nodes[0].kind < list {
		d.problems.add(BadShape, "the payload is neither an object nor a list")
		return
	}
	switch k {
	case sensorsTopic:
		d.sensors()
	case servosTopic:
		d.servos()
	case logsTopic:
		d.logs()
	case visionTopic:
		d.vision()
	default:
		if d.nodes[0].kind != object {
			d.problems.add(BadShape, "the payload is a list")
			return
		}
		switch k {
		case statusTopic:
			d.status()
		case batteryTopic:
			d.battery()
		case locationTopic:
			d.location()
		case jobTopic:
			d.job()
		case scanTopic:
			d.scanned()
		case commandResponse, stopResponse:
			d.ack()
		}
	}
}

// nothing reports whether a message told nothing at all.
func nothing(u *tonypi.Update) bool {
	return len(u.Readings) == 0 && u.Presence == nil && u.Job == nil && len(u.Logs) == 0 && len(u.Scans) == 0 &&
		len(u.Detections) == 0 && u.Ack == nil
}

// add takes one reading.
func (d *decoder) add(m tonypi.Metric, source string, v float64, at time.Time) {
	all := d.u.Readings
	if len(all) >= MaxReadings {
		d.problems.add(TooMany, "more than %d readings", MaxReadings)
		return
	}
	if len(all) == cap(all) {
		all = append(all, tonypi.Reading{})[:len(all)]
	}
	all = all[:len(all)+1]
	r := &all[len(all)-1] // filled in place, see doc.value
	r.Robot, r.Metric, r.Source, r.Value, r.Time = d.robot, m, source, v, at
	d.u.Readings = all
}

// measure reads value i as a number. null is silently none, anything else that is no finite number is a problem.
func (d *decoder) measure(i int32) (float64, bool) {
	v, ok := d.float(i)
	if !ok && !d.isNull(i) {
		d.problems.add(BadNumber, "%q is not a finite number", cut(string(d.name(i)), MaxName))
	}
	return v, ok
}

// within is measure for numbers that cannot be just any: one that is outside lo to hi is a problem, but up to slack over
// hi counts as hi, for percentages that were computed. Below lo there is no slack: -1 stands for "unknown".
func (d *decoder) within(i int32, lo, hi, slack float64) (float64, bool) {
	v, ok := d.measure(i)
	if !ok {
		return 0, false
	}
	if v < lo || v > hi+slack {
		d.problems.add(OutOfRange, "%q is %v, outside %v to %v", cut(string(d.name(i)), MaxName), v, lo, hi)
		return 0, false
	}
	return min(v, hi), true
}
