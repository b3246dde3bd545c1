package signal

import (
	"context"
	"sync"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

const (
	// countAgain is how long a count of a room's connections is believed.
	countAgain = 5 * time.Second
	// mostCounted bounds the rooms that are counted at a time.
	mostCounted = 10_000
	countFor    = 2 * time.Second
)

// crowds knows about how many connections rooms have on all nodes: those who came in
// the last five seconds may be missing.
type crowds struct {
	records Records

	mu    sync.Mutex
	rooms map[protocol.RoomID]crowd // guarded by mu
}

type crowd struct {
	size int
	at   time.Time
}

// size returns how many connections the room has, as far as is known.
func (c *crowds) size(room protocol.RoomID) int {
	now := time.Now()
	c.mu.Lock()
	known, counted := c.rooms[room]
	fresh := counted && now.Sub(known.at) < countAgain
	if !fresh { // others who ask meanwhile get what was counted before
		c.keepLocked(room, crowd{known.size, now})
	}
	c.mu.Unlock()
	if fresh {
		return known.size
	}
	ctx, cancel := context.WithTimeout(context.Background(), countFor)
	defer cancel()
	n, err := c.records.Connected(ctx, room)
	if err != nil { // who asks has just read the store, and will fail at that
		return known.size
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keepLocked(room, crowd{n, now})
	return n
}

func (c *crowds) keepLocked(room protocol.RoomID, what crowd) {
	if len(c.rooms) >= mostCounted {
		clear(c.rooms)
	}
	c.rooms[room] = what
}
