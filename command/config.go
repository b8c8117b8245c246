package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"tonypi"
	"tonypi/outbox"
	"tonypi/wire"
)

const (
	configTick    = 500 * time.Millisecond
	configRetry   = 5 * time.Second  // between tries to publish
	configRepeat  = 30 * time.Second // between reminders of a robot that obeys another version
	configWithin  = 5 * time.Second  // for store and broker
	maxConfigText = 500              // bytes of what a robot says
)

// ConfigsConfig is what Configs work with. All fields are needed.
type ConfigsConfig struct {
	Store  tonypi.ConfigStore
	Bus    Publisher
	Robots Robots
	Record tonypi.Recorder
	Log    *slog.Logger
}

// Configs keep robots' settings, tell them to the robots, retained, and know which version each robot obeys. They are safe for
// concurrent use.
type Configs struct {
	cfg      ConfigsConfig
	urge     chan struct{} // of one
	changing sync.Mutex    // held while settings change

	mu     sync.Mutex
	robots map[tonypi.RobotID]*configured
}

// configured is one robot's settings in memory.
type configured struct {
	c       tonypi.RobotConfig
	publish time.Time // when to publish; zero: not
	told    time.Time // when it was published last
	unsaved bool      // what the robot obeys changed since it was stored
}

// NewConfigs makes Configs without settings. Call Load before use; nothing runs before Run.
func NewConfigs(c ConfigsConfig) *Configs {
	return &Configs{cfg: c, urge: make(chan struct{}, 1), robots: make(map[tonypi.RobotID]*configured)}
}

// Load reads every robot's settings.
func (c *Configs) Load(ctx context.Context) error {
	list, err := c.cfg.Store.RobotConfigs(ctx)
	if err != nil {
		return fmt.Errorf("load robot settings: %w", err)
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range list {
		c.robots[r.Robot] = &configured{c: r, publish: now}
	}
	return nil
}

// Run publishes settings, first those of every robot, and writes behind what robots obey, until ctx ends.
func (c *Configs) Run(ctx context.Context) error {
	ticker := time.NewTicker(configTick)
	defer ticker.Stop()
	for {
		c.work(ctx)
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), configWithin)
			c.save(last)
			cancel()
			return nil
		case <-ticker.C:
		case <-c.urge:
		}
	}
}

func (c *Configs) work(ctx context.Context) {
	for _, r := range c.due(time.Now()) {
		if err := c.tell(ctx, r); err != nil && ctx.Err() == nil {
			c.cfg.Log.Warn("settings not published, they are tried again", "robot", r.Robot, "err", err)
		}
	}
	c.save(ctx)
}

// due returns what is to be published now.
func (c *Configs) due(now time.Time) []tonypi.RobotConfig {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []tonypi.RobotConfig
	for _, r := range c.robots {
		if !r.publish.IsZero() && !now.Before(r.publish) {
			list = append(list, r.c)
		}
	}
	return list
}

// tell publishes a robot's settings, and plans another try when that fails.
func (c *Configs) tell(ctx context.Context, r tonypi.RobotConfig) error {
	payload, err := wire.EncodeConfig(wire.Config{Type: "all", Data: r.Settings, Time: r.UpdatedAt, Version: r.Version})
	if err == nil {
		within, cancel := context.WithTimeout(ctx, configWithin)
		err = c.cfg.Bus.Publish(within, wire.Message{Topic: wire.ConfigTopic(r.Robot), Payload: payload, QoS: 1, Retain: true})
		cancel()
	}
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch known := c.robots[r.Robot]; {
	case known == nil:
	case err != nil:
		known.publish = now.Add(configRetry)
	default:
		known.told = now
		if known.c.Version == r.Version {
			known.publish = time.Time{}
		}
	}
	return err
}

// save writes what robots obey. What cannot be written is tried again.
func (c *Configs) save(ctx context.Context) {
	c.changing.Lock() // or an older version would be written over a newer one
	defer c.changing.Unlock()
	c.mu.Lock()
	var list []tonypi.RobotConfig
	for _, r := range c.robots {
		if r.unsaved {
			list = append(list, r.c)
		}
	}
	c.mu.Unlock()
	for _, r := range list {
		within, cancel := context.WithTimeout(ctx, configWithin)
		err := c.cfg.Store.SaveRobotConfig(within, r)
		cancel()
		if err != nil && !outbox.Refused(err) {
			if ctx.Err() == nil {
				c.cfg.Log.Warn("what robots obey cannot be stored, it waits in memory", "robot", r.Robot, "err", err)
			}
			return
		}
		c.mu.Lock()
		if known := c.robots[r.Robot]; known != nil && known.c.AppliedVersion == r.AppliedVersion && known.c.Message == r.Message {
			known.unsaved = false
		}
		c.mu.Unlock()
	}
}

// Config returns a robot's settings. One that has none has version 0 and {}. NotFound for an unknown robot.
func (c *Configs) Config(_ context.Context, robot tonypi.RobotID) (tonypi.RobotConfig, error) {
	if _, err := c.cfg.Robots.Robot(robot); err != nil {
		return tonypi.RobotConfig{}, err
	}
	return c.present(robot), nil
}

func (c *Configs) present(robot tonypi.RobotID) tonypi.RobotConfig {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.robots[robot]; r != nil {
		return r.c
	}
	return tonypi.RobotConfig{Robot: robot, Settings: json.RawMessage("{}")}
}

// SetConfig replaces all of a robot's settings and tells them to it. version is the one that they were made from; below 0 it
// is not checked. Errors: NotFound, Invalid, TooLarge over 64 KiB, Conflict when somebody else changed them meanwhile, and
// Unavailable when the store is down. When the broker is down they are told later.
func (c *Configs) SetConfig(ctx context.Context, robot tonypi.RobotID, settings json.RawMessage, version int64, by tonypi.Caller) (tonypi.RobotConfig, error) {
	return c.change(ctx, robot, by, func(now tonypi.RobotConfig) (json.RawMessage, error) {
		if version >= 0 && version != now.Version {
			return nil, tonypi.Errorf(tonypi.Conflict, "The settings were changed meanwhile; they are at version %d", now.Version)
		}
		return settings, nil
	})
}

// MergeConfig replaces the settings of one type and keeps the others. Errors are those of SetConfig, but for a version.
func (c *Configs) MergeConfig(ctx context.Context, robot tonypi.RobotID, configType string, data json.RawMessage, by tonypi.Caller) (tonypi.RobotConfig, error) {
	return c.change(ctx, robot, by, func(now tonypi.RobotConfig) (json.RawMessage, error) {
		all := map[string]json.RawMessage{}
		if err := json.Unmarshal(now.Settings, &all); err != nil {
			return nil, fmt.Errorf("read stored settings: %w", err)
		}
		all = maps.Clone(all)
		all[configType] = data
		b, err := json.Marshal(all)
		if err != nil {
			return nil, tonypi.Wrap(tonypi.Invalid, err, "config_data must be a JSON object")
		}
		return b, nil
	})
}

// change stores and tells what edit makes of a robot's settings.
func (c *Configs) change(ctx context.Context, robot tonypi.RobotID, by tonypi.Caller, edit func(tonypi.RobotConfig) (json.RawMessage, error)) (tonypi.RobotConfig, error) {
	if _, err := c.cfg.Robots.Robot(robot); err != nil {
		return tonypi.RobotConfig{}, err
	}
	c.changing.Lock()
	defer c.changing.Unlock()
	next := c.present(robot)
	settings, err := edit(next)
	if err == nil {
		settings, err = checkSettings(settings)
	}
	if err != nil {
		return tonypi.RobotConfig{}, err
	}
	now := time.Now()
	next.Settings, next.Version = settings, next.Version+1
	next.UpdatedBy, next.UpdatedAt = by.Name, stamp(now)
	if _, err := wire.EncodeConfig(wire.Config{Type: "all", Data: settings, Version: next.Version}); err != nil {
		return tonypi.RobotConfig{}, err
	}
	if err := c.store(ctx, next); err != nil {
		return tonypi.RobotConfig{}, err
	}
	next = c.keep(next, now)
	c.cfg.Record.Record(tonypi.AuditEntry{
		Time: next.UpdatedAt, User: by.Name, Role: by.Role, Address: by.Address, Action: "robot.config", Robot: robot,
		Target: fmt.Sprintf("version %d", next.Version), OK: true, Message: "Changed the settings", Details: bounded(settings),
	})
	if err := c.tell(context.WithoutCancel(ctx), next); err != nil {
		c.cfg.Log.Warn("settings not published, they are tried again", "robot", robot, "err", err)
	}
	return next, nil
}

func (c *Configs) store(ctx context.Context, r tonypi.RobotConfig) error {
	within, cancel := context.WithTimeout(ctx, configWithin)
	defer cancel()
	err := c.cfg.Store.SaveRobotConfig(within, r)
	if err == nil || outbox.Refused(err) {
		return err
	}
	return tonypi.Wrap(tonypi.Unavailable, err, "The settings were not changed: the database does not answer")
}

// keep takes new settings into memory. What the robot said while the store was at work must not get lost.
func (c *Configs) keep(next tonypi.RobotConfig, now time.Time) tonypi.RobotConfig {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.robots[next.Robot]
	if r == nil {
		r = &configured{}
		c.robots[next.Robot] = r
	} else {
		next.AppliedVersion, next.AppliedAt, next.Message = r.c.AppliedVersion, r.c.AppliedAt, r.c.Message
	}
	r.c, r.publish = next, now.Add(configRetry) // unless it is told before
	return next
}

// bounded returns settings for the audit log, unless they are too long for it.
func bounded(settings json.RawMessage) json.RawMessage {
	if len(settings) > maxAuditDetails {
		return nil
	}
	return settings
}

// Take notes what a robot says about its settings. It does not block.
func (c *Configs) Take(u *tonypi.Update) {
	var version int64
	message, ok := "", true
	switch {
	case u.Ack != nil && u.Ack.Config > 0:
		version, message, ok = u.Ack.Config, cut(u.Ack.Message, maxConfigText), u.Ack.Success
	case u.Presence != nil && u.Presence.Config > 0:
		version = u.Presence.Config
	default:
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.robots[u.Robot]
	if r == nil {
		return
	}
	before := r.c
	if ok {
		r.c.AppliedVersion = version
	}
	if u.Ack != nil && u.Ack.Config == r.c.Version {
		r.c.Message = message
	}
	if r.c.AppliedVersion != before.AppliedVersion {
		r.c.AppliedAt = stamp(u.At)
	}
	r.unsaved = r.unsaved || r.c.AppliedVersion != before.AppliedVersion || r.c.Message != before.Message
	// A robot that refused a version is not asked again and again; one that obeys another may not have got it.
	if ok && version != r.c.Version && r.publish.IsZero() && u.At.Sub(r.told) >= configRepeat {
		r.publish = u.At
	}
}

// Connected publishes a robot's settings anew, unless it obeys them. It does not block.
func (c *Configs) Connected(robot tonypi.RobotID) {
	c.mu.Lock()
	r := c.robots[robot]
	drifted := r != nil && r.c.AppliedVersion != r.c.Version
	if drifted {
		r.publish = time.Now()
	}
	c.mu.Unlock()
	if !drifted {
		return
	}
	select {
	case c.urge <- struct{}{}:
	default:
	}
}

// Forget drops a robot that was removed, also from the broker's memory.
func (c *Configs) Forget(robot tonypi.RobotID) {
	c.changing.Lock()
	defer c.changing.Unlock()
	c.mu.Lock()
	_, known := c.robots[robot]
	delete(c.robots, robot)
	c.mu.Unlock()
	if !known {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), configWithin)
	defer cancel()
	if err := c.cfg.Bus.Publish(ctx, wire.Message{Topic: wire.ConfigTopic(robot), QoS: 1, Retain: true}); err != nil {
		c.cfg.Log.Warn("the broker keeps settings of a removed robot", "robot", robot, "err", err)
	}
}

// compact returns JSON without white space, or an Invalid error.
func compact(data json.RawMessage) (json.RawMessage, error) {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return nil, tonypi.Wrap(tonypi.Invalid, err, "settings must be a JSON object")
	}
	return b.Bytes(), nil
}
