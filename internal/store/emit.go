package store

import (
	"context"
	"fmt"

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
	changed int64                            // among all changes
}

// emit gives the event the next number of its stream and writes it to the
// outbox. It returns that number and the outbox id.
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
		args := make([]any, 0, 4*(to-from))
		for i, l := range letters[from:to] {
			text, err := l.text(at.seq[l.to])
			if err != nil {
				return at, fmt.Errorf("writing an event: %w", err)
			}
			args = append(args, at.changed+int64(from+i), room, l.to, text)
		}
		if _, err := c.exec(ctx, `INSERT INTO outbox (id, room, participant, event) VALUES `+rows(to-from, 4, ""), args...); err != nil {
			return at, fmt.Errorf("writing an event: %w", err)
		}
	}
	c.emitted = true
	return at, nil
}

// number takes the next number of each stream, and as many ids of the outbox,
// the first of which is where the events stand. The ids come from a counter row
// and not from the database's own sequence, because such a sequence may hand out
// numbers in another order than that of the commits.
func (c *change) number(ctx context.Context, room protocol.RoomID, letters []letter) (place, error) {
	at := place{seq: make(map[protocol.ParticipantID]int64, len(letters))}
	for from, to := range portions(len(letters)) {
		args := make([]any, 0, 2*(to-from))
		for _, l := range letters[from:to] {
			args = append(args, room, l.to)
		}
		numbers, err := list(ctx, c, scanNumber, `INSERT INTO streams (room, participant, seq, horizon) VALUES `+rows(to-from, 2, ", 1, 0")+`
			ON CONFLICT (room, participant) DO UPDATE SET seq = streams.seq + 1 RETURNING participant, seq`, args...)
		if err != nil {
			return at, fmt.Errorf("numbering an event: %w", err)
		}
		for _, n := range numbers {
			at.seq[n.of] = n.seq
		}
	}
	var last int64
	err := c.QueryRowContext(ctx, `UPDATE counters SET value = value + $1 WHERE name = 'outbox' RETURNING value`, len(letters)).Scan(&last)
	if err != nil {
		return at, fmt.Errorf("numbering the outbox: %w", err)
	}
	at.changed = last - int64(len(letters)) + 1
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
