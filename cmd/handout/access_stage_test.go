package main

import (
	"context"
	"encoding/base64"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// update rewrites the table of access: go test ./cmd/handout -run Access -update.
var update = flag.Bool("update", false, "rewrite docs/access.md from the rules in this folder")

const (
	accessPage = "../../docs/access.md"
	sentWhole  = "helloworld"
	otherKey   = "another-key-for-tests"
)

// ids are who everybody is in the room.
var ids = map[string]protocol.ParticipantID{
	"sender": "ana", "sender, without grants now": "ana", "recipient": "ben", "recipient, viewer": "vic", "recipient, without `receive` now": "cyd",
	"recipient, moderator": "max", "moderator": "mia", "participant": "pia", "participant, `send` alone": "sam", "moderator of another room": "zoe",
	"moderator of another application's room": "yan", "token of another application for this room": "ben", "token for a room that is none": "ben",
	"recipient, removed from the room": "rex", "expired token": "ana", "forged token": "ana",
}

// stage is a whole server with everybody in it.
type stage struct {
	*parts
	web     *httptest.Server
	room    protocol.RoomID
	spare   protocol.RoomID // of the same application
	rooms3  []protocol.RoomID
	bearers map[string]string           // by who they are
	made    map[string]protocol.ShareID // by kind, dialect and state
}

func newStage(t *testing.T) *stage {
	t.Helper()
	args := []string{"--app", "other:" + otherKey, "--max-file-size", "1MiB", "--max-room-shares", "100000", "--max-open-uploads", "100000", "--max-webhooks", "1000", "--webhook-network", "127.0.0.1/32"}
	for _, rate := range []string{"create", "request", "room-request", "address-request", "rejoin"} { // the table is asked faster than anybody would
		args = append(args, "--"+rate+"-rate", "1000000", "--"+rate+"-burst", "1000000")
	}
	p, err := open(t, t.TempDir(), args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.edge.Start(p.rooms); err != nil {
		t.Fatal(err)
	}
	stop := p.startWork()
	s := &stage{parts: p, web: httptest.NewServer(p.server), bearers: map[string]string{}, made: map[string]protocol.ShareID{}}
	t.Cleanup(func() {
		if err := p.edge.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		s.web.Close()
		stop()
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	s.room, s.spare = s.newRoom(t, "app"), s.newRoom(t, "app")
	elsewhere, foreign := s.newRoom(t, "app"), s.newRoom(t, "other")
	s.rooms3 = []protocol.RoomID{s.room, elsewhere, foreign}
	for _, w := range everybody {
		c := token.Claims{App: "app", Room: s.room, Participant: ids[w.name], Role: token.Viewer, ExpiresAt: time.Now().Add(time.Hour), Grants: token.Grants{
			Send: w.send, Receive: w.receive, SendToAll: w.sendToAll, Moderate: w.moderate,
		}}
		key, joins := wreckKey, w.refused == "" && w.name != "sender, without grants now"
		switch w.name {
		case "moderator of another room":
			c.Room = elsewhere
		case "moderator of another application's room":
			c.App, c.Room, key = "other", foreign, otherKey
		case "token of another application for this room":
			c.App, key = "other", otherKey
		case "token for a room that is none":
			c.Room = protocol.NewRoomID()
		case "expired token":
			c.ExpiresAt = time.Now().Add(-time.Minute)
		case "forged token":
			key = "a-key-that-somebody-guesses"
		case "recipient, removed from the room":
			joins = true
		case "no token", "the application", "another application":
			continue
		}
		if s.bearers[w.name], err = token.Sign([]byte(key), c); err != nil {
			t.Fatal(err)
		}
		if joins {
			s.join(t, c.App, c.Room, c.Participant, w.name != "participant, `send` alone")
		}
	}
	return s
}

func (s *stage) newRoom(t *testing.T, app string) protocol.RoomID {
	t.Helper()
	made, err := s.parts.rooms.Create(context.Background(), app, room.Details{Name: "room"})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func (s *stage) join(t *testing.T, app string, in protocol.RoomID, id protocol.ParticipantID, receives bool) {
	t.Helper()
	grants := token.Grants{Send: true, Receive: receives}
	if _, err := s.parts.rooms.Join(context.Background(), room.Entrant{App: app, Room: in, ID: id, Name: string(id), Grants: grants.List()}, "connection-of-"+string(id)); err != nil {
		t.Fatal(err)
	}
}

// request is one that somebody sends.
type request struct {
	method, path string
	header       map[string]string
	body         string
}

// send returns the answer and its body.
func (s *stage) send(t *testing.T, w who, r request) (*http.Response, string) {
	t.Helper()
	asked, err := http.NewRequest(r.method, s.web.URL+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range r.header {
		asked.Header.Set(name, value)
	}
	switch {
	case w.app == "own":
		asked.SetBasicAuth("app", wreckKey)
	case w.app == "other":
		asked.SetBasicAuth("other", otherKey)
	case s.bearers[w.name] != "":
		asked.Header.Set("Authorization", "Bearer "+s.bearers[w.name])
	}
	response, err := s.web.Client().Do(asked)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// must sends a request of the sender, which is to succeed.
func (s *stage) must(t *testing.T, r request) *http.Response {
	t.Helper()
	response, body := s.send(t, everybody[0], r)
	if response.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", r.method, r.path, response.Status, body)
	}
	return response
}

var (
	tusAppend       = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "5", "Content-Type": "application/offset+octet-stream"}
	resumableAppend = map[string]string{"Upload-Complete": "?0", "Upload-Offset": "5", "Content-Type": "application/partial-upload"}
	resumableLast   = map[string]string{"Upload-Complete": "?1", "Upload-Offset": "5", "Content-Type": "application/partial-upload"}
)

// share returns a share of the kind and the dialect in the state.
func (s *stage) share(t *testing.T, kind, dialect, state string) protocol.ShareID {
	t.Helper()
	key := kind + dialect + state
	if s.made[key] == "" {
		s.made[key] = s.make(t, kind, dialect, state)
	}
	return s.made[key]
}

func (s *stage) make(t *testing.T, kind, dialect, state string) protocol.ShareID {
	t.Helper()
	const list = "ben,vic,cyd,max,rex"
	creation := request{method: "POST", path: "/uploads", body: sentWhole[:5], header: map[string]string{
		"Tus-Resumable": "1.0.0", "Upload-Length": "10", "Content-Type": "application/offset+octet-stream",
	}}
	if dialect == "resumable" {
		creation.header = map[string]string{"Upload-Complete": "?0", "Upload-Length": "10"}
	}
	thumbnail := "thumbnail " + base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n"))
	if dialect == "tus" {
		creation.header["Upload-Metadata"] = thumbnail
	}
	switch {
	case kind == partKind:
		creation.header["Upload-Concat"] = "partial"
	case kind == forList && dialect == "resumable":
		creation.path += "?to=" + list
	case kind == forList:
		creation.header["Upload-Metadata"] = thumbnail + ",to " + base64.StdEncoding.EncodeToString([]byte(list))
	}
	at := s.must(t, creation).Header.Get("Location")
	id := protocol.ShareID(strings.TrimPrefix(at, "/uploads/"))
	switch state {
	case "available", "revoked", "expired":
		header := tusAppend
		if dialect == "resumable" {
			header = resumableLast
		}
		s.must(t, request{method: "PATCH", path: at, header: header, body: sentWhole[5:]})
	}
	switch state {
	case "revoked", "cancelled":
		s.must(t, request{method: "DELETE", path: "/v1/shares/" + string(id)})
	case "expired", "failed":
		if _, err := s.records.End(t.Context(), id, protocol.ShareState(state), protocol.CodeLifetimeOver, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	return id
}
