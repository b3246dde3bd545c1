package faulttest

import (
	"context"
	"testing"
	"time"
)

// Verdict ends a test of faults on a cluster. It waits until everybody who listens in
// the rooms knows what the cluster knows, until no node has anything to do any more and
// nothing is kept that is nobody's, stops the nodes, reads what is left in the engines,
// and fails the test with every violation.
func (c *Cluster) Verdict(t testing.TB, rules Rules, rooms ...*Room) *Facts {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	settleAll(ctx, rooms)
	c.settle(ctx, t)
	c.Balancer.Close() // which has connections to each node, and asks how it is
	for _, node := range c.Nodes {
		node.quiet(ctx, t)
	}
	for _, node := range c.Nodes {
		node.Stop(t)
	}
	return c.Engines.left().verdict(context.Background(), t, c.journal, rules)
}

// settle waits until nothing is left to be cleared away or announced, or until ctx ends.
func (c *Cluster) settle(ctx context.Context, t testing.TB) {
	t.Helper()
	left := c.Engines.left()
	for {
		facts, err := left.facts(context.Background(), false)
		if err != nil {
			t.Fatal(err)
		}
		if len(facts.leaks()) == 0 && facts.Outbox == 0 {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}
