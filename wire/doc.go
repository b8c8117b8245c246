package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strconv"
)

// MaxDepth is how deep a payload's objects and lists may be nested.
const MaxDepth = 32

// maxNodes is how many JSON values a payload may hold.
const maxNodes = 65536

// doc is a parsed JSON text: its values in the order in which they stand, each followed by its members. Two parsers fill
// it: scan, made for the texts that robots send all day, and parseSlow on encoding/json for everything that scan leaves.
type doc struct {
	payload []byte // the text itself
	buf     []byte // what the nodes' spans point into; the payload or own
	nodes   []node
	own     []byte // parseSlow's decoded strings
}

type kind byte

const (
	null kind = iota
	falsehood
	truth
	number     // num is the value
	longNumber // off:end is a JSON number that needs strconv
	notFinite  // NaN, Infinity, -Infinity: Python writes them, JSON forbids them
	text       // off:end is the text
	escaped    // off:end is the text with escapes, without quotes
	list
	object
)

// node is one JSON value.
type node struct {
	key, keyEnd uint32 // name, if the value is a member of an object
	off, end    uint32 // where its text stands
	num         float64
	next        int32 // index after the value and all that it holds
	kind        kind
}

// load parses b, which must stay unchanged as long as the nodes are used.
func (d *doc) load(b []byte) (Reason, bool) {
	if d.scan(b) {
		return "", true
	}
	return d.parseSlow(b)
}

// parseSlow fills the doc by way of encoding/json.
func (d *doc) parseSlow(b []byte) (Reason, bool) {
	d.payload = b
	if !json.Valid(b) {
		return BadJSON, false
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	d.own, d.nodes = d.own[:0], d.nodes[:0]
	var open []int32
	named, key, keyEnd := false, uint32(0), uint32(0)
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return BadJSON, false
		}
		if closing, ok := tok.(json.Delim); ok && (closing == '}' || closing == ']') {
			top := open[len(open)-1]
			d.nodes[top].next = int32(len(d.nodes))
			open = open[:len(open)-1]
			continue
		}
		inObject := len(open) > 0 && d.nodes[open[len(open)-1]].kind == object
		if inObject && !named {
			key, keyEnd = d.keep(tok.(string))
			named = true
			continue
		}
		n := node{key: key, keyEnd: keyEnd, next: int32(len(d.nodes) + 1)}
		named, key, keyEnd = false, 0, 0
		d.fill(&n, tok)
		if n.kind >= list {
			open = append(open, int32(len(d.nodes)))
		}
		d.nodes = append(d.nodes, n)
		if len(open) > MaxDepth || len(d.nodes) > maxNodes {
			return TooDeep, false
		}
	}
	d.buf = d.own
	return "", true
}

// fill puts one token into n.
func (d *doc) fill(n *node, tok json.Token) {
	switch v := tok.(type) {
	case nil:
		n.kind = null
	case bool:
		n.kind = falsehood
		if v {
			n.kind = truth
		}
	case string:
		n.kind = text
		n.off, n.end = d.keep(v)
	case json.Number:
		n.kind = longNumber
		n.off, n.end = d.keep(v.String())
	case json.Delim:
		n.kind = object
		if v == '[' {
			n.kind = list
		}
	}
}

// keep stores s and returns where. Decoded text is at most three times as long as the payload.
func (d *doc) keep(s string) (off, end uint32) {
	off = uint32(len(d.own))
	d.own = append(d.own, s...)
	return off, uint32(len(d.own))
}

// name returns the member's name; the bytes are the doc's.
func (d *doc) name(i int32) []byte { return d.buf[d.nodes[i].key:d.nodes[i].keyEnd] }

// raw returns a text's bytes as they are when they hold no escape; the bytes are the doc's.
func (d *doc) raw(i int32) []byte {
	n := &d.nodes[i]
	switch n.kind {
	case text:
		return d.buf[n.off:n.end]
	case escaped:
		return []byte(unescape(d.buf[n.off:n.end]))
	}
	return nil
}

// unescape decodes the inside of a JSON string that scan has checked.
func unescape(b []byte) string {
	quoted := make([]byte, 0, len(b)+2)
	quoted = append(append(append(quoted, '"'), b...), '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return ""
	}
	return s
}

// float returns a value as a finite number: numbers, numbers in quotes, and true and false as 1 and 0.
func (d *doc) float(i int32) (float64, bool) {
	n := &d.nodes[i]
	switch n.kind {
	case number:
		return n.num, true
	case truth:
		return 1, true
	case falsehood:
		return 0, true
	case longNumber:
		return parseFloat(d.buf[n.off:n.end])
	case text:
		var quoted doc
		b := bytes.TrimSpace(d.buf[n.off:n.end])
		if len(b) == 0 || len(b) > 64 || b[0] != '-' && (b[0] < '0' || b[0] > '9') || !quoted.scan(b) || len(quoted.nodes) != 1 {
			return 0, false
		}
		if k := quoted.nodes[0].kind; k != number && k != longNumber {
			return 0, false
		}
		return parseFloat(b)
	}
	return 0, false
}

// parseFloat reads a JSON number; one beyond float64 is not finite and so none.
func parseFloat(b []byte) (float64, bool) {
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil && !math.IsInf(f, 0)
}

// isNull reports whether the value says "unknown".
func (d *doc) isNull(i int32) bool { return d.nodes[i].kind == null }

// member returns the last member of object i with one of the names; an earlier name in names wins over a later one.
func (d *doc) member(i int32, names ...string) (int32, bool) {
	if d.nodes[i].kind != object {
		return 0, false
	}
	best, rank := int32(0), len(names)
	for j := i + 1; j < d.nodes[i].next; j = d.nodes[j].next {
		for r, name := range names[:min(rank+1, len(names))] {
			if string(d.name(j)) == name && d.nodes[j].kind != null {
				best, rank = j, r
				break
			}
		}
	}
	return best, rank < len(names)
}
