package store

import (
	"context"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// Thumbnail returns the picture of a share that has not ended, or ErrNotFound.
func (db *DB) Thumbnail(ctx context.Context, id protocol.ShareID) ([]byte, error) {
	scan := func(r row) (picture []byte, err error) {
		err = r.Scan(bytesColumn{&picture})
		return picture, err
	}
	picture, err := one(ctx, db.engine.Reader(), scan, `SELECT picture FROM thumbnails WHERE share = $1`, id)
	if err != nil {
		return nil, fmt.Errorf("reading a thumbnail: %w", err)
	}
	return picture, nil
}

func (c *change) insertThumbnail(ctx context.Context, s Share) error {
	if len(s.Picture) == 0 {
		return nil
	}
	if _, err := c.exec(ctx, `INSERT INTO thumbnails (share, picture) VALUES ($1, $2)`, s.ID, bytesText(s.Picture)); err != nil {
		return fmt.Errorf("adding a thumbnail: %w", err)
	}
	return nil
}

func (c *change) dropThumbnail(ctx context.Context, id protocol.ShareID) error {
	if _, err := c.exec(ctx, `DELETE FROM thumbnails WHERE share = $1`, id); err != nil {
		return fmt.Errorf("removing a thumbnail: %w", err)
	}
	return nil
}
