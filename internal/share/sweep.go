package share

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Sweeper is what a Service needs of the store to end what is due and to
// clear away what has ended.
type Sweeper interface {
	IdleUploads(ctx context.Context, before time.Time, limit int) ([]protocol.ShareID, error)
	Due(ctx context.Context, now, emptyBefore time.Time, limit int) ([]store.DueShare, error)
	Live(ctx context.Context, after protocol.ShareID, limit int) ([]store.Share, error)
	Unpurged(ctx context.Context, without, limit int) ([]protocol.ShareID, error)
	MarkPurged(ctx context.Context, ids []protocol.ShareID, now time.Time) error
	Forget(ctx context.Context, endedBefore time.Time) (int, error)
	Known(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]protocol.ShareState, error)
}

const (
	// sweepBatch bounds what is read at a time.
	sweepBatch = 100
	// atOnce is how many shares are ended or cleared away at a time: together they
	// share commits, and one that has to wait keeps no other from going.
	atOnce = 16
)

// Run sweeps until the context is cancelled. What has ended, and what time ends,
// goes from the first moment on. Beside that it settles first what an earlier
// process left between two steps, which may take long; only then does it give up
// what rests.
func (s *Service) Run(ctx context.Context) {
	var group sync.WaitGroup
	defer group.Wait()
	if s.Abandoned == nil {
		group.Go(func() {
			s.recover(ctx)
			s.again(ctx, s.endIdle)
		})
	} else {
		group.Go(func() { s.lookAfterNodes(ctx) })
	}
	s.again(ctx, s.sweep)
}

// again calls do until the context is cancelled.
func (s *Service) again(ctx context.Context, do func(context.Context)) {
	tick := time.NewTicker(s.SweepEvery)
	defer tick.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Swept returns when the last sweep ended; zero before the first.
func (s *Service) Swept() time.Time {
	at := s.swept.Load()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(0, at)
}

// sweep ends what is due and clears away what has ended: all of it, for bytes must
// be gone a minute later however many end at once.
func (s *Service) sweep(ctx context.Context) {
	s.endDue(ctx)
	s.purgeEnded(ctx)
	s.removeOrphaned(ctx)
	_, err := s.Sweeper.Forget(ctx, s.Now().Add(-s.RecordTTL))
	s.logSweep("forgetting ended shares", err)
	s.swept.Store(s.Now().UnixNano())
}

// endDue ends the shares whose time is over.
func (s *Service) endDue(ctx context.Context) {
	for ctx.Err() == nil {
		now := s.Now()
		due, err := s.Sweeper.Due(ctx, now, now.Add(-seconds(s.Limits.EmptyRoomSeconds)), sweepBatch)
		s.logSweep("reading due shares", err)
		var ended atomic.Int64
		each(due, func(share store.DueShare) {
			if s.expire(ctx, share.Share, share.Why) {
				ended.Add(1)
			}
		})
		if len(due) < sweepBatch || ended.Load() == 0 {
			return
		}
	}
}

// purgeEnded removes the bytes of what has ended. What fails is passed over, and
// tried again by the next sweep.
func (s *Service) purgeEnded(ctx context.Context) {
	failed := 0
	for ctx.Err() == nil {
		unpurged, err := s.Sweeper.Unpurged(ctx, failed, sweepBatch)
		s.logSweep("reading ended shares", err)
		failed += len(unpurged) - s.purge(ctx, unpurged)
		if len(unpurged) < sweepBatch {
			return
		}
	}
}

// each calls do for all items, some at a time, and returns when that is done.
func each[T any](items []T, do func(T)) {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, item := range items {
		group.Go(func() error {
			do(item)
			return nil
		})
	}
	_ = group.Wait() // nobody says an error
}

// endIdle ends uploads that nothing has come in for too long. Nobody could send
// while there was no server, so after its start each has the whole time again.
func (s *Service) endIdle(ctx context.Context) {
	before := s.Now().Add(-seconds(s.Limits.UploadIdleSeconds))
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
// has failed; a file that was available has expired. It reports whether it has
// ended by now.
func (s *Service) expire(ctx context.Context, share store.Share, reason protocol.Code) bool {
	to := protocol.Expired
	if share.State == protocol.Uploading {
		to = protocol.Failed
	}
	_, err := s.end(store.By(ctx, store.ByServer), share, to, reason)
	if !errors.Is(err, store.ErrConflict) { // it moved on: the next sweep sees
		s.logSweep("expiring a share", err)
	}
	return err == nil
}

// purge removes the bytes of shares that have ended, and returns of how many. What
// fails stays on the store's list and is tried again by the next sweep.
func (s *Service) purge(ctx context.Context, ids []protocol.ShareID) int {
	var mu sync.Mutex
	var gone []protocol.ShareID
	each(ids, func(id protocol.ShareID) {
		if err := s.Uploads.Interrupt(ctx, id); err != nil {
			s.logSweep("stopping an upload", err)
			return
		}
		crash.At(crash.WriterStopped)
		if err := s.Blobs.Remove(ctx, blob.Key(id)); err != nil {
			s.logSweep("removing bytes", err)
			return
		}
		crash.At(crash.BytesRemoved)
		mu.Lock()
		defer mu.Unlock()
		gone = append(gone, id)
	})
	if len(gone) == 0 {
		return 0
	}
	if err := s.Sweeper.MarkPurged(ctx, gone, s.Now()); err != nil {
		s.logSweep("marking bytes as gone", err)
		return 0
	}
	crash.At(crash.PurgeRecorded)
	return len(gone)
}

func (s *Service) logSweep(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		s.Log.Error("sweep: "+what, "err", err)
	}
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }
