package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"slices"
	"time"

	"tonypi"
	"tonypi/wire"
)

// StopProfiles are what a body may do with its joints when it is stopped: hold the pose, sit down and hold that, or let
// the torque go. Hold is the default.
var StopProfiles = []string{"hold", "sit", "limp"}

// settings is what the server may set. Members that it does not send keep the agent's own defaults.
type settings struct {
	Version int64 `json:"-"`
	Safety  struct {
		StopProfile string  `json:"stop_profile"`
		MaxSpeed    float64 `json:"max_speed"`  // 0.1 to 1
		DeadmanMS   float64 `json:"deadman_ms"` // 100 to 300
	} `json:"safety"`
	Reporting struct {
		MotionHz float64 `json:"motion_hz"`      // 1 to 20; 0: as started
		ServoHz  float64 `json:"servo_hz"`       // 0.2 to 10
		StatusS  float64 `json:"status_seconds"` // 1 to 60
	} `json:"reporting"`
	Camera struct {
		Enabled bool    `json:"enabled"`
		FPS     float64 `json:"fps"`     // 1 to 30
		Quality float64 `json:"quality"` // 20 to 95, of JPEG
	} `json:"camera"`
}

func defaultSettings() settings {
	var s settings
	s.Safety.StopProfile, s.Safety.MaxSpeed, s.Safety.DeadmanMS = "hold", 1, float64(maxDeadman/time.Millisecond)
	s.Camera.Enabled, s.Camera.FPS, s.Camera.Quality = true, 10, 75
	return s
}

func (s *settings) deadman() time.Duration {
	return time.Duration(s.Safety.DeadmanMS * float64(time.Millisecond))
}

func (s *settings) validate() error {
	if !slices.Contains(StopProfiles, s.Safety.StopProfile) {
		return tonypi.Errorf(tonypi.Invalid, "safety.stop_profile must be one of %v", StopProfiles)
	}
	for _, r := range []struct {
		name      string
		v, lo, hi float64
		unset     bool // 0 stands for the agent's own
	}{
		{"safety.max_speed", s.Safety.MaxSpeed, 0.1, 1, false},
		{"safety.deadman_ms", s.Safety.DeadmanMS, 100, 300, false},
		{"reporting.motion_hz", s.Reporting.MotionHz, 1, 20, true},
		{"reporting.servo_hz", s.Reporting.ServoHz, 0.2, 10, true},
		{"reporting.status_seconds", s.Reporting.StatusS, 1, 60, true},
		{"camera.fps", s.Camera.FPS, 1, 30, false},
		{"camera.quality", s.Camera.Quality, 20, 95, false},
	} {
		if (r.v < r.lo || r.v > r.hi) && !(r.unset && r.v == 0) {
			return tonypi.Errorf(tonypi.Invalid, "%s must lie between %v and %v", r.name, r.lo, r.hi)
		}
	}
	return nil
}

// rates returns the intervals that the settings ask for. Intervals are taken from a list of which most are multiples of
// each other, so that the agent's tick stays long.
func (s *settings) rates(own Rates) Rates {
	if s.Reporting.MotionHz > 0 && own.Sensors > 0 {
		own.Sensors = intervalOf(s.Reporting.MotionHz)
	}
	if s.Reporting.ServoHz > 0 && own.Servos > 0 {
		own.Servos = intervalOf(s.Reporting.ServoHz)
	}
	if s.Reporting.StatusS > 0 && own.Status > 0 {
		own.Status = time.Duration(math.Round(s.Reporting.StatusS)) * time.Second
	}
	return own
}

var intervals = []time.Duration{
	50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 3 * time.Second, 5 * time.Second,
}

// intervalOf returns the shortest interval that is not more often than hz, but for rounding.
func intervalOf(hz float64) time.Duration {
	want := time.Duration(float64(time.Second) / hz)
	for _, d := range intervals {
		if d >= want-want/10 {
			return d
		}
	}
	return intervals[len(intervals)-1]
}

// keptSettings is the file of the last good settings.
type keptSettings struct {
	Version int64           `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// takeConfig is the handler of the configuration topic. Bad settings are answered and the old ones stay.
func (a *Agent) takeConfig(_ context.Context, m wire.Message) error {
	if len(m.Payload) == 0 { // the retained message was removed
		return nil
	}
	c, err := wire.DecodeConfig(m.Payload)
	if err != nil {
		a.log.Warn("configuration cannot be read", "err", err)
		return nil
	}
	if c.Type != "all" {
		a.answerConfig(c.Version, "Not used by this robot", nil)
		return nil
	}
	if c.Version != 0 && c.Version == a.settings.Load().Version {
		a.answerConfig(c.Version, "Settings are in use", nil)
		return nil
	}
	err = a.adopt(c.Version, c.Data)
	if err == nil {
		a.keepSettings(keptSettings{c.Version, c.Data})
		a.say("INFO", "Settings changed")
	}
	a.answerConfig(c.Version, "Settings are in use", err)
	a.poke(a.changed)
	return nil
}

// adopt checks settings and puts them to use, all or none.
func (a *Agent) adopt(version int64, data json.RawMessage) error {
	s := defaultSettings()
	if err := json.Unmarshal(data, &s); err != nil {
		return tonypi.Errorf(tonypi.Invalid, "The settings cannot be read: %s", wrongMember(err))
	}
	if err := s.validate(); err != nil {
		return err
	}
	s.Version = version
	if a.able.Profiled != nil {
		if err := a.able.SetStopProfile(s.Safety.StopProfile); err != nil {
			return err
		}
	} else if s.Safety.StopProfile != "hold" {
		return tonypi.Errorf(tonypi.Invalid, "This robot can only hold its pose when it is stopped")
	}
	if a.able.Filming != nil {
		a.able.Film(s.Camera.Enabled, int(math.Round(s.Camera.FPS)), int(math.Round(s.Camera.Quality)))
	}
	a.settings.Store(&s)
	rates := s.rates(a.cfg.Rates)
	a.retime.Store(&rates)
	return nil
}

func wrongMember(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return wrong.Field + " has the wrong type"
	}
	return "no JSON object"
}

// answerConfig tells which version is obeyed, or why not. Messages without a version come from servers that expect none.
func (a *Agent) answerConfig(version int64, message string, err error) {
	if err != nil {
		message = err.Error()
		if tonypi.KindOf(err) == tonypi.Internal {
			a.log.Error("settings cannot be applied", "version", version, "err", err)
			message = "The robot could not apply the settings"
		}
	}
	if version == 0 {
		return
	}
	ack := tonypi.Ack{Success: err == nil, Message: message, Config: version}
	a.acknowledge(ack, map[string]any{"obeyed_version": a.settings.Load().Version})
}

// keepSettings writes the last good settings beside the latch. A failure is logged: they hold until the restart, after
// which the server sends them again.
func (a *Agent) keepSettings(k keptSettings) {
	if a.cfg.Settings == "" {
		return
	}
	data, err := json.Marshal(k)
	if err == nil {
		err = replaceFile(a.cfg.Settings, data)
	}
	if err != nil {
		a.log.Error("the settings cannot be kept over a restart", "path", a.cfg.Settings, "err", err)
	}
}

// restoreSettings puts the kept settings to use. A file that cannot be used is said and left alone: the server sends anew.
func (a *Agent) restoreSettings() {
	if a.cfg.Settings == "" {
		return
	}
	var k keptSettings
	data, err := os.ReadFile(a.cfg.Settings)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(data, &k)
	}
	if err == nil {
		err = a.adopt(k.Version, k.Data)
	}
	if err != nil {
		a.log.Error("the kept settings cannot be used", "path", a.cfg.Settings, "err", err)
	}
}
