package server_test

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/token"
)

// What must hold of every address: the tests here ask the routes which there are,
// so one that is new is asked too.

// patterns returns every address that the rig answers, as it is routed.
func (r *rig) patterns() []string { return r.Config.Handler.(*server.Server).Patterns() }

// inDevelopment has the sample back end too.
func inDevelopment(b *build) {
	b.Dev = true
	b.Keys = token.NewRing(token.Keys{"app": {[]byte(testKey)}, "dev": {[]byte(testKey)}})
	b.MaxRequest = 8 << 10
}

// aimAt makes an address of a pattern: of the rig's room, and of an upload of Ana's.
func (r *rig) aimAt(pattern, upload string) (method, path string) {
	method, path, ok := strings.Cut(pattern, " ")
	if !ok {
		method, path = "GET", pattern
	}
	path = strings.NewReplacer("{room}", string(r.room), "{id}", upload, "{$}", "", "{file...}", "x").Replace(path)
	return method, regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "x")
}

// endless is a body that begins like JSON and has no end; it counts what is read.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	if e.read == 0 {
		copy(p, `{"name":"`)
	}
	e.read += int64(len(p))
	return len(p), nil
}

func (*endless) Close() error { return nil }

// takesNoJSON are the addresses that take a body of another kind, or none.
var takesNoJSON = []string{
	"POST /uploads", "PATCH /uploads/{id}", // bytes, up to the length
	"POST /v1/shares/{id}/tickets",                                             // nothing
	"POST /v1/webhooks/{webhook}/test", "POST /v1/webhooks/{webhook}/test/{$}", // nothing
	"POST /v1/push/http_stream", "POST /v1/push/emulation", // commands: bounded at the push edge
}

// TestEveryAddressBoundsItsBody sends a body without an end: what is read of it is
// bounded, and where JSON is read the answer says so.
func TestEveryAddressBoundsItsBody(t *testing.T) {
	r := newRig(t, inDevelopment)
	for _, pattern := range r.patterns() {
		length := "10"
		if strings.HasSuffix(pattern, "/content") {
			length = "0" // else it is followed
		}
		made := r.serve("ana", "POST", "/uploads", http.Header{"Tus-Resumable": {"1.0.0"}, "Upload-Length": {length}}, "")
		upload := strings.TrimPrefix(made.Header().Get("Location"), "/uploads/")
		method, path := r.aimAt(pattern, upload)
		body, answer := new(endless), http.StatusUnauthorized
		for _, credential := range []string{"Bearer " + r.tokens["ana"], "Basic " + b64("app:"+testKey), "Bearer " + r.tokens["mod"]} {
			if answer != http.StatusUnauthorized && answer != http.StatusForbidden {
				break
			}
			body = new(endless)
			request := httptest.NewRequest(method, path, body)
			request.ContentLength = -1
			for name, value := range tusHeader("Upload-Offset", "0", "Upload-Length", "10", "Content-Type", "application/offset+octet-stream", "Authorization", credential) {
				request.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			r.Config.Handler.ServeHTTP(w, request)
			answer = w.Code
		}
		const buffers = 512 << 10 // what is read ahead at most
		if body.read > 8<<10+buffers {
			t.Errorf("%s reads %d bytes", pattern, body.read)
		}
		if answer == http.StatusUnauthorized || answer >= 500 {
			t.Errorf("%s answers %d: the test has no credential for it", pattern, answer)
		}
		readsJSON := (method == "POST" || method == "PUT" || method == "PATCH") && !slices.Contains(takesNoJSON, pattern)
		if readsJSON != (answer == http.StatusRequestEntityTooLarge) {
			t.Errorf("%s answers a body without an end by %d", pattern, answer)
		}
	}
}

// TestEveryAddressBoundsItsHeader sends a header of a megabyte.
func TestEveryAddressBoundsItsHeader(t *testing.T) {
	const most = 32 << 10 // as --max-header
	r := newRig(t, inDevelopment, func(b *build) {
		b.serve = func(s *httptest.Server) { s.Config.MaxHeaderBytes = most; s.Start() }
	})
	for _, pattern := range r.patterns() {
		method, path := r.aimAt(pattern, "sh_aaaaaaaaaaaaaaaaaaaaaaaaaa")
		connection, err := net.Dial("tcp", r.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		sent := make(chan struct{})
		go func() { // it may fail: the server does not read it to its end
			defer close(sent)
			fmt.Fprintf(connection, "%s %s HTTP/1.1\r\nHost: handout\r\nX-Junk: %s\r\n\r\n", method, path, strings.Repeat("x", 1<<20))
		}()
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil || response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("%s: %v, %v", pattern, response, err)
		}
		connection.Close()
		<-sent
	}
}

// TestEveryAddressBoundsItsFields sends fields that are as large as a header may
// be: the server has no fault, and makes nothing of them.
func TestEveryAddressBoundsItsFields(t *testing.T) {
	r := newRig(t, inDevelopment)
	long := strings.Repeat("x", 9<<10)
	for _, pattern := range r.patterns() {
		method, path := r.aimAt(pattern, "sh_aaaaaaaaaaaaaaaaaaaaaaaaaa")
		for name, header := range map[string]http.Header{
			"metadata":   {"Upload-Metadata": {"filename " + b64(long)}, "Upload-Length": {"10"}},
			"concat":     {"Upload-Concat": {"final;" + strings.Repeat(" /uploads/"+long[:20], 800)}},
			"key":        {"Idempotency-Key": {long}, "Upload-Length": {"10"}},
			"a long sum": {"Upload-Checksum": {"sha1 " + long}, "Upload-Length": {"10"}},
		} {
			header.Set("Tus-Resumable", "1.0.0")
			w := r.serve("ana", method, path+"?since="+long+"&after="+long+"&ticket="+long, header, "")
			creates := pattern == "POST /uploads"
			if w.Code >= 500 || creates && w.Code < 400 || w.Body.Len() > 64<<10 && pattern != "GET /metrics" {
				t.Errorf("%s with a large %s: %d, %d bytes", pattern, name, w.Code, w.Body.Len())
			}
		}
	}
	if w := r.serve("ana", "GET", "/v1/rooms/"+string(r.room)+"/shares", nil, ""); !strings.Contains(w.Body.String(), `"shares":[]`) {
		t.Errorf("something was made: %s", w.Body)
	}
}

// forAll are the addresses that are for everybody, with and without a token.
var forAll = []string{
	"OPTIONS /", "OPTIONS /uploads", "OPTIONS /uploads/{id}", "GET /", "GET /{file...}", "GET /sdk/{file...}", "GET /openapi.yaml",
	"GET /healthz", "GET /readyz", "GET /metrics", // the last in development alone: else it has a listener of its own
	"GET /v1/push/websocket", "POST /v1/push/http_stream", "POST /v1/push/emulation", // the token is in the connect command
	// The sample back end, in development alone.
	"POST /api/join", "POST /api/create-token", "POST /api/create-room", "POST /api/room/multi", "GET /api/get-room/{room}",
}

// TestEveryAddressIsInTheTableOfAccess: an address that nobody has said of who may
// use it is not served.
func TestEveryAddressIsInTheTableOfAccess(t *testing.T) {
	page, err := os.ReadFile("../../docs/access.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	same := strings.NewReplacer("{me}", "{id}", "guest", "{id}", "{share}", "{id}", "{spare}", "{room}")
	for _, heading := range regexp.MustCompile("(?m)^### .*`([A-Z]+ /[^`?]*)").FindAllStringSubmatch(string(page), -1) {
		told[same.Replace(heading[1])] = true
	}
	for _, pattern := range forAll {
		told[pattern] = true
	}
	asked := map[string]bool{}
	for _, pattern := range newRig(t, inDevelopment).patterns() {
		pattern = strings.ReplaceAll(strings.ReplaceAll(pattern, "/video/v2/", "/v1/"), "{$}", "")
		if method, path, _ := strings.Cut(pattern, " "); path != "/" {
			pattern = method + " " + strings.TrimSuffix(path, "/")
		}
		asked[pattern] = true
		if !told[pattern] {
			t.Errorf("nobody has said who may use %s", pattern)
		}
	}
	for pattern := range maps.Keys(told) {
		method, path, _ := strings.Cut(pattern, " ")
		if !asked[pattern] && !(method == "HEAD" && asked["GET "+path]) {
			t.Errorf("%s is told of, and not served", pattern)
		}
	}
}
