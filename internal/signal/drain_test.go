package signal_test

import (
	"testing"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/protocol"
)

// TestWhoDrainsIsStillHeard: when a node lets nobody in any more, its transfers go on for
// a while. What comes of them is pushed by itself, and its hints arrive, as if nothing
// were: until it is closed, Redis is there for it.
func TestWhoDrainsIsStillHeard(t *testing.T) {
	t.Parallel()
	n := silentNodes(t, 2, enginetest.SharedRedis(t))
	n[0].announce(t, n[0].records) // and nobody else
	ana, bob := n[0].connect(t, "ana"), n[1].connect(t, "bob")
	n[0].published(t, n[1])
	if err := n[0].edge.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code := ana.closed(); code != protocol.CloseStopping {
		t.Errorf("closed with %d", code)
	}
	n[0].enter(t, "cyd")
	bob.meets("cyd")
	n[0].edge.Disconnect(n[0].room, "bob", bob.id, protocol.CloseDropped)
	if code := bob.closed(); code != protocol.CloseDropped {
		t.Errorf("who is to be dropped is closed with %d", code)
	}
	if away := n[0].edge.Away(); away {
		t.Error("Redis is held to be away")
	}
}
