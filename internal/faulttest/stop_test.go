package faulttest_test

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"github.com/handout-rtc/handout/internal/faulttest"
	"github.com/handout-rtc/handout/protocol"
)

// TestF12_StoppedUnderLoad ends the server by SIGTERM while files come in and go
// out, and starts it again at the same address, as an upgrade does: no job fails.
func TestF12_StoppedUnderLoad(t *testing.T) {
	t.Parallel()
	flags := []string{"--shutdown", "1s"}
	if faulttest.Long() {
		flags = nil
	}
	l := newLab(t, faulttest.Build(t), flags...)
	people := l.enter(t, "ana", "bo", "eve")
	ana, bo := people[0], people[1]
	ana.Append, ana.Pace, bo.Pace = 4<<20, faulttest.NewPace(32<<20), faulttest.NewPace(32<<20)
	over := make(chan struct{})
	var work sync.WaitGroup
	for lane := range lanes {
		seed := l.random.Uint64()
		work.Go(func() {
			for i := 0; i == 0 || !closed(over); i++ {
				file := faulttest.File{Name: fmt.Sprintf("lane %d file %d", lane, i), Size: 16 << 20, Seed: seed + uint64(i)}
				if err := l.carry(t.Context(), ana, bo, file); err != nil {
					t.Errorf("%s: %v", file.Name, err)
					return
				}
			}
		})
	}
	for range faulttest.Amount(3, 50) {
		time.Sleep(time.Duration(200+l.random.IntN(800)) * time.Millisecond) // under load
		l.journal.Fault("stop", "under load")
		if err := l.End(syscall.SIGTERM, 15*time.Second); err != nil {
			t.Fatalf("the server does not end well within 15 seconds: %v", err)
		}
		l.Restart(t)
	}
	l.journal.Over()
	close(over)
	ana.Pace.SetLimit(rate.Inf)
	bo.Pace.SetLimit(rate.Inf)
	work.Wait()
	faulttest.Verdict(t, l.Server, faulttest.Rules{Resent: 4 << 20, Strangers: []protocol.ParticipantID{"eve"}}, l.room)
}

// carry sends a file from one to another, who follows it from its first byte, and
// removes it.
func (l *lab) carry(ctx context.Context, from, to *faulttest.Client, file faulttest.File) error {
	received := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		id, err := named(ctx, to, file.Name)
		if err == nil {
			_, err = to.Receive(ctx, id)
		}
		received <- err
	}()
	id, err := from.Send(ctx, file, protocol.Audience{List: []protocol.ParticipantID{to.ID}})
	if err != nil {
		cancel()
		<-received
		return fmt.Errorf("sending: %w", err)
	}
	if err := <-received; err != nil {
		return fmt.Errorf("receiving: %w", err)
	}
	return from.Cancel(ctx, id) // so that the disk holds few
}
