package server

import (
	"net/http"
	"strings"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// claims returns what the request's bearer token says, once it verifies and
// its bearer may still be in its room.
func (s *Server) claims(r *http.Request) (token.Claims, error) {
	scheme, credential, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || credential == "" {
		return token.Claims{}, protocol.NewError(protocol.CodeUnauthenticated, "a bearer token is required")
	}
	claims, err := s.tokens.Verify(strings.TrimSpace(credential), s.now())
	if err != nil {
		return token.Claims{}, err
	}
	if err := s.Rooms.Admit(r.Context(), claims.App, claims.Room, claims.Participant); err != nil {
		return token.Claims{}, err
	}
	return claims, nil
}

// caller returns the participant who asks. A room in the address must be the
// token's: another one answers alike whether it exists or not.
func (s *Server) caller(r *http.Request) (share.Caller, error) {
	claims, err := s.claims(r)
	if err != nil {
		return share.Caller{}, err
	}
	if room := r.PathValue("room"); room != "" && room != string(claims.Room) {
		return share.Caller{}, protocol.NewError(protocol.CodeUnauthenticated, "the token is for another room")
	}
	caller := share.Caller{
		Room:      claims.Room,
		ID:        claims.Participant,
		Name:      claims.Name,
		Send:      claims.Grants.Send,
		Receive:   claims.Grants.Receive,
		SendToAll: claims.Grants.SendToAll,
		Moderate:  claims.Grants.Moderate,
		Role:      protocol.SharingRole(string(claims.Role), claims.Grants.Moderate),
	}
	return caller, s.asking.byCaller(s.now(), caller)
}

// sharer returns who asks for what is shared: a participant by its token or, by App
// ID and App Key, the application that the room is of.
func (s *Server) sharer(r *http.Request) (share.Caller, error) {
	if _, _, basic := r.BasicAuth(); basic {
		return s.application(r)
	}
	return s.caller(r)
}

// participant wraps a handler that a participant of the room calls.
func (s *Server) participant(handle func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	return s.asked(s.caller, handle)
}

// shared wraps a handler that the application of the room may call too.
func (s *Server) shared(handle func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	return s.asked(s.sharer, handle)
}

func (s *Server) asked(by func(*http.Request) (share.Caller, error), handle func(http.ResponseWriter, *http.Request, share.Caller) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := by(r)
		if err == nil {
			err = handle(w, acting(r, string(caller.ID)), caller)
		}
		if err != nil {
			s.fail(w, r, err)
		}
	})
}

// acting returns the request with who makes it, for the audit log.
func acting(r *http.Request, who string) *http.Request {
	return r.WithContext(store.By(r.Context(), who))
}
