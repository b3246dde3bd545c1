// Package share decides what is offered to whom: it creates shares, says who
// may see, read and end them, hands out tickets, and sees to it that what has
// ended leaves the disk.
//
// The state machine stands in protocol (ShareState.CanBecome); the store
// carries out each step as one compare-and-set, so a share ends exactly once.
package share

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Records is what a Service needs of the store to serve participants.
type Records interface {
	CreateShares(ctx context.Context, shares []store.Share, q store.Quota) error
	Offered(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, key string) ([]store.Share, error)
	Share(ctx context.Context, id protocol.ShareID) (store.Share, error)
	SharesFor(ctx context.Context, room protocol.RoomID, viewer protocol.ParticipantID, since protocol.Cursor, limit int, receive bool) (store.Page, error)
	End(ctx context.Context, id protocol.ShareID, to protocol.ShareState, reason protocol.Code, now time.Time) (store.Share, error)
	Members(ctx context.Context, room protocol.RoomID) ([]store.Member, error)
}

// Uploads is what a Service needs of the receiving side.
type Uploads interface {
	// Interrupt makes the request that now writes to the upload, if any, let
	// go, and returns when nobody writes any more.
	Interrupt(ctx context.Context, id protocol.ShareID) error
	// Active reports whether a request writes to the upload.
	Active(id protocol.ShareID) bool
	// Finish holds an upload against its bytes, completes it if they are all there,
	// and brings to one that comes in parts what they have.
	Finish(ctx context.Context, id protocol.ShareID) error
	// Offsets returns how far the uploads are that receive bytes now.
	Offsets() map[protocol.ShareID]int64
	// Follow returns how many bytes of the upload may be read, as soon as that
	// is more than beyond, and whether that is all of it; blob.ErrElsewhere when what
	// lies beyond comes in at another node.
	Follow(ctx context.Context, id protocol.ShareID, beyond int64) (readable int64, all bool, err error)
	// Stream opens the bytes that another node receives, from the byte from on. When
	// it fails, Follow knows more.
	Stream(ctx context.Context, id protocol.ShareID, from int64) (blob.Stream, error)
}

// Push is what a Service needs to tell participants what is not kept.
type Push interface {
	// Publish sends the event to a participant, or to everybody in the room when
	// participant is "". It does not wait for anybody to receive it.
	Publish(room protocol.RoomID, participant protocol.ParticipantID, event protocol.Event) error
}

// Config says what a Service works with. Records, Ledger, Sweeper, Tickets,
// Parts, Moderation, Thumbnails, Uploads and Blobs are required.
type Config struct {
	Records    Records
	Ledger     Ledger
	Sweeper    Sweeper
	Tickets    Tickets
	Parts      Parts
	Moderation Moderation
	Thumbnails Thumbnails
	Uploads    Uploads
	Blobs      blob.Store
	// Abandoned finds the uploads of nodes that have died; nil where this process serves
	// alone. In a cluster one node at a time calls Run.
	Abandoned Abandoned
	// Elsewhere returns a URL at which a complete file can be fetched for a while by
	// whoever has it, as an attachment of that Content-Disposition; "" if there is none.
	// nil has none for any.
	Elsewhere func(ctx context.Context, key blob.Key, disposition string) (string, error)
	Limits    protocol.Limits
	// Quota bounds what Limits does not.
	Quota store.Quota
	// Churn bounds how fast a participant makes shares; zero means 20 a second,
	// 1000 at once.
	Churn limit.Rate
	// Space keeps the disk from filling up; nil lets it.
	Space *Space
	// Push tells participants how transfers go; nil tells nobody.
	Push Push
	// Ended tells other nodes that a share has ended, which they see a moment later
	// anyway; nil where there are none. It must not wait.
	Ended func(protocol.RoomID, protocol.ShareID)
	// Boot names the running kernel: see store.Checkpoint.
	Boot string
	// RecordTTL is how long an ended share is remembered; zero means an hour.
	RecordTTL time.Duration
	// SweepEvery is the pause between two sweeps; zero means a second.
	SweepEvery time.Duration
	// TellEvery is the pause between two words on the progress of one transfer;
	// zero means half a second.
	TellEvery time.Duration
	// GatherReceipts is how long steps of receipts are gathered for one commit and
	// one word to each sender; zero means 50 milliseconds.
	GatherReceipts time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log is never nil after New; nil means discard.
	Log *slog.Logger
}

// Service is the one place that creates and ends shares. It is safe for
// concurrent use.
type Service struct {
	Config

	readings readings
	makers   *limit.Rates[maker]
	steps    receiptQueue
	doubts   doubts
	orphans  orphans
	rules    rulebook
	began    time.Time    // when the first sender could come back
	swept    atomic.Int64 // when the last sweep ended, in nanoseconds since 1970
}

// New returns a Service. Call Run to let it sweep.
func New(c Config) *Service {
	if c.RecordTTL == 0 {
		c.RecordTTL = time.Hour
	}
	if c.SweepEvery == 0 {
		c.SweepEvery = time.Second
	}
	if c.TellEvery == 0 {
		c.TellEvery = 500 * time.Millisecond
	}
	if c.GatherReceipts == 0 {
		c.GatherReceipts = 50 * time.Millisecond
	}
	if c.Ended == nil {
		c.Ended = func(protocol.RoomID, protocol.ShareID) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Config: c, readings: newReadings(), makers: newMakers(c.Churn), steps: newReceiptQueue(), began: c.Now()}
}

// Get returns the share as the caller may see it. What the caller may not see
// is CodeShareNotFound, exactly as what does not exist.
func (s *Service) Get(ctx context.Context, c Caller, id protocol.ShareID) (protocol.Share, error) {
	record, err := s.Authorise(ctx, c, id, See)
	if err != nil {
		return protocol.Share{}, err
	}
	return c.View(record), nil
}

// List returns one page of the shares that the caller may see and that changed
// after since.
func (s *Service) List(ctx context.Context, c Caller, since protocol.Cursor) (protocol.SharePage, error) {
	page, err := s.Records.SharesFor(ctx, c.Room, c.ID, since, protocol.SharesPerPage, c.Receive)
	if err != nil {
		return protocol.SharePage{}, fmt.Errorf("listing shares: %w", err)
	}
	return protocol.SharePage{Seq: page.Seq, Reset: page.Reset, More: page.More, Shares: seen(c, page.Shares)}, nil
}

// End cancels a share that is uploading and revokes one that is available.
// When it returns, running downloads have been cut off and the bytes are gone
// or will be with the next sweep. Ending what has ended is no error.
func (s *Service) End(ctx context.Context, c Caller, id protocol.ShareID) error {
	record, err := s.Authorise(ctx, c, id, End)
	if err != nil {
		return err
	}
	if record.PartOf != "" {
		return protocol.NewError(protocol.CodeForbidden, "the upload is a part of another: end that")
	}
	return s.endAs(ctx, record, func(share store.Share) (protocol.ShareState, protocol.Code) {
		return withdrawn(share), moderated(c, share)
	})
}

// Dropped ends what a participant does who was removed from the room: its
// uploads fail, for nobody can finish them, and its downloads are cut off.
func (s *Service) Dropped(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) error {
	s.cutReader(room, id)
	var since protocol.Cursor
	for {
		page, err := s.Records.SharesFor(ctx, room, id, since, protocol.SharesPerPage, false)
		if err != nil {
			return fmt.Errorf("reading the uploads of who was dropped: %w", err)
		}
		for _, share := range page.Shares {
			if share.State != protocol.Uploading {
				continue
			}
			_, err := s.end(ctx, share, protocol.Failed, protocol.CodeDropped)
			if err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		if !page.More {
			return s.dropPartials(ctx, room, id)
		}
		since = page.Seq
	}
}

// end moves the share to its final state and clears away what it held. On
// store.ErrConflict the record as it is now comes back.
func (s *Service) end(ctx context.Context, record store.Share, to protocol.ShareState, reason protocol.Code) (store.Share, error) {
	ended, err := s.Records.End(ctx, record.ID, to, reason, s.Now())
	if err != nil {
		if errors.Is(err, store.ErrConflict) {
			return ended, err
		}
		return record, fmt.Errorf("ending share: %w", err)
	}
	crash.At(crash.EndRecorded)
	s.Ended(ended.Room, ended.ID)
	s.Log.Info("share ended", "share", ended.ID, "room", ended.Room, "participant", ended.Sender.ID, "state", to, "reason", reason)
	s.readings.cut(endedError(ended.Share), func(r *reading) bool { return r.share == ended.ID })
	crash.At(crash.ReadersCut)
	// The bytes go at once, even if the caller has hung up; what fails here
	// is done again by the sweep.
	s.purge(context.WithoutCancel(ctx), []protocol.ShareID{ended.ID})
	return ended, nil
}
