package tsdb

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"

	"tonypi"
)

// A record is one committed group, as it lies in a segment:
//
//	magic    4 bytes  "TPJ1"
//	length   4 bytes  of the payload, little-endian, at most maxPayload
//	checksum 4 bytes  CRC-32C of the payload
//	payload           a sequence of operations
//
// An operation begins with a varint. 0 deletes a robot's history: the robot ID follows. Any other is ref<<1 | new:
// a sample of the series ref. When new is set, robot, metric and source follow and give that ref its meaning for the
// rest of the segment; so a record that is lost to corruption can make later samples unknown, never somebody else's.
// Then come the stamp as zigzag varint (milliseconds since the sample before; since 1970 for the first of a record)
// and the value as 8 bytes, little-endian. A string is its length as varint and its bytes.
const (
	recordMagic  = "TPJ1"
	headerSize   = 12
	maxPayload   = 32 << 20
	maxStringLen = 255
	// maxOperation is an upper bound for the encoded size of one sample with its definition.
	maxOperation = 3*(maxStringLen+2) + 2*binary.MaxVarintLen64 + 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errCorrupt = errors.New("corrupt record")

// sealRecord fills in the header of buf, whose first headerSize bytes are reserved for it.
func sealRecord(buf []byte) {
	copy(buf, recordMagic)
	binary.LittleEndian.PutUint32(buf[4:], uint32(len(buf)-headerSize))
	binary.LittleEndian.PutUint32(buf[8:], crc32.Checksum(buf[headerSize:], castagnoli))
}

// nextRecord finds the payload of the record at the beginning of data. It returns the bytes that the record takes;
// size 0 without an error means that data ends before the record does.
func nextRecord(data []byte) (payload []byte, size int, err error) {
	if len(data) < headerSize {
		return nil, 0, nil
	}
	length := binary.LittleEndian.Uint32(data[4:])
	if string(data[:4]) != recordMagic || length > maxPayload {
		return nil, 0, errCorrupt
	}
	size = headerSize + int(length)
	if len(data) < size {
		return nil, 0, nil
	}
	payload = data[headerSize:size]
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(data[8:]) {
		return nil, 0, errCorrupt
	}
	return payload, size, nil
}

func appendString(buf []byte, s string) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(s)))
	return append(buf, s...)
}

func appendDefinition(buf []byte, key tonypi.SeriesKey) []byte {
	buf = appendString(buf, string(key.Robot))
	buf = appendString(buf, string(key.Metric))
	return appendString(buf, key.Source)
}

func appendSample(buf []byte, deltaMs int64, value float64) []byte {
	buf = binary.AppendVarint(buf, deltaMs)
	return binary.LittleEndian.AppendUint64(buf, math.Float64bits(value))
}

func appendTombstone(buf []byte, robot tonypi.RobotID) []byte {
	return appendString(append(buf, 0), string(robot))
}

// decoder reads the payloads of one segment from its beginning, in order.
type decoder struct {
	resolve func(tonypi.SeriesKey) *series
	refs    []*series // by ref; nil where the definition was lost
	unknown int       // samples whose definition was lost

	sample func(s *series, ms int64, value float64) error
	delete func(tonypi.RobotID) error
}

// decode calls d.sample and d.delete for every operation of payload, and stops at their first error.
func (d *decoder) decode(payload []byte) error {
	var ms int64
	for len(payload) > 0 {
		op, n := binary.Uvarint(payload)
		if n <= 0 {
			return errCorrupt
		}
		payload = payload[n:]
		var err error
		if op == 0 {
			payload, err = d.decodeTombstone(payload)
		} else {
			payload, ms, err = d.decodeSample(payload, op, ms)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) decodeTombstone(payload []byte) ([]byte, error) {
	robot, rest, ok := cutString(payload)
	if !ok {
		return nil, errCorrupt
	}
	return rest, d.delete(tonypi.RobotID(robot))
}

func (d *decoder) decodeSample(payload []byte, op uint64, previous int64) ([]byte, int64, error) {
	ref := op >> 1
	if ref > maxSeries {
		return nil, 0, errCorrupt
	}
	if op&1 != 0 {
		var ok bool
		if payload, ok = d.define(ref, payload); !ok {
			return nil, 0, errCorrupt
		}
	}
	delta, n := binary.Varint(payload)
	if n <= 0 || len(payload) < n+8 {
		return nil, 0, errCorrupt
	}
	value := math.Float64frombits(binary.LittleEndian.Uint64(payload[n:]))
	payload, ms := payload[n+8:], previous+delta
	if ref >= uint64(len(d.refs)) || d.refs[ref] == nil {
		d.unknown++
		return payload, ms, nil
	}
	return payload, ms, d.sample(d.refs[ref], ms, value)
}

func (d *decoder) define(ref uint64, payload []byte) ([]byte, bool) {
	robot, payload, ok1 := cutString(payload)
	metric, payload, ok2 := cutString(payload)
	source, payload, ok3 := cutString(payload)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	for uint64(len(d.refs)) <= ref {
		d.refs = append(d.refs, nil)
	}
	d.refs[ref] = d.resolve(tonypi.SeriesKey{Robot: tonypi.RobotID(robot), Metric: tonypi.Metric(metric), Source: string(source)})
	return payload, true
}

func cutString(b []byte) (s, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > maxStringLen || uint64(len(b)-n) < length {
		return nil, nil, false
	}
	return b[n : n+int(length)], b[n+int(length):], true
}
