package share_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

// leave puts bytes where a process that died had written them.
func (f *fixture) leave(t *testing.T, id protocol.ShareID, body string, committed bool) {
	t.Helper()
	writer, err := f.blobs.Write(context.Background(), blob.Key(id), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if _, err := io.WriteString(writer, body); err != nil {
		t.Fatal(err)
	}
	if committed {
		err = writer.Commit(context.Background())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// add makes a share of one byte, with what the test says of it.
func (f *fixture) add(t *testing.T, s store.Share) protocol.ShareID {
	t.Helper()
	s.ID, s.Room, s.Sender, s.To, s.Size = protocol.NewShareID(), f.room, protocol.Sender{ID: "ana"}, protocol.ToRoom(), new(int64)
	*s.Size, s.State, s.CreatedAt = 1, protocol.Uploading, f.clock.now()
	if s.ExpiresAt.IsZero() {
		s.ExpiresAt = s.CreatedAt.AddDate(1, 0, 0)
	}
	quota := store.Quota{RoomBytes: 1 << 20, RoomShares: 1000, OpenUploads: 1000}
	if err := f.records.CreateShares(context.Background(), []store.Share{s}, quota); err != nil {
		t.Fatal(err)
	}
	return s.ID
}

// startUp does what the service does at its start.
func (f *fixture) startUp(t *testing.T) {
	t.Helper()
	f.Recover(t.Context())
}

// TestStartUpFinishesUploads leaves what a process leaves that dies with the
// last byte written, before its record: the record counts none of it.
func TestStartUpFinishesUploads(t *testing.T) {
	for name, committed := range map[string]bool{"before the commit": false, "before the record": true} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			id := f.offer(t, 5, protocol.ToRoom())
			f.leave(t, id, "hello", committed)
			f.sweepUntil(t, "the upload finished", func() bool { return f.state(t, id) == protocol.Available })
			content, err := f.Content(context.Background(), f.as("ben"), id, func() {})
			if err != nil {
				t.Fatal(err)
			}
			defer content.Close()
			if body, err := io.ReadAll(content); err != nil || string(body) != "hello" {
				t.Errorf("the file reads %q, %v", body, err)
			}
		})
	}
}

// TestStartUpGoesBeyondOnePage has more shares than are read at a time.
func TestStartUpGoesBeyondOnePage(t *testing.T) {
	f := newFixture(t)
	var ids []protocol.ShareID
	for range 150 {
		id := f.add(t, store.Share{Checkpoint: store.Checkpoint{Run: "b"}})
		f.leave(t, id, "x", true)
		ids = append(ids, id)
	}
	f.sweepUntil(t, "every upload finished", func() bool {
		for len(ids) > 0 && f.state(t, ids[0]) == protocol.Available {
			ids = ids[1:]
		}
		return len(ids) == 0
	})
}

func TestStartUpLeavesWhatIsNotWhole(t *testing.T) {
	f := newFixture(t)
	part, none := f.offer(t, 5, protocol.ToRoom()), f.offer(t, 5, protocol.ToRoom())
	f.leave(t, part, "hell", false)
	f.startUp(t)
	for _, id := range []protocol.ShareID{part, none} {
		if got := f.state(t, id); got != protocol.Uploading {
			t.Errorf("the share is %s", got)
		}
	}
	a := upload.Append{ID: part, Offset: 4, Body: strings.NewReader("o"), BodyLength: 1}
	if record, err := f.uploads.Append(context.Background(), a); err != nil || record.State != protocol.Available {
		t.Errorf("the last byte leaves it %s, %v", record.State, err)
	}
}

// TestStartUpLeavesWhatIsNotMarked has all bytes of uploads that their sender has to
// mark complete: of the one that was marked the bytes are committed.
func TestStartUpLeavesWhatIsNotMarked(t *testing.T) {
	f := newFixture(t)
	var ids []protocol.ShareID
	for _, committed := range []bool{false, true} {
		id := f.add(t, store.Share{Dialect: store.DialectIETF, Checkpoint: store.Checkpoint{Run: "b"}, UpdatedAt: f.clock.now()})
		f.leave(t, id, "x", committed)
		ids = append(ids, id)
	}
	f.startUp(t)
	if left, done := f.state(t, ids[0]), f.state(t, ids[1]); left != protocol.Uploading || done != protocol.Available {
		t.Errorf("what was not marked is %s, what was is %s", left, done)
	}
}

// TestStartUpEndsWhatHasLostItsBytes takes files away, or parts of them.
func TestStartUpEndsWhatHasLostItsBytes(t *testing.T) {
	ctx := context.Background()
	for name, lose := range map[string]func(*fixture, protocol.ShareID) error{
		"all": func(f *fixture, id protocol.ShareID) error { return f.blobs.Remove(ctx, blob.Key(id)) },
		"a part": func(f *fixture, id protocol.ShareID) error {
			f.leave(t, id, "hell", true)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			kept, lost := f.deliver(t, "hello", protocol.ToRoom()), f.deliver(t, "hello", protocol.ToRoom())
			if err := lose(f, lost); err != nil {
				t.Fatal(err)
			}
			f.startUp(t)
			record, err := f.records.Share(ctx, lost)
			if err != nil || record.State != protocol.Expired || record.Reason != string(protocol.CodeStorageFailed) {
				t.Errorf("the share is %s for %q, %v", record.State, record.Reason, err)
			}
			if got := f.state(t, kept); got != protocol.Available {
				t.Errorf("the other share is %s", got)
			}
			if n := f.blobCount(t); n != 1 {
				t.Errorf("%d blobs are left", n)
			}
		})
	}
}

// TestAFaultOfTheDiskEndsNothing: what cannot be read now may be read tomorrow.
func TestAFaultOfTheDiskEndsNothing(t *testing.T) {
	f := newFixture(t)
	id := f.deliver(t, "hello", protocol.ToRoom())
	f.Blobs = unreadable{f.blobs}
	f.startUp(t)
	if got := f.state(t, id); got != protocol.Available {
		t.Errorf("the share is %s", got)
	}
}

type unreadable struct{ blob.Store }

func (unreadable) Open(context.Context, blob.Key) (blob.Reader, error) {
	return nil, errors.New("input/output error")
}

func TestStartUpRemovesOrphans(t *testing.T) {
	f := newFixture(t)
	kept := f.deliver(t, "hello", protocol.ToRoom())
	f.leave(t, protocol.NewShareID(), "orphan", true)
	f.leave(t, protocol.NewShareID(), "orphan", false)
	f.startUp(t)
	if n := f.blobCount(t); n != 1 {
		t.Errorf("%d blobs are left", n)
	}
	if got := f.state(t, kept); got != protocol.Available {
		t.Errorf("the share is %s", got)
	}
}

// TestStartUpLeavesWhatARequestIsAtWorkOn finds a blob whose record is still to
// be written.
func TestStartUpLeavesWhatARequestIsAtWorkOn(t *testing.T) {
	f := newFixture(t)
	busy := protocol.NewShareID()
	f.Uploads = atWork{f.uploads, busy}
	f.leave(t, busy, "hello", true)
	f.startUp(t)
	if n := f.blobCount(t); n != 1 {
		t.Errorf("%d blobs are left", n)
	}
}

// atWork says that a request is at work on one upload.
type atWork struct {
	share.Uploads
	id protocol.ShareID
}

func (a atWork) Active(id protocol.ShareID) bool { return id == a.id || a.Uploads.Active(id) }
