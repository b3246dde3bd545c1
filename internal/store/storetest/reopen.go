package storetest

import (
	"encoding/json"
	"testing"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// Reopen checks that records outlive the process. Each call of open opens the
// same database, which is empty at first.
func Reopen(t *testing.T, open func(testing.TB) *store.DB) {
	w := newWorld(t, open(t))
	w.join("a", "b")
	s := w.offer("a", "b")
	w.complete(s.ID)
	w.forget(w.offer("a").ID)
	w.switchOff(protocol.RoleViewer)
	want := w.everything(s.ID)
	w.must(w.Close())
	w.must(w.Close()) // twice is no harm
	if err := w.Ping(w.Context()); err == nil {
		w.Fatal("a closed store answers")
	}

	w.DB = open(t)
	w.same("after closing", w.everything(s.ID), want)
	w.offer("a", "b")
	w.join("c")
	w.gapless()
}

// everything describes all that can be read.
func (w *world) everything(id protocol.ShareID) string {
	w.Helper()
	room, err := w.Room(w.Context(), w.room)
	w.must(err)
	members, err := w.Members(w.Context(), w.room)
	w.must(err)
	share, err := w.Share(w.Context(), id)
	w.must(err)
	usage, err := w.Usage(w.Context())
	w.must(err)
	_, events := w.outbox()
	old := w.page("b", protocol.Cursor{Room: 1}, plenty)
	text, err := json.MarshalIndent([]any{room, members, share, usage, events, old}, "", " ")
	w.must(err)
	return string(text)
}
