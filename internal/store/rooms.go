package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// purgeBatch bounds how much one transaction clears away.
const purgeBatch = 100

const roomColumns = `id, app, name, owner_ref, settings, data, created_at, empty_since, ended_at, sharing_off, sharing_rev, rules, rules_rev`

func scanRoom(r row) (Room, error) {
	var room Room
	var rev int64
	err := r.Scan(&room.ID, &room.App, &room.Name, &room.OwnerRef, jsonColumn{&room.Settings}, jsonColumn{&room.Data},
		timeColumn{&room.CreatedAt}, timeColumn{&room.EmptySince}, timeColumn{&room.EndedAt},
		jsonColumn{&room.Sharing.Off}, &room.Sharing.Rev, jsonColumn{&room.Rules}, &rev)
	room.Rules.Rev = rev
	return room, err
}

func room(ctx context.Context, q querier, id protocol.RoomID) (Room, error) {
	return one(ctx, q, scanRoom, `SELECT `+roomColumns+` FROM rooms WHERE id = $1`, id)
}

// liveRoom returns a room that has not ended: else ErrNotFound, or
// protocol.CodeRoomEnded.
func liveRoom(ctx context.Context, q querier, id protocol.RoomID) (Room, error) {
	r, err := room(ctx, q, id)
	if err == nil && !r.EndedAt.IsZero() {
		err = protocol.NewError(protocol.CodeRoomEnded, "the room has ended")
	}
	return r, err
}

// roomsAtOnce is how many rooms can be made beside each other. None of them counts the
// others.
const roomsAtOnce = 64

// errNearlyFull: with those that others make now there may be too many rooms.
var errNearlyFull = errors.New("nearly as many rooms as there may be")

// CreateRoom adds a room. With maxRooms rooms that have not ended it fails
// with protocol.CodeRoomFull, and beyond BoundAudit with protocol.CodeUnavailable.
func (db *DB) CreateRoom(ctx context.Context, r Room, maxRooms int) error {
	if r.EmptySince.IsZero() {
		r.EmptySince = r.CreatedAt // nobody is in a new room
	}
	// The last of all that are made beside each other to count the rooms sees all but
	// those that are not committed then, of which each of its turns has at most one.
	turn := Key{Name: "rooms " + strconv.Itoa(rand.IntN(roomsAtOnce))}
	err := db.createRoom(ctx, these(Key{Name: "rooms", Shared: true}, turn), r, maxRooms-roomsAtOnce+1, errNearlyFull)
	if !errors.Is(err, errNearlyFull) {
		return err
	}
	return db.createRoom(ctx, these(Key{Name: "rooms"}), r, maxRooms, protocol.LimitError(protocol.CodeRoomFull, "max-rooms", "too many rooms"))
}

// createRoom adds a room if there are fewer than most; else it fails with full.
func (db *DB) createRoom(ctx context.Context, of Scope, r Room, most int, full error) error {
	return db.updateIn(ctx, of, "creating a room", func(ctx context.Context, c *change) error {
		if err := c.auditHasRoom(ctx); err != nil {
			return err
		}
		live, err := one(ctx, c, column[int], `SELECT COUNT(*) FROM rooms WHERE ended_at = 0`)
		if err != nil {
			return err
		}
		if live >= most {
			return full
		}
		c.note(AuditEntry{Kind: AuditRoomCreated, Time: r.CreatedAt, Room: r.ID, By: ByOperator, Name: r.Name})
		if r.Rules.Rev > 0 {
			c.note(AuditEntry{Kind: AuditRules, Time: r.CreatedAt, Room: r.ID, By: ByOperator, Rules: &r.Rules})
		}
		rules, emptyLife, err := rulesColumns(r.Rules)
		if err != nil {
			return err
		}
		_, err = c.exec(ctx, `INSERT INTO rooms (`+roomColumns+`, empty_life) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', 0, $9, $10, $11)`,
			r.ID, r.App, r.Name, r.OwnerRef, string(r.Settings), string(r.Data), micros(r.CreatedAt), micros(r.EmptySince), rules, r.Rules.Rev, emptyLife)
		if err == nil {
			_, err = c.exec(ctx, `INSERT INTO apps (id, held_bytes) VALUES ($1, 0) ON CONFLICT (id) DO NOTHING`, r.App)
		}
		return err
	})
}

// Room returns a room, also one that has ended and is not purged yet.
func (db *DB) Room(ctx context.Context, id protocol.RoomID) (Room, error) {
	r, err := room(ctx, db.engine.Reader(), id)
	if err != nil {
		return Room{}, fmt.Errorf("reading a room: %w", err)
	}
	return r, nil
}

// Rooms returns an application's rooms that have not ended, newest first.
func (db *DB) Rooms(ctx context.Context, app string) ([]Room, error) {
	rooms, err := list(ctx, db.engine.Reader(), scanRoom,
		`SELECT `+roomColumns+` FROM rooms WHERE app = $1 AND ended_at = 0 ORDER BY created_at DESC, id DESC`, app)
	if err != nil {
		return nil, fmt.Errorf("reading the rooms: %w", err)
	}
	return rooms, nil
}

// UpdateRoom changes a room's name, owner, settings and data. A room that has
// ended is ErrNotFound.
func (db *DB) UpdateRoom(ctx context.Context, r Room) error {
	return db.updateIn(ctx, itself(), "updating a room", func(ctx context.Context, c *change) error {
		n, err := c.exec(ctx, `UPDATE rooms SET name = $1, owner_ref = $2, settings = $3, data = $4 WHERE id = $5 AND ended_at = 0`,
			r.Name, r.OwnerRef, string(r.Settings), string(r.Data), r.ID)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	})
}

// EndRoom ends a room and takes its members off the roster. Ending it again
// changes nothing. Its shares are Due from then on.
func (db *DB) EndRoom(ctx context.Context, id protocol.RoomID, now time.Time) error {
	return db.updateIn(ctx, inRooms(id), "ending a room", func(ctx context.Context, c *change) error {
		r, err := room(ctx, c, id)
		if err != nil || !r.EndedAt.IsZero() {
			return err
		}
		return c.endRoom(ctx, id, now)
	})
}

// endRoom ends a live room. The event of the room stands for its members: there
// is none for each of them.
func (c *change) endRoom(ctx context.Context, id protocol.RoomID, now time.Time) error {
	_, err := c.exec(ctx, `UPDATE rooms SET ended_at = $1,
		empty_since = CASE WHEN empty_since = 0 THEN $1 ELSE empty_since END WHERE id = $2`, micros(now), id)
	if err != nil {
		return err
	}
	c.note(AuditEntry{Kind: AuditRoomEnded, Time: now, Room: id})
	c.hook(hook{of: protocol.WebhookRoomEnded, at: now, room: id})
	if _, err := c.exec(ctx, `DELETE FROM members WHERE room = $1`, id); err != nil {
		return err
	}
	_, _, err = c.emit(ctx, id, roomStream, protocol.Event{Type: protocol.RoomEnded, Time: now})
	return err
}

// PurgeRooms ends the rooms that have been empty since before idleBefore and
// hold no live share, and deletes those that have ended, with all that belongs
// to them, once the bytes of their shares are gone and their events are
// announced. It returns how many it deleted.
func (db *DB) PurgeRooms(ctx context.Context, idleBefore, now time.Time) (int, error) {
	itself := func(id protocol.RoomID) protocol.RoomID { return id }
	_, err := sweep(ctx, db, "ending idle rooms", sweeping[protocol.RoomID]{
		find: func(ctx context.Context, q querier) ([]protocol.RoomID, error) {
			return list(ctx, q, column[protocol.RoomID], `SELECT id FROM rooms r
				WHERE ended_at = 0 AND empty_since > 0 AND empty_since < $1
				AND NOT EXISTS (SELECT 1 FROM shares WHERE room = r.id AND ended_at = 0) ORDER BY empty_since, id LIMIT $2`, micros(idleBefore), purgeBatch)
		},
		room: itself,
		act:  func(ctx context.Context, c *change, id protocol.RoomID) error { return c.endRoom(ctx, id, now) },
	})
	if err != nil {
		return 0, err
	}
	return sweep(ctx, db, "deleting ended rooms", sweeping[protocol.RoomID]{
		find: func(ctx context.Context, q querier) ([]protocol.RoomID, error) {
			return list(ctx, q, column[protocol.RoomID], `SELECT id FROM rooms r WHERE ended_at > 0
				AND NOT EXISTS (SELECT 1 FROM shares WHERE room = r.id AND purged = 0)
				AND NOT EXISTS (SELECT 1 FROM outbox WHERE room = r.id) ORDER BY ended_at, id LIMIT $1`, purgeBatch)
		},
		room: itself,
		act: func(ctx context.Context, c *change, id protocol.RoomID) error {
			_, err := c.exec(ctx, `DELETE FROM rooms WHERE id = $1`, id)
			return err
		},
	})
}
