package signal

import (
	"context"
	"slices"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// maxMissed bounds what is kept, of each stream, for a connection while it
// connects.
const maxMissed = 100

// missed is what a connection may not have heard while it connected, newest
// last: of the room's stream and of its own.
type missed struct{ room, own [][]byte }

// all returns the events in an order that keeps that of each stream.
func (m missed) all() [][]byte { return slices.Concat(m.room, m.own) }

// missesLocked keeps an event that the library may drop: it does not deliver
// to a connection that is about to be told of its success, or has just been. A
// client reads the store once it is told, so what is committed before matters
// not. Messages are for who is connected.
//
// Of many only the newest are kept. They have numbers, so the client sees that
// some are missing and reads the store again. A quiet connection hears of the
// room without numbers; it had better begin again.
func (c *connection) missesLocked(event []byte, own bool) {
	of := &c.missed.room
	if own {
		of = &c.missed.own
	}
	if len(*of) == maxMissed {
		if c.quiet && c.doom == 0 {
			c.doom = protocol.CloseStopping
		}
		*of = slices.Delete(*of, 0, 1)
	}
	*of = append(*of, event)
}

// enter waits until the connection may join its room. When thousands come back
// at once, they take turns: so each is told soon after it has joined, and no
// event has long to be missed in.
func (e *Edge) enter(ctx context.Context, c *connection) error {
	patient, cancel := context.WithTimeout(ctx, turnAfter)
	defer cancel()
	if err := e.awaitPace(patient); err != nil {
		return notInTime(ctx)
	}
	select {
	case e.gate <- struct{}{}:
	case <-patient.Done():
		e.Refused("connecting")
		return notInTime(ctx)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	c.inGate = true
	if c.doom != 0 { // it was to end before it began
		return disconnect(c.doom)
	}
	return nil
}

// notInTime is why a connection did not get its turn: it is over, or it had better
// come back later.
func notInTime(ctx context.Context) error {
	if ctx.Err() != nil {
		return centrifuge.DisconnectConnectionClosed
	}
	return centrifuge.DisconnectServerError
}

// leaveGateLocked lets the next connection in. It may be called more than once.
func (e *Edge) leaveGateLocked(c *connection) {
	if c.inGate {
		c.inGate = false
		<-e.gate
	}
}
