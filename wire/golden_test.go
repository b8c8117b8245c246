package wire

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenTopic returns the topic that a folder of testdata is about.
func goldenTopic(folder string) string {
	switch folder {
	case "battery", "location":
		return "tonypi/" + folder
	case "commands_response":
		return CommandResponse
	case "emergency_stop_response":
		return StopResponse
	}
	return "tonypi/" + folder + "/"
}

func goldenFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil || len(files) < 80 {
		t.Fatalf("only %d golden payloads: %v", len(files), err)
	}
	return files
}

// goldenMessage makes the message of a payload; where the topic takes a robot it is the payload's, or r1 if the payload
// is about a wrong or unnamed robot.
func goldenMessage(t testing.TB, file string) Message {
	t.Helper()
	payload, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	topic := goldenTopic(filepath.Base(filepath.Dir(file)))
	if strings.HasSuffix(topic, "/") {
		var said struct {
			Robot string `json:"robot_id"`
		}
		if json.Unmarshal(payload, &said) != nil || said.Robot == "" || strings.HasPrefix(filepath.Base(file), "wrong_") {
			said.Robot = "r1"
		}
		topic += said.Robot
	}
	return Message{Topic: topic, Payload: payload, At: testNow}
}

// decoded is what a golden file shows.
type decoded struct {
	Topic    string
	Update   any      `json:",omitempty"`
	Data     string   `json:",omitempty"` // Ack.Data, which is JSON itself
	Given    string   `json:",omitempty"` // which numbers of a job were given
	Started  bool     `json:",omitempty"` // of a job
	LastItem string   `json:",omitempty"` // of a job, which is JSON itself
	Problems []string `json:",omitempty"`
}

func show(t testing.TB, m Message) []byte {
	t.Helper()
	u, err := Decode(m)
	d := decoded{Topic: m.Topic}
	if u != nil {
		if len(u.Readings) == 0 {
			u.Readings = nil // an Update that was used before has an empty slice
		}
		if u.Ack != nil {
			d.Data = string(u.Ack.Data)
			ack := *u.Ack
			ack.Data = nil
			u.Ack = &ack
		}
		if j := u.Job; j != nil {
			d.Given = fmt.Sprintf("done %v, total %v, percent %v", j.HasItemsDone, j.HasItemsTotal, j.HasPercent)
			d.Started, d.LastItem = j.Started, string(j.LastItem)
		}
		d.Update = u
	}
	for _, p := range ProblemsOf(err) {
		d.Problems = append(d.Problems, p.String())
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestGolden(t *testing.T) {
	for _, file := range goldenFiles(t) {
		t.Run(strings.TrimPrefix(file, "testdata/"), func(t *testing.T) {
			got := show(t, goldenMessage(t, file))
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every reading of every golden payload is one that a store may take.
func TestGoldenReadingsAreSound(t *testing.T) {
	for _, file := range goldenFiles(t) {
		u, _ := Decode(goldenMessage(t, file))
		if u != nil {
			checkSound(t, u)
		}
	}
}

// checkSound fails on an Update that would break a promise of package tonypi.
func checkSound(t testing.TB, u *tonypi.Update) {
	t.Helper()
	if err := u.Robot.Validate(); err != nil {
		t.Errorf("robot: %v", err)
	}
	if len(u.Readings) > MaxReadings || len(u.Logs) > MaxLogs || len(u.Detections) > MaxDetections {
		t.Errorf("too much: %d readings, %d logs, %d detections", len(u.Readings), len(u.Logs), len(u.Detections))
	}
	for _, r := range u.Readings {
		if r.Value-r.Value != 0 {
			t.Errorf("%v is not finite", r)
		}
		if _, ok := r.Metric.Info(); !ok || r.Robot != u.Robot {
			t.Errorf("%v has metric %q and robot %q", r, r.Metric, r.Robot)
		}
		if r.Source != "" && !printable([]byte(r.Source)) {
			t.Errorf("source %q", r.Source)
		}
		if y := r.Time.Year(); !r.Time.IsZero() && (y < 1969 || y > MaxYear+1) {
			t.Errorf("time %v", r.Time)
		}
	}
	if u.Ack != nil && u.Ack.Data != nil && !json.Valid(u.Ack.Data) {
		t.Errorf("answer is no JSON: %q", u.Ack.Data)
	}
	copied := *u
	copied.Ack = nil
	if _, err := json.Marshal(copied); err != nil {
		t.Errorf("not JSON: %v", err)
	}
}
