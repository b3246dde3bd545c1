package diskblob

import "sync"

// group lets those who wait for the same sync share one: who comes while one is
// under way waits for the next, because that one may not cover what it wrote.
type group struct {
	mu   sync.Mutex
	next *round // guarded by mu, as last; the one that can still be joined, if any
	last *round // the one that was begun last
}

type round struct {
	before *round        // of the one that syncs alone: what it waits for
	done   chan struct{} // closed when err is final
	err    error
}

// do returns the outcome of a sync that began after it was called.
func (g *group) do(sync func() error) error {
	r, first := g.join()
	if !first {
		<-r.done
		return r.err
	}
	if r.before != nil {
		<-r.before.done
		r.before = nil
	}
	g.mu.Lock()
	g.next = nil
	g.mu.Unlock()
	r.err = sync()
	close(r.done)
	return r.err
}

func (g *group) join() (r *round, first bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.next, first = &round{before: g.last, done: make(chan struct{})}, true
		g.last = g.next
	}
	return g.next, first
}
