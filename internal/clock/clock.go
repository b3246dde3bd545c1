// Package clock tells a time that goes on evenly, whoever sets the system's
// clock: what the server counts, how long an upload has rested or a ticket has
// waited, must not change by an hour because somebody corrected the time.
// docs/decisions/0013-times-are-counted-not-read.md says why.
package clock

import (
	"context"
	"log/slog"
	"time"
)

// Clock begins with the time of the system and counts on from there. It is safe
// for concurrent use.
type Clock struct {
	wall    func() time.Time
	elapsed func() time.Duration
	began   time.Time // what wall said at first
	from    time.Duration
}

// New returns a Clock of the system. It counts the time that the machine was
// suspended too, where the system tells it (Linux).
func New() *Clock { return Of(time.Now, systemElapsed()) }

// Of returns a Clock of two sources: wall, which anybody may set, and elapsed,
// which counts from any moment on and is never set. Both must be safe for
// concurrent use.
func Of(wall func() time.Time, elapsed func() time.Duration) *Clock {
	return &Clock{wall: wall, elapsed: elapsed, began: wall().Round(0), from: elapsed()}
}

// Correct sets the clock to now, from which it counts on: to the time that processes on
// other machines go by too. Call it before anybody reads the clock.
func (c *Clock) Correct(now time.Time) { c.began = now.Round(0).Add(c.from - c.elapsed()) }

// Now returns when it is. It goes on evenly while the process lives.
func (c *Clock) Now() time.Time { return c.began.Add(c.elapsed() - c.from) }

// Latest returns the later of Now and what the system's clock says: what a
// credential is held against that another machine may have made. Set ahead, no
// credential is good for longer; set back, none that is over becomes good again.
func (c *Clock) Latest() time.Time {
	now := c.Now()
	if wall := c.wall().Round(0); wall.After(now) {
		return wall
	}
	return now
}

const (
	lookEvery = 10 * time.Second
	// Clocks are corrected by less than this all the time.
	worthTelling = 5 * time.Second
)

// Run tells the log when the system's clock has been set, until ctx ends.
func (c *Clock) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for known := c.ahead(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if ahead := c.ahead(); (ahead - known).Abs() >= worthTelling {
			log.Warn("the system's clock was set; times are counted on from before, until the server starts again", "by", ahead-known, "ahead", ahead)
			known = ahead
		}
	}
}

// ahead is how far the system's clock is ahead of this one.
func (c *Clock) ahead() time.Duration { return c.wall().Round(0).Sub(c.Now()) }
