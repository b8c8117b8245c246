package camera

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"tonypi"
)

// source returns a robot's camera URL when the server may fetch it: the host is the robot's own address, or one that the
// operator allowed. Errors: NotFound when the robot told none, Conflict with the reason otherwise.
func (r *Relay) source(robot tonypi.Robot) (*url.URL, error) {
	if robot.CameraURL == "" {
		return nil, tonypi.Errorf(tonypi.NotFound, "The robot told no camera address")
	}
	u, err := url.Parse(robot.CameraURL)
	if err != nil {
		return nil, tonypi.Errorf(tonypi.Conflict, "The robot told a camera address that is none")
	}
	if err := r.allowed(robot, u); err != nil {
		return nil, err
	}
	return u, nil
}

// allowed says whether the server may fetch u for the robot.
func (r *Relay) allowed(robot tonypi.Robot, u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return tonypi.Errorf(tonypi.Conflict, "The camera address must begin with http:// or https://")
	case u.User != nil:
		return tonypi.Errorf(tonypi.Conflict, "The camera address holds a user name, which is not allowed")
	case u.Hostname() == "":
		return tonypi.Errorf(tonypi.Conflict, "The camera address has no host")
	}
	host := u.Hostname()
	if slices.ContainsFunc(r.cfg.AllowHosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return nil // its addresses are checked when it is dialled
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return tonypi.Errorf(tonypi.Conflict, "The camera is at %q, which is neither the robot's own address nor allowed", host)
	}
	addr = addr.Unmap()
	if !r.inNetworks(addr) {
		own, err := robot.Host()
		if err != nil {
			return err
		}
		if own != addr {
			return tonypi.Errorf(tonypi.Conflict, "The camera is at %s, but the robot is at %s; the server fetches pictures only from the robot itself", addr, own)
		}
	}
	return r.mayDial(addr)
}

func (r *Relay) inNetworks(addr netip.Addr) bool {
	return slices.ContainsFunc(r.cfg.AllowNetworks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// mayDial refuses addresses at which no camera can be; the server's own machine must have been allowed in so many words.
func (r *Relay) mayDial(addr netip.Addr) error {
	addr = addr.Unmap()
	own := addr.IsLoopback() && !r.cfg.AllowLoopback && !r.inNetworks(addr)
	if !tonypi.Reachable(addr) || own {
		return tonypi.Errorf(tonypi.Conflict, "The camera is at %s, where no robot can be", addr)
	}
	return nil
}

// client fetches one robot's pictures. It goes through no proxy, and dials only addresses that it has checked itself, so
// neither a redirect nor a name that resolves to something else leads it elsewhere.
func (r *Relay) client(robot tonypi.Robot) (*http.Client, func()) {
	transport := &http.Transport{
		DialContext:            r.dial,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		TLSHandshakeTimeout:    connectWait,
		ResponseHeaderTimeout:  stallWait,
		MaxResponseHeaderBytes: maxHead,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 3 {
			return tonypi.Errorf(tonypi.Conflict, "The camera redirects too often")
		}
		if err := r.allowed(robot, req.URL); err != nil {
			return tonypi.Errorf(tonypi.Conflict, "The camera redirects elsewhere: %s", message(err))
		}
		return nil
	}}
	return client, transport.CloseIdleConnections
}

// dial resolves, checks and dials; the host has passed allowed.
func (r *Relay) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectWait)
	defer cancel()
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return nil, err
	}
	addrs := []netip.Addr{}
	if addr, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, addr)
	} else if addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return nil, tonypi.Wrap(tonypi.Unavailable, err, "The camera's name %s cannot be found", host)
	}
	var failed error
	for _, addr := range addrs {
		if err := r.mayDial(addr); err != nil {
			failed = err
			continue
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	if failed == nil {
		failed = fmt.Errorf("%s has no address", host)
	}
	return nil, failed
}

// message is an error in words for a person.
func message(err error) string {
	var known *tonypi.Error
	var timeout net.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &known):
		return known.Message
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Nothing listens at the camera's address; is the camera program running?"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "There is no way to the robot in the network"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "The camera does not answer"
	}
	return "The connection to the camera broke"
}
