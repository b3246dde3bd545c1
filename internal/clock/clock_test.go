package clock_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/handout-rtc/handout/internal/clock"
)

const year = 365 * 24 * time.Hour

// system is a machine whose clock can be set, and whose time goes by as told.
type system struct{ set, passed atomic.Int64 }

func (s *system) wall() time.Time {
	return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Add(time.Duration(s.set.Load() + s.passed.Load()))
}
func (s *system) elapsed() time.Duration { return time.Duration(s.passed.Load()) }

func TestTheSystemsClockIsSet(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour, 10 * year, -10 * year} {
		t.Run(by.String(), func(t *testing.T) {
			var s system
			c := clock.Of(s.wall, s.elapsed)
			began := c.Now()
			s.passed.Add(int64(time.Minute))
			s.set.Store(int64(by))
			s.passed.Add(int64(time.Minute))
			if got := c.Now().Sub(began); got != 2*time.Minute {
				t.Errorf("two minutes are %v", got)
			}
			want := began.Add(2 * time.Minute)
			if by > 0 {
				want = want.Add(by)
			}
			if got := c.Latest(); !got.Equal(want) {
				t.Errorf("the latest is %v, want %v", got, want)
			}
			s.set.Store(0)
			if !c.Latest().Equal(c.Now()) {
				t.Errorf("mended, the latest is %v, and it is %v", c.Latest(), c.Now())
			}
		})
	}
}

// TestTimeOfTheSystem holds the real sources against each other.
func TestTimeOfTheSystem(t *testing.T) {
	c := clock.New()
	before := time.Now()
	got := c.Now()
	if d := got.Sub(before); d.Abs() > time.Minute {
		t.Errorf("it is off by %v", d)
	}
	if c.Now().Before(got) {
		t.Error("it went back")
	}
}

func TestASetClockIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var set atomic.Int64
		c := clock.Of(func() time.Time { return time.Now().Add(time.Duration(set.Load())) }, func() time.Duration { return time.Since(began) })
		var said bytes.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.Run(ctx, slog.New(slog.NewTextHandler(&said, nil)))
		}()
		time.Sleep(time.Minute)
		set.Store(int64(time.Second)) // corrected, not set
		time.Sleep(time.Minute)
		set.Store(int64(time.Hour))
		time.Sleep(time.Minute)
		cancel()
		<-done
		if n := strings.Count(said.String(), "the system's clock was set"); n != 1 || !strings.Contains(said.String(), "by=59m59s") && !strings.Contains(said.String(), "by=1h0m0s") {
			t.Errorf("it said %q", said.String())
		}
	})
}
