package wire

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// scan fills the doc from b without copying. It reads all of JSON but escapes in names, and Python's NaN and Infinity
// besides. false means that it gave up: the text is unusual or wrong, and encoding/json decides.
func (d *doc) scan(b []byte) bool {
	d.payload, d.buf, d.nodes = b, b, d.nodes[:0]
	if len(b) > MaxPayload {
		return false
	}
	i := d.value(space(b, 0), 0, 0, 0)
	return i >= 0 && space(b, i) == len(b)
}

// space returns the index of the first byte from i on that is not white space.
func space(b []byte, i int) int {
	const white uint64 = 1<<' ' | 1<<'\n' | 1<<'\t' | 1<<'\r'
	for i < len(b) && b[i] <= ' ' && white>>b[i]&1 != 0 {
		i++
	}
	return i
}

// value scans the value at i and returns the index after it, or -1.
func (d *doc) value(i int, key, keyEnd uint32, depth int) int {
	b := d.buf
	if i >= len(b) || len(d.nodes) >= maxNodes {
		return -1
	}
	// The node is filled where it lies: building it first and copying it took an eighth of the time.
	at := len(d.nodes)
	if at == cap(d.nodes) {
		d.nodes = append(d.nodes, node{})
	}
	d.nodes = d.nodes[:at+1]
	n := &d.nodes[at]
	n.key, n.keyEnd, n.off, n.next = key, keyEnd, uint32(i), int32(at+1)
	switch c := b[i]; c {
	case '"':
		end, k := scanText(b, i+1)
		if end < 0 {
			return -1
		}
		n.kind, n.off, n.end = k, uint32(i+1), uint32(end)
		return end + 1
	case '{':
		n.kind = object
		if i = d.members(i+1, depth+1); i >= 0 {
			d.nodes[at].next, d.nodes[at].end = int32(len(d.nodes)), uint32(i)
		}
		return i
	case '[':
		n.kind = list
		if i = d.elements(i+1, depth+1); i >= 0 {
			d.nodes[at].next, d.nodes[at].end = int32(len(d.nodes)), uint32(i)
		}
		return i
	case 't', 'f', 'n', 'N', 'I':
		i, n.kind = scanWord(b, i)
		return i
	}
	i, n.kind, n.num = scanNumber(b, i)
	n.end = uint32(max(i, 0))
	return i
}

// members scans the inside of an object.
func (d *doc) members(i, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	b := d.buf
	i = space(b, i)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for i < len(b) && b[i] == '"' {
		end, k := scanText(b, i+1)
		if end < 0 || k != text {
			return -1
		}
		key, keyEnd := uint32(i+1), uint32(end)
		i = space(b, end+1)
		if i >= len(b) || b[i] != ':' {
			return -1
		}
		if i = d.value(space(b, i+1), key, keyEnd, depth); i < 0 {
			return -1
		}
		i = space(b, i)
		if i >= len(b) {
			return -1
		}
		if b[i] == '}' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i = space(b, i+1)
	}
	return -1
}

// elements scans the inside of a list.
func (d *doc) elements(i, depth int) int {
	if depth > MaxDepth {
		return -1
	}
	b := d.buf
	i = space(b, i)
	if i < len(b) && b[i] == ']' {
		return i + 1
	}
	for {
		if i = d.value(i, 0, 0, depth); i < 0 {
			return -1
		}
		i = space(b, i)
		if i >= len(b) {
			return -1
		}
		if b[i] == ']' {
			return i + 1
		}
		if b[i] != ',' {
			return -1
		}
		i = space(b, i+1)
	}
}

// scanWord scans true, false, null and Python's words for numbers that are none.
func scanWord(b []byte, i int) (int, kind) {
	for _, w := range [...]struct {
		word string
		kind kind
	}{{"true", truth}, {"false", falsehood}, {"null", null}, {"NaN", notFinite}, {"Infinity", notFinite}} {
		if len(b)-i >= len(w.word) && string(b[i:i+len(w.word)]) == w.word {
			return i + len(w.word), w.kind
		}
	}
	return -1, null
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scanText scans the string whose first byte after the quote is at i and returns the index of the closing quote.
// Eight bytes at a time are searched for a quote, a backslash, a control character or the start of a longer rune.
func scanText(b []byte, i int) (int, kind) {
	start := i
	for i+8 <= len(b) {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		// A borrow may mark a byte above the first true hit wrongly, never one below it: only the first is used.
		found := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w) | w
		if found &= highs; found != 0 {
			i += bits.TrailingZeros64(found) / 8
			if b[i] == '"' {
				return i, text
			}
			return scanOdd(b, start, i)
		}
		i += 8
	}
	return scanOdd(b, start, i)
}

// scanOdd goes on byte by byte, for texts with escapes or runes beyond ASCII and at the end of b.
func scanOdd(b []byte, start, i int) (int, kind) {
	k, wide := text, false
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			if wide && !utf8.Valid(b[start:i]) {
				return -1, null // encoding/json puts a replacement character
			}
			return i, k
		case c < 0x20:
			return -1, null
		case c >= utf8.RuneSelf:
			wide = true
		case c == '\\':
			k = escaped
			if i = scanEscape(b, i+1); i < 0 {
				return -1, null
			}
		}
	}
	return -1, null
}

// scanEscape checks what follows a backslash and returns the index of its last byte.
func scanEscape(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i
	case 'u':
		if i+4 >= len(b) {
			return -1
		}
		for _, c := range b[i+1 : i+5] {
			hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
			if !hex {
				return -1
			}
		}
		return i + 4
	}
	return -1
}

// tens are the powers of ten that float64 holds exactly.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// scanNumber scans a JSON number and returns the index after it, or -1. Of digits that fit 53 bits and a power of ten
// that float64 holds, one division gives the nearest float64; other numbers are left to strconv.
func scanNumber(b []byte, i int) (int, kind, float64) {
	negative := b[i] == '-'
	if negative {
		if i++; i < len(b) && b[i] == 'I' {
			end, k := scanWord(b, i)
			return end, k, 0
		}
	}
	first := i
	var mantissa uint64
	for i < len(b) && b[i]-'0' < 10 {
		mantissa = mantissa*10 + uint64(b[i]-'0')
		i++
	}
	digits := i - first
	if digits == 0 || digits > 1 && b[first] == '0' {
		return -1, null, 0
	}
	decimals := 0
	if i < len(b) && b[i] == '.' {
		i++
		point := i
		for i < len(b) && b[i]-'0' < 10 {
			mantissa = mantissa*10 + uint64(b[i]-'0')
			i++
		}
		if decimals = i - point; decimals == 0 {
			return -1, null, 0
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		return scanExponent(b, i+1), longNumber, 0
	}
	// 19 digits cannot overflow a uint64.
	if digits+decimals > 19 || mantissa >= 1<<53 {
		return i, longNumber, 0
	}
	v := float64(mantissa) / tens[decimals]
	if negative {
		v = -v
	}
	return i, number, v
}

// scanExponent scans what follows the e of a number.
func scanExponent(b []byte, i int) int {
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	first := i
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	if i == first {
		return -1
	}
	return i
}
