package store

import (
	"context"
	"encoding/hex"
	"time"
)

// CreateTicket keeps a ticket under the hash of its secret, and clears away
// those that have expired.
func (db *DB) CreateTicket(ctx context.Context, hash [32]byte, t Ticket, now time.Time) error {
	return db.updateIn(ctx, itself(), "creating a ticket", func(ctx context.Context, c *change) error {
		if _, err := c.exec(ctx, `DELETE FROM tickets WHERE expires_at <= $1`, micros(now)); err != nil {
			return err
		}
		_, err := c.exec(ctx, `INSERT INTO tickets (hash, share, participant, expires_at) VALUES ($1, $2, $3, $4)`,
			hex.EncodeToString(hash[:]), t.Share, t.Participant, micros(t.ExpiresAt))
		return err
	})
}

// UseTicket returns the ticket and deletes it: it is good for one use. One that
// is unknown, used or expired is ErrNotFound.
func (db *DB) UseTicket(ctx context.Context, hash [32]byte, now time.Time) (Ticket, error) {
	scan := func(r row) (t Ticket, err error) {
		err = r.Scan(&t.Share, &t.Participant, timeColumn{&t.ExpiresAt})
		return t, err
	}
	var ticket Ticket
	err := db.updateIn(ctx, itself(), "using a ticket", func(ctx context.Context, c *change) (err error) {
		ticket, err = one(ctx, c, scan, `DELETE FROM tickets WHERE hash = $1 AND expires_at > $2
			RETURNING share, participant, expires_at`, hex.EncodeToString(hash[:]), micros(now))
		return err
	})
	return ticket, err
}
