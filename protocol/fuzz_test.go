package protocol_test

import (
	"encoding/json"
	"errors"
	"mime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/handout-rtc/handout/protocol"
)

// FuzzAudience: a share is for the room or for a list, and says so as it was said.
func FuzzAudience(f *testing.F) {
	for _, seed := range []string{`"room"`, `["pt_a","pt_b"]`, `[]`, `null`, `"Room"`, `[1]`, `[null]`, `{"room":true}`, `["pt_a"`, `0`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var offer protocol.Offer
		if err := json.Unmarshal([]byte(`{"to":`+text+`}`), &offer); err != nil {
			var syntax *json.SyntaxError
			if protocol.CodeOf(err) != protocol.CodeInvalidRequest && !errors.As(err, &syntax) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if offer.To == nil {
			return // absent, which the handler refuses
		}
		to := *offer.To
		if to.Room == (to.List != nil) {
			t.Fatalf("%q is for %+v", text, to)
		}
		said, err := json.Marshal(to)
		var again protocol.Audience
		if err != nil || json.Unmarshal(said, &again) != nil || !cmp.Equal(again, to) {
			t.Fatalf("%q is %+v, said as %s, which is %+v (%v)", text, to, said, again, err)
		}
	})
}

// FuzzCleanType: what a file is called by its sender becomes a header.
func FuzzCleanType(f *testing.F) {
	for _, seed := range []string{"", "text/plain", "text/html; charset=utf-8", "a/b\r\nX: y", "a/ä", "x", "A/B", "a/b/c", strings.Repeat("x", 200) + "/y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := protocol.CleanType(text)
		media, params, err := mime.ParseMediaType(clean)
		if err != nil || media != clean || len(params) != 0 || len(clean) > protocol.MaxTypeBytes {
			t.Fatalf("%q becomes %q, which reads as %q %q, %v", text, clean, media, params, err)
		}
		for _, c := range []byte(clean) {
			if c <= ' ' || c > '~' {
				t.Fatalf("%q becomes %q", text, clean)
			}
		}
	})
}
