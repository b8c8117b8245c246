//go:build !unix

package storetest

import "testing"

// Postgres skips the test: the tests start PostgreSQL on Unix only.
func Postgres(t testing.TB) string {
	t.Helper()
	t.Skip("tests start PostgreSQL on Unix only")
	return ""
}
