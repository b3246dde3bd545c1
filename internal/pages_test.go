package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPagesNameTestsThatExist: a promise in docs is held by a test that is there.
func TestPagesNameTestsThatExist(t *testing.T) {
	var code strings.Builder
	eachGoFile(t, func(file string, _ []string) {
		if strings.HasSuffix(file, "_test.go") {
			text, err := os.ReadFile(filepath.Join("..", file))
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	})
	for _, page := range []string{"security.md", "access.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		named := regexp.MustCompile("`?((Test|Fuzz)[A-Z][A-Za-z0-9_]*)`").FindAllStringSubmatch(string(text), -1)
		for _, name := range named {
			if !strings.Contains(code.String(), "func "+name[1]+"(") {
				t.Errorf("docs/%s names %s, which is no test", page, name[1])
			}
		}
		if len(named) == 0 {
			t.Errorf("docs/%s names no test", page)
		}
		for _, in := range regexp.MustCompile("`([^`]*)` \\(`(e2e/[^`]*)`\\)").FindAllStringSubmatch(string(text), -1) {
			spec, err := os.ReadFile(filepath.Join("..", in[2]))
			if err != nil || !strings.Contains(string(spec), "test('"+in[1]+"'") {
				t.Errorf("docs/%s names %q of %s, which is no test (%v)", page, in[1], in[2], err)
			}
		}
	}
}
