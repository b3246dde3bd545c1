package cluster_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/blob"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// runDuty has the node do its duty, counting how many do at a time.
func (n *node) runDuty(name string, at *atomic.Int64, most *atomic.Int64, who *atomic.Pointer[string]) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		n.RunDuty(ctx, name, func(ctx context.Context) {
			if now := at.Add(1); now > most.Load() {
				most.Store(now)
			}
			who.Store(&n.ID)
			<-ctx.Done()
			at.Add(-1)
		})
	})
	stop = sync.OnceFunc(func() { cancel(); group.Wait() })
	n.Cleanup(stop)
	return stop
}

// TestADutyIsOneNodesAtATime, and another one's within five seconds of its death.
func TestADutyIsOneNodesAtATime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var at, most atomic.Int64
	var who atomic.Pointer[string]
	byID := make(map[string]*node)
	stops := make(map[string]func())
	for range 3 {
		n := r.node("chore")
		byID[n.ID] = n
		stops[n.ID] = n.runDuty("chore", &at, &most, &who)
	}
	r.eventually("somebody is on duty", func() bool { return who.Load() != nil })
	first := byID[*who.Load()]
	first.kill() // its heartbeats end, and it goes on as if nothing had happened
	died := time.Now()
	r.eventually("another one is on duty", func() bool { return *who.Load() != first.ID })
	t.Logf("it took %s", time.Since(died))
	second := byID[*who.Load()]
	r.must(second.Leave(t.Context())) // and nobody waits
	left := time.Now()
	r.eventually("the third one is on duty", func() bool { return *who.Load() != second.ID })
	t.Logf("it took %s", time.Since(left))
	if most.Load() > 1 {
		t.Errorf("%d nodes were on duty at a time", most.Load())
	}
}

// TestParticipantsOfADeadNodeAreAway once it is dead, since it was heard of last.
func TestParticipantsOfADeadNodeAreAway(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node()
	for _, n := range []*node{a, b} {
		_, err := n.records.Join(t.Context(), store.Member{
			Participant: protocol.Participant{ID: protocol.ParticipantID("at-" + n.ID), Name: "P"}, Room: r.room, Connection: "c-" + n.ID,
		}, 10, time.Now())
		r.must(err)
	}
	a.kill()
	died := time.Now()
	away := func(n *node) time.Time {
		m, err := b.records.Member(t.Context(), r.room, protocol.ParticipantID("at-"+n.ID))
		r.must(err)
		return m.AwaySince
	}
	r.eventually("they are away", func() bool { return !away(a).IsZero() })
	t.Logf("it took %s", time.Since(died))
	if since := away(a); since.After(died.Add(time.Second)) {
		t.Errorf("their absence counts from %s after the death", since.Sub(died))
	}
	if !away(b).IsZero() {
		t.Error("those of the other node are away too")
	}
}

// TestTheUploadsOfADeadNodeAreFinished that have all their bytes, though nobody asks.
func TestTheUploadsOfADeadNodeAreFinished(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a, b := r.node(), r.node("sweep")
	data := random(1000)
	whole, part := a.offer(len(data)), a.offer(len(data))
	// It died with the bytes committed, and the record not made.
	w, err := r.blobs.Write(t.Context(), blob.Key(whole), 0)
	r.must(err)
	_, err = w.Write(data)
	r.must(err)
	r.must(w.Commit(t.Context()))
	_, err = a.append(part, 0, data[:500])
	r.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { b.RunDuty(ctx, "sweep", b.shares.Run) })
	t.Cleanup(func() { cancel(); group.Wait() })
	a.kill()
	r.eventually("it is complete", func() bool { return b.record(whole).State == protocol.Available })
	r.wantWhole(b.record(whole).SHA256, data)
	if p := b.record(part); p.State != protocol.Uploading || p.Holder != a.ID {
		t.Errorf("the other is %s, held by %s", p.State, p.Holder)
	}
}
