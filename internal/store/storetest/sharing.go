package storetest

import (
	"sync"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var sharingTests = map[string]func(*world){
	"SharingIsOnFromTheStart": func(w *world) {
		r, err := w.Room(w.Context(), w.room)
		w.must(err)
		w.same("switch", r.Sharing, protocol.Sharing{})
	},
	"SharingIsSwitchedAndToldOnce": func(w *world) {
		w.same("off", w.switchOff(protocol.RoleModerator, protocol.RoleViewer), int64(1))
		w.same("off again", w.switchOff(protocol.RoleModerator, protocol.RoleViewer), int64(1))
		r, err := w.Room(w.Context(), w.room)
		w.must(err)
		w.same("read", r.Sharing, protocol.Sharing{Off: []string{"moderator", "viewer"}, Rev: 1})
		w.same("on", w.switchOff(), int64(2))
		w.same("events", w.told(roomStream), []string{"1 sharing.changed", "2 sharing.changed"})
		_, err = w.SwitchSharing(w.Context(), protocol.NewRoomID(), nil, w.now)
		w.wantErr(err, store.ErrNotFound)
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		_, err = w.SwitchSharing(w.Context(), w.room, nil, w.now)
		w.wantCode(err, protocol.CodeRoomEnded)
	},
	"NothingIsMadeWhileSharingIsOff": func(w *world) {
		part := w.filledPart("a") // from before
		w.switchOff(protocol.RoleParticipant)
		for name, role := range map[string]string{"participant": protocol.RoleParticipant, "unknown": "", "made up": "boss"} {
			for way, err := range w.everyWay(role, part.ID) {
				if protocol.CodeOf(err) != protocol.CodeSharingOff {
					w.Errorf("%s by a sender of role %s: %v", way, name, err)
				}
			}
		}
		w.same("events", w.told(roomStream), []string{"1 sharing.changed"})
		for way, err := range w.everyWay(protocol.RoleModerator, part.ID) {
			if err != nil {
				w.Errorf("%s by a moderator: %v", way, err)
			}
		}
		w.gapless()
	},
	"WhatWasMadeBeforeGoesOn": func(w *world) {
		s := w.offer("a")
		w.switchOff(protocol.RoleModerator, protocol.RoleParticipant, protocol.RoleViewer)
		w.same("state", w.complete(s.ID).State, protocol.Available)
	},
	"NothingIsMadeByWhoWasDropped": func(w *world) {
		part := w.filledPart("a")
		_, err := w.Drop(w.Context(), w.room, "a", plenty, w.now)
		w.must(err)
		for way, err := range w.everyWay(protocol.RoleModerator, part.ID) {
			if protocol.CodeOf(err) != protocol.CodeUnauthenticated {
				w.Errorf("%s: %v", way, err)
			}
		}
	},
	"LiveInReadsARoomInPortions": liveIn,
	"TheSwitchAndTheSharesAreInOneOrder": func(w *world) {
		var group sync.WaitGroup
		made := make(chan error, 20)
		for range cap(made) {
			group.Go(func() { made <- w.CreateShares(w.Context(), []store.Share{w.draft("a")}, generous) })
		}
		w.switchOff(protocol.RoleParticipant)
		before, err := w.LiveIn(w.Context(), w.room, "", "", plenty)
		w.must(err)
		group.Wait()
		close(made)
		n := 0
		for err := range made {
			if err == nil {
				n++
			} else if protocol.CodeOf(err) != protocol.CodeSharingOff {
				w.Error(err)
			}
		}
		w.same("shares at the switch and at the end", len(before), n)
	},
}

// switchOff switches sharing off for those roles alone, and returns the revision.
func (w *world) switchOff(roles ...string) int64 {
	w.Helper()
	sharing, err := w.SwitchSharing(w.Context(), w.room, roles, w.now)
	w.must(err)
	w.same("off", len(sharing.Off), len(roles))
	return sharing.Rev
}

// filledPart returns a partial upload that has all its bytes.
func (w *world) filledPart(sender protocol.ParticipantID) store.Share {
	w.Helper()
	part := w.partial(sender)
	w.filled(part)
	return part
}

// everyWay makes a share of Ana's in each way there is.
func (w *world) everyWay(role string, part protocol.ShareID) map[string]error {
	as := func(s store.Share) store.Share {
		s.SenderRole = role
		return s
	}
	deposit := as(w.draft("a"))
	deposit.SHA256 = "hash"
	_, depositErr := w.Deposit(w.Context(), deposit, generous)
	return map[string]error{
		"offered":   w.CreateShares(w.Context(), []store.Share{as(w.draft("a"))}, generous),
		"deposited": depositErr,
		"a part":    w.CreatePartial(w.Context(), as(w.partialDraft("a")), generous),
		"joined":    w.JoinPartials(w.Context(), as(w.union("a", 10)), []protocol.ShareID{part}, generous),
	}
}

func liveIn(w *world) {
	mine, theirs, part := w.offer("a"), w.offer("b", "c"), w.partial("a")
	w.cancel(w.offer("a").ID)
	elsewhere := w.draft("a")
	elsewhere.Room = w.newRoom()
	w.must(w.CreateShares(w.Context(), []store.Share{elsewhere}, generous))
	used := w.filledPart("b")
	w.must(w.JoinPartials(w.Context(), w.union("b", 10), []protocol.ShareID{used.ID}, generous))
	read := func(sender protocol.ParticipantID) map[protocol.ShareID]bool {
		got := map[protocol.ShareID]bool{}
		var after protocol.ShareID
		for {
			page, err := w.LiveIn(w.Context(), w.room, sender, after, 1)
			w.must(err)
			if len(page) == 0 {
				return got
			}
			after = page[0].ID
			got[after] = true
		}
	}
	w.same("of one", read("a"), map[protocol.ShareID]bool{mine.ID: true, part.ID: true})
	all := read("")
	w.same("of all", []bool{len(all) == 4, all[theirs.ID], all[used.ID]}, []bool{true, true, false})
}
