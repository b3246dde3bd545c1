package room

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Entrant is who wants to come in, as its credential says.
type Entrant struct {
	App     string // the application that vouches for it
	Room    protocol.RoomID
	ID      protocol.ParticipantID
	Name    string
	Role    string
	UserRef string
	Data    json.RawMessage
	Grants  []string
}

// Join puts the entrant on the connection, and on the roster if it is not there
// yet. A connection that it was on before ends as replaced. It fails with
// CodeRoomNotFound, CodeRoomEnded, CodeForbidden for who was dropped, and
// CodeRoomFull.
func (s *Service) Join(ctx context.Context, e Entrant, connection string) (protocol.Welcome, error) {
	room, err := s.room(ctx, e.App, e.Room)
	if err != nil {
		return protocol.Welcome{}, err
	}
	now := s.Now()
	previous, err := s.Records.Join(ctx, e.member(connection), s.Limits.ParticipantsPerRoom, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return protocol.Welcome{}, notFound()
	case err != nil:
		return protocol.Welcome{}, fmt.Errorf("joining room: %w", err)
	}
	if previous != "" && previous != connection {
		s.Push.Disconnect(e.Room, e.ID, previous, protocol.CloseReplaced)
	}
	me, err := s.Records.Member(ctx, e.Room, e.ID) // since when it is here
	if err != nil {
		// Undo: nobody will say that this connection ended. Being away is
		// noted even if the entrant has hung up.
		return protocol.Welcome{}, errors.Join(
			fmt.Errorf("reading who joined: %w", err), s.Away(context.WithoutCancel(ctx), e.Room, e.ID, connection))
	}
	s.Log.Info("participant connected", "room", e.Room, "participant", e.ID, "replaced", previous != "")
	return protocol.Welcome{
		Me:     me.Participant,
		Room:   protocol.RoomInfo{ID: room.ID, Name: room.Name, Settings: room.Settings, Data: room.Data, Sharing: room.Sharing, Rules: room.Rules},
		Limits: room.Rules.Within(s.Limits),
	}, nil
}

func (e Entrant) member(connection string) store.Member {
	return store.Member{
		Participant: protocol.Participant{
			ID: e.ID, Name: e.Name, Role: e.Role, UserRef: e.UserRef, Grants: e.Grants, Data: e.Data,
		},
		Room: e.Room, Connection: connection,
	}
}

// Away notes that the connection has ended: the participant stays on the roster
// for the grace. It does nothing if the participant is on another by now.
func (s *Service) Away(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID, connection string) error {
	if err := s.Records.Away(ctx, room, id, connection, s.Now()); err != nil {
		return fmt.Errorf("noting an absence: %w", err)
	}
	return nil
}

// Leave takes the participant off the roster and ends its connection. Who is
// not there has left already.
func (s *Service) Leave(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) error {
	connection, err := s.Records.Leave(ctx, room, id, s.Now())
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("leaving room: %w", err)
	}
	s.Push.Disconnect(room, id, connection, protocol.CloseLeft)
	s.Log.Info("participant left", "room", room, "participant", id)
	return nil
}

// Drop is Leave for good: the participant's tokens admit it no more, whether it
// is here now or not.
func (s *Service) Drop(ctx context.Context, room protocol.RoomID, id protocol.ParticipantID) error {
	if !id.Valid() {
		return protocol.NewError(protocol.CodeInvalidRequest, "not a participant id")
	}
	connection, err := s.Records.Drop(ctx, room, id, s.MaxDropped, s.Now())
	s.admitted.forget() // before the transfers are cut off: none begins after that
	if err != nil {
		return fmt.Errorf("dropping participant: %w", err)
	}
	if connection != "" {
		s.Push.Disconnect(room, id, connection, protocol.CloseDropped)
	}
	if err := s.Dropped(ctx, room, id); err != nil {
		return fmt.Errorf("ending the transfers of who was dropped: %w", err)
	}
	s.Log.Info("participant dropped", "room", room, "participant", id)
	return nil
}

// Roster returns who is in the room, who is away for a moment included, in the
// order of joining. It is never nil.
func (s *Service) Roster(ctx context.Context, room protocol.RoomID) ([]protocol.Participant, error) {
	members, err := s.Records.Members(ctx, room)
	if err != nil {
		return nil, fmt.Errorf("reading the roster: %w", err)
	}
	roster := make([]protocol.Participant, len(members))
	for i, m := range members {
		roster[i] = m.Participant
	}
	return roster, nil
}
