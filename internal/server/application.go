package server

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// The application at the addresses of shares: it stands in one of its rooms, as one
// who may see all, and says in the query what a participant's token says of itself.

// application returns the application that the credentials are of, in the room that
// the address means. A room of another application, and what is shared there, answer
// as what does not exist.
func (s *Server) application(r *http.Request) (share.Caller, error) {
	app, ok := s.authenticate(r)
	if !ok {
		return share.Caller{}, protocol.NewError(protocol.CodeUnauthenticated, "App ID or App Key is wrong")
	}
	room, missing, err := s.roomMeant(r)
	if err != nil {
		return share.Caller{}, err
	}
	found, err := s.Rooms.Get(r.Context(), app, room)
	if protocol.CodeOf(err) == protocol.CodeRoomNotFound {
		return share.Caller{}, missing
	}
	if err != nil {
		return share.Caller{}, err
	}
	caller := share.AsOperator(found.ID, senderName(r.URL.Query().Get("senderName"), app))
	return caller, s.asking.byCaller(s.now(), caller)
}

// roomMeant returns the room that a request of the application is about, by its
// address or its query, and what to answer if the application has none such.
func (s *Server) roomMeant(r *http.Request) (room protocol.RoomID, missing, err error) {
	missing = protocol.NewError(protocol.CodeRoomNotFound, "there is no such room")
	if id := shareID(r); id != "" {
		room, err = s.Shares.RoomOf(r.Context(), id)
		return room, protocol.NewError(protocol.CodeShareNotFound, "there is no such share"), err
	}
	if room = protocol.RoomID(r.PathValue("room")); room != "" {
		return room, missing, nil
	}
	if room = protocol.RoomID(r.URL.Query().Get("room")); room == "" {
		err = protocol.NewError(protocol.CodeInvalidRequest, `the application names the room: "?room=rm_…"`)
	}
	return room, missing, err
}

// senderName is what participants see of the sender: the name that the application
// gives, or else its App ID.
func senderName(given, app string) string {
	if name := protocol.CleanDisplayName(given); name != "" {
		return name
	}
	return app
}

// recipients returns for whom an upload is: by the query, which has "to" and, for the
// application, "userRef", each as often as needed; or else as the dialect says.
func recipients(caller share.Caller, query url.Values, said protocol.Audience) (to protocol.Audience, refs []string) {
	if !caller.Operator || !query.Has("to") && !query.Has("userRef") {
		return said, nil
	}
	if query.Has("to") {
		to = audienceOf(map[string]string{"to": strings.Join(query["to"], ",")})
	}
	return to, query["userRef"]
}

// listForApplication is GET /v1/rooms/{room}/shares by the application: all that is
// remembered there, ended or not, by id.
func (s *Server) listForApplication(w http.ResponseWriter, r *http.Request, caller share.Caller) error {
	shares, more, err := s.Shares.In(r.Context(), caller.Room, protocol.ShareID(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, protocol.ShareList{Shares: shares, More: more})
	return nil
}

// isPush reports whether the request is the application's, of a whole file as its
// body and with nothing of a dialect: a creation that is complete with its end.
func isPush(r *http.Request) bool {
	_, _, basic := r.BasicAuth()
	return basic && r.Method == http.MethodPost &&
		r.Header.Get("Tus-Resumable")+r.Header.Get(interopHeader) == "" && len(r.Header.Values("Upload-Complete")) == 0
}
