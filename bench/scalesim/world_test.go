package main

import (
	"math"
	"testing"
)

// example are costs of round numbers.
func example() *costs {
	return &costs{
		Operations: map[string]operation{
			opJoin:    {NodeSeconds: 0.001, Transactions: 4, DatabaseSeconds: 0.0008, Published: 1},
			opLeave:   {NodeSeconds: 0.0005, Transactions: 2, DatabaseSeconds: 0.0004, Published: 1},
			opSmall:   {NodeSeconds: 0.002, Transactions: 3.5, DatabaseSeconds: 0.001, Published: 1},
			opReceive: {NodeSeconds: 0.001, Transactions: 3, DatabaseSeconds: 0.0006, Published: 1},
			opExpire:  {NodeSeconds: 0.0005, Transactions: 2, DatabaseSeconds: 0.0004, Published: 1},
			opLook:    {NodeSeconds: 2e-6, DatabaseSeconds: 5e-6},
			opUp:      {NodeSeconds: 2}, opDown: {NodeSeconds: 1},
		},
		Idle:         operation{NodeSeconds: 0.002, Transactions: 5, DatabaseSeconds: 0.001},
		RedisPublish: 10e-6, RedisDeliver: 5e-6,
	}
}

func exampleSweep() sweep {
	p, h := standard()
	return sweep{costs: example(), profile: p, hardware: h, seed: 1, seconds: 40, most: 100_000}
}

// TestSimulationKeepsTheUtilisationLaw: what the stations of a run work is rate times
// demand, as long as nobody is asked for more than it can do.
func TestSimulationKeepsTheUtilisationLaw(t *testing.T) {
	s := exampleSweep()
	w := s.divided(100_000)
	o := simulate(w, 1, 10, 40)
	law := w.utilisation()
	near(t, "a node's utilisation", o.Node, law.Node, 0.05)
	near(t, "PostgreSQL's utilisation", o.Database, law.Database, 0.05)
	near(t, "Redis' utilisation", o.Redis, law.Redis, 0.05)
	near(t, "the files that everybody was told of", o.Shared, o.Offered, 0.05)
}

// TestTheFirstThatIsFullIsFound: beyond its limit one server is busy all the time and
// what waits grows; divided by rooms, none is.
func TestTheFirstThatIsFullIsFound(t *testing.T) {
	s := exampleSweep()
	s.hardware.DatabaseCores = 4
	limit := s.limit(func(u utilisation) float64 { return u.Database })
	if u := s.world(limit).utilisation().Database; math.Abs(u-headroom) > 0.01 {
		t.Errorf("at its limit PostgreSQL is busy for %.3f", u)
	}
	full := simulate(s.world(2*limit), 1, 1, 4)
	if full.Database < 0.99 || full.DatabaseQueue < 1000 || full.Shared > 0.95*full.Offered {
		t.Errorf("beyond its limit PostgreSQL is busy for %.2f, %d wait, and of %.0f files a second %.0f are told of", full.Database, full.DatabaseQueue, full.Offered, full.Shared)
	}
	d := s.divided(2 * limit)
	if d.Databases < 2 {
		t.Fatalf("it is divided among %d", d.Databases)
	}
	spare := simulate(d, 1, 1, 4)
	if spare.DatabaseMost > 0.95 || spare.DatabaseQueue > 1000 {
		t.Errorf("divided among %d the busiest is busy for %.2f, and %d wait", d.Databases, spare.DatabaseMost, spare.DatabaseQueue)
	}
	near(t, "the files that everybody was told of", spare.Shared, spare.Offered, 0.1)
}

// TestNothingGoesToAllNodes: ten times the nodes for ten times the participants, and
// Redis has ten times the work.
func TestNothingGoesToAllNodes(t *testing.T) {
	s := exampleSweep()
	before, after := s.world(1_000_000).demand(), s.world(10_000_000).demand()
	near(t, "Redis' work", after.Redis/before.Redis, 10, 0.06)
}

// TestSpread: with few nodes a room is on all of them, with many on as many as it has
// participants.
func TestSpread(t *testing.T) {
	s := exampleSweep()
	if got := s.world(1).spread(10); got != 1 {
		t.Errorf("on one node a room is on %v", got)
	}
	near(t, "the spread over 2 nodes", s.world(20_000).spread(10), 2*(1-1./1024), 1e-9)
	near(t, "the spread over 1000 nodes", s.world(10_000_000).spread(10), 10, 0.01)
}
