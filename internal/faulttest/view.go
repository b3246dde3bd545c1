package faulttest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// view is what a client has read and heard of the room's shares, put together as
// docs/protocol.md says in section 3. It is safe for concurrent use.
type view struct {
	mu      sync.Mutex
	state   state         // guarded by mu
	changed chan struct{} // guarded by mu; closed at the next change
	cancel  func()        // guarded by mu; ends the listening
	done    chan struct{} // guarded by mu; closed when it has ended
}

type state struct {
	shares   map[protocol.ShareID]protocol.Share
	cursor   protocol.Cursor
	caughtUp bool // nothing can have been missed
}

func newView() view {
	return view{state: state{shares: make(map[protocol.ShareID]protocol.Share)}, changed: make(chan struct{})}
}

func (v *view) begin(cancel func(), done chan struct{}) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cancel, v.done = cancel, done
}

func (v *view) end() {
	v.mu.Lock()
	cancel, done := v.cancel, v.done
	v.cancel = nil
	v.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
}

// listens reports whether the client follows the room.
func (v *view) listens() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cancel != nil
}

func (v *view) changeLocked() {
	close(v.changed)
	v.changed = make(chan struct{})
}

// lost notes that something may be missed from now on.
func (v *view) lost() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.state.caughtUp = false
}

func (v *view) since() protocol.Cursor {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.state.cursor
}

// read takes in what was read since the cursor.
func (v *view) read(page protocol.SharePage) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if page.Reset {
		clear(v.state.shares)
	}
	v.takeLocked(page.Shares)
	v.state.cursor, v.state.caughtUp = page.Seq, true
	v.changeLocked()
}

// apply takes in an event that is stored, and reports false if one before it was
// missed.
func (v *view) apply(event protocol.Event) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	at := &v.state.cursor.Room
	if event.Stream == protocol.PersonalStream {
		at = &v.state.cursor.Personal
	}
	if event.Seq > *at+1 {
		v.state.caughtUp = false
		return false
	}
	*at = max(*at, event.Seq)
	v.takeLocked(event.Shares)
	v.changeLocked()
	return true
}

func (v *view) takeLocked(shares []protocol.Share) {
	for _, share := range shares {
		if v.state.shares[share.ID].Rev <= share.Rev {
			v.state.shares[share.ID] = share
		}
	}
}

// await returns when the state fulfils a condition.
func (v *view) await(ctx context.Context, fulfils func(*state) bool) error {
	for {
		v.mu.Lock()
		ok, changed := fulfils(&v.state), v.changed
		v.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// known returns the shares, by their ids.
func (v *view) known() []protocol.Share {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.SortedFunc(maps.Values(v.state.shares), func(a, b protocol.Share) int {
		return strings.Compare(string(a.ID), string(b.ID))
	})
}
