package signal_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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

func (o *outbox) Announced(ctx context.Context, upTo map[protocol.RoomID]int64) error {
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

func TestTheEndOfARoomEndsItsConnections(t *testing.T) { brokers(t, theEndOfARoom) }

func theEndOfARoom(t *testing.T, s *stand) {
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
	room      protocol.RoomID
	committed chan struct{}
	mu        sync.Mutex
	cleared   int64
	events    []store.Outgoing
}

func (w *wire) Committed() <-chan struct{} { return w.committed }

func (w *wire) Touched() []protocol.RoomID { return []protocol.RoomID{w.room} }

func (w *wire) Waiting(context.Context, int) (map[protocol.RoomID]int64, error) { return nil, nil }

func (w *wire) Outgoing(_ context.Context, _ protocol.RoomID, after int64, limit int) ([]store.Outgoing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.events[min(int(max(after, w.cleared)), len(w.events)):]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (w *wire) Announced(_ context.Context, upTo map[protocol.RoomID]int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cleared = max(w.cleared, upTo[w.room])
	return nil
}

func (w *wire) DropOutgoing(context.Context, time.Time) error { return nil }

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
func TestNoEventIsLostWhileConnecting(t *testing.T) { brokers(t, noEventIsLostWhileConnecting) }

func noEventIsLostWhileConnecting(t *testing.T, s *stand) {
	w := &wire{room: s.room, committed: make(chan struct{}, 1)}
	s.announce(t, w)
	for round := range 200 {
		c := s.dial(t)
		c.say(connectCommand(signed(t, devKey, s.claims("ana"))))
		if reply, _ := c.next(); reply.Connect == nil {
			t.Fatalf("%+v", reply)
		}
		w.commit(s.room, []protocol.ParticipantID{"", "ana"}[round%2])
		c.until(func(e protocol.Event) bool { return e.Type == protocol.SharesCreated })
		c.ws.CloseNow()
		<-s.rooms.away
	}
}

// TestTheLargestRequestDoesNotEndItsSender: what one request tells is more than
// one event holds, and waits for a client that does not read.
func TestTheLargestRequestDoesNotEndItsSender(t *testing.T) {
	for _, request := range []struct{ files, recipients int }{{100, 20}, {10, 200}} {
		s := newStand(t, nil)
		ana, bob := s.connect(t, "ana"), s.connect(t, "bob")
		size := int64(1) << 50
		shares := make([]store.Share, request.files)
		for i := range shares {
			shares[i] = store.Share{Share: protocol.Share{
				ID: protocol.NewShareID(), Room: s.room, Size: &size, To: crowd(request.recipients),
				Name: strings.Repeat(`"`, protocol.MaxFileNameBytes), Type: strings.Repeat("x", protocol.MaxTypeBytes),
				Sender:    protocol.Sender{ID: "ana", Name: strings.Repeat(`"`, protocol.MaxDisplayNameBytes)},
				CreatedAt: time.Now(), ExpiresAt: time.Now(),
			}}
		}
		if err := s.records.CreateShares(t.Context(), shares, store.Quota{RoomShares: 100, OpenUploads: 100}); err != nil {
			t.Fatal(err)
		}
		s.bounded(t)
		s.announce(t, s.records)
		s.emptied(t)
		s.publish(t, "", "the last")
		for name, c := range map[string]*client{"sender": ana, "recipient": bob} {
			told := 0
			for e := c.event(); e.Participant == nil || e.Participant.Name != "the last"; e = c.event() {
				told += len(e.Shares)
			}
			if told != request.files {
				t.Errorf("%+v: the %s is told of %d files", request, name, told)
			}
		}
	}
}

// crowd is an audience of so many, Bob among them.
func crowd(n int) protocol.Audience {
	to := protocol.Audience{List: []protocol.ParticipantID{"bob"}}
	for i := 1; i < n; i++ {
		to.List = append(to.List, protocol.ParticipantID(fmt.Sprintf("%064d", i)))
	}
	return to
}

// bounded checks the length of each event that is not announced, and of all
// that one participant is to be told.
func (s *stand) bounded(t *testing.T) {
	t.Helper()
	waiting, err := s.records.Outgoing(t.Context(), s.room, 0, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[protocol.ParticipantID]int)
	for _, event := range waiting {
		all[event.Participant] += len(event.Event)
		if n := len(event.Event); n > protocol.MaxEventBytes {
			t.Errorf("an event of %d bytes", n)
		}
		if all[event.Participant] > signal.QueueBytes {
			t.Errorf("%d bytes for %q", all[event.Participant], event.Participant)
		}
	}
}

// emptied waits until everything is announced.
func (s *stand) emptied(t *testing.T) {
	t.Helper()
	for left := 1; left > 0; {
		usage, err := s.records.Usage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		left = usage.Outbox
	}
}
