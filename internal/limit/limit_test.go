package limit_test

import (
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/limit"
)

func TestEachHasItsOwnRate(t *testing.T) {
	r, now := limit.NewRates[string](limit.Rate{PerSecond: 2, Burst: 4}, 10), time.Unix(1000, 0)
	for _, step := range []struct {
		who   string
		n     int
		after time.Duration
		want  time.Duration
	}{
		{"ana", 4, 0, 0},
		{"ana", 1, 0, 500 * time.Millisecond},
		{"ben", 3, 0, 0},
		{"ana", 2, 500 * time.Millisecond, 500 * time.Millisecond}, // all or none
		{"ana", 1, 0, 0},
		{"ana", 2, time.Second, 0},
		{"ana", 1, 0, 500 * time.Millisecond},
	} {
		now = now.Add(step.after)
		if got := r.Take(now, step.who, step.n); got != step.want {
			t.Errorf("%s takes %d: to wait %v, want %v", step.who, step.n, got, step.want)
		}
	}
}

// TestWhoIsCountedIsBounded comes with more than can be counted: none gets past
// the count, and who could do a whole burst again makes room.
func TestWhoIsCountedIsBounded(t *testing.T) {
	r, now := limit.NewRates[int](limit.Rate{PerSecond: 1, Burst: 3}, 100), time.Unix(1000, 0)
	for who := range 100 {
		if r.Take(now, who, 1) != 0 {
			t.Fatalf("%d has to wait", who)
		}
	}
	if wait := r.Take(now, 100, 1); wait == 0 || r.Len() != 100 {
		t.Fatalf("one more waits %v, %d are counted", wait, r.Len())
	}
	now = now.Add(3 * time.Second)
	r.Take(now.Add(-time.Second), 0, 3) // who is not idle stays
	if wait := r.Take(now, 100, 1); wait != 0 || r.Len() != 2 {
		t.Errorf("after a while one more waits %v, %d are counted", wait, r.Len())
	}
}

// TestTheIdleAreForgottenAsOthersCome has a crowd come one after the other: the
// table is never much larger than the part of it that is there at a time.
func TestTheIdleAreForgottenAsOthersCome(t *testing.T) {
	r, now := limit.NewRates[int](limit.Rate{PerSecond: 1, Burst: 3}, 100_000), time.Unix(1000, 0)
	largest := 0
	for who := range 50_000 {
		now = now.Add(10 * time.Millisecond) // each is idle a second after it came: a hundred are busy
		if r.Take(now, who, 1) != 0 {
			t.Fatalf("%d has to wait", who)
		}
		largest = max(largest, r.Len())
	}
	if largest > 300 {
		t.Errorf("%d were counted at a time, of a hundred that were busy", largest)
	}
}

func TestTheIdleAreForgottenWhenTold(t *testing.T) {
	r, now := limit.NewRates[string](limit.Rate{PerSecond: 1, Burst: 3}, 10), time.Unix(1000, 0)
	r.Take(now, "idle", 1)
	now = now.Add(time.Second)
	r.Take(now, "busy", 3)
	if r.Forget(now); r.Len() != 1 {
		t.Errorf("%d are counted, one is busy", r.Len())
	}
	if r.Take(now, "busy", 1) == 0 {
		t.Error("the busy one was forgotten")
	}
}

func TestARateOfItsOwnOrAnother(t *testing.T) {
	instead := limit.Rate{PerSecond: 1, Burst: 1}
	if got := (limit.Rate{}).Or(instead); got != instead {
		t.Errorf("nothing is %v", got)
	}
	if own := (limit.Rate{PerSecond: 3, Burst: 2}); own.Or(instead) != own {
		t.Error("what is said is not taken")
	}
}
