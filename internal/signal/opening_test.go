package signal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// missing lets the connection miss n events of the room and one of its own, and
// returns what is left of them, first and last.
func missing(c *connection, n int) (left int, first, last string) {
	c.missesLocked([]byte("own"), true)
	for i := range n {
		c.missesLocked(fmt.Appendf(nil, "%d", i+1), false)
	}
	all := c.missed.all()
	return len(all), string(all[0]), string(all[len(all)-1])
}

// TestOfManyMissedEventsTheNewestAreKept: the numbers of the newest show that
// some are missing, in each stream; one stream pushes nothing out of the other.
func TestOfManyMissedEventsTheNewestAreKept(t *testing.T) {
	c := &connection{}
	left, first, last := missing(c, 5*maxMissed)
	if left != maxMissed+1 || first != fmt.Sprint(4*maxMissed+1) || last != "own" {
		t.Errorf("%d are left, from %s to %s", left, first, last)
	}
	if c.doom != 0 {
		t.Errorf("it is to end with %d", c.doom)
	}
}

// TestWhoHearsNoNumbersBeginsAgain: a quiet connection cannot see a gap.
func TestWhoHearsNoNumbersBeginsAgain(t *testing.T) {
	c := &connection{quiet: true}
	if missing(c, maxMissed); c.doom != 0 {
		t.Errorf("it is to end with %d, and has missed nothing", c.doom)
	}
	if missing(c, 1); c.doom != protocol.CloseStopping {
		t.Errorf("it is to end with %d", c.doom)
	}
}

// TestTidyingUp shows changes by the second and what is done: c for collect, r
// for release, a dot for nothing.
func TestTidyingUp(t *testing.T) {
	for name, c := range map[string]struct {
		changes []int64
		want    string
	}{
		"nobody comes":       {[]int64{0, 0, 0}, "..."},
		"a few come":         {[]int64{9, 40, 120, 120, 120}, "....."},
		"few, but for long":  {[]int64{200, 400, 600, 800, 800, 800}, "..c.r."},
		"a storm":            {[]int64{900, 2500, 5000, 5000, 5000, 5000}, "cccr.."},
		"a storm of an hour": {[]int64{900, 1800, 2700, 3600, 4500}, "ccccc"},
		"then another":       {[]int64{900, 900, 900, 1800, 1800, 1800}, "cr.cr."},
		"they leave slowly":  {[]int64{900, 900, 1000, 1000, 1300, 1300, 1500, 1500}, "cr....cr"},
	} {
		var tidy tidier
		var done strings.Builder
		for _, changes := range c.changes {
			done.WriteByte(".cr"[tidy.next(changes)])
		}
		if done.String() != c.want {
			t.Errorf("%s: %s, want %s", name, done.String(), c.want)
		}
	}
}
