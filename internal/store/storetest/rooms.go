package storetest

import (
	"encoding/json"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var roomTests = map[string]func(*world){
	"RoomIsReadAsItWasWritten": func(w *world) {
		want := store.Room{
			ID: protocol.NewRoomID(), App: "app", Name: "Ärzte", OwnerRef: "owner", CreatedAt: w.now,
			Settings: json.RawMessage(`{"b": 1,  "a": [2]}`), Data: json.RawMessage(`"x"`),
		}
		w.must(w.CreateRoom(w.Context(), want, plenty))
		want.EmptySince = want.CreatedAt
		got, err := w.Room(w.Context(), want.ID)
		w.must(err)
		w.same("room", got, want)
	},
	"RoomUnknown": func(w *world) {
		_, err := w.Room(w.Context(), protocol.NewRoomID())
		w.wantErr(err, store.ErrNotFound)
		w.wantErr(w.UpdateRoom(w.Context(), store.Room{ID: protocol.NewRoomID()}), store.ErrNotFound)
		w.wantErr(w.EndRoom(w.Context(), protocol.NewRoomID(), w.now), store.ErrNotFound)
	},
	"RoomLimitCountsRoomsNotEnded": func(w *world) {
		second := store.Room{ID: protocol.NewRoomID(), CreatedAt: w.now}
		w.wantCode(w.CreateRoom(w.Context(), second, 1), protocol.CodeRoomFull)
		_, err := w.Room(w.Context(), second.ID)
		w.wantErr(err, store.ErrNotFound)
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		w.must(w.CreateRoom(w.Context(), second, 1))
	},
	"RoomsAreThoseOfTheAppNewestFirst":   roomsOfAnApp,
	"UpdateRoomKeepsTheRest":             updateRoom,
	"EndRoomTellsOnceAndClearsTheRoster": endRoom,
	"EndedRoomTakesNothing": func(w *world) {
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		_, err := w.Join(w.Context(), w.member("a"), plenty, w.now)
		w.wantCode(err, protocol.CodeRoomEnded)
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, generous), protocol.CodeRoomEnded)
		w.wantErr(w.UpdateRoom(w.Context(), store.Room{ID: w.room}), store.ErrNotFound)
	},
	"PurgeRoomsEndsOnlyIdleOnes":          purgeEndsIdle,
	"PurgeRoomsWaitsForBytesAndAnnouncer": purgeWaits,
	"PurgeRoomsGoesOnBeyondOneBatch": func(w *world) {
		const rooms = 230
		for range rooms - 1 {
			w.newRoom()
		}
		n, err := w.PurgeRooms(w.Context(), w.now.Add(time.Second), w.now)
		w.must(err)
		w.same("deleted before the announcements", n, 0)
		w.announced()
		n, err = w.PurgeRooms(w.Context(), w.now.Add(time.Second), w.now)
		w.must(err)
		w.same("deleted", n, rooms)
	},
}

func roomsOfAnApp(w *world) {
	w.must(w.CreateRoom(w.Context(), store.Room{ID: protocol.NewRoomID(), App: "other", CreatedAt: w.now}, plenty))
	want := []protocol.RoomID{w.room}
	for range 3 {
		w.later(time.Second)
		want = append([]protocol.RoomID{w.newRoom()}, want...)
	}
	w.must(w.EndRoom(w.Context(), want[1], w.now))
	want = append(want[:1], want[2:]...)
	rooms, err := w.Rooms(w.Context(), "app")
	w.must(err)
	var got []protocol.RoomID
	for _, r := range rooms {
		got = append(got, r.ID)
	}
	w.same("rooms", got, want)
}

func updateRoom(w *world) {
	before, err := w.Room(w.Context(), w.room)
	w.must(err)
	change := store.Room{ID: w.room, App: "ignored", Name: "new", OwnerRef: "o", Settings: json.RawMessage(`[]`), Data: json.RawMessage(`1`)}
	w.must(w.UpdateRoom(w.Context(), change))
	change.App, change.CreatedAt, change.EmptySince = before.App, before.CreatedAt, before.EmptySince
	after, err := w.Room(w.Context(), w.room)
	w.must(err)
	w.same("room", after, change)
}

func endRoom(w *world) {
	w.join("a", "b")
	w.must(w.EndRoom(w.Context(), w.room, w.later(time.Minute)))
	w.must(w.EndRoom(w.Context(), w.room, w.now.Add(time.Minute)))
	r, err := w.Room(w.Context(), w.room)
	w.must(err)
	w.same("end", r.EndedAt, w.now)
	w.same("empty since", r.EmptySince, w.now)
	members, err := w.Members(w.Context(), w.room)
	w.must(err)
	w.same("members", len(members), 0)
	w.same("events", w.told(roomStream), []string{"1 participant.joined a", "2 participant.joined b", "3 room.ended"})
}

func purgeEndsIdle(w *world) {
	busy := w.room
	w.join("a")
	idle := w.newRoom()
	w.room = w.newRoom()
	holding := w.room
	w.offer("a")
	w.later(time.Hour)
	fresh := w.newRoom()
	_, err := w.PurgeRooms(w.Context(), w.now, w.now)
	w.must(err)
	for id, ended := range map[protocol.RoomID]bool{busy: false, idle: true, holding: false, fresh: false} {
		r, err := w.Room(w.Context(), id)
		w.must(err)
		if !r.EndedAt.IsZero() != ended {
			w.Errorf("room ended at %v, want ended: %v", r.EndedAt, ended)
		}
	}
}

func purgeWaits(w *world) {
	w.join("a")
	s := w.offer("a", "b")
	w.must(w.EndRoom(w.Context(), w.room, w.now))
	purge := func(want int) {
		w.Helper()
		n, err := w.PurgeRooms(w.Context(), w.now, w.now)
		w.must(err)
		w.same("deleted rooms", n, want)
	}
	w.announced()
	purge(0) // a share lives
	w.cancel(s.ID)
	w.announced()
	purge(0) // its bytes are there
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, w.now))
	purge(1)
	_, err := w.Room(w.Context(), w.room)
	w.wantErr(err, store.ErrNotFound)
	_, err = w.Share(w.Context(), s.ID)
	w.wantErr(err, store.ErrNotFound)
	w.wantErr(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, generous), store.ErrNotFound)
	_, err = w.Join(w.Context(), w.member("a"), plenty, w.now)
	w.wantErr(err, store.ErrNotFound)
	u, err := w.Usage(w.Context())
	w.must(err)
	w.same("usage", u, store.Usage{Unaudited: u.Unaudited}) // what was done there is told all the same
}
