package cluster

import (
	"context"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Looks is what is held against the store; see store.DB.
type Looks interface {
	Standings(ctx context.Context, ids []protocol.ShareID) (map[protocol.ShareID]store.Standing, error)
	Barred(ctx context.Context, seats []store.Seat) ([]store.Seat, error)
}

// Watched is what runs here of shares that other nodes may change.
type Watched interface {
	// Watching returns the shares.
	Watching() []protocol.ShareID
	// Stands says where one of them stands, when that has changed.
	Stands(id protocol.ShareID, at store.Standing)
}

// Audience is who reads here, and may be dropped at another node.
type Audience interface {
	Readers() []store.Seat
	Barred(seat store.Seat)
}

// Hint has Watch look at once, if something runs here of the share; "" is any. It does
// not wait.
func (n *Node) Hint(id protocol.ShareID) {
	select {
	case n.hints <- id:
	default: // many wait, and the next look sees to all
	}
}

// Looking is what is to be done beside each look.
type Looking struct {
	// Again: what is remembered of the store may be old.
	Again func()
	// Attend is told the rooms of what runs here, about which hints are to come here. It
	// must not wait.
	Attend func(rooms map[protocol.RoomID]bool)
}

// Watch holds what runs here against the store, every second and when a hint comes,
// until ctx ends: a share that has ended elsewhere, an upload that another node has
// taken, a participant who was dropped.
func (n *Node) Watch(ctx context.Context, audience Audience, beside Looking, all ...Watched) {
	tick := time.NewTicker(n.Every)
	defer tick.Stop()
	told := make(map[protocol.ShareID]store.Standing)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case id := <-n.hints:
			if !concerns(id, all) {
				continue
			}
			n.gather(ctx)
		}
		beside.Again()
		if err := n.watch(ctx, audience, beside.Attend, told, all); err != nil && ctx.Err() == nil {
			n.Log.Warn("looking after what runs here failed", "err", err)
		}
	}
}

// gatherFor is how long hints are gathered for one look.
const gatherFor = 20 * time.Millisecond

// gather waits a moment for more hints, so that one look sees to them all.
func (n *Node) gather(ctx context.Context) {
	patience := time.NewTimer(gatherFor)
	defer patience.Stop()
	for {
		select {
		case <-n.hints:
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		return
	}
}

// concerns reports whether something runs here of the share.
func concerns(id protocol.ShareID, all []Watched) bool {
	return id == "" || slices.ContainsFunc(all, func(w Watched) bool { return slices.Contains(w.Watching(), id) })
}

func (n *Node) watch(ctx context.Context, audience Audience, attend func(map[protocol.RoomID]bool), told map[protocol.ShareID]store.Standing, all []Watched) error {
	ctx, cancel := context.WithTimeout(ctx, beatTimeout)
	defer cancel()
	by := make(map[protocol.ShareID][]Watched)
	for _, w := range all {
		for _, id := range w.Watching() {
			by[id] = append(by[id], w)
		}
	}
	for id := range told {
		if by[id] == nil {
			delete(told, id)
		}
	}
	ids := make([]protocol.ShareID, 0, len(by))
	for id := range by {
		ids = append(ids, id)
	}
	stands, err := n.Looks.Standings(ctx, ids)
	if err != nil {
		return err
	}
	rooms := make(map[protocol.RoomID]bool)
	for id, at := range stands {
		rooms[at.Room] = true
		if before, known := told[id]; known && before == at && !at.State.Ended() {
			continue
		}
		told[id] = at
		for _, w := range by[id] {
			w.Stands(id, at)
		}
	}
	attend(rooms)
	barred, err := n.Looks.Barred(ctx, audience.Readers())
	for _, seat := range barred {
		audience.Barred(seat)
	}
	return err
}
