package share

import (
	"context"
	"slices"
	"testing"

	"github.com/handout-rtc/handout/internal/store"
	"github.com/handout-rtc/handout/protocol"
)

// TestDecide is the whole table: relation and grants x verb. "" is permitted.
func TestDecide(t *testing.T) {
	const (
		hidden    = protocol.CodeShareNotFound
		forbidden = protocol.CodeForbidden
	)
	room := protocol.RoomID("rm_a")
	broadcast := protocol.Share{Room: room, Sender: protocol.Sender{ID: "sender"}, To: protocol.ToRoom()}
	targeted := protocol.Share{Room: room, Sender: protocol.Sender{ID: "sender"}, To: protocol.Audience{List: []protocol.ParticipantID{"friend"}}}
	fromApp := protocol.Share{Room: room, Sender: protocol.Sender{ID: protocol.OperatorID}, To: targeted.To}
	partial := protocol.Share{Room: room, Sender: protocol.Sender{ID: "sender"}}
	all := func(id protocol.ParticipantID) Caller {
		return Caller{Room: room, ID: id, Send: true, Receive: true, SendToAll: true}
	}
	moderator := func(id protocol.ParticipantID) Caller { c := all(id); c.Moderate = true; return c }
	receiveOnly := func(id protocol.ParticipantID) Caller { return Caller{Room: room, ID: id, Receive: true} }
	nothing := func(id protocol.ParticipantID) Caller { return Caller{Room: room, ID: id} }
	elsewhere := func(c Caller) Caller { c.Room = "rm_b"; return c }

	type codes struct{ see, read, write, end, say, account protocol.Code }
	rows := []struct {
		who    string
		caller Caller
		share  protocol.Share
		concat string
		want   codes
	}{
		{"sender", all("sender"), broadcast, "", codes{say: forbidden}},
		{"sender of a targeted share", all("sender"), targeted, "", codes{say: forbidden}},
		{"sender who may not send any more", receiveOnly("sender"), broadcast, "", codes{"", "", forbidden, "", forbidden, ""}},
		{"sender without grants", nothing("sender"), targeted, "", codes{"", "", forbidden, "", forbidden, ""}},
		{"anyone in the room", all("other"), broadcast, "", codes{"", "", forbidden, forbidden, "", forbidden}},
		{"recipient", all("friend"), targeted, "", codes{"", "", forbidden, forbidden, "", forbidden}},
		{"viewer", receiveOnly("other"), broadcast, "", codes{"", "", forbidden, forbidden, "", forbidden}},
		{"recipient who may not receive", nothing("friend"), targeted, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"somebody who may not receive", nothing("other"), broadcast, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"somebody else", all("other"), targeted, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"moderator of a broadcast", moderator("mod"), broadcast, "", codes{"", "", forbidden, "", "", forbidden}},
		{"moderator who is not addressed", moderator("mod"), targeted, "", codes{hidden, hidden, hidden, "", hidden, hidden}},
		{"moderator who may not receive", Caller{Room: room, ID: "mod", Moderate: true}, broadcast, "", codes{hidden, hidden, hidden, "", hidden, hidden}},
		{"moderator who is addressed", moderator("friend"), targeted, "", codes{"", "", forbidden, "", "", forbidden}},
		{"the sender's id in another room", elsewhere(all("sender")), broadcast, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"sender of a part", all("sender"), partial, store.ConcatPartial, codes{hidden, hidden, "", "", hidden, hidden}},
		{"anyone, of a part", all("other"), partial, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"moderator, of a part", moderator("mod"), partial, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"anyone, of a part that says it is for all", all("other"), broadcast, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"moderator who is the sender of a part", moderator("sender"), partial, store.ConcatPartial, codes{hidden, hidden, "", "", hidden, hidden}},
		{"the application", AsOperator(room, "app"), targeted, "", codes{write: forbidden, say: forbidden}},
		{"the application, of a broadcast", AsOperator(room, "app"), broadcast, "", codes{write: forbidden, say: forbidden}},
		{"the application, of its own", AsOperator(room, "app"), fromApp, "", codes{say: forbidden}},
		{"the application, of a part", AsOperator(room, "app"), partial, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"the application, in another room", AsOperator("rm_b", "app"), broadcast, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"a recipient of the application's", all("friend"), fromApp, "", codes{"", "", forbidden, forbidden, "", forbidden}},
		{"a moderator of another room", elsewhere(moderator("mod")), broadcast, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
	}
	for _, row := range rows {
		for verb, want := range map[Verb]protocol.Code{
			See: row.want.see, Read: row.want.read, Write: row.want.write, End: row.want.end, Say: row.want.say, Account: row.want.account,
		} {
			if got := protocol.CodeOf(decide(row.caller, store.Share{Share: row.share, Concat: row.concat}, verb)); got != want {
				t.Errorf("%s, %s: %q, want %q", row.who, verb, got, want)
			}
		}
	}
	if decide(all("sender"), store.Share{Share: broadcast}, "polish") == nil {
		t.Error("an unknown verb is permitted")
	}
}

// misled is a store that selects every share for everybody.
type misled struct {
	Records
	all []store.Share
}

func (m misled) SharesFor(context.Context, protocol.RoomID, protocol.ParticipantID, protocol.Cursor, int, bool) (store.Page, error) {
	return store.Page{Shares: m.all}, nil
}

// TestAWrongQueryShowsNothing: also what is listed is decided by decide.
func TestAWrongQueryShowsNothing(t *testing.T) {
	of := func(id protocol.ShareID, room protocol.RoomID, to protocol.Audience, concat string) store.Share {
		return store.Share{Share: protocol.Share{ID: id, Room: room, Sender: protocol.Sender{ID: "sender"}, To: to}, Concat: concat}
	}
	forTwo := protocol.Audience{List: []protocol.ParticipantID{"friend", "other"}}
	s := New(Config{Records: misled{all: []store.Share{
		of("broadcast", "rm_a", protocol.ToRoom(), ""), of("targeted", "rm_a", forTwo, ""), of("elsewhere", "rm_b", protocol.ToRoom(), ""),
		of("part", "rm_a", protocol.Audience{}, store.ConcatPartial),
	}}})
	for name, row := range map[string]struct {
		caller Caller
		want   []protocol.ShareID
		to     int // how many recipients of the targeted one are named
	}{
		"the sender":               {Caller{Room: "rm_a", ID: "sender"}, []protocol.ShareID{"broadcast", "targeted"}, 2},
		"a recipient":              {Caller{Room: "rm_a", ID: "friend", Receive: true}, []protocol.ShareID{"broadcast", "targeted"}, 1},
		"anyone in the room":       {Caller{Room: "rm_a", ID: "mod", Receive: true, Moderate: true}, []protocol.ShareID{"broadcast"}, 0},
		"who may not receive":      {Caller{Room: "rm_a", ID: "friend", Send: true}, nil, 0},
		"the application":          {AsOperator("rm_a", "app"), []protocol.ShareID{"broadcast", "targeted"}, 2},
		"somebody in another room": {Caller{Room: "rm_b", ID: "friend", Receive: true}, []protocol.ShareID{"elsewhere"}, 0},
	} {
		page, err := s.List(t.Context(), row.caller, protocol.Cursor{})
		var got []protocol.ShareID
		for _, share := range page.Shares {
			got = append(got, share.ID)
			if share.ID == "targeted" && len(share.To.List) != row.to {
				t.Errorf("%s learns of %v", name, share.To.List)
			}
		}
		if err != nil || !slices.Equal(got, row.want) || page.Shares == nil {
			t.Errorf("%s sees %v, want %v (%v)", name, got, row.want, err)
		}
	}
}
