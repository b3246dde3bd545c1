package upload

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/handout-rtc/handout/protocol"
)

// leases gives each upload to one request at a time. A newer request does not
// fail and does not wait for a dead connection to time out: it asks the holder
// to yield and takes over when the holder has kept what it received. The newest
// wins: of those that wait, all but the last give up at once, so that a request
// of a connection that is long gone cannot take the upload from its successor.
type leases struct {
	mu      sync.Mutex
	held    map[protocol.ShareID]*lease // guarded by mu, as emptied
	emptied chan struct{}               // closed when nobody holds any more; nil while nobody waits for that

	takeovers atomic.Int64 // requests that found another one at work, ever
}

// lease is one request's hold on an upload, or its wish for it.
type lease struct {
	yield func() // asks the holder to let go; nil once asked
	fence int64  // under which this node holds the upload; math.MaxInt64 until it does
	next  *lease // the one that waits; nil while nobody does
	// turn tells one that waits whether it is the holder now or has lost its
	// place to a newer one. One word fits in it.
	turn chan bool
}

func newLeases() *leases {
	return &leases{held: make(map[protocol.ShareID]*lease)}
}

// acquire returns when the caller alone holds the upload, with the context's
// error, or with CodeUploadPreempted when a newer caller came while it waited.
// yield, which may be nil, is called when another caller wants the upload.
// release must be called exactly once.
func (l *leases) acquire(ctx context.Context, id protocol.ShareID, yield func()) (release func(), err error) {
	mine := &lease{yield: yield, fence: math.MaxInt64, turn: make(chan bool, 1)}
	held, ask := l.take(id, mine)
	if ask != nil {
		ask()
	}
	for !held {
		select {
		case held = <-mine.turn:
			if !held {
				return nil, protocol.NewError(protocol.CodeUploadPreempted, "a newer request took over the upload")
			}
		case <-ctx.Done():
			if l.withdraw(id, mine) {
				return nil, ctx.Err()
			}
			ctx = context.Background() // it was decided a moment ago: take the word
		}
	}
	return func() { l.release(id, mine) }, nil
}

// take makes the lease the holder, or the one that waits. ask, if it is not
// nil, makes the present holder let go.
func (l *leases) take(id protocol.ShareID, mine *lease) (held bool, ask func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	holder, busy := l.held[id]
	if !busy {
		l.held[id] = mine
		return true, nil
	}
	l.takeovers.Add(1)
	if holder.next != nil {
		holder.next.turn <- false
	}
	holder.next = mine
	ask, holder.yield = holder.yield, nil
	return false, ask
}

// withdraw takes back the wish of one that waits, and reports whether it still
// did.
func (l *leases) withdraw(id protocol.ShareID, mine *lease) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	holder := l.held[id]
	if holder == nil || holder.next != mine {
		return false
	}
	holder.next = nil
	return true
}

// yieldAll asks every holder to let go.
func (l *leases) yieldAll() {
	l.mu.Lock()
	var asks []func()
	for _, holder := range l.held {
		if holder.yield != nil {
			asks = append(asks, holder.yield)
			holder.yield = nil
		}
	}
	l.mu.Unlock()
	for _, ask := range asks {
		ask()
	}
}

// note notes the fence under which the holder of the lease goes on.
func (l *leases) note(id protocol.ShareID, fence int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if holder := l.held[id]; holder != nil {
		holder.fence = fence
	}
}

// yieldOne asks the holder of the upload to let go if it goes by an older fence, or if
// the upload has ended.
func (l *leases) yieldOne(id protocol.ShareID, fence int64, ended bool) {
	l.mu.Lock()
	var ask func()
	if holder := l.held[id]; holder != nil && (ended || holder.fence < fence) {
		ask, holder.yield = holder.yield, nil
	}
	l.mu.Unlock()
	if ask != nil {
		ask()
	}
}

// ids returns the uploads that somebody holds.
func (l *leases) ids() []protocol.ShareID {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.held))
}

// count returns how many uploads somebody holds.
func (l *leases) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.held)
}

// idle returns when nobody holds an upload, or with the context's error.
func (l *leases) idle(ctx context.Context) error {
	l.mu.Lock()
	if len(l.held) == 0 {
		l.mu.Unlock()
		return nil
	}
	if l.emptied == nil {
		l.emptied = make(chan struct{})
	}
	emptied := l.emptied
	l.mu.Unlock()
	select {
	case <-emptied:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// busy reports whether somebody holds the upload.
func (l *leases) busy(id protocol.ShareID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, busy := l.held[id]
	return busy
}

// release gives the upload to the one that waits, if any.
func (l *leases) release(id protocol.ShareID, mine *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if mine.next == nil {
		delete(l.held, id)
		if len(l.held) == 0 && l.emptied != nil {
			close(l.emptied)
			l.emptied = nil
		}
		return
	}
	l.held[id] = mine.next
	mine.next.turn <- true
}
