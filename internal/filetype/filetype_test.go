package filetype

import (
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// The beginnings of files.
var (
	png    = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
	pdf    = "%PDF-1.7\n"
	exe    = "MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x00", 52) + "\x40\x00\x00\x00" + "PE\x00\x00"
	elf    = "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"
	zipped = "PK\x03\x04\x14\x00\x00\x00\x08\x00" + strings.Repeat("\x00", 16) + "\x05\x00\x00\x00a.txt"
	html   = "<!DOCTYPE html><html><script>alert(1)</script>"
	script = "#!/bin/sh\nrm -rf /\n"
	json   = `{"a":[1,2,3]}`
	noise  = "\x01\x93\xf4\x00\x88\xfe\x03\x99\xaa"
	prose  = "Dear Ana,\nhere is the report.\n"
)

func TestFilesAreHeldAgainstLists(t *testing.T) {
	allow := func(entries ...string) Lists { return Lists{Allow: entries} }
	deny := func(entries ...string) Lists { return Lists{Deny: entries} }
	for _, row := range []struct {
		lists          Lists
		name, declared string
		head           string
		offered, found bool
	}{
		{Lists{}, "a.exe", unknown, exe, true, true},

		{allow(".pdf"), "a.PDF", "application/pdf", pdf, true, true},
		{allow(".pdf"), "a.pdf", unknown, pdf, true, true},
		{allow(".pdf"), "a.pdf.exe", unknown, exe, false, false},
		{allow(".pdf"), "a.pdf", "application/pdf", exe, true, false},
		{allow(".pdf"), "a.pdf", "application/pdf", elf, true, false},
		{allow(".pdf"), "a.pdf", "application/pdf", html, true, false},
		{allow(".pdf"), "a.pdf", "application/pdf", noise, true, false},
		{allow(".pdf"), "a.png", "image/png", png, false, false},
		{allow(".jpg"), "a.jpg", "image/jpeg", png, true, false},

		{allow("image/*"), "a.png", "image/png", png, true, true},
		{allow("image/*"), "a", unknown, png, true, true}, // its content says it
		{allow("image/*"), "a.bin", unknown, exe, true, false},
		{allow("image/*"), "a.png", "image/png", exe, true, false},
		{allow("image/*"), "a.png", "image/png", html, true, false},
		{allow("image/*"), "a.png", "image/png", noise, true, false},
		{allow("image/*"), "a.png", "image/png", zipped, true, false},
		{allow("image/*"), "a.pdf", "application/pdf", pdf, false, false},
		{allow("image/*"), "a.png", "text/plain", png, false, false},
		{allow("image/png"), "a.jpg", "image/jpeg", "\xff\xd8\xff\xe0", false, false},

		{allow(".docx"), "a.docx", word, zipped, true, true},
		{allow(word), "a.docx", word, zipped, true, true},
		{allow(word), "a.docx", word, exe, true, false},
		{allow(".pdf", ".docx"), "a.pdf", "application/pdf", zipped, true, false},
		{allow("application/zip"), "a.zip", zip, zipped, true, true},

		{allow(".txt"), "a.txt", "text/plain", prose, true, true},
		{allow(".txt"), "a.txt", "text/plain", json, true, true},
		{allow("text/*"), "a.json", "text/json", json, true, true},
		{allow("text/plain"), "a.txt", "text/plain", exe, true, false},
		{allow(".csv"), "a.csv", "text/csv", "a;b\n1;2\n", true, true},
		{allow(".blend1"), "a.blend1", unknown, noise, true, true}, // of which nobody knows anything
		{allow(".blend1"), "a.blend1", unknown, exe, true, false},
		{allow("application/x-ours"), "a.ours", "application/x-ours", noise, true, true},
		{allow("application/x-ours"), "a.ours", "application/x-ours", exe, true, false},

		{deny(".exe"), "a.EXE", unknown, prose, false, false},
		{deny(".exe"), "a.pdf", "application/pdf", exe, true, false},
		{deny(".exe"), "a.pdf", "application/pdf", pdf, true, true},
		{deny("application/vnd.microsoft.portable-executable"), "a.pdf", unknown, exe, true, false},
		{deny("text/html"), "a.txt", "text/plain", html, true, false},
		{deny("text/html"), "a.html", "text/html", html, false, false},
		{deny(".sh"), "a.txt", "text/plain", script, true, false},
		{deny("image/*"), "a.txt", "text/plain", png, true, false},
		{deny(".docx"), "a.zip", zip, zipped, true, true},
		{deny(".pdf"), "a.txt", "text/plain", "", true, true},

		{Lists{Allow: []string{"image/*"}, Deny: []string{".svg", "image/svg+xml"}}, "a.png", "image/png", `<svg xmlns="http://www.w3.org/2000/svg">`, true, false},
	} {
		code := func(err error) bool {
			if err != nil && protocol.CodeOf(err) != protocol.CodeTypeNotAllowed {
				t.Errorf("%+v: %v", row, err)
			}
			return err == nil
		}
		if got := code(row.lists.Offered(row.name, row.declared)); got != row.offered {
			t.Errorf("%v, %s as %s, is offered: %t", row.lists, row.name, row.declared, got)
		}
		if got := code(row.lists.Found(row.name, row.declared, []byte(row.head))); got != row.found {
			t.Errorf("%v, %s as %s, with %.20q, is let through: %t", row.lists, row.name, row.declared, row.head, got)
		}
	}
}

// FuzzFound: no content gets around what the name is refused for, and what is said of
// types is read or refused.
func FuzzFound(f *testing.F) {
	for _, head := range []string{png, pdf, exe, elf, zipped, html, json, noise, prose} {
		f.Add("a.pdf", "application/pdf", ".pdf", "image/*", []byte(head))
	}
	f.Fuzz(func(t *testing.T, name, declared, allow, deny string, head []byte) {
		name, declared = protocol.CleanFileName(name), protocol.CleanType(declared)
		text := `{"allow":["` + allow + `"],"deny":["` + deny + `"]}`
		rules, err := protocol.ParseRules([]byte(text), protocol.Limits{})
		if err != nil {
			return
		}
		l := Lists{rules.Allow, rules.Deny}
		if l.Found(name, declared, head) != nil {
			return
		}
		if l.Offered(name, declared) != nil {
			t.Errorf("%v lets %q as %q through, which may not be offered", l, name, declared)
		}
	})
}
