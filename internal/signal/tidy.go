package signal

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

const (
	tidyEvery = time.Second
	// manyChanges is how many connections that came or went leave enough behind
	// to be worth tidying up.
	manyChanges = 500
)

// Run does what is to be done beside the connections until ctx ends: it gives memory
// back and, in a cluster, tells other nodes what they should know and holds the
// connections against the store.
func (e *Edge) Run(ctx context.Context) {
	var group sync.WaitGroup
	if e.remote != nil {
		group.Go(func() { e.sendHints(ctx) })
		group.Go(func() { (&watch{edge: e}).run(ctx) })
	}
	e.tidy(ctx)
	group.Wait()
}

// tidy gives memory back until ctx ends. When thousands connect at once, what
// that takes for each is a multiple of what an idle connection takes, and the
// runtime would keep it for hours: an idle server has no reason to collect.
func (e *Edge) tidy(ctx context.Context) {
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	var t tidier
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			switch t.next(e.changes.Load()) {
			case collect:
				runtime.GC() // so that the next ones find room, and take no more
			case release:
				debug.FreeOSMemory()
			}
		}
	}
}

// tidier decides when to tidy up.
type tidier struct {
	last      int64 // changes when it looked last
	collected int64 // changes when it collected or released last
	released  int64 // changes when it released last
}

// chore is what there is to do.
type chore int

const (
	nothing chore = iota
	collect
	release
)

// next says what to do when connections have come or gone so often since the
// start: collect while many do, release once they have stopped.
func (t *tidier) next(changes int64) chore {
	quiet := changes == t.last
	t.last = changes
	switch {
	case quiet && changes-t.released >= manyChanges:
		t.released, t.collected = changes, changes
		return release
	case !quiet && changes-t.collected >= manyChanges:
		t.collected = changes
		return collect
	}
	return nothing
}
