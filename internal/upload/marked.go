package upload

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// An upload that is marked (store.Share.Marked) is complete when its sender says
// that an append was the last one, and all of that has come: never by its length
// alone. What is more than the length ends it.

// ends reports whether the append, whose whole body is in the share, completes
// it. It is CodeLengthMismatch if the sender says so before the length is reached.
func (a Append) ends(share store.Share) (bool, error) {
	if !share.Marked() || !a.Last {
		return complete(share), nil
	}
	if share.Size != nil && *share.Size != share.Offset {
		return false, protocol.NewError(protocol.CodeLengthMismatch, "the last byte came before the length")
	}
	return true, nil
}

// repeated answers an append to an upload that is complete. The one that
// completed it may come again: its answer may have got lost.
func (a Append) repeated(share store.Share) error {
	switch {
	case !share.Marked():
		return nil
	case !a.empty():
		return protocol.NewError(protocol.CodeLengthMismatch, "the upload is complete: it takes no more bytes")
	case !a.Last:
		return protocol.NewError(protocol.CodeUploadComplete, "the upload is complete")
	}
	return nil
}

// empty reports whether the body has no byte, which only its end shows where its
// length is not declared.
func (a Append) empty() bool {
	if a.Body == nil {
		return true
	}
	_, err := io.ReadFull(a.Body, make([]byte, 1))
	return err == io.EOF
}

// overrun says how the body ended, of which the upload has taken n bytes and may
// take left. One that goes on beyond is CodeRequestTooLarge, if the upload is
// marked; by tus what is more is left unread. Reading to its end also shows that it
// was not cut off there.
func (a Append) overrun(share store.Share, n, left int64, err error) error {
	if err != nil || n < left || !share.Marked() {
		return err
	}
	var one [1]byte
	switch _, err := io.ReadFull(a.Body, one[:]); err {
	case nil:
		return protocol.NewError(protocol.CodeRequestTooLarge, "the body is longer than the upload may be")
	case io.EOF:
		return nil
	default:
		return err
	}
}

func isOverrun(err error) bool { return protocol.CodeOf(err) == protocol.CodeRequestTooLarge }

// outgrown fails a marked upload of which more came than its length.
func (s *Service) outgrown(ctx context.Context, share store.Share) (store.Share, error) {
	ended, err := s.Records.End(store.By(s.held(ctx, share), store.ByServer), share.ID, protocol.Failed, protocol.CodeLengthMismatch, s.Now())
	switch {
	case errors.Is(err, store.ErrConflict):
		return ended, endedError(ended)
	case errors.Is(err, store.ErrFenced):
		return share, overtaken(err)
	case err != nil:
		return share, fmt.Errorf("ending an upload: %w", err)
	}
	s.Log.Info("upload longer than its length", "share", share.ID, "room", share.Room, "participant", share.Sender.ID)
	return ended, protocol.NewError(protocol.CodeLengthMismatch, "more bytes came than the length: the upload has failed")
}
