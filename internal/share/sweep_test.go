package share_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/upload"
	"github.com/handout-rtc/handout/protocol"
)

func TestSweepEndsWhatIsDue(t *testing.T) {
	ctx := context.Background()
	wantReason := func(t *testing.T, f *fixture, id protocol.ShareID, want protocol.Code) {
		t.Helper()
		record, err := f.records.Share(ctx, id)
		if err != nil || record.Reason != string(want) {
			t.Errorf("it ended for %q, %v; want %s", record.Reason, err, want)
		}
	}
	t.Run("an idle upload fails", func(t *testing.T) {
		f := newFixture(t)
		id := f.offer(t, 10, protocol.ToRoom())
		f.clock.advance(121 * time.Second)
		f.sweepUntil(t, "failed", func() bool { return f.state(t, id) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeUploadIdle)
	})
	t.Run("an upload of before the start has the whole time again", func(t *testing.T) {
		f := newFixture(t)
		id := f.offer(t, 10, protocol.ToRoom())
		f.clock.advance(30 * time.Minute)
		f.Service = share.New(f.Config)
		f.startUp(t)
		f.clock.advance(119 * time.Second)
		f.startUp(t)
		if got := f.state(t, id); got != protocol.Uploading {
			t.Fatalf("before its time is over it is %s", got)
		}
		f.clock.advance(2 * time.Second)
		f.sweepUntil(t, "failed", func() bool { return f.state(t, id) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeUploadIdle)
	})
	t.Run("a slow upload is not idle", func(t *testing.T) {
		f := newFixture(t)
		slow, idle := f.offer(t, 10, protocol.ToRoom()), f.offer(t, 10, protocol.ToRoom())
		body, sender := io.Pipe()
		appended := make(chan error, 1)
		go func() {
			_, err := f.uploads.Append(ctx, upload.Append{ID: slow, Body: body, BodyLength: -1})
			appended <- err
		}()
		if _, err := sender.Write([]byte("12345")); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(121 * time.Second)
		f.sweepUntil(t, "the idle one failed", func() bool { return f.state(t, idle) == protocol.Failed })
		if _, err := sender.Write([]byte("67890")); err != nil {
			t.Fatal(err)
		}
		sender.Close()
		if err := <-appended; err != nil || f.state(t, slow) != protocol.Available {
			t.Errorf("the slow upload ended with %v, the share is %s", err, f.state(t, slow))
		}
	})
	t.Run("a file expires", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		f.clock.advance(3601 * time.Second)
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		wantReason(t, f, id, protocol.CodeLifetimeOver)
	})
	t.Run("files leave an empty room", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		for _, who := range []protocol.ParticipantID{"ana", "ben", "cleo"} {
			if _, err := f.records.Leave(ctx, f.room, who, f.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
		f.clock.advance(59 * time.Second)
		f.sweepUntil(t, "a sweep", func() bool { return true })
		if got := f.state(t, id); got != protocol.Available {
			t.Fatalf("before the grace is over the share is %s", got)
		}
		f.clock.advance(2 * time.Second)
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		wantReason(t, f, id, protocol.CodeRoomEmpty)
	})
	t.Run("files leave a room that has ended", func(t *testing.T) {
		f := newFixture(t)
		id, open := f.deliver(t, "hello", protocol.ToRoom()), f.offer(t, 10, protocol.ToRoom())
		if err := f.records.EndRoom(ctx, f.room, f.clock.now()); err != nil {
			t.Fatal(err)
		}
		f.sweepUntil(t, "expired and gone", func() bool { return f.state(t, id) == protocol.Expired && f.blobCount(t) == 0 })
		f.sweepUntil(t, "the upload failed", func() bool { return f.state(t, open) == protocol.Failed })
		wantReason(t, f, id, protocol.CodeRoomEnded)
		wantReason(t, f, open, protocol.CodeRoomEnded)
	})
	t.Run("an upload into a room that was empty long before", func(t *testing.T) {
		f := newFixture(t)
		for _, who := range []protocol.ParticipantID{"ana", "ben", "cleo"} {
			if _, err := f.records.Leave(ctx, f.room, who, f.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
		old := f.offer(t, 5, protocol.ToRoom())
		f.clock.advance(61 * time.Second)
		id := f.offer(t, 5, protocol.ToRoom())
		f.sweepUntil(t, "the old one failed", func() bool { return f.state(t, old) == protocol.Failed })
		if got := f.state(t, id); got != protocol.Uploading {
			t.Errorf("the new upload is %s", got)
		}
	})
	t.Run("what has ended is forgotten", func(t *testing.T) {
		f := newFixture(t)
		id := f.deliver(t, "hello", protocol.ToRoom())
		if err := f.End(ctx, f.as("ana"), id); err != nil {
			t.Fatal(err)
		}
		f.clock.advance(2 * time.Hour)
		f.sweepUntil(t, "forgotten", func() bool {
			_, err := f.records.Share(ctx, id)
			return errors.Is(err, store.ErrNotFound)
		})
	})
}
