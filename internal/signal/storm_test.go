package signal_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/protocol"
)

// TestManyComeAtOnce: all get in, a few at a time, hear what comes afterwards,
// and hear it in order.
func TestManyComeAtOnce(t *testing.T) {
	const many, atOnce = 60, 4
	s := newStand(t, func(c *signal.Config) { c.MaxConnecting = atOnce })
	s.rooms.Limits.ParticipantsPerRoom = many
	s.announce(t, s.records)
	var joining, most atomic.Int64
	s.rooms.entering = func(by int64) {
		if n := joining.Add(by); by > 0 {
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
		}
	}
	clients := make([]*client, many)
	for i := range clients {
		clients[i] = s.dial(t)
		clients[i].say(connectCommand(signed(t, devKey, s.claims(protocol.ParticipantID(fmt.Sprintf("p%d", i))))))
	}
	for _, c := range clients {
		c.welcomed()
	}
	s.emptied(t)
	s.publish(t, "", "the last")
	for i, c := range clients {
		var seq int64
		for f, e := c.push(); e.Participant.Name != "the last"; f, e = c.push() {
			if !strings.HasPrefix(f.Push.Channel, "room:") {
				continue // what it may have missed, again
			}
			if e.Seq <= seq {
				t.Errorf("client %d hears event %d after %d", i, e.Seq, seq)
			}
			seq = e.Seq
		}
	}
	if n := most.Load(); n > atOnce {
		t.Errorf("%d joined at the same time, want at most %d", n, atOnce)
	}
}

// TestWhoGoesWhileItWaitsHoldsUpNobody: a connection that has ended by the time
// its turn comes lets the next one in all the same.
func TestWhoGoesWhileItWaitsHoldsUpNobody(t *testing.T) {
	s := newStand(t, func(c *signal.Config) { c.MaxConnecting = 1 })
	first, release := s.half(t, "ana")
	for range 3 {
		waits := s.dial(t)
		waits.say(connectCommand(signed(t, devKey, s.claims("bob"))))
		waits.ws.CloseNow()
	}
	release()
	first.welcomed()
	s.connect(t, "cyd")
	if m := s.member(t, "cyd"); m.Connection == "" {
		t.Errorf("%+v", m)
	}
}

// TestASlowClientHarmsNobody: who does not read is cut off once too much waits
// for it, and everybody else hears all of it in order meanwhile.
func TestASlowClientHarmsNobody(t *testing.T) {
	s := newStand(t, nil)
	ana, slow := s.connect(t, "ana"), s.connect(t, "slow")
	long := strings.Repeat("x", protocol.MaxEventBytes*3/4)
	for n := 0; ; n++ {
		select {
		case ended := <-s.rooms.away:
			if ended != slow.id {
				t.Fatalf("the end of %s was noted, want that of %s", ended, slow.id)
			}
			return
		default:
		}
		name := fmt.Sprintf("%d %s", n, long)
		s.publish(t, "", name)
		if e := ana.event(); e.Participant.Name != name {
			t.Fatalf("event %d: %.20s", n, e.Participant.Name)
		}
	}
}
