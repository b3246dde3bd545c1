package upload

import (
	"context"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// receive writes the append's body behind the share's offset and acknowledges
// it; with the last byte it completes the share. h is the hash up to there.
func (s *Service) receive(ctx context.Context, share store.Share, h hash.Hash, a Append) (store.Share, error) {
	left := s.left(share)
	open := true // to who follows
	switch {
	case a.BodyLength > left && share.Marked() && share.Size != nil:
		return s.outgrown(ctx, share)
	case a.BodyLength > left:
		return share, protocol.NewError(protocol.CodeRequestTooLarge,
			fmt.Sprintf("the body has %d bytes and the upload takes %d more", a.BodyLength, left))
	}
	if share.Vet && share.Offset < HeadBytes && !share.Partial() {
		var err error
		if share, open, err = s.vet(ctx, share, &a, left); err != nil {
			return share, err
		}
	}
	if a.Body == nil {
		return s.acknowledge(ctx, share, h, nil, a, 0)
	}
	if a.Checksum != nil {
		// Until the checksum is verified, a process that takes over must not
		// believe what lies beyond the offset.
		if err := s.checkpoint(ctx, &share, h, ""); err != nil {
			return share, err
		}
	}
	writer, err := s.Blobs.Write(ctx, blob.Key(share.ID), share.Offset)
	if err != nil {
		return share, s.writeFailed(ctx, share, err)
	}
	defer writer.Close()
	if a.Checksum != nil {
		return s.receiveChecked(ctx, share, h, writer, a, left)
	}
	return s.receiveKept(ctx, share, h, writer, a, open)
}

// receiveKept acknowledges what comes of the body, also if it is cut short. open says
// that it may be followed.
func (s *Service) receiveKept(ctx context.Context, share store.Share, h hash.Hash, writer blob.Writer, a Append, open bool) (store.Share, error) {
	left := s.left(share)
	from, flow := share.Offset, s.flows.join(share.ID)
	defer s.flows.leave(share.ID)
	marker := s.marker(ctx, share, h, writer, a.Kept)
	p := pump{to: writer, hash: h, marker: marker, lanes: s.lanes, wrote: func(n int64) {
		if open {
			s.flows.advance(flow, from+n)
		}
	}}
	n, err := p.run(a.Body, left)
	marker.wait()
	crash.At(crash.BytesWritten)
	if err = a.overrun(share, n, left, err); isOverrun(err) && share.Size != nil {
		return s.outgrown(ctx, share)
	}
	a.Last = a.Last && err == nil
	// Whatever ended the body, what arrived is kept.
	kept, keepErr := s.acknowledge(ctx, share, h, writer, a, n)
	if keepErr != nil {
		return kept, keepErr
	}
	return kept, s.bodyFailed(ctx, kept, err)
}

// receiveChecked acknowledges all of the body or, if it is cut short or its
// checksum differs, none of it (tus 1.0, checksum extension).
func (s *Service) receiveChecked(ctx context.Context, share store.Share, h hash.Hash, writer blob.Writer, a Append, left int64) (store.Share, error) {
	before, err := cloneHash(h)
	if err != nil {
		return share, err
	}
	sum := a.Checksum.hash()
	p := pump{to: writer, hash: io.MultiWriter(h, sum)}
	n, err := p.run(a.Body, left)
	crash.At(crash.BytesWritten)
	if err = a.overrun(share, n, left, err); isOverrun(err) && share.Size != nil {
		return s.outgrown(ctx, share)
	}
	if err == nil && a.Checksum.matches(sum) {
		return s.acknowledge(ctx, share, h, writer, a, n)
	}
	if err == nil {
		err = protocol.NewError(protocol.CodeChecksumMismatch, "the checksum of the append differs")
	}
	if discardErr := s.discard(ctx, &share, before, writer); discardErr != nil {
		return share, discardErr
	}
	return share, s.bodyFailed(ctx, share, err)
}

// discard cuts off what was written behind the share's offset.
func (s *Service) discard(ctx context.Context, share *store.Share, before hash.Hash, writer blob.Writer) error {
	if err := writer.Close(); err != nil {
		return s.writeFailed(ctx, *share, err)
	}
	if err := s.cutOff(ctx, *share); err != nil {
		return err
	}
	return s.checkpoint(ctx, share, before, s.Boot)
}

// acknowledge counts n more bytes, which are written, and completes the share if
// the append ends it. writer may be nil if n is 0.
func (s *Service) acknowledge(ctx context.Context, share store.Share, h hash.Hash, writer blob.Writer, a Append, n int64) (store.Share, error) {
	share.Offset += n
	ends, early := a.ends(share)
	switch {
	case ends && writer != nil:
		return s.commit(ctx, share, h, writer)
	case ends:
		return s.finish(ctx, share, h)
	case n > 0:
		if err := s.keep(ctx, &share, h, writer); err != nil {
			return share, err
		}
		crash.At(crash.OffsetRecorded)
	}
	return share, early
}

// keep acknowledges the share's offset, up to which writer has its bytes, once they
// survive the process: whoever takes the upload over must find them.
func (s *Service) keep(ctx context.Context, share *store.Share, h hash.Hash, writer blob.Writer) error {
	if err := writer.Flush(ctx); err != nil {
		return s.writeFailed(ctx, *share, err)
	}
	return s.checkpoint(ctx, share, h, s.Boot)
}

// left is how many more bytes the upload takes.
func (s *Service) left(share store.Share) int64 {
	if share.Size != nil {
		return *share.Size - share.Offset
	}
	return share.Reserved - share.Offset // which is as much as a file may be where it was offered
}

// bodyFailed says why the body ended early. Errors that carry a code, from the
// request's own deadline or pre-emption, pass as they are.
func (s *Service) bodyFailed(ctx context.Context, share store.Share, err error) error {
	var coded *protocol.Error
	var write *writeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.As(err, &write):
		return s.writeFailed(ctx, share, write.err)
	}
	return protocol.WrapError(protocol.CodeInvalidRequest, "the body ended early", err)
}

func cloneHash(h hash.Hash) (hash.Hash, error) {
	cloner, ok := h.(hash.Cloner)
	if !ok {
		return nil, errors.New("the hash cannot be copied")
	}
	return cloner.Clone()
}
