package terminal

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/crypto/ssh"

	"tonypi"
)

const (
	sshPort     = 22
	maxUsername = 64 // bytes
)

// Access returns how the server may sign in to a robot; port 22 without user name and key when nothing is set.
func (s *Server) Access(ctx context.Context, robot tonypi.RobotID) (tonypi.SSHAccess, error) {
	a, err := s.cfg.Store.SSHAccess(ctx, robot)
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		return tonypi.SSHAccess{}, err
	}
	if err != nil {
		a = tonypi.SSHAccess{Robot: robot}
	}
	if a.Port == 0 {
		a.Port = sshPort
	}
	return a, nil
}

// SetAccess sets the user name and port (1 to 65535; 0 means 22) of a robot's SSH server; a key stays as it is.
// Errors: Forbidden, NotFound, Invalid.
func (s *Server) SetAccess(ctx context.Context, robot tonypi.RobotID, username string, port int, by tonypi.Caller) (tonypi.SSHAccess, error) {
	a, err := s.newAccess(ctx, robot, username, port, by)
	if err != nil {
		return tonypi.SSHAccess{}, err
	}
	return a, s.saveAccess(ctx, a, by, "Set the user name and port")
}

// GenerateKey does as SetAccess and makes a new key pair, of which PublicKey is a line for the robot's authorized_keys. An
// earlier key is forgotten.
func (s *Server) GenerateKey(ctx context.Context, robot tonypi.RobotID, username string, port int, by tonypi.Caller) (tonypi.SSHAccess, error) {
	a, err := s.newAccess(ctx, robot, username, port, by)
	if err != nil {
		return tonypi.SSHAccess{}, err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tonypi.SSHAccess{}, fmt.Errorf("generate key: %w", err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return tonypi.SSHAccess{}, fmt.Errorf("generate key: %w", err)
	}
	seed := private.Seed()
	defer clear(seed)
	defer clear(private)
	a.PublicKey = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " " + comment(robot, a.CreatedAt)
	if a.PrivateKey, err = s.seal.close(seed, sealedFor(a)); err != nil {
		return tonypi.SSHAccess{}, err
	}
	return a, s.saveAccess(ctx, a, by, "Made a new key")
}

// DeleteKey forgets the server's key to a robot; user name and port stay. It is no error when there is none.
func (s *Server) DeleteKey(ctx context.Context, robot tonypi.RobotID, by tonypi.Caller) error {
	if !by.Role.May(tonypi.ManageKeys) {
		return tonypi.Errorf(tonypi.Forbidden, "You may not manage keys")
	}
	a, err := s.Access(ctx, robot)
	if err != nil || len(a.PrivateKey) == 0 {
		return err
	}
	a.PublicKey, a.PrivateKey = "", nil
	return s.saveAccess(ctx, a, by, "Deleted the key")
}

// newAccess checks and returns what is set, not yet saved.
func (s *Server) newAccess(ctx context.Context, robot tonypi.RobotID, username string, port int, by tonypi.Caller) (tonypi.SSHAccess, error) {
	if !by.Role.May(tonypi.ManageKeys) {
		return tonypi.SSHAccess{}, tonypi.Errorf(tonypi.Forbidden, "You may not manage keys")
	}
	if _, err := s.cfg.Robots.Robot(ctx, robot); err != nil {
		return tonypi.SSHAccess{}, err
	}
	if err := checkUsername(username); err != nil {
		return tonypi.SSHAccess{}, err
	}
	if port < 0 || port > 65535 {
		return tonypi.SSHAccess{}, tonypi.Errorf(tonypi.Invalid, "port must be 1 to 65535")
	}
	a, err := s.Access(ctx, robot)
	if err != nil {
		return tonypi.SSHAccess{}, err
	}
	if port == 0 {
		port = sshPort
	}
	a.Username, a.Port, a.CreatedAt, a.CreatedBy = username, port, time.Now().UTC(), by.Name
	return a, nil
}

func (s *Server) saveAccess(ctx context.Context, a tonypi.SSHAccess, by tonypi.Caller, did string) error {
	if err := s.cfg.Store.SaveSSHAccess(ctx, a); err != nil {
		return err
	}
	s.record(by, "terminal.key", a.Robot, fmt.Sprintf("%s:%d", a.Username, a.Port), true, did)
	return nil
}

// checkUsername refuses what cannot be a user's name on a robot.
func checkUsername(name string) error {
	switch {
	case name == "":
		return tonypi.Errorf(tonypi.Invalid, "A user name is needed")
	case len(name) > maxUsername:
		return tonypi.Errorf(tonypi.Invalid, "User name is longer than %d bytes", maxUsername)
	case strings.IndexFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) || r == unicode.ReplacementChar }) >= 0:
		return tonypi.Errorf(tonypi.Invalid, "User name has a space or a control character")
	}
	return nil
}

// comment names a public key on the robot.
func comment(robot tonypi.RobotID, made time.Time) string {
	plain := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return '_'
		}
		return r
	}, string(robot))
	return "tonypi-server-to-" + plain + "-" + made.Format(time.DateOnly)
}

// signer opens the server's key to a robot.
func (s *Server) signer(a tonypi.SSHAccess) (ssh.Signer, error) {
	if len(a.PrivateKey) == 0 {
		return nil, tonypi.Errorf(tonypi.Conflict, "The server holds no key for robot '%s'", a.Robot)
	}
	seed, err := s.seal.open(a.PrivateKey, sealedFor(a))
	if err != nil {
		return nil, err
	}
	defer clear(seed)
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("sealed key of robot %s has %d bytes", a.Robot, len(seed))
	}
	return ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(seed))
}

// sealedFor binds a sealed key to its row: moved to another robot's, it does not open.
func sealedFor(a tonypi.SSHAccess) []byte {
	return []byte("tonypi ssh key\x00" + string(a.Robot) + "\x00" + a.PublicKey)
}
