package logbook

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"tonypi"
)

// Bounds of the server's own lines.
const (
	maxInbox  = 1000 // lines that wait to become entries
	ownRate   = 0.5  // a second, of one component and message
	ownBurst  = 30
	maxAttrs  = 32
	maxAttr   = 1000 // bytes of a text
	secretGap = "[secret]"
)

// silentComponents are the parts whose lines never come back into the log: writing them down would make more of them.
var silentComponents = map[string]bool{"logbook": true, "sqlstore": true}

// Handler returns a handler that gives records to next and also writes those of Info and above into the Book: category and
// source by the attribute "component", the other attributes into the details, those that name a secret without their value.
// It does not block; when too many records wait they are dropped and counted. Attributes in groups get dotted names.
func (b *Book) Handler(next slog.Handler) slog.Handler { return &handler{book: b, next: next} }

type handler struct {
	book      *Book
	next      slog.Handler
	component string
	group     string // with a dot at its end, or empty
	attrs     []attr
}

type attr struct {
	name  string
	value any
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level) || h.writes(level)
}

func (h *handler) writes(level slog.Level) bool {
	return level >= slog.LevelInfo && !silentComponents[h.component]
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	if h.writes(r.Level) {
		h.write(r)
	}
	if h.next.Enabled(ctx, r.Level) {
		return h.next.Handle(ctx, r)
	}
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	to := *h
	to.next = h.next.WithAttrs(attrs)
	to.attrs = h.attrs[:len(h.attrs):len(h.attrs)]
	for _, a := range attrs {
		if h.group == "" && a.Key == "component" {
			to.component = a.Value.String()
			continue
		}
		to.attrs = flatten(to.attrs, h.group, a)
	}
	return &to
}

func (h *handler) WithGroup(name string) slog.Handler {
	to := *h
	to.next = h.next.WithGroup(name)
	if name != "" {
		to.group = h.group + name + "."
	}
	return &to
}

// write queues a record as a line.
func (h *handler) write(r slog.Record) {
	component, attrs := h.component, h.attrs[:len(h.attrs):len(h.attrs)]
	r.Attrs(func(a slog.Attr) bool {
		if h.group == "" && a.Key == "component" {
			component = a.Value.String()
		} else {
			attrs = flatten(attrs, h.group, a)
		}
		return true
	})
	if silentComponents[component] {
		return
	}
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	if h.book.own.allow(component+"\x00"+cut(r.Message, maxName), 1, at) == 0 {
		return
	}
	e := tonypi.LogEntry{
		Time: at, Level: levelName(r.Level), Category: category(component), Source: component, Message: r.Message,
		Details: details(attrs),
	}
	select {
	case h.book.inbox <- e:
	default:
		h.book.own.miss()
	}
}

// flatten appends an attribute, and the members of a group each.
func flatten(list []attr, prefix string, a slog.Attr) []attr {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, member := range v.Group() {
			list = flatten(list, prefix, member)
		}
		return list
	}
	if a.Key == "" || len(list) >= maxAttrs {
		return list
	}
	if secret(prefix + a.Key) {
		return append(list, attr{prefix + a.Key, secretGap})
	}
	return append(list, attr{prefix + a.Key, plain(v)})
}

// secret reports whether an attribute of that name, or of a group of that name, must not be written down.
func secret(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"password", "passwd", "passphrase", "token", "secret", "credential", "authorization", "cookie"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	for part := range strings.SplitSeq(name, ".") {
		if part == "key" || strings.HasSuffix(part, "_key") || strings.HasSuffix(part, "-key") || strings.HasSuffix(part, "apikey") {
			return true
		}
	}
	return false
}

// plain makes a value that JSON can hold.
func plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindBool:
		return v.Bool()
	case slog.KindInt64:
		return v.Int64()
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindFloat64:
		if f := v.Float64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	case slog.KindTime:
		return v.Time().UTC()
	case slog.KindAny:
		if err, ok := v.Any().(error); ok && err != nil {
			return cut(err.Error(), maxAttr)
		}
		return cut(fmt.Sprint(v.Any()), maxAttr)
	}
	return cut(v.String(), maxAttr)
}

func details(attrs []attr) json.RawMessage {
	if len(attrs) == 0 {
		return nil
	}
	fields := make(map[string]any, len(attrs))
	for _, a := range attrs {
		fields[a.name] = a.value
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return nil // a time beyond the year 9999; the message counts
	}
	return b
}

func levelName(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	}
	return "INFO"
}

// category is where the lines of a part of the server belong.
func category(component string) string {
	switch component {
	case "mqtt", "api", "command", "alert", "report", "job":
		return component
	case "ingest", "agent":
		return "robot"
	case "tsdb", "sqlstore":
		return "database"
	case "camera":
		return "vision"
	}
	return "system"
}
