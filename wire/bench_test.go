package wire

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tonypi"
)

// hotShapes are the messages that robots send all day.
func hotShapes() []struct {
	name string
	m    Message
} {
	var combined, readings, compact, full []string
	for _, s := range []string{"accelerometer_x", "accelerometer_y", "accelerometer_z", "gyroscope_x", "gyroscope_y", "gyroscope_z",
		"roll", "pitch", "yaw", "ultrasonic_distance", "light_level", "touch_head"} {
		combined = append(combined, fmt.Sprintf(`"%s":-0.118`, s))
		readings = append(readings, fmt.Sprintf(`{"sensor_type":"%s","value":-0.118}`, s))
	}
	for i := 1; i <= 18; i++ {
		compact = append(compact, fmt.Sprintf(`"servo_%d":{"position":-%d.5,"temperature":43.5,"voltage":11.81}`, i, i))
		full = append(full, fmt.Sprintf(`"servo_%d":{"id":%d,"name":"Left Hip","position":-1.7,"temperature":43.5,"voltage":4.81,"torque_enabled":true,"alert_level":"normal","target_position":0.0}`, i, i))
	}
	head := `{"robot_id":"tonypi_01","timestamp":"2026-11-23T18:04:42.399789",`
	at := func(topic, payload string) Message {
		return Message{Topic: topic, Payload: []byte(payload), At: testNow}
	}
	const id = "tonypi_01"
	return []struct {
		name string
		m    Message
	}{
		{"one_reading", at(SensorTopic(id), `{"robot_id": "tonypi_01", "sensor_type": "accelerometer_x", "value": -0.118, "timestamp": "2026-11-23T18:04:42.399991", "unit": "m/s^2"}`)},
		{"12_combined", at(SensorTopic(id), head+strings.Join(combined, ",")+"}")},
		{"12_readings", at(SensorTopic(id), head+`"readings":[`+strings.Join(readings, ",")+"]}")},
		{"18_servos", at(ServoTopic(id), head+`"servos":{`+strings.Join(compact, ",")+"}}")},
		{"18_servos_full", at(ServoTopic(id), head+`"servos":{`+strings.Join(full, ",")+"}}")},
		{"status", at(StatusTopic(id), head+`"status":"online","system_info":{"platform":"Linux","cpu_percent":12.5,"memory_percent":3.4,"disk_usage":19.2,"cpu_temperature":42.1,"uptime":832.9},"hardware_available":true,"ip_address":"192.0.2.2","camera_url":"http://192.0.2.2:8081/?action=stream","emergency_stopped":false}`)},
		{"battery", at(SharedBattery, head+`"percentage":94.9,"voltage":12.42,"charging":false}`)},
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, shape := range hotShapes() {
		b.Run(shape.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				u, err := Decode(shape.m)
				if err != nil {
					b.Fatal(err)
				}
				Release(u)
			}
		})
	}
}

// BenchmarkEncodingJSON is the measure: the same payloads unmarshalled into structs that fit them, without any of the
// work that comes after.
func BenchmarkEncodingJSON(b *testing.B) {
	type servo struct {
		ID          int     `json:"id"`
		Name        string  `json:"name"`
		Position    float64 `json:"position"`
		Target      float64 `json:"target_position"`
		Temperature float64 `json:"temperature"`
		Voltage     float64 `json:"voltage"`
		Torque      bool    `json:"torque_enabled"`
		AlertLevel  string  `json:"alert_level"`
	}
	for _, shape := range hotShapes() {
		b.Run(shape.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var into any
				switch shape.name {
				case "18_servos", "18_servos_full":
					into = &struct {
						Robot  string           `json:"robot_id"`
						Time   string           `json:"timestamp"`
						Servos map[string]servo `json:"servos"`
					}{}
				case "one_reading", "12_readings":
					into = &struct {
						Robot    string  `json:"robot_id"`
						Time     string  `json:"timestamp"`
						Type     string  `json:"sensor_type"`
						Value    float64 `json:"value"`
						Unit     string  `json:"unit"`
						Readings []struct {
							Type  string  `json:"sensor_type"`
							Value float64 `json:"value"`
						} `json:"readings"`
					}{}
				default:
					into = &map[string]any{}
				}
				if err := json.Unmarshal(shape.m.Payload, into); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// In the steady state the hot shapes cost no memory.
func TestDecodeAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	for _, shape := range hotShapes() {
		limit := 0.0
		if shape.name == "status" {
			limit = 6 // presence and its texts
		}
		n := testing.AllocsPerRun(200, func() {
			u, err := Decode(shape.m)
			if err != nil {
				t.Fatal(err)
			}
			Release(u)
		})
		if n > limit {
			t.Errorf("%s: %v allocations, want at most %v", shape.name, n, limit)
		}
	}
}

// The hot shapes go the fast way.
func TestHotShapesAreScanned(t *testing.T) {
	for _, shape := range hotShapes() {
		var d doc
		if !d.scan(shape.m.Payload) {
			t.Errorf("%s is left to encoding/json", shape.name)
		}
		u, err := Decode(shape.m)
		if err != nil || u.Robot != tonypi.RobotID("tonypi_01") {
			t.Errorf("%s: %v", shape.name, err)
		}
	}
}
