package signal

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/handout-rtc/handout/protocol"
)

// publishQuietly tells the quiet connections of a room what they may know of an
// event of the room's stream: each on its own stream, and without the number,
// for that would count what they must not know of.
func (e *Edge) publishQuietly(room protocol.RoomID, event []byte) error {
	e.mu.Lock()
	listeners := slices.Clone(e.quiet[room])
	e.mu.Unlock()
	if len(listeners) == 0 {
		return nil
	}
	var heard protocol.Event
	if err := json.Unmarshal(event, &heard); err != nil {
		return fmt.Errorf("reading an event: %w", err)
	}
	heard.Stream, heard.Seq = "", 0
	unnumbered, err := heard.JSON()
	if err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	for _, c := range listeners {
		if !mayHear(c.participant, heard) {
			continue
		}
		if err := e.tell(c, unnumbered); err != nil {
			return err
		}
	}
	return nil
}

// mayHear reports whether who may not receive may know of the event: all but
// what others share, and how that goes.
func mayHear(id protocol.ParticipantID, event protocol.Event) bool {
	return event.Transfers == nil && !slices.ContainsFunc(event.Shares, func(s protocol.Share) bool { return s.Sender.ID != id })
}

// tell sends an event to one connection, which may be opening still.
func (e *Edge) tell(c *connection, event []byte) error {
	e.mu.Lock()
	if _, opening := e.opening[c]; opening {
		c.missesLocked(event, false)
	}
	e.mu.Unlock()
	return e.deliver(c.room, c.participant, event)
}

// hushLocked forgets a connection that has ended.
func (e *Edge) hushLocked(c *connection) {
	if !c.quiet {
		return
	}
	left := slices.DeleteFunc(e.quiet[c.room], func(other *connection) bool { return other == c })
	if len(left) == 0 {
		delete(e.quiet, c.room)
		return
	}
	e.quiet[c.room] = left
}
