package signal

import (
	"context"
	"errors"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// mostRejoining bounds how many participants are counted at a time.
const mostRejoining = 100_000

// rejoiner is a participant who connects, maybe again and again: each time is a
// record, and who leaves in between is told of to the whole room.
type rejoiner struct {
	room protocol.RoomID
	id   protocol.ParticipantID
}

// tooOften reports whether the participant connects too fast.
func (e *Edge) tooOften(c *connection) bool {
	if e.again.Take(e.Now(), rejoiner{c.room, c.participant}, 1) == 0 {
		return false
	}
	e.Refused("rejoin-rate")
	return true
}

// awaitPace waits until the connection may come to the gate. It fails at once if
// that were not before the context ends.
func (e *Edge) awaitPace(ctx context.Context) error {
	err := e.pace.Wait(ctx)
	if err != nil && ctx.Err() == nil {
		e.Refused("connect-rate")
	}
	return err
}

// count counts what a limit has refused.
func (e *Edge) count(err error) {
	var coded *protocol.Error
	if errors.As(err, &coded) && coded.Limit != "" {
		e.Refused(coded.Limit)
	}
}

// heard counts a command of a client that has connected. One that asks for more
// than anybody needs is sent away, and may come back.
func (e *Edge) heard(client *centrifuge.Client, _ centrifuge.CommandReadEvent) error {
	e.mu.Lock()
	c := e.connections[client.ID()]
	e.mu.Unlock()
	if c == nil || c.commands.Allow() { // nobody knows it before its first command
		return nil
	}
	e.Refused("push-rate")
	return centrifuge.DisconnectTooManyRequests
}
