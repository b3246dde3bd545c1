package signal

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// mostHints is how many hints wait to be sent. What is beyond gets lost.
const mostHints = 1024

// hint is what a node has to tell those that follow a stream: they hear it among the
// stream's events, and pass it on to nobody.
type hint struct {
	Kind string `json:"hint"`
	From string `json:"from"` // the node
	Data string `json:"data,omitempty"`

	stream string
}

// hintBegins is what the JSON of a hint begins with, and that of no event.
var hintBegins = []byte(`{"hint":`)

// Hint tells other nodes of the cluster something about a participant, or about the room
// when participant is "": those that the participant is connected to, or anybody of the
// room, and those that Attend to the room. It does not wait, and it may get lost: what it
// says must also be found in the store, by who looks there. Without a cluster nobody
// hears it.
func (e *Edge) Hint(room protocol.RoomID, participant protocol.ParticipantID, kind, data string) {
	e.hintTo(channel(room, participant), kind, data)
}

// HintAll is Hint to all nodes, whoever is connected to them: for what is rare, and any
// of them may have to know.
func (e *Edge) HintAll(kind, data string) { e.hintTo(allNodes, kind, data) }

func (e *Edge) hintTo(stream, kind, data string) {
	if e.remote == nil {
		return
	}
	select {
	case e.hints <- hint{kind, e.node.ID(), data, stream}:
	default:
		e.hinted("lost")
	}
}

// OnHint has heard called for each hint of that kind that another node gives. It may
// be called by several goroutines at once, and must not wait for anything. Call OnHint
// before Start.
func (e *Edge) OnHint(kind string, heard func(data string)) {
	e.heardHints[kind] = heard
}

// Attend has this node hear the hints about these rooms from the next second on, whoever
// is connected to it, and no more about those that it was called with before. It does not
// wait. Without a cluster it does nothing.
func (e *Edge) Attend(rooms map[protocol.RoomID]bool) {
	if e.remote != nil {
		e.remote.wanted.Store(&rooms)
	}
}

// hear hears what nodes tell each other on streams, this one included. It reports
// whether that is what has come, and no event.
func (e *Edge) hear(data []byte) bool {
	if !bytes.HasPrefix(data, hintBegins) {
		return false
	}
	var h hint
	if err := json.Unmarshal(data, &h); err != nil || h.From == e.node.ID() {
		return true
	}
	if heard := e.heardHints[h.Kind]; heard != nil {
		e.hinted("heard")
		heard(h.Data)
	}
	return true
}

// sendHints sends what Hint was given until ctx ends.
func (e *Edge) sendHints(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-e.hints:
			data, err := json.Marshal(h)
			if err == nil {
				_, err = e.remote.Publish(h.stream, data, centrifuge.PublishOptions{})
			}
			what := "sent"
			if err != nil {
				what = "lost"
			}
			e.hinted(what)
		}
	}
}

// disconnectHint is the kind of hint that has another node end a connection.
const disconnectHint = "disconnect"

type disconnection struct {
	Connection string             `json:"connection"`
	Code       protocol.CloseCode `json:"code"`
}

// Disconnect ends a connection of the participant, on whichever node it is; one that is
// gone is no error.
func (e *Edge) Disconnect(room protocol.RoomID, participant protocol.ParticipantID, connection string, code protocol.CloseCode) {
	if connection == "" || e.disconnectHere(connection, code) || e.remote == nil {
		return
	}
	data, err := json.Marshal(disconnection{connection, code})
	if err != nil {
		e.Log.Error("writing a hint failed", "err", err)
		return
	}
	e.Hint(room, participant, disconnectHint, string(data))
}

// toDisconnect hears of a connection to end, which may be here.
func (e *Edge) toDisconnect(data string) {
	var d disconnection
	if json.Unmarshal([]byte(data), &d) == nil {
		e.disconnectHere(d.Connection, d.Code)
	}
}
