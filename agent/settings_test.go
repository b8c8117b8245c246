package agent

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
	"tonypi/wire"
)

// configure hands settings to the agent as the server does.
func configure(t *testing.T, a *Agent, version int64, data string) {
	t.Helper()
	payload, err := wire.EncodeConfig(wire.Config{Type: "all", Data: json.RawMessage(data), Version: version, Time: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	topic := wire.ConfigTopic("r1")
	if err := a.Subscriptions()[topic](t.Context(), wire.Message{Topic: topic, Payload: payload, Retain: true}); err != nil {
		t.Fatal(err)
	}
}

// settable is a body with everything that can be set.
type settable struct {
	*fakeBody
	profile string
	film    []int
}

func (s *settable) SetStopProfile(profile string) error {
	s.profile = profile
	return nil
}

func (s *settable) Film(enabled bool, fps, quality int) {
	s.film = []int{0, fps, quality}
	if enabled {
		s.film[0] = 1
	}
}

func TestSettingsAreAppliedKeptAndTold(t *testing.T) {
	file := t.TempDir() + "/settings.json"
	synctest.Test(t, func(t *testing.T) {
		bus, body := &fakeBus{}, &settable{fakeBody: newBody()}
		c := Config{Body: body, Bus: bus, Rates: FleetRates(), Settings: file}
		a, stop := start(t, c)
		configure(t, a, 7, `{"safety":{"stop_profile":"sit","max_speed":0.4,"deadman_ms":150},"reporting":{"motion_hz":10,"servo_hz":0.5,"status_seconds":2},"camera":{"enabled":false,"fps":5,"quality":60},"lab":{"x":[1]}}`)
		time.Sleep(100 * time.Millisecond)
		if p := last(bus.on(t, wire.StatusTopic("r1"))).Presence; p.Config != 7 {
			t.Errorf("status tells version %d", p.Config)
		}
		before := len(bus.on(t, wire.SensorTopic("r1")))
		time.Sleep(3 * time.Second)
		if n := len(bus.on(t, wire.SensorTopic("r1"))) - before; n < 28 || n > 31 {
			t.Errorf("%d sensor messages in 3 s at 10 Hz", n)
		}
		if body.profile != "sit" || !cmp.Equal(body.film, []int{0, 5, 60}) || a.settings.Load().deadman() != 150*time.Millisecond {
			t.Errorf("profile %q, film %v, deadman %v", body.profile, body.film, a.settings.Load().deadman())
		}
		configure(t, a, 7, `{}`) // the retained message again, after a reconnect
		configure(t, a, 8, `{"safety":{"max_speed":7}}`)
		configure(t, a, 9, `{"safety":{"max_speed":"fast"}}`)
		time.Sleep(time.Second)
		stop()
		got := map[int64][]string{}
		for _, u := range bus.on(t, wire.CommandResponse) {
			word := "no: "
			if u.Ack.Success {
				word = "yes: "
			}
			got[u.Ack.Config] = append(got[u.Ack.Config], word+u.Ack.Message)
		}
		want := map[int64][]string{
			7: {"yes: Settings are in use", "yes: Settings are in use"},
			8: {"no: safety.max_speed must lie between 0.1 and 1"},
			9: {"no: The settings cannot be read: safety.max_speed has the wrong type"},
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if v := a.settings.Load().Version; v != 7 {
			t.Errorf("after bad settings it obeys version %d", v)
		}
		// a restart
		c.Body = &settable{fakeBody: newBody()}
		b, stop := start(t, c)
		time.Sleep(time.Second)
		if s := b.settings.Load(); s.Version != 7 || s.Safety.MaxSpeed != 0.4 || c.Body.(*settable).profile != "sit" {
			t.Errorf("after the restart: %+v", s)
		}
		stop()
	})
}

func TestKeptSettingsThatAreSpoiltDoNoHarm(t *testing.T) {
	file := t.TempDir() + "/settings.json"
	for _, data := range []string{`{`, `{"version":3,"data":{"safety":{"stop_profile":"fly"}}}`, ``} {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			a, stop := start(t, Config{Body: newBody(), Bus: &fakeBus{}, Rates: FleetRates(), Settings: file})
			if s := a.settings.Load(); s.Version != 0 || s.Safety.StopProfile != "hold" {
				t.Errorf("%q gives %+v", data, s)
			}
			stop()
		})
	}
}

func TestSettingsOfOthersAreNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := &fakeBus{}
		a, stop := start(t, Config{Body: newBody(), Bus: bus, Rates: FleetRates()})
		topic := wire.ConfigTopic("r1")
		for _, payload := range []string{``, `{`, `{"config_type":"navigation","config_data":{"speed":0.5}}`, `{"config_type":"navigation","config_data":{},"version":4}`} {
			if err := a.Subscriptions()[topic](t.Context(), wire.Message{Topic: topic, Payload: []byte(payload)}); err != nil {
				t.Errorf("%q: %v", payload, err)
			}
		}
		configure(t, a, 5, `{"safety":{"stop_profile":"limp"}}`) // which this body cannot
		time.Sleep(time.Second)
		stop()
		var told []string
		for _, u := range bus.on(t, wire.CommandResponse) {
			told = append(told, u.Ack.Message)
		}
		if d := cmp.Diff([]string{"Not used by this robot", "This robot can only hold its pose when it is stopped"}, told); d != "" {
			t.Error(d)
		}
	})
}

func TestSettingsLimits(t *testing.T) {
	for data, want := range map[string]string{
		`{"safety":{"max_speed":0.09}}`:        "max_speed",
		`{"safety":{"deadman_ms":301}}`:        "deadman_ms",
		`{"safety":{"deadman_ms":99}}`:         "deadman_ms",
		`{"safety":{"stop_profile":""}}`:       "stop_profile",
		`{"reporting":{"motion_hz":21}}`:       "motion_hz",
		`{"reporting":{"motion_hz":0.5}}`:      "motion_hz",
		`{"reporting":{"servo_hz":0.1}}`:       "servo_hz",
		`{"reporting":{"status_seconds":61}}`:  "status_seconds",
		`{"camera":{"fps":0}}`:                 "fps",
		`{"camera":{"quality":19}}`:            "quality",
		`{"camera":{"enabled":"yes"}}`:         "camera.enabled",
		`{"safety":[]}`:                        "safety",
		`{}`:                                   "",
		`{"safety":{"max_speed":1},"x":null}`:  "",
		`{"reporting":{"status_seconds":60}}`:  "",
		`{"camera":{"fps":30,"quality":95.0}}`: "",
	} {
		a := &Agent{able: abilities{Profiled: &settable{}}}
		own := defaultSettings()
		a.settings.Store(&own)
		err := a.adopt(1, json.RawMessage(data))
		if want == "" && err != nil || want != "" && (tonypi.KindOf(err) != tonypi.Invalid || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", data, err)
		}
	}
}

// Whatever people set, the agent's tick does not become shorter than 50 ms.
func TestRatesOfSettingsKeepTheTickLong(t *testing.T) {
	for motion := 1.0; motion <= 20; motion += 0.5 {
		for servo := 0.2; servo <= 10; servo += 0.3 {
			var s settings
			s.Reporting.MotionHz, s.Reporting.ServoHz, s.Reporting.StatusS = motion, servo, 7
			r := s.rates(DefaultRates())
			if err := r.validate(); err != nil || r.tick() < 50*time.Millisecond || !slices.Contains(intervals, r.Sensors) || r.Status != 7*time.Second {
				t.Fatalf("%v and %v Hz: %+v, tick %v, %v", motion, servo, r, r.tick(), err)
			}
			if hz := float64(time.Second) / float64(r.Sensors); hz > motion*1.12 {
				t.Fatalf("%v Hz asked, %v Hz given", motion, hz)
			}
		}
	}
}
