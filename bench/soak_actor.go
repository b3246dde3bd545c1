package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// actor is a participant that acts, one act after the other. It moves from room to
// room, and ends each that it leaves.
type actor struct {
	soak   *soak
	random *rand.Rand

	visit     *handoutVisit
	listeners []*listener // the others in its room
	ended     chan error  // one of each listener
}

const (
	actsPerRoom      = 15
	listenersPerRoom = 4
)

// run acts until the time is over.
func (a *actor) run(ctx context.Context, until time.Time) error {
	for time.Now().Before(until) && ctx.Err() == nil {
		if err := a.enter(ctx); err != nil {
			return fmt.Errorf("entering a room: %w", err)
		}
		for i := 0; i < actsPerRoom && time.Now().Before(until); i++ {
			act := acts[a.random.IntN(len(acts))]
			if err := act.do(a, ctx); err != nil {
				return fmt.Errorf("%s: %w", act.name, err)
			}
			a.soak.did(act.name)
			a.rest(ctx, a.soak.pause)
		}
		if err := a.leave(ctx); err != nil {
			return fmt.Errorf("ending a room: %w", err)
		}
		a.soak.did("room ended with all in it")
	}
	return nil
}

// rest waits for the time on average.
func (a *actor) rest(ctx context.Context, average time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(a.random.Float64() * 2 * float64(average))):
	}
}

func (a *actor) dial(ctx context.Context) (*connection, error) { return dial(ctx, a.soak.peer.address) }

// with dials for the time of one function.
func (a *actor) with(ctx context.Context, do func(*connection) error) error {
	c, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return do(c)
}

// enter makes a room, and has others listen in it.
func (a *actor) enter(ctx context.Context) error {
	return a.with(ctx, func(c *connection) (err error) {
		if a.visit, err = enterHandout(c); err != nil {
			return err
		}
		a.ended = make(chan error, listenersPerRoom)
		for range listenersPerRoom {
			l, err := a.listen(ctx, c)
			if err != nil {
				return err
			}
			a.listeners = append(a.listeners, l)
			go func() { a.ended <- l.listen() }()
		}
		return nil
	})
}

// listen is one more participant of the room.
func (a *actor) listen(ctx context.Context, c *connection) (*listener, error) {
	other, err := a.visit.another(c)
	if err != nil {
		return nil, err
	}
	return joinPush(ctx, a.soak.peer.address, other.token, func([]byte) {})
}

// leave ends the room, at which the server lets all listeners go.
func (a *actor) leave(ctx context.Context) error {
	err := a.with(ctx, a.visit.end)
	for _, l := range a.listeners {
		if err != nil {
			l.conn.Close()
		}
	}
	for range a.listeners {
		if why := <-a.ended; err == nil && !endedWith(why, codeRoomEnded) {
			err = fmt.Errorf("a listener ended by %w", why)
		}
	}
	for _, l := range a.listeners {
		l.conn.Close()
	}
	a.listeners = nil
	return err
}

// codeRoomEnded is the close code of docs/protocol.md, section 2.
const codeRoomEnded = 4503

func endedWith(err error, code uint16) bool {
	closed, ok := err.(closedError)
	return ok && closed.code == code
}
