package server_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// What went wrong in systems like this one, and must not here: docs/security.md
// has the list.

// evilNames are what a client may call its file.
var evilNames = []string{
	"../../../etc/cron.d/x", `..\..\x.exe`, "/etc/passwd", "CON", "a\r\nSet-Cookie: x=1", "x.jsp", "x.session", "\u202efdp.exe", "\x00", strings.Repeat("n", 64<<10), "\xff\xfe", ".", "..", "",
	`"; filename="evil.html`, "a;b=c.html", "<img src=x onerror=alert(1)>.svg", "x.html", "x.svg", "x.svgz", "x.xhtml", "x.pdf", "x.wasm", "x.js", "x.mht", "\u001b[2Jx",
}

// offer offers a file by the name and sends it; the name travels in JSON, which
// takes any.
func (r *rig) offer(t *testing.T, name, kind, data string) (id string) {
	t.Helper()
	offer := step{method: "POST", path: "/v1/rooms/" + string(r.room) + "/shares", as: "ana",
		body: `{"files":[{"name":` + quoted(t, name) + `,"size":` + itoa(len(data)) + `,"type":` + quoted(t, kind) + `}],"to":"room"}`}
	response, body := r.send(t, offer, nil)
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("%q: %s %s", name, response.Status, body)
	}
	id = pick(t, response, body, ".shares.0.id")
	if response, body := r.send(t, step{method: "PATCH", path: "/uploads/" + id, as: "ana", header: patchHeader("0"), body: data}, nil); response.StatusCode != http.StatusNoContent {
		t.Fatalf("%q: %s %s", name, response.Status, body)
	}
	return id
}

// TestWhatIsKeptIsNamedByTheServer: no name of a client's, and no address, is the
// name of a file, neither while it comes nor afterwards.
func TestWhatIsKeptIsNamedByTheServer(t *testing.T) {
	r := newRig(t)
	for _, name := range evilNames {
		r.offer(t, name, "text/html", "hello")
	}
	r.serve("ana", "POST", "/uploads", http.Header{"Upload-Complete": {"?0"}, "Content-Disposition": {`inline; filename="../../x.jsp"`}}, "half")
	own := regexp.MustCompile(`^(handout\.db(-wal|-shm)?|files(/(staging|packs|blobs|blobs/[a-z0-9]{2}))?|files/(staging|blobs/[a-z0-9]{2})/sh_[a-z2-7]{26}|files/packs/[a-z2-7]{26})$`)
	kept := 0
	for _, name := range listing(t, r.data) {
		relative, err := filepath.Rel(r.data, name)
		if err != nil {
			t.Fatal(err)
		}
		if relative != "." && !own.MatchString(relative) {
			t.Errorf("there is %q", relative)
		}
		info, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		if relative != "." && (info.Mode().Perm()&0o077 != 0 || !info.IsDir() && info.Mode().Perm()&0o111 != 0) {
			t.Errorf("%s has mode %v", relative, info.Mode())
		}
		if !info.IsDir() {
			kept++
		}
	}
	if kept < len(evilNames) {
		t.Errorf("only %d files were looked at", kept)
	}
}

// TestNoFileIsShownByItsType: whatever it is called, and whatever it is said to
// be, a file is something to keep, and runs nowhere.
func TestNoFileIsShownByItsType(t *testing.T) {
	r := newRig(t)
	for i, name := range evilNames {
		kind := []string{"text/html", "image/svg+xml", "application/pdf", "application/xhtml+xml", "application/wasm", "text/javascript", "multipart/related", "text/html\r\nX: y"}[i%8]
		const data = "<html><script>alert(1)</script>"
		id := r.offer(t, name, kind, data)
		for _, method := range []string{"GET", "HEAD"} {
			response, body := r.send(t, step{method: method, path: "/v1/shares/" + id + "/content", as: "ben"}, nil)
			for header, want := range map[string]string{
				"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
				"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "private, no-store", "Set-Cookie": "", "Content-Encoding": "",
			} {
				if got := response.Header.Get(header); got != want || len(response.Header.Values(header)) > 1 {
					t.Errorf("%q of type %q: %s is %q", name, kind, header, response.Header.Values(header))
				}
			}
			if disposition := response.Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, `attachment; filename="`) || strings.Count(disposition, ";") != 2 {
				t.Errorf("%q is disposed of as %q", name, disposition)
			}
			if method == "GET" && string(body) != data {
				t.Errorf("%q is not what was sent: %q", name, body)
			}
		}
	}
}

// TestTheSenderIsWhoSends: nobody is somebody else by saying so.
func TestTheSenderIsWhoSends(t *testing.T) {
	r := newRig(t)
	as := `"sender":{"id":"ben","name":"Ben"},"from":"ben","participant":"ben"`
	r.run(t, r.fill([]step{
		{method: "POST", path: "/v1/rooms/{room}/shares", as: "ana", body: `{` + as + `,"files":[{"name":"a","size":5,` + as + `}],"to":["cleo"]}`, status: 201,
			wantHas: `"sender":{"id":"ana","name":"ana"}`, save: map[string]string{"id": ".shares.0.id"}},
		{method: "POST", path: "/uploads?sender=ben", as: "ana", header: tusHeader("Upload-Length", "0", "Upload-Metadata", "sender "+b64("ben")+",to "+b64("cleo")), status: 201, save: map[string]string{"up": "Location"}},
		{method: "GET", path: "/v1/shares/{share:up}", as: "cleo", status: 200, wantHas: `"sender":{"id":"ana"`},
		{name: "a receipt is one's own", method: "POST", path: "/v1/rooms/{room}/receipts", as: "cleo", body: `{"receipts":[{"share":"{id}","state":"seen",` + as + `}]}`, status: 200, wantHas: `"participant":"cleo"`},
		{name: "and nobody leaves for another", method: "DELETE", path: "/v1/rooms/{room}/participants/ben", as: "ana", status: 403, code: "forbidden"},
	}))
}

// TestNobodyElseInterruptsAnUpload: the newest request of the owner takes over. No
// request of anybody else does, by whatever verb and in whatever dialect.
func TestNobodyElseInterruptsAnUpload(t *testing.T) {
	r := newRig(t)
	upload := r.begin(t, "10")
	upload.say(t, "hello")
	r.until(t, "the first bytes are taken in", func() bool { return r.received(t) == 5 })
	for _, who := range []string{"ben", "cleo", "vic", "zoe", "forged", "expired"} {
		for _, method := range []string{"HEAD", "GET", "PATCH", "DELETE", "POST"} {
			for _, header := range []map[string]string{
				patchHeader("5"), patchHeader("5", "X-HTTP-Method-Override", "DELETE"),
				{"Upload-Offset": "5", "Upload-Complete": "?1", "Content-Type": "application/partial-upload"},
			} {
				if response, body := r.send(t, step{method: method, path: "/uploads/" + upload.id, as: who, header: header}, nil); response.StatusCode < 400 {
					t.Errorf("%s by %s: %s %s", method, who, response.Status, body)
				}
			}
		}
		for _, s := range []step{
			{method: "DELETE", path: "/v1/shares/" + upload.id}, {method: "POST", path: "/v1/shares/" + upload.id + "/parts", body: `{"count":2}`},
			{method: "POST", path: "/uploads", header: tusHeader("Upload-Concat", "final;/uploads/"+upload.id)},
		} {
			s.as = who
			if response, body := r.send(t, s, nil); response.StatusCode < 400 {
				t.Errorf("%s %s by %s: %s %s", s.method, s.path, who, response.Status, body)
			}
		}
	}
	upload.say(t, "world")
	upload.Close()
	<-upload.answered
	r.run(t, []step{{method: "GET", path: "/v1/shares/" + upload.id + "/content", as: "ben", status: 200, wantBody: "helloworld"}})
}

// TestADeclaredLengthTakesNoSpace: it is reserved, and nothing is written for it.
func TestADeclaredLengthTakesNoSpace(t *testing.T) {
	r := newRig(t)
	for range 10 {
		r.run(t, []step{create("1048576")})
	}
	for _, name := range listing(t, filepath.Join(r.data, "files")) {
		if info, err := os.Lstat(name); err != nil || !info.IsDir() {
			t.Errorf("there is %s, %v", name, err)
		}
	}
}

// TestAZipIsKeptAsItIs: what a file holds is nobody's business but its recipient's.
func TestAZipIsKeptAsItIs(t *testing.T) {
	r := newRig(t)
	bomb := "PK\x03\x04" + strings.Repeat("\x00", 4<<10)
	id := r.offer(t, "bomb.zip", "application/zip", bomb)
	response := r.get(t, "ben", "/v1/shares/"+id+"/content")
	if got := string(readAll(t, response)); got != bomb {
		t.Errorf("it has %d bytes of %d", len(got), len(bomb))
	}
}

// TestNothingIsInflated: a body is what it seems, or nothing.
func TestNothingIsInflated(t *testing.T) {
	r := newRig(t)
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	io.WriteString(z, `{"files":[{"name":"a","size":5}],"to":"room"}`)
	z.Close()
	response, body := r.send(t, step{method: "POST", path: "/v1/rooms/" + string(r.room) + "/shares", as: "ana", header: map[string]string{"Content-Encoding": "gzip"}, body: small.String()}, nil)
	if response.StatusCode != http.StatusBadRequest {
		t.Errorf("%s %s", response.Status, body)
	}
	create := step{method: "POST", path: "/uploads", as: "ana", header: map[string]string{"Upload-Complete": "?1", "Content-Encoding": "gzip"}, body: small.String()}
	if response, body := r.send(t, create, nil); response.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("%s %s", response.Status, body)
	}
}

// TestNoTokenIsTakenFromAnAddress: addresses are logged, kept and passed on.
func TestNoTokenIsTakenFromAnAddress(t *testing.T) {
	r := newRig(t)
	for _, name := range []string{"access_token", "token", "authorization", "bearer", "jwt"} {
		query := url.Values{name: {r.tokens["ana"]}}.Encode()
		for _, path := range []string{"/v1/rooms/" + string(r.room) + "/shares", "/uploads/" + string(protocol.NewShareID())} {
			request, err := http.NewRequest("GET", r.URL+path+"?"+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.AddCookie(&http.Cookie{Name: name, Value: r.tokens["ana"]})
			response, err := r.Client().Do(request)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with %s in the address and in a cookie: %s", path, name, response.Status)
			}
		}
	}
}

// quoted is the text in JSON, byte by byte: what is no UTF-8 stays none.
func quoted(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(rune(c)))
		case c < ' ':
			b.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}
