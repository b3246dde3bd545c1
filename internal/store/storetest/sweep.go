package storetest

import (
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var sweepTests = map[string]func(*world){
	"IdleUploadsAreThoseWithoutNews": func(w *world) {
		first, second := w.offer("a"), w.offer("a")
		available := w.offer("a")
		w.complete(available.ID)
		w.must(w.Checkpoint(w.Context(), first.ID, store.Checkpoint{Offset: 1}, w.later(time.Minute)))
		idle := func(before time.Time, limit int) []protocol.ShareID {
			got, err := w.IdleUploads(w.Context(), before, limit)
			w.must(err)
			return got
		}
		w.same("idle", idle(w.now, 9), []protocol.ShareID{second.ID})
		w.same("idle later", idle(w.now.Add(1), 9), []protocol.ShareID{second.ID}) // under a microsecond is the same time
		w.same("all idle", idle(w.now.Add(time.Second), 9), []protocol.ShareID{second.ID, first.ID})
		w.same("bounded", idle(w.now.Add(time.Second), 1), []protocol.ShareID{second.ID})
	},
	"DueByTime":   dueByTime,
	"DueByRoom":   dueByRoom,
	"LiveByPages": livePages,
	"UnpurgedUntilMarked": func(w *world) {
		live, first, second := w.offer("a"), w.offer("a"), w.offer("a")
		w.cancel(first.ID)
		w.later(time.Second)
		w.cancel(second.ID)
		unpurged := func(without, limit int) []protocol.ShareID {
			got, err := w.Unpurged(w.Context(), without, limit)
			w.must(err)
			return got
		}
		w.same("bounded", unpurged(0, 1), []protocol.ShareID{first.ID})
		w.same("without the first", unpurged(1, 9), []protocol.ShareID{second.ID})
		w.same("unpurged", unpurged(0, 9), []protocol.ShareID{first.ID, second.ID})
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{first.ID, live.ID, protocol.NewShareID()}, w.now))
		w.must(w.MarkPurged(w.Context(), nil, w.now))
		w.same("after", unpurged(0, 9), []protocol.ShareID{second.ID})
		s, err := w.Share(w.Context(), first.ID)
		w.must(err)
		w.same("purged", s.Purged, true)
		s, err = w.Share(w.Context(), live.ID)
		w.must(err)
		w.same("a live one", s.Purged, false)
	},
	"ForgetOnlyWhatIsGone": forgetOnlyGone,
	"ForgetGoesOnBeyondOneBatch": func(w *world) {
		const many = 203
		var batch []store.Share
		for range many {
			batch = append(batch, w.draft("a", "b"))
		}
		w.must(w.CreateShares(w.Context(), batch, generous))
		for _, s := range batch {
			w.cancel(s.ID)
		}
		w.must(w.MarkPurged(w.Context(), idsOf(batch), w.now))
		n, err := w.Forget(w.Context(), w.now.Add(time.Second))
		w.must(err)
		w.same("forgotten", n, many)
		w.same("left", w.sees("b", true), []protocol.ShareID(nil))
	},
	"KnownSaysTheStates": func(w *world) {
		uploading, available, cancelled := w.offer("a"), w.offer("a"), w.offer("a", "b")
		w.complete(available.ID)
		w.cancel(cancelled.ID)
		ask := []protocol.ShareID{uploading.ID, available.ID, cancelled.ID}
		for range 1200 { // more than one statement takes
			ask = append(ask, protocol.NewShareID())
		}
		slices.Reverse(ask)
		got, err := w.Known(w.Context(), ask)
		w.must(err)
		w.same("states", got, map[protocol.ShareID]protocol.ShareState{
			uploading.ID: protocol.Uploading, available.ID: protocol.Available, cancelled.ID: protocol.Cancelled,
		})
		none, err := w.Known(w.Context(), nil)
		w.must(err)
		w.same("none", len(none), 0)
	},
}

// due returns what is due now.
func (w *world) due(emptyBefore time.Time, limit int) []due {
	w.Helper()
	shares, err := w.Due(w.Context(), w.now, emptyBefore, limit)
	w.must(err)
	var all []due
	for _, s := range shares {
		all = append(all, due{s.ID, s.Why})
	}
	return all
}

// due is a share that must end, and why.
type due struct {
	ID  protocol.ShareID
	Why protocol.Code
}

func dueByTime(w *world) {
	w.join("a")
	first, second, ended := w.offer("a"), w.offer("a", "b"), w.offer("a")
	w.cancel(ended.ID)
	_, err := w.Complete(w.Context(), first.ID, 10, "hash", w.now, w.now.Add(time.Hour))
	w.must(err)
	before := w.now
	w.same("not yet", w.due(before, 9), []due(nil))
	w.later(time.Hour)
	w.same("at the time", w.due(before, 9), []due{{first.ID, protocol.CodeLifetimeOver}})
	w.later(24 * time.Hour)
	w.same("both", w.due(before, 9), []due{{first.ID, protocol.CodeLifetimeOver}, {second.ID, protocol.CodeLifetimeOver}})
	w.same("bounded", w.due(before, 1), []due{{first.ID, protocol.CodeLifetimeOver}})
	shares, err := w.Due(w.Context(), w.now, before, 9)
	w.must(err)
	read, err := w.Share(w.Context(), second.ID)
	w.must(err)
	w.same("whole records", shares[1].Share, read)
}

func dueByRoom(w *world) {
	w.join("a")
	s := w.offer("a")
	w.same("somebody is there", w.due(w.now.Add(time.Hour), 9), []due(nil))
	_, err := w.Leave(w.Context(), w.room, "a", w.later(time.Minute))
	w.must(err)
	w.same("not long empty", w.due(w.now, 9), []due(nil))
	w.same("long empty", w.due(w.now.Add(time.Second), 9), []due{{s.ID, protocol.CodeRoomEmpty}})
	w.join("a")
	w.same("somebody is back", w.due(w.now.Add(time.Second), 9), []due(nil))
	w.must(w.EndRoom(w.Context(), w.room, w.now))
	w.same("room ended", w.due(w.now.Add(-time.Hour), 9), []due{{s.ID, protocol.CodeRoomEnded}})
	w.cancel(s.ID)
	w.same("ended", w.due(w.now.Add(time.Hour), 9), []due(nil))
}

func livePages(w *world) {
	var want []protocol.ShareID
	for range 5 {
		s := w.offer("a", "b")
		want = append(want, s.ID)
	}
	w.complete(want[0])
	ended := w.offer("a")
	w.cancel(ended.ID)
	slices.Sort(want)
	var got []protocol.ShareID
	for last := protocol.ShareID(""); ; last = got[len(got)-1] {
		page, err := w.Live(w.Context(), last, 2)
		w.must(err)
		if len(page) == 0 {
			break
		}
		w.same("bounded", len(page) <= 2, true)
		got = append(got, idsOf(page)...)
	}
	w.same("live", got, want)
	page, err := w.Live(w.Context(), "", 1)
	w.must(err)
	read, err := w.Share(w.Context(), want[0])
	w.must(err)
	w.same("whole records", page[0], read)
}

func forgetOnlyGone(w *world) {
	live, unpurged, young, gone := w.offer("a"), w.offer("a"), w.offer("a"), w.offer("a")
	w.cancel(unpurged.ID)
	w.cancel(gone.ID)
	limit := w.later(time.Minute)
	w.cancel(young.ID)
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{young.ID, gone.ID}, w.now))
	n, err := w.Forget(w.Context(), limit)
	w.must(err)
	w.same("forgotten", n, 1)
	_, err = w.Share(w.Context(), gone.ID)
	w.wantErr(err, store.ErrNotFound)
	got := w.sees("b", true)
	slices.Sort(got)
	want := []protocol.ShareID{live.ID, unpurged.ID, young.ID}
	slices.Sort(want)
	w.same("remembered", got, want)
}
