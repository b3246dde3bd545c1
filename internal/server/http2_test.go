package server_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// call sends a request over HTTP/2 with the token of a participant.
func (r *rig) call(t *testing.T, as, method, path string, body io.Reader, header map[string]string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(method, r.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens[as])
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := r.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.ProtoMajor != 2 {
		t.Fatalf("it is %s", response.Proto)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// TestAStalledSenderIsTakenOverOnHTTP2: both requests are on one connection, so
// only a deadline of the stream can make the older one let go.
func TestAStalledSenderIsTakenOverOnHTTP2(t *testing.T) {
	rig := newRig(t, overHTTP2)
	path := rig.call(t, "ana", "POST", "/uploads", nil, tusHeader("Upload-Length", "5")).Header.Get("Location")
	body, sender := io.Pipe()
	defer sender.Close()
	stalled := make(chan *http.Response, 1)
	go func() { stalled <- rig.call(t, "ana", "PATCH", path, body, patchHeader("0")) }()
	if _, err := io.WriteString(sender, "hel"); err != nil {
		t.Fatal(err)
	}
	rig.until(t, "the first bytes are taken in", func() bool { return rig.received(t) == 3 })
	if got := rig.call(t, "ana", "HEAD", path, nil, tusHeader()).Header.Get("Upload-Offset"); got != "3" {
		t.Fatalf("the offset is %q", got)
	}
	response := rig.call(t, "ana", "PATCH", path, strings.NewReader("lo"), patchHeader("3"))
	if response.StatusCode != http.StatusNoContent || response.Header.Get("Upload-Offset") != "5" {
		t.Errorf("the newer request is answered %s", response.Status)
	}
	old := <-stalled
	if said := readAll(t, old); old.StatusCode != http.StatusConflict || !strings.Contains(string(said), "upload-preempted") {
		t.Errorf("the stalled request is answered %s %s", old.Status, said)
	}
}

// TestTheEndCutsADownloadOnHTTP2 leaves the connection to others.
func TestTheEndCutsADownloadOnHTTP2(t *testing.T) {
	rig := newRig(t, overHTTP2, func(b *build) {
		serve := b.serve
		b.serve = func(s *httptest.Server) {
			serve(s)
			s.Client().Transport.(*http.Transport).HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
		}
	})
	path, data := rig.deliver(t)
	response := rig.call(t, "ben", "GET", path, nil, nil)
	if _, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	share := strings.TrimSuffix(path, "/content")
	if ended := rig.call(t, "ana", "DELETE", share, nil, nil); ended.StatusCode != http.StatusNoContent {
		t.Fatal(ended.Status)
	}
	if rest, err := io.ReadAll(response.Body); err == nil || len(rest) >= len(data)-100 {
		t.Errorf("the reader still got %d bytes, %v", len(rest), err)
	}
	if after := rig.call(t, "ben", "GET", path, nil, nil); after.StatusCode != http.StatusGone {
		t.Errorf("afterwards it is answered %s", after.Status)
	}
}
