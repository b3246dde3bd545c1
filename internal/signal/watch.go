package signal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Records is what an Edge of a cluster needs of the store, to hold its connections
// against.
type Records interface {
	// Look returns how far rooms have come; one that is gone is not among them.
	Look(ctx context.Context, rooms []protocol.RoomID) ([]store.RoomHead, error)
	// Heads returns how far those streams have come that tell of a change after the one
	// that stands with their room.
	Heads(ctx context.Context, after map[protocol.RoomID]int64) ([]store.StreamHead, error)
	// Places returns who is in rooms, and on which connections.
	Places(ctx context.Context, rooms []protocol.RoomID) ([]store.Place, error)
	// Dropped reports whether a participant was removed from a room for good.
	Dropped(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) (bool, error)
	// Connected returns how many participants of a room are on a connection.
	Connected(ctx context.Context, room protocol.RoomID) (int, error)
}

// lookEvery is how often the store is looked at. What two looks have found that no
// push has brought meanwhile was lost.
const lookEvery = 1500 * time.Millisecond

// watch holds the connections of one node against the store: what was not heard of by
// Redis is told by it within two looks. It asks for one row for each room that somebody
// here is in, and for more where something has happened.
type watch struct {
	edge  *Edge
	rooms map[protocol.RoomID]store.RoomHead // as of the last look
	doubt map[string]store.StreamHead        // streams that were further than what had come, by their names
	gaps  int64                              // that the quiet connections were told of
}

// run looks until ctx ends.
func (w *watch) run(ctx context.Context) {
	w.rooms = make(map[protocol.RoomID]store.RoomHead)
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := w.look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			w.edge.Log.Error("holding the connections against the store failed", "err", err)
		}
		failing = err != nil
	}
}

// look looks once.
func (w *watch) look(ctx context.Context) error {
	here := w.edge.open()
	rooms := make([]protocol.RoomID, 0, len(here))
	for room := range here {
		rooms = append(rooms, room)
	}
	heads, err := w.edge.Records.Look(ctx, rooms)
	if err != nil {
		return err
	}
	now := make(map[protocol.RoomID]store.RoomHead, len(heads))
	moved := make(map[protocol.RoomID]int64)
	var shuffled []protocol.RoomID
	for _, head := range heads {
		now[head.Room] = head
		before := w.rooms[head.Room]
		if head.Changed > before.Changed {
			moved[head.Room] = before.Changed
		}
		if head.Roster > before.Roster || slices.ContainsFunc(here[head.Room], func(c *connection) bool { return !c.held }) {
			shuffled = append(shuffled, head.Room)
		}
	}
	for room := range here {
		if head, known := now[room]; !known || head.Ended {
			w.edge.DisconnectRoom(room, protocol.CloseRoomEnded)
		}
	}
	if err := w.places(ctx, shuffled, here); err != nil {
		return err
	}
	if err := w.streams(ctx, moved); err != nil {
		return err
	}
	w.rooms = now
	return nil
}

// places ends the connections that have lost their places in the rooms.
func (w *watch) places(ctx context.Context, rooms []protocol.RoomID, here map[protocol.RoomID][]*connection) error {
	if len(rooms) == 0 {
		return nil
	}
	all, err := w.edge.Records.Places(ctx, rooms)
	if err != nil {
		return err
	}
	on := make(map[store.Seat]string, len(all))
	for _, place := range all {
		on[store.Seat{Room: place.Room, ID: place.Participant}] = place.Connection
	}
	for _, room := range rooms {
		for _, c := range here[room] {
			connection, present := on[store.Seat{Room: room, ID: c.participant}]
			code, err := w.lost(ctx, c, connection, present)
			if err != nil {
				return err
			}
			if c.held = true; code != 0 {
				w.edge.disconnectHere(c.id, code)
			}
		}
	}
	return nil
}

// lost returns why a connection has lost its place to another, or to none ("") where the
// participant is present; 0 if it has not.
func (w *watch) lost(ctx context.Context, c *connection, to string, present bool) (protocol.CloseCode, error) {
	switch {
	case !present:
		dropped, err := w.edge.Records.Dropped(ctx, c.room, c.participant)
		if dropped {
			return protocol.CloseDropped, err
		}
		return protocol.CloseLeft, err
	case to == c.id:
		return 0, nil
	case to == "": // somebody believes that it has ended: it had better join again
		return protocol.CloseStopping, nil
	}
	return protocol.CloseReplaced, nil
}

// streams tells who follows a stream how far it has come, where no push may have.
func (w *watch) streams(ctx context.Context, moved map[protocol.RoomID]int64) error {
	remote := w.edge.remote
	lost := !remote.connected()
	for stream, head := range w.doubt {
		if f, here := remote.standing(stream); here && f.told < head.Seq {
			lost = lost || f.told > 0 || f.owed // and not only unknown
			if err := w.tell(stream, head); err != nil {
				return err
			}
		}
	}
	w.doubt = make(map[string]store.StreamHead)
	heads, err := w.edge.Records.Heads(ctx, moved)
	if err != nil {
		return err
	}
	connected := remote.connected()
	for _, head := range heads {
		stream := channel(head.Room, head.Participant)
		f, here := remote.standing(stream)
		switch {
		case !here || f.told >= head.Seq:
		case connected: // it may be on its way
			w.doubt[stream] = head
		default:
			if err := w.tell(stream, head); err != nil {
				return err
			}
		}
	}
	if gaps := remote.missing(); lost || gaps != w.gaps {
		w.gaps = gaps
		return w.edge.tellQuiet()
	}
	return nil
}

// tell tells those here who follow the stream how far it is.
func (w *watch) tell(stream string, head store.StreamHead) error {
	of := protocol.RoomStream
	if head.Participant != "" {
		of = protocol.PersonalStream
	}
	event, err := protocol.Event{Type: protocol.StreamMoved, Stream: of, Time: w.edge.Now().UTC(), Head: head.Seq}.JSON()
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	w.edge.remote.heard(stream, head.Seq)
	w.edge.retold.Add(1)
	return w.edge.deliver(head.Room, head.Participant, event)
}

// tellQuiet has every quiet connection of the node read again. They have no numbers by
// which they could know whether they must, and are told whatever has happened in their
// rooms: that something has, they must not know.
func (e *Edge) tellQuiet() error {
	event, err := protocol.Event{Type: protocol.StreamMoved, Stream: protocol.PersonalStream, Time: e.Now().UTC()}.JSON()
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	e.mu.Lock()
	var quiet []*connection
	for _, some := range e.quiet {
		quiet = append(quiet, some...)
	}
	e.mu.Unlock()
	for _, c := range quiet {
		if err := e.deliver(c.room, c.participant, event); err != nil {
			return err
		}
	}
	return nil
}

// open returns the connections that have joined their rooms, by room.
func (e *Edge) open() map[protocol.RoomID][]*connection {
	e.mu.Lock()
	defer e.mu.Unlock()
	here := make(map[protocol.RoomID][]*connection)
	for _, c := range e.connections {
		if c.client != nil {
			here[c.room] = append(here[c.room], c)
		}
	}
	return here
}
