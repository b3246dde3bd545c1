package storetest

import (
	"errors"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var partTests = map[string]func(*world){
	"PartialUploadsAreNobodysShares": func(w *world) {
		part := w.partial("a")
		got, err := w.Share(w.Context(), part.ID)
		w.must(err)
		w.same("read as written", got, part)
		w.same("seen", w.sees("a", true), []protocol.ShareID(nil))
		for _, end := range []func(){func() {}, func() { w.cancel(part.ID) }} {
			end()
			w.same("its sender's events", w.told("a"), []string(nil))
			w.same("the room's events", w.told(roomStream), []string(nil))
		}
		u, err := w.Usage(w.Context())
		w.must(err)
		w.same("usage", []int{u.LiveShares, u.OpenUploads}, []int{0, 0})
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{part.ID}, w.now))
		_, err = w.Forget(w.Context(), w.now.Add(time.Microsecond))
		w.must(err)
		w.same("nobody has missed it", w.page("a", protocol.Cursor{}, 9).Reset, false)
	},
	"PartialUploadsNeverBecomeAvailable": func(w *world) {
		part := w.partial("a")
		_, err := w.Complete(w.Context(), part.ID, 10, "hash", w.now, w.now)
		w.wantErr(err, store.ErrConflict)
	},
	"PartialUploadsTakeOfTheQuota": func(w *world) {
		q := store.Quota{RoomBytes: 25, RoomShares: 1, OpenUploads: 2}
		parts := []store.Share{w.partialWith("a", q), w.partialWith("a", q)}
		w.wantCode(w.CreatePartial(w.Context(), w.partialDraft("a"), q), protocol.CodeTooManyUploads)
		w.wantCode(w.CreatePartial(w.Context(), w.partialDraft("b"), q), protocol.CodeRoomFull)
		w.same("bytes of two", w.heldBytes(), int64(20))
		for _, part := range parts {
			w.filled(part)
		}
		whole := w.union("a", 20)
		w.must(w.JoinPartials(w.Context(), whole, idsOf(parts), q)) // they gave their places and their bytes to it
		w.same("bytes of the share", w.heldBytes(), int64(20))
		w.must(w.CreatePartial(w.Context(), w.small("a"), q)) // the share is one open upload
		w.wantCode(w.CreatePartial(w.Context(), w.small("a"), q), protocol.CodeTooManyUploads)
		w.cancel(whole.ID)
		w.must(w.MarkPurged(w.Context(), append(idsOf(parts), whole.ID), w.now))
		w.same("bytes of the rest", w.heldBytes(), int64(5))
	},
	"JoinedInTheirOrder": func(w *world) {
		parts := []store.Share{w.partial("a"), w.partial("a"), w.partial("a")}
		parts[0], parts[2] = parts[2], parts[0]
		for _, part := range parts {
			w.filled(part)
		}
		whole := w.union("a", 30)
		w.must(w.JoinPartials(w.Context(), whole, idsOf(parts), generous))
		w.same("events", w.told(roomStream), []string{"1 shares.created uploading"})
		w.same("seen", w.sees("b", true), []protocol.ShareID{whole.ID})
		got, err := w.Parts(w.Context(), whole.ID)
		w.must(err)
		w.same("parts", idsOf(got), idsOf(parts))
		w.same("none of nothing", w.partsOf(""), []protocol.ShareID(nil))
		read, err := w.Share(w.Context(), whole.ID)
		w.must(err)
		w.same("joined", read.Joined(), true)
	},
	"JoinRefusesWhatIsNotTheSenders": joinRefuses,
	"JoinIsAllOrNone": func(w *world) {
		first, second := w.partial("a"), w.partial("a")
		w.filled(first)
		w.wantCode(w.JoinPartials(w.Context(), w.union("a", 20), idsOf([]store.Share{first, second}), generous), protocol.CodeOffsetMismatch)
		got, err := w.Share(w.Context(), first.ID)
		w.must(err)
		w.same("still free", got.PartOf, protocol.ShareID(""))
		w.same("held", w.heldBytes(), int64(20))
	},
	"PartsEndWithTheirShare": func(w *world) {
		for to, end := range map[protocol.ShareState]func(protocol.ShareID){
			protocol.Cancelled: func(id protocol.ShareID) { w.cancel(id) },
			protocol.Expired:   func(id protocol.ShareID) { w.complete(id) },
		} {
			whole := w.offer("a")
			parts := w.split(whole, 4, 6)
			end(whole.ID)
			for i, part := range parts {
				got, err := w.Share(w.Context(), part)
				w.must(err)
				w.same("state", got.State, to)
				w.same("ended", got.EndedAt, w.now.Truncate(time.Microsecond))
				if to == protocol.Expired {
					w.same("its bytes are in the share", got.Offset, []int64{4, 6}[i])
				}
			}
			unpurged, err := w.Unpurged(w.Context(), 0, 9)
			w.must(err)
			w.must(w.MarkPurged(w.Context(), unpurged, w.now))
		}
		w.same("held: what is available", w.heldBytes(), int64(10))
	},
	"SplitOnce": func(w *world) {
		whole := w.offer("a", "b")
		events := w.told("a")
		w.split(whole, 4, 6)
		w.same("nobody hears of it", w.told("a"), events)
		w.same("nothing more is held", w.heldBytes(), int64(10))
		w.wantErr(w.Split(w.Context(), whole.ID, 0, "final;x", []store.Share{w.partialDraft("a")}), store.ErrConflict)
		w.same("parts", len(w.partsOf(whole.ID)), 2)
		other := w.offer("a")
		w.wantErr(w.Split(w.Context(), other.ID, 1, "final;x", nil), store.ErrConflict) // another offset
		w.complete(other.ID)
		w.wantErr(w.Split(w.Context(), other.ID, 10, "final;x", nil), store.ErrConflict)
		w.wantErr(w.Split(w.Context(), protocol.NewShareID(), 0, "final;x", nil), store.ErrNotFound)
		w.same("not open uploads of their own", w.openUploads("a"), 1)
	},
	"PartsLiveAsLongAsTheirShare": func(w *world) {
		whole := w.offer("a")
		w.split(whole, 4, 6)
		loose := w.partial("a")
		later := w.later(48 * time.Hour)
		idle, err := w.IdleUploads(w.Context(), later, 9)
		w.must(err)
		w.same("idle", len(idle), 2)
		due, err := w.Due(w.Context(), later, w.now.Add(-99*time.Hour), 9)
		w.must(err)
		w.same("due", len(due), 2)
		partials, err := w.Partials(w.Context(), w.room, "a")
		w.must(err)
		w.same("of no share", partials, []protocol.ShareID{loose.ID})
	},
	"PartIsEndedWhenItIsTaken": func(w *world) {
		whole := w.offer("a")
		parts := w.split(whole, 4, 6)
		for range 2 {
			w.must(w.EndPart(w.Context(), parts[0], w.now))
		}
		got, err := w.Share(w.Context(), parts[0])
		w.must(err)
		w.same("taken", []any{got.State, got.Offset}, []any{protocol.Expired, int64(4)})
		w.wantErr(w.EndPart(w.Context(), whole.ID, w.now), store.ErrConflict)
		w.wantErr(w.EndPart(w.Context(), w.partial("a").ID, w.now), store.ErrConflict)
		w.wantErr(w.Checkpoint(w.Context(), parts[0], store.Checkpoint{Offset: 4}, w.now), store.ErrConflict)
	},
}

func joinRefuses(w *world) {
	mine, of, shared, ended, lacking := w.partial("a"), w.partial("b"), w.offer("a"), w.partial("a"), w.partial("a")
	w.filled(mine)
	w.filled(of)
	w.cancel(ended.ID)
	taken := w.partial("a")
	w.filled(taken)
	w.must(w.JoinPartials(w.Context(), w.union("a", 10), []protocol.ShareID{taken.ID}, generous))
	elsewhere := w.room
	w.room = w.newRoom()
	foreign := w.partial("a")
	w.filled(foreign)
	w.room = elsewhere
	for _, row := range []struct {
		part protocol.ShareID
		want any
	}{
		{of.ID, store.ErrNotFound}, {shared.ID, store.ErrNotFound}, {foreign.ID, store.ErrNotFound}, {protocol.NewShareID(), store.ErrNotFound},
		{taken.ID, store.ErrConflict}, {mine.ID, store.ErrConflict}, // the latter twice in one list
		{ended.ID, protocol.CodeShareEnded}, {lacking.ID, protocol.CodeOffsetMismatch},
	} {
		err := w.JoinPartials(w.Context(), w.union("a", 20), []protocol.ShareID{mine.ID, row.part}, generous)
		if target, is := row.want.(error); is && !errors.Is(err, target) || !is && protocol.CodeOf(err) != row.want {
			w.Errorf("joining %s: %v, want %v", row.part, err, row.want)
		}
	}
	w.wantErr(w.JoinPartials(w.Context(), w.union("a", 11), []protocol.ShareID{mine.ID}, generous), store.ErrConflict)
	full := generous
	full.RoomShares = 1
	w.wantCode(w.JoinPartials(w.Context(), w.union("a", 10), []protocol.ShareID{mine.ID}, full), protocol.CodeRoomFull)
	w.must(w.JoinPartials(w.Context(), w.union("a", 10), []protocol.ShareID{mine.ID}, generous))
}

// partialDraft returns a partial upload of ten bytes.
func (w *world) partialDraft(sender protocol.ParticipantID) store.Share {
	s := w.draft(sender)
	s.To, s.Name, s.Type, s.Concat = protocol.Audience{List: []protocol.ParticipantID{}}, "", "", store.ConcatPartial
	return s
}

// small returns one of five bytes.
func (w *world) small(sender protocol.ParticipantID) store.Share {
	s, size := w.partialDraft(sender), int64(5)
	s.Size, s.Reserved = &size, size
	return s
}

func (w *world) partial(sender protocol.ParticipantID) store.Share {
	w.Helper()
	return w.partialWith(sender, generous)
}

func (w *world) partialWith(sender protocol.ParticipantID, q store.Quota) store.Share {
	w.Helper()
	s := w.partialDraft(sender)
	w.must(w.CreatePartial(w.Context(), s, q))
	return s
}

// filled gives a partial upload all its bytes.
func (w *world) filled(part store.Share) {
	w.Helper()
	w.must(w.Checkpoint(w.Context(), part.ID, store.Checkpoint{Offset: *part.Size}, w.now))
}

// union returns a share that is to be joined, of so many bytes.
func (w *world) union(sender protocol.ParticipantID, size int64) store.Share {
	s := w.draft(sender)
	s.Size, s.Reserved, s.Concat = &size, size, "final;/uploads/x"
	return s
}

// split has a share come in parts of these sizes.
func (w *world) split(whole store.Share, sizes ...int64) []protocol.ShareID {
	w.Helper()
	var parts []store.Share
	for _, size := range sizes {
		part := w.partialDraft(whole.Sender.ID)
		part.Size = &size
		parts = append(parts, part)
	}
	w.must(w.Split(w.Context(), whole.ID, 0, "final;/uploads/x", parts))
	w.same("parts", w.partsOf(whole.ID), idsOf(parts))
	return idsOf(parts)
}

func (w *world) partsOf(id protocol.ShareID) []protocol.ShareID {
	w.Helper()
	parts, err := w.Parts(w.Context(), id)
	w.must(err)
	return idsOf(parts)
}

func (w *world) heldBytes() int64 {
	w.Helper()
	u, err := w.Usage(w.Context())
	w.must(err)
	return u.ReservedBytes
}

// openUploads finds out how many of the quota's open uploads a sender has.
func (w *world) openUploads(sender protocol.ParticipantID) int {
	w.Helper()
	q := generous
	for q.OpenUploads = 0; ; q.OpenUploads++ {
		err := w.CreatePartial(w.Context(), w.partialDraft(sender), q)
		if protocol.CodeOf(err) != protocol.CodeTooManyUploads {
			w.must(err)
			return q.OpenUploads - 1
		}
	}
}
