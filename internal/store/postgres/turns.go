package postgres

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/handout-rtc/handout/internal/store"
)

// turns gives changes of this process their turn at what they are about, in the order
// in which they come: so that of the changes of one room one has a connection, and the
// others none.
type turns struct {
	mu  sync.Mutex
	all map[string]*turn // guarded by mu; those that somebody has or waits for
}

type turn struct {
	room  *semaphore.Weighted // whole for one, or shared
	users int                 // guarded by turns.mu
}

// whole is more than ever share.
const whole = 1 << 30

// take waits for the turn at all of the keys, which every change names in the same
// order. The caller calls done.
func (t *turns) take(ctx context.Context, keys []store.Key) (done func(), err error) {
	taken := 0
	done = func() {
		for i := taken - 1; i >= 0; i-- {
			t.leave(keys[i].Name, weight(keys[i]))
		}
	}
	for _, key := range keys {
		if err := t.enter(key.Name).Acquire(ctx, weight(key)); err != nil {
			t.leave(key.Name, 0)
			done()
			return nil, err
		}
		taken++
	}
	return done, nil
}

func weight(k store.Key) int64 {
	if k.Shared {
		return 1
	}
	return whole
}

func (t *turns) enter(name string) *semaphore.Weighted {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.all[name]
	if at == nil {
		if t.all == nil {
			t.all = make(map[string]*turn)
		}
		at = &turn{room: semaphore.NewWeighted(whole)}
		t.all[name] = at
	}
	at.users++
	return at.room
}

// leave gives back what was taken of a turn.
func (t *turns) leave(name string, weight int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.all[name]
	if weight > 0 {
		at.room.Release(weight)
	}
	if at.users--; at.users == 0 {
		delete(t.all, name)
	}
}
