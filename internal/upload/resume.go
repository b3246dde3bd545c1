package upload

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// resume returns the share with its true offset and the hash of the bytes up
// to there. It must be called under the lease. It acknowledges bytes that an
// earlier process received and had no time to record, completes what has all
// its bytes, and fails the share for good if acknowledged bytes are gone:
// an offset never goes back.
func (s *Service) resume(ctx context.Context, turn *turn) (store.Share, hash.Hash, error) {
	id := turn.id
	share, err := s.Records.Share(ctx, id)
	if err == nil && share.State == protocol.Uploading {
		share, err = s.take(ctx, share, turn)
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return share, nil, protocol.NewError(protocol.CodeShareNotFound, "there is no such upload")
	case err != nil:
		return share, nil, fmt.Errorf("reading the upload: %w", err)
	case share.State.Ended() && !taken(share):
		return share, nil, endedError(share)
	case share.State != protocol.Uploading:
		return share, nil, nil
	}
	h, committed, err := s.recover(ctx, &share)
	if errors.Is(err, blob.ErrLost) {
		// The joiner of a part needs no lease: it may have taken the bytes a moment ago.
		if now, readErr := s.Records.Share(ctx, id); readErr == nil && taken(now) {
			return now, nil, nil
		}
		return share, nil, s.fail(ctx, share, err)
	}
	if err != nil {
		return share, nil, err
	}
	if complete(share) || committed {
		share, err = s.finish(ctx, share, h)
	}
	return share, h, err
}

// recover holds the record against the bytes. It returns the hash at the
// share's offset, which it moves forward over bytes that may be believed, and
// whether they are committed: then they are all.
func (s *Service) recover(ctx context.Context, share *store.Share) (h hash.Hash, committed bool, err error) {
	h, err = restore(share.Checkpoint.Hash)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %w", blob.ErrLost, err)
	}
	bytes, err := s.Blobs.OpenStaged(ctx, blob.Key(share.ID))
	if errors.Is(err, blob.ErrNotFound) {
		// Nothing came yet, or the process died between commit and record.
		committed = true
		bytes, err = s.Blobs.Open(ctx, blob.Key(share.ID))
	}
	if errors.Is(err, blob.ErrNotFound) {
		if share.Offset == 0 {
			return h, false, nil
		}
		return nil, false, fmt.Errorf("%w: no blob at offset %d", blob.ErrLost, share.Offset)
	}
	if err != nil {
		return nil, false, unread("opening the upload", err)
	}
	defer bytes.Close()
	h, err = s.believe(ctx, share, h, bytes, committed)
	return h, committed, err
}

// believe checks the bytes that the record counts and adds those that it does
// not count yet, as far as either can be believed. Committed bytes had been
// verified and synced, so all of them are, unless a power cut came before a sync
// that was left for later.
func (s *Service) believe(ctx context.Context, share *store.Share, h hash.Hash, bytes blob.Reader, committed bool) (hash.Hash, error) {
	size, err := bytes.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, unread("measuring the upload", err)
	}
	if size < share.Offset {
		return nil, fmt.Errorf("%w: %d bytes of %d", blob.ErrLost, size, share.Offset)
	}
	sameBoot := share.Checkpoint.SameBoot(s.Boot)
	if !sameBoot && committed && share.Checkpoint.SyncedLater() {
		return nil, fmt.Errorf("%w: a power cut came before it was synced", blob.ErrLost)
	}
	if !sameBoot {
		if err := verifyPrefix(bytes, share.Offset, h); err != nil {
			return nil, err
		}
	}
	if !sameBoot && !committed {
		// What lies beyond was never acknowledged. It is cut off before the
		// record says this boot, or the next request would believe it.
		if err := s.cutOff(ctx, *share); err != nil {
			return nil, err
		}
		size = share.Offset
	}
	if share.Size != nil && size > *share.Size {
		size = *share.Size
	}
	if sameBoot && size == share.Offset {
		return h, nil
	}
	if _, err := io.Copy(h, io.NewSectionReader(bytes, share.Offset, size-share.Offset)); err != nil {
		return nil, unread("reading the upload", err)
	}
	share.Offset = size
	return h, s.checkpoint(ctx, share, h, s.Boot)
}

// cutOff removes what is staged beyond the share's offset.
func (s *Service) cutOff(ctx context.Context, share store.Share) error {
	writer, err := s.Blobs.Write(ctx, blob.Key(share.ID), share.Offset)
	if err != nil {
		return s.writeFailed(ctx, share, err)
	}
	if err := writer.Close(); err != nil {
		return s.writeFailed(ctx, share, err)
	}
	return nil
}

// verifyPrefix reads n bytes again and compares them with the recorded hash.
func verifyPrefix(bytes blob.Reader, n int64, recorded hash.Hash) error {
	again := sha256.New()
	if _, err := io.Copy(again, io.NewSectionReader(bytes, 0, n)); err != nil {
		return unread("reading the upload", err)
	}
	if hex.EncodeToString(again.Sum(nil)) != hex.EncodeToString(recorded.Sum(nil)) {
		return fmt.Errorf("%w: the first %d bytes changed", blob.ErrLost, n)
	}
	return nil
}

// unread says that bytes could not be read, and whether to try later.
func unread(what string, err error) error {
	if errors.Is(err, blob.ErrUnavailable) {
		return protocol.WrapError(protocol.CodeUnavailable, "the server's storage does not answer: try again in a moment", fmt.Errorf("%s: %w", what, err))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// checkpoint acknowledges the share's offset, up to which the bytes are flushed.
func (s *Service) checkpoint(ctx context.Context, share *store.Share, h hash.Hash, run string) error {
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return fmt.Errorf("saving the hash: %w", err)
	}
	share.Checkpoint = store.Checkpoint{Offset: share.Offset, Hash: state, Run: run}
	err = s.Records.Checkpoint(s.held(ctx, *share), share.ID, share.Checkpoint, s.Now())
	if errors.Is(err, store.ErrConflict) {
		// A joiner reads what is written, so it may have taken a part by now.
		if now, readErr := s.Records.Share(ctx, share.ID); readErr == nil && taken(now) {
			return nil
		}
	}
	if err != nil {
		return s.conflict(ctx, "recording the offset", share.ID, err)
	}
	return nil
}

// restore returns the hash that a checkpoint describes.
func restore(state []byte) (hash.Hash, error) {
	h := sha256.New()
	if len(state) == 0 {
		return h, nil
	}
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("restoring the hash: %w", err)
	}
	return h, nil
}

// complete reports whether the share has all its bytes. A partial upload is never
// complete by itself: it waits to be joined; a marked one to be marked.
func complete(share store.Share) bool {
	return !share.Partial() && !share.Marked() && share.Size != nil && share.Offset == *share.Size
}

// taken reports whether a part has ended because its bytes are in its share.
func taken(share store.Share) bool { return share.PartOf != "" && share.State == protocol.Expired }

// finish completes an upload whose bytes are all there but not yet recorded.
func (s *Service) finish(ctx context.Context, share store.Share, h hash.Hash) (store.Share, error) {
	writer, err := s.Blobs.Write(ctx, blob.Key(share.ID), share.Offset)
	if errors.Is(err, blob.ErrNotFound) { // committed by a process that died
		return s.settle(ctx, share, h)
	}
	if err != nil {
		return share, s.writeFailed(ctx, share, err)
	}
	return s.commit(ctx, share, h, writer)
}

// commit makes the bytes durable and then the record: the order in which no
// complete file can be lost. It may be repeated. It closes the writer.
func (s *Service) commit(ctx context.Context, share store.Share, h hash.Hash, writer blob.Writer) (store.Share, error) {
	if run := (store.Checkpoint{Run: s.Boot}); run.SyncedLater() && share.Checkpoint.Run != s.Boot {
		// The record must say, before the bytes have their place, that they may not be synced.
		if err := s.keep(ctx, &share, h, writer); err != nil {
			writer.Close()
			return share, err
		}
	}
	if err := writer.Commit(ctx); err != nil {
		return share, s.writeFailed(ctx, share, err)
	}
	return s.record(ctx, share, h)
}

// settle records what a process had committed before it died. It may have died
// with the name of the file not on the disk yet.
func (s *Service) settle(ctx context.Context, share store.Share, h hash.Hash) (store.Share, error) {
	if err := s.Blobs.Settle(ctx, blob.Key(share.ID)); err != nil {
		return share, s.writeFailed(ctx, share, err)
	}
	return s.record(ctx, share, h)
}

// record says in the store that the bytes, which are durable, are complete.
func (s *Service) record(ctx context.Context, share store.Share, h hash.Hash) (store.Share, error) {
	now := s.Now()
	sum := hex.EncodeToString(h.Sum(nil))
	done, err := s.Records.Complete(s.held(ctx, share), share.ID, share.Offset, sum, now, share.ExpiresAt)
	if err != nil {
		return share, s.conflict(ctx, "recording the complete file", share.ID, err)
	}
	crash.At(crash.CompletionRecorded)
	s.Log.Info("upload complete", "share", done.ID, "room", done.Room, "participant", done.Sender.ID, "bytes", share.Offset)
	return done, nil
}

// conflict explains why the store refused: the share has ended meanwhile.
func (s *Service) conflict(ctx context.Context, what string, id protocol.ShareID, err error) error {
	if errors.Is(err, store.ErrFenced) {
		return overtaken(err)
	}
	if !errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%s: %w", what, err)
	}
	if share, readErr := s.Records.Share(ctx, id); readErr == nil && share.State.Ended() {
		return endedError(share)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// fail ends a share whose bytes cannot be believed any more.
func (s *Service) fail(ctx context.Context, share store.Share, cause error) error {
	_, err := s.Records.End(store.By(s.held(ctx, share), store.ByServer), share.ID, protocol.Failed, protocol.CodeStorageFailed, s.Now())
	if errors.Is(err, store.ErrFenced) { // it is another node's, which knows better
		return overtaken(err)
	}
	s.Log.Error("upload lost", "share", share.ID, "room", share.Room, "err", cause)
	if err != nil && !errors.Is(err, store.ErrConflict) {
		s.Log.Error("recording a lost upload", "share", share.ID, "err", err)
	}
	if share.PartOf != "" {
		s.kick(share.PartOf) // which cannot be completed any more
	}
	return protocol.WrapError(protocol.CodeShareEnded, "the upload failed: its bytes were lost", cause)
}

// writeFailed says what a fault of the storage means for the upload: it ends if
// its own bytes are lost. A full disk may have room later, and one that was
// poisoned by the bytes of others is mended, or the server does not start again.
func (s *Service) writeFailed(ctx context.Context, share store.Share, err error) error {
	switch {
	case errors.Is(err, blob.ErrFull):
		return protocol.WrapError(protocol.CodeStorageFull, "the server has no room left", err)
	case errors.Is(err, blob.ErrLost):
		return s.fail(ctx, share, err)
	case errors.Is(err, blob.ErrPoisoned):
		return poisoned()
	}
	return notStored(err)
}

// notStored says that bytes could not be stored, and what is to be done about it.
func notStored(err error) error {
	switch {
	case errors.Is(err, blob.ErrUnavailable):
		return protocol.WrapError(protocol.CodeUnavailable, "the server's storage does not answer: try again in a moment", err)
	case errors.Is(err, blob.ErrSuperseded):
		return protocol.WrapError(protocol.CodeUploadPreempted, "a newer request took over the upload", err)
	}
	return protocol.WrapError(protocol.CodeStorageFailed, "the bytes could not be stored", err)
}

// poisoned carries no cause: it is logged once, by whoever watches the disk.
func poisoned() error {
	return protocol.NewError(protocol.CodeUnavailable, "the server's disk has failed: it keeps nothing more until it is looked after")
}
