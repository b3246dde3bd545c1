package storetest

import (
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var memberTests = map[string]func(*world){
	"MemberIsReadAsItWasWritten": func(w *world) {
		w.join("a")
		got, err := w.Member(w.Context(), w.room, "a")
		w.must(err)
		w.same("member", got, w.member("a"))
		_, err = w.Member(w.Context(), w.room, "b")
		w.wantErr(err, store.ErrNotFound)
	},
	"MembersComeInTheOrderOfJoining": func(w *world) {
		w.join("c", "b")
		w.later(time.Second)
		w.join("a")
		members, err := w.Members(w.Context(), w.room)
		w.must(err)
		var got []protocol.ParticipantID
		for _, m := range members {
			got = append(got, m.ID)
		}
		w.same("roster", got, []protocol.ParticipantID{"b", "c", "a"})
	},
	"JoinAgainReplacesTheConnection": joinAgain,
	"JoinWhenFull": func(w *world) {
		w.join("a", "b")
		_, err := w.Join(w.Context(), w.member("c"), 2, w.now)
		w.wantCode(err, protocol.CodeRoomFull)
		_, err = w.Join(w.Context(), w.member("b"), 2, w.now) // has its place
		w.must(err)
	},
	"JoinFillsAnEmptyRoom": func(w *world) {
		w.join("a")
		r, err := w.Room(w.Context(), w.room)
		w.must(err)
		w.same("empty since", r.EmptySince, time.Time{})
	},
	"JoinWithoutGrants": func(w *world) {
		m := w.member("a")
		m.Grants, m.Data = nil, nil
		_, err := w.Join(w.Context(), m, plenty, w.now)
		w.must(err)
		got, err := w.Member(w.Context(), w.room, "a")
		w.must(err)
		w.same("member", got, m)
	},
	"OneParticipantInTwoRooms": func(w *world) {
		w.join("a")
		first := w.room
		w.room = w.newRoom()
		w.join("a")
		_, err := w.Leave(w.Context(), first, "a", w.now)
		w.must(err)
		_, err = w.Member(w.Context(), w.room, "a")
		w.must(err)
	},
}

func joinAgain(w *world) {
	w.join("a")
	again := w.member("a")
	again.Connection, again.Name, again.JoinedAt = "second", "New name", w.now.Add(time.Hour)
	previous, err := w.Join(w.Context(), again, plenty, w.later(time.Minute))
	w.must(err)
	w.same("previous", previous, "on-a")
	w.must(w.Away(w.Context(), w.room, "a", "second", w.now))
	again.Connection = "third"
	previous, err = w.Join(w.Context(), again, plenty, w.now)
	w.must(err)
	w.same("previous of one away", previous, "")

	again.JoinedAt = w.member("a").JoinedAt.Add(-time.Minute)
	got, err := w.Member(w.Context(), w.room, "a")
	w.must(err)
	w.same("member", got, again)
	w.same("events", w.told(roomStream), []string{"1 participant.joined a"})
}

var departureTests = map[string]func(*world){
	"AwayIsForTheCurrentConnection": func(w *world) {
		w.join("a")
		w.must(w.Away(w.Context(), w.room, "a", "an older one", w.now))
		m, err := w.Member(w.Context(), w.room, "a")
		w.must(err)
		w.same("untouched", m, w.member("a"))
		w.must(w.Away(w.Context(), w.room, "a", "on-a", w.later(time.Minute)))
		w.must(w.Away(w.Context(), w.room, "a", "", w.now.Add(time.Hour))) // the same again
		m, err = w.Member(w.Context(), w.room, "a")
		w.must(err)
		w.same("away since", m.AwaySince, w.now)
		w.same("connection", m.Connection, "")
		w.must(w.Away(w.Context(), w.room, "nobody", "x", w.now))
	},
	"AllAwayKeepsWhoWasAwayBefore": func(w *world) {
		w.join("a", "b")
		w.must(w.Away(w.Context(), w.room, "a", "on-a", w.now))
		first := w.now
		w.must(w.AllAway(w.Context(), w.later(time.Minute)))
		members, err := w.Members(w.Context(), w.room)
		w.must(err)
		w.same("since", []time.Time{members[0].AwaySince, members[1].AwaySince}, []time.Time{first, w.now})
		w.same("connections", members[0].Connection+members[1].Connection, "")
	},
	"AllAwayKeepsNobodyBeyondItsTime": func(w *world) {
		w.join("a")
		w.must(w.Away(w.Context(), w.room, "a", "on-a", w.now.Add(time.Hour))) // the clock was ahead
		w.must(w.AllAway(w.Context(), w.now))
		m, err := w.Member(w.Context(), w.room, "a")
		w.must(err)
		w.same("away since", m.AwaySince, w.now)
	},
	"LeaveTellsAndEmptiesTheRoom": leave,
	"DropIsForGood": func(w *world) {
		w.join("a", "b")
		connection, err := w.Drop(w.Context(), w.room, "a", plenty, w.now)
		w.must(err)
		w.same("connection", connection, "on-a")
		_, err = w.Join(w.Context(), w.member("a"), plenty, w.now)
		w.wantCode(err, protocol.CodeForbidden)
		for id, want := range map[protocol.ParticipantID]bool{"a": true, "b": false} {
			got, err := w.Dropped(w.Context(), w.room, id)
			w.must(err)
			w.same("dropped "+string(id), got, want)
		}
		w.same("events", w.told(roomStream), []string{"1 participant.joined a", "2 participant.joined b", "3 participant.left a"})
	},
	"DropBarsWhoIsNotHereNow": func(w *world) {
		connection, err := w.Drop(w.Context(), w.room, "a", plenty, w.now)
		w.must(err)
		w.same("connection", connection, "")
		_, err = w.Join(w.Context(), w.member("a"), plenty, w.now)
		w.wantCode(err, protocol.CodeForbidden)
		w.same("events", len(w.told(roomStream)), 0)
	},
	"DropBarsOnlySoMany": func(w *world) {
		w.join("here", "there")
		drop := func(id protocol.ParticipantID) error {
			_, err := w.Drop(w.Context(), w.room, id, 4, w.now)
			return err
		}
		w.must(drop("made-up-1"))
		w.must(drop("made-up-2"))
		w.wantCode(drop("made-up-3"), protocol.CodeRoomFull)
		w.must(drop("made-up-1")) // who is barred already takes no place
		w.must(drop("here"))
		w.must(drop("there"))
		w.join("late")
		w.wantCode(drop("late"), protocol.CodeRoomFull)
		_, err := w.Member(w.Context(), w.room, "late")
		w.must(err) // and nothing is changed
		for id, want := range map[protocol.ParticipantID]bool{"made-up-2": true, "made-up-3": false, "here": true, "there": true, "late": false} {
			got, err := w.Dropped(w.Context(), w.room, id)
			w.must(err)
			w.same("dropped "+string(id), got, want)
		}
	},
	"LeaveAwayTakesThoseAwayTooLong": leaveAway,
	"LeaveAwayGoesOnBeyondOneBatch": func(w *world) {
		const crowd = 205
		for i := range crowd {
			w.join(numbered(i))
		}
		w.must(w.AllAway(w.Context(), w.now))
		n, err := w.LeaveAway(w.Context(), w.now.Add(time.Second), w.now)
		w.must(err)
		w.same("left", n, crowd)
		w.gapless()
	},
}

func leave(w *world) {
	w.join("a", "b")
	connection, err := w.Leave(w.Context(), w.room, "a", w.now)
	w.must(err)
	w.same("connection", connection, "on-a")
	r, err := w.Room(w.Context(), w.room)
	w.must(err)
	w.same("empty while b is there", r.EmptySince, time.Time{})
	_, err = w.Leave(w.Context(), w.room, "a", w.now)
	w.wantErr(err, store.ErrNotFound)
	_, err = w.Leave(w.Context(), w.room, "b", w.later(time.Minute))
	w.must(err)
	r, err = w.Room(w.Context(), w.room)
	w.must(err)
	w.same("empty since", r.EmptySince, w.now)
	w.join("a") // who left may come back
	w.same("events", w.told(roomStream), []string{
		"1 participant.joined a", "2 participant.joined b", "3 participant.left a", "4 participant.left b", "5 participant.joined a",
	})
}

func leaveAway(w *world) {
	w.join("long", "short", "here")
	w.must(w.Away(w.Context(), w.room, "long", "on-long", w.now))
	w.must(w.Away(w.Context(), w.room, "short", "on-short", w.later(time.Minute)))
	n, err := w.LeaveAway(w.Context(), w.now, w.now)
	w.must(err)
	w.same("left", n, 1)
	_, err = w.Member(w.Context(), w.room, "long")
	w.wantErr(err, store.ErrNotFound)
	members, err := w.Members(w.Context(), w.room)
	w.must(err)
	w.same("still there", len(members), 2)
	told := w.told(roomStream)
	w.same("last event", told[len(told)-1], "4 participant.left long")
}
