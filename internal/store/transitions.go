package store

import (
	"context"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/protocol"
)

// SetLength notes the length of an upload that was created without one. It is
// ErrConflict when the share, which is returned as it is now, is not uploading;
// protocol.CodeLengthMismatch when another length is known or more bytes are
// there; and protocol.CodeRoomFull when the quota has no space for it.
func (db *DB) SetLength(ctx context.Context, id protocol.ShareID, length int64, q Quota, now time.Time) (Share, error) {
	return db.transition(ctx, "setting the length of a share", id, func(ctx context.Context, c *change, s *Share) (step, error) {
		switch {
		case s.State != protocol.Uploading:
			return step{}, ErrConflict
		case s.Size != nil && *s.Size == length:
			return step{}, nil
		case s.Size != nil:
			return step{}, protocol.NewError(protocol.CodeLengthMismatch, "the length is known and cannot change")
		case length < s.Offset:
			return step{}, protocol.NewError(protocol.CodeLengthMismatch, "more bytes than the length are there")
		}
		h, err := c.held(ctx, s.Room, s.Sender.ID)
		if err != nil {
			return step{}, err
		}
		if length > q.RoomBytes-(h.bytes-s.Reserved) {
			return step{}, noSpace()
		}
		s.Size, s.Reserved, s.UpdatedAt = &length, length, now
		return step{save: true}, nil
	})
}

// Checkpoint notes how far an upload is acknowledged. It is ErrConflict when
// the share is not uploading, or when the offset would go back or beyond the
// length; ErrFenced by who does not hold it any more (see Held). There is no event:
// readers ask for the offset.
func (db *DB) Checkpoint(ctx context.Context, id protocol.ShareID, at Checkpoint, now time.Time) error {
	return db.updateIn(ctx, db.bytesOf(id), "recording an offset", func(ctx context.Context, c *change) error {
		n, err := c.exec(ctx, `UPDATE shares SET received = $1, hash = $2, run = $3, updated_at = $4
			WHERE id = $5 AND state = 'uploading' AND received <= $1 AND (size IS NULL OR size >= $1) AND fence = COALESCE($6, fence)`,
			at.Offset, bytesText(at.Hash), at.Run, micros(now), id, fenceOf(ctx, id))
		if err != nil || n == 1 {
			return err
		}
		s, err := share(ctx, c, id)
		if err != nil {
			return err
		}
		return refused(ctx, s)
	})
}

// Complete makes an upload available. Repeating it with the same hash changes
// nothing. Any other state, a partial upload, and a size that contradicts the
// record are ErrConflict; the share is returned as it is now. The parts that it
// was joined from end with it.
func (db *DB) Complete(ctx context.Context, id protocol.ShareID, size int64, sha256 string, now, expiresAt time.Time) (Share, error) {
	return db.transition(ctx, "completing a share", id, func(ctx context.Context, c *change, s *Share) (step, error) {
		switch {
		case s.Partial():
			return step{}, ErrConflict
		case s.State == protocol.Available && s.SHA256 == sha256:
			return step{}, nil
		case s.State != protocol.Uploading, s.Size != nil && *s.Size != size, s.Offset > size:
			return step{}, ErrConflict
		}
		available := rounded(now)
		s.State, s.SHA256, s.AvailableAt = protocol.Available, sha256, &available
		s.Size, s.Offset, s.Reserved = &size, size, size
		s.Checkpoint = s.Checkpoint.kept(size)
		s.ExpiresAt, s.UpdatedAt = expiresAt, now
		c.noteShare(AuditAvailable, *s, AuditEntry{Time: now, By: string(s.Sender.ID)})
		if err := c.charge(ctx, s.Room, now, protocol.Used{Files: 1, BytesIn: size}); err != nil {
			return step{}, err
		}
		return step{save: true, event: protocol.SharesAvailable, point: crash.CompletionWritten}, c.endParts(ctx, *s, protocol.Expired, now)
	})
}

// End moves a share to one of its final states, for a reason, which may be "".
// It is ErrConflict, and the share is returned as it is now, unless the share's
// state may become the new one: a share ends exactly once. Its parts end with it.
func (db *DB) End(ctx context.Context, id protocol.ShareID, to protocol.ShareState, reason protocol.Code, now time.Time) (Share, error) {
	return db.transition(ctx, "ending a share", id, func(ctx context.Context, c *change, s *Share) (step, error) {
		if !to.Ended() || !s.State.CanBecome(to) {
			return step{}, ErrConflict
		}
		if s.State == protocol.Uploading && s.Offset > 0 { // else it was charged when it was all there
			if err := c.charge(ctx, s.Room, now, protocol.Used{BytesIn: s.Offset}); err != nil {
				return step{}, err
			}
		}
		s.State, s.Reason, s.Thumbnail = to, string(reason), false
		s.Checkpoint.Hash = nil
		s.EndedAt, s.UpdatedAt = now, now
		c.noteShare(AuditKind(to), *s, AuditEntry{Time: now, Reason: s.Reason})
		if err := c.dropThumbnail(ctx, id); err != nil {
			return step{}, err
		}
		return step{save: true, event: protocol.SharesEnded, point: crash.EndWritten}, c.endParts(ctx, *s, protocol.Cancelled, now)
	})
}

// step says what a transition has decided.
type step struct {
	save  bool
	event protocol.EventType // "" for none
	point crash.Point        // where it is written and not committed
}

// transition reads a share, lets decide change it, and saves and announces the
// outcome. It returns the share as it is afterwards, also with an error of
// decide.
func (db *DB) transition(ctx context.Context, what string, id protocol.ShareID,
	decide func(context.Context, *change, *Share) (step, error),
) (Share, error) {
	var now Share
	err := db.updateIn(ctx, db.roomOf(id), what, func(ctx context.Context, c *change) error {
		before, err := share(ctx, c, id)
		if err != nil {
			return err
		}
		now = before
		if err := fenced(ctx, before); err != nil {
			return err
		}
		after := before
		next, err := decide(ctx, c, &after)
		if err != nil || !next.save {
			return err
		}
		after.Rev++
		after.ExpiresAt, after.UpdatedAt, after.EndedAt = rounded(after.ExpiresAt), rounded(after.UpdatedAt), rounded(after.EndedAt)
		if err := c.saveShare(ctx, after); err != nil {
			return err
		}
		if err := c.holdAgain(ctx, before, after); err != nil {
			return err
		}
		if next.event != "" && !after.Partial() {
			if err := c.publish(ctx, next.event, after); err != nil {
				return err
			}
			c.hookShare(after, after.UpdatedAt)
		}
		crash.At(next.point)
		now = after
		return nil
	})
	return now, err
}

// saveShare writes what a transition may change, if the record is still the one
// that it started from.
func (c *change) saveShare(ctx context.Context, s Share) error {
	n, err := c.exec(ctx, `UPDATE shares SET size = $1, received = $2, state = $3, reason = $4, sha256 = $5, available_at = $6,
		expires_at = $7, updated_at = $8, ended_at = $9, reserved = $10, hash = $11, run = $12, rev = $13, thumbnail = $14
		WHERE id = $15 AND rev = $13 - 1`,
		s.Size, s.Offset, s.State, s.Reason, s.SHA256, micros(available(s)), micros(s.ExpiresAt), micros(s.UpdatedAt),
		micros(s.EndedAt), s.Reserved, bytesText(s.Checkpoint.Hash), s.Checkpoint.Run, s.Rev, flag(s.Thumbnail), s.ID)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return err
}

func available(s Share) time.Time {
	if s.AvailableAt == nil {
		return time.Time{}
	}
	return *s.AvailableAt
}

// publish announces one share and notes where it stands in each stream.
func (c *change) publish(ctx context.Context, what protocol.EventType, s Share) error {
	at, err := c.announceTogether(ctx, what, []Share{s}, s.UpdatedAt)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `UPDATE shares SET seq = $1, changed = $2, mark = $3 WHERE id = $4`, at.of(s), at.changed, c.db.marks.take(), s.ID)
	if err != nil {
		return err
	}
	if len(s.To.List) == 0 {
		return nil
	}
	// Each of them has just been given the last number of its stream.
	_, err = c.exec(ctx, `UPDATE receipts SET seq = (SELECT s.seq FROM streams s WHERE s.room = receipts.room AND s.participant = receipts.participant)
		WHERE share = $1 AND seq > 0`, s.ID)
	return err
}
