package share

import (
	"context"
	"errors"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Sweeper is what a Service needs of the store to end what is due and to
// clear away what has ended.
type Sweeper interface {
	IdleUploads(ctx context.Context, before time.Time, limit int) ([]protocol.ShareID, error)
	Due(ctx context.Context, now, emptyBefore time.Time, limit int) ([]store.DueShare, error)
	Live(ctx context.Context, after protocol.ShareID, limit int) ([]store.Share, error)
	Unpurged(ctx context.Context, limit int) ([]protocol.ShareID, error)
	MarkPurged(ctx context.Context, ids []protocol.ShareID, now time.Time) error
	Forget(ctx context.Context, endedBefore time.Time) (int, error)
	Known(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]protocol.ShareState, error)
}

// sweepBatch bounds what is read at a time, and what one sweep does.
const sweepBatch = 100

// Run sweeps until the context is cancelled: first what an earlier process
// left between two steps, then, again and again, what time has ended.
func (s *Service) Run(ctx context.Context) {
	s.recover(ctx)
	tick := time.NewTicker(s.SweepEvery)
	defer tick.Stop()
	for {
		s.sweep(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sweep ends what is due and clears away what has ended. Each part does a
// bounded amount of work; the next sweep goes on.
func (s *Service) sweep(ctx context.Context) {
	now := s.Now()
	s.endIdle(ctx, now)
	due, err := s.Sweeper.Due(ctx, now, now.Add(-seconds(s.Limits.EmptyRoomSeconds)), sweepBatch)
	s.logSweep("reading due shares", err)
	for _, share := range due {
		s.expire(ctx, share.Share, share.Why)
	}
	unpurged, err := s.Sweeper.Unpurged(ctx, sweepBatch)
	s.logSweep("reading ended shares", err)
	s.purge(ctx, unpurged)
	_, err = s.Sweeper.Forget(ctx, now.Add(-s.RecordTTL))
	s.logSweep("forgetting ended shares", err)
}

// endIdle ends uploads that nothing has come in for too long. Nobody could send
// while there was no server, so after its start each has the whole time again.
func (s *Service) endIdle(ctx context.Context, now time.Time) {
	before := now.Add(-seconds(s.Limits.UploadIdleSeconds))
	if before.Before(s.began) {
		return
	}
	idle, err := s.Sweeper.IdleUploads(ctx, before, sweepBatch)
	s.logSweep("reading idle uploads", err)
	for _, id := range idle {
		if s.Uploads.Active(id) {
			continue // slow, not idle
		}
		s.expire(ctx, store.Share{Share: protocol.Share{ID: id, State: protocol.Uploading}}, protocol.CodeUploadIdle)
	}
}

// expire ends a share because its time is over. An upload that cannot go on
// has failed; a file that was available has expired.
func (s *Service) expire(ctx context.Context, share store.Share, reason protocol.Code) {
	to := protocol.Expired
	if share.State == protocol.Uploading {
		to = protocol.Failed
	}
	_, err := s.end(store.By(ctx, store.ByServer), share, to, reason)
	if !errors.Is(err, store.ErrConflict) { // it moved on: the next sweep sees
		s.logSweep("expiring a share", err)
	}
}

// purge removes the bytes of shares that have ended. What fails stays on the
// store's list and is tried again by the next sweep.
func (s *Service) purge(ctx context.Context, ids []protocol.ShareID) {
	var gone []protocol.ShareID
	for _, id := range ids {
		if err := s.Uploads.Interrupt(ctx, id); err != nil {
			s.logSweep("stopping an upload", err)
			continue
		}
		if err := s.Blobs.Remove(ctx, blob.Key(id)); err != nil {
			s.logSweep("removing bytes", err)
			continue
		}
		gone = append(gone, id)
	}
	if len(gone) > 0 {
		s.logSweep("marking bytes as gone", s.Sweeper.MarkPurged(ctx, gone, s.Now()))
	}
}

func (s *Service) logSweep(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.Log.Error("sweep: "+what, "err", err)
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
