package terminal

import (
	"bytes"
	"context"
	"time"

	"golang.org/x/crypto/ssh"

	"tonypi"
)

// HostKey returns the key that a robot is known by, or NotFound.
func (s *Server) HostKey(ctx context.Context, robot tonypi.RobotID) (tonypi.HostKey, error) {
	return s.cfg.Store.HostKey(ctx, robot)
}

// ForgetHostKey makes the next terminal ask again, as at first use. Error: Forbidden.
func (s *Server) ForgetHostKey(ctx context.Context, robot tonypi.RobotID, by tonypi.Caller) error {
	if !by.Role.May(tonypi.ManageKeys) {
		return tonypi.Errorf(tonypi.Forbidden, "You may not manage keys")
	}
	if err := s.cfg.Store.DeleteHostKey(ctx, robot); err != nil {
		return err
	}
	s.record(by, "terminal.host_key", robot, "", true, "Forgot the host key")
	return nil
}

// pinned returns the pinned key, or nil before the first use.
func (s *Server) pinned(ctx context.Context, robot tonypi.RobotID) (*tonypi.HostKey, error) {
	key, err := s.cfg.Store.HostKey(ctx, robot)
	switch {
	case err == nil:
		return &key, nil
	case tonypi.KindOf(err) == tonypi.NotFound:
		return nil, nil //nolint:nilnil // nil is the answer "none yet"
	}
	return nil, err
}

// checkHostKey lets the pinned key pass and asks the person about every other.
func (t *session) checkHostKey(ctx context.Context, pinned *tonypi.HostKey, key ssh.PublicKey) error {
	if t.legacy {
		return t.server.checkUnseen(ctx, t.robot, pinned, key, t.by)
	}
	frame := hostKeyFrame{Type: "hostkey", KeyType: key.Type(), Fingerprint: ssh.FingerprintSHA256(key)}
	if pinned != nil {
		frame.Known = bytes.Equal(pinned.Key, key.Marshal())
		frame.Changed = !frame.Known
	}
	if frame.Known {
		if err := t.send(ctx, frame); err != nil {
			return errLeft
		}
		return nil
	}
	if frame.Changed {
		frame.Previous = pinned.Fingerprint
	}
	barred := frame.Changed && !t.by.Role.May(tonypi.ManageKeys)
	accepted := t.auth.AcceptKey == frame.Fingerprint
	frame.Waiting = !barred && !accepted
	if err := t.send(ctx, frame); err != nil {
		return errLeft
	}
	if barred {
		return t.server.changed(t.robot, t.by, frame.Fingerprint)
	}
	if !accepted {
		answer, err := t.next(ctx, "accept", acceptWait)
		if err != nil {
			return err
		}
		if answer.Fingerprint != frame.Fingerprint {
			return tonypi.Errorf(tonypi.Conflict, "SSH connection failed: another host key was accepted than the one that was shown")
		}
	}
	return t.server.pin(ctx, t.robot, pinned, key, t.by)
}

// checkUnseen judges a key that cannot be shown to anybody: only the pinned one passes, except that legacy mode pins the first.
func (s *Server) checkUnseen(ctx context.Context, robot tonypi.RobotID, pinned *tonypi.HostKey, key ssh.PublicKey, by tonypi.Caller) error {
	switch {
	case pinned != nil && bytes.Equal(pinned.Key, key.Marshal()):
		return nil
	case pinned != nil:
		return s.changed(robot, by, ssh.FingerprintSHA256(key))
	case s.cfg.Legacy:
		return s.pin(ctx, robot, nil, key, by)
	}
	return tonypi.Errorf(tonypi.Conflict, "SSH connection failed: the host key %s of robot '%s' is not known yet; open its terminal once and accept it", ssh.FingerprintSHA256(key), robot)
}

// changed refuses another key than the pinned one.
func (s *Server) changed(robot tonypi.RobotID, by tonypi.Caller, fingerprint string) error {
	s.record(by, "terminal.host_key", robot, fingerprint, false, "Another host key than the pinned one was shown and refused")
	return tonypi.Errorf(tonypi.Conflict, "SSH connection failed: the host key of robot '%s' has changed to %s. Somebody may be listening, or the robot was set up anew. An admin must accept the new key", robot, fingerprint)
}

// pin makes key the robot's, unless the pinned one has changed since before was read.
func (s *Server) pin(ctx context.Context, robot tonypi.RobotID, before *tonypi.HostKey, key ssh.PublicKey, by tonypi.Caller) error {
	s.pinning.Lock()
	defer s.pinning.Unlock()
	now, err := s.pinned(ctx, robot)
	switch {
	case err != nil:
		return err
	case now != nil && bytes.Equal(now.Key, key.Marshal()):
		return nil
	case (now == nil) != (before == nil) || now != nil && !bytes.Equal(now.Key, before.Key):
		return tonypi.Errorf(tonypi.Conflict, "SSH connection failed: the host key was changed by somebody else meanwhile; try again")
	}
	fingerprint := ssh.FingerprintSHA256(key)
	err = s.cfg.Store.SaveHostKey(ctx, tonypi.HostKey{
		Robot: robot, Key: key.Marshal(), Type: key.Type(), Fingerprint: fingerprint, PinnedAt: time.Now().UTC(), PinnedBy: by.Name,
	})
	if err != nil {
		return err
	}
	message := "Accepted the host key at first use"
	if before != nil {
		message = "Accepted a new host key in place of " + before.Fingerprint
	}
	s.record(by, "terminal.host_key", robot, fingerprint, true, message)
	return nil
}
