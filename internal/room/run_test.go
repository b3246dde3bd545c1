package room_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// book holds what Run asks of the store, in memory, so that time can be virtual.
// The rest of room.Records it has from the nil interface: nobody calls it.
type book struct {
	room.Records
	mu      sync.Mutex
	away    map[protocol.ParticipantID]time.Time
	idle    []time.Time // what PurgeRooms was asked with
	failing bool
}

func (b *book) LeaveAway(_ context.Context, before, _ time.Time) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failing {
		return 0, errors.New("disk on fire")
	}
	left := 0
	for id, since := range b.away {
		if since.Before(before) {
			delete(b.away, id)
			left++
		}
	}
	return left, nil
}

func (b *book) Away(_ context.Context, _ protocol.RoomID, id protocol.ParticipantID, _ string, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away[id] = now
	return nil
}

func (b *book) PurgeRooms(_ context.Context, idleBefore, now time.Time) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.idle = append(b.idle, idleBefore)
	return 0, nil
}

// absent returns how many are away, and fails from now on or no more.
func (b *book) absent(failing bool) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing = failing
	return len(b.away)
}

func running(t *testing.T, b *book) *room.Service {
	t.Helper()
	s := room.New(room.Config{Records: b, Limits: limits, IdleLifetime: 24 * time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return s
}

// after lets virtual time pass, and everything that it sets going.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestWhoStaysAwayLeavesAfterTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{away: make(map[protocol.ParticipantID]time.Time)}
		s := running(t, b)
		after(300 * time.Millisecond)
		if err := s.Away(t.Context(), "rm", "ana", "c1"); err != nil {
			t.Fatal(err)
		}
		after(9900 * time.Millisecond)
		if b.absent(false) != 1 {
			t.Fatal("left within the grace")
		}
		after(1200 * time.Millisecond)
		if b.absent(false) != 0 {
			t.Fatal("still here a second after the grace")
		}
	})
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{away: map[protocol.ParticipantID]time.Time{"ana": time.Now()}, failing: true}
		running(t, b)
		after(20 * time.Second)
		if b.absent(false) != 1 {
			t.Fatal("left although the store failed")
		}
		after(2 * time.Second)
		if b.absent(false) != 0 {
			t.Fatal("not tried again")
		}
	})
}

func TestIdleRoomsArePurged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		running(t, b)
		started := time.Now()
		after(2*time.Minute + time.Second)
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.idle) != 2 {
			t.Fatalf("purged %d times in two minutes", len(b.idle))
		}
		if want := started.Add(time.Minute - 24*time.Hour); !b.idle[0].Equal(want) {
			t.Errorf("purged what is idle since %s, want %s", b.idle[0], want)
		}
	})
}

// TestAwayThroughTheStore holds the whole way, against the real store and with
// a clock that the test sets.
func TestAwayThroughTheStore(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	clock := time.Now()
	h.Now = func() time.Time { return clock }
	r := h.open(t)
	h.join(t, r, "ana", "c1")
	h.join(t, r, "bob", "c2")
	if err := h.Away(ctx, r.ID, "ana", "c1"); err != nil {
		t.Fatal(err)
	}
	if here := h.here(t, r); here != "ana bob" {
		t.Fatalf("within the grace, here is %q", here)
	}
	clock = clock.Add(11 * time.Second)
	done, cancel := context.WithCancel(ctx)
	ran := make(chan struct{})
	go func() { defer close(ran); h.Run(done) }()
	for {
		if _, err := h.records.Member(ctx, r.ID, "ana"); errors.Is(err, store.ErrNotFound) {
			break
		}
		<-h.records.Committed() // of what the sweep changes
	}
	cancel()
	<-ran
	if here := h.here(t, r); here != "bob" {
		t.Errorf("after the grace, here is %q", here)
	}
}
