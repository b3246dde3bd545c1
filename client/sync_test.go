package client

import (
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// TestAStreamThatIsFurtherIsReadAgain: who has read as far as the server says it is
// reads nothing, and who has not, or is not told how far, does.
func TestAStreamThatIsFurtherIsReadAgain(t *testing.T) {
	for _, c := range []struct {
		stream protocol.Stream
		head   int64
		known  bool
	}{
		{protocol.RoomStream, 4, true},
		{protocol.RoomStream, 5, false},
		{protocol.PersonalStream, 2, true},
		{protocol.PersonalStream, 3, false},
		{protocol.PersonalStream, 0, false},
	} {
		f := follower{cursor: protocol.Cursor{Room: 4, Personal: 2}}
		if known := f.next(protocol.Event{Type: protocol.StreamMoved, Stream: c.stream, Head: c.head}); known != c.known {
			t.Errorf("%s at %d is known: %v, want %v", c.stream, c.head, known, c.known)
		}
		if f.cursor != (protocol.Cursor{Room: 4, Personal: 2}) {
			t.Errorf("the cursor is %v", f.cursor)
		}
	}
}
