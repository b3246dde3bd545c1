package signal

import (
	"bytes"
	"context"
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
	// Outgoing returns events with an id greater than after, in commit order.
	Outgoing(ctx context.Context, after int64, limit int) ([]store.Outgoing, error)
	// Announced forgets the events up to and including upTo.
	Announced(ctx context.Context, upTo int64) error
}

const (
	announceBatch = 500
	// lookAgain is when a wake-up is believed lost, or a failure over.
	lookAgain = 2 * time.Second
)

// Announcer carries committed events from the outbox to the streams: each at
// least once, in the order of their commits. There is one at a time.
type Announcer struct {
	Outbox Outbox
	Edge   *Edge
	// Announced hears the type of each event that was published; nil means that
	// nobody counts.
	Announced func(protocol.EventType)
	// Log is required.
	Log *slog.Logger

	after   int64 // the last event that this Announcer published
	cleared int64 // the last one that the outbox was told of
}

// Run announces until ctx ends. What fails is tried again.
func (a *Announcer) Run(ctx context.Context) {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		if err := a.drain(ctx); err != nil && ctx.Err() == nil {
			a.Log.Error("announcing failed", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.Outbox.Committed():
		case <-again.C:
		}
	}
}

// drain announces what there is.
func (a *Announcer) drain(ctx context.Context) error {
	for {
		events, err := a.Outbox.Outgoing(ctx, a.after, announceBatch)
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		if err := a.announce(events); err != nil {
			return err
		}
		if a.cleared < a.after { // also what failed to be cleared last time
			crash.At(crash.EventPublished)
			if err := a.Outbox.Announced(ctx, a.after); err != nil {
				return fmt.Errorf("clearing the outbox: %w", err)
			}
			a.cleared = a.after
			crash.At(crash.EventsCleared)
		}
		if len(events) == 0 {
			return nil
		}
	}
}

func (a *Announcer) announce(events []store.Outgoing) error {
	for _, event := range events {
		crash.At(crash.EventTaken)
		if err := a.Edge.announce(event.Room, event.Participant, event.Event); err != nil {
			return err
		}
		a.after = event.ID
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
