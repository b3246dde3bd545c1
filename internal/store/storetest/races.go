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

// together runs fn in a crowd of goroutines that start at once, and waits. Each has
// one of the stores.
func (w *world) together(fn func(w *world, i int)) {
	together(func(i int) {
		own := *w
		own.DB = w.nodes[i%len(w.nodes)]
		fn(&own, i)
	})
}

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
	"RaceForManyRooms":                raceManyRooms,
	"RaceForOneTicket":                raceTicket,
	"RaceOfCheckpointsKeepsTheLatest": raceCheckpoint,
	"RaceOfCallersThatGiveUp":         raceGiveUp,
	"RaceForTheQuotaOfAnApplication":  raceAppQuota,
	"RaceOfReceiptsTellsEachStepOnce": raceReceipts,
	"RaceOfSweepsCountsEachOnce":      raceSweeps,
	"RaceOfNotesNumbersEachOnce":      raceNotes,
	"RaceOfOneOffer": func(w *world) {
		var made atomic.Int64
		w.together(func(w *world, _ int) {
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
		w.together(func(w *world, i int) {
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
	w.together(func(w *world, i int) {
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
	w.together(func(w *world, i int) {
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
	w.together(func(w *world, i int) {
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
	w.together(func(w *world, i int) {
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
	w.together(func(w *world, _ int) {
		err := w.CreateRoom(w.Context(), store.Room{ID: protocol.NewRoomID(), CreatedAt: w.now}, 5)
		if err == nil {
			taken.Add(1)
		} else if protocol.CodeOf(err) != protocol.CodeRoomFull {
			w.Error(err)
		}
	})
	w.same("made", taken.Load(), int64(4))
}

// raceManyRooms is raceRooms where most of them need not wait for each other: from far
// below the limit up to it.
func raceManyRooms(w *world) {
	const most, each = 150, 12
	var taken atomic.Int64
	w.together(func(w *world, _ int) {
		for range each {
			err := w.CreateRoom(w.Context(), store.Room{ID: protocol.NewRoomID(), CreatedAt: w.now}, most)
			if err == nil {
				taken.Add(1)
			} else if protocol.CodeOf(err) != protocol.CodeRoomFull {
				w.Error(err)
			}
		}
	})
	w.same("made", taken.Load(), int64(most-1))
}

func raceTicket(w *world) {
	w.must(w.CreateTicket(w.Context(), [32]byte{7}, store.Ticket{ExpiresAt: w.now.Add(time.Minute)}, w.now))
	var used atomic.Int64
	w.together(func(w *world, _ int) {
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
	w.together(func(w *world, i int) {
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
	w.together(func(w *world, i int) {
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

// raceAppQuota: rooms that know nothing of each other take of one quota.
func raceAppQuota(w *world) {
	rooms := make([]protocol.RoomID, crowd)
	for i := range rooms {
		rooms[i] = w.newRoom()
	}
	var mu sync.Mutex
	var taken []protocol.ShareID
	q := generous
	q.AppBytes = 105
	w.together(func(w *world, i int) {
		w.room = rooms[i]
		for range 4 {
			s := w.draft("a")
			err := w.CreateShares(w.Context(), []store.Share{s}, q)
			switch {
			case err == nil:
				mu.Lock()
				taken = append(taken, s.ID)
				mu.Unlock()
			case protocol.CodeOf(err) != protocol.CodeRoomFull:
				w.Error(err)
			}
		}
	})
	w.same("taken", len(taken), 10)
	w.together(func(w *world, i int) {
		if i < len(taken) {
			w.cancel(taken[i])
			w.must(w.MarkPurged(w.Context(), taken[i:i+1], w.now))
		}
	})
	w.addsUp()
	w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a"), w.draft("a"), w.draft("a"), w.draft("a"), w.draft("a"),
		w.draft("a"), w.draft("a"), w.draft("a"), w.draft("a"), w.draft("a")}, q))
}

// addsUp fails unless every count is that of what it counts.
func (w *world) addsUp() {
	w.Helper()
	for what, counted := range map[string]func(context.Context) ([]store.Miscount, error){"rooms": w.Miscounts, "applications": w.AppMiscounts} {
		wrong, err := counted(w.Context())
		w.must(err)
		w.same(what+" that count wrong", wrong, []store.Miscount(nil))
	}
}

func raceReceipts(w *world) {
	s := w.offer("a")
	w.complete(s.ID)
	w.together(func(w *world, i int) {
		for _, to := range []protocol.ReceiptState{protocol.ReceiptDownloading, protocol.ReceiptReceived} {
			_, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{{Share: s.ID, Participant: numbered(i / 2), Name: "N", State: to}}, plenty, w.now)
			w.must(err)
		}
	})
	all, err := w.Receipts(w.Context(), s.ID, "", plenty)
	w.must(err)
	w.same("receipts", len(all), crowd/2)
	for _, r := range all {
		w.same("state", r.State, protocol.ReceiptReceived)
	}
	w.gapless()
	used, _, err := w.Used(w.Context(), "app", w.now, w.now, "", 1)
	w.must(err)
	w.same("charged for", used.Receipts, int64(crowd/2))
}

func raceSweeps(w *world) {
	ids := make([]protocol.ShareID, 3*crowd)
	for i := range ids {
		if i%5 == 0 {
			w.room = w.newRoom()
		}
		ids[i] = w.offer("a").ID
		w.cancel(ids[i])
	}
	var forgotten atomic.Int64
	w.together(func(w *world, i int) {
		w.must(w.MarkPurged(w.Context(), ids, w.now))
		n, err := w.Forget(w.Context(), w.now.Add(time.Microsecond))
		w.must(err)
		forgotten.Add(int64(n))
	})
	w.same("forgotten", forgotten.Load(), int64(len(ids)))
	w.addsUp()
}

// raceNotes: also while they are numbered, by whoever does it.
func raceNotes(w *world) {
	before := len(w.audited())
	rooms := make([]protocol.RoomID, 4)
	for i := range rooms {
		rooms[i] = w.newRoom()
	}
	w.together(func(w *world, i int) {
		w.room = rooms[i%len(rooms)]
		for range 5 {
			s := w.offer(numbered(i))
			w.complete(s.ID)
			if i%3 == 0 {
				_, err := w.Unaudited(w.Context(), 0, plenty)
				w.must(err)
			}
		}
	})
	entries := w.audited()
	w.same("entries", len(entries), before+len(rooms)+crowd*10)
	was := make(map[protocol.ShareID]store.AuditKind)
	for i, e := range entries {
		w.same("number", e.N, int64(i+1))
		if e.Kind == store.AuditAvailable && was[e.Share] != store.AuditOffered {
			w.Fatalf("entry %d says that %s is available after it was %q", e.N, e.Share, was[e.Share])
		}
		was[e.Share] = e.Kind
	}
}
