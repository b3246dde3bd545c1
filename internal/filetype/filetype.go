// Package filetype holds files against a room's lists of types: by what they are
// called and declared to be, before there is a byte of them, and by what their first
// bytes look like.
//
// It tells formats apart, not good from bad: a file that is what it says may still do
// harm, and what no format is recognised in can only go by its name.
package filetype

import (
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/handout-rtc/handout/protocol"
)

// unknown is the type of a file of which nothing is known.
const unknown = "application/octet-stream"

// Lists say which files may be shared: extensions and types in lower case, as
// protocol.Rules has them. The zero value allows all.
type Lists struct{ Allow, Deny []string }

// Any reports whether all files may be shared.
func (l Lists) Any() bool { return len(l.Allow)+len(l.Deny) == 0 }

// Offered returns nil if a file of that clean name and declared type may be offered,
// else CodeTypeNotAllowed. One that is declared as nothing is left to its content.
func (l Lists) Offered(name, declared string) error {
	f := file{strings.ToLower(name), declared, nil}
	if slices.ContainsFunc(l.Deny, f.isNamed) || slices.ContainsFunc(l.Deny, f.isDeclared) {
		return refused(declared)
	}
	ofTypes := func(entry string) bool { return f.isDeclared(entry) || declared == unknown && !isExtension(entry) }
	if len(l.Allow) == 0 || slices.ContainsFunc(l.Allow, f.isNamed) || slices.ContainsFunc(l.Allow, ofTypes) {
		return nil
	}
	return refused(declared)
}

// Found returns nil if a file of that clean name and declared type, which begins with
// head, may be shared, else CodeTypeNotAllowed. head is all of a file that is shorter
// than what is looked at.
//
// What a format is recognised in must be allowed as such, and not denied: a program
// that is called a picture is a program. Of an extension's file nothing else may be
// recognised than what it stands for.
func (l Lists) Found(name, declared string, head []byte) error {
	if err := l.Offered(name, declared); err != nil || len(head) == 0 {
		return err
	}
	f := file{strings.ToLower(name), declared, mimetype.Detect(head)}
	if slices.ContainsFunc(l.Deny, f.looksLike) {
		return refused(plain(f.found))
	}
	if len(l.Allow) == 0 || slices.ContainsFunc(l.Allow, f.isAllowedAs) {
		return nil
	}
	return refused(plain(f.found))
}

func refused(kind string) error {
	return protocol.NewError(protocol.CodeTypeNotAllowed, "files of this type may not be shared in this room: "+kind)
}

// file is what is known of a file.
type file struct {
	name     string // in lower case
	declared string
	found    *mimetype.MIME
}

func isExtension(entry string) bool { return entry[0] == '.' }

// isNamed reports whether the entry is an extension of the file.
func (f file) isNamed(entry string) bool {
	return isExtension(entry) && strings.HasSuffix(f.name, entry)
}

// isDeclared reports whether the entry is a type that the file is declared to be.
func (f file) isDeclared(entry string) bool { return !isExtension(entry) && matches(entry, f.declared) }

// looksLike reports whether the content is what the entry stands for.
func (f file) looksLike(entry string) bool {
	if isExtension(entry) {
		known := formats[entry]
		return f.found.Extension() == entry || known != nil && f.found.Is(known[0])
	}
	return matches(entry, plain(f.found)) || f.found.Is(entry)
}

// isAllowedAs reports whether an entry of the allowed allows the file.
func (f file) isAllowedAs(entry string) bool {
	if isExtension(entry) {
		return f.isNamed(entry) && f.fits(entry)
	}
	switch {
	case f.looksLike(entry), f.found.Is(f.declared) && f.isDeclared(entry):
		return true
	case isText(f.found): // as much of it as is text: JSON in a .txt
		return matches(entry, "text/plain")
	case f.isDeclared(entry) && mimetype.Lookup(f.declared) == nil: // nobody can tell
		return generic(f.found)
	}
	return slices.ContainsFunc(containers[plain(f.found)], func(kind string) bool { return kind == f.declared && matches(entry, kind) })
}

// fits reports whether the content may be that of a file with the extension.
func (f file) fits(extension string) bool {
	if known := formats[extension]; known != nil {
		return slices.ContainsFunc(known, f.found.Is)
	}
	return generic(f.found) || isText(f.found) || f.found.Extension() == extension
}

// matches reports whether a type is what an entry names, "image/*" or "image/png".
func matches(entry, kind string) bool {
	if all, ok := strings.CutSuffix(entry, "*"); ok {
		return strings.HasPrefix(kind, all)
	}
	return entry == kind
}

// plain is a type without its parameters.
func plain(m *mimetype.MIME) string {
	kind, _, _ := strings.Cut(m.String(), ";")
	return kind
}

// generic reports whether no format is recognised.
func generic(m *mimetype.MIME) bool { return m.Is(unknown) }

// isText reports whether the content is text, of whatever kind.
func isText(m *mimetype.MIME) bool {
	for ; m != nil; m = m.Parent() {
		if m.Is("text/plain") {
			return true
		}
	}
	return false
}
