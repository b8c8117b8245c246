package tonypi_test

import (
	"testing"
	"time"

	"tonypi"
)

func TestTickets(t *testing.T) {
	var tickets tonypi.Tickets
	now := time.Now()
	ada := tonypi.Caller{Name: "ada", Role: tonypi.Operator}
	issue := func() string {
		t.Helper()
		text, err := tickets.Issue(ada, "r1", now)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	redeem := func(text string, robot tonypi.RobotID, after time.Duration, want bool) {
		t.Helper()
		by, err := tickets.Redeem(text, robot, now.Add(after))
		if want != (err == nil) || want && by != ada || !want && tonypi.KindOf(err) != tonypi.Unauthenticated {
			t.Errorf("Redeem(%q, %s) after %v: %+v, %v", text, robot, after, by, err)
		}
	}
	used := issue()
	redeem(used, "r1", 0, true)
	redeem(used, "r1", 0, false)
	redeem(issue(), "r2", 0, false)
	redeem(issue(), "r1", tonypi.TicketLife, false)
	redeem(issue(), "r1", tonypi.TicketLife-1, true)
	redeem("", "r1", 0, false)

	for range 20 {
		issue()
	}
	if _, err := tickets.Issue(ada, "r1", now); tonypi.KindOf(err) != tonypi.TooMany {
		t.Errorf("the 21st open ticket: %v", err)
	}
	if _, err := tickets.Issue(tonypi.Caller{Name: "bob"}, "r1", now); err != nil {
		t.Errorf("another person's ticket: %v", err)
	}
	if _, err := tickets.Issue(ada, "r1", now.Add(tonypi.TicketLife)); err != nil {
		t.Errorf("a ticket after the others ran out: %v", err)
	}
}

func TestRobotHost(t *testing.T) {
	for address, want := range map[string]string{
		"192.168.1.7": "192.168.1.7", "::ffff:10.0.0.1": "10.0.0.1", "fe80::1%eth0": "fe80::1%eth0", "127.0.0.1": "127.0.0.1",
		"": "", "robot.local": "", "192.168.1.7:22": "", "0.0.0.0": "", "::": "", "224.0.0.1": "", "ff02::1": "", "255.255.255.255": "",
		"169.254.169.254": "", "::ffff:169.254.169.254": "", "fd00:ec2::254": "",
	} {
		got, err := tonypi.Robot{ID: "r1", Address: address}.Host()
		switch {
		case want == "" && tonypi.KindOf(err) != tonypi.Conflict:
			t.Errorf("Host of %q = %v, %v; want a Conflict", address, got, err)
		case want != "" && (err != nil || got.String() != want):
			t.Errorf("Host of %q = %v, %v; want %s", address, got, err, want)
		}
	}
}
