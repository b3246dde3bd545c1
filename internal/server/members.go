package server

import (
	"net/http"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// listParticipants is GET /v1/rooms/{room}/participants.
func (s *Server) listParticipants(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	members, err := s.Rooms.Roster(r.Context(), caller.Room)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, protocol.Roster{Participants: members})
	return nil
}

// removeParticipant is DELETE /v1/rooms/{room}/participants/{id}: oneself
// leaves, anybody else is dropped by a moderator.
func (s *Server) removeParticipant(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ParticipantID(r.PathValue("id"))
	var err error
	switch {
	case id == caller.ID:
		err = s.Rooms.Leave(r.Context(), caller.Room, id)
	case caller.Moderate:
		err = s.Rooms.Drop(r.Context(), caller.Room, id)
	default:
		err = protocol.NewError(protocol.CodeForbidden, "only a moderator may remove others")
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// postMessage is POST /v1/rooms/{room}/messages.
func (s *Server) postMessage(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	var message protocol.MessageRequest
	if err := readJSON(w, r, &message); err != nil {
		return err
	}
	sender := protocol.Sender{ID: caller.ID, Name: caller.Name}
	if err := s.Rooms.Message(r.Context(), caller.Room, sender, message); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
