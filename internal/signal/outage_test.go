package signal_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/postgres"
	"github.com/handout-rtc/handout/protocol"
)

// outages are the ways in which Redis is away for a while. The returned function ends
// it.
var outages = map[string]func(*testing.T, *enginetest.Redis) (end func()){
	"killed": func(t *testing.T, r *enginetest.Redis) func() {
		if err := r.Kill(); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
		}
	},
	"paused": func(_ *testing.T, r *enginetest.Redis) func() {
		r.Pause()
		return r.Resume
	},
}

// TestRedisGoesAndComesBack: while it is away, who is there is told of what happens,
// others come in, and nobody waits long; when it is back, pushes come again to all.
func TestRedisGoesAndComesBack(t *testing.T) {
	t.Parallel()
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redis := enginetest.OwnRedis(t)
			n := nodes(t, 2, redis)
			ana, kiosk := n[0].connect(t, "ana"), n[1].quiet(t, "kiosk")
			bob := n[1].connect(t, "bob")
			end := outage(t, redis)
			n[0].enter(t, "cyd")
			head := n[0].head(t)
			ana.isTold(head)
			bob.isTold(head)
			kiosk.until(func(e protocol.Event) bool { return e.Type == protocol.StreamMoved && e.Head == 0 })
			dan := n[1].connect(t, "dan")
			head = n[0].head(t)
			for _, c := range []*client{ana, bob, dan} {
				c.isTold(head)
			}
			end()
			// What happens from the return on comes as a push, once subscriptions are back.
			n[0].published(t, n[1])
			if _, err := n[0].records.SwitchSharing(t.Context(), n[0].room, []string{"viewer"}, time.Now()); err != nil {
				t.Fatal(err)
			}
			for _, c := range []*client{ana, bob, dan, kiosk} {
				c.until(func(e protocol.Event) bool { return e.Type == protocol.SharingChanged })
			}
		})
	}
}

// published waits until the nodes hear each other.
func (s *stand) published(t *testing.T, other *stand) {
	t.Helper()
	await(t, func() bool { return s.edge.Hears() && other.edge.Hears() })
}

// TestNothingDependsOnWhatRedisKeeps: nothing is there after it was flushed, and
// nothing is missing.
func TestNothingDependsOnWhatRedisKeeps(t *testing.T) {
	t.Parallel()
	redis := enginetest.OwnRedis(t)
	n := nodes(t, 2, redis)
	ana, bob := n[0].connect(t, "ana"), n[1].connect(t, "bob")
	if _, err := redis.Do("FLUSHALL"); err != nil {
		t.Fatal(err)
	}
	n[0].enter(t, "cyd")
	for _, c := range []*client{ana, bob} {
		if e := c.meets("cyd"); e.Seq != 3 {
			t.Errorf("number %d", e.Seq)
		}
	}
}

// TestANodeStartsWithoutRedis, lets in who comes, and hears the others once it is there.
func TestANodeStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := enginetest.OwnRedis(t)
	if err := redis.Kill(); err != nil {
		t.Fatal(err)
	}
	n := nodes(t, 2, redis)
	ana, bob := n[0].connect(t, "ana"), n[1].connect(t, "bob")
	if err := n[0].edge.Publish(n[0].room, "", protocol.Event{Type: protocol.MessageReceived}); protocol.CodeOf(err) != protocol.CodeUnavailable {
		t.Errorf("a message that nobody gets: %v", err)
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	n[0].published(t, n[1])
	n[0].enter(t, "cyd")
	ana.meets("cyd")
	bob.meets("cyd")
}

// TestALostPushIsMadeUpFor: nothing follows it that would show a gap.
func TestALostPushIsMadeUpFor(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SharedRedis(t))
	ana, kiosk := n[0].connect(t, "ana"), n[0].quiet(t, "kiosk")
	n[1].enter(t, "bob")
	ana.meets("bob")
	kiosk.meets("bob")
	records, forget := n[1].unheard(t)
	if _, err := records.SwitchSharing(t.Context(), n[1].room, []string{"viewer"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	forget()
	lost := n[1].head(t)
	ana.isTold(lost)
	kiosk.until(func(e protocol.Event) bool { return e.Type == protocol.StreamMoved && e.Head == 0 })
	n[1].enter(t, "cyd")
	if e := ana.meets("cyd"); e.Seq != lost+1 {
		t.Errorf("number %d, want %d", e.Seq, lost+1)
	}
}

// unheard opens a store beside a node's, whose events nobody announces: forget makes
// those that there are unheard.
func (s *stand) unheard(t *testing.T) (records *store.DB, forget func()) {
	t.Helper()
	records, err := postgres.Open(t.Context(), s.database, postgres.Config{Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { records.Close() })
	return records, func() {
		t.Helper()
		if err := records.Announced(t.Context(), map[protocol.RoomID]int64{s.room: 1 << 40}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestALostHintIsMadeUpFor: a connection that another node has ended, and was not told
// of, ends nevertheless.
func TestALostHintIsMadeUpFor(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SharedRedis(t))
	replaced, dropped, ended := n[0].connect(t, "ana"), n[0].connect(t, "bob"), n[0].connect(t, "cyd")
	records, forget := n[1].unheard(t)
	elsewhere := room.New(room.Config{Records: records, Push: deaf{}, Limits: limits})
	if _, err := elsewhere.Join(t.Context(), room.Entrant{App: "dev", Room: n[0].room, ID: "ana", Name: "ana"}, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if code := replaced.closed(); code != protocol.CloseReplaced {
		t.Errorf("who was replaced is closed with %d", code)
	}
	if err := elsewhere.Drop(t.Context(), n[0].room, "bob"); err != nil {
		t.Fatal(err)
	}
	forget()
	if code := dropped.closed(); code != protocol.CloseDropped {
		t.Errorf("who was dropped is closed with %d", code)
	}
	if err := elsewhere.End(t.Context(), "dev", n[0].room); err != nil {
		t.Fatal(err)
	}
	forget()
	if code := ended.closed(); code != protocol.CloseRoomEnded {
		t.Errorf("who was left is closed with %d", code)
	}
}

// TestALostHintIsMadeUpForOnceTheConnectionIsOpen: a look has passed over it while it
// was not.
func TestALostHintIsMadeUpForOnceTheConnectionIsOpen(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SharedRedis(t))
	n[0].connect(t, "bob") // so that the room is looked at all the time
	witness := n[0].connect(t, "cyd")
	first, release := n[0].half(t, "ana")
	records, _ := n[1].unheard(t)
	elsewhere := room.New(room.Config{Records: records, Push: deaf{}, Limits: limits})
	if _, err := elsewhere.Join(t.Context(), room.Entrant{App: "dev", Room: n[0].room, ID: "ana", Name: "ana"}, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if err := elsewhere.Drop(t.Context(), n[0].room, "cyd"); err != nil {
		t.Fatal(err)
	}
	witness.closed()
	release()
	if code := first.closed(); code != protocol.CloseReplaced {
		t.Errorf("closed with %d", code)
	}
}

// deaf is a push by which nobody is reached.
type deaf struct{}

func (deaf) Disconnect(protocol.RoomID, protocol.ParticipantID, string, protocol.CloseCode) {}

func (deaf) Publish(protocol.RoomID, protocol.ParticipantID, protocol.Event) error { return nil }

func (deaf) Listening(protocol.RoomID) int { return 0 }
