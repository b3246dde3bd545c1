package share_test

import (
	"io"
	"strings"
	"testing"

	"github.com/handout-rtc/handout/internal/share"
	"github.com/handout-rtc/handout/protocol"
)

// TestTheApplicationsReadingIsAudited: before the first byte, once for each reading,
// and of no reading that asks for none.
func TestTheApplicationsReadingIsAudited(t *testing.T) {
	f := newFixture(t)
	id := f.deliver(t, "hello", list("ben"))
	app := share.AsOperator(f.room, "app")
	reads := func() int {
		t.Helper()
		all, err := f.records.Unaudited(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, entry := range all {
			if strings.Contains(entry.JSON, `"kind":"downloading"`) && strings.Contains(entry.JSON, `"by":"@operator"`) && strings.Contains(entry.JSON, string(id)) {
				n++
			}
		}
		return n
	}
	for before := range 2 {
		content, err := f.Content(t.Context(), app, id, func() {})
		if err != nil {
			t.Fatal(err)
		}
		if n := reads(); n != before {
			t.Errorf("%d entries before anything is read, want %d", n, before)
		}
		first := make([]byte, 1)
		if _, err := io.ReadFull(content, first); err != nil {
			t.Fatal(err)
		}
		if n := reads(); n != before+1 {
			t.Errorf("%d entries when the first byte goes, want %d", n, before+1)
		}
		if rest, err := io.ReadAll(content); err != nil || string(rest) != "ello" {
			t.Errorf("%q, %v", rest, err)
		}
		content.Close()
	}
	ledger, err := f.Receipts(t.Context(), app, id, "")
	if err != nil || len(ledger.Receipts) != 1 || ledger.Receipts[0].State != protocol.ReceiptOffered {
		t.Errorf("%+v, %v", ledger, err)
	}
}

// TestUsersAreMeantByTheirName: each who is called so and may receive, once.
func TestUsersAreMeantByTheirName(t *testing.T) {
	f := newFixture(t)
	size := int64(1)
	for _, row := range []struct {
		to   protocol.Audience
		refs []string
		want string // recipients, or the code
	}{
		{protocol.Audience{}, []string{"u"}, "ana,cleo"},
		{list("ben"), []string{"u"}, "ben,ana,cleo"},
		{list("cleo"), []string{"u"}, "cleo,ana"},
		{list("ben"), nil, "ben"},
		{protocol.Audience{}, []string{"nobody"}, "unknown-recipient"},
		{protocol.Audience{}, []string{""}, "unknown-recipient"},
		{protocol.Audience{}, []string{"u", "u", "u", "u"}, "invalid-request"},
		{protocol.ToRoom(), []string{"u"}, "invalid-request"},
	} {
		made, err := f.Offer(t.Context(), share.AsOperator(f.room, "app"), share.Batch{Drafts: []share.Draft{{Name: "a", Size: &size}}, To: row.to, UserRefs: row.refs})
		got := string(protocol.CodeOf(err))
		if err == nil {
			var ids []string
			for _, id := range made[0].To.List {
				ids = append(ids, string(id))
			}
			got = strings.Join(ids, ",")
			if err := f.End(t.Context(), share.AsOperator(f.room, "app"), made[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if got != row.want {
			t.Errorf("to %v and %v: %s, want %s", row.to, row.refs, got, row.want)
		}
	}
}
