//go:build unix

package terminal

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tonypi"
	"tonypi/storetest"
)

// robotWithKey makes r1 a real OpenSSH server that the server holds a key for.
func robotWithKey(t *testing.T, change func(*Config)) (*fixture, *storetest.SSHD) {
	t.Helper()
	sshd := storetest.NewSSHD(t)
	f := newFixture(t, change)
	access, err := f.server.GenerateKey(t.Context(), "r1", sshd.User, int(sshd.Addr.Port()), admin)
	if err != nil {
		t.Fatal(err)
	}
	sshd.Authorize(t, access.PublicKey)
	return f, sshd
}

var withKey = map[string]any{"key": "server"}

// known opens a terminal whose host key is accepted and which is ready.
func known(f *fixture, sshd *storetest.SSHD, more map[string]any) *browser {
	f.Helper()
	auth := map[string]any{"key": "server", "accept_key": sshd.Fingerprint(f.T)}
	for k, v := range more {
		auth[k] = v
	}
	b := f.terminal(operator, "r1", auth)
	b.want("ready")
	return b
}

func TestShellOnRealRobot(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := f.terminal(operator, "r1", withKey)
	shown := b.want("hostkey")
	if shown.Known || shown.Changed || !shown.Waiting || shown.Fingerprint != sshd.Fingerprint(t) {
		t.Errorf("first host key: %+v, want %s", shown, sshd.Fingerprint(t))
	}
	b.send(map[string]any{"type": "accept", "fingerprint": shown.Fingerprint})
	b.want("ready")
	b.keys("PS1='$ '; echo a''b\r")
	b.output("ab\r\n")
	b.keys("stty size\r")
	b.output("40 100\r\n")
	b.send(map[string]any{"type": "resize", "cols": 77, "rows": 33})
	b.keys("stty size\r")
	b.output("33 77\r\n")
	b.keys("echo x$TERM\r")
	b.output("xxterm-256color\r\n")
	b.send(map[string]any{"type": "ping"})
	b.want("pong")
	// As with the original system, what is not JSON is typed, and unknown frames are ignored.
	for _, raw := range []string{`{"type":"dance"}`, `{"type":"input","data":7}`, "echo raw''ly\r"} {
		if err := b.conn.Write(b.ctx, websocket.MessageText, []byte(raw)); err != nil {
			t.Fatal(err)
		}
	}
	b.output("rawly\r\n")
	if strings.Contains(b.seen.String(), "dance") {
		t.Error("an unknown frame was typed")
	}
	b.keys("exit 7\r")
	if last := b.end(websocket.StatusNormalClosure, ""); last.Type != "closed" || last.Code != 7 {
		t.Errorf("last frame %+v, want closed with 7", last)
	}
	f.noLeaks()
	for _, want := range []struct {
		action, words string
	}{{"terminal.key", "new key"}, {"terminal.host_key", "at first use"}, {"terminal.open", "Opened"}, {"terminal.close", "with code 7"}} {
		if !f.written(want.action, true, want.words) {
			t.Errorf("audit log has no %s with %q: %+v", want.action, want.words, f.audit)
		}
	}
	again := f.terminal(operator, "r1", withKey)
	if shown := again.want("hostkey"); !shown.Known || shown.Waiting {
		t.Errorf("second time: %+v", shown)
	}
	again.want("ready")
	_ = again.conn.Close(websocket.StatusNormalClosure, "")
}

func TestOutputIsAlwaysText(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	b.keys(`printf '1\xff\xfe2 \xe2\x82'; sleep 0.3; printf '\xac \xc3\xa9 \xf0\x9f\xa4\x96 3\xe2\x82\n'` + "\r")
	b.output("1\uFFFD2 \u20ac \u00e9 \U0001F916 3\uFFFD\r\n")
	b.keys("echo al''ive\r")
	b.output("alive\r\n")
	b.keys("exit\r")
	b.end(websocket.StatusNormalClosure, "")
}

func TestFloodWithSlowReader(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	b.keys("stty -echo; head -c 1000000 /dev/zero | tr '\\0' '\u0023'; echo; echo do''ne\r")
	for range 20 { // the robot must wait meanwhile
		time.Sleep(30 * time.Millisecond)
		if _, err := b.next(); err != nil {
			t.Fatal(err)
		}
	}
	b.output("\r\ndone\r\n")
	if n := strings.Count(b.seen.String(), "#"); n < 1000000 || n > 1000010 { // the prompt has one, too
		t.Errorf("%d of 1000000 characters came", n)
	}
	b.keys("exit\r")
	b.end(websocket.StatusNormalClosure, "")
}

// TestBrowserLeavesInFlood is about sessions that must not hang on a browser that reads nothing.
func TestBrowserLeavesInFlood(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	b.keys("yes\r")
	time.Sleep(300 * time.Millisecond)
	_ = b.conn.CloseNow()
	f.noLeaks()
	if !f.written("terminal.close", true, "browser left") {
		t.Errorf("audit log: %+v", f.audit)
	}
}

func TestChangedHostKey(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	b.keys("exit\r")
	b.end(websocket.StatusNormalClosure, "")
	first := sshd.Fingerprint(t)
	sshd.NewHostKey(t)

	b = f.terminal(operator, "r1", map[string]any{"key": "server", "accept_key": sshd.Fingerprint(t)})
	shown := b.want("hostkey")
	if !shown.Changed || shown.Known || shown.Waiting || shown.Previous != first || shown.Fingerprint != sshd.Fingerprint(t) {
		t.Errorf("changed host key: %+v", shown)
	}
	b.end(websocket.StatusPolicyViolation, "has changed")
	if f.keys["r1"].Fingerprint != first || !f.written("terminal.host_key", false, "refused") {
		t.Error("an operator changed the pinned key, or nobody wrote it down")
	}

	b = f.terminal(admin, "r1", withKey)
	b.want("hostkey")
	b.send(map[string]any{"type": "accept", "fingerprint": first})
	b.end(websocket.StatusPolicyViolation, "another host key was accepted")

	b = f.terminal(admin, "r1", withKey)
	shown = b.want("hostkey")
	if !shown.Waiting {
		t.Errorf("an admin is not asked: %+v", shown)
	}
	b.send(map[string]any{"type": "accept", "fingerprint": shown.Fingerprint})
	b.want("ready")
	_ = b.conn.CloseNow()
	if !f.written("terminal.host_key", true, "in place of "+first) {
		t.Errorf("audit log: %+v", f.audit)
	}

	known(f, sshd, nil).keys("exit\r")
	if err := f.server.ForgetHostKey(t.Context(), "r1", operator); tonypi.KindOf(err) != tonypi.Forbidden {
		t.Errorf("an operator forgets a host key: %v", err)
	}
	if err := f.server.ForgetHostKey(t.Context(), "r1", admin); err != nil {
		t.Fatal(err)
	}
	b = f.terminal(operator, "r1", withKey)
	if shown := b.want("hostkey"); shown.Known || shown.Changed {
		t.Errorf("after it was forgotten: %+v", shown)
	}
}

func TestIdleLimit(t *testing.T) {
	f, sshd := robotWithKey(t, func(c *Config) { c.IdleLimit = 2 * time.Second })
	b := known(f, sshd, nil)
	time.Sleep(1200 * time.Millisecond)
	b.keys("echo a''wake\r") // starts the wait again
	b.output("awake\r\n")
	typed := time.Now()
	b.output("Nobody has typed for a while: this terminal closes in 1s")
	b.end(closeIdle, "No key was pressed for 2s")
	if took := time.Since(typed); took < 1500*time.Millisecond || took > 6*time.Second {
		t.Errorf("closed after %v", took)
	}
}

func TestRightsThatEnd(t *testing.T) {
	f, sshd := robotWithKey(t, func(c *Config) {
		c.Check = func(_ context.Context, by tonypi.Caller) error {
			if by != operator {
				t.Errorf("asked about %+v", by)
			}
			return tonypi.Errorf(tonypi.Unauthenticated, "signed out")
		}
	})
	b := known(f, sshd, nil)
	b.end(closeExpired, "sign in again")
}

func TestServerStops(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.server.Run(ctx) }()
	cancel()
	b.end(websocket.StatusGoingAway, "stopping")
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestConnectionLost(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := known(f, sshd, nil)
	b.keys("kill -9 $PPID\r") // sshd's process of this session
	b.end(websocket.StatusInternalError, "Connection error")
}

func TestRecordingPlaysBack(t *testing.T) {
	f, sshd := robotWithKey(t, nil)
	b := f.terminal(operator, "r1", map[string]any{"key": "server", "accept_key": sshd.Fingerprint(t), "record": true})
	id := b.want("ready").Recording
	b.keys("echo \"rec\"'orded' \u00e9; read -s secret\r")
	b.output("recorded \u00e9\r\n")
	time.Sleep(200 * time.Millisecond) // until read -s listens
	b.keys("hunter2\r")
	b.send(map[string]any{"type": "resize", "cols": 90, "rows": 30})
	b.keys("stty size; exit\r")
	b.end(websocket.StatusNormalClosure, "")
	f.noLeaks()
	if !strings.Contains(b.seen.String(), "This terminal is recorded") {
		t.Error("the person was not told")
	}
	list, err := f.server.Recordings(t.Context(), "r1", 10)
	if err != nil || len(list) != 1 || list[0].ID != id || list[0].User != operator.Name || list[0].EndedAt.IsZero() {
		t.Fatalf("Recordings: %+v, %v", list, err)
	}
	if _, _, err := f.server.OpenRecording(t.Context(), id, operator); tonypi.KindOf(err) != tonypi.Forbidden {
		t.Errorf("an operator opens a recording: %v", err)
	}
	_, file, err := f.server.OpenRecording(t.Context(), id, admin)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	shown, header := play(t, file)
	if header.Version != 2 || header.Width != 100 || header.Height != 40 || header.Timestamp == 0 {
		t.Errorf("header %+v", header)
	}
	if shown != b.seen.String() {
		t.Errorf("recording plays\n%q\nbut the person saw\n%q", shown, b.seen.String())
	}
	if strings.Contains(shown, "hunter2") {
		t.Error("what was typed is in the recording")
	}
	info, err := file.Stat()
	if err != nil || info.Size() != list[0].Bytes || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v; row says %d bytes", info, err, list[0].Bytes)
	}
	if err := f.server.DeleteRecording(t.Context(), id, admin); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file.Name()); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// play returns what a player would show, and checks each line.
func play(t *testing.T, r io.Reader) (string, castHeader) {
	t.Helper()
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	var header castHeader
	var shown strings.Builder
	last := 0.0
	for n := 0; lines.Scan(); n++ {
		if n == 0 {
			if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var event []any
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil || len(event) != 3 {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		at, data := event[0].(float64), event[2].(string)
		if at < last {
			t.Errorf("time goes back at %q", lines.Text())
		}
		last = at
		switch event[1] {
		case "o":
			shown.WriteString(data)
		case "r":
			if data != "90x30" {
				t.Errorf("resized to %q", data)
			}
		default:
			t.Errorf("event %q", lines.Text())
		}
	}
	return shown.String(), header
}

func TestSessionBounds(t *testing.T) {
	f, sshd := robotWithKey(t, func(c *Config) { c.MaxSessions, c.MaxPerPerson = 3, 2 })
	first := known(f, sshd, nil)
	known(f, sshd, nil)
	f.terminal(operator, "r1", withKey).end(websocket.StatusTryAgainLater, "You have 2 terminals open")
	f.terminal(admin, "r1", withKey).want("ready")
	third := tonypi.Caller{Name: "third", Role: tonypi.Operator}
	f.terminal(third, "r1", withKey).end(websocket.StatusTryAgainLater, "3 terminals are open")
	first.keys("exit\r")
	first.end(websocket.StatusNormalClosure, "")
	f.terminal(third, "r1", withKey).want("ready")
}
