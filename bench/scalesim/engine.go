package main

import (
	"math"
	"math/rand/v2"
)

// engine runs processes through stations, in the order of the simulated time. Times
// are in seconds from the beginning. It is for one goroutine, and two engines of one
// seed that are given the same do the same.
type engine struct {
	now    float64
	random *rand.Rand
	due    []event // a heap, the next first
	count  int64   // of events that have been
}

func newEngine(seed uint64) *engine {
	return &engine{random: rand.New(rand.NewPCG(seed, seed))}
}

// event is something that happens: the service of a process at a station ends, or,
// without a station, do is called.
type event struct {
	at      float64
	order   int64 // among those of the same time
	station *station
	process *process
	do      func()
}

// station is a queue in front of servers, each of which serves one after the other.
type station struct {
	servers int
	busy    int
	waiting []visit
	head    int // of waiting

	served int64
	worked float64   // seconds of service, over all servers
	times  histogram // from the arrival of a visit to its end
}

// visit is what a process asks of a station: so many seconds of one server, on
// average. How long it takes is exponential about that.
type visit struct {
	station *station
	demand  float64

	process *process
	arrived float64
	takes   float64
}

// process goes through its steps, one after the other. All visits of a step are made
// at once, and the step ends with the last of them.
type process struct {
	steps [][]visit
	step  int
	left  int // visits of the step that have not ended
	began float64
	ended func(p *process) // may be nil
}

// at has do called when so much time has passed.
func (e *engine) at(in float64, do func()) { e.push(event{at: e.now + in, do: do}) }

// exp is a time about a mean.
func (e *engine) exp(mean float64) float64 { return e.random.ExpFloat64() * mean }

// every has do called at random times, so many times a second: a Poisson stream.
func (e *engine) every(rate float64, do func()) {
	if rate <= 0 {
		return
	}
	var again func()
	again = func() {
		do()
		e.at(e.exp(1/rate), again)
	}
	e.at(e.exp(1/rate), again)
}

// start begins a process now.
func (e *engine) start(p *process) {
	p.began, p.step = e.now, -1
	e.advance(p)
}

// advance begins the next step of a process that has one.
func (e *engine) advance(p *process) {
	for p.step++; p.step < len(p.steps); p.step++ {
		if p.left = len(p.steps[p.step]); p.left > 0 {
			for _, v := range p.steps[p.step] {
				v.process, v.arrived, v.takes = p, e.now, e.exp(v.demand)
				e.arrive(v)
			}
			return
		}
	}
	if p.ended != nil {
		p.ended(p)
	}
}

func (e *engine) arrive(v visit) {
	if s := v.station; s.busy == s.servers {
		s.waiting = append(s.waiting, v)
		return
	}
	e.serve(v)
}

func (e *engine) serve(v visit) {
	s := v.station
	s.busy++
	// What is served beyond the end of a run is not work that was done in it, but in
	// the long run as much of what began before.
	s.worked += v.takes
	s.times.add(e.now + v.takes - v.arrived)
	s.served++
	e.push(event{at: e.now + v.takes, station: s, process: v.process})
}

// leave ends a visit, and begins the next one that waits.
func (e *engine) leave(s *station) {
	s.busy--
	if s.head == len(s.waiting) {
		return
	}
	next := s.waiting[s.head]
	s.waiting[s.head] = visit{}
	if s.head++; s.head == len(s.waiting) {
		s.waiting, s.head = s.waiting[:0], 0
	} else if s.head > 1<<16 && s.head > len(s.waiting)/2 {
		s.waiting, s.head = append(s.waiting[:0], s.waiting[s.head:]...), 0
	}
	e.serve(next)
}

// queue is how many visits wait.
func (s *station) queue() int { return len(s.waiting) - s.head }

// run goes on until so much time has passed.
func (e *engine) run(until float64) {
	for len(e.due) > 0 && e.due[0].at <= until {
		next := e.pop()
		e.now = next.at
		if next.do != nil {
			next.do()
			continue
		}
		e.leave(next.station)
		if next.process.left--; next.process.left == 0 {
			e.advance(next.process)
		}
	}
	e.now = until
}

// forget begins the measures anew: what was before is warming up.
func (s *station) forget() { s.served, s.worked, s.times = 0, 0, histogram{} }

func (a event) before(b event) bool { return a.at < b.at || a.at == b.at && a.order < b.order }

func (e *engine) push(v event) {
	e.count++
	v.order = e.count
	e.due = append(e.due, v)
	for i := len(e.due) - 1; i > 0; {
		up := (i - 1) / 2
		if !e.due[i].before(e.due[up]) {
			break
		}
		e.due[i], e.due[up] = e.due[up], e.due[i]
		i = up
	}
}

func (e *engine) pop() event {
	first, last := e.due[0], len(e.due)-1
	e.due[0] = e.due[last]
	e.due[last] = event{}
	e.due = e.due[:last]
	for i := 0; ; {
		least := i
		for _, down := range [2]int{2*i + 1, 2*i + 2} {
			if down < last && e.due[down].before(e.due[least]) {
				least = down
			}
		}
		if least == i {
			return first
		}
		e.due[i], e.due[least] = e.due[least], e.due[i]
		i = least
	}
}

// histogram counts times in classes that are each 5 % longer than the one before.
type histogram struct {
	classes []int64
	n       int64
	sum     float64
}

const (
	shortest = 1e-7
	wider    = 1.05
)

var logWider = math.Log(wider)

func (h *histogram) add(t float64) {
	class := 0
	if t > shortest {
		class = 1 + int(math.Log(t/shortest)/logWider)
	}
	for len(h.classes) <= class {
		h.classes = append(h.classes, 0)
	}
	h.classes[class]++
	h.n++
	h.sum += t
}

// merge adds what another has counted.
func (h *histogram) merge(other histogram) {
	for len(h.classes) < len(other.classes) {
		h.classes = append(h.classes, 0)
	}
	for i, n := range other.classes {
		h.classes[i] += n
	}
	h.n += other.n
	h.sum += other.sum
}

func (h *histogram) mean() float64 {
	if h.n == 0 {
		return 0
	}
	return h.sum / float64(h.n)
}

// quantile is the time that this part of all is below, to 5 %.
func (h *histogram) quantile(part float64) float64 {
	left := int64(math.Ceil(part * float64(h.n)))
	for class, n := range h.classes {
		if left -= n; left <= 0 {
			return shortest * math.Pow(wider, float64(class))
		}
	}
	return 0
}
