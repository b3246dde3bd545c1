package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/webhook"
	"github.com/handout-rtc/handout/protocol"
)

// request is what the verb sends of a share.
func (v verb) request(s *stage, id protocol.ShareID) request {
	name, way, _ := strings.Cut(v.name, ", ")
	method, path, _ := strings.Cut(name, " ")
	r := request{method: method, path: strings.NewReplacer("{id}", string(id), "{room}", string(s.room)).Replace(path)}
	switch {
	case method == "PATCH" && strings.HasPrefix(way, "tus"):
		r.header, r.body = tusAppend, sentWhole[5:]
	case method == "PATCH":
		r.header, r.body = resumableAppend, sentWhole[5:8]
	case strings.HasPrefix(way, "tus, final"):
		r.path += "?room=" + string(s.room) // which the application has to name
		r.header = map[string]string{"Tus-Resumable": "1.0.0", "Upload-Concat": "final;/uploads/" + string(id)}
	case strings.HasPrefix(way, "tus"):
		r.header = map[string]string{"Tus-Resumable": "1.0.0"}
	case strings.HasPrefix(way, "resumable"):
		r.header = map[string]string{"Upload-Draft-Interop-Version": "8"}
	case method == "GET" && strings.HasSuffix(path, "/content"):
		r.header = map[string]string{"Range": "bytes=0-1"}
	case strings.HasSuffix(path, "/parts"):
		r.body = `{"count":2}`
	case way == "seen":
		r.body = `{"receipts":[{"share":"` + string(id) + `","state":"seen"}]}`
	case way == "received":
		sum := sha256.Sum256([]byte(sentWhole))
		r.body = `{"receipts":[{"share":"` + string(id) + `","state":"received","sha256":"` + hex.EncodeToString(sum[:]) + `"}]}`
	}
	return r
}

// dialect is that of the upload which the verb is about.
func (v verb) dialect() string {
	if strings.Contains(v.name, "resumable") != strings.Contains(v.name, "other dialect") {
		return "resumable"
	}
	return "tus"
}

// ask sends the verb and returns what the table has of the answer.
func (s *stage) ask(t *testing.T, v verb, w who, id protocol.ShareID) (answer string, response *http.Response, body string) {
	t.Helper()
	response, body = s.send(t, w, v.request(s, id))
	answer = strconv.Itoa(response.StatusCode)
	if v.refusedAs == nil || response.StatusCode != http.StatusOK {
		return answer, response, body
	}
	if strings.HasSuffix(v.name, "/shares") {
		return s.listed(t, w, id, body), response, body
	}
	var said protocol.ReceiptAnswers
	if err := json.Unmarshal([]byte(body), &said); err != nil || len(said.Receipts) != 1 {
		t.Fatalf("%s: %s, %v", v.name, body, err)
	}
	if said.Receipts[0].Code != "" {
		return string(said.Receipts[0].Code), response, body
	}
	return "taken", response, body
}

// listed reads the list to its end, from the page in body on.
func (s *stage) listed(t *testing.T, w who, id protocol.ShareID, body string) string {
	t.Helper()
	for {
		var page struct {
			protocol.SharePage
			Seq *protocol.Cursor // none for the application, which goes on behind an id
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if slices.ContainsFunc(page.Shares, func(s protocol.Share) bool { return s.ID == id }) {
			return "listed"
		}
		if !page.More {
			return "not listed"
		}
		next := "?after=" + string(page.Shares[len(page.Shares)-1].ID)
		if page.Seq != nil {
			next = "?since=" + page.Seq.String()
		}
		_, body = s.send(t, w, request{method: "GET", path: "/v1/rooms/" + string(s.room) + "/shares" + next})
	}
}

// TestAccess sends every verb to a share of every kind in every state, as
// everybody, and holds the answers against the rules. What one may not know of
// must answer as what does not exist does, to the byte.
func TestAccess(t *testing.T) {
	s := newStage(t)
	cells := 0
	try := func(w who) {
		for _, v := range verbs {
			for _, kind := range v.kinds {
				for _, state := range states {
					want := v.want(w, kind, state)
					if want == "" {
						continue
					}
					cells++
					id := s.share(t, kind, v.dialect(), state)
					got, response, body := s.ask(t, v, w, id)
					if got != want {
						t.Errorf("%s of a share for %s that is %s, by %s: %s, want %s: %s", v.name, kind, state, w.name, got, want, body)
					}
					if v.spoils && response.StatusCode < 300 {
						delete(s.made, kind+v.dialect()+state)
					}
					if got == "404" || got == "share-not-found" {
						none := protocol.NewShareID()
						_, other, otherBody := s.ask(t, v, w, none)
						otherBody = strings.ReplaceAll(otherBody, string(none), string(id)) // a receipt's answer repeats what it was asked of
						if diff := cmp.Diff(shapeOf(other, otherBody), shapeOf(response, body)); diff != "" {
							t.Errorf("%s of a share for %s that is %s, by %s, tells it from one that is none:\n%s", v.name, kind, state, w.name, diff)
						}
					}
				}
			}
		}
	}
	for _, w := range everybody {
		if w.name != "recipient, removed from the room" {
			try(w)
		}
	}
	if err := s.parts.rooms.Drop(t.Context(), s.room, "rex"); err != nil {
		t.Fatal(err)
	}
	for _, w := range everybody {
		if w.name == "recipient, removed from the room" {
			try(w)
		}
	}
	t.Logf("%d cells", cells)
}

// shapeOf is all that an answer has, but for when it was given.
func shapeOf(r *http.Response, body string) string {
	header := r.Header.Clone()
	header.Del("Date")
	var text bytes.Buffer
	fmt.Fprintln(&text, r.Proto, r.Status, r.ContentLength, r.TransferEncoding)
	header.Write(&text)
	return text.String() + body
}

// TestAccessToRooms sends what is about no single share, as everybody, while
// sharing is on and while it is off for all but moderators.
func TestAccessToRooms(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if err := s.parts.rooms.Drop(t.Context(), s.room, "rex"); err != nil {
		t.Fatal(err)
	}
	for _, sharing := range []bool{true, false} {
		s.spare = s.newRoom(t, "app")
		if !sharing {
			s.switchOff(t)
		}
		for _, w := range everybody {
			for _, e := range errands {
				s.run(t, e, w, sharing)
			}
		}
	}
}

const allButModerators = `["participant","viewer"]`

// switchOff lets a moderator switch sharing off.
func (s *stage) switchOff(t *testing.T) {
	t.Helper()
	s.share(t, forRoom, "tus", "available") // which the errands need
	moderator := everybody[slices.IndexFunc(everybody, func(w who) bool { return w.name == "moderator" })]
	if response, body := s.send(t, moderator, request{method: "PUT", path: "/v1/rooms/" + string(s.room) + "/sharing", body: `{"off":` + allButModerators + `}`}); response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, body)
	}
}

// run sends one errand, and holds the answer against the rules.
func (s *stage) run(t *testing.T, e errand, w who, sharing bool) {
	t.Helper()
	me, off := ids[w.name], "[]"
	if me == "" {
		me = "ana" // who brings no token of anybody
	}
	if !sharing {
		off = allButModerators
	}
	put := strings.NewReplacer("{room}", string(s.room), "{me}", string(me), "{spare}", string(s.spare), "{off}", off)
	r := request{method: e.method, path: put.Replace(e.path), header: e.header, body: put.Replace(e.body)}
	r.path = strings.Replace(r.path, "{share}", string(s.share(t, forRoom, "tus", "available")), 1)
	if before, after, ok := strings.Cut(r.path, "{webhook}"); ok {
		r.path = before + s.webhook(t) + after
	}
	response, body := s.send(t, w, r)
	if got, want := strconv.Itoa(response.StatusCode), e.answer(w, sharing); got != want {
		t.Errorf("%s (%s %s), by %s, sharing %t: %s, want %s: %s", e.name, e.method, e.path, w.name, sharing, got, want, body)
	}
	if e.name == "leave" && response.StatusCode < 300 {
		s.join(t, "app", s.room, me, w.name != "participant, `send` alone")
	}
	if response.StatusCode == http.StatusNotFound && (e.want == nil || w.app != "") {
		r.path = strings.NewReplacer(string(s.room), string(protocol.NewRoomID()), string(s.spare), string(protocol.NewRoomID())).Replace(r.path)
		other, otherBody := s.send(t, w, r)
		if diff := cmp.Diff(shapeOf(other, otherBody), shapeOf(response, body)); diff != "" {
			t.Errorf("%s, by %s, tells a room from one that is none:\n%s", e.name, w.name, diff)
		}
	}
}

// webhook returns a new endpoint of the application, where nobody listens.
func (s *stage) webhook(t *testing.T) string {
	t.Helper()
	e, _, err := s.webhooks.Add(t.Context(), "app", webhook.Wish{URL: new("http://127.0.0.1:1/")})
	if err != nil {
		t.Fatal(err)
	}
	return e.ID
}

// TestAccessByTicket uses tickets in every state of a share: they stand for who
// asked for them and for one share, once, and for a minute.
func TestAccessByTicket(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ticket := func(of protocol.ParticipantID, id protocol.ShareID, until time.Time) string {
		secret := protocol.NewTicket()
		kept := store.Ticket{Share: id, Participant: of, ExpiresAt: until}
		if err := s.records.CreateTicket(t.Context(), sha256.Sum256([]byte(secret)), kept, time.Now()); err != nil {
			t.Fatal(err)
		}
		return secret
	}
	for _, kind := range shares {
		for _, state := range states {
			s.share(t, kind, "tus", state) // before rex goes, whom the list names
		}
	}
	if err := s.parts.rooms.Drop(t.Context(), s.room, "rex"); err != nil {
		t.Fatal(err)
	}
	soon := time.Now().Add(time.Minute)
	for _, kind := range shares {
		for _, state := range states {
			id := s.share(t, kind, "tus", state)
			use := func(secret string) string {
				response, _ := s.send(t, who{}, request{method: "GET", path: "/v1/shares/" + string(id) + "/content?ticket=" + secret, header: map[string]string{"Range": "bytes=0-1"}})
				return strconv.Itoa(response.StatusCode)
			}
			good := ticket("ben", id, soon)
			got := map[string]string{
				"of a recipient": use(good), "of a recipient, used before": use(good), "of the sender": use(ticket("ana", id, soon)), "of the application": use(ticket(protocol.OperatorID, id, soon)),
				"of who was removed from the room": use(ticket("rex", id, soon)), "of another share": use(ticket("ben", protocol.NewShareID(), soon)),
				"over its time": use(ticket("ben", id, time.Now().Add(-time.Second))), "made up": use(protocol.NewTicket()),
			}
			if kind == forList { // what a ticket stands for is looked at again when it is used
				got["of somebody who is no recipient"] = use(ticket("pia", id, soon))
			}
			for bearer, answer := range got {
				if want := ticketAnswers[bearer][state]; answer != want {
					t.Errorf("a ticket %s, of a share for %s that is %s: %s, want %s", bearer, kind, state, answer, want)
				}
			}
		}
	}
}

// TestAccessIsWritten holds docs/access.md to the rules.
func TestAccessIsWritten(t *testing.T) {
	want := accessText()
	if *update {
		if err := os.WriteFile(accessPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(accessPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("the page is not what the rules say; go test ./cmd/handout -run Access -update rewrites it:\n%s", diff)
	}
}
