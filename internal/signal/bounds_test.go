package signal_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/protocol"
)

// Codes of the library's own: a client comes back after both.
const (
	closedBusy        protocol.CloseCode = 3004
	closedTooMany     protocol.CloseCode = 3013
	closedBadRequest  protocol.CloseCode = 3501
	closedTooLongWord                    = protocol.CloseCode(websocket.StatusMessageTooBig)
)

// refusals are the limits that have refused something.
type refusals struct {
	mu  sync.Mutex
	all []string
}

func (r *refusals) note(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, name)
}

func (r *refusals) has(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.all, name)
}

// TestWhoAsksTooMuchOfAConnectionIsSentAway floods connections with every kind of
// command; who is beside them hears and is heard all the same.
func TestWhoAsksTooMuchOfAConnectionIsSentAway(t *testing.T) {
	var refused refusals
	s := newStand(t, func(c *signal.Config) { c.Refused = refused.note })
	ana := s.connect(t, "ana")
	for name, command := range map[string]string{
		"rpc":       `{"id":%d,"rpc":{"method":"none","data":{}}}`,
		"subscribe": `{"id":%d,"subscribe":{"channel":"room:%d"}}`,
		"publish":   `{"id":%d,"publish":{"channel":"room:x","data":{}}}`,
		"history":   `{"id":%d,"history":{"channel":"room:x"}}`,
	} {
		bob := s.connect(t, "bob")
		closed := make(chan protocol.CloseCode, 1)
		go func() {
			for {
				if _, _, err := bob.ws.Read(context.Background()); err != nil {
					closed <- protocol.CloseCode(websocket.CloseStatus(err))
					return
				}
			}
		}()
		for n := range 1000 {
			text := strings.ReplaceAll(command, "%d", strconv.Itoa(n+10))
			if bob.ws.Write(t.Context(), websocket.MessageText, []byte(text)) != nil {
				break
			}
		}
		if code := <-closed; code != closedTooMany {
			t.Errorf("%s: closed with %d", name, code)
		}
	}
	if !refused.has("push-rate") {
		t.Error("nobody has counted it")
	}
	s.publish(t, "", "still here")
	for ana.event().Participant.Name != "still here" {
	}
}

// TestAWordTooLongEndsItsConnection: 1009 is final to a client.
func TestAWordTooLongEndsItsConnection(t *testing.T) {
	s := newStand(t, nil)
	ana := s.connect(t, "ana")
	go ana.ws.Write(t.Context(), websocket.MessageText, []byte(`{"id":3,"rpc":{"method":"`+strings.Repeat("x", 1<<20)+`"}}`)) // which breaks
	if code := ana.closed(); code != closedTooLongWord {
		t.Errorf("closed with %d", code)
	}
}

// TestWhoComesAndGoesTooFastWaits connects one participant again and again; another
// one comes in beside it.
func TestWhoComesAndGoesTooFastWaits(t *testing.T) {
	var refused refusals
	s := newStand(t, func(c *signal.Config) {
		c.Rejoins, c.Refused = limit.Rate{PerSecond: 0.001, Burst: 3}, refused.note
	})
	for range 3 {
		s.connect(t, "ana")
	}
	again := s.dial(t)
	again.say(connectCommand(signed(t, devKey, s.claims("ana"))))
	if code := again.closed(); code != closedTooMany || !refused.has("rejoin-rate") {
		t.Errorf("closed with %d; refused %v", code, refused.all)
	}
	s.connect(t, "bob")
}

// TestAStormBeyondThePaceIsTurnedAway: who would wait too long is told at once.
func TestAStormBeyondThePaceIsTurnedAway(t *testing.T) {
	var refused refusals
	s := newStand(t, func(c *signal.Config) {
		c.Connects, c.Refused = limit.Rate{PerSecond: 0.01, Burst: 2}, refused.note
	})
	s.connect(t, "ana")
	s.connect(t, "bob")
	late := s.dial(t)
	late.say(connectCommand(signed(t, devKey, s.claims("late"))))
	if code := late.closed(); code != closedBusy || !refused.has("connect-rate") {
		t.Errorf("closed with %d; refused %v", code, refused.all)
	}
}

// TestWhoSaysNothingOfItselfIsSentAway: before it has connected, a connection may
// ask for nothing else.
func TestWhoSaysNothingOfItselfIsSentAway(t *testing.T) {
	s := newStand(t, nil)
	c := s.dial(t)
	c.say(`{"id":1,"subscribe":{"channel":"room:x"}}`)
	if code := c.closed(); code != closedBadRequest {
		t.Errorf("closed with %d", code)
	}
}
