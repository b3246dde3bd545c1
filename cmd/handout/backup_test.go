package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// TestBackup copies the directory of a server that is at work, and starts another
// one on the copy: whatever was acknowledged before is there, uploads go on, and
// what had ended is not there. This is what docs/backup.md says to do.
func TestBackup(t *testing.T) {
	t.Parallel()
	data, to := t.TempDir(), filepath.Join(t.TempDir(), "backup")
	server := serve(t, "--dev", "--data", data)
	bearer := server.guest(t)
	half := server.create(t, bearer, 1<<20)
	server.patch(t, bearer, half, 0, strings.NewReader(strings.Repeat("half", 1000)))
	large := server.create(t, bearer, 4<<20)
	server.patch(t, bearer, large, 0, strings.NewReader(strings.Repeat("1234", 1<<20)))
	revoked := server.deposit(bearer, "revoked")
	do(t, "DELETE", server.url+revoked, nil, "Authorization", "Bearer "+bearer, "Tus-Resumable", "1.0.0")

	var mu sync.Mutex
	var once sync.Once
	acknowledged := map[string]string{large: strings.Repeat("1234", 1<<20)}
	enough, stop := make(chan struct{}), make(chan struct{})
	var senders sync.WaitGroup
	for lane := range 2 {
		senders.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				body := strings.Repeat(fmt.Sprintf("%d.%d ", lane, i), 300)
				path := server.deposit(bearer, body)
				mu.Lock()
				if acknowledged[path] = body; path == "" || len(acknowledged) >= 40 {
					once.Do(func() { close(enough) })
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	mu.Lock()
	before := maps.Clone(acknowledged)
	mu.Unlock()
	out, code := run(t, "backup", "--data", data, to)
	close(stop)
	senders.Wait()
	if code != 0 {
		t.Fatalf("the backup ended with %d: %s", code, out)
	}
	if _, code := run(t, "backup", "--data", data, to); code == 0 {
		t.Error("a backup was overwritten")
	}
	// Deposits that came while it was made are bytes without a record, for the start.
	if out, code := run(t, "verify", "--data", to); code != 0 && code != exitLeftover {
		t.Fatalf("the backup is damaged, %d: %s", code, out)
	}
	server.end(t, syscall.SIGKILL)

	restored := serve(t, "--dev", "--data", to)
	for path, want := range before {
		content := strings.Replace(path, "/uploads/", "/v1/shares/", 1) + "/content"
		if response, body := do(t, "GET", restored.url+content, nil, "Authorization", "Bearer "+bearer); body != want {
			t.Fatalf("%s was acknowledged and reads %d bytes of %d (%s)", path, len(body), len(want), response.Status)
		}
	}
	if at := restored.offset(t, bearer, half); at != "4000" {
		t.Errorf("the upload is at %s", at)
	}
	if response, _ := do(t, "GET", restored.url+strings.Replace(revoked, "/uploads/", "/v1/shares/", 1)+"/content", nil, "Authorization", "Bearer "+bearer); response.StatusCode != 410 {
		t.Errorf("what was revoked answers %s", response.Status)
	}
	if err := restored.end(t, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if r := verified(t, to, 0); len(r.Findings) != 0 {
		t.Errorf("after it was used: %+v", r.Findings)
	}
}
