package store

import (
	"context"
	"fmt"
	"time"
)

// Usage is how much there is of everything, for metrics.
type Usage struct {
	Rooms         int // not ended
	Members       int
	Connected     int // members that are not away
	LiveShares    int
	OpenUploads   int
	ReservedBytes int64 // of live shares, and of ended ones whose bytes are there
	Outbox        int   // events not announced yet
	Unaudited     int64 // entries that are not in the audit log yet
	Unpurged      int   // shares and parts that have ended and whose bytes are not known to be gone
	// UnpurgedSince is when the first of those ended; zero for none.
	UnpurgedSince time.Time
}

// Usage counts the records.
func (db *DB) Usage(ctx context.Context) (Usage, error) {
	scan := func(r row) (u Usage, err error) {
		err = r.Scan(&u.Rooms, &u.Members, &u.Connected, &u.LiveShares, &u.OpenUploads, &u.ReservedBytes, &u.Outbox, &u.Unaudited,
			&u.Unpurged, timeColumn{&u.UnpurgedSince})
		return u, err
	}
	u, err := one(ctx, db.engine.Reader(), scan, `SELECT
		(SELECT COUNT(*) FROM rooms WHERE ended_at = 0),
		(SELECT COUNT(*) FROM members),
		(SELECT COUNT(*) FROM members WHERE away_since = 0),
		(SELECT COUNT(*) FROM shares WHERE ended_at = 0 AND concat <> 'partial'),
		(SELECT COUNT(*) FROM shares WHERE state = 'uploading' AND concat <> 'partial'),
		(SELECT CAST(COALESCE(SUM(held_bytes), 0) AS BIGINT) FROM rooms),
		(SELECT COUNT(*) FROM outbox),
		`+unaudited+`,
		(SELECT COUNT(*) FROM shares WHERE ended_at > 0 AND purged = 0),
		(SELECT COALESCE(MIN(ended_at), 0) FROM shares WHERE ended_at > 0 AND purged = 0)`)
	if err != nil {
		return u, fmt.Errorf("counting records: %w", err)
	}
	return u, nil
}

// Promised returns how many bytes are still to come of the uploads that there are:
// of the parts of a share, the share has promised them.
func (db *DB) Promised(ctx context.Context) (int64, error) {
	sum, err := one(ctx, db.engine.Reader(), column[int64], `SELECT CAST(COALESCE(SUM(reserved - received), 0) AS BIGINT)
		FROM shares WHERE state = 'uploading' AND reserved > received`)
	if err != nil {
		return 0, fmt.Errorf("adding up what is promised: %w", err)
	}
	return sum, nil
}
