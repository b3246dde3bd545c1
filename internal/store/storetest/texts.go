package storetest

import (
	"slices"
	"sync"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var textTests = map[string]func(*world){
	"TextThatNoDatabaseKeepsIsRefused":   textRefused,
	"TextThatIsRefusedSpoilsNothingElse": textAlone,
	"TextsAreInTheOrderOfTheirBytes":     textsByBytes,
}

// textRefused: by whatever way it comes, and nothing is made.
func textRefused(w *world) {
	for _, bad := range []string{"a\x00b", "\xff", "a\xc0\xaf"} {
		s := w.draft("a")
		s.Name = bad
		w.wantCode(w.CreateShares(w.Context(), []store.Share{s}, generous), protocol.CodeInvalidRequest)
		s = w.draft(protocol.ParticipantID(bad))
		w.wantCode(w.CreateShares(w.Context(), []store.Share{s}, generous), protocol.CodeInvalidRequest)
		m := w.member("a")
		m.Name = bad
		_, err := w.Join(w.Context(), m, plenty, w.now)
		w.wantCode(err, protocol.CodeInvalidRequest)
		_, err = w.Share(w.Context(), protocol.ShareID(bad))
		w.wantCode(err, protocol.CodeInvalidRequest)
		_, err = w.Offered(w.Context(), w.room, "a", bad)
		w.wantCode(err, protocol.CodeInvalidRequest)
	}
	w.same("shares", len(w.sees("a", true)), 0)
	members, err := w.Members(w.Context(), w.room)
	w.must(err)
	w.same("members", len(members), 0)
	whole := w.draft("a")
	whole.Name = "\u0001\ufffd\U0010ffff\ue000"
	w.must(w.CreateShares(w.Context(), []store.Share{whole}, generous))
	got, err := w.Share(w.Context(), whole.ID)
	w.must(err)
	w.same("name", got.Name, whole.Name)
}

// textAlone: what is made together fails alone.
func textAlone(w *world) {
	var all sync.WaitGroup
	for i := range crowd {
		all.Go(func() {
			s := w.whole(w.draft("a"))
			if i%2 == 0 {
				s.Metadata = "\x00"
			}
			_, err := w.Deposit(w.Context(), s, generous)
			if i%2 != 0 && err != nil || i%2 == 0 && protocol.CodeOf(err) != protocol.CodeInvalidRequest {
				w.Errorf("deposit %d: %v", i, err)
			}
		})
	}
	all.Wait()
	shares := w.sees("b", true)
	w.same("shares", len(shares), crowd/2)
	outcomes, err := w.MoveReceipts(w.Context(), []store.ReceiptMove{
		{Share: shares[0], Participant: "b", State: protocol.ReceiptFailed, Reason: "\x00"},
		{Share: shares[0], Participant: "c", State: protocol.ReceiptDownloading},
	}, plenty, w.now)
	w.must(err)
	w.wantCode(outcomes[0].Err, protocol.CodeInvalidRequest)
	w.must(outcomes[1].Err)
}

// textsByBytes: pages go on behind an id, in whatever language the database is.
func textsByBytes(w *world) {
	ids := []protocol.ParticipantID{"B", "a", "_", "Z-1", "Z1", "ä", "z", "A", "~", "-b"}
	w.join(ids...)
	s := w.offer("sender", ids...)
	slices.Sort(ids)
	var read []protocol.ParticipantID
	for after := protocol.ParticipantID(""); ; after = read[len(read)-1] {
		page, err := w.Receipts(w.Context(), s.ID, after, 3)
		w.must(err)
		for _, r := range page {
			read = append(read, r.Participant)
		}
		if len(page) < 3 {
			break
		}
	}
	w.same("order", read, ids)
}
