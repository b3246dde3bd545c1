package share_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

// heard is the last that each participant, or the room (""), was told of each
// transfer, as "share" or "share participant".
type heard struct {
	mu    sync.Mutex
	words map[protocol.ParticipantID]map[string]int64
}

func (h *heard) Publish(_ protocol.RoomID, to protocol.ParticipantID, event protocol.Event) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.words[to] == nil {
		h.words[to] = make(map[string]int64)
	}
	for _, t := range event.Transfers {
		h.words[to][string(t.Share)+" "+string(t.Participant)] = t.Bytes
	}
	return nil
}

func (h *heard) all() map[protocol.ParticipantID]map[string]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make(map[protocol.ParticipantID]map[string]int64)
	for to, words := range h.words {
		all[to] = make(map[string]int64)
		for what, n := range words {
			all[to][what] = n
		}
	}
	return all
}

// TestProgressReachesTheIntendedAlone: recipients hear how far an upload is, the
// sender how far each download is, and nobody else anything.
func TestProgressReachesTheIntendedAlone(t *testing.T) {
	f := newFixture(t)
	words := &heard{words: make(map[protocol.ParticipantID]map[string]int64)}
	f.Push, f.TellEvery = words, time.Millisecond
	ctx, stop := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { f.RunProgress(ctx) })
	defer group.Wait()
	defer stop()

	forAll, forBen := f.offer(t, 1000, protocol.ToRoom()), f.offer(t, 1000, list("ben"))
	toAll, ended := f.send(forAll)
	defer func() { toAll.Close(); <-ended }()
	toBen, endedToo := f.send(forBen)
	defer func() { toBen.Close(); <-endedToo }()
	content, err := f.Content(ctx, f.as("ben"), forBen, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()

	sent := int64(0)
	for len(words.all()) < 3 { // what is seen for the first time is not told yet
		sent++
		for _, to := range []io.Writer{toAll, toBen} {
			if _, err := to.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.ReadFull(content, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[protocol.ParticipantID]map[string]int64{
		"":    {string(forAll) + " ": sent},
		"ben": {string(forBen) + " ": sent},
		"ana": {string(forBen) + " ben": sent},
	}
	f.until(t, "all is told", func() bool { return cmp.Equal(want, words.all()) })
}

// until waits for what other goroutines bring about.
func (f *fixture) until(t *testing.T, what string, holds func() bool) {
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
