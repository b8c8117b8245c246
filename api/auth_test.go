package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"tonypi"
)

func login(name, word string) string {
	return fmt.Sprintf(`{"username":%q,"password":%q}`, name, word)
}

func TestLogin(t *testing.T) {
	for _, c := range []struct {
		name, username, password string
		status                   int
		detail                   string
	}{
		{"right", "admin", password, 200, ""},
		{"other case", "ADMIN", password, 200, ""},
		{"wrong password", "admin", "wrong", 401, "Invalid username or password"},
		{"unknown user", "nobody", password, 401, "Invalid username or password"},
		{"inactive, right password", "idle", password, 403, "User account is inactive"},
		{"inactive, wrong password", "idle", "wrong", 401, "Invalid username or password"},
		{"no hash", "hollow", "", 422, "body.password: expected length >= 1"},
		{"no hash, any password", "hollow", "x", 401, "Invalid username or password"},
		{"more than bcrypt reads", "admin", password + strings.Repeat("x", 80), 401, "Invalid username or password"},
		{"no name", "", password, 422, "body.username: expected length >= 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
			f.must(err)
			f.must(f.store.CreateUser(t.Context(), tonypi.User{ID: "u1", Username: "idle", Email: "i@x.org", PasswordHash: string(hash), Role: tonypi.Viewer}))
			f.must(f.store.CreateUser(t.Context(), tonypi.User{ID: "u2", Username: "hollow", Email: "h@x.org", Role: tonypi.Viewer, Active: true}))
			a := f.do("POST", "/auth/login", "", login(c.username, c.password))
			if c.status != 200 {
				a.detail(c.status, c.detail)
				if a.header.Get("Set-Cookie") != "" {
					t.Error("a refused sign-in sets a cookie")
				}
				return
			}
			got := read[SignedIn](a.want(200))
			if got.TokenType != "bearer" || got.ExpiresIn != 8*3600 || got.User.Username != "admin" || got.User.Role != tonypi.Admin {
				t.Errorf("answer %+v", got)
			}
			if strings.Contains(a.body, string(hash)) || strings.Contains(a.body, "$2a$") {
				t.Error("the answer holds the hash")
			}
			me := read[tonypi.User](f.do("GET", "/auth/me", got.AccessToken, "").want(200))
			if me.ID != "id-admin" {
				t.Errorf("me is %q", me.ID)
			}
		})
	}
}

func TestRefreshCookie(t *testing.T) {
	f := newFixture(t)
	c := f.do("POST", "/auth/login", "", login("admin", password)).want(200).header.Get("Set-Cookie")
	for _, part := range []string{"tonypi_refresh=", "Path=/api/v1/auth", "HttpOnly", "SameSite=Strict", "Max-Age=2592000"} {
		if !strings.Contains(c, part) {
			t.Errorf("cookie %q lacks %q", c, part)
		}
	}
	if strings.Contains(c, "Secure") {
		t.Error("a cookie for plain HTTP is Secure: the browser would not send it back")
	}
	f.server.cfg.TrustedProxies = append(f.server.cfg.TrustedProxies, netip.MustParsePrefix("192.0.2.0/24"))
	c = f.do("POST", "/auth/login", "", login("admin", password), "X-Forwarded-Proto", "https").want(200).header.Get("Set-Cookie")
	if !strings.Contains(c, "Secure") {
		t.Errorf("cookie over TLS %q is not Secure", c)
	}
}

func TestRefreshRotates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.do("POST", "/auth/login", "", login("admin", password)).want(200)
		first := f.cookies[refreshName]
		got := read[SignedIn](f.do("POST", "/auth/refresh", "", "").want(200))
		second := f.cookies[refreshName]
		if second == first {
			t.Fatal("the refresh token was not rotated")
		}

		// Another tab sent the old one at the same moment: it gets a token, and leaves the cookie alone.
		f.cookies[refreshName] = first
		again := f.do("POST", "/auth/refresh", "", "").want(200)
		if again.header.Get("Set-Cookie") != "" {
			t.Error("the slower tab changed the cookie")
		}
		f.do("GET", "/auth/me", got.AccessToken, "").want(200)

		// The same later is a theft: the session ends for both.
		time.Sleep(rotatedFor + time.Second)
		f.do("POST", "/auth/refresh", "", "").detail(401, "The session has ended; sign in again")
		f.cookies[refreshName] = second
		f.do("POST", "/auth/refresh", "", "").detail(401, "The session has ended; sign in again")
		f.do("GET", "/auth/me", got.AccessToken, "").detail(401, "Invalid or expired token")
		if !strings.Contains(f.log.String(), "used refresh token came again") {
			t.Error("the theft is not in the log")
		}
	})
}

func TestForgedRefreshTokenEndsNothing(t *testing.T) {
	f := newFixture(t)
	f.do("POST", "/auth/login", "", login("admin", password)).want(200)
	good := f.cookies[refreshName]
	session, _, _ := strings.Cut(good, ".")
	for _, bad := range []string{session, session + ".x.y", good + "x", "..", ".", strings.Repeat("a", 5000)} {
		f.cookies[refreshName] = bad
		f.do("POST", "/auth/refresh", "", "").detail(401, "The session has ended; sign in again")
		f.do("POST", "/auth/logout", "", "")
	}
	f.cookies[refreshName] = good
	f.do("POST", "/auth/refresh", "", "").want(200)
}

func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		got := read[SignedIn](f.do("POST", "/auth/login", "", login("viewer", password)).want(200))
		time.Sleep(accessFor - time.Second)
		f.do("GET", "/auth/me", got.AccessToken, "").want(200)
		time.Sleep(2 * time.Second)
		f.do("GET", "/auth/me", got.AccessToken, "").want(401)
		f.do("POST", "/auth/refresh", "", "").want(200)
		time.Sleep(refreshFor + time.Second)
		f.do("POST", "/auth/refresh", "", "").want(401)
		left, err := f.store.Sessions(t.Context(), "id-viewer")
		f.must(err)
		if len(left) != 1 { // that of the fixture, which nobody asked for
			t.Errorf("%d sessions are left", len(left))
		}
	})
}

func TestConcurrentRefreshKeepsSession(t *testing.T) {
	f := newFixture(t)
	f.do("POST", "/auth/login", "", login("admin", password)).want(200)
	token := f.cookies[refreshName]
	var wg sync.WaitGroup
	errs := make([]error, 20)
	for i := range errs {
		wg.Go(func() { _, _, _, errs[i] = f.server.auth.renew(t.Context(), token, "192.0.2.1") })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestLogout(t *testing.T) {
	for name, use := range map[string]func(f *fixture, token string){
		"by cookie": func(f *fixture, _ string) { f.do("POST", "/auth/logout", "", "").want(204) },
		"by token": func(f *fixture, token string) {
			delete(f.cookies, refreshName)
			f.do("POST", "/auth/logout", token, "").want(204)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			got := read[SignedIn](f.do("POST", "/auth/login", "", login("admin", password)).want(200))
			cookie := f.cookies[refreshName]
			f.do("GET", "/auth/me", got.AccessToken, "").want(200)
			use(f, got.AccessToken)
			if _, ok := f.cookies[refreshName]; ok && name == "by cookie" {
				t.Error("the cookie is still there")
			}
			f.do("GET", "/auth/me", got.AccessToken, "").detail(401, "Invalid or expired token")
			f.cookies[refreshName] = cookie
			f.do("POST", "/auth/refresh", "", "").want(401)
			f.do("GET", "/auth/me", f.tokens[tonypi.Admin], "").want(200) // another device
		})
	}
	newFixture(t).do("POST", "/auth/logout", "", "").want(204)
}

func TestOtherSitesCannotUseTheCookie(t *testing.T) {
	f := newFixture(t)
	f.do("POST", "/auth/login", "", login("admin", password)).want(200)
	for _, c := range []struct {
		name, header, value string
		status              int
	}{
		{"same origin", "Origin", "http://tonypi.local", 200},
		{"allowed origin", "Origin", "http://localhost:3000", 200},
		{"foreign origin", "Origin", "http://evil.test", 403},
		{"foreign, as the browser says", "Sec-Fetch-Site", "cross-site", 403},
		{"no browser", "X-Nothing", "", 200},
	} {
		if a := f.do("POST", "/auth/refresh", "", "", c.header, c.value); a.status != c.status {
			t.Errorf("%s: %d: %s", c.name, a.status, a.body)
		}
	}
	f.do("POST", "/auth/logout", "", "", "Origin", "http://evil.test").want(403)
}

func TestSignOutElsewhereActsSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		token := f.tokens[tonypi.Operator]
		f.do("GET", "/robots", token, "").want(200)
		// Another process took the session away: what is remembered may be used for no more than knownFor.
		f.must(f.store.DeleteSession(t.Context(), f.session[tonypi.Operator]))
		time.Sleep(knownFor + time.Millisecond)
		f.do("GET", "/robots", token, "").want(401)
	})
}

func TestChangePassword(t *testing.T) {
	f := newFixture(t)
	mine := f.tokens[tonypi.Viewer]
	other, _ := f.signIn("viewer")
	f.do("PUT", "/auth/me/password", mine, `{"current_password":"wrong","new_password":"long enough"}`).detail(400, "The current password is wrong")
	f.do("PUT", "/auth/me/password", mine, fmt.Sprintf(`{"current_password":%q,"new_password":"short"}`, password)).want(422)
	f.do("PUT", "/auth/me/password", mine, fmt.Sprintf(`{"current_password":%q,"new_password":%q}`, password, strings.Repeat("é", 37))).
		detail(400, "Password must have 8 to 72 bytes")
	f.do("GET", "/auth/me", other, "").want(200)
	f.do("PUT", "/auth/me/password", mine, fmt.Sprintf(`{"current_password":%q,"new_password":"long enough"}`, password)).want(204)
	f.do("GET", "/auth/me", mine, "").want(200)
	f.do("GET", "/auth/me", other, "").want(401)
	f.do("POST", "/auth/login", "", login("viewer", password)).want(401)
	f.do("POST", "/auth/login", "", login("viewer", "long enough")).want(200)
}

func TestSecretSurvivesRestartAndIsRandom(t *testing.T) {
	a := newFixture(t)
	b := empty(t, func(c *Config) {
		c.Users, c.Sessions, c.Credentials, c.Settings = a.store, a.store, a.store, a.store
	})
	if got := b.send("GET", "api/v1/auth/me", a.tokens[tonypi.Admin], "").status; got != 200 {
		t.Errorf("a token from before the restart: %d", got)
	}
	if c := newFixture(t); bytes.Equal(c.server.auth.secret, a.server.auth.secret) || len(a.server.auth.secret) != 32 {
		t.Error("the secret is not random")
	}
	a.must(a.store.SaveSetting(t.Context(), jwtSecretKey, "short"))
	if _, err := loadSecret(t.Context(), a.store); err == nil {
		t.Error("a broken secret was accepted")
	}
}

func TestSetup(t *testing.T) {
	f := empty(t)
	token := f.server.SetupToken()
	if len(token) < 26 {
		t.Fatalf("setup token %q", token)
	}
	if !read[SetupNeeded](f.do("GET", "/auth/setup", "", "").want(200)).Needed || !read[ServerInfo](f.do("GET", "/server", "", "").want(200)).SetupNeeded {
		t.Error("setup is not needed at the first start")
	}
	f.do("POST", "/auth/setup", "", `{"token":"wrong","password":"long enough"}`).
		detail(403, "The setup token is wrong; the server printed it when it started")
	f.do("POST", "/auth/setup", "", fmt.Sprintf(`{"token":%q,"password":"short"}`, token)).want(422)
	got := read[SignedIn](f.do("POST", "/auth/setup", "", fmt.Sprintf(`{"token":%q,"password":"long enough"}`, token)).want(200))
	if got.User.Username != "admin" || got.User.Role != tonypi.Admin || f.cookies[refreshName] == "" {
		t.Errorf("answer %+v", got)
	}
	f.do("GET", "/users", got.AccessToken, "").want(200)
	f.do("POST", "/auth/setup", "", fmt.Sprintf(`{"token":%q,"password":"long enough"}`, token)).detail(409, "The server is set up already")
	if f.server.SetupToken() != "" || read[SetupNeeded](f.do("GET", "/auth/setup", "", "")).Needed {
		t.Error("the setup token is still good")
	}
	if strings.Contains(f.log.String(), token) || strings.Contains(f.log.String(), "long enough") {
		t.Error("a secret is in the log")
	}
	if newFixture(t).server.SetupToken() != "" {
		t.Error("a server with an admin wants to be set up")
	}
}

func TestSetupHasOneWinner(t *testing.T) {
	f := empty(t)
	body := fmt.Sprintf(`{"token":%q,"username":"u%%d","password":"long enough"}`, f.server.SetupToken())
	var wg sync.WaitGroup
	status := make([]int, 8)
	for i := range status {
		wg.Go(func() {
			g := *f
			g.cookies = map[string]string{}
			status[i] = g.do("POST", "/auth/setup", "", fmt.Sprintf(body, i)).status
		})
	}
	wg.Wait()
	won := 0
	for _, s := range status {
		if s == 200 {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d callers made an admin: %v", won, status)
	}
}

func TestAnonymous(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.AnonymousRole = tonypi.Viewer })
	me := read[tonypi.User](f.do("GET", "/auth/me", "", "").want(200))
	if me.ID != "" || me.Username != "anonymous" || me.Role != tonypi.Viewer {
		t.Errorf("me is %+v", me)
	}
	if got := read[ServerInfo](f.do("GET", "/server", "", "").want(200)).AnonymousRole; got != tonypi.Viewer {
		t.Errorf("anonymous role %q", got)
	}
	if _, err := New(t.Context(), Config{AnonymousRole: "boss"}); tonypi.KindOf(err) != tonypi.Invalid {
		t.Errorf("an unknown role: %v", err)
	}
}

func TestPerson(t *testing.T) {
	f := newFixture(t)
	api := f.credential(tonypi.APIToken, apiPrefix+"script", "id-operator", time.Time{})
	for _, c := range []struct {
		name, token, user string
		role              tonypi.Role
		kind              tonypi.Kind
	}{
		{"access token", f.tokens[tonypi.Viewer], "viewer", tonypi.Viewer, tonypi.Internal},
		{"API token", api, "operator", tonypi.Operator, tonypi.Internal},
		{"nothing", "", "", "", tonypi.Unauthenticated},
		{"nonsense", "tp_nonsense", "", "", tonypi.Unauthenticated},
	} {
		user, role, err := f.server.Person(t.Context(), c.token)
		if user != c.user || role != c.role || (err != nil) != (c.kind != tonypi.Internal) || err != nil && tonypi.KindOf(err) != c.kind {
			t.Errorf("%s: %q %q %v", c.name, user, role, err)
		}
	}
}

// A token says nothing about itself while the store is down.
func TestStoreDown(t *testing.T) {
	broken := errors.New("disk on fire")
	f := newFixture(t)
	f.server.auth.sessions = brokenSessions{f.store, broken}
	a := f.do("GET", "/robots", f.tokens[tonypi.Viewer], "").want(500)
	if strings.Contains(a.body, "fire") || !strings.Contains(a.body, a.header.Get("X-Request-ID")) {
		t.Errorf("body %s", a.body)
	}
	if !strings.Contains(f.log.String(), "disk on fire") || strings.Count(f.log.String(), "disk on fire") != 1 {
		t.Errorf("log %s", f.log)
	}
	f.server.auth.sessions = f.store
	f.do("GET", "/robots", f.tokens[tonypi.Viewer], "").want(200)
}

type brokenSessions struct {
	tonypi.SessionStore
	err error
}

func (b brokenSessions) Session(context.Context, string) (tonypi.Session, error) {
	return tonypi.Session{}, b.err
}

func TestTooManySessionsEndTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		for range maxSessions + 5 {
			time.Sleep(time.Second)
			f.signIn("viewer")
		}
		all, err := f.store.Sessions(t.Context(), "id-viewer")
		f.must(err)
		if len(all) != maxSessions {
			t.Errorf("%d sessions", len(all))
		}
		f.do("GET", "/robots", f.tokens[tonypi.Viewer], "").want(401) // the first one
	})
}

func TestLoginFloodIsBounded(t *testing.T) {
	f := newFixture(t)
	for range maxHashing {
		f.server.auth.hashing <- struct{}{} // both are busy
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range maxWaiting {
		wg.Go(func() {
			if _, err := f.server.auth.turn(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("err %v", err)
			}
		})
	}
	for len(f.server.auth.waiting) < maxWaiting {
		time.Sleep(time.Millisecond)
	}
	a := f.do("POST", "/auth/login", "", login("admin", password)).want(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	cancel()
	wg.Wait()
}

// The anonymous role asks for no token, so that a page of another site could use it through the browser of somebody in the
// network.
func TestOtherSitesCannotUseTheAnonymousRole(t *testing.T) {
	for _, c := range []struct {
		name   string
		role   tonypi.Role
		method string
		host   string
		origin string
		status int
	}{
		{"own page", tonypi.Operator, "POST", "10.0.0.5:8000", "http://10.0.0.5:8000", 200},
		{"program", tonypi.Operator, "POST", "10.0.0.5:8000", "", 200},
		{"development server", tonypi.Operator, "POST", "localhost:8000", "http://localhost:3000", 200},
		{"foreign page", tonypi.Operator, "POST", "10.0.0.5:8000", "http://evil.test", 403},
		{"foreign page, without an origin to name", tonypi.Operator, "POST", "10.0.0.5:8000", "null", 403},
		{"foreign page that reads", tonypi.Operator, "GET", "10.0.0.5:8000", "http://evil.test", 200}, // it does not see the answer
		{"rebound name", tonypi.Operator, "POST", "evil.test:8000", "http://evil.test:8000", 401},
		{"rebound name that reads", tonypi.Admin, "GET", "evil.test:8000", "", 401},
		{"viewer under a public name", tonypi.Viewer, "GET", "wall.example.org", "", 200},
		{"IPv6", tonypi.Operator, "POST", "[fd00::5]:8000", "http://[fd00::5]:8000", 200},
		{"IPv6 without port", tonypi.Operator, "GET", "[fd00::5]", "", 200},
		{"name in the network", tonypi.Operator, "POST", "robots.local.:8000", "http://robots.local.:8000", 200},
		{"short name", tonypi.Operator, "GET", "robots", "", 200},
		{"looks local", tonypi.Operator, "GET", "local.evil.test", "", 401},
	} {
		f := newFixture(t, func(cfg *Config) { cfg.AnonymousRole = c.role })
		path := "http://" + c.host + "/api/v1/alerts/acknowledge-all"
		if c.method == "GET" {
			path = "http://" + c.host + "/api/v1/robots"
		}
		r := httptest.NewRequest(c.method, path, nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		w := httptest.NewRecorder()
		f.server.Handler().ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
		// Who proves who they are needs no such care.
		r.Header.Set("Authorization", "Bearer "+f.tokens[tonypi.Admin])
		w = httptest.NewRecorder()
		if f.server.Handler().ServeHTTP(w, r); w.Code != 200 {
			t.Errorf("%s, with a token: %d %s", c.name, w.Code, w.Body)
		}
	}
}

// The live socket asks for the caller by itself, and stops and drives robots.
func TestOtherSitesCannotUseTheAnonymousRoleThroughTheSocket(t *testing.T) {
	for _, c := range []struct {
		host, token string
		role        tonypi.Role
		name        string // empty: refused
	}{
		{"10.0.0.5:8000", "", tonypi.Operator, "anonymous"},
		{"evil.test:8000", "", tonypi.Operator, ""},
		{"evil.test:8000", "", tonypi.Viewer, "anonymous"},
		{"evil.test:8000", "admin", tonypi.Operator, "admin"},
	} {
		var f *fixture
		var by tonypi.Caller
		var err error
		f = newFixture(t, func(cfg *Config) {
			cfg.AnonymousRole = c.role
			cfg.Live = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				token := ""
				if c.token != "" {
					token = f.tokens[tonypi.Admin]
				}
				by, err = f.server.Caller(r.Context(), token)
			})
		})
		r := httptest.NewRequest("GET", "http://"+c.host+"/api/v1/live", nil)
		r.Header.Set("Origin", "http://"+c.host)
		f.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
		if by.Name != c.name || (c.name == "") != (tonypi.KindOf(err) == tonypi.Unauthenticated && err != nil) {
			t.Errorf("%+v: %+v, %v", c, by, err)
		}
	}
}
