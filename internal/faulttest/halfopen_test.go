package faulttest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it never came to: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}

// staged is how many bytes of an upload are on the disk.
func (l *lab) staged(id protocol.ShareID) int64 {
	info, err := os.Stat(filepath.Join(l.Data, "files", "staging", string(id)))
	if err != nil {
		return 0
	}
	return info.Size()
}

// TestF8_HalfOpen lets the connection of an append go silent: the server is not
// told that its client is gone. The client comes back on another connection, and
// has the upload at once, while the old append still waits for bytes.
func TestF8_HalfOpen(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.Build(t))
	bo := l.enter(t, "bo")[0]
	var proxies []*faulttest.Proxy
	for i := range faulttest.Amount(10, 100) {
		proxies = append(proxies, l.silenced(t, bo, i))
	}
	for _, p := range proxies { // only now do the old connections end
		p.Mend()
	}
	l.journal.Over()
	faulttest.Verdict(t, l.Server, faulttest.Rules{}, l.room)
}

func (l *lab) silenced(t *testing.T, bo *faulttest.Client, i int) *faulttest.Proxy {
	t.Helper()
	network := faulttest.StartProxy(t, l.Server)
	ana := l.room.Enter(t, protocol.ParticipantID(fmt.Sprintf("ana%d", i)))
	there := ana.Base
	ana.Base, ana.Pace = network.URL(), faulttest.NewPace(1<<20)
	file := faulttest.File{Name: fmt.Sprintf("half open %d", i), Size: 4 << 20, Seed: l.random.Uint64()}
	silent, hangUp := context.WithCancel(t.Context())
	t.Cleanup(hangUp)
	ended := make(chan error, 1)
	go func() {
		_, err := ana.Send(silent, file, protocol.ToRoom())
		ended <- err
	}()
	id, err := named(t.Context(), bo, file.Name)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "an append is under way", func() bool { return l.staged(id) > 0 })
	network.Silence(t)

	back := ana.Elsewhere(t, there)
	began := time.Now()
	path := "/uploads/" + string(id)
	var offset int64
	for {
		header, err := back.Ask(t.Context(), http.MethodHead, path, nil, nil, "Tus-Resumable", "1.0.0")
		if err == nil {
			offset, err = strconv.ParseInt(header.Get("Upload-Offset"), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if !faulttest.Again(err) || time.Since(began) > 10*time.Second {
			t.Fatalf("after %v the upload is still held: %v", time.Since(began), err)
		}
	}
	select {
	case err := <-ended:
		t.Fatalf("the silent connection has ended: %v", err)
	default:
	}
	if offset == 0 {
		t.Error("what had come is not kept")
	}
	took := time.Since(began)
	block := make([]byte, file.Size-offset)
	file.ReadAt(block, offset)
	response, err := back.Do(t.Context(), http.MethodPatch, path, bytes.NewReader(block), "Tus-Resumable", "1.0.0",
		"Upload-Offset", strconv.FormatInt(offset, 10), "Content-Type", "application/offset+octet-stream")
	if err != nil {
		t.Fatalf("going on at %d: %v", offset, err)
	}
	response.Body.Close()
	if _, err := bo.Receive(t.Context(), id); err != nil {
		t.Errorf("receiving: %v", err)
	}
	t.Logf("the upload was free after %v", took)
	hangUp()
	<-ended
	return network
}
