package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// day counts days from 1970 in UTC.
func day(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// charge adds to what a room has used on the day, in the change that uses it. Peak
// is no sum.
func (c *change) charge(ctx context.Context, room protocol.RoomID, now time.Time, u protocol.Used) error {
	_, err := c.exec(ctx, `INSERT INTO accounts (app, room, day, files, bytes_in, bytes_out, receipts, joins, peak)
		SELECT app, id, $2, $3, $4, $5, $6, $7, $8 FROM rooms WHERE id = $1
		ON CONFLICT (app, room, day) DO UPDATE SET files = accounts.files + excluded.files,
			bytes_in = accounts.bytes_in + excluded.bytes_in, bytes_out = accounts.bytes_out + excluded.bytes_out,
			receipts = accounts.receipts + excluded.receipts, joins = accounts.joins + excluded.joins,
			peak = CASE WHEN excluded.peak > accounts.peak THEN excluded.peak ELSE accounts.peak END`,
		room, day(now), u.Files, u.BytesIn, u.BytesOut, u.Receipts, u.Joins, u.Peak)
	if err != nil {
		return fmt.Errorf("charging a room: %w", err)
	}
	return nil
}

const usedColumns = `CAST(COALESCE(SUM(files), 0) AS BIGINT), CAST(COALESCE(SUM(bytes_in), 0) AS BIGINT), CAST(COALESCE(SUM(bytes_out), 0) AS BIGINT),
	CAST(COALESCE(SUM(receipts), 0) AS BIGINT), CAST(COALESCE(SUM(joins), 0) AS BIGINT), COALESCE(MAX(peak), 0)`

func usedFields(u *protocol.Used) []any {
	return []any{&u.Files, &u.BytesIn, &u.BytesOut, &u.Receipts, &u.Joins, &u.Peak}
}

// Used returns what the rooms of an application have used on the days from the one of
// from to the one of to: of all rooms together, and of those behind after, in the
// order of their ids, also of rooms that have ended.
func (db *DB) Used(ctx context.Context, app string, from, to time.Time, after protocol.RoomID, limit int) (total protocol.Used, rooms []protocol.RoomUsed, err error) {
	err = db.read(ctx, "reading usage", func(tx *sql.Tx) error {
		sum := func(r row) (u protocol.Used, err error) {
			err = r.Scan(usedFields(&u)...)
			return u, err
		}
		total, err = one(ctx, tx, sum, `SELECT `+usedColumns+` FROM accounts WHERE app = $1 AND day >= $2 AND day <= $3`, app, day(from), day(to))
		if err != nil {
			return err
		}
		each := func(r row) (u protocol.RoomUsed, err error) {
			err = r.Scan(append([]any{&u.Room}, usedFields(&u.Used)...)...)
			return u, err
		}
		rooms, err = list(ctx, tx, each, `SELECT room, `+usedColumns+` FROM accounts
			WHERE app = $1 AND day >= $2 AND day <= $3 AND room > $4 GROUP BY room ORDER BY room LIMIT $5`, app, day(from), day(to), after, limit)
		return err
	})
	return total, rooms, err
}

// ForgetUsed forgets what was used before the day of before and, of the rest, the
// oldest days beyond most lines, a line being one room on one day. It returns how many
// lines went.
func (db *DB) ForgetUsed(ctx context.Context, before time.Time, most int) (int, error) {
	gone := 0
	err := db.batches(ctx, these(Key{Name: "usage"}), "forgetting usage", func(ctx context.Context, c *change) (int, error) {
		n, err := c.exec(ctx, `DELETE FROM accounts WHERE (app, room, day) IN (SELECT app, room, day FROM accounts WHERE day < $1 LIMIT $2)`, day(before), purgeBatch)
		return int(n), err
	}, &gone)
	if err != nil {
		return gone, err
	}
	err = db.batches(ctx, these(Key{Name: "usage"}), "forgetting usage", func(ctx context.Context, c *change) (int, error) {
		lines, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM accounts`)
		if err != nil || lines <= most {
			return 0, err
		}
		n, err := c.exec(ctx, `DELETE FROM accounts WHERE (app, room, day) IN (SELECT app, room, day FROM accounts ORDER BY day LIMIT $1)`, min(lines-most, purgeBatch))
		return int(n), err
	}, &gone)
	return gone, err
}
