package wire

import (
	"math"
	"strconv"
	"time"

	"tonypi"
)

// sensors reads one reading, a list of them, or an object with a field for each sensor.
func (d *decoder) sensors() {
	if d.nodes[0].kind == list {
		d.samples(0, d.u.Sent)
		return
	}
	d.sample(0, d.u.Sent)
}

// samples reads a list of readings. Each may have its own timestamp; at is for those without.
func (d *decoder) samples(i int32, at time.Time) {
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if d.nodes[j].kind != object {
			d.problems.add(BadShape, "a reading in the list is not an object")
			continue
		}
		d.sample(j, at)
	}
}

// sample reads object i: {"sensor_type", "value", …}, or a wrapper of a list or map, or a combined object.
func (d *decoder) sample(i int32, at time.Time) {
	var name, other, value, unit, stamp, inner int32 // 0: not there
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		switch string(d.name(j)) {
		case "sensor_type":
			name = j
		case "sensor", "type", "name":
			other = j
		case "value":
			value = j
		case "unit":
			unit = j
		case "timestamp", "time", "ts":
			stamp = j
		case "readings", "sensors", "data":
			if d.nodes[j].kind >= list {
				inner = j
			}
		}
	}
	if stamp != 0 && i != 0 {
		if own := d.time(stamp); !own.IsZero() {
			at = own
		}
	}
	if name == 0 && value != 0 {
		name = other
	}
	switch {
	case name != 0 || value != 0:
		d.single(name, value, unit, at)
	case inner == 0:
		d.combined(i, at)
	}
	if inner == 0 {
		return
	}
	if d.nodes[inner].kind == list {
		d.samples(inner, at)
	} else {
		d.combined(inner, at)
	}
}

// single takes a reading whose name stands beside its value.
func (d *decoder) single(name, value, unit int32, at time.Time) {
	n, ok := sensorNames.find(d.raw(name))
	if !ok {
		d.problems.add(BadName, "a sensor_type must be 1 to %d printable bytes", MaxName)
		return
	}
	if value == 0 || d.isNull(value) {
		d.problems.add(BadNumber, "%q has no value", n.raw)
		return
	}
	v, ok := d.float(value)
	if !ok {
		d.problems.add(BadNumber, "the value of %q is not a finite number", n.raw)
		return
	}
	d.sensor(n, v, unit, at)
}

// sensor takes v in the unit of node unit, if there is one.
func (d *decoder) sensor(n *sensorName, v float64, unit int32, at time.Time) {
	if unit != 0 && d.nodes[unit].kind == text {
		if v *= scale(n.metric, d.raw(unit)); math.IsInf(v, 0) {
			d.problems.add(BadNumber, "the value of %q is not a finite number", n.raw)
			return
		}
	}
	d.add(n.metric, n.source, v, at)
}

// combined reads an object in which each member is a sensor: a value, {"value", "unit"}, or a group of values such as
// "accel": {"x", "y", "z"}.
func (d *decoder) combined(i int32, at time.Time) {
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		name := d.name(j)
		if aside(name) {
			continue
		}
		switch d.nodes[j].kind {
		case null:
		case object:
			d.group(j, at)
		case list:
			d.problems.add(BadShape, "%q is a list", cut(string(name), MaxName))
		default:
			d.field(name, j, 0, at)
		}
	}
}

// aside reports whether a member of a combined object is about the message and no sensor.
func aside(name []byte) bool {
	switch string(name) {
	case "robot_id", "timestamp", "time", "ts", "unit", "units", "type", "id", "seq", "count", "sensor_count", "readings", "sensors", "data":
		return true
	}
	return false
}

// group reads a member of a combined object that is itself an object.
func (d *decoder) group(i int32, at time.Time) {
	if v, ok := d.member(i, "value"); ok {
		unit, _ := d.member(i, "unit")
		d.field(d.name(i), v, unit, at)
		return
	}
	var space [2*MaxName + 1]byte
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		prefix, name := d.name(i), d.name(j)
		if aside(name) || d.isNull(j) {
			continue
		}
		if d.nodes[j].kind >= list || len(prefix)+len(name) >= len(space) {
			d.problems.add(BadShape, "a member of %q is no sensor", cut(string(prefix), MaxName))
			continue
		}
		d.field(append(append(append(space[:0], prefix...), '_'), name...), j, 0, at)
	}
}

// field takes a reading whose name is that of the member.
func (d *decoder) field(name []byte, value, unit int32, at time.Time) {
	n, ok := fieldNames.find(name)
	if !ok {
		d.problems.add(BadName, "a sensor's name must be 1 to %d printable bytes", MaxName)
		return
	}
	if v, ok := d.measure(value); ok {
		d.sensor(n, v, unit, at)
	}
}

// What is known of a servo, in the order in which the readings come.
const (
	servoPosition = iota
	servoTarget
	servoTemperature
	servoVoltage
	servoTorque
	servoErrors
	servoFields
	servoID
	servoName
)

var servoMetrics = [servoFields]tonypi.Metric{
	tonypi.ServoPosition, tonypi.ServoTarget, tonypi.ServoTemperature, tonypi.ServoVoltage, tonypi.ServoTorque, tonypi.ServoErrors,
}

// servoSources are the sources "servo_0" to "servo_253", the IDs that the servo bus has.
var servoSources = func() (sources [254]string) {
	for i := range sources {
		sources[i] = "servo_" + strconv.Itoa(i)
	}
	return sources
}()

// servos reads the joints' state: an object with a member for each servo, or a list, in "servos" or by itself.
func (d *decoder) servos() {
	i := int32(0)
	if d.nodes[0].kind == object {
		if j, ok := d.member(0, "servos", "data"); ok {
			i = j
		}
	}
	if d.nodes[i].kind < list {
		d.problems.add(BadShape, "servos is neither an object nor a list")
		return
	}
	count := 0
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if d.nodes[j].kind != object {
			if i != 0 && !d.isNull(j) || d.nodes[i].kind == list {
				d.problems.add(BadShape, "a servo is not an object")
			}
			continue
		}
		if count++; count > MaxServos {
			d.problems.add(TooMany, "more than %d servos", MaxServos)
			return
		}
		d.servo(j, d.u.Sent)
	}
}

// servo reads one joint.
func (d *decoder) servo(i int32, at time.Time) {
	var found [servoName + 1]int32
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		if f := servoField(d.name(j)); f >= 0 {
			found[f] = j
		}
	}
	source, ok := d.servoSource(i, found[servoID], found[servoName])
	if !ok {
		d.problems.add(BadName, "a servo has neither a number from 0 to 253 nor a name of 1 to %d printable bytes", MaxName)
		return
	}
	for f, j := range found[:servoFields] {
		if j == 0 {
			continue
		}
		if v, ok := d.measure(j); ok {
			d.add(servoMetrics[f], source, v, at)
		}
	}
}

// servoField says what a member of a servo is, or -1. The server judges alert levels by itself.
func servoField(name []byte) int {
	switch string(name) {
	case "position", "angle":
		return servoPosition
	case "target_position", "target":
		return servoTarget
	case "temperature", "temp":
		return servoTemperature
	case "voltage":
		return servoVoltage
	case "torque_enabled", "torque":
		return servoTorque
	case "read_errors", "errors":
		return servoErrors
	case "id", "servo_id":
		return servoID
	case "name":
		return servoName
	}
	return -1
}

// servoSource names servo i: by the number in its key, else by its id, else by its name, else by its key.
func (d *decoder) servoSource(i, id, name int32) (string, bool) {
	key := d.name(i)
	if s, ok := servoNumber(key); ok {
		return s, true
	}
	if id != 0 {
		if s, ok := servoNumber(d.raw(id)); ok {
			return s, true
		}
		if v, ok := d.float(id); ok && v >= 0 && v < float64(len(servoSources)) && v == float64(int(v)) {
			return servoSources[int(v)], true
		}
	}
	if name != 0 {
		if n, ok := plainNames.find(d.raw(name)); ok {
			return n.source, true
		}
	}
	n, ok := plainNames.find(key)
	if !ok {
		return "", false
	}
	return n.source, true
}

// servoNumber reads "servo_7" or "7".
func servoNumber(b []byte) (string, bool) {
	if len(b) > 6 && string(b[:6]) == "servo_" {
		b = b[6:]
	}
	if len(b) == 0 || len(b) > 3 {
		return "", false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return "", false
		}
		n = n*10 + int(c-'0')
	}
	if n >= len(servoSources) {
		return "", false
	}
	return servoSources[n], true
}
