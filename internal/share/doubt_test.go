package share_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// replace puts other bytes in the place of a share's, as a power cut can.
func (f *fixture) replace(t *testing.T, id protocol.ShareID, body string) {
	t.Helper()
	if err := f.blobs.Remove(context.Background(), blob.Key(id)); err != nil {
		t.Fatal(err)
	}
	f.leave(t, id, body, true)
}

func (f *fixture) contents(t *testing.T, id protocol.ShareID) (string, error) {
	t.Helper()
	content, err := f.Content(context.Background(), f.as("ben"), id, func() {})
	if err != nil {
		return "", err
	}
	defer content.Close()
	data, err := io.ReadAll(content)
	return string(data), err
}

// TestWhatIsInDoubtIsCheckedBeforeItIsRead: after a power cut no half file is
// served, and what is whole is.
func TestWhatIsInDoubtIsCheckedBeforeItIsRead(t *testing.T) {
	f := newFixture(t)
	whole, torn, gone := f.deliver(t, "whole", protocol.ToRoom()), f.deliver(t, "torn?", protocol.ToRoom()), f.deliver(t, "gone?", protocol.ToRoom())
	f.replace(t, torn, "to\x00\x00\x00")
	if err := f.blobs.Remove(context.Background(), blob.Key(gone)); err != nil {
		t.Fatal(err)
	}
	f.Doubt([]protocol.ShareID{whole, torn, gone})
	if f.Settled() {
		t.Error("nothing is in doubt")
	}
	for range 2 {
		if data, err := f.contents(t, whole); err != nil || data != "whole" {
			t.Errorf("the whole one reads %q, %v", data, err)
		}
		for _, id := range []protocol.ShareID{torn, gone} {
			if data, err := f.contents(t, id); protocol.CodeOf(err) != protocol.CodeShareEnded {
				t.Errorf("one that is not whole reads %q, %v", data, err)
			}
		}
	}
	record, err := f.records.Share(context.Background(), torn)
	if err != nil || record.State != protocol.Expired || record.Reason != string(protocol.CodeStorageFailed) {
		t.Errorf("the torn one is %s for %q, %v", record.State, record.Reason, err)
	}
	if !f.Settled() {
		t.Error("something is in doubt still")
	}
}

// TestASenderIsNotToldThatWhatIsInDoubtIsComplete when it asks for the offset, as a
// sender does whose answer was lost.
func TestASenderIsNotToldThatWhatIsInDoubtIsComplete(t *testing.T) {
	f, ctx := newFixture(t), context.Background()
	whole, torn := f.deliver(t, "whole", protocol.ToRoom()), f.deliver(t, "torn?", protocol.ToRoom())
	f.replace(t, torn, "to\x00\x00\x00")
	f.Doubt([]protocol.ShareID{whole, torn})
	for id, want := range map[protocol.ShareID]protocol.ShareState{whole: protocol.Available, torn: protocol.Expired} {
		record, err := f.Authorise(ctx, f.as("ana"), id, share.Write)
		if err != nil || record.State != want {
			t.Errorf("the offset is asked of one that is %s, %v, want %s", record.State, err, want)
		}
	}
}

// TestStartUpSettlesDoubts: whether anybody reads them or not.
func TestStartUpSettlesDoubts(t *testing.T) {
	f := newFixture(t)
	whole, torn := f.deliver(t, "whole", protocol.ToRoom()), f.deliver(t, strings.Repeat("x", 9), protocol.ToRoom())
	f.replace(t, torn, strings.Repeat("\x00", 9)) // of the right size
	f.Doubt([]protocol.ShareID{whole, torn})
	f.sweepUntil(t, "all doubts are settled", f.Settled)
	if f.state(t, whole) != protocol.Available || f.state(t, torn) != protocol.Expired {
		t.Errorf("the whole one is %s, the torn one %s", f.state(t, whole), f.state(t, torn))
	}
}
