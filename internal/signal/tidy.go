package signal

import (
	"context"
	"runtime/debug"
	"sync"
	"time"
)

const (
	tidyEvery = 100 * time.Millisecond
	// manyChanges is how many connections that came or went leave enough behind
	// to be worth tidying up.
	manyChanges = 500
	// A storm is over after calm looks in a row with fewer than few changes each.
	calm = 10
	few  = 5
	// stormGarbage is how much garbage, in percent of what lives, is left to lie in a
	// storm. What lasts comes to lie between it, and each gap keeps its room.
	stormGarbage = 25
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
	usual := 0 // how much garbage is left to lie otherwise
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		switch t.next(e.changes.Load()) {
		case storm:
			usual = debug.SetGCPercent(stormGarbage)
		case release:
			debug.SetGCPercent(usual)
			e.again.Forget(e.Now())
			debug.FreeOSMemory()
		}
	}
}

// tidier decides when to tidy up.
type tidier struct {
	last     int64 // changes when it looked last
	released int64 // changes when it released last
	quiet    int   // looks in a row with few changes
	storming bool
}

// chore is what there is to do.
type chore int

const (
	nothing chore = iota
	storm
	release
)

// next says what to do when connections have come or gone so often since the
// start: be thrifty when many have, and release once they have stopped.
func (t *tidier) next(changes int64) chore {
	if t.quiet++; changes-t.last >= few {
		t.quiet = 0
	}
	t.last = changes
	switch {
	case !t.storming && changes-t.released >= manyChanges:
		t.storming = true
		return storm
	case t.storming && t.quiet >= calm:
		t.storming, t.released = false, changes
		return release
	}
	return nothing
}
