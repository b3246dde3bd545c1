package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/server"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func newSample(t *testing.T) *office {
	return newOffice(t, func(c *server.Config) { c.Dev = true })
}

func TestSampleBackEnd(t *testing.T) {
	for _, end := range []string{"", "/"} {
		o := newSample(t)
		o.run(t, []call{
			{name: "no body", method: "POST", path: "/api/create-room" + end, status: 200, save: map[string]string{"room": "room.room_id"}},
			{method: "POST", path: "/api/room/multi" + end, body: `{"name":"Class","settings":{"max":"12"}}`, status: 200, has: []string{`"name":"Class"`, `"max":"12"`}},
			{method: "GET", path: "/api/get-room/{room}" + end, status: 200, has: []string{`"room_id":"{room}"`}},
			{method: "POST", path: "/api/create-token" + end, body: `{"name":"Ana","role":"participant","user_ref":"u","roomId":"{room}"}`,
				status: 200, save: map[string]string{"token": "token"}},
			{name: "no user_ref", method: "POST", path: "/api/create-token" + end, body: `{"name":"Ana","role":"viewer","roomId":"{room}"}`, status: 200},
			{name: "no role", method: "POST", path: "/api/create-token" + end, body: `{"name":"Ana","roomId":"{room}"}`, status: 400, result: 10103},
			{name: "no name", method: "POST", path: "/api/create-token" + end, body: `{"role":"viewer","roomId":"{room}"}`, status: 400, result: 10101},
			{name: "no room", method: "POST", path: "/api/create-token" + end, body: `{"name":"Ana","role":"viewer"}`, status: 404, result: 40001},
			{method: "GET", path: "/api/get-room/rm_none" + end, status: 404, result: 40001},
			{name: "not JSON", method: "POST", path: "/api/create-room" + end, body: `{`, status: 400, result: 400},
		})
		claims, err := officeKeys.Verify(o.saved["token"], time.Now())
		if err != nil || claims.Room != protocol.RoomID(o.saved["room"]) || claims.Grants != token.Member.Grants() {
			t.Errorf("%+v, %v", claims, err)
		}
	}
}

// asked is what /api/join answers.
type asked struct {
	Token  string
	RoomID protocol.RoomID
	Code   protocol.Code
	Detail string
}

func (o *office) ask(t *testing.T, body string) (asked, int) {
	t.Helper()
	response, raw := o.send(t, call{method: "POST", path: "/api/join", body: body})
	var a asked
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Errorf("%s: %v", raw, err)
	}
	return a, response.StatusCode
}

func TestPeopleMeetUnderANamePeopleType(t *testing.T) {
	o := newSample(t)
	first, status := o.ask(t, `{"room":" Straße  7 ","name":"Ana"}`)
	if status != http.StatusOK {
		t.Fatalf("%d %+v", status, first)
	}
	for _, name := range []string{"straße 7", "STRASSE 7", "Straße\\u202e 7"} {
		if again, _ := o.ask(t, `{"room":"`+name+`","name":"Ben"}`); again.RoomID != first.RoomID {
			t.Errorf("%q is another room", name)
		}
	}
	if elsewhere, _ := o.ask(t, `{"room":"Straße 8","name":"Ana"}`); elsewhere.RoomID == first.RoomID || elsewhere.RoomID == "" {
		t.Error("another name is the same room")
	}
	claims, err := officeKeys.Verify(first.Token, time.Now())
	if err != nil || claims.Room != first.RoomID || claims.Name != "Ana" || claims.Role != token.Member {
		t.Errorf("%+v, %v", claims, err)
	}
	viewer, _ := o.ask(t, `{"room":"straße 7","name":"Vic","role":"viewer"}`)
	if claims, err := officeKeys.Verify(viewer.Token, time.Now()); err != nil || claims.Grants != token.Viewer.Grants() {
		t.Errorf("%+v, %v", claims, err)
	}
	if err := o.rooms.End(t.Context(), "dev", first.RoomID); err != nil {
		t.Fatal(err)
	}
	if anew, _ := o.ask(t, `{"room":"straße 7","name":"Ana"}`); anew.RoomID == first.RoomID || anew.RoomID == "" {
		t.Error("a room that has ended is not made anew")
	}
}

func TestAllWhoComeAtOnceMeet(t *testing.T) {
	o := newSample(t)
	met := make([]protocol.RoomID, 16)
	var all sync.WaitGroup
	for i := range met {
		all.Go(func() {
			a, _ := o.ask(t, fmt.Sprintf(`{"room":"lobby","name":"N%d"}`, i))
			met[i] = a.RoomID
		})
	}
	all.Wait()
	for i, id := range met {
		if id == "" || id != met[0] {
			t.Fatalf("%d is in %q, the first in %q", i, id, met[0])
		}
	}
	if rooms, err := o.rooms.List(t.Context(), "dev"); err != nil || len(rooms) != 1 {
		t.Errorf("%d rooms, %v", len(rooms), err)
	}
}

func TestBadJoins(t *testing.T) {
	o := newSample(t)
	for body, want := range map[string]int{
		`{"name":"Ana"}`: 400, `{"room":"\u202e","name":"Ana"}`: 400, `{"room":"r"}`: 400, `{"room":"r","name":"\n"}`: 400,
		`{"room":"r","name":"Ana","role":"owner"}`: 400, `{"room":{},"name":"Ana"}`: 400, `{`: 400, ``: 400,
		`{"room":"` + strings.Repeat("x", 600<<10) + `"}`: 413,
	} {
		if a, status := o.ask(t, body); status != want || a.Code == "" || a.Detail == "" || a.Token != "" {
			t.Errorf("%.60s: %d %+v", body, status, a)
		}
	}
	if rooms, err := o.rooms.List(t.Context(), "dev"); err != nil || len(rooms) != 0 {
		t.Errorf("rooms were made: %+v, %v", rooms, err)
	}
}

func TestTheSampleBackEndIsForDevelopmentAlone(t *testing.T) {
	o := newOffice(t, nil)
	for _, path := range []string{"/api/create-room/", "/api/room/multi/", "/api/create-token/", "/api/join"} {
		if response, _ := o.send(t, call{method: "POST", path: path, body: `{"room":"r","name":"n"}`}); response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("%s: %s", path, response.Status)
		}
	}
}
