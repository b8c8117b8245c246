package tonypi_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imports is the floor plan: which package may import which of ours. "*" may import everything.
var imports = map[string][]string{
	"cmd/tonypi": {"*"},

	"ingest":  {"", "wire"},
	"agent":   {"", "wire"},
	"mqtt":    {"", "wire"},
	"command": {"", "outbox", "wire"},
	"job":     {"", "outbox", "wire"},
	"compat":  {"", "report"},

	"logbook":  {"", "outbox"},
	"terminal": {""},
	"camera":   {""},
	"report":   {""},
	"wire":     {""},
	"alert":    {"", "outbox"},
	"live":     {""},
	"api":      {""},
	"sqlstore": {""},
	"tsdb":     {""},

	"":          {},
	"web":       {},
	"agent/sim": {""},
	"outbox":    {""},

	"storetest": {"", "wire"}, // for tests only
}

// outside says which libraries only certain packages may import; a prefix of the import path stands for all below it.
var outside = map[string][]string{
	"github.com/mochi-mqtt/":         {"mqtt"},
	"github.com/eclipse/paho.golang": {"mqtt"},
	"modernc.org/sqlite":             {"sqlstore"},
	"github.com/jackc/pgx":           {"sqlstore", "storetest"},
	"github.com/pressly/goose":       {"sqlstore"},
	"database/sql":                   {"sqlstore", "storetest"},
	"github.com/VictoriaMetrics/":    {"tsdb"},
	"github.com/danielgtaylor/huma":  {"api"},
	"github.com/golang-jwt/":         {"api"},
	"golang.org/x/crypto/bcrypt":     {"api", "cmd/tonypi"},
	"github.com/coder/websocket":     {"live", "mqtt", "terminal", "cmd/tonypi"},
	"github.com/alecthomas/kong":     {"cmd/tonypi"},
	"golang.org/x/crypto/ssh":        {"terminal"},
	"github.com/shirou/gopsutil":     {"cmd/tonypi"},
	"github.com/johnfercher/":        {"report"},
	"github.com/gorilla/":            {"mqtt"},
}

// TestFloorPlan reads every Go file's imports and holds them against the tables above. Test files may also use storetest.
func TestFloorPlan(t *testing.T) {
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "tools", "data", "bin", "dist"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		if pkg == "." {
			pkg = ""
		}
		found[pkg] = true
		if _, known := imports[pkg]; !known {
			t.Errorf("package %q is missing from the floor plan in arch_test.go", pkg)
			return nil
		}
		checkFile(t, pkg, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range imports {
		if !found[pkg] {
			t.Errorf("arch_test.go names package %q, which is gone", pkg)
		}
	}
}

func checkFile(t *testing.T, pkg, path string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	test := strings.HasSuffix(path, "_test.go")
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		if target == "tonypi" || strings.HasPrefix(target, "tonypi/") {
			if ours := strings.TrimPrefix(strings.TrimPrefix(target, "tonypi"), "/"); !mayImport(pkg, ours, test) {
				t.Errorf("%s: package %q must not import %q", path, pkg, ours)
			}
			continue
		}
		for library, owners := range outside {
			if strings.HasPrefix(target, library) && !test && !slices.Contains(owners, pkg) {
				t.Errorf("%s: only %v may import %s", path, owners, library)
			}
		}
	}
}

func mayImport(pkg, target string, test bool) bool {
	allowed := imports[pkg]
	if slices.Contains(allowed, "*") && (test || target != "storetest") || slices.Contains(allowed, target) {
		return true
	}
	// A test may stand outside its package, and may use the suites and memory stores.
	return test && (target == pkg || target == "storetest")
}
