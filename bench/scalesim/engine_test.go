package main

import (
	"math"
	"testing"
)

// near fails unless a figure of the simulation is within a part of what a closed
// form says.
func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within*want {
		t.Errorf("%s is %.5g, and %.5g by the closed form", what, got, want)
	}
}

// load runs a Poisson stream of visits at a station and returns how many processes
// there were in the system on average, by their times (Little).
func load(e *engine, s *station, rate, demand, until float64) (inSystem float64) {
	var spent float64
	e.every(rate, func() {
		e.start(&process{steps: [][]visit{{{station: s, demand: demand}}}, ended: func(p *process) { spent += e.now - p.began }})
	})
	e.run(until)
	return spent / until
}

// TestOneServer: M/M/1. Utilisation is rate times demand, the time in the system
// 1/(mu-lambda), exponential, and there are rho/(1-rho) in it.
func TestOneServer(t *testing.T) {
	for _, rho := range []float64{0.2, 0.5, 0.8} {
		const demand, until = 0.01, 3_000.0
		s := &station{servers: 1}
		inSystem := load(newEngine(1), s, rho/demand, demand, until)
		mean := demand / (1 - rho)
		near(t, "utilisation", s.worked/until, rho, 0.01)
		near(t, "mean time", s.times.mean(), mean, 0.06)
		near(t, "median", s.times.quantile(0.5), mean*math.Ln2, 0.08)
		near(t, "p99", s.times.quantile(0.99), mean*math.Log(100), 0.1)
		near(t, "number in the system", inSystem, rho/(1-rho), 0.07)
	}
}

// TestManyServers: M/M/c, whose waiting time Erlang's formula C gives.
func TestManyServers(t *testing.T) {
	for _, c := range []int{2, 8, 32} {
		const demand, until, rho = 0.01, 400.0, 0.85
		s := &station{servers: c}
		load(newEngine(2), s, rho*float64(c)/demand, demand, until)
		a := rho * float64(c)
		sum, term := 0.0, 1.0
		for k := range c {
			if k > 0 {
				term *= a / float64(k)
			}
			sum += term
		}
		last := term * a / float64(c) / (1 - rho)
		waits := last / (sum + last)
		near(t, "utilisation", s.worked/until/float64(c), rho, 0.01)
		near(t, "mean time", s.times.mean(), demand+waits*demand/float64(c)/(1-rho), 0.06)
	}
}

// TestStationsInARow: by Jackson's theorem each is as if it were alone.
func TestStationsInARow(t *testing.T) {
	e := newEngine(3)
	one, two := &station{servers: 1}, &station{servers: 1}
	var all histogram
	e.every(50, func() {
		e.start(&process{
			steps: [][]visit{{{station: one, demand: 0.01}}, {}, {{station: two, demand: 0.016}}},
			ended: func(p *process) { all.add(e.now - p.began) },
		})
	})
	e.run(5_000)
	near(t, "mean time", all.mean(), 0.01/(1-0.5)+0.016/(1-0.8), 0.06)
}

// TestStepsInParallel: of two queues that are visited at once, the later is at
// (12-rho)/8 times the time of one (Nelson and Tantawi).
func TestStepsInParallel(t *testing.T) {
	e := newEngine(4)
	one, two := &station{servers: 1}, &station{servers: 1}
	var all histogram
	const rho, demand = 0.6, 0.01
	e.every(rho/demand, func() {
		e.start(&process{
			steps: [][]visit{{{station: one, demand: demand}, {station: two, demand: demand}}},
			ended: func(p *process) { all.add(e.now - p.began) },
		})
	})
	e.run(5_000)
	near(t, "mean time", all.mean(), (12-rho)/8*demand/(1-rho), 0.05)
}

// TestOverload: a station that is asked for more than it can do does what it can, and
// the rest waits.
func TestOverload(t *testing.T) {
	s := &station{servers: 2}
	load(newEngine(5), s, 300, 0.01, 100)
	near(t, "throughput", float64(s.served), 200*100, 0.02)
	near(t, "queue", float64(s.queue()), 100*100, 0.05)
}

// TestTheSameSeedIsTheSameRun, and another is another.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	run := func(seed uint64) (int64, float64) {
		s := &station{servers: 3}
		load(newEngine(seed), s, 200, 0.01, 100)
		return s.served, s.times.sum
	}
	n, sum := run(7)
	if m, again := run(7); n != m || sum != again {
		t.Errorf("two runs of one seed served %d in %v and %d in %v", n, sum, m, again)
	}
	if _, other := run(8); other == sum {
		t.Error("another seed made the same run")
	}
}
