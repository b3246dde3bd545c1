package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const crowd = 16

// together runs fn in a crowd of goroutines that start at once, and waits.
func together(fn func(i int)) {
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range crowd {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
}

var raceTests = map[string]func(*world){
	"RaceOfChangesLeavesNoGap":        raceGapless,
	"RaceOfCancelAndComplete":         raceCancelComplete,
	"RaceForTheQuota":                 raceQuota,
	"RaceForTheLastPlaces":            raceJoin,
	"RaceForRooms":                    raceRooms,
	"RaceForOneTicket":                raceTicket,
	"RaceOfCheckpointsKeepsTheLatest": raceCheckpoint,
	"RaceOfCallersThatGiveUp":         raceGiveUp,
	"RaceOfOneOffer": func(w *world) {
		var made atomic.Int64
		together(func(int) {
			switch err := w.CreateShares(w.Context(), w.named("key", w.draft("a"), w.draft("a")), generous); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, store.ErrConflict):
				w.Error(err)
			}
		})
		w.same("made", made.Load(), int64(1))
		w.same("shares", len(w.offered("a", "key")), 2)
		w.same("events", len(w.told(roomStream)), 1)
	},
	"FailuresAmongChangesUndoOnlyThemselves": func(w *world) {
		var taken atomic.Int64
		id := w.draft("a")
		together(func(i int) {
			if i%2 == 0 { // all but one of these fail in the middle
				if err := w.CreateShares(w.Context(), []store.Share{w.draft("a"), id}, generous); err == nil {
					taken.Add(1)
				}
				return
			}
			if err := w.CreateShares(w.Context(), []store.Share{w.draft("b")}, generous); err != nil {
				w.Error(err)
			}
		})
		w.same("taken", taken.Load(), int64(1))
		w.same("shares", len(w.sees("b", true)), crowd/2+2)
		w.same("events", len(w.told(roomStream)), crowd/2+1)
		w.gapless()
	},
}

func raceGapless(w *world) {
	together(func(i int) {
		me := numbered(i)
		for range 5 {
			_, joined := w.Join(w.Context(), w.member(me), plenty, w.now)
			toAll, toOne := w.draft(me), w.draft(me, "hub", numbered((i+1)%crowd))
			created := w.CreateShares(w.Context(), []store.Share{toAll}, generous)
			targeted := w.CreateShares(w.Context(), []store.Share{toOne}, generous)
			_, completed := w.Complete(w.Context(), toOne.ID, 10, "hash", w.now, w.now)
			_, ended := w.End(w.Context(), toAll.ID, protocol.Cancelled, "", w.now)
			_, left := w.Leave(w.Context(), w.room, me, w.now)
			if err := errors.Join(joined, created, targeted, completed, ended, left); err != nil {
				w.Error(err)
			}
		}
	})
	w.gapless()
	w.same("room's events", len(w.told(roomStream)), crowd*5*4)
	w.same("head", w.page("hub", protocol.Cursor{}, plenty).Seq, protocol.Cursor{Room: crowd * 5 * 4, Personal: crowd * 5 * 2})
}

func raceCancelComplete(w *world) {
	const rounds = 20
	var shares []store.Share
	for range rounds {
		shares = append(shares, w.offer("a"))
	}
	var won [rounds]atomic.Int32
	together(func(i int) {
		for n, s := range shares {
			var err error
			if i%2 == 0 {
				_, err = w.End(w.Context(), s.ID, protocol.Cancelled, "", w.now)
			} else { // each a different file, so that none repeats another
				_, err = w.Complete(w.Context(), s.ID, 10, string(numbered(i)), w.now, w.now)
			}
			switch {
			case err == nil:
				won[n].Add(1)
			case !errors.Is(err, store.ErrConflict):
				w.Error(err)
			}
		}
	})
	for n, s := range shares {
		w.same("winners", won[n].Load(), int32(1))
		got, err := w.Share(w.Context(), s.ID)
		w.must(err)
		w.same("rev", got.Rev, int64(2))
	}
	w.same("events", len(w.told(roomStream)), rounds*2)
	w.gapless()
}

func raceQuota(w *world) {
	var taken atomic.Int64
	q := store.Quota{RoomBytes: 105, RoomShares: plenty, OpenUploads: 3}
	together(func(i int) {
		for range 4 {
			err := w.CreateShares(w.Context(), []store.Share{w.draft(numbered(i))}, q)
			switch code := protocol.CodeOf(err); {
			case err == nil:
				taken.Add(1)
			case code != protocol.CodeRoomFull && code != protocol.CodeTooManyUploads:
				w.Error(err)
			}
		}
	})
	w.same("taken", taken.Load(), int64(10))
	u, err := w.Usage(w.Context())
	w.must(err)
	w.same("bytes", u.ReservedBytes, int64(100))
}

func raceJoin(w *world) {
	var taken atomic.Int64
	together(func(i int) {
		_, err := w.Join(w.Context(), w.member(numbered(i)), 5, w.now)
		if err == nil {
			taken.Add(1)
		} else if protocol.CodeOf(err) != protocol.CodeRoomFull {
			w.Error(err)
		}
	})
	w.same("joined", taken.Load(), int64(5))
}

func raceRooms(w *world) {
	var taken atomic.Int64
	together(func(int) {
		err := w.CreateRoom(w.Context(), store.Room{ID: protocol.NewRoomID(), CreatedAt: w.now}, 5)
		if err == nil {
			taken.Add(1)
		} else if protocol.CodeOf(err) != protocol.CodeRoomFull {
			w.Error(err)
		}
	})
	w.same("made", taken.Load(), int64(4))
}

func raceTicket(w *world) {
	w.must(w.CreateTicket(w.Context(), [32]byte{7}, store.Ticket{ExpiresAt: w.now.Add(time.Minute)}, w.now))
	var used atomic.Int64
	together(func(int) {
		_, err := w.UseTicket(w.Context(), [32]byte{7}, w.now)
		if err == nil {
			used.Add(1)
		} else if !errors.Is(err, store.ErrNotFound) {
			w.Error(err)
		}
	})
	w.same("used", used.Load(), int64(1))
}

func raceCheckpoint(w *world) {
	s := w.draft("a")
	size := int64(plenty)
	s.Size = &size
	w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
	together(func(i int) {
		err := w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: int64(i), Run: string(numbered(i))}, w.now)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			w.Error(err)
		}
	})
	got, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("checkpoint", got.Checkpoint, store.Checkpoint{Offset: crowd - 1, Run: string(numbered(crowd - 1))})
}

// raceGiveUp: a caller that hangs up knows whether its change was made, and
// takes nobody else's with it.
func raceGiveUp(w *world) {
	together(func(i int) {
		for range 20 {
			ctx, hangUp := context.WithCancel(w.Context())
			s := w.draft(numbered(i))
			if i%2 == 0 {
				go hangUp()
			}
			err := w.CreateShares(ctx, []store.Share{s}, generous)
			hangUp()
			_, missing := w.Share(w.Context(), s.ID)
			if (err == nil) != (missing == nil) {
				w.Errorf("creating says %v, reading says %v", err, missing)
			}
			if err != nil && (i%2 != 0 || !errors.Is(err, context.Canceled)) {
				w.Error(err)
			}
		}
	})
	w.gapless()
}
