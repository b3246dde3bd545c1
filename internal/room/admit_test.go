package room_test

import (
	"sync"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// TestWhoWasAdmittedIsRefusedOnceThatHasChanged: an answer that is remembered is
// forgotten in time.
func TestWhoWasAdmittedIsRefusedOnceThatHasChanged(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	for range 2 {
		wantCode(t, "the first time, and from memory", h.Admit(ctx, "dev", r.ID, "ana"), "")
		wantCode(t, "again", h.Readmit(ctx, r.ID, "ana"), "")
		wantCode(t, "as if of another application", h.Admit(ctx, "other", r.ID, "ana"), protocol.CodeRoomNotFound)
	}
	if err := h.Drop(ctx, r.ID, "ana"); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "dropped", h.Admit(ctx, "dev", r.ID, "ana"), protocol.CodeUnauthenticated)
	wantCode(t, "dropped, asking again", h.Readmit(ctx, r.ID, "ana"), protocol.CodeUnauthenticated)
	wantCode(t, "another", h.Admit(ctx, "dev", r.ID, "bob"), "")
	if err := h.End(ctx, "dev", r.ID); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "the room has ended", h.Admit(ctx, "dev", r.ID, "bob"), protocol.CodeRoomEnded)
}

// TestNobodyIsAdmittedAfterADropReturned races requests against a drop.
func TestNobodyIsAdmittedAfterADropReturned(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	for range 20 {
		id := protocol.NewParticipantID()
		dropped := make(chan struct{})
		var askers sync.WaitGroup
		for range 4 {
			askers.Go(func() {
				for {
					select {
					case <-dropped:
						wantCode(t, "after the drop", h.Admit(ctx, "dev", r.ID, id), protocol.CodeUnauthenticated)
						return
					default:
						_ = h.Admit(ctx, "dev", r.ID, id) // yes or no: the drop is under way
					}
				}
			})
		}
		if err := h.Drop(ctx, r.ID, id); err != nil {
			t.Error(err)
		}
		close(dropped)
		askers.Wait()
	}
}
