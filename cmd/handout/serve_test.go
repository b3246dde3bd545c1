package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWhatIsAcknowledgedSurvivesKill(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := serve(t, "--dev", "--data", data)
	bearer := first.guest(t)
	path := first.create(t, bearer, 10)
	if response := first.patch(t, bearer, path, 0, strings.NewReader("12345")); response.Header.Get("Upload-Offset") != "5" {
		t.Fatalf("appending: %s", response.Status)
	}
	first.end(t, syscall.SIGKILL)

	second := serve(t, "--dev", "--data", data)
	if got := second.offset(t, bearer, path); got != "5" {
		t.Fatalf("after the kill the offset is %q", got)
	}
	second.patch(t, bearer, path, 5, strings.NewReader("67890"))
	second.end(t, syscall.SIGKILL)

	third := serve(t, "--dev", "--data", data)
	content := strings.Replace(path, "/uploads/", "/v1/shares/", 1) + "/content"
	if response, body := do(t, "GET", third.url+content, nil, "Authorization", "Bearer "+bearer); body != "1234567890" {
		t.Errorf("the file reads %q (%s)", body, response.Status)
	}
}

// TestStartUpFinishesWhatAKillLeft writes to the disk what a server has written
// that dies between two steps, and asks for no upload: the next one finishes
// them by itself.
func TestStartUpFinishesWhatAKillLeft(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := serve(t, "--dev", "--data", data)
	bearer := first.guest(t)
	var ids [3]string
	for i := range ids {
		path := first.create(t, bearer, 10)
		ids[i] = strings.TrimPrefix(path, "/uploads/")
		first.patch(t, bearer, path, 0, strings.NewReader("12345"))
	}
	staged, committed, lost := ids[0], ids[1], ids[2]
	first.patch(t, bearer, "/uploads/"+lost, 5, strings.NewReader("67890"))
	first.end(t, syscall.SIGKILL)

	files := filepath.Join(data, "files")
	final := func(id string) string { return filepath.Join(files, "blobs", id[len(id)-2:], id) }
	for _, id := range []string{staged, committed} {
		if err := os.WriteFile(filepath.Join(files, "staging", id), []byte("1234567890"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(final(committed)), 0o700),
		os.Rename(filepath.Join(files, "staging", committed), final(committed)), os.Remove(final(lost))); err != nil {
		t.Fatal(err)
	}

	second := serve(t, "--dev", "--data", data)
	for id, want := range map[string]string{
		staged: `"state":"available"`, committed: `"state":"available"`, lost: `"state":"expired","reason":"storage-failed"`,
	} {
		until(t, id+" is "+want, func() bool {
			_, body := do(t, "GET", second.url+"/v1/shares/"+id, nil, "Authorization", "Bearer "+bearer)
			return strings.Contains(body, want)
		})
	}
	for _, id := range []string{staged, committed} {
		_, body := do(t, "GET", second.url+"/v1/shares/"+id+"/content", nil, "Authorization", "Bearer "+bearer)
		if body != "1234567890" {
			t.Errorf("the file reads %q", body)
		}
	}
}

// TestTerminationKeepsARunningUpload ends the server while a body comes.
func TestTerminationKeepsARunningUpload(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := serve(t, "--dev", "--data", data)
	bearer := first.guest(t)
	path := first.create(t, bearer, 1<<20)
	body, sender := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		request, _ := http.NewRequest("PATCH", first.url+path, body)
		for key, value := range map[string]string{
			"Authorization": "Bearer " + bearer, "Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream",
		} {
			request.Header.Set(key, value)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	if _, err := sender.Write(bytes.Repeat([]byte("x"), 600<<10)); err != nil {
		t.Fatal(err)
	}
	staged := filepath.Join(data, "files", "staging", strings.TrimPrefix(path, "/uploads/"))
	until(t, "two blocks are on the disk", func() bool { // the rest waits for a block to be full
		info, err := os.Stat(staged)
		return err == nil && info.Size() >= 512<<10
	})
	began := time.Now()
	if err := first.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("ending took %v", took)
	}
	sender.Close()
	if status := <-answered; status != http.StatusConflict && status != 0 {
		t.Errorf("the upload was answered %d", status)
	}
	second := serve(t, "--dev", "--data", data)
	got, err := strconv.Atoi(second.offset(t, bearer, path))
	if err != nil || got < 512<<10 || got > 600<<10 {
		t.Errorf("after the restart the offset is %d, %v; %d had been written", got, err, 512<<10)
	}
}

func TestOneServerPerDataDirectory(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	serve(t, "--dev", "--data", data)
	said, err := command("serve", "--dev", "--listen", "127.0.0.1:0", "--data", data).CombinedOutput()
	if err == nil || !bytes.Contains(said, []byte("another server uses the data directory")) {
		t.Errorf("a second server says %q, %v", said, err)
	}
}

func TestOutsideDevelopment(t *testing.T) {
	t.Parallel()
	p := serve(t, "--app", "clinic:a-long-enough-key", "--data", t.TempDir(), "--metrics-listen", "127.0.0.1:0", "--public-url", "https://share.example")
	for path, want := range map[string]int{
		"/metrics": http.StatusNotFound, "/api/join": http.StatusNotFound, "/healthz": 200, "/readyz": 200, "/": 200, "/sdk/EnxRtc.js": 200,
	} {
		if response, _ := do(t, "GET", p.url+path, nil); response.StatusCode != want && !unbuilt(path, response.StatusCode) {
			t.Errorf("%s: %s, want %d", path, response.Status, want)
		}
	}
	response, body := do(t, "POST", p.url+"/v1/rooms", strings.NewReader(`{"name": "Ward 3", "owner_ref": "x"}`), "Authorization", "Basic Y2xpbmljOmEtbG9uZy1lbm91Z2gta2V5")
	if response.StatusCode != http.StatusOK || !strings.Contains(body, `"room_id":"rm_`) {
		t.Errorf("making a room: %s %s", response.Status, body)
	}
	if response, _ := do(t, "POST", p.url+"/v1/rooms", strings.NewReader(`{}`), "Authorization", "Basic ZGV2OmRldmtleQ=="); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("the development key is let in: %s", response.Status)
	}
}

// unbuilt permits that go test runs without the bundles, which make builds.
func unbuilt(path string, status int) bool {
	_, err := os.Stat(filepath.Join("..", "..", "sdk", "dist", "EnxRtc.js"))
	return err != nil && status == http.StatusNotFound && (path == "/" || strings.HasPrefix(path, "/sdk/"))
}

// TestServersSideBySide starts two with the defaults that they share.
func TestServersSideBySide(t *testing.T) {
	t.Parallel()
	for range 2 {
		p := serve(t, "--app", "clinic:short", "--data", t.TempDir())
		if response, _ := do(t, "GET", p.url+"/readyz", nil); response.StatusCode != http.StatusOK {
			t.Errorf("a server is not ready: %s", response.Status)
		}
	}
}

func TestBadFlags(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ args, want string }{
		{"serve", "name an application with --app ID:KEY, or try --dev"},
		{"serve --dev --listen 0.0.0.0:8080", "listens on loopback only"},
		{"serve --dev --listen 10.0.0.1:8080", "listens on loopback only"},
		{"serve --app clinic", "--app: it must be ID:KEY"},
		{"serve --app clinic:", "--app: clinic has no key"},
		{"serve --app clinic:secret --metrics-listen 127.0.0.1:none", "--metrics-listen"},
		{"serve --app a:0123456789abcdef --app a:0123456789abcdef", "has the same key twice"},
		{"serve --dev --max-file-size 0", "out of range"},
		{"serve --dev --max-file-size 5GiB --max-room-bytes 1GiB", "--max-room-bytes is below --max-file-size"},
		{"serve --dev --max-open-uploads 0", "must be at least 1"},
		{"serve --dev --lifetime 10ms", "must be at least 1s"},
		{"serve --dev --token-lifetime 0s", "--token-lifetime must be at least 1s"},
		{"serve --dev --shutdown=-1s", "--shutdown must be at least 0s"},
		{"serve --dev --rate-grace=-1s", "--rate-grace must be at least 1s"},
		{"serve --dev --silence 1s", "--silence must be at least 5s"},
		{"serve --dev --max-receipts 0", "--max-receipts must be at least 1"},
		{"serve --dev --max-recipients 150 --max-receipts 149", "--max-receipts must be at least 150"},
		{"serve --dev --max-recipients 1000 --max-receipts 2000", "--max-recipients must be at most 917"},
		{"serve --dev --max-receipts 10000", "--max-receipts must be at most 3240"},
		{"serve --dev --max-message 64KiB", "--max-message must be at most 64512 bytes"},
		{"serve --dev --max-request 64KiB", "--max-request must be at least"},
		{"serve --dev --max-message 60KiB --max-request 64KiB", "--max-request must be at least"},
		{"serve --dev --max-header 16KiB", "--max-header must be at least 24576 bytes"},
		{"serve --dev --tls-cert cert.pem", "--tls-cert and --tls-key need each other"},
		{"serve --dev --tls-cert none.pem --tls-key none.pem", "--tls-cert, --tls-key:"},
		{"serve --dev --create-burst 99", "--create-burst must be at least 100"},
		{"serve --dev --create-rate 0", "--create-rate must be above 0"},
		{"serve --dev --create-rate NaN", "--create-rate must be above 0"},
		{"serve --dev --http2-window 1KiB", "--http2-window must be from 65536 to"},
		{"serve --dev --http2-window 2GiB", "--http2-window must be from 65536 to"},
		{"serve --dev --http2-connections 0", "--http2-connections must be at least 1"},
		{"serve --dev --sync never", "--sync must be one of"},
		{"serve --dev --sync interval --sync-interval 1ms", "--sync-interval must be at least 10ms"},
		{"serve --dev --public-url ftp://x", "--public-url must be"},
		{"frobnicate", "unexpected argument"},
	} {
		c := command(strings.Fields(row.args)...)
		c.Dir = t.TempDir()
		said, err := c.CombinedOutput()
		if err == nil || !strings.Contains(string(said), row.want) {
			t.Errorf("%s says %q, %v; want %q", row.args, said, err, row.want)
		}
	}
}

// TestFlagsThatReachTheirBounds starts with limits that are just possible
// together.
func TestFlagsThatReachTheirBounds(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"--max-recipients 917 --max-receipts 3240 --max-message 63KiB --rate-grace 1s --silence 5s --max-header 24KiB",
		"--max-participants 5 --max-receipts 5", // nobody can list more than are in the room
	} {
		p := serve(t, append([]string{"--dev", "--data", t.TempDir()}, strings.Fields(args)...)...)
		if response, _ := do(t, "GET", p.url+"/readyz", nil); response.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", args, response.Status)
		}
	}
}

func TestFlagsFromTheEnvironment(t *testing.T) {
	c := command("serve", "--listen", "127.0.0.1:0", "--data", t.TempDir())
	// A container image says which version it holds; that asks for nothing.
	c.Env = append(c.Env, "HANDOUT_APP=clinic", "HANDOUT_VERSION=1.2")
	if said, err := c.CombinedOutput(); err == nil || !strings.Contains(string(said), "--app: it must be ID:KEY") {
		t.Errorf("it says %q, %v", said, err)
	}
}

// until waits for a condition that a running request brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it never came to: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}
