package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// operatorAPI is what an application's back end calls: it makes rooms and asks
// for tokens. It speaks EnxRoom's dialect, HTTP Basic with App ID and App Key,
// and bodies as lenient as real applications need them.
type operatorAPI struct{ *Server }

// operatorRoutes adds the back end's addresses, and in development the sample
// back end's.
func (s *Server) operatorRoutes(mux *addresses) {
	api := operatorAPI{s}
	api.routes(mux)
	api.webhookRoutes(mux)
	if s.Dev {
		sample := &sampleAPI{operatorAPI: api}
		sample.routes(mux)
	}
}

func (o operatorAPI) routes(mux *addresses) {
	mux.Handle("GET /v1/usage", o.app(o.usage))
	for _, base := range []string{"/v1", "/video/v2"} {
		for _, end := range []string{"", "/{$}"} {
			mux.Handle("POST "+base+"/rooms"+end, o.app(o.createRoom))
			mux.Handle("GET "+base+"/rooms"+end, o.app(o.listRooms))
			mux.Handle("GET "+base+"/rooms/{room}"+end, o.app(o.getRoom))
			mux.Handle("PUT "+base+"/rooms/{room}"+end, o.app(o.updateRoom))
			mux.Handle("DELETE "+base+"/rooms/{room}"+end, o.app(o.endRoom))
			mux.Handle("GET "+base+"/rooms/{room}/users"+end, o.app(o.listUsers))
			mux.Handle("DELETE "+base+"/rooms/{room}/users/{id}"+end, o.app(o.dropUser))
			mux.Handle("DELETE "+base+"/rooms/{room}/files/{id}"+end, o.app(o.withdrawFile))
			mux.Handle("GET "+base+"/rooms/{room}/files"+end, o.app(o.listFiles))
			mux.Handle("GET "+base+"/rooms/{room}/shares/{id}/receipts"+end, o.app(o.listReceipts))
			mux.Handle("POST "+base+"/rooms/{room}/tokens"+end, o.app(o.createToken))
		}
	}
}

// app wraps a handler that an application's back end calls.
func (o operatorAPI) app(handle func(http.ResponseWriter, *http.Request, string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		app, ok := o.authenticate(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Basic realm="handout"`)
			o.failOperator(w, r, refusal{http.StatusUnauthorized, http.StatusUnauthorized, "App ID or App Key is wrong"})
			return
		}
		if err := handle(w, acting(r, store.ByOperator), app); err != nil {
			o.failOperator(w, r, err)
		}
	})
}

// authenticate returns the application whose key the request has.
func (s *Server) authenticate(r *http.Request) (string, bool) {
	app, key, _ := r.BasicAuth()
	return app, s.Keys.Keys().Holds(app, key)
}

// roomReply is a room as the back end knows it.
type roomReply struct {
	RoomID   protocol.RoomID  `json:"room_id"`
	Name     string           `json:"name"`
	OwnerRef string           `json:"owner_ref"`
	Settings json.RawMessage  `json:"settings"`
	Data     json.RawMessage  `json:"data"`
	Created  time.Time        `json:"created"`
	Sharing  protocol.Sharing `json:"sharing"`
	Rules    protocol.Rules   `json:"rules,omitzero"`
}

func reply(r store.Room) roomReply {
	return roomReply{r.ID, r.Name, r.OwnerRef, orObject(r.Settings), orObject(r.Data), r.CreatedAt.UTC(), r.Sharing, r.Rules}
}

// orObject is an empty object for what was never said: applications read its
// fields without looking first.
func orObject(value json.RawMessage) json.RawMessage {
	if value == nil {
		return json.RawMessage(`{}`)
	}
	return value
}

func writeRoom(w http.ResponseWriter, r store.Room) {
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "room": reply(r)})
}

func (o operatorAPI) createRoom(w http.ResponseWriter, r *http.Request, app string) error {
	var body roomBody
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	details := body.over(room.Details{})
	rules, err := body.check(o.Limits)
	if err := errors.Join(checkDetails(details), err); err != nil {
		return err
	}
	if rules != nil {
		details.Rules = *rules
	}
	made, err := o.Rooms.Create(r.Context(), app, details)
	if err != nil {
		return err
	}
	return o.switchAndWrite(w, r, made, body)
}

func (o operatorAPI) listRooms(w http.ResponseWriter, r *http.Request, app string) error {
	rooms, err := o.Rooms.List(r.Context(), app)
	if err != nil {
		return err
	}
	replies := make([]roomReply, len(rooms))
	for i, each := range rooms {
		replies[i] = reply(each)
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "total": len(replies), "rooms": replies})
	return nil
}

func (o operatorAPI) getRoom(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	writeRoom(w, found)
	return nil
}

// updateRoom changes the fields that the body has and keeps the others.
func (o operatorAPI) updateRoom(w http.ResponseWriter, r *http.Request, app string) error {
	var body roomBody
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	details := body.over(room.Details{Name: found.Name, OwnerRef: found.OwnerRef, Settings: found.Settings, Data: found.Data})
	rules, err := body.check(o.Limits)
	if err := errors.Join(checkDetails(details), err); err != nil {
		return err
	}
	updated, err := o.Rooms.Update(r.Context(), app, found.ID, details)
	if err != nil {
		return err
	}
	if rules != nil {
		if updated.Rules, err = o.Rooms.SetRules(r.Context(), found.ID, *rules); err != nil {
			return err
		}
	}
	return o.switchAndWrite(w, r, updated, body)
}

// switchAndWrite does what the body says of the room's switch, and answers with the
// room.
func (o operatorAPI) switchAndWrite(w http.ResponseWriter, r *http.Request, in store.Room, body roomBody) error {
	if body.Sharing != nil {
		sharing, err := o.Rooms.SwitchSharing(r.Context(), in.ID, *body.Sharing)
		if err != nil {
			return err
		}
		in.Sharing = sharing
	}
	writeRoom(w, in)
	return nil
}

func (o operatorAPI) endRoom(w http.ResponseWriter, r *http.Request, app string) error {
	if err := o.Rooms.End(r.Context(), app, protocol.RoomID(r.PathValue("room"))); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]int{"result": 0})
	return nil
}

// userReply is a participant as the back end knows it.
type userReply struct {
	Name     string                 `json:"name"`
	UserRef  string                 `json:"user_ref"`
	Role     string                 `json:"role"`
	ClientID protocol.ParticipantID `json:"clientId"`
}

func (o operatorAPI) listUsers(w http.ResponseWriter, r *http.Request, app string) error {
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	roster, err := o.Rooms.Roster(r.Context(), found.ID)
	if err != nil {
		return err
	}
	users := make([]userReply, len(roster))
	for i, p := range roster {
		users[i] = userReply{p.Name, p.UserRef, p.Role, p.ID}
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "total": len(users), "users": users})
	return nil
}

func (o operatorAPI) createToken(w http.ResponseWriter, r *http.Request, app string) error {
	var body tokenBody
	if err := readJSON(w, r, &body); err != nil {
		return err
	}
	found, err := o.Rooms.Get(r.Context(), app, protocol.RoomID(r.PathValue("room")))
	if err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	signed, err := o.sign(r, found, body)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]any{"result": 0, "token": signed})
	return nil
}

// failOperator answers with the error in EnxRoom's form.
func (o operatorAPI) failOperator(w http.ResponseWriter, r *http.Request, err error) {
	o.count(err)
	var refused refusal
	if !errors.As(err, &refused) {
		refused = o.refusalOf(r, err)
	}
	answer := map[string]any{"result": refused.result, "error": http.StatusText(refused.status), "desc": refused.desc}
	var coded *protocol.Error
	if errors.As(err, &coded) && refused.status < http.StatusInternalServerError {
		answer["code"] = coded.Code
	}
	writeJSON(w, refused.status, answer)
}

func (o operatorAPI) refusalOf(r *http.Request, err error) refusal {
	code := protocol.CodeOf(err)
	status, known := statuses[code]
	var coded *protocol.Error
	if !known || status >= http.StatusInternalServerError || !errors.As(err, &coded) {
		o.Log.Error("request failed", "method", r.Method, "route", r.Pattern, "code", code, "err", err)
		if !known {
			status = http.StatusInternalServerError
		}
		return refusal{status, status, "the server failed"}
	}
	if code == protocol.CodeRoomNotFound {
		return refusal{status, resultRoomNotFound, coded.Message}
	}
	return refusal{status, status, coded.Message}
}

// sign makes a token for a new participant of the room.
func (o operatorAPI) sign(r *http.Request, in store.Room, body tokenBody) (string, error) {
	now := o.now()
	claims := token.Claims{
		App: in.App, Participant: protocol.NewParticipantID(), ID: protocol.NewTokenID(), Room: in.ID,
		Name: protocol.CleanDisplayName(string(body.Name)), Role: body.role(), UserRef: string(body.UserRef), Data: body.Data.value(),
		Grants: body.role().Grants(), IssuedAt: now, ExpiresAt: now.Add(o.TokenLifetime),
	}
	signed, err := o.Keys.Keys().Sign(claims)
	if err != nil {
		return "", err
	}
	host, secure := o.publicHost(r)
	o.Log.Info("token made", "room", in.ID, "participant", claims.Participant)
	return token.Wrap(token.Wrapper{
		TokenID: claims.ID, RoomMeta: token.RoomMeta{Name: in.Name, Settings: orObject(in.Settings)},
		Host: host, Secure: secure, JWT: signed,
	})
}
