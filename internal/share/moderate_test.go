package share_test

import (
	"context"
	"testing"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// TestCancellingRunningUploadsCutsThemOff: the request that sends, and who follows
// it, and nobody of another role.
func TestCancellingRunningUploadsCutsThemOff(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	id, targeted := f.offer(t, 10, protocol.ToRoom()), f.offer(t, 10, list("ben"))
	moderator := f.as("cleo")
	moderator.Role = protocol.RoleModerator
	size := int64(10)
	theirs, err := f.Offer(ctx, moderator, share.Batch{Drafts: []share.Draft{{Name: "a", Size: &size}}, To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	sender, appended := f.send(id)
	defer sender.Close()
	if _, err := sender.Write([]byte("01234")); err != nil {
		t.Fatal(err)
	}
	off := protocol.Sharing{Off: []string{protocol.RoleParticipant}}
	for range 2 { // again is no harm
		if err := f.CancelUploads(ctx, f.room, off); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, <-appended, protocol.CodeShareEnded)
	for _, ended := range []protocol.ShareID{id, targeted} {
		record, err := f.records.Share(ctx, ended)
		if err != nil || record.State != protocol.Failed || record.Reason != string(protocol.CodeSharingOff) {
			t.Errorf("it is %s for %q, %v", record.State, record.Reason, err)
		}
	}
	if got := f.state(t, theirs[0].ID); got != protocol.Uploading {
		t.Errorf("the moderator's is %s", got)
	}
	if n := f.blobCount(t); n != 0 {
		t.Errorf("%d blobs are left", n)
	}
}

// TestWithdrawingAllOfOne ends what the caller sees and what it does not, and
// nobody else's.
func TestWithdrawingAllOfOne(t *testing.T) {
	f := newFixture(t)
	ctx := context.Background()
	moderator := f.as("cleo")
	moderator.Moderate, moderator.Role = true, protocol.RoleModerator
	part, err := f.OfferPartial(ctx, f.as("ana"), share.Draft{})
	if err != nil {
		t.Fatal(err)
	}
	size := int64(5)
	bens, err := f.Offer(ctx, f.as("ben"), share.Batch{Drafts: []share.Draft{{Name: "b", Size: &size}}, To: protocol.ToRoom()})
	if err != nil {
		t.Fatal(err)
	}
	whole, open := f.deliver(t, "hello", list("ben")), f.offer(t, 5, protocol.ToRoom())
	if err := f.WithdrawAll(ctx, moderator, "ana"); err != nil {
		t.Fatal(err)
	}
	want := map[protocol.ShareID]protocol.ShareState{
		whole: protocol.Revoked, open: protocol.Cancelled, part.ID: protocol.Cancelled, bens[0].ID: protocol.Uploading,
	}
	for id, state := range want {
		if got := f.state(t, id); got != state {
			t.Errorf("%s is %s, want %s", id, got, state)
		}
	}
	elsewhere := moderator
	elsewhere.Room = protocol.NewRoomID()
	if err := f.WithdrawAll(ctx, elsewhere, "ben"); err != nil || f.state(t, bens[0].ID) != protocol.Uploading {
		t.Errorf("a moderator of another room: %v", err)
	}
	wantCode(t, f.WithdrawAll(ctx, moderator, "a b"), protocol.CodeInvalidRequest)
}
