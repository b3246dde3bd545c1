package room_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// said is what a message of three bytes costs for each who is sent it.
const said = 3 + 256

// TestMessagesCostWhatTheyAreSent counts each message as often as it is sent: for a
// participant and for its room, and for each room alone.
func TestMessagesCostWhatTheyAreSent(t *testing.T) {
	hardly := 1e-6 // a second
	h := newHouseWith(t, room.Chatter{
		Participant: limit.Rate{PerSecond: hardly, Burst: 2*everybody*said + 1},
		Room:        limit.Rate{PerSecond: hardly, Burst: 4*everybody*said + said},
	})
	r, other := h.open(t), h.open(t)
	for _, id := range []protocol.ParticipantID{"ana", "bob", "cyd"} {
		h.join(t, r, id, "c-"+string(id))
		h.join(t, other, id, "d-"+string(id))
	}
	say := func(in store.Room, who protocol.ParticipantID, to *protocol.Audience) string {
		t.Helper()
		before := len(h.line.pushed)
		err := h.Message(t.Context(), in.ID, protocol.Sender{ID: who}, protocol.MessageRequest{Kind: protocol.TextMessage, To: to, Body: json.RawMessage(`"x"`)})
		if err == nil {
			return ""
		}
		var coded *protocol.Error
		if !errors.As(err, &coded) || coded.Code != protocol.CodeTooManyRequests || coded.After <= 0 || len(h.line.pushed) != before {
			t.Errorf("refused with %v, after %d messages", err, len(h.line.pushed)-before)
			return "?"
		}
		return coded.Limit
	}
	for i, step := range []struct {
		in   store.Room
		who  protocol.ParticipantID
		to   *protocol.Audience
		want string
	}{
		{r, "ana", everyone(), ""},
		{r, "ana", everyone(), ""},
		{r, "ana", to("bob"), "message-rate"},
		{r, "bob", to("ana"), ""}, // what was refused took nothing of the room's
		{r, "bob", everyone(), ""},
		{r, "cyd", everyone(), ""},
		{r, "cyd", to("ana"), "room-message-rate"},
		{other, "ana", everyone(), ""},
	} {
		if got := say(step.in, step.who, step.to); got != step.want {
			t.Errorf("message %d was refused by %q, want %q", i, got, step.want)
		}
	}
}

// TestOneMessageIsNeverTooMuch: a bound below what one costs does not shut
// everybody up.
func TestOneMessageIsNeverTooMuch(t *testing.T) {
	least := limit.Rate{PerSecond: 1e-6, Burst: 1}
	h := newHouseWith(t, room.Chatter{Participant: least, Room: least})
	r := h.open(t)
	h.join(t, r, "ana", "c")
	err := h.Message(t.Context(), r.ID, protocol.Sender{ID: "ana"}, protocol.MessageRequest{Kind: protocol.TextMessage, To: everyone(), Body: json.RawMessage(`"x"`)})
	if err != nil {
		t.Error(err)
	}
}
