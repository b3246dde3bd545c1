// Package internal_test holds the tree to its layout.
package internal_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/handout-rtc/handout/"

// allowed says which packages of the project each folder may import, in its
// own code and in its tests. A folder stands for all below it, the longest
// name wins. What a package imports of itself is always allowed.
var allowed = map[string][]string{
	"protocol":          {},
	"token":             {"protocol"},
	"client":            {"protocol"},
	"internal/crash":    {},
	"internal/blob":     {"internal/crash"},
	"internal/clock":    {},
	"internal/limit":    {},
	"internal/store":    {"protocol", "internal/crash"},
	"internal/filetype": {"protocol"},
	"internal/room":     {"protocol", "internal/store", "internal/limit"},
	"internal/share":    {"protocol", "internal/store", "internal/filetype", "internal/blob", "internal/limit", "internal/crash"},
	"internal/upload":   {"protocol", "internal/store", "internal/blob", "internal/crash"},
	"internal/audit":    {"protocol", "internal/store"},
	"internal/verify":   {"protocol", "internal/store", "internal/blob"},
	"internal/migrate":  {"protocol", "internal/store", "internal/blob"},
	// These are edges, as the two below: the one speaks HTTP to the applications'
	// endpoints, the other to other nodes.
	"internal/webhook": {"protocol", "internal/store"},
	"internal/cluster": {"protocol", "internal/store", "internal/blob"},
	"internal/signal":  {"protocol", "token", "internal/room", "internal/share", "internal/store", "internal/limit", "internal/crash"},
	"internal/server":  {"protocol", "token", "internal/room", "internal/share", "internal/upload", "internal/store", "internal/blob", "internal/limit", "internal/webhook"},
	// The engines that tests run against, as real servers.
	"internal/enginetest": {},
	// The faults drive the program over the wire, and read what it leaves behind.
	"internal/faulttest": {"protocol", "token", "internal/blob", "internal/crash", "internal/enginetest"},
	// The command line is a client of the server, and knows nothing of its inside.
	"internal/cli": {"protocol", "token", "client"},
	"docs":         {},
	"sdk":          {},
	"panel":        {},
	"web":          {},
	"bench":        {"protocol", "token", "internal/enginetest"},
	"cmd/handout": {
		"protocol", "token", "docs", "sdk", "panel", "web", "internal/cli", "internal/room", "internal/share", "internal/upload",
		"internal/blob", "internal/clock", "internal/store", "internal/signal", "internal/server", "internal/verify", "internal/audit", "internal/limit", "internal/webhook",
		"internal/cluster", "internal/migrate",
	},
}

// allowedInTests adds what only tests may import: they put real parts together.
var allowedInTests = map[string][]string{
	"internal/filetype": {"protocol"},
	"internal/room":     {"internal/store"},
	"internal/share":    {"internal/upload"},
	"internal/cluster":  {"internal/upload", "internal/share", "internal/blob"},
	"internal/signal":   {"internal/room", "internal/store", "internal/enginetest"},
	"internal/server":   {"internal/signal", "docs"},
	"client":            {"token", "internal/faulttest"},
	"internal/store":    {"internal/enginetest"},
	"internal/blob":     {"internal/enginetest"},
	"cmd/handout":       {"client", "internal/faulttest", "internal/enginetest"},
}

// withoutHTTP are the folders whose code must not know of HTTP.
var withoutHTTP = []string{"protocol", "token", "internal/room", "internal/share", "internal/upload", "internal/verify", "internal/audit", "internal/blob", "internal/clock", "internal/store", "internal/limit", "internal/filetype"}

func TestImportsFollowTheLayout(t *testing.T) {
	seen := 0
	eachGoFile(t, func(file string, imports []string) {
		folder := owner(path.Dir(file))
		if folder == "" {
			if path.Dir(file) != "internal" {
				t.Errorf("%s: its folder is not in the layout", file)
			}
			return
		}
		seen++
		test := strings.HasSuffix(file, "_test.go") || strings.HasSuffix(path.Dir(file), "test")
		for _, imported := range imports {
			if imported == "net/http" && !test && slices.Contains(withoutHTTP, folder) {
				t.Errorf("%s imports net/http: only the edges know of it", file)
			}
			target, own := strings.CutPrefix(imported, module)
			if !own || permits(folder, owner(target), test) {
				continue
			}
			t.Errorf("%s imports %s: the layout has no arrow from %s to %s", file, target, folder, owner(target))
		}
	})
	if seen == 0 {
		t.Fatal("no Go file was seen")
	}
}

func permits(folder, target string, test bool) bool {
	return folder == target || slices.Contains(allowed[folder], target) ||
		test && slices.Contains(allowedInTests[folder], target)
}

// owner returns the folder of the layout that dir lies in, "" for none.
func owner(dir string) string {
	for ; dir != "." && dir != "/"; dir = path.Dir(dir) {
		if _, ok := allowed[dir]; ok {
			return dir
		}
	}
	return ""
}

func eachGoFile(t *testing.T, visit func(file string, imports []string)) {
	t.Helper()
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", name), nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, imported)
		}
		visit(name, imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
