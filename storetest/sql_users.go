package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tonypi"
)

var userTests = []sqlTest{
	{"user comes back as they were", testUserRoundTrip},
	{"user names and addresses are unique without regard to case", testUserUnique},
	{"user update", testUserUpdate},
	{"user that is not there", testUserMissing},
	{"user with hostile text", testUserHostile},
	{"user that cannot be", testUserInvalid},
	{"user is deleted with sessions and API tokens", testUserDelete},
	{"user calls hear that their context ended", testUserCancel},
}

// shelfTests are about what is put and taken by a key.
var shelfTests = []sqlTest{
	{"session comes back as it was", testSessionRoundTrip},
	{"sessions of one user", testSessionsOfUser},
	{"session of nobody", testSessionOrphan},
	{"credential comes back as it was", testCredentialRoundTrip},
	{"credential that cannot be", testCredentialInvalid},
	{"setting comes back as it was", testSettingRoundTrip},
	{"shelf calls hear that their context ended", testShelfCancel},
}

const secretHash = "$2b$12$TOPSECRETTOPSECRETTOPSECRETTOPSECRETTOPSECRETTOPSEC"

func fullUser(id string) tonypi.User {
	return tonypi.User{
		ID: id, Username: "Name-" + id, Email: id + "@Example.org", PasswordHash: secretHash, Role: tonypi.Operator, Active: true,
		CreatedAt: at(1), UpdatedAt: at(2),
	}
}

func testUserRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	same(t, got[[]tonypi.User](t)(s.Users(ctx)), nil)
	var want []tonypi.User
	for i := range 3 {
		u := fullUser(fmt.Sprint("u", i))
		u.CreatedAt, u.Active = at(i), i != 1
		must(t, s.CreateUser(ctx, u))
		same(t, got[tonypi.User](t)(s.User(ctx, u.ID)), u)
		want = append(want, u)
	}
	slices.Reverse(want)
	same(t, got[[]tonypi.User](t)(s.Users(ctx)), want)
	for _, name := range []string{"Name-u1", "NAME-U1", "name-u1"} {
		same(t, got[tonypi.User](t)(s.UserByName(ctx, name)), want[1])
	}
}

func wantTaken(t *testing.T, err error) {
	t.Helper()
	wantKind(t, err, tonypi.Conflict, "Username or email already exists")
	if err != nil && strings.Contains(err.Error(), "SECRET") {
		t.Errorf("the error shows the hash: %v", err)
	}
}

func testUserUnique(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.CreateUser(ctx, tonypi.User{ID: "1", Username: "Änne", Email: "Ö@example.org", PasswordHash: secretHash}))
	for _, u := range []tonypi.User{
		{ID: "1", Username: "other", Email: "other@example.org"},
		{ID: "2", Username: "Änne"}, {ID: "2", Username: "änne"}, {ID: "2", Username: "ÄNNE"},
		{ID: "2", Username: "other", Email: "Ö@example.org"}, {ID: "2", Username: "other", Email: "ö@EXAMPLE.org"},
	} {
		u.PasswordHash = secretHash
		wantTaken(t, s.CreateUser(ctx, u))
	}
	// An address is not a name, and no address is nobody's.
	must(t, s.CreateUser(ctx, tonypi.User{ID: "2", Username: "ö@example.org"}))
	must(t, s.CreateUser(ctx, tonypi.User{ID: "3", Username: "Anne"}))

	u := got[tonypi.User](t)(s.User(ctx, "3"))
	u.Username = "äNNe"
	wantTaken(t, s.UpdateUser(ctx, u))
	u.Username, u.Email = "Anne", "Ö@EXAMPLE.ORG"
	wantTaken(t, s.UpdateUser(ctx, u))

	n := together(t, 8, tonypi.Conflict, func(i int) error {
		return s.CreateUser(ctx, tonypi.User{ID: fmt.Sprint("race", i), Username: []string{"RACE", "race"}[i%2]})
	})
	same(t, n, 1)
}

func testUserUpdate(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.CreateUser(ctx, fullUser("a")))
	must(t, s.CreateUser(ctx, fullUser("b")))
	want := tonypi.User{
		ID: "a", Username: "NAME-A", Email: "new@example.org", PasswordHash: "other", Role: tonypi.Viewer, Active: false,
		CreatedAt: at(500), UpdatedAt: at(9),
	}
	must(t, s.UpdateUser(ctx, want))
	want.CreatedAt = at(1)
	same(t, got[tonypi.User](t)(s.User(ctx, "a")), want)
	same(t, got[tonypi.User](t)(s.User(ctx, "b")), fullUser("b"))
	// The old address is free again.
	free := fullUser("c")
	free.Email = "A@EXAMPLE.ORG"
	must(t, s.CreateUser(ctx, free))
}

func testUserMissing(t *testing.T, s Stores) {
	must(t, s.CreateUser(t.Context(), fullUser("a")))
	for _, key := range []string{"", "nobody", "a\x00", "a\xff", "' OR '1'='1", "%", "Name-"} {
		_, err := s.User(t.Context(), key)
		wantKind(t, err, tonypi.NotFound, "User not found")
		_, err = s.UserByName(t.Context(), key)
		wantKind(t, err, tonypi.NotFound, "User not found")
		wantKind(t, s.UpdateUser(t.Context(), tonypi.User{ID: key, Username: "x"}), tonypi.NotFound, "User not found")
		wantKind(t, s.DeleteUser(t.Context(), key), tonypi.NotFound, "User not found")
	}
}

func testUserHostile(t *testing.T, s Stores) {
	for _, text := range hostile {
		u := fullUser(text)
		u.Username, u.Email = text, text
		must(t, s.CreateUser(t.Context(), u))
		same(t, got[tonypi.User](t)(s.UserByName(t.Context(), text)), u)
	}
	same(t, len(got[[]tonypi.User](t)(s.Users(t.Context()))), len(hostile))
}

func testUserInvalid(t *testing.T, s Stores) {
	long := strings.Repeat("x", 256)
	for _, u := range []tonypi.User{
		{ID: "", Username: "u"}, {ID: "a\x00", Username: "u"}, {ID: "a", Username: ""}, {ID: "a", Username: "u\x00"},
		{ID: "a", Username: "\xff"}, {ID: "a", Username: "u", Email: "e\x00"}, {ID: long, Username: "u"},
		{ID: "a", Username: long}, {ID: "a", Username: "u", Email: long},
	} {
		u.PasswordHash = secretHash
		err := s.CreateUser(t.Context(), u)
		wantKind(t, err, tonypi.Invalid, "")
		if strings.Contains(fmt.Sprint(err), "SECRET") {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
	same(t, got[[]tonypi.User](t)(s.Users(t.Context())), nil)
}

func testUserDelete(t *testing.T, s Stores) {
	ctx := t.Context()
	for _, id := range []string{"gone", "stays"} {
		must(t, s.CreateUser(ctx, fullUser(id)))
		must(t, s.SaveSession(ctx, fullSession("s-"+id, id)))
		for _, kind := range []tonypi.CredentialKind{tonypi.APIToken, tonypi.JoinToken} {
			name := string(kind) + id
			must(t, s.SaveCredential(ctx, tonypi.Credential{ID: name, Kind: kind, UserID: id, SecretHash: []byte(name)}))
		}
	}
	must(t, s.DeleteUser(ctx, "gone"))
	wantKind(t, s.DeleteUser(ctx, "gone"), tonypi.NotFound, "User not found")
	same(t, ids(got[[]tonypi.User](t)(s.Users(ctx)), func(u tonypi.User) string { return u.ID }), []string{"stays"})
	_, err := s.Session(ctx, "s-gone")
	wantKind(t, err, tonypi.NotFound, "Session not found")
	same(t, got[tonypi.Session](t)(s.Session(ctx, "s-stays")), fullSession("s-stays", "stays"))
	credentialID := func(c tonypi.Credential) string { return c.ID }
	same(t, ids(got[[]tonypi.Credential](t)(s.Credentials(ctx, tonypi.APIToken)), credentialID), []string{"apistays"})
	same(t, len(got[[]tonypi.Credential](t)(s.Credentials(ctx, tonypi.JoinToken))), 2)
	must(t, s.CreateUser(ctx, fullUser("gone")))
}

func testUserCancel(t *testing.T, s Stores) {
	must(t, s.CreateUser(t.Context(), fullUser("a")))
	ctx := cancelled()
	_, errUser := s.User(ctx, "a")
	_, errByName := s.UserByName(ctx, "Name-a")
	_, errUsers := s.Users(ctx)
	other := fullUser("a")
	other.Role = tonypi.Admin
	wantCancelled(t, map[string]error{
		"User": errUser, "UserByName": errByName, "Users": errUsers, "CreateUser": s.CreateUser(ctx, fullUser("b")),
		"UpdateUser": s.UpdateUser(ctx, other), "DeleteUser": s.DeleteUser(ctx, "a"),
	})
	same(t, got[[]tonypi.User](t)(s.Users(t.Context())), []tonypi.User{fullUser("a")})
}

func fullSession(id, user string) tonypi.Session {
	return tonypi.Session{
		ID: id, UserID: user, RefreshHash: []byte{0, 1, 0xff, '\''}, Address: "::1", Agent: "Mozilla/5.0 (X11; 🤖)",
		CreatedAt: at(1), UsedAt: at(2), ExpiresAt: at(3),
	}
}

func testSessionRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	must(t, s.CreateUser(ctx, fullUser("u")))
	want := fullSession("s", "u")
	must(t, s.SaveSession(ctx, want))
	same(t, got[tonypi.Session](t)(s.Session(ctx, "s")), want)

	want.RefreshHash, want.UsedAt, want.ExpiresAt, want.Agent = []byte{9}, at(50), time.Time{}, "curl"
	must(t, s.SaveSession(ctx, want))
	found := got[tonypi.Session](t)(s.Session(ctx, "s"))
	same(t, found, want)
	found.RefreshHash[0] = 77 // is the caller's own
	same(t, got[tonypi.Session](t)(s.Session(ctx, "s")), want)

	must(t, s.DeleteSession(ctx, "s"))
	for _, id := range []string{"s", "", "never", "\x00"} {
		must(t, s.DeleteSession(ctx, id))
		_, err := s.Session(ctx, id)
		wantKind(t, err, tonypi.NotFound, "Session not found")
	}
	wantKind(t, s.SaveSession(ctx, fullSession("", "u")), tonypi.Invalid, "session ID")
	wantKind(t, s.SaveSession(ctx, fullSession("\x00", "u")), tonypi.Invalid, "session ID")
}

func testSessionsOfUser(t *testing.T, s Stores) {
	ctx := t.Context()
	sessionID := func(v tonypi.Session) string { return v.ID }
	for _, user := range []string{"a", "b"} {
		must(t, s.CreateUser(ctx, fullUser(user)))
		for i := range 3 {
			v := fullSession(fmt.Sprint(user, i), user)
			v.CreatedAt = at([]int{5, 9, 7}[i])
			must(t, s.SaveSession(ctx, v))
		}
	}
	same(t, ids(got[[]tonypi.Session](t)(s.Sessions(ctx, "a")), sessionID), []string{"a1", "a2", "a0"})
	must(t, s.DeleteSessionsOf(ctx, "a"))
	must(t, s.DeleteSessionsOf(ctx, "a"))
	for _, nobody := range []string{"a", "", "\x00", "nobody", "' OR '1'='1"} {
		must(t, s.DeleteSessionsOf(ctx, nobody))
		same(t, got[[]tonypi.Session](t)(s.Sessions(ctx, nobody)), nil)
	}
	same(t, len(got[[]tonypi.Session](t)(s.Sessions(ctx, "b"))), 3)
}

func testSessionOrphan(t *testing.T, s Stores) {
	for _, user := range []string{"", "nobody", "\x00"} {
		wantKind(t, s.SaveSession(t.Context(), fullSession("s", user)), tonypi.NotFound, "User not found")
	}
	_, err := s.Session(t.Context(), "s")
	wantKind(t, err, tonypi.NotFound, "Session not found")
}

func testCredentialRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	var want []tonypi.Credential
	for i, name := range append(hostile, "last") {
		c := tonypi.Credential{
			ID: name, Kind: tonypi.RobotCredential, Name: name, Robot: tonypi.RobotID(name), UserID: name,
			SecretHash: []byte{0, byte(i), 0xff}, CreatedAt: at(-i), ExpiresAt: at(5), UsedAt: at(6),
		}
		must(t, s.SaveCredential(ctx, c))
		same(t, got[tonypi.Credential](t)(s.CredentialByHash(ctx, c.SecretHash)), c)
		want = append(want, c)
	}
	same(t, got[[]tonypi.Credential](t)(s.Credentials(ctx, tonypi.RobotCredential)), want)
	same(t, got[[]tonypi.Credential](t)(s.Credentials(ctx, tonypi.JoinToken)), nil)

	c := want[0]
	old := c.SecretHash
	c.SecretHash, c.ExpiresAt, c.UsedAt = []byte("new"), time.Time{}, time.Time{}
	must(t, s.SaveCredential(ctx, c))
	same(t, got[tonypi.Credential](t)(s.CredentialByHash(ctx, []byte("new"))), c)
	for _, hash := range [][]byte{old, nil, {}, []byte("NEW"), []byte("' OR '1'='1")} {
		_, err := s.CredentialByHash(ctx, hash)
		wantKind(t, err, tonypi.NotFound, "Credential not found")
	}
	must(t, s.DeleteCredential(ctx, c.ID))
	for _, id := range []string{c.ID, "", "\x00", "nothing"} {
		wantKind(t, s.DeleteCredential(ctx, id), tonypi.NotFound, "Credential not found")
	}
	same(t, len(got[[]tonypi.Credential](t)(s.Credentials(ctx, tonypi.RobotCredential))), len(hostile))
}

func testCredentialInvalid(t *testing.T, s Stores) {
	ctx := t.Context()
	wantKind(t, s.SaveCredential(ctx, tonypi.Credential{ID: "", SecretHash: []byte("h")}), tonypi.Invalid, "credential ID")
	wantKind(t, s.SaveCredential(ctx, tonypi.Credential{ID: "a"}), tonypi.Invalid, "hash")
	must(t, s.SaveCredential(ctx, tonypi.Credential{ID: "a", Kind: tonypi.JoinToken, SecretHash: []byte("h")}))
	wantKind(t, s.SaveCredential(ctx, tonypi.Credential{ID: "b", SecretHash: []byte("h")}), tonypi.Conflict, "Credential already exists")
	same(t, got[tonypi.Credential](t)(s.CredentialByHash(ctx, []byte("h"))).ID, "a")
}

func testSettingRoundTrip(t *testing.T, s Stores) {
	ctx := t.Context()
	for _, text := range append(hostile, strings.Repeat("long ", 200_000)) {
		key := text[:min(len(text), 255)]
		must(t, s.SaveSetting(ctx, key, text))
		same(t, got[string](t)(s.Setting(ctx, key)), text)
	}
	must(t, s.SaveSetting(ctx, "a", "1"))
	must(t, s.SaveSetting(ctx, "a", ""))
	same(t, got[string](t)(s.Setting(ctx, "a")), "")
	for _, key := range []string{"", "absent", "A", "\x00", "a\xff", "' OR '1'='1"} {
		_, err := s.Setting(ctx, key)
		wantKind(t, err, tonypi.NotFound, "Setting not found")
	}
	wantKind(t, s.SaveSetting(ctx, "", "v"), tonypi.Invalid, "setting name")
	wantKind(t, s.SaveSetting(ctx, "a\x00", "v"), tonypi.Invalid, "setting name")
	wantKind(t, s.SaveSetting(ctx, "a", "v\x00"), tonypi.Invalid, "plain text")
	same(t, got[string](t)(s.Setting(ctx, "a")), "")
}

func testShelfCancel(t *testing.T, s Stores) {
	must(t, s.CreateUser(t.Context(), fullUser("u")))
	must(t, s.SaveSession(t.Context(), fullSession("s", "u")))
	credential := tonypi.Credential{ID: "c", Kind: tonypi.JoinToken, SecretHash: []byte("h"), CreatedAt: at(1)}
	must(t, s.SaveCredential(t.Context(), credential))
	must(t, s.SaveSetting(t.Context(), "k", "v"))
	ctx := cancelled()
	_, errSession := s.Session(ctx, "s")
	_, errSessions := s.Sessions(ctx, "u")
	_, errCredentials := s.Credentials(ctx, tonypi.JoinToken)
	_, errByHash := s.CredentialByHash(ctx, []byte("h"))
	_, errSetting := s.Setting(ctx, "k")
	wantCancelled(t, map[string]error{
		"Session": errSession, "Sessions": errSessions, "Credentials": errCredentials, "CredentialByHash": errByHash,
		"Setting": errSetting, "SaveSession": s.SaveSession(ctx, fullSession("s2", "u")), "DeleteSession": s.DeleteSession(ctx, "s"),
		"DeleteSessionsOf": s.DeleteSessionsOf(ctx, "u"), "DeleteCredential": s.DeleteCredential(ctx, "c"),
		"SaveCredential": s.SaveCredential(ctx, tonypi.Credential{ID: "d", SecretHash: []byte("d")}), "SaveSetting": s.SaveSetting(ctx, "k", "w"),
	})
	same(t, got[[]tonypi.Session](t)(s.Sessions(t.Context(), "u")), []tonypi.Session{fullSession("s", "u")})
	same(t, got[[]tonypi.Credential](t)(s.Credentials(t.Context(), tonypi.JoinToken)), []tonypi.Credential{credential})
	same(t, got[string](t)(s.Setting(t.Context(), "k")), "v")
}
