package many_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/enginetest"
	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

func TestMain(m *testing.M) { enginetest.Exit(m.Run()) }

// flags are those of every node: it is behind the balancer, which sees that it is not
// ready before it takes no more requests.
var flags = []string{"--dev", "--trusted-proxy", "127.0.0.1/32", "--drain-delay", "300ms", "--shutdown", "1s"}

// lab is a cluster with a room, and who is in it.
type lab struct {
	*faulttest.Cluster
	journal *faulttest.Journal
	room    *faulttest.Room
	random  *rand.Rand
	guests  []protocol.ParticipantID // who some files are for, beside one other
}

func newLab(t *testing.T, engines *faulttest.Engines, links bool) *lab {
	t.Helper()
	l := &lab{journal: faulttest.NewJournal(t), random: faulttest.Seed(t)}
	l.Cluster = faulttest.StartCluster(t, faulttest.ClusterConfig{
		Path: faulttest.Build(t), Engines: engines, Args: flags, Links: links, Journal: l.journal,
	})
	l.room = faulttest.MakeRoom(t, l.URL(), l.journal)
	l.Usage(t, "baseline")
	return l
}

// crowd lets so many guests in, and eve, whom no file is for.
func (l *lab) crowd(t *testing.T, guests int) {
	t.Helper()
	l.enter(t, "eve")
	for i := range guests {
		l.guests = append(l.guests, protocol.ParticipantID(fmt.Sprintf("guest%d", i)))
	}
	l.enter(t, l.guests...)
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

// load is work that goes on while there are faults: in each lane a file is sent by
// one participant, followed by another one from its first byte, and withdrawn, one
// file after the other.
type load struct {
	lanes int
	size  int64   // of a file
	rate  float64 // bytes a second of each transfer, so that it is under way for a while
	part  int64   // the most of one append; 0 is all there is
}

// under has the load go on while the faults do, and lets what is under way then come
// to its end undisturbed.
func (l *lab) under(t *testing.T, work load, faults func()) {
	t.Helper()
	over := make(chan struct{})
	var all sync.WaitGroup
	var paces []*rate.Limiter
	pace := func() *rate.Limiter {
		p := faulttest.NewPace(work.rate)
		paces = append(paces, p)
		return p
	}
	for lane := range work.lanes {
		people := l.enter(t, protocol.ParticipantID(fmt.Sprintf("ana%d", lane)), protocol.ParticipantID(fmt.Sprintf("bo%d", lane)))
		ana, bo := people[0], people[1]
		ana.Pace, bo.Pace, ana.Append = pace(), pace(), work.part
		begun := make(chan protocol.ShareID, 1)
		ana.Begun = func(_ faulttest.File, id protocol.ShareID) { begun <- id }
		to := protocol.Audience{List: []protocol.ParticipantID{bo.ID}}
		if lane%5 == 0 { // most files are for one, some for many
			to.List = append(to.List, l.guests...)
		}
		seed := l.random.Uint64()
		all.Go(func() {
			for turn := 0; turn == 0 || !closed(over); turn++ {
				file := faulttest.File{Name: fmt.Sprintf("lane %d file %d", lane, turn), Size: work.size, Seed: seed + uint64(turn)}
				if err := carry(t.Context(), ana, bo, file, to, begun); err != nil {
					t.Errorf("%s: %v", file.Name, err)
					return
				}
			}
		})
	}
	faults()
	l.journal.Over()
	close(over)
	for _, p := range paces {
		p.SetLimit(rate.Inf)
	}
	all.Wait()
}

// carry sends a file from one to another, who follows it, and withdraws it.
func carry(ctx context.Context, from, to *faulttest.Client, file faulttest.File, audience protocol.Audience, begun <-chan protocol.ShareID) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	received := make(chan error, 1)
	go func() {
		select {
		case id := <-begun:
			_, err := to.Receive(ctx, id)
			received <- err
		case <-ctx.Done():
			received <- ctx.Err()
		}
	}()
	id, err := from.Send(ctx, file, audience)
	if err != nil {
		cancel()
		return errors.Join(fmt.Errorf("sending: %w", err), <-received)
	}
	if err := <-received; err != nil {
		return fmt.Errorf("receiving: %w", err)
	}
	return from.Cancel(ctx, id) // so that the engines hold few
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// pause is a stretch of time that is part of a fault.
func pause(d time.Duration) { time.Sleep(d) }

// long is how long something lasts: shortly for each change, longer for a long run.
func long(few, many time.Duration) time.Duration {
	if faulttest.Long() {
		return many
	}
	return few
}

func strangers() faulttest.Rules {
	return faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}}
}
