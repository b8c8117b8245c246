package wire

import (
	"encoding/json"
	"math"

	"tonypi"
)

// MaxDrive is the largest payload in bytes of one beat.
const MaxDrive = 1 << 10

// beat is a tonypi.Drive as it goes over the wire; the topic says which robot it is for.
type beat struct {
	Forward float64 `json:"forward"`
	Turn    float64 `json:"turn"`
	Strafe  float64 `json:"strafe"`
	Speed   float64 `json:"speed"`
	Seq     uint64  `json:"seq"`
	Sent    int64   `json:"sent"`
}

func (b beat) validate() error {
	for _, v := range [...]float64{b.Forward, b.Turn, b.Strafe} {
		if !(math.Abs(v) <= 1) { // nor NaN
			return tonypi.Errorf(tonypi.Invalid, "forward, turn and strafe must lie between -1 and 1")
		}
	}
	if !(b.Speed >= 0 && b.Speed <= 1) {
		return tonypi.Errorf(tonypi.Invalid, "speed must lie between 0 and 1")
	}
	return nil
}

// EncodeDrive writes one beat for DriveTopic(d.Robot). A direction outside −1 to 1 or a speed outside 0 to 1 is Invalid.
func EncodeDrive(d tonypi.Drive) ([]byte, error) {
	b := beat{d.Forward, d.Turn, d.Strafe, d.Speed, d.Seq, d.Sent}
	if err := b.validate(); err != nil {
		return nil, err
	}
	return marshal(b)
}

// DecodeDrive reads a beat as a robot does. A beat with anything wrong in it is refused as a whole: half a beat must not
// move a robot.
func DecodeDrive(topic string, payload []byte) (tonypi.Drive, error) {
	k, id := parseTopic(topic)
	if k != driveTopic {
		return tonypi.Drive{}, tonypi.Errorf(tonypi.Invalid, "nobody drives by %s", cut(topic, maxDetail))
	}
	if len(payload) > MaxDrive {
		return tonypi.Drive{}, tonypi.Errorf(tonypi.TooLarge, "a beat must be at most %d bytes", MaxDrive)
	}
	var b *beat
	if err := json.Unmarshal(payload, &b); err != nil || b == nil {
		return tonypi.Drive{}, tonypi.Wrap(tonypi.Invalid, err, "the beat cannot be read")
	}
	if err := b.validate(); err != nil {
		return tonypi.Drive{}, err
	}
	return tonypi.Drive{Robot: id, Forward: b.Forward, Turn: b.Turn, Strafe: b.Strafe, Speed: b.Speed, Seq: b.Seq, Sent: b.Sent}, nil
}
