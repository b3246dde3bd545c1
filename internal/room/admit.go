package room

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Admit reports, by nil, that a credential for the room that the application
// signed for the participant still counts: else CodeRoomNotFound, CodeRoomEnded,
// or CodeUnauthenticated for who was dropped.
func (s *Service) Admit(ctx context.Context, app string, id protocol.RoomID, participant protocol.ParticipantID) error {
	return s.admit(ctx, bearer{id, participant}, func(ctx context.Context) (store.Room, error) { return s.room(ctx, app, id) }, app)
}

// Readmit is Admit for who was admitted a while ago, say by a ticket.
func (s *Service) Readmit(ctx context.Context, id protocol.RoomID, participant protocol.ParticipantID) error {
	return s.admit(ctx, bearer{id, participant}, func(ctx context.Context) (store.Room, error) {
		room, err := s.Records.Room(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return room, notFound()
		}
		if err != nil {
			return room, fmt.Errorf("finding room: %w", err)
		}
		return room, nil
	}, "")
}

// admit asks the store, unless it has said yes since anybody was dropped and any
// room ended. app is "" for any.
func (s *Service) admit(ctx context.Context, b bearer, find func(context.Context) (store.Room, error), app string) error {
	known, age := s.admitted.look(b)
	if known != "" && (app == "" || app == known) {
		return nil
	}
	room, err := find(ctx)
	if err != nil {
		return err
	}
	if !room.EndedAt.IsZero() {
		return protocol.NewError(protocol.CodeRoomEnded, "the room has ended")
	}
	dropped, err := s.Records.Dropped(ctx, b.room, b.participant)
	if err != nil {
		return fmt.Errorf("admitting participant: %w", err)
	}
	if dropped {
		return protocol.NewError(protocol.CodeUnauthenticated, "the participant was removed from the room")
	}
	s.admitted.note(b, room.App, age)
	return nil
}

// bearer is who a credential speaks of.
type bearer struct {
	room        protocol.RoomID
	participant protocol.ParticipantID
}

// maxAdmitted bounds what is remembered: a few hundred bytes each.
const maxAdmitted = 20_000

// admissions remembers who was admitted, so that the many requests of a transfer
// ask the store once. Everything that could turn a yes into a no goes through the
// Service, which forgets them all then: it is rare.
type admissions struct {
	mu  sync.Mutex
	app map[bearer]string // whose room it is; guarded by mu, as age
	age int               // counts what was forgotten
}

// look returns the application whose room the bearer was admitted to, "" for none,
// and the age to note an answer of the store with.
func (a *admissions) look(b bearer) (app string, age int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.app[b], a.age
}

// note remembers a yes that the store was asked for at that age: if anything was
// forgotten meanwhile, it may be an old one.
func (a *admissions) note(b bearer, app string, age int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.age != age {
		return
	}
	if a.app == nil || len(a.app) >= maxAdmitted {
		a.app = make(map[bearer]string)
	}
	a.app[b] = app
}

// AskAgain has everybody's admission asked of the store again: another node of the
// cluster may have dropped somebody, or ended a room.
func (s *Service) AskAgain() { s.admitted.forget() }

func (a *admissions) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.age++
	a.app = nil
}
