//go:build unix

package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Postgres returns the URL of a fresh, empty database in a real PostgreSQL that this process shares. It skips the test
// when PostgreSQL is not installed, or fails it when the environment has CI=true.
func Postgres(t testing.TB) string {
	t.Helper()
	skipShort(t)
	server, err := sharedPostgres()
	if err != nil {
		missing(t, err)
	}
	return server.Database(t)
}

var sharedPostgres = sync.OnceValues(func() (*PostgresServer, error) {
	server, err := newPostgres()
	if err != nil {
		return nil, err
	}
	return server, server.start()
})

// skipShort skips tests that need a server of their own in the quick run.
func skipShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a PostgreSQL server")
	}
}

// missing skips the test when a program is not installed, and fails it otherwise.
func missing(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skipf("PostgreSQL is not installed: %v", err)
	}
	t.Fatal(err)
}

// PostgresServer is a PostgreSQL of one test's own, on a free port of 127.0.0.1, that the test may stop and start again.
type PostgresServer struct {
	bin      string
	dir      string
	port     int
	password string
	login    *syscall.SysProcAttr
	leash    io.Closer // the server lives as long as this is open, so it also ends when the tests are killed
	command  *exec.Cmd
}

// NewPostgres starts a PostgreSQL that ends with the test. It skips and fails as Postgres does.
func NewPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	skipShort(t)
	server, err := newPostgres()
	if err != nil {
		missing(t, err)
	}
	server.Start(t)
	t.Cleanup(func() {
		server.Stop(t)
		if err := os.RemoveAll(server.dir); err != nil {
			t.Error(err)
		}
	})
	return server
}

// newPostgres makes the files of a server.
func newPostgres() (*PostgresServer, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	p := &PostgresServer{bin: bin, password: rand.Text()}
	if p.login, err = postgresLogin(); err != nil {
		return nil, err
	}
	if p.port, err = freePort(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "tonypi-postgres-"); err != nil {
		return nil, err
	}
	secret := filepath.Join(p.dir, "password")
	if err := os.WriteFile(secret, []byte(p.password), 0o600); err != nil {
		return nil, err
	}
	if c := p.login.Credential; c != nil {
		if err := errors.Join(os.Chown(p.dir, int(c.Uid), int(c.Gid)), os.Chown(secret, int(c.Uid), int(c.Gid))); err != nil {
			return nil, err
		}
	}
	// English ordering, unlike SQLite's, so that a query that forgets its collation is found out.
	_, err = p.tool("initdb", "--pgdata="+filepath.Join(p.dir, "data"), "--username=tonypi", "--pwfile="+secret,
		"--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en", "--no-sync")
	return p, err
}

// postgresPrograms returns the directory of initdb and the others. Debian keeps them out of the PATH.
func postgresPrograms() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(slices.Max(found)), nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", err
	}
	path, err = filepath.EvalSymlinks(path)
	return filepath.Dir(path), err
}

// postgresLogin drops root, which PostgreSQL refuses.
func postgresLogin() (*syscall.SysProcAttr, error) {
	login := &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() != 0 {
		return login, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, errors.Join(exec.ErrNotFound, err)
	}
	uid, badUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, badGID := strconv.ParseUint(account.Gid, 10, 32)
	login.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return login, errors.Join(badUID, badGID)
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}

func (p *PostgresServer) tool(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	c.Dir, c.SysProcAttr = p.dir, p.login
	c.Env = append(os.Environ(), "PGHOST=127.0.0.1", "PGUSER=tonypi", "PGPASSWORD="+p.password, "PGPORT="+strconv.Itoa(p.port))
	out, err := c.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return string(out), nil
}

// Start starts the server on the port that it had, and returns when it answers.
func (p *PostgresServer) Start(t testing.TB) {
	t.Helper()
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
}

// leashed runs the server until its standard input ends, then kills it and, when told so, removes its files.
const leashed = `"$1/postgres" -D "$2/data" -h 127.0.0.1 -p "$3" -k "" -F -c max_connections=100 2>"$2/log" &
read -r word
kill -QUIT $! && wait $!
test "$word" = keep || rm -rf "$2"`

func (p *PostgresServer) start() error {
	p.command = exec.Command("/bin/sh", "-c", leashed, "sh", p.bin, p.dir, strconv.Itoa(p.port))
	p.command.Dir, p.command.SysProcAttr = p.dir, p.login
	leash, err := p.command.StdinPipe()
	if err != nil {
		return err
	}
	p.leash = leash
	if err := p.command.Start(); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := p.tool("pg_isready", "--dbname=postgres")
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return fmt.Errorf("%w: %s", err, log)
		}
	}
}

// Stop kills the server and everybody's connections, as a crash would; what was committed stays.
func (p *PostgresServer) Stop(t testing.TB) {
	t.Helper()
	if p.leash == nil {
		return
	}
	if _, err := io.WriteString(p.leash.(io.Writer), "keep\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Fatal(err)
	}
	p.leash = nil
}

var databases atomic.Int64

// Database makes a fresh database and returns its URL.
func (p *PostgresServer) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	if _, err := p.tool("createdb", name); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://tonypi:%s@127.0.0.1:%d/%s?sslmode=disable", p.password, p.port, name)
}

// Query runs SQL in a database as its owner, outside of the program under test, and returns what psql prints.
func (p *PostgresServer) Query(t testing.TB, url, sql string) string {
	t.Helper()
	out, err := p.tool("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--dbname="+url, "--command="+sql)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
