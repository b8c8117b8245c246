package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is a server under measurement.
type process struct {
	cmd  *exec.Cmd
	http string
	mqtt string
	up   time.Duration // from start to the first healthy answer
}

// startTonypi runs `tonypi serve` on free ports in dir.
func startTonypi(binary, dir string) (*process, error) {
	args := []string{"--log-format", "json", "serve", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0", "--mqtt-ws", "off",
		"--data", dir, "--adopt", "auto", "--anonymous-role", "admin", "--max-robots", "5000"}
	p := &process{cmd: exec.Command(binary, args...)}
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.addresses(log); err != nil {
		p.stop()
		return nil, err
	}
	for time.Since(start) < 30*time.Second {
		if resp, err := http.Get("http://" + p.http + "/api/v1/health"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				p.up = time.Since(start)
				return p, nil
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	p.stop()
	return nil, fmt.Errorf("tonypi did not become healthy")
}

// addresses reads the log until the listeners have told where they listen, and throws the rest away.
func (p *process) addresses(log io.Reader) error {
	lines := bufio.NewScanner(log)
	for p.http == "" || p.mqtt == "" {
		if !lines.Scan() {
			return fmt.Errorf("tonypi ended before it listened")
		}
		var line struct{ Msg, Listener, Addr string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Msg != "listening" {
			fmt.Fprintln(os.Stderr, "  "+lines.Text())
			continue
		}
		switch line.Listener {
		case "http":
			p.http = line.Addr
		case "mqtt":
			p.mqtt = line.Addr
		}
	}
	go func() {
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"level":"ERROR"`) {
				fmt.Fprintln(os.Stderr, "  "+lines.Text())
			}
		}
	}()
	return nil
}

// startMosquitto runs Debian's broker on a free port.
func startMosquitto(dir string) (*process, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(addr)
	conf := filepath.Join(dir, "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\nmax_inflight_messages 0\nmax_queued_messages 0\nlog_dest none\n"
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command("/usr/sbin/mosquitto", "-c", conf), mqtt: addr}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			_ = c.Close()
			return p, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("mosquitto did not listen")
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	done := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-done
	}
}

// cpu returns the processor time that the process has used.
func (p *process) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+2:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // the kernel's clock tick is 1/100 s
}

// rss returns the resident memory in MiB.
func (p *process) rss() float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.ParseFloat(strings.Fields(kb)[0], 64)
			return n / 1024
		}
	}
	return 0
}

// get reads a JSON answer of the API.
func (p *process) get(ctx context.Context, path string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.http+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
