package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"tonypi"
)

// Prefixes of the secrets, so that a person and a secret scanner know what they found.
const (
	joinPrefix = "tj_"
	apiPrefix  = "tp_"
	maxTokens  = 100 // of one user, and join tokens in all
)

// NewJoinToken is a join token to be made.
type NewJoinToken struct {
	Name    string  `json:"name,omitempty" maxLength:"100" doc:"For people"`
	Expires float64 `json:"expires_in_hours,omitempty" minimum:"0.01" maximum:"8760" default:"24"`
}

// NewAPIToken is an API token to be made.
type NewAPIToken struct {
	Name string `json:"name" minLength:"1" maxLength:"100" doc:"What it is for"`
	Days int    `json:"expires_in_days,omitempty" minimum:"1" maximum:"3650" doc:"Never expires when missing"`
}

// NewSecret is a credential with its secret.
type NewSecret struct {
	tonypi.Credential
	Token string `json:"token" doc:"Shown only this once"`
}

// EnrollRequest is a robot that asks to join.
type EnrollRequest struct {
	Token    string         `json:"token" minLength:"1" maxLength:"200" doc:"Join token"`
	Robot    tonypi.RobotID `json:"robot_id" minLength:"1" maxLength:"100"`
	Name     string         `json:"name,omitempty" maxLength:"100"`
	Password string         `json:"password,omitempty" maxLength:"200" doc:"The robot's present MQTT password, to replace it"`
}

// EnrollAnswer is what a robot needs to connect.
type EnrollAnswer struct {
	Robot    tonypi.RobotID `json:"robot_id"`
	Username string         `json:"username"`
	Password string         `json:"password" doc:"Shown only this once"`
	MQTTPort int            `json:"mqtt_port"`
	MQTTTLS  bool           `json:"mqtt_tls"`
	WSPath   string         `json:"ws_path" doc:"MQTT over WebSocket on the HTTP port"`
}

type (
	// TokenPath names a token by its ID, not by its secret.
	TokenPath struct {
		ID string `path:"id" maxLength:"100"`
	}
	tokensOut struct {
		Body []tonypi.Credential `nullable:"false"`
	}
	secretOut         struct{ Body NewSecret }
	createJoinTokenIn struct{ Body *NewJoinToken }
	createTokenIn     struct{ Body NewAPIToken }
	enrollIn          struct{ Body EnrollRequest }
	enrollOut         struct{ Body EnrollAnswer }
)

func (s *Server) listJoinTokens(ctx context.Context, _ *none) (*tokensOut, error) {
	tokens, err := s.cfg.Credentials.Credentials(ctx, tonypi.JoinToken)
	return &tokensOut{newestFirst(tokens)}, err
}

func (s *Server) createJoinToken(ctx context.Context, in *createJoinTokenIn) (*secretOut, error) {
	n := NewJoinToken{Expires: 24}
	if in.Body != nil {
		n = *in.Body
	}
	tokens, err := s.cfg.Credentials.Credentials(ctx, tonypi.JoinToken)
	if err != nil {
		return nil, err
	}
	c := tonypi.Credential{Kind: tonypi.JoinToken, Name: n.Name}
	return s.makeSecret(ctx, c, joinPrefix, time.Duration(n.Expires*float64(time.Hour)), len(tokens))
}

func (s *Server) deleteJoinToken(ctx context.Context, in *TokenPath) (*none, error) {
	return nil, s.deleteCredential(ctx, tonypi.JoinToken, in.ID, func(tonypi.Credential) bool { return true })
}

func (s *Server) listTokens(ctx context.Context, _ *none) (*tokensOut, error) {
	tokens, err := s.ownTokens(ctx)
	return &tokensOut{newestFirst(tokens)}, err
}

func (s *Server) ownTokens(ctx context.Context) ([]tonypi.Credential, error) {
	tokens, err := s.cfg.Credentials.Credentials(ctx, tonypi.APIToken)
	me := personOf(ctx).User.ID
	return slices.DeleteFunc(tokens, func(c tonypi.Credential) bool { return c.UserID != me }), err
}

func (s *Server) createToken(ctx context.Context, in *createTokenIn) (*secretOut, error) {
	own, err := s.ownTokens(ctx)
	if err != nil {
		return nil, err
	}
	c := tonypi.Credential{Kind: tonypi.APIToken, Name: in.Body.Name}
	return s.makeSecret(ctx, c, apiPrefix, time.Duration(in.Body.Days)*24*time.Hour, len(own))
}

func (s *Server) deleteToken(ctx context.Context, in *TokenPath) (*none, error) {
	me := personOf(ctx).User.ID
	return nil, s.deleteCredential(ctx, tonypi.APIToken, in.ID, func(c tonypi.Credential) bool { return c.UserID == me })
}

// makeSecret stores c with a new random secret. lasts 0 means for ever; have is how many such tokens there are already.
func (s *Server) makeSecret(ctx context.Context, c tonypi.Credential, prefix string, lasts time.Duration, have int) (*secretOut, error) {
	note(ctx).target = c.Name
	if have >= maxTokens {
		return nil, tonypi.Errorf(tonypi.Conflict, "There are %d tokens already; delete one first", have)
	}
	secret := prefix + strings.ToLower(rand.Text())
	c.ID = strings.ToLower(rand.Text())
	c.UserID = personOf(ctx).User.ID
	c.SecretHash = secretHash(secret)
	c.CreatedAt = time.Now().UTC()
	if lasts > 0 {
		c.ExpiresAt = c.CreatedAt.Add(lasts)
	}
	if err := s.cfg.Credentials.SaveCredential(ctx, c); err != nil {
		return nil, err
	}
	s.log.Info("token made", "kind", string(c.Kind), "name", c.Name, "by", personOf(ctx).User.Username)
	return &secretOut{NewSecret{c, secret}}, nil
}

// deleteCredential deletes a credential of the kind if it is one that the caller may touch.
func (s *Server) deleteCredential(ctx context.Context, kind tonypi.CredentialKind, id string, mine func(tonypi.Credential) bool) error {
	s.auth.touching.Lock()
	defer s.auth.touching.Unlock()
	all, err := s.cfg.Credentials.Credentials(ctx, kind)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(c tonypi.Credential) bool { return c.ID == id && mine(c) })
	if i < 0 {
		return tonypi.Errorf(tonypi.NotFound, "Token not found")
	}
	note(ctx).target = all[i].Name
	if err := s.cfg.Credentials.DeleteCredential(ctx, id); err != nil {
		return err
	}
	s.auth.forget()
	s.auth.disown(func(p person) bool { return p.Session == "" && p.User.ID == all[i].UserID })
	s.revoked(personOf(ctx).User.Username)
	s.log.Info("token deleted", "kind", string(kind), "by", personOf(ctx).User.Username)
	return nil
}

func (s *Server) enroll(ctx context.Context, in *enrollIn) (*enrollOut, error) {
	address := requestOf(ctx).address
	note(ctx).robot = in.Body.Robot
	if err := s.auth.throttle.enroll(address); err != nil {
		return nil, err
	}
	if err := in.Body.Robot.Validate(); err != nil {
		return nil, err
	}
	password, err := s.cfg.Joining.Enroll(ctx, tonypi.Enrolment{
		Token: in.Body.Token, Robot: in.Body.Robot, Name: in.Body.Name, Password: in.Body.Password, Address: address,
	})
	if err != nil {
		return nil, err
	}
	s.log.Info("robot enrolled", "robot", in.Body.Robot, "address", address)
	return &enrollOut{EnrollAnswer{
		Robot: in.Body.Robot, Username: string(in.Body.Robot), Password: password,
		MQTTPort: s.cfg.MQTTPort, MQTTTLS: s.cfg.MQTTSecure, WSPath: "/mqtt",
	}}, nil
}

// secretHash is what is stored of a secret. The secrets have 130 random bits, so that nothing slower is needed.
func secretHash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func newestFirst(tokens []tonypi.Credential) []tonypi.Credential {
	slices.SortFunc(tokens, func(a, b tonypi.Credential) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return filled(tokens)
}
