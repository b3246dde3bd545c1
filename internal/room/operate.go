package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const (
	// MaxOwnerRefBytes bounds the application's own name of a room's owner.
	MaxOwnerRefBytes = 256
	// MaxJSONBytes bounds a room's settings, and its data.
	MaxJSONBytes = 16 << 10
)

// Details is what an application says of its room.
type Details struct {
	Name     string
	OwnerRef string
	Settings json.RawMessage // kept verbatim; may be nil
	Data     json.RawMessage // kept verbatim; may be nil
	// Rules are laid down for a new room; those of one that is there are SetRules's to
	// change.
	Rules protocol.Rules
}

// clean returns the details as they are kept.
func (d Details) clean() (Details, error) {
	d.Name = protocol.CleanDisplayName(d.Name)
	switch {
	case d.Name == "":
		return d, invalid("a room needs a name")
	case len(d.OwnerRef) > MaxOwnerRefBytes || !utf8.ValidString(d.OwnerRef):
		return d, invalid(fmt.Sprintf("the owner's reference must be text of at most %d bytes", MaxOwnerRefBytes))
	}
	for _, value := range []json.RawMessage{d.Settings, d.Data} {
		if len(value) > MaxJSONBytes || value != nil && !json.Valid(value) {
			return d, invalid(fmt.Sprintf("settings and data must be JSON of at most %d bytes", MaxJSONBytes))
		}
	}
	return d, nil
}

// Create makes a room of the application.
func (s *Service) Create(ctx context.Context, app string, d Details) (store.Room, error) {
	d, err := d.clean()
	if err != nil {
		return store.Room{}, err
	}
	room := store.Room{
		ID: protocol.NewRoomID(), App: app, Name: d.Name, OwnerRef: d.OwnerRef,
		Settings: d.Settings, Data: d.Data, CreatedAt: s.Now(), Rules: d.Rules,
	}
	if !d.Rules.None() {
		room.Rules.Rev = 1
	}
	if err := s.Records.CreateRoom(ctx, room, s.MaxRooms); err != nil {
		return store.Room{}, fmt.Errorf("creating room: %w", err)
	}
	s.Log.Info("room created", "room", room.ID, "app", app)
	return room, nil
}

// Get returns a room of the application that has not ended. Another
// application's room is CodeRoomNotFound, as one that never was.
func (s *Service) Get(ctx context.Context, app string, id protocol.RoomID) (store.Room, error) {
	room, err := s.room(ctx, app, id)
	if err == nil && !room.EndedAt.IsZero() {
		err = notFound()
	}
	return room, err
}

// List returns the application's rooms that have not ended, newest first.
func (s *Service) List(ctx context.Context, app string) ([]store.Room, error) {
	rooms, err := s.Records.Rooms(ctx, app)
	if err != nil {
		return nil, fmt.Errorf("listing rooms: %w", err)
	}
	return rooms, nil
}

// Update replaces what the application says of its room.
func (s *Service) Update(ctx context.Context, app string, id protocol.RoomID, d Details) (store.Room, error) {
	d, err := d.clean()
	if err != nil {
		return store.Room{}, err
	}
	room, err := s.Get(ctx, app, id)
	if err != nil {
		return store.Room{}, err
	}
	room.Name, room.OwnerRef, room.Settings, room.Data = d.Name, d.OwnerRef, d.Settings, d.Data
	switch err := s.Records.UpdateRoom(ctx, room); {
	case errors.Is(err, store.ErrNotFound):
		return store.Room{}, notFound()
	case err != nil:
		return store.Room{}, fmt.Errorf("updating room: %w", err)
	}
	return room, nil
}

// End ends a room for good. Its participants hear of it by an event, and whoever
// announces that ends their connections.
func (s *Service) End(ctx context.Context, app string, id protocol.RoomID) error {
	if _, err := s.Get(ctx, app, id); err != nil {
		return err
	}
	err := s.Records.EndRoom(ctx, id, s.Now())
	s.admitted.forget()
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("ending room: %w", err)
	}
	s.Log.Info("room ended", "room", id, "app", app)
	return nil
}

// room returns a room of the application, ended or not.
func (s *Service) room(ctx context.Context, app string, id protocol.RoomID) (store.Room, error) {
	room, err := s.Records.Room(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && room.App != app:
		return store.Room{}, notFound()
	case err != nil:
		return store.Room{}, fmt.Errorf("finding room: %w", err)
	}
	return room, nil
}

func notFound() error {
	return protocol.NewError(protocol.CodeRoomNotFound, "there is no such room")
}

func invalid(message string) error {
	return protocol.NewError(protocol.CodeInvalidRequest, message)
}
