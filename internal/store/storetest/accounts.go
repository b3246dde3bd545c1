package storetest

import (
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var accountTests = map[string]func(*world){
	"WhatIsUsedIsCharged": func(w *world) {
		w.join("a", "b")
		w.join("a") // is there already
		_, err := w.Leave(w.Context(), w.room, "b", w.now)
		w.must(err)
		w.join("c")
		s := w.offer("a", "b", "c")
		w.complete(s.ID) // 10 bytes
		w.complete(s.ID) // again
		deposit := w.whole(w.draft("a"))
		w.deposit(deposit)
		stopped := w.offer("a")
		w.must(w.Checkpoint(w.Context(), stopped.ID, store.Checkpoint{Offset: 4}, w.now))
		w.cancel(stopped.ID)
		w.moved(s.ID, "b", protocol.ReceiptReceived)
		w.moved(s.ID, "b", protocol.ReceiptReceived)
		w.moved(s.ID, "c", protocol.ReceiptDeclined)
		w.moved(deposit.ID, "c", protocol.ReceiptReceived)
		want := protocol.Used{Files: 2, BytesIn: 24, BytesOut: 20, Receipts: 2, Joins: 3, Peak: 2}
		w.same("used", w.used(0), want)
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		for _, id := range []protocol.ShareID{s.ID, deposit.ID} {
			_, err := w.End(w.Context(), id, protocol.Expired, protocol.CodeRoomEnded, w.now)
			w.must(err)
		}
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID, deposit.ID, stopped.ID}, w.now))
		w.announced()
		n, err := w.PurgeRooms(w.Context(), w.now, w.now)
		w.must(err)
		w.same("rooms deleted", n, 1)
		w.same("used by a room that is gone", w.used(0), want)
	},
	"JoinedPartsAreChargedOnce": func(w *world) {
		part := w.filledPart("a")
		whole := w.union("a", 10)
		w.must(w.JoinPartials(w.Context(), whole, []protocol.ShareID{part.ID}, generous))
		w.must(w.EndPart(w.Context(), part.ID, w.now))
		w.complete(whole.ID)
		w.same("used", w.used(0), protocol.Used{Files: 1, BytesIn: 10})
	},
	"UsageIsByDayRoomAndApplication": func(w *world) {
		w.join("a")
		elsewhere := w.draft("a")
		elsewhere.Room = w.newRoom()
		w.must(w.CreateShares(w.Context(), []store.Share{elsewhere}, generous))
		w.complete(elsewhere.ID)
		w.later(24 * time.Hour)
		w.join("b")
		w.same("today", w.used(0), protocol.Used{Joins: 1, Peak: 2})
		w.same("since yesterday", w.used(1), protocol.Used{Files: 1, BytesIn: 10, Joins: 2, Peak: 2})
		_, rooms, err := w.Used(w.Context(), "app", w.now.Add(-24*time.Hour), w.now, "", 1)
		w.must(err)
		_, rest, err := w.Used(w.Context(), "app", w.now.Add(-24*time.Hour), w.now, rooms[0].Room, 9)
		w.must(err)
		by := map[protocol.RoomID]protocol.Used{rooms[0].Room: rooms[0].Used, rest[0].Room: rest[0].Used}
		w.same("by room", by, map[protocol.RoomID]protocol.Used{w.room: {Joins: 2, Peak: 2}, elsewhere.Room: {Files: 1, BytesIn: 10}})
		total, none, err := w.Used(w.Context(), "other", w.now.Add(-24*time.Hour), w.now, "", 9)
		w.must(err)
		w.same("of another application", []any{total, len(none)}, []any{protocol.Used{}, 0})
	},
	"UsageIsForgotten": func(w *world) {
		for range 5 {
			w.join("a")
			_, err := w.Leave(w.Context(), w.room, "a", w.now)
			w.must(err)
			w.later(24 * time.Hour)
		}
		forget := func(days time.Duration, most, want int) {
			n, err := w.ForgetUsed(w.Context(), w.now.Add(-days*24*time.Hour), most)
			w.must(err)
			w.same("forgotten", n, want)
		}
		forget(9, plenty, 0)
		forget(4, plenty, 1)
		forget(9, 3, 1)
		w.same("the newest are left", w.used(9), protocol.Used{Joins: 3, Peak: 1})
		w.same("of the last three days", w.used(3), protocol.Used{Joins: 3, Peak: 1})
	},
}

// used is what the application has used today and on so many days before.
func (w *world) used(days time.Duration) protocol.Used {
	w.Helper()
	total, _, err := w.Used(w.Context(), "app", w.now.Add(-days*24*time.Hour), w.now, "", 9)
	w.must(err)
	return total
}
