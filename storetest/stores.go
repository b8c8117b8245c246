// Package storetest is for tests only: stores and buses in memory, and the suites that every store and bus must pass, so
// that the ones in memory cannot lie about the real ones.
package storetest

import (
	"math"
	"strings"
	"sync"
	"time"

	"tonypi"
)

// Stores is everything that a relational store keeps.
type Stores interface {
	tonypi.RobotStore
	tonypi.AlertStore
	tonypi.RuleStore
	tonypi.UserStore
	tonypi.SessionStore
	tonypi.CredentialStore
	tonypi.SettingStore
	tonypi.CommandStore
	tonypi.ConfigStore
	tonypi.JobStore
	tonypi.ItemStore
	tonypi.LogStore
	tonypi.AuditStore
	tonypi.ReportStore
	tonypi.TerminalStore
}

// Memory is a Stores without a database. Like the real ones it keeps times to the millisecond in UTC, replaces NUL and
// broken UTF-8 in free text by U+FFFD, and refuses both in names and keys.
type Memory struct {
	mu          sync.Mutex
	robots      map[tonypi.RobotID]tonypi.Robot
	alerts      map[int64]tonypi.Alert
	rules       map[int64]tonypi.Rule
	lastRule    int64
	users       map[string]tonypi.User
	sessions    map[string]tonypi.Session
	credentials map[string]tonypi.Credential
	settings    map[string]string
	commands    map[string]tonypi.Command
	configs     map[tonypi.RobotID]tonypi.RobotConfig
	jobs        map[int64]tonypi.Job
	items       map[string]tonypi.Item
	scans       map[int64]tonypi.ScanRecord
	logs        map[int64]tonypi.LogEntry
	audit       map[int64]tonypi.AuditEntry
	reports     map[int64]tonypi.Report
	lastReport  int64
	hostKeys    map[tonypi.RobotID]tonypi.HostKey
	access      map[tonypi.RobotID]tonypi.SSHAccess
	recordings  map[string]tonypi.Recording
}

var _ Stores = (*Memory)(nil)

// NewStores returns an empty store in memory.
func NewStores() *Memory {
	return &Memory{
		robots:      map[tonypi.RobotID]tonypi.Robot{},
		alerts:      map[int64]tonypi.Alert{},
		rules:       map[int64]tonypi.Rule{},
		users:       map[string]tonypi.User{},
		sessions:    map[string]tonypi.Session{},
		credentials: map[string]tonypi.Credential{},
		settings:    map[string]string{},
		commands:    map[string]tonypi.Command{},
		configs:     map[tonypi.RobotID]tonypi.RobotConfig{},
		jobs:        map[int64]tonypi.Job{},
		items:       map[string]tonypi.Item{},
		scans:       map[int64]tonypi.ScanRecord{},
		logs:        map[int64]tonypi.LogEntry{},
		audit:       map[int64]tonypi.AuditEntry{},
		reports:     map[int64]tonypi.Report{},
		hostKeys:    map[tonypi.RobotID]tonypi.HostKey{},
		access:      map[tonypi.RobotID]tonypi.SSHAccess{},
		recordings:  map[string]tonypi.Recording{},
	}
}

const maxKey = 255 // bytes

func sound(key string) bool {
	return key != "" && len(key) <= maxKey && clean(key) == key
}

func checkKey(what, key string) error {
	if !sound(key) {
		return tonypi.Errorf(tonypi.Invalid, "%s must have 1 to %d bytes of plain text", what, maxKey)
	}
	return nil
}

func checkFinite(values ...float64) error {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return tonypi.Errorf(tonypi.Invalid, "values and thresholds must be finite numbers")
		}
	}
	return nil
}

func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func millis(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

func orNow(t time.Time) time.Time {
	if t.IsZero() {
		t = time.Now()
	}
	return millis(t)
}
