package signal_test

import (
	"testing"

	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// TestARemovedKeyEndsItsConnections, and no others.
func TestARemovedKeyEndsItsConnections(t *testing.T) {
	newKey := []byte("a new key of the application")
	ring := token.NewRing(token.Keys{"dev": {newKey, devKey}})
	s := newStand(t, func(c *signal.Config) { c.Tokens = ring })
	before, after := s.dial(t), s.dial(t)
	before.join(signed(t, devKey, s.claims("ana")))
	after.join(signed(t, newKey, s.claims("ben")))
	s.edge.Expel() // nobody
	ring.Replace(token.Keys{"dev": {newKey}})
	s.edge.Expel()
	if code := before.closed(); code != protocol.CloseUnauthenticated {
		t.Errorf("closed with %d", code)
	}
	s.announce(t, s.records)
	s.enter(t, "cyd")
	for e := after.event(); e.Participant == nil || e.Participant.ID != "cyd"; e = after.event() {
		if e.Type != protocol.ParticipantJoined {
			t.Fatalf("hears %+v", e)
		}
	}
	again := s.dial(t)
	again.say(connectCommand(signed(t, devKey, s.claims("ana"))))
	if code := again.closed(); code != protocol.CloseUnauthenticated {
		t.Errorf("let in again, or closed with %d", code)
	}
}
