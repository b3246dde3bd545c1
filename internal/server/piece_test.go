package server

import (
	"testing"
	"time"
)

// TestPiecesGrowWhileTheReceiverIsFast and shrink as soon as it is not.
func TestPiecesGrowWhileTheReceiverIsFast(t *testing.T) {
	for _, c := range []struct {
		now  piece
		took time.Duration
		want piece
	}{
		{leastPiece, time.Millisecond, 2 * leastPiece},
		{mostPiece, time.Millisecond, mostPiece},
		{4 * leastPiece, quick, 8 * leastPiece},
		{4 * leastPiece, quick + 1, 4 * leastPiece},
		{mostPiece, time.Minute, leastPiece},
		{leastPiece, time.Minute, leastPiece},
	} {
		if got := c.now.after(c.took); got != c.want {
			t.Errorf("after %d bytes in %v come %d, want %d", c.now, c.took, got, c.want)
		}
	}
}
