package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tonypi"
)

// SQL is the suite that every relational store must pass. open returns a fresh, empty store that ends with the test.
func SQL(t *testing.T, open func(t *testing.T) Stores) {
	for _, test := range slices.Concat(robotTests, alertTests, userTests, shelfTests, logTests, jobTests, commandTests) {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

type sqlTest struct {
	name string
	run  func(t *testing.T, s Stores)
}

// hostile are texts that must come back as they are, or be refused: never anything else.
var hostile = []string{
	`'; DROP TABLE users; --`, `" OR 1=1 --`, `\'; DELETE FROM robots; --`, `$1`, `?`, `%`, `_`, `%s%d`, `\x00`, `\u0000`, `{}`, `[]`,
	`NULL`, ` `, `日本語`, `🤖`, `Ünïcödé`, "e\u0301", "\u202eabc", "tab\tline\nend", `<script>alert(1)</script>`, strings.Repeat("x", 255),
}

// noon is a time that every store keeps exactly.
var noon = time.Date(2026, 11, 23, 12, 0, 0, int(123*time.Millisecond), time.UTC)

func at(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

func wantKind(t *testing.T, err error, kind tonypi.Kind, message string) {
	t.Helper()
	var e *tonypi.Error
	if !errors.As(err, &e) || e.Kind != kind || !strings.Contains(e.Message, message) {
		t.Errorf("error is %v, want %v with %q", err, kind, message)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func got[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		must(t, err)
		return v
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// together runs f n times at once and returns how often it succeeded; another error than kind is a failure.
func together(t *testing.T, n int, kind tonypi.Kind, f func(i int) error) int {
	t.Helper()
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	fine := 0
	for _, err := range errs {
		switch {
		case err == nil:
			fine++
		case tonypi.KindOf(err) != kind:
			t.Errorf("error is %v, want %v", err, kind)
		}
	}
	return fine
}

func ids[T any, K any](rows []T, id func(T) K) []K {
	var out []K
	for _, row := range rows {
		out = append(out, id(row))
	}
	return out
}

func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func wantCancelled(t *testing.T, calls map[string]error) {
	t.Helper()
	for name, err := range calls {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s returned %v, want %v", name, err, context.Canceled)
		}
	}
}
