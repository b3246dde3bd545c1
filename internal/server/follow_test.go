package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sending is an upload in progress: what is written to it is its body.
type sending struct {
	*io.PipeWriter
	id       string
	answered chan struct{}
}

// begin creates an upload by tus, of the length or, if that is "", of one that
// is not known, and begins to send it.
func (r *rig) begin(t *testing.T, length string) *sending {
	t.Helper()
	create := tusHeader("Upload-Length", length)
	if length == "" {
		create = tusHeader("Upload-Defer-Length", "1")
	}
	response, body := r.send(t, step{method: "POST", path: "/uploads", as: "ana", header: create}, nil)
	path := pick(t, response, body, "Location")
	from, to := io.Pipe()
	request, err := http.NewRequest(http.MethodPatch, r.URL+path, from)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range patchHeader("0") {
		request.Header.Set(name, value)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens["ana"])
	s := &sending{PipeWriter: to, id: strings.TrimPrefix(path, "/uploads/"), answered: make(chan struct{})}
	go func() {
		defer close(s.answered)
		if response, err := http.DefaultClient.Do(request); err == nil {
			response.Body.Close()
		}
	}()
	t.Cleanup(func() {
		to.Close()
		<-s.answered
	})
	return s
}

func (s *sending) say(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(s, text); err != nil {
		t.Fatal(err)
	}
}

// download asks for the share's bytes as ben, and returns when the server begins
// to answer.
func (r *rig) download(t *testing.T, id string, header map[string]string) *http.Response {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, r.URL+"/v1/shares/"+id+"/content", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.tokens["ben"])
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}

// TestDownloadWhileItUploads reads each byte as soon as it is sent: from the
// start, from a byte that is still to come, and of a file whose length nobody
// knows yet.
func TestDownloadWhileItUploads(t *testing.T) {
	cases := map[string]struct {
		length, asked string
		status        int
		parts         []string // as they can be read, one after the other
	}{
		"from the start":     {"10", "", 200, []string{"01234", "56789"}},
		"of unknown length":  {"", "", 200, []string{"01234", "56789"}},
		"a range of what is": {"10", "bytes=2-3", 206, []string{"23", ""}},
		"a range over both":  {"10", "bytes=3-", 206, []string{"34", "56789"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			rig := newRig(t)
			upload := rig.begin(t, c.length)
			upload.say(t, "01234")
			var header map[string]string
			if c.asked != "" {
				header = map[string]string{"Range": c.asked, "If-Range": `"` + upload.id + `"`}
			}
			response := rig.download(t, upload.id, header)
			if response.StatusCode != c.status || response.Header.Get("ETag") != `"`+upload.id+`"` {
				t.Errorf("status %d, ETag %s", response.StatusCode, response.Header.Get("ETag"))
			}
			first := make([]byte, len(c.parts[0]))
			if _, err := io.ReadFull(response.Body, first); err != nil || string(first) != c.parts[0] {
				t.Fatalf("while it uploads: %q, %v", first, err)
			}
			upload.say(t, "56789")
			if c.length != "" {
				upload.Close()
			} else {
				upload.Close()
				<-upload.answered
				rig.run(t, []step{{
					method: "PATCH", path: "/uploads/" + upload.id, as: "ana",
					header: patchHeader("10", "Upload-Length", "10"), status: 204,
				}})
			}
			rest, err := io.ReadAll(response.Body)
			if err != nil || string(rest) != c.parts[1] {
				t.Errorf("the rest: %q, %v", rest, err)
			}
		})
	}
}

// TestARangeBeyondTheOffsetWaits is answered with the byte it asks for, and goes
// on when the share has its hash.
func TestARangeBeyondTheOffsetWaits(t *testing.T) {
	rig := newRig(t)
	upload := rig.begin(t, "10")
	upload.say(t, "01234")
	answer := make(chan *http.Response)
	go func() { answer <- rig.download(t, upload.id, map[string]string{"Range": "bytes=7-"}) }()
	upload.say(t, "567")
	upload.say(t, "89")
	upload.Close()
	response := <-answer
	if got := readAll(t, response); string(got) != "789" || response.StatusCode != http.StatusPartialContent {
		t.Errorf("%d %q", response.StatusCode, got)
	}
	<-upload.answered
	again := rig.download(t, upload.id, map[string]string{"Range": "bytes=7-", "If-Range": `"` + upload.id + `"`})
	sum := sha256.Sum256([]byte("0123456789"))
	if got := readAll(t, again); string(got) != "789" || again.Header.Get("ETag") != `"`+hex.EncodeToString(sum[:])+`"` {
		t.Errorf("who goes on after the end gets %d %q, ETag %s", again.StatusCode, got, again.Header.Get("ETag"))
	}
}

// TestWhatEndsAFollower: an end before the first byte is an answer with its code,
// one after it breaks the response off.
func TestWhatEndsAFollower(t *testing.T) {
	ends := map[string]struct {
		end    func(*rig, *sending) step
		status int
		code   string
	}{
		"the sender cancels": {func(_ *rig, s *sending) step {
			return step{method: "DELETE", path: "/uploads/" + s.id, as: "ana", header: tusHeader(), status: 204}
		}, 410, "share-ended"},
		"a moderator drops the reader": {func(r *rig, _ *sending) step {
			return step{method: "DELETE", path: "/v1/rooms/" + string(r.room) + "/participants/ben", as: "mod", status: 204}
		}, 401, "dropped"},
		"a moderator drops the sender": {func(r *rig, _ *sending) step {
			return step{method: "DELETE", path: "/v1/rooms/" + string(r.room) + "/participants/ana", as: "mod", status: 204}
		}, 410, "share-ended"},
	}
	for name, c := range ends {
		t.Run(name+" before the first byte", func(t *testing.T) {
			rig := newRig(t)
			upload := rig.begin(t, "10")
			answer := make(chan *http.Response)
			go func() { answer <- rig.download(t, upload.id, nil) }()
			rig.until(t, "the follower waits", func() bool { return rig.uploads.Waiting() == 1 })
			rig.run(t, []step{c.end(rig, upload)})
			response := <-answer
			body := readAll(t, response)
			if response.StatusCode != c.status || !strings.Contains(string(body), `"code":"`+c.code+`"`) {
				t.Errorf("%d %s", response.StatusCode, body)
			}
			if got := response.Header.Get("Content-Disposition") + response.Header.Get("Content-Range"); got != "" {
				t.Errorf("the error says of itself %s", got)
			}
		})
		t.Run(name+" in the middle", func(t *testing.T) {
			rig := newRig(t)
			upload := rig.begin(t, "10")
			upload.say(t, "01234")
			response := rig.download(t, upload.id, nil)
			first := make([]byte, 5)
			if _, err := io.ReadFull(response.Body, first); err != nil {
				t.Fatal(err)
			}
			rig.run(t, []step{c.end(rig, upload)})
			if rest, err := io.ReadAll(response.Body); err == nil {
				t.Errorf("the response ended well, with %q", rest)
			}
		})
	}
}

// TestHeadOfAnUpload tells what is known of it, at once.
func TestHeadOfAnUpload(t *testing.T) {
	rig := newRig(t)
	for length, want := range map[string]string{"10": "10", "": ""} {
		upload := rig.begin(t, length)
		response, _ := rig.send(t, step{method: "HEAD", path: "/v1/shares/" + upload.id + "/content", as: "ben"}, nil)
		if diff := cmp.Diff(want, response.Header.Get("Content-Length")); diff != "" || response.StatusCode != 200 {
			t.Errorf("status %d, %s", response.StatusCode, diff)
		}
	}
}
