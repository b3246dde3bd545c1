package server

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dunglas/httpsfv"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// The fields as a plain client writes them, by the grammar of RFC 9651 and without
// parameters.
var (
	plainInteger = regexp.MustCompile(`^ *(-?[0-9]{1,15}) *$`)
	plainBoolean = regexp.MustCompile(`^ *\?([01]) *$`)
	plainDigest  = regexp.MustCompile(`^ *sha-256=:([A-Za-z0-9+/]{43}=): *$`)
)

// FuzzStructuredFields holds the readers of structured fields against two others:
// the grammar, for what a plain client says, and the library, for what anybody does.
func FuzzStructuredFields(f *testing.F) {
	for _, seed := range []string{
		"?1", "?0", " ?1 ", "?1;a=b", "?2", "3", "-0", " 7 ", "1;a", "1.0", "999999999999999", "1000000000000000", `"k1"`, `"k\"1"`, `"k`, "k1", ":aGk=:",
		"sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:", "sha-256=:aGk=:, sha-512=:aGk=:", "sha-256=(1 2)", "@1", "%\"a\"", "", ",", "1, 2",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		item, err := httpsfv.UnmarshalItem([]string{text})
		h := http.Header{"Upload-Offset": {text}, "Upload-Complete": {text}, "Content-Digest": {text}, "Idempotency-Key": {text}}
		n := countField(h, "Upload-Offset")
		if plain := plainInteger.FindStringSubmatch(text); plain != nil {
			want, err := strconv.ParseInt(plain[1], 10, 64)
			if (n != nil) != (err == nil && want >= 0) || n != nil && *n != want {
				t.Fatalf("%q reads as the count %v", text, n)
			}
		}
		if n != nil && (err != nil || item.Value != *n) {
			t.Fatalf("%q reads as the count %d, and to the library as %v (%v)", text, *n, item.Value, err)
		}
		complete, given := completeField(h)
		if plain := plainBoolean.FindStringSubmatch(text); plain != nil && (!given || complete != (plain[1] == "1")) {
			t.Fatalf("%q reads as complete %t, given %t", text, complete, given)
		}
		if given && (err != nil || item.Value != complete) {
			t.Fatalf("%q reads as complete %t, and to the library as %v (%v)", text, complete, item.Value, err)
		}
		checkDigest(t, text, h)
		key, keyErr := idempotencyKey(h)
		if keyErr == nil && strings.HasPrefix(text, `"`) && (err != nil || item.Value != key) {
			t.Fatalf("%q reads as the key %q, and to the library as %v (%v)", text, key, item.Value, err)
		}
	})
}

func checkDigest(t *testing.T, text string, h http.Header) {
	checksum, err := digestField(h)
	plain := plainDigest.FindStringSubmatch(text)
	if err != nil {
		if protocol.CodeOf(err) != protocol.CodeInvalidRequest || checksum != nil {
			t.Fatalf("%q is the digest %v, %v", text, checksum, err)
		}
		// Base64 whose last bits are not zero is no canonical form of any digest.
		if plain != nil && isCanonical(plain[1]) {
			t.Fatalf("%q is refused: %v", text, err)
		}
		return
	}
	if plain != nil && checksum == nil {
		t.Fatalf("%q is not looked at", text)
	}
}

func isCanonical(text string) bool {
	_, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil
}

// FuzzUploadLimit: whatever the limits are, what is said of them can be read.
func FuzzUploadLimit(f *testing.F) {
	f.Add(int64(1<<30), int64(3600), int64(86400), "8")
	f.Add(int64(1<<62), int64(1<<40), int64(1), "6")
	f.Fuzz(func(t *testing.T, fileSize, idle, lifetime int64, version string) {
		s := &Server{Config: Config{Limits: protocol.Limits{
			FileSize: max(1, fileSize), UploadIdleSeconds: max(1, min(idle, 1<<33)), LifetimeSeconds: max(1, min(lifetime, 1<<33)),
		}}}
		w, r := httptest.NewRecorder(), &http.Request{Header: http.Header{interopHeader: {version}}}
		s.limits(w, r, store.Share{})
		said, err := httpsfv.UnmarshalDictionary(w.Header()["Upload-Limit"])
		if err != nil {
			t.Fatalf("%q: %v", w.Header()["Upload-Limit"], err)
		}
		size, ok := said.Get("max-size")
		if n, _ := size.(httpsfv.Item).Value.(int64); !ok || n < 1 || n > s.Limits.FileSize {
			t.Fatalf("%q for files of at most %d bytes", w.Header()["Upload-Limit"], s.Limits.FileSize)
		}
	})
}

// FuzzOrigin: a page may connect from a listed origin and from the server's own,
// whatever it makes of the header.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{
		"", "null", "https://app.example", "https://app.example.evil", "https://files.example", "http://files.example", "https://files.example:444",
		"https://evil.example#files.example", "https://evil.example?files.example", "https://evil.example/files.example", "files.example", "//files.example",
		"https://FILES.example", "https://files.example\r\nx", "https://evil.example\\files.example",
	} {
		f.Add(seed)
	}
	allow := AllowOrigin([]string{"https://app.example"}, false)
	f.Fuzz(func(t *testing.T, origin string) {
		r := httptest.NewRequest(http.MethodGet, "http://files.example/v1/push/websocket", nil)
		r.Header["Origin"] = []string{origin}
		if !allow(r) || origin == "" || origin == "https://app.example" {
			return
		}
		// Whatever stands around it, the host must be the server's own.
		_, rest, _ := strings.Cut(origin, "//")
		authority := rest[:len(rest)-len(strings.TrimLeftFunc(rest, func(c rune) bool { return !strings.ContainsRune("/?#", c) }))]
		if host := authority[strings.LastIndex(authority, "@")+1:]; host != "files.example" {
			t.Fatalf("%q may connect: its host is %q", origin, host)
		}
	})
}
