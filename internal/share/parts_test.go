package share_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// partial is a partial upload of Ana's that has its bytes.
func (f *fixture) partial(t *testing.T, body string) protocol.ShareID {
	t.Helper()
	size := int64(len(body))
	part, err := f.OfferPartial(context.Background(), f.as("ana"), share.Draft{Size: &size})
	if err != nil {
		t.Fatal(err)
	}
	f.write(t, part.ID, body)
	return part.ID
}

func (f *fixture) write(t *testing.T, id protocol.ShareID, body string) {
	t.Helper()
	a := upload.Append{ID: id, Body: bytes.NewReader([]byte(body)), BodyLength: int64(len(body))}
	if _, err := f.uploads.Append(context.Background(), a); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) joined(parts ...protocol.ShareID) (store.Share, error) {
	return f.Join(context.Background(), f.as("ana"), share.Union{To: protocol.ToRoom(), Parts: parts, Concat: "final;x"})
}

func TestPartialUploadsEndWithTheirTimeAndTheirSender(t *testing.T) {
	for name, end := range map[string]func(f *fixture){
		"idle": func(f *fixture) { f.clock.advance(3 * time.Minute) },
		"dropped": func(f *fixture) {
			if err := f.Dropped(context.Background(), f.room, "ana"); err != nil {
				t.Error(err)
			}
		},
		"the room ends": func(f *fixture) {
			if err := f.records.EndRoom(context.Background(), f.room, f.clock.now()); err != nil {
				t.Error(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.partial(t, "hello")
			end(f)
			f.sweepUntil(t, "no bytes are left", func() bool { return f.blobCount(t) == 0 })
			if state := f.state(t, id); state != protocol.Failed {
				t.Errorf("the partial upload is %s", state)
			}
			usage, err := f.records.Usage(context.Background())
			if err != nil || usage.ReservedBytes != 0 {
				t.Errorf("%d bytes are still counted, %v", usage.ReservedBytes, err)
			}
		})
	}
}

// TestWhatAKillLeftOfAJoinIsFinished: the sweep joins what was given to a share
// and not yet brought to it, and what was joined leaves the disk.
func TestWhatAKillLeftOfAJoinIsFinished(t *testing.T) {
	f := newFixture(t)
	a, b := f.partial(t, "hello, "), f.partial(t, "world")
	whole, err := f.joined(a, b) // and the process dies
	if err != nil {
		t.Fatal(err)
	}
	f.sweepUntil(t, "one file is left", func() bool {
		return f.state(t, whole.ID) == protocol.Available && f.blobCount(t) == 1
	})
	usage, err := f.records.Usage(context.Background())
	if err != nil || usage.ReservedBytes != 12 || usage.LiveShares != 1 {
		t.Errorf("usage %+v, %v", usage, err)
	}
	again, err := f.joined(a, b)
	if err != nil || again.ID != whole.ID {
		t.Errorf("the repeated request made %s, %v", again.ID, err)
	}
}

func TestPartsOfACancelledShareLeaveTheDisk(t *testing.T) {
	f := newFixture(t)
	id := f.offer(t, 10, protocol.ToRoom())
	_, parts, err := f.uploads.Split(context.Background(), id, 2, func([]protocol.ShareID) string { return "final;x" })
	if err != nil {
		t.Fatal(err)
	}
	defer f.uploads.Close()
	f.write(t, parts[1].ID, "world")
	wantCode(t, f.End(context.Background(), f.as("ana"), parts[1].ID), protocol.CodeForbidden)
	if err := f.End(context.Background(), f.as("ana"), id); err != nil {
		t.Fatal(err)
	}
	f.sweepUntil(t, "no bytes are left", func() bool { return f.blobCount(t) == 0 })
	if state := f.state(t, parts[0].ID); state != protocol.Cancelled {
		t.Errorf("a part is %s", state)
	}
}

// TestJoiningBesideEachOtherMakesOneShare: a request that is made twice at once.
func TestJoiningBesideEachOtherMakesOneShare(t *testing.T) {
	f := newFixture(t)
	a, b := f.partial(t, "hello, "), f.partial(t, "world")
	made := make(chan protocol.ShareID)
	for range 8 {
		go func() {
			whole, err := f.joined(a, b)
			if err != nil {
				t.Error(err)
			}
			made <- whole.ID
		}()
	}
	first := <-made
	for range 7 {
		if id := <-made; id != first {
			t.Errorf("another share was made: %s and %s", first, id)
		}
	}
}
