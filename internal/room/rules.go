package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// SetRules lays down rules for a room: from when it returns, what is offered there goes
// by them. What is there, and what is uploading, stays. The same rules again do no harm.
func (s *Service) SetRules(ctx context.Context, id protocol.RoomID, rules protocol.Rules) (protocol.Rules, error) {
	stand, err := s.Records.SetRules(ctx, id, rules, s.Limits, s.Now())
	s.RulesChanged(id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return stand, notFound()
	case err != nil:
		return stand, fmt.Errorf("laying down rules: %w", err)
	}
	s.Log.Info("rules laid down", "room", id, "rev", stand.Rev)
	return stand, nil
}

// State returns the room for who is in it: its switch, its rules, and the limits by
// them.
func (s *Service) State(ctx context.Context, id protocol.RoomID) (store.Room, protocol.Limits, error) {
	room, err := s.Records.Room(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return room, protocol.Limits{}, notFound()
	case err != nil:
		return room, protocol.Limits{}, fmt.Errorf("finding room: %w", err)
	}
	return room, room.Rules.Within(s.Limits), nil
}
