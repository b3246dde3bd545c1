package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestWhoIsHereAndWhatIsShared(t *testing.T) {
	s := newStand(t)
	ana := s.enter(t, "ana", token.Member)
	if _, err := ana.Send(t.Context(), file("early.txt", []byte("early")), client.SendOptions{To: protocol.ToRoom()}); err != nil {
		t.Fatal(err)
	}
	bo := s.enter(t, "bo", token.Member)
	if shares := bo.Shares(); len(shares) != 1 || shares[0].Name != "early.txt" || shares[0].State != protocol.Available {
		t.Errorf("who comes late finds %+v", shares)
	}
	if here := bo.Participants(); len(here) != 2 || here[0].ID != "ana" || here[1].ID != "bo" {
		t.Errorf("here are %+v", here)
	}
	if bo.Me().ID != "bo" || bo.Info().Name != "Physics 101" || bo.Limits().FileSize == 0 {
		t.Errorf("welcomed as %+v to %+v with %+v", bo.Me(), bo.Info(), bo.Limits())
	}
	await(t, ana, func(e client.ParticipantJoined) bool { return e.Participant.ID == "bo" })
	if err := bo.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, ana, func() bool { return len(ana.Participants()) == 1 })
	var left *client.LeftError
	if _, err := bo.Send(t.Context(), file("late.txt", []byte("late")), client.SendOptions{To: protocol.ToRoom()}); !errors.As(err, &left) || left.Code != protocol.CloseLeft {
		t.Errorf("who has left sends: %v", err)
	}
}

func TestMessages(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Member), s.enter(t, "bo", token.Member)
	heard := make(chan client.MessageReceived, 100)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for event := range bo.Events(ctx) {
			if m, is := event.(client.MessageReceived); is {
				heard <- m
			}
		}
	}()
	// A message is for who listens, and when that one does cannot be told: so it is said again.
	var m client.MessageReceived
	for m.Message.Kind == "" {
		if err := ana.SendText(t.Context(), "hello", protocol.Audience{List: []protocol.ParticipantID{"bo"}}); err != nil {
			t.Fatal(err)
		}
		select {
		case m = <-heard:
		case <-time.After(100 * time.Millisecond):
		}
	}
	var text string
	if err := json.Unmarshal(m.Message.Body, &text); err != nil || text != "hello" || m.Message.Sender.ID != "ana" {
		t.Errorf("heard %+v", m)
	}
	if err := ana.SendData(t.Context(), map[string]int{"page": 3}, protocol.ToRoom()); err != nil {
		t.Fatal(err)
	}
	for m.Message.Kind == protocol.TextMessage {
		m = <-heard
	}
	if string(m.Message.Body) != `{"page":3}` {
		t.Errorf("heard %+v", m)
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	s := newStand(t)
	for name, c := range map[string]struct {
		config client.Config
		code   protocol.CloseCode
	}{
		"a forged token":        {client.Config{Server: s.URL(), Token: signed(s.room, "ana", token.Member, time.Hour) + "x"}, protocol.CloseUnauthenticated},
		"an expired token":      {client.Config{Server: s.URL(), Token: signed(s.room, "ana", token.Member, -time.Hour)}, protocol.CloseUnauthenticated},
		"a room that never was": {client.Config{Server: s.URL(), Token: signed(protocol.NewRoomID(), "ana", token.Member, time.Hour)}, protocol.CloseRoomEnded},
		"no token":              {client.Config{Server: s.URL()}, protocol.CloseUnauthenticated},
	} {
		_, err := client.Join(t.Context(), c.config)
		var left *client.LeftError
		if !errors.As(err, &left) || left.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := client.Join(t.Context(), client.Config{Server: "files.example.org"}); err == nil {
		t.Error("an address that is no origin is taken")
	}
}

func TestModeratorDrops(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Moderator), s.enter(t, "bo", token.Member)
	if err := bo.Drop(t.Context(), "ana"); protocol.CodeOf(err) != protocol.CodeForbidden {
		t.Errorf("a member drops: %v", err)
	}
	if err := ana.Drop(t.Context(), "bo"); err != nil {
		t.Fatal(err)
	}
	<-bo.Done()
	var left *client.LeftError
	if !errors.As(bo.Err(), &left) || left.Code != protocol.CloseDropped {
		t.Errorf("dropped: %v", bo.Err())
	}
	for _, err := range bo.Events(t.Context()) {
		if err != nil && !errors.As(err, &left) {
			t.Errorf("the events end with %v", err)
		}
	}
}

func TestModeratorSwitchesSharing(t *testing.T) {
	s := newStand(t)
	ana, bo := s.enter(t, "ana", token.Moderator), s.enter(t, "bo", token.Member)
	if _, err := bo.Send(t.Context(), file("a.txt", []byte("a")), client.SendOptions{To: protocol.ToRoom()}); err != nil {
		t.Fatal(err)
	}
	if err := ana.SwitchSharing(t.Context(), []string{protocol.RoleParticipant}, false); err != nil {
		t.Fatal(err)
	}
	until(t, bo, func() bool { return !bo.Sharing().Permits(protocol.RoleParticipant) })
	if _, err := bo.Send(t.Context(), file("b.txt", []byte("b")), client.SendOptions{To: protocol.ToRoom()}); protocol.CodeOf(err) != protocol.CodeSharingOff {
		t.Errorf("sent while sharing is off: %v", err)
	}
	if err := ana.EndAll(t.Context(), "bo"); err != nil {
		t.Fatal(err)
	}
	if share := awaitShare(t, bo, "a.txt", protocol.Revoked); share.Reason != "moderated" {
		t.Errorf("taken back: %+v", share)
	}
	late := s.enter(t, "eve", token.Member)
	if late.Sharing().Permits(protocol.RoleParticipant) {
		t.Error("who comes late does not know")
	}
	if err := ana.SwitchSharing(t.Context(), nil, false); err != nil {
		t.Fatal(err)
	}
	until(t, late, func() bool { return late.Sharing().Permits(protocol.RoleParticipant) })
}

// TestRulesAreFollowed: live, and by who comes late.
func TestRulesAreFollowed(t *testing.T) {
	s := newStand(t)
	bo := s.enter(t, "bo", token.Member)
	before := bo.Limits().FileSize
	lay := func(rules string) {
		t.Helper()
		request, err := http.NewRequest(http.MethodPut, s.URL()+"/v1/rooms/"+string(s.room), strings.NewReader(`{"rules":`+rules+`}`))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth("dev", "devkey")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Fatal(response.Status)
		}
	}
	lay(`{"limits":{"fileSize":10},"deny":[".exe"]}`)
	until(t, bo, func() bool { return bo.Limits().FileSize == 10 && len(bo.Rules().Deny) == 1 })
	if _, err := bo.Send(t.Context(), file("a.exe", []byte("a")), client.SendOptions{To: protocol.ToRoom()}); protocol.CodeOf(err) != protocol.CodeTypeNotAllowed {
		t.Errorf("sent against the rules: %v", err)
	}
	late := s.enter(t, "eve", token.Member)
	if late.Limits().FileSize != 10 || late.Rules().Rev != 1 {
		t.Errorf("who comes late knows of %+v", late.Rules())
	}
	lay(`{}`)
	until(t, bo, func() bool { return bo.Limits().FileSize == before })
}

func TestTokenIsRenewed(t *testing.T) {
	s := newStand(t)
	given := 0
	room := s.enterBy(t, client.Config{Server: s.URL(), TokenSource: func(context.Context) (string, error) {
		given++
		return signed(s.room, "ana", token.Member, time.Hour), nil
	}})
	text := content(1 << 20)
	share, err := room.Send(t.Context(), file("a.bin", text), client.SendOptions{To: protocol.ToRoom()})
	if err != nil || share.SHA256 != hashOf(text) {
		t.Errorf("sent %+v, %v", share, err)
	}
	if given == 0 {
		t.Error("the source was not asked")
	}
}

// TestExpiredTokenIsReplacedInTheMiddle has a server that knows one token only.
func TestExpiredTokenIsReplacedInTheMiddle(t *testing.T) {
	s := newStand(t)
	next := signed(s.room, "ana", token.Member, time.Hour)
	asked := make(chan struct{}, 10)
	room := s.enterBy(t, client.Config{Server: s.URL(), HTTP: &http.Client{Transport: &expiring{once: make(map[string]bool)}},
		TokenSource: func(context.Context) (string, error) {
			asked <- struct{}{}
			return next, nil
		}})
	if _, err := room.Send(t.Context(), file("a.txt", []byte("a")), client.SendOptions{To: protocol.ToRoom()}); err != nil {
		t.Error(err)
	}
	if len(asked) < 2 {
		t.Errorf("the source was asked %d times", len(asked))
	}
}

// expiring answers that the token has expired, once for each kind of request.
type expiring struct{ once map[string]bool }

func (e *expiring) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && !e.once[r.URL.Path] {
		e.once[r.URL.Path] = true
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		json.NewEncoder(w).Encode(protocol.Problem{Code: protocol.CodeTokenExpired, Status: http.StatusUnauthorized})
		return w.Result(), nil
	}
	return http.DefaultTransport.RoundTrip(r)
}
