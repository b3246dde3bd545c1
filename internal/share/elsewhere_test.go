package share_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// elsewhere is an upload that another node receives: each stream breaks off within the
// part that it has just promised, one byte further than the one before.
type elsewhere struct {
	share.Uploads
	data    string
	streams int
}

// Follow implements share.Uploads.
func (e *elsewhere) Follow(_ context.Context, _ protocol.ShareID, beyond int64) (int64, bool, error) {
	return 0, false, blob.ErrElsewhere
}

// Stream implements share.Uploads.
func (e *elsewhere) Stream(_ context.Context, _ protocol.ShareID, from int64) (blob.Stream, error) {
	if e.streams++; e.streams%3 == 0 {
		return nil, errors.New("the node does not answer")
	}
	return &brittle{rest: e.data[from:], good: e.streams}, nil
}

// brittle has good bytes, and says that it has four more.
type brittle struct {
	rest string
	good int
}

// Next implements blob.Stream.
func (b *brittle) Next(limit int64) (*io.LimitedReader, error) {
	if b.rest == "" {
		return nil, io.EOF
	}
	promised := min(int64(b.good+4), limit, int64(len(b.rest)))
	good := min(b.good, len(b.rest))
	r := io.MultiReader(bytes.NewReader([]byte(b.rest[:good])), iotest.ErrReader(errors.New("connection reset")))
	return &io.LimitedReader{R: r, N: promised}, nil
}

// Close implements blob.Stream.
func (b *brittle) Close() error { return nil }

// TestWhatAStreamPromisedIsReadFromTheNext: a node that dies in the middle of a part
// costs its readers nothing.
func TestWhatAStreamPromisedIsReadFromTheNext(t *testing.T) {
	f := newFixture(t)
	f.join(t, "ann")
	f.join(t, "bob")
	data := "what comes in at another node, bit by bit, from one that breaks off again and again"
	id := f.offer(t, int64(len(data)), protocol.ToRoom())
	c := f.Config
	c.Uploads = &elsewhere{Uploads: f.uploads, data: data}
	content, err := share.New(c).Content(t.Context(), f.as("bob"), id, func() {})
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	got, err := io.ReadAll(content)
	if err != nil || string(got) != data {
		t.Fatalf("read %q, %v", got, err)
	}
}

// TestStandingsCutOffWhoReads what has ended at another node, and nobody else.
func TestStandingsCutOffWhoReads(t *testing.T) {
	f := newFixture(t)
	f.join(t, "ann")
	f.join(t, "bob")
	ended, other := f.deliver(t, "ended", protocol.ToRoom()), f.deliver(t, "other", protocol.ToRoom())
	cut := make(map[protocol.ShareID]bool)
	for _, id := range []protocol.ShareID{ended, other} {
		content, err := f.Content(t.Context(), f.as("bob"), id, func() { cut[id] = true })
		if err != nil {
			t.Fatal(err)
		}
		defer content.Close()
	}
	if watching := f.Watching(); len(watching) != 2 {
		t.Fatalf("it watches %v", watching)
	}
	f.Stands(other, store.Standing{State: protocol.Available, Fence: 3})
	f.Stands(ended, store.Standing{State: protocol.Revoked})
	if !cut[ended] || cut[other] {
		t.Fatalf("cut off: %v", cut)
	}
	f.Barred(store.Seat{Room: f.as("bob").Room, ID: "ann"})
	if cut[other] {
		t.Fatal("somebody else's dropping cut it off")
	}
	f.Barred(store.Seat{Room: f.as("bob").Room, ID: "bob"})
	if !cut[other] {
		t.Fatal("who was dropped reads on")
	}
}
