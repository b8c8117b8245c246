package wire

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tonypi"
)

// example is a fenced block of docs/protocol.md.
type example struct{ tag, body string }

func examples(t *testing.T) (page string, all []example) {
	t.Helper()
	b, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(b), "\n```")
	if len(parts)%2 == 0 {
		t.Fatal("a fence is not closed")
	}
	for i := 1; i < len(parts); i += 2 {
		tag, body, _ := strings.Cut(parts[i], "\n")
		all = append(all, example{strings.TrimPrefix(tag, "json "), body})
	}
	return string(b), all
}

// Every example of the protocol page is read without a problem, and every topic has one.
func TestProtocolExamples(t *testing.T) {
	_, all := examples(t)
	missing := map[string]bool{}
	for _, f := range append(ServerFilters(), RobotFilters("{id}")...) {
		missing[strings.ReplaceAll(f, "+", "{id}")] = true
	}
	for _, e := range all {
		delete(missing, e.tag)
		topic := strings.ReplaceAll(e.tag, "{id}", "tonypi_01")
		if err := readExample(topic, []byte(e.body)); err != nil {
			t.Errorf("%s\n%s\n%v", e.tag, e.body, err)
		}
	}
	for topic := range missing {
		t.Errorf("no example for %s", topic)
	}
}

func readExample(topic string, payload []byte) error {
	k, _ := parseTopic(topic)
	switch k {
	case commandTopic, commandBroadcast, stopTopic, stopBroadcast:
		_, err := DecodeCommand(topic, payload)
		return err
	case configTopic:
		_, err := DecodeConfig(payload)
		return err
	case driveTopic:
		_, err := DecodeDrive(topic, payload)
		return err
	case itemsTopic:
		a, err := DecodeItem(payload)
		if err == nil && (a.Time.IsZero() || a.Found != (a.Message == "")) {
			return fmt.Errorf("read as %+v", a)
		}
		return err
	}
	_, err := Decode(Message{Topic: topic, Payload: payload, At: testNow})
	return err
}

// The page names every reason, every spelling and every bound.
func TestProtocolPageIsComplete(t *testing.T) {
	page, _ := examples(t)
	var words []string
	for _, r := range []Reason{BadJSON, BadShape, BadNumber, BadName, BadTime, BadText, OutOfRange, NoRobot, WrongRobot, TooLarge, TooMany, TooDeep, UnknownTopic, Empty} {
		words = append(words, "`"+string(r)+"`")
	}
	for _, f := range append(hostFields[:], batteryFields[:]...) {
		words = append(words, string(f.metric))
		for _, name := range f.names {
			words = append(words, "`"+name+"`")
		}
	}
	for _, m := range tonypi.Metrics {
		if m.Metric != tonypi.ClockSkew { // the server measures it
			words = append(words, string(m.Metric))
		}
	}
	words = append(words, "256 KiB", "64 KiB", "1 KiB", "`stop_ms`", "`config_version`", "`version`", "32 deep / 65,536", "4,096 · 64 · 256 · 64", "cut at 4,096 bytes", "0 to 253")
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Errorf("docs/protocol.md does not mention %s", w)
		}
	}
}
