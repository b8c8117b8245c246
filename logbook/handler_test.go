package logbook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var out bytes.Buffer
		log := slog.New(w.book.Handler(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn})))
		log.Debug("noise")
		log.With("component", "mqtt", "listener", "tcp").Info("listening", "addr", ":1883", "n", 3, "ok", true, "d", time.Second)
		log.With("component", "tsdb").Warn("slow", "err", errors.New("disk is busy"), "nan", math.NaN(), "list", []int{1, 2})
		log.With("component", "sqlstore").Error("never comes back")
		log.With("component", "logbook").Error("never comes back")
		log.Error("named in the call", "component", "sqlstore")
		log.WithGroup("g").With("a", 1).Error("grouped", slog.Group("h", "b", 2), "component", "c")
		log.Info("many", manyAttrs()...)
		synctest.Wait()
		want := []string{
			"INFO mqtt/mqtt : listening", "WARNING database/tsdb : slow", "ERROR system/ : grouped", "INFO system/ : many",
		}
		if d := cmp.Diff(want, w.texts()); d != "" {
			t.Error(d)
		}
		lines := w.lines()
		for i, want := range []string{
			`{"addr":":1883","d":"1s","listener":"tcp","n":3,"ok":true}`, `{"err":"disk is busy","list":"[1 2]","nan":"NaN"}`,
			`{"g.a":1,"g.component":"c","g.h.b":2}`,
		} {
			if got := string(lines[i].Details); got != want {
				t.Errorf("details %s, want %s", got, want)
			}
		}
		var many map[string]any
		if err := json.Unmarshal(lines[3].Details, &many); err != nil || len(many) != maxAttrs {
			t.Errorf("%d attributes, %v", len(many), err)
		}
		if got := strings.Count(out.String(), "\n"); got != 5 || strings.Contains(out.String(), "listening") {
			t.Errorf("the next handler wrote %d lines:\n%s", got, &out)
		}
	})
}

func manyAttrs() []any {
	var list []any
	for i := range 100 {
		list = append(list, fmt.Sprint("a", i), i)
	}
	return list
}

func TestHandlerHidesSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		log := slog.New(w.book.Handler(slog.DiscardHandler))
		names := []string{"password", "Password", "token", "join_token", "client_secret", "key", "api_key", "private-key", "Authorization", "cookie", "passphrase"}
		for _, name := range names {
			log.With(name, "hush").Info("with a secret", name, "hush", slog.Group("g", name, "hush"), slog.Group(name, "x", "hush"))
		}
		log.Info("open", "keys", 3, "keyboard", "qwerty", "monkey", "see")
		synctest.Wait()
		lines := w.lines()
		if len(lines) != len(names)+1 {
			t.Fatalf("%d lines", len(lines))
		}
		for _, l := range lines {
			if strings.Contains(string(l.Details), "hush") {
				t.Errorf("%s: %s", l.Message, l.Details)
			}
		}
		if got := string(lines[len(names)].Details); got != `{"keyboard":"qwerty","keys":3,"monkey":"see"}` {
			t.Error(got)
		}
	})
}

// A part that says the same over and over fills neither the log nor the memory, and is said to have.
func TestHandlerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		log := slog.New(w.book.Handler(slog.DiscardHandler)).With("component", "mqtt")
		for range 500 {
			log.Warn("client refused", "client", "x")
		}
		log.Warn("something else")
		time.Sleep(2 * sayEvery)
		synctest.Wait()
		got := map[string]int{}
		for _, l := range w.texts() {
			got[l]++
		}
		if d := cmp.Diff(map[string]int{
			"WARNING mqtt/mqtt : client refused": ownBurst, "WARNING mqtt/mqtt : something else": 1,
			"WARNING mqtt/mqtt : client refused (470 more times)": 1,
		}, got); d != "" {
			t.Error(d)
		}
		// Nobody takes lines in after the end: the handler does not wait.
		w.stop()
		log = slog.New(w.book.Handler(slog.DiscardHandler))
		for i := range maxInbox + 10 {
			log.Warn("after the end", "component", fmt.Sprint("part ", i))
		}
		if n := w.book.Stats().Limited; n < 470+10 {
			t.Errorf("%d counted as dropped", n)
		}
	})
}

// echo is a page that writes a line for every line it is shown.
type echo struct{ log *slog.Logger }

func TestHandlerDoesNotRunInCircles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		e := &echo{}
		w.book.config.Show = showFunc(func() { e.log.Info("shown a line") })
		e.log = slog.New(w.book.Handler(slog.DiscardHandler)).With("component", "live")
		e.log.Info("first")
		time.Sleep(time.Minute)
		if n := len(w.lines()); n > ownBurst+60 {
			t.Errorf("%d lines in a minute", n)
		}
	})
}

type showFunc func()

func (f showFunc) Show(tonypi.Event) { f() }
