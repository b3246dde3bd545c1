package abuse_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// share makes an available file of a name, a type and bytes, and returns its path.
func (s *siege) share(t *testing.T, by, name, kind string, content []byte) string {
	t.Helper()
	made, text := ask(t.Context(), s.client, "POST", s.url+"/uploads", by, bytes.NewReader(content),
		append(tusAppend, "Upload-Length", itoa(len(content)), "Upload-Metadata", "filename "+inBase64(name)+",filetype "+inBase64(kind))...)
	if made.StatusCode != http.StatusCreated {
		t.Fatalf("sharing %q: %s", name, outcome(made, text))
	}
	return strings.Replace(made.Header.Get("Location"), "/uploads/", "/v1/shares/", 1)
}

// TestAbuse_ContentThatRuns: whatever a file says it is, a browser keeps it and runs
// nothing of it.
func TestAbuse_ContentThatRuns(t *testing.T) {
	s := lay(t, faulttest.Build(t), abuse{})
	ana := sign(t, s.room, "ana")
	for name, kind := range map[string]string{
		"a.html": "text/html", "a.svg": "image/svg+xml", "a.svgz": "image/svg+xml", "a.pdf": "application/pdf", "a.xhtml": "application/xhtml+xml",
		"a.wasm": "application/wasm", "a.js": "text/javascript", "a.xml": "text/xml; charset=utf-7", "a.htm\x00.txt": "text/plain",
	} {
		content := []byte("<html><script>alert(1)</script></html>")
		response, body := ask(t.Context(), s.client, "GET", s.url+s.share(t, ana, name, kind, content)+"/content", ana, nil)
		for header, want := range map[string]string{
			"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Content-Encoding": "",
		} {
			if got := response.Header.Get(header); got != want {
				t.Errorf("%q of %s: %s is %q, want %q", name, kind, header, got, want)
			}
		}
		if disposition, _, err := mime.ParseMediaType(response.Header.Get("Content-Disposition")); err != nil || disposition != "attachment" || body != string(content) {
			t.Errorf("%q of %s: %q, %v", name, kind, response.Header.Get("Content-Disposition"), err)
		}
	}
}

// TestAbuse_AZipBombIsKeptAsItIs: nothing in the server unpacks anything.
func TestAbuse_AZipBombIsKeptAsItIs(t *testing.T) {
	s := lay(t, faulttest.Build(t), abuse{})
	var bomb bytes.Buffer
	archive := zip.NewWriter(&bomb)
	file, err := archive.Create("zeros")
	if err == nil {
		_, err = io.CopyN(file, zeros{}, 128<<20)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	ana := sign(t, s.room, "ana")
	before := s.metric(t, "process_resident_memory_bytes")
	_, got := ask(t.Context(), s.client, "GET", s.url+s.share(t, ana, "bomb.zip", "application/zip", bomb.Bytes())+"/content", ana, nil)
	if sha256.Sum256([]byte(got)) != sha256.Sum256(bomb.Bytes()) {
		t.Error("other bytes came than were sent")
	}
	if grown := s.metric(t, "process_resident_memory_bytes") - before; grown > 64<<20 {
		t.Errorf("the server has grown by %.0f bytes over a file of %d", grown, bomb.Len())
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestAbuse_BadNames: a name is a name, never a path, a header or a direction.
func TestAbuse_BadNames(t *testing.T) {
	s := lay(t, faulttest.Build(t), abuse{})
	ana := sign(t, s.room, "ana")
	for _, name := range []string{
		"../../x", "..", ".", "/etc/passwd", `C:\x`, "CON", "a\r\nSet-Cookie: x=1", "a\x1b[31m", "\u202egnp.exe", strings.Repeat("n", 4096), "\xff\xfe", "a\x00b", `";x="`,
	} {
		path := s.share(t, ana, name, "text/plain", []byte("x"))
		_, text := ask(t.Context(), s.client, "GET", s.url+path, ana, nil)
		var share protocol.Share
		if err := json.Unmarshal([]byte(text), &share); err != nil {
			t.Fatal(text, err)
		}
		if share.Name == "" || share.Name == "." || share.Name == ".." || len(share.Name) > protocol.MaxFileNameBytes || !utf8.ValidString(share.Name) ||
			strings.ContainsAny(share.Name, "/\\\r\n\x00\x1b\u202e") {
			t.Errorf("%.40q is called %q", name, share.Name)
		}
		response, _ := ask(t.Context(), s.client, "GET", s.url+path+"/content", ana, nil)
		_, parameters, err := mime.ParseMediaType(response.Header.Get("Content-Disposition"))
		if err != nil || parameters["filename"] != share.Name || response.Header.Get("Set-Cookie") != "" {
			t.Errorf("%.40q is downloaded as %q, %v", name, response.Header.Get("Content-Disposition"), err)
		}
	}
	long, text := ask(t.Context(), s.client, "POST", s.url+"/uploads", ana, nil,
		"Tus-Resumable", "1.0.0", "Upload-Length", "1", "Upload-Metadata", "filename "+inBase64(strings.Repeat("n", 16<<10)))
	if long.StatusCode/100 != 4 {
		t.Errorf("a name of 16 KiB: %s", outcome(long, text))
	}
	if err := filepath.WalkDir(s.Data, func(path string, entry os.DirEntry, err error) error {
		if strings.Contains(entry.Name(), "passwd") || strings.HasPrefix(entry.Name(), "CON") {
			t.Errorf("a file has a name of its sender's: %s", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestAbuse_APlantedSymlink: what a link in the data directory points to is neither
// read, nor written, nor removed.
func TestAbuse_APlantedSymlink(t *testing.T) {
	s := lay(t, faulttest.Build(t), abuse{})
	ana := sign(t, s.room, "ana")
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("secret secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte("x"), 300<<10) // beyond what a pack takes
	path := s.share(t, ana, "a", "", content)
	id := strings.TrimPrefix(path, "/v1/shares/")
	var final string
	if err := filepath.WalkDir(s.Data, func(name string, _ os.DirEntry, err error) error {
		if filepath.Base(name) == id {
			final = name
		}
		return err
	}); err != nil || final == "" {
		t.Fatal("the file is nowhere", err)
	}
	upload := s.upload(t, ana, nil, 13)
	staged := filepath.Join(s.Data, "files", "staging", strings.TrimPrefix(upload, "/uploads/"))
	if err := errors.Join(os.Remove(final), os.Symlink(outside, final), os.Symlink(outside, staged), os.Symlink(filepath.Dir(outside), filepath.Join(s.Data, "files", "staging", "up_planted"))); err != nil {
		t.Fatal(err)
	}
	if response, body := ask(t.Context(), s.client, "GET", s.url+path+"/content", ana, nil); response.StatusCode == http.StatusOK || strings.Contains(body, "secret") {
		t.Errorf("the download is %s %q", outcome(response, ""), body)
	}
	if response, body := ask(t.Context(), s.client, "PATCH", s.url+upload, ana, strings.NewReader("xxxxxxxxxxxxx"), append(tusAppend, "Upload-Offset", "0")...); response.StatusCode == http.StatusNoContent {
		t.Errorf("the append is %s", outcome(response, body))
	}
	s.Kill(t)
	if err := s.Begin(); err != nil { // which sweeps what no share knows
		t.Fatal(err)
	}
	ask(t.Context(), s.client, "DELETE", s.url+path, ana, nil)
	if kept, err := os.ReadFile(outside); err != nil || string(kept) != "secret secret" {
		t.Errorf("what the link points to is %q, %v", kept, err)
	}
}

// TestAbuse_ASecondServer: a data directory has one server.
func TestAbuse_ASecondServer(t *testing.T) {
	binary := faulttest.Build(t)
	s := lay(t, binary, abuse{})
	second := faulttest.Server{Config: faulttest.Config{Path: binary, Args: []string{"--dev", "--listen", "127.0.0.1:0", "--data", s.Data}}}
	if err := second.Begin(); err == nil || !strings.Contains(err.Error(), "another server uses the data directory") {
		t.Errorf("it says %v", err)
		second.End(syscall.SIGKILL, time.Minute)
	}
	var f figures
	if err := s.newVictim(t).round(t.Context(), &f); err != nil {
		t.Errorf("the first one: %v", err)
	}
}

// TestAbuse_AnotherRoom asks everything there is to ask of a share and its upload,
// as a moderator of another room: to it, there are none.
func TestAbuse_AnotherRoom(t *testing.T) {
	s := lay(t, faulttest.Build(t), abuse{})
	ana, other := sign(t, s.room, "ana"), s.makeRoom(t)
	zoe := signAs(t, other, "zoe", token.Moderator)
	available := strings.TrimPrefix(s.share(t, ana, "a", "", []byte("x")), "/v1/shares/")
	uploading := strings.TrimPrefix(s.upload(t, ana, nil, 10), "/uploads/")
	room := "/v1/rooms/" + string(s.room)
	for _, id := range []string{available, uploading} {
		for _, r := range []struct{ method, path, body string }{
			{"GET", "/v1/shares/" + id, ""}, {"DELETE", "/v1/shares/" + id, ""}, {"GET", "/v1/shares/" + id + "/content", ""},
			{"HEAD", "/v1/shares/" + id + "/content", ""}, {"GET", "/v1/shares/" + id + "/receipts", ""},
			{"POST", "/v1/shares/" + id + "/parts", `{"count":2}`}, {"POST", "/v1/shares/" + id + "/tickets", ""},
			{"HEAD", "/uploads/" + id, ""}, {"GET", "/uploads/" + id, ""}, {"PATCH", "/uploads/" + id, "x"}, {"DELETE", "/uploads/" + id, ""},
		} {
			headers := []string{"Tus-Resumable", "1.0.0", "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"}
			if r.method == "GET" {
				headers = nil
			}
			if response, text := ask(t.Context(), s.client, r.method, s.url+r.path, zoe, strings.NewReader(r.body), headers...); response.StatusCode != http.StatusNotFound {
				t.Errorf("%s %s: %s", r.method, r.path, outcome(response, text))
			}
		}
	}
	for _, r := range []struct{ method, path, body string }{
		{"GET", room + "/shares", ""}, {"GET", room + "/participants", ""}, {"GET", room + "/receipts", ""}, {"DELETE", room + "/participants/ana", ""},
		{"POST", room + "/shares", `{"files":[{"name":"x","size":1}],"to":"room"}`}, {"POST", room + "/messages", `{"kind":"text","to":"room","body":"x"}`},
		{"POST", room + "/receipts", `{"receipts":[{"share":"` + available + `","state":"seen"}]}`},
	} {
		if response, text := ask(t.Context(), s.client, r.method, s.url+r.path, zoe, strings.NewReader(r.body)); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s: %s", r.method, r.path, outcome(response, text))
		}
	}
	if response, text := ask(t.Context(), s.client, "GET", s.url+"/v1/shares/"+available, ana, nil); response.StatusCode != http.StatusOK {
		t.Errorf("to its sender it is %s", outcome(response, text))
	}
}
