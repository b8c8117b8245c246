package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
	"tonypi/wire"
)

// drawer is a tonypi.ConfigStore in memory.
type drawer struct {
	mu   sync.Mutex
	rows map[tonypi.RobotID]tonypi.RobotConfig
	down error
}

func (d *drawer) RobotConfigs(context.Context) ([]tonypi.RobotConfig, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []tonypi.RobotConfig
	for _, c := range d.rows {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b tonypi.RobotConfig) int { return cmp.Compare(a.Robot, b.Robot) })
	return list, d.down
}

func (d *drawer) RobotConfig(_ context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c, ok := d.rows[robot]
	if !ok {
		return c, tonypi.Errorf(tonypi.NotFound, "Robot has no settings")
	}
	return c, d.down
}

func (d *drawer) SaveRobotConfig(_ context.Context, c tonypi.RobotConfig) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return d.down
	}
	if d.rows[c.Robot].Version > c.Version {
		return tonypi.Errorf(tonypi.Conflict, "The settings were changed meanwhile")
	}
	d.rows[c.Robot] = c
	return nil
}

func (d *drawer) set(down error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = down
}

func (d *drawer) row(robot tonypi.RobotID) tonypi.RobotConfig {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rows[robot]
}

// desk is Configs with everything around them.
type desk struct {
	*Configs
	store  *drawer
	broker *broker
	fleet  *fleet
	notes  *notes
	t      *testing.T
	end    func()
}

func atDesk(t *testing.T, test func(t *testing.T, d *desk)) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := &desk{store: &drawer{rows: map[tonypi.RobotID]tonypi.RobotConfig{}}, broker: w.broker, fleet: w.fleet, notes: w.notes, t: t}
		d.start()
		test(t, d)
		d.end()
	})
}

func (d *desk) start() {
	d.Configs = NewConfigs(ConfigsConfig{Store: d.store, Bus: d.broker, Robots: d.fleet, Record: d.notes, Log: slog.New(slog.DiscardHandler)})
	if err := d.Load(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = d.Run(ctx)
	}()
	d.end = func() {
		cancel()
		<-ended
	}
	synctest.Wait()
}

func (d *desk) set(settings string, version int64) tonypi.RobotConfig {
	d.t.Helper()
	c, err := d.SetConfig(d.t.Context(), "r1", json.RawMessage(settings), version, olga)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (d *desk) says(version int64) {
	d.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Presence: &tonypi.Presence{Status: "online", Config: version}})
}

// last returns the newest settings that were published.
func (d *desk) last(t *testing.T) (c wire.Config, count int) {
	t.Helper()
	sent := d.broker.on(wire.ConfigTopic("r1"))
	if len(sent) == 0 {
		t.Fatal("nothing was published")
	}
	m := sent[len(sent)-1]
	if !m.Retain || m.QoS != 1 {
		t.Errorf("published %+v", m)
	}
	c, err := wire.DecodeConfig(m.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return c, len(sent)
}

func TestSetConfig(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		c, err := d.Config(t.Context(), "r1")
		if err != nil || c.Version != 0 || string(c.Settings) != "{}" || c.Robot != "r1" {
			t.Errorf("got %+v, %v", c, err)
		}
		c = d.set(`{ "safety": {"stop_profile": "sit", "max_speed": 0.5} }`, 0)
		if c.Version != 1 || string(c.Settings) != `{"safety":{"stop_profile":"sit","max_speed":0.5}}` || c.UpdatedBy != "olga" || c.AppliedVersion != 0 {
			t.Errorf("got %+v", c)
		}
		sent, n := d.last(t)
		if sent.Type != "all" || sent.Version != 1 || !strings.Contains(string(sent.Data), `"stop_profile":"sit"`) || n != 1 {
			t.Errorf("published %+v, %d times", sent, n)
		}
		if _, err := d.SetConfig(t.Context(), "r1", json.RawMessage(`{}`), 0, bert); tonypi.KindOf(err) != tonypi.Conflict {
			t.Errorf("from an old version: %v", err)
		}
		if _, err := d.SetConfig(t.Context(), "nobody", json.RawMessage(`{}`), 0, bert); tonypi.KindOf(err) != tonypi.NotFound {
			t.Errorf("unknown robot: %v", err)
		}
		c, err = d.MergeConfig(t.Context(), "r1", "camera", json.RawMessage(`{"fps":5}`), bert)
		if err != nil || c.Version != 2 || string(c.Settings) != `{"camera":{"fps":5},"safety":{"stop_profile":"sit","max_speed":0.5}}` {
			t.Errorf("got %+v, %v", c, err)
		}
		if c := d.set(`{}`, -1); c.Version != 3 || d.store.row("r1").Version != 3 {
			t.Errorf("got %+v", c)
		}
		if a := d.notes.actions(); !slices.Equal(a, []string{"olga robot.config r1", "bert robot.config r1", "olga robot.config r1"}) {
			t.Errorf("recorded %v", a)
		}
	})
}

func TestConfigDrift(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.set(`{"camera":{"fps":5}}`, 0)
		time.Sleep(time.Second)
		d.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Ack: &tonypi.Ack{Config: 1, Success: true, Message: "Settings taken"}})
		time.Sleep(time.Second)
		got := d.store.row("r1")
		if got.AppliedVersion != 1 || got.AppliedAt.IsZero() || got.Message != "Settings taken" {
			t.Errorf("stored %+v", got)
		}
		d.Connected("r1")
		time.Sleep(time.Minute)
		if _, n := d.last(t); n != 1 {
			t.Errorf("told %d times a robot that obeys", n)
		}
		// It refuses the next, and is not asked again and again.
		c := d.set(`{"camera":{"fps":30}}`, 1)
		d.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Ack: &tonypi.Ack{Config: 2, Message: "No camera"}})
		for range 100 {
			time.Sleep(time.Second)
			d.Take(&tonypi.Update{Robot: "r1", At: time.Now(), Ack: &tonypi.Ack{Config: 2, Message: "No camera"}})
		}
		if _, n := d.last(t); n != 2 {
			t.Errorf("told %d times", n)
		}
		if got := d.store.row("r1"); got.Version != c.Version || got.AppliedVersion != 1 || got.Message != "No camera" {
			t.Errorf("stored %+v", got)
		}
		// A robot that says that it obeys another version may not have got it.
		for range 65 {
			time.Sleep(time.Second)
			d.says(1)
		}
		if _, n := d.last(t); n < 4 || n > 5 {
			t.Errorf("told %d times", n)
		}
		d.says(2)
		time.Sleep(time.Second)
		if got := d.store.row("r1"); got.AppliedVersion != 2 {
			t.Errorf("stored %+v", got)
		}
		d.Take(&tonypi.Update{Robot: "r2", At: time.Now(), Presence: &tonypi.Presence{Config: 7}}) // nothing was ever set
		if c, err := d.Config(t.Context(), "r2"); err != nil || c.AppliedVersion != 0 {
			t.Errorf("got %+v, %v", c, err)
		}
	})
}

func TestConfigIsToldAnew(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.set(`{"camera":{"fps":5}}`, 0)
		d.end()
		d.start() // the broker may have forgotten
		if c, n := d.last(t); n != 2 || c.Version != 1 {
			t.Errorf("told %d times", n)
		}
		d.broker.set(errors.New("down"), false)
		d.set(`{"camera":{"fps":6}}`, 1)
		time.Sleep(20 * time.Second)
		d.broker.set(nil, false)
		time.Sleep(6 * time.Second)
		if c, n := d.last(t); n != 3 || c.Version != 2 {
			t.Errorf("told %d times, version %d", n, c.Version)
		}
		d.Connected("r1") // it did not say that it obeys
		synctest.Wait()
		if _, n := d.last(t); n != 4 {
			t.Errorf("told %d times", n)
		}
		d.Forget("r1")
		sent := d.broker.on(wire.ConfigTopic("r1"))
		if m := sent[len(sent)-1]; len(sent) != 5 || !m.Retain || len(m.Payload) != 0 {
			t.Errorf("the broker keeps %q", m.Payload)
		}
	})
}

func TestConfigStoreDown(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.set(`{}`, 0)
		d.store.set(errors.New("down"))
		if _, err := d.SetConfig(t.Context(), "r1", json.RawMessage(`{}`), 1, olga); tonypi.KindOf(err) != tonypi.Unavailable {
			t.Errorf("got %v", err)
		}
		d.says(1)
		time.Sleep(time.Minute)
		if c, err := d.Config(t.Context(), "r1"); err != nil || c.Version != 1 || c.AppliedVersion != 1 {
			t.Errorf("got %+v, %v", c, err)
		}
		d.store.set(nil)
		time.Sleep(time.Second)
		if got := d.store.row("r1"); got.AppliedVersion != 1 {
			t.Errorf("stored %+v", got)
		}
		if _, n := d.last(t); n != 1 {
			t.Errorf("told %d times", n)
		}
	})
}

func TestSettings(t *testing.T) {
	tests := []struct {
		settings string
		want     tonypi.Kind // -1: fine
	}{
		{`{}`, -1},
		{`{"safety":{"stop_profile":"hold","max_speed":0.1,"deadman_ms":300},"reporting":{"motion_hz":1,"servo_hz":0.2,"status_seconds":60},"camera":{"enabled":false,"fps":30,"quality":95}}`, -1},
		{`{"greeting":{"words":["a",{"b":null}]}}`, -1},
		{``, tonypi.Invalid}, {`null`, tonypi.Invalid}, {`[]`, tonypi.Invalid}, {`{"safety":1}`, tonypi.Invalid},
		{`{"safety":null}`, tonypi.Invalid}, {`{"safety":{}`, tonypi.Invalid}, {`{"a b":{}}`, tonypi.Invalid}, {`{"":{}}`, tonypi.Invalid},
		{`{"safety":{"stop_profile":"fall"}}`, tonypi.Invalid}, {`{"safety":{"stop_profile":1}}`, tonypi.Invalid},
		{`{"safety":{"max_speed":0.09}}`, tonypi.Invalid}, {`{"safety":{"max_speed":1.1}}`, tonypi.Invalid},
		{`{"safety":{"max_speed":"1"}}`, tonypi.Invalid}, {`{"safety":{"deadman_ms":301}}`, tonypi.Invalid},
		{`{"safety":{"deadman":200}}`, tonypi.Invalid}, {`{"camera":{"enabled":1}}`, tonypi.Invalid}, {`{"camera":{"fps":0.5}}`, tonypi.Invalid},
		{`{"camera":{"quality":19}}`, tonypi.Invalid}, {`{"reporting":{"motion_hz":21}}`, tonypi.Invalid},
		{`{"x":{"y":"` + strings.Repeat("z", maxSettings) + `"}}`, tonypi.TooLarge},
		{`{"x":{"y":"` + strings.Repeat("z", 3*maxSettings) + `"}}`, tonypi.TooLarge},
		{`{"x":{"y":"` + strings.Repeat("z", maxSettings-20) + `"}}`, -1},
	}
	for _, test := range tests {
		_, err := checkSettings(json.RawMessage(test.settings))
		if (err == nil) != (test.want < 0) || err != nil && tonypi.KindOf(err) != test.want {
			t.Errorf("%.80s: %v", test.settings, err)
		}
	}
	// What is just not too large can be published.
	atDesk(t, func(_ *testing.T, d *desk) { d.set(`{"x":{"y":"`+strings.Repeat("z", maxSettings-20)+`"}}`, 0) })
}
