package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// What is in this file is for a process that holds connections and may not have heard
// of all that happened: it looks at the rooms of those connections every few seconds.

// RoomHead is how far a room has come.
type RoomHead struct {
	Room    protocol.RoomID
	Changed int64 // the number of its last change
	Roster  int64 // the change by which a connection last lost its place in it
	Ended   bool
}

// StreamHead is how far a stream has come.
type StreamHead struct {
	Room        protocol.RoomID
	Participant protocol.ParticipantID // "" for the room's stream
	Seq         int64
}

// Place is the connection that a participant is on; "" while it is away.
type Place struct {
	Room        protocol.RoomID
	Participant protocol.ParticipantID
	Connection  string
}

// Look returns how far each of the rooms has come. One that is gone is not among them.
func (db *DB) Look(ctx context.Context, rooms []protocol.RoomID) ([]RoomHead, error) {
	scan := func(r row) (s RoomHead, err error) {
		err = r.Scan(&s.Room, &s.Changed, &s.Roster, &s.Ended)
		return s, err
	}
	return inPortions(ctx, db, "looking at rooms", rooms, scan, `SELECT r.id, COALESCE(s.changed, 0), COALESCE(s.roster, 0),
			CASE WHEN r.ended_at > 0 THEN 1 ELSE 0 END
		FROM rooms r LEFT JOIN streams s ON s.room = r.id AND s.participant = '' WHERE r.id IN `)
}

// Places returns who is in the rooms, and on which connections.
func (db *DB) Places(ctx context.Context, rooms []protocol.RoomID) ([]Place, error) {
	scan := func(r row) (p Place, err error) {
		err = r.Scan(&p.Room, &p.Participant, &p.Connection)
		return p, err
	}
	return inPortions(ctx, db, "looking who is in rooms", rooms, scan, `SELECT room, id, connection FROM members WHERE room IN `)
}

// Heads returns how far those streams of the rooms have come that tell of a change
// after the one that stands with the room.
func (db *DB) Heads(ctx context.Context, after map[protocol.RoomID]int64) ([]StreamHead, error) {
	scan := func(r row) (h StreamHead, err error) {
		err = r.Scan(&h.Room, &h.Participant, &h.Seq)
		return h, err
	}
	rooms := slices.Sorted(maps.Keys(after))
	var all []StreamHead
	for from, to := range portions(len(rooms)) {
		terms := make([]string, 0, to-from)
		args := make([]any, 0, 2*(to-from))
		for i, room := range rooms[from:to] {
			terms = append(terms, fmt.Sprintf("room = $%d AND changed > $%d", 2*i+1, 2*i+2))
			args = append(args, room, after[room])
		}
		heads, err := list(ctx, db.engine.Reader(), scan, `SELECT room, participant, seq FROM streams WHERE `+strings.Join(terms, " OR "), args...)
		if err != nil {
			return nil, fmt.Errorf("looking at streams: %w", err)
		}
		all = append(all, heads...)
	}
	return all, nil
}

// Connected returns how many participants of the room are on a connection.
func (db *DB) Connected(ctx context.Context, room protocol.RoomID) (int, error) {
	n, err := one(ctx, db.engine.Reader(), column[int], `SELECT COUNT(*) FROM members WHERE room = $1 AND away_since = 0`, room)
	if err != nil {
		return 0, fmt.Errorf("counting who is connected: %w", err)
	}
	return n, nil
}

// DropOutgoing removes events that were written before and are not announced. Who does
// so has another way to tell that they were: StreamHead.
func (db *DB) DropOutgoing(ctx context.Context, before time.Time) error {
	_, err := one(ctx, db.engine.Reader(), column[int], `SELECT 1 FROM outbox WHERE written_at < $1 LIMIT 1`, micros(before))
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for old events: %w", err)
	}
	return db.updateIn(ctx, itself(), "dropping old events", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `DELETE FROM outbox WHERE written_at < $1`, micros(before))
		return err
	})
}

// lookBatch is how many rooms one query is about, a power of two.
const lookBatch = 512

// inPortions reads what a query that ends with "IN " finds of the rooms.
func inPortions[T any](ctx context.Context, db *DB, what string, rooms []protocol.RoomID, scan func(row) (T, error), query string) ([]T, error) {
	var all []T
	for len(rooms) > 0 {
		batch := rooms[:min(len(rooms), lookBatch)]
		rooms = rooms[len(batch):]
		// Lists of a few lengths make few different statements to keep prepared.
		padded := slices.Clone(batch)
		for len(padded)&(len(padded)-1) != 0 {
			padded = append(padded, batch[0])
		}
		marks, args := placeholders(padded)
		some, err := list(ctx, db.engine.Reader(), scan, query+`(`+marks+`)`, args...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		all = append(all, some...)
	}
	return all, nil
}
