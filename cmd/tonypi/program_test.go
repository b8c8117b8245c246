package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"tonypi"
)

// tonypiBinary is the real program, built once for all tests of this package.
var tonypiBinary string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		if testing.Short() {
			return 0 // these tests run the program itself
		}
		dir, err := os.MkdirTemp("", "tonypi-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		tonypiBinary = filepath.Join(dir, "tonypi")
		if out, err := exec.Command("go", "build", "-o", tonypiBinary, ".").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// program is a running tonypi.
type program struct {
	t       *testing.T
	cmd     *exec.Cmd
	http    string
	mqtt    string
	setup   string // first-start token
	token   string // access token of the test's person
	dir     string
	mu      sync.Mutex
	logged  strings.Builder
	printed strings.Builder
}

// serve starts `tonypi serve` on dir and waits until it is healthy.
func serve(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	return start(t, dir, append([]string{"serve"}, args...)...)
}

func start(t *testing.T, dir string, args ...string) *program {
	t.Helper()
	p := &program{t: t, dir: dir}
	all := append([]string{"--log-format", "json"}, args...)
	if !contains(args, "--http") {
		all = append(all, "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
	}
	all = append(all, "--mqtt-ws", "off", "--data", dir)
	p.cmd = exec.Command(tonypiBinary, all...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill() })
	addresses := make(chan [2]string, 8)
	go p.readLog(stderr, addresses)
	go p.readPrint(stdout)
	for p.http == "" || p.mqtt == "" {
		select {
		case a := <-addresses:
			if a[0] == "http" {
				p.http = a[1]
			} else if a[0] == "mqtt" {
				p.mqtt = a[1]
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("tonypi did not listen:\n%s", p.log())
		}
	}
	p.eventually("healthy", 20*time.Second, func() bool {
		status, _ := p.do("GET", "/health", nil)
		return status == http.StatusOK
	})
	return p
}

func contains(args []string, want string) bool {
	for _, a := range args {
		if a == want {
			return true
		}
	}
	return false
}

func (p *program) readLog(r io.Reader, addresses chan<- [2]string) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.mu.Lock()
		p.logged.WriteString(lines.Text() + "\n")
		p.mu.Unlock()
		var line struct{ Msg, Listener, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "listening" {
			addresses <- [2]string{line.Listener, line.Addr}
		}
	}
}

func (p *program) readPrint(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		p.mu.Lock()
		p.printed.WriteString(lines.Text() + "\n")
		if m := regexp.MustCompile(`#token=(\S+)`).FindStringSubmatch(lines.Text()); m != nil {
			p.setup = m[1]
		}
		p.mu.Unlock()
	}
}

func (p *program) log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logged.String()
}

// kill ends the program as a power cut would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// again starts the program anew on the same data and ports.
func (p *program) again(args ...string) *program {
	p.t.Helper()
	q := serve(p.t, p.dir, append(args, "--http", p.http, "--mqtt", p.mqtt)...)
	q.token = p.token
	return q
}

// do calls the API and returns the status and the body.
func (p *program) do(method, path string, body any) (int, []byte) {
	p.t.Helper()
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, "http://"+p.http+"/api/v1"+path, payload)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return resp.StatusCode, b
}

// call calls the API, demands the status, and decodes the answer.
func call[T any](p *program, method, path string, body any, want int) T {
	p.t.Helper()
	var v T
	status, b := p.do(method, path, body)
	if status != want {
		p.t.Fatalf("%s %s: %d %s, want %d", method, path, status, b, want)
	}
	if len(b) > 0 {
		if err := json.Unmarshal(b, &v); err != nil {
			p.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return v
}

func (p *program) eventually(what string, within time.Duration, ok func() bool) {
	p.t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(20 * time.Millisecond) {
		if ok() {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("not %s within %v\n%s", what, within, p.log())
		}
	}
}

// signIn makes the first admin with the printed link and signs in.
func (p *program) signIn() {
	p.t.Helper()
	p.eventually("printed the first-start link", 5*time.Second, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.setup != ""
	})
	if strings.Contains(p.log(), p.setup) {
		p.t.Fatal("the first-start token stands in the log")
	}
	answer := call[struct {
		AccessToken string `json:"access_token"`
	}](p, "POST", "/auth/setup", map[string]string{"token": p.setup, "password": "correct horse"}, 200)
	p.token = answer.AccessToken
}

// original is a connection as the original Python clients make it: MQTT 3.1.1, anonymous, QoS 0.
type original struct {
	p    *program
	conn net.Conn
	id   string
}

func field(s string) []byte { return append(binary16(len(s)), s...) }

func binary16(n int) []byte { return binary.BigEndian.AppendUint16(nil, uint16(n)) }

func packet(kind byte, body []byte) []byte {
	return append(append([]byte{kind}, binary.AppendUvarint(nil, uint64(len(body)))...), body...)
}

func (p *program) original(id string) *original {
	p.t.Helper()
	conn, err := net.Dial("tcp", p.mqtt)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { conn.Close() })
	hello := append(append(field("MQTT"), 4, 2, 0, 60), field(id)...)
	if _, err := conn.Write(packet(0x10, hello)); err != nil {
		p.t.Fatal(err)
	}
	var ack [4]byte
	if _, err := io.ReadFull(conn, ack[:]); err != nil || ack[3] != 0 {
		p.t.Fatalf("CONNECT of %s: % x, %v", id, ack, err)
	}
	return &original{p, conn, id}
}

// publish sends a message, and connects again first when the server closed the connection, as it does on adoption.
func (o *original) publish(topic, payload string) {
	o.p.t.Helper()
	if _, err := o.conn.Write(packet(0x30, append(field(topic), payload...))); err != nil {
		o.conn = o.p.original(o.id).conn
	}
}

func (o *original) status(cpu float64) {
	o.publish("tonypi/status/"+o.id, fmt.Sprintf(`{"robot_id": %q, "status": "online", "timestamp": %q, "system_info": {"cpu_percent": %.1f, `+
		`"memory_percent": 30.0, "disk_usage": 19.2, "cpu_temperature": 42.1}}`, o.id, time.Now().Format("2006-01-02T15:04:05.000000"), cpu))
}

type robotList struct{ Robots []tonypi.Summary }

type readingList struct {
	Readings []struct {
		Metric string
		Source string
		Value  float64
	}
}
