package server

import (
	"context"
	"errors"
	"io"
	"net/http"

	"golang.org/x/sync/singleflight"
	"golang.org/x/text/cases"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// sampleApp is the application of the sample back end.
const sampleApp = "dev"

// sampleAPI is a back end to try things out with: what EnxRoom's sample
// applications bring along themselves, and what our page asks for. It hands a
// token to anyone, so it is served in development alone.
type sampleAPI struct {
	operatorAPI
	// opening lets one request at a time look for, or make, a room of a name.
	opening singleflight.Group
}

func (s *sampleAPI) routes(mux *addresses) {
	for _, end := range []string{"", "/{$}"} {
		mux.Handle("POST /api/create-room"+end, s.answer(s.createSampleRoom))
		mux.Handle("POST /api/room/multi"+end, s.answer(s.createSampleRoom))
		mux.Handle("GET /api/get-room/{room}"+end, s.answer(s.getSampleRoom))
		mux.Handle("POST /api/create-token"+end, s.answer(s.createSampleToken))
		mux.HandleFunc("POST /api/join"+end, s.join)
	}
}

func (s *sampleAPI) answer(handle func(http.ResponseWriter, *http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := handle(w, r); err != nil {
			s.failOperator(w, r, err)
		}
	})
}

// createSampleRoom takes whatever body there is; an empty one makes a room too.
func (s *sampleAPI) createSampleRoom(w http.ResponseWriter, r *http.Request) error {
	var body roomBody
	if err := readJSON(w, r, &body); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	details := body.over(room.Details{Name: "Sample room", OwnerRef: "sample"})
	if err := checkDetails(details); err != nil {
		return err
	}
	made, err := s.Rooms.Create(r.Context(), sampleApp, details)
	if err != nil {
		return err
	}
	writeRoom(w, made)
	return nil
}

func (s *sampleAPI) getSampleRoom(w http.ResponseWriter, r *http.Request) error {
	return s.getRoom(w, r, sampleApp)
}

func (s *sampleAPI) createSampleToken(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		tokenBody
		RoomID looseText `json:"roomId"`
	}
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	if body.UserRef == "" {
		body.UserRef = body.Name
	}
	found, err := s.Rooms.Get(r.Context(), sampleApp, protocol.RoomID(body.RoomID))
	if err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	signed, err := s.sign(r, found, body.tokenBody)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "token": signed})
	return nil
}

// join is POST /api/join {room, name, role?} for our page: room is a name that
// people type, and the room of that name is made when the first one types it.
func (s *sampleAPI) join(w http.ResponseWriter, r *http.Request) {
	var body struct {
		tokenBody
		Room looseText `json:"room"`
	}
	err := readJSON(w, r, &body)
	if err == nil {
		err = s.joinNamed(w, r, string(body.Room), body.tokenBody)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

func (s *sampleAPI) joinNamed(w http.ResponseWriter, r *http.Request, name string, body tokenBody) error {
	name = protocol.CleanDisplayName(name)
	if name == "" {
		return protocol.NewError(protocol.CodeInvalidRequest, "Give the room a name.")
	}
	if body.Role == "" {
		body.Role = looseText(token.Member)
	}
	body.UserRef = body.Name
	var refused refusal
	if err := body.check(); errors.As(err, &refused) {
		return protocol.WrapError(protocol.CodeInvalidRequest, refused.desc, err)
	} else if err != nil {
		return err
	}
	in, err := s.named(r.Context(), name)
	if err != nil {
		return err
	}
	signed, err := s.sign(r, in, body)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"token": signed, "roomId": in.ID})
	return nil
}

// named returns the room that people call by the name, in whatever case. Who
// asks at the same time gets the same room.
func (s *sampleAPI) named(ctx context.Context, name string) (store.Room, error) {
	owner := "page:" + cases.Fold().String(name)
	ctx = context.WithoutCancel(ctx) // others may wait for the outcome
	found, err, _ := s.opening.Do(owner, func() (any, error) {
		rooms, err := s.Rooms.List(ctx, sampleApp)
		if err != nil {
			return nil, err
		}
		for _, each := range rooms {
			if each.OwnerRef == owner {
				return each, nil
			}
		}
		return s.Rooms.Create(ctx, sampleApp, room.Details{Name: name, OwnerRef: owner})
	})
	if err != nil {
		return store.Room{}, err
	}
	return found.(store.Room), nil
}
