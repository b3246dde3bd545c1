package share

import (
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
		{"moderator who is not addressed", moderator("mod"), targeted, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"moderator who is addressed", moderator("friend"), targeted, "", codes{"", "", forbidden, "", "", forbidden}},
		{"the sender's id in another room", elsewhere(all("sender")), broadcast, "", codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"sender of a part", all("sender"), partial, store.ConcatPartial, codes{hidden, hidden, "", "", hidden, hidden}},
		{"anyone, of a part", all("other"), partial, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"moderator, of a part", moderator("mod"), partial, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
		{"anyone, of a part that says it is for all", all("other"), broadcast, store.ConcatPartial, codes{hidden, hidden, hidden, hidden, hidden, hidden}},
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
