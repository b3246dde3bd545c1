package signal_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/room"
	"github.com/handout-rtc/handout/internal/signal"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/internal/store/postgres"
	"github.com/handout-rtc/handout/protocol"
	"github.com/handout-rtc/handout/token"
)

// brokers runs a test on a stand that serves alone, and on a node.
func brokers(t *testing.T, test func(*testing.T, *stand)) {
	t.Run("memory", func(t *testing.T) { test(t, newStand(t, nil)) })
	t.Run("redis", func(t *testing.T) {
		redis := enginetest.SharedRedis(t)
		s := newStand(t, func(c *signal.Config) { c.Redis = redis.URL() })
		s.run(t)
		test(t, s)
	})
}

// run does what is to be done beside the connections until the test ends.
func (s *stand) run(t testing.TB) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.edge.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// messenger is a Redis, or several of them.
type messenger interface{ URL() string }

// nodes returns so many nodes of one cluster, with one room. Each has a store of its
// own on the same database, and announces what it commits.
func nodes(t *testing.T, n int, redis messenger) []*stand {
	t.Helper()
	all := silentNodes(t, n, redis)
	for _, s := range all {
		s.announce(t, s.records)
	}
	return all
}

// silentNodes are nodes that announce nothing.
func silentNodes(t testing.TB, n int, redis messenger) []*stand {
	t.Helper()
	open := func(url string) (*store.DB, error) {
		return postgres.Open(t.Context(), url, postgres.Config{Connections: 6})
	}
	database := enginetest.SharedPostgres(t).DatabaseLike(t, "migrated", func(url string) error {
		db, err := open(url)
		if err != nil {
			return err
		}
		return db.Close()
	})
	all := make([]*stand, n)
	for i := range all {
		records, err := open(database)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = newStandOn(t, records, func(c *signal.Config) { c.Redis = redis.URL() })
		all[i].run(t)
		all[i].database = database
	}
	r, err := all[0].rooms.Create(t.Context(), "dev", room.Details{Name: "Physics 101"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		s.room = r.ID
	}
	return all
}

// quiet joins as who may only send.
func (s *stand) quiet(t *testing.T, id protocol.ParticipantID) *client {
	t.Helper()
	c := s.dial(t)
	claims := s.claims(id)
	claims.Grants = token.Grants{Send: true, SendToAll: true}
	c.join(signed(t, devKey, claims))
	return c
}

// until returns the first event that ok is true of.
func (c *client) until(ok func(protocol.Event) bool) protocol.Event {
	c.t.Helper()
	for {
		if e := c.event(); ok(e) {
			return e
		}
	}
}

// meets waits until it hears that the participant has joined, by its number or, if the
// push was lost, by how far the stream is.
func (c *client) meets(name string) protocol.Event {
	c.t.Helper()
	return c.until(func(e protocol.Event) bool {
		return e.Type == protocol.ParticipantJoined && e.Participant.Name == name
	})
}

// isTold waits until it hears that the room's stream has come to that number.
func (c *client) isTold(head int64) {
	c.t.Helper()
	c.until(func(e protocol.Event) bool {
		return e.Type == protocol.StreamMoved && e.Stream == protocol.RoomStream && e.Head >= head
	})
}

// head is the number of the room's last event.
func (s *stand) head(t *testing.T) int64 {
	t.Helper()
	heads, err := s.records.Heads(t.Context(), map[protocol.RoomID]int64{s.room: 0})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range heads {
		if h.Participant == "" {
			return h.Seq
		}
	}
	return 0
}

func TestNodesTellEachOther(t *testing.T) {
	t.Parallel()
	n := nodes(t, 3, enginetest.SharedRedis(t))
	ana, bob, kiosk := n[0].connect(t, "ana"), n[1].connect(t, "bob"), n[2].quiet(t, "kiosk")
	n[2].enter(t, "cyd")
	for name, c := range map[string]*client{"ana": ana, "bob": bob} {
		if e := c.meets("cyd"); e.Seq != 4 || e.Stream != protocol.RoomStream {
			t.Errorf("%s hears of cyd as number %d of %q", name, e.Seq, e.Stream)
		}
	}
	if e := kiosk.meets("cyd"); e.Seq != 0 || e.Stream != "" {
		t.Errorf("the kiosk hears of cyd as number %d of %q", e.Seq, e.Stream)
	}
	n[2].share(t, "ana", "for-bob.txt", protocol.Audience{List: []protocol.ParticipantID{"bob"}})
	n[1].share(t, "ana", "for-all.txt", protocol.ToRoom())
	n[0].share(t, "kiosk", "of-kiosk.txt", protocol.ToRoom())
	message := protocol.Event{Type: protocol.MessageReceived, Time: time.Now(), Message: &protocol.Message{Kind: protocol.TextMessage, Body: json.RawMessage(`"hello"`)}}
	for name, c := range map[string]*client{"ana": ana, "bob": bob, "kiosk": kiosk} {
		got := make(map[string]bool) // an event with a number may come twice
		want := map[string]bool{"of-kiosk.txt": true}
		if name != "kiosk" {
			want["for-bob.txt"], want["for-all.txt"] = true, true
		}
		for len(got) < len(want) {
			e := c.until(func(e protocol.Event) bool { return e.Type == protocol.SharesCreated })
			got[e.Shares[0].Name] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
	if err := n[1].edge.Publish(n[1].room, "", message); err != nil {
		t.Fatal(err)
	}
	if e := kiosk.event(); e.Type != protocol.MessageReceived { // not of a file, and of nothing twice
		t.Errorf("the kiosk hears %+v", e)
	}
	for _, c := range []*client{ana, bob} {
		c.until(func(e protocol.Event) bool { return e.Type == protocol.MessageReceived })
	}
	if heard := n[0].edge.Listening(n[0].room); heard < 3 {
		t.Errorf("%d listen, want 3 and more", heard)
	}
	if err := n[0].rooms.End(t.Context(), "dev", n[0].room); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*client{ana, bob, kiosk} {
		if code := c.closed(); code != protocol.CloseRoomEnded {
			t.Errorf("closed with %d", code)
		}
	}
}

func TestAConnectionOfAnotherNodeIsEnded(t *testing.T) {
	t.Parallel()
	n := nodes(t, 3, enginetest.SharedRedis(t))
	first := n[0].connect(t, "ana")
	second := n[1].connect(t, "ana")
	if code := first.closed(); code != protocol.CloseReplaced {
		t.Errorf("the first is closed with %d", code)
	}
	if err := n[2].rooms.Leave(t.Context(), n[2].room, "ana"); err != nil {
		t.Fatal(err)
	}
	if code := second.closed(); code != protocol.CloseLeft {
		t.Errorf("the second is closed with %d", code)
	}
	third := n[1].connect(t, "ana")
	if err := n[2].rooms.Drop(t.Context(), n[2].room, "ana"); err != nil {
		t.Fatal(err)
	}
	if code := third.closed(); code != protocol.CloseDropped {
		t.Errorf("the third is closed with %d", code)
	}
}

// TestHintsReachWhomTheyConcern: of three nodes those that somebody of the room is
// connected to, or that attend to it, and none else; no client hears them.
func TestHintsReachWhomTheyConcern(t *testing.T) {
	t.Parallel()
	redis := enginetest.SharedRedis(t)
	heard := make(chan string, 10)
	var all []*stand
	for _, name := range []string{"one", "two", "three"} {
		s := newStand(t, func(c *signal.Config) { c.Redis = redis.URL() }, func(e *signal.Edge) {
			e.OnHint("moved", func(data string) { heard <- name + " " + data })
		})
		s.run(t)
		all = append(all, s)
	}
	of := all[0].room
	ana := all[0].connect(t, "ana")
	reaches := func(data string, want ...string) {
		t.Helper()
		got := make(map[string]bool)
		for range want {
			got[<-heard] = true
		}
		for _, name := range want {
			if !got[name+" "+data] {
				t.Errorf("of %s heard %v, and not %s", data, got, name)
			}
		}
	}
	hint := func(participant protocol.ParticipantID, data string, want ...string) {
		t.Helper()
		goesTo(t, redis, of, participant, len(want))
		all[1].edge.Hint(of, participant, "nobody asks for this", "x")
		all[1].edge.Hint(of, participant, "moved", data)
		reaches(data, want...)
	}
	hint("", "to the room", "one")
	hint("ana", "to ana", "one")
	all[2].edge.Attend(map[protocol.RoomID]bool{of: true})
	hint("", "to who attends", "one", "three")
	hint("ana", "to ana again", "one")
	all[2].edge.Attend(nil)
	hint("", "to the room again", "one")
	all[1].edge.HintAll("moved", "to all")
	reaches("to all", "one", "three")
	all[0].publish(t, "", "an event")
	if e := ana.until(func(e protocol.Event) bool { return e.Type != protocol.StreamMoved }); e.Participant == nil || e.Participant.Name != "an event" {
		t.Errorf("ana hears %+v", e)
	}
	if len(heard) > 0 {
		t.Errorf("%s was heard by who was not told", <-heard)
	}
}

// goesTo waits until so many nodes follow a stream, by Redis' own count.
func goesTo(t *testing.T, redis *enginetest.Redis, room protocol.RoomID, participant protocol.ParticipantID, nodes int) {
	t.Helper()
	stream := "handout.client.room:" + string(room)
	if participant != "" {
		stream = "handout.client.personal:" + string(room) + ":" + string(participant)
	}
	await(t, func() bool {
		reached, err := redis.Do("EVAL", `"return redis.call('PUBSUB','NUMSUB',ARGV[1])[2]"`, "0", stream)
		if err != nil {
			t.Fatal(err)
		}
		return reached == strconv.Itoa(nodes)
	})
}

// await waits until it is so.
func await(t *testing.T, is func() bool) {
	t.Helper()
	patient, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	for !is() {
		select {
		case <-patient.Done():
			t.Fatal(patient.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// TestReplacedWhileConnectingToAnotherNode: the hint comes before the connection is
// open.
func TestReplacedWhileConnectingToAnotherNode(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SharedRedis(t))
	first, release := n[0].half(t, "ana")
	n[1].connect(t, "ana")
	release()
	if code := first.closed(); code != protocol.CloseReplaced {
		t.Errorf("closed with %d", code)
	}
}

// TestWhatANodeLeftIsAnnounced: of one that has died, and nobody else was woken for.
func TestWhatANodeLeftIsAnnounced(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SharedRedis(t))
	ana := n[0].connect(t, "ana") // its own coming may be told of before it listens
	silent, err := postgres.Open(t.Context(), n[0].database, postgres.Config{Connections: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dies := room.New(room.Config{Records: silent, Push: n[1].edge, Limits: limits})
	if _, err := dies.Join(t.Context(), room.Entrant{App: "dev", Room: n[0].room, ID: "bob", Name: "bob"}, "elsewhere"); err != nil {
		t.Fatal(err)
	}
	if e := ana.meets("bob"); e.Seq != 2 {
		t.Errorf("number %d", e.Seq)
	}
}

// TestSeveralAnnouncersKeepTheOrder: no number comes before the one before it, whoever
// commits and whoever announces.
func TestSeveralAnnouncersKeepTheOrder(t *testing.T) {
	t.Parallel()
	const each = 30
	n := nodes(t, 3, enginetest.SharedRedis(t))
	ana := n[0].connect(t, "ana")
	for _, s := range n {
		go func() {
			for range each {
				if _, err := s.records.SwitchSharing(t.Context(), s.room, []string{string(protocol.NewShareID())}, time.Now()); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	numbered := func(e protocol.Event) bool { return e.Seq > 0 }
	// What was published before the node listened, such as that ana has come, is read from the store.
	for seen := ana.until(numbered).Seq; seen < 1+3*each; {
		e := ana.until(numbered)
		if e.Seq > seen+1 {
			t.Fatalf("%d comes after %d", e.Seq, seen)
		}
		seen = max(seen, e.Seq)
	}
}
