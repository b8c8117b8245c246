package camera

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"

	"tonypi"
)

// Frame is one JPEG picture. It is never changed.
type Frame struct {
	JPEG          []byte
	Width, Height int // pixels; 0 when the picture does not say
}

// errBroken says that a picture does not follow JPEG's rules.
var errBroken = errors.New("broken JPEG")

// maxBroken is how many broken pictures in a row are skipped.
const maxBroken = 30

// scanner finds JPEG pictures in a stream by their own marks: every camera program writes the parts around them
// differently (delimiters with and without dashes, with and without lengths, or nothing at all).
type scanner struct {
	r     *bufio.Reader
	max   int  // bytes of a frame
	begun bool // the next picture's first two bytes have been read already
}

func newScanner(r io.Reader, limit int) *scanner {
	return &scanner{r: bufio.NewReaderSize(r, 64<<10), max: limit}
}

// next returns the next whole picture. Errors: TooLarge, Invalid when the stream holds no pictures, or the reader's.
func (s *scanner) next() (Frame, error) {
	for range maxBroken {
		head, err := s.skip()
		if err != nil {
			return Frame{}, err
		}
		length := contentLength(head)
		if length > s.max {
			return Frame{}, s.tooLarge()
		}
		p := picture{r: s.r, max: s.max, b: make([]byte, 0, max(length, 16<<10))}
		err = p.read(length)
		s.begun = p.another
		switch {
		case err == nil:
			return Frame{p.b, p.width, p.height}, nil
		case errors.Is(err, errTooLong):
			return Frame{}, s.tooLarge()
		case !errors.Is(err, errBroken):
			return Frame{}, err
		}
	}
	return Frame{}, tonypi.Errorf(tonypi.Invalid, "The camera sends broken pictures")
}

func (s *scanner) tooLarge() error {
	return tonypi.Errorf(tonypi.TooLarge, "The camera sends pictures over %d MiB", s.max>>20)
}

// skip reads past what stands before a picture, and past the picture's first two bytes.
func (s *scanner) skip() (head []byte, err error) {
	if s.begun {
		return nil, nil
	}
	for {
		part, err := s.r.ReadSlice(0xFF)
		if len(head)+len(part) > maxHead {
			return nil, tonypi.Errorf(tonypi.Invalid, "The camera address answers with something else than pictures")
		}
		head = append(head, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return nil, err
		}
		next, err := s.r.Peek(1)
		if err != nil {
			return nil, err
		}
		if next[0] == soi {
			_, err := s.r.Discard(1)
			return head, err
		}
	}
}

// contentLength returns what a part's head says, or 0.
func contentLength(head []byte) int {
	const name = "content-length:"
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			if n, err := strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err == nil && n > 0 {
				return n
			}
		}
	}
	return 0
}

// Second bytes of JPEG markers.
const (
	soi  = 0xD8
	eoi  = 0xD9
	sos  = 0xDA
	rst0 = 0xD0
	rst7 = 0xD7
	tem  = 0x01
)

var errTooLong = errors.New("picture is too long")

// picture reads one JPEG, whose first two bytes have been read.
type picture struct {
	r             *bufio.Reader
	max           int
	b             []byte
	width, height int
	scanned       bool // there is picture data
	another       bool // it had no end mark, and the next picture's first two bytes have been read
}

// read reads segment by segment up to the end mark. A picture without an end mark ends where its part's length says, or
// else where the next one begins.
func (p *picture) read(length int) error {
	p.b = append(p.b, 0xFF, soi)
	marker, err := p.marker()
	for err == nil {
		switch {
		case marker == eoi && p.scanned:
			return nil
		case marker == soi:
			return p.cut(length)
		case marker == eoi:
			return errBroken
		case marker == tem, marker >= rst0 && marker <= rst7:
			marker, err = p.marker()
		case marker == sos:
			if err = p.segment(marker); err == nil {
				p.scanned = true
				marker, err = p.scan()
			}
		default:
			if err = p.segment(marker); err == nil {
				marker, err = p.marker()
			}
		}
	}
	return err
}

// cut ends a picture at the beginning of the next one, which has been read.
func (p *picture) cut(length int) error {
	p.another = true
	if !p.scanned {
		return errBroken
	}
	p.b = p.b[:len(p.b)-2]
	if length > 2 && length < len(p.b) {
		p.b = p.b[:length]
	}
	return nil
}

// marker reads a marker and returns its second byte.
func (p *picture) marker() (byte, error) {
	c, err := p.byte()
	if err == nil && c != 0xFF {
		err = errBroken
	}
	for err == nil && c == 0xFF { // fill bytes
		c, err = p.byte()
	}
	if err == nil && c == 0 {
		err = errBroken
	}
	return c, err
}

func (p *picture) byte() (byte, error) {
	if len(p.b) >= p.max {
		return 0, errTooLong
	}
	c, err := p.r.ReadByte()
	if err == nil {
		p.b = append(p.b, c)
	}
	return c, err
}

// segment reads a marker's length and content; start of frame tells the size of the picture.
func (p *picture) segment(marker byte) error {
	high, err := p.byte()
	if err != nil {
		return err
	}
	low, err := p.byte()
	if err != nil {
		return err
	}
	n := (int(high)<<8 | int(low)) - 2
	if n < 0 {
		return errBroken
	}
	begin := len(p.b)
	if begin+n > p.max {
		return errTooLong
	}
	p.b = slices.Grow(p.b, n)[:begin+n]
	if _, err := io.ReadFull(p.r, p.b[begin:]); err != nil {
		return err
	}
	// Start of frame, of every kind; C4, C8 and CC are other things.
	if marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC && n >= 5 {
		sof := p.b[begin:]
		p.height, p.width = int(sof[1])<<8|int(sof[2]), int(sof[3])<<8|int(sof[4])
	}
	return nil
}

// scan reads picture data up to the next marker. In data, FF is followed by 00 or a restart mark.
func (p *picture) scan() (byte, error) {
	for {
		part, err := p.r.ReadSlice(0xFF)
		if len(p.b)+len(part) > p.max {
			return 0, errTooLong
		}
		p.b = append(p.b, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return 0, err
		}
		c := byte(0xFF)
		for c == 0xFF {
			if c, err = p.byte(); err != nil {
				return 0, err
			}
		}
		if c != 0 && (c < rst0 || c > rst7) {
			return c, nil
		}
	}
}
