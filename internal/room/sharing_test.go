package room_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

func TestSwitchingSharing(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	var cancelled []protocol.Sharing
	h.CancelUploads = func(_ context.Context, _ protocol.RoomID, sharing protocol.Sharing) error {
		cancelled = append(cancelled, sharing)
		return nil
	}
	off := protocol.SharingSwitch{Off: &[]string{"viewer", "participant"}}
	want := protocol.Sharing{Off: []string{"participant", "viewer"}, Rev: 1}
	for _, cancel := range []bool{false, true, true} {
		off.CancelRunning = cancel
		got, err := h.SwitchSharing(ctx, r.ID, off)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
	if diff := cmp.Diff([]protocol.Sharing{want, want}, cancelled); diff != "" {
		t.Errorf("-want +cancelled:\n%s", diff)
	}
	if got := h.join(t, r, "pt_ana", "c1"); cmp.Diff(want, got.Room.Sharing) != "" {
		t.Errorf("who joins is told %+v", got.Room.Sharing)
	}
	if got, _, err := h.State(ctx, r.ID); err != nil || cmp.Diff(want, got.Sharing) != "" {
		t.Errorf("%+v, %v", got, err)
	}
	wantCode(t, "no list", second(h.SwitchSharing(ctx, r.ID, protocol.SharingSwitch{})), protocol.CodeInvalidRequest)
	wantCode(t, "no room", second(h.SwitchSharing(ctx, protocol.NewRoomID(), off)), protocol.CodeRoomNotFound)
	broken := errors.New("the disk")
	h.CancelUploads = func(context.Context, protocol.RoomID, protocol.Sharing) error { return broken }
	if _, err := h.SwitchSharing(ctx, r.ID, off); !errors.Is(err, broken) {
		t.Errorf("what was not cancelled is not told: %v", err)
	}
}

func second(_ protocol.Sharing, err error) error { return err }
