package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/handout-rtc/handout/protocol"
)

// letter is an event and whose stream it is for.
type letter struct {
	to    protocol.ParticipantID
	event protocol.Event
}

// place is where an event about shares stands.
type place struct {
	seq     map[protocol.ParticipantID]int64 // by stream
	changed int64                            // among all changes of the room
}

// emit gives the event the next number of its stream and writes it to the
// outbox. It returns that number and the outbox id, which counts in the room.
func (c *change) emit(ctx context.Context, room protocol.RoomID, participant protocol.ParticipantID, e protocol.Event) (seq, id int64, err error) {
	at, err := c.emitAll(ctx, room, []letter{{participant, e}})
	return at.seq[participant], at.changed, err
}

// emitAll is emit for events of different streams of a room, in that order. It
// writes many rows by one statement: a share may name hundreds.
func (c *change) emitAll(ctx context.Context, room protocol.RoomID, letters []letter) (place, error) {
	at, err := c.number(ctx, room, letters)
	if err != nil {
		return at, err
	}
	for from, to := range portions(len(letters)) {
		args := make([]any, 0, 5*(to-from))
		for i, l := range letters[from:to] {
			text, err := l.text(at.seq[l.to])
			if err != nil {
				return at, fmt.Errorf("writing an event: %w", err)
			}
			args = append(args, room, at.changed+int64(from+i), l.to, text, micros(l.event.Time))
		}
		if _, err := c.exec(ctx, `INSERT INTO outbox (room, id, participant, event, written_at) VALUES `+rows(to-from, 5, ""), args...); err != nil {
			return at, fmt.Errorf("writing an event: %w", err)
		}
	}
	c.touch(room)
	return at, nil
}

// number takes the next number of each stream, and as many ids of the room's
// outbox, the first of which is where the events stand. The ids come from the row
// of the room's stream, which is held until the transaction ends, and not from the
// database's own sequence: so they are in the order of the commits. No row is
// common to all rooms, or they would wait for each other.
func (c *change) number(ctx context.Context, room protocol.RoomID, letters []letter) (place, error) {
	at := place{seq: make(map[protocol.ParticipantID]int64, len(letters))}
	own := slices.ContainsFunc(letters, func(l letter) bool { return l.to == roomStream })
	var seq, last int64
	err := c.QueryRowContext(ctx, `INSERT INTO streams (room, participant, seq, horizon, changed) VALUES ($1, '', $2, 0, $3)
		ON CONFLICT (room, participant) DO UPDATE SET seq = streams.seq + $2, changed = streams.changed + $3 RETURNING seq, changed`,
		room, flag(own), len(letters)).Scan(&seq, &last)
	if err != nil {
		return at, fmt.Errorf("numbering the events of a room: %w", err)
	}
	at.changed = last - int64(len(letters)) + 1
	if own {
		at.seq[roomStream] = seq
	}
	personal := slices.DeleteFunc(slices.Clone(letters), func(l letter) bool { return l.to == roomStream })
	for from, to := range portions(len(personal)) {
		args := make([]any, 0, 3*(to-from))
		for _, l := range personal[from:to] {
			args = append(args, room, l.to, last)
		}
		numbers, err := list(ctx, c, scanNumber, `INSERT INTO streams (room, participant, changed, seq, horizon) VALUES `+rows(to-from, 3, ", 1, 0")+`
			ON CONFLICT (room, participant) DO UPDATE SET seq = streams.seq + 1, changed = excluded.changed RETURNING participant, seq`, args...)
		if err != nil {
			return at, fmt.Errorf("numbering an event: %w", err)
		}
		for _, n := range numbers {
			at.seq[n.of] = n.seq
		}
	}
	return at, nil
}

type number struct {
	of  protocol.ParticipantID
	seq int64
}

func scanNumber(r row) (number, error) {
	var n number
	err := r.Scan(&n.of, &n.seq)
	return n, err
}

// text is the event as its reader gets it.
func (l letter) text(seq int64) (string, error) {
	e := l.event
	e.Seq, e.Time, e.Stream = seq, rounded(e.Time), protocol.PersonalStream
	if l.to == roomStream {
		e.Stream = protocol.RoomStream
	}
	text, err := e.JSON()
	return string(text), err
}
