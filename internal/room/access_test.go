package room

import (
	"testing"

	"github.com/handout-rtc/handout/protocol"
)

// TestDecide is the whole table: who asks x verb.
func TestDecide(t *testing.T) {
	type permitted struct{ leave, drop, switchSharing, withdrawAll bool }
	rows := []struct {
		who            string
		moderate, self bool
		want           permitted
	}{
		{"anybody, of others", false, false, permitted{}},
		{"anybody, of itself", false, true, permitted{leave: true, withdrawAll: true}},
		{"a moderator, of others", true, false, permitted{drop: true, switchSharing: true, withdrawAll: true}},
		{"a moderator, of itself", true, true, permitted{true, true, true, true}},
	}
	for _, row := range rows {
		for verb, want := range map[Verb]bool{Leave: row.want.leave, Drop: row.want.drop, SwitchSharing: row.want.switchSharing, WithdrawAll: row.want.withdrawAll} {
			err := Decide(verb, row.moderate, row.self)
			if (err == nil) != want || err != nil && protocol.CodeOf(err) != protocol.CodeForbidden {
				t.Errorf("%s, %s: %v", row.who, verb, err)
			}
		}
	}
	if Decide("polish", true, true) == nil {
		t.Error("an unknown verb is permitted")
	}
}
