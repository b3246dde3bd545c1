package server

import (
	"net/http"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// listParticipants is GET /v1/rooms/{room}/participants.
func (s *Server) listParticipants(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	members, err := s.Rooms.Roster(r.Context(), caller.Room)
	if err != nil {
		return err
	}
	state, limits, err := s.Rooms.State(r.Context(), caller.Room)
	if err != nil {
		return err
	}
	roster := protocol.Roster{Participants: members, Sharing: state.Sharing, Rules: state.Rules}
	if state.Rules.Rev > 0 {
		roster.Limits = limits
	}
	writeJSON(w, http.StatusOK, roster)
	return nil
}

// removeParticipant is DELETE /v1/rooms/{room}/participants/{id}: oneself
// leaves, anybody else is dropped by a moderator.
func (s *Server) removeParticipant(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ParticipantID(r.PathValue("id"))
	verb, remove := room.Drop, s.Rooms.Drop
	if id == caller.ID {
		verb, remove = room.Leave, s.Rooms.Leave
	}
	if err := room.Decide(verb, caller.Moderate, id == caller.ID); err != nil {
		return err
	}
	if err := remove(r.Context(), caller.Room, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// withdrawShares is DELETE /v1/rooms/{room}/participants/{id}/shares: all that the
// participant shares ends, and the answer tells nothing of it.
func (s *Server) withdrawShares(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	id := protocol.ParticipantID(r.PathValue("id"))
	if err := room.Decide(room.WithdrawAll, caller.Moderate, id == caller.ID); err != nil {
		return err
	}
	if err := s.Shares.WithdrawAll(r.Context(), caller, id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// switchSharing is PUT /v1/rooms/{room}/sharing.
func (s *Server) switchSharing(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	if err := room.Decide(room.SwitchSharing, caller.Moderate, false); err != nil {
		return err
	}
	var to protocol.SharingSwitch
	if err := readJSON(w, r, &to); err != nil {
		return err
	}
	sharing, err := s.Rooms.SwitchSharing(r.Context(), caller.Room, to)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, sharing)
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
