package upload

import (
	"context"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// leases gives each upload to one request at a time. A newer request does not
// fail and does not wait for a dead connection to time out: it asks the holder
// to yield and takes over when the holder has kept what it received.
type leases struct {
	mu   sync.Mutex
	held map[protocol.ShareID]*lease // guarded by mu
}

type lease struct {
	yield    func() // asks the holder to let go; nil once asked
	released chan struct{}
}

func newLeases() *leases {
	return &leases{held: make(map[protocol.ShareID]*lease)}
}

// acquire returns when the caller alone holds the upload, or with the
// context's error. yield, which may be nil, is called when another caller
// wants it. release must be called exactly once.
func (l *leases) acquire(ctx context.Context, id protocol.ShareID, yield func()) (release func(), err error) {
	for {
		holder := l.take(id, yield)
		if holder == nil {
			return func() { l.release(id) }, nil
		}
		select {
		case <-holder.released:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take makes the caller the holder and returns nil, or asks the present holder
// to yield and returns it.
func (l *leases) take(id protocol.ShareID, yield func()) *lease {
	l.mu.Lock()
	holder, busy := l.held[id]
	if !busy {
		l.held[id] = &lease{yield: yield, released: make(chan struct{})}
		l.mu.Unlock()
		return nil
	}
	ask := holder.yield
	holder.yield = nil
	l.mu.Unlock()
	if ask != nil {
		ask()
	}
	return holder
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

// busy reports whether somebody holds the upload.
func (l *leases) busy(id protocol.ShareID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, busy := l.held[id]
	return busy
}

func (l *leases) release(id protocol.ShareID) {
	l.mu.Lock()
	holder := l.held[id]
	delete(l.held, id)
	l.mu.Unlock()
	close(holder.released)
}
