package webhook

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

// schedule is how long after each failed attempt the next one is made: the one
// that Standard Webhooks proposes. After the last one a message is given up.
func schedule() []time.Duration {
	return []time.Duration{
		5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
		10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

const (
	// jitter spreads what failed together: each wait is longer by up to this share.
	jitter = 0.2
	// mostRest is the longest that an endpoint may ask to be left alone.
	mostRest = 24 * time.Hour
)

// again returns when to try a message again that has failed so many times at now,
// not before rest; zero if it is to be given up.
func (s *Service) again(failed int, created, now, rest time.Time) time.Time {
	if failed > len(s.Schedule) {
		return time.Time{}
	}
	wait := s.Schedule[failed-1]
	next := now.Add(wait + time.Duration(rand.Float64()*jitter*float64(wait)))
	if next.Before(rest) {
		next = rest
	}
	if next.Sub(created) > s.MaxAge {
		return time.Time{}
	}
	return next
}

// restOf returns until when an answer wants the endpoint to be left alone (RFC 9110,
// 10.2.3); zero for no such wish.
func restOf(answer *http.Response, now time.Time) time.Time {
	said := answer.Header.Get("Retry-After")
	if said == "" {
		return time.Time{}
	}
	var wait time.Duration
	if seconds, err := strconv.ParseUint(said, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(said); err == nil {
		wait = at.Sub(now)
	}
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(min(wait, mostRest))
}
