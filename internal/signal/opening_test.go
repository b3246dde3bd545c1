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

// TestTidyingUp shows changes by the look and what is done: s for storm, r for release,
// a dot for nothing. Where a number stands twice, nobody comes until a storm would be
// over.
func TestTidyingUp(t *testing.T) {
	for name, c := range map[string]struct {
		changes []int64
		want    string
	}{
		"nobody comes":       {[]int64{0, 0}, ".."},
		"a few come":         {[]int64{9, 40, 120, 120}, "...."},
		"few, but for long":  {[]int64{200, 400, 600, 800, 800, 800}, "..s.r."},
		"a storm":            {[]int64{900, 2500, 5000, 5000, 5000}, "s..r."},
		"a storm of an hour": {[]int64{900, 1800, 2700, 3600, 4500}, "s...."},
		"then another":       {[]int64{900, 900, 900, 1800, 1800}, "sr.sr"},
		"they leave slowly":  {[]int64{900, 900, 1000, 1000, 1300, 1300, 1500, 1500}, "sr....sr"},
		"some come always":   {[]int64{900, 902, 904, 906, 908, 910, 912, 914, 916, 918, 920}, "s.........r"},
	} {
		var tidy tidier
		var done strings.Builder
		for i, changes := range c.changes {
			what := tidy.next(changes)
			for look := 1; look < calm && i > 0 && changes == c.changes[i-1] && what == nothing; look++ {
				what = tidy.next(changes)
			}
			done.WriteByte(".sr"[what])
		}
		if done.String() != c.want {
			t.Errorf("%s: %s, want %s", name, done.String(), c.want)
		}
	}
}

// TestAStormThatDrawsBreathIsNotOver has a moment without a change between two waves.
func TestAStormThatDrawsBreathIsNotOver(t *testing.T) {
	var tidy tidier
	tidy.next(900)
	for range calm - 1 {
		if what := tidy.next(900); what != nothing {
			t.Fatalf("%d is done before the storm is over", what)
		}
	}
	if what := tidy.next(1800); what != nothing {
		t.Errorf("the second wave is answered by %d", what)
	}
}
