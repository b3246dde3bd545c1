package faulttest_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// TestF9_LatencyAndFlapping carries files over a network that answers late, and over
// one that is up for a second and down for a second. It takes long, so it is in the
// long runs alone.
func TestF9_LatencyAndFlapping(t *testing.T) {
	if !faulttest.Long() {
		t.Skip("HANDOUT_LONG=1 runs it")
	}
	for name, worsen := range map[string]func(*testing.T, *faulttest.Proxy){
		"50 ms": late(50), "200 ms": late(200), "1 s": late(1000),
		"flapping": func(t *testing.T, p *faulttest.Proxy) {
			for range 30 {
				time.Sleep(time.Second)
				p.Down()
				time.Sleep(time.Second)
				p.Up(t)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, faulttest.Build(t))
			network := faulttest.StartProxy(t, l.Server)
			ana, bo := l.room.Enter(t, "ana"), l.room.Enter(t, "bo")
			ana.Base, bo.Base = network.URL(), network.URL()
			ana.Append, ana.Pace, bo.Pace = 1<<20, faulttest.NewPace(4<<20), faulttest.NewPace(4<<20)
			ana.Listen(t)
			bo.Listen(t)
			l.enter(t, "eve")
			over := make(chan struct{})
			var work sync.WaitGroup
			var carried int
			work.Go(func() {
				for i := 0; i < 3 || !closed(over); i++ {
					file := faulttest.File{Name: fmt.Sprintf("file %d", i), Size: 4 << 20, Seed: uint64(i)}
					if err := l.carry(t.Context(), ana, bo, file); err != nil {
						t.Errorf("%s: %v", file.Name, err)
						return
					}
					carried++
				}
			})
			worsen(t, network)
			l.journal.Over()
			close(over)
			work.Wait()
			t.Logf("%d files were carried", carried)
			faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}}, l.room)
		})
	}
}

// late answers so many milliseconds later, more or less, for half a minute.
func late(milliseconds int) func(*testing.T, *faulttest.Proxy) {
	return func(t *testing.T, p *faulttest.Proxy) {
		p.Worsen(t, "latency", map[string]int{"latency": milliseconds, "jitter": milliseconds / 2})
		time.Sleep(30 * time.Second)
		p.Mend()
	}
}
