package store

import (
	"context"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// held is what a room and one sender hold of their quota. The bytes of shares
// that have ended count until they are gone.
type held struct {
	bytes    int64
	shares   int   // live ones
	granted  int64 // bytes of the application's quota that the room has for its own
	open     int   // the sender's, partial ones that belong to no share yet included
	promised int64 // bytes of those
	uploads  int   // as open, the whole room's
}

// held reads what is held. The room's record keeps count, because to add up a
// full room for each new share would take longer than to make it.
func (c *change) held(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID) (held, error) {
	scan := func(r row) (h held, err error) {
		err = r.Scan(&h.bytes, &h.shares, &h.granted, &h.uploads, &h.open, &h.promised)
		return h, err
	}
	h, err := one(ctx, c, scan, `SELECT r.held_bytes, r.held_shares, r.granted,
			(SELECT COUNT(*) FROM shares WHERE room = $1 AND state = 'uploading' AND part_of = ''),
			s.open, s.promised
		FROM rooms r,
			(SELECT COUNT(*) AS open, CAST(COALESCE(SUM(reserved), 0) AS BIGINT) AS promised
				FROM shares WHERE room = $1 AND sender = $2 AND state = 'uploading' AND part_of = '') s
		WHERE r.id = $1`, room, sender)
	if err != nil {
		return h, fmt.Errorf("reading the quota: %w", err)
	}
	return h, nil
}

// A room takes of its application's quota more than it needs at the moment, so that
// not every change of every room waits for the one record of the application.
const (
	spareParts = 1 << 18 // what a room may have to spare is the quota by this
	mostSpare  = 64 << 20
)

// grant sees to it that so many bytes more of a room are within its application's
// quota, which is most; zero bounds nothing.
func (c *change) grant(ctx context.Context, room protocol.RoomID, h *held, bytes, most int64) error {
	need := h.bytes + bytes - h.granted
	if most == 0 || need <= 0 {
		return nil
	}
	spare := min(most/spareParts, mostSpare)
	for _, wanted := range []int64{need + spare, need} {
		n, err := c.exec(ctx, `UPDATE apps SET held_bytes = held_bytes + $1 WHERE id = (SELECT app FROM rooms WHERE id = $2) AND held_bytes <= $3`, wanted, room, most-wanted)
		if err == nil && n == 1 {
			h.granted += wanted
			_, err = c.exec(ctx, `UPDATE rooms SET granted = granted + $1, spare = $2 WHERE id = $3`, wanted, spare, room)
		}
		if err != nil {
			return fmt.Errorf("counting the quota: %w", err)
		}
		if n == 1 {
			return nil
		}
	}
	return protocol.LimitError(protocol.CodeRoomFull, "max-app-bytes", "the application has no space left")
}

// hold adds to what a room holds, or takes from it, and gives its application back
// what the room has no use for.
func (c *change) hold(ctx context.Context, room protocol.RoomID, bytes int64, shares int) error {
	if bytes == 0 && shares == 0 {
		return nil
	}
	var holds, granted, spare int64
	err := c.QueryRowContext(ctx, `UPDATE rooms SET held_bytes = held_bytes + $1, held_shares = held_shares + $2 WHERE id = $3 RETURNING held_bytes, granted, spare`,
		bytes, shares, room).Scan(&holds, &granted, &spare)
	keeps := granted
	switch idle := granted - holds; {
	case err != nil:
	case holds == 0, idle < 0: // or more than it was asked for, such as a file without a length
		keeps = holds
	case bytes < 0 && idle > 2*spare:
		keeps = holds + spare
	}
	if err == nil && keeps != granted {
		_, err = c.exec(ctx, `UPDATE rooms SET granted = $1 WHERE id = $2`, keeps, room)
		if err == nil {
			_, err = c.exec(ctx, `UPDATE apps SET held_bytes = held_bytes + $1 WHERE id = (SELECT app FROM rooms WHERE id = $2)`, keeps-granted, room)
		}
	}
	if err != nil {
		return fmt.Errorf("counting the quota: %w", err)
	}
	return nil
}

// holdAgain counts what a transition changes.
func (c *change) holdAgain(ctx context.Context, before, after Share) error {
	shares := 0
	if before.EndedAt.IsZero() && !after.EndedAt.IsZero() && !after.Partial() {
		shares = -1
	}
	return c.hold(ctx, after.Room, after.Reserved-before.Reserved, shares)
}

// checkQuota reports whether a new batch fits, into the quota and the audit log.
func (c *change) checkQuota(ctx context.Context, batch []Share, q Quota) error {
	if err := c.auditHasRoom(ctx); err != nil {
		return err
	}
	h, err := c.held(ctx, batch[0].Room, batch[0].Sender.ID)
	switch {
	case err != nil:
		return err
	case len(batch) > q.RoomShares-h.shares && !batch[0].Partial():
		return tooManyShares()
	case len(batch) > q.OpenUploads-h.open:
		return protocol.LimitError(protocol.CodeTooManyUploads, "max-open-uploads", "too many open uploads")
	case q.RoomUploads > 0 && len(batch) > q.RoomUploads-h.uploads:
		return protocol.LimitError(protocol.CodeRoomFull, "max-room-uploads", "too many open uploads in the room")
	}
	for _, s := range batch { // and not a sum of sizes, which could overflow
		if err := h.fits(q, s.Reserved); err != nil {
			return err
		}
		if q.Promised > 0 && s.Reserved > q.Promised-h.promised {
			return protocol.LimitError(protocol.CodeTooManyUploads, "max-promised", "your open uploads would take too many bytes")
		}
		if err := c.grant(ctx, s.Room, &h, s.Reserved, q.AppBytes); err != nil {
			return err
		}
		h.add(s.Reserved)
	}
	return nil
}

// fits reports whether so many bytes more fit into the room.
func (h *held) fits(q Quota, bytes int64) error {
	if bytes > q.RoomBytes-h.bytes {
		return noSpace()
	}
	return nil
}

func (h *held) add(bytes int64) {
	h.bytes += bytes
	h.promised += bytes
}

func noSpace() error {
	return protocol.LimitError(protocol.CodeRoomFull, "max-room-bytes", "the room has no space left")
}

func tooManyShares() error {
	return protocol.LimitError(protocol.CodeRoomFull, "max-room-shares", "too many shares in the room")
}
