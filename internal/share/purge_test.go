package share_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// stubborn keeps some blobs whatever it is told.
type stubborn struct {
	blob.Store
	keeps map[blob.Key]bool
}

// Remove implements blob.Store.
func (s stubborn) Remove(ctx context.Context, key blob.Key) error {
	if s.keeps[key] {
		return errors.New("this one stays")
	}
	return s.Store.Remove(ctx, key)
}

// TestOneSweepClearsAllAway has many files end at once, and some that cannot be
// removed before them all: one sweep ends and removes every other.
func TestOneSweepClearsAllAway(t *testing.T) {
	f := newFixture(t)
	const many = 240
	var batch []store.Share
	for range many {
		size := int64(1)
		batch = append(batch, store.Share{Share: protocol.Share{
			ID: protocol.NewShareID(), Room: f.room, Sender: protocol.Sender{ID: "ana"}, To: protocol.ToRoom(), Size: &size,
			CreatedAt: f.clock.now(), ExpiresAt: f.clock.now().Add(time.Hour),
		}, Reserved: size})
	}
	if err := f.records.CreateShares(t.Context(), batch, store.Quota{RoomBytes: 1 << 20, RoomShares: many, OpenUploads: many}); err != nil {
		t.Fatal(err)
	}
	keeps := map[blob.Key]bool{}
	for i, s := range batch {
		f.leave(t, s.ID, "x", true)
		if i < many/2 { // more than one batch, which ends before the others
			keeps[blob.Key(s.ID)] = true
			if _, err := f.records.End(t.Context(), s.ID, protocol.Cancelled, "", f.clock.now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	swept := share.New(share.Config{
		Records: f.records, Ledger: f.records, Sweeper: f.records, Tickets: f.records, Parts: f.records, Moderation: f.records,
		Uploads: f.uploads, Blobs: stubborn{f.blobs, keeps}, Limits: limits, Boot: "b", Now: f.clock.now,
	})
	f.clock.advance(2 * time.Hour)
	swept.Sweep(t.Context())
	left := 0
	for info, err := range f.blobs.List(t.Context()) {
		if err != nil || !keeps[info.Key] {
			t.Fatalf("%s is left, %v", info.Key, err)
		}
		left++
	}
	if left != len(keeps) {
		t.Errorf("%d that cannot be removed are left, of %d", left, len(keeps))
	}
	clear(keeps)
	swept.Sweep(t.Context())
	if u, err := f.records.Usage(t.Context()); err != nil || u.Unpurged != 0 || u.ReservedBytes != 0 || u.LiveShares != 0 {
		t.Errorf("in the end there is %+v, %v", u, err)
	}
}

// TestWhatWasOrphanedGoes with a sweep that can remove it, unless a record knows it.
func TestWhatWasOrphanedGoes(t *testing.T) {
	f := newFixture(t)
	orphan, known := protocol.NewShareID(), f.offer(t, 1, protocol.ToRoom())
	keeps := map[blob.Key]bool{blob.Key(orphan): true}
	swept := share.New(share.Config{
		Records: f.records, Ledger: f.records, Sweeper: f.records, Tickets: f.records, Parts: f.records, Moderation: f.records,
		Uploads: f.uploads, Blobs: stubborn{f.blobs, keeps}, Limits: limits, Boot: "b", Now: f.clock.now,
	})
	there := func(id protocol.ShareID) bool {
		bytes, err := f.blobs.Open(t.Context(), blob.Key(id))
		if err == nil {
			bytes.Close()
		}
		return err == nil
	}
	for _, id := range []protocol.ShareID{orphan, known} {
		f.leave(t, id, "x", true)
		swept.Orphaned(id)
	}
	swept.Sweep(t.Context())
	if !there(orphan) || !there(known) {
		t.Error("something is gone that could not be removed, or is known")
	}
	delete(keeps, blob.Key(orphan))
	swept.Sweep(t.Context())
	if there(orphan) || !there(known) {
		t.Error("the orphan is there, or what is known is not")
	}
}
