package signal

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/protocol"
)

// TestTypeOf reads the type of what the store writes, whatever else stands in it.
func TestTypeOf(t *testing.T) {
	for _, want := range []protocol.EventType{protocol.SharesCreated, protocol.RoomEnded, protocol.ReceiptsChanged} {
		event := protocol.Event{Type: want, Time: time.Now(), Shares: []protocol.Share{{Name: `","type":"room.ended"`}}}
		text, err := event.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if got := typeOf(text); got != want {
			t.Errorf("of %s it reads %q", text, got)
		}
	}
}
