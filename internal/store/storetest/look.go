package storetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// lookTests: what holds connections learns by looking what it may not have heard of.
var lookTests = map[string]func(*world){
	"ALookTellsWhatHasMoved":           lookTells,
	"ALookTellsWhoHasLostItsPlace":     lookTellsPlaces,
	"ALookIsAsLargeAsTheRoomsAreMany":  lookManyRooms,
	"OldEventsCanBeDropped":            dropsOldEvents,
	"ConnectedCountsWhoHasAConnection": countsConnected,
}

// standing is one room's.
func (w *world) standing() store.RoomHead {
	w.Helper()
	all, err := w.Look(w.Context(), []protocol.RoomID{w.room})
	w.must(err)
	if len(all) != 1 {
		w.Fatalf("%d rooms", len(all))
	}
	return all[0]
}

func (w *world) headsAfter(after int64) []store.StreamHead {
	w.Helper()
	heads, err := w.Heads(w.Context(), map[protocol.RoomID]int64{w.room: after})
	w.must(err)
	slices.SortFunc(heads, func(a, b store.StreamHead) int { return cmp.Compare(a.Participant, b.Participant) })
	return heads
}

func lookTells(w *world) {
	w.same("a new room", w.standing(), store.RoomHead{Room: w.room})
	w.join("a", "b")
	before := w.standing()
	w.same("moved", before.Changed, int64(2))
	w.same("all heads", w.headsAfter(0), []store.StreamHead{{Room: w.room, Seq: 2}})
	w.offer("a", "b")
	after := w.standing()
	w.same("heads", w.headsAfter(before.Changed), []store.StreamHead{
		{Room: w.room, Participant: "", Seq: 2}, {Room: w.room, Participant: "a", Seq: 1}, {Room: w.room, Participant: "b", Seq: 1},
	})
	w.same("nothing after that", len(w.headsAfter(after.Changed)), 0)
	w.offer("a", "b")
	w.same("the room's own stream is among them, for it counts for all", w.headsAfter(after.Changed)[0], store.StreamHead{Room: w.room, Seq: 2})
	w.must(w.EndRoom(w.Context(), w.room, w.now))
	w.same("ended", w.standing().Ended, true)
	gone, err := w.Look(w.Context(), []protocol.RoomID{protocol.NewRoomID()})
	w.must(err)
	w.same("a room that is not there", len(gone), 0)
}

func lookTellsPlaces(w *world) {
	w.join("a", "b")
	before := w.standing().Roster
	places := func(want ...store.Place) {
		w.Helper()
		got, err := w.Places(w.Context(), []protocol.RoomID{w.room})
		w.must(err)
		slices.SortFunc(got, func(a, b store.Place) int { return cmp.Compare(a.Participant, b.Participant) })
		w.same("places", got, want)
	}
	moved := func(what string, want bool) {
		w.Helper()
		s := w.standing()
		w.same(what, s.Roster > before, want)
		w.same("within what has changed", s.Roster <= s.Changed, true)
		before = s.Roster
	}
	again := w.member("a")
	again.Connection = "another"
	_, err := w.Join(w.Context(), again, plenty, w.now)
	w.must(err)
	moved("replaced", true)
	places(store.Place{Room: w.room, Participant: "a", Connection: "another"}, store.Place{Room: w.room, Participant: "b", Connection: "on-b"})
	w.must(w.Away(w.Context(), w.room, "b", "on-b", w.now))
	moved("away", false)
	places(store.Place{Room: w.room, Participant: "a", Connection: "another"}, store.Place{Room: w.room, Participant: "b"})
	w.join("b")
	moved("back", false)
	_, err = w.Drop(w.Context(), w.room, "b", plenty, w.now)
	w.must(err)
	moved("dropped", true)
	_, err = w.Leave(w.Context(), w.room, "a", w.now)
	w.must(err)
	moved("left", true)
	places()
	w.gapless()
}

func lookManyRooms(w *world) {
	var rooms []protocol.RoomID
	after := make(map[protocol.RoomID]int64)
	for range 70 {
		w.room = w.newRoom()
		w.join("a")
		rooms, after[w.room] = append(rooms, w.room), 0
	}
	slices.Sort(rooms)
	standings, err := w.Look(w.Context(), rooms)
	w.must(err)
	var got []protocol.RoomID
	for _, s := range standings {
		w.same("changed", s.Changed, int64(1))
		got = append(got, s.Room)
	}
	slices.Sort(got)
	w.same("rooms", got, rooms)
	heads, err := w.Heads(w.Context(), after)
	w.must(err)
	w.same("heads", len(heads), len(rooms))
}

func dropsOldEvents(w *world) {
	w.join("a")
	w.later(time.Minute)
	w.join("b")
	w.must(w.DropOutgoing(w.Context(), w.now))
	w.same("left", w.told(roomStream), []string{"2 participant.joined b"})
	w.must(w.DropOutgoing(w.Context(), w.now))
	w.same("left", len(w.told(roomStream)), 1)
}

func countsConnected(w *world) {
	w.join("a", "b", "c")
	w.must(w.Away(w.Context(), w.room, "b", "on-b", w.now))
	n, err := w.Connected(w.Context(), w.room)
	w.must(err)
	w.same("connected", n, 2)
}
