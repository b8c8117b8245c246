package tonypi

import "net/netip"

// metadata are the addresses at which clouds tell a machine its own secrets; no robot lives there.
var metadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("fd00:ec2::254")}

// Host returns the address at which the server may reach the robot: only the one in its row, and only if it can be one
// machine's. The error is Conflict, with the reason. Loopback addresses pass: callers refuse them unless robots may run on
// the server's own machine.
func (r Robot) Host() (netip.Addr, error) {
	if r.Address == "" {
		return netip.Addr{}, Errorf(Conflict, "Robot '%s' has no IP address. Ensure robot is online.", r.ID)
	}
	addr, err := netip.ParseAddr(r.Address)
	if err != nil {
		return netip.Addr{}, Errorf(Conflict, "Robot '%s' has the address %q, which is not an IP address", r.ID, r.Address)
	}
	addr = addr.Unmap()
	if !Reachable(addr) {
		return netip.Addr{}, Errorf(Conflict, "Robot '%s' has the address %s, which cannot be a robot's", r.ID, addr)
	}
	return addr, nil
}

// Reachable reports whether addr can be one machine that the server may connect to: not unspecified, multicast, broadcast
// or a cloud's metadata service.
func Reachable(addr netip.Addr) bool {
	addr = addr.Unmap()
	if !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false
	}
	for _, m := range metadata {
		if addr.WithZone("") == m {
			return false
		}
	}
	return true
}
