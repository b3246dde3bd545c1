package faulttest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

const (
	lanes       = 4
	killedBytes = 64 << 20
	killedPart  = 4 << 20 // one append
	// killedRate is what one transfer moves in a second while the server is being
	// killed: so that each is under way most of the time.
	killedRate = 24 << 20
)

// killed kills the server so often, at random times, and starts it again.
func (l *lab) killed(t *testing.T, times int) {
	t.Helper()
	for range times {
		time.Sleep(time.Duration(20+l.random.IntN(480)) * time.Millisecond) // the fault itself
		l.Kill(t)
		l.Restart(t)
	}
}

// underFire has each lane work until the server has been killed so often, at least
// once, and lets what is under way then come to its end undisturbed.
func (l *lab) underFire(t *testing.T, kills int, pace *rate.Limiter, work func(lane, turn int) error) {
	t.Helper()
	over := make(chan struct{})
	var all sync.WaitGroup
	for lane := range lanes {
		all.Go(func() {
			for turn := 0; turn == 0 || !closed(over); turn++ {
				if err := work(lane, turn); err != nil {
					t.Errorf("lane %d, turn %d: %v", lane, turn, err)
					return
				}
			}
		})
	}
	l.killed(t, kills)
	l.journal.Over()
	close(over)
	pace.SetLimit(rate.Inf)
	all.Wait()
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// TestF1_KilledWhileUploading kills the server at random times while four files
// come in and are followed by their recipient.
func TestF1_KilledWhileUploading(t *testing.T) {
	l := newLab(t, faulttest.Build(t))
	pace := faulttest.NewPace(2 * lanes * killedRate)
	bo := l.enter(t, "bo", "eve")[0]
	bo.Pace = pace
	var senders []*faulttest.Client
	var begun [lanes]chan protocol.ShareID
	for lane := range lanes {
		ana := l.enter(t, protocol.ParticipantID(fmt.Sprintf("ana%d", lane)))[0]
		begun[lane] = make(chan protocol.ShareID, 1)
		ana.Append, ana.Pace, ana.Begun = killedPart, pace, func(_ faulttest.File, id protocol.ShareID) { begun[lane] <- id }
		senders = append(senders, ana)
	}
	seed := l.random.Uint64()
	l.underFire(t, faulttest.Amount(20, 1000), pace, func(lane, turn int) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		received := make(chan error, 1)
		go func() {
			select {
			case id := <-begun[lane]:
				_, err := bo.Receive(ctx, id)
				received <- err
			case <-ctx.Done():
				received <- ctx.Err()
			}
		}()
		file := faulttest.File{Name: fmt.Sprintf("lane %d file %d", lane, turn), Size: killedBytes, Seed: seed + uint64(lanes*turn+lane)}
		id, err := senders[lane].Send(ctx, file, toBo())
		if err != nil {
			return err
		}
		// The file goes, so that the disk holds few.
		return errors.Join(<-received, senders[lane].Cancel(ctx, id))
	})
	faulttest.Verdict(t, l.Server, faulttest.Rules{Resent: killedPart, Strangers: []protocol.ParticipantID{"eve"}}, l.room)
}

// TestF3_KilledWhileDownloading kills the server at random times while four files
// are downloaded: each goes on behind the last byte that has come.
func TestF3_KilledWhileDownloading(t *testing.T) {
	l := newLab(t, faulttest.Build(t))
	people := l.enter(t, "ana", "bo", "eve")
	ana, bo := people[0], people[1]
	var shares [lanes]protocol.ShareID
	for lane := range lanes {
		id, err := ana.Send(t.Context(), faulttest.File{Name: fmt.Sprintf("lane %d", lane), Size: killedBytes / 2, Seed: l.random.Uint64()}, toBo())
		if err != nil {
			t.Fatal(err)
		}
		shares[lane] = id
	}
	bo.Pace = faulttest.NewPace(lanes * killedRate)
	l.underFire(t, faulttest.Amount(20, 200), bo.Pace, func(lane, _ int) error {
		_, err := bo.Receive(t.Context(), shares[lane])
		return err
	})
	faulttest.Verdict(t, l.Server, faulttest.Rules{Strangers: []protocol.ParticipantID{"eve"}}, l.room)
}
