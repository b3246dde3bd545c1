package client

import (
	"context"
	"net/http"
	"net/url"

	"github.com/handout-rtc/handout/protocol"
)

// End takes back a share: it cancels an upload, and revokes what is available. The
// sender may, or a moderator.
func (r *Room) End(ctx context.Context, id protocol.ShareID) error {
	ctx, stop := r.within(ctx)
	defer stop()
	return r.api.call(ctx, http.MethodDelete, sharePath(id, ""), nil, nil)
}

// Drop removes a participant from the room. A moderator may.
func (r *Room) Drop(ctx context.Context, id protocol.ParticipantID) error {
	ctx, stop := r.within(ctx)
	defer stop()
	return r.api.call(ctx, http.MethodDelete, roomPath(r.Info().ID, "/participants/"+url.PathEscape(string(id))), nil, nil)
}

// EndAll takes back everything that a participant shares, seen or not. A moderator may.
func (r *Room) EndAll(ctx context.Context, id protocol.ParticipantID) error {
	ctx, stop := r.within(ctx)
	defer stop()
	return r.api.call(ctx, http.MethodDelete, roomPath(r.Info().ID, "/participants/"+url.PathEscape(string(id))+"/shares"), nil, nil)
}

// SwitchSharing says for which roles sharing is off from now on, none for nobody; with
// cancelRunning their uploads end too. A moderator may.
func (r *Room) SwitchSharing(ctx context.Context, off []string, cancelRunning bool) error {
	ctx, stop := r.within(ctx)
	defer stop()
	if off == nil {
		off = []string{}
	}
	var now protocol.Sharing
	request := protocol.SharingSwitch{Off: &off, CancelRunning: cancelRunning}
	if err := r.api.call(ctx, http.MethodPut, roomPath(r.Info().ID, "/sharing"), request, &now); err != nil {
		return err
	}
	r.model.applySharing(now)
	return nil
}
