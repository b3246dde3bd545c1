package share

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/handout-rtc/handout/internal/filetype"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// house is a room as whoever offers something there finds it: its rules, and the
// server's limits by them.
type house struct {
	protocol.Rules
	limits protocol.Limits
}

// types are what may be shared in it.
func (h house) types() filetype.Lists { return filetype.Lists{Allow: h.Allow, Deny: h.Deny} }

// quota is the house's. What is made by it is refused if the rules change meanwhile.
func (s *Service) quota(h house) store.Quota {
	q := s.Quota.With(h.limits)
	q.RulesRev = h.Rev
	return q
}

// maxKnownRules bounds how many rooms' rules are remembered.
const maxKnownRules = 20_000

// rulebook remembers the rules of rooms, so that nobody reads them for each file. It
// may be wrong: the store holds every new share against the revision.
type rulebook struct {
	mu   sync.Mutex
	byID map[protocol.RoomID]protocol.Rules // guarded by mu
}

func (b *rulebook) look(id protocol.RoomID) (protocol.Rules, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	rules, known := b.byID[id]
	return rules, known
}

func (b *rulebook) note(id protocol.RoomID, rules protocol.Rules) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID == nil || len(b.byID) >= maxKnownRules {
		b.byID = make(map[protocol.RoomID]protocol.Rules)
	}
	b.byID[id] = rules
}

// RulesChanged has the rules of a room read anew.
func (s *Service) RulesChanged(id protocol.RoomID) {
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	delete(s.rules.byID, id)
}

// house returns the room as it is now, as far as is known.
func (s *Service) house(ctx context.Context, id protocol.RoomID) (house, error) {
	rules, known := s.rules.look(id)
	if !known {
		room, err := s.Moderation.Room(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			return house{}, protocol.NewError(protocol.CodeRoomNotFound, "there is no such room")
		}
		if err != nil {
			return house{}, fmt.Errorf("reading the rules of a room: %w", err)
		}
		rules = room.Rules
		s.rules.note(id, rules)
	}
	return house{rules, rules.Within(s.Limits)}, nil
}

// LimitsIn returns the limits that hold in a room: the server's, by the room's rules
// as far as they are known. It fails with CodeRoomNotFound.
func (s *Service) LimitsIn(ctx context.Context, id protocol.RoomID) (protocol.Limits, error) {
	h, err := s.house(ctx, id)
	return h.limits, err
}

// inHouse runs do in the room as it is, and again if its rules have changed until
// something is made by them.
func (s *Service) inHouse(ctx context.Context, id protocol.RoomID, do func(house) error) error {
	for {
		h, err := s.house(ctx, id)
		if err != nil {
			return err
		}
		if err := do(h); !errors.Is(err, store.ErrStaleRules) {
			return err
		}
		s.RulesChanged(id)
	}
}

// Vet returns nil if a file may be shared in its room that begins with head, which is
// all of a file that is shorter than upload.HeadBytes; else CodeTypeNotAllowed. It goes
// by the rules of now.
func (s *Service) Vet(ctx context.Context, record store.Share, head []byte) error {
	h, err := s.house(ctx, record.Room)
	if err != nil {
		return err
	}
	return h.types().Found(record.Name, record.Type, head)
}
