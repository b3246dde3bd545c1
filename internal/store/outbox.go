package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// roomStream is the participant of the stream that everybody in a room reads.
const roomStream protocol.ParticipantID = ""

// Committed wakes up whoever announces events: a value is there after a commit
// that wrote some. Several commits may be one value.
func (db *DB) Committed() <-chan struct{} { return db.touched.bell }

// Touched returns the rooms that events were written for, in changes of this
// process that were committed since Touched was called last. It is for one caller.
func (db *DB) Touched() []protocol.RoomID { return db.touched.take() }

// Waiting returns rooms with events that are not announced, whoever wrote them, each
// with the id of the first, at most so many rooms.
func (db *DB) Waiting(ctx context.Context, limit int) (map[protocol.RoomID]int64, error) {
	waiting := make(map[protocol.RoomID]int64)
	_, err := list(ctx, db.engine.Reader(), func(r row) (id protocol.RoomID, err error) {
		var first int64
		err = r.Scan(&id, &first)
		waiting[id] = first
		return id, err
	}, `SELECT room, MIN(id) FROM outbox GROUP BY room LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("looking into the outbox: %w", err)
	}
	return waiting, nil
}

// Outgoing returns committed events of a room with an id greater than after that are
// not announced yet, in the order of their commits. None is committed later with a
// lower id.
func (db *DB) Outgoing(ctx context.Context, room protocol.RoomID, after int64, limit int) ([]Outgoing, error) {
	events, err := list(ctx, db.engine.Reader(), scanOutgoing,
		`SELECT room, id, participant, event, written_at FROM outbox WHERE room = $1 AND id > $2 ORDER BY id LIMIT $3`, room, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return events, nil
}

// Announced removes the events of each room up to and including an id.
func (db *DB) Announced(ctx context.Context, upTo map[protocol.RoomID]int64) error {
	rooms := slices.Sorted(maps.Keys(upTo)) // in one order, or two could wait for each other
	return db.updateIn(ctx, itself(), "clearing the outbox", func(ctx context.Context, c *change) error {
		for _, room := range rooms {
			if _, err := c.exec(ctx, `DELETE FROM outbox WHERE room = $1 AND id <= $2`, room, upTo[room]); err != nil {
				return err
			}
		}
		return nil
	})
}

func scanOutgoing(r row) (Outgoing, error) {
	var o Outgoing
	err := r.Scan(&o.Room, &o.ID, &o.Participant, jsonColumn{&o.Event}, timeColumn{&o.WrittenAt})
	return o, err
}

// touched are the rooms that events were written for, until somebody takes them.
type touched struct {
	bell chan struct{} // has place for one

	mu    sync.Mutex
	rooms map[protocol.RoomID]struct{} // guarded by mu
}

func newTouched() *touched {
	return &touched{bell: make(chan struct{}, 1), rooms: make(map[protocol.RoomID]struct{})}
}

func (t *touched) add(rooms []protocol.RoomID) {
	t.mu.Lock()
	for _, room := range rooms {
		t.rooms[room] = struct{}{}
	}
	t.mu.Unlock()
	wake(t.bell)
}

func (t *touched) take() []protocol.RoomID {
	t.mu.Lock()
	defer t.mu.Unlock()
	rooms := slices.Collect(maps.Keys(t.rooms))
	clear(t.rooms)
	return rooms
}

// of returns the number in the stream that the share's record keeps: the
// room's, or its sender's.
func (p place) of(s Share) int64 {
	if s.To.Room {
		return p.seq[roomStream]
	}
	return p.seq[s.Sender.ID]
}

// announce emits the shares, which have the same sender and audience, to every
// stream that may see them, each as its reader may see it: in one event, or in
// several when they are too long for one. It returns where each share stands.
func (c *change) announce(ctx context.Context, what protocol.EventType, shares []Share, now time.Time) ([]place, error) {
	places := make([]place, 0, len(shares))
	for len(shares) > 0 {
		fit, err := fitting(shares)
		if err != nil {
			return nil, err
		}
		at, err := c.announceTogether(ctx, what, shares[:fit], now)
		if err != nil {
			return nil, err
		}
		places = append(places, slices.Repeat([]place{at}, fit)...)
		shares = shares[fit:]
	}
	return places, nil
}

// envelope is more than what an event takes beside its shares, in bytes.
const envelope = 256

// fitting returns how many of the shares one event holds. It is never none: that
// one share fits is for the bounds of names and recipients to see to.
func fitting(shares []Share) (int, error) {
	left := protocol.MaxEventBytes - envelope
	for i, share := range shares {
		// Its sender's view names every recipient, so no other is longer.
		text, err := protocol.Event{Shares: []protocol.Share{share.Share}}.JSON()
		if err != nil {
			return 0, fmt.Errorf("writing a share: %w", err)
		}
		if left -= len(text); left < 0 && i > 0 {
			return i, nil
		}
	}
	return len(shares), nil
}

// announceTogether is announce for shares that fit into one event.
func (c *change) announceTogether(ctx context.Context, what protocol.EventType, shares []Share, now time.Time) (place, error) {
	viewers := streamsOf(shares[0])
	letters := make([]letter, len(viewers))
	for i, viewer := range viewers {
		e := protocol.Event{Type: what, Time: now, Shares: make([]protocol.Share, len(shares))}
		for j, share := range shares {
			e.Shares[j] = share.For(viewer)
		}
		letters[i] = letter{viewer, e}
	}
	return c.emitAll(ctx, shares[0].Room, letters)
}

// streamsOf returns the streams that may see the share, each once.
func streamsOf(s Share) []protocol.ParticipantID {
	if s.To.Room {
		return []protocol.ParticipantID{roomStream}
	}
	streams := make([]protocol.ParticipantID, 0, 1+len(s.To.List))
	known := make(map[protocol.ParticipantID]bool, cap(streams))
	for _, id := range append([]protocol.ParticipantID{s.Sender.ID}, s.To.List...) {
		if !known[id] {
			known[id] = true
			streams = append(streams, id)
		}
	}
	return streams
}
