package share

import (
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// admit reports whether the caller may make these shares now, by its own pace and
// by the space there is. recorded must be called when they are made, or will not
// be.
func (s *Service) admit(ctx context.Context, c Caller, shares []store.Share) (recorded func(), err error) {
	if err := s.makers.take(s.Now(), maker{c.Room, c.ID}, len(shares)); err != nil {
		return nil, err
	}
	var sum int64
	for _, share := range shares {
		sum += min(share.Reserved, math.MaxInt64-sum) // a limit that large may be set
	}
	return s.Space.take(ctx, sum)
}

// Churn bounds how fast one participant makes shares. Each of them is a record,
// an event for everybody in the room and, cancelled, both again: no limit of what
// there is at a time bounds that.
type Churn struct {
	// Rate is how many shares a second a participant may make in the long run;
	// zero means 20.
	Rate float64
	// Burst is how many it may make at once; zero means 1000.
	Burst int
}

// mostBuckets bounds how many participants are counted at a time, about 200 bytes
// each.
const mostBuckets = 20_000

// maker is a participant who makes shares.
type maker struct {
	room protocol.RoomID
	id   protocol.ParticipantID
}

// makers counts what participants have made of late.
type makers struct {
	Churn

	mu      sync.Mutex
	buckets map[maker]*rate.Limiter // guarded by mu; who has none could make a whole burst
	swept   time.Time               // guarded by mu
}

func newMakers(c Churn) makers {
	if c.Rate == 0 {
		c.Rate = 20
	}
	if c.Burst == 0 {
		c.Burst = 1000
	}
	return makers{Churn: c, buckets: make(map[maker]*rate.Limiter)}
}

// take counts n more shares of a participant, all or none. It fails with
// CodeUnavailable if that were too many for now.
func (m *makers) take(now time.Time, who maker, n int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	bucket := m.buckets[who]
	if bucket == nil {
		if !m.makeRoomLocked(now) {
			return protocol.NewError(protocol.CodeUnavailable, "too many participants offer files at once: try again in a moment")
		}
		bucket = rate.NewLimiter(rate.Limit(m.Rate), m.Burst)
		m.buckets[who] = bucket
	}
	if !bucket.AllowN(now, n) {
		return protocol.NewError(protocol.CodeUnavailable, "you offer files too fast: try again in a moment")
	}
	return nil
}

// makeRoomLocked reports whether one more participant can be counted. Where there
// is no room it forgets, at most once a second, those that could make a whole
// burst again: nothing is lost with them.
func (m *makers) makeRoomLocked(now time.Time) bool {
	if len(m.buckets) < mostBuckets {
		return true
	}
	if now.Sub(m.swept) >= time.Second {
		m.swept = now
		for who, bucket := range m.buckets {
			if bucket.TokensAt(now) >= float64(m.Burst) {
				delete(m.buckets, who)
			}
		}
	}
	return len(m.buckets) < mostBuckets
}
