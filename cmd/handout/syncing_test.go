package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob/diskblob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/sqlite"
	"github.com/handout-rtc/handout/protocol"
)

// deposit offers and sends a file in one request, and returns its path, "" if
// the server died meanwhile.
func (p *process) deposit(bearer, body string) string {
	request, err := http.NewRequest("POST", p.url+"/uploads", strings.NewReader(body))
	if err != nil {
		return ""
	}
	for key, value := range map[string]string{
		"Authorization": "Bearer " + bearer, "Tus-Resumable": "1.0.0",
		"Upload-Length": fmt.Sprint(len(body)), "Content-Type": "application/offset+octet-stream",
	} {
		request.Header.Set(key, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated || response.Header.Get("Upload-Offset") != fmt.Sprint(len(body)) {
		return ""
	}
	return response.Header.Get("Location")
}

// TestSmallFilesSurviveKill kills a server that takes small files, however it
// syncs: each that was acknowledged is there, whole.
func TestSmallFilesSurviveKill(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"always", "interval"} {
		t.Run(mode, func(t *testing.T) {
			data := t.TempDir()
			args := []string{"--dev", "--data", data, "--sync", mode, "--sync-interval", "1h"}
			first := serve(t, args...)
			bearer := first.guest(t)
			var mu sync.Mutex
			acknowledged := map[string]string{}
			enough := make(chan struct{})
			var senders sync.WaitGroup
			for lane := range 8 {
				senders.Go(func() {
					for i := 0; ; i++ {
						body := strings.Repeat(fmt.Sprintf("%d.%d ", lane, i), 500)
						path := first.deposit(bearer, body)
						if path == "" {
							return
						}
						mu.Lock()
						if acknowledged[path] = body; len(acknowledged) == 200 {
							close(enough)
						}
						mu.Unlock()
					}
				})
			}
			over := make(chan struct{})
			go func() { senders.Wait(); close(over) }()
			select {
			case <-enough:
			case <-over:
				t.Fatalf("only %d files were taken", len(acknowledged))
			}
			first.end(t, syscall.SIGKILL)
			<-over

			second := serve(t, args...)
			for path, want := range acknowledged {
				content := strings.Replace(path, "/uploads/", "/v1/shares/", 1) + "/content"
				if response, body := do(t, "GET", second.url+content, nil, "Authorization", "Bearer "+bearer); body != want {
					t.Fatalf("%s was acknowledged and reads %d bytes of %d (%s)", path, len(body), len(want), response.Status)
				}
			}
		})
	}
}

// TestASyncerNotesWhatItSynced: not before, and not while anything of an earlier
// boot is in doubt.
func TestASyncerNotesWhatItSynced(t *testing.T) {
	t.Parallel()
	ctx, data := context.Background(), t.TempDir()
	records, err := sqlite.Open(ctx, filepath.Join(data, "handout.db"), sqlite.SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	defer records.Close()
	blobs, err := diskblob.Open(filepath.Join(data, "files"), diskblob.SyncLater)
	if err != nil {
		t.Fatal(err)
	}
	defer blobs.Close()
	room := protocol.NewRoomID()
	if err := records.CreateRoom(ctx, store.Room{ID: room, App: "dev", Name: "r"}, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := records.Join(ctx, store.Member{Room: room, Participant: protocol.Participant{ID: "ana"}}, 1, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	settled := false
	s := &syncer{flush: blobs.Flush, records: records, settled: func() bool { return settled }, log: slog.New(slog.DiscardHandler)}
	for _, c := range []struct{ settled, news bool }{{false, true}, {true, false}} {
		settled = c.settled
		if err := s.syncAll(ctx); err != nil {
			t.Fatal(err)
		}
		if _, news := records.Unsynced(); news != c.news {
			t.Errorf("settled %v: there is news: %v", c.settled, news)
		}
	}
}
