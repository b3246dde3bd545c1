package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// instruments are the folders that are no part of the server, though the binary has
// the command line beside it: they may reach out, and unpack what they packed.
var instruments = []string{"bench", "client", "internal/cli", "internal/enginetest", "internal/faulttest"}

// decoders read what strangers made; each has had faults that were an attack. The
// server keeps bytes as they are, and has no use for any of these.
var decoders = []string{
	"archive/", "compress/", "image", "image/", "encoding/xml", "encoding/gob", "encoding/asn1", "mime/multipart", "debug/", "text/template", "html/template", "plugin", "os/exec",
}

// product calls visit with each file of the server's own code.
func product(t *testing.T, visit func(file string, imports []string)) {
	t.Helper()
	eachGoFile(t, func(file string, imports []string) {
		dir := path.Dir(file)
		outside := func(folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }
		if !strings.HasSuffix(file, "_test.go") && !strings.HasSuffix(dir, "test") && !slices.ContainsFunc(instruments, outside) {
			visit(file, imports)
		}
	})
}

// TestNothingIsUnpacked: no code of the server reads the inside of a file.
func TestNothingIsUnpacked(t *testing.T) {
	seen := 0
	product(t, func(file string, imports []string) {
		seen++
		for _, imported := range imports {
			if slices.ContainsFunc(decoders, func(d string) bool {
				return imported == d || strings.HasSuffix(d, "/") && strings.HasPrefix(imported, d)
			}) {
				t.Errorf("%s imports %s", file, imported)
			}
		}
	})
	if seen < 50 {
		t.Errorf("only %d files were seen", seen)
	}
}

// reachers are what begins a connection to somewhere else.
var reachers = map[string][]string{
	"http": {"Get", "Post", "Head", "PostForm", "Client", "DefaultClient", "NewRequest", "NewRequestWithContext", "Transport", "DefaultTransport"},
	"net":  {"Dial", "DialTimeout", "Dialer", "DialTCP", "DialUDP", "DialUnix", "LookupHost", "LookupIP"},
	"tls":  {"Dial", "DialWithDialer", "Dialer"}, "smtp": {"SendMail", "Dial"}, "websocket": {"Dial"},
}

// reaching are the files that may. What the one connects to is judged by address, see
// TestNoEndpointIsBehindTheServer; the other, to the addresses that nodes of the same
// cluster write into the store.
var reaching = []string{"internal/webhook/send.go", "internal/cluster/reach.go"}

// TestNothingIsFetched: the server connects to nobody but the endpoints that an
// application registered, and the other nodes, so nobody can have it connect to where only it can reach.
func TestNothingIsFetched(t *testing.T) {
	product(t, func(file string, _ []string) {
		if slices.Contains(reaching, file) {
			return
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := selector.X.(*ast.Ident); ok && slices.Contains(reachers[of.Name], selector.Sel.Name) {
				t.Errorf("%s uses %s.%s", file, of.Name, selector.Sel.Name)
			}
			return true
		})
	})
}
