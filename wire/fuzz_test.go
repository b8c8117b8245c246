package wire

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

var fuzzTopics = []string{
	SensorTopic("r1"), ServoTopic("r1"), StatusTopic("r1"), LogTopic("r1"), JobTopic("r1"), ScanTopic("r1"),
	VisionTopic("r1"), SharedBattery, BatteryTopic("r1"), SharedLocation, LocationTopic("r1"), CommandResponse, StopResponse,
}

// oddTexts are JSON texts, and what looks like them, at the edges of the grammar.
var oddTexts = []string{
	``, ` `, `{`, `}`, `[]`, `{}`, ` { } `, `[1,]`, `{"a":1,}`, `{"a" 1}`, `{a:1}`, `[1 2]`, `nul`, `null`, `truex`, `"a`, "\"a\x00\"",
	`"\u12"`, `"\ud83e\udd16"`, `"\ud83e"`, `"\x"`, "\"\xff\"", "\"é\"", `{"\u0061":1}`, `{"a":1,"a":2}`, `-`, `-0`, `01`, `1.`, `.5`,
	`1e5`, `1E+5`, `1e`, `1e-400`, `1e400`, `0.1234567890123456789`, `9007199254740993`, `18446744073709551616`, `NaN`, `-Infinity`,
	`[NaN,Infinity]`, `-NaN`, `"12345678`, `"1234567\"`, `{"a":{"b":[{"c":[[]]}]}}`, "\ufeff{}", `[1]x`, `[1] `,
}

func seeds(f *testing.F, add func(string)) {
	f.Helper()
	for _, file := range goldenFiles(f) {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		add(string(b))
	}
	for _, s := range oddTexts {
		add(s)
	}
}

// FuzzDecode: no payload makes Decode panic, break a promise, or read otherwise than by way of encoding/json.
func FuzzDecode(f *testing.F) {
	seeds(f, func(s string) {
		for i := range fuzzTopics {
			f.Add(byte(i), i%2 == 0, s)
		}
	})
	f.Fuzz(func(t *testing.T, topic byte, known bool, payload string) {
		m := Message{Topic: fuzzTopics[int(topic)%len(fuzzTopics)], Payload: []byte(payload), At: testNow}
		if known {
			m.Sender.Robot = "r1"
		}
		got, err := Decode(m)
		if string(m.Payload) != payload {
			t.Fatal("the payload was changed")
		}
		if got == nil && err == nil {
			t.Fatal("neither update nor problem")
		}
		if err != nil {
			if k := tonypi.KindOf(err); k != tonypi.Invalid && k != tonypi.TooLarge || len(ProblemsOf(err)) == 0 {
				t.Fatalf("error of kind %v: %v", k, err)
			}
		}
		if got != nil {
			checkSound(t, got)
		}
		if !json.Valid(m.Payload) {
			return
		}
		want, wantErr := decode(m, (*doc).parseSlow)
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("encoding/json reads it otherwise (-json +scan):\n%s", diff)
		}
		if diff := cmp.Diff(ProblemsOf(wantErr), ProblemsOf(err)); diff != "" {
			t.Errorf("encoding/json has other problems (-json +scan):\n%s", diff)
		}
		Release(got)
		Release(want)
	})
}

// FuzzScan: what scan accepts is what encoding/json accepts, with the same values, but for Python's words.
func FuzzScan(f *testing.F) {
	seeds(f, func(s string) { f.Add(s) })
	f.Fuzz(func(t *testing.T, s string) {
		var fast, slow doc
		if !fast.scan([]byte(s)) {
			return
		}
		for _, n := range fast.nodes {
			if n.kind == notFinite {
				return
			}
		}
		if reason, ok := slow.parseSlow([]byte(s)); !ok {
			t.Fatalf("encoding/json refuses %q: %s", s, reason)
		}
		if diff := cmp.Diff(tree(&slow), tree(&fast), cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%q (-json +scan):\n%s", s, diff)
		}
	})
}

// branch is a node in a form that two parsers must agree on.
type branch struct {
	Name, Text string
	Kind       string
	Bits       uint64 // of the number
	Finite     bool
	Next       int32
}

func tree(d *doc) []branch {
	all := make([]branch, len(d.nodes))
	for i := range d.nodes {
		n := int32(i)
		b := branch{Name: string(d.name(n)), Text: string(d.raw(n)), Next: d.nodes[i].next}
		switch d.nodes[i].kind {
		case number, longNumber:
			b.Kind = "number"
			var v float64
			v, b.Finite = d.float(n)
			b.Bits = math.Float64bits(v)
		case text, escaped:
			b.Kind = "text"
		default:
			b.Kind = string('a' + rune(d.nodes[i].kind))
		}
		all[i] = b
	}
	return all
}

func TestScanOddTexts(t *testing.T) {
	for _, s := range oddTexts {
		var d doc
		_, ok := d.load([]byte(s))
		python := s == "NaN" || s == "-Infinity" || s == "[NaN,Infinity]"
		if want := json.Valid([]byte(s)) || python; ok != want {
			t.Errorf("%q: read %v, want %v", s, ok, want)
		}
	}
}

// FuzzDecodeCommand: a robot never panics on a command, and a stop topic always stops.
func FuzzDecodeCommand(f *testing.F) {
	seeds(f, func(s string) { f.Add(s) })
	f.Add(`{"type":"move","direction":"forward","id":"m1","command":"x","parameters":{"distance":1}}`)
	f.Add(`{"forward":1,"turn":-0.5,"strafe":0,"speed":0.5,"seq":1,"sent":1795457082500}`)
	f.Add(`{"config_type":"all","config_data":{},"version":3}`)
	f.Fuzz(func(t *testing.T, payload string) {
		c, err := DecodeCommand(StopBroadcast, []byte(payload))
		if err != nil || c.Type != EmergencyStop || c.Reason == "" {
			t.Fatalf("%q does not stop: %+v, %v", payload, c, err)
		}
		c, err = DecodeCommand(CommandBroadcast, []byte(payload))
		if err == nil && (c.Type == "" || len(c.ID) > MaxID || len(c.Type) > MaxName || len(c.Parameters) > MaxParameters) {
			t.Fatalf("%q: %+v", payload, c)
		}
		if c, err := DecodeConfig([]byte(payload)); err == nil && (c.Version < 0 || c.Version > MaxVersion) {
			t.Fatalf("%q: version %d", payload, c.Version)
		}
		if d, err := DecodeDrive(DriveTopic("r1"), []byte(payload)); err == nil {
			if _, err := EncodeDrive(d); err != nil {
				t.Fatalf("%q: %v", payload, err)
			}
		}
		_, _ = DecodeItem([]byte(payload))
	})
}
