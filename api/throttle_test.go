package api

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottleSlowsGuessingDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		refused := 0
		for range accountBurst + 5 {
			if a := f.do("POST", "/auth/login", "", login("admin", "wrong")); a.status == 429 {
				refused++
				if a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "wait") {
					t.Errorf("refusal %v %s", a.header, a.body)
				}
			}
		}
		if refused != 5 {
			t.Errorf("%d of the attempts were refused, want 5", refused)
		}
		f.do("POST", "/auth/login", "", login("admin", password)).want(429) // from an address that nobody knows
		f.do("POST", "/auth/login", "", login("viewer", password)).want(200)
		time.Sleep(accountEvery)
		f.do("POST", "/auth/login", "", login("admin", password)).want(200) // never locked out
	})
}

func TestAttackedAccountStaysOpenForItsOwner(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.address = "198.51.100.7:999"
				f.do("POST", "/auth/login", "", login("admin", password)).want(200)
				if restart {
					f.server.auth.throttle = newThrottle() // the stored session knows the address
				}
				for i := range 100 {
					f.address = fmt.Sprintf("203.0.113.%d:999", i)
					f.do("POST", "/auth/login", "", login("admin", "wrong"))
				}
				f.do("POST", "/auth/login", "", login("admin", password)).want(429)
				f.address = "198.51.100.7:999"
				f.do("POST", "/auth/login", "", login("admin", password)).want(200)
			})
		})
	}
}

func TestThrottlePerAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		for i := range addressBurst {
			f.do("POST", "/auth/login", "", login(fmt.Sprintf("user%d", i), "wrong")).want(401)
		}
		f.do("POST", "/auth/login", "", login("userx", "wrong")).want(429)
		f.address = "192.0.2.77:1"
		f.do("POST", "/auth/login", "", login("userx", "wrong")).want(401)
		time.Sleep(addressEvery)
		f.address = "192.0.2.1:1"
		f.do("POST", "/auth/login", "", login("userx", "wrong")).want(401)
	})
}

func TestNetwork(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"192.0.2.1", "192.0.2.1"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
		{"@", "@"},
	} {
		if got := network(c.address); got != c.want {
			t.Errorf("%s: %s, want %s", c.address, got, c.want)
		}
	}
}

func TestBucketsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBuckets(2, time.Hour)
		for i := range maxBuckets + 2000 {
			if err := b.take(fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
			if len(b.all) > maxBuckets {
				t.Fatalf("%d buckets", len(b.all))
			}
		}
		time.Sleep(2 * time.Hour)
		b.makeRoom()
		for i := range 2000 { // all are full again and make room before any that is in use
			_ = b.take(fmt.Sprint("x", i))
		}
		if len(b.all) > maxBuckets {
			t.Errorf("%d buckets", len(b.all))
		}
		th := newThrottle()
		for i := range maxBuckets + 1 {
			th.succeeded("u", fmt.Sprint(i))
		}
		if len(th.known) > maxBuckets {
			t.Errorf("%d known addresses", len(th.known))
		}
	})
}
