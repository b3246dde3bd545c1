package share

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// recover settles what an earlier process left between two steps: it holds every
// live record against its bytes, and then the bytes against the records. It runs
// beside the requests and reads page by page, however much there is.
func (s *Service) recover(ctx context.Context) {
	s.logSweep("holding the records against the bytes", s.checkRecords(ctx))
	s.logSweep("removing orphans", s.removeOrphans(ctx))
}

func (s *Service) checkRecords(ctx context.Context) error {
	var last protocol.ShareID
	for {
		page, err := s.Sweeper.Live(ctx, last, sweepBatch)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, record := range page {
			s.checkRecord(ctx, record)
		}
		last = page[len(page)-1].ID
	}
}

// checkRecord finishes an upload whose bytes are all there, and ends a share
// whose bytes are not: after a power cut those of an upload are read again. An
// upload that a request is at work on is left to it, and a partial one to the share
// that it belongs to or will belong to.
func (s *Service) checkRecord(ctx context.Context, record store.Share) {
	if record.State == protocol.Available {
		s.checkAvailable(ctx, record)
		return
	}
	if s.Uploads.Active(record.ID) {
		return
	}
	finish, err := record.Offset > 0 && !record.Checkpoint.SameBoot(s.Boot), error(nil)
	if !finish && !record.Partial() {
		finish, err = s.whole(ctx, record)
	}
	if finish {
		err = s.Uploads.Finish(ctx, record.ID)
	}
	s.logSweep("finishing an upload", err)
}

// whole reports whether an upload has all its bytes, or may get them from its parts. The last of them have no
// checkpoint: the record that completes the share is theirs. One that its sender
// has to mark complete is whole if it was marked: then it is committed.
func (s *Service) whole(ctx context.Context, record store.Share) (bool, error) {
	if record.Joined() || !record.Marked() && record.Size != nil && record.Offset == *record.Size {
		return true, nil
	}
	key := blob.Key(record.ID)
	_, err := size(s.Blobs.Open(ctx, key))
	if !errors.Is(err, blob.ErrNotFound) {
		return err == nil, err // only whole files are committed
	}
	if record.Marked() {
		return false, nil
	}
	staged, err := size(s.Blobs.OpenStaged(ctx, key))
	if errors.Is(err, blob.ErrNotFound) {
		return false, nil // nothing has come yet
	}
	return err == nil && record.Size != nil && staged >= *record.Size, err
}

// checkAvailable ends a share whose bytes are gone, or are not all there. No
// step of the server leaves such a one, but where it syncs later: the disk lost
// them, or somebody took them away.
func (s *Service) checkAvailable(ctx context.Context, record store.Share) {
	if s.doubts.about(record.ID) != nil {
		if err := s.believe(ctx, record); protocol.CodeOf(err) != protocol.CodeShareEnded {
			s.logSweep("checking a file after a power cut", err)
		}
		return
	}
	n, err := size(s.Blobs.Open(ctx, blob.Key(record.ID)))
	if err != nil && !errors.Is(err, blob.ErrNotFound) && !errors.Is(err, blob.ErrLost) {
		s.logSweep("measuring a file", err)
		return
	}
	if err == nil && n == record.Offset {
		return
	}
	s.Log.Error("file lost", "share", record.ID, "room", record.Room, "bytes", record.Offset, "found", n, "err", err)
	s.expire(ctx, record, protocol.CodeStorageFailed)
}

// size measures a blob that was just opened, and closes it.
func size(bytes blob.Reader, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	defer bytes.Close()
	return bytes.Seek(0, io.SeekEnd)
}

// removeOrphans removes the blobs that no live share knows.
func (s *Service) removeOrphans(ctx context.Context) error {
	var batch []protocol.ShareID
	for info, err := range s.Blobs.List(ctx) {
		if err != nil {
			return err
		}
		if s.Uploads.Active(protocol.ShareID(info.Key)) || s.Abandoned != nil && time.Since(info.Modified) < orphanAge {
			continue
		}
		if batch = append(batch, protocol.ShareID(info.Key)); len(batch) == sweepBatch {
			if err := s.removeUnknown(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return s.removeUnknown(ctx, batch)
}

// removeUnknown removes those of the blobs that no live share knows. They must
// have been found before nobody was at work on them: whatever request had made
// one has then written its record, or never will.
func (s *Service) removeUnknown(ctx context.Context, ids []protocol.ShareID) error {
	known, err := s.Sweeper.Known(ctx, ids)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if state, ok := known[id]; ok && !state.Ended() {
			continue
		}
		if err := s.Blobs.Remove(ctx, blob.Key(id)); err != nil {
			return err
		}
		s.Log.Info("orphan removed", "share", id)
	}
	return nil
}
