package share

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Moderation is what a Service needs of the store for who answers for a room: to end
// many of its shares, to note what the application has read, and to know its rules.
type Moderation interface {
	Room(ctx context.Context, id protocol.RoomID) (store.Room, error)
	NoteRead(ctx context.Context, s store.Share, now time.Time) error
	LiveIn(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, after protocol.ShareID, limit int) ([]store.Share, error)
}

// CancelUploads ends the uploads in a room of all those for whom sharing is off.
// It is for when the switch stands already: what is made meanwhile is refused.
func (s *Service) CancelUploads(ctx context.Context, room protocol.RoomID, sharing protocol.Sharing) error {
	return s.endLive(ctx, room, "", func(share store.Share) (protocol.ShareState, protocol.Code) {
		if share.State != protocol.Uploading || sharing.Permits(share.SenderRole) {
			return "", ""
		}
		return protocol.Failed, protocol.CodeSharingOff
	})
}

// WithdrawAll ends everything that a participant shares in the caller's room:
// shares that the caller knows of and those it does not. It does not tell which
// there were, or whether there was any.
func (s *Service) WithdrawAll(ctx context.Context, c Caller, sender protocol.ParticipantID) error {
	if !sender.Valid() {
		return protocol.NewError(protocol.CodeInvalidRequest, "not a participant id")
	}
	return s.endLive(ctx, c.Room, sender, func(share store.Share) (protocol.ShareState, protocol.Code) {
		return withdrawn(share), moderated(c, share)
	})
}

// Withdraw ends a share of the room for the operator. It fails with
// CodeShareNotFound; one that has ended is no error.
func (s *Service) Withdraw(ctx context.Context, room protocol.RoomID, id protocol.ShareID) error {
	return s.End(ctx, AsOperator(room, ""), id)
}

// withdrawn is what becomes of a share that somebody ends.
func withdrawn(share store.Share) protocol.ShareState {
	if share.State == protocol.Uploading {
		return protocol.Cancelled
	}
	return protocol.Revoked
}

// moderated is the reason of a share that the caller ends: none if it is its own.
func moderated(c Caller, share store.Share) protocol.Code {
	if c.ID == share.Sender.ID {
		return ""
	}
	return protocol.CodeModerated
}

// endLive ends the live shares and partial uploads of a room, of one sender or of
// all, as how says; "" leaves one alone.
func (s *Service) endLive(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID, how func(store.Share) (protocol.ShareState, protocol.Code)) error {
	var after protocol.ShareID
	for {
		live, err := s.Moderation.LiveIn(ctx, room, sender, after, sweepBatch)
		if err != nil {
			return fmt.Errorf("reading what is shared: %w", err)
		}
		for _, share := range live {
			if err := s.endAs(ctx, share, how); err != nil {
				return err
			}
			after = share.ID
		}
		if len(live) < sweepBatch {
			return nil
		}
	}
}

// endAs ends a share as how says of it, or of what it becomes meanwhile.
func (s *Service) endAs(ctx context.Context, record store.Share, how func(store.Share) (protocol.ShareState, protocol.Code)) error {
	for !record.State.Ended() {
		to, reason := how(record)
		if to == "" {
			return nil
		}
		var err error
		// A conflict means that the share moved on meanwhile, say from
		// uploading to available: look again at what it has become.
		if record, err = s.end(ctx, record, to, reason); err != nil && !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return nil
}
