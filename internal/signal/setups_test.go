package signal_test

import (
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/protocol"
)

// The ways to Redis of docs/operations.md. Who is let in may do no more than stands
// there.

func TestRedisOverTLSByAUser(t *testing.T) {
	t.Parallel()
	n := nodes(t, 2, enginetest.SecureRedis(t))
	newTalk(t, n).goesOn("first")
}

// TestRedisSentinels: nodes hear each other again when another Redis has taken the place
// of the one that they went by.
func TestRedisSentinels(t *testing.T) {
	forms(t, func(t *testing.T, secure bool) {
		redis := enginetest.NewRedisSentinels(t, secure)
		talk := newTalk(t, nodes(t, 2, redis))
		talk.goesOn("before")
		if err := redis.FailOver(); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for _, n := range talk.nodes { // whatever they heard through the one before
			await(t, func() bool { return n.edge.HeardAfter(began) })
		}
		talk.goesOn("after")
		t.Logf("they hear each other %v after the other Redis has taken over", time.Since(began))
	})
}

// TestRedisCluster: every message is taken while a server is gone that the address
// names, and after slots have moved.
func TestRedisCluster(t *testing.T) {
	forms(t, func(t *testing.T, secure bool) {
		redis := enginetest.NewRedisCluster(t, secure)
		talk := newTalk(t, nodes(t, 2, redis))
		talk.goesOn("before")
		if err := redis.Lose(); err != nil {
			t.Fatal(err)
		}
		talk.goesOn("after")
		for i := range 100 {
			talk.says("while it is gone " + strconv.Itoa(i))
		}
		if err := redis.Reshard(); err != nil {
			t.Fatal(err)
		}
		talk.goesOn("moved")
	})
}

// forms runs a test as it is and over TLS with passwords, if there is time.
func forms(t *testing.T, test func(t *testing.T, secure bool)) {
	if os.Getenv("HANDOUT_LONG") == "" {
		t.Skip("HANDOUT_LONG=1 runs it")
	}
	t.Run("plain", func(t *testing.T) { test(t, false) })
	t.Run("secure", func(t *testing.T) { test(t, true) })
}

// talk is what two people say to each other through two nodes.
type talk struct {
	t        *testing.T
	nodes    []*stand
	ana, bob *client
}

func newTalk(t *testing.T, n []*stand) *talk {
	return &talk{t, n, n[0].connect(t, "ana"), n[1].connect(t, "bob")}
}

// goesOn waits until the nodes hear each other, and has events and messages come from
// each to the other as pushes.
func (k *talk) goesOn(name string) {
	k.t.Helper()
	k.nodes[0].published(k.t, k.nodes[1])
	for i, n := range k.nodes {
		who := protocol.ParticipantID(name + strconv.Itoa(i))
		n.enter(k.t, who)
		k.ana.meets(string(who))
		k.bob.meets(string(who))
		if err := n.rooms.Leave(k.t.Context(), n.room, who); err != nil { // the room is small
			k.t.Fatal(err)
		}
	}
	k.says(name)
}

// says has a message come to both, whichever node it is said at.
func (k *talk) says(text string) {
	k.t.Helper()
	body, err := json.Marshal(text)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, n := range k.nodes {
		message := protocol.Event{Type: protocol.MessageReceived, Time: time.Now(), Message: &protocol.Message{Kind: protocol.TextMessage, Body: body}}
		if err := n.edge.Publish(n.room, "", message); err != nil {
			k.t.Fatal(err)
		}
		for _, c := range []*client{k.ana, k.bob} {
			c.until(func(e protocol.Event) bool {
				return e.Type == protocol.MessageReceived && string(e.Message.Body) == string(body)
			})
		}
	}
}
