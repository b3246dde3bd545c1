package many_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
)

// TestF10_Partitions takes networks away under load: those between clients and nodes,
// between nodes, and between nodes and engines. In the end every file is there once,
// and everybody knows.
func TestF10_Partitions(t *testing.T) {
	t.Parallel()
	type network = func(n *faulttest.Node) *faulttest.Proxy
	var (
		front network = func(n *faulttest.Node) *faulttest.Proxy { return n.Front }
		inner network = func(n *faulttest.Node) *faulttest.Proxy { return n.Inner }
		store network = func(n *faulttest.Node) *faulttest.Proxy { return n.Store }
		push  network = func(n *faulttest.Node) *faulttest.Proxy { return n.Push }
		blobs network = func(n *faulttest.Node) *faulttest.Proxy { return n.Blobs }
	)
	l := newLab(t, faulttest.SharedEngines(t), true)
	l.crowd(t, 2)
	rules := strangers()
	rules.MayMiss = true // what is published while nobody gets it
	work := load{lanes: faulttest.Amount(4, 16), size: 6 << 20, rate: 2 << 20, part: 2 << 20}
	lasts := []time.Duration{time.Second}
	if faulttest.Long() {
		lasts = []time.Duration{time.Second, 5 * time.Second, 60 * time.Second}
	}
	l.under(t, work, func() {
		for _, last := range lasts {
			for _, cut := range []struct {
				of    network
				nodes int // of how many it is; the others go on
			}{{front, 1}, {inner, 3}, {store, 1}, {push, 1}, {blobs, 1}} {
				l.cutOff(t, cut.of, cut.nodes, last)
			}
		}
	})
	l.Verdict(t, rules, l.room)
}

// cutOff breaks off the connections of a network of some nodes, and lets them come
// again later; and then again, but tells neither side that they are broken.
func (l *lab) cutOff(t *testing.T, of func(*faulttest.Node) *faulttest.Proxy, nodes int, last time.Duration) {
	t.Helper()
	first := l.random.IntN(len(l.Nodes))
	var all []*faulttest.Proxy
	for i := range nodes {
		all = append(all, of(l.Nodes[(first+i)%len(l.Nodes)]))
	}
	for _, network := range all {
		network.Down()
	}
	pause(last)
	for _, network := range all {
		network.Up(t)
	}
	l.AwaitReady(t)
	for _, network := range all {
		network.Silence(t)
	}
	pause(last)
	for _, network := range all {
		network.Mend()
	}
	l.AwaitReady(t)
}

// TestF10_PausedNodesComeBack stops a node in the middle of its work, for longer than
// it may be silent: others take its uploads. Then it goes on, as if nothing had been,
// with requests that are not its own any more.
func TestF10_PausedNodesComeBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, faulttest.SharedEngines(t), false)
	l.crowd(t, 2)
	work := load{lanes: faulttest.Amount(4, 16), size: 6 << 20, rate: 2 << 20}
	rules := strangers()
	rules.MayMiss = true // who is on the paused node hears nothing
	l.under(t, work, func() {
		for i := range faulttest.Amount(1, 20) {
			node := l.Nodes[(i+l.random.IntN(2))%len(l.Nodes)]
			node.Pause(t)
			pause(5 * time.Second) // so that others hold it to be dead
			node.Resume(t)
			l.AwaitReady(t)
			pause(long(0, 5*time.Second)) // so that nobody meets one paused node after the other until it has left
		}
	})
	l.Verdict(t, rules, l.room)
}
