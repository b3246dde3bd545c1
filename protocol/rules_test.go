package protocol_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

var serverLimits = protocol.Limits{FileSize: 1000, RoomBytes: 5000, RoomShares: 10, OpenUploads: 3, FilesPerRequest: 4, RecipientsPerRequest: 5, LifetimeSeconds: 60, EmptyRoomSeconds: 30, MessageBytes: 7}

// TestRulesNarrow: each limit that a room may set, and nothing else.
func TestRulesNarrow(t *testing.T) {
	r, err := protocol.ParseRules([]byte(`{"limits":{"fileSize":1,"roomBytes":2,"roomShares":3,"openUploads":2,"filesPerRequest":1,"recipientsPerRequest":5,"lifetimeSeconds":6,"emptyRoomSeconds":7}}`), serverLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := protocol.Limits{FileSize: 1, RoomBytes: 2, RoomShares: 3, OpenUploads: 2, FilesPerRequest: 1, RecipientsPerRequest: 5, LifetimeSeconds: 6, EmptyRoomSeconds: 7, MessageBytes: 7}
	if diff := cmp.Diff(want, r.Within(serverLimits)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	lower := serverLimits
	lower.RecipientsPerRequest = 4 // the server's flag has come down since
	if got := r.Within(lower); got.RecipientsPerRequest != 4 || got.FileSize != 1 {
		t.Errorf("%+v", got)
	}
	if got := (protocol.Rules{}).Within(serverLimits); got != serverLimits {
		t.Errorf("no rules make %+v", got)
	}
}

func TestRulesSayWhoMaySend(t *testing.T) {
	for text, want := range map[string][2]string{
		`{}`:                              {"mpvo", "mpvo"},
		`{"send":[]}`:                     {"o", "o"},
		`{"send":["moderator","viewer"]}`: {"mvo", "mvo"},
		`{"sendToAll":["moderator"]}`:     {"mpvo", "mo"},
		`{"send":["participant"],"sendToAll":["moderator"]}`: {"po", "o"},
	} {
		r, err := protocol.ParseRules([]byte(text), serverLimits)
		if err != nil {
			t.Fatal(err)
		}
		for i, toAll := range []bool{false, true} {
			got := ""
			for _, role := range []string{protocol.RoleModerator, protocol.RoleParticipant, protocol.RoleViewer, protocol.RoleOperator} {
				if r.MaySend(role, toAll) {
					got += role[:1]
				}
			}
			if got != want[i] {
				t.Errorf("%s, to all %t: %s, want %s", text, toAll, got, want[i])
			}
		}
	}
}

// FuzzParseRules: what is taken reads as itself again, and widens nothing.
func FuzzParseRules(f *testing.F) {
	for _, text := range []string{`null`, `{}`, `{"limits":{"fileSize":10},"allow":[".pdf","image/*"],"deny":["text/html"],"send":[],"sendToAll":["viewer"]}`, `{"limits":{"fileSize":1e3}}`, `[]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := protocol.ParseRules([]byte(text), serverLimits)
		if err != nil {
			if protocol.CodeOf(err) != protocol.CodeInvalidRequest {
				t.Errorf("refused with %v", err)
			}
			return
		}
		in := r.Within(serverLimits)
		if in.FileSize > serverLimits.FileSize || in.FileSize < 1 || in.RoomShares > serverLimits.RoomShares || in.RoomShares < 1 || in.MessageBytes != serverLimits.MessageBytes {
			t.Errorf("%s makes %+v", text, in)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var kept protocol.Rules
		if err := json.Unmarshal(again, &kept); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, kept); diff != "" {
			t.Errorf("%s is kept as %s\n%s", text, again, diff)
		}
	})
}
