package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"tonypi"
)

// Credential is how a robot signs in at its server.
type Credential struct {
	Server   string         `json:"server"` // the server's URL, without a path
	Robot    tonypi.RobotID `json:"robot_id"`
	Username string         `json:"username"`
	Password string         `json:"password"`
	Port     int            `json:"mqtt_port"`
	TLS      bool           `json:"mqtt_tls"`
	Path     string         `json:"ws_path"` // of MQTT over WebSocket on the server's URL
}

// maxAnswer bounds what is read of a server's answer, in bytes.
const maxAnswer = 64 << 10

// Enroll trades a join token for a credential of the robot's own. An error of kind Unauthenticated means that the token
// is wrong or too old, Conflict that the robot has a credential already, Unavailable that the server was not reached.
func Enroll(ctx context.Context, client *http.Client, server, token string, id tonypi.RobotID) (Credential, error) {
	if err := id.Validate(); err != nil {
		return Credential{}, err
	}
	base, err := url.Parse(server)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" || base.User != nil {
		return Credential{}, tonypi.Errorf(tonypi.Invalid, "the server must be an http or https URL without a user")
	}
	body, err := json.Marshal(map[string]string{"token": token, "robot_id": string(id), "name": string(id)})
	if err != nil {
		return Credential{}, fmt.Errorf("write enrolment: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("api/v1/enroll").String(), bytes.NewReader(body))
	if err != nil {
		return Credential{}, fmt.Errorf("write enrolment: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return Credential{}, tonypi.Wrap(tonypi.Unavailable, err, "the server at %s cannot be reached", base.Host)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return Credential{}, tonypi.Wrap(tonypi.Unavailable, err, "the server at %s broke off", base.Host)
	}
	if resp.StatusCode/100 != 2 {
		return Credential{}, refusal(resp.StatusCode, answer)
	}
	c := Credential{Server: server}
	if err := json.Unmarshal(answer, &c); err != nil || c.Username == "" || c.Password == "" || c.Port < 0 || c.Port > 65535 {
		return Credential{}, tonypi.Errorf(tonypi.Unavailable, "%s did not answer like a tonypi server", base.Host)
	}
	c.Server = server
	if c.Robot == "" {
		c.Robot = id
	}
	return c, nil
}

// refusal turns an error answer into an error with the server's own words.
func refusal(status int, answer []byte) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(answer, &problem) != nil || problem.Detail == "" {
		problem.Detail = http.StatusText(status)
	}
	kinds := map[int]tonypi.Kind{
		http.StatusUnauthorized: tonypi.Unauthenticated, http.StatusForbidden: tonypi.Forbidden,
		http.StatusNotFound: tonypi.NotFound, http.StatusConflict: tonypi.Conflict, http.StatusTooManyRequests: tonypi.TooMany,
		http.StatusBadRequest: tonypi.Invalid, http.StatusUnprocessableEntity: tonypi.Invalid,
	}
	kind, ok := kinds[status]
	if !ok {
		kind = tonypi.Unavailable
	}
	return tonypi.Errorf(kind, "the server refused: %s", strings.ToValidUTF8(problem.Detail, ""))
}

// LoadCredential reads what SaveCredential wrote. Without a file it is a NotFound error.
func LoadCredential(path string) (Credential, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Credential{}, tonypi.Wrap(tonypi.NotFound, err, "the robot has not joined a server yet")
	}
	if err != nil {
		return Credential{}, fmt.Errorf("read credential: %w", err)
	}
	var c Credential
	if err := json.Unmarshal(data, &c); err != nil || c.Username == "" {
		return Credential{}, tonypi.Errorf(tonypi.Invalid, "the credential file %s is damaged; remove it and join again", path)
	}
	return c, nil
}

// SaveCredential writes a credential into a file that only its owner may read.
func SaveCredential(path string, c Credential) error {
	data, err := json.MarshalIndent(c, "", "  ") //nolint:gosec // keeping the password is what the file is for
	if err != nil {
		return fmt.Errorf("write credential: %w", err)
	}
	if err := replaceFile(path, append(data, '\n')); err != nil {
		return fmt.Errorf("write credential: %w", err)
	}
	return nil
}

// Join returns the robot's saved credential for a server, or enrols and saves one when there is none for it.
func Join(ctx context.Context, client *http.Client, path, server, token string, id tonypi.RobotID) (Credential, error) {
	c, err := LoadCredential(path)
	if err == nil && c.Robot == id && (server == "" || c.Server == server) {
		return c, nil
	}
	if err != nil && tonypi.KindOf(err) != tonypi.NotFound {
		return Credential{}, err
	}
	if server == "" || token == "" {
		return Credential{}, tonypi.Errorf(tonypi.Invalid, "the robot has not joined yet: give the server's URL and a join token")
	}
	if c, err = Enroll(ctx, client, server, token, id); err != nil {
		return Credential{}, err
	}
	return c, SaveCredential(path, c)
}
