package storetest

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var visibilityTests = map[string]func(*world){
	"TargetedShareIsSeenByItsOwnAlone": func(w *world) {
		s := w.offer("a", "b", "c")
		w.complete(s.ID)
		for _, viewer := range []protocol.ParticipantID{"a", "b", "c"} {
			w.same("seen by "+string(viewer), idsOf(w.page(viewer, protocol.Cursor{}, plenty).Shares), []protocol.ShareID{s.ID})
		}
		w.same("page of another", w.page("d", protocol.Cursor{}, plenty), store.Page{})
		for _, stream := range []protocol.ParticipantID{roomStream, "d"} {
			w.same("events of another", w.told(stream), []string(nil))
		}
		rows, events := w.outbox()
		w.same("events", len(rows), 6)
		for i, row := range rows {
			want := []protocol.ParticipantID{row.Participant}
			if row.Participant == "a" {
				want = []protocol.ParticipantID{"b", "c"}
			}
			w.same("audience in an event for "+string(row.Participant), events[i].Shares[0].To.List, want)
		}
	},
	"WithoutReceiveOneSeesWhatOneSent": func(w *world) {
		w.offer("b")
		w.offer("b", "a")
		mine, targeted := w.offer("a"), w.offer("a", "b")
		w.same("seen", w.sees("a", false), []protocol.ShareID{mine.ID, targeted.ID})
	},
	"WithoutReceiveTheCursorCountsOnlyWhatOneSent": func(w *world) {
		w.offer("a")
		before := w.quietPage("a", protocol.Cursor{}).Seq
		w.offer("b")
		w.same("the cursor", w.quietPage("a", before).Seq, before)
		mine := w.offer("a")
		after := w.quietPage("a", before)
		w.same("what is new", idsOf(after.Shares), []protocol.ShareID{mine.ID})
		w.same("what is new after that", len(w.quietPage("a", after.Seq).Shares), 0)
	},
	"RoomsDoNotMix": func(w *world) {
		w.offer("a")
		w.offer("a", "b")
		w.room = w.newRoom()
		w.same("page", w.page("b", protocol.Cursor{}, plenty), store.Page{})
		s := w.offer("a", "b")
		w.same("page", idsOf(w.page("b", protocol.Cursor{}, plenty).Shares), []protocol.ShareID{s.ID})
	},
}

var pageTests = map[string]func(*world){
	"OldestChangeComesFirst": func(w *world) {
		a, b, c, d := w.offer("x"), w.offer("x", "y"), w.offer("x"), w.offer("x", "y")
		w.complete(b.ID)
		w.complete(a.ID)
		w.same("order", w.sees("y", true), []protocol.ShareID{c.ID, d.ID, b.ID, a.ID})
	},
	"EndedSharesAreToldOf": func(w *world) {
		s := w.offer("a")
		since := w.page("b", protocol.Cursor{}, plenty).Seq
		w.cancel(s.ID)
		p := w.page("b", since, plenty)
		w.same("ids", idsOf(p.Shares), []protocol.ShareID{s.ID})
		w.same("state", p.Shares[0].State, protocol.Cancelled)
		w.same("nothing after", w.page("b", p.Seq, plenty), store.Page{Seq: p.Seq})
	},
	"PagesOfAnySizeReturnEverythingOnce": pagesOfAnySize,
	"BatchIsNeverParted": func(w *world) {
		alone := w.offer("a")
		batch := []store.Share{w.draft("a"), w.draft("a"), w.draft("a")}
		w.must(w.CreateShares(w.Context(), batch, generous))
		last := w.offer("a")
		p := w.page("b", protocol.Cursor{}, 3)
		w.same("before the batch", idsOf(p.Shares), []protocol.ShareID{alone.ID})
		p = w.page("b", p.Seq, 2)
		w.same("the batch", idsOf(p.Shares), idsOf(batch))
		w.same("more", p.More, true)
		p = w.page("b", p.Seq, 2)
		w.same("after it", idsOf(p.Shares), []protocol.ShareID{last.ID})
		w.same("more", p.More, false)
	},
	"ResetBelowTheHorizon":               resetBelowHorizon,
	"ResetBeyondTheHead":                 resetBeyondHead,
	"HorizonNeverGoesBack":               horizonNeverGoesBack,
	"FirstReadingIsNotResetByOldHorizon": firstReading,
	"FollowersKnowWhatIsThere": func(w *world) {
		for seed := range uint64(4) {
			w.Logf("seed %d", seed)
			follow(w, seed)
		}
	},
}

func pagesOfAnySize(w *world) {
	var want []protocol.ShareID
	for i := range 12 {
		switch i % 4 {
		case 0:
			want = append(want, w.offer("a").ID)
		case 1:
			want = append(want, w.offer("a", "b").ID)
		case 2:
			w.offer("a", "c")
		case 3:
			two := []store.Share{w.draft("b"), w.draft("b")}
			w.must(w.CreateShares(w.Context(), two, generous))
			want = append(want, idsOf(two)...)
		}
	}
	for _, limit := range []int{0, 1, 2, 3, 5, 100} {
		w.same("limit "+strconv.Itoa(limit), w.readsAll("b", limit), want)
	}
}

// readsAll returns what a viewer sees in all pages, in order, and checks that
// they lead to where one page leads.
func (w *world) readsAll(viewer protocol.ParticipantID, limit int) []protocol.ShareID {
	w.Helper()
	whole := w.page(viewer, protocol.Cursor{}, plenty)
	var got []protocol.ShareID
	var since protocol.Cursor
	for more := true; more; {
		p := w.page(viewer, since, limit)
		got = append(got, idsOf(p.Shares)...)
		if p.Reset || len(got) > len(whole.Shares) {
			w.Fatalf("limit %d: %d shares, reset %v", limit, len(got), p.Reset)
		}
		since, more = p.Seq, p.More
	}
	w.same("cursor", since, whole.Seq)
	return got
}

func resetBelowHorizon(w *world) {
	kept := w.offer("a")
	gone := w.offer("a", "b")
	since := w.page("b", protocol.Cursor{}, plenty).Seq
	other := w.page("c", protocol.Cursor{}, plenty).Seq
	w.forget(gone.ID)
	p := w.page("b", since, plenty)
	w.same("reset", p.Reset, true)
	w.same("from the beginning", idsOf(p.Shares), []protocol.ShareID{kept.ID})
	w.same("once", w.page("b", p.Seq, plenty), store.Page{Seq: p.Seq})
	w.same("sender's", w.page("a", protocol.Cursor{Room: 1, Personal: 1}, plenty).Reset, true)
	w.same("who could not see it", w.page("c", other, plenty), store.Page{Seq: other})

	w.forget(kept.ID)
	w.same("room's", w.page("c", other, plenty).Reset, true)
	w.same("the beginning is never old", w.page("c", protocol.Cursor{}, plenty).Reset, false)
}

// horizonNeverGoesBack: what ended first is forgotten last.
func horizonNeverGoesBack(w *world) {
	for _, to := range [][]protocol.ParticipantID{nil, {"b"}} {
		w.room = w.newRoom()
		first, second := w.offer("a", to...), w.offer("a", to...)
		w.cancel(first.ID)
		since := w.page("b", protocol.Cursor{}, plenty).Seq // before the second ends
		w.cancel(second.ID)
		for _, id := range []protocol.ShareID{second.ID, first.ID} {
			w.must(w.MarkPurged(w.Context(), []protocol.ShareID{id}, w.now))
			_, err := w.Forget(w.Context(), w.now.Add(time.Second))
			w.must(err)
			w.same("reset of the recipient", w.page("b", since, plenty).Reset, true)
			w.same("reset of the sender", w.page("a", since, plenty).Reset, true)
		}
	}
}

func resetBeyondHead(w *world) {
	s := w.offer("a")
	for _, since := range []protocol.Cursor{{Room: 2}, {Room: 1, Personal: 1}, {Room: plenty, Personal: plenty}} {
		p := w.page("b", since, plenty)
		w.same("reset", p.Reset, true)
		w.same("shares", idsOf(p.Shares), []protocol.ShareID{s.ID})
		w.same("cursor", p.Seq, protocol.Cursor{Room: 1})
	}
}

// firstReading: what was forgotten before a reading began must not send its
// later pages back to the beginning, what is forgotten meanwhile must.
func firstReading(w *world) {
	first, second := w.offer("a"), w.offer("a")
	w.forget(w.offer("a").ID)
	w.forget(w.offer("a", "b").ID)

	p := w.page("b", protocol.Cursor{}, 1)
	w.same("first page", idsOf(p.Shares), []protocol.ShareID{first.ID})
	again, err := protocol.ParseCursor(p.Seq.String())
	w.must(err)
	next := w.page("b", again, 1)
	w.same("second page", idsOf(next.Shares), []protocol.ShareID{second.ID})
	w.same("reset", next.Reset, false)

	w.forget(first.ID)
	next = w.page("b", again, 1)
	w.same("reset", next.Reset, true)
	w.same("from the beginning", idsOf(next.Shares), []protocol.ShareID{second.ID})
}

// follower is a client that reads pages and nothing else.
type follower struct {
	id    protocol.ParticipantID
	since protocol.Cursor
	knows map[protocol.ShareID]protocol.Share
}

// read reads one page and reports whether there is more.
func (f *follower) read(w *world, limit int) bool {
	p := w.page(f.id, f.since, limit)
	if p.Reset || f.knows == nil {
		f.knows = make(map[protocol.ShareID]protocol.Share)
	}
	for _, s := range p.Shares {
		f.knows[s.ID] = s.For(f.id)
	}
	f.since = p.Seq
	return p.More
}

// follow makes random changes while followers read pages of random sizes, and
// checks that each knows exactly the live shares that it may see whenever it
// has read to the end.
func follow(w *world, seed uint64) {
	w.room = w.newRoom()
	random := rand.New(rand.NewPCG(seed, 1))
	followers := []*follower{{id: "a"}, {id: "b"}, {id: "c"}}
	var made []protocol.ShareID
	for range 60 {
		w.later(time.Second)
		made = w.randomChange(random, made)
		for _, f := range followers {
			if random.IntN(3) > 0 || f.read(w, 1+random.IntN(4)) {
				continue // not now, or in the middle of a reading
			}
			want, got := make(map[protocol.ShareID]int64), make(map[protocol.ShareID]int64)
			for _, id := range made {
				s, err := w.Share(w.Context(), id)
				w.must(err)
				if s.EndedAt.IsZero() && (s.Sender.ID == f.id || s.To.Includes(f.id)) {
					want[id] = s.Rev
				}
			}
			for id, s := range f.knows {
				if !s.State.Ended() {
					got[id] = s.Rev
				}
			}
			w.same("live shares that "+string(f.id)+" knows", got, want)
		}
	}
}

// randomChange does one thing and returns the shares that are remembered.
func (w *world) randomChange(random *rand.Rand, made []protocol.ShareID) []protocol.ShareID {
	w.Helper()
	people := []protocol.ParticipantID{"a", "b", "c", "d"}
	random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	if len(made) == 0 || random.IntN(2) == 0 {
		to := people[1 : 1+random.IntN(3)]
		batch := make([]store.Share, 1+random.IntN(3))
		for i := range batch {
			batch[i] = w.draft(people[0], to...)
		}
		w.must(w.CreateShares(w.Context(), batch, generous))
		return append(made, idsOf(batch)...)
	}
	at := random.IntN(len(made))
	s, err := w.Share(w.Context(), made[at])
	w.must(err)
	switch {
	case s.State == protocol.Uploading && random.IntN(2) == 0:
		w.complete(s.ID)
	case s.State == protocol.Uploading:
		w.forget(s.ID)
		return slices.Delete(made, at, at+1)
	case s.State == protocol.Available:
		_, err := w.End(w.Context(), s.ID, protocol.Revoked, "", w.now)
		w.must(err)
	default:
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, w.now))
		_, err := w.Forget(w.Context(), s.EndedAt.Add(time.Microsecond))
		w.must(err)
		return slices.DeleteFunc(made, func(id protocol.ShareID) bool {
			_, err := w.Share(w.Context(), id)
			return err != nil
		})
	}
	return made
}
