package upload

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// A file that must be vetted (store.Share.Vet) is held against its room's types as
// soon as its first bytes are there, before they are written: nobody follows it until
// then, and it is not completed without.

// HeadBytes is how many of its first bytes tell what a file is.
const HeadBytes = 3072

// withheld reports whether nobody may read of the upload yet.
func withheld(share store.Share) bool {
	return share.Vet && share.State == protocol.Uploading && share.Offset < HeadBytes
}

// vet waits for what the append has of the share's first bytes, and ends the share if
// they may not be shared: CodeTypeNotAllowed. judged reports whether they were enough to
// tell. left is how many bytes the share takes.
func (s *Service) vet(ctx context.Context, share store.Share, a *Append, left int64) (_ store.Share, judged bool, err error) {
	var more []byte
	ended := a.Last
	if a.Body != nil {
		body := bufio.NewReaderSize(a.Body, HeadBytes)
		a.Body = body
		if share.Size == nil {
			left++ // so that its end is seen
		}
		// What comes early of a body that fails is kept, and its error comes again.
		more, err = body.Peek(int(min(HeadBytes-share.Offset, left)))
		ended = ended && errors.Is(err, io.EOF)
	}
	at := share.Offset + int64(len(more))
	whole := share.Size != nil && at == *share.Size && (a.Last || !share.Marked())
	if at < HeadBytes && !whole && !ended {
		return share, false, nil
	}
	head, err := s.head(ctx, share)
	if err != nil {
		return share, false, err
	}
	refusal := s.Vet(ctx, share, append(head, more...))
	if protocol.CodeOf(refusal) != protocol.CodeTypeNotAllowed {
		return share, true, refusal
	}
	failed, err := s.Records.End(store.By(s.held(ctx, share), store.ByServer), share.ID, protocol.Failed, protocol.CodeTypeNotAllowed, s.Now())
	switch {
	case errors.Is(err, store.ErrConflict):
		return failed, true, endedError(failed)
	case errors.Is(err, store.ErrFenced):
		return share, true, overtaken(err)
	case err != nil:
		return share, true, fmt.Errorf("ending an upload: %w", err)
	}
	s.Log.Info("upload of a type that is not allowed", "share", share.ID, "room", share.Room, "participant", share.Sender.ID)
	return failed, true, refusal
}

// head reads the bytes of the share that are written, all of which are its first.
func (s *Service) head(ctx context.Context, share store.Share) ([]byte, error) {
	if share.Offset == 0 {
		return nil, nil
	}
	bytes, err := s.Blobs.OpenStaged(ctx, blob.Key(share.ID))
	if err != nil {
		return nil, unread("reading the first bytes", err)
	}
	defer bytes.Close()
	head := make([]byte, share.Offset, HeadBytes)
	if _, err := io.ReadFull(bytes, head); err != nil {
		return nil, unread("reading the first bytes", err)
	}
	return head, nil
}
