package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/protocol"
)

// ErrReadOnly: the store was opened to be looked at.
var ErrReadOnly = errors.New("the store is open for reading alone")

// Every returns shares and partial uploads whatever has become of them, in the
// order of their ids, beginning behind after.
func (db *DB) Every(ctx context.Context, after protocol.ShareID, limit int) ([]Share, error) {
	shares, err := list(ctx, db.engine.Reader(), scanShare,
		`SELECT `+shareColumns+` FROM shares WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading all shares: %w", err)
	}
	return shares, nil
}

// Miscount is a room whose count of what it holds is not what its shares hold, or an
// application whose count of what it has granted is not what its rooms have.
type Miscount struct {
	Room                      protocol.RoomID // "" for an application
	App                       string          // "" for a room; an application counts bytes alone
	Bytes, Shares             int64           // as the record says
	ActualBytes, ActualShares int64           // as its shares, or its rooms, add up
}

// sums are what the shares of a room r add up to: its held_bytes and held_shares.
const sums = `(SELECT CAST(COALESCE(SUM(reserved), 0) AS BIGINT) FROM shares WHERE room = r.id AND purged = 0) AS bytes,
	(SELECT COUNT(*) FROM shares WHERE room = r.id AND ended_at = 0 AND concat <> '` + ConcatPartial + `') AS live`

// Miscounts adds up the shares of every room and returns the rooms that count
// otherwise. There are none, unless by a fault.
func (db *DB) Miscounts(ctx context.Context) ([]Miscount, error) {
	scan := func(r row) (m Miscount, err error) {
		err = r.Scan(&m.Room, &m.Bytes, &m.Shares, &m.ActualBytes, &m.ActualShares)
		return m, err
	}
	found, err := list(ctx, db.engine.Reader(), scan, `SELECT * FROM (SELECT r.id, r.held_bytes, r.held_shares, `+sums+`
		FROM rooms r) AS counted WHERE held_bytes <> bytes OR held_shares <> live ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("adding up the rooms: %w", err)
	}
	return found, nil
}

// AppMiscounts adds up what the rooms of every application have been granted of its
// quota, which is never less than they hold, and returns those that count otherwise.
func (db *DB) AppMiscounts(ctx context.Context) ([]Miscount, error) {
	scan := func(r row) (m Miscount, err error) {
		err = r.Scan(&m.App, &m.Bytes, &m.ActualBytes)
		return m, err
	}
	found, err := list(ctx, db.engine.Reader(), scan, `SELECT * FROM (SELECT a.id, a.held_bytes, (SELECT CAST(COALESCE(SUM(r.granted), 0) AS BIGINT)
			FROM rooms r WHERE r.app = a.id) AS bytes
		FROM apps a) AS counted WHERE held_bytes <> bytes ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("adding up the applications: %w", err)
	}
	return found, nil
}

// Recount sets what a room holds to what its shares add up to, and what its
// application has granted to what its rooms have.
func (db *DB) Recount(ctx context.Context, room protocol.RoomID) error {
	return db.update(ctx, "counting a room again", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE rooms SET
				held_bytes = (SELECT bytes FROM (SELECT `+sums+` FROM rooms r WHERE r.id = $1) AS counted),
				held_shares = (SELECT live FROM (SELECT `+sums+` FROM rooms r WHERE r.id = $1) AS counted)
			WHERE id = $1`, room)
		if err == nil {
			_, err = c.exec(ctx, `UPDATE rooms SET granted = held_bytes WHERE id = $1`, room)
		}
		if err == nil {
			_, err = c.exec(ctx, recountApp+`(SELECT app FROM rooms WHERE id = $1)`, room)
		}
		return err
	})
}

// RecountApp has the rooms of an application give back what they do not hold, and
// sets what it has granted to that.
func (db *DB) RecountApp(ctx context.Context, app string) error {
	return db.update(ctx, "counting an application again", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `UPDATE rooms SET granted = held_bytes WHERE app = $1`, app)
		if err == nil {
			_, err = c.exec(ctx, recountApp+`$1`, app)
		}
		return err
	})
}

const recountApp = `UPDATE apps SET held_bytes = (SELECT CAST(COALESCE(SUM(granted), 0) AS BIGINT) FROM rooms WHERE app = apps.id) WHERE id = `

// Checker is an Engine that can check its own files.
type Checker interface {
	// Integrity returns what is wrong with the database, nothing if it is whole.
	// A quick check leaves out what takes long.
	Integrity(ctx context.Context, quick bool) ([]string, error)
}

// Integrity returns what is wrong with the database itself: see Checker. An engine
// that cannot tell says nothing.
func (db *DB) Integrity(ctx context.Context, quick bool) ([]string, error) {
	checker, ok := db.engine.(Checker)
	if !ok {
		return nil, nil
	}
	faults, err := checker.Integrity(ctx, quick)
	if err != nil {
		return nil, fmt.Errorf("checking the database: %w", err)
	}
	return faults, nil
}
