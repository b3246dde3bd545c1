package upload

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Parts is what a Service needs of the store for shares that come in parts.
type Parts interface {
	Split(ctx context.Context, id protocol.ShareID, offset int64, concat string, parts []store.Share) error
	Parts(ctx context.Context, id protocol.ShareID) ([]store.Share, error)
	EndPart(ctx context.Context, id protocol.ShareID, now time.Time) error
}

// Split has what the upload lacks come in n parts of about the same size, each an
// upload of its own that can be sent beside the others, and returns them in their
// order, and where the first begins. It takes the upload over from a request that
// still writes. An upload that comes in parts keeps them, whatever n is; concat
// names the parts in the words of the edge.
//
// It fails with CodeOffsetMismatch if there are no n bytes left to send, and with
// CodeLengthMismatch while the length is unknown.
func (s *Service) Split(ctx context.Context, id protocol.ShareID, n int, concat func([]protocol.ShareID) string) (from int64, parts []store.Share, err error) {
	whole, err := s.Records.Share(ctx, id)
	if err != nil || !whole.Joined() || whole.State != protocol.Uploading { // else its joiner is left in peace
		whole, err = s.splitNow(ctx, id, n, concat)
	}
	if err != nil {
		return 0, nil, err
	}
	s.kick(id)
	parts, err = s.partsOf(ctx, id)
	if err != nil {
		return 0, nil, err
	}
	return startOf(whole, parts), parts, nil
}

// splitNow takes the upload over and gives it its parts, if it has none.
func (s *Service) splitNow(ctx context.Context, id protocol.ShareID, n int, concat func([]protocol.ShareID) string) (store.Share, error) {
	turn, err := s.acquire(ctx, id, nil)
	if err != nil {
		return store.Share{}, err
	}
	defer turn.release()
	whole, _, err := s.resume(ctx, turn)
	switch {
	case err != nil || whole.Joined():
		return whole, err
	case whole.Marked():
		return whole, protocol.NewError(protocol.CodeForbidden, "only an upload by tus can come in parts")
	case whole.Size == nil:
		return whole, protocol.NewError(protocol.CodeLengthMismatch, "the length is not known yet")
	case *whole.Size-whole.Offset < int64(n):
		return whole, protocol.NewError(protocol.CodeOffsetMismatch, "there are fewer bytes left than parts")
	}
	parts, ids := s.cut(whole, n)
	if err := s.Parts.Split(s.held(ctx, whole), id, whole.Offset, concat(ids), parts); err != nil {
		return whole, s.conflict(ctx, "splitting the upload", id, err)
	}
	crash.At(crash.UploadSplit)
	s.Log.Info("upload split", "share", id, "room", whole.Room, "participant", whole.Sender.ID, "parts", n)
	return whole, nil
}

// cut returns the records of n parts of what the upload lacks.
func (s *Service) cut(whole store.Share, n int) ([]store.Share, []protocol.ShareID) {
	now := s.Now()
	parts, ids := make([]store.Share, n), make([]protocol.ShareID, n)
	from := whole.Offset
	for i := range parts {
		size := (*whole.Size - from) / int64(n-i)
		from += size
		ids[i] = protocol.NewShareID()
		parts[i] = store.Share{
			Share: protocol.Share{
				ID: ids[i], Room: whole.Room, Size: &size, Sender: whole.Sender, CreatedAt: now.UTC(), ExpiresAt: whole.ExpiresAt,
			},
			Concat: store.ConcatPartial, Checkpoint: store.Checkpoint{Run: s.Boot}, UpdatedAt: now,
		}
	}
	return parts, ids
}

// partsOf reads the parts of a share. They cover its end: see startOf.
func (s *Service) partsOf(ctx context.Context, id protocol.ShareID) ([]store.Share, error) {
	parts, err := s.Parts.Parts(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		if part.Size == nil {
			return nil, fmt.Errorf("the part %s has no size", part.ID)
		}
	}
	if len(parts) == 0 {
		return nil, errors.New("a share that comes in parts has none")
	}
	return parts, nil
}
