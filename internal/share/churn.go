package share

import (
	"context"
	"math"

	"github.com/handout-rtc/handout/internal/limit"
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// usualChurn bounds how fast one participant makes shares. Each of them is a
// record, an event for everybody in the room and, cancelled, both again: no limit
// of what there is at a time bounds that.
var usualChurn = limit.Rate{PerSecond: 20, Burst: 1000}

// mostMakers bounds how many participants are counted at a time.
const mostMakers = 20_000

// maker is a participant who makes shares.
type maker struct {
	room protocol.RoomID
	id   protocol.ParticipantID
}

func newMakers(r limit.Rate) *limit.Rates[maker] {
	return limit.NewRates[maker](r.Or(usualChurn), mostMakers)
}

// admit reports whether the caller may make these shares now, by its own pace and
// by the space there is. settle must be called when it is known whether they are
// made: see Space.take.
func (s *Service) admit(ctx context.Context, c Caller, shares []store.Share) (settle func(recorded bool), err error) {
	if wait := s.makers.Take(s.Now(), maker{c.Room, c.ID}, len(shares)); wait > 0 {
		tooFast := protocol.LimitError(protocol.CodeTooManyRequests, "create-rate", "you offer files too fast: try again in a moment")
		tooFast.After = wait
		return nil, tooFast
	}
	var sum int64
	for _, share := range shares {
		sum += min(share.Reserved, math.MaxInt64-sum) // a limit that large may be set
	}
	return s.Space.take(ctx, sum)
}
