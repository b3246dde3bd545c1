package signal_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

func TestWelcome(t *testing.T) {
	s := newStand(t, nil)
	c := s.dial(t)
	wrapped, err := token.Wrap(token.Wrapper{JWT: signed(t, devKey, s.claims("ana"))})
	if err != nil {
		t.Fatal(err)
	}
	c.say(connectCommand(wrapped))
	reply, code := c.next()
	if code != 0 || reply.Connect == nil {
		t.Fatalf("%+v, %d", reply, code)
	}
	var welcome protocol.Welcome
	if err := json.Unmarshal(reply.Connect.Data, &welcome); err != nil {
		t.Fatal(err)
	}
	if welcome.Me.ID != "ana" || welcome.Me.Name != "N ana" || welcome.Room.ID != s.room || welcome.Limits != limits {
		t.Errorf("welcome %+v", welcome)
	}
	streams := make([]string, 0, 2)
	for name := range reply.Connect.Subs {
		streams = append(streams, name)
	}
	if len(streams) != 2 || reply.Connect.Subs["room:"+string(s.room)] == nil || reply.Connect.Subs["personal:"+string(s.room)+":ana"] == nil {
		t.Errorf("subscribed to %v", streams)
	}
}

func (s *stand) member(t *testing.T, id protocol.ParticipantID) store.Member {
	t.Helper()
	m, err := s.records.Member(t.Context(), s.room, id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRefusals(t *testing.T) {
	s := newStand(t, nil)
	ctx := t.Context()
	s.connect(t, "dropped")
	if err := s.rooms.Drop(ctx, s.room, "dropped"); err != nil {
		t.Fatal(err)
	}
	ended, err := s.rooms.Create(ctx, "dev", room.Details{Name: "over"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.rooms.End(ctx, "dev", ended.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range []protocol.ParticipantID{"a", "b", "c", "d", "e"} {
		s.connect(t, id)
	}
	with := func(change func(*token.Claims)) string {
		c := s.claims("late")
		change(&c)
		key := devKey
		if c.App == "other" {
			key = []byte("otherkey")
		}
		return signed(t, key, c)
	}
	for name, c := range map[string]struct {
		credential string
		want       protocol.CloseCode
	}{
		"no token":                  {"", protocol.CloseUnauthenticated},
		"forged":                    {signed(t, []byte("guess"), s.claims("late")), protocol.CloseUnauthenticated},
		"expired":                   {with(func(c *token.Claims) { c.ExpiresAt = time.Now().Add(-time.Second) }), protocol.CloseUnauthenticated},
		"dropped":                   {with(func(c *token.Claims) { c.Participant = "dropped" }), protocol.CloseDropped},
		"ended room":                {with(func(c *token.Claims) { c.Room = ended.ID }), protocol.CloseRoomEnded},
		"unknown room":              {with(func(c *token.Claims) { c.Room = protocol.NewRoomID() }), protocol.CloseRoomEnded},
		"another application's key": {with(func(c *token.Claims) { c.App = "other" }), protocol.CloseRoomEnded},
		"full":                      {with(func(*token.Claims) {}), protocol.CloseRoomFull},
	} {
		client := s.dial(t)
		client.say(connectCommand(c.credential))
		if got := client.closed(); got != c.want {
			t.Errorf("%s: closed with %d %s, want %d", name, got, got, c.want)
		}
	}
}

func TestASecondConnectionReplacesTheFirst(t *testing.T) {
	s := newStand(t, nil)
	first := s.connect(t, "ana")
	second := s.connect(t, "ana")
	if code := first.closed(); code != protocol.CloseReplaced {
		t.Errorf("closed with %d", code)
	}
	if ended := <-s.rooms.away; ended != first.id {
		t.Errorf("the end of %s was noted, want the first's", ended)
	}
	if m := s.member(t, "ana"); m.Connection != second.id || !m.AwaySince.IsZero() {
		t.Errorf("%+v", m)
	}
}

// TestReplacedWhileConnecting: nobody can reach a connection that has joined
// and is not connected yet, and it must end all the same.
func TestReplacedWhileConnecting(t *testing.T) {
	s := newStand(t, nil)
	first, release := s.half(t, "ana")
	second := s.connect(t, "ana")
	release()
	if code := first.closed(); code != protocol.CloseReplaced {
		t.Errorf("closed with %d", code)
	}
	<-s.rooms.away
	if m := s.member(t, "ana"); m.Connection != second.id || !m.AwaySince.IsZero() {
		t.Errorf("%+v", m)
	}
}

// TestGoneWhileConnecting: the library does not tell of a connection that ends
// before it is connected.
func TestGoneWhileConnecting(t *testing.T) {
	s := newStand(t, nil)
	ctx, hangUp := context.WithCancel(t.Context())
	s.rooms.holding(func(ctx context.Context, _ string) {
		hangUp()
		<-ctx.Done()
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.web.URL+"/stream",
		strings.NewReader(connectCommand(signed(t, devKey, s.claims("ana")))))
	if err != nil {
		t.Fatal(err)
	}
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Fatal("answered after hanging up")
	}
	<-s.rooms.away
	if m := s.member(t, "ana"); m.Connection != "" || m.AwaySince.IsZero() {
		t.Errorf("a ghost: %+v", m)
	}
}

func TestAClosedConnectionIsAway(t *testing.T) {
	s := newStand(t, nil)
	c := s.connect(t, "ana")
	c.ws.Close(websocket.StatusNormalClosure, "")
	if ended := <-s.rooms.away; ended != c.id {
		t.Errorf("the end of %s was noted", ended)
	}
	if m := s.member(t, "ana"); m.AwaySince.IsZero() {
		t.Errorf("%+v", m)
	}
}

func TestLeavingAndBeingDroppedEndTheConnection(t *testing.T) {
	s := newStand(t, nil)
	ana, bob := s.connect(t, "ana"), s.connect(t, "bob")
	if err := s.rooms.Leave(t.Context(), s.room, "ana"); err != nil {
		t.Fatal(err)
	}
	if code := ana.closed(); code != protocol.CloseLeft {
		t.Errorf("who left: %d", code)
	}
	if err := s.rooms.Drop(t.Context(), s.room, "bob"); err != nil {
		t.Fatal(err)
	}
	if code := bob.closed(); code != protocol.CloseDropped {
		t.Errorf("who was dropped: %d", code)
	}
}

func TestAnExpiredTokenEndsTheConnection(t *testing.T) {
	s := newStand(t, nil)
	claims := s.claims("ana")
	claims.ExpiresAt = time.Now().Add(3 * time.Second)
	c := s.dial(t)
	c.say(connectCommand(signed(t, devKey, claims)))
	if reply, _ := c.next(); reply.Connect == nil {
		t.Fatalf("%+v", reply)
	}
	if code := c.closed(); code != protocol.CloseUnauthenticated {
		t.Errorf("closed with %d", code)
	}
}

// named is an event that a test can tell from others.
func named(name string) protocol.Event {
	return protocol.Event{Type: protocol.ParticipantJoined, Participant: &protocol.Participant{Name: name}}
}

func (s *stand) publish(t *testing.T, to protocol.ParticipantID, name string) {
	t.Helper()
	if err := s.edge.Publish(s.room, to, named(name)); err != nil {
		t.Fatal(err)
	}
}

func TestEventsReachTheirReadersAlone(t *testing.T) {
	s := newStand(t, nil)
	elsewhere, err := s.rooms.Create(t.Context(), "dev", room.Details{Name: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	ana, bob := s.connect(t, "ana"), s.connect(t, "bob")
	here := s.room
	s.room = elsewhere.ID
	namesake := s.connect(t, "ana") // of another room
	s.publish(t, "", "theirs")
	s.room = here
	s.publish(t, "bob", "for bob")
	s.publish(t, "ana", "for ana")
	s.publish(t, "zoe", "for nobody here")
	s.publish(t, "", "for all")
	for name, c := range map[string]struct {
		client *client
		want   []string
	}{
		"ana": {ana, []string{"for ana", "for all"}}, "bob": {bob, []string{"for bob", "for all"}}, "namesake": {namesake, []string{"theirs"}},
	} {
		var got []string
		for range c.want {
			got = append(got, c.client.event().Participant.Name)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestClientsAskForNothing(t *testing.T) {
	s := newStand(t, nil)
	bob, ana := s.connect(t, "bob"), s.connect(t, "ana")
	foreign := `"channel":"personal:` + string(s.room) + `:bob"`
	own := `"channel":"room:` + string(s.room) + `"`
	const notAvailable, permissionDenied = 108, 103
	for _, command := range []string{
		`"subscribe":{` + foreign + `}`, `"subscribe":{"channel":"room:rm_other"}`,
		`"publish":{` + foreign + `,"data":{}}`, `"publish":{` + own + `,"data":{}}`,
		`"presence":{` + own + `}`, `"presence_stats":{` + own + `}`, `"history":{` + own + `}`, `"rpc":{"method":"m","data":{}}`,
	} {
		ana.say(`{"id":2,` + command + `}`)
		reply, code := ana.next()
		if code != 0 || reply.Error == nil || reply.Error.Code != notAvailable && reply.Error.Code != permissionDenied {
			t.Errorf("%s: %+v, close code %d", command, reply, code)
		}
	}
	s.publish(t, "bob", "secret")
	s.publish(t, "", "for all")
	if got := ana.event().Participant.Name; got != "for all" {
		t.Errorf("ana hears %q", got)
	}
	if got := bob.event().Participant.Name; got != "secret" {
		t.Errorf("bob hears %q", got)
	}
}

func TestShutdownAsksToComeBack(t *testing.T) {
	s := newStand(t, nil)
	c := s.connect(t, "ana")
	done := make(chan error, 1)
	go func() { done <- s.edge.Shutdown(context.Background()) }()
	if code := c.closed(); code != protocol.CloseStopping {
		t.Errorf("closed with %d", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if m := s.member(t, "ana"); !m.AwaySince.IsZero() {
		t.Error("the grace has begun before the server is back")
	}
}

func TestForeignOriginsAreRefused(t *testing.T) {
	s := newStand(t, nil)
	open := newStand(t, func(c *signal.Config) { c.AllowOrigin = func(*http.Request) bool { return true } })
	for address, want := range map[string]int{s.web.URL: http.StatusForbidden, open.web.URL: http.StatusSwitchingProtocols} {
		ws, response, err := websocket.Dial(t.Context(), address+"/ws",
			&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {"https://evil.example"}}})
		if ws != nil { // let the server end it, so that it has before the test does
			command := []byte(connectCommand(""))
			if err := ws.Write(t.Context(), websocket.MessageText, command); err != nil {
				t.Error(err)
			}
			for err == nil {
				_, _, err = ws.Read(t.Context())
			}
		}
		if response == nil || response.StatusCode != want {
			t.Errorf("%+v, %v, want %d", response, err, want)
		}
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	s := newStand(t, func(c *signal.Config) { c.MaxConnections = 2 })
	waiting := s.dial(t) // not joined yet
	s.connect(t, "ana")
	s.connect(t, "bob")
	_, response, err := websocket.Dial(t.Context(), s.web.URL+"/ws", nil)
	if err == nil || response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("a third connection: %v", err)
	}
	waiting.say(connectCommand(signed(t, devKey, s.claims("cyd"))))
	if code := waiting.closed(); code >= 3500 && code < 4000 || code >= 4500 {
		t.Errorf("closed with %d, which forbids to come back", code)
	}
}
