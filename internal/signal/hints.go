package signal

import (
	"github.com/centrifugal/centrifuge"
)

// hint is what one node has to tell all others.
type hint struct {
	kind string
	data []byte
}

// Hint tells every other node of the cluster something. It does not wait, and it may
// get lost: what it says must also be found in the store, by who looks there. Without
// a cluster nobody hears it.
func (e *Edge) Hint(kind string, data []byte) {
	if e.hints == nil {
		return
	}
	select {
	case e.hints <- hint{kind, data}:
	default:
		e.lostHints.Add(1)
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
		heard(n.Data)
	}
}
