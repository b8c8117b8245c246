//go:build unix

package mqtt

import (
	"errors"
	"net"
	"syscall"
)

// directWriter writes to a socket what its buffer takes, without waiting.
type directWriter struct {
	raw syscall.RawConn
	p   []byte
	n   int
	err error
	try func(fd uintptr) bool
}

func newDirectWriter(c net.Conn) *directWriter {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	d := &directWriter{raw: raw}
	d.try = func(fd uintptr) bool {
		d.n, d.err = syscall.Write(int(fd), d.p)
		return true
	}
	return d
}

// write returns how many bytes the socket took. It is not safe for concurrent use.
func (d *directWriter) write(p []byte) (int, error) {
	d.p = p
	err := d.raw.Write(d.try)
	d.p = nil
	switch {
	case err != nil:
		return 0, err
	case errors.Is(d.err, syscall.EAGAIN), errors.Is(d.err, syscall.EINTR):
		return 0, nil
	case d.err != nil:
		return 0, d.err
	}
	return d.n, nil
}
