package server

import (
	"testing"
	"time"
)

// TestTallyCountsFullWindowsAfterTheGrace sends pieces, each in a time of its
// own, and says which of them ends a window with too few bytes.
func TestTallyCountsFullWindowsAfterTheGrace(t *testing.T) {
	pace := Pace{MinRate: 1 << 10, Grace: time.Minute, Window: 30 * time.Second}
	type piece struct {
		after time.Duration // waiting for the sender
		took  time.Duration
		bytes int64
		slow  bool
	}
	for name, pieces := range map[string][]piece{
		"nothing in the grace counts":           {{0, time.Minute, 0, false}, {0, 29 * time.Second, 0, false}, {0, time.Second, 0, true}},
		"just fast enough":                      {{time.Minute, 30 * time.Second, 30 << 10, false}, {0, 30 * time.Second, 30 << 10, false}},
		"just too slow":                         {{time.Minute, 30 * time.Second, 30<<10 - 1, true}},
		"each window for itself":                {{time.Minute, 30 * time.Second, 1 << 20, false}, {0, 30 * time.Second, 0, true}},
		"a long piece is one long window":       {{time.Minute, time.Minute, 60<<10 - 1, true}},
		"the sender's time is not the reader's": {{time.Minute, time.Second, 100, false}, {time.Hour, time.Second, 100, false}},
		"in small pieces":                       {{time.Minute, 10 * time.Second, 9 << 10, false}, {0, 10 * time.Second, 9 << 10, false}, {0, 10 * time.Second, 9 << 10, true}},
	} {
		now := time.Unix(1_000_000, 0)
		count := newTally(pace, now)
		for i, p := range pieces {
			began := now.Add(p.after)
			now = began.Add(p.took)
			if slow := count.add(p.bytes, began, now); slow != p.slow {
				t.Errorf("%s: piece %d: %v", name, i, slow)
			}
		}
	}
}

func TestTallyLooksAtTheEndOfAWindow(t *testing.T) {
	pace := Pace{MinRate: 1 << 10, Grace: time.Minute, Window: 30 * time.Second}
	start := time.Unix(1_000_000, 0)
	count := newTally(pace, start)
	after := start.Add(time.Minute)
	count.add(1<<20, after, after.Add(10*time.Second))
	for name, row := range map[string]struct{ from, want time.Time }{
		"in the grace":      {start, after},
		"in a window":       {after.Add(10 * time.Second), after.Add(30 * time.Second)},
		"after the sender":  {after.Add(time.Hour), after.Add(time.Hour + 20*time.Second)},
		"never too shortly": {after.Add(-time.Millisecond), after.Add(slack - time.Millisecond)},
	} {
		if got := count.until(row.from); !got.Equal(row.want) {
			t.Errorf("%s: until %v, want %v", name, got, row.want)
		}
	}
}

// TestBlocksFitTheirTime: what a receiver of the least rate takes in the time
// that a block is given is no less than the block.
func TestBlocksFitTheirTime(t *testing.T) {
	for _, rate := range []int64{1, 1 << 10, 10 << 10, 1 << 20} {
		count := newTally(Pace{MinRate: rate, Window: 30 * time.Second}, time.Unix(0, 0))
		if most := int64(count.blockTime().Seconds() * float64(rate)); most < count.block() || count.block() > mostBlock {
			t.Errorf("at %d bytes/s a block of %d has %v", rate, count.block(), count.blockTime())
		}
	}
}
