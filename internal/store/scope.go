package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/handout-rtc/handout/protocol"
)

// Scope says what a change reads to decide by, and so which changes must not run
// beside it. The zero value is everything, which is never wrong, and keeps every other
// change waiting meanwhile: what happens often says less (docs/decisions/0027). An
// engine that has one writer has no use for it.
type Scope struct {
	keys func(context.Context, querier) ([]Key, error) // nil for everything
}

// Key names something that changes have for themselves while they run, or share.
type Key struct {
	Name   string
	Shared bool // with others that share it
}

// Everything reports whether the change must run alone.
func (s Scope) Everything() bool { return s.keys == nil }

// Keys returns what the change holds while it runs, in the order in which all changes
// take it, each once. It may read the store.
func (s Scope) Keys(ctx context.Context, e Engine) ([]Key, error) {
	keys, err := s.keys(ctx, e.Reader())
	if err != nil {
		return nil, fmt.Errorf("looking up what a change is about: %w", err)
	}
	slices.SortFunc(keys, func(a, b Key) int { return strings.Compare(a.Name, b.Name) })
	return slices.CompactFunc(keys, func(a, b Key) bool { return a.Name == b.Name }), nil
}

// these is the scope of what the keys name.
func these(keys ...Key) Scope {
	return Scope{func(context.Context, querier) ([]Key, error) { return keys, nil }}
}

// itself is the scope of a change that is one statement, which decides and changes
// at once, by the rows alone that it changes.
func itself() Scope { return these() }

// inRooms is the scope of what belongs to the rooms: their records, participants,
// shares, receipts and streams.
func inRooms(ids ...protocol.RoomID) Scope {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = roomKey(id, false)
	}
	return these(keys...)
}

// roomOf is inRooms for the room of a share. Without the share it is nothing: shares
// do not come back.
func (db *DB) roomOf(id protocol.ShareID) Scope {
	return Scope{func(ctx context.Context, q querier) ([]Key, error) {
		room, err := db.shareRooms.of(ctx, q, id)
		if err != nil || room == "" {
			return nil, err
		}
		return []Key{roomKey(room, false)}, nil
	}}
}

// bytesOf is the scope of how far the bytes of one upload have come, which several
// uploads of a room may change at once. It excludes roomOf.
func (db *DB) bytesOf(id protocol.ShareID) Scope {
	return Scope{func(ctx context.Context, q querier) ([]Key, error) {
		room, err := db.shareRooms.of(ctx, q, id)
		if err != nil || room == "" {
			return nil, err
		}
		return []Key{roomKey(room, true), {Name: "share " + string(id)}}, nil
	}}
}

// roomsOf is inRooms for the rooms of several shares.
func roomsOf(ids []protocol.ShareID) Scope {
	return Scope{func(ctx context.Context, q querier) ([]Key, error) {
		var keys []Key
		for len(ids) > 0 {
			marks, args := placeholders(ids[:min(len(ids), knownBatch)])
			ids = ids[len(args):]
			rooms, err := list(ctx, q, column[protocol.RoomID], `SELECT DISTINCT room FROM shares WHERE id IN (`+marks+`)`, args...)
			if err != nil {
				return nil, err
			}
			for _, room := range rooms {
				keys = append(keys, roomKey(room, false))
			}
		}
		return keys, nil
	}}
}

// ofEndpoint is the scope of what waits for an endpoint of webhooks.
func ofEndpoint(id string) Scope { return these(Key{Name: "endpoint " + id}) }

// duty is the scope of who does what one node alone does.
func duty(name string) Scope { return these(Key{Name: "duty " + name}) }

func roomKey(id protocol.RoomID, shared bool) Key { return Key{"room " + string(id), shared} }

// shareRooms remembers the rooms of the shares that changed lately. A share has one
// room for ever.
type shareRooms struct {
	mu         sync.Mutex
	young, old map[protocol.ShareID]protocol.RoomID // guarded by mu
}

// mostShareRooms bounds each half of what is remembered.
const mostShareRooms = 4096

// of returns the room of a share, "" without the share.
func (r *shareRooms) of(ctx context.Context, q querier, id protocol.ShareID) (protocol.RoomID, error) {
	if room, ok := r.remembered(id); ok {
		return room, nil
	}
	room, err := one(ctx, q, column[protocol.RoomID], `SELECT room FROM shares WHERE id = $1`, id)
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	r.remember(id, room)
	return room, nil
}

func (r *shareRooms) remembered(id protocol.ShareID) (protocol.RoomID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if room, ok := r.young[id]; ok {
		return room, true
	}
	room, ok := r.old[id]
	return room, ok
}

func (r *shareRooms) remember(id protocol.ShareID, room protocol.RoomID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.young == nil || len(r.young) >= mostShareRooms {
		r.young, r.old = make(map[protocol.ShareID]protocol.RoomID), r.young
	}
	r.young[id] = room
}
