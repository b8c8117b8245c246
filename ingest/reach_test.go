package ingest

import (
	"net/netip"
	"testing"

	"tonypi"
)

func TestARobotIsWhereItsConnectionComesFrom(t *testing.T) {
	r := NewRegistry(RegistryConfig{RobotNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}})
	for _, test := range []struct{ claimed, from, want string }{
		{"10.0.0.9", "10.0.0.9", "10.0.0.9"},
		{"192.168.1.1", "10.0.0.9", "10.0.0.9"},
		{"169.254.169.254", "10.0.0.9", "10.0.0.9"},
		{"router.example", "10.0.0.9", "10.0.0.9"},
		{"", "10.0.0.9", "10.0.0.9"},
		{"10.1.2.3", "172.17.0.1", "10.1.2.3"},
		{"::ffff:10.1.2.3", "172.17.0.1", "::ffff:10.1.2.3"},
		{"10.2.2.3", "172.17.0.1", "172.17.0.1"},
		{"10.2.2.3", "", ""}, // a broker that does not tell
		{"10.1.2.3", "", "10.1.2.3"},
	} {
		p := tonypi.Presence{Status: "online", Address: test.claimed}
		if r.reached(&p, test.from); p.Address != test.want {
			t.Errorf("%q from %q is at %q, want %q", test.claimed, test.from, p.Address, test.want)
		}
	}
	will := tonypi.Presence{Status: tonypi.StatusLost}
	if r.reached(&will, "10.0.0.9"); will.Address != "" {
		t.Errorf("a last will has the address %q", will.Address)
	}
}
