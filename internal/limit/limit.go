// Package limit counts what many ask for, so that none of them takes more than
// its share. It decides nothing by itself: who refuses, and in which words, is
// its caller's to say.
//
// Every table is bounded and forgets who has been idle, so that to count an
// attacker who has many names costs no more than to count an honest crowd.
package limit

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Rate is how often somebody may do something: a bucket of Burst that fills by
// PerSecond.
type Rate struct {
	PerSecond float64
	Burst     int
}

// Or is the rate, or instead where it is the zero value.
func (r Rate) Or(instead Rate) Rate {
	if r == (Rate{}) {
		return instead
	}
	return r
}

// Rates bounds how often each of many may do something. It is safe for
// concurrent use.
type Rates[K comparable] struct {
	rate Rate
	most int

	mu      sync.Mutex
	buckets map[K]*rate.Limiter // guarded by mu; who has none could do a whole burst
	swept   time.Time           // guarded by mu
	due     int                 // how many are counted when it sweeps again; guarded by mu
}

// crowded is how long who cannot be counted has to wait.
const crowded = time.Second

// NewRates returns rates of which as many as most are counted at a time, some 200
// bytes each. Who comes when there is no place waits: none gets past the count.
func NewRates[K comparable](r Rate, most int) *Rates[K] {
	return &Rates[K]{rate: r, most: most, buckets: make(map[K]*rate.Limiter), due: min(most, leastSwept)}
}

// Take counts n of who, all or none. It returns 0 if they are within the rate, and
// how long to wait if they are not.
func (r *Rates[K]) Take(now time.Time, who K, n int) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	bucket := r.buckets[who]
	if bucket == nil {
		if !r.makeRoomLocked(now) {
			return crowded
		}
		bucket = rate.NewLimiter(rate.Limit(r.rate.PerSecond), r.rate.Burst)
		r.buckets[who] = bucket
	}
	if bucket.AllowN(now, n) {
		return 0
	}
	missing := float64(n) - bucket.TokensAt(now)
	return max(time.Duration(missing/r.rate.PerSecond*float64(time.Second)), time.Millisecond)
}

// Len returns how many are counted.
func (r *Rates[K]) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.buckets)
}

// Forget forgets the idle, who take up memory until others come.
func (r *Rates[K]) Forget(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweepLocked(now)
}

// leastSwept is how many are counted before it is worth looking for the idle.
const leastSwept = 64

// makeRoomLocked reports whether one more can be counted. It forgets the idle when
// twice as many are counted as were left the last time, so that the table is as
// large as the crowd that there is and not as the largest that there may be; when
// it is full, at most once a second.
func (r *Rates[K]) makeRoomLocked(now time.Time) bool {
	full := len(r.buckets) >= r.most
	if len(r.buckets) >= r.due && (!full || now.Sub(r.swept) >= time.Second) {
		r.sweepLocked(now)
	}
	return len(r.buckets) < r.most
}

// sweepLocked forgets those that could do a whole burst again: nothing is lost
// with them. Those who stay move to another map, for a map never gets smaller.
func (r *Rates[K]) sweepLocked(now time.Time) {
	busy := make(map[K]*rate.Limiter)
	for who, bucket := range r.buckets {
		if bucket.TokensAt(now) < float64(r.rate.Burst) {
			busy[who] = bucket
		}
	}
	r.buckets, r.swept = busy, now
	r.due = min(r.most, max(leastSwept, 2*len(busy)))
}
