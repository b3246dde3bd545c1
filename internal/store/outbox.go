package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// roomStream is the participant of the stream that everybody in a room reads.
const roomStream protocol.ParticipantID = ""

// Committed wakes up whoever announces events: a value is there after a commit
// that wrote some. Several commits may be one value.
func (db *DB) Committed() <-chan struct{} { return db.committed }

// Outgoing returns committed events with an id greater than after that are
// not announced yet, in the order of their commits.
func (db *DB) Outgoing(ctx context.Context, after int64, limit int) ([]Outgoing, error) {
	events, err := list(ctx, db.engine.Reader(), scanOutgoing,
		`SELECT id, room, participant, event FROM outbox WHERE id > $1 ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return events, nil
}

// Announced removes the events up to and including the id upTo.
func (db *DB) Announced(ctx context.Context, upTo int64) error {
	return db.update(ctx, "clearing the outbox", func(ctx context.Context, c *change) error {
		_, err := c.exec(ctx, `DELETE FROM outbox WHERE id <= $1`, upTo)
		return err
	})
}

func scanOutgoing(r row) (Outgoing, error) {
	var o Outgoing
	err := r.Scan(&o.ID, &o.Room, &o.Participant, jsonColumn{&o.Event})
	return o, err
}

// emit gives the event the next number of its stream and writes it to the
// outbox. It returns that number and the outbox id. The id comes from a counter
// row and not from the database's own sequence, because such a sequence may
// hand out numbers in another order than that of the commits.
func (c *change) emit(ctx context.Context, room protocol.RoomID, participant protocol.ParticipantID, e protocol.Event) (seq, id int64, err error) {
	err = c.QueryRowContext(ctx, `INSERT INTO streams (room, participant, seq, horizon) VALUES ($1, $2, 1, 0)
		ON CONFLICT (room, participant) DO UPDATE SET seq = streams.seq + 1 RETURNING seq`, room, participant).Scan(&seq)
	if err != nil {
		return 0, 0, fmt.Errorf("numbering an event: %w", err)
	}
	err = c.QueryRowContext(ctx, `UPDATE counters SET value = value + 1 WHERE name = 'outbox' RETURNING value`).Scan(&id)
	if err != nil {
		return 0, 0, fmt.Errorf("numbering the outbox: %w", err)
	}
	e.Seq, e.Time, e.Stream = seq, rounded(e.Time), protocol.PersonalStream
	if participant == roomStream {
		e.Stream = protocol.RoomStream
	}
	text, err := e.JSON()
	if err != nil {
		return 0, 0, fmt.Errorf("writing an event: %w", err)
	}
	_, err = c.exec(ctx, `INSERT INTO outbox (id, room, participant, event) VALUES ($1, $2, $3, $4)`,
		id, room, participant, string(text))
	if err != nil {
		return 0, 0, fmt.Errorf("writing an event: %w", err)
	}
	c.emitted = true
	return seq, id, nil
}

// place is where an event about shares stands.
type place struct {
	seq     map[protocol.ParticipantID]int64 // by stream
	changed int64                            // among all changes
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
	at := place{seq: make(map[protocol.ParticipantID]int64)}
	for _, viewer := range streamsOf(shares[0]) {
		if _, done := at.seq[viewer]; done {
			continue
		}
		e := protocol.Event{Type: what, Time: now, Shares: make([]protocol.Share, len(shares))}
		for i, share := range shares {
			e.Shares[i] = share.For(viewer)
		}
		seq, id, err := c.emit(ctx, shares[0].Room, viewer, e)
		if err != nil {
			return at, err
		}
		at.seq[viewer] = seq
		if at.changed == 0 {
			at.changed = id
		}
	}
	return at, nil
}

// streamsOf returns the streams that may see the share, perhaps twice.
func streamsOf(s Share) []protocol.ParticipantID {
	if s.To.Room {
		return []protocol.ParticipantID{roomStream}
	}
	return append([]protocol.ParticipantID{s.Sender.ID}, s.To.List...)
}
