package signal_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// outbox is the real one, which may fail to forget what was announced.
type outbox struct {
	*store.DB
	failing atomic.Bool
	tried   chan struct{} // a value per failure
}

func (o *outbox) Announced(ctx context.Context, upTo int64) error {
	if o.failing.Load() {
		o.tried <- struct{}{}
		return errors.New("the power went")
	}
	return o.DB.Announced(ctx, upTo)
}

// announce runs a new Announcer until stop is called, or the test ends.
func (s *stand) announce(t *testing.T, o signal.Outbox) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	a := &signal.Announcer{Outbox: o, Edge: s.edge, Log: slog.New(slog.DiscardHandler)}
	go func() { defer close(done); a.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// enter puts a participant on the roster, which is one event of the room.
func (s *stand) enter(t *testing.T, id protocol.ParticipantID) {
	t.Helper()
	_, err := s.rooms.Service.Join(t.Context(), room.Entrant{App: "dev", Room: s.room, ID: id, Name: string(id)}, "elsewhere-"+string(id))
	if err != nil {
		t.Fatal(err)
	}
}

type heard struct {
	Seq  int64
	Name string
}

func (c *client) hears(n int) []heard {
	c.t.Helper()
	var got []heard
	for range n {
		e := c.event()
		got = append(got, heard{e.Seq, e.Participant.Name})
	}
	return got
}

// TestACrashLosesNoEventAndKeepsTheOrder: what was published and not forgotten
// comes again, and nothing is skipped or swapped.
func TestACrashLosesNoEventAndKeepsTheOrder(t *testing.T) {
	s := newStand(t, nil)
	ana := s.connect(t, "ana") // event 1
	s.enter(t, "bob")
	s.enter(t, "cyd")
	o := &outbox{DB: s.records, tried: make(chan struct{}, 100)}
	o.failing.Store(true)
	crash := s.announce(t, o)
	<-o.tried
	crash()
	before := []heard{{1, "N ana"}, {2, "bob"}, {3, "cyd"}}
	if diff := cmp.Diff(before, ana.hears(3)); diff != "" {
		t.Errorf("before the crash: -want +got\n%s", diff)
	}
	o.failing.Store(false)
	s.announce(t, o)
	if diff := cmp.Diff(before, ana.hears(3)); diff != "" {
		t.Errorf("after the crash: -want +got\n%s", diff)
	}
	s.enter(t, "dan")
	if diff := cmp.Diff([]heard{{4, "dan"}}, ana.hears(1)); diff != "" {
		t.Errorf("going on: -want +got\n%s", diff)
	}
}

// TestAFailureToForgetRepeatsNothing: the same Announcer knows how far it came.
func TestAFailureToForgetRepeatsNothing(t *testing.T) {
	s := newStand(t, nil)
	ana := s.connect(t, "ana")
	o := &outbox{DB: s.records, tried: make(chan struct{}, 100)}
	o.failing.Store(true)
	s.announce(t, o)
	<-o.tried
	o.failing.Store(false)
	s.enter(t, "bob")
	if diff := cmp.Diff([]heard{{1, "N ana"}, {2, "bob"}}, ana.hears(2)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestTheEndOfARoomEndsItsConnections(t *testing.T) {
	s := newStand(t, nil)
	s.announce(t, s.records)
	here := s.room
	elsewhere, err := s.rooms.Create(t.Context(), "dev", room.Details{Name: "elsewhere"})
	if err != nil {
		t.Fatal(err)
	}
	ana := s.connect(t, "ana")
	s.room = elsewhere.ID
	zoe := s.connect(t, "zoe")
	if err := s.rooms.End(t.Context(), "dev", here); err != nil {
		t.Fatal(err)
	}
	var last protocol.Event
	for last.Type != protocol.RoomEnded {
		last = ana.event()
	}
	if code := ana.closed(); code != protocol.CloseRoomEnded {
		t.Errorf("closed with %d", code)
	}
	s.enter(t, "yan") // zoe's room goes on
	for last = zoe.event(); last.Participant.Name != "yan"; last = zoe.event() {
	}
}

// wire is an outbox whose events are there the moment they are committed.
type wire struct {
	committed chan struct{}
	mu        sync.Mutex
	events    []store.Outgoing
}

func (w *wire) Committed() <-chan struct{} { return w.committed }

func (w *wire) Outgoing(_ context.Context, after int64, limit int) ([]store.Outgoing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.events[min(int(after), len(w.events)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (w *wire) Announced(context.Context, int64) error { return nil }

func (w *wire) commit(room protocol.RoomID, to protocol.ParticipantID) {
	w.mu.Lock()
	w.events = append(w.events, store.Outgoing{ID: int64(len(w.events) + 1), Room: room, Participant: to, Event: []byte(`{"type":"shares.created"}`)})
	w.mu.Unlock()
	select {
	case w.committed <- struct{}{}:
	default:
	}
}

// TestNoEventIsLostWhileConnecting: a client reads the store as soon as it is
// told that it is connected, so it must hear of whatever is committed from then
// on, even if the server is not done with connecting it.
func TestNoEventIsLostWhileConnecting(t *testing.T) {
	s := newStand(t, nil)
	w := &wire{committed: make(chan struct{}, 1)}
	s.announce(t, w)
	for round := range 200 {
		c := s.dial(t)
		c.say(connectCommand(signed(t, devKey, s.claims("ana"))))
		if reply, _ := c.next(); reply.Connect == nil {
			t.Fatalf("%+v", reply)
		}
		w.commit(s.room, []protocol.ParticipantID{"", "ana"}[round%2])
		if e := c.event(); e.Type != protocol.SharesCreated {
			t.Fatalf("%+v", e)
		}
		c.ws.CloseNow()
		<-s.rooms.away
	}
}
