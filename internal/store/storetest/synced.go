package storetest

import (
	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

const (
	firstBoot  = "boot-1"
	secondBoot = "boot-2"
	later      = store.SyncedLater
)

var syncedTests = map[string]func(*world){
	"DistrustIsCounted": func(w *world) {
		for n := range int64(3) {
			got, err := w.Distrusted(w.Context())
			w.must(err)
			w.same("failures of the disk", got, n)
			w.must(w.Distrust(w.Context()))
		}
	},
	"UnsyncedSaysWhatHasChanged": func(w *world) {
		w.deposit(w.whole(w.draft("a")))
		last, news := w.Unsynced()
		w.same("news", news, true)
		w.must(w.Synced(w.Context(), last))
		again, news := w.Unsynced()
		w.same("news", news, false)
		w.same("last", again, last)
		w.must(w.Flush())
		w.offer("a")
		_, news = w.Unsynced()
		w.same("news", news, true)
	},
	"APowerCutPutsTheLatestFilesInDoubt": func(w *world) {
		w.begin(firstBoot + later)
		settled := w.depositUnder(firstBoot + later)
		last, _ := w.Unsynced()
		w.must(w.Synced(w.Context(), last))
		whole := w.depositUnder(firstBoot + later)
		appended := w.draft("a")
		appended.Checkpoint.Run = firstBoot + later
		w.must(w.CreateShares(w.Context(), []store.Share{appended}, generous))
		w.complete(appended.ID)
		synced := w.depositUnder(firstBoot)
		got, err := w.Share(w.Context(), synced)
		w.must(err)
		w.same("run of what was synced", got.Checkpoint.Run, "")
		w.same("the same boot doubts nothing", w.begin(firstBoot+later), []protocol.ShareID(nil))
		w.same("another doubts", w.begin(secondBoot+later), []protocol.ShareID{whole, appended.ID})
		w.same("and so until that is settled", w.begin(secondBoot), []protocol.ShareID{whole, appended.ID})
		w.same("seen", len(w.sees("b", true)), 4)
		_, err = w.Share(w.Context(), settled)
		w.must(err)
	},
	"APowerCutHasEverybodyReadAgain": func(w *world) {
		w.offer("a")
		before := w.page("b", protocol.Cursor{}, plenty).Seq
		for _, run := range []string{firstBoot, secondBoot, secondBoot + later, secondBoot} {
			w.begin(run) // no power cut, or nothing left for later
			w.same("reset", w.page("b", before, plenty).Reset, false)
		}
		w.begin(secondBoot + later)
		w.begin(firstBoot)
		p := w.page("b", before, plenty)
		w.same("reset", p.Reset, true)
		w.same("seen", len(p.Shares), 1)
		w.same("a cursor of what was lost", w.page("b", protocol.Cursor{Room: before.Room + 5}, plenty).Reset, true)
		w.offer("a")
		after := w.page("b", p.Seq, plenty)
		w.same("reset after that", after.Reset, false)
		w.same("news", len(after.Shares), 1)
		w.same("its number", after.Seq.Room, p.Seq.Room+1)
	},
}

// begin starts a process under a boot and returns what is in doubt.
func (w *world) begin(run string) []protocol.ShareID {
	w.Helper()
	doubtful, err := w.Began(w.Context(), run)
	w.must(err)
	return doubtful
}

func (w *world) depositUnder(run string) protocol.ShareID {
	w.Helper()
	s := w.whole(w.draft("a"))
	s.Checkpoint.Run = run
	return w.deposit(s).ID
}
