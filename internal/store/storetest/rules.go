package storetest

import (
	"errors"
	"time"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

var rulesTests = map[string]func(*world){
	"RulesAreLaidDownAndToldOnce": func(w *world) {
		server := protocol.Limits{FileSize: 100, RoomBytes: 1000}
		rules := protocol.Rules{Limits: map[string]int64{"fileSize": 10}, Allow: []string{".pdf"}, Send: []string{}}
		for range 2 {
			got, err := w.SetRules(w.Context(), w.room, rules, server, w.now)
			w.must(err)
			w.same("revision", got.Rev, int64(1))
		}
		r, err := w.Room(w.Context(), w.room)
		w.must(err)
		rules.Rev = 1
		w.same("read", r.Rules, rules)
		w.same("events", w.told(roomStream), []string{"1 rules.changed"})
		_, events := w.outbox()
		w.same("limits told", *events[0].Limits, protocol.Limits{FileSize: 10, RoomBytes: 1000})
		got, err := w.SetRules(w.Context(), w.room, protocol.Rules{}, server, w.now)
		w.must(err)
		w.same("none", got, protocol.Rules{Rev: 2})
		e := w.audited()
		w.same("audit", []any{e[1].Kind, e[1].Rules.Allow, e[2].Kind, len(e)}, []any{store.AuditRules, []string{".pdf"}, store.AuditRules, 3})
		_, err = w.SetRules(w.Context(), protocol.NewRoomID(), rules, server, w.now)
		w.wantErr(err, store.ErrNotFound)
		w.must(w.EndRoom(w.Context(), w.room, w.now))
		_, err = w.SetRules(w.Context(), w.room, rules, server, w.now)
		w.wantCode(err, protocol.CodeRoomEnded)
	},
	"ARoomIsMadeWithItsRules": func(w *world) {
		rules := protocol.Rules{Deny: []string{".exe"}, Rev: 1}
		id := protocol.NewRoomID()
		w.must(w.CreateRoom(w.Context(), store.Room{ID: id, App: "app", Name: "a room", CreatedAt: w.now, Rules: rules}, plenty))
		r, err := w.Room(w.Context(), id)
		w.must(err)
		w.same("rules", r.Rules, rules)
		var kinds []store.AuditKind
		for _, e := range w.audited() {
			if e.Room == id {
				kinds = append(kinds, e.Kind)
			}
		}
		w.same("audit", kinds, []store.AuditKind{store.AuditRoomCreated, store.AuditRules})
	},
	"NothingIsMadeByRulesThatHaveChanged": func(w *world) {
		part := w.filledPart("a")
		_, err := w.SetRules(w.Context(), w.room, protocol.Rules{Deny: []string{".exe"}}, protocol.Limits{}, w.now)
		w.must(err)
		for way, err := range w.everyWay(protocol.RoleModerator, part.ID) { // by those of before
			if !errors.Is(err, store.ErrStaleRules) {
				w.Errorf("%s: %v", way, err)
			}
		}
		w.same("events", w.told(roomStream), []string{"1 rules.changed"})
		by := generous
		by.RulesRev = 1
		w.must(w.CreateShares(w.Context(), []store.Share{w.draft("a")}, by))
		w.must(w.JoinPartials(w.Context(), w.union("a", 10), []protocol.ShareID{part.ID}, by))
		w.gapless()
	},
	"WhatMustBeVettedIsRemembered": func(w *world) {
		s := w.draft("a")
		s.Vet = true
		w.must(w.CreateShares(w.Context(), []store.Share{s}, generous))
		got, err := w.Share(w.Context(), s.ID)
		w.must(err)
		w.same("vet", []bool{got.Vet, w.complete(s.ID).Vet}, []bool{true, true})
	},
	"FilesOutliveTheLastAsTheRoomSays": func(w *world) {
		s, other := w.offer("a"), w.draft("a")
		other.Room = w.newRoom()
		w.must(w.CreateShares(w.Context(), []store.Share{other}, generous))
		_, err := w.SetRules(w.Context(), w.room, protocol.Rules{Limits: map[string]int64{"emptyRoomSeconds": 60}}, protocol.Limits{EmptyRoomSeconds: 600}, w.now)
		w.must(err)
		hour := func() time.Time { return w.now.Add(-time.Hour) }
		w.later(59 * time.Second)
		w.same("not yet", w.due(hour(), 9), []due(nil))
		w.later(2 * time.Second)
		w.same("in that room", w.due(hour(), 9), []due{{s.ID, protocol.CodeRoomEmpty}})
		w.join("a")
		w.same("not while somebody is there", w.due(hour(), 9), []due(nil))
		w.later(2 * time.Hour)
		_, err = w.Leave(w.Context(), w.room, "a", w.now)
		w.must(err)
		w.same("the server's word for others", w.due(hour(), 9), []due{{other.ID, protocol.CodeRoomEmpty}})
	},
}
