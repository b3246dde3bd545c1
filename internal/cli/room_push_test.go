package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// TestAPushGoesOnWhereItWasCut: from the offset that the server has, and asks for no
// second upload.
func TestAPushGoesOnWhereItWasCut(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	var kept []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Method+" "+r.Header.Get("Upload-Offset"))
		if app, key, _ := r.BasicAuth(); app != "app" || key != "key" {
			t.Errorf("asked by %s, %s", app, key)
		}
		switch r.Method {
		case http.MethodPost:
			if got := r.URL.Query(); got.Get("room") != "rm_1" || got.Get("userRef") != "u" || got.Get("senderName") != "Desk" || r.Header.Get("Upload-Length") != "11" {
				t.Errorf("made with %s and %v", r.URL, r.Header)
			}
			w.Header().Set("Location", "http://elsewhere.example/uploads/sh_1")
			w.WriteHeader(http.StatusCreated)
		case http.MethodHead:
			w.Header().Set("Upload-Offset", "4")
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPatch:
			if kept == nil {
				kept = make([]byte, 4)
				io.ReadFull(r.Body, kept)
				panic(http.ErrAbortHandler)
			}
			rest, _ := io.ReadAll(r.Body)
			kept = append(kept, rest...)
			io.WriteString(w, `{"id":"sh_1","state":"available"}`)
		}
	}))
	defer server.Close()
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(path, []byte("hello world"), 0o600); err != nil {
		t.Fatal(err)
	}
	files, err := gather([]string{path}, "", true)
	if err != nil {
		t.Fatal(err)
	}
	c := roomPush{oneRoom: oneRoom{Room: "rm_1"}, User: []string{"u"}, From: "Desk"}
	share, err := c.push(t.Context(), &operator{server: origin, app: "app", key: "key"}, files[0], nil)
	if err != nil || share.ID != "sh_1" || share.State != protocol.Available || string(kept) != "hello world" {
		t.Errorf("%+v, %v, with %q", share, err, kept)
	}
	if got := strings.Join(asked, ", "); got != "POST , PATCH 0, HEAD , PATCH 4" {
		t.Errorf("asked %s", got)
	}
}
