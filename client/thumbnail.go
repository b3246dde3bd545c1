package client

import (
	"context"
	"io"
	"net/http"

	"github.com/handout-rtc/handout/protocol"
)

// Thumbnail returns the small picture of a share, if it says that it has one.
//
// Errors: protocol.CodeNotFound without one, CodeShareNotFound, CodeShareEnded.
func (r *Room) Thumbnail(ctx context.Context, id protocol.ShareID) (picture []byte, err error) {
	ctx, stop := r.within(ctx)
	defer stop()
	err = newAttempts().until(ctx, func() error {
		response, err := r.api.do(ctx, http.MethodGet, sharePath(id, "/thumbnail"), nil, nil)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		picture, err = io.ReadAll(io.LimitReader(response.Body, protocol.MaxThumbnailBytes))
		return err
	})
	return picture, err
}
