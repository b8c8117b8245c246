package mqtt

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tonypi"
	"tonypi/storetest"
	"tonypi/wire"
)

// breaker forwards TCP connections until it cuts them.
type breaker struct {
	addr string
	mu   sync.Mutex
	open []net.Conn
}

func newBreaker(t *testing.T, to string) *breaker {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	b := &breaker{addr: l.Addr().String()}
	t.Cleanup(func() { l.Close(); b.cut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			b.mu.Lock()
			b.open = append(b.open, in, out)
			b.mu.Unlock()
			go func() { _, _ = io.Copy(in, out); in.Close() }()
			go func() { _, _ = io.Copy(out, in); out.Close() }()
		}
	}()
	return b
}

func (b *breaker) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.open {
		c.Close()
	}
	b.open = nil
}

// runClient runs a client until the test ends, and waits until it is up.
func runClient(t testing.TB, c ClientConfig) *Client {
	t.Helper()
	up := make(chan struct{}, 100)
	c.OnUp = func() { up <- struct{}{} }
	cl, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- cl.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("client's Run: %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("client's Run did not end")
		}
	})
	select {
	case <-up:
	case <-time.After(10 * time.Second):
		t.Fatal("client is not up")
	}
	return cl
}

func robotBuses(t *testing.T, scheme, addr string) storetest.Buses {
	b := newBreaker(t, addr)
	return storetest.Buses{
		Cut: b.cut,
		Robot: func(t *testing.T, id tonypi.RobotID, subs map[string]wire.Handler) wire.Bus {
			return runClient(t, ClientConfig{URL: scheme + "://" + b.addr, ClientID: string(id), Subscriptions: subs, QoS: 1})
		},
	}
}

func TestBusOfBroker(t *testing.T) {
	for _, scheme := range []string{"mqtt", "ws"} {
		t.Run(scheme, func(t *testing.T) {
			storetest.Bus(t, func(t *testing.T, handle wire.Handler) storetest.Buses {
				broker := must(New(Config{Gate: newGate(), Handle: handle}))
				addr := must(broker.Listen("127.0.0.1:0")).String()
				if scheme == "ws" {
					addr = must(broker.ListenWebSocket("127.0.0.1:0", nil)).String()
				}
				(&rig{Broker: broker, t: t}).run()
				b := robotBuses(t, scheme, addr)
				b.Server, b.Direct = broker, true
				return b
			})
		})
	}
}

func TestBusOfExternalBroker(t *testing.T) {
	program := need(t, "mosquitto")
	for _, workers := range []int{1, 16} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			storetest.Bus(t, func(t *testing.T, handle wire.Handler) storetest.Buses {
				addr := mosquitto(t, program)
				b := robotBuses(t, "mqtt", addr)
				subs := map[string]wire.Handler{}
				for _, f := range wire.ServerFilters() {
					subs[f] = handle
				}
				b.Server = runClient(t, ClientConfig{
					URL: "mqtt://" + addr, ClientID: "server", Subscriptions: subs, QoS: 1, Workers: workers, Session: time.Hour,
				})
				return b
			})
		})
	}
}

// need finds a program, or skips; in CI it must be there.
func need(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs %s", name)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		if path = "/usr/sbin/" + name; !exists(path) {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is not installed", name)
			}
			t.Skipf("%s is not installed", name)
		}
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// mosquitto starts one on a free port and returns its address.
func mosquitto(t *testing.T, program string) string {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	config := filepath.Join(t.TempDir(), "mosquitto.conf")
	text := "listener " + port + " 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 0\nuser root\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-c", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	addr := "127.0.0.1:" + port
	eventually(t, "mosquitto listens", func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return addr
}

func TestMosquittoClients(t *testing.T) {
	subscribe, publish := need(t, "mosquitto_sub"), need(t, "mosquitto_pub")
	r := start(t, Limits{})
	_, port, _ := net.SplitHostPort(r.addr)
	for _, v := range []string{"mqttv311", "mqttv5"} {
		t.Run(v, func(t *testing.T) {
			common := []string{"-h", "127.0.0.1", "-p", port, "-V", v}
			sub := exec.Command(subscribe, append(common, "-i", "v", "-u", "viewer", "-P", "secret", "-q", "2",
				"-t", "tonypi/#", "-C", "3", "-W", "10", "-F", "%t %q %p")...)
			var out strings.Builder
			sub.Stdout = &out
			before := r.Stats().Subscriptions
			if err := sub.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "subscribed", func() bool { return r.Stats().Subscriptions > before })
			for qos := range 3 {
				args := append(common, "-i", "r1", "-q", fmt.Sprint(qos), "-t", "tonypi/sensors/r1", "-m", fmt.Sprint("m", qos))
				if text, err := exec.Command(publish, args...).CombinedOutput(); err != nil {
					t.Fatalf("mosquitto_pub: %v: %s", err, text)
				}
			}
			if err := sub.Wait(); err != nil {
				t.Fatalf("mosquitto_sub: %v", err)
			}
			want := "tonypi/sensors/r1 0 m0\ntonypi/sensors/r1 1 m1\ntonypi/sensors/r1 2 m2\n"
			if out.String() != want {
				t.Errorf("got %q", out.String())
			}
			text, err := exec.Command(publish, append(common, "-i", "r1", "-u", "robot", "-P", "wrong", "-t", "tonypi/sensors/r1", "-m", "x")...).CombinedOutput()
			if err == nil {
				t.Errorf("a wrong password was accepted: %s", text)
			}
		})
	}
}

func TestClientConfig(t *testing.T) {
	for _, address := range []string{"", "host", "http://host", "mqtt://user:secret@host", "mqtt://", "://"} {
		_, err := NewClient(ClientConfig{URL: address})
		if tonypi.KindOf(err) != tonypi.Invalid {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%v tells the password", err)
		}
	}
	for address, want := range map[string]string{
		"mqtt://h": "mqtt://h:1883", "mqtts://h": "mqtts://h:8883", "wss://h": "wss://h:443/mqtt", "ws://h:81/x": "ws://h:81/x",
	} {
		c, err := NewClient(ClientConfig{URL: address})
		if err != nil || c.url.String() != want {
			t.Errorf("%q became %v (%v), want %q", address, c.url, err, want)
		}
	}
	if _, err := NewClient(ClientConfig{URL: "mqtt://h", Subscriptions: map[string]wire.Handler{"a#": nil}}); err == nil {
		t.Error("a bad filter was accepted")
	}
}

func TestClientIsRefused(t *testing.T) {
	r := start(t, Limits{})
	for user, want := range map[string]tonypi.Kind{"robot": tonypi.Unauthenticated, "": tonypi.Forbidden} {
		errs := make(chan error, 10)
		c := must(NewClient(ClientConfig{
			URL: "mqtt://" + r.addr, ClientID: "banned", Username: user, Password: "wrong",
			OnError: func(err error) {
				select {
				case errs <- err:
				default:
				}
			},
		}))
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { defer close(done); _ = c.Run(ctx) }()
		if err := <-errs; tonypi.KindOf(err) != want {
			t.Errorf("user %q: %v", user, err)
		}
		if err := c.Publish(ctx, wire.Message{Topic: "tonypi/logs/x", QoS: 1}); tonypi.KindOf(err) != tonypi.Unavailable {
			t.Errorf("publish while down: %v", err)
		}
		cancel()
		<-done
	}
	if strings.Contains(r.log.String(), "wrong") {
		t.Error("the log holds a password")
	}
}

func TestClientWill(t *testing.T) {
	r := start(t, Limits{})
	b := newBreaker(t, r.addr)
	down := make(chan struct{}, 1)
	runClient(t, ClientConfig{
		URL: "mqtt://" + b.addr, ClientID: "r1", OnDown: func() { down <- struct{}{} },
		Will: &Will{Topic: "tonypi/status/r1", Payload: []byte("lost")},
	})
	b.cut()
	<-down
	eventually(t, "will", func() bool { return len(r.in.payloads()) > 0 })
	if got := r.in.payloads()[0]; got != "lost" {
		t.Errorf("got %q", got)
	}
}

func TestBackoff(t *testing.T) {
	c := must(NewClient(ClientConfig{URL: "mqtt://h"}))
	if d := c.backoff(0); d != 0 {
		t.Errorf("first attempt waits %v", d)
	}
	for attempt := range 100 {
		if d := c.backoff(attempt); d < firstRetry || d > lastRetry {
			t.Errorf("attempt %d waits %v", attempt, d)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		filter, topic string
		want          bool
	}{
		{"a/b", "a/b", true}, {"a/b", "a/c", false}, {"a/+", "a/b", true}, {"a/+", "a/b/c", false}, {"a/+", "a", false},
		{"a/#", "a", true}, {"a/#", "a/b/c", true}, {"#", "a/b", true}, {"+/b", "a/b", true}, {"a", "a/b", false},
		{"$share/g/a/+", "a/b", true}, {"a/+/c", "a/b/c", true}, {"a/b/c", "a/b", false},
	} {
		if got := matches(tt.filter, tt.topic); got != tt.want {
			t.Errorf("%q matches %q: %v", tt.filter, tt.topic, got)
		}
	}
}

// TestClientWeight keeps a thousand clients in one process affordable.
func TestClientWeight(t *testing.T) {
	if testing.Short() {
		t.Skip("measures memory")
	}
	r := start(t, Limits{})
	const n = 200
	heap, goroutines := footprint()
	var up atomic.Int32
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for i := range n {
		id := fmt.Sprintf("r%d", i)
		c := must(NewClient(ClientConfig{
			URL: "mqtt://" + r.addr, ClientID: id, QoS: 1, OnUp: func() { up.Add(1) },
			Subscriptions: map[string]wire.Handler{"tonypi/commands/" + id: r.in.handle, wire.StopBroadcast: r.in.handle},
		}))
		wg.Go(func() { _ = c.Run(ctx) })
	}
	eventually(t, "all up", func() bool { return up.Load() == n })
	both, all := footprint()
	cancel()
	wg.Wait()
	perBoth := (both - heap) / n
	t.Logf("client and its connection in the broker: %d bytes, %.1f goroutines", perBoth, float64(all-goroutines)/n)
	if perBoth > 90<<10 || all-goroutines > 12*n {
		t.Error("too heavy")
	}
}

// footprint returns the bytes of heap and stacks in use, and the goroutines.
func footprint() (bytes, goroutines int) {
	time.Sleep(200 * time.Millisecond)
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapInuse + m.StackInuse), runtime.NumGoroutine()
}
