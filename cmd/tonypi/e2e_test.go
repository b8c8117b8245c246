package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tonypi"
	"tonypi/mqtt"
	"tonypi/storetest"
	"tonypi/wire"
)

// TestOriginalClientFromKnockToResolvedAlert follows an unmodified client: it knocks, is let in, is seen, alarms, calms down.
func TestOriginalClientFromKnockToResolvedAlert(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		knockToResolvedAlert(t, "sqlite")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		knockToResolvedAlert(t, storetest.Postgres(t))
	})
}

func knockToResolvedAlert(t *testing.T, db string) {
	p := serve(t, t.TempDir(), "--db", db)
	if status, _ := p.do("GET", "/robots", nil); status != http.StatusUnauthorized {
		t.Fatalf("robots without a token: %d", status)
	}
	p.signIn()
	o := p.original("simA")
	o.status(20)
	p.eventually("asked to join", 5*time.Second, func() bool {
		pending := call[struct{ Robots []tonypi.PendingRobot }](p, "GET", "/robots/pending", nil, 200)
		return len(pending.Robots) == 1 && len(pending.Robots[0].Samples) > 0
	})
	if list := call[robotList](p, "GET", "/robots", nil, 200); len(list.Robots) != 0 {
		t.Fatalf("a stranger is in the fleet: %+v", list)
	}
	call[tonypi.Summary](p, "POST", "/robots/simA/adopt", nil, 200)
	shorten(p)

	p.eventually("online with its CPU", 5*time.Second, func() bool {
		o.status(20)
		list := call[robotList](p, "GET", "/robots", nil, 200)
		return len(list.Robots) == 1 && list.Robots[0].Online && list.Robots[0].CPU != nil && *list.Robots[0].CPU == 20
	})
	p.eventually("alarmed", 10*time.Second, func() bool {
		o.status(95)
		open := call[[]tonypi.Alert](p, "GET", "/alerts?resolved=false&alert_type=cpu", nil, 200)
		return len(open) == 1 && open[0].Severity == tonypi.Critical
	})
	alert := call[[]tonypi.Alert](p, "GET", "/alerts?alert_type=cpu", nil, 200)[0]
	acked := call[tonypi.Alert](p, "POST", fmt.Sprintf("/alerts/%d/acknowledge", alert.ID), map[string]string{"note": "on it"}, 200)
	if !acked.Acknowledged || acked.AcknowledgedBy != "admin" || acked.Note != "on it" {
		t.Errorf("acknowledged = %+v", acked)
	}
	p.eventually("calm again by itself", 10*time.Second, func() bool {
		o.status(15)
		a := call[tonypi.Alert](p, "GET", fmt.Sprintf("/alerts/%d", alert.ID), nil, 200)
		return a.Resolved && a.ResolvedBy == "itself"
	})
	o.conn.Close()
	p.eventually("missed", 5*time.Second, func() bool {
		return len(call[[]tonypi.Alert](p, "GET", "/alerts?resolved=false&alert_type=offline", nil, 200)) == 1
	})
}

// shorten makes the CPU rule quick, so that a test need not wait for its default delays.
func shorten(p *program) {
	p.t.Helper()
	call[tonypi.Rule](p, "POST", "/alerts/thresholds", map[string]any{
		"metric_type": "cpu", "metric": "cpu_percent", "robot_id": "simA", "warning_threshold": 70, "critical_threshold": 90,
		"for_seconds": 0, "clear_for_seconds": 0.2, "hysteresis": 1, "enabled": true,
	}, 200)
}

// TestRecordingsOfTheOriginalSystem plays what the original programs said and looks whether all of it is there.
func TestRecordingsOfTheOriginalSystem(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--adopt", "auto", "--anonymous-role", "admin")
	files, err := filepath.Glob("../../wire/testdata/captures/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	robots := map[string]*original{}
	want := map[string]map[string]bool{} // robot → sensor types
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var m struct{ Topic, Payload string }
			if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
				t.Fatal(err)
			}
			var body struct {
				Robot  string `json:"robot_id"`
				Sensor string `json:"sensor_type"`
			}
			_ = json.Unmarshal([]byte(m.Payload), &body)
			if body.Robot == "" || strings.HasPrefix(m.Topic, "tonypi/commands/") && !strings.HasSuffix(m.Topic, "/response") {
				continue
			}
			if robots[body.Robot] == nil {
				robots[body.Robot] = p.original(body.Robot)
				want[body.Robot] = map[string]bool{}
			}
			if body.Sensor != "" {
				want[body.Robot][body.Sensor] = true
			}
			if strings.HasPrefix(m.Topic, "tonypi/items/") || strings.HasPrefix(m.Topic, "tonypi/emergency_stop/") && !strings.HasSuffix(m.Topic, "/response") {
				continue
			}
			robots[body.Robot].publish(m.Topic, m.Payload)
		}
	}
	if len(robots) != 3 {
		t.Fatalf("recordings have %d robots, want simA, simB and cliA", len(robots))
	}
	for id, sensors := range want {
		p.eventually(id+" completely there", 10*time.Second, func() bool {
			status, b := p.do("GET", "/robots/"+id+"/latest", nil)
			var list readingList
			if status != 200 || json.Unmarshal(b, &list) != nil {
				return false
			}
			have := map[string]bool{}
			for _, r := range list.Readings {
				have[r.Source], have[r.Metric] = true, true
			}
			for s := range sensors {
				if !have[s] {
					return false
				}
			}
			return have["servo_6"] && have["battery_percent"] && have["cpu_percent"] && have["x"]
		})
	}
	system := call[struct {
		Failures []any `json:"decode_failures"`
	}](p, "GET", "/system", nil, 200)
	if len(system.Failures) != 0 {
		t.Errorf("not understood: %v", system.Failures)
	}
}

// TestAgentJoinsAndReports runs the agent as its own process, from join token to moving joints.
func TestAgentJoinsAndReports(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir())
	p.signIn()
	token := call[struct{ Token string }](p, "POST", "/join-tokens", map[string]any{"name": "lab"}, 201).Token
	state := t.TempDir()
	agent := func() *exec.Cmd {
		cmd := exec.Command(tonypiBinary, "agent", "--server", "http://"+p.http, "--robot-id", "knee_1", "--body", "sim", "--state", state)
		cmd.Env = append(os.Environ(), "TONYPI_TOKEN="+token)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	first := agent()
	moving := func() bool {
		status, b := p.do("GET", "/robots/knee_1/latest", nil)
		var list readingList
		if status != 200 || json.Unmarshal(b, &list) != nil {
			return false
		}
		joints := 0
		for _, r := range list.Readings {
			if r.Metric == "servo_position" {
				joints++
			}
		}
		return joints == 18
	}
	p.eventually("18 joints seen", 15*time.Second, moving)

	_ = first.Process.Signal(syscall.SIGTERM)
	_ = first.Wait()
	p.eventually("goodbye heard", 5*time.Second, func() bool {
		return !call[tonypi.Summary](p, "GET", "/robots/knee_1", nil, 200).Online
	})
	token = "used no more" // the second start must do with the saved credential
	agent()
	p.eventually("back with its credential", 15*time.Second, func() bool {
		return call[tonypi.Summary](p, "GET", "/robots/knee_1", nil, 200).Online
	})
}

// TestNothingAcknowledgedIsLost kills the server again and again while a robot reports at QoS 1. Every sample that was
// acknowledged must be in the history afterwards, once.
func TestNothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serve(t, dir, "--adopt", "auto", "--anonymous-role", "admin")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	client, err := mqtt.NewClient(mqtt.ClientConfig{URL: "mqtt://" + p.mqtt, ClientID: "counter", AckTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = client.Run(ctx) }()

	from := time.Now().UTC().Truncate(time.Millisecond)
	var mu sync.Mutex
	acked := map[int64]float64{} // by milliseconds since from
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := int64(1); ctx.Err() == nil; n++ {
			stamp := from.Add(time.Duration(n) * 5 * time.Millisecond)
			if wait := time.Until(stamp); wait > 0 {
				time.Sleep(wait)
			}
			payload := fmt.Sprintf(`{"robot_id":"counter","sensor_type":"sequence","value":%d,"timestamp":%q}`, n, stamp.Format("2006-01-02T15:04:05.000Z"))
			for ctx.Err() == nil {
				if client.Publish(ctx, wire.Message{Topic: "tonypi/sensors/counter", Payload: []byte(payload), QoS: 1}) == nil {
					mu.Lock()
					acked[n*5] = float64(n)
					mu.Unlock()
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
		}
	}()
	for range 4 {
		time.Sleep(time.Duration(700+rand.IntN(1500)) * time.Millisecond)
		p.kill()
		p = p.again("--adopt", "auto", "--anonymous-role", "admin")
	}
	time.Sleep(time.Second)
	cancel()
	<-done
	if len(acked) < 200 {
		t.Fatalf("only %d samples were acknowledged", len(acked))
	}
	q := url.Values{"metric": {"sensor"}, "source": {"sequence"}, "from": {from.Format(time.RFC3339Nano)}, "to": {time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)}, "step": {"0"}}
	type answer struct {
		Series []struct{ Points [][]float64 }
	}
	var got answer
	p.eventually("all in the history", 10*time.Second, func() bool {
		got = call[answer](p, "GET", "/robots/counter/series?"+q.Encode(), nil, 200)
		return len(got.Series) == 1 && len(got.Series[0].Points) >= len(acked)
	})
	seen := map[int64]bool{}
	for _, point := range got.Series[0].Points {
		at := int64(point[0]) - from.UnixMilli()
		if seen[at] {
			t.Errorf("sample at +%d ms is there twice", at)
		}
		seen[at] = true
		if v, ok := acked[at]; ok && v != point[4] {
			t.Errorf("sample at +%d ms is %v, want %v", at, point[4], v)
		}
		delete(acked, at)
	}
	if len(acked) != 0 {
		t.Errorf("%d acknowledged samples are lost", len(acked))
	}
	t.Logf("%d samples, 4 kills", len(seen))
}

// TestAbuseLeavesTheServerServing throws bad traffic at the MQTT port of the real program.
func TestAbuseLeavesTheServerServing(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--adopt", "auto", "--anonymous-role", "admin")
	noise := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		conn, err := net.Dial("tcp", p.mqtt)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 1+noise.IntN(400))
		for j := range b {
			b[j] = byte(noise.Uint32())
		}
		if i%2 == 0 { // half of them after a good CONNECT
			hello := append(append(field("MQTT"), 4, 2, 0, 60), field(fmt.Sprintf("noise_%d", i))...)
			_, _ = conn.Write(packet(0x10, hello))
		}
		_, _ = conn.Write(b)
		conn.Close()
	}
	bad := p.original("bad_subscribe")
	_, _ = bad.conn.Write([]byte{0x82, 0x05, 0x00, 0x01, 0x00, 0x00, 0x00}) // panics in the library's decoder
	huge := p.original("huge")
	_, _ = huge.conn.Write(append([]byte{0x30, 0x80, 0x80, 0x80, 0x8f, 0x01}, make([]byte, 1<<16)...)) // says it has 300 MB

	o := p.original("good")
	p.eventually("serving a good robot", 10*time.Second, func() bool {
		o.status(33)
		status, b := p.do("GET", "/robots/good", nil)
		return status == 200 && bytes.Contains(b, []byte(`"cpu_percent":33`))
	})
}

// TestConfiguration checks flag over environment over file, and that mistakes are told.
func TestConfiguration(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "tonypi.conf")
	if err := os.WriteFile(file, []byte("# comment\nadopt = auto\nmax-robots = 7\nretention = 2d\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("order", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(tonypiBinary, "serve", "--config", file, "--retention", "1h")
		cmd.Env = append(os.Environ(), "TONYPI_ADOPT=nonsense")
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), "nonsense") {
			t.Errorf("environment must win over the file and be checked: %v\n%s", err, out)
		}
	})
	for name, args := range map[string][]string{
		"retention": {"serve", "--retention", "1h"},
		"tls":       {"serve", "--tls-cert", "x.pem"},
		"robots":    {"demo", "--robots", "5000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command(tonypiBinary, args...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), name) {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		})
	}
	t.Run("unknown name", func(t *testing.T) {
		t.Parallel()
		other := filepath.Join(t.TempDir(), "bad.conf")
		if err := os.WriteFile(other, []byte("adpot = auto\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(tonypiBinary, "serve", "--config", other).CombinedOutput(); err == nil || !strings.Contains(string(out), "adpot") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

// TestDisabledPersonLosesTheMQTTConnection lets a viewer listen to robots by MQTT and then switches the account off.
func TestDisabledPersonLosesTheMQTTConnection(t *testing.T) {
	t.Parallel()
	p := serve(t, t.TempDir(), "--adopt", "auto")
	p.signIn()
	admin := p.token
	user := call[tonypi.User](p, "POST", "/users", map[string]string{"username": "eve", "email": "eve@example.org", "password": "correct horse"}, 201)
	p.token = call[struct {
		AccessToken string `json:"access_token"`
	}](p, "POST", "/auth/login", map[string]string{"username": "eve", "password": "correct horse"}, 200).AccessToken

	heard := make(chan struct{}, 100)
	down := make(chan struct{}, 1)
	client, err := mqtt.NewClient(mqtt.ClientConfig{
		URL: "mqtt://" + p.mqtt, ClientID: "eves-laptop", Username: "eve", Password: p.token,
		Subscriptions: map[string]wire.Handler{"tonypi/status/+": func(context.Context, wire.Message) error {
			select {
			case heard <- struct{}{}:
			default:
			}
			return nil
		}},
		OnDown: func() { down <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = client.Run(t.Context()) }()
	o := p.original("r1")
	p.eventually("heard by the viewer", 10*time.Second, func() bool {
		o.status(20)
		return len(heard) > 0
	})

	p.token = admin
	call[tonypi.User](p, "PUT", "/users/"+user.ID, map[string]any{"is_active": false}, 200)
	select {
	case <-down:
	case <-time.After(10 * time.Second):
		t.Fatal("the connection of a disabled person stays open")
	}
	time.Sleep(time.Second) // the client tries again and again
	if client.Connected() {
		t.Error("a disabled person could connect again")
	}
}
