package server_test

import (
	"bufio"
	"context"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
)

// heard collects the responses that come before the answer.
type heard struct {
	mu  sync.Mutex
	all []string // guarded by mu: status, and what it says of the upload
}

func (h *heard) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		line := itoa(code)
		for _, name := range []string{"Location", "Upload-Offset", "Upload-Limit", "Upload-Draft-Interop-Version"} {
			if value := header.Get(name); value != "" {
				line += " " + name + ": " + value
			}
		}
		h.all = append(h.all, line)
		return nil
	}})
}

func (h *heard) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.all)
}

// location is where the first response says that the upload is.
func (h *heard) location() string {
	for _, line := range h.lines() {
		if _, rest, ok := strings.Cut(line, "Location: "); ok {
			where, _, _ := strings.Cut(rest, " ")
			return where
		}
	}
	return ""
}

func plain(*build) {}

func keepOften(b *build) { b.Uploads.CheckpointBytes = 1 }

func (r *rig) request(t *testing.T, h *heard, method, path string, body io.Reader, header map[string]string) *http.Request {
	t.Helper()
	request, err := http.NewRequestWithContext(h.trace(t.Context()), method, r.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens["ana"])
	for name, value := range header {
		request.Header.Set(name, value)
	}
	return request
}

// TestInterim uploads a body bit by bit: who speaks a version of the draft learns
// where the upload is before the body ends, and how far it is; nobody else does.
func TestInterim(t *testing.T) {
	block := strings.Repeat("0123456789abcdef", 1<<14) // what the server writes at a time
	const limit = " Upload-Limit: max-size=1048576, "
	for name, c := range map[string]struct {
		version, announced, progress string
		more                         map[string]string
	}{
		"version 8":              {"8", limit + "max-age=600", " Upload-Draft-Interop-Version: 8", nil},
		"version 6":              {"6", limit + "expires=600", " Upload-Draft-Interop-Version: 6", nil},
		"version 7":              {"7", "", "", nil},
		"no version":             {"", "", "", nil},
		"a proxy":                {"8", "", "", map[string]string{"X-Forwarded-For": "192.0.2.1"}},
		"a proxy that passes it": {"8", limit + "max-age=600", " Upload-Draft-Interop-Version: 8", map[string]string{"X-Forwarded-For": "192.0.2.1", "Handout-Interim": "104"}},
	} {
		for protocol, serve := range map[string]func(*build){"HTTP/1.1": plain, "HTTP/2.0": overHTTP2} {
			t.Run(name+" over "+protocol, func(t *testing.T) {
				rig := newRig(t, serve, keepOften)
				said := &heard{}
				body, sender := io.Pipe()
				header := map[string]string{"Upload-Complete": "?1"}
				if c.version != "" {
					header["Upload-Draft-Interop-Version"] = c.version
				}
				maps.Copy(header, c.more)
				go func() {
					defer sender.Close()
					io.WriteString(sender, block)
					if c.progress == "" {
						return
					}
					for len(said.lines()) < 2 && t.Context().Err() == nil { // a byte more, until it has told
						io.WriteString(sender, "x")
					}
				}()
				response, err := rig.Client().Do(rig.request(t, said, "POST", "/uploads", body, header))
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if response.StatusCode != http.StatusOK || response.Proto != protocol || response.Header.Get("Upload-Complete") != "?1" {
					t.Fatalf("the upload is answered %s %s %q", response.Proto, response.Status, response.Header)
				}
				lines := said.lines()
				if c.progress == "" {
					if len(lines) > 0 {
						t.Errorf("it said %q", lines)
					}
					return
				}
				want := []string{"104 Location: " + response.Header.Get("Location") + c.announced + c.progress, "104 Upload-Offset: 262144" + c.announced + c.progress}
				if !slices.Equal(lines[:2], want) {
					t.Errorf("it said\n%q, want\n%q", lines[:2], want)
				}
			})
		}
	}
}

// TestACutCreationGoesOn loses its connection in the middle of the first body: the
// upload is at the address that was announced, and takes the rest.
func TestACutCreationGoesOn(t *testing.T) {
	for protocol, serve := range map[string]func(*build){"HTTP/1.1": plain, "HTTP/2.0": overHTTP2} {
		for _, complete := range []string{"?0", "?1"} {
			t.Run(protocol+" "+complete, func(t *testing.T) {
				rig := newRig(t, serve)
				said := &heard{}
				body, sender := io.Pipe()
				ctx, cut := context.WithCancel(t.Context())
				request := rig.request(t, said, "POST", "/uploads", body, fields("Upload-Complete", complete))
				request.ContentLength = 11
				done := make(chan error, 1)
				go func() {
					response, err := rig.Client().Do(request.WithContext(said.trace(ctx)))
					if err == nil {
						response.Body.Close()
					}
					done <- err
				}()
				io.WriteString(sender, "hello ")
				rig.until(t, "six bytes have come", func() bool { return rig.received(t) == 6 && said.location() != "" })
				cut()
				sender.CloseWithError(io.ErrClosedPipe)
				if err := <-done; err == nil {
					t.Fatal("the creation is answered")
				}
				length := map[string]string{"?0": "", "?1": "11"}[complete]
				response, err := rig.Client().Do(rig.request(t, said, "HEAD", said.location(), nil, fields()))
				if err != nil || response.Header.Get("Upload-Offset") != "6" || response.Header.Get("Upload-Complete") != "?0" || response.Header.Get("Upload-Length") != length {
					t.Fatalf("it stands at %v, %v", response, err)
				}
				response, err = rig.Client().Do(rig.request(t, said, "PATCH", said.location(), strings.NewReader("world"), appending("6", "?1")))
				if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Repr-Digest") != digest256("hello world") {
					t.Fatalf("the rest is answered %v, %v", response, err)
				}
				response.Body.Close()
			})
		}
	}
}

// TestACutLastAppendIsNotTheLast sends all bytes of an upload, and is cut off
// before the end of its body: the upload is not complete.
func TestACutLastAppendIsNotTheLast(t *testing.T) {
	rig := newRig(t)
	said := &heard{}
	response, err := rig.Client().Do(rig.request(t, said, "POST", "/uploads", nil, fields("Upload-Complete", "?0", "Upload-Length", "5")))
	if err != nil {
		t.Fatal(err)
	}
	where := response.Header.Get("Location")
	connection, err := net.Dial("tcp", strings.TrimPrefix(rig.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(connection, "PATCH "+where+" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rig.tokens["ana"]+
		"\r\nUpload-Offset: 0\r\nUpload-Complete: ?1\r\nContent-Type: application/partial-upload\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	rig.until(t, "five bytes have come", func() bool { return rig.received(t) == 5 })
	connection.Close()
	response, err = rig.Client().Do(rig.request(t, said, "HEAD", where, nil, fields()))
	if err != nil || response.Header.Get("Upload-Offset") != "5" || response.Header.Get("Upload-Complete") != "?0" {
		t.Fatalf("it stands at %v, %v", response, err)
	}
	response, err = rig.Client().Do(rig.request(t, said, "PATCH", where, nil, appending("5", "?1")))
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("Repr-Digest") != digest256("hello") {
		t.Fatalf("it is completed %v, %v", response, err)
	}
	response.Body.Close()
}

// TestWhoExpectsToGoOn is told where its upload is, and also to send it.
func TestWhoExpectsToGoOn(t *testing.T) {
	rig := newRig(t)
	connection, err := net.Dial("tcp", strings.TrimPrefix(rig.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	io.WriteString(connection, "POST /uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+rig.tokens["ana"]+
		"\r\nUpload-Complete: ?1\r\nUpload-Draft-Interop-Version: 8\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
	reader := bufio.NewReader(connection)
	for _, want := range []int{104, http.StatusContinue, http.StatusOK} {
		response, err := http.ReadResponse(reader, nil)
		if err != nil || response.StatusCode != want {
			t.Fatalf("it says %v, %v; want %d", response, err, want)
		}
		if want == http.StatusContinue {
			io.WriteString(connection, "hello")
		}
	}
}
