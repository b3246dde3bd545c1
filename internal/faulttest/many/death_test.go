package many_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// TestF11_NodesDie kills one node after the other, each of which is started again a
// while later, while files come in at every node and are followed at others.
func TestF11_NodesDie(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.SharedEngines(t), false)
	l.crowd(t, faulttest.Amount(20, 100))
	work := load{lanes: faulttest.Amount(6, 50), size: 12 << 20, rate: 2 << 20, part: 4 << 20}
	if faulttest.Long() {
		work.rate = 512 << 10
	}
	l.under(t, work, func() {
		for i := range faulttest.Amount(5, 12) {
			pause(long(time.Second, 7*time.Second))
			node := l.Nodes[(i+l.random.IntN(2))%len(l.Nodes)]
			node.Kill(t)
			pause(long(time.Second, 3*time.Second))
			node.Restart(t)
			l.AwaitReady(t)
		}
	})
	l.Verdict(t, strangers(), l.room)
	l.wantBack(t)
}

// back is how long it may take until a participant whose node has died is in its room
// again.
const back = 5 * time.Second

// wantBack looks how long participants were without a push connection. How long is
// held to only in a long run.
func (l *lab) wantBack(t *testing.T) {
	t.Helper()
	var took []time.Duration
	lost := make(map[protocol.ParticipantID]time.Time)
	for _, e := range l.journal.Entries() {
		switch {
		case e.Push == nil:
		case e.Push.State == "closed":
			if lost[e.Who].IsZero() {
				lost[e.Who] = e.At
			}
		case e.Push.State == "open" && !lost[e.Who].IsZero():
			took = append(took, e.At.Sub(lost[e.Who]))
			lost[e.Who] = time.Time{}
		}
	}
	if len(took) == 0 {
		t.Error("nobody lost a connection")
		return
	}
	slices.Sort(took)
	p99 := took[len(took)*99/100]
	t.Logf("%d connections were lost, and back after %v (half), %v (99 of 100), %v (all)", len(took), took[len(took)/2], p99, took[len(took)-1])
	if faulttest.Long() && p99 > back {
		t.Errorf("99 of 100 were back after %v, which may be %v", p99, back)
	}
}

// TestF11_GhostsGo kills a node together with those who were connected to it: they
// are not in the room any more, for those who are, as if they had gone by themselves.
func TestF11_GhostsGo(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.SharedEngines(t), false)
	ana := l.enter(t, "ana")[0]
	var ghosts []*faulttest.Client
	dead := l.Nodes[2]
	for i := range 3 {
		ghost := l.room.Enter(t, protocol.ParticipantID(fmt.Sprintf("ghost%d", i)))
		ghost.Base = dead.URL()
		ghost.Listen(t)
		ghosts = append(ghosts, ghost)
	}
	until(t, "everybody is in the room", func() bool { return len(roster(t, ana)) == 1+len(ghosts) })
	dead.Kill(t)
	began := time.Now()
	for _, ghost := range ghosts {
		ghost.Leave()
	}
	until(t, "only the living are in the room", func() bool { return slices.Equal(roster(t, ana), []protocol.ParticipantID{"ana"}) })
	took := time.Since(began)
	t.Logf("ghosts were gone after %v", took)
	if faulttest.Long() && took > 15*time.Second {
		t.Errorf("ghosts were gone after %v, which may be 15 s", took)
	}
}

// roster asks who is in the room.
func roster(t *testing.T, c *faulttest.Client) (ids []protocol.ParticipantID) {
	t.Helper()
	var reply json.RawMessage
	if _, err := c.Ask(t.Context(), "GET", "/v1/rooms/"+string(c.Room)+"/participants", nil, &reply); err != nil {
		if faulttest.Again(err) { // the balancer has not seen yet that a node is dead
			return nil
		}
		t.Fatal(err)
	}
	var page struct {
		Participants []struct {
			ID protocol.ParticipantID `json:"id"`
		} `json:"participants"`
	}
	if err := json.Unmarshal(reply, &page); err != nil {
		t.Fatal(err)
	}
	for _, p := range page.Participants {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to: %s", what)
		}
	}
}

// TestF12_NodesAreReplaced ends each node by SIGTERM in turn and starts it again, as
// an upgrade does, under load: no job fails.
func TestF12_NodesAreReplaced(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.SharedEngines(t), false)
	l.crowd(t, 2)
	work := load{lanes: faulttest.Amount(4, 20), size: 8 << 20, rate: 2 << 20, part: 4 << 20}
	l.under(t, work, func() {
		for i := range faulttest.Amount(3, 30) {
			node := l.Nodes[i%len(l.Nodes)]
			pause(200 * time.Millisecond) // under load
			l.journal.Fault("stop", node.Name)
			if err := node.End(syscall.SIGTERM, 15*time.Second); err != nil {
				t.Fatalf("%s does not end well within 15 seconds: %v", node.Name, err)
			}
			node.Restart(t)
			l.AwaitReady(t)
		}
	})
	l.Verdict(t, strangers(), l.room)
}
