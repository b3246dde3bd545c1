package signal

import (
	"context"
	"encoding/json"

	"github.com/centrifugal/centrifuge"

	"github.com/handout-rtc/handout/protocol"
)

// mostHints is how many hints wait to be sent. What is beyond gets lost.
const mostHints = 1024

// hint is what one node has to tell all others.
type hint struct {
	kind string
	data []byte
}

// Hint tells every other node of the cluster something. It does not wait, and it may
// get lost: what it says must also be found in the store, by who looks there. Without
// a cluster nobody hears it.
func (e *Edge) Hint(kind string, data []byte) {
	if e.remote == nil {
		return
	}
	select {
	case e.hints <- hint{kind, data}:
	default:
		e.hinted("lost")
	}
}

// OnHint has heard called for each hint of that kind that another node gives. It may
// be called by several goroutines at once, and must not wait for anything. Call OnHint
// before Start.
func (e *Edge) OnHint(kind string, heard func(data []byte)) {
	e.heardHints[kind] = heard
}

// notified hears what nodes tell each other, this one included.
func (e *Edge) notified(n centrifuge.NotificationEvent) {
	if n.FromNodeID == e.node.ID() {
		return
	}
	if heard := e.heardHints[n.Op]; heard != nil {
		e.hinted("heard")
		heard(n.Data)
	}
}

// sendHints sends what Hint was given until ctx ends.
func (e *Edge) sendHints(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case h := <-e.hints:
			what := "sent"
			if !e.remote.speaks.Load() || e.node.Notify(h.kind, h.data, "") != nil {
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

// Disconnect ends a connection, on whichever node it is; one that is gone is no error.
func (e *Edge) Disconnect(id string, code protocol.CloseCode) {
	if id == "" || e.disconnectHere(id, code) || e.remote == nil {
		return
	}
	data, err := json.Marshal(disconnection{id, code})
	if err != nil {
		e.Log.Error("writing a hint failed", "err", err)
		return
	}
	e.Hint(disconnectHint, data)
}

// toDisconnect hears of a connection to end, which may be here.
func (e *Edge) toDisconnect(data []byte) {
	var d disconnection
	if json.Unmarshal(data, &d) == nil {
		e.disconnectHere(d.Connection, d.Code)
	}
}
