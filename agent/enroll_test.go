package agent

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tonypi"
)

// server answers enrolments: the token "good" lets in, "taken" is a robot that is there already.
func server(t *testing.T, calls *int) string {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/enroll", func(w http.ResponseWriter, r *http.Request) {
		*calls++
		var in struct {
			Token string `json:"token"`
			Robot string `json:"robot_id"`
			Name  string `json:"name"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Content-Type") != "application/json" || in.Name == "" {
			t.Errorf("bad request: %v", err)
		}
		if r.URL.RawQuery != "" {
			t.Errorf("the URL has a query: %s", r.URL.RawQuery)
		}
		answer := func(status int, body string) {
			w.WriteHeader(status)
			if _, err := w.Write([]byte(body)); err != nil {
				t.Error(err)
			}
		}
		switch in.Token {
		case "good":
			answer(201, `{"robot_id":"`+in.Robot+`","username":"u","password":"p","mqtt_port":1883,"mqtt_tls":true,"ws_path":"/mqtt"}`)
		case "taken":
			answer(409, `{"detail":"robot has a credential"}`)
		case "fast":
			answer(429, `{}`)
		case "odd":
			answer(200, `<html>`)
		case "broken":
			answer(500, `oops`)
		default:
			answer(401, `{"detail":"join token is not valid"}`)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestEnroll(t *testing.T) {
	calls := 0
	url := server(t, &calls)
	got, err := Enroll(t.Context(), http.DefaultClient, url, "good", "r1")
	if err != nil {
		t.Fatal(err)
	}
	want := Credential{Server: url, Robot: "r1", Username: "u", Password: "p", Port: 1883, TLS: true, Path: "/mqtt"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, tc := range []struct {
		url, token string
		id         tonypi.RobotID
		kind       tonypi.Kind
		message    string
	}{
		{url, "bad", "r1", tonypi.Unauthenticated, "the server refused: join token is not valid"},
		{url, "taken", "r1", tonypi.Conflict, "the server refused: robot has a credential"},
		{url, "fast", "r1", tonypi.TooMany, "the server refused: Too Many Requests"},
		{url, "broken", "r1", tonypi.Unavailable, "the server refused: Internal Server Error"},
		{url, "odd", "r1", tonypi.Unavailable, "did not answer like a tonypi server"},
		{url, "good", "a/b", tonypi.Invalid, ""},
		{"ftp://host", "good", "r1", tonypi.Invalid, ""},
		{"http://user:pass@host", "good", "r1", tonypi.Invalid, ""},
		{"http://127.0.0.1:1", "good", "r1", tonypi.Unavailable, "cannot be reached"},
	} {
		_, err := Enroll(t.Context(), http.DefaultClient, tc.url, tc.token, tc.id)
		if tonypi.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.message) || strings.Contains(err.Error(), "pass") {
			t.Errorf("%s %s %s: %v (%v)", tc.url, tc.token, tc.id, err, tonypi.KindOf(err))
		}
	}
}

func TestJoinOnce(t *testing.T) {
	calls := 0
	url := server(t, &calls)
	path := filepath.Join(t.TempDir(), "credential.json")
	if _, err := Join(t.Context(), http.DefaultClient, path, "", "", "r1"); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("without a server: %v", err)
	}
	first, err := Join(t.Context(), http.DefaultClient, path, url, "good", "r1")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file %v, %v", info.Mode(), err)
	}
	again, err := Join(t.Context(), http.DefaultClient, path, "", "", "r1")
	if err != nil || again != first || calls != 1 {
		t.Errorf("%+v, %v after %d calls", again, err, calls)
	}
	if _, err := Join(t.Context(), http.DefaultClient, path, url, "good", "r2"); err != nil || calls != 2 {
		t.Errorf("another robot: %v after %d calls", err, calls)
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Join(t.Context(), http.DefaultClient, path, url, "good", "r1"); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("damaged file: %v", err)
	}
}
