package signal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
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
	// DropOutgoing forgets the events that were written before.
	DropOutgoing(ctx context.Context, before time.Time) error
}

const (
	announceBatch = 500
	// clearTogether bounds the rooms whose events are forgotten in one change.
	clearTogether = 100
	// lookAgain is how often the outbox is looked into for what nobody was woken for.
	lookAgain = time.Second
	// mostWaiting bounds the rooms that one look finds.
	mostWaiting = 1000
	// atOnce bounds what is under way to Redis.
	atOnce = 32
	// heldFor is how long events wait for Redis to be back. Participants are told of
	// them meanwhile, as watch says, so what is older is of no use to anybody.
	heldFor = 30 * time.Second
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

	lay map[protocol.RoomID]int64 // what lay in the outbox at the last look

	mu   sync.Mutex
	done map[protocol.RoomID]int64 // guarded by mu; what is published and not cleared yet, up to that id
}

// Run announces until ctx ends. What fails is tried again.
func (a *Announcer) Run(ctx context.Context) {
	a.done = make(map[protocol.RoomID]int64)
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	a.report(ctx, a.drainLeft(ctx, nil))
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.Outbox.Committed():
			a.report(ctx, a.drain(ctx, a.Outbox.Touched()))
		case <-a.Edge.redisBack():
			a.report(ctx, a.drainLeft(ctx, nil))
		case <-again.C:
			a.report(ctx, a.drainLeft(ctx, a.lay))
		}
	}
}

func (a *Announcer) report(ctx context.Context, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, errAway) { // which the Edge says
		return
	}
	a.Log.Error("announcing failed", "err", err)
}

// drainLeft announces what lies in the outbox and lay there before, or, if that is nil,
// all of it.
func (a *Announcer) drainLeft(ctx context.Context, before map[protocol.RoomID]int64) error {
	if a.Edge.away() {
		return a.Outbox.DropOutgoing(ctx, a.Edge.Now().Add(-heldFor))
	}
	waiting, err := a.Outbox.Waiting(ctx, mostWaiting)
	if err != nil {
		return fmt.Errorf("looking for what is left: %w", err)
	}
	a.lay = waiting
	var rooms []protocol.RoomID // in no order, so that several nodes begin in different places
	for room, first := range waiting {
		if before == nil || before[room] == first {
			rooms = append(rooms, room)
		}
	}
	return a.drain(ctx, rooms)
}

// drain announces what there is of the rooms. The failure of one room keeps no other
// from being told.
func (a *Announcer) drain(ctx context.Context, rooms []protocol.RoomID) error {
	if a.Edge.away() {
		return nil
	}
	var errs []error
	for some := range slices.Chunk(rooms, clearTogether) {
		errs = append(errs, a.several(len(some), func(i int) error { return a.drainRoom(ctx, some[i]) }), a.clear(ctx))
	}
	return errors.Join(append(errs, a.clear(ctx))...)
}

// several calls do with 0 to n-1: one after the other where nothing is waited for, and
// several at once where each waits for Redis.
func (a *Announcer) several(n int, do func(int) error) error {
	errs := make([]error, n)
	if a.Edge.remote == nil || n == 1 {
		for i := range n {
			errs[i] = do(i)
		}
		return errors.Join(errs...)
	}
	var group sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for i := range n {
		turns <- struct{}{}
		group.Go(func() {
			errs[i] = do(i)
			<-turns
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

func (a *Announcer) drainRoom(ctx context.Context, room protocol.RoomID) error {
	a.mu.Lock()
	upTo := a.done[room]
	a.mu.Unlock()
	for {
		events, err := a.Outbox.Outgoing(ctx, room, upTo, announceBatch)
		if err != nil {
			return fmt.Errorf("reading the outbox: %w", err)
		}
		last := len(events) < announceBatch
		for len(events) > 0 {
			together := apart(events)
			if err := a.several(together, func(i int) error { return a.announce(events[i]) }); err != nil {
				return err
			}
			upTo = events[together-1].ID
			a.mu.Lock()
			a.done[room] = upTo
			a.mu.Unlock()
			events = events[together:]
		}
		if last {
			return nil
		}
	}
}

// apart returns how many of the first events are each of another stream: between those
// there is no order.
func apart(events []store.Outgoing) int {
	if len(events) == 1 {
		return 1
	}
	seen := make(map[protocol.ParticipantID]bool)
	for i, event := range events {
		if seen[event.Participant] {
			return i
		}
		seen[event.Participant] = true
	}
	return len(events)
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

func (a *Announcer) announce(event store.Outgoing) error {
	crash.At(crash.EventTaken)
	if err := a.Edge.publish(event.Room, event.Participant, event.Event); err != nil {
		return err
	}
	if a.Announced != nil {
		a.Announced(typeOf(event.Event))
	}
	return nil
}
