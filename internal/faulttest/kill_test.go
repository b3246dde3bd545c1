package faulttest_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

const (
	lanes      = 4
	killedSize = 64 << 20
	killedPart = 4 << 20 // one append
	// killedRate is what one transfer moves in a second while the server is being
	// killed: so that each is under way most of the time.
	killedRate = 24 << 20
)

// lab is a server with a room, and who is in it.
type lab struct {
	*faulttest.Server
	journal *faulttest.Journal
	room    *faulttest.Room
	random  *rand.Rand
}

func newLab(t *testing.T, binary string, flags ...string) *lab {
	t.Helper()
	l := &lab{journal: faulttest.NewJournal(t), random: faulttest.Seed(t)}
	l.Server = faulttest.Start(t, faulttest.Config{Path: binary, Args: append([]string{"--dev"}, flags...), Journal: l.journal})
	l.room = faulttest.MakeRoom(t, l.URL(), l.journal)
	l.Usage(t, "baseline")
	return l
}

// enter makes participants who follow the room.
func (l *lab) enter(t *testing.T, ids ...protocol.ParticipantID) []*faulttest.Client {
	t.Helper()
	var all []*faulttest.Client
	for _, id := range ids {
		c := l.room.Enter(t, id)
		c.Listen(t)
		all = append(all, c)
	}
	return all
}

// killed kills the server so often, at random times, and starts it again.
func (l *lab) killed(t *testing.T, times int) {
	t.Helper()
	for range times {
		time.Sleep(time.Duration(20+l.random.IntN(480)) * time.Millisecond) // the fault itself
		l.Kill(t)
		l.Restart(t)
	}
}

// TestF1_KilledWhileUploading kills the server at random times while four files
// come in, and in a long run while four are followed by their recipients too.
func TestF1_KilledWhileUploading(t *testing.T) {
	l := newLab(t, faulttest.Build(t))
	pace := faulttest.NewPace(lanes * killedRate)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	people := l.enter(t, "ana", "bo", "eve")
	ana, bo := people[0], people[1]
	ana.Append, ana.Pace, bo.Pace = killedPart, pace, faulttest.NewPace(lanes*killedRate)
	over := make(chan struct{})
	var work sync.WaitGroup
	for lane := range lanes {
		seed := l.random.Uint64()
		work.Go(func() {
			for i := 0; i == 0 || !closed(over); i++ {
				file := faulttest.File{Name: fmt.Sprintf("lane %d file %d", lane, i), Size: killedSize, Seed: seed + uint64(i)}
				id, err := ana.Send(ctx, file, protocol.Audience{List: []protocol.ParticipantID{"bo"}})
				if err == nil {
					_, err = bo.Receive(ctx, id)
				}
				if err == nil {
					err = ana.Cancel(ctx, id) // so that the disk holds few
				}
				if err != nil {
					t.Errorf("%s: %v", file.Name, err)
					return
				}
			}
		})
	}
	l.killed(t, faulttest.Amount(20, 1000))
	l.journal.Over()
	close(over)
	pace.SetLimit(rate.Inf)
	bo.Pace.SetLimit(rate.Inf)
	work.Wait()
	faulttest.Verdict(t, l.Server, faulttest.Rules{Resent: killedPart, Strangers: []protocol.ParticipantID{"eve"}}, l.room)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
