package wire

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"tonypi"
)

// Sizes of texts in bytes. Longer ones are cut at a rune, except names and codes, whose end matters: those are refused.
const (
	MaxName    = 64   // sensor types, servo names, labels, log sources, phases
	MaxWord    = 32   // status and posture
	MaxLine    = 500  // reasons, messages of answers
	MaxTask    = 200  // task names, platform, agent
	MaxURL     = 512  // camera URL
	MaxCode    = 512  // scanned code
	MaxID      = 100  // command IDs
	MaxLogLine = 4096 // log messages
	MaxItem    = 4096 // a job's last item, as JSON
)

// cut shortens s to at most n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// clean returns b as text of at most n bytes. Control characters become spaces, except line ends and tabs: databases
// refuse a NUL, and terminals obey escapes.
func clean(b []byte, n int) string {
	for _, c := range b {
		if c < 0x20 || c >= 0x7f {
			return cut(strings.Map(func(r rune) rune {
				if unicode.IsControl(r) && r != '\n' && r != '\t' {
					return ' '
				}
				return r
			}, string(b[:min(len(b), 4*n)])), n)
		}
	}
	return string(b[:min(len(b), n)])
}

// text returns value i as text of at most n bytes; anything but a text is "".
func (d *doc) text(i int32, n int) string { return clean(d.raw(i), n) }

// printable reports whether b is a name: 1 to MaxName bytes of printable UTF-8.
func printable(b []byte) bool {
	if len(b) == 0 || len(b) > MaxName {
		return false
	}
	for _, c := range b {
		if c < 0x20 || c >= 0x7f {
			s := string(b)
			return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
		}
	}
	return true
}

// sensorName is a sensor's name as robots write it, with what it stands for.
type sensorName struct {
	raw    string
	source string
	metric tonypi.Metric
}

// nameTable remembers names so that a name is made into a string once and not in every message. It is a cache of fixed
// size in which a new name takes the place of an old one, so that no robot can fill the memory with names.
type nameTable struct {
	make  func(string) sensorName
	slots [1024]atomic.Pointer[sensorName]
}

var (
	sensorNames = nameTable{make: func(s string) sensorName { return sensorName{s, s, sensorMetric(s)} }}
	fieldNames  = nameTable{make: func(s string) sensorName {
		source := fullName(s)
		return sensorName{s, source, sensorMetric(source)}
	}}
	plainNames = nameTable{make: func(s string) sensorName { return sensorName{raw: s, source: s} }}
)

// find returns the entry of a name; ok is false when b cannot be a name.
func (t *nameTable) find(b []byte) (*sensorName, bool) {
	slot := &t.slots[hash(b)%uint64(len(t.slots))]
	if n := slot.Load(); n != nil && n.raw == string(b) {
		return n, true
	}
	if !printable(b) {
		return nil, false
	}
	n := t.make(string(b))
	slot.Store(&n)
	return &n, true
}

// hash mixes the first and last eight bytes and the length, where sensors' names differ.
func hash(b []byte) uint64 {
	var head, tail uint64
	if len(b) >= 8 {
		head, tail = binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[len(b)-8:])
	} else {
		for _, c := range b {
			head = head<<8 | uint64(c)
		}
	}
	hi, lo := bits.Mul64(head^0x9e3779b97f4a7c15, tail^uint64(len(b))^0xd6e8feb86659fd93)
	return hi ^ lo
}

// sensorMetric says what a sensor type measures.
func sensorMetric(name string) tonypi.Metric {
	has := func(prefixes ...string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(name, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("accelerometer_", "accel_"):
		return tonypi.Acceleration
	case has("gyroscope_", "gyro_"):
		return tonypi.AngularRate
	case name == "roll" || name == "pitch" || name == "yaw":
		return tonypi.Orientation
	case name == "ultrasonic_distance" || name == "ultrasonic" || name == "distance":
		return tonypi.Distance
	case name == "light_sensor_dark":
		return tonypi.LightDark
	case name == "light_level":
		return tonypi.LightLevel
	case has("touch"):
		return tonypi.Touch
	}
	return tonypi.Sensor
}

// fullName turns the short names of combined messages into the names that the original clients send.
func fullName(s string) string {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "imu_"), "orientation_")
	for _, p := range [...][2]string{
		{"acceleration_", "accelerometer_"}, {"accel_", "accelerometer_"}, {"acc_", "accelerometer_"},
		{"gyro_", "gyroscope_"}, {"angular_velocity_", "gyroscope_"},
	} {
		if rest, ok := strings.CutPrefix(s, p[0]); ok {
			return p[1] + rest
		}
	}
	switch s {
	case "ultrasonic", "distance", "ultrasonic_cm", "distance_cm":
		return "ultrasonic_distance"
	case "light":
		return "light_level"
	case "dark", "light_dark", "is_dark":
		return "light_sensor_dark"
	case "cpu_temp":
		return "cpu_temperature"
	}
	return s
}

// scale returns by what a value in unit must be multiplied to be in the metric's unit. Units that are not listed are
// taken to be the metric's own: the original clients write "bool", "%", "C" and the like.
func scale(m tonypi.Metric, unit []byte) float64 {
	const degreesPerRadian = 57.29577951308232
	switch m {
	case tonypi.Acceleration:
		if string(unit) == "g" {
			return 9.80665
		}
	case tonypi.AngularRate:
		if string(unit) == "rad/s" {
			return degreesPerRadian
		}
	case tonypi.Orientation:
		if string(unit) == "rad" {
			return degreesPerRadian
		}
	case tonypi.Distance:
		switch string(unit) {
		case "mm":
			return 0.1
		case "m":
			return 100
		}
	}
	return 1
}
