package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/handout-rtc/handout/protocol"
)

// visible selects what a viewer ($4) may see in a room ($1) of what changed
// after a cursor ($2 in the room's stream, $3 in its own): everything for the
// room and everything for the viewer if it may receive ($5 is 1), and whatever
// it sent itself. A partial upload is nobody's to see.
const visible = `SELECT ` + shareColumns + `, stream_seq, personal, changed FROM (
		SELECT s.*, s.seq AS stream_seq, 0 AS personal FROM shares s
		WHERE s.room = $1 AND s.audience = '"room"' AND s.seq > $2 AND ($5 = 1 OR s.sender = $4)
	UNION ALL
		SELECT s.*, s.seq AS stream_seq, 1 AS personal FROM shares s
		WHERE s.room = $1 AND s.audience <> '"room"' AND s.sender = $4 AND s.seq > $3 AND s.concat <> 'partial'
	UNION ALL
		SELECT s.*, r.seq AS stream_seq, 1 AS personal FROM receipts r JOIN shares s ON s.id = r.share
		WHERE r.room = $1 AND r.participant = $4 AND r.seq > $3 AND s.sender <> $4 AND $5 = 1
	) AS seen ORDER BY changed, position, id`

// SharesFor returns a page of the shares that the viewer may see and that
// changed after since, oldest change first, those that have ended included
// while they are remembered. Without receive the viewer sees only what it sent.
//
// The page starts from the beginning, with Reset set, when since is a place
// that what the store remembers cannot be told from: before something forgotten
// or after everything known.
//
// Shares that changed together are never parted, because the cursor has no
// place between them: a page holds fewer than limit rather, and more only if
// one such batch alone is more than limit.
func (db *DB) SharesFor(ctx context.Context, room protocol.RoomID, viewer protocol.ParticipantID, since protocol.Cursor, limit int, receive bool) (Page, error) {
	var p Page
	err := db.read(ctx, "reading shares", func(tx *sql.Tx) error {
		head, horizon, err := heads(ctx, tx, room, viewer)
		if err != nil {
			return err
		}
		p = Page{}
		if since != (protocol.Cursor{}) && stale(since, head, horizon) {
			p.Reset = true
			since = protocol.Cursor{}
		}
		if since == (protocol.Cursor{}) {
			since.RoomFloor, since.PersonalFloor = horizon.Room, horizon.Personal
		}
		may := 0
		if receive {
			may = 1
		}
		rows, err := tx.QueryContext(ctx, visible, room, since.Room, since.Personal, viewer, may)
		if err != nil {
			return err
		}
		defer rows.Close()
		if err := p.fill(rows, since, limit); err != nil {
			return err
		}
		switch {
		case p.More:
		case receive:
			p.Seq = head
		default: // the room's head would count what the viewer must not know of
			p.Seq.Personal = head.Personal
		}
		return nil
	})
	return p, err
}

// stale reports whether a reader at since may have missed something that is
// forgotten now, or knows of something that never was. The floors are what was
// forgotten when it began to read: it never saw that.
func stale(since, head, horizon protocol.Cursor) bool {
	return since.Room > head.Room || since.Personal > head.Personal ||
		since.Room < horizon.Room && since.RoomFloor < horizon.Room ||
		since.Personal < horizon.Personal && since.PersonalFloor < horizon.Personal
}

// heads returns the last numbers of the room's and the viewer's stream, and
// their horizons.
func heads(ctx context.Context, q querier, room protocol.RoomID, viewer protocol.ParticipantID) (head, horizon protocol.Cursor, err error) {
	type pair struct{ seq, horizon int64 }
	scan := func(r row) (p pair, err error) {
		err = r.Scan(&p.seq, &p.horizon)
		return p, err
	}
	stream := func(participant protocol.ParticipantID) (pair, error) {
		p, err := one(ctx, q, scan, `SELECT seq, horizon FROM streams WHERE room = $1 AND participant = $2`, room, participant)
		if errors.Is(err, ErrNotFound) { // nothing has happened there yet
			err = nil
		}
		return p, err
	}
	everybody, err := stream(roomStream)
	if err != nil {
		return head, horizon, err
	}
	own, err := stream(viewer)
	head = protocol.Cursor{Room: everybody.seq, Personal: own.seq}
	horizon = protocol.Cursor{Room: everybody.horizon, Personal: own.horizon}
	return head, horizon, err
}

// fill reads shares into the page until limit, and moves the cursor from since
// to the last of them.
func (p *Page) fill(rows *sql.Rows, since protocol.Cursor, limit int) error {
	var batch int64            // what changed together with the last share read
	start := 0                 // where in the page that batch begins
	before, at := since, since // the cursor before the batch, and after it
	p.Seq = at
	for rows.Next() {
		var s Share
		var seq, changed int64
		var personal int
		if err := rows.Scan(append(shareFields(&s), &seq, &personal, &changed)...); err != nil {
			return err
		}
		full := len(p.Shares) >= max(limit, 1)
		if full && changed != batch {
			p.More, p.Seq = true, at
			return nil
		}
		if full && start > 0 {
			p.More, p.Seq = true, before
			p.Shares = p.Shares[:start]
			return nil
		}
		if changed != batch {
			batch, start, before = changed, len(p.Shares), at
		}
		p.Shares = append(p.Shares, finished(s))
		if personal == 1 {
			at.Personal = seq
		} else {
			at.Room = seq
		}
		p.Seq = at
	}
	return rows.Err()
}
