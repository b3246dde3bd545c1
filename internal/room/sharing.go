package room

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Switch is what a Service needs of the store to switch sharing, and to lay down rules.
type Switch interface {
	SetRules(ctx context.Context, room protocol.RoomID, rules protocol.Rules, server protocol.Limits, now time.Time) (protocol.Rules, error)
	SwitchSharing(ctx context.Context, room protocol.RoomID, off []string, now time.Time) (protocol.Sharing, error)
}

// SwitchSharing switches sharing off and on in a room: from when it returns,
// nobody whose role is off can offer a file. What is uploading goes on, unless the
// request cancels it. The same request again does no harm.
func (s *Service) SwitchSharing(ctx context.Context, room protocol.RoomID, to protocol.SharingSwitch) (protocol.Sharing, error) {
	off, err := to.Roles()
	if err != nil {
		return protocol.Sharing{}, err
	}
	sharing, err := s.Records.SwitchSharing(ctx, room, off, s.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return sharing, notFound()
	case err != nil:
		return sharing, fmt.Errorf("switching sharing: %w", err)
	}
	s.Log.Info("sharing switched", "room", room, "off", off, "cancel", to.CancelRunning)
	if to.CancelRunning {
		if err := s.CancelUploads(ctx, room, sharing); err != nil {
			return sharing, fmt.Errorf("cancelling the uploads of a room: %w", err)
		}
	}
	return sharing, nil
}
