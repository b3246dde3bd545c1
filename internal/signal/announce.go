package signal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/handout-rtc/handout/internal/crash"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Outbox is what an Announcer needs of the store.
type Outbox interface {
	// Committed has a value after a commit that wrote events.
	Committed() <-chan struct{}
	// Touched returns the rooms that this process has written events for since it
	// was called last.
	Touched() []protocol.RoomID
	// Waiting returns rooms with events, whoever wrote them, and the first id of each.
	Waiting(ctx context.Context, limit int) (map[protocol.RoomID]int64, error)
	// Outgoing returns events of a room with an id greater than after, in commit order.
	Outgoing(ctx context.Context, room protocol.RoomID, after int64, limit int) ([]store.Outgoing, error)
	// Announced forgets the events of each room up to and including an id.
	Announced(ctx context.Context, upTo map[protocol.RoomID]int64) error
}

const (
	announceBatch = 500
	// clearTogether bounds the rooms whose events are forgotten in one change.
	clearTogether = 100
	// lookAgain is how often the outbox is looked into for what nobody was woken for.
	lookAgain = time.Second
	// mostWaiting bounds the rooms that one look finds.
	mostWaiting = 1000
)

// Announcer carries committed events from the outbox to the streams: each at least
// once, and those of a room in the order of their commits. Each node has one, and
// announces what it commits itself; it takes what others have left, as when they have
// died, after it has seen it lie there twice. When two carry the same event it comes
// twice, and none comes before those that were committed before it: each begins with
// the oldest that there is.
type Announcer struct {
	Outbox Outbox
	Edge   *Edge
	// Announced hears the type of each event that was published; nil means that
	// nobody counts.
	Announced func(protocol.EventType)
	// Log is required.
	Log *slog.Logger

	done map[protocol.RoomID]int64 // what is published and not cleared yet, up to that id
	lay  map[protocol.RoomID]int64 // what lay in the outbox at the last look
}

// Run announces until ctx ends. What fails is tried again.
func (a *Announcer) Run(ctx context.Context) {
	a.done = make(map[protocol.RoomID]int64)
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	a.report(ctx, a.drainLeft(ctx, func(protocol.RoomID, int64) bool { return true }))
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.Outbox.Committed():
			a.report(ctx, a.drain(ctx, a.Outbox.Touched()))
		case <-again.C:
			lay := a.lay
			a.report(ctx, a.drainLeft(ctx, func(room protocol.RoomID, first int64) bool { return lay[room] == first }))
		}
	}
}

func (a *Announcer) report(ctx context.Context, err error) {
	if err != nil && ctx.Err() == nil {
		a.Log.Error("announcing failed", "err", err)
	}
}

// drainLeft announces what lies in the outbox of the rooms that left picks by the
// first id there.
func (a *Announcer) drainLeft(ctx context.Context, left func(protocol.RoomID, int64) bool) error {
	waiting, err := a.Outbox.Waiting(ctx, mostWaiting)
	if err != nil {
		return fmt.Errorf("looking for what is left: %w", err)
	}
	a.lay = waiting
	var rooms []protocol.RoomID
	for room, first := range waiting {
		if left(room, first) {
			rooms = append(rooms, room)
		}
	}
	return a.drain(ctx, rooms)
}

// drain announces what there is of the rooms. The failure of one room keeps no other
// from being told.
func (a *Announcer) drain(ctx context.Context, rooms []protocol.RoomID) error {
	var errs []error
	for _, room := range rooms {
		if err := a.drainRoom(ctx, room); err != nil {
			errs = append(errs, err)
		}
		if len(a.done) >= clearTogether {
			errs = append(errs, a.clear(ctx))
		}
	}
	return errors.Join(append(errs, a.clear(ctx))...)
}

func (a *Announcer) drainRoom(ctx context.Context, room protocol.RoomID) error {
	for {
		events, err := a.Outbox.Outgoing(ctx, room, a.done[room], announceBatch)
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		if err := a.announce(events); err != nil {
			return err
		}
		if len(events) < announceBatch {
			return nil
		}
	}
}

// clear has the outbox forget what is published, also what failed to be cleared
// before.
func (a *Announcer) clear(ctx context.Context) error {
	if len(a.done) == 0 {
		return nil
	}
	crash.At(crash.EventPublished)
	if err := a.Outbox.Announced(ctx, a.done); err != nil {
		return fmt.Errorf("clearing the outbox: %w", err)
	}
	clear(a.done)
	crash.At(crash.EventsCleared)
	return nil
}

func (a *Announcer) announce(events []store.Outgoing) error {
	for _, event := range events {
		crash.At(crash.EventTaken)
		if err := a.Edge.announce(event.Room, event.Participant, event.Event); err != nil {
			return err
		}
		a.done[event.Room] = event.ID
		if a.Announced != nil {
			a.Announced(typeOf(event.Event))
		}
		if endsRoom(event) {
			a.Edge.DisconnectRoom(event.Room, protocol.CloseRoomEnded)
		}
	}
	return nil
}

// typeOf returns the type of an event, which its JSON begins with: to read all of
// it would cost more than to send it.
func typeOf(event []byte) protocol.EventType {
	rest, _ := bytes.CutPrefix(event, []byte(`{"type":"`))
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return protocol.EventType(name)
}

func endsRoom(event store.Outgoing) bool {
	if event.Participant != "" { // everybody is told of it
		return false
	}
	return typeOf(event.Event) == protocol.RoomEnded
}
