package ingest

import (
	"net/netip"
	"slices"

	"tonypi"
)

// reached replaces an address that a robot only claims by the one that its connection comes from: cameras and terminals are
// looked for there, and a robot must not send the server to any host it likes. What lies in RobotNetworks is believed, for
// robots whose connections come through a gateway. from is empty when the broker does not tell.
func (r *Registry) reached(p *tonypi.Presence, from string) {
	if p.Address == from || p.Status == tonypi.StatusLost {
		return
	}
	claimed, err := netip.ParseAddr(p.Address)
	if err == nil && slices.ContainsFunc(r.config.RobotNetworks, func(n netip.Prefix) bool { return n.Contains(claimed.Unmap()) }) {
		return
	}
	p.Address = from
}
