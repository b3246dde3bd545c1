package storetest

import (
	"errors"
	"slices"
	"sync/atomic"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var depositTests = map[string]func(*world){
	"DepositIsAvailableAtOnce": func(w *world) {
		for _, to := range [][]protocol.ParticipantID{nil, {"b", "c"}} {
			given := w.whole(w.draft("a", to...))
			kept := w.deposit(given)
			got, err := w.Share(w.Context(), given.ID)
			w.must(err)
			w.same("share", got, kept)
			want := given
			want.State, want.Offset, want.AvailableAt, want.Checkpoint = protocol.Available, 10, &w.now, store.Checkpoint{Offset: 10}
			w.same("share", got, want)
		}
		w.same("room's events", w.told(roomStream), []string{"1 shares.available available"})
		for _, viewer := range []protocol.ParticipantID{"a", "b", "c"} {
			w.same("personal events", w.told(viewer), []string{"1 shares.available available"})
		}
		w.same("seen by a recipient", len(w.sees("c", true)), 2)
		w.same("seen by another", len(w.sees("d", true)), 1)
	},
	"DepositNeedsALiveRoom": func(w *world) {
		s := w.whole(w.draft("a"))
		s.Room = protocol.NewRoomID()
		_, err := w.Deposit(w.Context(), s, generous)
		w.wantErr(err, store.ErrNotFound)
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		_, err = w.Deposit(w.Context(), w.whole(w.draft("a")), generous)
		w.wantCode(err, protocol.CodeRoomEnded)
	},
	"DepositCountsOfTheQuota": func(w *world) {
		q := store.Quota{RoomBytes: 25, RoomShares: 2}
		first := w.deposit(w.whole(w.draft("a")))
		huge := w.whole(w.draft("a"))
		*huge.Size = 20
		_, err := w.Deposit(w.Context(), huge, q)
		w.wantCode(err, protocol.CodeRoomFull)
		w.deposit(w.whole(w.draft("a")))
		_, err = w.Deposit(w.Context(), w.whole(w.draft("a")), q)
		w.wantCode(err, protocol.CodeRoomFull)
		w.forgetAvailable(first.ID)
		_, err = w.Deposit(w.Context(), w.whole(w.draft("a")), q)
		w.must(err)
	},
	"DepositOfAnOfferIsMadeOnce": func(w *world) {
		var made atomic.Int64
		w.together(func(w *world, _ int) {
			_, err := w.Deposit(w.Context(), w.named("key", w.whole(w.draft("a")))[0], generous)
			switch {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, store.ErrConflict):
				w.Error(err)
			}
		})
		w.same("made", made.Load(), int64(1))
		w.same("remembered", len(w.offered("a", "key")), 1)
		_, err := w.Deposit(w.Context(), w.named("key", w.whole(w.draft("b")))[0], generous)
		w.must(err)
	},
	"DepositsAtOnceAreEachThereOnce": func(w *world) {
		const each = 10
		w.together(func(w *world, i int) {
			sender := protocol.ParticipantID([]string{"a", "b"}[i%2])
			for range each {
				s := w.draft(sender)
				if i%4 > 1 {
					s = w.draft(sender, "c")
				}
				if _, err := w.Deposit(w.Context(), w.whole(s), generous); err != nil {
					w.Error(err)
				}
			}
		})
		seen := w.sees("c", true)
		w.same("seen", len(seen), crowd*each)
		slices.Sort(seen)
		w.same("different ones", len(slices.Compact(seen)), crowd*each)
		usage, err := w.Usage(w.Context())
		w.must(err)
		w.same("reserved", usage.ReservedBytes, int64(crowd*each*10))
	},
	"DepositsRefusedLeaveTheOthers": func(w *world) {
		q := generous
		q.RoomShares = 5
		var made, full atomic.Int64
		w.together(func(w *world, _ int) {
			switch _, err := w.Deposit(w.Context(), w.whole(w.draft("a")), q); {
			case err == nil:
				made.Add(1)
			case protocol.CodeOf(err) == protocol.CodeRoomFull:
				full.Add(1)
			default:
				w.Error(err)
			}
		})
		w.same("made", made.Load(), int64(5))
		w.same("refused", full.Load(), int64(crowd-5))
		w.same("there", len(w.sees("b", true)), 5)
	},
}

// whole returns a share as it is deposited.
func (w *world) whole(s store.Share) store.Share {
	s.SHA256 = "hash"
	return s
}

func (w *world) deposit(s store.Share) store.Share {
	w.Helper()
	kept, err := w.Deposit(w.Context(), s, generous)
	w.must(err)
	return kept
}

// forgetAvailable revokes a share and gives its quota back.
func (w *world) forgetAvailable(id protocol.ShareID) {
	w.Helper()
	_, err := w.End(w.Context(), id, protocol.Revoked, "", w.now)
	w.must(err)
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{id}, w.now))
}
