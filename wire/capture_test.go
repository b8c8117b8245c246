package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// capture is one line of a recording of the original system's own programs.
type capture struct {
	At      string `json:"at"`
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
}

func captures(t testing.TB) []capture {
	t.Helper()
	files, err := filepath.Glob("testdata/captures/*.jsonl")
	if err != nil || len(files) != 2 {
		t.Fatalf("recordings: %v, %v", files, err)
	}
	var all []capture
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(bytes.NewReader(b))
		lines.Buffer(nil, MaxPayload)
		for lines.Scan() {
			var c capture
			if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
				t.Fatalf("%s: %v", f, err)
			}
			all = append(all, c)
		}
	}
	return all
}

var testNow = time.Date(2026, 11, 23, 18, 4, 50, 0, time.UTC)

// Every line that the original programs ever sent decodes without a problem, to the right robot and to something.
func TestDecodeCaptures(t *testing.T) {
	up := 0
	for _, c := range captures(t) {
		if !FromRobot(c.Topic) {
			continue
		}
		up++
		u, err := Decode(Message{Topic: c.Topic, Payload: []byte(c.Payload), At: testNow})
		if err != nil {
			t.Errorf("%s %s: %v", c.Topic, c.Payload, err)
			continue
		}
		if !strings.Contains(c.Payload, `"robot_id": "`+string(u.Robot)+`"`) {
			t.Errorf("%s %s: robot %q", c.Topic, c.Payload, u.Robot)
		}
		if u.Sent.IsZero() || !u.Naive || nothing(u) {
			t.Errorf("%s %s: %+v", c.Topic, c.Payload, u)
		}
	}
	if up != 642 {
		t.Errorf("%d lines from robots, want 642", up)
	}
}
