package store

import (
	"context"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// CreatePartial adds a partial upload, of which nobody hears. It takes of the
// quota what a share of its length takes, but no place among the room's shares.
// It fails as CreateShares does.
func (db *DB) CreatePartial(ctx context.Context, s Share, q Quota) error {
	s = created(s)
	return db.updateIn(ctx, inRooms(s.Room), "creating a partial upload", func(ctx context.Context, c *change) error {
		if err := roomForShare(ctx, c, s, q.RulesRev); err != nil {
			return err
		}
		if err := c.checkQuota(ctx, []Share{s}, q); err != nil {
			return err
		}
		if err := c.insertShare(ctx, s, place{}, 0); err != nil {
			return err
		}
		return c.hold(ctx, s.Room, s.Reserved, 0)
	})
}

// JoinPartials adds a new share that is joined from partial uploads in that
// order, which are its parts from then on: what they have taken of the quota
// goes over to the share. Its size is the sum of theirs.
//
// It fails as CreateShares does, and with ErrNotFound if one is no partial upload
// of the share's sender and room, ErrConflict if one belongs to a share already,
// protocol.CodeShareEnded if one has ended, and protocol.CodeOffsetMismatch if
// one lacks bytes.
func (db *DB) JoinPartials(ctx context.Context, s Share, parts []protocol.ShareID, q Quota) error {
	s = created(s)
	return db.updateIn(ctx, inRooms(s.Room), "joining partial uploads", func(ctx context.Context, c *change) error {
		if err := roomForShare(ctx, c, s, q.RulesRev); err != nil {
			return err
		}
		var size int64
		for position, id := range parts {
			n, err := c.claim(ctx, id, s, position)
			if err != nil {
				return err
			}
			size += n
		}
		if s.Size == nil || *s.Size != size {
			return ErrConflict
		}
		return c.addShares(ctx, []Share{s}, q)
	})
}

// claim gives a partial upload to a share and returns how many bytes it has.
func (c *change) claim(ctx context.Context, id protocol.ShareID, s Share, position int) (int64, error) {
	part, err := share(ctx, c, id)
	switch {
	case err != nil:
		return 0, err
	case !part.Partial() || part.Room != s.Room || part.Sender.ID != s.Sender.ID:
		return 0, ErrNotFound
	case part.PartOf != "":
		return 0, ErrConflict
	case part.State.Ended():
		return 0, protocol.NewError(protocol.CodeShareEnded, "a partial upload was "+string(part.State))
	case part.Size == nil || part.Offset != *part.Size:
		return 0, protocol.NewError(protocol.CodeOffsetMismatch, "a partial upload lacks bytes")
	}
	_, err = c.exec(ctx, `UPDATE shares SET part_of = $1, position = $2, reserved = 0, rev = rev + 1 WHERE id = $3`, s.ID, position, id)
	if err != nil {
		return 0, err
	}
	return *part.Size, c.hold(ctx, s.Room, -part.Reserved, 0)
}

// Split has the rest of an upload come in parts, which are new; concat is the
// share's Upload-Concat from then on. The share keeps what it has reserved, so
// the parts reserve nothing. It is ErrConflict unless the share is uploading, has
// a length, stands at offset, and neither has parts nor is one.
func (db *DB) Split(ctx context.Context, id protocol.ShareID, offset int64, concat string, parts []Share) error {
	return db.updateIn(ctx, db.roomOf(id), "splitting an upload", func(ctx context.Context, c *change) error {
		whole, err := share(ctx, c, id)
		if err != nil {
			return err
		}
		if whole.State != protocol.Uploading || whole.Size == nil || whole.Offset != offset || whole.Concat != "" {
			return refused(ctx, whole)
		}
		if err := fenced(ctx, whole); err != nil {
			return err
		}
		for position, part := range parts {
			part.PartOf, part.Reserved = id, 0
			if err := c.insertShare(ctx, created(part), place{}, position); err != nil {
				return err
			}
		}
		_, err = c.exec(ctx, `UPDATE shares SET concat = $1 WHERE id = $2`, concat, id)
		return err
	})
}

// Parts returns the parts of a share in their order, those that have ended
// included while they are remembered.
func (db *DB) Parts(ctx context.Context, id protocol.ShareID) ([]Share, error) {
	parts, err := list(ctx, db.engine.Reader(), scanShare,
		`SELECT `+shareColumns+` FROM shares WHERE part_of = $1 AND part_of <> '' ORDER BY position`, id)
	if err != nil {
		return nil, fmt.Errorf("reading the parts of a share: %w", err)
	}
	return parts, nil
}

// EndPart ends a part all of whose bytes are in the share that it belongs to. Any other
// record is ErrConflict; ending it again changes nothing.
func (db *DB) EndPart(ctx context.Context, id protocol.ShareID, now time.Time) error {
	_, err := db.transition(ctx, "ending a part", id, func(_ context.Context, _ *change, s *Share) (step, error) {
		switch {
		case s.PartOf == "", s.Size == nil:
			return step{}, ErrConflict
		case s.State.Ended():
			return step{}, nil
		}
		s.State, s.Offset, s.Checkpoint.Hash = protocol.Expired, *s.Size, nil
		s.EndedAt, s.UpdatedAt = now, now
		return step{save: true}, nil
	})
	return err
}

// endParts ends the parts of a share that ends or is complete.
func (c *change) endParts(ctx context.Context, whole Share, to protocol.ShareState, now time.Time) error {
	if !whole.Joined() {
		return nil
	}
	_, err := c.exec(ctx, `UPDATE shares SET state = $1, ended_at = $2, updated_at = $2, hash = '', rev = rev + 1,
			received = CASE WHEN $1 = 'expired' THEN size ELSE received END
		WHERE part_of = $3 AND ended_at = 0`, to, micros(now), whole.ID)
	if err != nil {
		return fmt.Errorf("ending parts: %w", err)
	}
	return nil
}

// Partials returns the partial uploads of a participant that belong to no share
// and have not ended.
func (db *DB) Partials(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID) ([]protocol.ShareID, error) {
	ids, err := list(ctx, db.engine.Reader(), column[protocol.ShareID], `SELECT id FROM shares
		WHERE room = $1 AND sender = $2 AND state = 'uploading' AND concat = 'partial' AND part_of = '' ORDER BY id`, room, sender)
	if err != nil {
		return nil, fmt.Errorf("reading partial uploads: %w", err)
	}
	return ids, nil
}
