package share

import (
	"context"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Thumbnails is what a Service needs of the store for the small pictures of shares.
type Thumbnails interface {
	Thumbnail(ctx context.Context, id protocol.ShareID) ([]byte, error)
}

// Thumbnail returns the small picture of a share that the caller may download. One
// that has none is CodeNotFound, one that has ended CodeShareEnded.
func (s *Service) Thumbnail(ctx context.Context, c Caller, id protocol.ShareID) ([]byte, error) {
	record, err := s.Authorise(ctx, c, id, Read)
	if err != nil {
		return nil, err
	}
	if record.State.Ended() {
		return nil, endedError(record.Share)
	}
	picture, err := s.Thumbnails.Thumbnail(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, protocol.NewError(protocol.CodeNotFound, "the file has no thumbnail")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the thumbnail of %s: %w", id, err)
	}
	if c.Operator && c.ID != record.Sender.ID { // it shows what is in the file, and so it is in the audit log
		if err := s.Moderation.NoteRead(ctx, record, s.Now()); err != nil {
			return nil, err
		}
	}
	return picture, nil
}
