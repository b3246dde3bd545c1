package storetest

import (
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var ticketTests = map[string]func(*world){
	"TicketIsGoodForOneUse": func(w *world) {
		want := store.Ticket{Share: protocol.NewShareID(), Participant: "b", ExpiresAt: w.now.Add(time.Minute)}
		w.must(w.CreateTicket(w.Context(), [32]byte{1}, want, w.now))
		got, err := w.UseTicket(w.Context(), [32]byte{1}, w.now)
		w.must(err)
		w.same("ticket", got, want)
		_, err = w.UseTicket(w.Context(), [32]byte{1}, w.now)
		w.wantErr(err, store.ErrNotFound)
	},
	"TicketUnknownOrExpired": func(w *world) {
		w.must(w.CreateTicket(w.Context(), [32]byte{1}, store.Ticket{ExpiresAt: w.now.Add(time.Minute)}, w.now))
		_, err := w.UseTicket(w.Context(), [32]byte{2}, w.now)
		w.wantErr(err, store.ErrNotFound)
		_, err = w.UseTicket(w.Context(), [32]byte{1}, w.now.Add(time.Minute))
		w.wantErr(err, store.ErrNotFound)
	},
	"TicketsThatExpiredAreClearedAway": func(w *world) {
		old := store.Ticket{ExpiresAt: w.now.Add(time.Minute)}
		w.must(w.CreateTicket(w.Context(), [32]byte{1}, old, w.now))
		w.must(w.CreateTicket(w.Context(), [32]byte{2}, store.Ticket{ExpiresAt: w.now.Add(time.Hour)}, w.now.Add(time.Minute)))
		_, err := w.UseTicket(w.Context(), [32]byte{1}, w.now) // by a clock that stands still it would be good
		w.wantErr(err, store.ErrNotFound)
		_, err = w.UseTicket(w.Context(), [32]byte{2}, w.now)
		w.must(err)
	},
}
