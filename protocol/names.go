package protocol

import (
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// CleanFileName makes a client's file name safe to show and to save: the last
// path element, NFC, without control and bidirectional characters, trimmed of
// blanks and dots at its ends that hide an extension, cut to MaxFileNameBytes
// with the extension kept. The result is data for people: no path on the
// server is ever made from it. A name with nothing left becomes "file".
// Cleaning a clean name changes nothing.
func CleanFileName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = norm.NFC.String(strings.Map(printable, name))
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = trimName(name)
	if len(name) > MaxFileNameBytes {
		name = trimName(shorten(name))
	}
	if name == "" {
		return "file"
	}
	return name
}

// CleanDisplayName makes a participant's name safe to show: NFKC, without
// control and bidirectional characters, blanks folded and trimmed, cut to
// MaxDisplayNameBytes. It may return "".
func CleanDisplayName(name string) string {
	name = strings.ToValidUTF8(name, "\uFFFD")
	name = norm.NFKC.String(strings.Map(printable, name))
	name = strings.Join(strings.Fields(name), " ")
	name = strings.TrimSpace(cut(name, MaxDisplayNameBytes))
	if !strings.ContainsFunc(name, visible) {
		return ""
	}
	return name
}

// CleanType returns a MIME type without parameters, or
// application/octet-stream for anything that is not one.
func CleanType(t string) string {
	media, _, err := mime.ParseMediaType(t)
	if err != nil || len(media) > MaxTypeBytes || !strings.Contains(media, "/") {
		return "application/octet-stream"
	}
	return media
}

// printable drops what could forge a line, a header, a reading direction or, being
// nothing to see, another name. The joiners U+200C and U+200D are part of words and
// of emoji, so they stay.
func printable(r rune) rune {
	switch {
	case unicode.IsControl(r):
		return -1
	case unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', r == '\uFEFF', r == '\u200B', r == '\u2060':
		return -1
	}
	return r
}

func visible(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }

func trimName(name string) string {
	name = strings.TrimFunc(name, unicode.IsSpace)
	name = strings.TrimRightFunc(name, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
	if strings.Trim(name, ".") == "" || !strings.ContainsFunc(name, visible) {
		return ""
	}
	return name
}

// shorten cuts the stem of a long name and keeps an extension of up to 16 bytes.
func shorten(name string) string {
	ext := ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 16 {
		ext = name[dot:]
	}
	return cut(name, MaxFileNameBytes-len(ext)) + ext
}

// cut returns at most n bytes of s, whole characters only.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
