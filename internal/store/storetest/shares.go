package storetest

import (
	"math"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var shareTests = map[string]func(*world){
	"ShareIsReadAsItWasWritten": func(w *world) {
		for _, want := range []store.Share{w.draft("a"), w.draft("a", "c", "b")} {
			want.Size = nil
			want.Checkpoint.Hash = []byte{0, 1, 255}
			want.Dialect = store.DialectIETF
			w.must(w.CreateShares(w.Context(), []store.Share{want}, generous))
			got, err := w.Share(w.Context(), want.ID)
			w.must(err)
			w.same("share", got, want)
		}
		_, err := w.Share(w.Context(), protocol.NewShareID())
		w.wantErr(err, store.ErrNotFound)
	},
	"BatchIsOneEventAndKeepsItsOrder": func(w *world) {
		batch := []store.Share{w.draft("a", "b"), w.draft("a", "b"), w.draft("a", "b")}
		w.must(w.CreateShares(w.Context(), batch, generous))
		for _, viewer := range []protocol.ParticipantID{"a", "b"} {
			w.same("events", w.told(viewer), []string{"1 shares.created uploading uploading uploading"})
			w.same("order", w.sees(viewer, true), idsOf(batch))
		}
		w.same("room's events", w.told(roomStream), []string(nil))
	},
	"NoSharesAreNoChange": func(w *world) {
		w.must(w.CreateShares(w.Context(), nil, store.Quota{}))
		w.same("events", w.told(roomStream), []string(nil))
	},
	"SharesNeedTheirRoom": func(w *world) {
		s := w.draft("a")
		s.Room = protocol.NewRoomID()
		w.wantErr(w.CreateShares(w.Context(), []store.Share{s}, generous), store.ErrNotFound)
	},
	"RecipientListedTwice": func(w *world) {
		s := w.draft("a", "b", "b", "a")
		w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
		w.complete(s.ID)
		for _, viewer := range []protocol.ParticipantID{"a", "b"} {
			w.same("events", w.told(viewer), []string{"1 shares.created uploading", "2 shares.available available"})
			w.same("seen", w.sees(viewer, true), []protocol.ShareID{s.ID})
		}
	},
	"OfferIsMadeOnce": offerOnce,
	"OfferOfOneSenderIsNotAnothers": func(w *world) {
		w.must(w.CreateShares(w.Context(), w.named("key", w.draft("a")), generous))
		w.must(w.CreateShares(w.Context(), w.named("key", w.draft("b")), generous))
		w.must(w.CreateShares(w.Context(), w.named("other", w.draft("a")), generous))
		w.room = w.newRoom()
		w.must(w.CreateShares(w.Context(), w.named("key", w.draft("a")), generous))
		w.same("shares in a room of its own", len(w.offered("a", "key")), 1)
	},
	"OfferWithoutAKeyIsNotRemembered": func(w *world) {
		w.offer("a")
		w.same("offered", len(w.offered("a", "")), 0)
	},
	"QuotaOfBytesCountsEndedOnesUntilPurged": quotaBytes,
	"QuotaOfBytesDoesNotOverflow": func(w *world) {
		huge := w.draft("a")
		huge.Reserved = math.MaxInt64
		err := w.CreateShares(w.Context(), []store.Share{huge, huge}, store.Quota{RoomBytes: 100, RoomShares: 9, OpenUploads: 9})
		w.wantCode(err, protocol.CodeRoomFull)
	},
	"QuotaOfShares": func(w *world) {
		q := generous
		q.RoomShares = 3
		first := w.offer("a")
		two := []store.Share{w.draft("b"), w.draft("b")}
		w.must(w.CreateShares(w.Context(), two[:1], q))
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("b"), w.draft("b")}, q), protocol.CodeRoomFull)
		w.same("all or none", len(w.sees("b", true)), 2)
		w.cancel(first.ID)
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("b"), w.draft("b")}, q))
	},
	"QuotaOfOpenUploadsIsTheSenders": func(w *world) {
		q := generous
		q.OpenUploads = 1
		first := w.offer("a")
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q), protocol.CodeTooManyUploads)
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("b")}, q))
		w.complete(first.ID)
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q))
	},
	"QuotaOfOpenUploadsInARoom": func(w *world) {
		q := generous
		q.RoomUploads = 2
		first := w.offer("a")
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("b")}, q))
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("c")}, q), protocol.CodeRoomFull)
		w.complete(first.ID)
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("c")}, q))
	},
	"QuotaOfWhatIsPromisedIsTheSenders": func(w *world) {
		draft := w.draft("a")
		q := generous
		q.Promised = 2 * draft.Reserved
		first := w.offer("a")
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q))
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q), protocol.CodeTooManyUploads)
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("b"), w.draft("b"), w.draft("b")}, q), protocol.CodeTooManyUploads)
		w.complete(first.ID) // what is there is no promise
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q))
	},
	"QuotaOfAnApplicationIsThatOfItsRooms": func(w *world) {
		draft := w.draft("a")
		q := generous
		q.AppBytes = 2 * draft.Reserved
		first := w.offer("a")
		w.room = w.newRoom()
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q))
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q), protocol.CodeRoomFull)
		w.cancel(first.ID)
		w.wantCode(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q), protocol.CodeRoomFull)
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{first.ID}, w.now))
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, q))
	},
	"QuotaOfOneRoomIsNotAnothers": func(w *world) {
		w.offer("a")
		w.room = w.newRoom()
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, store.Quota{RoomBytes: 10, RoomShares: 1, OpenUploads: 1}))
	},
}

// named puts shares under the key of one request.
func (w *world) named(key string, shares ...store.Share) []store.Share {
	for i := range shares {
		shares[i].Offer = store.Offer{Key: key, Digest: "digest of " + key}
	}
	return shares
}

func (w *world) offered(sender protocol.ParticipantID, key string) []store.Share {
	w.Helper()
	shares, err := w.Offered(w.Context(), w.room, sender, key)
	w.must(err)
	return shares
}

func offerOnce(w *world) {
	batch := w.named("key", w.draft("a"), w.draft("a"), w.draft("a"))
	w.same("before", len(w.offered("a", "key")), 0)
	w.must(w.CreateShares(w.Context(), batch, generous))
	w.same("as made", w.offered("a", "key"), batch)
	again := w.named("key", w.draft("a"))
	w.wantErr(w.CreateShares(w.Context(), again, store.Quota{}), store.ErrConflict)
	w.same("seen", w.sees("b", true), idsOf(batch))
	w.same("events", w.told(roomStream), []string{"1 shares.created uploading uploading uploading"})

	w.forget(batch[1].ID)
	w.complete(batch[2].ID)
	left := w.offered("a", "key")
	w.same("what is left", idsOf(left), []protocol.ShareID{batch[0].ID, batch[2].ID})
	w.same("states", []protocol.ShareState{left[0].State, left[1].State}, []protocol.ShareState{protocol.Uploading, protocol.Available})
	w.wantErr(w.CreateShares(w.Context(), again, generous), store.ErrConflict)
	w.forget(batch[0].ID)
	_, err := w.End(w.Context(), batch[2].ID, protocol.Revoked, "", w.now)
	w.must(err)
	w.wantErr(w.CreateShares(w.Context(), again, generous), store.ErrConflict)
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{batch[2].ID}, w.now))
	_, err = w.Forget(w.Context(), w.now.Add(time.Microsecond))
	w.must(err)
	w.must(w.CreateShares(w.Context(), again, generous))
}

func quotaBytes(w *world) {
	q := generous
	q.RoomBytes = 20
	first := w.offer("a")
	w.complete(w.offer("a").ID)
	one := func() error { return w.CreateShares(w.Context(), []store.Share{w.draft("b")}, q) }
	w.wantCode(one(), protocol.CodeRoomFull)
	w.cancel(first.ID)
	w.wantCode(one(), protocol.CodeRoomFull) // the bytes are still on the disk
	w.must(w.MarkPurged(w.Context(), []protocol.ShareID{first.ID}, w.now))
	w.must(one())
	w.wantCode(one(), protocol.CodeRoomFull)
}

var transitionTests = map[string]func(*world){
	"SetLengthOnce":                        setLength,
	"SetLengthWithinTheQuota":              setLengthQuota,
	"CheckpointMovesForwardOnly":           checkpoint,
	"CompleteMakesAvailable":               complete,
	"CompleteOfWhatContradicts":            completeConflicts,
	"EndOnlyAsTheStatesAllow":              endStates,
	"EndSaysWhyAndWhen":                    end,
	"ChangesOfWhatIsNotThere":              missing,
	"CompleteGivesBackWhatWasNotNeeded":    completeReserved,
	"EachChangeIsNumberedForEachRecipient": numberedForEach,
}

func setLength(w *world) {
	s := w.draft("a")
	s.Size, s.Reserved = nil, 500
	w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
	w.must(w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: 8, Run: "r"}, w.now))
	_, err := w.SetLength(w.Context(), s.ID, 7, generous, w.now)
	w.wantCode(err, protocol.CodeLengthMismatch)
	got, err := w.SetLength(w.Context(), s.ID, 40, generous, w.later(time.Second))
	w.must(err)
	if got.Size == nil || *got.Size != 40 || got.Reserved != 40 || got.Offset != 8 || !got.UpdatedAt.Equal(w.now) {
		w.Fatalf("got %+v", got)
	}
	again, err := w.SetLength(w.Context(), s.ID, 40, store.Quota{}, w.now.Add(time.Second))
	w.must(err)
	w.same("the same length again", again, got)
	_, err = w.SetLength(w.Context(), s.ID, 41, generous, w.now)
	w.wantCode(err, protocol.CodeLengthMismatch)
	w.cancel(s.ID)
	got, err = w.SetLength(w.Context(), s.ID, 40, generous, w.now)
	w.wantErr(err, store.ErrConflict)
	w.same("state as it is", got.State, protocol.Cancelled)
}

func setLengthQuota(w *world) {
	s := w.draft("a")
	s.Size, s.Reserved = nil, 50
	w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
	w.offer("b") // ten bytes
	q := generous
	q.RoomBytes = 100
	_, err := w.SetLength(w.Context(), s.ID, 91, q, w.now)
	w.wantCode(err, protocol.CodeRoomFull)
	_, err = w.SetLength(w.Context(), s.ID, math.MaxInt64, q, w.now)
	w.wantCode(err, protocol.CodeRoomFull)
	_, err = w.SetLength(w.Context(), s.ID, 90, q, w.now)
	w.must(err)
}

func checkpoint(w *world) {
	s := w.offer("a")
	at := store.Checkpoint{Offset: 6, Hash: []byte("state"), Run: "run-2"}
	w.must(w.Checkpoint(w.Context(), s.ID, at, w.later(time.Second)))
	w.must(w.Checkpoint(w.Context(), s.ID, at, w.now))
	for _, offset := range []int64{5, 11} {
		w.wantErr(w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: offset}, w.now), store.ErrConflict)
	}
	s.Offset, s.Checkpoint, s.UpdatedAt = 6, at, w.now
	got, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("share", got, s)
	w.complete(s.ID)
	w.wantErr(w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: 10}, w.now), store.ErrConflict)
	w.same("events", w.told(roomStream), []string{"1 shares.created uploading", "2 shares.available available"})
}

func complete(w *world) {
	s := w.offer("a")
	w.must(w.Checkpoint(w.Context(), s.ID, store.Checkpoint{Offset: 3, Hash: []byte("state"), Run: "r"}, w.now))
	expires := w.later(time.Second).Add(time.Hour)
	got, err := w.Complete(w.Context(), s.ID, 10, "hash", w.now, expires)
	w.must(err)
	want := s
	available := w.now
	want.State, want.SHA256, want.AvailableAt, want.Offset = protocol.Available, "hash", &available, 10
	want.ExpiresAt, want.UpdatedAt, want.Checkpoint, want.Rev = expires, w.now, store.Checkpoint{Offset: 10}, got.Rev
	w.same("share", got, want)
	if got.Rev <= s.Rev {
		w.Fatalf("rev %d after %d", got.Rev, s.Rev)
	}
	again, err := w.Complete(w.Context(), s.ID, 10, "hash", w.now.Add(time.Hour), expires.Add(time.Hour))
	w.must(err)
	w.same("the same again", again, want)
	read, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("as read", read, want)
	w.same("events", w.told(roomStream), []string{"1 shares.created uploading", "2 shares.available available"})
}

func completeConflicts(w *world) {
	try := func(s store.Share, size int64, hash string) {
		w.Helper()
		before, err := w.Share(w.Context(), s.ID)
		w.must(err)
		got, err := w.Complete(w.Context(), s.ID, size, hash, w.now, w.now)
		w.wantErr(err, store.ErrConflict)
		w.same("share as it is", got, before)
	}
	s := w.offer("a")
	try(s, 9, "hash")
	w.complete(s.ID)
	try(s, 10, "another")
	cancelled := w.offer("a")
	w.cancel(cancelled.ID)
	try(cancelled, 10, "hash")
}

func completeReserved(w *world) {
	s := w.draft("a")
	s.Size, s.Reserved = nil, 5000
	w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
	w.same("reserved", w.complete(s.ID).Reserved, int64(10))
}

func endStates(w *world) {
	states := []protocol.ShareState{
		protocol.Uploading, protocol.Available, protocol.Cancelled, protocol.Failed, protocol.Revoked, protocol.Expired,
	}
	for _, from := range states[:2] {
		for _, to := range states {
			s := w.offer("a")
			if from == protocol.Available {
				w.complete(s.ID)
			}
			got, err := w.End(w.Context(), s.ID, to, "", w.now)
			if !to.Ended() || !from.CanBecome(to) {
				w.wantErr(err, store.ErrConflict)
				w.same("state as it is", got.State, from)
				continue
			}
			w.must(err)
			for _, next := range states {
				got, err := w.End(w.Context(), s.ID, next, "", w.now)
				w.wantErr(err, store.ErrConflict)
				w.same("state as it ended", got.State, to)
			}
		}
	}
	w.gapless()
}

func end(w *world) {
	s := w.offer("a")
	got, err := w.End(w.Context(), s.ID, protocol.Failed, protocol.CodeUploadIdle, w.later(time.Minute))
	w.must(err)
	want := s
	want.State, want.Reason, want.EndedAt, want.UpdatedAt, want.Rev = protocol.Failed, "upload-idle", w.now, w.now, got.Rev
	w.same("share", got, want)
	read, err := w.Share(w.Context(), s.ID)
	w.must(err)
	w.same("as read", read, want)
	w.same("events", w.told(roomStream), []string{"1 shares.created uploading", "2 shares.ended failed"})
}

func missing(w *world) {
	id := protocol.NewShareID()
	_, err := w.SetLength(w.Context(), id, 1, generous, w.now)
	w.wantErr(err, store.ErrNotFound)
	w.wantErr(w.Checkpoint(w.Context(), id, store.Checkpoint{}, w.now), store.ErrNotFound)
	_, err = w.Complete(w.Context(), id, 1, "hash", w.now, w.now)
	w.wantErr(err, store.ErrNotFound)
	_, err = w.End(w.Context(), id, protocol.Cancelled, "", w.now)
	w.wantErr(err, store.ErrNotFound)
}

func numberedForEach(w *world) {
	w.offer("a", "c") // c's stream is one ahead of b's
	s := w.offer("a", "b", "c")
	w.complete(s.ID)
	_, err := w.End(w.Context(), s.ID, protocol.Revoked, "", w.now)
	w.must(err)
	w.same("sender's", w.told("a"), []string{
		"1 shares.created uploading", "2 shares.created uploading", "3 shares.available available", "4 shares.ended revoked",
	})
	w.same("c's", w.told("c"), w.told("a"))
	w.same("b's", w.told("b"), []string{"1 shares.created uploading", "2 shares.available available", "3 shares.ended revoked"})
	w.same("b's cursor", w.page("b", protocol.Cursor{}, plenty).Seq, protocol.Cursor{Personal: 3})
	w.same("b's after the second", idsOf(w.page("b", protocol.Cursor{Personal: 2}, plenty).Shares), []protocol.ShareID{s.ID})
}
