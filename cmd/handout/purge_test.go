package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// marker is in every file that the test sends, again and again.
const marker = "MARKER-of-bytes-that-must-be-gone."

// marked returns so many bytes of markers.
func marked(size int) string { return strings.Repeat(marker, size/len(marker)+1)[:size] }

// where returns the files of a directory that have the marker.
func where(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, []byte(marker)) {
			found = append(found, path)
		}
		if os.IsNotExist(err) {
			err = nil // removed meanwhile
		}
		return err
	})
	if os.IsNotExist(err) {
		return []string{"something was removed meanwhile"}
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// gone waits until no file has the marker.
func gone(t *testing.T, data string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute) // what is promised
	for {
		found := where(t, data)
		if len(found) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute the bytes are in %v", found)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// purge is a server and what it was sent.
type purge struct {
	*testing.T
	*process
	data     string
	ana, mod string // tokens of a participant and of a moderator
	room     string // its id
}

func newPurge(t *testing.T, args ...string) *purge {
	p := &purge{T: t, data: t.TempDir()}
	p.process = serve(t, append([]string{"--dev", "--data", p.data}, args...)...)
	var made struct {
		Room struct {
			ID string `json:"room_id"`
		}
	}
	p.operator("POST", "/v1/rooms", `{"name": "room", "owner_ref": "me"}`, &made)
	p.room = made.Room.ID
	p.ana, p.mod = p.token("participant"), p.token("moderator")
	return p
}

// operator asks as the application's back end.
func (p *purge) operator(method, path, body string, reply any) {
	p.Helper()
	request, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.SetBasicAuth(devApp, devKey)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && reply != nil {
		err = json.Unmarshal(text, reply)
	}
	if err != nil || response.StatusCode >= 300 {
		p.Fatalf("%s %s: %s %s, %v", method, path, response.Status, text, err)
	}
}

func (p *purge) token(role string) string {
	p.Helper()
	var made struct{ Token string }
	p.operator("POST", "/v1/rooms/"+p.room+"/tokens", fmt.Sprintf(`{"name": "Ana", "role": %q, "user_ref": "u"}`, role), &made)
	return made.Token
}

// ask makes a request of a participant and wants it to be taken.
func (p *purge) ask(bearer, method, path string, body io.Reader, header ...string) *http.Response {
	p.Helper()
	response, text := do(p.T, method, p.url+path, body, append(header, "Authorization", "Bearer "+bearer)...)
	if response.StatusCode >= 300 {
		p.Fatalf("%s %s: %s %s", method, path, response.Status, text)
	}
	return response
}

// there wants the marker to be on the disk, so that its absence says something.
func (p *purge) there() {
	p.Helper()
	if len(where(p.T, p.data)) == 0 {
		p.Fatal("the bytes were never there")
	}
}

// file sends a whole file: in a pack, put on its own, or uploaded.
func (p *purge) file(size int) (share string) {
	p.Helper()
	if size <= 256<<10 {
		path := p.deposit(p.ana, marked(size))
		if path == "" {
			p.Fatal("a file was not taken")
		}
		return strings.TrimPrefix(path, "/uploads/")
	}
	path := p.create(p.T, p.ana, size)
	p.patch(p.T, p.ana, path, 0, strings.NewReader(marked(size)))
	return strings.TrimPrefix(path, "/uploads/")
}

// half begins an upload.
func (p *purge) half() (share string) {
	p.Helper()
	path := p.create(p.T, p.ana, 1<<20)
	p.patch(p.T, p.ana, path, 0, strings.NewReader(marked(300<<10)))
	return strings.TrimPrefix(path, "/uploads/")
}

func (p *purge) partial() string {
	p.Helper()
	response := p.ask(p.ana, "POST", "/uploads", strings.NewReader(marked(300<<10)), "Tus-Resumable", "1.0.0", "Upload-Concat", "partial",
		"Upload-Length", fmt.Sprint(300<<10), "Content-Type", "application/offset+octet-stream")
	return response.Header.Get("Location")
}

func (p *purge) joined() (share string) {
	p.Helper()
	response := p.ask(p.ana, "POST", "/uploads", nil, "Tus-Resumable", "1.0.0", "Upload-Concat", "final;"+p.partial()+" "+p.partial())
	return strings.TrimPrefix(response.Header.Get("Location"), "/uploads/")
}

func (p *purge) split() (share string) {
	p.Helper()
	id := p.half()
	response, text := do(p.T, "POST", p.url+"/v1/shares/"+id+"/parts", strings.NewReader(`{"count": 2}`), "Authorization", "Bearer "+p.ana)
	var reply struct{ Parts []struct{ UploadURL string } }
	if err := json.Unmarshal([]byte(text), &reply); err != nil || len(reply.Parts) != 2 {
		p.Fatalf("splitting: %s %s", response.Status, text)
	}
	path := reply.Parts[1].UploadURL
	p.patch(p.T, p.ana, path[strings.Index(path, "/uploads/"):], 0, strings.NewReader(marked(100<<10)))
	return id
}

// resumable begins an upload of the other dialect.
func (p *purge) resumable() (share string) {
	p.Helper()
	response := p.ask(p.ana, "POST", "/uploads", strings.NewReader(marked(300<<10)), "Upload-Complete", "?0", "Upload-Length", fmt.Sprint(1<<20))
	return strings.TrimPrefix(response.Header.Get("Location"), "/uploads/")
}

// everything sends a file in each way that there is, and returns their ids.
func (p *purge) everything() []string {
	p.Helper()
	return []string{p.file(1000), p.file(100 << 10), p.file(1 << 20), p.half(), p.joined(), p.split(), p.resumable()}
}

// TestGoneMeansGone sends files in every way and ends them in every way there is,
// and looks for their bytes in all files of the data directory.
func TestGoneMeansGone(t *testing.T) {
	t.Parallel()
	ends := map[string]struct {
		args []string
		end  func(p *purge, shares []string)
	}{
		"by their sender": {end: func(p *purge, shares []string) {
			for _, id := range shares {
				p.ask(p.ana, "DELETE", "/v1/shares/"+id, nil)
			}
		}},
		"by a moderator": {end: func(p *purge, shares []string) {
			for _, id := range shares {
				p.ask(p.mod, "DELETE", "/v1/shares/"+id, nil)
			}
		}},
		"by the operator": {end: func(p *purge, shares []string) {
			for _, id := range shares {
				p.operator("DELETE", "/v1/rooms/"+p.room+"/files/"+id, "", nil)
			}
		}},
		"with their room": {end: func(p *purge, _ []string) {
			p.partial() // and what is nobody's file yet
			p.operator("DELETE", "/v1/rooms/"+p.room, "", nil)
		}},
		"by their time": {args: []string{"--lifetime", "10s"}, end: func(*purge, []string) {}},
		"while they are read, and the server is killed": {end: func(p *purge, shares []string) {
			response, err := http.DefaultClient.Do(p.reading(shares[2]))
			if err != nil {
				p.Fatal(err)
			}
			defer response.Body.Close()
			for _, id := range shares {
				p.ask(p.ana, "DELETE", "/v1/shares/"+id, nil)
			}
			p.process.end(p.T, syscall.SIGKILL)
			p.process = serve(p.T, "--dev", "--data", p.data)
		}},
	}
	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPurge(t, c.args...)
			shares := p.everything()
			if len(c.args) == 0 {
				p.there()
			}
			c.end(p, shares)
			gone(t, p.data)
			if r := verified(t, p.data, 0); len(r.Findings) != 0 {
				t.Errorf("afterwards: %+v", r.Findings)
			}
			p.process.end(t, syscall.SIGTERM)
			told := map[string]int{}
			for _, e := range audited(t, p.data, "--kind", "purged") {
				told[string(e.Share)]++
			}
			for _, id := range shares {
				if told[id] != 1 {
					t.Errorf("the log tells %d times that %s is gone", told[id], id)
				}
			}
		})
	}
}

// reading is a request for a share's bytes.
func (p *purge) reading(share string) *http.Request {
	p.Helper()
	request, err := http.NewRequest("GET", p.url+"/v1/shares/"+share+"/content", nil)
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+p.mod)
	return request
}

// TestGoneMeansGoneForUploadsThatFail: whatever keeps an upload from becoming a
// file, its bytes do not stay.
func TestGoneMeansGoneForUploadsThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		fail func(p *purge)
	}{
		"it rests": {args: []string{"--upload-idle", "5s"}, fail: func(p *purge) {
			p.half()
			p.split()
			p.partial()
			p.resumable()
		}},
		"its sender is dropped": {fail: func(p *purge) {
			id := p.half()
			p.split()
			p.partial()
			p.resumable()
			p.there()
			_, text := do(p.T, "GET", p.url+"/v1/shares/"+id, nil, "Authorization", "Bearer "+p.ana)
			var share struct{ Sender struct{ ID string } }
			if err := json.Unmarshal([]byte(text), &share); err != nil {
				p.Fatal(err)
			}
			p.ask(p.mod, "DELETE", "/v1/rooms/"+p.room+"/participants/"+share.Sender.ID, nil)
		}},
		"it is longer than it said": {fail: func(p *purge) {
			response, _ := do(p.T, "PATCH", p.url+"/uploads/"+p.resumable(), struct{ io.Reader }{strings.NewReader(marked(1 << 20))}, "Authorization", "Bearer "+p.ana,
				"Upload-Offset", fmt.Sprint(300<<10), "Upload-Complete", "?1", "Content-Type", "application/partial-upload")
			if response.StatusCode < 400 {
				p.Fatalf("more bytes than the length: %s", response.Status)
			}
		}},
		"its checksum differs": {fail: func(p *purge) {
			path := p.create(p.T, p.ana, 1<<20)
			response, _ := do(p.T, "PATCH", p.url+path, strings.NewReader(marked(300<<10)), "Authorization", "Bearer "+p.ana, "Tus-Resumable", "1.0.0",
				"Upload-Offset", "0", "Content-Type", "application/offset+octet-stream", "Upload-Checksum", "sha1 "+strings.Repeat("A", 27)+"=")
			if response.StatusCode != 460 {
				p.Fatalf("another checksum: %s", response.Status)
			}
		}},
		"its room is full": {args: []string{"--max-room-shares", "1"}, fail: func(p *purge) {
			p.create(p.T, p.ana, 100)
			for _, size := range []int{1000, 100 << 10} {
				if p.deposit(p.ana, marked(size)) != "" {
					p.Fatal("a full room took a file")
				}
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPurge(t, c.args...)
			c.fail(p)
			gone(t, p.data)
			if r := verified(t, p.data, 0); len(r.Findings) != 0 {
				t.Errorf("afterwards: %+v", r.Findings)
			}
		})
	}
}
