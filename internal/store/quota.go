package store

import (
	"context"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// held is what a room and one sender hold of their quota. The bytes of shares
// that have ended count until they are gone.
type held struct {
	bytes  int64
	shares int // live ones
	open   int // the sender's, partial ones that belong to no share yet included
}

// held reads what is held. The room's record keeps count, because to add up a
// full room for each new share would take longer than to make it.
func (c *change) held(ctx context.Context, room protocol.RoomID, sender protocol.ParticipantID) (held, error) {
	scan := func(r row) (h held, err error) {
		err = r.Scan(&h.bytes, &h.shares, &h.open)
		return h, err
	}
	h, err := one(ctx, c, scan, `SELECT held_bytes, held_shares,
		(SELECT COUNT(*) FROM shares WHERE room = $1 AND sender = $2 AND state = 'uploading' AND part_of = '') FROM rooms WHERE id = $1`, room, sender)
	if err != nil {
		return h, fmt.Errorf("reading the quota: %w", err)
	}
	return h, nil
}

// hold adds to what a room holds, or takes from it.
func (c *change) hold(ctx context.Context, room protocol.RoomID, bytes int64, shares int) error {
	if bytes == 0 && shares == 0 {
		return nil
	}
	_, err := c.exec(ctx, `UPDATE rooms SET held_bytes = held_bytes + $1, held_shares = held_shares + $2 WHERE id = $3`, bytes, shares, room)
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

// checkQuota reports whether a new batch fits.
func (c *change) checkQuota(ctx context.Context, batch []Share, q Quota) error {
	h, err := c.held(ctx, batch[0].Room, batch[0].Sender.ID)
	switch {
	case err != nil:
		return err
	case len(batch) > q.RoomShares-h.shares && !batch[0].Partial():
		return protocol.NewError(protocol.CodeRoomFull, "too many shares in the room")
	case len(batch) > q.OpenUploads-h.open:
		return protocol.NewError(protocol.CodeTooManyUploads, "too many open uploads")
	}
	left := q.RoomBytes - h.bytes
	for _, s := range batch {
		if s.Reserved > left { // and not a sum of sizes, which could overflow
			return noSpace()
		}
		left -= s.Reserved
	}
	return nil
}

func noSpace() error {
	return protocol.NewError(protocol.CodeRoomFull, "the room has no space left")
}
