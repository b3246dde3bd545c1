package storetest

import (
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// thumbnailTests hold where files lie, and their small pictures.
var thumbnailTests = map[string]func(*world){
	"PathAndPictureAreReadAsTheyWereWritten": func(w *world) {
		for _, s := range []store.Share{w.pictured("a", "\x00\xff\x01"), w.pictured("a", "another", "b")} {
			w.must(w.CreateShares(w.Context(), []store.Share{s, w.draft("a", s.To.List...)}, generous))
			w.thumbnail(s.ID, string(s.Picture))
			got, err := w.Share(w.Context(), s.ID)
			w.must(err)
			w.same("path and picture", []any{got.Path, got.Thumbnail, len(got.Picture)}, []any{"photos/2024", true, 0})
			page, err := w.SharesFor(w.Context(), w.room, "a", protocol.Cursor{}, 1, true)
			w.must(err)
			w.same("listed", []any{page.Shares[0].Path, page.Shares[0].Thumbnail}, []any{"photos/2024", true})
		}
	},
	"PictureOfADeposit": func(w *world) {
		s := w.pictured("a", "small")
		s.SHA256 = "hash"
		kept, err := w.Deposit(w.Context(), s, generous)
		w.must(err)
		w.same("thumbnail", kept.Thumbnail, true)
		w.thumbnail(s.ID, "small")
	},
	"PictureStaysToTheEnd": func(w *world) {
		for _, end := range []protocol.ShareState{protocol.Cancelled, protocol.Failed, protocol.Revoked, protocol.Expired} {
			s := w.pictured("a", "picture")
			w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
			if end == protocol.Revoked || end == protocol.Expired {
				w.same("of what is available", w.complete(s.ID).Thumbnail, true)
			}
			w.thumbnail(s.ID, "picture")
			ended, err := w.End(w.Context(), s.ID, end, "", w.now)
			w.must(err)
			w.same("of what has ended", []any{ended.Thumbnail, ended.Path}, []any{false, "photos/2024"})
			_, err = w.Thumbnail(w.Context(), s.ID)
			w.wantErr(err, store.ErrNotFound)
		}
	},
	"AShareWithoutPicture": func(w *world) {
		s := w.draft("a")
		s.Thumbnail = true // of which there is none
		w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
		got, err := w.Share(w.Context(), s.ID)
		w.must(err)
		w.same("thumbnail", got.Thumbnail, false)
		_, err = w.Thumbnail(w.Context(), s.ID)
		w.wantErr(err, store.ErrNotFound)
	},
	"PictureGoesWithItsRoom": func(w *world) {
		s := w.pictured("a", "picture")
		w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
		_, err := w.End(w.Context(), s.ID, protocol.Failed, "", w.now)
		w.must(err)
		w.must(w.MarkPurged(w.Context(), []protocol.ShareID{s.ID}, w.now))
		forgotten, err := w.Forget(w.Context(), w.later(time.Hour))
		w.must(err)
		w.same("forgotten", forgotten, 1)
	},
}

// pictured is a draft in a folder, with a picture.
func (w *world) pictured(sender protocol.ParticipantID, picture string, to ...protocol.ParticipantID) store.Share {
	s := w.draft(sender, to...)
	s.Path, s.Picture = "photos/2024", []byte(picture)
	return s
}

func (w *world) thumbnail(id protocol.ShareID, want string) {
	w.Helper()
	got, err := w.Thumbnail(w.Context(), id)
	w.must(err)
	w.same("thumbnail", string(got), want)
}
