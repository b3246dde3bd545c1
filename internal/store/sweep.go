package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// IdleUploads returns uploads that nothing has come in for since before before,
// the longest idle first. A part lives as long as the share it belongs to.
func (db *DB) IdleUploads(ctx context.Context, before time.Time, limit int) ([]protocol.ShareID, error) {
	ids, err := list(ctx, db.engine.Reader(), column[protocol.ShareID],
		`SELECT id FROM shares WHERE state = 'uploading' AND updated_at < $1 AND part_of = '' ORDER BY updated_at, id LIMIT $2`, micros(before), limit)
	if err != nil {
		return nil, fmt.Errorf("reading idle uploads: %w", err)
	}
	return ids, nil
}

// DueShare is a live share that must end, and why.
type DueShare struct {
	Share
	Why protocol.Code
}

// dueByRules selects the rooms that have been empty for as long as their rules say.
// Mostly there is none, and to ask that first saves asking it for each share.
const dueByRules = `SELECT id FROM rooms WHERE empty_life > 0 AND empty_since > 0 AND empty_since < $1 - empty_life`

// Due returns live shares whose time is over: at now (CodeLifetimeOver), because
// their room has ended (CodeRoomEnded), or because it has been empty, and the
// share untouched, since before emptyBefore, or for as long as the room's rules say
// (CodeRoomEmpty). A part lives as long as
// the share it belongs to.
func (db *DB) Due(ctx context.Context, now, emptyBefore time.Time, limit int) ([]DueShare, error) {
	scan := func(r row) (DueShare, error) {
		var d DueShare
		ended := false
		err := r.Scan(append(shareFields(&d.Share), &ended)...)
		d.Share = finished(d.Share)
		switch {
		case ended:
			d.Why = protocol.CodeRoomEnded
		case !d.ExpiresAt.After(now):
			d.Why = protocol.CodeLifetimeOver
		default:
			d.Why = protocol.CodeRoomEmpty
		}
		return d, err
	}
	shares, err := list(ctx, db.engine.Reader(), scan, `SELECT `+shareColumns+`,
			CASE WHEN room IN (SELECT id FROM rooms WHERE ended_at > 0) THEN 1 ELSE 0 END FROM shares
		WHERE ended_at = 0 AND part_of = '' AND (expires_at <= $1 OR room IN (SELECT id FROM rooms WHERE ended_at > 0)
			OR (updated_at < $2 AND room IN (SELECT id FROM rooms WHERE empty_since > 0 AND empty_since < $2))
			OR (EXISTS (`+dueByRules+`) AND room IN (`+dueByRules+`) AND updated_at < $1 - (SELECT empty_life FROM rooms WHERE id = shares.room)))
		ORDER BY expires_at, id LIMIT $3`, micros(now), micros(emptyBefore), limit)
	if err != nil {
		return nil, fmt.Errorf("reading due shares: %w", err)
	}
	return shares, nil
}

// Live returns shares and partial uploads that have not ended, in the order of their ids, beginning
// behind after. A share that is made meanwhile may be missing.
func (db *DB) Live(ctx context.Context, after protocol.ShareID, limit int) ([]Share, error) {
	shares, err := list(ctx, db.engine.Reader(), scanShare, `SELECT `+shareColumns+` FROM shares
		WHERE id > $1 AND ended_at = 0 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading live shares: %w", err)
	}
	return shares, nil
}

// Unpurged returns shares that have ended and whose bytes are not gone yet, in the
// order of their ends, without the first of them.
func (db *DB) Unpurged(ctx context.Context, without, limit int) ([]protocol.ShareID, error) {
	ids, err := list(ctx, db.engine.Reader(), column[protocol.ShareID],
		`SELECT id FROM shares WHERE ended_at > 0 AND purged = 0 ORDER BY ended_at, id LIMIT $1 OFFSET $2`, limit, without)
	if err != nil {
		return nil, fmt.Errorf("reading ended shares: %w", err)
	}
	return ids, nil
}

// MarkPurged notes that the bytes of these shares are gone, at now, and gives
// their quota back. A share that has not ended is passed over.
func (db *DB) MarkPurged(ctx context.Context, ids []protocol.ShareID, now time.Time) error {
	return db.updateIn(ctx, roomsOf(ids), "marking bytes as gone", func(ctx context.Context, c *change) error {
		for _, id := range ids {
			if err := c.markPurged(ctx, id, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *change) markPurged(ctx context.Context, id protocol.ShareID, now time.Time) error {
	s, err := one(ctx, c, scanShare, `UPDATE shares SET purged = 1 WHERE id = $1 AND ended_at > 0 AND purged = 0
		RETURNING `+shareColumns, id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.noteShare(AuditPurged, s, AuditEntry{Time: now, By: ByServer, Reason: s.Reason})
	return c.hold(ctx, s.Room, -s.Reserved, 0)
}

// Forget deletes the records of shares that ended before endedBefore and whose
// bytes are gone, and returns how many. Who has not read so far learns it by a
// Reset: see SharesFor.
func (db *DB) Forget(ctx context.Context, endedBefore time.Time) (int, error) {
	type ended struct {
		id   protocol.ShareID
		room protocol.RoomID
	}
	scan := func(r row) (e ended, err error) {
		err = r.Scan(&e.id, &e.room)
		return e, err
	}
	return sweep(ctx, db, "forgetting ended shares", sweeping[ended]{
		find: func(ctx context.Context, q querier) ([]ended, error) {
			return list(ctx, q, scan, `SELECT id, room FROM shares
				WHERE ended_at > 0 AND ended_at < $1 AND purged = 1 ORDER BY ended_at, id LIMIT $2`, micros(endedBefore), purgeBatch)
		},
		room: func(e ended) protocol.RoomID { return e.room },
		act:  func(ctx context.Context, c *change, e ended) error { return c.forget(ctx, e.id) },
	})
}

// forget deletes a share and raises the horizon of every stream that it stood
// in. A recipient's place is in its receipt, the sender's or the room's in the
// share.
func (c *change) forget(ctx context.Context, id protocol.ShareID) error {
	_, err := c.exec(ctx, `UPDATE streams SET horizon = (SELECT r.seq FROM receipts r
			WHERE r.share = $1 AND r.participant = streams.participant)
		WHERE EXISTS (SELECT 1 FROM receipts r WHERE r.share = $1
			AND r.room = streams.room AND r.participant = streams.participant AND r.seq > streams.horizon)`, id)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `UPDATE streams SET horizon = (SELECT s.seq FROM shares s WHERE s.id = $1)
		WHERE EXISTS (SELECT 1 FROM shares s WHERE s.id = $1 AND s.room = streams.room AND s.seq > streams.horizon
			AND streams.participant = CASE WHEN s.audience = '"room"' THEN '' ELSE s.sender END)`, id)
	if err != nil {
		return err
	}
	_, err = c.exec(ctx, `DELETE FROM shares WHERE id = $1`, id)
	return err
}

// knownBatch keeps the number of placeholders below every database's bound.
const knownBatch = 500

// Known returns the states of those of the shares that there are records of.
func (db *DB) Known(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]protocol.ShareState, error) {
	states := make(map[protocol.ShareID]protocol.ShareState, len(ids))
	for len(ids) > 0 {
		batch := ids[:min(len(ids), knownBatch)]
		ids = ids[len(batch):]
		marks, args := placeholders(batch)
		scan := func(r row) (id protocol.ShareID, err error) {
			var state protocol.ShareState
			err = r.Scan(&id, &state)
			states[id] = state
			return id, err
		}
		_, err := list(ctx, db.engine.Reader(), scan, `SELECT id, state FROM shares WHERE id IN (`+marks+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("reading the states of shares: %w", err)
		}
	}
	return states, nil
}
