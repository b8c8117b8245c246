//go:build unix

package storetest

import (
	"bufio"
	"errors"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SSHD is a real OpenSSH server of one test's own, on a free port of 127.0.0.1, that lets the tests' own user in with a key.
type SSHD struct {
	Addr netip.AddrPort
	User string // whom Authorize lets in

	program string
	dir     string
	leash   io.Closer // the server lives as long as this is open, so it also ends when the tests are killed
	command *exec.Cmd
}

// NewSSHD starts an OpenSSH server that ends with the test. It skips the test when OpenSSH is not installed, or fails it when
// the environment has CI=true.
func NewSSHD(t testing.TB) *SSHD {
	t.Helper()
	if testing.Short() {
		t.Skip("needs an SSH server")
	}
	program, err := exec.LookPath("/usr/sbin/sshd")
	if err == nil {
		_, err = exec.LookPath("ssh-keygen")
	}
	if err != nil {
		if os.Getenv("CI") != "true" {
			t.Skipf("OpenSSH's server is not installed: %v", err)
		}
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	s := &SSHD{
		Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port)), User: me.Username, program: program, dir: t.TempDir(),
	}
	if me.Uid == "0" { // sshd drops root there, and Debian makes it only when its own service starts
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s.writeConfig(t)
	s.NewHostKey(t)
	t.Cleanup(func() { s.Stop(t) })
	return s
}

func (s *SSHD) writeConfig(t testing.TB) {
	t.Helper()
	lines := []string{
		"Port " + strconv.Itoa(int(s.Addr.Port())), "ListenAddress " + s.Addr.Addr().String(),
		"HostKey " + s.path("host"), "PidFile none", "AuthorizedKeysFile " + s.path("authorized_keys"),
		"UsePAM no", "StrictModes no", "PasswordAuthentication no", "KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password",
		"PrintMotd no", "PrintLastLog no", "MaxStartups 100", "MaxSessions 100", "UseDNS no",
	}
	s.write(t, "config", strings.Join(lines, "\n")+"\n")
	s.write(t, "authorized_keys", "")
}

func (s *SSHD) path(name string) string { return filepath.Join(s.dir, name) }

func (s *SSHD) write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Authorize lets the holder of a key in; line is in authorized_keys' format.
func (s *SSHD) Authorize(t testing.TB, line string) {
	t.Helper()
	s.write(t, "authorized_keys", line+"\n")
}

// NewHostKey gives the server another host key and restarts it.
func (s *SSHD) NewHostKey(t testing.TB) {
	t.Helper()
	s.Stop(t)
	for _, name := range []string{"host", "host.pub"} {
		if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", s.path("host")).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
	s.Start(t)
}

// Fingerprint returns the host key's fingerprint, as SHA256:….
func (s *SSHD) Fingerprint(t testing.TB) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-l", "-f", s.path("host.pub")).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(out))[1]
}

// Start starts the server and waits until it listens.
func (s *SSHD) Start(t testing.TB) {
	t.Helper()
	// The shell ends with this process, and the server with the shell.
	s.command = exec.Command("sh", "-c", `"$0" -D -e -f "$1" & server=$!; cat >/dev/null; kill $server; wait $server`, s.program, s.path("config"))
	leash, err := s.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.leash = leash
	log, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	listens := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(log)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Server listening") {
				listens <- true
			}
		}
		close(listens)
	}()
	select {
	case ok := <-listens:
		if !ok {
			t.Fatal("sshd did not start")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("sshd did not start within 10 s")
	}
}

// Stop stops the server if it runs; shells that are open go on until their connections end.
func (s *SSHD) Stop(t testing.TB) {
	t.Helper()
	if s.command == nil {
		return
	}
	s.leash.Close()
	_ = s.command.Wait() // it was killed
	s.command = nil
}
