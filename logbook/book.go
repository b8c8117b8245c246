package logbook

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"tonypi"
)

// Bounds of what is written down.
const (
	maxMessage = 4000     // characters of a line
	maxSay     = 1000     // characters of an audit entry's message
	maxName    = 200      // bytes of other texts
	maxDetails = 16 << 10 // bytes; longer ones are left out
	robotRate  = 50       // lines a second of one robot
	robotBurst = 1000
	sayEvery   = 10 * time.Second // how often it is said what was dropped
	maxTaken   = 64               // messages of a robot that a repeated one is known by
)

// Config is what a Book works with. All fields are needed but those that say otherwise.
type Config struct {
	Logs  tonypi.LogStore
	Audit tonypi.AuditStore
	Show  tonypi.Shower
	// Retention says by level how long lines are kept; a level that is missing or not positive has the one of DefaultRetention. Audit entries
	// are kept for ever.
	Retention map[string]time.Duration
	// Log must not lead back into the Book: give it the logger that Handler wraps.
	Log *slog.Logger
}

// DefaultRetention is how long lines are kept.
func DefaultRetention() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{
		"DEBUG": 30 * day, "INFO": 30 * day, "WARNING": 90 * day, "ERROR": 90 * day, "CRITICAL": 90 * day,
	}
}

// Book writes the log and the audit log. It is a tonypi.Recorder and safe for concurrent use.
type Book struct {
	config Config
	lines  *queue[tonypi.LogEntry]
	deeds  *queue[tonypi.AuditEntry]
	robots *limiter // what robots write, by robot
	about  *limiter // what engines write about robots, by robot
	own    *limiter // what the server's parts write, by component and message
	inbox  chan tonypi.LogEntry

	// Numbers of the newest entries; each guarded by its queue's lock.
	lastLine, lastDeed int64

	seed  maphash.Seed
	mu    sync.Mutex
	taken map[tonypi.RobotID]*[maxTaken]uint64 // hashes of the newest messages, a ring
	next  map[tonypi.RobotID]int
}

// New makes an empty Book. Call Load before use; nothing runs before Run.
func New(c Config) *Book {
	retention := DefaultRetention()
	for level, keep := range c.Retention {
		if keep > 0 {
			retention[level] = keep
		}
	}
	c.Retention = retention
	return &Book{
		config: c,
		lines:  newQueue("log lines", c.Log, lineKey, c.Logs.AppendLogs),
		deeds:  newQueue("audit entries", c.Log, deedKey, c.Audit.AppendAudit),
		robots: newLimiter(robotRate, robotBurst),
		about:  newLimiter(robotRate, robotBurst),
		own:    newLimiter(ownRate, ownBurst),
		inbox:  make(chan tonypi.LogEntry, maxInbox),
		seed:   maphash.MakeSeed(),
		taken:  make(map[tonypi.RobotID]*[maxTaken]uint64),
		next:   make(map[tonypi.RobotID]int),
	}
}

// Load reads which IDs were given before.
func (b *Book) Load(ctx context.Context) error {
	line, err := b.config.Logs.LastLogID(ctx)
	if err != nil {
		return fmt.Errorf("load last log ID: %w", err)
	}
	deed, err := b.config.Audit.LastAuditID(ctx)
	if err != nil {
		return fmt.Errorf("load last audit ID: %w", err)
	}
	b.lastLine, b.lastDeed = line, deed
	return nil
}

// Run writes behind and deletes what is too old every hour, until ctx ends. Before it returns it tries for five seconds to
// write what is left.
func (b *Book) Run(ctx context.Context) error {
	var working sync.WaitGroup
	working.Go(func() { b.listen(ctx) })
	working.Go(func() { b.purge(ctx) })
	writing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var writers sync.WaitGroup
	writers.Go(func() { b.lines.Run(writing) })
	writers.Go(func() { b.deeds.Run(writing) })
	working.Wait()
	stop() // the last lines are queued now
	writers.Wait()
	return nil
}

// listen takes the server's own lines in and says now and then what was dropped.
func (b *Book) listen(ctx context.Context) {
	ticker := time.NewTicker(sayEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			for {
				select {
				case e := <-b.inbox:
					b.Log(e)
				default:
					b.sayLosses(time.Now())
					return
				}
			}
		case e := <-b.inbox:
			b.Log(e)
		case now := <-ticker.C:
			b.sayLosses(now)
		}
	}
}

// sayLosses writes one line for each source that was too loud.
func (b *Book) sayLosses(now time.Time) {
	lost := func(l loss, what string) {
		_, _ = b.Write(tonypi.LogEntry{
			Level: "WARNING", Category: "robot", Source: "logbook", Robot: tonypi.RobotID(l.source),
			Message: fmt.Sprintf("%d log lines %s this robot were dropped: more than %d a second", l.count, what, robotRate),
		})
	}
	for _, l := range b.robots.losses(now) {
		lost(l, "of")
	}
	for _, l := range b.about.losses(now) {
		lost(l, "about")
	}
	for _, l := range b.own.losses(now) {
		component, message, _ := strings.Cut(l.source, "\x00")
		_, _ = b.Write(tonypi.LogEntry{
			Level: "WARNING", Category: category(component), Source: component,
			Message: fmt.Sprintf("%s (%d more times)", message, l.count),
		})
	}
}

// Log adds a line of the server. An unknown level is INFO, an empty category "system". Lines about one robot are bounded as
// those of the robot are: it may be the reason for them.
func (b *Book) Log(e tonypi.LogEntry) {
	if e.Robot != "" && b.about.allow(string(e.Robot), 1, time.Now()) == 0 {
		return
	}
	_, _ = b.Write(e) // the queue has counted and said that it is full
}

// Write is Log without that bound; it returns the line as it will be stored, or an Unavailable error when too many lines wait for the store.
func (b *Book) Write(e tonypi.LogEntry) (tonypi.LogEntry, error) {
	if e.Level = strings.ToUpper(e.Level); !slices.Contains(tonypi.LogLevels, e.Level) {
		e.Level = "INFO"
	}
	e.Category = cut(cmp.Or(e.Category, "system"), maxName)
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC()
	e.Source, e.Message = cut(e.Source, maxName), cutRunes(e.Message, maxMessage)
	e.Details = bounded(e.Details)
	list := []tonypi.LogEntry{e}
	if !b.lines.put(list, b.numberLine) {
		return e, tonypi.Errorf(tonypi.Unavailable, "too many log lines wait for the database")
	}
	b.show(list)
	return list[0], nil
}

// Record adds to the audit log.
func (b *Book) Record(e tonypi.AuditEntry) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	e.Time = e.Time.UTC()
	e.User, e.Target, e.Address = cut(e.User, maxName), cut(e.Target, maxName), cut(e.Address, maxName)
	e.Message, e.Details = cutRunes(e.Message, maxSay), bounded(e.Details)
	b.deeds.put([]tonypi.AuditEntry{e}, b.numberDeed)
}

func lineKey(e tonypi.LogEntry) (int64, tonypi.RobotID) { return e.ID, e.Robot }

func deedKey(e tonypi.AuditEntry) (int64, tonypi.RobotID) { return e.ID, e.Robot }

func (b *Book) numberLine(e *tonypi.LogEntry) {
	b.lastLine++
	e.ID = b.lastLine
}

func (b *Book) numberDeed(e *tonypi.AuditEntry) {
	b.lastDeed++
	e.ID = b.lastDeed
}

func (b *Book) show(lines []tonypi.LogEntry) {
	for i := range lines {
		line := lines[i]
		b.config.Show.Show(tonypi.Event{Kind: tonypi.LogWritten, Robot: line.Robot, Time: line.Time, Log: &line})
	}
}

// Take writes down what a robot says and returns the promise that it is stored, or nil when there is nothing to store. A
// message that was taken before adds nothing. It does not block on stores.
func (b *Book) Take(u *tonypi.Update) tonypi.Commit {
	if len(u.Logs) == 0 {
		return nil
	}
	hash, known := b.knows(u)
	if known {
		return b.lines.commit()
	}
	lines := make([]tonypi.LogEntry, b.robots.allow(string(u.Robot), len(u.Logs), u.At))
	for i := range lines {
		l := u.Logs[i]
		l.Robot, l.Category, l.Message = u.Robot, robotCategory(l.Source), cutRunes(l.Message, maxMessage)
		if l.Time.IsZero() {
			l.Time = u.At
		}
		l.Time = l.Time.UTC()
		lines[i] = l
	}
	if len(lines) == 0 {
		return nil
	}
	if !b.lines.put(lines, b.numberLine) {
		return full{}
	}
	b.remember(u.Robot, hash)
	b.show(lines)
	return b.lines.commit()
}

// full is the promise about lines that found no room.
type full struct{}

func (full) Wait(context.Context) error {
	return tonypi.Errorf(tonypi.Unavailable, "too many log lines wait for the database")
}

// knows reports whether a message of a robot was taken before. One without a stamp of the robot is always new.
func (b *Book) knows(u *tonypi.Update) (hash uint64, known bool) {
	if u.Sent.IsZero() {
		return 0, false
	}
	var h maphash.Hash
	h.SetSeed(b.seed)
	_, _ = fmt.Fprint(&h, u.Sent.UnixNano(), len(u.Logs))
	for _, l := range u.Logs {
		_, _ = h.WriteString(l.Message)
		_ = h.WriteByte(0)
	}
	hash = h.Sum64() | 1 // 0 is an empty place in the ring
	b.mu.Lock()
	defer b.mu.Unlock()
	ring := b.taken[u.Robot]
	return hash, ring != nil && slices.Contains(ring[:], hash)
}

func (b *Book) remember(robot tonypi.RobotID, hash uint64) {
	if hash == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	ring := b.taken[robot]
	if ring == nil {
		ring = new([maxTaken]uint64)
		b.taken[robot] = ring
	}
	ring[b.next[robot]%maxTaken] = hash
	b.next[robot]++
}

// Forget drops what is remembered of a removed robot. Its lines stay as long as others.
func (b *Book) Forget(robot tonypi.RobotID) {
	b.robots.forget(string(robot))
	b.about.forget(string(robot))
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.taken, robot)
	delete(b.next, robot)
}

// robotCategory is where a robot's line belongs.
func robotCategory(source string) string {
	switch source = strings.ToLower(source); source {
	case "":
		return "robot"
	case "emergency":
		return "emergency"
	}
	return cut("robot_"+source, maxName)
}

// Stats tells how the Book keeps up.
type Stats struct {
	Pending      int    // lines that the store does not have yet
	Dropped      uint64 // lines dropped since the start because too many waited
	Limited      uint64 // lines dropped since the start because their source was too loud
	AuditPending int
	AuditDropped uint64
}

// Stats returns the counters.
func (b *Book) Stats() Stats {
	var s Stats
	s.Pending, s.Dropped = b.lines.Pending(), b.lines.Dropped()
	s.AuditPending, s.AuditDropped = b.deeds.Pending(), b.deeds.Dropped()
	s.Limited = b.robots.count() + b.about.count() + b.own.count()
	return s
}

// bounded leaves details out that are no JSON or too long.
func bounded(details json.RawMessage) json.RawMessage {
	if len(details) > maxDetails || !json.Valid(details) {
		return nil
	}
	return details
}

// cut shortens s to at most n bytes without splitting a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// cutRunes shortens s to at most n characters.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}
