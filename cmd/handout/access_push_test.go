package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/protocol"
)

// connects is what the rules say of a push connection: everybody who is admitted
// to a room connects to it.
func (w who) connects() string {
	switch {
	case w.name == "recipient, removed from the room":
		return closing(protocol.CloseDropped)
	case w.refused == "404":
		return closing(protocol.CloseRoomEnded)
	case w.refused != "":
		return closing(protocol.CloseUnauthenticated)
	}
	return "welcome"
}

func closing(code protocol.CloseCode) string { return fmt.Sprintf("%d `%s`", code, code) }

// happening is something that the push connections tell of.
type happening struct {
	name    string
	event   protocol.EventType
	heardBy []string
	// happen brings it about and returns what the event must contain.
	happen func(*testing.T, *stage) string
}

var (
	listeners = []string{
		"sender", "recipient", "recipient, viewer", "moderator", "participant", "participant, `send` alone", "moderator of another room", "moderator of another application's room",
	}
	theListed  = []string{"sender", "recipient", "recipient, viewer"}
	whoReceive = []string{"sender", "recipient", "recipient, viewer", "moderator", "participant"}
	allHere    = append(slices.Clone(whoReceive), "participant, `send` alone")
)

// happenings happen in this order.
var happenings = []happening{
	{"a share for a list is offered", protocol.SharesCreated, theListed, func(t *testing.T, s *stage) string {
		return string(s.share(t, forList, "tus", "uploading"))
	}},
	{"it is available", protocol.SharesAvailable, theListed, func(t *testing.T, s *stage) string {
		return string(s.share(t, forList, "tus", "available"))
	}},
	{"it is withdrawn", protocol.SharesEnded, theListed, func(t *testing.T, s *stage) string {
		return string(s.share(t, forList, "tus", "revoked"))
	}},
	{"a share for the room is offered", protocol.SharesCreated, whoReceive, func(t *testing.T, s *stage) string {
		return string(s.share(t, forRoom, "tus", "uploading"))
	}},
	{"it is available", protocol.SharesAvailable, whoReceive, func(t *testing.T, s *stage) string {
		return string(s.share(t, forRoom, "tus", "available"))
	}},
	{"it is withdrawn", protocol.SharesEnded, whoReceive, func(t *testing.T, s *stage) string {
		return string(s.share(t, forRoom, "tus", "revoked"))
	}},
	{"a partial upload is made", protocol.SharesCreated, nil, func(t *testing.T, s *stage) string {
		return string(s.share(t, partKind, "tus", "uploading"))
	}},
	{"a recipient tells of a share for a list", protocol.ReceiptsChanged, []string{"sender"}, func(t *testing.T, s *stage) string {
		return s.see(t, s.share(t, forList, "tus", "available"))
	}},
	{"a recipient tells of a share for the room", protocol.ReceiptsChanged, []string{"sender"}, func(t *testing.T, s *stage) string {
		return s.see(t, s.share(t, forRoom, "tus", "available"))
	}},
	{"a message for the room", protocol.MessageReceived, allHere, func(t *testing.T, s *stage) string {
		s.must(t, request{method: "POST", path: "/v1/rooms/" + string(s.room) + "/messages", body: `{"kind":"text","to":"room","body":"for all"}`})
		return "for all"
	}},
	{"a message for a list", protocol.MessageReceived, []string{"recipient"}, func(t *testing.T, s *stage) string {
		s.must(t, request{method: "POST", path: "/v1/rooms/" + string(s.room) + "/messages", body: `{"kind":"text","to":["ben"],"body":"for one"}`})
		return "for one"
	}},
	{"sharing is switched off", protocol.SharingChanged, allHere, func(t *testing.T, s *stage) string {
		s.switchOff(t)
		return "viewer"
	}},
	{"somebody joins", protocol.ParticipantJoined, allHere, func(t *testing.T, s *stage) string {
		s.join(t, "app", s.room, "newcomer", true)
		return "newcomer"
	}},
	{"somebody leaves", protocol.ParticipantLeft, allHere, func(t *testing.T, s *stage) string {
		if err := s.parts.rooms.Leave(t.Context(), s.room, "newcomer"); err != nil {
			t.Fatal(err)
		}
		return "newcomer"
	}},
}

// see lets a recipient say that it has seen the share.
func (s *stage) see(t *testing.T, id protocol.ShareID) string {
	t.Helper()
	say := verbs[slices.IndexFunc(verbs, func(v verb) bool { return strings.HasSuffix(v.name, ", seen") })]
	if answer, _, body := s.ask(t, say, everybody[2], id); answer != "taken" {
		t.Fatalf("%s: %s", answer, body)
	}
	return string(id)
}

// listener hears what one push connection is told.
type listener struct {
	t       *testing.T
	socket  *websocket.Conn
	pending [][]byte
}

// connect opens a push connection and returns it with what the connect command is
// answered with.
func (s *stage) connect(t *testing.T, name string) (*listener, string) {
	t.Helper()
	socket, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.web.URL, "http")+"/v1/push/websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.CloseNow() })
	socket.SetReadLimit(1 << 20)
	command, _ := json.Marshal(map[string]any{"id": 1, "connect": map[string]string{"token": s.bearers[name]}})
	if err := socket.Write(t.Context(), websocket.MessageText, command); err != nil {
		t.Fatal(err)
	}
	l := &listener{t: t, socket: socket}
	for {
		frame, code := l.next()
		if code > 0 {
			return nil, closing(protocol.CloseCode(code))
		}
		if bytes.Contains(frame, []byte(`"connect"`)) {
			return l, "welcome"
		}
	}
}

// next returns the next frame, or the code that the server closes with.
func (l *listener) next() ([]byte, websocket.StatusCode) {
	l.t.Helper()
	for len(l.pending) == 0 {
		_, message, err := l.socket.Read(l.t.Context())
		if err != nil {
			code := websocket.CloseStatus(err)
			if code < 0 {
				l.t.Fatal(err)
			}
			return nil, code
		}
		l.pending = bytes.Split(bytes.TrimSpace(message), []byte("\n"))
	}
	frame := l.pending[0]
	l.pending = l.pending[1:]
	return frame, 0
}

// hears reads up to the event that holds last, and reports whether one of the kind
// before it holds what.
func (l *listener) hears(kind protocol.EventType, what, last string) (heard bool) {
	l.t.Helper()
	for {
		frame, code := l.next()
		if code > 0 {
			l.t.Fatalf("closed with %d", code)
		}
		if bytes.Contains(frame, []byte(last)) {
			return heard
		}
		heard = heard || bytes.Contains(frame, []byte(`"`+kind+`"`)) && bytes.Contains(frame, []byte(what))
	}
}

// TestAccessByPush connects everybody, and then lets things happen: each is heard
// by whom the table names, and by nobody else.
func TestAccessByPush(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	connections := map[string]*listener{}
	for _, name := range listeners {
		var got string
		if connections[name], got = s.connect(t, name); got != "welcome" {
			t.Fatalf("%s connects: %s", name, got)
		}
	}
	for i, happening := range happenings {
		what := happening.happen(t, s)
		last := fmt.Sprintf("barrier-%d", i)
		for _, in := range s.rooms3 { // what is committed after it is told after it
			app := "app"
			if in == s.rooms3[2] {
				app = "other"
			}
			s.join(t, app, in, protocol.ParticipantID(last), true)
		}
		for _, name := range listeners {
			heard := connections[name].hears(happening.event, what, last)
			if want := slices.Contains(happening.heardBy, name); heard != want {
				t.Errorf("%s: %s hears of it: %t, want %t", happening.name, name, heard, want)
			}
		}
	}
	if err := s.parts.rooms.Drop(context.Background(), s.room, "rex"); err != nil {
		t.Fatal(err)
	}
	for _, w := range everybody { // last, for some of them replace who is connected
		if w.app != "" || slices.Contains(listeners, w.name) {
			continue
		}
		if _, got := s.connect(t, w.name); got != w.connects() {
			t.Errorf("%s connects: %s, want %s", w.name, got, w.connects())
		}
	}
}
