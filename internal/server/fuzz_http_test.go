package server_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// serve answers a request in the process.
func (r *rig) serve(as, method, address string, header http.Header, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, "/", strings.NewReader(body))
	request.URL, _ = url.ParseRequestURI(address)
	request.RequestURI = address
	if header != nil {
		request.Header = header.Clone()
	}
	if as != "" {
		request.Header.Set("Authorization", "Bearer "+r.tokens[as])
	}
	w := httptest.NewRecorder()
	r.Server.Config.Handler.ServeHTTP(w, request)
	return w
}

// FuzzRange asks for ranges of a file, and the same of net/http, which serves the
// same bytes under the same tag.
func FuzzRange(f *testing.F) {
	const data = "0123456789abcdefghijklmnopqrstuvwxyz"
	r := newRig(f)
	made := r.serve("ana", http.MethodPost, "/uploads", http.Header{
		"Tus-Resumable": {"1.0.0"}, "Upload-Length": {itoa(len(data))}, "Content-Type": {"application/offset+octet-stream"},
	}, data)
	address := strings.Replace(made.Header().Get("Location"), "/uploads/", "/v1/shares/", 1) + "/content"
	whole := r.serve("ana", http.MethodGet, address, nil, "")
	tag := whole.Header().Get("ETag")
	if whole.Code != http.StatusOK || whole.Body.String() != data || tag == "" {
		f.Fatalf("%d %s", whole.Code, whole.Body)
	}
	own := `"` + strings.TrimSuffix(strings.TrimPrefix(address, "/v1/shares/"), "/content") + `"`
	reference := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(data))
	})
	for _, seed := range [][3]string{
		{"bytes=0-0"}, {"bytes=1-3", "TAG"}, {"bytes=1-3", "OWN"}, {"bytes=1-3", `W/"x"`}, {"bytes=-5"}, {"bytes=5-"}, {"bytes=36-"}, {"bytes=9-3"}, {"bytes=-0"},
		{"bytes=0-1,3-4"}, {"bytes= 1 - 3 "}, {"bytes=99999999999999999999-"}, {"items=0-1"}, {"bytes=0-9", "", "TAG"}, {"", "TAG", "*"}, {"bytes=1-3", "Mon, 02 Jan 2006 15:04:05 GMT"},
	} {
		f.Add(seed[0], seed[1], seed[2], false)
		f.Add(seed[0], seed[1], seed[2], true)
	}
	f.Fuzz(func(t *testing.T, ranges, ifRange, ifNoneMatch string, head bool) {
		method := map[bool]string{false: http.MethodGet, true: http.MethodHead}[head]
		tags := strings.NewReplacer("TAG", tag, "OWN", own)
		asked := http.Header{}
		for name, value := range map[string]string{"Range": ranges, "If-Range": tags.Replace(ifRange), "If-None-Match": tags.Replace(ifNoneMatch)} {
			if value != "" {
				asked.Set(name, value)
			}
		}
		got := r.serve("ana", method, address, asked, "")
		// What is ours beside net/http: of several ranges none counts, and the tag
		// from before the upload was complete is as good as the one from after.
		if strings.Contains(ranges, ",") {
			asked.Del("Range")
		}
		if asked.Get("If-Range") == own {
			asked.Set("If-Range", tag)
		}
		request := httptest.NewRequest(method, "/", nil)
		request.Header = asked
		want := httptest.NewRecorder()
		reference.ServeHTTP(want, request)
		if got.Code != want.Code || got.Header().Get("Content-Range") != want.Header().Get("Content-Range") {
			t.Fatalf("%v: %d %q, by net/http %d %q", asked, got.Code, got.Header().Get("Content-Range"), want.Code, want.Header().Get("Content-Range"))
		}
		if got.Code < 300 && (!bytes.Equal(got.Body.Bytes(), want.Body.Bytes()) || got.Header().Get("Content-Length") != want.Header().Get("Content-Length")) {
			t.Fatalf("%v: %q, by net/http %q", asked, got.Body, want.Body)
		}
	})
}

var anyMethod = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// FuzzPath: whatever the address is, nothing outside the server's own files is
// read, made or removed, no share is there that nobody has made, and nobody is
// sent to another site.
func FuzzPath(f *testing.F) {
	r := newRig(f)
	const secret = "nobody may read this"
	outside := filepath.Join(r.data, "outside")
	if err := os.WriteFile(outside, []byte(secret), 0o600); err != nil {
		f.Fatal(err)
	}
	before := listing(f, r.data)
	for i, seed := range []string{
		"/uploads/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa", "/uploads/../outside", "/uploads/..%2foutside", "/uploads/%2e%2e%2f%2e%2e%2foutside", "/uploads/..\\outside",
		"/v1/shares/..%2f..%2foutside/content", "/v1/shares/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa/content?ticket=../outside", "/uploads/%00", "/sdk/../outside",
		"/sdk/..%2foutside", "/assets/..%2f..%2foutside", "//evil.example/..", "/uploads//evil.example", "/v1/rooms/..%2f/shares", "/uploads/a/b", "/.hidden", "/%2ehidden",
		"/v1/shares/sh_aaaaaaaaaaaaaaaaaaaaaaaaaa/../../../outside", "/uploads/staging", "/uploads/handout.db",
	} {
		f.Add(seed, uint8(i))
		f.Add(seed, uint8(5))
	}
	f.Fuzz(func(t *testing.T, address string, verb uint8) {
		if parsed, err := url.ParseRequestURI(address); err != nil || !strings.HasPrefix(parsed.Path, "/") {
			return // net/http refuses it before it is anybody's request
		}
		method := anyMethod[int(verb)%len(anyMethod)]
		header := http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Offset": {"0"}, "Content-Type": {"application/offset+octet-stream"}, "Upload-Concat": {"final;" + address}}
		w := r.serve("mod", method, address, header, "hello")
		at := w.Header().Get("Location")
		switch {
		case w.Code >= 500:
			t.Fatalf("%s %q: %d %s", method, address, w.Code, w.Body)
		case strings.Contains(w.Body.String(), secret):
			t.Fatalf("%s %q reads the file outside", method, address)
		case at != "" && (!strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//")):
			t.Fatalf("%s %q leads to %q", method, address, at)
		case w.Code < 300 && method != http.MethodOptions && (strings.HasPrefix(address, "/uploads") || strings.HasPrefix(address, "/v1/shares")):
			t.Fatalf("%s %q: %d %s", method, address, w.Code, w.Body)
		}
		if after := listing(t, r.data); !slices.Equal(after, before) {
			t.Fatalf("%s %q leaves %q, and there were %q", method, address, after, before)
		}
	})
}

// listing names all there is in the directory but what the store keeps beside its
// records for a while.
func listing(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if !strings.HasPrefix(filepath.Base(name), "handout.db-") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
