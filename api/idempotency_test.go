package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tonypi"
)

func TestIdempotencyKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		operator := f.tokens[tonypi.Operator]
		first := f.do("POST", "/robots", operator, `{"robot_id":"r2"}`, idempotencyHeader, "one").want(201)
		again := f.do("POST", "/robots", operator, `{"robot_id":"r2"}`, idempotencyHeader, "one").want(201)
		if first.body != again.body || again.header.Get("Idempotency-Replayed") != "true" || again.header.Get("Content-Type") != "application/json" {
			t.Errorf("first %s, again %s %v", first.body, again.body, again.header)
		}
		f.do("POST", "/robots", operator, `{"robot_id":"r3"}`, idempotencyHeader, "one").detail(400, "This Idempotency-Key was used for another request")
		f.do("POST", "/robots", f.tokens[tonypi.Admin], `{"robot_id":"r2"}`, idempotencyHeader, "one").want(409) // somebody else's key
		f.do("POST", "/robots", f.tokens[tonypi.Viewer], `{"robot_id":"r2"}`, idempotencyHeader, "one").want(403)
		f.do("POST", "/robots", operator, `{"robot_id":"r2"}`).want(409)
		f.do("POST", "/robots", operator, `{"robot_id":"r2"}`, idempotencyHeader, fmt.Sprintf("%0101d", 1)).want(400)

		// A failure is not remembered.
		f.do("POST", "/robots", operator, `{"robot_id":"r1"}`, idempotencyHeader, "two").want(409)
		f.do("DELETE", "/robots/r1", f.tokens[tonypi.Admin], "").want(204)
		f.do("POST", "/robots", operator, `{"robot_id":"r1"}`, idempotencyHeader, "two").want(201)

		time.Sleep(repeatFor)
		fresh, _ := f.signIn("operator")
		f.do("POST", "/robots", fresh, `{"robot_id":"r2"}`, idempotencyHeader, "one").want(409)
	})
}

func TestRepeatsAreBoundedAndExclusive(t *testing.T) {
	var p repeats
	now := time.Now()
	body := [32]byte{1}
	for i := range 3 * maxRepeats {
		key := repeatKey{byte(i), byte(i >> 8)}
		if r, err := p.begin(key, body, now); r != nil || err != nil {
			t.Fatal(r, err)
		}
		if _, err := p.begin(key, body, now); tonypi.KindOf(err) != tonypi.Conflict {
			t.Fatalf("a request that is still running: %v", err)
		}
		if len(p.all) > maxRepeats || len(p.order) > maxRepeats {
			t.Fatalf("%d and %d are remembered", len(p.all), len(p.order))
		}
	}
	p.end(repeatKey{}, &tee{}) // dropped long ago
	last := 3*maxRepeats - 1
	p.end(repeatKey{byte(last), byte(last >> 8)}, &tee{status: 500})
	if len(p.all) != len(p.order) {
		t.Errorf("%d answers, %d keys", len(p.all), len(p.order))
	}
}
