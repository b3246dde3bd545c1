package clock

import "time"

// processElapsed counts from now on, by Go's monotonic clock.
func processElapsed() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
