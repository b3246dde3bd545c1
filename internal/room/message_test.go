package room_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

func to(ids ...protocol.ParticipantID) *protocol.Audience {
	return &protocol.Audience{List: ids}
}

func everyone() *protocol.Audience { return &protocol.Audience{Room: true} }

func TestMessagesReachWhomTheyAreFor(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	h.join(t, r, "bob", "c2")
	h.join(t, r, "cyd", "c3")
	ana := protocol.Sender{ID: "ana", Name: "Ana"}
	body := json.RawMessage(`"hello"`)
	for _, m := range []protocol.MessageRequest{
		{Kind: protocol.TextMessage, To: everyone(), Body: body},
		{Kind: protocol.DataMessage, To: to("cyd", "bob", "cyd"), Body: json.RawMessage(`{"page":3}`)},
	} {
		if err := h.Message(ctx, r.ID, ana, m); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, p := range h.line.pushed {
		if p.Event.Type != protocol.MessageReceived || p.Event.Time.IsZero() || p.Event.Seq != 0 || p.Event.Stream != "" {
			t.Errorf("event %+v", p.Event)
		}
		text, err := json.Marshal(p.Event.Message)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(p.To)+" "+string(text))
	}
	want := []string{
		` {"kind":"text","sender":{"id":"ana","name":"Ana"},"to":"room","body":"hello"}`,
		`cyd {"kind":"data","sender":{"id":"ana","name":"Ana"},"to":["cyd"],"body":{"page":3}}`,
		`bob {"kind":"data","sender":{"id":"ana","name":"Ana"},"to":["bob"],"body":{"page":3}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +pushed:\n%s", diff)
	}
}

func TestBadMessages(t *testing.T) {
	h := newHouse(t)
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	text := func(body string, to *protocol.Audience) protocol.MessageRequest {
		return protocol.MessageRequest{Kind: protocol.TextMessage, To: to, Body: json.RawMessage(body)}
	}
	for name, c := range map[string]struct {
		sender  protocol.ParticipantID
		message protocol.MessageRequest
		want    protocol.Code
	}{
		"no kind":           {"ana", protocol.MessageRequest{To: everyone(), Body: json.RawMessage(`1`)}, protocol.CodeInvalidRequest},
		"no audience":       {"ana", text(`"x"`, nil), protocol.CodeInvalidRequest},
		"for nobody":        {"ana", text(`"x"`, to()), protocol.CodeEmptyList},
		"unknown recipient": {"ana", text(`"x"`, to("ana", "zoe")), protocol.CodeUnknownRecipient},
		"too many":          {"ana", text(`"x"`, to("a", "b", "c", "d", "e")), protocol.CodeInvalidRequest},
		"no body":           {"ana", text(``, everyone()), protocol.CodeInvalidRequest},
		"body not JSON":     {"ana", text(`"x`, everyone()), protocol.CodeInvalidRequest},
		"text not a string": {"ana", text(`{"x":1}`, everyone()), protocol.CodeInvalidRequest},
		"large body":        {"ana", text(`"`+strings.Repeat("x", 64)+`"`, everyone()), protocol.CodeRequestTooLarge},
		"sender not here":   {"zoe", text(`"x"`, everyone()), protocol.CodeForbidden},
	} {
		wantCode(t, name, h.Message(t.Context(), r.ID, protocol.Sender{ID: c.sender}, c.message), c.want)
	}
	if len(h.line.pushed) != 0 {
		t.Errorf("pushed: %+v", h.line.pushed)
	}
}
