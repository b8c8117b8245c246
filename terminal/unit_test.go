package terminal

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"tonypi"
)

// TestScreenAtEveryBorder cuts one output at every byte: what is shown must not depend on where the packets end.
func TestScreenAtEveryBorder(t *testing.T) {
	whole := "a\u00e9\u20ac\U0001F916z\xff\xc3(\xe2\x82"
	want := "a\u00e9\u20ac\U0001F916z\uFFFD\uFFFD(\uFFFD"
	for i := range len(whole) + 1 {
		for j := i; j <= len(whole); j++ {
			var shown strings.Builder
			s := &screen{send: func(text string) error { shown.WriteString(text); return nil }}
			for _, part := range []string{whole[:i], whole[i:j], whole[j:]} {
				if n, err := s.Write([]byte(part)); n != len(part) || err != nil {
					t.Fatalf("Write: %d, %v", n, err)
				}
			}
			s.flush()
			got := strings.ReplaceAll(shown.String(), "\uFFFD\uFFFD(", "\uFFFD(")
			if got != strings.ReplaceAll(want, "\uFFFD\uFFFD(", "\uFFFD(") {
				t.Fatalf("cut at %d and %d: %q, want %q", i, j, got, want)
			}
		}
	}
}

func TestScreenFrames(t *testing.T) {
	var frames []string
	s := &screen{send: func(text string) error { frames = append(frames, text); return nil }}
	text := strings.Repeat("\u20ac", 2*maxOutput+5)
	if _, err := s.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if len(frames) != 3 || len([]rune(frames[0])) != maxOutput || strings.Join(frames, "") != text {
		t.Errorf("%d frames, the first with %d characters", len(frames), len([]rune(frames[0])))
	}
}

func TestFullRecordingEndsWithMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.cast")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCast(file, castHeader{Width: 80, Height: 24}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c.limit = 2000
	for range 100 {
		c.event("o", strings.Repeat("x", 50))
	}
	size := c.close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != size || size > c.limit || !bytes.HasSuffix(b, []byte("\"m\",\"The recording is full\"]\n")) {
		t.Errorf("%d bytes, said %d: …%s", len(b), size, b[max(0, len(b)-100):])
	}
	c.event("o", "after the end")
}

// TestMendAfterCrash starts with what a killed server leaves: half a line and no end in the row.
func TestMendAfterCrash(t *testing.T) {
	f := newFixture(t, nil)
	dir := f.server.cfg.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	whole := "{\"version\":2}\n[0.1,\"o\",\"a\"]\n"
	if err := os.WriteFile(filepath.Join(dir, "a.cast"), []byte(whole+"[0.2,\"o\",\"ha"), 0o600); err != nil {
		t.Fatal(err)
	}
	early := time.Now().Add(-time.Hour)
	f.recordings["a"] = tonypi.Recording{ID: "a", Robot: "r1", StartedAt: early, File: "a.cast"}
	f.recordings["b"] = tonypi.Recording{ID: "b", Robot: "r1", StartedAt: early, File: "b.cast"}
	f.recordings["c"] = tonypi.Recording{ID: "c", Robot: "r1", StartedAt: time.Now(), File: "c.cast"}
	f.server.mendRecordings(t.Context())
	b, err := os.ReadFile(filepath.Join(dir, "a.cast"))
	if err != nil || string(b) != whole {
		t.Errorf("mended file %q, %v", b, err)
	}
	if r := f.recordings["a"]; r.Bytes != int64(len(whole)) || r.EndedAt.Before(early) {
		t.Errorf("mended row %+v", r)
	}
	if r := f.recordings["b"]; !r.EndedAt.Equal(early) {
		t.Errorf("row without a file %+v", r)
	}
	if r := f.recordings["c"]; !r.EndedAt.IsZero() {
		t.Errorf("an open recording was ended: %+v", r)
	}
	if err := f.server.DeleteRecording(t.Context(), "c", admin); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("deleted an open recording: %v", err)
	}
	f.recordings["d"] = tonypi.Recording{ID: "d", StartedAt: early, EndedAt: early, File: "../../etc/passwd"}
	if _, _, err := f.server.OpenRecording(t.Context(), "d", admin); err == nil {
		t.Error("opened a file outside of the folder")
	}
}

func TestServerKeys(t *testing.T) {
	f := newFixture(t, nil)
	ctx := t.Context()
	if _, err := f.server.GenerateKey(ctx, "r1", "pi", 22, operator); tonypi.KindOf(err) != tonypi.Forbidden {
		t.Errorf("an operator makes a key: %v", err)
	}
	if _, err := f.server.GenerateKey(ctx, "r9", "pi", 22, admin); tonypi.KindOf(err) != tonypi.NotFound {
		t.Errorf("a key for no robot: %v", err)
	}
	if _, err := f.server.SetAccess(ctx, "r1", "pi", 70000, admin); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("port 70000: %v", err)
	}
	made, err := f.server.GenerateKey(ctx, "r1", "pi", 0, admin)
	if err != nil || made.Port != 22 || made.CreatedBy != admin.Name {
		t.Fatalf("GenerateKey: %+v, %v", made, err)
	}
	public, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(made.PublicKey))
	if err != nil || !strings.HasPrefix(comment, "tonypi-server-to-r1-") {
		t.Errorf("public key %q: %v", made.PublicKey, err)
	}
	signer, err := f.server.signer(f.access["r1"])
	if err != nil || !bytes.Equal(signer.PublicKey().Marshal(), public.Marshal()) {
		t.Fatalf("signer: %v", err)
	}
	info, err := os.Stat(f.server.cfg.SealKey)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() != 32 {
		t.Errorf("seal key: %v, %v", info, err)
	}
	moved := f.access["r1"]
	moved.Robot = "r2"
	if _, err := f.server.signer(moved); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("a key moved to another robot opens: %v", err)
	}
	again := New(f.server.cfg)
	if _, err := again.signer(f.access["r1"]); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if changed, err := f.server.SetAccess(ctx, "r1", "robot", 2222, admin); err != nil || changed.PublicKey != made.PublicKey {
		t.Errorf("SetAccess: %+v, %v", changed, err)
	}
	if err := f.server.DeleteKey(ctx, "r1", admin); err != nil {
		t.Fatal(err)
	}
	if a, err := f.server.Access(ctx, "r1"); err != nil || a.PublicKey != "" || a.PrivateKey != nil || a.Username != "robot" || a.Port != 2222 {
		t.Errorf("after DeleteKey: %+v, %v", a, err)
	}
	if _, err := f.server.signer(f.access["r1"]); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("signer without a key: %v", err)
	}
}

func TestSealKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "seal")
	first := &seal{path: path}
	sealed, err := first.close([]byte("seed"), []byte("r1"))
	if err != nil || bytes.Contains(sealed, []byte("seed")) {
		t.Fatalf("close: %q, %v", sealed, err)
	}
	for _, broken := range [][]byte{nil, sealed[:10], append([]byte{9}, sealed[1:]...), append(bytes.Clone(sealed[:len(sealed)-1]), 0)} {
		if _, err := first.open(broken, []byte("r1")); err == nil {
			t.Errorf("opened %q", broken)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := (&seal{path: path}).open(sealed, []byte("r1")); err == nil || !strings.Contains(err.Error(), "read by others") {
		t.Errorf("a key that all may read: %v", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&seal{path: path}).close([]byte("seed"), nil); err == nil {
		t.Error("a key of 5 bytes was used")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := (&seal{path: path}).open(sealed, []byte("r1")); tonypi.KindOf(err) != tonypi.Conflict {
		t.Errorf("open without the file: %v", err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("opening made a new key")
	}
}

// TestParse is about what a browser may send.
func TestParse(t *testing.T) {
	for raw, want := range map[string]request{
		`{"type":"input","data":"x"}`:         {Type: "input", Data: "x"},
		` {"type":"resize","cols":5}`:         {Type: "resize", Cols: 5},
		`{"type":"input","data":7}`:           {},
		`{"type":"auth","password":7}`:        {},
		`{`:                                   {Type: "input", Data: "{"},
		`5`:                                   {Type: "input", Data: "5"},
		`"x"`:                                 {Type: "input", Data: `"x"`},
		"":                                    {Type: "input"},
		`{"type":"auth","password":"\u00e9"}`: {Type: "auth", Password: secret("é")},
	} {
		got := parse([]byte(raw))
		if got.Type != want.Type || got.Data != want.Data || got.Cols != want.Cols || !bytes.Equal(got.Password, want.Password) {
			t.Errorf("parse(%q) = %+v, want %+v", raw, got, want)
		}
	}
	if s := secret("hunter2"); strings.Contains(s.String(), "hunter2") {
		t.Error("a secret shows itself")
	}
	for _, size := range [][4]int{{0, 0, 80, 24}, {-1, -1, 80, 24}, {120, 30, 120, 30}, {1 << 30, 1 << 30, 1000, 1000}} {
		if cols, rows := (request{Cols: size[0], Rows: size[1]}).size(); cols != size[2] || rows != size[3] {
			t.Errorf("size of %v is %d × %d", size, cols, rows)
		}
	}
}

func TestHeadKeepsTheBeginning(t *testing.T) {
	h := &head{left: 5}
	for _, part := range []string{"abc", "def", "ghi"} {
		if n, err := h.Write([]byte(part)); n != 3 || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	if got := h.text.String(); got != "abcde" {
		t.Errorf("kept %q", got)
	}
}
