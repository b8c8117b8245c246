package camera

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"
	"tonypi"
)

// TestElsewhere is about robots that point the server at somebody else.
func TestElsewhere(t *testing.T) {
	victim := newCamera(t, time.Millisecond, withLengths)
	port := victim.Listener.Addr().(*net.TCPAddr).Port
	at := func(host string) string { return fmt.Sprintf("http://%s:%d/", host, port) }
	for _, test := range []struct{ url, words string }{
		{"", "told no camera address"},
		{"http://192.0.2.9:8081/", "the robot is at 127.0.0.1"},
		{at("127.0.0.2"), "the robot is at 127.0.0.1"},
		{at("localhost"), "neither the robot's own address nor allowed"},
		{at("[::1]"), "the robot is at 127.0.0.1"},
		{at("0.0.0.0"), "the robot is at 127.0.0.1"},
		{at("2130706433"), "neither the robot's own address nor allowed"},
		{at("127.1"), "neither the robot's own address nor allowed"},
		{at("me:secret@127.0.0.1"), "holds a user name"},
		{"ftp://127.0.0.1/", "must begin with http"},
		{"file:///etc/passwd", "must begin with http"},
		{"//127.0.0.1/", "must begin with http"},
		{"http://", "has no host"},
		{"http://%zz", "that is none"},
	} {
		f := newFixture(t, test.url, nil)
		status := http.StatusConflict
		if test.url == "" {
			status = http.StatusNotFound
		}
		f.wantProblem("stream", status, test.words)
		if s := f.state(); !strings.Contains(s.Message, test.words) || s.URLKnown != (test.url != "") || (s.State == Down) != s.URLKnown {
			t.Errorf("%q: %+v", test.url, s)
		}
	}
	f := newFixture(t, victim.URL, func(c *Config) { c.AllowLoopback = false })
	f.wantProblem("stream", http.StatusConflict, "where no robot can be")
	if n := victim.opened.Load(); n != 0 {
		t.Errorf("the server was led to the victim %d times", n)
	}
	for name, allow := range map[string]func(*Config){
		"name": func(c *Config) { c.AllowHosts = []string{"LocalHost"} },
		"network": func(c *Config) {
			c.AllowLoopback = false
			c.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			host := map[string]string{"name": "localhost", "network": "127.0.0.1"}[name]
			f := newFixture(t, at(host), allow)
			f.robots["r1"] = tonypi.Robot{ID: "r1", Adoption: tonypi.Adopted, Address: "192.0.2.1", CameraURL: at(host)}
			f.view().frame()
		})
	}
	t.Run("name that leads home", func(t *testing.T) {
		f := newFixture(t, at("localhost"), func(c *Config) { c.AllowHosts = []string{"localhost"}; c.AllowLoopback = false })
		before := victim.opened.Load()
		f.wantProblem("snapshot", http.StatusServiceUnavailable, "where no robot can be")
		if victim.opened.Load() != before {
			t.Error("the server dialled itself")
		}
	})
}

func TestRedirects(t *testing.T) {
	victim := newCamera(t, time.Millisecond, withLengths)
	other := strings.Replace(victim.URL, "127.0.0.1", "127.0.0.2", 1)
	camera := newCamera(t, 5*time.Millisecond, func(w http.ResponseWriter, r *http.Request, frame func() []byte) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, other, http.StatusFound)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case "/home":
			http.Redirect(w, r, "/stream", http.StatusFound)
		default:
			withoutLengths(w, r, frame)
		}
	})
	newFixture(t, camera.URL+"/away", nil).wantProblem("stream", http.StatusServiceUnavailable, "redirects elsewhere: The camera is at 127.0.0.2, but the robot is at 127.0.0.1")
	newFixture(t, camera.URL+"/round", nil).wantProblem("stream", http.StatusServiceUnavailable, "redirects too often")
	newFixture(t, camera.URL+"/home", nil).view().frame()
	if n := victim.opened.Load(); n != 0 {
		t.Errorf("the server was led to the victim %d times", n)
	}
}
