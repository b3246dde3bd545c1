package storetest

import (
	"sync/atomic"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var nodeTests = map[string]func(*world){
	"ANodeIsAliveUntilItLeaves":                    nodeComesAndGoes,
	"AProcessAtTheSameAddressReplacesTheOneBefore": nodeRestarts,
	"OneNodeHasADuty":                              duties,
	"RaceForADuty": func(w *world) {
		var mine atomic.Int64
		for i := range crowd {
			w.must(w.Enter(w.Context(), nodeNamed(i)))
		}
		together(func(i int) {
			got, err := w.TakeDuty(w.Context(), "audit", nodeNamed(i).ID)
			if err != nil {
				w.Error(err)
			}
			if got {
				mine.Add(1)
			}
		})
		w.same("nodes on duty", mine.Load(), int64(1))
	},
	"WithoutAClusterNobodyHoldsAnUpload": func(w *world) {
		s := w.offer("a")
		got, err := w.Share(w.Context(), s.ID)
		w.must(err)
		w.same("holder", got.Holder, "")
		w.same("fence", got.Fence, int64(0))
	},
	"WhoCreatesAnUploadHoldsIt":             createdIsHeld,
	"TakingAnUploadRaisesItsFence":          takeUpload,
	"RaceForAnUpload":                       raceTakeUpload,
	"AFencedHolderChangesNothing":           fencedHolder,
	"WhatHasEndedIsNotTaken":                takeEnded,
	"UploadsOfDeadNodesAreFound":            abandoned,
	"ParticipantsOfDeadNodesAreAway":        deadAway,
	"StandingsTellWhatMayHaveChanged":       standings,
	"BarredTellsWhoWasDropped":              barred,
	"ADeadNodeIsKeptWhileSomethingIsItsOwn": forgetNodes,
}

func nodeNamed(i int) store.Node {
	return store.Node{ID: "nd_" + string(rune('a'+i)), URL: "http://10.0.0." + string(rune('a'+i))}
}

func (w *world) cluster() store.Cluster {
	w.Helper()
	c, err := w.Cluster(w.Context())
	w.must(err)
	return c
}

// alive returns the ids of the nodes that are alive.
func (w *world) alive() []string {
	w.Helper()
	var ids []string
	for _, n := range w.cluster().Nodes {
		if n.Alive {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func nodeComesAndGoes(w *world) {
	a, b := nodeNamed(0), nodeNamed(1)
	w.must(w.Enter(w.Context(), a))
	w.must(w.Enter(w.Context(), b))
	lapsed, err := w.Beat(w.Context(), a)
	w.must(err)
	w.same("lapsed", lapsed, false)
	w.same("alive", w.alive(), []string{a.ID, b.ID})
	w.same("address", w.cluster().Nodes[1].URL, b.URL)
	w.must(w.Exit(w.Context(), b.ID))
	w.same("alive", w.alive(), []string{a.ID})
	lapsed, err = w.Beat(w.Context(), b) // it was only thought to have ended
	w.must(err)
	w.same("lapsed", lapsed, true)
	w.same("alive", w.alive(), []string{a.ID, b.ID})
}

func nodeRestarts(w *world) {
	a, again := nodeNamed(0), nodeNamed(1)
	again.URL = a.URL
	w.must(w.Enter(w.Context(), a))
	w.must(w.Enter(w.Context(), again))
	w.same("alive", w.alive(), []string{again.ID})
}

func duties(w *world) {
	a, b := nodeNamed(0), nodeNamed(1)
	w.must(w.Enter(w.Context(), a))
	w.must(w.Enter(w.Context(), b))
	take := func(name string, n store.Node) bool {
		w.Helper()
		mine, err := w.TakeDuty(w.Context(), name, n.ID)
		w.must(err)
		return mine
	}
	w.same("free", take("audit", a), true)
	w.same("again", take("audit", a), true)
	w.same("another's", take("audit", b), false)
	w.same("another duty", take("webhooks", b), true)
	w.same("duties", w.cluster().Duties, map[string]string{"audit": a.ID, "webhooks": b.ID})
	w.must(w.Exit(w.Context(), a.ID))
	w.same("of who has left", take("audit", b), true)
	w.same("duties", w.cluster().Duties, map[string]string{"audit": b.ID, "webhooks": b.ID})
}

func createdIsHeld(w *world) {
	w.AsNode("nd_a")
	s := w.offer("a")
	got, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("holder", got.Holder, "nd_a")
}

// take has a node take the upload over from where its record says that it stands.
func (w *world) take(node string, id protocol.ShareID) store.Share {
	w.Helper()
	before, err := w.Share(w.Context(), id)
	w.must(err)
	w.AsNode(node)
	taken, err := w.TakeUpload(w.Context(), id, before.Fence)
	w.must(err)
	return taken
}

func takeUpload(w *world) {
	w.AsNode("nd_a")
	s := w.offer("a")
	taken := w.take("nd_b", s.ID)
	w.same("holder", taken.Holder, "nd_b")
	w.same("fence", taken.Fence, int64(1))
	now, err := w.TakeUpload(w.Context(), s.ID, 0)
	w.wantErr(err, store.ErrConflict)
	w.same("as it is", now.Holder, "nd_b")
	w.same("revision", now.Rev, s.Rev) // nobody is told of it
}

func raceTakeUpload(w *world) {
	w.AsNode("nd_a")
	s := w.offer("a")
	var won atomic.Int64
	together(func(int) {
		if _, err := w.TakeUpload(w.Context(), s.ID, 0); err == nil {
			won.Add(1)
		}
	})
	w.same("won", won.Load(), int64(1))
}

func fencedHolder(w *world) {
	w.AsNode("nd_a")
	s := w.offer("a")
	old := store.Held(w.Context(), s)
	w.must(w.Checkpoint(old, s.ID, store.Checkpoint{Offset: 3, Run: "r"}, w.now))
	taken := w.take("nd_b", s.ID)
	before, _ := w.outbox()

	w.wantErr(w.Checkpoint(old, s.ID, store.Checkpoint{Offset: 5, Run: "r"}, w.now), store.ErrFenced)
	_, err := w.SetLength(old, s.ID, 10, generous, w.now)
	w.wantErr(err, store.ErrFenced)
	_, err = w.Complete(old, s.ID, 10, "hash", w.now, w.now.Add(time.Hour))
	w.wantErr(err, store.ErrFenced)
	_, err = w.End(old, s.ID, protocol.Failed, protocol.CodeStorageFailed, w.now)
	w.wantErr(err, store.ErrFenced)
	w.wantErr(w.Split(old, s.ID, 3, "final", nil), store.ErrFenced)
	got, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("as it was taken", got, taken)
	after, _ := w.outbox()
	w.same("told", after, before)

	// Who holds it goes on; what it holds of one upload says nothing of another.
	other := w.offer("a")
	now := store.Held(w.Context(), taken)
	w.must(w.Checkpoint(now, other.ID, store.Checkpoint{Offset: 1, Run: "r"}, w.now))
	w.must(w.Checkpoint(now, s.ID, store.Checkpoint{Offset: 5, Run: "r"}, w.now))
	_, err = w.Complete(now, s.ID, 10, "hash", w.now, w.now.Add(time.Hour))
	w.must(err)
}

func takeEnded(w *world) {
	s := w.offer("a")
	w.cancel(s.ID)
	now, err := w.TakeUpload(w.Context(), s.ID, 0)
	w.wantErr(err, store.ErrConflict)
	w.same("state", now.State, protocol.Cancelled)
	_, err = w.TakeUpload(w.Context(), protocol.NewShareID(), 0)
	w.wantErr(err, store.ErrNotFound)
}

func abandoned(w *world) {
	a, b := nodeNamed(0), nodeNamed(1)
	w.must(w.Enter(w.Context(), a))
	w.must(w.Enter(w.Context(), b))
	w.AsNode(b.ID)
	kept := w.offer("a")
	w.AsNode(a.ID)
	first, complete := w.offer("a"), w.offer("a")
	w.complete(complete.ID)
	find := func(after protocol.ShareID) []protocol.ShareID {
		w.Helper()
		found, err := w.Abandoned(w.Context(), after, plenty)
		w.must(err)
		return idsOf(found)
	}
	w.same("while all are alive", len(find("")), 0)
	w.must(w.Exit(w.Context(), a.ID))
	w.same("when one has left", find(""), []protocol.ShareID{first.ID})
	w.same("behind it", len(find(first.ID)), 0)
	w.take(b.ID, first.ID)
	w.same("when it was taken", len(find("")), 0)
	w.must(w.Exit(w.Context(), b.ID))
	w.same("when all have left", len(find("")), 2)
	_ = kept
}

func deadAway(w *world) {
	a, b := nodeNamed(0), nodeNamed(1)
	w.must(w.Enter(w.Context(), a))
	w.must(w.Enter(w.Context(), b))
	w.AsNode(a.ID)
	w.join("p")
	w.AsNode(b.ID)
	w.join("q")
	w.must(w.AllAway(w.Context(), w.now))
	w.same("nobody", len(w.absent()), 0)
	before, err := w.Look(w.Context(), []protocol.RoomID{w.room})
	w.must(err)
	w.must(w.Exit(w.Context(), a.ID))
	n, err := w.DeadAway(w.Context(), w.later(time.Minute))
	w.must(err)
	w.same("away", n, 1)
	after, err := w.Look(w.Context(), []protocol.RoomID{w.room})
	w.must(err)
	if after[0].Roster <= before[0].Roster || after[0].Changed != after[0].Roster {
		w.Errorf("the connections have lost their places, and the room stands at %+v after %+v", after[0], before[0])
	}
	w.same("who", w.absent(), []protocol.ParticipantID{"p"})
	m, err := w.Member(w.Context(), w.room, "p")
	w.must(err)
	w.same("since", m.AwaySince, w.now)
	w.same("connection", m.Connection, "")
	n, err = w.DeadAway(w.Context(), w.later(time.Minute))
	w.must(err)
	w.same("again", n, 0)
	w.join("p") // at the other node
	n, err = w.DeadAway(w.Context(), w.now)
	w.must(err)
	w.same("who came back", n, 0)
	w.must(w.Exit(w.Context(), b.ID))
	w.must(w.AllAway(w.Context(), w.now))
	w.same("who", w.absent(), []protocol.ParticipantID{"p", "q"})
}

// absent returns who of the room is away.
func (w *world) absent() []protocol.ParticipantID {
	w.Helper()
	members, err := w.Members(w.Context(), w.room)
	w.must(err)
	var ids []protocol.ParticipantID
	for _, m := range members {
		if !m.AwaySince.IsZero() {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

func standings(w *world) {
	w.AsNode("nd_a")
	s, other := w.offer("a"), w.offer("a")
	w.must(w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: 4, Run: "r"}, w.now))
	w.take("nd_b", s.ID)
	w.cancel(other.ID)
	got, err := w.Standings(w.Context(), []protocol.ShareID{s.ID, other.ID, protocol.NewShareID()})
	w.must(err)
	w.same("standings", got, map[protocol.ShareID]store.Standing{
		s.ID:     {Room: w.room, State: protocol.Uploading, Offset: 4, Holder: "nd_b", Fence: 1},
		other.ID: {Room: w.room, State: protocol.Cancelled, Holder: "nd_a"},
	})
}

func barred(w *world) {
	w.join("p", "q")
	_, err := w.Drop(w.Context(), w.room, "p", plenty, w.now)
	w.must(err)
	elsewhere := w.newRoom()
	got, err := w.Barred(w.Context(), []store.Seat{{Room: w.room, ID: "p"}, {Room: w.room, ID: "q"}, {Room: elsewhere, ID: "p"}, {Room: w.room, ID: "p"}})
	w.must(err)
	w.same("barred", got, []store.Seat{{Room: w.room, ID: "p"}})
}

func forgetNodes(w *world) {
	a := nodeNamed(0)
	w.must(w.Enter(w.Context(), a))
	w.must(w.ForgetNodes(w.Context()))
	w.same("alive", w.alive(), []string{a.ID})
	w.AsNode(a.ID)
	s := w.offer("a")
	w.must(w.Exit(w.Context(), a.ID))
	w.must(w.ForgetNodes(w.Context()))
	w.same("with an upload", len(w.cluster().Nodes), 1)
	w.cancel(s.ID)
	w.must(w.ForgetNodes(w.Context()))
	w.same("without", len(w.cluster().Nodes), 0)
}
