package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Changes is what a repair needs of the store.
type Changes interface {
	End(ctx context.Context, id protocol.ShareID, to protocol.ShareState, reason protocol.Code, now time.Time) (store.Share, error)
	MarkPurged(ctx context.Context, ids []protocol.ShareID, now time.Time) error
	Recount(ctx context.Context, room protocol.RoomID) error
	RecountApp(ctx context.Context, app string) error
}

// Remover removes bytes.
type Remover interface {
	Remove(ctx context.Context, key blob.Key) error
}

// Repair mends what a check has found, for who has the directory for itself.
// What is whole is never touched: only bytes go that no live share has, and only
// records end whose bytes are lost.
type Repair struct {
	Changes Changes
	Blobs   Remover
	// OrphanAge is how old bytes must be that no record knows before they are removed.
	OrphanAge time.Duration
	Now       time.Time
}

// Run mends what it can and notes in the report what it did.
func (r Repair) Run(ctx context.Context, report *Report) error {
	for i := range report.Findings {
		f := &report.Findings[i]
		done, err := r.mend(ctx, f)
		if err != nil {
			return fmt.Errorf("repairing %s %s%s: %w", f.Kind, f.Share, f.Name, err)
		}
		f.Repaired, f.Open = done, !f.mended(done)
	}
	return nil
}

const (
	tooYoung   = "left: it is too young, somebody may be about to record it"
	byHand     = "left: this needs somebody who knows what happened"
	isRemoved  = "removed"
	isEnded    = "the share has ended for storage-failed; the next start removes what is left of its bytes"
	isRecount  = "counted again"
	hasMovedOn = "the share had ended"
)

func (*Finding) mended(done string) bool { return done != tooYoung && done != byHand }

func (r Repair) mend(ctx context.Context, f *Finding) (done string, err error) {
	switch f.Kind {
	case Orphan:
		if r.Now.Sub(f.modified) < r.OrphanAge {
			return tooYoung, nil
		}
		return isRemoved, r.Blobs.Remove(ctx, blob.Key(f.Share))
	case Unpurged:
		if err := r.Blobs.Remove(ctx, blob.Key(f.Share)); err != nil {
			return "", err
		}
		return isRemoved, r.Changes.MarkPurged(ctx, []protocol.ShareID{f.Share}, r.Now)
	case Missing, Short, Long, Corrupt:
		return r.end(ctx, f)
	case Quota:
		if f.App != "" {
			return isRecount, r.Changes.RecountApp(ctx, f.App)
		}
		return isRecount, r.Changes.Recount(ctx, f.Room)
	}
	return byHand, nil
}

// end ends a share whose bytes are lost, as the server does when it finds out.
func (r Repair) end(ctx context.Context, f *Finding) (string, error) {
	to := protocol.Expired
	if f.State == protocol.Uploading {
		to = protocol.Failed
	}
	_, err := r.Changes.End(ctx, f.Share, to, protocol.CodeStorageFailed, r.Now)
	if errors.Is(err, store.ErrConflict) {
		return hasMovedOn, nil
	}
	return isEnded, err
}
