package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var auditTests = map[string]func(*world){
	"AuditTellsTheLifeOfAShare": auditLife,
	"AuditTellsOfDeposits": func(w *world) {
		s := w.draft("a", "b")
		s.SHA256, s.Offset = "hash", 10
		_, err := w.Deposit(w.Context(), s, generous)
		w.must(err)
		e := w.audited()[1]
		w.same("to", e.To.List, s.To.List)
		w.same("entry", told(e), "available @ a sh:10:hash")
	},
	"AuditTellsWhoEnded": func(w *world) {
		ctx := store.By(w.Context(), "mod")
		s, other, later := w.offer("a"), w.offer("a"), w.offer("a")
		w.complete(other.ID)
		_, err := w.End(ctx, s.ID, protocol.Cancelled, "", w.now)
		w.must(err)
		_, err = w.End(ctx, s.ID, protocol.Failed, "", w.now) // it has ended
		w.wantErr(err, store.ErrConflict)
		_, err = w.End(store.By(w.Context(), store.ByOperator), other.ID, protocol.Revoked, "", w.now)
		w.must(err)
		_, err = w.End(w.Context(), later.ID, protocol.Failed, protocol.CodeUploadIdle, w.now)
		w.must(err)
		var got []string
		for _, e := range w.audited()[5:] {
			got = append(got, fmt.Sprintf("%s by %s for %q", e.Kind, e.By, e.Reason))
		}
		w.same("who", got, []string{`cancelled by mod for ""`, `revoked by @operator for ""`, `failed by @server for "upload-idle"`})
	},
	"AuditTellsWhatTheApplicationRead": func(w *world) {
		s := w.offer("a")
		w.complete(s.ID)
		available, err := w.Share(w.Context(), s.ID)
		w.must(err)
		w.must(w.NoteRead(w.Context(), available, w.now))
		all := w.audited()
		e := all[len(all)-1]
		w.same("entry", []any{e.Kind, e.By, e.Participant, e.Share, e.SHA256}, []any{store.AuditDownloading, store.ByOperator, protocol.ParticipantID(""), s.ID, available.SHA256})
	},
	"AuditTellsOfPeople": func(w *world) {
		w.join("a", "b")
		w.join("a") // comes back: nothing new
		_, err := w.Drop(store.By(w.Context(), "b"), w.room, "a", plenty, w.now)
		w.must(err)
		_, err = w.Drop(store.By(w.Context(), "b"), w.room, "a", plenty, w.now)
		w.must(err)
		w.must(w.EndRoom(store.By(w.Context(), store.ByOperator), w.room, w.now))
		var got []string
		for _, e := range w.audited() {
			got = append(got, fmt.Sprintf("%s by %s of %s %s", e.Kind, e.By, e.Participant, e.User))
		}
		w.same("people", got, []string{
			"room-created by @operator of  ", "joined by a of a ref", "joined by b of b ref", "dropped by b of a ", "room-ended by @operator of  ",
		})
	},
	"AuditBoundsWhatBegins": auditBound,
	"AuditKeepsNamesWhereTheyAreWanted": func(w *world) {
		w.offer("a")
		w.KeepNames()
		w.offer("a")
		entries := w.audited()[1:]
		w.same("names", []string{entries[0].Name, entries[1].Name}, []string{"", "a.txt"})
	},
	"AuditIsNumberedWithoutGaps": auditNumbers,
	"AuditForgetsWhatIsWritten": func(w *world) {
		w.offer("a")
		w.offer("a")
		state, err := w.AuditLog(w.Context())
		w.must(err)
		w.same("before", state, store.AuditState{Oldest: 1})
		w.same("waiting", len(w.audited()), 3)
		has := store.AuditState{Oldest: 1, Newest: 2, Chain: "chain"}
		w.must(w.Audited(w.Context(), has))
		state, err = w.AuditLog(w.Context())
		w.must(err)
		w.same("after", state, has)
		left := w.audited()
		w.same("left", []int64{int64(len(left)), left[0].N}, []int64{1, 3})
		u, err := w.Usage(w.Context())
		w.must(err)
		w.same("backlog", u.Unaudited, int64(1))
	},
	"AuditGoesOnFromALogThatIsAhead": func(w *world) {
		w.must(w.Audited(w.Context(), store.AuditState{Oldest: 1, Newest: 100, Chain: "chain"}))
		w.offer("a")
		w.same("next", w.audited()[0].N, int64(101))
	},
	"UsageTellsOfThePurge": func(w *world) {
		s, other := w.offer("a"), w.offer("a")
		u, err := w.Usage(w.Context())
		w.must(err)
		w.same("nothing", []any{u.Unpurged, u.UnpurgedSince.IsZero()}, []any{0, true})
		w.cancel(s.ID)
		since := w.now
		w.later(time.Minute)
		w.cancel(other.ID)
		u, err = w.Usage(w.Context())
		w.must(err)
		w.same("two", []any{u.Unpurged, u.UnpurgedSince}, []any{2, since})
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, w.now))
		u, err = w.Usage(w.Context())
		w.must(err)
		w.same("one", []any{u.Unpurged, u.UnpurgedSince}, []any{1, w.now})
	},
}

// audited returns what is to be written to the audit log.
func (w *world) audited() []store.AuditEntry {
	w.Helper()
	texts, err := w.Unaudited(w.Context(), 0, plenty)
	w.must(err)
	entries := make([]store.AuditEntry, len(texts))
	for i, text := range texts {
		w.must(json.Unmarshal([]byte(text.JSON), &entries[i]))
		entries[i].N = text.N
	}
	return entries
}

// told is what an entry about a share says, in short.
func told(e store.AuditEntry) string {
	size := int64(-1)
	if e.Size != nil {
		size = *e.Size
	}
	return fmt.Sprintf("%s @ %s sh:%d:%s", e.Kind, e.By, size, e.SHA256)
}

func auditLife(w *world) {
	w.join("a", "b")
	s := w.offer("a", "b")
	w.complete(s.ID)
	for _, state := range []protocol.ReceiptState{protocol.ReceiptSeen, protocol.ReceiptDownloading, protocol.ReceiptReceived} {
		_, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{{Share: s.ID, Participant: "b", Name: "Ben", State: state}}, plenty, w.now)
		w.must(err)
	}
	_, err := w.End(store.By(w.Context(), "a"), s.ID, protocol.Revoked, "", w.now)
	w.must(err)
	gone := w.later(time.Second)
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, gone))
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, gone))
	entries := w.audited()[3:]
	var got []string
	for _, e := range entries {
		got = append(got, told(e))
		w.same("of which", []any{e.App, e.Room, e.Share, e.Sender}, []any{"app", w.room, s.ID, s.Sender.ID})
	}
	w.same("life", got, []string{
		"offered @ a sh:10:", "available @ a sh:10:hash", "downloading @ b sh:10:hash", "received @ b sh:10:hash",
		"revoked @ a sh:10:hash", "purged @ @server sh:10:hash",
	})
	w.same("to", entries[0].To.List, s.To.List)
	w.same("when", entries[5].Time, gone)
}

// auditNumbers makes changes that tell nothing, one thing or many, and some that
// fail.
func auditNumbers(w *world) {
	w.offer("a")
	w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a"), w.draft("a"), w.draft("a")}, generous))
	w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, store.Quota{}), protocol.CodeRoomFull)
	part := w.draft("a")
	part.Concat = store.ConcatPartial
	w.must(w.CreatePartial(w.Context(), part, generous)) // nobody's file
	w.offer("a")
	var got []int64
	for _, e := range w.audited() {
		got = append(got, e.N)
	}
	w.same("numbers", got, []int64{1, 2, 3, 4, 5, 6})
	after, err := w.Unaudited(w.Context(), 3, plenty) // in the middle of a change
	w.must(err)
	w.same("after", []int64{int64(len(after)), after[0].N}, []int64{3, 4})
	first, err := w.Unaudited(w.Context(), 2, 1)
	w.must(err)
	w.same("bounded", len(first), 3)
}

// auditBound begins things while the log is not written: at the bound nothing new
// begins, and what has begun goes on and ends.
func auditBound(w *world) {
	w.join("a")
	s := w.offer("a")
	w.BoundAudit(int64(len(w.audited())) + 1)
	w.must(w.AuditHasRoom(w.Context()))
	last := w.offer("a")
	deposit := w.draft("a")
	deposit.SHA256, deposit.Offset = "hash", 10
	_, deposited := w.Deposit(w.Context(), deposit, generous)
	_, joined := w.Join(w.Context(), w.member("b"), plenty, w.now)
	before := len(w.audited())
	for what, err := range map[string]error{
		"asked":        w.AuditHasRoom(w.Context()),
		"share":        w.CreateShares(w.Context(), []store.Share{w.draft("a")}, generous),
		"partial":      w.CreatePartial(w.Context(), w.partialDraft("a"), generous),
		"deposit":      deposited,
		"newcomer":     joined,
		"another room": w.CreateRoom(w.Context(), store.Room{ID: protocol.NewRoomID(), App: "app", CreatedAt: w.now}, plenty),
	} {
		var coded *protocol.Error
		if !errors.As(err, &coded) || coded.Code != protocol.CodeUnavailable || coded.Limit != "max-unaudited" {
			w.Errorf("%s: %v", what, err)
		}
	}
	w.same("entries of what was refused", len(w.audited()), before)

	w.join("a") // comes back
	w.complete(s.ID)
	for _, id := range []protocol.ShareID{s.ID, last.ID} {
		_, err := w.End(w.Context(), id, protocol.Failed, protocol.CodeUploadIdle, w.now)
		if id == s.ID {
			_, err = w.End(w.Context(), id, protocol.Revoked, "", w.now)
		}
		w.must(err)
	}
	w.same("entries", len(w.audited()), before+3)
	w.must(w.Audited(w.Context(), store.AuditState{Oldest: 1, Newest: int64(before) + 3, Chain: "c"}))
	w.offer("a")
	w.join("b")
}
