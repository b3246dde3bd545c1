package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// partBytes is the size of a part: enough for a kill to come between.
const partBytes = 12 << 20

func randomBytes(n int, seed byte) []byte {
	data := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(data)
	return data
}

// partial makes a partial upload with its bytes and returns its path.
func (p *process) partial(t *testing.T, bearer string, body []byte) string {
	t.Helper()
	response, answer := do(t, "POST", p.url+"/uploads", bytes.NewReader(body), "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0",
		"Upload-Concat", "partial", "Upload-Length", fmt.Sprint(len(body)), "Content-Type", "application/offset+octet-stream")
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("a partial upload: %s %s", response.Status, answer)
	}
	return response.Header.Get("Location")
}

// join asks for the parts to be joined and returns the status and the path of
// the share, whatever becomes of the server meanwhile.
func (p *process) join(bearer string, parts []string) (status int, path string) {
	request, err := http.NewRequest("POST", p.url+"/uploads", nil)
	if err != nil {
		return 0, ""
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Tus-Resumable", "1.0.0")
	request.Header.Set("Upload-Concat", "final;"+strings.Join(parts, " "))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, ""
	}
	response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}

// TestAJoinSurvivesKill kills the server wherever the join of partial uploads may
// be: its successor ends up with one whole file, and says so when the request is
// made again.
func TestAJoinSurvivesKill(t *testing.T) {
	t.Parallel()
	for name, staged := range map[string]int64{"at its beginning": 0, "in the first part": 1 << 20, "in the last": 2*partBytes + 1} {
		t.Run(name, func(t *testing.T) {
			data := t.TempDir()
			first := serve(t, "--dev", "--data", data)
			bearer := first.guest(t)
			file := randomBytes(3*partBytes, byte(len(name)))
			var parts []string
			for piece := range slices.Chunk(file, partBytes) {
				parts = append(parts, first.partial(t, bearer, piece))
			}
			answered := make(chan struct{})
			go func() {
				first.join(bearer, parts)
				close(answered)
			}()
			until(t, "the join is that far", func() bool {
				select {
				case <-answered:
					return true
				default:
					return joinedBytes(t, data, parts) >= staged
				}
			})
			first.end(t, syscall.SIGKILL)
			<-answered

			second := serve(t, "--dev", "--data", data)
			status, path := second.join(bearer, parts)
			if status != http.StatusCreated {
				t.Fatalf("joining again is answered %d", status)
			}
			second.wantContent(t, bearer, path, file)
			until(t, "one file is left", func() bool { return len(blobsIn(t, data)) == 1 })
		})
	}
}

// joinedBytes is how much of the joined file is staged, or -1 while it is not
// begun.
func joinedBytes(t *testing.T, data string, parts []string) int64 {
	known := strings.Join(parts, " ")
	for _, file := range blobsIn(t, data) {
		if info, err := os.Stat(file); err == nil && !strings.Contains(known, filepath.Base(file)) {
			return info.Size()
		}
	}
	return -1
}

// blobsIn lists the files that the server keeps.
func blobsIn(t *testing.T, data string) []string {
	t.Helper()
	staged, err := filepath.Glob(filepath.Join(data, "files", "staging", "*"))
	if err != nil {
		t.Fatal(err)
	}
	final, err := filepath.Glob(filepath.Join(data, "files", "blobs", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return append(staged, final...)
}

func (p *process) wantContent(t *testing.T, bearer, path string, want []byte) {
	t.Helper()
	content := p.url + strings.Replace(path, "/uploads/", "/v1/shares/", 1) + "/content"
	response, body := do(t, "GET", content, nil, "Authorization", "Bearer "+bearer)
	if sha256.Sum256([]byte(body)) != sha256.Sum256(want) {
		t.Errorf("%s: %d bytes, which are not the %d that were sent", response.Status, len(body), len(want))
	}
}

// TestPartsSurviveKill kills the server while the parts of an upload come in, again
// and again: what was acknowledged of each is there, and the file is whole.
func TestPartsSurviveKill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	server := serve(t, "--dev", "--data", data)
	bearer := server.guest(t)
	file := randomBytes(4*partBytes, 9)
	path := server.create(t, bearer, len(file))
	split := func() []part {
		_, answer := do(t, "POST", server.url+strings.Replace(path, "/uploads/", "/v1/shares/", 1)+"/parts", strings.NewReader(`{"count": 4}`), "Authorization", "Bearer "+bearer)
		var reply struct{ Parts []part }
		if err := json.Unmarshal([]byte(answer), &reply); err != nil || len(reply.Parts) != 4 {
			t.Fatalf("splitting: %s, %v", answer, err)
		}
		return reply.Parts
	}
	acknowledged := make([]int, 4)
	for kill := range 4 {
		var group sync.WaitGroup
		for i, part := range split() {
			if part.Received < acknowledged[i] {
				t.Errorf("part %d had %d bytes and has %d", i, acknowledged[i], part.Received)
			}
			has, err := strconv.Atoi(server.offset(t, bearer, part.UploadURL)) // more may have come before the kill
			if err != nil || has < part.Received {
				t.Fatalf("part %d has %d bytes, and %d were told of, %v", i, has, part.Received, err)
			}
			// A quarter more of each, and some of it that the kill may cut off.
			acknowledged[i] = max(has, (kill+1)*partBytes/4)
			quarter := file[part.Offset+has : part.Offset+acknowledged[i]]
			if response := server.patch(t, bearer, part.UploadURL, has, bytes.NewReader(quarter)); response.StatusCode != http.StatusNoContent {
				t.Fatalf("part %d takes no more: %s", i, response.Status)
			}
			if rest := file[part.Offset+acknowledged[i] : part.Offset+partBytes]; len(rest) > 0 {
				group.Go(func() { sendIntoAKill(server.url+part.UploadURL, bearer, acknowledged[i], rest) })
			}
		}
		if kill < 3 {
			server.end(t, syscall.SIGKILL)
		}
		group.Wait()
		if kill < 3 {
			server = serve(t, "--dev", "--data", data)
		}
	}
	until(t, "the file is whole", func() bool {
		_, answer := do(t, "GET", server.url+strings.Replace(path, "/uploads/", "/v1/shares/", 1), nil, "Authorization", "Bearer "+bearer)
		return strings.Contains(answer, `"state":"available"`)
	})
	server.wantContent(t, bearer, path, file)
	until(t, "one file is left", func() bool { return len(blobsIn(t, data)) == 1 })
}

// part is a part of an upload, as the server tells of it.
type part struct {
	Offset, Size, Received int
	UploadURL              string
}

// sendIntoAKill appends to an upload whatever becomes of it.
func sendIntoAKill(url, bearer string, offset int, body []byte) {
	request, err := http.NewRequest("PATCH", url, bytes.NewReader(body))
	if err != nil {
		return
	}
	for key, value := range map[string]string{
		"Authorization": "Bearer " + bearer, "Tus-Resumable": "1.0.0", "Upload-Offset": fmt.Sprint(offset), "Content-Type": "application/offset+octet-stream",
	} {
		request.Header.Set(key, value)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
	}
}
