package internal_test

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	fence   = regexp.MustCompile("(?ms)^[ \t]*(```|~~~).*?^[ \t]*(```|~~~)[ \t]*$")
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} (.*)$`)
)

// TestLinksOfPagesLead: every link from one of the repository's pages to another, or
// to a file, is to one that is there, and to a heading that it has.
func TestLinksOfPagesLead(t *testing.T) {
	pages := map[string]string{}
	err := fs.WalkDir(os.DirFS(".."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "dist" || strings.HasPrefix(entry.Name(), ".") && name != ".") {
			return fs.SkipDir
		}
		if path.Ext(name) == ".md" {
			text, err := os.ReadFile(filepath.Join("..", name))
			pages[name] = fence.ReplaceAllString(string(text), "")
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	links := 0
	for page, text := range pages {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(text, ""), -1) {
			if regexp.MustCompile(`^[a-z]+:`).MatchString(match[1]) {
				continue // elsewhere
			}
			links++
			to, anchor, _ := strings.Cut(match[1], "#")
			file := page
			if to != "" {
				file = path.Join(path.Dir(page), to)
			}
			if _, err := os.Stat(filepath.Join("..", file)); err != nil {
				t.Errorf("%s links to %s, which is not there", page, match[1])
			} else if anchor != "" && path.Ext(file) == ".md" && !has(pages[file], anchor) {
				t.Errorf("%s links to %s, and %s has no such heading", page, match[1], file)
			}
		}
	}
	if len(pages) < 30 || links < 50 {
		t.Errorf("only %d links of %d pages were seen", links, len(pages))
	}
}

// has reports whether a page has a heading of that anchor, as those who show pages
// make them: lower case, without punctuation, blanks as dashes.
func has(page, anchor string) bool {
	for _, found := range heading.FindAllStringSubmatch(page, -1) {
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ' || r == '-':
				return '-'
			case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
				return unicode.ToLower(r)
			}
			return -1
		}, strings.TrimSpace(found[1]))
		if name == anchor {
			return true
		}
	}
	return false
}
